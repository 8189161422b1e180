//! Bytes to messages and back (RFC 4511 sections 4 and 5.1).
//!
//! [`frame`] finds the end of a message before it is buffered whole, [`decode`] reads one request,
//! the `write_*` functions write responses into the connection's buffer. Owns the grammar of
//! messages; sockets, sessions and the meaning of requests are elsewhere, and so are the contents
//! of control values and extended operations.
//!
//! # What is refused, and how
//! RFC 4511 section 4.1.1 draws the line that [`DecodeError`] carries. A message whose lengths do
//! not add up, whose id cannot be read or whose operation is no request gets a notice of
//! disconnection, for nothing after it can be trusted. Everything else gets protocolError under its
//! own id: a component that is missing, repeated, of another type or out of range, text that is not
//! UTF-8, a filter choice or scope that is not known.
//!
//! # What is tolerated
//! - Lengths that could be shorter, and any non-zero octet for TRUE, which BER allows; integers
//!   that could be shorter, which it does not, but which mean no other number.
//! - Components after the last one that a SEQUENCE defines, if their tag is none of those it
//!   defines. RFC 4511 section 4 has every receiver ignore them, in every SEQUENCE. A tag that the
//!   SEQUENCE does define is a component repeated or out of order, and refused. Nothing follows a
//!   NOT's one filter, which is no SEQUENCE, and nothing unknown stands within a SET OF or SEQUENCE
//!   OF.
//! - DEFAULT values that are sent all the same.
//!
//! # Memory
//! No allocation is sized by a length or count that a client claims: what is copied is there, lists
//! grow as their elements are read. The smallest elements grow the most, an empty AND of two octets
//! to a node of a hundred; so a message is bounded in octets by [`frame`], in elements by
//! [`MAX_ELEMENTS`], and a filter in depth by [`Filter::MAX_DEPTH`].
//!
//! [`Filter::MAX_DEPTH`]: crate::directory::filter::Filter::MAX_DEPTH

mod decode;
mod entry;
mod filter;
mod frame;
mod request;
mod response;

#[cfg(test)]
mod differential;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use decode::{DecodeError, EnvelopeError, MAX_ELEMENTS, RequestError, decode};
pub use entry::{AttributeList, encode_entry, write_entry};
pub use filter::{decode_filter, filter_item};
pub use frame::{Frame, frame};
pub use response::{
    ControlOut, LdapResult, NOTICE_OF_DISCONNECTION, write_bind_response, write_disconnection,
    write_extended_response, write_intermediate_response, write_result, write_search_reference,
};
