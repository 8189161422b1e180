//! Users: lists of them, one of them, and what becomes of them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::patch;
use super::query::{Fields, asked, page, sort};
use super::resource::{USER, User, UserRecord, listed};
use super::update::{self, UserFields};
use crate::directory::password::Secret;
use crate::directory::request::{Change, Modification, ModificationKind, Terms};
use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::auth::ADMINISTRATOR;
use crate::rest::change::{matching, unconditional};
use crate::rest::entry::{
    add, attribute, by_id, make_unit, modify, name, name_below, reading, replace,
};
use crate::rest::fault::{Fault, Kind};
use crate::rest::invitation::{self, Invitation};
use crate::rest::json::Members;
use crate::rest::list::{self, ListQuery, Listed};
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{is_external, is_system, soft_delete, users};
use crate::rest::stream;

/// Members of a user that clients may send and that have no effect, so that what was read can be sent back.
pub const READ_ONLY: &[&str] = &[
    "_id",
    "_created",
    "_modified",
    "system",
    "inactiveReason",
    "invitationExpiry",
    "deleted",
    "temporarilyLocked",
];

/// Whether the client wants one line an entry.
pub fn wants_lines(call: &Call) -> bool {
    let accept = call.headers.get(axum::http::header::ACCEPT);
    let text = accept.and_then(|value| value.to_str().ok());
    text.is_some_and(|text| text.contains("application/x-ndjson"))
}

/// The body of a page.
pub fn page_of(data: Vec<u8>, listed: &Listed) -> Reply {
    let next = listed.next.as_ref();
    let next = next.map(|next| format!("\"next\":\"{next}\","));
    let (total, next) = (listed.total, next.unwrap_or_default());
    let begin = format!("{{\"totalCount\":{total},{next}\"data\":[");
    Reply::bytes([begin.as_bytes(), &data, b"]}"].concat())
}

/// Answers with a list: a page, or all of it line by line.
pub async fn answer(call: Call, query: ListQuery, write: stream::Write) -> Result<Reply, Fault> {
    if wants_lines(&call) {
        let body =
            stream::whole(call.rest, call.caller.identity, query, stream::lines(write)).await?;
        return Ok(Reply {
            body,
            media: Some("application/x-ndjson"),
            tag: None,
        });
    }
    let (from, size) = page(&call.query)?;
    let mut data = Vec::new();
    let each = &mut |entry: &VisibleEntry<'_>| {
        if !data.is_empty() {
            data.push(b',');
        }
        write(entry, &mut data);
    };
    let listed = list::page(&call.rest, &call.caller.identity, &query, from, size, each).await?;
    Ok(page_of(data, &listed))
}

/// Lists users.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let fields = Fields::of(&call.query);
    let query = ListQuery {
        base: call.rest.suffix(),
        filter: asked(&call.query, users(), true),
        attributes: listed(&USER),
        sort: vec![sort(&call.query, "userName")],
    };
    let write: stream::Write = Arc::new(move |entry, out| {
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(out, &UserRecord::of(entry).user(&fields));
    });
    answer(call, query, write).await
}

/// The entry of a user; deleted ones as well.
pub async fn find(call: &Call, id: &str, more: &[&str]) -> Result<EntryCopy, Fault> {
    let names = [USER.as_slice(), more].concat();
    let found = by_id(call, id, users(), &names);
    found.await?.ok_or_else(|| Fault::not_found("user"))
}

/// Answers with a user.
pub fn show(entry: &EntryCopy, fields: &Fields) -> Reply {
    let record = UserRecord::of_copy(entry);
    let body = serde_json::to_vec(&record.user(fields)).unwrap_or_default();
    Reply {
        tag: record.tag(),
        ..Reply::bytes(body)
    }
}

/// Shows one user.
pub async fn get(call: Call) -> Result<Reply, Fault> {
    let entry = find(&call, call.path.get("userId"), &[]).await?;
    Ok(show(&entry, &Fields::of(&call.query)))
}

/// Shows the caller. The administrator of the directory has no entry.
pub async fn me(call: Call) -> Result<Reply, Fault> {
    let fields = Fields::of(&call.query);
    if let Some(id) = &call.caller.id {
        let entry = find(&call, id, &[]).await?;
        return Ok(show(&entry, &fields));
    }
    let has = |name: &str| fields.has(name);
    let text = |name: &str, value: &'static str| has(name).then(|| value.into());
    let own = User {
        id: text("_id", "00000000-0000-0000-0000-000000000000"),
        user_name: text("userName", ADMINISTRATOR),
        display_name: text("displayName", "Administrator"),
        active: has("active").then_some(true),
        system: has("system").then_some(true),
        ..User::default()
    };
    Ok(Reply::bytes(serde_json::to_vec(&own).unwrap_or_default()))
}

/// Shows what operating systems ask for.
pub async fn os_user(call: Call) -> Result<Reply, Fault> {
    let entry = find(&call, call.path.get("userId"), &[]).await?;
    let record = UserRecord::of_copy(&entry);
    let body = serde_json::to_vec(&record.os_user()).unwrap_or_default();
    Ok(Reply::bytes(body))
}

/// Adds a user.
pub async fn create(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let fields = UserFields::take(&mut body)?;
    let (password, must_change) = (body.text("password")?, body.flag("mustChange")?);
    let invited = body.flag("invitationPending")?.unwrap_or(false);
    let external = body.text("externalId")?;
    body.ignore(READ_ONLY);
    body.end()?;
    let user_name = fields.user_name()?;
    update::check_name(&call, user_name)?;
    if password.is_none() && !invited {
        return Err(Fault::invalid(
            "password: is required, but for an invitation",
        ));
    }
    let dn = name_below(call.rest.unit("people"), "uid", user_name)?;
    let mut attributes = fields.attributes(user_name);
    attributes.extend(external.map(|id| attribute("hedgerowExternalId", &id)));
    attributes.extend(password.map(|password| attribute("userPassword", &password)));
    let mut invited_by = None;
    if invited {
        let email = fields.email.as_deref();
        let email = email.ok_or_else(|| Fault::invalid("email: an invitation needs an address"))?;
        let made = Invitation::of_user(&call, &dn, email, None);
        let made =
            made.map_err(|fault| Fault::new(fault.kind, format!("email: {}", fault.text)))?;
        attributes.extend(made.of_waiting_user());
        make_unit(&call, invitation::UNIT).await?;
        invited_by = Some(made);
    }
    // The policy says whether a new password must be changed, unless the request does.
    let reset = must_change.filter(|reset| *reset);
    let set = reset
        .map(|_| replace("pwdReset", &["TRUE"]))
        .into_iter()
        .collect();
    let set_reset = modify(dn.clone(), set);
    let invitation = invited_by.as_ref().map(Invitation::add);
    let mut changes = vec![Change::Add { dn, attributes }];
    changes.extend(invitation);
    let mut changes = unconditional(changes);
    changes.push((set_reset, reading(&USER)));
    let entry = match add(&call, "people", changes).await {
        Err(fault) if fault.kind == Kind::Conflict => {
            let text = format!("userName: \"{user_name}\" is in use: {}", fault.text);
            return Err(Fault::new(Kind::Conflict, text));
        }
        done => done?,
    };
    if let Some(made) = invited_by {
        invitation::send(&call.rest, vec![made.dn().clone()]).await;
    }
    Ok(show(&entry, &Fields::default()))
}

/// Replaces what a client may say of a user.
pub async fn put(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let mut fields = UserFields::take(&mut body)?;
    body.ignore(READ_ONLY);
    body.ignore(&["externalId", "invitationPending"]);
    body.end()?;
    fields.user_name()?;
    // What is left out is as it would be of a new user.
    fields.active.get_or_insert(true);
    update::user(&call, Box::new(move |_| Ok(fields.clone()))).await
}

/// Changes parts of a user (RFC 6902, as far as this dialect has it).
pub async fn patch(call: Call) -> Result<Reply, Fault> {
    let steps = patch::steps(&call.body)?;
    update::user(&call, Box::new(move |user| patch::patched(user, &steps))).await
}

/// Deletes a user for the time being.
pub async fn delete(call: Call) -> Result<Reply, Fault> {
    let entry = find(&call, call.path.get("userId"), &["objectClass"]).await?;
    let record = UserRecord::of_copy(&entry);
    if record.is_deleted() {
        return Err(Fault::not_found("user"));
    }
    if is_system(&call, &entry) {
        return Err(Fault::forbidden("a user of the system cannot be deleted"));
    }
    if call.caller.id.as_deref() == Some(call.path.get("userId")) {
        return Err(Fault::forbidden("nobody deletes themselves"));
    }
    let change = modify(name(&entry), soft_delete(&entry));
    list::change(&call, change, matching(&call)?).await?;
    Ok(Reply::empty())
}

/// Sets the password of a user.
pub async fn set_password(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let password = Secret::from(body.required("password")?.as_bytes());
    let must_change = body.flag("mustChange")?;
    body.end()?;
    let entry = find(&call, call.path.get("userId"), &[]).await?;
    if is_external(&call, &entry) {
        return Err(Fault::forbidden(
            "the password of this user is kept elsewhere",
        ));
    }
    let mut modifications = vec![Modification {
        kind: ModificationKind::Replace,
        attribute: "userPassword".to_owned(),
        values: vec![password.as_bytes().to_vec()],
    }];
    if let Some(must_change) = must_change {
        let values: &[&str] = if must_change { &["TRUE"] } else { &[] };
        modifications.push(replace("pwdReset", values));
    }
    list::change(&call, modify(name(&entry), modifications), Terms::default()).await?;
    Ok(message("the password is set"))
}

/// A word for people.
pub fn message(text: &str) -> Reply {
    let value: Value = json!({ "msg": text });
    Reply::json(&value)
}

/// Forgives the failed logins of a user.
pub async fn clear_failures(call: Call) -> Result<Reply, Fault> {
    let entry = find(&call, call.path.get("userId"), &[]).await?;
    let (directory, identity) = (&call.rest.directory, &call.caller.identity);
    list::wait(|done| directory.forgive_failures(identity, &name(&entry), done)).await?;
    Ok(Reply::empty())
}
