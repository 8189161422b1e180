//! Users and groups, whatever a dialect calls them: which entries they are, by name as well, and what new ones consist of.
//!
//! Owns the classes and the attributes that every dialect agrees on. What only one of them says is its own.

use super::entry::{attribute, classes, find, name, replace, values};
use super::fault::Fault;
use super::operation::Call;
use super::term::{assertion, equal, not, present};
use super::time::now;
use crate::directory::EntryCopy;
use crate::directory::filter::Filter;
use crate::directory::request::Modification;
use crate::directory::schema::well_known;

/// What `pwdAccountLockedTime` says of an account that is closed for good.
const FOR_GOOD: &str = "000001010000Z";

/// The entries that are users.
pub fn users() -> Filter {
    Filter::And(vec![equal("objectClass", "inetOrgPerson"), present("uid")])
}

/// The users that are not deleted.
pub fn living_users() -> Filter {
    Filter::And(vec![users(), not(present("hedgerowDeletedTime"))])
}

/// The users who can log in: those who are invited and have not come, are not active, or are locked out at this time
/// cannot.
pub fn active_users() -> Filter {
    let now = now();
    let at_most = |attribute, value| Filter::LessOrEqual(assertion(attribute, value));
    let at_least = |attribute, value| Filter::GreaterOrEqual(assertion(attribute, value));
    Filter::And(vec![
        living_users(),
        not(equal("hedgerowInvitationPending", "TRUE")),
        not(equal("hedgerowDisabled", "TRUE")),
        not(equal("hedgerowTemporarilyLocked", "TRUE")),
        not(at_most("pwdAccountLockedTime", FOR_GOOD)),
        not(at_least("pwdStartTime", &now)),
        not(at_most("pwdEndTime", &now)),
    ])
}

/// The entries that are groups.
pub fn groups() -> Filter {
    let classes = [
        "groupOfMembers",
        "groupOfNames",
        "groupOfUniqueNames",
        "posixGroup",
    ];
    Filter::Or(
        classes
            .iter()
            .map(|class| equal("objectClass", class))
            .collect(),
    )
}

/// Users that are not deleted, and groups.
pub fn principals() -> Filter {
    Filter::Or(vec![living_users(), groups()])
}

/// The user of a user name, if it is not deleted.
pub async fn user_named(
    call: &Call,
    user: &str,
    names: &[&str],
) -> Result<Option<EntryCopy>, Fault> {
    let filter = Filter::And(vec![equal("uid", user), living_users()]);
    find(call, filter, names).await
}

/// The group of a name.
pub async fn group_named(
    call: &Call,
    group: &str,
    names: &[&str],
) -> Result<Option<EntryCopy>, Fault> {
    let filter = Filter::And(vec![equal("cn", group), groups()]);
    find(call, filter, names).await
}

/// Whether an entry belongs to the system: clients neither rename nor delete it. Access rules that hide this make no less of
/// it.
pub fn is_system(call: &Call, entry: &EntryCopy) -> bool {
    let stored = call
        .rest
        .directory
        .text_of(&name(entry), well_known::HEDGEROW_SYSTEM);
    stored.is_some_and(|it| it.eq_ignore_ascii_case("TRUE"))
}

/// Whether an entry came from elsewhere, where it is kept. Access rules that hide this make no less of it.
pub fn is_external(call: &Call, entry: &EntryCopy) -> bool {
    let stored = call
        .rest
        .directory
        .text_of(&name(entry), well_known::HEDGEROW_EXTERNAL_ID);
    stored.is_some()
}

/// The attributes of a new user, under a name to log in with and a name for people. What inetOrgPerson demands follows
/// from that.
pub fn new_user(user: &str, shown: &str) -> Vec<(String, Vec<Vec<u8>>)> {
    let last = shown.split_whitespace().next_back().unwrap_or(user);
    vec![
        object_classes(&["inetOrgPerson", "hedgerowAccount", "hedgerowUser"]),
        attribute("uid", user),
        attribute("cn", shown),
        attribute("sn", last),
        attribute("displayName", shown),
    ]
}

/// The attributes of a new group without members.
pub fn new_group(name: &str) -> Vec<(String, Vec<Vec<u8>>)> {
    vec![
        object_classes(&["groupOfMembers", "hedgerowGroup"]),
        attribute("cn", name),
    ]
}

fn object_classes(names: &[&str]) -> (String, Vec<Vec<u8>>) {
    let values = names.iter().map(|name| name.as_bytes().to_vec());
    ("objectClass".to_owned(), values.collect())
}

/// What else a new user has who may not log in.
pub fn inactive() -> [(String, Vec<Vec<u8>>); 2] {
    [
        attribute("pwdAccountLockedTime", FOR_GOOD),
        attribute("hedgerowInactiveReason", "manual"),
    ]
}

/// The steps that let a user log in again, or not any more.
pub fn activate(entry: &EntryCopy, active: bool) -> Vec<Modification> {
    let (lock, reason): (&[&str], &[&str]) = match active {
        true => (&[], &[]),
        false => (&[FOR_GOOD], &["manual"]),
    };
    let mut steps = classes(entry, &["hedgerowAccount", "hedgerowUser"]);
    steps.push(replace("pwdAccountLockedTime", lock));
    steps.push(replace("hedgerowInactiveReason", reason));
    if active && !values(entry, "hedgerowDisabled").is_empty() {
        steps.push(replace("hedgerowDisabled", &[]));
    }
    steps
}

/// The steps that delete a user for the time being: the name stays taken, and no face lets them in.
pub fn soft_delete(entry: &EntryCopy) -> Vec<Modification> {
    let mut steps = classes(entry, &["hedgerowAccount"]);
    steps.push(replace("hedgerowDeletedTime", &[&now()]));
    steps
}
