//! Reads the string form of a filter (RFC 4515, with the empty `(&)` and `(|)` of RFC 4526).
//!
//! What people type is accepted beyond the grammar: a single item without its parentheses, and
//! white space (space, tab, line breaks) wherever it is not part of a value. Everything between the
//! operator and the closing parenthesis is the value, spaces included. Names are checked for their
//! form only; whether they exist is the schema's matter.

use std::fmt;

use super::{Assertion, Extensible, Filter, Substrings};

/// The longest filter string that is read, in bytes.
pub const MAX_LENGTH: usize = 1 << 20;

/// Why a string is not a filter, and where. Never repeats a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Offset in bytes from the start of the string, 0 for its first byte.
    pub position: usize,
    /// What is wrong there.
    pub reason: FilterFault,
}

/// What is wrong with a filter string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterFault {
    /// Longer than [`MAX_LENGTH`].
    TooLong,
    /// Nested deeper than [`Filter::MAX_DEPTH`].
    TooDeep,
    /// A parenthesised filter has to start here.
    ExpectedFilter,
    /// The filter that is open has to end here.
    ExpectedClose,
    /// The filter is complete, yet more text follows.
    TrailingText,
    /// Not an attribute description.
    Attribute,
    /// No operator after the attribute description.
    Operator,
    /// Not the name or OID of a matching rule.
    Rule,
    /// An extensible match with neither attribute nor rule.
    NoSubject,
    /// A backslash without two hexadecimal digits.
    Escape,
    /// A `(`, `*` or NUL that has to be escaped, because it stands in a value.
    Unescaped,
    /// A substring filter of asterisks alone.
    NoPieces,
}

impl fmt::Display for FilterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {MAX_LENGTH} bytes"),
            Self::TooDeep => write!(f, "nested deeper than {} levels", Filter::MAX_DEPTH),
            Self::ExpectedFilter => f.write_str("expected a filter in parentheses"),
            Self::ExpectedClose => f.write_str("expected `)`"),
            Self::TrailingText => f.write_str("unexpected text after the end of the filter"),
            Self::Attribute => {
                f.write_str("expected an attribute (a name or an OID, options after `;`)")
            }
            Self::Operator => {
                f.write_str("expected `=`, `~=`, `>=`, `<=` or `:=` after the attribute")
            }
            Self::Rule => f.write_str("expected the name or the OID of a matching rule"),
            Self::NoSubject => f.write_str("`:=` needs an attribute or a matching rule before it"),
            Self::Escape => f.write_str("a backslash must be followed by two hexadecimal digits"),
            Self::Unescaped => {
                f.write_str("must be escaped here: `\\28` for `(`, `\\2a` for `*`, `\\00` for NUL")
            }
            Self::NoPieces => {
                f.write_str("nothing between the asterisks; a single `*` tests for presence")
            }
        }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter, at byte {}: {}", self.position, self.reason)
    }
}

impl std::error::Error for FilterError {}

impl Filter {
    /// Reads a filter string of at most [`MAX_LENGTH`] bytes (RFC 4515 section 3).
    ///
    /// # Errors
    /// The first place that does not fit, with the reason.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        let mut parser = Parser { text, position: 0 };
        if text.len() > MAX_LENGTH {
            return parser.fail_at(MAX_LENGTH, FilterFault::TooLong);
        }
        parser.skip_space();
        let filter = match parser.peek() {
            Some(b'(') => {
                let filter = parser.filter(1)?;
                parser.skip_space();
                filter
            }
            Some(b'&' | b'|' | b'!') | None => return parser.fail(FilterFault::ExpectedFilter),
            Some(_) => parser.item()?,
        };
        match parser.peek() {
            None => Ok(filter),
            Some(_) => parser.fail(FilterFault::TrailingText),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Parser<'a> {
    /// `"(" filtercomp ")"`
    fn filter(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if !self.accept(b'(') {
            return self.fail(FilterFault::ExpectedFilter);
        }
        if depth > Filter::MAX_DEPTH {
            return self.fail_at(self.position - 1, FilterFault::TooDeep);
        }
        self.skip_space();
        let filter = if self.accept(b'&') {
            Filter::And(self.filter_list(depth + 1)?)
        } else if self.accept(b'|') {
            Filter::Or(self.filter_list(depth + 1)?)
        } else if self.accept(b'!') {
            self.skip_space();
            let part = self.filter(depth + 1)?;
            self.skip_space();
            Filter::Not(Box::new(part))
        } else {
            self.item()?
        };
        if self.accept(b')') {
            Ok(filter)
        } else {
            self.fail(FilterFault::ExpectedClose)
        }
    }

    fn filter_list(&mut self, depth: usize) -> Result<Vec<Filter>, FilterError> {
        let mut parts = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                Some(b'(') => parts.push(self.filter(depth)?),
                Some(b')') | None => return Ok(parts),
                Some(_) => return self.fail(FilterFault::ExpectedFilter),
            }
        }
    }

    /// `simple / present / substring / extensible`, up to the closing parenthesis.
    fn item(&mut self) -> Result<Filter, FilterError> {
        let start = self.position;
        let attribute = self.take_while(is_description_byte);
        if self.peek() == Some(b':') {
            if !attribute.is_empty() && !is_description(attribute) {
                return self.fail_at(start, FilterFault::Attribute);
            }
            return self.extensible(attribute);
        }
        if !is_description(attribute) {
            return self.fail_at(start, FilterFault::Attribute);
        }
        if self.accept(b'=') {
            return self.equality(attribute);
        }
        let kind = match self.peek() {
            Some(b'~') => Filter::Approx,
            Some(b'>') => Filter::GreaterOrEqual,
            Some(b'<') => Filter::LessOrEqual,
            _ => return self.fail(FilterFault::Operator),
        };
        self.position += 1;
        if !self.accept(b'=') {
            return self.fail_at(self.position - 1, FilterFault::Operator);
        }
        Ok(kind(Assertion {
            attribute: attribute.to_owned(),
            value: self.whole_value()?,
        }))
    }

    /// What follows `attr "="`: an equality, a presence or a substring filter.
    fn equality(&mut self, attribute: &str) -> Result<Filter, FilterError> {
        let attribute = attribute.to_owned();
        let first = self.value()?;
        let first_star = self.position;
        if self.peek() != Some(b'*') {
            return Ok(Filter::Equality(Assertion {
                attribute,
                value: first,
            }));
        }
        let mut pieces = Vec::new();
        while self.accept(b'*') {
            pieces.push(self.value()?);
        }
        let last = pieces.pop().filter(|piece| !piece.is_empty());
        let initial = Some(first).filter(|piece| !piece.is_empty());
        if initial.is_none() && last.is_none() && pieces.is_empty() {
            return Ok(Filter::Present(attribute));
        }
        pieces.retain(|piece| !piece.is_empty());
        if initial.is_none() && last.is_none() && pieces.is_empty() {
            return self.fail_at(first_star, FilterFault::NoPieces);
        }
        Ok(Filter::Substrings(Substrings {
            attribute,
            initial,
            any: pieces,
            last,
        }))
    }

    /// What follows `[attr]` in `[attr] [":dn"] [":" rule] ":=" value`.
    fn extensible(&mut self, attribute: &str) -> Result<Filter, FilterError> {
        let start = self.position;
        let mut dn_attributes = false;
        let mut rule = None;
        while self.accept(b':') {
            if self.accept(b'=') {
                if attribute.is_empty() && rule.is_none() {
                    return self.fail_at(start, FilterFault::NoSubject);
                }
                let attribute = Some(attribute)
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned);
                return Ok(Filter::Extensible(Extensible {
                    rule,
                    attribute,
                    value: self.whole_value()?,
                    dn_attributes,
                }));
            }
            let name_start = self.position;
            let name = self.take_while(is_oid_byte);
            if name.eq_ignore_ascii_case("dn") && !dn_attributes && rule.is_none() {
                dn_attributes = true;
            } else if is_oid(name) && rule.is_none() {
                rule = Some(name.to_owned());
            } else {
                return self.fail_at(name_start, FilterFault::Rule);
            }
        }
        self.fail(FilterFault::Operator)
    }

    /// A value in which no asterisk may stand unescaped.
    fn whole_value(&mut self) -> Result<Vec<u8>, FilterError> {
        let value = self.value()?;
        if self.peek() == Some(b'*') {
            self.fail(FilterFault::Unescaped)
        } else {
            Ok(value)
        }
    }

    /// `valueencoding`: decoded, up to a `)`, an asterisk or the end of the text.
    fn value(&mut self) -> Result<Vec<u8>, FilterError> {
        let mut value = Vec::new();
        loop {
            value.extend_from_slice(self.take_while(is_plain_byte).as_bytes());
            match self.peek() {
                None | Some(b')' | b'*') => return Ok(value),
                Some(b'\\') => value.push(self.escape()?),
                Some(_) => return self.fail(FilterFault::Unescaped),
            }
        }
    }

    /// `"\" HEX HEX`
    fn escape(&mut self) -> Result<u8, FilterError> {
        let digit = |offset: usize| {
            let byte = *self.text.as_bytes().get(self.position + offset)?;
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        let (Some(high), Some(low)) = (digit(1), digit(2)) else {
            return self.fail(FilterFault::Escape);
        };
        self.position += 3;
        Ok(high << 4 | low)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    }

    /// Takes bytes while `wanted` holds; it treats all bytes of a character alike, so the cut is at
    /// a character.
    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.text.get(self.position..).unwrap_or_default();
        let length = rest
            .bytes()
            .position(|byte| !wanted(byte))
            .unwrap_or(rest.len());
        self.position += length;
        rest.get(..length).unwrap_or_default()
    }

    fn fail<T>(&self, reason: FilterFault) -> Result<T, FilterError> {
        self.fail_at(self.position, reason)
    }

    fn fail_at<T>(&self, position: usize, reason: FilterFault) -> Result<T, FilterError> {
        Err(FilterError { position, reason })
    }
}

fn is_plain_byte(byte: u8) -> bool {
    !matches!(byte, 0 | b'(' | b')' | b'*' | b'\\')
}

/// The underscore is in no RFC grammar, but in the attribute names of several products.
fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn is_oid_byte(byte: u8) -> bool {
    is_key_byte(byte) || byte == b'.'
}

/// Whether the byte can stand in an attribute description; printing escapes every other one.
pub(super) fn is_description_byte(byte: u8) -> bool {
    is_oid_byte(byte) || byte == b';'
}

/// `attributedescription` (RFC 4512 section 2.5).
fn is_description(text: &str) -> bool {
    let mut parts = text.split(';');
    parts.next().is_some_and(is_oid)
        && parts.all(|option| !option.is_empty() && option.bytes().all(is_key_byte))
}

/// `oid`: a short name or a dotted number (RFC 4512 section 1.4).
fn is_oid(text: &str) -> bool {
    if text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return text.bytes().all(is_key_byte);
    }
    let is_number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    text.contains('.') && text.split('.').all(is_number)
}

#[cfg(test)]
mod tests;
