//! Integer and Bit String (RFC 4517 3.3.16 and 3.3.2) as text.

use super::oid::is_number;
use super::{InvalidValue, Syntax};

/// An integer of any size, taken apart but not converted.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub(crate) struct Integer<'a> {
    /// Below zero.
    pub(crate) negative: bool,
    /// The magnitude without leading zeros.
    pub(crate) digits: &'a [u8],
}

/// Reads an Integer: there is one spelling of each number.
pub(crate) fn parse_integer(value: &[u8]) -> Result<Integer<'_>, InvalidValue> {
    let (negative, digits) = match value {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if is_number(digits) && !(negative && digits == b"0") {
        Ok(Integer { negative, digits })
    } else {
        Err(InvalidValue::new(
            Syntax::Integer,
            "it must be decimal digits without leading zeros, after a - when below zero",
        ))
    }
}

/// Reads a Bit String such as `'0101'B`: its digits.
pub(crate) fn parse_bit_string(value: &[u8]) -> Result<&[u8], InvalidValue> {
    value
        .strip_prefix(b"'")
        .and_then(|rest| rest.strip_suffix(b"'B"))
        .filter(|bits| bits.iter().all(|bit| matches!(bit, b'0' | b'1')))
        .ok_or(InvalidValue::new(
            Syntax::BitString,
            "it must be digits 0 and 1 between ' and 'B",
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_an_integer() {
        for good in ["0", "7", "-7", "10", "-18446744073709551616"] {
            assert!(parse_integer(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in [
            "", "-", "+1", "01", "-0", "-01", "1.0", " 1", "1 ", "0x1", "--1", "\u{0661}",
        ] {
            assert!(parse_integer(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn bit_strings_may_be_empty_but_not_unquoted() {
        assert_eq!(parse_bit_string(b"'0101111101'B").unwrap(), b"0101111101");
        assert_eq!(parse_bit_string(b"''B").unwrap(), b"");
        for bad in [
            "", "'", "'B", "0101", "'012'B", "'01'b", "'01'", "'0'1'B", "'01'B ",
        ] {
            assert!(parse_bit_string(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
