//! What an entry must have so that a filter can match it: a few terms, of which it has one at least.
//!
//! Owns the choice of the terms. By them the groups that may select an entry are found without asking each.

use crate::directory::filter::resolve::{Resolved, Target, Test};
use crate::directory::schema::{AttributeTypeId, Rule, Schema, well_known};

/// Something an entry has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Term {
    /// It is there.
    Always,
    /// An attribute of exactly this type.
    Has(AttributeTypeId),
    /// A value of it, normalised.
    Value(AttributeTypeId, Box<[u8]>),
}

impl Term {
    /// How many entries have it, roughly: only the order counts.
    fn cost(&self) -> usize {
        match self {
            Self::Value(well_known::OBJECT_CLASS, _) => 1_000,
            Self::Value(..) => 1,
            Self::Has(well_known::OBJECT_CLASS) | Self::Always => 10_000,
            Self::Has(_) => 100,
        }
    }
}

/// The terms of a filter; none when it can match nothing.
pub(super) fn of_filter(schema: &Schema, filter: &Resolved) -> Vec<Term> {
    match filter {
        Resolved::And(list) => {
            let choices = list.iter().map(|part| of_filter(schema, part));
            let cost = |terms: &Vec<Term>| terms.iter().map(Term::cost).sum::<usize>();
            choices
                .min_by_key(cost)
                .unwrap_or_else(|| vec![Term::Always])
        }
        Resolved::Or(list) => list
            .iter()
            .flat_map(|part| of_filter(schema, part))
            .collect(),
        Resolved::Undefined => Vec::new(),
        Resolved::Present(target) => has(target),
        Resolved::Match(target, test) => match test {
            Test::Equality(rule, value) => {
                values(schema, target, *rule, std::slice::from_ref(value))
            }
            Test::AnyOf(rule, wanted) => values(schema, target, *rule, wanted),
            _ => has(target),
        },
        Resolved::Not(_) | Resolved::AnyAttribute(..) | Resolved::WithName(..) => {
            vec![Term::Always]
        }
    }
}

fn has(target: &Target) -> Vec<Term> {
    target.types().iter().copied().map(Term::Has).collect()
}

/// Values as the equality rule of each type has them; a filter may compare by another one.
fn values(schema: &Schema, target: &Target, rule: Rule, wanted: &[Box<[u8]>]) -> Vec<Term> {
    let by_own = |id: &AttributeTypeId| schema.attribute(*id).equality == Some(rule);
    if !target.types().iter().all(by_own) {
        return has(target);
    }
    let types = target.types().iter();
    types
        .flat_map(|id| wanted.iter().map(|value| Term::Value(*id, value.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::filter::Filter;
    use crate::directory::fixture;

    fn terms(filter: &str) -> Vec<Term> {
        let schema = fixture::schema();
        let filter = Filter::parse(filter).unwrap().resolve(&schema);
        of_filter(&schema, &filter)
    }

    #[test]
    fn of_several_conditions_the_rarest_is_looked_for() {
        let staff = || Term::Value(well_known::EMPLOYEE_NUMBER, b" 7 ".as_slice().into());
        for filter in [
            "(employeeNumber=7)",
            "(&(objectClass=person)(employeeNumber=7)(cn=*))",
            "(&(!(employeeNumber=8))(employeeNumber=7))",
        ] {
            assert_eq!(terms(filter), [staff()], "{filter}");
        }
        assert_eq!(
            terms("(&(objectClass=person)(mail=*x*))"),
            [Term::Has(well_known::MAIL)]
        );
        assert_eq!(terms("(|(employeeNumber=7)(mail=*))").len(), 2);
    }

    #[test]
    fn what_may_match_anything_is_looked_for_in_all() {
        for filter in ["(&)", "(!(cn=x))", "(&(!(cn=x))(!(cn=y)))"] {
            assert_eq!(terms(filter), [Term::Always], "{filter}");
        }
        assert!(terms("(|)").is_empty());
    }

    #[test]
    fn values_are_looked_for_only_by_the_rule_that_finds_them() {
        assert_eq!(
            terms("(employeeNumber:caseExactMatch:=7)"),
            [Term::Has(well_known::EMPLOYEE_NUMBER)]
        );
        assert!(terms("(name=x)").len() > 5);
    }
}
