//! Syntaxes that are one character string: Directory, Printable, IA5, Numeric and Country String, Telephone Number
//! (RFC 4517 3.3), and the lines of a Postal Address.

use std::borrow::Cow;

use super::identifier::hex_digit;
use super::{InvalidValue, Syntax};

/// The text of a Directory String: UTF-8, at least one character.
pub(crate) fn parse_directory_string(value: &[u8]) -> Result<&str, InvalidValue> {
    let invalid = |reason| InvalidValue::new(Syntax::DirectoryString, reason);
    match str::from_utf8(value) {
        Ok("") => Err(invalid("it must not be empty")),
        Ok(text) => Ok(text),
        Err(_) => Err(invalid("it must be UTF-8")),
    }
}

/// The text of an IA5 String: ASCII, possibly empty.
pub(crate) fn parse_ia5_string(value: &[u8]) -> Result<&str, InvalidValue> {
    match str::from_utf8(value) {
        Ok(text) if text.is_ascii() => Ok(text),
        _ => Err(InvalidValue::new(Syntax::Ia5String, "it must be ASCII")),
    }
}

/// Whether the value is a `PrintableString` of RFC 4517 3.2.
pub(super) fn is_printable_string(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().copied().all(is_printable)
}

fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte)
}

/// Whether the value is a Country String: two printable characters. Which codes ISO 3166 assigns is not looked up.
pub(super) fn is_country_string(value: &[u8]) -> bool {
    value.len() == 2 && is_printable_string(value)
}

/// The text of a Numeric String: digits and spaces, at least one.
pub(crate) fn parse_numeric_string(value: &[u8]) -> Result<&str, InvalidValue> {
    match str::from_utf8(value) {
        Ok(text)
            if !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte == b' ' || byte.is_ascii_digit()) =>
        {
            Ok(text)
        }
        _ => Err(InvalidValue::new(
            Syntax::NumericString,
            "it must be one or more digits and spaces",
        )),
    }
}

/// The lines of a Postal Address (RFC 4517 3.3.28), each without its escapes. Refused are empty lines, a backslash
/// that is neither `\24` nor `\5C`, and what is not UTF-8.
pub(crate) fn postal_lines(
    value: &[u8],
) -> impl Iterator<Item = Result<Cow<'_, str>, InvalidValue>> {
    value
        .split(|byte| *byte == b'$')
        .map(|line| match unescape(line, *b"$\\") {
            Some(line) if !line.is_empty() => Ok(line),
            _ => Err(InvalidValue::new(
                Syntax::PostalAddress,
                "each line must be UTF-8 and not empty, with dollar as \\24 and backslash as \\5C",
            )),
        })
}

/// Replaces `\` and two hexadecimal digits by the character they stand for, which must be one of `escapable`.
/// None when a backslash begins anything else, or the text is not UTF-8.
pub(crate) fn unescape(text: &[u8], escapable: [u8; 2]) -> Option<Cow<'_, str>> {
    if !text.contains(&b'\\') {
        return str::from_utf8(text).ok().map(Cow::Borrowed);
    }
    let mut parts = text.split(|byte| *byte == b'\\');
    let mut plain = parts.next().unwrap_or_default().to_vec();
    for part in parts {
        let [high, low, rest @ ..] = part else {
            return None;
        };
        let character = hex_digit(*high)? << 4 | hex_digit(*low)?;
        if !escapable.contains(&character) {
            return None;
        }
        plain.push(character);
        plain.extend_from_slice(rest);
    }
    String::from_utf8(plain).ok().map(Cow::Owned)
}

/// The text without the spaces around it; other white space stays.
pub(super) fn trim_spaces(part: &[u8]) -> &[u8] {
    let from = part
        .iter()
        .position(|byte| *byte != b' ')
        .unwrap_or(part.len());
    let to = part
        .iter()
        .rposition(|byte| *byte != b' ')
        .map_or(from, |last| last.saturating_add(1));
    part.get(from..to).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(value: &str) -> Option<Vec<String>> {
        postal_lines(value.as_bytes())
            .map(|line| line.ok().map(Cow::into_owned))
            .collect()
    }

    #[test]
    fn postal_addresses_split_at_dollars_and_keep_escaped_ones() {
        assert_eq!(
            lines("1234 Main St.$Anytown, CA 12345$USA").unwrap().len(),
            3
        );
        assert_eq!(
            lines(r"\241,000,000 Sweepstakes$PO Box 1000000").unwrap()[0],
            "$1,000,000 Sweepstakes"
        );
        assert_eq!(lines(r"a\5cb\5C\24").unwrap(), [r"a\b\$"]);
    }

    #[test]
    fn postal_addresses_with_empty_lines_or_other_escapes_are_refused() {
        for bad in ["", "$", "a$", "$a", "a$$b", r"a\", r"a\2", r"a\41", r"a\zz"] {
            assert_eq!(lines(bad), None, "{bad}");
        }
        assert!(postal_lines(b"caf\xe9").any(|line| line.is_err()));
    }

    #[test]
    fn printable_characters_are_those_of_the_grammar() {
        assert!(is_printable_string(b"This is a PrintableString."));
        assert!(is_printable_string(b"aZ09 '()+,-./:=?"));
        for bad in ["", "a_b", "a@b", "a*b", "a&b", "\u{e9}", "a\tb", "a#b"] {
            assert!(!is_printable_string(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn strings_are_judged_by_their_repertoire() {
        assert!(parse_directory_string("Zo\u{eb} \u{1f642}".as_bytes()).is_ok());
        assert!(parse_directory_string(b"").is_err() && parse_directory_string(b"\xff").is_err());
        assert!(parse_ia5_string(b"").is_ok() && parse_ia5_string(b"\x00a@b").is_ok());
        assert!(parse_ia5_string("\u{e9}".as_bytes()).is_err());
        assert!(
            parse_numeric_string(b"15 079 672 281").is_ok() && parse_numeric_string(b" ").is_ok()
        );
        assert!(parse_numeric_string(b"").is_err() && parse_numeric_string(b"1-2").is_err());
        assert!(is_country_string(b"AU"));
        assert!(!is_country_string(b"AUS") && !is_country_string(b"A_"));
    }
}
