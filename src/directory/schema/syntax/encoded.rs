//! Syntaxes written in an ASN.1 encoding, judged lightly: the DER of certificates (RFC 4523) by its outermost header,
//! a Subtree Specification (RFC 3672) by its braces.

/// Whether the value is one DER SEQUENCE that ends where its header says. What is inside is not read; this catches
/// a certificate pasted as PEM or cut short.
pub(super) fn is_der_sequence(value: &[u8]) -> bool {
    let [0x30, length, rest @ ..] = value else {
        return false;
    };
    if *length < 0x80 {
        return usize::from(*length) == rest.len();
    }
    let octets = usize::from(length & 0x7f);
    match rest.split_at_checked(octets) {
        Some((encoded, contents)) if octets <= 8 && encoded.first() != Some(&0) => {
            let length = encoded
                .iter()
                .fold(0_u64, |length, octet| length << 8 | u64::from(*octet));
            length >= 0x80 && u64::try_from(contents.len()) == Ok(length)
        }
        _ => false,
    }
}

/// Whether the value is braces around anything in which braces balance and quoted strings end.
pub(super) fn is_braced(value: &[u8]) -> bool {
    if str::from_utf8(value).is_err() || value.first() != Some(&b'{') {
        return false;
    }
    let (mut depth, mut quoted) = (0_usize, false);
    let mut rest = value.iter();
    for byte in rest.by_ref() {
        match byte {
            // A doubled quote inside a string ends it and begins it anew.
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' => depth = depth.saturating_add(1),
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    depth == 0 && rest.as_slice().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_der_sequence_fills_the_value() {
        assert!(is_der_sequence(&[0x30, 0x00]));
        assert!(is_der_sequence(&[0x30, 0x02, 0x05, 0x00]));
        let long = [[0x30, 0x82, 0x01, 0x00].as_slice(), &[0; 256]].concat();
        assert!(is_der_sequence(&long));
        for bad in [
            &b""[..],
            b"\x30",
            b"\x30\x02\x05",
            b"\x30\x02\x05\x00\x00",
            b"\x31\x00",
            b"\x30\x80\x00\x00",
            b"\x30\x81\x02\x05\x00",
            b"\x30\x82\x00\x80",
            b"\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff",
            b"-----BEGIN CERTIFICATE-----",
        ] {
            assert!(!is_der_sequence(bad), "{bad:?}");
        }
    }

    #[test]
    fn subtree_specifications_balance_their_braces() {
        for good in [
            "{}",
            "{ }",
            r#"{ base "ou=a}", minimum 1 }"#,
            r#"{ base "cn=""x""" , specificExclusions { chopBefore:"cn=b" } }"#,
        ] {
            assert!(is_braced(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "{",
            "}",
            "{}}",
            "{} x",
            "x{}",
            r#"{ base "ou=a }"#,
            "{{}",
        ] {
            assert!(!is_braced(bad.as_bytes()), "{bad}");
        }
    }
}
