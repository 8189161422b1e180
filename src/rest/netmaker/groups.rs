//! Groups: lists of them, one of them, and what becomes of them. Nested groups are shown as any other; who is in them is
//! the directory's.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::{envelope, enveloped};
use super::record::{NetworkRoles, group_id, network_roles};
use super::reference::{self, GROUP};
use super::users;
use crate::directory::EntryCopy;
use crate::directory::networks::ALL_NETWORKS;
use crate::directory::request::{Change, Terms};
use crate::directory::schema::Rule;
use crate::rest::change::unconditional;
use crate::rest::entry::{
    add, after, classes, is_true, modify, name, name_below, names, rdn, reading, rename, replace,
    selected, text,
};
use crate::rest::fault::{Fault, Kind};
use crate::rest::json::Members;
use crate::rest::list::{self, ListQuery};
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{group_named, groups, is_system, new_group};
use crate::rest::stream;
use crate::rest::term::must_count;

/// The most members that a new group is given.
const MOST: usize = 10_000;

/// A group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NetmakerGroup)]
pub struct Group {
    /// What names it. Set by the server.
    #[schema(required = false, example = "7d3b1c9e-16a6-1027-98f4-d28b5365dc14")]
    pub id: String,
    /// The group's identity in the system it came from; empty for groups of this directory. Set by the server.
    #[schema(required = false, example = "")]
    pub external_identity_provider_id: String,
    /// Whether it came with a network. Set by the server.
    #[schema(required = false, example = false)]
    pub default: bool,
    /// The name; no two groups have the same, whatever the case of its letters.
    #[schema(max_length = 4096, example = "operators")]
    pub name: String,
    /// The roles that its members have, by network.
    #[schema(required = false, value_type = Object, example = json!({"office": {"office-network-user": {}}}))]
    pub network_roles: NetworkRoles,
    /// The colour it is shown in.
    #[schema(required = false, max_length = 4096, example = "#2e7d32")]
    pub color_code: String,
    /// What clients keep with it.
    #[schema(required = false, max_length = 4096, example = "")]
    pub meta_data: String,
}

impl Group {
    /// Of an entry.
    pub fn of(entry: &EntryCopy) -> Self {
        let text = |name| text(entry, name).unwrap_or_default();
        Self {
            id: group_id(entry),
            external_identity_provider_id: text("hedgerowExternalId"),
            default: is_true(entry, "hedgerowDefault"),
            name: text("cn"),
            network_roles: network_roles(entry),
            color_code: text("hedgerowColorCode"),
            meta_data: text("hedgerowMetaData"),
        }
    }
}

/// Lists all groups by name.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let query = ListQuery {
        base: call.rest.suffix(),
        filter: groups(),
        attributes: selected(&GROUP),
        sort: vec![list::by("cn")],
    };
    let around = envelope("successfully fetched user groups");
    let write = stream::array(around, |found, items| {
        if let Some(entry) = found {
            items.push(&Group::of(&entry.copy()));
        }
    });
    let body = stream::whole(call.rest, call.caller.identity, query, write).await?;
    Ok(Reply::whole(body))
}

fn asked(call: &Call) -> Result<&str, Fault> {
    let id = call.query.value("group_id").filter(|id| !id.is_empty());
    id.ok_or_else(|| Fault::invalid("group id is required"))
}

/// Shows one group.
pub async fn get(call: Call) -> Result<Reply, Fault> {
    let found = reference::group(&call, asked(&call)?).await?;
    let found = found.ok_or_else(|| Fault::not_found("group"))?;
    Ok(enveloped(
        "successfully fetched user group",
        Group::of(&found),
    ))
}

/// What a request says of a group.
struct Definition {
    id: String,
    name: String,
    network_roles: NetworkRoles,
    color_code: String,
    meta_data: String,
}

impl Definition {
    fn take(mut body: Members) -> Result<Self, Fault> {
        let mut text = |name| Ok::<_, Fault>(body.text(name)?.unwrap_or_default());
        let (id, name) = (text("id")?, text("name")?);
        let (color_code, meta_data) = (text("color_code")?, text("meta_data")?);
        let roles = reference::network_roles(body.any("network_roles"))?;
        body.ignore(&["default", "external_identity_provider_id"]);
        body.end()?;
        if name.is_empty() {
            return Err(Fault::invalid("name: is required"));
        }
        must_count(Rule::CaseIgnoreSubstrings, "name", &name)?;
        Ok(Self {
            id,
            name,
            network_roles: roles.unwrap_or_default(),
            color_code,
            meta_data,
        })
    }

    fn attributes(&self) -> [(&'static str, Vec<String>); 3] {
        let one = |text: &String| Some(text.clone()).filter(|it| !it.is_empty());
        [
            (
                "hedgerowNetworkRole",
                reference::stored(&self.network_roles),
            ),
            (
                "hedgerowColorCode",
                one(&self.color_code).into_iter().collect(),
            ),
            (
                "hedgerowMetaData",
                one(&self.meta_data).into_iter().collect(),
            ),
        ]
    }
}

async fn is_taken(call: &Call, name: &str, by_other_than: &str) -> Result<bool, Fault> {
    let found = group_named(call, name, &["1.1"]).await?;
    Ok(found.is_some_and(|found| found.dn != by_other_than))
}

fn exists() -> Fault {
    Fault::new(Kind::Conflict, "group already exists")
}

/// Makes a group; those of its members that there are get into it.
pub async fn create(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let group = body.any("user_group").filter(|group| !group.is_null());
    let group = group.ok_or_else(|| Fault::invalid("user_group: is required"))?;
    let said = Definition::take(Members::of(group, "user_group")?)?;
    let members = match body.any("members") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(members)) if members.len() <= MOST => members,
        Some(_) => {
            return Err(Fault::invalid(format!(
                "members: must be a list of {MOST} user names at the most"
            )));
        }
    };
    body.end()?;
    reference::check(&call, &said.network_roles).await?;
    if is_taken(&call, &said.name, "").await? {
        return Err(exists());
    }
    let mut listed: Vec<Vec<u8>> = Vec::new();
    for member in &members {
        let member = member.as_str();
        let member = member.ok_or_else(|| Fault::invalid("members: must be user names"))?;
        if let Some(user) = users::find(&call, member).await?
            && !listed.contains(&user.dn.clone().into_bytes())
        {
            listed.push(user.dn.into_bytes());
        }
    }
    let mut attributes = new_group(&said.name);
    if let Some((_, classes)) = attributes.first_mut() {
        classes.push(b"hedgerowNetworkGroup".to_vec());
    }
    for (name, values) in said.attributes() {
        let values: Vec<_> = values.into_iter().map(String::into_bytes).collect();
        attributes.extend((!values.is_empty()).then(|| (name.to_owned(), values)));
    }
    attributes.extend((!listed.is_empty()).then(|| ("member".to_owned(), listed)));
    let dn = name_below(call.rest.unit("groups"), "cn", &said.name)?;
    let change = (Change::Add { dn, attributes }, reading(&GROUP));
    match add(&call, "groups", vec![change]).await {
        Err(fault) if fault.kind == Kind::Conflict => Err(exists()),
        made => Ok(enveloped("created user group", Group::of(&made?))),
    }
}

/// Replaces the definition of a group; its members and its external id stay.
pub async fn update(call: Call) -> Result<Reply, Fault> {
    let said = Definition::take(Members::read(&call.body)?)?;
    let entry = reference::group(&call, &said.id).await?;
    let entry = entry.ok_or_else(|| Fault::invalid("id: there is no such group"))?;
    refuse_default(&entry, "cannot update default user group")?;
    if said.network_roles.contains_key(ALL_NETWORKS) && said.network_roles.len() > 1 {
        let text = "cannot have networks roles for all networks and a specific network";
        return Err(Fault::invalid(text));
    }
    reference::check(&call, &said.network_roles).await?;
    if is_taken(&call, &said.name, &entry.dn).await? {
        return Err(exists());
    }
    let mut steps = classes(&entry, &["hedgerowNetworkGroup"]);
    for (name, values) in said.attributes() {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        steps.push(replace(name, &values));
    }
    let mut changes = vec![modify(name(&entry), steps)];
    let renamed = text(&entry, "cn").as_deref() != Some(said.name.as_str());
    if renamed && is_system(&call, &entry) {
        return Err(Fault::forbidden("a group of the system keeps its name"));
    }
    if renamed && names(&name(&entry), "cn") {
        changes.push(rename(name(&entry), rdn("cn", &said.name)?));
    }
    let mut changes = unconditional(changes);
    if let Some((_, terms)) = changes.last_mut() {
        terms.read_after = Some(selected(&GROUP));
    }
    let done = list::together(&call, changes).await?;
    Ok(enveloped("updated user group", Group::of(&after(done)?)))
}

/// What came with a network goes with it and not otherwise; what belongs to the system stays.
fn refuse_default(entry: &EntryCopy, words: &str) -> Result<(), Fault> {
    match Group::of(entry).default {
        true => Err(Fault::invalid(words)),
        false => Ok(()),
    }
}

/// Removes a group; the directory takes it out of others.
pub async fn delete(call: Call) -> Result<Reply, Fault> {
    let entry = reference::group(&call, asked(&call)?).await?;
    let entry = entry.ok_or_else(|| Fault::invalid("failed to fetch group details"))?;
    refuse_default(&entry, "cannot delete default user group")?;
    if is_system(&call, &entry) {
        return Err(Fault::forbidden("a group of the system cannot be deleted"));
    }
    let change = Change::Delete { dn: name(&entry) };
    list::change(&call, change, Terms::default()).await?;
    Ok(enveloped("deleted user group", Value::Null))
}
