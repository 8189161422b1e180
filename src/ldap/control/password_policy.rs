//! The password policy control (draft-behera-ldap-password-policy section 6): a client that sends it is told what the
//! policy has to do with an answer. And the two controls of Netscape's that are sent to all others with a bind
//! (draft-vchu-ldap-pwd-policy), which take no request.

use super::{Kind, to_sequence, without_value};
use crate::directory::Error;
use crate::directory::password::policy::{Denial, Notice, Refusal, Warning};
use crate::ldap::ber::{
    context, context_constructed, element_len, integer_element_len, put_element, put_header,
    put_integer,
};
use crate::ldap::message::Operation::{
    Add, Bind, Compare, Delete, Extended, Modify, ModifyDn, Search,
};
use crate::ldap::result::ResponseControl;

const OID: &str = "1.3.6.1.4.1.42.2.27.8.5.1";
/// The password has expired, or must be changed.
const NETSCAPE_EXPIRED: &str = "2.16.840.1.113730.3.4.4";
/// The password expires in so many seconds.
const NETSCAPE_EXPIRING: &str = "2.16.840.1.113730.3.4.5";

const WARNING: u8 = context_constructed(0);
const ERROR: u8 = context(1);
const TIME_BEFORE_EXPIRATION: u8 = context(0);
const GRACE_REMAINING: u8 = context(1);

pub(super) const KIND: Kind = Kind {
    oid: OID,
    operations: &[
        Bind, Search, Compare, Add, Modify, Delete, ModifyDn, Extended,
    ],
    read: |controls, control| {
        controls.policy = true;
        without_value(control)
    },
};

/// What the policy says of an answer (section 6.2).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyAnswer {
    warning: Option<Warning>,
    error: Option<PolicyError>,
}

/// Why, in the draft's numbers.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum PolicyError {
    PasswordExpired = 0,
    AccountLocked = 1,
    ChangeAfterReset = 2,
    PasswordModNotAllowed = 3,
    MustSupplyOldPassword = 4,
    InsufficientPasswordQuality = 5,
    PasswordTooShort = 6,
    PasswordTooYoung = 7,
    PasswordInHistory = 8,
    PasswordTooLong = 9,
}

impl PolicyAnswer {
    /// What a login that succeeded is told.
    pub fn of_notice(notice: Notice) -> PolicyAnswer {
        PolicyAnswer {
            warning: notice.warning,
            error: notice.must_change.then_some(PolicyError::ChangeAfterReset),
        }
    }

    /// What the policy has to do with an error; nothing with most.
    pub fn of_error(error: &Error) -> Option<PolicyAnswer> {
        let error = match error {
            Error::LoginRefused(Denial::Locked) => PolicyError::AccountLocked,
            Error::LoginRefused(Denial::Expired) => PolicyError::PasswordExpired,
            Error::PasswordRefused(refusal) => match refusal {
                Refusal::NotAllowed => PolicyError::PasswordModNotAllowed,
                Refusal::OldMissing => PolicyError::MustSupplyOldPassword,
                Refusal::ChangeFirst => PolicyError::ChangeAfterReset,
                Refusal::TooYoung => PolicyError::PasswordTooYoung,
                Refusal::Weak(_) => PolicyError::InsufficientPasswordQuality,
                Refusal::TooShort(_) => PolicyError::PasswordTooShort,
                Refusal::TooLong(_) => PolicyError::PasswordTooLong,
                Refusal::InHistory => PolicyError::PasswordInHistory,
            },
            _ => return None,
        };
        Some(PolicyAnswer {
            warning: None,
            error: Some(error),
        })
    }

    /// Why the policy refuses, in the draft's words; nothing where it only warns.
    pub fn reason(self) -> Option<&'static str> {
        Some(match self.error? {
            PolicyError::PasswordExpired => "passwordExpired",
            PolicyError::AccountLocked => "accountLocked",
            PolicyError::ChangeAfterReset => "changeAfterReset",
            PolicyError::PasswordModNotAllowed => "passwordModNotAllowed",
            PolicyError::MustSupplyOldPassword => "mustSupplyOldPassword",
            PolicyError::InsufficientPasswordQuality => "insufficientPasswordQuality",
            PolicyError::PasswordTooShort => "passwordTooShort",
            PolicyError::PasswordTooYoung => "passwordTooYoung",
            PolicyError::PasswordInHistory => "passwordInHistory",
            PolicyError::PasswordTooLong => "passwordTooLong",
        })
    }

    /// The control for a client that has sent its own.
    pub fn control(self) -> ResponseControl {
        let mut elements = Vec::new();
        if let Some(warning) = self.warning {
            let (tag, number) = match warning {
                Warning::Expires(seconds) => (TIME_BEFORE_EXPIRATION, seconds),
                Warning::Grace(left) => (GRACE_REMAINING, left),
            };
            let mut integer = Vec::new();
            put_tagged(&mut integer, tag, i32::try_from(number).unwrap_or(i32::MAX));
            put_element(&mut elements, WARNING, &integer);
        }
        if let Some(error) = self.error {
            put_tagged(&mut elements, ERROR, error as i32);
        }
        ResponseControl {
            oid: OID,
            value: to_sequence(&elements),
        }
    }

    /// The control for a client that has bound without asking, where there is something to say.
    pub fn netscape(self) -> Option<ResponseControl> {
        let expired = |value: &str| ResponseControl {
            oid: NETSCAPE_EXPIRED,
            value: Some(value.as_bytes().to_vec()),
        };
        match (self.error, self.warning) {
            (Some(PolicyError::ChangeAfterReset | PolicyError::PasswordExpired), _)
            | (None, Some(Warning::Grace(_))) => Some(expired("0")),
            (None, Some(Warning::Expires(seconds))) => Some(ResponseControl {
                oid: NETSCAPE_EXPIRING,
                value: Some(seconds.to_string().into_bytes()),
            }),
            _ => None,
        }
    }
}

/// Writes an integer under a tag of its context.
fn put_tagged(out: &mut Vec<u8>, tag: u8, value: i32) {
    let mut integer = Vec::new();
    put_integer(&mut integer, value);
    // A number of four octets at the most has a header of two.
    let content = integer.get(2..).unwrap_or_default();
    debug_assert_eq!(element_len(content.len()), integer_element_len(value));
    put_header(out, tag, content.len());
    out.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(answer: PolicyAnswer) -> Vec<u8> {
        answer.control().value.unwrap()
    }

    #[test]
    fn a_warning_and_an_error_are_written_as_the_draft_has_them() {
        assert_eq!(value(PolicyAnswer::default()), [0x30, 0]);
        let both = PolicyAnswer {
            warning: Some(Warning::Expires(300)),
            error: Some(PolicyError::ChangeAfterReset),
        };
        let expected = [0x30, 9, 0xa0, 4, 0x80, 2, 1, 44, 0x81, 1, 2];
        assert_eq!(value(both), expected);
        let grace = PolicyAnswer {
            warning: Some(Warning::Grace(0)),
            error: None,
        };
        assert_eq!(value(grace), [0x30, 5, 0xa0, 3, 0x81, 1, 0]);
        let large = PolicyAnswer {
            warning: Some(Warning::Expires(u32::MAX)),
            error: None,
        };
        let expected = [0x30, 8, 0xa0, 6, 0x80, 4, 0x7f, 0xff, 0xff, 0xff];
        assert_eq!(value(large), expected);
    }

    #[test]
    fn every_refusal_has_its_number() {
        let number = |error: Error| {
            let answer = PolicyAnswer::of_error(&error)?;
            value(answer).last().copied()
        };
        for (error, expected) in [
            (Error::LoginRefused(Denial::Expired), 0),
            (Error::LoginRefused(Denial::Locked), 1),
            (Error::PasswordRefused(Refusal::ChangeFirst), 2),
            (Error::PasswordRefused(Refusal::NotAllowed), 3),
            (Error::PasswordRefused(Refusal::OldMissing), 4),
            (Error::PasswordRefused(Refusal::Weak(String::new())), 5),
            (Error::PasswordRefused(Refusal::TooShort(8)), 6),
            (Error::PasswordRefused(Refusal::TooYoung), 7),
            (Error::PasswordRefused(Refusal::InHistory), 8),
            (Error::PasswordRefused(Refusal::TooLong(8)), 9),
        ] {
            assert_eq!(number(error), Some(expected));
        }
        assert_eq!(number(Error::InvalidCredentials), None);
    }

    #[test]
    fn clients_that_do_not_ask_learn_of_expiry_and_of_no_lock() {
        let of = |error| PolicyAnswer::of_error(&Error::LoginRefused(error)).unwrap();
        let expired = of(Denial::Expired).netscape().unwrap();
        assert_eq!(
            (expired.oid, expired.value),
            (NETSCAPE_EXPIRED, Some(b"0".to_vec()))
        );
        assert_eq!(of(Denial::Locked).netscape(), None);
        let near = PolicyAnswer::of_notice(Notice {
            warning: Some(Warning::Expires(60)),
            must_change: false,
        });
        let near = near.netscape().unwrap();
        assert_eq!(
            (near.oid, near.value),
            (NETSCAPE_EXPIRING, Some(b"60".to_vec()))
        );
        assert_eq!(PolicyAnswer::default().netscape(), None);
    }
}
