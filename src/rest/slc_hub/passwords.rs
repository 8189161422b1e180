//! Passwords: whether one is good enough, and changes by those who know the old one.

use serde_json::json;

use super::users::message;
use crate::directory::Error;
use crate::directory::identity::Identity;
use crate::directory::password::Secret;
use crate::directory::password_change::{PasswordChange, Whose};
use crate::rest::auth::log_in;
use crate::rest::entry::{attribute, name, name_below};
use crate::rest::fault::{Fault, Kind};
use crate::rest::json::Members;
use crate::rest::list;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::is_external;

/// The answer of a validation: what is wrong with the password, or an empty text.
fn judged(outcome: Result<(), Error>) -> Result<Reply, Fault> {
    let error = match outcome {
        Ok(()) => String::new(),
        Err(Error::PasswordRefused(refusal)) => refusal.to_string(),
        Err(error) => return Err(error.into()),
    };
    Ok(Reply::json(&json!({ "error": error })))
}

fn password_of(body: &mut Members) -> Result<Option<Secret>, Fault> {
    let password = body.text("password")?;
    let password = password.ok_or_else(|| Fault::invalid("password: is required"))?;
    Ok((!password.is_empty()).then(|| Secret::from(password.as_bytes())))
}

fn empty() -> Result<Reply, Fault> {
    Ok(Reply::json(&json!({ "error": "the password is empty" })))
}

async fn judge(call: &Call, whose: Whose) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let password = password_of(&mut body)?;
    body.end()?;
    let Some(password) = password else {
        return empty();
    };
    let (directory, identity) = (&call.rest.directory, &call.caller.identity);
    judged(list::wait(|done| directory.judge_password(identity, &whose, password, done)).await)
}

/// Judges a password for the caller.
pub async fn validate_own(call: Call) -> Result<Reply, Fault> {
    judge(&call, Whose::Own).await
}

/// Judges a password for a user.
pub async fn validate_of_user(call: Call) -> Result<Reply, Fault> {
    let entry = super::users::find(&call, call.path.get("userId"), &[]).await?;
    judge(&call, Whose::Named(name(&entry))).await
}

/// Judges a password for a user who is yet to be. Asked by users, and by those who hold an invitation.
pub async fn validate_new(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let password = password_of(&mut body)?;
    let (user, shown) = (body.text("username")?, body.text("displayName")?);
    let (email, token) = (body.text("email")?, body.text("token")?);
    body.end()?;
    let invitations = call.rest.unit("invitations");
    let invited = |token: &String| call.rest.directory.invited(&invitations, token).is_some();
    if call.caller.identity.is_anonymous() && !token.as_ref().is_some_and(invited) {
        return Err(Fault::new(
            Kind::Unauthenticated,
            "log in, or send the token of an invitation",
        ));
    }
    let Some(password) = password else {
        return empty();
    };
    let named = user
        .as_deref()
        .filter(|name| !name.is_empty())
        .unwrap_or("new");
    let dn = name_below(call.rest.unit("people"), "uid", named)?;
    let known = [("uid", user), ("displayName", shown), ("mail", email)];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some(attribute(name, &value?)));
    let directory = &call.rest.directory;
    let (known, identity) = (known.collect(), &call.caller.identity);
    judged(
        list::wait(|done| directory.judge_new_password(identity, dn, known, password, done)).await,
    )
}

/// Both passwords of a change.
fn both(body: &mut Members) -> Result<(Secret, Secret), Fault> {
    let current = Secret::from(body.required("currentPassword")?.as_bytes());
    let new = Secret::from(body.required("newPassword")?.as_bytes());
    Ok((current, new))
}

async fn set(call: &Call, identity: &Identity, old: Secret, new: Secret) -> Result<(), Error> {
    let change = PasswordChange {
        whose: Whose::Own,
        old: Some(old),
        new: Some(new),
    };
    let directory = &call.rest.directory;
    list::wait(|done| directory.change_password(identity, change, done))
        .await
        .map(|_| ())
}

/// Changes the caller's password.
pub async fn change_own(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let (current, new) = both(&mut body)?;
    body.end()?;
    if let Some(id) = &call.caller.id {
        let entry = super::users::find(&call, id, &[]).await?;
        if is_external(&call, &entry) {
            return Err(Fault::forbidden(
                "the password of this user is kept elsewhere",
            ));
        }
    }
    match set(&call, &call.caller.identity, current, new).await {
        Err(Error::InvalidCredentials) => Err(Fault::forbidden("the current password is wrong")),
        done => done
            .map(|()| message("the password is changed"))
            .map_err(Fault::from),
    }
}

/// Changes the password of a user who cannot log in with the one they have.
pub async fn change_of(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let user = body.required("username")?;
    let (current, new) = both(&mut body)?;
    body.end()?;
    let copy = Secret::from(current.as_bytes());
    let login = log_in(&call.rest, &user, copy, call.source).await?;
    set(&call, &login.identity, current, new).await?;
    Ok(message("the password is changed"))
}
