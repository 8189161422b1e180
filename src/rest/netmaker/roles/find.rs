//! Which roles there are: one of an id, and those of all networks.

use super::role::Role;
use crate::directory::filter::Filter;
use crate::directory::networks::{ROLES, role_of};
use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::entry::{selected, text};
use crate::rest::fault::Fault;
use crate::rest::list;
use crate::rest::netmaker::reference;
use crate::rest::operation::Call;
use crate::rest::query::equal;

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
    list::one(&call.rest, &call.caller.identity, asked, selected(&ROLE)).await
}

/// The roles of all networks, by id.
pub async fn in_networks(call: &Call) -> Result<Vec<Role>, Fault> {
    let identity = &call.caller.identity;
    let mut roles: Vec<Role> = ROLES
        .iter()
        .map(|role| Role::of_network(None, role))
        .collect();
    let each = &mut |found: &VisibleEntry<'_>| {
        let network = text(&found.copy(), "cn").unwrap_or_default();
        roles.extend(
            ROLES
                .iter()
                .map(|role| Role::of_network(Some(&network), role)),
        );
    };
    let asked = (
        call.rest.unit("networks"),
        equal("objectClass", "hedgerowNetwork"),
    );
    list::all(&call.rest, identity, asked, selected(&["cn"]), each).await?;
    let each = &mut |found: &VisibleEntry<'_>| roles.push(Role::of(&found.copy()));
    let asked = (
        call.rest.unit("roles"),
        equal("objectClass", "hedgerowRole"),
    );
    list::all(&call.rest, identity, asked, selected(&ROLE), each).await?;
    roles.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(roles)
}
