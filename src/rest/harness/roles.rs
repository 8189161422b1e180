//! Roles: those that the product brings along, what they allow, and who has which in a scope.
//!
//! Owns who may ask for what. A role in a scope is an entry of class `hedgerowRoleAssignment` directly below the scope's,
//! and whoever is its member, by themselves or through groups, has the role. Roles of other names allow nothing here, nor do
//! those that are for a part of a scope's resources.

use serde_json::{Value, json};

use super::place::{LEVELS, Place};
use crate::directory::EntryCopy;
use crate::directory::dn::Dn;
use crate::directory::filter::Filter;
use crate::directory::roles::Role;
use crate::rest::entry::{self, text};
use crate::rest::fault::Fault;
use crate::rest::list;
use crate::rest::membership::leads;
use crate::rest::operation::Call;
use crate::rest::principal::active_users;
use crate::rest::term::equal;

/// The resource group that a role is for which names none: everything in the scope.
pub const ALL_RESOURCES: &str = "_all_resources";

/// A role that the product brings along.
pub struct BuiltIn {
    /// What programs call it.
    pub identifier: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// The level of the scopes that have it, as in [`LEVELS`].
    pub level: usize,
    /// Whether it allows to change who is in the scope, and not only to see it.
    pub manages: bool,
}

/// All of them.
const BUILT_IN: [BuiltIn; 6] = [
    built_in("_account_admin", "Account Admin", 0, true),
    built_in("_account_viewer", "Account Viewer", 0, false),
    built_in("_organization_admin", "Organization Admin", 1, true),
    built_in("_organization_viewer", "Organization Viewer", 1, false),
    built_in("_project_admin", "Project Admin", 2, true),
    built_in("_project_viewer", "Project Viewer", 2, false),
];

const fn built_in(
    identifier: &'static str,
    name: &'static str,
    level: usize,
    manages: bool,
) -> BuiltIn {
    BuiltIn {
        identifier,
        name,
        level,
        manages,
    }
}

/// The role of this identifier, if the product brings it along.
pub fn known(identifier: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|role| role.identifier == identifier)
}

/// The role of administrators, or of viewers, of scopes of a level.
pub fn of_level(level: usize, manages: bool) -> Option<&'static BuiltIn> {
    let mut roles = BUILT_IN.iter();
    roles.find(|role| role.level == level && role.manages == manages)
}

/// What a request wants to do with the users of a scope.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// See who they are.
    View,
    /// Change who is among them.
    Manage,
}

impl Right {
    /// As the product calls it.
    fn name(self) -> &'static str {
        match self {
            Self::View => "core_user_view",
            Self::Manage => "core_user_manage",
        }
    }

    fn is_given_by(self, role: &Role, level: usize) -> bool {
        let whole = matches!(role.resource_group.as_deref(), None | Some(ALL_RESOURCES));
        let known = known(&role.identifier).filter(|known| known.level == level && whole);
        known.is_some_and(|known| known.manages || self == Self::View)
    }
}

/// Refuses a caller who may not do this in the scope of a level of a place: who has no role in it nor above it that
/// allows it.
pub fn require(call: &Call, place: &Place, level: usize, right: Right) -> Result<(), Fault> {
    let directory = &call.rest.directory;
    let own = Dn::parse(&directory.name(&call.caller.identity)).unwrap_or_default();
    let mut scopes = place.entries().enumerate().take(level.saturating_add(1));
    let has = |(at, scope): (usize, &Dn)| {
        let roles = directory.roles_in(scope, &own);
        roles.iter().any(|role| right.is_given_by(role, at))
    };
    if call.caller.administers || scopes.any(has) {
        return Ok(());
    }
    let name = right.name();
    let kind = LEVELS.get(level).copied().unwrap_or_default();
    let text = format!("Missing permission {name} on user in the {kind} that is asked for");
    Err(Fault::forbidden(text).with(json!({
        "failedPermissionChecks": [{
            "permission": name,
            "resourceType": "USER",
            "resourceIdentifier": null,
            "resourceScope": place.json(),
        }],
    })))
}

/// Whether the entry of a name administers the account.
pub fn administers_account(call: &Call, account: &Place, name: &Dn) -> bool {
    let roles = call.rest.directory.roles_in(account.own(), name);
    roles.iter().any(|role| Right::Manage.is_given_by(role, 0))
}

/// The attributes of an assignment.
pub const ASSIGNMENT: [&str; 5] = [
    "cn",
    "hedgerowRoleIdentifier",
    "hedgerowRoleName",
    "hedgerowResourceGroup",
    "hedgerowResourceGroupName",
];

/// The entries that give a role.
pub fn assignments() -> Filter {
    equal("objectClass", "hedgerowRoleAssignment")
}

/// The entries that a filter finds directly below a scope.
pub async fn found_in(call: &Call, scope: &Dn, filter: Filter) -> Result<Vec<EntryCopy>, Fault> {
    let mut found = list::found(call, (scope.clone(), filter), &ASSIGNMENT).await?;
    found.retain(|entry| is_directly_below(call, entry, scope));
    Ok(found)
}

/// Whether an entry lies directly below another.
pub fn is_directly_below(call: &Call, entry: &EntryCopy, above: &Dn) -> bool {
    let snapshot = call.rest.directory.snapshot();
    let schema = snapshot.schema();
    let parent = entry::name(entry).parent();
    parent.is_some_and(|parent| parent.normalize(schema) == above.normalize(schema))
}

/// The roles of a user in a scope, as bodies have them.
pub async fn of_user(call: &Call, scope: &Dn, user: &str) -> Result<Vec<Value>, Fault> {
    let filter = Filter::And(vec![assignments(), leads("member", user)]);
    let found = found_in(call, scope, filter).await?;
    Ok(found.iter().map(metadata).collect())
}

fn metadata(assignment: &EntryCopy) -> Value {
    let role = text(assignment, "hedgerowRoleIdentifier").unwrap_or_default();
    let known = known(&role);
    let group = text(assignment, "hedgerowResourceGroup");
    let everything = matches!(group.as_deref(), None | Some(ALL_RESOURCES));
    let group = group.unwrap_or_else(|| ALL_RESOURCES.to_owned());
    let group_name = text(assignment, "hedgerowResourceGroupName");
    let group_name = group_name.unwrap_or_else(|| match everything {
        true => "All Resources".to_owned(),
        false => group.clone(),
    });
    let role_name = text(assignment, "hedgerowRoleName");
    let role_name = known.map(|role| role.name.to_owned()).or(role_name);
    json!({
        "identifier": text(assignment, "cn"),
        "roleName": role_name.unwrap_or_else(|| role.clone()),
        "roleIdentifier": role,
        "resourceGroupIdentifier": group,
        "resourceGroupName": group_name,
        "managedRole": known.is_some(),
        "managedRoleAssignment": false,
    })
}

/// Those of the users of a place who have one of these roles for one of these resource groups; where a list is empty, any.
pub async fn holders(
    call: &Call,
    place: &Place,
    roles: &[String],
    resource_groups: &[String],
) -> Result<Filter, Fault> {
    let mut held = found_in(call, place.own(), assignments()).await?;
    let is_in = |list: &[String], value: &str| list.is_empty() || list.iter().any(|it| it == value);
    held.retain(|assignment| {
        let role = text(assignment, "hedgerowRoleIdentifier").unwrap_or_default();
        let group = text(assignment, "hedgerowResourceGroup");
        let group = group.as_deref().unwrap_or(ALL_RESOURCES);
        is_in(roles, &role) && is_in(resource_groups, group)
    });
    let any = held.iter().map(|it| leads("memberOf", &it.dn)).collect();
    Ok(Filter::And(vec![place.members()?, Filter::Or(any)]))
}

/// Users of the account who have a role by one of these assignments and can make use of it.
pub fn users_by(assignments: &[EntryCopy]) -> Filter {
    let any = assignments.iter().map(|it| leads("memberOf", &it.dn));
    Filter::And(vec![active_users(), Filter::Or(any.collect())])
}
