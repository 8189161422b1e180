//! Messages for the tests of this module, put together by hand so that wrong ones can be made as
//! well.

use crate::directory::filter::{Assertion, Filter};
use crate::ldap::ber::{BOOLEAN, ENUMERATED, INTEGER, OCTET_STRING, SEQUENCE};

/// An element of `content`, its length in the fewest octets.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=127 => out.push(short as u8),
        long => {
            let octets = long.to_be_bytes();
            let octets = &octets[octets.iter().take_while(|octet| **octet == 0).count()..];
            out.push(0x80 | octets.len() as u8);
            out.extend_from_slice(octets);
        }
    }
    out.extend_from_slice(content);
    out
}

/// An element made of elements.
pub fn constructed(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    element(tag, &parts.concat())
}

/// An OCTET STRING.
pub fn string(content: impl AsRef<[u8]>) -> Vec<u8> {
    element(OCTET_STRING, content.as_ref())
}

/// A message of id 7 around `parts`: the operation and what follows.
pub fn message(parts: &[&[u8]]) -> Vec<u8> {
    constructed(SEQUENCE, &[&element(INTEGER, &[7]), &parts.concat()])
}

/// The components of a subtree search from `base` before its filter.
pub fn search_head(base: &[u8]) -> Vec<u8> {
    [
        string(base),
        element(ENUMERATED, &[2]),
        element(ENUMERATED, &[0]),
        element(INTEGER, &[0]),
        element(INTEGER, &[0]),
        element(BOOLEAN, &[0]),
    ]
    .concat()
}

/// A search with this filter, given as BER.
pub fn search(filter: &[u8]) -> Vec<u8> {
    let head = search_head(b"dc=example,dc=org");
    message(&[&constructed(
        0x63,
        &[&head, filter, &element(SEQUENCE, b"")],
    )])
}

/// A filter of one assertion under the tag of its kind.
pub fn item(tag: u8, attribute: &str, value: &[u8]) -> Vec<u8> {
    constructed(tag, &[&string(attribute), &string(value)])
}

/// An assertion as the decoder gives it.
pub fn assertion(attribute: &str, value: &[u8]) -> Assertion {
    Assertion {
        attribute: attribute.to_owned(),
        value: value.to_vec(),
    }
}

/// An equality filter as the decoder gives it.
pub fn equality(attribute: &str, value: &[u8]) -> Filter {
    Filter::Equality(assertion(attribute, value))
}
