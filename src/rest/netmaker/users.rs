//! Users: lists of them, and one of them.

use serde_json::{Map, Value};

use super::answer::{bare, enveloped};
use super::groups::Group;
use super::permission::{Role, target};
use super::record::{Surroundings, USER, User};
use super::{reference, roles};
use crate::directory::filter::Filter;
use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::auth::ADMINISTRATOR;
use crate::rest::entry;
use crate::rest::fault::Fault;
use crate::rest::list;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{living_users, user_named};
use crate::rest::query::equal;

/// The user of a name; one that is deleted for the time being does not exist here.
pub async fn find(call: &Call, user: &str) -> Result<Option<EntryCopy>, Fault> {
    user_named(call, user, &USER).await
}

/// The user of a name that must be there.
pub async fn require(call: &Call, user: &str) -> Result<EntryCopy, Fault> {
    let found = find(call, user).await?;
    found.ok_or_else(|| Fault::not_found("user"))
}

/// Whether a name is that of the administrator of the directory, who has no entry.
pub fn is_administrator(user: &str) -> bool {
    user.eq_ignore_ascii_case(ADMINISTRATOR)
}

/// A user as it is shown.
pub async fn shown(call: &Call, entry: &EntryCopy) -> Result<User, Fault> {
    let around = Surroundings::of_one(call, entry).await?;
    Ok(User::of(call, entry, &around))
}

/// The users that a filter finds, by name.
pub async fn listed(call: &Call, filter: Filter) -> Result<Vec<User>, Fault> {
    let around = Surroundings::of_all(call).await?;
    let mut users = Vec::new();
    let each = &mut |found: &VisibleEntry<'_>| users.push(User::of(call, &found.copy(), &around));
    let asked = (call.rest.suffix(), filter);
    list::all(call, asked, &USER, each).await?;
    sort(&mut users);
    Ok(users)
}

/// Puts users into the order of lists: by name.
pub fn sort(users: &mut [User]) {
    users.sort_by(|one, other| one.username.cmp(&other.username));
}

/// Lists all users, the administrator of the directory among them.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let mut users = listed(&call, living_users()).await?;
    users.push(User::administrator(&call));
    sort(&mut users);
    Ok(bare(&users))
}

/// Shows one user.
pub async fn get(call: Call) -> Result<Reply, Fault> {
    if is_administrator(target(&call)) {
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
    let shown = match is_administrator(user) {
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
