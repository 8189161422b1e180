//! The stored form of one attribute's values: a BER `SET OF OCTET STRING`, lengths in the fewest
//! octets, so that a face can hand it on as one block and equal sequences of values have equal
//! bytes.
//!
//! Owns that encoding and nothing else: which attribute the values belong to, what they mean and
//! where they are kept is decided elsewhere. The values keep the order they were given in.

use thiserror::Error;

const SET: u8 = 0x31;
const OCTET_STRING: u8 = 0x04;

/// Why bytes are not a value set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidValueSet {
    /// The bytes end before an element does.
    #[error("value set ends within an element")]
    Truncated,
    /// An element is not what must stand in its place.
    #[error("value set has an element of type {0:#04x} where another must stand")]
    Type(u8),
    /// A length is not written in the fewest octets, or in more than four.
    #[error("value set has a length that is not in its shortest form")]
    Length,
    /// More bytes follow than the set holds.
    #[error("value set is followed by further bytes")]
    Trailing,
}

/// The values of one attribute, borrowed in their stored form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueSet<'a> {
    encoded: &'a [u8],
    values: &'a [u8],
}

impl<'a> ValueSet<'a> {
    /// The value set that `encoded` is, every value checked.
    ///
    /// # Errors
    /// When the bytes are not exactly one value set as [`encode`] writes it.
    pub fn parse(encoded: &'a [u8]) -> Result<Self, InvalidValueSet> {
        let (set, rest) = Self::split_first(encoded)?;
        let mut values = set.values;
        while !values.is_empty() {
            values = element(OCTET_STRING, values)?.1;
        }
        if rest.is_empty() {
            Ok(set)
        } else {
            Err(InvalidValueSet::Trailing)
        }
    }

    /// The value set at the start of `bytes`, and what follows it. Looks at the set's own header
    /// only: for bytes that were once checked with [`parse`](Self::parse). Were they not,
    /// [`values`](Self::values) ends at the first fault.
    ///
    /// # Errors
    /// When the header is not that of a value set, or claims more than is there.
    #[inline]
    pub fn split_first(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), InvalidValueSet> {
        let (values, rest) = element(SET, bytes)?;
        let length = bytes.len().saturating_sub(rest.len());
        let encoded = bytes.get(..length).unwrap_or_default();
        Ok((Self { encoded, values }, rest))
    }

    /// The stored form.
    pub fn as_bytes(self) -> &'a [u8] {
        self.encoded
    }

    /// The values in their order.
    pub fn values(self) -> Values<'a> {
        Values { rest: self.values }
    }
}

/// The values of a [`ValueSet`], in order.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (value, rest) = element(OCTET_STRING, self.rest).ok().unzip();
        self.rest = rest.unwrap_or_default();
        value
    }
}

/// Appends the stored form of `values` to `out`. Goes through them twice, so that nothing is moved
/// afterwards.
pub fn encode<'v, I>(values: I, out: &mut Vec<u8>)
where
    I: IntoIterator<Item = &'v [u8]>,
    I::IntoIter: Clone,
{
    let values = values.into_iter();
    let content = content_len(values.clone());
    out.reserve(element_len(content));
    push_header(SET, content, out);
    for value in values {
        push_header(OCTET_STRING, value.len(), out);
        out.extend_from_slice(value);
    }
}

fn content_len<'v>(values: impl IntoIterator<Item = &'v [u8]>) -> usize {
    values
        .into_iter()
        .map(|value| element_len(value.len()))
        .sum()
}

fn element_len(content: usize) -> usize {
    content
        .saturating_add(1)
        .saturating_add(length_octets(content))
}

fn length_octets(content: usize) -> usize {
    if content < 0x80 {
        return 1;
    }
    let bits = usize::BITS.saturating_sub(content.leading_zeros());
    bits.div_ceil(8) as usize + 1
}

fn push_header(tag: u8, content: usize, out: &mut Vec<u8>) {
    match u8::try_from(content) {
        Ok(short @ 0..=0x7f) => out.extend_from_slice(&[tag, short]),
        Ok(long) => out.extend_from_slice(&[tag, 0x81, long]),
        Err(_) => push_long_header(tag, content, out),
    }
}

fn push_long_header(tag: u8, content: usize, out: &mut Vec<u8>) {
    let octets = length_octets(content).saturating_sub(1);
    out.extend_from_slice(&[tag, 0x80 | u8::try_from(octets).unwrap_or(0x7f)]);
    let length = content.to_be_bytes();
    out.extend_from_slice(
        length
            .get(length.len().saturating_sub(octets)..)
            .unwrap_or_default(),
    );
}

/// The content of the element at the start of `bytes`, and what follows it.
#[inline]
fn element(tag: u8, bytes: &[u8]) -> Result<(&[u8], &[u8]), InvalidValueSet> {
    let (length, rest) = match *bytes {
        [found, ..] if found != tag => return Err(InvalidValueSet::Type(found)),
        [_, length @ 0..=0x7f, ref rest @ ..] => (usize::from(length), rest),
        [_, length, ref rest @ ..] => long_length(length & 0x7f, rest)?,
        _ => return Err(InvalidValueSet::Truncated),
    };
    rest.split_at_checked(length)
        .ok_or(InvalidValueSet::Truncated)
}

fn long_length(octets: u8, rest: &[u8]) -> Result<(usize, &[u8]), InvalidValueSet> {
    if !(1..=4).contains(&octets) {
        return Err(InvalidValueSet::Length);
    }
    let octets = usize::from(octets);
    let (length, rest) = rest
        .split_at_checked(octets)
        .ok_or(InvalidValueSet::Truncated)?;
    let length = length
        .iter()
        .fold(0, |sum, octet| (sum << 8) | usize::from(*octet));
    if length_octets(length) != octets.saturating_add(1) {
        return Err(InvalidValueSet::Length);
    }
    Ok((length, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(values: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(values.iter().copied(), &mut out);
        out
    }

    #[test]
    fn the_stored_form_is_a_set_of_octet_strings() {
        assert_eq!(encoded(&[b"cn", b""]), [0x31, 6, 4, 2, b'c', b'n', 4, 0]);
        assert_eq!(encoded(&[]), [0x31, 0]);
    }

    #[test]
    fn lengths_take_the_fewest_octets() {
        for (size, header) in [
            (127, &[4, 127][..]),
            (128, &[4, 0x81, 128]),
            (255, &[4, 0x81, 255]),
            (256, &[4, 0x82, 1, 0]),
            (65_536, &[4, 0x83, 1, 0, 0]),
        ] {
            let value = vec![b'x'; size];
            let set = encoded(&[&value]);
            let at = set.len() - size - header.len();
            assert_eq!(
                &set[at..at + header.len()],
                header,
                "value of {size} octets"
            );
            assert_eq!(
                ValueSet::parse(&set).unwrap().values().next(),
                Some(&value[..])
            );
        }
    }

    #[test]
    fn a_set_is_split_from_what_follows_it() {
        let mut bytes = encoded(&[b"a", b"bc"]);
        let set_len = bytes.len();
        bytes.extend_from_slice(b"rest");
        let (set, rest) = ValueSet::split_first(&bytes).unwrap();
        assert_eq!(set.as_bytes(), &bytes[..set_len]);
        assert_eq!(rest, b"rest");
        assert_eq!(set.values().collect::<Vec<_>>(), [&b"a"[..], b"bc"]);
        assert_eq!(ValueSet::parse(&bytes), Err(InvalidValueSet::Trailing));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        for (bytes, reason) in [
            (&[][..], InvalidValueSet::Truncated),
            (&[0x31], InvalidValueSet::Truncated),
            (&[0x30, 0], InvalidValueSet::Type(0x30)),
            (&[0x31, 3, 4, 2, 0], InvalidValueSet::Truncated),
            (&[0x31, 2, 5, 0], InvalidValueSet::Type(5)),
            (&[0x31, 0x81, 2, 4, 0], InvalidValueSet::Length),
            (&[0x31, 0x80, 0, 0], InvalidValueSet::Length),
            (&[0x31, 0x85, 0, 0, 0, 0, 0], InvalidValueSet::Length),
            (
                &[0x31, 0x84, 0xff, 0xff, 0xff, 0xff],
                InvalidValueSet::Truncated,
            ),
        ] {
            assert_eq!(ValueSet::parse(bytes), Err(reason), "{bytes:x?}");
        }
    }

    #[test]
    fn values_of_unchecked_bytes_end_at_the_first_fault() {
        let (set, _) = ValueSet::split_first(&[0x31, 6, 4, 1, b'a', 4, 9, b'b']).unwrap();
        assert_eq!(set.values().collect::<Vec<_>>(), [b"a"]);
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read_back(
            values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..20)
        ) {
            let set = encoded(&values.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let read: Vec<_> = ValueSet::parse(&set).unwrap().values().collect();
            prop_assert_eq!(read, values);
        }

        #[test]
        fn bytes_that_parse_encode_to_themselves(bytes in proptest::collection::vec(
            prop_oneof![Just(0x31), Just(4), Just(0x81), 0_u8..8, any::<u8>()], 0..24)
        ) {
            if let Ok(set) = ValueSet::parse(&bytes) {
                let mut again = Vec::new();
                encode(set.values(), &mut again);
                prop_assert_eq!(again, bytes);
            }
        }
    }
}
