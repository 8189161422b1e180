//! Every way in which the directory says no: one variant an outcome, safe to show to the client that asked.
//!
//! It owns no protocol codes: each face has a table of its own, exhaustive, so that a new outcome does not compile
//! until every face answers it.

use super::password::policy::{Denial, Refusal};
use super::search::order::CannotSort;
use super::search::window::WindowFault;

/// Why the directory did not do what was asked. The text names what was wrong and where, never a secret and never
/// what the asker may not see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The entry does not exist, or the asker may not know that it does.
    NoSuchObject {
        /// The nearest entry above it that exists and that the asker may see; empty for none.
        matched: String,
    },
    /// Another server holds the entry (RFC 3296).
    Referral {
        /// The referral object.
        matched: String,
        /// Where to ask, at least one.
        uris: Vec<String>,
    },
    /// The change would reach beyond one server or suffix.
    AffectsMultipleServers(String),
    /// What the request asserts is not true of the entry (RFC 4528).
    AssertionFailed,
    /// The change would be made, had it not been asked for as a trial.
    NoOperation,
    /// The asker may not act for the identity, or there is no such identity (RFC 4370).
    AuthorizationDenied,
    /// An entry of that name is there already.
    EntryAlreadyExists,
    /// The name is not within any suffix of this directory.
    OutsideSuffixes,
    /// The name of an entry is not well formed, or not one that an entry may have.
    NamingViolation(String),
    /// A description names no attribute type of the schema.
    UndefinedAttributeType(String),
    /// A value is not of its attribute's syntax.
    InvalidAttributeSyntax(String),
    /// The entry would break its object classes.
    ObjectClassViolation(String),
    /// The structural class of an entry cannot change.
    ObjectClassModsProhibited(String),
    /// A rule of the schema other than the above would be broken.
    ConstraintViolation(String),
    /// Another entry has the value of an attribute that is unique.
    NotUnique(String),
    /// The value is there already.
    AttributeOrValueExists(String),
    /// The attribute or value to remove is not there.
    NoSuchAttribute(String),
    /// The attribute has no rule for what was asked of it.
    InappropriateMatching(String),
    /// A value that is part of the entry's name cannot be removed so.
    NotAllowedOnRdn(String),
    /// The entry has others below it.
    NotAllowedOnNonLeaf,
    /// An alias points nowhere, or in a circle.
    AliasProblem {
        /// The alias.
        matched: String,
        /// What is wrong with it.
        text: String,
    },
    /// The asker may not do this.
    InsufficientAccess,
    /// It takes a login, and an access token asks.
    LoginNeeded,
    /// The name or the password is wrong; which of them is not told.
    InvalidCredentials,
    /// The password is right, or that is not looked at any more, but the account may not log in; told like a wrong one.
    LoginRefused(Denial),
    /// The new password is not taken.
    PasswordRefused(Refusal),
    /// A bind with a name and an empty password (RFC 4513 section 5.1.2).
    EmptyPassword,
    /// The entries cannot come in the order that the search requires.
    CannotSort(CannotSort),
    /// There is no window of the kind that the search asks for.
    NoWindow(WindowFault),
    /// The search found more entries than it may return.
    SizeLimitExceeded,
    /// The search took longer than it may.
    TimeLimitExceeded,
    /// A limit of the server, named in the text.
    AdminLimitExceeded(String),
    /// Too much is under way; the same request may go through later.
    Busy(&'static str),
    /// The server refuses to do it; the text says why.
    UnwillingToPerform(String),
    /// The store failed; nothing was changed. The text says what the administrator can do.
    Unavailable(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSuchObject { .. } => f.write_str("no such entry"),
            Self::Referral { .. } => f.write_str("another server holds the entry"),
            Self::AssertionFailed => f.write_str("the assertion is not true of the entry"),
            Self::NoOperation => f.write_str("the change could be made; nothing was changed"),
            Self::AuthorizationDenied => f.write_str("acting for that identity is not allowed"),
            Self::EntryAlreadyExists => f.write_str("an entry of that name exists"),
            Self::OutsideSuffixes => f.write_str("the name is not below any suffix of this server"),
            Self::NotAllowedOnNonLeaf => f.write_str("the entry has entries below it"),
            Self::InsufficientAccess => f.write_str("the access rules do not allow it"),
            Self::LoginNeeded => f.write_str(
                "an access token makes and changes no tokens, passwords, keys and second factors; log in for that",
            ),
            Self::InvalidCredentials | Self::LoginRefused(_) => f.write_str("invalid credentials"),
            Self::PasswordRefused(refusal) => refusal.fmt(f),
            Self::EmptyPassword => {
                f.write_str("a name with an empty password is refused: send both or neither")
            }
            Self::CannotSort(cause) => cause.fmt(f),
            Self::NoWindow(cause) => cause.fmt(f),
            Self::SizeLimitExceeded => f.write_str("more entries match than may be returned"),
            Self::TimeLimitExceeded => f.write_str("the search took longer than allowed"),
            Self::Busy(what) => write!(f, "busy: {what}; try again"),
            Self::NamingViolation(text)
            | Self::UndefinedAttributeType(text)
            | Self::InvalidAttributeSyntax(text)
            | Self::ObjectClassViolation(text)
            | Self::ObjectClassModsProhibited(text)
            | Self::ConstraintViolation(text)
            | Self::NotUnique(text)
            | Self::AttributeOrValueExists(text)
            | Self::NoSuchAttribute(text)
            | Self::InappropriateMatching(text)
            | Self::NotAllowedOnRdn(text)
            | Self::AliasProblem { text, .. }
            | Self::AffectsMultipleServers(text)
            | Self::AdminLimitExceeded(text)
            | Self::UnwillingToPerform(text)
            | Self::Unavailable(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}
