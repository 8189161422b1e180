//! The end of a membership: of a scope and of all below it; that of the account is the end of the user.
//!
//! Owns that no scope loses its last administrator so. Who else administers it is asserted in the change itself, so that
//! two who remove one another at once do not both succeed.

use std::collections::BTreeMap;

use serde_json::json;

use super::envelope::success;
use super::place::{LEVELS, Place};
use super::resource::USER;
use super::roles::{ALL_RESOURCES, ASSIGNMENT, Right, assignments, of_level, require, users_by};
use super::users::find;
use crate::directory::EntryCopy;
use crate::directory::dn::Dn;
use crate::directory::filter::Filter;
use crate::directory::request::{Change, Modification, ModificationKind, Terms};
use crate::rest::change::attempt;
use crate::rest::entry::{modify, name, text, values};
use crate::rest::fault::Fault;
use crate::rest::list::found;
use crate::rest::membership::{leads, listing};
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{is_system, soft_delete};
use crate::rest::term::{equal, not, present};

/// Changes that are made all or none.
type Changes = Vec<(Change, Terms)>;

/// Removes a user from a scope and from all below it.
pub async fn remove(call: Call) -> Result<Reply, Fault> {
    let place = Place::of(&call)?;
    require(&call, &place, place.depth(), Right::Manage)?;
    place.must_be(&call).await?;
    let id = call.path.get("userId");
    let among = place.members()?;
    let work = || async {
        match find(&call, id, among.clone()).await? {
            Some(user) => changes(&call, &place, &user).await,
            None => Ok(Changes::new()),
        }
    };
    let done = attempt(&call, work).await?;
    Ok(success(&call, done.is_some().into()))
}

async fn changes(call: &Call, place: &Place, user: &EntryCopy) -> Result<Changes, Fault> {
    let mut changes = others_administer(call, place, user).await?;
    if place.depth() > 0 {
        is_by_no_group(call, place, user).await?;
    }
    for attribute in ["member", "uniqueMember"] {
        let own = equal(attribute, &user.dn);
        for list in found(call, (place.own().clone(), own), &["1.1"]).await? {
            let step = Modification {
                kind: ModificationKind::Delete,
                attribute: attribute.to_owned(),
                values: vec![user.dn.clone().into_bytes()],
            };
            changes.push((modify(name(&list), vec![step]), Terms::default()));
        }
    }
    if place.depth() == 0 {
        if is_system(call, user) {
            return Err(Fault::forbidden("a user of the system cannot be removed"));
        }
        changes.push((modify(name(user), soft_delete(user)), Terms::default()));
    }
    Ok(changes)
}

/// Refuses to take somebody off a list who stays in the scope through a group on it.
async fn is_by_no_group(call: &Call, place: &Place, user: &EntryCopy) -> Result<(), Fault> {
    let of_user = listing(&user.dn);
    let lists = Filter::And(vec![equal("cn", "members"), of_user.clone()]);
    for list in found(call, (place.own().clone(), lists), &["1.1"]).await? {
        let between = Filter::And(vec![leads("memberOf", &list.dn), of_user.clone()]);
        let groups = found(call, (call.rest.suffix(), between), &["cn"]).await?;
        if let Some(group) = groups.first() {
            let group = text(group, "cn").unwrap_or_default();
            let text = format!(
                "userId: the user is in the scope through the group \"{group}\": take them out of that"
            );
            return Err(Fault::invalid(text));
        }
    }
    Ok(())
}

/// What must still be so for a user to go: of each scope that they administer somebody else does as well.
async fn others_administer(call: &Call, place: &Place, user: &EntryCopy) -> Result<Changes, Fault> {
    let own = Filter::And(vec![administering(), leads("member", &user.dn)]);
    let mut scopes: BTreeMap<String, (Dn, usize)> = BTreeMap::new();
    for assignment in found(call, (place.own().clone(), own), &ASSIGNMENT).await? {
        let level = level_of(call, &assignment);
        if let Some((scope, level)) = name(&assignment).parent().zip(level) {
            scopes.insert(scope.to_string(), (scope, level));
        }
    }
    let (mut asserted, mut left) = (Changes::new(), Vec::new());
    for (scope, level) in scopes.into_values() {
        let mut given = found(call, (scope.clone(), administering()), &ASSIGNMENT).await?;
        given.retain(|assignment| level_of(call, assignment) == Some(level));
        let other = Filter::And(vec![users_by(&given), not(equal("entryDN", &user.dn))]);
        match found(call, (call.rest.suffix(), other), &USER)
            .await?
            .first()
        {
            Some(other) => asserted.push((
                modify(name(other), Vec::new()),
                Terms {
                    assertion: Some(users_by(&given)),
                    ..Terms::default()
                },
            )),
            None => left.push(scope_text(&scope, level)),
        }
    }
    if left.is_empty() {
        return Ok(asserted);
    }
    let text = "Can't remove user. User is last remaining admin in";
    let messages = left.iter().map(|scope| {
        json!({
            "code": "DEFAULT_ERROR_CODE",
            "level": "ERROR",
            "message": scope,
            "exception": null,
            "failureTypes": [],
        })
    });
    let messages: Vec<_> = messages.collect();
    Err(
        Fault::invalid(format!("{text} {}", left.join("; "))).with(json!({
            "code": "REQUEST_PROCESSING_INTERRUPTED",
            "responseMessages": messages,
        })),
    )
}

/// The assignments that make administrators of scopes.
fn administering() -> Filter {
    let roles = (0..LEVELS.len()).filter_map(|level| of_level(level, true));
    let roles = roles.map(|role| equal("hedgerowRoleIdentifier", role.identifier));
    let everything = vec![
        not(present("hedgerowResourceGroup")),
        equal("hedgerowResourceGroup", ALL_RESOURCES),
    ];
    Filter::And(vec![
        assignments(),
        Filter::Or(roles.collect()),
        Filter::Or(everything),
    ])
}

/// The level of the scope that an assignment makes administrators of; `None` when its role is that of another level.
fn level_of(call: &Call, assignment: &EntryCopy) -> Option<usize> {
    let above = call.rest.unit("scopes").rdns().len();
    let level = name(assignment).rdns().len().checked_sub(above + 2)?;
    let role = values(assignment, "hedgerowRoleIdentifier");
    let own = of_level(level, true)?.identifier;
    (role.first().copied() == Some(own.as_bytes())).then_some(level)
}

fn scope_text(scope: &Dn, level: usize) -> String {
    let rdns = scope.rdns().iter().take(level.saturating_add(1)).rev();
    let names = rdns.filter_map(|rdn| rdn.assertions().first());
    let texts = LEVELS
        .iter()
        .zip(names)
        .map(|(level, ava)| format!("{level} {}", String::from_utf8_lossy(&ava.value)));
    texts.collect::<Vec<_>>().join(", ")
}
