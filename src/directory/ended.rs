//! What has ended: access tokens and invitations that are good for nothing any more, removed a day later.
//!
//! Owns which they are, found in the order of their ends so that nothing is looked at before its time. When they are removed
//! is for those to say who serve the directory. Nobody asks for it: what is recorded of it names the administrator, and no
//! address.

use std::collections::BTreeSet;

use super::Directory;
use super::access_token;
use super::dn::Dn;
use super::entry::EntryId;
use super::error::Error;
use super::filter::{Assertion, Filter};
use super::identity::Identity;
use super::password::policy::Seconds;
use super::request::{Change, Terms};
use super::schema::well_known::{self as known, class};
use super::schema::{AttributeTypeId, ClassId};
use super::snapshot::Snapshot;
use super::time;
use super::view::View;
use super::write::decode;

/// The most entries that are removed together: all other changes wait for it, some 50 us an entry.
pub const MOST: usize = 64;
/// For how long after its end an entry is kept, in seconds: who finds that it is good for nothing may want to know why.
const KEPT: Seconds = 24 * 60 * 60;

/// What ends, by the attribute that says when.
const ENDING: [(AttributeTypeId, ClassId); 2] = [
    (known::HEDGEROW_TOKEN_EXPIRY, class::HEDGEROW_TOKEN),
    (
        known::HEDGEROW_INVITATION_EXPIRY,
        class::HEDGEROW_INVITATION,
    ),
];

impl Directory {
    /// Removes access tokens and invitations that ended more than a day ago, [`MOST`] at the most. `done` is called once that
    /// is on the disk, and told how many they were.
    ///
    /// # Errors
    /// Those of the change. Where one of them gets another end at the same moment none is removed.
    pub fn remove_ended(&self, done: impl FnOnce(Result<usize, Error>) + Send + 'static) {
        let before = self.accounts().clock.seconds().saturating_sub(KEPT);
        let mut changes = removals(&self.snapshot(), before).into_iter();
        let Some(first) = changes.next() else {
            return done(Ok(0));
        };
        let count = changes.len() + 1;
        let identity = Identity::administrator();
        self.change_together(&identity, first, changes.collect(), move |outcome| {
            done(outcome.map(|_| count));
        });
    }
}

/// The changes that remove what ended before a moment.
fn removals(snapshot: &Snapshot, before: Seconds) -> Vec<(Change, Terms)> {
    let bound = time::generalized(before);
    let mut changes = Vec::new();
    let mut gone = BTreeSet::new();
    for (attribute, class) in ENDING {
        let Some(ends) = snapshot.index().ordered(attribute) else {
            continue;
        };
        let latest = bound.trim_end_matches('Z').as_bytes();
        ends.for_each_from(0, &mut |end, id| {
            if end >= latest || changes.len() >= MOST {
                return false;
            }
            // What goes with one before it is not there any more at its own turn.
            if gone.contains(&id) || !has_ended(snapshot, id, (attribute, class), before) {
                return true;
            }
            if let Ok(dn) = Dn::parse(&snapshot.dn(id)) {
                changes.push(removal(snapshot, dn, attribute, &bound));
                gone.insert(id);
                gone.extend(access_token::depending_on(snapshot, id));
            }
            true
        });
    }
    changes
}

/// Whether an entry is one of a class, without others below it, that ended before a moment. One without an end that can be read
/// is left to people.
fn has_ended(
    snapshot: &Snapshot,
    id: EntryId,
    (attribute, class): (AttributeTypeId, ClassId),
    before: Seconds,
) -> bool {
    let is_one = |view: &View<'_>| view.has_class(class) && snapshot.children(id).is_none();
    let Some(view) = View::new(snapshot, id).filter(is_one) else {
        return false;
    };
    let attributes = decode(&view);
    let end = attributes.values(attribute).first();
    let end = end.and_then(|end| time::seconds(snapshot.schema(), end));
    end.is_some_and(|end| end < before)
}

/// The change that removes an entry, if that still has an end as early: another may come to stand under its name.
fn removal(
    snapshot: &Snapshot,
    dn: Dn,
    attribute: AttributeTypeId,
    bound: &str,
) -> (Change, Terms) {
    let ended = Filter::LessOrEqual(Assertion {
        attribute: snapshot.schema().attribute(attribute).name().to_owned(),
        value: bound.as_bytes().to_vec(),
    });
    let terms = Terms {
        assertion: Some(ended),
        ..Terms::default()
    };
    (Change::Delete { dn }, terms)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::directory::account::AccountSettings;
    use crate::directory::fixture;
    use crate::directory::time::Clock;

    /// 2026-01-01 at midnight.
    const NEW_YEAR: u64 = 1_767_225_600_000_000;

    fn ended(directory: &Directory) -> Result<usize, Error> {
        let (send, receive) = mpsc::channel();
        directory.remove_ended(move |outcome| send.send(outcome).unwrap());
        receive.recv().unwrap()
    }

    /// Whose the tokens are.
    const OWNER: &str = "7d3b1c9e-16a6-4027-98f4-d28b5365dc14";

    fn token(name: &str, expiry: &str) -> String {
        format!(
            "dn: cn={name},dc=a\nobjectClass: hedgerowToken\ncn: {name}\nhedgerowOwner: {OWNER}\n\
             hedgerowTokenHash: x\n{expiry}\n"
        )
    }

    fn served(tree: &str) -> (Directory, Clock) {
        let clock = Clock::standing(NEW_YEAR);
        let accounts = AccountSettings {
            clock: clock.clone(),
            ..AccountSettings::default()
        };
        let tree = format!("dn: dc=a\nobjectClass: domain\ndc: a\n\n{tree}");
        (fixture::served_tree(&tree, accounts).0, clock)
    }

    fn is_there(directory: &Directory, name: &str) -> bool {
        let dn = Dn::parse(&format!("cn={name},dc=a")).unwrap();
        directory.snapshot().find_entry(&dn).is_some()
    }

    #[test]
    fn a_token_and_an_invitation_go_a_day_after_their_end_and_what_does_not_end_stays() {
        let invitation = |name: &str, more: &str| {
            format!(
                "dn: cn={name},dc=a\ncn: {name}\nmail: {name}@example.org\n\
                 hedgerowInvitationExpiry: 20251231000100Z\n{more}\n"
            )
        };
        let (directory, clock) = served(
            &[
                token("ended", "hedgerowTokenExpiry: 20251231000100Z\n"),
                token("lasting", "hedgerowTokenExpiry: 20260101000000Z\n"),
                token("endless", ""),
                invitation("invitation", "objectClass: hedgerowInvitation\n"),
                // A user who waits has such an end as well.
                invitation(
                    "waiting",
                    "objectClass: inetOrgPerson\nobjectClass: hedgerowUser\nsn: x\n",
                ),
                invitation("kept", "objectClass: hedgerowInvitation\n"),
                "dn: cn=below,cn=kept,dc=a\nobjectClass: applicationProcess\ncn: below\n"
                    .to_owned(),
            ]
            .concat(),
        );
        assert_eq!(ended(&directory), Ok(0));
        clock.advance(60);
        assert_eq!(ended(&directory), Ok(0));
        clock.advance(1);
        assert_eq!(ended(&directory), Ok(2));
        let all = [
            "ended",
            "lasting",
            "endless",
            "invitation",
            "waiting",
            "kept",
        ];
        let left = all.map(|name| is_there(&directory, name));
        assert_eq!(left, [false, true, true, false, true, true]);
        assert_eq!(ended(&directory), Ok(0));
    }

    #[test]
    fn what_has_ended_goes_in_small_parts_the_oldest_first() {
        let tokens = (0..MOST + 2).map(|at| {
            let expiry = format!("hedgerowTokenExpiry: 2025{:02}01000000Z\n", 12 - at % 12);
            token(&format!("t{at}"), &expiry)
        });
        let (directory, _) = served(&tokens.collect::<String>());
        assert_eq!(ended(&directory), Ok(MOST));
        assert!(is_there(&directory, "t60") && !is_there(&directory, "t11"));
        assert_eq!(ended(&directory), Ok(2));
        assert_eq!(ended(&directory), Ok(0));
    }

    #[test]
    fn a_token_of_a_token_that_has_ended_as_well_keeps_nothing_from_being_removed() {
        let owner = format!("hedgerowTokenExpiry: 20251201000000Z\nentryUUID: {OWNER}\n");
        let (directory, _) = served(
            &[
                token("owner", &owner),
                token("owned", "hedgerowTokenExpiry: 20251202000000Z\n"),
                token("endless", ""),
            ]
            .concat(),
        );
        assert_eq!(ended(&directory), Ok(1));
        let left = ["owner", "owned", "endless"].map(|name| is_there(&directory, name));
        // It would be good for nothing without its owner.
        assert_eq!(left, [false, false, false]);
        assert_eq!(ended(&directory), Ok(0));
    }

    /// An address that is invited anew has an invitation of the same name.
    #[test]
    fn what_has_got_another_end_since_it_was_found_stays() {
        let (directory, _) = served(&token("ended", "hedgerowTokenExpiry: 20251201000000Z\n"));
        let found = removals(&directory.snapshot(), time::whole_seconds(NEW_YEAR));
        let dn = Dn::parse("cn=ended,dc=a").unwrap();
        let another = Change::Modify {
            dn,
            modifications: vec![crate::directory::request::Modification {
                kind: crate::directory::request::ModificationKind::Replace,
                attribute: "hedgerowTokenExpiry".to_owned(),
                values: vec![b"20270101000000Z".to_vec()],
            }],
        };
        let ask = |change, terms| {
            let (send, receive) = mpsc::channel();
            let identity = Identity::administrator();
            directory.change(&identity, change, terms, move |outcome| {
                send.send(outcome.map(|_| ())).unwrap();
            });
            receive.recv().unwrap()
        };
        ask(another, Terms::default()).unwrap();
        let [(change, terms)] = &found[..] else {
            panic!("one has ended")
        };
        let refused = ask(change.clone(), terms.clone());
        assert_eq!(refused, Err(Error::AssertionFailed));
    }
}
