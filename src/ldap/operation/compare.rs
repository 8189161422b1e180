//! Compare (RFC 4511 section 4.10).

use bytes::BytesMut;

use super::name;
use crate::ldap::message::{CompareRequest, ResultCode};
use crate::ldap::result::Answer;
use crate::ldap::session::{Call, Session};

/// Answers whether an entry has a value.
pub fn perform(session: &Session, call: &Call, request: &CompareRequest, out: &mut BytesMut) {
    let compared = name(&request.entry).and_then(|dn| {
        let directory = &session.face.directory;
        directory
            .compare(&call.identity, &dn, &request.attribute, &request.value)
            .map_err(Answer::from)
    });
    let answer = match compared {
        Ok(true) => Answer::new(ResultCode::CompareTrue),
        Ok(false) => Answer::new(ResultCode::CompareFalse),
        Err(answer) => answer,
    };
    session.finish(out, call, &answer);
}
