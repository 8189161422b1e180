//! Extended operations (RFC 4511 section 4.12): StartTLS (section 4.14) and Who am I? (RFC 4532). Password Modify and
//! Cancel have files of their own.

use bytes::BytesMut;

use super::{CANCEL, PASSWORD_MODIFY, START_TLS, WHO_AM_I, cancel, password_modify};
use crate::ldap::codec::write_extended_response;
use crate::ldap::message::{ExtendedRequest, ResultCode};
use crate::ldap::result::Answer;
use crate::ldap::session::{Call, Flow, Session};

/// Does an extended operation.
pub fn perform(
    session: &mut Session,
    call: Call,
    request: &ExtendedRequest,
    out: &mut BytesMut,
) -> Flow {
    let (answer, value, flow) = match request.name.as_str() {
        START_TLS => start_tls(session, request),
        PASSWORD_MODIFY => {
            password_modify::begin(session, call, request.value.as_deref(), out);
            return Flow::Continue;
        }
        CANCEL => {
            let answer = cancel::perform(session, call.id, request.value.as_deref(), out);
            (answer, None, Flow::Continue)
        }
        WHO_AM_I if request.value.is_some() => {
            (malformed("Who am I? takes no value"), None, Flow::Continue)
        }
        WHO_AM_I => (
            Answer::new(ResultCode::Success),
            Some(who_am_i(session, &call)),
            Flow::Continue,
        ),
        other => {
            let text = format!(
                "extended operation \"{}\" is not supported",
                other.escape_default()
            );
            (malformed(text), None, Flow::Continue)
        }
    };
    let name = (request.name == START_TLS).then_some(START_TLS);
    write_extended_response(
        out,
        call.id,
        &answer.result(),
        name,
        value.as_deref().map(str::as_bytes),
        &[],
    );
    session.observe(&call, &answer);
    flow
}

fn malformed(text: impl Into<String>) -> Answer {
    Answer::because(ResultCode::ProtocolError, text)
}

fn start_tls(session: &Session, request: &ExtendedRequest) -> (Answer, Option<String>, Flow) {
    let refused = |code, text: &str| (Answer::because(code, text), None, Flow::Continue);
    if session.channel.tls {
        return refused(ResultCode::OperationsError, "TLS is in place already");
    }
    if !session.channel.can_start_tls {
        return refused(ResultCode::ProtocolError, "this listener has no TLS");
    }
    if request.value.is_some() {
        return refused(ResultCode::ProtocolError, "StartTLS takes no value");
    }
    (Answer::new(ResultCode::Success), None, Flow::StartTls)
}

/// The authorization identity, `dn:` and its name, or empty for nobody.
fn who_am_i(session: &Session, call: &Call) -> String {
    match session.face.directory.name(&call.identity) {
        name if name.is_empty() => name,
        name => format!("dn:{name}"),
    }
}
