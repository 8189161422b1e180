//! Roles in networks: those that every network has, and those that administrators make; and the roles towards the platform,
//! which nobody makes.
//!
//! Owns what can be asked of them.

mod definition;
mod find;
mod role;

pub use find::{find, in_networks};
pub use role::Role;

use serde_json::Value;

use super::answer::enveloped;
use super::permission::Role as Platform;
use super::reference;
use crate::directory::networks::ALL_NETWORKS;
use crate::directory::request::{Change, Modification, ModificationKind};
use crate::rest::change::unconditional;
use crate::rest::entry::{add, after, attribute, modify, name, name_below, reading, replace};
use crate::rest::fault::{Fault, Kind};
use crate::rest::list;
use crate::rest::operation::{Call, Reply};
use crate::rest::term::equal;
use definition::Definition;
use find::{ROLE, stored};

/// Lists roles: those in networks, or those towards the platform. They are put together in memory, in the order of their ids:
/// most come from no entry, and there are as many as networks.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let roles = match call.query.value("platform") {
        Some("true") => Platform::ALL.map(|(_, role)| Role::platform(role)).to_vec(),
        _ => in_networks(&call).await?,
    };
    Ok(enveloped("successfully fetched user roles", roles))
}

/// Shows one role.
pub async fn get(call: Call) -> Result<Reply, Fault> {
    let id = asked(&call)?;
    let role = match Platform::parse(id) {
        Some(role) => Some(Role::platform(role)),
        None => find(&call, id).await?,
    };
    let role = role.ok_or_else(|| Fault::not_found("role"))?;
    Ok(enveloped(
        "successfully fetched user role permissions",
        role,
    ))
}

fn asked(call: &Call) -> Result<&str, Fault> {
    let id = call.query.value("role_id").filter(|id| !id.is_empty());
    id.ok_or_else(|| Fault::invalid("role is required"))
}

async fn is_name_taken(call: &Call, definition: &Definition) -> Result<bool, Fault> {
    let roles = in_networks(call).await?;
    Ok(roles
        .iter()
        .any(|role| role.name == definition.name && role.id != definition.id))
}

/// Makes a role for a network. Its id is the server's.
pub async fn create(call: Call) -> Result<Reply, Fault> {
    let mut definition = Definition::read(&call)?;
    if definition.network.is_empty() {
        return Err(Fault::invalid(
            "only network roles are allowed to be created",
        ));
    }
    if definition.name.is_empty() {
        return Err(Fault::invalid("name: is required"));
    }
    if !reference::is_network(&call, &definition.network).await? {
        let text = format!("network_id: there is no network \"{}\"", definition.network);
        return Err(Fault::invalid(text));
    }
    let taken = !definition.id.is_empty() && find(&call, &definition.id).await?.is_some();
    if taken || Platform::parse(&definition.id).is_some() {
        return Err(Fault::new(Kind::Conflict, "role already exists"));
    }
    definition.id = String::new();
    if is_name_taken(&call, &definition).await? {
        return Err(Fault::new(Kind::Conflict, "name: is in use"));
    }
    let id = uuid::Builder::from_random_bytes(random()?)
        .into_uuid()
        .to_string();
    let mut attributes = vec![
        attribute("objectClass", "hedgerowRole"),
        attribute("cn", &id),
        attribute("hedgerowRoleNetwork", &definition.network),
    ];
    let said = definition.attributes();
    let said = said.iter().filter(|(_, value)| !value.is_empty());
    attributes.extend(said.map(|(name, value)| attribute(name, value)));
    let dn = name_below(call.rest.unit("roles"), "cn", &id)?;
    let change = (Change::Add { dn, attributes }, reading(&ROLE));
    let made = add(&call, "roles", vec![change]).await?;
    Ok(enveloped("created user role", Role::of(&made)))
}

fn random() -> Result<[u8; 16], Fault> {
    let mut bytes = [0; 16];
    let none = |_| {
        Fault::new(
            Kind::Unavailable,
            "the system has no random numbers to give",
        )
    };
    getrandom::fill(&mut bytes).map_err(none)?;
    Ok(bytes)
}

/// Replaces the definition of a role.
pub async fn update(call: Call) -> Result<Reply, Fault> {
    let definition = Definition::read(&call)?;
    let known = find(&call, &definition.id).await?;
    let platform = Platform::parse(&definition.id).is_some();
    if platform || known.as_ref().is_some_and(|role| role.default) {
        return Err(Fault::invalid("cannot update default role"));
    }
    let entry = stored(&call, &definition.id).await?;
    let entry = entry.ok_or_else(|| Fault::invalid("id: there is no such role"))?;
    if definition.network != Role::of(&entry).network_id {
        return Err(Fault::invalid("network_id: a role stays in its network"));
    }
    if definition.name.is_empty() {
        return Err(Fault::invalid("name: is required"));
    }
    if is_name_taken(&call, &definition).await? {
        return Err(Fault::new(Kind::Conflict, "name: is in use"));
    }
    let steps = definition.attributes().map(|(name, value)| {
        let value = Some(value).filter(|value| !value.is_empty());
        replace(name, value.as_deref().as_slice())
    });
    let change = modify(name(&entry), steps.to_vec());
    let changed = list::change(&call, change, reading(&ROLE)).await?;
    Ok(enveloped("updated user role", Role::of(&after(changed)?)))
}

/// Removes a role, and takes it from all who hold it.
pub async fn delete(call: Call) -> Result<Reply, Fault> {
    let id = asked(&call)?;
    let known = find(&call, id).await?;
    if Platform::parse(id).is_some() || known.as_ref().is_some_and(|role| role.default) {
        return Err(Fault::forbidden("cannot delete default role"));
    }
    let entry = stored(&call, id).await?;
    let entry = entry.ok_or_else(|| Fault::invalid("role is required"))?;
    let network = Role::of(&entry).network_id;
    if network == ALL_NETWORKS {
        return Err(Fault::forbidden("cannot delete a role of all networks"));
    }
    let held = format!("{network}:{id}");
    let asked = (call.rest.suffix(), equal("hedgerowNetworkRole", &held));
    let holders = list::found(&call, asked, &["1.1"]).await?;
    let taken = holders.iter().map(|holder| {
        let dn = name(holder);
        let modifications = vec![Modification {
            kind: ModificationKind::Delete,
            attribute: "hedgerowNetworkRole".to_owned(),
            values: vec![held.clone().into_bytes()],
        }];
        Change::Modify { dn, modifications }
    });
    let change = Change::Delete { dn: name(&entry) };
    list::together(&call, unconditional([change].into_iter().chain(taken))).await?;
    Ok(enveloped("deleted user role", Value::Null))
}
