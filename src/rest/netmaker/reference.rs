//! What requests name: groups, networks, roles and gateways, found before anything is changed.
//!
//! Owns that what is unknown is refused by name.

use std::collections::BTreeSet;

use serde_json::Value;

use super::permission::{Role, role};
use super::record::{NetworkRoles, Nothing};
use super::roles;
use crate::directory::EntryCopy;
use crate::directory::filter::Filter;
use crate::directory::networks::ALL_NETWORKS;
use crate::rest::entry;
use crate::rest::fault::Fault;
use crate::rest::list;
use crate::rest::membership::makes_administrators;
use crate::rest::operation::Call;
use crate::rest::principal::groups;
use crate::rest::term::equal;

/// The attributes of a group that is changed or shown.
pub const GROUP: [&str; 10] = [
    "objectClass",
    "entryUUID",
    "entryCSN",
    "cn",
    "displayName",
    "hedgerowExternalId",
    "hedgerowDefault",
    "hedgerowNetworkRole",
    "hedgerowColorCode",
    "hedgerowMetaData",
];
/// The most that one set of a request names.
const MOST: usize = 1_000;

/// The group of an id: that of its entry, or of a default one its name.
pub async fn group(call: &Call, id: &str) -> Result<Option<EntryCopy>, Fault> {
    let default = Filter::And(vec![equal("cn", id), equal("hedgerowDefault", "TRUE")]);
    let of = match uuid::Uuid::try_parse(id) {
        Ok(_) => equal("entryUUID", id),
        Err(_) => default,
    };
    entry::find(call, Filter::And(vec![of, groups()]), &GROUP).await
}

/// The group of an id that the caller puts somebody into. Admins make no admins, and so not by a group either.
pub async fn group_to_join(call: &Call, id: &str) -> Result<Option<EntryCopy>, Fault> {
    let found = group(call, id).await?;
    let by_group = found
        .as_ref()
        .is_some_and(|it| makes_administrators(call, it));
    if by_group && role(call) != Role::SuperAdmin {
        let text = format!("user_group_ids: only superadmin can make administrators by {id}");
        return Err(Fault::forbidden(text));
    }
    Ok(found)
}

/// The names in a set: an object whose members are objects. `what` names it in errors.
pub fn names(value: Option<Value>, what: &str) -> Result<Option<BTreeSet<String>>, Fault> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) if members.len() <= MOST => {
            Ok(Some(members.into_iter().map(|(name, _)| name).collect()))
        }
        Some(Value::Object(_)) => Err(Fault::invalid(format!("{what}: more than {MOST}"))),
        Some(_) => Err(Fault::invalid(format!(
            "{what}: must be an object such as {{\"id\": {{}}}}"
        ))),
    }
}

/// The roles by network that a member of a body names.
pub fn network_roles(value: Option<Value>) -> Result<Option<NetworkRoles>, Fault> {
    let networks = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(networks)) => networks,
        Some(_) => return Err(Fault::invalid("network_roles: must be an object")),
    };
    let mut all = NetworkRoles::new();
    let mut count = 0;
    for (network, roles) in networks {
        let roles = names(Some(roles), &format!("network_roles.{network}"))?.unwrap_or_default();
        count += roles.len();
        if count > MOST {
            return Err(Fault::invalid(format!("network_roles: more than {MOST}")));
        }
        let roles = roles.into_iter().map(|role| (role, Nothing {}));
        all.insert(network, roles.collect());
    }
    Ok(Some(all))
}

/// Refuses roles by network of which a network or a role is unknown, or a role is one of another network.
pub async fn check(call: &Call, wanted: &NetworkRoles) -> Result<(), Fault> {
    for (network, held) in wanted {
        if !is_network(call, network).await? {
            return Err(Fault::invalid(format!(
                "invalid network roles: there is no network \"{network}\""
            )));
        }
        for role in held.keys() {
            let found = roles::find(call, role).await?;
            if found.is_none_or(|found| !found.is_in(network)) {
                return Err(Fault::invalid(format!(
                    "invalid network roles: there is no role \"{role}\" in \"{network}\""
                )));
            }
        }
    }
    Ok(())
}

/// Roles by network as they are stored.
pub fn stored(roles: &NetworkRoles) -> Vec<String> {
    let all = roles
        .iter()
        .flat_map(|(network, held)| held.keys().map(move |role| format!("{network}:{role}")));
    all.collect()
}

/// Whether there is a network of a name; `all_networks` stands for all.
pub async fn is_network(call: &Call, name: &str) -> Result<bool, Fault> {
    Ok(name == ALL_NETWORKS || network(call, name).await?.is_some())
}

/// The network of a name.
pub async fn network(call: &Call, name: &str) -> Result<Option<EntryCopy>, Fault> {
    let filter = Filter::And(vec![
        equal("cn", name),
        equal("objectClass", "hedgerowNetwork"),
    ]);
    let asked = (call.rest.unit("networks"), filter);
    let names = ["cn", "hedgerowNetworkAddress"];
    let found = list::one(call, asked, &names).await?;
    // A network is called by its name as it is written.
    Ok(found.filter(|it| entry::text(it, "cn").as_deref() == Some(name)))
}
