//! The hexadecimal form of values in names (RFC 4514 2.4): the BER of the value, of which the string types are
//! understood here.

const OCTET_STRING: u8 = 0x04;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const IA5_STRING: u8 = 0x16;

/// The contents when `encoded` is exactly one primitive OCTET STRING, UTF8String, PrintableString or IA5String;
/// otherwise `encoded` itself.
pub(super) fn string_contents(mut encoded: Vec<u8>) -> Vec<u8> {
    let [
        OCTET_STRING | UTF8_STRING | PRINTABLE_STRING | IA5_STRING,
        length,
        rest @ ..,
    ] = encoded.as_slice()
    else {
        return encoded;
    };
    let contents = match length {
        0..=0x7f => Some(rest).filter(|contents| contents.len() == usize::from(*length)),
        // Eight octets count more than a name can hold; longer forms are not looked at.
        0x81..=0x88 => {
            rest.split_at_checked(usize::from(length & 0x7f))
                .and_then(|(length, contents)| {
                    let length = length
                        .iter()
                        .fold(0_u64, |length, octet| length << 8 | u64::from(*octet));
                    (u64::try_from(contents.len()) == Ok(length)).then_some(contents)
                })
        }
        _ => None,
    };
    match contents.map(<[u8]>::len) {
        Some(length) => encoded.split_off(encoded.len().saturating_sub(length)),
        None => encoded,
    }
}

/// Writes `value` as the hexadecimal BER of an OCTET STRING, which [`string_contents`] turns back.
pub(super) fn write_octet_string(
    value: &[u8],
    f: &mut std::fmt::Formatter<'_>,
) -> std::fmt::Result {
    write!(f, "#{OCTET_STRING:02X}")?;
    match u8::try_from(value.len()) {
        Ok(short @ 0..=0x7f) => write!(f, "{short:02X}")?,
        _ => write!(f, "84{:08X}", value.len())?,
    }
    value.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
}
