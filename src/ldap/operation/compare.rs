//! Compare (RFC 4511 section 4.10).

use bytes::BytesMut;

use super::no_name;
use crate::ldap::message::{CompareRequest, ResultCode};
use crate::ldap::result::Answer;
use crate::ldap::session::{Call, Session};

/// Answers whether an entry has a value.
pub fn perform(session: &mut Session, call: &Call, request: CompareRequest, out: &mut BytesMut) {
    let CompareRequest {
        entry,
        attribute,
        value,
    } = request;
    let read = session.last_name.read(&entry).map_err(no_name);
    let compared = read.and_then(|dn| {
        let (directory, terms) = (&session.face.directory, &call.controls.terms);
        let compared = directory.compare(&call.identity, &dn, &attribute, &value, terms);
        session.last_name.keep(entry, dn);
        compared.map_err(Answer::from)
    });
    let answer = match compared {
        Ok(true) => Answer::new(ResultCode::CompareTrue),
        Ok(false) => Answer::new(ResultCode::CompareFalse),
        Err(answer) => answer,
    };
    session.finish(out, call, &answer);
}
