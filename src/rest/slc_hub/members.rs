//! Memberships: who is in a group, in which groups somebody is, by which way, and changes of the list of members.
//!
//! Owns that what is direct and what comes through other groups is told apart. Membership itself is the directory's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::resource::{PRINCIPAL, PrincipalRecord};
use super::users::message;
use super::{groups as group, principals as principal};
use crate::directory::dn::Dn;
use crate::directory::filter::Filter;
use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::entry::{self, by_id};
use crate::rest::fault::Fault;
use crate::rest::json::{self, Members};
use crate::rest::list;
use crate::rest::membership::{self, leads};
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{group_named, groups, living_users, principals, user_named, users};
use crate::rest::term::{equal, not};

/// The most operations on one list.
const MOST: usize = 1_000;
/// The groups that have an entry as a member, at whatever distance.
fn groups_of(dn: &str) -> Filter {
    Filter::And(vec![groups(), membership::listing(dn)])
}

/// Those that list it themselves.
fn listing(entry: &EntryCopy) -> Filter {
    let mut lists = vec![equal("member", &entry.dn), equal("uniqueMember", &entry.dn)];
    let uid = entry::text(entry, "uid");
    lists.extend(uid.map(|uid| equal("memberUid", &uid)));
    Filter::And(vec![groups(), Filter::Or(lists)])
}

/// One membership.
struct Membership {
    direct: bool,
    user: bool,
    id: String,
    name: String,
}

impl Membership {
    fn of(entry: &VisibleEntry<'_>, direct: bool) -> Self {
        let record = PrincipalRecord::of(entry);
        let principal = record.principal();
        Self {
            direct,
            user: record.is_user(),
            id: principal.id.into_owned(),
            name: principal.name.into_owned(),
        }
    }

    fn kind(&self) -> &'static str {
        if self.direct { "direct" } else { "indirect" }
    }
}

/// Which memberships a request asks for: the direct ones, and those through other groups.
fn wanted(call: &Call) -> (bool, bool) {
    match call.query.value("filter[membershipType][EQ]") {
        Some("direct") => (true, false),
        Some(_) => (false, true),
        None => (true, true),
    }
}

/// The entries that a filter finds, by name. They are put together in memory: who is found in two ways is told once.
async fn gather(
    call: &Call,
    filter: Filter,
    direct: bool,
    into: &mut BTreeMap<(String, String), Membership>,
) -> Result<(), Fault> {
    let base = call.rest.suffix();
    let each = &mut |entry: &VisibleEntry<'_>| {
        let found = Membership::of(entry, direct);
        let key = (found.name.to_lowercase(), found.id.clone());
        into.entry(key).or_insert(found);
    };
    list::all(call, (base, filter), &PRINCIPAL, each).await
}

/// Answers with the groups of an entry.
async fn groups_of_entry(call: &Call, entry: &EntryCopy) -> Result<Reply, Fault> {
    let mut found = BTreeMap::new();
    gather(call, listing(entry), true, &mut found).await?;
    gather(call, groups_of(&entry.dn), false, &mut found).await?;
    let (direct, indirect) = wanted(call);
    let own = entry::text(entry, "entryUUID");
    let shown = found.values().filter(|it| {
        // A group is never its own member, whatever it lists.
        Some(&it.id) != own.as_ref() && if it.direct { direct } else { indirect }
    });
    let list: Vec<Value> = shown
        .map(|it| json!({ "membershipType": it.kind(), "id": it.id, "name": it.name }))
        .collect();
    Ok(Reply::json(&Value::Array(list)))
}

/// The groups of a user.
pub async fn of_user(call: Call) -> Result<Reply, Fault> {
    let entry = super::users::find(&call, call.path.get("userId"), &[]).await?;
    groups_of_entry(&call, &entry).await
}

/// The groups of a group.
pub async fn of_group(call: Call) -> Result<Reply, Fault> {
    let entry = group::find(&call, call.path.get("groupId"), &[]).await?;
    groups_of_entry(&call, &entry).await
}

/// The groups of a user or group.
pub async fn of_principal(call: Call) -> Result<Reply, Fault> {
    let entry = principal::find(&call, call.path.get("principalId")).await?;
    groups_of_entry(&call, &entry).await
}

/// The members of a group.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let entry = group::find(&call, call.path.get("groupId"), &[]).await?;
    let kind = match call.query.value("filter[principalType][EQ]") {
        Some("User") => living_users(),
        Some(_) => groups(),
        None => principals(),
    };
    let within = leads("memberOf", &entry.dn);
    let through_others = equal("memberOfIndirect", &entry.dn);
    let mut found = BTreeMap::new();
    let (direct, indirect) = wanted(&call);
    if direct {
        let filter = vec![within.clone(), kind.clone(), not(through_others.clone())];
        gather(&call, Filter::And(filter), true, &mut found).await?;
    }
    if indirect {
        let filter = vec![within, kind, through_others];
        gather(&call, Filter::And(filter), false, &mut found).await?;
    }
    let list: Vec<Value> = found
        .values()
        .map(|it| {
            json!({
                "membershipType": it.kind(),
                "principalType": if it.user { "User" } else { "Group" },
                "id": it.id,
                "name": it.name,
            })
        })
        .collect();
    Ok(Reply::json(&Value::Array(list)))
}

/// One operation on a list of members.
struct Operation {
    add: bool,
    member: EntryCopy,
}

async fn read(call: &Call, at: usize, item: Value) -> Result<Operation, Fault> {
    let mut members = Members::of(item, "an operation")?;
    let add = match members.required("op")?.as_str() {
        "add" => true,
        "remove" => false,
        _ => return Err(Fault::invalid(format!("[{at}]: op: is not add or remove"))),
    };
    let (id, kind) = (members.text("id")?, members.text("principalType")?);
    let named = members.text("name")?;
    members.end()?;
    if !matches!(kind.as_deref(), None | Some("User" | "Group")) {
        return Err(Fault::invalid(format!(
            "[{at}]: principalType: is not User or Group"
        )));
    }
    let unknown = || Fault::invalid(format!("[{at}]: there is no such principal"));
    let member = match (id, kind.as_deref(), named) {
        (Some(id), kind, _) => {
            let filter = match kind {
                Some("User") => users(),
                Some(_) => groups(),
                None => principals(),
            };
            by_id(call, &id, filter, &PRINCIPAL)
                .await?
                .ok_or_else(unknown)?
        }
        (None, Some("User"), Some(named)) => user_named(call, &named, &PRINCIPAL)
            .await?
            .ok_or_else(unknown)?,
        (None, Some(_), Some(named)) => group_named(call, &named, &PRINCIPAL)
            .await?
            .ok_or_else(unknown)?,
        _ => {
            let text = format!("[{at}]: name the principal by id, or by principalType and name");
            return Err(Fault::invalid(text));
        }
    };
    Ok(Operation { add, member })
}

/// Changes the list of a group's members, all operations or none.
pub async fn change(call: Call) -> Result<Reply, Fault> {
    let items = json::list(&call.body)?;
    if items.len() > MOST {
        return Err(Fault::invalid(format!("more than {MOST} operations")));
    }
    let mut operations = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        operations.push(read(&call, at, item).await.map_err(|fault| {
            let text = fault.text;
            let placed = if text.starts_with('[') {
                text
            } else {
                format!("[{at}]: {text}")
            };
            Fault::new(fault.kind, placed)
        })?);
    }
    let group = group::find(&call, call.path.get("groupId"), &["objectClass"]).await?;
    // The last operation on a member is the one that counts.
    let wanted = operations.iter();
    let wanted = wanted.map(|operation| (operation.member.dn.as_str(), operation.add));
    membership::settle(&call, &group, &wanted.collect()).await?;
    Ok(message("the members are changed"))
}

/// The shortest chain by which somebody is in a group: the outermost group first, the member last.
pub async fn path(call: Call) -> Result<Reply, Fault> {
    let entry = group::find(&call, call.path.get("groupId"), &[]).await?;
    let member = principal::find(&call, call.path.get("principalId")).await?;
    let none = || Fault::not_found("membership");
    let chain = {
        let snapshot = call.rest.directory.snapshot();
        let explained =
            crate::directory::membership::explain::explain(&snapshot, &member.dn, &entry.dn);
        explained
            .ok()
            .and_then(|explained| explained.chain())
            .ok_or_else(none)?
    };
    let mut steps = Vec::new();
    for dn in chain.iter().rev() {
        let base = Dn::parse(dn).unwrap_or_default();
        let own = Filter::And(vec![
            equal("entryDN", dn),
            Filter::Or(vec![users(), groups()]),
        ]);
        let found = list::one(&call, (base, own), &PRINCIPAL).await?;
        let found = found.ok_or_else(none)?;
        let record = PrincipalRecord::of_copy(&found);
        let principal = record.principal();
        steps.push(json!({
            "id": principal.id,
            "name": principal.name,
            "principalType": principal.kind,
        }));
    }
    Ok(Reply::json(&Value::Array(steps)))
}
