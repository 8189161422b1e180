//! Reading the string form of names (RFC 4514 3), one assertion at a time and without copying what needs no unescaping.
//!
//! Beyond RFC 4514 this accepts what RFC 2253 let older clients send: spaces around `,`, `+` and `=`, values in double
//! quotes, and `OID.` before a numeric type. A `;` as separator is refused.

use std::borrow::Cow;
use std::fmt;

use crate::directory::schema::syntax::identifier::hex_digit;
use crate::directory::schema::syntax::oid::{is_descriptor, is_numeric_oid};

use super::ber;

/// Longest name that is read, in bytes.
pub(super) const MAX_LENGTH: usize = 64 * 1024;
/// Most RDNs in one name.
pub(super) const MAX_RDNS: usize = 256;
/// Most assertions in one RDN.
pub(super) const MAX_ASSERTIONS: usize = 64;

/// Why a text is not a distinguished name, and where.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub struct DnError {
    /// Offset in bytes from the start of the text.
    pub position: usize,
    /// What was wrong there.
    pub reason: DnErrorReason,
}

/// What can be wrong with the text of a distinguished name.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum DnErrorReason {
    /// The text is longer than 64 KiB.
    TooLong,
    /// The name has more than 256 RDNs.
    TooManyRdns,
    /// An RDN has more than 64 assertions.
    TooManyAssertions,
    /// No attribute type where one must be: neither a name nor a dotted decimal object identifier.
    AttributeType,
    /// No `=` after the attribute type.
    MissingEquals,
    /// A backslash before neither two hexadecimal digits nor a character that may be escaped.
    Escape,
    /// `#` without pairs of hexadecimal digits.
    Hex,
    /// One of `"`, `;`, `<`, `>` or NUL without a backslash.
    Unescaped,
    /// A quoted value without its closing quote.
    Unclosed,
    /// Something between a quoted or hexadecimal value and the next separator.
    Separator,
    /// More or less than one RDN where one is expected.
    NotOneRdn,
}

impl DnErrorReason {
    /// A sentence for the client.
    pub fn description(self) -> &'static str {
        match self {
            Self::TooLong => "a distinguished name must not exceed 65536 bytes",
            Self::TooManyRdns => "a distinguished name must not have more than 256 parts",
            Self::TooManyAssertions => {
                "a part of a distinguished name must not have more than 64 assertions"
            }
            Self::AttributeType => {
                "an attribute type must be here: a name or a dotted decimal object identifier"
            }
            Self::MissingEquals => "an equals sign must follow the attribute type",
            Self::Escape => {
                "a backslash must stand before two hexadecimal digits or one of space \"#+,;<=>\\"
            }
            Self::Hex => "# must be followed by pairs of hexadecimal digits, or be escaped as \\#",
            Self::Unescaped => "the characters \" ; < > and NUL must be escaped with a backslash",
            Self::Unclosed => "the quoted value does not end",
            Self::Separator => "a comma, a plus sign or the end of the name must follow the value",
            Self::NotOneRdn => "exactly one part of a distinguished name must be here",
        }
    }
}

impl fmt::Display for DnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "invalid distinguished name at byte {}: {}",
            self.position,
            self.reason.description()
        )
    }
}

impl std::error::Error for DnError {}

/// One attribute type and value, and what stands behind it.
pub(super) struct Assertion<'a> {
    /// Without an `OID.` prefix.
    pub(super) attribute: &'a str,
    /// Unescaped.
    pub(super) value: Cow<'a, [u8]>,
    pub(super) separator: Separator,
}

#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub(super) enum Separator {
    /// A comma: the RDN ends, another one follows.
    Rdn,
    /// A plus sign: the RDN goes on.
    Assertion,
    /// The name ends.
    End,
}

/// The assertions of a name in the order of the text; nothing more comes after an error.
pub(super) struct Assertions<'a> {
    text: &'a str,
    position: usize,
    ended: bool,
    rdns: usize,
    assertions: usize,
}

impl<'a> Assertions<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let is_root = text.bytes().all(|byte| byte == b' ');
        Self {
            text,
            position: 0,
            ended: is_root,
            rdns: 0,
            assertions: 0,
        }
    }

    fn read(&mut self) -> Result<Assertion<'a>, DnError> {
        if self.text.len() > MAX_LENGTH {
            return Err(DnError {
                position: MAX_LENGTH,
                reason: DnErrorReason::TooLong,
            });
        }
        self.skip_spaces();
        let attribute = self.attribute()?;
        self.skip_spaces();
        if self.peek() != Some(b'=') {
            return Err(self.error(DnErrorReason::MissingEquals));
        }
        self.advance();
        self.skip_spaces();
        let value = match self.peek() {
            Some(b'#') => self.hexadecimal()?,
            Some(b'"') => self.quoted()?,
            _ => self.string()?,
        };
        let separator = self.separator()?;
        Ok(Assertion {
            attribute,
            value,
            separator,
        })
    }

    fn attribute(&mut self) -> Result<&'a str, DnError> {
        let start = self.position;
        self.skip_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        let text = self.text.get(start..self.position).unwrap_or_default();
        if is_descriptor(text.as_bytes()) {
            return Ok(text);
        }
        let number = match text.split_at_checked(4) {
            Some((prefix, number)) if prefix.eq_ignore_ascii_case("OID.") => number,
            _ => text,
        };
        if is_numeric_oid(number.as_bytes()) {
            Ok(number)
        } else {
            Err(DnError {
                position: start,
                reason: DnErrorReason::AttributeType,
            })
        }
    }

    fn hexadecimal(&mut self) -> Result<Cow<'a, [u8]>, DnError> {
        self.advance();
        let mut encoded = Vec::new();
        while self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
            encoded.push(self.hex_pair().ok_or(self.error(DnErrorReason::Hex))?);
        }
        if encoded.is_empty() {
            return Err(self.error(DnErrorReason::Hex));
        }
        self.skip_spaces();
        Ok(Cow::Owned(ber::string_contents(encoded)))
    }

    fn quoted(&mut self) -> Result<Cow<'a, [u8]>, DnError> {
        let opening = self.position;
        self.advance();
        let mut value = Unescaped::from(self.text, self.position);
        loop {
            match self.peek() {
                None => {
                    return Err(DnError {
                        position: opening,
                        reason: DnErrorReason::Unclosed,
                    });
                }
                Some(b'"') => break,
                Some(b'\\') => self.escape(&mut value)?,
                Some(0) => return Err(self.error(DnErrorReason::Unescaped)),
                Some(_) => self.advance(),
            }
        }
        let value = value.up_to(self.position);
        self.advance();
        self.skip_spaces();
        Ok(value)
    }

    fn string(&mut self) -> Result<Cow<'a, [u8]>, DnError> {
        let mut value = Unescaped::from(self.text, self.position);
        // Spaces at the end belong to the value only when escaped.
        let mut end = self.position;
        loop {
            match self.peek() {
                None | Some(b',' | b'+') => return Ok(value.up_to(end)),
                Some(b'\\') => {
                    self.escape(&mut value)?;
                    end = self.position;
                }
                Some(b' ') => self.advance(),
                Some(b'"' | b';' | b'<' | b'>' | 0) => {
                    return Err(self.error(DnErrorReason::Unescaped));
                }
                Some(_) => {
                    self.skip_while(|byte| !is_special(byte));
                    end = self.position;
                }
            }
        }
    }

    fn escape(&mut self, value: &mut Unescaped<'a>) -> Result<(), DnError> {
        let backslash = self.position;
        self.advance();
        let octet = match self.peek() {
            Some(
                special @ (b' ' | b'"' | b'#' | b'+' | b',' | b';' | b'<' | b'=' | b'>' | b'\\'),
            ) => {
                self.advance();
                Some(special)
            }
            _ => self.hex_pair(),
        };
        let octet = octet.ok_or(DnError {
            position: backslash,
            reason: DnErrorReason::Escape,
        })?;
        value.replace(backslash, self.position, octet);
        Ok(())
    }

    fn hex_pair(&mut self) -> Option<u8> {
        let high = self.peek().and_then(hex_digit)?;
        let low = self
            .text
            .as_bytes()
            .get(self.position.saturating_add(1))
            .copied()
            .and_then(hex_digit)?;
        self.position = self.position.saturating_add(2);
        Some(high << 4 | low)
    }

    fn separator(&mut self) -> Result<Separator, DnError> {
        self.assertions = self.assertions.saturating_add(1);
        let separator = match self.peek() {
            None => Separator::End,
            Some(b',') => Separator::Rdn,
            Some(b'+') => Separator::Assertion,
            Some(_) => return Err(self.error(DnErrorReason::Separator)),
        };
        match separator {
            Separator::Assertion if self.assertions >= MAX_ASSERTIONS => {
                return Err(self.error(DnErrorReason::TooManyAssertions));
            }
            Separator::Assertion => {}
            Separator::Rdn | Separator::End => {
                self.assertions = 0;
                self.rdns = self.rdns.saturating_add(1);
            }
        }
        if separator == Separator::Rdn && self.rdns >= MAX_RDNS {
            return Err(self.error(DnErrorReason::TooManyRdns));
        }
        self.advance();
        self.ended = separator == Separator::End;
        Ok(separator)
    }

    fn skip_spaces(&mut self) {
        self.skip_while(|byte| byte == b' ');
    }

    fn skip_while(&mut self, skipped: impl Fn(u8) -> bool) {
        let rest = self.text.as_bytes().get(self.position..);
        let rest = rest.unwrap_or_default().iter();
        let length = rest.take_while(|byte| skipped(**byte)).count();
        self.position = self.position.saturating_add(length);
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn advance(&mut self) {
        self.position = self.position.saturating_add(1);
    }

    fn error(&self, reason: DnErrorReason) -> DnError {
        DnError {
            position: self.position,
            reason,
        }
    }
}

impl<'a> Iterator for Assertions<'a> {
    type Item = Result<Assertion<'a>, DnError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.read();
        self.ended |= read.is_err();
        Some(read)
    }
}

/// Whether a byte of a value in its plain form may mean something else than itself.
fn is_special(byte: u8) -> bool {
    matches!(
        byte,
        0 | b' ' | b'"' | b'+' | b',' | b';' | b'<' | b'>' | b'\\'
    )
}

/// A value as it is read: a slice of the text until the first escape, then a copy.
struct Unescaped<'a> {
    text: &'a str,
    /// Where the part begins that is not in `copy` yet.
    from: usize,
    copy: Vec<u8>,
}

impl<'a> Unescaped<'a> {
    fn from(text: &'a str, from: usize) -> Self {
        Self {
            text,
            from,
            copy: Vec::new(),
        }
    }

    fn pending(&self, to: usize) -> &'a [u8] {
        self.text.as_bytes().get(self.from..to).unwrap_or_default()
    }

    fn replace(&mut self, from: usize, to: usize, octet: u8) {
        self.copy.extend_from_slice(self.pending(from));
        self.copy.push(octet);
        self.from = to;
    }

    fn up_to(mut self, to: usize) -> Cow<'a, [u8]> {
        if self.copy.is_empty() {
            return Cow::Borrowed(self.pending(to));
        }
        self.copy.extend_from_slice(self.pending(to));
        Cow::Owned(self.copy)
    }
}
