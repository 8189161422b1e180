//! From an outcome of the directory to a result code, matched name and text (RFC 4511 section 4.1.9 and appendix A).
//!
//! Owns the table, exhaustive on purpose: a new outcome does not compile until it has a code.

use bytes::BytesMut;

use super::codec::{ControlOut, LdapResult, write_result};
use super::control::Controls;
use super::control::password_policy::PolicyAnswer;
use super::message::{ResponseTag, ResultCode};
use crate::directory::Error;
use crate::directory::password::policy::Refusal;

/// How an operation ended, as it goes onto the wire.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The result code.
    pub code: ResultCode,
    /// The last entry or alias on the way to the one that was named, or empty.
    pub matched: String,
    /// For people, or empty.
    pub text: String,
    /// Where else to ask; URIs.
    pub referral: Vec<String>,
    /// What the password policy has to do with it; told to clients that ask.
    pub policy: Option<PolicyAnswer>,
    /// What the request's controls answer.
    pub controls: Vec<ResponseControl>,
}

/// A control of a response (RFC 4511 section 4.1.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseControl {
    /// The OID of its type.
    pub oid: &'static str,
    /// Its content, of a form that its type defines.
    pub value: Option<Vec<u8>>,
}

impl Answer {
    /// A code without words.
    pub fn new(code: ResultCode) -> Self {
        Self::because(code, "")
    }

    /// A code with its reason.
    pub fn because(code: ResultCode, text: impl Into<String>) -> Self {
        Self {
            code,
            matched: String::new(),
            text: text.into(),
            referral: Vec::new(),
            policy: None,
            controls: Vec::new(),
        }
    }

    /// The answer for a client that has sent these controls.
    pub fn with_policy(mut self, asked: &Controls) -> Self {
        if let Some(policy) = self.policy.filter(|_| asked.policy) {
            self.controls.push(policy.control());
        }
        self
    }

    /// The result as the codec takes it.
    pub fn result(&self) -> LdapResult<'_> {
        LdapResult {
            matched_dn: &self.matched,
            text: &self.text,
            referral: &self.referral,
            code: self.code,
        }
    }

    /// The controls as the codec takes them.
    pub fn controls(&self) -> Vec<ControlOut<'_>> {
        let controls = self.controls.iter().map(|control| ControlOut {
            oid: control.oid,
            value: control.value.as_deref(),
        });
        controls.collect()
    }

    /// Writes a response that consists of the result alone.
    pub fn write(&self, out: &mut BytesMut, id: i32, tag: ResponseTag) {
        write_result(out, id, tag, &self.result(), &self.controls());
    }
}

impl From<Error> for Answer {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::NoSuchObject { .. } | Error::OutsideSuffixes => ResultCode::NoSuchObject,
            Error::Referral { .. } => ResultCode::Referral,
            Error::AffectsMultipleServers(_) => ResultCode::AffectsMultipleDsas,
            Error::AssertionFailed => ResultCode::AssertionFailed,
            Error::NoOperation => ResultCode::NoOperation,
            Error::AuthorizationDenied => ResultCode::AuthorizationDenied,
            Error::EntryAlreadyExists => ResultCode::EntryAlreadyExists,
            Error::NamingViolation(_) => ResultCode::NamingViolation,
            Error::UndefinedAttributeType(_) => ResultCode::UndefinedAttributeType,
            Error::InvalidAttributeSyntax(_) => ResultCode::InvalidAttributeSyntax,
            Error::ObjectClassViolation(_) => ResultCode::ObjectClassViolation,
            Error::ObjectClassModsProhibited(_) => ResultCode::ObjectClassModsProhibited,
            Error::ConstraintViolation(_) | Error::NotUnique(_) => ResultCode::ConstraintViolation,
            Error::AttributeOrValueExists(_) => ResultCode::AttributeOrValueExists,
            Error::NoSuchAttribute(_) => ResultCode::NoSuchAttribute,
            Error::InappropriateMatching(_) => ResultCode::InappropriateMatching,
            Error::NotAllowedOnRdn(_) => ResultCode::NotAllowedOnRdn,
            Error::NotAllowedOnNonLeaf => ResultCode::NotAllowedOnNonLeaf,
            Error::AliasProblem { .. } => ResultCode::AliasProblem,
            Error::InsufficientAccess | Error::LoginNeeded => ResultCode::InsufficientAccessRights,
            Error::InvalidCredentials | Error::LoginRefused(_) => ResultCode::InvalidCredentials,
            Error::PasswordRefused(refusal) => match refusal {
                Refusal::NotAllowed | Refusal::OldMissing | Refusal::ChangeFirst => {
                    ResultCode::InsufficientAccessRights
                }
                Refusal::TooYoung
                | Refusal::Weak(_)
                | Refusal::TooShort(_)
                | Refusal::TooLong(_)
                | Refusal::InHistory => ResultCode::ConstraintViolation,
            },
            Error::EmptyPassword | Error::UnwillingToPerform(_) => ResultCode::UnwillingToPerform,
            Error::CannotSort(_) => ResultCode::UnavailableCriticalExtension,
            Error::NoWindow(_) => ResultCode::VirtualListViewError,
            Error::SizeLimitExceeded => ResultCode::SizeLimitExceeded,
            Error::TimeLimitExceeded => ResultCode::TimeLimitExceeded,
            Error::AdminLimitExceeded(_) => ResultCode::AdminLimitExceeded,
            Error::Busy(_) => ResultCode::Busy,
            Error::Unavailable(_) => ResultCode::Unavailable,
        };
        let text = error.to_string();
        let policy = PolicyAnswer::of_error(&error);
        let (matched, referral) = match error {
            Error::NoSuchObject { matched } | Error::AliasProblem { matched, .. } => {
                (matched, Vec::new())
            }
            Error::Referral { matched, uris } => (matched, uris),
            _ => (String::new(), Vec::new()),
        };
        Self {
            matched,
            referral,
            policy,
            ..Self::because(code, text)
        }
    }
}
