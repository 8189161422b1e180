//! Normal form of integers of any size (RFC 4517 3.3.16), and the bitwise rules.
//!
//! The normal form of a number that is not negative is its count of digits, then the digits. The count is one byte
//! from 0x81 for counts below 127, else 0xff and four bytes. A negative number has every byte of its magnitude's form
//! inverted, so that byte order is numeric order throughout.

use crate::directory::schema::syntax::number::parse_integer;
use crate::directory::schema::syntax::{InvalidValue, Syntax};

const POSITIVE: u8 = 0x80;
const LONG: u8 = 0x7f;

pub(super) fn normalize(value: &[u8], out: &mut Vec<u8>) -> Result<(), InvalidValue> {
    let integer = parse_integer(value)?;
    let start = out.len();
    match u8::try_from(integer.digits.len()) {
        Ok(count) if count < LONG => out.push(POSITIVE | count),
        _ => {
            let count = u32::try_from(integer.digits.len()).map_err(|_| {
                InvalidValue::new(Syntax::Integer, "it has more digits than can be compared")
            })?;
            out.push(POSITIVE | LONG);
            out.extend_from_slice(&count.to_be_bytes());
        }
    }
    out.extend_from_slice(integer.digits);
    if integer.negative {
        out.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
    }
    Ok(())
}

/// The value as a machine integer, for the bitwise rules.
pub(super) fn bits(value: &[u8]) -> Result<i128, InvalidValue> {
    parse_integer(value)?;
    str::from_utf8(value)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or(InvalidValue::new(
            Syntax::Integer,
            "bits are compared within 128 bits only",
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normal(value: &str) -> Vec<u8> {
        let mut out = Vec::new();
        normalize(value.as_bytes(), &mut out).unwrap();
        out
    }

    #[test]
    fn numbers_of_any_length_sort_by_value() {
        let long = |first: char, length: usize| format!("{first}{}", "0".repeat(length - 1));
        let ascending = [
            format!("-{}", long('1', 70_000)),
            format!("-{}", long('1', 127)),
            format!("-{}", long('9', 126)),
            "-10".into(),
            "-9".into(),
            "-1".into(),
            "0".into(),
            "1".into(),
            "9".into(),
            "10".into(),
            long('9', 126),
            long('1', 127),
            long('2', 127),
            long('1', 128),
            long('1', 70_000),
        ];
        assert!(
            ascending
                .windows(2)
                .all(|pair| normal(&pair[0]) < normal(&pair[1]))
        );
    }

    proptest! {
        #[test]
        fn byte_order_is_numeric_order(a: i64, b: i64) {
            prop_assert_eq!(normal(&a.to_string()).cmp(&normal(&b.to_string())), a.cmp(&b));
        }
    }
}
