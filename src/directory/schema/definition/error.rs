//! What can be wrong with the text of a definition.

use std::fmt;

/// What is being defined.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum DefinitionKind {
    /// An attribute type.
    AttributeType,
    /// An object class.
    ObjectClass,
}

impl fmt::Display for DefinitionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AttributeType => "attribute type",
            Self::ObjectClass => "object class",
        })
    }
}

/// Why a text is not a definition, of what, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionError {
    /// What the text was to define.
    pub kind: DefinitionKind,
    /// Its first name, or its object identifier, as far as the text got.
    pub name: Option<String>,
    /// The offset in the text, in bytes, of the word that is wrong.
    pub position: usize,
    /// What is wrong.
    pub problem: DefinitionProblem,
}

/// What is wrong with the text of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefinitionProblem {
    /// Something else stands where the definition goes on.
    Expected(&'static str),
    /// The text ends before the closing parenthesis.
    Unclosed,
    /// A quoted string has no end.
    UnclosedQuote,
    /// There is text after the closing parenthesis.
    TextAfterEnd,
    /// Not a numeric object identifier, nor a macro that was defined before.
    NotAnOid(String),
    /// Not a short name: a letter, then letters, digits and hyphens.
    NotADescriptor(String),
    /// A keyword that this kind of definition does not have.
    UnknownKeyword(String),
    /// A keyword given twice.
    Repeated(String),
    /// The number in braces after the syntax is none, or too large.
    InvalidBound(String),
    /// Not one of the four usages.
    UnknownUsage(String),
    /// An attribute type with neither SUP nor SYNTAX.
    NoSyntax,
    /// COLLECTIVE on an operational attribute type.
    CollectiveOperational,
    /// NO-USER-MODIFICATION on a user attribute type.
    UnmodifiableUserAttribute,
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        write!(f, ", byte {}: {}", self.position, self.problem)
    }
}

impl fmt::Display for DefinitionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(what) => write!(f, "expected {what}"),
            Self::Unclosed => f.write_str("the closing parenthesis is missing"),
            Self::UnclosedQuote => f.write_str(
                "a quoted string does not end (an apostrophe inside one is written \\27)",
            ),
            Self::TextAfterEnd => f.write_str("there is text after the closing parenthesis"),
            Self::NotAnOid(text) => write!(
                f,
                "{text:?} is neither a numeric object identifier nor a macro defined before it"
            ),
            Self::NotADescriptor(text) => write!(
                f,
                "{text:?} is not a name: a letter, then letters, digits and hyphens"
            ),
            Self::UnknownKeyword(text) => write!(f, "{text:?} is not a keyword"),
            Self::Repeated(text) => write!(f, "{text} is given twice"),
            Self::InvalidBound(text) => {
                write!(f, "{text:?} is not a syntax with a length in braces")
            }
            Self::UnknownUsage(text) => write!(
                f,
                "{text:?} is not a usage: userApplications, directoryOperation, \
                 distributedOperation or dSAOperation"
            ),
            Self::NoSyntax => f.write_str("it needs SYNTAX, or SUP to inherit one"),
            Self::CollectiveOperational => {
                f.write_str("COLLECTIVE is for user attributes (USAGE userApplications) only")
            }
            Self::UnmodifiableUserAttribute => {
                f.write_str("NO-USER-MODIFICATION is for operational attributes only: give a USAGE")
            }
        }
    }
}

impl std::error::Error for DefinitionError {}
