//! Groups: lists of them, new ones, and how they are deleted.

use super::query::{GROUP_SORT, page, sort};
use super::resource::{GROUP, Group};
use super::{find, page_of};
use crate::directory::filter::Filter;
use crate::directory::request::{Change, Terms};
use crate::directory::schema::Rule;
use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::entry::{add, attribute, name, name_below, reading, selected, text};
use crate::rest::fault::{Fault, Kind};
use crate::rest::json::Members;
use crate::rest::list::{self, ListQuery};
use crate::rest::membership::leads;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{group_named, groups, is_system, living_users, new_group};
use crate::rest::term::must_count;

/// Lists groups, with those who are in them.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let query = ListQuery {
        base: call.rest.suffix(),
        filter: groups(),
        attributes: selected(&GROUP),
        sort: vec![sort(&call.query, GROUP_SORT)?],
    };
    let (number, size, from) = page(&call.query);
    let mut found = Vec::new();
    let each = &mut |entry: &VisibleEntry<'_>| found.push(entry.copy());
    let listed = list::page(&call.rest, &call.caller.identity, &query, from, size, each).await?;
    let mut data = Vec::new();
    for entry in &found {
        if !data.is_empty() {
            data.push(b',');
        }
        let group = with_users(&call, entry).await?;
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(&mut data, &group);
    }
    Ok(page_of(&data, (number, size), listed.total))
}

/// A group with those who are in it, also through groups in it.
async fn with_users(call: &Call, entry: &EntryCopy) -> Result<Group, Fault> {
    let inside = Filter::And(vec![living_users(), leads("memberOf", &entry.dn)]);
    let suffix = call.rest.suffix();
    let found = list::found(call, (suffix.clone(), inside), &["hedgerowId"]).await?;
    let ids = found.iter().filter_map(|user| text(user, "hedgerowId"));
    Ok(Group::of(entry, suffix.to_string(), ids.collect()))
}

/// Answers with a group.
pub async fn show(call: &Call, entry: &EntryCopy) -> Result<Reply, Fault> {
    let group = with_users(call, entry).await?;
    Ok(Reply::bytes(serde_json::to_vec(&group).unwrap_or_default()))
}

/// The entry of the group of an id.
pub async fn of_id(call: &Call, id: &str) -> Result<EntryCopy, Fault> {
    let names = [GROUP.as_slice(), &["objectClass"]].concat();
    find(call, ("group", groups()), id, &names).await
}

/// Adds a group without members.
pub async fn create(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let (group, description) = (body.required("name")?, body.text("description")?);
    body.end()?;
    must_count(Rule::CaseIgnoreSubstrings, "name", &group)?;
    if description.as_deref() == Some("") {
        return Err(Fault::invalid("description: is empty"));
    }
    let duplicate = || {
        let text = format!("DUPLICATE_NAME: \"{group}\" is that of a group already");
        Fault::new(Kind::Conflict, text)
    };
    if group_named(&call, &group, &["1.1"]).await?.is_some() {
        return Err(duplicate());
    }
    let dn = name_below(call.rest.unit("groups"), "cn", &group)?;
    let mut attributes = new_group(&group);
    attributes.extend(description.map(|text| attribute("description", &text)));
    let change = (Change::Add { dn, attributes }, reading(&GROUP));
    match add(&call, "groups", vec![change]).await {
        Err(fault) if fault.kind == Kind::Conflict => Err(duplicate()),
        done => show(&call, &done?).await,
    }
}

/// Deletes a group, and answers with it as it was.
pub async fn delete(call: Call) -> Result<Reply, Fault> {
    let entry = of_id(&call, call.path.get("id")).await?;
    if is_system(&call, &entry) {
        return Err(Fault::forbidden("a group of the system cannot be deleted"));
    }
    let was = show(&call, &entry).await?;
    let change = Change::Delete { dn: name(&entry) };
    list::change(&call, change, Terms::default()).await?;
    Ok(was)
}
