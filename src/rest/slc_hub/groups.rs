//! Groups: lists of them, one of them, and what becomes of them.

use std::sync::Arc;

use super::patch::{self, Operator};
use super::query::{Fields, asked, sort};
use super::resource::{GROUP, GroupRecord, listed};
use super::users::answer;
use crate::directory::EntryCopy;
use crate::directory::request::Change;
use crate::directory::schema::Rule;
use crate::rest::change::{Target, change, matching};
use crate::rest::entry::{add, attribute, by_id, name, name_below, rdn, reading, rename, values};
use crate::rest::fault::{Fault, Kind};
use crate::rest::json::Members;
use crate::rest::list::{self, ListQuery};
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{group_named, groups, is_system, new_group};
use crate::rest::stream;
use crate::rest::term::must_count;

/// Members of a group that clients may send and that have no effect.
const READ_ONLY: &[&str] = &["_id", "_created", "_modified", "system"];

/// Lists groups.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let fields = Fields::of(&call.query);
    let query = ListQuery {
        base: call.rest.suffix(),
        filter: asked(&call.query, groups(), false),
        attributes: listed(&GROUP),
        sort: vec![sort(&call.query, "name")],
    };
    let write: stream::Write = Arc::new(move |entry, out| {
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(out, &GroupRecord::of(entry).group(&fields));
    });
    answer(call, query, write).await
}

/// The entry of a group.
pub async fn find(call: &Call, id: &str, more: &[&str]) -> Result<EntryCopy, Fault> {
    let names = [GROUP.as_slice(), more].concat();
    let found = by_id(call, id, groups(), &names);
    found.await?.ok_or_else(|| Fault::not_found("group"))
}

fn show(entry: &EntryCopy, fields: &Fields) -> Reply {
    let record = GroupRecord::of_copy(entry);
    let body = serde_json::to_vec(&record.group(fields)).unwrap_or_default();
    Reply {
        tag: record.tag(),
        ..Reply::bytes(body)
    }
}

/// Shows one group.
pub async fn get(call: Call) -> Result<Reply, Fault> {
    let entry = find(&call, call.path.get("groupId"), &[]).await?;
    Ok(show(&entry, &Fields::of(&call.query)))
}

fn in_use(group: &str) -> Fault {
    Fault::new(Kind::Conflict, format!("name: \"{group}\" is in use"))
}

/// Adds a group without members.
pub async fn create(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let (group, external) = (body.required("name")?, body.text("externalId")?);
    body.ignore(READ_ONLY);
    body.end()?;
    must_count(Rule::CaseIgnoreSubstrings, "name", &group)?;
    if group_named(&call, &group, &["1.1"]).await?.is_some() {
        return Err(in_use(&group));
    }
    let dn = name_below(call.rest.unit("groups"), "cn", &group)?;
    let mut attributes = new_group(&group);
    attributes.extend(external.map(|id| attribute("hedgerowExternalId", &id)));
    let change = (Change::Add { dn, attributes }, reading(&GROUP));
    match add(&call, "groups", vec![change]).await {
        Err(fault) if fault.kind == Kind::Conflict => Err(in_use(&group)),
        done => Ok(show(&done?, &Fields::default())),
    }
}

/// Replaces what a client may say of a group.
pub async fn put(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let group = body.required("name")?;
    body.ignore(READ_ONLY);
    body.ignore(&["externalId"]);
    body.end()?;
    update(&call, Box::new(move |_| Ok(group.clone()))).await
}

/// Changes parts of a group, of which there is one: its name.
pub async fn patch(call: Call) -> Result<Reply, Fault> {
    let steps = patch::steps(&call.body)?;
    let patched = move |entry: &EntryCopy| {
        let record = GroupRecord::of_copy(entry);
        let mut name = record
            .group(&Fields::default())
            .name
            .unwrap_or_default()
            .into_owned();
        for step in &steps {
            match step.member.as_str() {
                "name" if step.operator == Operator::Remove => {
                    return Err(Fault::invalid("/name: a group has one"));
                }
                "name" => name = step.text(true)?.unwrap_or(name),
                kept if kept == "externalId" || READ_ONLY.contains(&kept) => {
                    return Err(Fault::invalid(format!("/{kept}: cannot be changed")));
                }
                _ => return Err(Fault::invalid("path: is no member of a group")),
            }
        }
        Ok(name)
    };
    update(&call, Box::new(patched)).await
}

/// The name that a group gets.
type After = Box<dyn Fn(&EntryCopy) -> Result<String, Fault> + Send + Sync>;

async fn update(call: &Call, after: After) -> Result<Reply, Fault> {
    let entry = find(call, call.path.get("groupId"), &[]).await?;
    let wanted = after(&entry)?;
    must_count(Rule::CaseIgnoreSubstrings, "name", &wanted)?;
    if let Some(other) = group_named(call, &wanted, &["1.1"]).await?
        && other.dn != entry.dn
    {
        return Err(in_use(&wanted));
    }
    if is_system(call, &entry) {
        return Err(Fault::forbidden("a group of the system cannot be changed"));
    }
    let work = |entry: &EntryCopy| {
        let wanted = after(entry)?;
        let own = values(entry, "cn").first().copied() == Some(wanted.as_bytes());
        let rename = rename(name(entry), rdn("cn", &wanted)?);
        Ok(if own { Vec::new() } else { vec![rename] })
    };
    let target = Target {
        what: "group",
        kind: groups(),
        id: call.path.get("groupId"),
        names: GROUP.to_vec(),
    };
    let entry = self::change(call, target, work).await?;
    Ok(show(&entry, &Fields::default()))
}

/// Deletes a group.
pub async fn delete(call: Call) -> Result<Reply, Fault> {
    let entry = find(&call, call.path.get("groupId"), &[]).await?;
    if is_system(&call, &entry) {
        return Err(Fault::forbidden("a group of the system cannot be deleted"));
    }
    let change = Change::Delete { dn: name(&entry) };
    list::change(&call, change, matching(&call)?).await?;
    Ok(Reply::empty())
}
