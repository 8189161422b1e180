//! Entries of which the rules say the same, so that what may be done with very many is found out at once.
//!
//! Owns how a set of entries falls apart by the rules that speak of them. What a rule's filter matches is not looked up:
//! where it matters, the entries are left to be asked about one by one.

use super::rules::{Scope, Subject};
use super::{Access, Applied, Masks, Rule};
use crate::directory::snapshot::{Found, IdSet, Snapshot};

/// More groups of entries are not told apart.
const MOST: usize = 64;
/// More rules with filters that speak of the same entries are not tried in every combination.
const MOST_FILTERS: u32 = 4;

/// Entries by what may be done with them.
pub struct Alike {
    /// Those that have the same masks for reading and searching, with these.
    pub groups: Vec<(Masks, IdSet)>,
    /// Those that the filters of rules tell apart.
    pub others: IdSet,
}

/// Whether a rule fits the entries of a group.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Fits {
    No,
    Yes,
    /// That depends on its filter.
    Perhaps,
}

impl Access<'_> {
    /// What may be done with each of these entries; `None` when that falls into too many parts.
    pub fn alike(&self, snapshot: &Snapshot, ids: IdSet) -> Option<Alike> {
        let mut groups = vec![(Vec::new(), ids)];
        for (applied, rule) in self.applied() {
            let reached = self.reached(applied, rule, snapshot)?;
            let inside = match rule.filter {
                Some(_) => Fits::Perhaps,
                None => Fits::Yes,
            };
            let mut divided = Vec::with_capacity(groups.len() * 2);
            for (fits, ids) in groups {
                let (within, without) = match &reached {
                    Some(reached) => (ids.intersection(reached), ids.difference(reached)),
                    None => (ids, IdSet::new()),
                };
                for (fit, ids) in [(inside, within), (Fits::No, without)] {
                    if !ids.is_empty() {
                        divided.push(([fits.as_slice(), &[fit]].concat(), ids));
                    }
                }
            }
            if divided.len() > MOST {
                return None;
            }
            groups = divided;
        }
        let mut alike = Alike {
            groups: Vec::with_capacity(groups.len()),
            others: IdSet::new(),
        };
        for (fits, ids) in groups {
            match self.masks_if(&fits) {
                Some(masks) => alike.groups.push((masks, ids)),
                None => alike.others = alike.others.union(&ids),
            }
        }
        Some(alike)
    }

    /// The entries that a rule may speak of, `None` for all; or `None` when finding them takes too long.
    fn reached(
        &self,
        applied: &Applied,
        rule: &Rule,
        snapshot: &Snapshot,
    ) -> Option<Option<IdSet>> {
        let own: Option<IdSet> =
            matches!(rule.who, Subject::Own).then(|| self.applicable.own.into_iter().collect());
        let covered = match (applied.to, rule.scope) {
            (None, _) => None,
            (Some(Found::Entry(base)), Scope::Base) => Some(IdSet::from_iter([base])),
            (Some(Found::Entry(top)), Scope::Subtree) => Some(snapshot.subtree(top)?),
            (Some(_), _) => Some(IdSet::new()),
        };
        Some(match (own, covered) {
            (Some(own), Some(covered)) => Some(own.intersection(&covered)),
            (own, covered) => own.or(covered),
        })
    }

    /// What is granted when these of the asker's rules fit; `None` when it depends on those that perhaps do.
    fn masks_if(&self, fits: &[Fits]) -> Option<Masks> {
        let perhaps: Vec<usize> = (0..)
            .zip(fits)
            .filter_map(|(at, fits)| (*fits == Fits::Perhaps).then_some(at))
            .collect();
        let count = u32::try_from(perhaps.len()).ok()?;
        if count > MOST_FILTERS {
            return None;
        }
        let of = |chosen: u32| {
            self.granted(|at| match fits.get(at) {
                Some(Fits::Yes) => true,
                Some(Fits::Perhaps) => {
                    let place = perhaps.iter().position(|it| *it == at);
                    place.is_some_and(|place| chosen >> place & 1 == 1)
                }
                Some(Fits::No) | None => false,
            })
        };
        let masks = of(0);
        let same = (1..1 << count).all(|chosen| {
            let other = of(chosen);
            other.read == masks.read && other.search == masks.search
        });
        same.then_some(masks)
    }
}

#[cfg(test)]
mod tests {
    use crate::directory::access::{AccessRules, Right, RuleText, Scope};
    use crate::directory::fixture;
    use crate::directory::identity::Identity;
    use crate::directory::view::View;

    fn rule((who, to, filter, attribute, open): (&str, &str, &str, &str, bool)) -> RuleText {
        RuleText {
            who: who.to_owned(),
            to: to.to_owned(),
            filter: (!filter.is_empty()).then(|| filter.to_owned()),
            attributes: vec![attribute.to_owned()],
            allow: match open {
                true => vec![Right::Read, Right::Search],
                false => Vec::new(),
            },
            ..RuleText::default()
        }
    }

    fn alone(text: RuleText) -> RuleText {
        RuleText {
            scope: Scope::Base,
            ..text
        }
    }

    #[test]
    fn entries_that_are_alike_have_the_masks_that_each_of_them_has() {
        let schema = fixture::schema();
        let (_, snapshot) = fixture::directory(&schema);
        let persons = "(objectClass=inetOrgPerson)";
        let who = "users";
        let all = rule((who, "", "", "*", true));
        let top = rule((who, "dc=a", "", "cn", false));
        let own = rule(("self", "cn=two,dc=a", "", "cn", false));
        for (texts, asked) in [
            (vec![], false),
            (vec![all.clone()], false),
            (
                vec![rule(("self", "", "", "cn", false)), all.clone()],
                false,
            ),
            (vec![own.clone(), all.clone()], false),
            (vec![alone(own), all.clone()], false),
            (vec![top.clone(), all.clone()], false),
            (vec![alone(top), all.clone()], false),
            (vec![rule((who, "ou=none,dc=a", "", "cn", true))], false),
            (
                vec![alone(rule((who, "ou=none,dc=a", "", "cn", true)))],
                false,
            ),
            (
                vec![all.clone(), rule((who, "", persons, "cn", false))],
                false,
            ),
            (
                vec![rule((who, "", persons, "cn", false)), all.clone()],
                true,
            ),
            (vec![rule((who, "", persons, "cn", true)), all], false),
        ] {
            let rules = AccessRules::compile(&schema, &texts).unwrap();
            let mut access = rules.access(&snapshot, &Identity::entry(2));
            let alike = access.alike(&snapshot, snapshot.ids().collect()).unwrap();
            assert_eq!(!alike.others.is_empty(), asked, "{texts:?}");
            let mut seen = alike.others.len();
            for (masks, ids) in &alike.groups {
                for id in ids {
                    seen += 1;
                    let own = access.masks(&View::new(&snapshot, id).unwrap());
                    assert_eq!((&own.read, &own.search), (&masks.read, &masks.search));
                }
            }
            assert_eq!(seen, snapshot.len());
        }
    }
}
