//! Pending users: people who have asked to become users and wait for an administrator to let them in.
//!
//! Owns that they are no users before. They are entries in ou=pending, made over LDAP or by an import, each under an
//! address, which is the user name once they are let in.

use serde_json::Value;

use super::answer::enveloped;
use super::create::New;
use super::invites::{found, remove};
use super::permission::{Role, target};
use super::record::{NetworkRoles, User};
use crate::directory::EntryCopy;
use crate::directory::filter::Filter;
use crate::rest::entry::{attribute, selected, text};
use crate::rest::fault::Fault;
use crate::rest::list::{self, ListQuery};
use crate::rest::operation::{Call, Reply};
use crate::rest::stream;
use crate::rest::term::equal;

/// The class of pending users.
pub const CLASS: &str = "hedgerowPendingUser";
/// The part of the tree that they wait in.
pub const UNIT: &str = "pending";

/// The attributes of one that is shown.
const PENDING: [&str; 4] = ["mail", "displayName", "cn", "hedgerowExternalId"];

fn pending() -> Filter {
    equal("objectClass", CLASS)
}

/// The pending user of an address.
fn of(email: &str) -> Filter {
    Filter::And(vec![pending(), equal("mail", email)])
}

fn shown(entry: &EntryCopy) -> User {
    let name = text(entry, "mail").unwrap_or_default().to_lowercase();
    let display_name = text(entry, "displayName").or_else(|| text(entry, "cn"));
    let external = text(entry, "hedgerowExternalId");
    User {
        external_identity_provider_id: external.unwrap_or_default(),
        display_name: display_name.unwrap_or_else(|| name.clone()),
        username: name,
        ..User::nobody()
    }
}

/// Lists all who wait, by address.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let query = ListQuery {
        base: call.rest.unit(UNIT),
        filter: pending(),
        attributes: selected(&PENDING),
        sort: vec![list::by("mail")],
    };
    let write = stream::array((String::new(), ""), |found, items| {
        if let Some(entry) = found {
            items.push(&shown(&entry.copy()));
        }
    });
    let body = stream::whole(call.rest, call.caller.identity, query, write).await?;
    Ok(Reply::whole(body))
}

/// Sends all who wait away.
pub async fn delete_all(call: Call) -> Result<Reply, Fault> {
    remove(&call, UNIT, pending()).await?;
    Ok(enveloped("cleared all pending users", Value::Null))
}

/// Lets somebody in as a service user, who has no password until an administrator or an invitation gives one.
pub async fn approve(call: Call) -> Result<Reply, Fault> {
    let email = target(&call);
    let found = found(&call, UNIT, of(email), &PENDING).await?;
    let entry = found
        .first()
        .ok_or_else(|| Fault::not_found("pending user"))?;
    let waits = shown(entry);
    let mut more = vec![attribute("hedgerowAuthType", "basic_auth")];
    if !waits.external_identity_provider_id.is_empty() {
        let id = &waits.external_identity_provider_id;
        more.push(attribute("hedgerowExternalId", id));
    }
    super::definition::check_name(&waits.username)?;
    let new = New {
        username: waits.username,
        shown: waits.display_name,
        role: Role::ServiceUser,
        groups: Vec::new(),
        network_roles: NetworkRoles::new(),
        more,
    };
    new.add(&call).await?;
    Ok(enveloped(&format!("approved {email}"), Value::Null))
}

/// Sends somebody away, whether or not they wait.
pub async fn delete(call: Call) -> Result<Reply, Fault> {
    let email = target(&call);
    remove(&call, UNIT, of(email)).await?;
    Ok(enveloped(&format!("deleted pending {email}"), Value::Null))
}
