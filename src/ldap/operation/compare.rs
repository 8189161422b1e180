//! Compare (RFC 4511 section 4.10).

use std::time::Instant;

use bytes::BytesMut;

use super::name;
use crate::ldap::message::{CompareRequest, Operation, ResponseTag, ResultCode};
use crate::ldap::result::Answer;
use crate::ldap::session::Session;

/// Answers whether an entry has a value.
pub fn perform(
    session: &Session,
    id: i32,
    request: &CompareRequest,
    out: &mut BytesMut,
    started: Instant,
) {
    let compared = name(&request.entry).and_then(|dn| {
        let directory = &session.face.directory;
        directory
            .compare(&session.identity, &dn, &request.attribute, &request.value)
            .map_err(Answer::from)
    });
    let answer = match compared {
        Ok(true) => Answer::new(ResultCode::CompareTrue),
        Ok(false) => Answer::new(ResultCode::CompareFalse),
        Err(answer) => answer,
    };
    session.finish(
        out,
        id,
        Operation::Compare,
        ResponseTag::Compare,
        &answer,
        started,
    );
}
