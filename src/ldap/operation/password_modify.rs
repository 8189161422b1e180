//! Password Modify (RFC 3062): the request's carriage and its answer. What is done is the directory's.

use bytes::BytesMut;

use super::{bind, name};
use crate::directory::error::Error;
use crate::directory::password::Secret;
use crate::directory::password_change::{Changed, PasswordChange, Whose};
use crate::ldap::audit::Subject;
use crate::ldap::ber::{
    Fault, ReadError, Reader, SEQUENCE, context, element_len, put_element, put_header,
};
use crate::ldap::codec::write_extended_response;
use crate::ldap::message::ResultCode;
use crate::ldap::result::Answer;
use crate::ldap::session::{Call, Completion, Session};

const USER_IDENTITY: u8 = context(0);
const OLD_PASSWD: u8 = context(1);
const NEW_PASSWD: u8 = context(2);
const GEN_PASSWD: u8 = context(0);

/// The end of a password modify.
pub struct Finished {
    call: Call,
    outcome: Changed,
}

/// The request's value as it came (RFC 3062 section 2).
#[derive(Debug, PartialEq, Eq)]
struct Value<'a> {
    user: Option<&'a str>,
    old: Option<&'a [u8]>,
    new: Option<&'a [u8]>,
}

/// Begins to change a password.
pub fn begin(session: &mut Session, mut call: Call, value: Option<&[u8]>, out: &mut BytesMut) {
    let user = parse(value).ok().and_then(|value| value.user);
    call.subject = Subject::Password(user.unwrap_or_default().to_owned());
    let change = match admit(session, &call, value) {
        Ok(change) => change,
        Err(answer) => return respond(session, &call, &answer, None, out),
    };
    tracing::debug!(conn = session.number, op = call.id, of = ?change.whose, "password modify");
    let completions = session.completions.clone();
    session.updates.push(call.id);
    let identity = call.identity.clone();
    session
        .face
        .directory
        .change_password(&identity, change, move |outcome| {
            // The client may have gone; then nobody wants to know.
            let _ = completions.send(Completion::PasswordModify(Finished { call, outcome }));
        });
}

/// Nothing is looked at that came over an open line, and nobody in particular has no password to change (section 3).
fn admit(session: &Session, call: &Call, value: Option<&[u8]>) -> Result<PasswordChange, Answer> {
    bind::require_confidentiality(session)?;
    if call.identity.is_anonymous() {
        let text = "only those who are bound may change passwords: bind first";
        return Err(Answer::because(ResultCode::StrongerAuthRequired, text));
    }
    let value = parse(value)
        .map_err(|error| Answer::because(ResultCode::ProtocolError, error.to_string()))?;
    Ok(PasswordChange {
        whose: whose(value.user.unwrap_or_default())?,
        old: value.old.map(Secret::from),
        new: value.new.map(Secret::from),
    })
}

/// Whom a userIdentity names: nobody else when it is empty, `dn:` and `u:` as authorization identities do (RFC 4513
/// section 5.2.1.8), otherwise a DN, as most clients send, or a user name. A text that is a DN is never taken for a
/// user name: a user could have chosen that.
pub(super) fn whose(identity: &str) -> Result<Whose, Answer> {
    if let Some(user) = identity.strip_prefix("u:") {
        return Ok(Whose::User(user.to_owned()));
    }
    if let Some(dn) = identity.strip_prefix("dn:") {
        return name(dn).map(Whose::Named);
    }
    if identity.is_empty() {
        return Ok(Whose::Own);
    }
    Ok(name(identity).map_or_else(|_| Whose::User(identity.to_owned()), Whose::Named))
}

/// Reads the request's value. A field that is not defined makes the whole request one that is not understood, and then
/// no password may be changed (RFC 3062 section 3).
fn parse(value: Option<&[u8]>) -> Result<Value<'_>, ReadError> {
    const FIELD: &str = "PasswdModifyRequestValue";
    let Some(value) = value else {
        return Ok(Value {
            user: None,
            old: None,
            new: None,
        });
    };
    let mut outer = Reader::new(value);
    let mut fields = outer.constructed(SEQUENCE, FIELD)?;
    let value = Value {
        user: fields.optional_text(USER_IDENTITY, "userIdentity")?,
        old: fields.optional(OLD_PASSWD, "oldPasswd")?,
        new: fields.optional(NEW_PASSWD, "newPasswd")?,
    };
    match fields.peek().or(outer.peek()) {
        Some(more) => Err(Fault::Unexpected(more).of(FIELD)),
        None => Ok(value),
    }
}

/// Answers a password modify that is done.
pub fn finish(session: &mut Session, finished: Finished, out: &mut BytesMut) {
    let Finished { call, outcome } = finished;
    session.update_ended(call.id);
    let (answer, made) = match outcome {
        Ok(made) => (Answer::new(ResultCode::Success), made),
        Err(error @ Error::InvalidCredentials) => (
            Answer {
                text: "the old password is wrong".to_owned(),
                ..error.into()
            },
            None,
        ),
        Err(error) => (error.into(), None),
    };
    respond(session, &call, &answer, made.as_ref(), out);
}

fn respond(
    session: &Session,
    call: &Call,
    answer: &Answer,
    made: Option<&Secret>,
    out: &mut BytesMut,
) {
    let value = made.map(|made| zeroize::Zeroizing::new(response_value(made.as_bytes())));
    let value = value.as_ref().map(|value| value.as_slice());
    let answer = answer.clone().with_policy(&call.controls);
    let controls = answer.controls();
    write_extended_response(out, call.id, &answer.result(), None, value, &controls);
    session.observe(call, &answer);
}

fn response_value(made: &[u8]) -> Vec<u8> {
    let mut value = Vec::new();
    put_header(&mut value, SEQUENCE, element_len(made.len()));
    put_element(&mut value, GEN_PASSWD, made);
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::dn::Dn;

    #[test]
    fn every_field_may_be_absent() {
        let none = Value {
            user: None,
            old: None,
            new: None,
        };
        assert_eq!(parse(None), Ok(none));
        let all = b"\x30\x0b\x80\x03cn=\x81\x01o\x82\x01n";
        let expected = Value {
            user: Some("cn="),
            old: Some(b"o"),
            new: Some(b"n"),
        };
        assert_eq!(parse(Some(all)), Ok(expected));
        let new = parse(Some(b"\x30\x03\x82\x01n")).unwrap();
        assert_eq!((new.user, new.old, new.new), (None, None, Some(&b"n"[..])));
        assert!(parse(Some(b"\x30\x00")).is_ok());
    }

    #[test]
    fn what_is_not_understood_changes_no_password() {
        for value in [
            &b""[..],
            b"\x04\x00",
            b"\x30\x03\x83\x01x",
            b"\x30\x06\x82\x01n\x81\x01o",
            b"\x30\x06\x82\x01n\x82\x01m",
            b"\x30\x06\x82\x01n\x83\x01x",
            b"\x30\x03\x82\x01n\x30\x00",
            b"\x30\x03\x80\x01\xff",
            b"\x30\x03\x82\x02n",
        ] {
            assert!(parse(Some(value)).is_err(), "{value:x?}");
        }
    }

    #[test]
    fn an_identity_is_a_dn_before_it_is_a_user_name() {
        let named = |dn| Whose::Named(Dn::parse(dn).unwrap());
        let user = |name: &str| Whose::User(name.to_owned());
        for (text, expected) in [
            ("", Whose::Own),
            ("cn=a,dc=b", named("cn=a,dc=b")),
            ("dn:cn=a,dc=b", named("cn=a,dc=b")),
            ("u:cn=a,dc=b", user("cn=a,dc=b")),
            ("ada", user("ada")),
        ] {
            assert_eq!(whose(text).unwrap(), expected, "{text}");
        }
        let refused = whose("dn:ada").unwrap_err();
        assert_eq!(refused.code, ResultCode::InvalidDnSyntax);
    }

    #[test]
    fn a_made_password_is_the_first_field_of_a_sequence() {
        assert_eq!(response_value(b"abc"), b"\x30\x05\x80\x03abc");
    }
}
