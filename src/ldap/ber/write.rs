//! Writing BER, length first: the caller adds up content lengths with the `*_len` functions, then
//! writes headers and contents in order. Nothing is moved or patched afterwards, and nothing is
//! allocated but what the buffer itself needs.

use bytes::BytesMut;

use super::{ENUMERATED, INTEGER};

/// What elements are written to.
pub trait Octets {
    /// Appends octets.
    fn put(&mut self, octets: &[u8]);
}

impl Octets for Vec<u8> {
    #[inline]
    fn put(&mut self, octets: &[u8]) {
        self.extend_from_slice(octets);
    }
}

// Not by way of `BufMut`, into which the compiler does not look: nearly all that is written is two octets long.
impl Octets for BytesMut {
    #[inline]
    fn put(&mut self, octets: &[u8]) {
        self.extend_from_slice(octets);
    }
}

/// The length of a whole element with `content` octets of content.
pub fn element_len(content: usize) -> usize {
    content
        .saturating_add(1)
        .saturating_add(length_octets(content))
}

/// The length of a whole INTEGER or ENUMERATED element.
pub fn integer_element_len(value: i32) -> usize {
    element_len(integer_octets(value))
}

/// Writes the identifier octet `tag` and the length of `content` octets that the caller writes
/// next.
#[inline]
pub fn put_header(out: &mut impl Octets, tag: u8, content: usize) {
    match u16::try_from(content).map(u16::to_be_bytes) {
        Ok([0, short @ 0..=0x7f]) => out.put(&[tag, short]),
        Ok([0, long]) => out.put(&[tag, 0x81, long]),
        Ok([high, low]) => out.put(&[tag, 0x82, high, low]),
        Err(_) => put_long_header(out, tag, content),
    }
}

fn put_long_header(out: &mut impl Octets, tag: u8, content: usize) {
    let octets = length_octets(content).saturating_sub(1);
    out.put(&[tag, 0x80 | u8::try_from(octets).unwrap_or(0x7f)]);
    let length = content.to_be_bytes();
    out.put(
        length
            .get(length.len().saturating_sub(octets)..)
            .unwrap_or_default(),
    );
}

/// Writes a whole element.
#[inline]
pub fn put_element(out: &mut impl Octets, tag: u8, content: &[u8]) {
    put_header(out, tag, content.len());
    out.put(content);
}

/// Writes an INTEGER in the fewest octets.
pub fn put_integer(out: &mut impl Octets, value: i32) {
    put_number(out, INTEGER, value);
}

/// Writes an ENUMERATED in the fewest octets.
pub fn put_enumerated(out: &mut impl Octets, value: i32) {
    put_number(out, ENUMERATED, value);
}

fn put_number(out: &mut impl Octets, tag: u8, value: i32) {
    let octets = value.to_be_bytes();
    let unused = octets.len().saturating_sub(integer_octets(value));
    put_element(out, tag, octets.get(unused..).unwrap_or(&octets));
}

/// How many octets the length `content` itself takes.
fn length_octets(content: usize) -> usize {
    if content < 0x80 {
        1
    } else {
        significant_octets(usize::BITS, content.leading_zeros()) + 1
    }
}

/// How many octets the two's complement of `value` takes, with its sign bit.
fn integer_octets(value: i32) -> usize {
    let sign_copies = if value < 0 {
        value.leading_ones()
    } else {
        value.leading_zeros()
    };
    significant_octets(i32::BITS, sign_copies.saturating_sub(1))
}

fn significant_octets(bits: u32, leading: u32) -> usize {
    bits.saturating_sub(leading).div_ceil(8).max(1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::ber::{OCTET_STRING, Reader, header};
    use proptest::prelude::*;

    #[test]
    fn integers_take_the_fewest_octets() {
        for (value, octets) in [
            (0, &[0][..]),
            (127, &[127]),
            (128, &[0, 128]),
            (-1, &[0xff]),
            (-128, &[0x80]),
            (-129, &[0xff, 0x7f]),
            (65_536, &[1, 0, 0]),
            (i32::MAX, &[0x7f, 0xff, 0xff, 0xff]),
            (i32::MIN, &[0x80, 0, 0, 0]),
        ] {
            let mut out = Vec::new();
            put_integer(&mut out, value);
            assert_eq!(out, [&[INTEGER, octets.len() as u8], octets].concat());
        }
    }

    proptest! {
        #[test]
        fn numbers_are_read_back(value in any::<i32>()) {
            let mut out = Vec::new();
            put_integer(&mut out, value);
            put_enumerated(&mut out, value);
            prop_assert_eq!(out.len(), 2 * integer_element_len(value));
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.integer(INTEGER, "", i32::MIN..=i32::MAX), Ok(value));
            prop_assert_eq!(reader.integer(ENUMERATED, "", i32::MIN..=i32::MAX), Ok(value));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn headers_are_read_back(bits in 0..33_u32, low in any::<u32>()) {
            let content = (u64::from(low) & ((1 << bits) - 1)) as usize;
            let mut out = Vec::new();
            put_header(&mut out, OCTET_STRING, content);
            prop_assert_eq!(element_len(content), out.len() + content);
            let read = header(&out).unwrap().unwrap();
            prop_assert_eq!((read.tag, read.len, read.content), (OCTET_STRING, out.len(), content));
        }
    }
}
