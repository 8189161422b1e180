//! UUID (RFC 4530 2.1) and CSN, the change sequence number of OpenLDAP, as text.

use super::{InvalidValue, Syntax};

/// Reads a UUID such as `597ae2f6-16a6-1027-98f4-d28b5365dc14`, in either case, without braces or prefix.
pub(crate) fn parse_uuid(value: &[u8]) -> Result<[u8; 16], InvalidValue> {
    let invalid = || InvalidValue::new(Syntax::Uuid, "it must be 8-4-4-4-12 hexadecimal digits");
    if value.len() != 36
        || [8, 13, 18, 23]
            .iter()
            .any(|hyphen| value.get(*hyphen) != Some(&b'-'))
    {
        return Err(invalid());
    }
    let mut digits = value.iter().filter(|byte| **byte != b'-');
    let mut uuid = [0; 16];
    for octet in &mut uuid {
        let high = digits
            .next()
            .and_then(|digit| hex_digit(*digit))
            .ok_or_else(invalid)?;
        let low = digits
            .next()
            .and_then(|digit| hex_digit(*digit))
            .ok_or_else(invalid)?;
        *octet = high << 4 | low;
    }
    if digits.next().is_some() {
        Err(invalid())
    } else {
        Ok(uuid)
    }
}

/// The value of one hexadecimal digit in either case.
pub(crate) fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|number| u8::try_from(number).ok())
}

/// Checks a CSN such as `20261122031500.000000Z#000000#001#000000`: time to the microsecond in UTC, a count of
/// changes at that time, the server's number, a count of modifications. The shorter form that OpenLDAP wrote before
/// 2.4 is refused.
pub(crate) fn check_csn(value: &[u8]) -> Result<(), InvalidValue> {
    const SHAPE: &[u8; 40] = b"dddddddddddddd.ddddddZ#xxxxxx#xxx#xxxxxx";
    let fits = value.len() == SHAPE.len()
        && value.iter().zip(SHAPE).all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            b'x' => byte.is_ascii_hexdigit(),
            literal => byte == literal,
        });
    let is_time = |time| super::time::GeneralizedTime::parse(time).is_ok();
    if fits && value.get(..22).is_some_and(is_time) {
        Ok(())
    } else {
        Err(InvalidValue::new(
            Syntax::Csn,
            "it must be a time with six decimals and Z, then #xxxxxx#xxx#xxxxxx in hexadecimal digits",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_read_in_either_case() {
        let uuid = parse_uuid(b"597ae2f6-16a6-1027-98f4-d28b5365dc14").unwrap();
        assert_eq!(uuid[..4], [0x59, 0x7a, 0xe2, 0xf6]);
        assert_eq!(
            uuid,
            parse_uuid(b"597AE2F6-16A6-1027-98F4-D28B5365DC14").unwrap()
        );
    }

    #[test]
    fn other_shapes_are_not_uuids() {
        for bad in [
            "",
            "597ae2f616a6102798f4d28b5365dc14",
            "{597ae2f6-16a6-1027-98f4-d28b5365dc14}",
            "597ae2f6-16a6-1027-98f4-d28b5365dc1g",
            "597ae2f6-16a6-1027-98f4-d28b5365dc1-",
            "597ae2f-616a6-1027-98f4-d28b5365dc14",
            "597ae2f6-16a6-1027-98f4-d28b5365dc145",
            "+97ae2f6-16a6-1027-98f4-d28b5365dc14",
        ] {
            assert!(parse_uuid(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_csn_has_a_real_time_and_hexadecimal_counts() {
        assert!(check_csn(b"20261122031500.123456Z#00000a#0FF#000000").is_ok());
        for bad in [
            "",
            "20261122031500Z#000000#00#000000",
            "20261322031500.000000Z#000000#000#000000",
            "20261122031500.000000Z#000000#000#00000g",
            "20261122031500.000000Z#000000#000#0000000",
            "20261122031500,000000Z#000000#000#000000",
        ] {
            assert!(check_csn(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
