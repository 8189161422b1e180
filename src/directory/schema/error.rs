//! Why definitions are not taken into the schema.

use super::definition::{DefinitionError, DefinitionKind, DefinitionProblem};
use std::fmt;

/// Where a definition comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// What the caller called the text: the name of a file, as a rule.
    pub source: String,
    /// The line, counted from 1.
    pub line: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.source, self.line)
    }
}

/// Why definitions were refused. None of the text they came in was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    /// Where.
    pub origin: Origin,
    /// Why.
    pub problem: SchemaProblem,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.problem)
    }
}

impl std::error::Error for SchemaError {}

/// What is wrong with the definitions of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaProblem {
    /// The text is not LDIF.
    Ldif(&'static str),
    /// An attribute that is not a definition and would be lost.
    Unsupported(String),
    /// The definition cannot be read.
    Malformed(DefinitionError),
    /// An object identifier macro cannot be read.
    MalformedMacro(DefinitionProblem),
    /// The definition cannot be taken into the schema.
    Refused {
        /// What is defined.
        kind: DefinitionKind,
        /// Its first name, or its object identifier.
        name: String,
        /// Why it is refused.
        refusal: Refusal,
    },
}

/// Why a well-formed definition cannot be taken into the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Something it names is defined nowhere.
    Unknown {
        /// The keyword before the name.
        keyword: &'static str,
        /// The name.
        name: String,
    },
    /// A matching rule of another kind than the keyword asks for.
    WrongRule {
        /// The keyword before the name.
        keyword: &'static str,
        /// The name.
        name: String,
    },
    /// It is its own superior, by way of others or directly.
    Cycle,
    /// One of its names is another definition's.
    NameTaken {
        /// The name that both have.
        name: String,
        /// The object identifier of the other.
        by: String,
    },
    /// It is defined already and means something else there.
    Different(&'static str),
    /// Its usage is not that of its supertype (RFC 4512 2.5.1).
    UsageOfSupertype(String),
    /// A class of its kind cannot derive from that class (RFC 4512 2.4).
    KindOfSuperclass(String),
    /// More definitions than the schema can number.
    TooMany,
}

impl fmt::Display for SchemaProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ldif(reason) => f.write_str(reason),
            Self::Unsupported(attribute) => write!(
                f,
                "{attribute} is not supported here; attributeTypes, objectClasses and \
                 olcObjectIdentifier are"
            ),
            Self::Malformed(error) => error.fmt(f),
            Self::MalformedMacro(problem) => write!(f, "object identifier macro: {problem}"),
            Self::Refused {
                kind,
                name,
                refusal,
            } => write!(f, "{kind} {name}: {refusal}"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { keyword, name } => {
                write!(f, "{keyword} names {name}, which is not defined")
            }
            Self::WrongRule { keyword, name } => {
                write!(f, "{name} is not a matching rule for {keyword}")
            }
            Self::Cycle => f.write_str("SUP leads back to it"),
            Self::NameTaken { name, by } => write!(f, "the name {name} belongs to {by}"),
            Self::Different(what) => write!(
                f,
                "it is defined already, with another {what}; leave it out, or give it an object \
                 identifier and a name of its own"
            ),
            Self::UsageOfSupertype(name) => {
                write!(f, "USAGE is not that of its supertype {name}")
            }
            Self::KindOfSuperclass(name) => {
                write!(f, "a class of this kind cannot derive from {name}")
            }
            Self::TooMany => f.write_str("there are more than 65,535 definitions"),
        }
    }
}
