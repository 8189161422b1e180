//! What the rules say of a whole subtree at once, whichever entries there are.
//!
//! Owns two questions of dynamic groups: whether an asker could find by itself all that a search there finds, and whether
//! ordinary users may write there. Where the rules leave it open, the answer errs on the side of safety.

use super::rules::Subject;
use super::{Access, AccessRules, Applied, Right, Rule};
use crate::directory::entry::EntryId;
use crate::directory::schema::AttributeTypeId;
use crate::directory::snapshot::{Found, Snapshot};

/// For which entries of a subtree a rule speaks.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Reach {
    All,
    Some,
    None,
}

impl Reach {
    fn of(to: Option<Found>, snapshot: &Snapshot, base: EntryId) -> Reach {
        match to {
            None => Reach::All,
            Some(Found::Entry(top)) if snapshot.is_within(base, top) => Reach::All,
            Some(
                Found::Entry(top)
                | Found::Nothing {
                    nearest: Some(top), ..
                },
            ) if snapshot.is_within(top, base) => Reach::Some,
            Some(_) => Reach::None,
        }
    }
}

impl Access<'_> {
    /// Whether the asker may read and search these attributes of every entry at and below one.
    pub fn may_find_all_below(
        &self,
        snapshot: &Snapshot,
        base: EntryId,
        attributes: &[AttributeTypeId],
    ) -> bool {
        let holds = |right, id| self.holds_below(snapshot, base, right, id);
        self.is_administrator()
            || attributes
                .iter()
                .all(|id| holds(Right::Read, *id) && holds(Right::Search, *id))
    }

    fn holds_below(
        &self,
        snapshot: &Snapshot,
        base: EntryId,
        right: Right,
        attribute: AttributeTypeId,
    ) -> bool {
        let speaking = self
            .applied()
            .filter(|(_, rule)| rule.attributes.contains(attribute));
        for (applied, rule) in speaking {
            match (
                reach(applied, rule, snapshot, base),
                rule.allow.contains(&right),
            ) {
                (Reach::All, granted) => return granted,
                (Reach::Some, false) => return false,
                (Reach::Some, true) | (Reach::None, _) => {}
            }
        }
        false
    }
}

fn reach(applied: &Applied, rule: &Rule, snapshot: &Snapshot, base: EntryId) -> Reach {
    match Reach::of(applied.to, snapshot, base) {
        Reach::All if rule.filter.is_some() || matches!(rule.who, Subject::Own) => Reach::Some,
        reach => reach,
    }
}

impl AccessRules {
    /// The place of the first rule by which users who are in no particular group, or nobody at all, may write an attribute
    /// of some entry at or below another, or add entries there.
    pub fn opens_to_users(
        &self,
        snapshot: &Snapshot,
        base: EntryId,
        attribute: AttributeTypeId,
    ) -> Option<usize> {
        let ordinary = |rule: &Rule| {
            matches!(
                rule.who,
                Subject::Anyone | Subject::Anonymous | Subject::Users | Subject::Own
            )
        };
        let mut rules = self.rules.iter().enumerate();
        let decides = |rule: &Rule| {
            let changes = [Right::Write, Right::Add];
            rule.attributes.contains(attribute)
                && changes.iter().any(|right| rule.allow.contains(right))
        };
        rules
            .find_map(|(at, rule)| {
                let to = rule.to.as_ref();
                let to = to.map(|(dn, normalized)| snapshot.find_normalized(dn, normalized));
                let reach = Reach::of(to, snapshot, base);
                if reach == Reach::None || !ordinary(rule) {
                    return None;
                }
                if decides(rule) {
                    return Some(Some(at));
                }
                let closes = reach == Reach::All
                    && rule.filter.is_none()
                    && matches!(rule.who, Subject::Anyone)
                    && rule.attributes.contains(attribute);
                closes.then_some(None)
            })
            .flatten()
    }
}
