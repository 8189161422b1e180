//! Memberships: who is in a group, in which groups somebody is, by which way, and changes of the list of members.
//!
//! Owns that what is direct and what comes through other groups is told apart. Membership itself is the directory's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::query::{groups, living_users, principals, users};
use super::resource::{PRINCIPAL, PrincipalRecord, selected};
use super::update;
use super::users::{message, name};
use super::{groups as group, principals as principal};
use crate::directory::dn::Dn;
use crate::directory::filter::{Extensible, Filter};
use crate::directory::request::{Change, Modification, ModificationKind, Terms};
use crate::directory::{EntryCopy, Error, VisibleEntry};
use crate::rest::fault::Fault;
use crate::rest::json::{self, Members};
use crate::rest::list;
use crate::rest::operation::{Call, Reply};
use crate::rest::query::{equal, not};

/// The most operations on one list.
const MOST: usize = 1_000;
/// How often a change is worked out when others are faster.
const TRIES: usize = 5;
/// The matching rule that follows memberships through any chain of groups.
const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

/// An attribute leads to an entry through any chain.
fn leads(attribute: &str, dn: &str) -> Filter {
    Filter::Extensible(Extensible {
        rule: Some(IN_CHAIN.to_owned()),
        attribute: Some(attribute.to_owned()),
        value: dn.as_bytes().to_vec(),
        dn_attributes: false,
    })
}

/// The groups that have an entry as a member, at whatever distance.
fn groups_of(dn: &str) -> Filter {
    let lead = ["member", "uniqueMember"].map(|attribute| leads(attribute, dn));
    Filter::And(vec![groups(), Filter::Or(lead.to_vec())])
}

/// Those that list it themselves.
fn listing(entry: &EntryCopy) -> Filter {
    let mut lists = vec![equal("member", &entry.dn), equal("uniqueMember", &entry.dn)];
    let uid = update::values(entry, "uid")
        .first()
        .map(|uid| String::from_utf8_lossy(uid).into_owned());
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

/// The entries that a filter finds, by id.
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
    let identity = &call.caller.identity;
    list::all(
        &call.rest,
        identity,
        (base, filter),
        selected(&PRINCIPAL),
        each,
    )
    .await
}

/// Answers with the groups of an entry.
async fn groups_of_entry(call: &Call, entry: &EntryCopy) -> Result<Reply, Fault> {
    let mut found = BTreeMap::new();
    gather(call, listing(entry), true, &mut found).await?;
    gather(call, groups_of(&entry.dn), false, &mut found).await?;
    let (direct, indirect) = wanted(call);
    let own = update::values(entry, "entryUUID")
        .first()
        .map(|id| String::from_utf8_lossy(id).into_owned());
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
            principal::find_as(call, &id, filter)
                .await?
                .ok_or_else(unknown)?
        }
        (None, Some("User"), Some(named)) => super::users::by_name(call, &named)
            .await?
            .ok_or_else(unknown)?,
        (None, Some(_), Some(named)) => group::by_name(call, &named).await?.ok_or_else(unknown)?,
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
    let mut tries = 0;
    loop {
        tries += 1;
        let done = attempt(&call, &operations).await;
        let again = matches!(
            done,
            Err(Refused::Directory(
                Error::AttributeOrValueExists(_) | Error::NoSuchAttribute(_)
            ))
        );
        match done {
            Ok(()) => return Ok(message("the members are changed")),
            Err(_) if again && tries < TRIES => {}
            Err(Refused::Directory(error)) => return Err(error.into()),
            Err(Refused::Request(fault)) => return Err(fault),
        }
    }
}

enum Refused {
    Directory(Error),
    Request(Fault),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Request(fault)
    }
}

async fn attempt(call: &Call, operations: &[Operation]) -> Result<(), Refused> {
    let group = group::find(call, call.path.get("groupId"), &["objectClass"]).await?;
    let group_dn = name(&group);
    let classes = update::values(&group, "objectClass");
    let unique = classes
        .iter()
        .any(|class| class.eq_ignore_ascii_case(b"groupOfUniqueNames"));
    let attribute = if unique { "uniqueMember" } else { "member" };
    // The last operation on a member is the one that counts.
    let mut wanted: BTreeMap<&str, bool> = BTreeMap::new();
    for operation in operations {
        wanted.insert(&operation.member.dn, operation.add);
    }
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for (member, add) in wanted {
        let listed = holds(call, &group_dn, equal(attribute, member)).await?;
        if add && !listed {
            let circle =
                member == group.dn || holds(call, &group_dn, leads("memberOf", member)).await?;
            if circle {
                let text = format!("{member} would be in itself");
                return Err(Fault::invalid(text).into());
            }
            added.push(member.as_bytes().to_vec());
        }
        if !add && listed {
            removed.push(member.as_bytes().to_vec());
        }
    }
    let step = |kind, values: Vec<Vec<u8>>| {
        (!values.is_empty()).then(|| Modification {
            kind,
            attribute: attribute.to_owned(),
            values,
        })
    };
    let steps = [
        step(ModificationKind::Add, added),
        step(ModificationKind::Delete, removed),
    ];
    let modifications: Vec<Modification> = steps.into_iter().flatten().collect();
    if modifications.is_empty() {
        return Ok(());
    }
    let change = Change::Modify {
        dn: group_dn,
        modifications,
    };
    let done = list::change(&call.rest, &call.caller.identity, change, Terms::default()).await;
    done.map(|_| ()).map_err(Refused::Directory)
}

/// Whether a filter is true of an entry, as the caller may see it.
async fn holds(call: &Call, dn: &Dn, filter: Filter) -> Result<bool, Fault> {
    let found = list::one(
        &call.rest,
        &call.caller.identity,
        (dn.clone(), filter),
        vec!["1.1".to_owned()],
    );
    Ok(found.await?.is_some())
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
        let found = list::one(
            &call.rest,
            &call.caller.identity,
            (base, own),
            selected(&PRINCIPAL),
        );
        let found = found.await?.ok_or_else(none)?;
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
