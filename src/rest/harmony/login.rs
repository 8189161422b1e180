//! Logins: a token for the key of a program.

use serde_json::json;

use crate::directory::keys::Wanted;
use crate::directory::password::Secret;
use crate::rest::auth::{by_key, token};
use crate::rest::fault::{Fault, Kind};
use crate::rest::json::Members;
use crate::rest::operation::{Call, Reply};
use crate::rest::time::{moment_in, to_rfc3339};

/// What asks for a token with a key; there is no other way.
const GRANT: &str = "api_key";

/// Gives a token for a key. It ends with the key at the latest.
pub async fn authorize(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let (grant, key) = (body.required("grantType")?, body.required("apiKey")?);
    body.end()?;
    if grant != GRANT {
        return Err(Fault::invalid(format!("grantType: must be {GRANT}")));
    }
    let key = Secret::from(key.as_bytes());
    let proved = by_key(&call.rest, &key, Wanted::Part(call.audience), call.source);
    let login = proved.map_err(|fault| match fault.kind {
        Kind::Unauthenticated => Fault::new(fault.kind, "apiKey: is not valid here"),
        _ => fault,
    })?;
    let token = token(&call, &login.identity)?;
    let end = moment_in(call.rest.settings.token);
    Ok(Reply::json(&json!({ "data": {
        "tokenType": "bearer",
        "accessToken": token,
        "accessTokenExpire": to_rfc3339(&end),
    } })))
}
