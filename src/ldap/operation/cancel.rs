//! Cancel (RFC 3909): ends a search that is under way, and says so to both.

use bytes::BytesMut;

use super::search;
use crate::ldap::ber::{INTEGER, ReadError, Reader, SEQUENCE};
use crate::ldap::message::ResultCode;
use crate::ldap::result::Answer;
use crate::ldap::session::Session;

/// Cancels what the value names, and gives the answer to the request itself.
///
/// Binds and StartTLS never meet a Cancel: nothing is taken from a client while one of them is under way. A change is in
/// the lane, where it cannot be told from one that is on the disk already.
pub fn perform(session: &mut Session, id: i32, value: Option<&[u8]>, out: &mut BytesMut) -> Answer {
    let target = match value.map(cancel_id) {
        Some(Ok(target)) => target,
        Some(Err(error)) => return Answer::because(ResultCode::ProtocolError, error.to_string()),
        None => return Answer::because(ResultCode::ProtocolError, "Cancel needs a value"),
    };
    if target == id {
        return Answer::because(
            ResultCode::CannotCancel,
            "a Cancel cannot be cancelled, not even by itself",
        );
    }
    if session.updates.contains(&target) {
        return Answer::because(ResultCode::TooLate, "the change is being made");
    }
    if search::cancel(session, target, out) {
        Answer::new(ResultCode::Success)
    } else {
        Answer::because(
            ResultCode::NoSuchOperation,
            "no such operation is under way",
        )
    }
}

/// Reads `SEQUENCE { cancelID MessageID }` (RFC 3909 section 2.1).
fn cancel_id(value: &[u8]) -> Result<i32, ReadError> {
    let mut outer = Reader::new(value);
    let mut request = outer.constructed(SEQUENCE, "cancelRequestValue")?;
    let id = request.integer(INTEGER, "cancelID", 0..=i32::MAX)?;
    request.finish("cancelRequestValue", &[INTEGER])?;
    outer.finish("cancelRequestValue", &[SEQUENCE])?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_read_and_everything_else_refused() {
        assert_eq!(cancel_id(&[0x30, 3, 2, 1, 7]), Ok(7));
        assert_eq!(cancel_id(&[0x30, 4, 2, 2, 1, 0]), Ok(256));
        for malformed in [
            &[][..],
            &[0x30, 0],
            &[2, 1, 7],
            &[0x30, 3, 4, 1, 7],
            &[0x30, 3, 2, 1, 0xff],
            &[0x30, 3, 2, 2, 7],
            &[0x30, 6, 2, 1, 7, 2, 1, 8],
            &[0x30, 3, 2, 1, 7, 0x30, 0],
            &[0x30, 7, 2, 5, 1, 0, 0, 0, 0],
        ] {
            assert!(cancel_id(malformed).is_err(), "{malformed:x?}");
        }
    }
}
