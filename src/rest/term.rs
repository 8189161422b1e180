//! What is asked of entries: the terms that parameters and paths become, as filters.
//!
//! Owns what each term means, and which texts would be found in everything. Which parameters there are is `query`'s and the
//! dialects'.

use super::fault::Fault;
use super::time::to_generalized;
use crate::directory::filter::{Assertion, Filter, Substrings};
use crate::directory::schema::{Rule, SubstringPiece};

/// What a parameter asks of an entry.
pub enum Term {
    /// An attribute has this value.
    Equal(&'static str),
    /// An attribute has one of these values.
    OneOf(&'static str),
    /// A value of an attribute contains the text; the empty one is in every value.
    Contains(&'static str),
    /// An attribute is there, or is not.
    Present(&'static str),
    /// A moment is before this one.
    Before(&'static str),
    /// A moment is after this one.
    After(&'static str),
    /// What the dialect makes of it.
    Made(fn(&str) -> Filter),
}

impl std::fmt::Debug for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Term")
    }
}

impl Term {
    /// The filter for the values that were given.
    pub fn filter(&self, values: &[String]) -> Filter {
        let value = values.first().map(String::as_str).unwrap_or_default();
        match self {
            Self::Equal(attribute) => equal(attribute, value),
            Self::OneOf(attribute) => {
                Filter::Or(values.iter().map(|value| equal(attribute, value)).collect())
            }
            Self::Contains(attribute) => contains(attribute, value),
            Self::Present(attribute) => {
                let present = present(attribute);
                if value == "true" {
                    present
                } else {
                    not(present)
                }
            }
            Self::Before(attribute) => beyond(attribute, value, Filter::LessOrEqual),
            Self::After(attribute) => beyond(attribute, value, Filter::GreaterOrEqual),
            Self::Made(make) => make(value),
        }
    }
}

/// An attribute has this value.
pub fn equal(attribute: &str, value: &str) -> Filter {
    Filter::Equality(assertion(attribute, value))
}

/// An attribute is there.
pub fn present(attribute: &str) -> Filter {
    Filter::Present(attribute.to_owned())
}

/// The opposite.
pub fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

/// What is asked of an attribute.
pub type Test<'a> = dyn Fn(&str) -> Filter + 'a;

/// What is asked of an attribute, and of another of those that lack it.
pub fn either(attribute: &str, otherwise: &str, test: &Test<'_>) -> Filter {
    let lacking = Filter::And(vec![not(present(attribute)), test(otherwise)]);
    Filter::Or(vec![test(attribute), lacking])
}

/// A value of an attribute contains a text.
pub fn contains(attribute: &str, value: &str) -> Filter {
    substrings(attribute, value, |piece| (None, vec![piece]))
}

/// A value of an attribute begins with a text.
pub fn begins(attribute: &str, value: &str) -> Filter {
    substrings(attribute, value, |piece| (Some(piece), Vec::new()))
}

fn substrings(
    attribute: &str,
    value: &str,
    split: impl FnOnce(Vec<u8>) -> (Option<Vec<u8>>, Vec<Vec<u8>>),
) -> Filter {
    if value.is_empty() {
        return present(attribute);
    }
    let (initial, any) = split(value.as_bytes().to_vec());
    Filter::Substrings(Substrings {
        attribute: attribute.to_owned(),
        initial,
        any,
        last: None,
    })
}

/// Strictly before or after a moment.
fn beyond(attribute: &str, value: &str, bound: fn(Assertion) -> Filter) -> Filter {
    let value = to_generalized(value).unwrap_or_default();
    let same = equal(attribute, &value);
    Filter::And(vec![bound(assertion(attribute, &value)), not(same)])
}

/// Whether anything of a text counts when a rule looks for it as a part of values, if it is not empty. Spaces and what is
/// not seen do not (RFC 4518 2.6), and would be found in every value.
pub fn counts(rule: Rule, text: &str) -> bool {
    let mut compared = Vec::new();
    let done = rule.normalize_substring(SubstringPiece::Any, text.as_bytes(), &mut compared);
    // What cannot be compared is found nowhere.
    done.is_err() || compared.iter().any(|byte| *byte != b' ')
}

/// Refuses a text of which nothing counts, as by [`counts`]; `what` names it.
///
/// # Errors
/// With that name.
pub fn must_count(rule: Rule, what: &str, text: &str) -> Result<(), Fault> {
    match counts(rule, text) {
        true => Ok(()),
        false => Err(Fault::invalid(format!(
            "{what}: has no character that counts, but spaces or what is not seen"
        ))),
    }
}

/// An attribute and what its values are compared with.
pub fn assertion(attribute: &str, value: &str) -> Assertion {
    Assertion {
        attribute: attribute.to_owned(),
        value: value.as_bytes().to_vec(),
    }
}
