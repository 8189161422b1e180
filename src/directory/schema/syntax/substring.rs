//! Substring Assertion (RFC 4517 3.3.30): the assertion value of a substrings rule in an extensible filter.
//!
//! The pieces of an ordinary substring filter arrive apart already (RFC 4511 4.5.1.7.2) and never take this form.

use super::text::unescape;
use super::{InvalidValue, Syntax};

/// The pieces of a Substring Assertion, unescaped. No piece is empty.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SubstringAssertion {
    /// What the value must begin with.
    pub initial: Option<Vec<u8>>,
    /// What it must contain after that, in this order and without overlap.
    pub any: Vec<Vec<u8>>,
    /// What it must end with.
    pub last: Option<Vec<u8>>,
}

impl SubstringAssertion {
    /// Reads `initial*any*last` with `\2A` for an asterisk and `\5C` for a backslash.
    ///
    /// # Errors
    /// When there is no asterisk, two follow each other, another escape is used, or the text is not UTF-8.
    pub fn parse(value: &[u8]) -> Result<Self, InvalidValue> {
        let invalid = |reason| InvalidValue::new(Syntax::SubstringAssertion, reason);
        let mut pieces = Vec::new();
        for piece in value.split(|byte| *byte == b'*') {
            let piece = unescape(piece, *b"*\\").ok_or(invalid(
                "it must be UTF-8, with asterisk as \\2A and backslash as \\5C",
            ))?;
            pieces.push(Some(piece.into_owned().into_bytes()).filter(|piece| !piece.is_empty()));
        }
        let [initial, any @ .., last] = pieces.as_mut_slice() else {
            return Err(invalid("it must contain an asterisk"));
        };
        let any = any
            .iter_mut()
            .map(|piece| {
                piece
                    .take()
                    .ok_or(invalid("two asterisks must not follow each other"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            initial: initial.take(),
            any,
            last: last.take(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_lie_between_asterisks() {
        let parsed = SubstringAssertion::parse(br"al\2Aice*b*c\5c*dams").unwrap();
        assert_eq!(parsed.initial.as_deref(), Some(b"al*ice".as_slice()));
        assert_eq!(parsed.any, [b"b".to_vec(), br"c\".to_vec()]);
        assert_eq!(parsed.last.as_deref(), Some(b"dams".as_slice()));
    }

    #[test]
    fn a_lone_asterisk_asserts_nothing() {
        assert_eq!(
            SubstringAssertion::parse(b"*").unwrap(),
            SubstringAssertion::default()
        );
    }

    #[test]
    fn other_forms_are_refused() {
        for bad in ["", "alice", "a**b", "***", r"a\2b*", r"a\41*"] {
            assert!(SubstringAssertion::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
