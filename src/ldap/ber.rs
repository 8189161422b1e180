//! The BER that LDAP uses (RFC 4511 section 5.1, ITU-T X.690): definite lengths, tag numbers below
//! 31, octet strings in primitive form only.
//!
//! Owns the header, the structure check of a whole message, a strict reader and a length-first
//! writer. Knows nothing of messages, operations or controls: what the elements mean is the
//! business of `codec` and `control`.

mod read;
mod structure;
mod write;

pub use read::{Element, Fault, ReadError, Reader};
pub use structure::{BerFault, Header, StructureError, check, header};
pub use write::{
    Octets, element_len, integer_element_len, put_element, put_enumerated, put_header, put_integer,
};

/// BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// ENUMERATED.
pub const ENUMERATED: u8 = 0x0a;
/// SEQUENCE and SEQUENCE OF.
pub const SEQUENCE: u8 = 0x30;
/// SET and SET OF.
pub const SET: u8 = 0x31;

/// Set in the identifier octet of an element that is made of elements.
const CONSTRUCTED: u8 = 0x20;

/// The identifier octet of `[number]` in primitive form; `number` below 31.
pub const fn context(number: u8) -> u8 {
    0x80 | number
}

/// The identifier octet of `[number]` in constructed form; `number` below 31.
pub const fn context_constructed(number: u8) -> u8 {
    0xa0 | number
}
