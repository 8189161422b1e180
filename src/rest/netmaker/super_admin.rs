//! The super-admin: the one user who may do everything. Without such an entry it is the administrator of the directory.

use super::answer::bare;
use super::bearer::is_master;
use super::permission::{Role, role};
use super::record::{USER, User};
use super::users;
use crate::directory::Error;
use crate::directory::dn::Dn;
use crate::directory::filter::Filter;
use crate::directory::request::{Change, Modification, Terms};
use crate::rest::entry::{after, classes, name, reading, replace, text};
use crate::rest::fault::{Fault, Kind};
use crate::rest::list;
use crate::rest::operation::{Call, Reply};
use crate::rest::term::equal;

/// Refuses to make one: every directory has an administrator from the start, and whoever comes first must not become one.
pub async fn create(_: Call) -> Result<Reply, Fault> {
    Err(Fault::invalid("superadmin user already exists"))
}

/// Tells that there is one.
pub async fn exists(_: Call) -> Result<Reply, Fault> {
    Ok(bare(&true))
}

/// Whether the caller may give the role to somebody: the super-admin, and the administrator of the directory to itself.
pub fn may_transfer(call: &Call) -> bool {
    let own = call.rest.names_administrator(call.path.get("username"));
    role(call) == Role::SuperAdmin || own && call.caller.identity.is_administrator()
}

/// Gives the role to somebody else; whoever had it becomes an admin, in the same moment.
pub async fn transfer(call: Call) -> Result<Reply, Fault> {
    if is_master(&call) {
        return Err(Fault::forbidden("the master key is no super-admin; log in"));
    }
    let user = call.path.get("username");
    let mut changes = Vec::new();
    if let Some(holder) = call.rest.directory.super_admin() {
        let had = equal("hedgerowPlatformRole", Role::SuperAdmin.name());
        changes.push(give(holder, Vec::new(), Role::Admin, had));
    }
    let to_directory = call.rest.names_administrator(user);
    if !to_directory {
        let entry = users::find(&call, user).await?;
        let entry = entry.ok_or_else(|| Fault::invalid("username: there is no such user"))?;
        if Role::of_entry(&call.rest, &entry) != Role::Admin {
            return Err(Fault::forbidden(
                "only admins can be promoted to superadmin role",
            ));
        }
        let same = equal("entryCSN", &text(&entry, "entryCSN").unwrap_or_default());
        let lacking = classes(&entry, &["hedgerowNetworkUser"]);
        changes.push(give(name(&entry), lacking, Role::SuperAdmin, same));
    }
    if let Some((_, terms)) = changes.last_mut() {
        terms.read_after = reading(&USER).read_after;
    }
    let done = list::together(&call, changes).await;
    let done = done.map_err(|error| match error {
        Error::AssertionFailed | Error::NotUnique(_) => Fault::new(
            Kind::Conflict,
            "the roles have changed meanwhile; look again",
        ),
        other => other.into(),
    })?;
    if to_directory {
        return Ok(bare(&User::administrator(&call)));
    }
    Ok(bare(&users::shown(&call, &after(done)?).await?))
}

/// The change that gives somebody a role, after others of the same entry, if something is still true of it.
fn give(
    dn: Dn,
    mut modifications: Vec<Modification>,
    role: Role,
    still: Filter,
) -> (Change, Terms) {
    modifications.push(replace("hedgerowPlatformRole", &[role.name()]));
    let terms = Terms {
        assertion: Some(still),
        ..Terms::default()
    };
    (Change::Modify { dn, modifications }, terms)
}
