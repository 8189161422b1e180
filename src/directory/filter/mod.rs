//! The search filter as a tree (RFC 4511 section 4.5.1.7).
//!
//! There is one such tree; every protocol and dialect translates into it. This file owns the tree.
//! Its string form (RFC 4515) is read by [`parse`] and written by `Display`. What attribute names
//! and values mean under a schema is not decided here: a tree holds what the client sent.

mod chain;
pub mod evaluate;
pub mod exact;
mod normalized;
pub mod parse;
pub mod plan;
mod print;
pub mod resolve;

pub use parse::{FilterError, FilterFault};

/// A search filter, as sent: names unresolved, values not normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// True when every part is true. Without parts: always true (RFC 4526).
    And(Vec<Filter>),
    /// True when some part is true. Without parts: always false (RFC 4526).
    Or(Vec<Filter>),
    /// True when the part is false; undefined stays undefined.
    Not(Box<Filter>),
    /// A value equals the assertion.
    Equality(Assertion),
    /// A value contains the pieces in order.
    Substrings(Substrings),
    /// A value is equal to the assertion or ordered after it.
    GreaterOrEqual(Assertion),
    /// A value is equal to the assertion or ordered before it.
    LessOrEqual(Assertion),
    /// The attribute with this description has a value.
    Present(String),
    /// A value is about the same as the assertion.
    Approx(Assertion),
    /// A value matches under a named rule.
    Extensible(Extensible),
}

impl Filter {
    /// The deepest tree that anything which builds one from a client's bytes may build; a filter
    /// without parts has depth 1. This bounds every recursion over a tree, dropping it included.
    pub const MAX_DEPTH: usize = 100;
}

/// An attribute description and the value it is compared with (`AttributeValueAssertion`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The attribute description with its options, as sent.
    pub attribute: String,
    /// The assertion value, any bytes.
    pub value: Vec<u8>,
}

/// The pieces of a substring filter (`SubstringFilter`). There is at least one piece, and none is
/// empty (RFC 4517 section 3.3.30).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substrings {
    /// The attribute description with its options, as sent.
    pub attribute: String,
    /// What the value starts with.
    pub initial: Option<Vec<u8>>,
    /// What follows, in this order and without overlap.
    pub any: Vec<Vec<u8>>,
    /// What the value ends with (`final` in the RFC).
    pub last: Option<Vec<u8>>,
}

/// An extensible match (`MatchingRuleAssertion`). At least one of rule and attribute is present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extensible {
    /// The matching rule, a name or an OID; the equality rule of the attribute when absent.
    pub rule: Option<String>,
    /// The attribute description; every attribute that the rule applies to when absent.
    pub attribute: Option<String>,
    /// The assertion value, any bytes.
    pub value: Vec<u8>,
    /// Whether the attributes of the entry's DN are compared too.
    pub dn_attributes: bool,
}
