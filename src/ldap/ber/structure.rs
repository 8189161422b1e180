//! The header of an element, and the structure check of what nobody reads. Every length is held
//! against the bytes that are there; nothing is allocated.

use std::ops::Range;

use thiserror::Error;

use super::{BOOLEAN, CONSTRUCTED, ENUMERATED, INTEGER, OCTET_STRING, SEQUENCE, SET};

/// How deep a check goes. What lies deeper is known to lie within its parent and no more.
const LEVELS: usize = 128;

const TAG_NUMBER: u8 = 0x1f;
const END_OF_CONTENTS: u8 = 0;

/// What can be wrong with an encoding, whatever it is meant to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BerFault {
    /// A message must begin with the identifier octet of a SEQUENCE.
    #[error("identifier octet {0:#04x} where a SEQUENCE (0x30) must begin")]
    NotASequence(u8),
    /// LDAP has no tag numbers above 30.
    #[error("tag number above 30")]
    HighTagNumber,
    /// RFC 4511 section 5.1 allows the definite form only.
    #[error("indefinite length")]
    IndefiniteLength,
    /// More than four length octets.
    #[error("length in {0} octets, at most 4 are read")]
    LengthOctets(u8),
    /// An element ends after its parent, or the bytes end within its header.
    #[error("element runs past the end of what holds it")]
    Overrun,
    /// A universal type in primitive form that must be constructed, or the reverse, or
    /// end-of-contents, which only the indefinite form has.
    #[error("identifier octet {0:#04x} is of a form that LDAP does not use")]
    WrongForm(u8),
    /// More elements than the caller allows.
    #[error("too many elements")]
    TooManyElements,
    /// Bytes after the end of the one element that was expected.
    #[error("bytes after the end of the message")]
    TrailingBytes,
}

/// The first octets of an element: its identifier and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The identifier octet: class, form and tag number.
    pub tag: u8,
    /// How many octets identifier and length take: 2 to 6.
    pub len: usize,
    /// How many octets of content the element claims.
    pub content: usize,
}

/// Reads the header at the start of `bytes`; `None` when they end before it does.
///
/// Takes up to four length octets, and lengths that could be shorter (X.690 section 8.1.3.5 allows
/// both).
///
/// # Errors
/// The indefinite form, more than four length octets, and tag numbers above 30.
#[inline]
pub fn header(bytes: &[u8]) -> Result<Option<Header>, BerFault> {
    match *bytes {
        [tag, length @ 0..=0x7f, ..] if tag & TAG_NUMBER != TAG_NUMBER => Ok(Some(Header {
            tag,
            len: 2,
            content: usize::from(length),
        })),
        _ => other_header(bytes),
    }
}

fn other_header(bytes: &[u8]) -> Result<Option<Header>, BerFault> {
    match *bytes {
        [tag, ..] if tag & TAG_NUMBER == TAG_NUMBER => Err(BerFault::HighTagNumber),
        [tag, length, ref rest @ ..] => long_header(tag, length & 0x7f, rest),
        _ => Ok(None),
    }
}

fn long_header(tag: u8, octets: u8, rest: &[u8]) -> Result<Option<Header>, BerFault> {
    match octets {
        0 => return Err(BerFault::IndefiniteLength),
        1..=4 => {}
        more => return Err(BerFault::LengthOctets(more)),
    }
    let count = usize::from(octets);
    let Some(length) = rest.get(..count) else {
        return Ok(None);
    };
    let content = length
        .iter()
        .fold(0, |sum, octet| (sum << 8) | usize::from(*octet));
    Ok(Some(Header {
        tag,
        len: count.saturating_add(2),
        content,
    }))
}

/// Where a message breaks the structure of BER, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{fault}, at offset {at} of the message")]
pub struct StructureError {
    /// Octets from the start of the message to the element at fault.
    pub at: usize,
    /// What is wrong with it.
    pub fault: BerFault,
}

/// Checks that `message` is exactly one SEQUENCE of `elements` elements at most, that each of them
/// lies within its parent, and that universal types have the form that LDAP demands (RFC 4511
/// section 5.1).
///
/// # Errors
/// The first fault, with its place.
pub fn check(message: &[u8], mut elements: usize) -> Result<(), StructureError> {
    let fault = |at, fault| StructureError { at, fault };
    match message.first() {
        Some(&SEQUENCE) => {}
        Some(&tag) => return Err(fault(0, BerFault::NotASequence(tag))),
        None => return Err(fault(0, BerFault::Overrun)),
    }
    let outer = header(message).map_err(|error| fault(0, error))?;
    let outer = outer.ok_or(fault(0, BerFault::Overrun))?;
    let present = message.len().saturating_sub(outer.len);
    if outer.content > present {
        return Err(fault(0, BerFault::Overrun));
    }
    if outer.content < present {
        let end = outer.len.saturating_add(outer.content);
        return Err(fault(end, BerFault::TrailingBytes));
    }
    check_children(message, outer.len..message.len(), LEVELS, &mut elements)
}

/// Checks an element that is passed over, and what is in it, as [`check`] does.
///
/// # Errors
/// The first fault.
pub fn check_unread(tag: u8, content: &[u8]) -> Result<(), BerFault> {
    if !has_lawful_form(tag) {
        return Err(BerFault::WrongForm(tag));
    }
    if tag & CONSTRUCTED == 0 {
        return Ok(());
    }
    let mut elements = usize::MAX;
    let checked = check_children(content, 0..content.len(), LEVELS, &mut elements);
    checked.map_err(|error| error.fault)
}

/// Checks the elements that lie side by side within `range`, and what is in them.
fn check_children(
    message: &[u8],
    range: Range<usize>,
    levels: usize,
    elements: &mut usize,
) -> Result<(), StructureError> {
    let Range { start: mut at, end } = range;
    while at < end {
        let fault = |fault| StructureError { at, fault };
        *elements = elements
            .checked_sub(1)
            .ok_or(fault(BerFault::TooManyElements))?;
        let bytes = message.get(at..end).unwrap_or_default();
        let found = header(bytes)
            .map_err(fault)?
            .ok_or(fault(BerFault::Overrun))?;
        if found.content > bytes.len().saturating_sub(found.len) {
            return Err(fault(BerFault::Overrun));
        }
        if !has_lawful_form(found.tag) {
            return Err(fault(BerFault::WrongForm(found.tag)));
        }
        let content = at.saturating_add(found.len);
        at = content.saturating_add(found.content);
        if found.tag & CONSTRUCTED != 0 && levels > 1 {
            check_children(message, content..at, levels.saturating_sub(1), elements)?;
        }
    }
    Ok(())
}

/// Whether a universal type has the form it must have in LDAP; of other classes the reader decides.
fn has_lawful_form(tag: u8) -> bool {
    /// A bit for each that has not.
    const STRAY: u64 = 1 << END_OF_CONTENTS
        | 1 << (BOOLEAN | CONSTRUCTED)
        | 1 << (INTEGER | CONSTRUCTED)
        | 1 << (OCTET_STRING | CONSTRUCTED)
        | 1 << (ENUMERATED | CONSTRUCTED)
        | 1 << (SEQUENCE & !CONSTRUCTED)
        | 1 << (SET & !CONSTRUCTED);
    u32::from(tag) >= u64::BITS || STRAY >> tag & 1 == 0
}
