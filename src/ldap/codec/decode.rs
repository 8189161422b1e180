//! The envelope of a request (RFC 4511 sections 4.1.1 and 4.1.11): id, operation, controls, and
//! what is wrong with them.

use thiserror::Error;

use crate::directory::filter::Filter;
use crate::directory::schema::rule::{MAX_EFFORT, exceeds_effort};
use crate::ldap::ber::{
    self, BOOLEAN, BerFault, Fault, INTEGER, OCTET_STRING, ReadError, Reader, SEQUENCE,
    StructureError, context, context_constructed,
};
use crate::ldap::message::{Control, Message, Operation, Request};

use super::request::request;

const CONTROLS: u8 = context_constructed(0);

/// The class bits, and what they are for protocol operations.
const CLASS: u8 = 0xc0;
const APPLICATION: u8 = 0x40;

/// The most elements a message may have. The largest known from practice, a filter of 25,000 terms,
/// has 75,000; at this bound a message takes less than 100 MB while it is decoded, whatever is in
/// it.
pub const MAX_ELEMENTS: usize = 1 << 19;

/// Octets of the shortest element.
const SHORTEST: usize = 2;

/// Why bytes are not a request, and whom it concerns (RFC 4511 section 4.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The message as such. To be answered with a notice of disconnection, after which the session
    /// ends.
    #[error("not an LDAP request: {0}")]
    Envelope(#[from] EnvelopeError),
    /// One request, whose id and operation are known. To be answered with protocolError (or
    /// adminLimitExceeded for a filter that is too deep and for too much text) where the operation has a response; the
    /// session goes on.
    #[error("{operation} {id}: {reason}")]
    Request {
        /// The message id to answer under.
        id: i32,
        /// The operation, which knows its response.
        operation: Operation,
        /// What is wrong.
        reason: RequestError,
    },
}

/// What is wrong with a message as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EnvelopeError {
    /// Lengths or forms contradict each other.
    #[error("{0}")]
    Structure(#[from] StructureError),
    /// The message id cannot be read, or is not 1 to 2^31-1; or no operation follows it.
    #[error("{0}")]
    Field(#[from] ReadError),
    /// The identifier octet where the operation must stand is not that of a request.
    #[error("identifier octet {0:#04x} is not that of a request")]
    NotARequest(u8),
}

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// One of its fields.
    #[error("{0}")]
    Field(#[from] ReadError),
    /// The filter is nested deeper than [`Filter::MAX_DEPTH`].
    #[error("filter is nested deeper than {max}", max = Filter::MAX_DEPTH)]
    FilterTooDeep,
    /// Comparing its text would take more than [`MAX_EFFORT`].
    #[error("it has more than {max} characters beyond ASCII to compare", max = MAX_EFFORT)]
    TooMuchText,
}

/// Reads one request from exactly the bytes of its message, as [`frame`](super::frame) found them.
///
/// # Errors
/// See [`DecodeError`]; the texts name fields and never hold what the client sent.
pub fn decode(message: &[u8]) -> Result<Message, DecodeError> {
    let check = || ber::check(message, MAX_ELEMENTS).map_err(EnvelopeError::from);
    if message.len() / SHORTEST > MAX_ELEMENTS {
        check()?;
    }
    let read = read(message);
    if read.is_err() {
        // What could not be read to its end may have no structure, and that comes before whatever else is wrong with it.
        check()?;
    }
    read
}

fn read(message: &[u8]) -> Result<Message, DecodeError> {
    let (id, operation, mut components) = envelope(message)?;
    let refused = |reason| DecodeError::Request {
        id,
        operation,
        reason,
    };
    let request = request(operation, &mut components).map_err(refused)?;
    bounded(&request, message).map_err(refused)?;
    let controls = controls(components).map_err(|error| refused(error.into()))?;
    Ok(Message {
        id,
        operation: request,
        controls,
    })
}

/// The id, the operation, and a reader that stands before it.
fn envelope(message: &[u8]) -> Result<(i32, Operation, Reader<'_>), EnvelopeError> {
    const FIELD: &str = "LDAPMessage";
    let mut message = Reader::new(message);
    let mut components = message.constructed(SEQUENCE, FIELD)?;
    if !message.is_empty() {
        return Err(Fault::from(BerFault::TrailingBytes).of(FIELD).into());
    }
    let id = components.integer(INTEGER, "messageID", 1..=i32::MAX)?;
    let tag = components.peek().ok_or(Fault::Missing.of("protocolOp"))?;
    let operation = Operation::of_request(tag).ok_or(EnvelopeError::NotARequest(tag))?;
    Ok((id, operation, components))
}

/// Bounds what comparing the names and assertion values of a request takes, which is done at once and by the thread that
/// serves its client. Values to be stored are for the thread of changes, and bounded with the entry that they are of.
fn bounded(request: &Request, message: &[u8]) -> Result<(), RequestError> {
    let compared = match request {
        Request::Add(request) => request.entry.as_bytes(),
        Request::Modify(request) => request.object.as_bytes(),
        _ => message,
    };
    if exceeds_effort(std::iter::once(compared)) {
        return Err(RequestError::TooMuchText);
    }
    Ok(())
}

/// The controls that follow the operation, if there are any.
fn controls(mut components: Reader<'_>) -> Result<Vec<Control>, ReadError> {
    let mut controls = Vec::new();
    if components.peek() == Some(CONTROLS) {
        let mut list = components.constructed(CONTROLS, "controls")?;
        while !list.is_empty() {
            controls.push(control(list.constructed(SEQUENCE, "control")?)?);
        }
    }
    finish_message(components)?;
    Ok(controls)
}

fn control(mut components: Reader<'_>) -> Result<Control, ReadError> {
    let oid = components.text(OCTET_STRING, "controlType")?.to_owned();
    let critical =
        components.peek() == Some(BOOLEAN) && components.boolean(BOOLEAN, "criticality")?;
    let value = components
        .optional(OCTET_STRING, "controlValue")?
        .map(<[u8]>::to_vec);
    components.finish("control", &[OCTET_STRING, BOOLEAN])?;
    Ok(Control {
        oid,
        critical,
        value,
    })
}

/// As [`Reader::finish`], with every protocol operation among what an LDAPMessage defines.
fn finish_message(mut components: Reader<'_>) -> Result<(), ReadError> {
    while let Some(tag) = components.peek() {
        components.skip("LDAPMessage")?;
        if tag & CLASS == APPLICATION || [INTEGER, CONTROLS, context(0)].contains(&tag) {
            return Err(Fault::Unexpected(tag).of("LDAPMessage"));
        }
    }
    Ok(())
}
