//! Users: lists of them, and one of them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::answer::{bare, enveloped};
use super::groups::Group;
use super::permission::{Role, target};
use super::record::{Surroundings, USER, User};
use super::{reference, roles};
use crate::directory::filter::Filter;
use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::auth::ADMINISTRATOR;
use crate::rest::entry::{self, selected};
use crate::rest::fault::Fault;
use crate::rest::list::{self, ListQuery};
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{living_users, user_named};
use crate::rest::stream::{self, Items};
use crate::rest::term::equal;

/// The user of a name; one that is deleted for the time being does not exist here.
pub async fn find(call: &Call, user: &str) -> Result<Option<EntryCopy>, Fault> {
    user_named(call, user, &USER).await
}

/// The user of a name that must be there.
pub async fn require(call: &Call, user: &str) -> Result<EntryCopy, Fault> {
    let found = find(call, user).await?;
    found.ok_or_else(|| Fault::not_found("user"))
}

/// A user as it is shown.
pub async fn shown(call: &Call, entry: &EntryCopy) -> Result<User, Fault> {
    let around = Surroundings::of_one(call, entry).await?;
    Ok(User::of(call, entry, &around))
}

/// Lists the users that a filter finds, by name and no matter how many they are, as an array between two pieces of JSON.
/// `write` is handed each of them and, after the last, none.
pub async fn stream(
    call: Call,
    filter: Filter,
    around: (String, &'static str),
    mut write: impl FnMut(Option<(&EntryCopy, User)>, &Surroundings, &mut Items<'_>) + Send + 'static,
) -> Result<Reply, Fault> {
    let surroundings = Surroundings::of_all(&call).await?;
    let query = ListQuery {
        base: call.rest.suffix(),
        filter,
        attributes: selected(&USER),
        sort: vec![list::by("uid")],
    };
    let (rest, identity) = (Arc::clone(&call.rest), call.caller.identity.clone());
    let each = move |found: Option<&VisibleEntry<'_>>, items: &mut Items<'_>| {
        let copy = found.map(VisibleEntry::copy);
        let shown = copy
            .as_ref()
            .map(|entry| (entry, User::of(&call, entry, &surroundings)));
        write(shown, &surroundings, items);
    };
    let body = stream::whole(rest, identity, query, stream::array(around, each)).await?;
    Ok(Reply::whole(body))
}

/// Lists all users, the administrator of the directory among them.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let mut administrator = Some(User::administrator(&call));
    let write = move |user: Option<(&EntryCopy, User)>, _: &Surroundings, items: &mut Items<'_>| {
        let is_next = |user: &(_, User)| user.1.username.to_lowercase().as_str() > ADMINISTRATOR;
        if user.as_ref().is_none_or(is_next)
            && let Some(administrator) = administrator.take()
        {
            items.push(&administrator);
        }
        if let Some((_, user)) = user {
            items.push(&user);
        }
    };
    stream(call, living_users(), (String::new(), ""), write).await
}

/// Shows one user.
pub async fn get(call: Call) -> Result<Reply, Fault> {
    if call.rest.names_administrator(target(&call)) {
        return Ok(bare(&User::administrator(&call)));
    }
    let entry = require(&call, target(&call)).await?;
    Ok(bare(&shown(&call, &entry).await?))
}

/// Whether a name is in use, by a user that is deleted for the time being as well.
pub async fn is_taken(call: &Call, user: &str) -> Result<bool, Fault> {
    Ok(entry::find(call, equal("uid", user), &["1.1"])
        .await?
        .is_some())
}

/// Shows one user with its role and its groups in full.
pub async fn with_roles(call: Call) -> Result<Reply, Fault> {
    let user = target(&call);
    if user.is_empty() {
        return Err(Fault::invalid("username is required"));
    }
    let shown = match call.rest.names_administrator(user) {
        true => User::administrator(&call),
        false => shown(&call, &require(&call, user).await?).await?,
    };
    let mut groups = Map::new();
    for id in shown.user_group_ids.keys() {
        if let Some(group) = reference::group(&call, id).await? {
            let group = serde_json::to_value(Group::of(&group)).unwrap_or_default();
            groups.insert(id.clone(), group);
        }
    }
    let role = Role::parse(&shown.platform_role_id).unwrap_or(Role::ServiceUser);
    let role = roles::Role::platform(role);
    let mut all = serde_json::to_value(&shown).unwrap_or_default();
    if let Some(all) = all.as_object_mut() {
        all.insert(
            "platform_role".to_owned(),
            serde_json::to_value(role).unwrap_or_default(),
        );
        all.insert("user_group_ids".to_owned(), Value::Object(groups));
    }
    Ok(enveloped("fetched user with role info", all))
}
