//! Object identifiers as text (RFC 4512 1.4): `numericoid` and `descr`.
//!
//! Only the form is judged here; what an identifier names is the schema's to say.

/// Whether `text` is a `numericoid`: two or more numbers without leading zeros, separated by dots.
pub(crate) fn is_numeric_oid(text: &[u8]) -> bool {
    if !text.first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let mut arcs = 0_usize;
    text.split(|byte| *byte == b'.').all(|arc| {
        arcs = arcs.saturating_add(1);
        is_number(arc)
    }) && arcs >= 2
}

/// Whether `text` is a `descr`: a letter, then letters, digits and hyphens.
pub(crate) fn is_descriptor(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphabetic)
        && text
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// Whether `text` is an `oid`: either form.
pub(crate) fn is_oid(text: &[u8]) -> bool {
    is_descriptor(text) || is_numeric_oid(text)
}

/// Whether `text` is a `number`: digits, with a leading zero only in `0` itself.
pub(crate) fn is_number(text: &[u8]) -> bool {
    match text {
        [b'0'] => true,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numeric_oids_have_two_arcs_and_no_leading_zeros() {
        for good in [
            "1.2",
            "0.0",
            "2.5.4.3",
            "2.25.329800735698586629295641978511506172918",
        ] {
            assert!(is_numeric_oid(good.as_bytes()), "{good}");
        }
        for bad in ["", "1", "1.", ".1", "1..2", "1.02", "01.2", "1.a", "1. 2"] {
            assert!(!is_numeric_oid(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn descriptors_begin_with_a_letter() {
        for good in ["cn", "a", "x-1", "A1-"] {
            assert!(is_descriptor(good.as_bytes()), "{good}");
        }
        for bad in ["", "1a", "-a", "a b", "a_b", "é", "cn;lang-en"] {
            assert!(!is_descriptor(bad.as_bytes()), "{bad}");
        }
    }
}
