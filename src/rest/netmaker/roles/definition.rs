//! What a request says of a role.

use serde_json::{Map, Value, json};

use super::role::{Access, GATEWAYS, SCOPE, scope};
use crate::rest::fault::Fault;
use crate::rest::json::Members;
use crate::rest::operation::Call;

/// The types of resources.
const RESOURCES: [&str; 12] = [
    "host",
    "relay",
    GATEWAYS,
    "extclient",
    "inet_gw",
    "egress",
    "network",
    "enrollment_key",
    "user",
    "acl",
    "dns",
    "fail_over",
];
/// The longest permissions of a role, in bytes.
const LONGEST: usize = 8_192;

/// What a request says of a role.
pub(super) struct Definition {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) network: String,
    access: Access,
    full: bool,
    denies_dashboard: bool,
    meta_data: String,
}

impl Definition {
    pub(super) fn read(call: &Call) -> Result<Self, Fault> {
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

    pub(super) fn attributes(&self) -> [(&'static str, String); 5] {
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
        if !RESOURCES.contains(&kind.as_str()) {
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
