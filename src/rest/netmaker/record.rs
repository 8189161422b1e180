//! What a user is in this dialect: its JSON, from its entry and what surrounds it.
//!
//! Owns the model, which is a schema of the document as well. Nothing in it is secret: no hash, no second factor.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::permission::Role;
use crate::directory::dn::Dn;
use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::auth::ADMINISTRATOR;
use crate::rest::entry::{self, is_true, text, texts};
use crate::rest::fault::Fault;
use crate::rest::list;
use crate::rest::operation::Call;
use crate::rest::principal::groups;
use crate::rest::time::to_rfc3339;

/// The moment that stands for never.
pub const NEVER: &str = "0001-01-01T00:00:00Z";

/// The attributes of a user that is shown.
pub const USER: [&str; 16] = [
    "objectClass",
    "entryUUID",
    "entryCSN",
    "uid",
    "displayName",
    "cn",
    "mail",
    "hedgerowExternalId",
    "hedgerowDisabled",
    "pwdAccountLockedTime",
    "hedgerowPlatformRole",
    "hedgerowNetworkRole",
    "hedgerowAuthType",
    "hedgerowClientAddress",
    "memberOf",
    "pwdLastSuccess",
];

/// The attributes of a group that a user is shown with.
const MEMBERSHIP: [&str; 4] = ["entryUUID", "cn", "hedgerowDefault", "hedgerowNetworkRole"];

/// What JSON has for a set: an object whose members are empty objects.
pub type Set = BTreeMap<String, Nothing>;

/// Roles by network.
pub type NetworkRoles = BTreeMap<String, Set>;

/// An empty object.
#[derive(Debug, Default, Clone, Serialize, ToSchema)]
pub struct Nothing {}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NetmakerUser)]
pub struct User {
    /// The name to log in with.
    #[schema(example = "ada")]
    pub username: String,
    /// The user's identity in the system it came from; empty for users of this directory.
    #[schema(example = "")]
    pub external_identity_provider_id: String,
    /// Whether the user shows a second factor to log in.
    #[schema(example = false)]
    pub is_mfa_enabled: bool,
    /// The name for people.
    #[schema(example = "Ada Lovelace")]
    pub display_name: String,
    /// Whether the user may not log in.
    #[schema(example = false)]
    pub account_disabled: bool,
    /// Whether the role is `admin`.
    #[schema(example = false)]
    pub isadmin: bool,
    /// Whether the role is `super-admin`.
    #[schema(example = false)]
    pub issuperadmin: bool,
    /// How the user logs in: `basic_auth` or `oauth`.
    #[schema(example = "basic_auth")]
    pub auth_type: String,
    /// The gateways that the user may use by itself or by a group, by id.
    #[schema(value_type = Object, example = json!({"berlin": {}}))]
    pub remote_gw_ids: Set,
    /// The groups that the user is in, directly or through others, by id.
    #[schema(value_type = Object, example = json!({"7d3b1c9e-16a6-1027-98f4-d28b5365dc14": {}}))]
    pub user_group_ids: Set,
    /// `super-admin`, `admin`, `auditor`, `platform-user` or `service-user`.
    #[schema(example = "service-user")]
    pub platform_role_id: String,
    /// The roles that the user has by itself, by network.
    #[schema(value_type = Object, example = json!({"office": {"office-network-user": {}}}))]
    pub network_roles: NetworkRoles,
    /// When the user logged in last; the year 1 stands for never.
    #[schema(format = "date-time", example = "2019-08-24T14:15:22Z")]
    pub last_login_time: String,
    /// How many access tokens the user has.
    #[schema(example = 0)]
    pub num_access_tokens: usize,
}

/// What users are shown with: the groups of the directory, as the caller may see them.
pub struct Surroundings {
    groups: HashMap<String, InGroup>,
}

/// What being in a group means.
struct InGroup {
    id: String,
    network_roles: NetworkRoles,
}

impl Surroundings {
    /// What all users can be shown with.
    pub async fn of_all(call: &Call) -> Result<Self, Fault> {
        let mut around = Self {
            groups: HashMap::new(),
        };
        around.add(call, call.rest.suffix()).await?;
        Ok(around)
    }

    /// What one user can be shown with.
    pub async fn of_one(call: &Call, user: &EntryCopy) -> Result<Self, Fault> {
        let mut around = Self {
            groups: HashMap::new(),
        };
        for name in member_of(user) {
            if let Ok(dn) = Dn::parse(&name) {
                around.add(call, dn).await?;
            }
        }
        Ok(around)
    }

    /// The groups that a user is in, directly or through others.
    fn groups_of(&self, user: &EntryCopy) -> Vec<&InGroup> {
        let names = member_of(user).into_iter();
        names.filter_map(|dn| self.groups.get(&dn)).collect()
    }

    /// The roles that a user has through groups, by network.
    pub fn roles_of(&self, user: &EntryCopy) -> Vec<&NetworkRoles> {
        let groups = self.groups_of(user).into_iter();
        groups.map(|group| &group.network_roles).collect()
    }

    /// The id of the group of a name.
    pub fn id_of(&self, dn: &str) -> Option<&str> {
        self.groups.get(dn).map(|group| group.id.as_str())
    }

    /// The ids of the groups that a user is in.
    pub fn ids_of(&self, user: &EntryCopy) -> Vec<&str> {
        let groups = self.groups_of(user).into_iter();
        groups.map(|group| group.id.as_str()).collect()
    }

    async fn add(&mut self, call: &Call, below: Dn) -> Result<(), Fault> {
        let each = &mut |found: &VisibleEntry<'_>| {
            let copy = found.copy();
            let group = InGroup {
                id: group_id(&copy),
                network_roles: network_roles(&copy),
            };
            self.groups.insert(copy.dn, group);
        };
        list::all(call, (below, groups()), &MEMBERSHIP, each).await
    }
}

/// The names of the groups and gateways that an entry is in.
pub fn member_of(entry: &EntryCopy) -> Vec<String> {
    texts(entry, "memberOf")
}

/// The id of a group: that of its entry, and of one that came with a network its name.
pub fn group_id(entry: &EntryCopy) -> String {
    let id = match is_true(entry, "hedgerowDefault") {
        true => "cn",
        false => "entryUUID",
    };
    text(entry, id).unwrap_or_default()
}

/// The id of a gateway, if that is what a name is the name of: below a network, below ou=networks.
fn gateway_id(networks: &Dn, name: &str) -> Option<String> {
    let dn = Dn::parse(name).ok()?;
    if dn.parent()?.parent()? != *networks {
        return None;
    }
    entry::identifier(&dn)
}

/// The roles that values of `hedgerowNetworkRole` name; what names none is left out.
pub fn network_roles(entry: &EntryCopy) -> NetworkRoles {
    let mut roles = NetworkRoles::new();
    for value in texts(entry, "hedgerowNetworkRole") {
        if let Some((network, role)) = value.split_once(':') {
            let of_network = roles.entry(network.to_owned()).or_default();
            of_network.insert(role.to_owned(), Nothing {});
        }
    }
    roles
}

/// The name that a user logs in with.
pub fn user_name(entry: &EntryCopy) -> String {
    text(entry, "uid").unwrap_or_default()
}

/// Whether a user may not log in.
pub fn is_disabled(entry: &EntryCopy) -> bool {
    let locked = text(entry, "pwdAccountLockedTime");
    is_true(entry, "hedgerowDisabled") || locked.is_some_and(|time| time.starts_with("0000"))
}

impl User {
    /// Of an entry.
    pub fn of(call: &Call, entry: &EntryCopy, around: &Surroundings) -> Self {
        let role = Role::shown(&call.rest, entry);
        let name = user_name(entry);
        let shown = text(entry, "displayName").or_else(|| text(entry, "cn"));
        let set = |ids: Vec<String>| ids.into_iter().map(|id| (id, Nothing {})).collect();
        let in_groups = member_of(entry);
        let groups = around.groups_of(entry).into_iter();
        let networks = call.rest.unit("networks");
        let gateways = in_groups.iter().filter_map(|dn| gateway_id(&networks, dn));
        let login = text(entry, "pwdLastSuccess");
        let directory = &call.rest.directory;
        let own = entry::name(entry);
        Self {
            external_identity_provider_id: text(entry, "hedgerowExternalId").unwrap_or_default(),
            is_mfa_enabled: directory.has_second_factor(&own),
            display_name: shown.unwrap_or_else(|| name.clone()),
            account_disabled: is_disabled(entry),
            isadmin: role == Role::Admin,
            issuperadmin: role == Role::SuperAdmin,
            auth_type: text(entry, "hedgerowAuthType").unwrap_or_else(|| "basic_auth".to_owned()),
            remote_gw_ids: set(gateways.collect()),
            user_group_ids: set(groups.map(|group| group.id.clone()).collect()),
            platform_role_id: role.name().to_owned(),
            network_roles: network_roles(entry),
            last_login_time: login.map_or_else(|| NEVER.to_owned(), |time| to_rfc3339(&time)),
            num_access_tokens: directory.count_access_tokens(&own),
            username: name,
        }
    }

    /// The administrator of the directory, who has no entry.
    pub fn administrator(call: &Call) -> Self {
        let role = Role::of_administrator(&call.rest);
        Self {
            username: ADMINISTRATOR.to_owned(),
            display_name: "Administrator".to_owned(),
            isadmin: role == Role::Admin,
            issuperadmin: role == Role::SuperAdmin,
            platform_role_id: role.name().to_owned(),
            ..Self::nobody()
        }
    }

    /// Somebody of whom nothing is known.
    pub fn nobody() -> Self {
        Self {
            username: String::new(),
            external_identity_provider_id: String::new(),
            is_mfa_enabled: false,
            display_name: String::new(),
            account_disabled: false,
            isadmin: false,
            issuperadmin: false,
            auth_type: "basic_auth".to_owned(),
            remote_gw_ids: Set::new(),
            user_group_ids: Set::new(),
            platform_role_id: Role::ServiceUser.name().to_owned(),
            network_roles: NetworkRoles::new(),
            last_login_time: NEVER.to_owned(),
            num_access_tokens: 0,
        }
    }
}
