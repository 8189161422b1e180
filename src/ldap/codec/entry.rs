//! Search result entries (RFC 4511 section 4.5.2), written straight from what is borrowed: two
//! passes, lengths and then octets, and stored value sets copied as blocks.

use bytes::{BufMut, BytesMut};

use crate::directory::value_set::ValueSet;
use crate::ldap::ber::{OCTET_STRING, SEQUENCE, SET, element_len, put_element, put_header};

use super::response::{ControlOut, put_message};

const SEARCH_RESULT_ENTRY: u8 = 0x64;

/// One attribute of an entry to be written.
#[derive(Clone, Copy, Debug)]
pub struct AttributeSource<'a> {
    /// The attribute description as the client is to see it.
    pub name: &'a str,
    /// Its values.
    pub values: Values<'a>,
}

/// Where the values of an attribute come from.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// The stored form, copied as it is.
    Stored(ValueSet<'a>),
    /// Values apart: computed ones, or some of those stored.
    List(&'a [&'a [u8]]),
    /// None, for a client that asked for types only.
    Omitted,
}

impl AttributeSource<'_> {
    fn len(&self) -> usize {
        element_len(self.name.len()) + self.values.len()
    }

    fn put(&self, out: &mut BytesMut) {
        put_header(out, SEQUENCE, self.len());
        put_element(out, OCTET_STRING, self.name.as_bytes());
        self.values.put(out);
    }
}

impl Values<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Stored(set) => set.as_bytes().len(),
            Self::List(values) => element_len(list_len(values)),
            Self::Omitted => element_len(0),
        }
    }

    fn put(&self, out: &mut BytesMut) {
        match self {
            Self::Stored(set) => out.put_slice(set.as_bytes()),
            Self::List(values) => {
                put_header(out, SET, list_len(values));
                values
                    .iter()
                    .for_each(|value| put_element(out, OCTET_STRING, value));
            }
            Self::Omitted => put_header(out, SET, 0),
        }
    }
}

fn list_len(values: &[&[u8]]) -> usize {
    values.iter().map(|value| element_len(value.len())).sum()
}

/// Writes a search result entry. The DN is the concatenation of the pieces of `dn`, separators and
/// all.
///
/// Allocates nothing but what `out` itself needs; a caller that keeps the slices' vectors allocates
/// nothing either.
pub fn write_entry(
    out: &mut BytesMut,
    id: i32,
    dn: &[&str],
    attributes: &[AttributeSource<'_>],
    controls: &[ControlOut<'_>],
) {
    let content = entry_len(dn, attributes);
    put_message(out, id, SEARCH_RESULT_ENTRY, content, controls, |out| {
        put_entry(out, dn, attributes);
    });
}

/// A SearchResultEntry without a message around it, as the value of a control.
pub fn encode_entry(dn: &str, attributes: &[AttributeSource<'_>]) -> Vec<u8> {
    let content = entry_len(&[dn], attributes);
    let mut out = BytesMut::with_capacity(element_len(content));
    put_header(&mut out, SEARCH_RESULT_ENTRY, content);
    put_entry(&mut out, &[dn], attributes);
    out.into()
}

fn dn_len(dn: &[&str]) -> usize {
    dn.iter().map(|piece| piece.len()).sum()
}

fn list_of_attributes_len(attributes: &[AttributeSource<'_>]) -> usize {
    let elements = attributes.iter();
    elements.map(|attribute| element_len(attribute.len())).sum()
}

fn entry_len(dn: &[&str], attributes: &[AttributeSource<'_>]) -> usize {
    element_len(dn_len(dn)) + element_len(list_of_attributes_len(attributes))
}

fn put_entry(out: &mut BytesMut, dn: &[&str], attributes: &[AttributeSource<'_>]) {
    put_header(out, OCTET_STRING, dn_len(dn));
    dn.iter().for_each(|piece| out.put_slice(piece.as_bytes()));
    put_header(out, SEQUENCE, list_of_attributes_len(attributes));
    attributes.iter().for_each(|attribute| attribute.put(out));
}
