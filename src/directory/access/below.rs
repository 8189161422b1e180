//! What the rules say of a whole subtree at once, whichever entries there are.
//!
//! Owns two questions of dynamic groups: whether an asker could find by itself all that a search there finds, and whether
//! ordinary users may write there. Where the rules leave it open, the answer errs on the side of safety.

use super::rules::{Scope, Subject};
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
    fn of(to: Option<Found>, scope: Scope, snapshot: &Snapshot, base: EntryId) -> Reach {
        match to {
            None => Reach::All,
            Some(Found::Entry(top)) if scope == Scope::Subtree && snapshot.is_within(base, top) => {
                Reach::All
            }
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
        let holds =
            |right, id| self.is_administrator() || self.holds_below(snapshot, base, right, id);
        attributes.iter().all(|id| {
            !self.all.secret.contains(*id) && holds(Right::Read, *id) && holds(Right::Search, *id)
        })
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
    match Reach::of(applied.to, rule.scope, snapshot, base) {
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
        let changes = [Right::Write, Right::Add];
        let mut closed_to_users = false;
        let speaking = self.rules.iter().enumerate();
        for (at, rule) in speaking.filter(|(_, rule)| rule.attributes.contains(attribute)) {
            let to = rule.to.as_ref();
            let to = to.map(|(dn, normalized)| snapshot.find_normalized(dn, normalized));
            let reach = Reach::of(to, rule.scope, snapshot, base);
            let opens = reach != Reach::None
                && match rule.who {
                    Subject::Anyone | Subject::Anonymous => true,
                    Subject::Users | Subject::Own => !closed_to_users,
                    Subject::Group(_) | Subject::Named(_) => false,
                };
            if opens && changes.iter().any(|right| rule.allow.contains(right)) {
                return Some(at);
            }
            match rule.who {
                _ if reach != Reach::All || rule.filter.is_some() => {}
                Subject::Anyone => return None,
                Subject::Users => closed_to_users = true,
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::access::RuleText;
    use crate::directory::fixture;
    use crate::directory::schema::well_known::{CN, SN};

    /// The first of these rules, by who, where, which attributes and what they allow, that opens `sn` to users.
    fn opening(rules: &[(&str, &str, &[&str], &[Right])]) -> Option<usize> {
        let schema = fixture::schema();
        let (_, snapshot) = fixture::directory(&schema);
        let texts: Vec<RuleText> = rules
            .iter()
            .map(|(who, to, attributes, allow)| RuleText {
                who: (*who).to_owned(),
                to: (*to).to_owned(),
                attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
                allow: allow.to_vec(),
                ..RuleText::default()
            })
            .collect();
        let rules = AccessRules::compile(&schema, &texts).unwrap();
        assert_eq!(rules.opens_to_users(&snapshot, 1, CN), None);
        rules.opens_to_users(&snapshot, 1, SN)
    }

    #[test]
    fn an_attribute_is_open_to_users_where_a_rule_for_any_of_them_decides_so() {
        let (write, read) = (&[Right::Write][..], &[Right::Read][..]);
        let sn = &["sn"][..];
        assert_eq!(opening(&[("self", "", sn, write)]), Some(0));
        assert_eq!(opening(&[("users", "cn=one,dc=a", sn, write)]), Some(0));
        assert_eq!(opening(&[("users", "o=b", sn, write)]), None);
        assert_eq!(opening(&[("group:cn=two,dc=a", "", sn, write)]), None);
        let after = |who| opening(&[("users", "", sn, read), (who, "", sn, write)]);
        assert_eq!((after("self"), after("anyone")), (None, Some(1)));
        let in_part = ("users", "cn=one,dc=a", sn, read);
        assert_eq!(opening(&[in_part, ("users", "", sn, write)]), Some(1));
    }

    #[test]
    fn a_rule_of_one_entry_closes_nothing_below_it() {
        let schema = fixture::schema();
        let (_, snapshot) = fixture::directory(&schema);
        let rule = |scope, right| RuleText {
            who: "users".to_owned(),
            to: "dc=a".to_owned(),
            scope,
            attributes: vec!["sn".to_owned()],
            allow: vec![right],
            ..RuleText::default()
        };
        let opening = |closed, base| {
            let texts = [
                rule(closed, Right::Read),
                rule(Scope::Subtree, Right::Write),
            ];
            let rules = AccessRules::compile(&schema, &texts).unwrap();
            rules.opens_to_users(&snapshot, base, SN)
        };
        assert_eq!(opening(Scope::Subtree, 1), None);
        assert_eq!(
            (opening(Scope::Base, 1), opening(Scope::Base, 2)),
            (Some(1), Some(1))
        );
        let texts = [rule(Scope::Base, Right::Write)];
        let rules = AccessRules::compile(&schema, &texts).unwrap();
        let opening = |base| rules.opens_to_users(&snapshot, base, SN);
        assert_eq!((opening(1), opening(2)), (Some(0), None));
    }
}
