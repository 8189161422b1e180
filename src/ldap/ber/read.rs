//! Reading the elements of one constructed value: each in its place, of its type, within what holds
//! it. Nothing is allocated.

use std::ops::RangeInclusive;

use thiserror::Error;

use super::structure::check_unread;
use super::{BerFault, CONSTRUCTED, header};

/// What was wrong with one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field}: {fault}")]
pub struct ReadError {
    /// The field in the words of the RFC that defines it.
    pub field: &'static str,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What can be wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// The encoding itself.
    #[error("{0}")]
    Encoding(#[from] BerFault),
    /// The enclosing value ends before the field.
    #[error("missing")]
    Missing,
    /// Another element stands in its place.
    #[error("unexpected element with identifier octet {0:#04x}")]
    Unexpected(u8),
    /// A BOOLEAN that is not one octet long, or an INTEGER without content.
    #[error("content of the wrong size")]
    Size,
    /// A number outside of what the field allows.
    #[error("value out of range")]
    Range,
    /// A string that must be UTF-8 (RFC 4511 section 4.1.2).
    #[error("not valid UTF-8")]
    Utf8,
    /// A requirement of its own, given in words.
    #[error("{0}")]
    Rule(&'static str),
}

impl Fault {
    /// This fault of the field `field`.
    pub fn of(self, field: &'static str) -> ReadError {
        ReadError { field, fault: self }
    }
}

/// One element: its identifier octet and its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// Class, form and tag number.
    pub tag: u8,
    /// The content octets.
    pub content: &'a [u8],
}

/// Reads the elements of one constructed value in order.
///
/// Each method takes the name of the field it reads, for the error. Besides its own fault each can
/// fail with [`Fault::Encoding`], [`Fault::Missing`] and [`Fault::Unexpected`]. Identifier octets
/// are compared whole, so that a primitive element where a constructed one belongs is refused, and
/// the reverse.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader over the content octets of a constructed value.
    pub fn new(content: &'a [u8]) -> Self {
        Self { rest: content }
    }

    /// Whether every element has been read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The identifier octet of the next element.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever it is.
    ///
    /// # Errors
    /// As described at [`Reader`].
    pub fn element(&mut self, field: &'static str) -> Result<Element<'a>, ReadError> {
        if self.rest.is_empty() {
            return Err(Fault::Missing.of(field));
        }
        let found = header(self.rest).map_err(|fault| Fault::from(fault).of(field))?;
        let split = found.and_then(|found| {
            let (content, rest) = self
                .rest
                .get(found.len..)?
                .split_at_checked(found.content)?;
            Some((
                Element {
                    tag: found.tag,
                    content,
                },
                rest,
            ))
        });
        let (element, rest) = split.ok_or(Fault::Encoding(BerFault::Overrun).of(field))?;
        self.rest = rest;
        Ok(element)
    }

    /// Passes over the next element, whatever it is, and tells its identifier octet. What is in it
    /// must be elements as well, if it is constructed.
    ///
    /// # Errors
    /// As described at [`Reader`].
    pub fn skip(&mut self, field: &'static str) -> Result<u8, ReadError> {
        let Element { tag, content } = self.element(field)?;
        check_unread(tag, content).map_err(|fault| Fault::from(fault).of(field))?;
        Ok(tag)
    }

    /// The content of the next element, which must be `tag`.
    ///
    /// # Errors
    /// As described at [`Reader`].
    #[inline]
    pub fn content(&mut self, tag: u8, field: &'static str) -> Result<&'a [u8], ReadError> {
        // As nearly all are: what must be here, and no longer than one octet can say.
        if let [found, length @ 0..=0x7f, rest @ ..] = self.rest
            && *found == tag
            && let Some((content, rest)) = rest.split_at_checked(usize::from(*length))
        {
            self.rest = rest;
            return Ok(content);
        }
        self.any_content(tag, field)
    }

    fn any_content(&mut self, tag: u8, field: &'static str) -> Result<&'a [u8], ReadError> {
        let element = self.element(field)?;
        if element.tag != tag {
            return Err(Fault::Unexpected(element.tag).of(field));
        }
        Ok(element.content)
    }

    /// The content of the next element if it is `tag`; another one is left for the next call.
    ///
    /// # Errors
    /// As described at [`Reader`].
    pub fn optional(
        &mut self,
        tag: u8,
        field: &'static str,
    ) -> Result<Option<&'a [u8]>, ReadError> {
        if self.peek() == Some(tag) {
            self.content(tag, field).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The elements within the next one, which must be the constructed `tag`.
    ///
    /// # Errors
    /// As described at [`Reader`].
    pub fn constructed(&mut self, tag: u8, field: &'static str) -> Result<Reader<'a>, ReadError> {
        self.content(tag, field).map(Reader::new)
    }

    /// A string that must be UTF-8.
    ///
    /// # Errors
    /// As described at [`Reader`], and [`Fault::Utf8`].
    pub fn text(&mut self, tag: u8, field: &'static str) -> Result<&'a str, ReadError> {
        std::str::from_utf8(self.content(tag, field)?).map_err(|_| Fault::Utf8.of(field))
    }

    /// As [`text`](Self::text), if the next element is `tag`; another one is left for the next
    /// call.
    ///
    /// # Errors
    /// As described at [`Reader`], and [`Fault::Utf8`].
    pub fn optional_text(
        &mut self,
        tag: u8,
        field: &'static str,
    ) -> Result<Option<&'a str>, ReadError> {
        if self.peek() == Some(tag) {
            self.text(tag, field).map(Some)
        } else {
            Ok(None)
        }
    }

    /// An INTEGER or ENUMERATED within `range`, in any number of content octets up to eight.
    ///
    /// # Errors
    /// As described at [`Reader`], [`Fault::Size`] without content, and [`Fault::Range`].
    #[inline]
    pub fn integer(
        &mut self,
        tag: u8,
        field: &'static str,
        range: RangeInclusive<i32>,
    ) -> Result<i32, ReadError> {
        let value = match *self.content(tag, field)? {
            [octet] => i64::from(octet.cast_signed()),
            ref content => long_integer(content, field)?,
        };
        i32::try_from(value)
            .ok()
            .filter(|value| range.contains(value))
            .ok_or(Fault::Range.of(field))
    }

    /// A BOOLEAN; every octet but zero counts as TRUE (X.690 section 8.2.2), though LDAP sends
    /// 0xff.
    ///
    /// # Errors
    /// As described at [`Reader`], and [`Fault::Size`].
    pub fn boolean(&mut self, tag: u8, field: &'static str) -> Result<bool, ReadError> {
        match *self.content(tag, field)? {
            [octet] => Ok(octet != 0),
            _ => Err(Fault::Size.of(field)),
        }
    }

    /// Ends a SEQUENCE of which every defined component has been read.
    ///
    /// What is left must be components that the SEQUENCE does not define, as RFC 4511 section 4 has
    /// every receiver ignore them: their structure is read, their content is not. `defined` holds
    /// the identifier octets of the components it does define; one of those here is repeated or out
    /// of order, and refused. Their form is not compared.
    ///
    /// # Errors
    /// As described at [`Reader`], for `sequence`.
    pub fn finish(mut self, sequence: &'static str, defined: &[u8]) -> Result<(), ReadError> {
        while !self.rest.is_empty() {
            let tag = self.skip(sequence)?;
            if defined
                .iter()
                .any(|known| (known ^ tag) & !CONSTRUCTED == 0)
            {
                return Err(Fault::Unexpected(tag).of(sequence));
            }
        }
        Ok(())
    }
}

fn long_integer(content: &[u8], field: &'static str) -> Result<i64, ReadError> {
    match content {
        [] => Err(Fault::Size.of(field)),
        [first, ..] if content.len() <= 8 => {
            let sign = i64::from(first.cast_signed() >> 7);
            let octets = content.iter();
            Ok(octets.fold(sign, |sum, octet| (sum << 8) | i64::from(*octet)))
        }
        _ => Err(Fault::Range.of(field)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::ber::{BOOLEAN, INTEGER, OCTET_STRING, SEQUENCE};

    #[test]
    fn elements_come_in_order_and_optional_ones_are_left_when_others() {
        let mut reader = Reader::new(&[2, 1, 5, 4, 1, b'x', 1, 1, 0xff]);
        assert_eq!(reader.integer(INTEGER, "size", 0..=9), Ok(5));
        assert_eq!(reader.optional(BOOLEAN, "flag"), Ok(None));
        assert_eq!(reader.optional_text(OCTET_STRING, "name"), Ok(Some("x")));
        assert_eq!(reader.peek(), Some(BOOLEAN));
        assert_eq!(reader.boolean(BOOLEAN, "flag"), Ok(true));
        assert!(reader.is_empty());
        assert_eq!(
            reader.content(INTEGER, "more"),
            Err(Fault::Missing.of("more"))
        );
        assert_eq!(reader.optional(INTEGER, "more"), Ok(None));
    }

    #[test]
    fn bytes_that_nobody_checked_before_are_safe_to_read() {
        for (bytes, fault) in [
            (&[4][..], BerFault::Overrun),
            (&[4, 2, b'x'], BerFault::Overrun),
            (&[4, 0x84, 0xff, 0xff, 0xff, 0xff], BerFault::Overrun),
            (&[4, 0x80, 0, 0], BerFault::IndefiniteLength),
            (&[4, 0x85, 0, 0, 0, 0, 0], BerFault::LengthOctets(5)),
            (&[0x1f, 0], BerFault::HighTagNumber),
        ] {
            let fault = Fault::Encoding(fault).of("value");
            assert_eq!(
                Reader::new(bytes).element("value"),
                Err(fault),
                "{bytes:x?}"
            );
            assert_eq!(Reader::new(bytes).finish("value", &[]), Err(fault));
        }
    }

    #[test]
    fn an_element_does_not_reach_beyond_the_one_that_holds_it() {
        let mut inner = Reader::new(&[0x30, 2, 4, 1, b'x'])
            .constructed(SEQUENCE, "outer")
            .unwrap();
        let fault = Fault::Encoding(BerFault::Overrun).of("inner");
        assert_eq!(inner.content(OCTET_STRING, "inner"), Err(fault));
    }

    #[test]
    fn integers_are_read_with_their_sign() {
        for (content, value) in [
            (&[0x7f][..], 127),
            (&[0, 0x80], 128),
            (&[0xff], -1),
            (&[0xff, 0x7f], -129),
            (&[0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 0], i32::MIN),
        ] {
            let element = [&[INTEGER, content.len() as u8], content].concat();
            let read = Reader::new(&element).integer(INTEGER, "n", i32::MIN..=i32::MAX);
            assert_eq!(read, Ok(value), "{content:x?}");
        }
    }
}
