//! Gateways: who may use which, by itself, by a group or by a role, and who is let in by hand.
//!
//! Networks and gateways are entries that an administrator makes over LDAP. A gateway lists those it is open to as
//! `member`, so that whoever guards it asks for `memberOf`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answer::{bare, enveloped};
use super::permission::{Role, role, target};
use super::record::{NetworkRoles, Surroundings, User, member_of, network_roles};
use super::{roles, users};
use crate::directory::EntryCopy;
use crate::directory::filter::Filter;
use crate::directory::networks::ALL_NETWORKS;
use crate::rest::entry::{identifier, is_true, name, text, texts};
use crate::rest::fault::Fault;
use crate::rest::list;
use crate::rest::membership::{leads, settle};
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{groups, living_users};
use crate::rest::stream::Items;
use crate::rest::term::equal;

/// The attributes of a gateway that is shown.
const GATEWAY: [&str; 14] = [
    "objectClass",
    "cn",
    "displayName",
    "entryDN",
    "hedgerowInternetGateway",
    "hedgerowPublicKey",
    "hedgerowListenPort",
    "hedgerowMetaData",
    "hedgerowAllowedEndpoint",
    "hedgerowNetworkAddress",
    "hedgerowStatus",
    "hedgerowDnsAddress",
    "hedgerowMatchDomain",
    "hedgerowSearchDomain",
];

/// A gateway as those see it who may use it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NetmakerGateway)]
pub struct Gateway {
    /// Its id.
    #[schema(example = "berlin")]
    pub remote_access_gw_id: String,
    /// Its name for people.
    #[schema(example = "Berlin")]
    pub gw_name: String,
    /// The network that it leads into.
    #[schema(example = "office")]
    pub network: String,
    /// False: the directory does not know who is connected.
    #[schema(example = false)]
    pub connected: bool,
    /// Whether it leads to the internet.
    #[schema(example = false)]
    pub is_internet_gateway: bool,
    /// Nothing: the directory keeps no devices.
    #[schema(value_type = Object, example = json!({}))]
    pub gw_client: BTreeMap<String, Value>,
    /// Its public key.
    #[schema(example = "GyFZ0OL2LtXQkfI0f9+Qs3Lk1Pr2bPoUUWXDqgrR2m0=")]
    pub gw_peer_public_key: String,
    /// Its UDP port; 0 when it is not known.
    #[schema(example = 51821)]
    pub gw_listen_port: u16,
    /// What is kept with it.
    #[schema(example = "")]
    pub metadata: String,
    /// Where it is reached.
    #[schema(example = json!(["192.0.2.7:51821"]))]
    pub allowed_endpoints: Vec<String>,
    /// The ranges of addresses behind it.
    #[schema(example = json!(["10.20.0.0/16"]))]
    pub network_addresses: Vec<String>,
    /// How it is.
    #[schema(example = "online")]
    pub status: String,
    /// Whether it has a name server for those behind it.
    #[schema(example = false)]
    pub manage_dns: bool,
    /// That name server.
    #[schema(example = "")]
    pub dns_address: String,
    /// The first range of addresses behind it.
    #[schema(example = "10.20.0.0/16")]
    pub addresses: String,
    /// Domains that the name server knows.
    #[schema(example = json!([]))]
    pub match_domains: Vec<String>,
    /// Domains that names are looked up in.
    #[schema(example = json!([]))]
    pub search_domains: Vec<String>,
}

impl Gateway {
    fn of(entry: &EntryCopy) -> Self {
        let one = |name| text(entry, name).unwrap_or_default();
        let many = |name| texts(entry, name);
        let id = one("cn");
        let addresses = many("hedgerowNetworkAddress");
        Self {
            gw_name: text(entry, "displayName").unwrap_or_else(|| id.clone()),
            remote_access_gw_id: id,
            network: network_of(entry),
            connected: false,
            is_internet_gateway: is_true(entry, "hedgerowInternetGateway"),
            gw_client: BTreeMap::new(),
            gw_peer_public_key: one("hedgerowPublicKey"),
            gw_listen_port: one("hedgerowListenPort").parse().unwrap_or_default(),
            metadata: one("hedgerowMetaData"),
            allowed_endpoints: many("hedgerowAllowedEndpoint"),
            addresses: addresses.first().cloned().unwrap_or_default(),
            network_addresses: addresses,
            status: one("hedgerowStatus"),
            manage_dns: !one("hedgerowDnsAddress").is_empty(),
            dns_address: one("hedgerowDnsAddress"),
            match_domains: many("hedgerowMatchDomain"),
            search_domains: many("hedgerowSearchDomain"),
        }
    }
}

/// The network above a gateway.
fn network_of(gateway: &EntryCopy) -> String {
    let above = name(gateway).parent();
    above.as_ref().and_then(identifier).unwrap_or_default()
}

/// All gateways, by network and id.
async fn all(call: &Call, filter: Filter) -> Result<Vec<EntryCopy>, Fault> {
    let filter = Filter::And(vec![filter, equal("objectClass", "hedgerowGateway")]);
    let mut found = list::found(call, (call.rest.unit("networks"), filter), &GATEWAY).await?;
    found.sort_by_key(|entry| (network_of(entry), text(entry, "cn")));
    Ok(found)
}

/// The gateway of an id.
async fn find(call: &Call, id: &str) -> Result<Option<EntryCopy>, Fault> {
    let mut found = all(call, equal("cn", id)).await?;
    if found.len() > 1 {
        let text =
            format!("there are several gateways \"{id}\": an administrator must rename them");
        return Err(Fault::invalid(text));
    }
    Ok(found.pop())
}

async fn require(call: &Call, id: &str) -> Result<EntryCopy, Fault> {
    let found = find(call, id).await?;
    found.ok_or_else(|| Fault::invalid("there is no such remote access gateway"))
}

/// Lists the gateways that the caller may use.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let given = |name| {
        call.query
            .value(name)
            .is_some_and(|id: &str| !id.is_empty())
    };
    if !given("device_id") && !given("remote_access_clientid") {
        return Err(Fault::invalid("remote access client id cannot be empty"));
    }
    let mut usable = all(&call, equal("objectClass", "hedgerowGateway")).await?;
    if !role(&call).administers() {
        let entry = users::find(&call, target(&call)).await?;
        let entry = entry.ok_or_else(|| Fault::invalid("there is no such user"))?;
        let grants = Grants::of(&call, &entry).await?;
        usable.retain(|gateway| grants.cover(gateway));
    }
    let usable: Vec<Gateway> = usable.iter().map(Gateway::of).collect();
    if call.query.value("from_mobile") == Some("true") {
        return Ok(enveloped("fetched user gateways", usable));
    }
    let mut by_network: BTreeMap<String, Vec<Gateway>> = BTreeMap::new();
    for gateway in usable {
        by_network
            .entry(gateway.network.clone())
            .or_default()
            .push(gateway);
    }
    Ok(bare(&by_network))
}

/// What opens gateways to a user.
struct Grants {
    /// The names of what the user is in.
    lists: Vec<String>,
    /// The network and the role.
    roles: Vec<(String, roles::Role)>,
}

impl Grants {
    async fn of(call: &Call, user: &EntryCopy) -> Result<Self, Fault> {
        let around = Surroundings::of_one(call, user).await?;
        let own = network_roles(user);
        let held = std::iter::once(&own).chain(around.roles_of(user));
        let mut roles = Vec::new();
        for (network, ids) in held.flat_map(NetworkRoles::iter) {
            for id in ids.keys() {
                let role = roles::find(call, id)
                    .await?
                    .filter(|role| role.is_in(network));
                roles.extend(role.map(|role| (network.clone(), role)));
            }
        }
        Ok(Self {
            lists: member_of(user),
            roles,
        })
    }

    fn cover(&self, gateway: &EntryCopy) -> bool {
        let (id, network) = (text(gateway, "cn").unwrap_or_default(), network_of(gateway));
        let mut roles = self.roles.iter();
        self.lists.contains(&gateway.dn)
            || roles.any(|(of, role)| (*of == network || of == ALL_NETWORKS) && role.lets_use(&id))
    }
}

/// The user that a request is about, who must be there and not the administrator of the directory.
async fn user(call: &Call) -> Result<EntryCopy, Fault> {
    let found = users::find(call, target(call)).await?;
    found.ok_or_else(|| Fault::invalid("username: there is no such user"))
}

/// Opens a gateway to a user.
pub async fn attach(call: Call) -> Result<Reply, Fault> {
    let all = || Fault::invalid("superadmins/admins have access to all gateways");
    if call.rest.names_administrator(target(&call)) {
        return Err(all());
    }
    let user = user(&call).await?;
    if Role::of_entry(&call.rest, &user).administers() {
        return Err(all());
    }
    let gateway = require(&call, call.path.get("remote_access_gateway_id")).await?;
    list_user(&call, &gateway, &user, true).await
}

/// Closes a gateway to a user, unless a group or a role opens it.
pub async fn detach(call: Call) -> Result<Reply, Fault> {
    let user = user(&call).await?;
    match find(&call, call.path.get("remote_access_gateway_id")).await? {
        Some(gateway) => list_user(&call, &gateway, &user, false).await,
        None => Ok(bare(&users::shown(&call, &user).await?)),
    }
}

async fn list_user(
    call: &Call,
    of: &EntryCopy,
    user: &EntryCopy,
    add: bool,
) -> Result<Reply, Fault> {
    put(call, of, user, add).await?;
    let user = users::require(call, &super::record::user_name(user)).await?;
    Ok(bare(&users::shown(call, &user).await?))
}

/// Puts a user on a list of members or takes it off; it may be there already, or not be there.
pub async fn put(call: &Call, of: &EntryCopy, user: &EntryCopy, add: bool) -> Result<(), Fault> {
    settle(call, of, &BTreeMap::from([(user.dn.as_str(), add)])).await
}

/// Lists those who may use a gateway, but for administrators, who may use all.
pub async fn users_of(call: Call) -> Result<Reply, Fault> {
    let gateway = require(&call, call.path.get("ingress_id")).await?;
    let (id, network) = (
        text(&gateway, "cn").unwrap_or_default(),
        network_of(&gateway),
    );
    let roles = roles::in_networks(&call).await?;
    let opening = roles
        .iter()
        .filter(|role| role.is_in(&network) && role.lets_use(&id));
    let held = opening.flat_map(|role| {
        let places = [network.as_str(), ALL_NETWORKS].into_iter();
        let places = places.filter(|network| role.is_in(network));
        places.map(|network| equal("hedgerowNetworkRole", &format!("{network}:{}", role.id)))
    });
    let held = Filter::Or(held.collect());
    let mut ways = vec![leads("memberOf", &gateway.dn), held.clone()];
    let asked = (call.rest.suffix(), Filter::And(vec![groups(), held]));
    let groups = list::found(&call, asked, &["1.1"]).await?;
    ways.extend(groups.iter().map(|group| leads("memberOf", &group.dn)));
    let filter = Filter::And(vec![living_users(), Filter::Or(ways)]);
    let write = |user: Option<(&EntryCopy, User)>, _: &Surroundings, items: &mut Items<'_>| {
        if let Some((_, user)) = user.filter(|(_, user)| !user.isadmin && !user.issuperadmin) {
            items.push(&user);
        }
    };
    let before = format!(
        "{{\"network\":{},\"node_id\":{},\"users\":",
        json!(network),
        json!(id)
    );
    users::stream(call, filter, (before, "}"), write).await
}
