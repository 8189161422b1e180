//! Definitions of attribute types and object classes as text (RFC 4512 4.1): reading one, writing one.
//!
//! Names in a definition are kept as written; what they refer to is found out in `resolve`. Files of
//! definitions are read in `load`.

mod error;
mod lexer;
mod macros;
mod parse;
pub(super) mod print;

pub use error::{DefinitionError, DefinitionKind, DefinitionProblem};
pub use macros::OidMacros;

use super::attribute_type::Usage;
use super::object_class::ClassKind;

/// An AttributeTypeDescription (RFC 4512 4.1.2), names unresolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeTypeDefinition {
    /// The numeric object identifier.
    pub oid: String,
    /// NAME
    pub names: Vec<String>,
    /// DESC
    pub description: Option<String>,
    /// OBSOLETE
    pub obsolete: bool,
    /// SUP
    pub superior: Option<String>,
    /// EQUALITY
    pub equality: Option<String>,
    /// ORDERING
    pub ordering: Option<String>,
    /// SUBSTR
    pub substrings: Option<String>,
    /// The object identifier in SYNTAX
    pub syntax: Option<String>,
    /// The number in braces after it
    pub syntax_bound: Option<u32>,
    /// SINGLE-VALUE
    pub single_value: bool,
    /// COLLECTIVE
    pub collective: bool,
    /// NO-USER-MODIFICATION
    pub no_user_modification: bool,
    /// USAGE
    pub usage: Usage,
    /// What begins with X-
    pub extensions: Vec<Extension>,
}

/// An ObjectClassDescription (RFC 4512 4.1.1), names unresolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectClassDefinition {
    /// The numeric object identifier.
    pub oid: String,
    /// NAME
    pub names: Vec<String>,
    /// DESC
    pub description: Option<String>,
    /// OBSOLETE
    pub obsolete: bool,
    /// SUP
    pub superiors: Vec<String>,
    /// ABSTRACT, STRUCTURAL or AUXILIARY
    pub kind: ClassKind,
    /// MUST
    pub must: Vec<String>,
    /// MAY
    pub may: Vec<String>,
    /// What begins with X-
    pub extensions: Vec<Extension>,
}

/// A private term of a definition and its values, such as `X-ORIGIN 'RFC 4512'`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The term, with its `X-`.
    pub name: String,
    /// Its values, unquoted.
    pub values: Vec<String>,
}

#[cfg(test)]
mod tests;
