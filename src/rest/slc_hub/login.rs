//! Logins: tokens for names and passwords, and tokens that act for others.

use serde_json::json;

use super::users::find;
use crate::directory::Error;
use crate::directory::identity::Identity;
use crate::directory::password::Secret;
use crate::rest::audit;
use crate::rest::auth;
use crate::rest::entry::name;
use crate::rest::fault::Fault;
use crate::rest::json::Members;
use crate::rest::operation::{Call, Reply};

fn token(call: &Call, identity: &Identity) -> Result<Reply, Fault> {
    let token = auth::token(call, identity)?;
    let seconds = call.rest.settings.token.as_secs();
    Ok(Reply::json(
        &json!({ "token": token, "expiresIn": seconds }),
    ))
}

/// Logs in.
pub async fn log_in(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let (user, password) = (body.required("username")?, body.required("password")?);
    body.end()?;
    let password = Secret::from(password.as_bytes());
    let login = auth::log_in(&call.rest, &user, password, call.source).await?;
    if login.notice.must_change {
        return Err(Fault::forbidden(
            "the password must be changed first: POST changePassword",
        ));
    }
    token(&call, &login.identity)
}

/// Gives a token that acts for another user.
pub async fn impersonate(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let id = body.required("userId")?;
    body.end()?;
    let entry = find(&call, &id, &[]).await?;
    let other = call
        .rest
        .directory
        .act_as(&call.caller.identity, &name(&entry));
    let other = other.map_err(|error| match error {
        Error::AuthorizationDenied => Fault::forbidden("the caller may not act for this user"),
        other => other.into(),
    })?;
    audit::impersonation(&call, &other);
    token(&call, &other)
}
