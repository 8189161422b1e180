//! Users: lists of them, and one of them.

use super::answer::bare;
use super::permission::target;
use super::record::{Surroundings, USER, User};
use crate::directory::filter::Filter;
use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::auth::ADMINISTRATOR;
use crate::rest::entry::{self, selected};
use crate::rest::fault::Fault;
use crate::rest::list;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::living_users;
use crate::rest::query::equal;

/// The user of a name; one that is deleted for the time being does not exist here.
pub async fn find(call: &Call, user: &str) -> Result<Option<EntryCopy>, Fault> {
    let filter = Filter::And(vec![equal("uid", user), living_users()]);
    entry::find(call, filter, &USER).await
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
    let identity = &call.caller.identity;
    list::all(&call.rest, identity, asked, selected(&USER), each).await?;
    sort(&mut users);
    Ok(users)
}

fn sort(users: &mut [User]) {
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
