//! What the caller logs in with: the password and the second factor.

use serde_json::{Value, json};

use super::envelope::success;
use super::place::account;
use super::resource::{UserRecord, info};
use super::unknown;
use super::users::caller;
use crate::directory::Error;
use crate::directory::password::Secret;
use crate::directory::password::policy::Refusal;
use crate::directory::password_change::{PasswordChange, Whose};
use crate::rest::entry::name;
use crate::rest::fault::Fault;
use crate::rest::json::Members;
use crate::rest::list;
use crate::rest::operation::{Call, Reply};

/// The one kind of second factor there is.
const MECHANISM: &str = "TOTP";

/// Changes the caller's password. A wrong old one and a new one that is not good enough are answers, and no refusals.
pub async fn change_password(call: Call) -> Result<Reply, Fault> {
    account(&call, false)?;
    let mut body = Members::read(&call.body)?;
    let mut password = |name: &str| {
        let given = body.text(name)?;
        given.ok_or_else(|| Fault::invalid(format!("{name}: is required")))
    };
    let (old, new) = (password("currentPassword")?, password("newPassword")?);
    body.end()?;
    let outcome = if old.is_empty() {
        Err(Error::InvalidCredentials)
    } else if new.is_empty() {
        return Ok(success(&call, "PASSWORD_STRENGTH_VIOLATED".into()));
    } else {
        let change = PasswordChange {
            whose: Whose::Own,
            old: Some(Secret::from(old.into_bytes())),
            new: Some(Secret::from(new.into_bytes())),
        };
        let (directory, identity) = (&call.rest.directory, &call.caller.identity);
        list::wait(|done| directory.change_password(identity, change, done)).await
    };
    let told = match outcome {
        Ok(_) => "PASSWORD_CHANGED",
        Err(Error::InvalidCredentials | Error::LoginRefused(_)) => "INCORRECT_CURRENT_PASSWORD",
        Err(Error::PasswordRefused(
            Refusal::Weak(_) | Refusal::TooShort(_) | Refusal::TooLong(_) | Refusal::InHistory,
        )) => "PASSWORD_STRENGTH_VIOLATED",
        Err(error) => return Err(error.into()),
    };
    Ok(success(&call, told.into()))
}

/// Makes a second factor for the caller, of which nothing is kept until it is enabled.
pub async fn propose(call: Call) -> Result<Reply, Fault> {
    account(&call, false)?;
    if call.path.get("authMechanism") != MECHANISM {
        return Err(unknown("kind of second factor; there is TOTP"));
    }
    let user = caller(&call).await?;
    let directory = &call.rest.directory;
    let proposal = directory.propose_second_factor(&call.caller.identity)?;
    let enabled = directory.has_second_factor(&name(&user));
    let told = |secret: &Secret| String::from_utf8_lossy(secret.as_bytes()).into_owned();
    let record = UserRecord::of_copy(&user);
    let settings: Value = json!({
        "userId": record.uuid(),
        "email": record.email(),
        "twoFactorAuthenticationEnabled": enabled,
        "mechanism": MECHANISM,
        "totpSecretKey": told(&proposal.secret),
        "totpqrurl": told(&proposal.url),
    });
    Ok(success(&call, settings))
}

/// Gives the caller the second factor that the request holds, whatever else it says.
pub async fn enable(call: Call) -> Result<Reply, Fault> {
    let account = account(&call, false)?;
    let mut body = Members::read(&call.body)?;
    let mechanism = body.required("mechanism")?;
    let secret = body.required("totpSecretKey")?;
    body.ignore(&["userId", "email", "totpqrurl"]);
    body.flag("twoFactorAuthenticationEnabled")?;
    body.end()?;
    if mechanism != MECHANISM {
        return Err(Fault::invalid("mechanism: is not TOTP"));
    }
    let user = caller(&call).await?;
    let secret = Secret::from(secret.into_bytes());
    let (directory, identity) = (&call.rest.directory, &call.caller.identity);
    let given = list::wait(|done| directory.give_second_factor(identity, &secret, done)).await;
    given.map_err(|error| match error {
        Error::UnwillingToPerform(text) => Fault::invalid(format!("totpSecretKey: {text}")),
        other => other.into(),
    })?;
    Ok(success(&call, info(&call, &account, &user)))
}

/// Takes the caller's second factor away, unless a group they are in needs one.
pub async fn disable(call: Call) -> Result<Reply, Fault> {
    let account = account(&call, false)?;
    let user = caller(&call).await?;
    let (directory, identity) = (&call.rest.directory, &call.caller.identity);
    let dn = name(&user);
    if directory.has_second_factor(&dn) && !directory.needs_second_factor(&dn) {
        list::wait(|done| directory.remove_second_factor(identity, &Whose::Own, done)).await?;
    }
    Ok(success(&call, info(&call, &account, &user)))
}
