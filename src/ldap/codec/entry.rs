//! Search result entries (RFC 4511 section 4.5.2), written straight from what is borrowed: two
//! passes, lengths and then octets, and stored value sets copied as blocks.

use bytes::BufMut;
use smallvec::SmallVec;

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

    fn put(&self, out: &mut impl BufMut, length: usize) {
        put_header(out, SEQUENCE, length);
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

    fn put(&self, out: &mut impl BufMut) {
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
    out: &mut impl BufMut,
    id: i32,
    dn: &[&str],
    attributes: &[AttributeSource<'_>],
    controls: &[ControlOut<'_>],
) {
    let lengths = Lengths::of(dn, attributes);
    put_message(
        out,
        id,
        SEARCH_RESULT_ENTRY,
        lengths.content(),
        controls,
        |out| lengths.put_entry(out, dn, attributes),
    );
}

/// A SearchResultEntry without a message around it, as the value of a control.
pub fn encode_entry(dn: &str, attributes: &[AttributeSource<'_>]) -> Vec<u8> {
    let lengths = Lengths::of(&[dn], attributes);
    let content = lengths.content();
    let mut out = Vec::with_capacity(element_len(content));
    put_header(&mut out, SEARCH_RESULT_ENTRY, content);
    lengths.put_entry(&mut out, &[dn], attributes);
    out
}

/// The content lengths of an entry, each counted once.
struct Lengths {
    dn: usize,
    list: usize,
    attributes: SmallVec<[usize; 24]>,
}

impl Lengths {
    fn of(dn: &[&str], attributes: &[AttributeSource<'_>]) -> Self {
        let attributes: SmallVec<[usize; 24]> =
            attributes.iter().map(AttributeSource::len).collect();
        Self {
            dn: dn.iter().map(|piece| piece.len()).sum(),
            list: attributes.iter().map(|length| element_len(*length)).sum(),
            attributes,
        }
    }

    fn content(&self) -> usize {
        element_len(self.dn) + element_len(self.list)
    }

    fn put_entry(&self, out: &mut impl BufMut, dn: &[&str], attributes: &[AttributeSource<'_>]) {
        put_header(out, OCTET_STRING, self.dn);
        dn.iter().for_each(|piece| out.put_slice(piece.as_bytes()));
        put_header(out, SEQUENCE, self.list);
        for (attribute, length) in attributes.iter().zip(&self.attributes) {
            attribute.put(out, *length);
        }
    }
}
