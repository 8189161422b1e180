//! Logins: a token for a name and a password.

use axum::http::HeaderMap;
use serde_json::json;

use super::answer::enveloped;
use super::permission::Role;
use crate::directory::password::Secret;
use crate::rest::auth;
use crate::rest::fault::{Fault, Kind};
use crate::rest::json::Members;
use crate::rest::operation::{Call, Reply};

/// Logs in. The source tells an unknown user from a wrong password; here nobody finds out who there is.
pub async fn log_in(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let (user, password) = (body.required("username")?, body.required("password")?);
    body.end()?;
    let password = Secret::from(password.as_bytes());
    let login = auth::log_in(&call.rest, &user, password, call.source).await;
    let login = login.map_err(|fault| match fault.kind {
        Kind::Unauthenticated => Fault::new(Kind::Unauthenticated, "incorrect credentials"),
        _ => fault,
    })?;
    if login.notice.must_change {
        return Err(Fault::forbidden("the password must be changed first"));
    }
    let role = Role::of(&call.rest, &login.identity);
    if wants_dashboard(&call.headers) && role == Role::ServiceUser {
        return Err(Fault::new(
            Kind::Unauthenticated,
            "access denied to dashboard",
        ));
    }
    let token = auth::token(&call, &login.identity)?;
    let message = format!("W1R3: Device {user} Authorized");
    Ok(enveloped(
        &message,
        json!({ "UserName": user, "AuthToken": token }),
    ))
}

/// Whether it is the dashboard that logs somebody in.
fn wants_dashboard(headers: &HeaderMap) -> bool {
    let value = headers.get("from-ui");
    value.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}
