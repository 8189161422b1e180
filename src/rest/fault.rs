//! Why a request is not answered as asked, whatever the dialect.
//!
//! Owns the table from the directory's outcomes to kinds of HTTP answers, exhaustive on purpose: a new outcome does not
//! compile until it has one. How a kind looks in the body is the dialect's.

use axum::http::StatusCode;
use serde_json::Value;

use crate::directory::Error;
use crate::directory::password::policy::Refusal;
use crate::directory::search::window::WindowFault;

/// What is wrong, as far as the status says it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request is malformed, or asks for what cannot be.
    Invalid,
    /// Nobody has logged in, or the login is not valid.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// There is, but it cannot be done to it.
    MethodNotAllowed,
    /// It would take what is another's.
    Conflict,
    /// It is not in the state that the request names.
    PreconditionFailed,
    /// The body is too long.
    TooLarge,
    /// The body is not of a type that is understood.
    UnsupportedType,
    /// Too many requests.
    TooMany,
    /// It cannot be done now.
    Unavailable,
}

impl Kind {
    /// The status of the answer.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Invalid => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// A refusal, safe to show to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of refusal.
    pub kind: Kind,
    /// What is wrong and where.
    pub text: String,
    /// Members that the body has beside those that every refusal has, where the dialect has words for this one.
    pub more: Option<Value>,
}

impl Fault {
    /// A refusal of a kind.
    pub fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            more: None,
        }
    }

    /// The same, told with these members of an object.
    pub fn with(self, more: Value) -> Self {
        Self {
            more: Some(more),
            ..self
        }
    }

    /// The request is wrong.
    pub fn invalid(text: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, text)
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("there is no such {what}"))
    }

    /// The caller may not.
    pub fn forbidden(text: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, text)
    }

    /// The one answer to every login that fails.
    pub fn login() -> Self {
        Self::new(Kind::Unauthenticated, "the name or the password is wrong")
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NoSuchObject { .. } | Error::OutsideSuffixes | Error::Referral { .. } => {
                Kind::NotFound
            }
            Error::AssertionFailed => Kind::PreconditionFailed,
            Error::EntryAlreadyExists | Error::AttributeOrValueExists(_) | Error::NotUnique(_) => {
                Kind::Conflict
            }
            Error::InsufficientAccess | Error::AuthorizationDenied | Error::LoginNeeded => {
                Kind::Forbidden
            }
            Error::InvalidCredentials | Error::LoginRefused(_) => return Self::login(),
            Error::PasswordRefused(refusal) => match refusal {
                Refusal::NotAllowed | Refusal::ChangeFirst => Kind::Forbidden,
                Refusal::OldMissing
                | Refusal::TooYoung
                | Refusal::Weak(_)
                | Refusal::TooShort(_)
                | Refusal::TooLong(_)
                | Refusal::InHistory => Kind::Invalid,
            },
            Error::NoWindow(WindowFault::Context) => {
                let text = "page[after]: it was not given for this list to this caller since the server started, or is older than a day; begin again without it";
                return Self::invalid(text);
            }
            Error::AffectsMultipleServers(_)
            | Error::NoOperation
            | Error::NamingViolation(_)
            | Error::UndefinedAttributeType(_)
            | Error::InvalidAttributeSyntax(_)
            | Error::ObjectClassViolation(_)
            | Error::ObjectClassModsProhibited(_)
            | Error::ConstraintViolation(_)
            | Error::NoSuchAttribute(_)
            | Error::InappropriateMatching(_)
            | Error::NotAllowedOnRdn(_)
            | Error::NotAllowedOnNonLeaf
            | Error::AliasProblem { .. }
            | Error::EmptyPassword
            | Error::CannotSort(_)
            | Error::NoWindow(_)
            | Error::AdminLimitExceeded(_)
            | Error::UnwillingToPerform(_) => Kind::Invalid,
            Error::SizeLimitExceeded
            | Error::TimeLimitExceeded
            | Error::Busy(_)
            | Error::Unavailable(_) => Kind::Unavailable,
        };
        Self::new(kind, error.to_string())
    }
}
