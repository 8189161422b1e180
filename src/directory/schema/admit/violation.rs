//! What an entry can do wrong.

use crate::directory::schema::rule::{InvalidValue, MAX_EFFORT};
use std::fmt;

/// Why an entry may not be stored. Attributes and classes are named, values only counted (from 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// There is no objectClass.
    NoObjectClass,
    /// A value of objectClass names no class.
    UnknownClass {
        /// Which value.
        position: usize,
        /// The class it names, when it has the form of a name or an object identifier.
        class: Option<String>,
    },
    /// No structural class among the classes (RFC 4512 2.4.2).
    NoStructuralClass,
    /// Two structural classes of which neither derives from the other.
    SeveralStructuralClasses {
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// An abstract class from which no other class of the entry derives (RFC 4512 2.4.1).
    AbstractClass {
        /// The class.
        class: String,
    },
    /// A class requires an attribute that is not there.
    MissingAttribute {
        /// The class.
        class: String,
        /// The attribute.
        attribute: String,
    },
    /// No class of the entry allows the attribute.
    ForbiddenAttribute {
        /// The attribute.
        attribute: String,
    },
    /// The attribute type or an option of it is not known.
    UndefinedAttribute {
        /// The attribute.
        attribute: String,
    },
    /// A value is not of the attribute's syntax, or cannot be compared by its equality rule, even with itself (RFC
    /// 4512 2.2).
    InvalidValue {
        /// The attribute.
        attribute: String,
        /// Which value.
        position: usize,
        /// Why.
        reason: InvalidValue,
    },
    /// Comparing the text of the entry would take too long.
    TooMuchText,
    /// An attribute without values.
    NoValues {
        /// The attribute.
        attribute: String,
    },
    /// More than one value of an attribute that has one at most.
    SeveralValues {
        /// The attribute.
        attribute: String,
    },
    /// A value that is equal to an earlier one.
    EqualValues {
        /// The attribute.
        attribute: String,
        /// Which value.
        position: usize,
    },
    /// A value of the RDN is not a value of the entry.
    NameNotInEntry {
        /// The attribute.
        attribute: String,
    },
    /// The RDN uses an attribute type that has no equality rule (RFC 4512 2.5.1).
    NotForNaming {
        /// The attribute.
        attribute: String,
    },
}

/// The kinds of violation that a protocol tells apart (RFC 4511 appendix A.2).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ViolationKind {
    /// objectClassViolation
    ObjectClass,
    /// undefinedAttributeType
    UndefinedAttributeType,
    /// invalidAttributeSyntax
    InvalidAttributeSyntax,
    /// constraintViolation
    Constraint,
    /// attributeOrValueExists
    AttributeOrValueExists,
    /// namingViolation
    Naming,
}

impl Violation {
    /// The kind of the violation.
    pub fn kind(&self) -> ViolationKind {
        match self {
            Self::NoObjectClass
            | Self::UnknownClass { .. }
            | Self::NoStructuralClass
            | Self::SeveralStructuralClasses { .. }
            | Self::AbstractClass { .. }
            | Self::MissingAttribute { .. }
            | Self::ForbiddenAttribute { .. } => ViolationKind::ObjectClass,
            Self::UndefinedAttribute { .. } => ViolationKind::UndefinedAttributeType,
            Self::InvalidValue { .. } => ViolationKind::InvalidAttributeSyntax,
            Self::TooMuchText | Self::NoValues { .. } | Self::SeveralValues { .. } => {
                ViolationKind::Constraint
            }
            Self::EqualValues { .. } => ViolationKind::AttributeOrValueExists,
            Self::NameNotInEntry { .. } | Self::NotForNaming { .. } => ViolationKind::Naming,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObjectClass => f.write_str("the entry has no objectClass"),
            Self::UnknownClass { position, class } => {
                write!(f, "value {position} of objectClass is not a defined class")?;
                class.iter().try_for_each(|class| write!(f, ": {class}"))
            }
            Self::NoStructuralClass => f.write_str("the entry has no structural object class"),
            Self::SeveralStructuralClasses { first, second } => write!(
                f,
                "{first} and {second} are both structural and neither derives from the other"
            ),
            Self::AbstractClass { class } => write!(
                f,
                "the class {class} is abstract and no class of the entry derives from it"
            ),
            Self::MissingAttribute { class, attribute } => {
                write!(f, "the class {class} requires {attribute}")
            }
            Self::ForbiddenAttribute { attribute } => {
                write!(f, "no class of the entry allows {attribute}")
            }
            Self::UndefinedAttribute { attribute } => {
                write!(
                    f,
                    "{attribute} is not a defined attribute with known options"
                )
            }
            Self::InvalidValue {
                attribute,
                position,
                reason,
            } => write!(f, "value {position} of {attribute} is invalid: {reason}"),
            Self::TooMuchText => write!(
                f,
                "the entry would have more than {MAX_EFFORT} characters beyond ASCII to compare"
            ),
            Self::NoValues { attribute } => write!(f, "{attribute} has no values"),
            Self::SeveralValues { attribute } => {
                write!(f, "{attribute} can have one value only")
            }
            Self::EqualValues {
                attribute,
                position,
            } => write!(f, "value {position} of {attribute} equals an earlier one"),
            Self::NameNotInEntry { attribute } => write!(
                f,
                "the value of {attribute} in the name is not among those of the entry"
            ),
            Self::NotForNaming { attribute } => write!(
                f,
                "{attribute} cannot be part of a name: it has no equality rule"
            ),
        }
    }
}

impl std::error::Error for Violation {}
