//! Search result entries (RFC 4511 section 4.5.2), written straight from what is borrowed: each
//! attribute as it comes, stored value sets copied as blocks, and the message around them at the end,
//! when its length is known.

use bytes::BytesMut;

use crate::directory::value_set::ValueSet;
use crate::ldap::ber::{OCTET_STRING, Octets, SEQUENCE, SET, element_len, put_element, put_header};

use super::response::{ControlOut, put_message};

const SEARCH_RESULT_ENTRY: u8 = 0x64;

/// The attributes of one entry, written one after the other (`PartialAttributeList` without its
/// header). To be cleared and used again: it keeps its room.
#[derive(Debug, Default)]
pub struct AttributeList(Vec<u8>);

impl AttributeList {
    /// Appends an attribute: its description as the client is to see it, and its values; none for a
    /// client that asked for types only.
    #[inline]
    pub fn push(&mut self, name: &str, values: Option<ValueSet<'_>>) {
        let values = values.map_or(&[SET, 0][..], ValueSet::as_bytes);
        // As nearly all are: both lengths take one octet.
        let short = name.len() + values.len() + 2;
        match (u8::try_from(short), u8::try_from(name.len())) {
            (Ok(content @ 0..=0x7f), Ok(length)) => {
                let headers = [SEQUENCE, content, OCTET_STRING, length];
                self.0.extend_from_slice(&headers);
                self.0.extend_from_slice(name.as_bytes());
            }
            _ => {
                let content = element_len(name.len()) + values.len();
                put_header(&mut self.0, SEQUENCE, content);
                put_element(&mut self.0, OCTET_STRING, name.as_bytes());
            }
        }
        self.0.extend_from_slice(values);
    }

    /// Forgets all attributes, and their room too if that is more than `kept` octets.
    pub fn clear(&mut self, kept: usize) {
        if self.0.capacity() > kept {
            *self = Self::default();
        }
        self.0.clear();
    }
}

/// Writes a search result entry. Allocates nothing but what `out` itself needs.
pub fn write_entry(
    out: &mut BytesMut,
    id: i32,
    dn: &[u8],
    attributes: &AttributeList,
    controls: &[ControlOut<'_>],
) {
    let content = entry_len(dn, attributes);
    put_message(out, id, SEARCH_RESULT_ENTRY, content, controls, |out| {
        put_entry(out, dn, attributes);
    });
}

/// A SearchResultEntry without a message around it, as the value of a control.
pub fn encode_entry(dn: &[u8], attributes: &AttributeList) -> Vec<u8> {
    let content = entry_len(dn, attributes);
    let mut out = Vec::with_capacity(element_len(content));
    put_header(&mut out, SEARCH_RESULT_ENTRY, content);
    put_entry(&mut out, dn, attributes);
    out
}

fn entry_len(dn: &[u8], attributes: &AttributeList) -> usize {
    element_len(dn.len()) + element_len(attributes.0.len())
}

fn put_entry(out: &mut impl Octets, dn: &[u8], attributes: &AttributeList) {
    put_element(out, OCTET_STRING, dn);
    put_element(out, SEQUENCE, &attributes.0);
}
