//! What a role is: its JSON, from its entry or from what every network has.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::directory::EntryCopy;
use crate::directory::networks::{ALL_NETWORKS, role_of};
use crate::rest::entry::{is_true, text};
use crate::rest::netmaker::permission::Role as Platform;
use crate::rest::netmaker::record::Nothing;

/// The type of gateways.
pub(super) const GATEWAYS: &str = "remote_access_gw";
/// What stands for all of them.
const ALL_GATEWAYS: &str = "all_remote_access_gw";
/// What may be done to a resource.
pub(super) const SCOPE: [&str; 6] = [
    "create",
    "read",
    "update",
    "delete",
    "vpn_access",
    "self_only",
];

/// What a role allows, by type and id of a resource.
pub(super) type Access = Map<String, Value>;

/// A role.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NetmakerRole)]
pub struct Role {
    /// What names it. Set by the server.
    #[schema(required = false, example = "office-network-user")]
    pub id: String,
    /// The name for people.
    #[schema(example = "Network user of office")]
    pub name: String,
    /// Whether it came with the network, or with the server.
    #[schema(required = false, example = true)]
    pub default: bool,
    /// What clients keep with it.
    #[schema(required = false, example = "")]
    pub meta_data: String,
    /// Whether it keeps its holders from the dashboard.
    #[schema(required = false, example = true)]
    pub deny_dashboard_access: bool,
    /// Whether it allows everything there is.
    #[schema(required = false, example = false)]
    pub full_access: bool,
    /// The network that it is for, `all_networks`, or nothing for a role towards the platform.
    #[schema(example = "office")]
    pub network_id: String,
    /// What it allows in the network, by type and id of a resource.
    #[schema(required = false, value_type = Object, example = json!({"remote_access_gw": {"all_remote_access_gw": {"vpn_access": true}}}))]
    pub network_level_access: Access,
    /// Nothing: no role allows anything beyond its network.
    #[schema(required = false, value_type = Object, example = json!({}))]
    pub global_level_access: BTreeMap<String, Nothing>,
}

impl Role {
    /// A role towards the platform.
    pub fn platform(role: Platform) -> Self {
        Self {
            id: role.name().to_owned(),
            name: role.name().to_owned(),
            default: true,
            meta_data: String::new(),
            deny_dashboard_access: role == Platform::ServiceUser,
            full_access: role.administers(),
            network_id: String::new(),
            network_level_access: Access::new(),
            global_level_access: BTreeMap::new(),
        }
    }

    /// One of those that every network has, and all of them together.
    pub(super) fn of_network(network: Option<&str>, role: &str) -> Self {
        let administers = role == "network-admin";
        let uses = json!({
            GATEWAYS: { ALL_GATEWAYS: scope(&["read", "vpn_access"]) },
            "extclient": { "all_extclients": scope(&["create", "read", "update", "delete", "self_only"]) },
        });
        let access = match uses {
            Value::Object(access) if !administers => access,
            _ => Access::new(),
        };
        let of = network.map_or("all networks".to_owned(), str::to_owned);
        Self {
            id: role_of(network, role),
            name: format!("{role} of {of}"),
            default: true,
            meta_data: String::new(),
            deny_dashboard_access: !administers,
            full_access: administers,
            network_id: network.unwrap_or(ALL_NETWORKS).to_owned(),
            network_level_access: access,
            global_level_access: BTreeMap::new(),
        }
    }

    /// Of an entry.
    pub(super) fn of(entry: &EntryCopy) -> Self {
        let permissions = text(entry, "hedgerowPermissions").unwrap_or_default();
        Self {
            id: text(entry, "cn").unwrap_or_default(),
            name: text(entry, "displayName").unwrap_or_default(),
            default: false,
            meta_data: text(entry, "hedgerowMetaData").unwrap_or_default(),
            deny_dashboard_access: is_true(entry, "hedgerowDenyDashboardAccess"),
            full_access: is_true(entry, "hedgerowFullAccess"),
            network_id: text(entry, "hedgerowRoleNetwork").unwrap_or_default(),
            // What cannot be read allows nothing.
            network_level_access: serde_json::from_str(&permissions).unwrap_or_default(),
            global_level_access: BTreeMap::new(),
        }
    }

    /// Whether it can be held in a network.
    pub fn is_in(&self, network: &str) -> bool {
        self.network_id == network || self.network_id == ALL_NETWORKS
    }

    /// Whether it lets its holders use a gateway.
    pub fn lets_use(&self, gateway: &str) -> bool {
        let of = |id: &str| {
            self.network_level_access
                .get(GATEWAYS)?
                .get(id)?
                .get("vpn_access")
        };
        let allows = |id| of(id).and_then(Value::as_bool) == Some(true);
        self.full_access || allows(ALL_GATEWAYS) || allows(gateway)
    }
}

/// What may be done to a resource, with these things allowed.
pub(super) fn scope(allowed: &[&str]) -> Value {
    let all = SCOPE
        .iter()
        .map(|word| ((*word).to_owned(), Value::Bool(allowed.contains(word))));
    Value::Object(all.collect())
}
