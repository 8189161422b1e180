//! The operations, one file each; `Session::perform` has the one line for each of them.

pub mod administration;
pub mod bind;
pub mod cancel;
pub mod compare;
pub mod extended;
pub mod password_modify;
pub mod search;
pub mod update;

/// StartTLS (RFC 4511 section 4.14).
pub const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// Who am I? (RFC 4532).
pub const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
/// Password Modify (RFC 3062).
pub const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";
/// Cancel (RFC 3909).
pub const CANCEL: &str = "1.3.6.1.1.8";

/// The extended operations that work.
pub const EXTENSIONS: &[&str] = &[START_TLS, WHO_AM_I, PASSWORD_MODIFY, CANCEL];

/// The elective features that work: all operational attributes (RFC 3673), attributes by class (RFC 4529), absolute true
/// and false filters (RFC 4526), language tags (RFC 3866), modify-increment (RFC 4525).
pub const FEATURES: &[&str] = &[
    "1.3.6.1.4.1.4203.1.5.1",
    "1.3.6.1.4.1.4203.1.5.2",
    "1.3.6.1.4.1.4203.1.5.3",
    "1.3.6.1.4.1.4203.1.5.4",
    "1.3.6.1.1.14",
];

use super::message::ResultCode;
use super::result::Answer;
use crate::directory::dn::{Dn, DnError};

/// Reads a name that a request carries.
pub(super) fn name(text: &str) -> Result<Dn, Answer> {
    Dn::parse(text).map_err(no_name)
}

fn no_name(error: DnError) -> Answer {
    Answer::because(ResultCode::InvalidDnSyntax, format!("not a DN: {error}"))
}
