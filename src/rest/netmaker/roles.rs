//! Roles in networks: those that every network has, and those that administrators make; and the roles towards the platform,
//! which nobody makes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::answer::enveloped;
use super::permission::Role as Platform;
use super::record::Nothing;
use super::reference;
use crate::directory::EntryCopy;
use crate::directory::filter::Filter;
use crate::directory::networks::{ALL_NETWORKS, ROLES, role_of};
use crate::directory::request::{Change, Modification, ModificationKind, Terms};
use crate::rest::entry::{add, after, attribute, name, name_below, reading, replace, text};
use crate::rest::fault::{Fault, Kind};
use crate::rest::json::Members;
use crate::rest::list;
use crate::rest::operation::{Call, Reply};
use crate::rest::query::equal;

/// The attributes of a role that is shown.
const ROLE: [&str; 8] = [
    "objectClass",
    "cn",
    "displayName",
    "hedgerowRoleNetwork",
    "hedgerowPermissions",
    "hedgerowFullAccess",
    "hedgerowDenyDashboardAccess",
    "hedgerowMetaData",
];
/// The types of resources, each with what stands for all of its type.
const RESOURCES: [(&str, &str); 12] = [
    ("host", "all_host"),
    ("relay", "all_relay"),
    (GATEWAYS, ALL_GATEWAYS),
    ("extclient", "all_extclients"),
    ("inet_gw", "all_inet_gw"),
    ("egress", "all_egress"),
    ("network", "all_network"),
    ("enrollment_key", "all_enrollment_key"),
    ("user", "all_user"),
    ("acl", "all_acl"),
    ("dns", "all_dns"),
    ("fail_over", "all_fail_over"),
];
const GATEWAYS: &str = "remote_access_gw";
const ALL_GATEWAYS: &str = "all_remote_access_gw";
/// What may be done to a resource.
const SCOPE: [&str; 6] = [
    "create",
    "read",
    "update",
    "delete",
    "vpn_access",
    "self_only",
];
/// The longest permissions of a role, in bytes.
const LONGEST: usize = 8_192;

/// What a role allows, by type and id of a resource.
type Access = Map<String, Value>;

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
    fn of_network(network: Option<&str>, role: &str) -> Self {
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
    fn of(entry: &EntryCopy) -> Self {
        let is = |name| text(entry, name).is_some_and(|it| it.eq_ignore_ascii_case("TRUE"));
        let permissions = text(entry, "hedgerowPermissions").unwrap_or_default();
        Self {
            id: text(entry, "cn").unwrap_or_default(),
            name: text(entry, "displayName").unwrap_or_default(),
            default: false,
            meta_data: text(entry, "hedgerowMetaData").unwrap_or_default(),
            deny_dashboard_access: is("hedgerowDenyDashboardAccess"),
            full_access: is("hedgerowFullAccess"),
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
fn scope(allowed: &[&str]) -> Value {
    let all = SCOPE
        .iter()
        .map(|word| ((*word).to_owned(), Value::Bool(allowed.contains(word))));
    Value::Object(all.collect())
}

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
async fn stored(call: &Call, id: &str) -> Result<Option<EntryCopy>, Fault> {
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
    let in_network = |network: Option<&str>| ROLES.map(|role| Role::of_network(network, role));
    let mut roles = in_network(None).to_vec();
    for network in found("networks", "hedgerowNetwork", &["cn"]).await? {
        roles.extend(in_network(text(&network, "cn").as_deref()));
    }
    let stored = found("roles", "hedgerowRole", &ROLE).await?;
    roles.extend(stored.iter().map(Role::of));
    roles.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(roles)
}

/// Lists roles: those in networks, or those towards the platform.
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

/// What a request says of a role.
struct Definition {
    id: String,
    name: String,
    network: String,
    access: Access,
    full: bool,
    denies_dashboard: bool,
    meta_data: String,
}

impl Definition {
    fn read(call: &Call) -> Result<Self, Fault> {
        let mut body = Members::read(&call.body)?;
        let definition = Self {
            id: body.text("id")?.unwrap_or_default(),
            name: body.text("name")?.unwrap_or_default(),
            network: body.text("network_id")?.unwrap_or_default(),
            access: access(body.any("network_level_access"))?,
            full: body.flag("full_access")?.unwrap_or_default(),
            denies_dashboard: body.flag("deny_dashboard_access")?.unwrap_or_default(),
            meta_data: body.text("meta_data")?.unwrap_or_default(),
        };
        // Whether it is a default one the server says, and beyond its network no role allows anything.
        body.ignore(&["default", "global_level_access"]);
        body.end()?;
        Ok(definition)
    }

    fn attributes(&self) -> [(&'static str, String); 5] {
        let flag = |is: bool| if is { "TRUE" } else { "" }.to_owned();
        let access = match self.access.is_empty() {
            true => String::new(),
            false => Value::Object(self.access.clone()).to_string(),
        };
        [
            ("displayName", self.name.clone()),
            ("hedgerowPermissions", access),
            ("hedgerowFullAccess", flag(self.full)),
            ("hedgerowDenyDashboardAccess", flag(self.denies_dashboard)),
            ("hedgerowMetaData", self.meta_data.clone()),
        ]
    }
}

/// What a role allows, as a request says it. Whoever may use gateways may keep devices of their own.
fn access(value: Option<Value>) -> Result<Access, Fault> {
    let mut access = match value {
        None | Some(Value::Null) => return Ok(Access::new()),
        Some(Value::Object(access)) => access,
        Some(_) => return Err(Fault::invalid("network_level_access: must be an object")),
    };
    for (kind, resources) in &access {
        if !RESOURCES.iter().any(|(known, _)| known == kind) {
            let kind: String = kind.chars().take(64).collect();
            return Err(Fault::invalid(format!("invalid resource type: \"{kind}\"")));
        }
        let scopes = resources.as_object().into_iter().flat_map(Map::values);
        let sound = |scope: &Value| {
            let members = scope.as_object();
            members.is_some_and(|all| {
                all.iter()
                    .all(|(word, is)| SCOPE.contains(&word.as_str()) && is.is_boolean())
            })
        };
        if !resources.is_object() || !scopes.into_iter().all(sound) {
            let text = format!(
                "network_level_access.{kind}: must be an object of objects of {}",
                SCOPE.join(", ")
            );
            return Err(Fault::invalid(text));
        }
    }
    let gateways = access.get(GATEWAYS).and_then(Value::as_object);
    let uses = gateways.is_some_and(|all| {
        let mut scopes = all.values();
        scopes.any(|scope| scope.get("vpn_access") == Some(&Value::Bool(true)))
    });
    if uses && !access.contains_key("extclient") {
        let own = scope(&["create", "read", "update", "delete", "self_only"]);
        access.insert("extclient".to_owned(), json!({ "all_extclients": own }));
    }
    if Value::Object(access.clone()).to_string().len() > LONGEST {
        return Err(Fault::invalid(format!(
            "network_level_access: more than {LONGEST} bytes"
        )));
    }
    Ok(access)
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
    let change = Change::Modify {
        dn: name(&entry),
        modifications: steps.to_vec(),
    };
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
    let mut changes = vec![(Change::Delete { dn: name(&entry) }, Terms::default())];
    changes.extend(holders.iter().map(|holder| {
        let dn = name(holder);
        let modifications = vec![Modification {
            kind: ModificationKind::Delete,
            attribute: "hedgerowNetworkRole".to_owned(),
            values: vec![held.clone().into_bytes()],
        }];
        (Change::Modify { dn, modifications }, Terms::default())
    }));
    list::together(&call, changes).await?;
    Ok(enveloped("deleted user role", Value::Null))
}
