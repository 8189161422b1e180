//! New users of a scope: those who are there become members, others are invited to become some.
//!
//! Owns what somebody gets with a membership: a place on the list of the scope and on those of the scopes above, as a viewer
//! there where they are new, and the roles and groups that the request names.

mod binding;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, json};

use super::envelope::success;
use super::place::{Place, members};
use super::resource::USER;
use super::roles::{Right, is_directly_below, of_level, require};
use crate::directory::EntryCopy;
use crate::directory::dn::Dn;
use crate::directory::filter::Filter;
use crate::directory::invitation::{self as core, joining};
use crate::directory::request::{Change, Terms};
use crate::rest::change::{attempt, unconditional};
use crate::rest::entry::{self, attribute, name, name_below, new_unit, text, values};
use crate::rest::fault::{Fault, Kind};
use crate::rest::invitation::{self, Attributes, Gift, Invitation};
use crate::rest::json::Members;
use crate::rest::list;
use crate::rest::mail;
use crate::rest::membership::difference;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{groups, living_users};
use crate::rest::term::{equal, not, present};
use crate::rest::time::now;
use binding::{Binding, bindings};

/// The most addresses of a request, and roles for each.
const MOST: usize = 100;
/// What is told of an address whose user was not added.
const FAIL: &str = "FAIL";

/// Adds users to a scope, and invites those who are none yet.
pub async fn add(call: Call) -> Result<Reply, Fault> {
    let place = Place::of(&call)?;
    require(&call, &place, place.depth(), Right::Manage)?;
    let mut body = Members::read(&call.body)?;
    let emails = body.unique_texts("emails")?;
    let bindings = bindings(body.any("roleBindings"), place.depth())?;
    let named = body.unique_texts("userGroups")?;
    body.end()?;
    if !(1..=MOST).contains(&emails.len()) {
        return Err(Fault::invalid(format!("emails: must be 1 to {MOST}")));
    }
    place.must_be(&call).await?;
    let gifts = Gifts::prepare(&call, &place, &bindings, &named).await?;
    let mut results = Map::new();
    for email in emails {
        let some_got_it = results.values().any(|result| result != FAIL);
        let result = match gifts.give(&call, &place, &email).await {
            // A refusal would tell nothing of those who got it.
            Err(fault) if some_got_it => {
                tracing::warn!(id = call.id, reason = fault.text, "a user was not added");
                FAIL
            }
            given => given?,
        };
        results.insert(email, result.into());
    }
    Ok(success(&call, json!({ "addUserResponseMap": results })))
}

/// A list of members that users get on.
struct List {
    dn: Dn,
    /// What it consists of, where it is made if it is not there yet.
    attributes: Option<Attributes>,
}

/// What users of a scope get, as lists that they get on. Of what is not there yet is made what somebody gets on, with that
/// in one change, so that a request that adds nobody leaves nothing behind.
struct Gifts {
    /// What is made first: the account, and what it is below.
    account: Vec<Change>,
    /// The lists of each scope above, but for the account.
    above: Vec<Vec<List>>,
    /// Those of the scope.
    own: Vec<List>,
}

impl Gifts {
    /// Works out which lists these are.
    async fn prepare(
        call: &Call,
        place: &Place,
        bindings: &[Binding],
        named: &[String],
    ) -> Result<Self, Fault> {
        let account = place.entries().take(1).map(|dn| Change::Add {
            dn: dn.clone(),
            attributes: vec![
                attribute("objectClass", "hedgerowScope"),
                attribute("ou", &call.rest.settings.harness_account),
            ],
        });
        let mut gifts = Self {
            account: [new_unit(call, "scopes")]
                .into_iter()
                .chain(account)
                .collect(),
            above: Vec::new(),
            own: Vec::new(),
        };
        for (level, scope) in place.entries().enumerate().skip(1) {
            let list = List {
                dn: members(scope)?,
                attributes: Some(vec![
                    attribute("objectClass", "hedgerowScopeMembers"),
                    attribute("cn", "members"),
                ]),
            };
            if level == place.depth() {
                gifts.own.push(list);
            } else if let Some(viewer) = of_level(level, false) {
                let viewer = Binding {
                    role: viewer.identifier.to_owned(),
                    role_name: viewer.name.to_owned(),
                    resource_group: None,
                    resource_group_name: None,
                };
                gifts.above.push(vec![list, assignment(scope, &viewer)?]);
            }
        }
        let mut seen = BTreeSet::new();
        for binding in bindings {
            let list = assignment(place.own(), binding)?;
            if seen.insert(list.dn.normalize(call.rest.directory.snapshot().schema())) {
                gifts.own.push(list);
            }
        }
        gifts.own.extend(user_groups(call, place, named).await?);
        Ok(gifts)
    }

    /// The changes that make what of these lists, and of what they are below, is not there yet.
    fn missing(&self, call: &Call, lists: &[&List]) -> Vec<Change> {
        let lists = lists.iter().filter_map(|list| {
            let (dn, attributes) = (list.dn.clone(), list.attributes.clone()?);
            Some(Change::Add { dn, attributes })
        });
        entry::missing(call, self.account.iter().cloned().chain(lists))
    }

    /// Gives them to whoever has an address.
    ///
    /// # Errors
    /// When the caller may not give them, or nothing can be done now.
    async fn give(&self, call: &Call, place: &Place, email: &str) -> Result<&'static str, Fault> {
        let given = match mail::is_address(email) {
            true => self.try_to_give(call, place, &email.to_lowercase()).await,
            false => return Ok(FAIL),
        };
        match given {
            Err(fault) if matches!(fault.kind, Kind::Forbidden | Kind::Unavailable) => Err(fault),
            Err(fault) => {
                tracing::warn!(id = call.id, reason = fault.text, "a user was not added");
                Ok(FAIL)
            }
            given => given,
        }
    }

    async fn try_to_give(
        &self,
        call: &Call,
        place: &Place,
        email: &str,
    ) -> Result<&'static str, Fault> {
        // A user without an address goes by the user name.
        let by_name = Filter::And(vec![not(present("mail")), equal("uid", email)]);
        let own = Filter::Or(vec![equal("mail", email), by_name]);
        let filter = Filter::And(vec![living_users(), own]);
        let names = [USER.as_slice(), &[core::PENDING]].concat();
        let found = list::found(call, (call.rest.suffix(), filter), &names).await?;
        match found.as_slice() {
            [] => self.invite(call, place, email).await,
            [user] => self.give_to(call, place, user).await,
            _ => Err(Fault::invalid("several users have this address")),
        }
    }

    /// Puts a user on the lists.
    async fn give_to(
        &self,
        call: &Call,
        place: &Place,
        user: &EntryCopy,
    ) -> Result<&'static str, Fault> {
        let is_in = |filter: Filter| async {
            let own = Filter::And(vec![equal("entryDN", &user.dn), filter]);
            let found = list::one(call, (name(user), own), &["1.1"]).await?;
            Ok::<_, Fault>(found.is_some())
        };
        let mut lists: Vec<&List> = self.own.iter().collect();
        for (level, above) in (1..).zip(&self.above) {
            if !is_in(place.members_at(level)?).await? {
                lists.extend(above);
            }
        }
        let was_in = is_in(place.members()?).await?;
        self.put_on(call, &lists, &user.dn).await?;
        Ok(match text(user, core::PENDING).is_some() {
            true => "USER_ALREADY_INVITED",
            false if was_in => "USER_ALREADY_ADDED",
            false => "USER_ADDED_SUCCESSFULLY",
        })
    }

    /// Invites whoever is no user yet, to what an invitation that still holds gives as well.
    async fn invite(&self, call: &Call, place: &Place, email: &str) -> Result<&'static str, Fault> {
        let held = Filter::And(vec![
            equal("objectClass", core::CLASS),
            equal("mail", email),
            not(present(core::INVITED)),
        ]);
        let asked = (call.rest.unit(invitation::UNIT), held);
        let held = list::one(call, asked, &[core::EXPIRY, core::INVITED_TO]).await?;
        let now = now();
        let held = held.filter(|it| text(it, core::EXPIRY).is_some_and(|until| until > now));
        let earlier = held.iter().flat_map(|it| values(it, core::INVITED_TO));
        let earlier = earlier.filter_map(|dn| Dn::parse(std::str::from_utf8(dn).ok()?).ok());
        let mut lists = BTreeMap::new();
        let mut add = |dn: Dn| {
            let snapshot = call.rest.directory.snapshot();
            lists.insert(dn.normalize(snapshot.schema()), dn).is_some()
        };
        for dn in earlier {
            add(dn);
        }
        // The list of the scope itself is the first, where there is one.
        let listed = self.own.first().is_some_and(|list| add(list.dn.clone()));
        let was_invited = held.is_some() && (listed || place.depth() == 0);
        let all: Vec<&List> = self.above.iter().flatten().chain(&self.own).collect();
        for list in &all {
            add(list.dn.clone());
        }
        let gift = Gift {
            made_first: self.missing(call, &all),
            groups: lists.into_values().collect(),
            ..Gift::default()
        };
        let made = Invitation::of_newcomer(call, email, None, &gift)?;
        invitation::invite(call, &[(made, gift)]).await?;
        Ok(match was_invited {
            true => "USER_ALREADY_INVITED",
            false => "USER_INVITED_SUCCESSFULLY",
        })
    }

    /// Puts an entry on lists, all or none; where it is already it stays.
    async fn put_on(&self, call: &Call, lists: &[&List], member: &str) -> Result<(), Fault> {
        attempt(call, || self.puts_on(call, lists, member)).await?;
        Ok(())
    }

    /// The changes that put it there; none where it is already.
    async fn puts_on(
        &self,
        call: &Call,
        lists: &[&List],
        member: &str,
    ) -> Result<Vec<(Change, Terms)>, Fault> {
        let mut changes = self.missing(call, lists);
        let made: Vec<Dn> = changes.iter().map(|add| add.dn().clone()).collect();
        let wanted = [(member, true)].into();
        for List { dn, .. } in lists {
            if made.contains(dn) {
                changes.push(joining(dn, "member", member));
                continue;
            }
            let asked = (dn.clone(), equal("entryDN", &dn.to_string()));
            let found = list::one(call, asked, &["objectClass"]).await?;
            let group = found.ok_or_else(|| Fault::not_found("list of members"))?;
            changes.extend(difference(call, &group, &wanted).await?);
        }
        Ok(unconditional(changes))
    }
}

/// The groups of these names or ids that belong to a scope; of the account these are those below `ou=groups`.
async fn user_groups(call: &Call, place: &Place, named: &[String]) -> Result<Vec<List>, Fault> {
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let by = |name: &String| [equal("cn", name), equal("entryUUID", name)];
    let filter = Filter::And(vec![
        groups(),
        Filter::Or(named.iter().flat_map(by).collect()),
        not(equal("cn", "members")),
    ]);
    let base = match place.depth() {
        0 => call.rest.unit("groups"),
        _ => place.own().clone(),
    };
    let mut found = list::found(call, (base, filter), &["1.1"]).await?;
    found.retain(|it| place.depth() == 0 || is_directly_below(call, it, place.own()));
    let lists = found.iter().map(|it| List {
        dn: name(it),
        attributes: None,
    });
    Ok(lists.collect())
}

/// The entry that gives a role in a scope.
fn assignment(scope: &Dn, binding: &Binding) -> Result<List, Fault> {
    let Binding {
        role,
        role_name,
        resource_group,
        resource_group_name,
    } = binding;
    // No identifier has a full stop.
    let cn = match resource_group {
        Some(group) => format!("{role}.{group}"),
        None => role.clone(),
    };
    let dn = name_below(scope.clone(), "cn", &cn)?;
    let mut attributes = vec![
        attribute("objectClass", "hedgerowRoleAssignment"),
        attribute("cn", &cn),
        attribute("hedgerowRoleIdentifier", role),
        attribute("hedgerowRoleName", role_name),
    ];
    let named = [
        ("hedgerowResourceGroup", resource_group),
        ("hedgerowResourceGroupName", resource_group_name),
    ];
    let named = named
        .into_iter()
        .filter_map(|(name, value)| Some(attribute(name, value.as_ref()?)));
    attributes.extend(named);
    Ok(List {
        dn,
        attributes: Some(attributes),
    })
}
