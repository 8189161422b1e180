//! Invitations: whoever holds one chooses a name and a password.

use serde_json::json;

use super::update::check_name;
use crate::directory::password::Secret;
use crate::rest::fault::Fault;
use crate::rest::invitation;
use crate::rest::json::Members;
use crate::rest::operation::{Call, Reply};

/// Accepts an invitation.
pub async fn accept(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let (token, display_name) = (body.required("token")?, body.required("displayName")?);
    let (user_name, password) = (body.required("userName")?, body.text("password")?);
    let subject = body.text("jwtSubject")?;
    body.end()?;
    if subject.is_some_and(|subject| !subject.is_empty()) {
        return Err(Fault::invalid(
            "jwtSubject: users log in with passwords here",
        ));
    }
    let password = password.filter(|password| !password.is_empty());
    let password = password.ok_or_else(|| Fault::invalid("password: is required"))?;
    check_name(&call, &user_name)?;
    let password = Secret::from(password.into_bytes());
    invitation::accept(&call.rest, token, (user_name, display_name), password).await?;
    Ok(Reply::empty())
}

/// Whether a name is free for somebody who holds an invitation.
pub async fn is_available(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let (token, user_name) = (body.required("token")?, body.required("userName")?);
    body.end()?;
    let invitations = call.rest.unit(invitation::UNIT);
    let directory = &call.rest.directory;
    let free = directory.is_free_for_invited(&invitations, &token, &user_name);
    let available = free.map_err(invitation::void)? && check_name(&call, &user_name).is_ok();
    Ok(Reply::json(&json!({ "available": available })))
}
