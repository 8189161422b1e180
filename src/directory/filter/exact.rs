//! Exactly the entries that a filter matches, where the indexes alone can tell, without looking at one of them.
//!
//! Owns which filters that are. Terms of an index are told apart by 64 bits under a key of the process: that two entries
//! are taken for one another so is rarer than a fault of memory.

use super::resolve::{Resolved, Target, Test};
use crate::directory::schema::{AttributeTypeId, Rule};
use crate::directory::snapshot::{IdSet, Snapshot};

/// Some entries, or all but some.
enum Set {
    These(IdSet),
    AllBut(IdSet),
}

/// The entries that match for those who may search everything; `None` when that takes looking at them, or is most.
pub fn matching(filter: &Resolved, snapshot: &Snapshot) -> Option<IdSet> {
    match set(filter, snapshot)? {
        Set::These(ids) => Some(ids),
        Set::AllBut(_) => None,
    }
}

fn set(filter: &Resolved, snapshot: &Snapshot) -> Option<Set> {
    match filter {
        Resolved::And(list) => list
            .iter()
            .try_fold(Set::AllBut(IdSet::new()), |both, item| {
                Some(both.and(set(item, snapshot)?))
            }),
        Resolved::Or(list) => {
            let none = Set::These(IdSet::new());
            list.iter()
                .try_fold(none, |any, item| Some(any.or(set(item, snapshot)?)))
        }
        Resolved::Not(inner) => set(inner, snapshot).map(Set::not),
        Resolved::Present(target) => {
            let index = snapshot.index();
            of_types(target, |attribute| index.present(attribute).cloned())
        }
        Resolved::Match(target, Test::Equality(rule, value)) => {
            equal(target, *rule, std::slice::from_ref(value), snapshot)
        }
        Resolved::Match(target, Test::AnyOf(rule, values)) => {
            equal(target, *rule, values, snapshot)
        }
        Resolved::Undefined
        | Resolved::Match(..)
        | Resolved::AnyAttribute(..)
        | Resolved::WithName(..) => None,
    }
}

/// The entries with a value equal to one of these.
fn equal(target: &Target, rule: Rule, values: &[Box<[u8]>], snapshot: &Snapshot) -> Option<Set> {
    let index = snapshot.index();
    let fits = |attribute| snapshot.schema().attribute(attribute).equality == Some(rule);
    of_types(target, |attribute| {
        let mut values = values.iter();
        values.try_fold(IdSet::new(), |any, value| {
            let postings = index.equal(attribute, value).filter(|_| fits(attribute))?;
            Some(any.union(&postings.to_id_set()))
        })
    })
}

/// The entries that `find` finds of each type of a target.
fn of_types(target: &Target, find: impl Fn(AttributeTypeId) -> Option<IdSet>) -> Option<Set> {
    if !target.is_plain() || !target.computed.is_empty() {
        return None;
    }
    let mut types = target.types().iter();
    let any = types.try_fold(IdSet::new(), |any, attribute| {
        Some(any.union(&find(*attribute)?))
    });
    any.map(Set::These)
}

impl Set {
    fn and(self, other: Set) -> Set {
        match (self, other) {
            (Set::These(one), Set::These(other)) => Set::These(one.intersection(&other)),
            (Set::These(ids), Set::AllBut(not)) | (Set::AllBut(not), Set::These(ids)) => {
                Set::These(ids.difference(&not))
            }
            (Set::AllBut(one), Set::AllBut(other)) => Set::AllBut(one.union(&other)),
        }
    }

    fn or(self, other: Set) -> Set {
        self.not().and(other.not()).not()
    }

    fn not(self) -> Set {
        match self {
            Set::These(ids) => Set::AllBut(ids),
            Set::AllBut(ids) => Set::These(ids),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::access::AttributeMask;
    use crate::directory::filter::Filter;
    use crate::directory::filter::evaluate::{Evaluator, Truth};
    use crate::directory::fixture;
    use crate::directory::view::View;

    #[test]
    fn what_the_indexes_tell_is_what_evaluation_finds() {
        let schema = fixture::schema();
        let (_, snapshot) = fixture::directory(&schema);
        let everything = AttributeMask::of(&schema, |_| true);
        let mut told = 0;
        for text in [
            "(objectClass=inetOrgPerson)",
            "(&(objectClass=inetOrgPerson)(!(objectClass=domain)))",
            "(|(objectClass=domain)(objectClass=groupOfNames))",
            "(&(|(objectClass=domain)(objectClass=inetOrgPerson))(!(|(objectClass=domain)(uid=x))))",
            "(!(!(objectClass=domain)))",
            "(objectClass=nothing)",
            "(|)",
            "(&)",
            "(!(objectClass=domain))",
            "(cn=o*)",
            "(memberOf=cn=two,dc=a)",
            "(nonsense=1)",
            "(!(nonsense=1))",
        ] {
            let filter = Filter::parse(text).unwrap().resolve(&schema);
            let Some(found) = matching(&filter, &snapshot) else {
                continue;
            };
            told += 1;
            let mut evaluator = Evaluator::default();
            let expected: IdSet = snapshot
                .ids()
                .filter(|id| {
                    let view = View::new(&snapshot, *id).unwrap();
                    evaluator.evaluate(&filter, &view, &everything) == Truth::True
                })
                .collect();
            assert_eq!(
                found.iter().collect::<Vec<_>>(),
                expected.iter().collect::<Vec<_>>(),
                "{text}"
            );
        }
        assert_eq!(told, 6);
    }
}
