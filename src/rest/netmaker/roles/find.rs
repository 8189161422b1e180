//! Which roles there are: one of an id, and those of all networks.

use super::role::Role;
use crate::directory::EntryCopy;
use crate::directory::filter::Filter;
use crate::directory::networks::{ROLES, role_of};
use crate::rest::entry::text;
use crate::rest::fault::Fault;
use crate::rest::list;
use crate::rest::netmaker::reference;
use crate::rest::operation::Call;
use crate::rest::term::equal;

/// The attributes of a role that is shown.
pub(super) const ROLE: [&str; 8] = [
    "objectClass",
    "cn",
    "displayName",
    "hedgerowRoleNetwork",
    "hedgerowPermissions",
    "hedgerowFullAccess",
    "hedgerowDenyDashboardAccess",
    "hedgerowMetaData",
];

/// The role in networks of an id.
pub async fn find(call: &Call, id: &str) -> Result<Option<Role>, Fault> {
    for role in ROLES {
        if id == role_of(None, role) {
            return Ok(Some(Role::of_network(None, role)));
        }
        let network = id.strip_suffix(role).and_then(|it| it.strip_suffix('-'));
        if let Some(network) = network
            && reference::network(call, network).await?.is_some()
        {
            return Ok(Some(Role::of_network(Some(network), role)));
        }
    }
    Ok(stored(call, id).await?.as_ref().map(Role::of))
}

/// The entry of a role that an administrator has made.
pub(super) async fn stored(call: &Call, id: &str) -> Result<Option<EntryCopy>, Fault> {
    let filter = Filter::And(vec![equal("cn", id), equal("objectClass", "hedgerowRole")]);
    let asked = (call.rest.unit("roles"), filter);
    list::one(call, asked, &ROLE).await
}

/// The roles of all networks, by id.
pub async fn in_networks(call: &Call) -> Result<Vec<Role>, Fault> {
    let found = async |unit, class, names| {
        let asked = (call.rest.unit(unit), equal("objectClass", class));
        list::found(call, asked, names).await
    };
    let of = |network: Option<&str>| ROLES.map(|role| Role::of_network(network, role));
    let mut roles = of(None).to_vec();
    for network in found("networks", "hedgerowNetwork", &["cn"]).await? {
        roles.extend(of(text(&network, "cn").as_deref()));
    }
    let made = found("roles", "hedgerowRole", &ROLE).await?;
    roles.extend(made.iter().map(Role::of));
    roles.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(roles)
}
