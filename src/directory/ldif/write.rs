//! Writes entries as LDIF (RFC 2849): ASCII only, folded, base64 where needed.

use std::io::{self, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::line::is_description;

/// The longest physical line that is written, in columns.
const WIDTH: usize = 76;

/// Bytes encoded at a time; a multiple of three, so that only the last piece is padded.
const PIECE: usize = 3 * 256;

/// Writes what a file begins with: the version and a blank line. RFC 2849 asks for it and most
/// tools accept it, but OpenLDAP's `slapadd` (2.5) refuses a file that has it.
///
/// # Errors
/// Those of `out`.
pub fn write_header(out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"version: 1\n\n")
}

/// Writes one entry and the blank line that ends it, in many small writes: `out` should be
/// buffered.
///
/// Values go out in the order given. A DN or value that is not printable ASCII, or that begins or
/// ends in a way that a reader would not keep, is written in base64. An entry without attributes is
/// written as its DN alone, which no reader accepts as an entry.
///
/// # Errors
/// `InvalidInput` when an attribute description is malformed, after the lines before it were
/// written; otherwise those of `out`.
pub fn write_entry<'a>(
    out: &mut impl Write,
    dn: &str,
    attributes: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> io::Result<()> {
    write_value(out, "dn", dn.as_bytes())?;
    for (attribute, value) in attributes {
        if !is_description(attribute.as_bytes()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not an attribute description",
            ));
        }
        write_value(out, attribute, value)?;
    }
    out.write_all(b"\n")
}

fn write_value(out: &mut impl Write, name: &str, value: &[u8]) -> io::Result<()> {
    let mut line = FoldedLine { out, column: 0 };
    line.append(name.as_bytes())?;
    if value.is_empty() {
        line.append(b":")?;
    } else if is_safe(value) {
        line.append(b": ")?;
        line.append(value)?;
    } else {
        line.append(b":: ")?;
        let mut encoded = [0; PIECE / 3 * 4];
        for piece in value.chunks(PIECE) {
            let length = BASE64_STANDARD
                .encode_slice(piece, &mut encoded)
                .map_err(io::Error::other)?;
            line.append(encoded.get(..length).unwrap_or_default())?;
        }
    }
    line.out.write_all(b"\n")
}

/// `SAFE-STRING` without a trailing space, and without the control characters that the RFC would
/// let through: they are nothing to show on a terminal.
fn is_safe(value: &[u8]) -> bool {
    !matches!(value.first(), Some(b' ' | b':' | b'<'))
        && value.last() != Some(&b' ')
        && value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// A line of ASCII that is cut at [`WIDTH`] columns, and so never inside a UTF-8 sequence.
struct FoldedLine<'a, W> {
    out: &'a mut W,
    column: usize,
}

impl<W: Write> FoldedLine<'_, W> {
    fn append(&mut self, mut text: &[u8]) -> io::Result<()> {
        while !text.is_empty() {
            if self.column >= WIDTH {
                self.out.write_all(b"\n ")?;
                self.column = 1;
            }
            let (piece, rest) = text
                .split_at_checked(WIDTH - self.column)
                .unwrap_or((text, &[]));
            self.out.write_all(piece)?;
            self.column += piece.len();
            text = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::directory::ldif::{Change, Reader};

    type Values = Vec<(String, Vec<u8>)>;

    fn written(dn: &str, values: &[(&str, &[u8])]) -> String {
        let mut out = Vec::new();
        write_entry(&mut out, dn, values.iter().copied()).expect("writing to memory");
        String::from_utf8(out).expect("ASCII")
    }

    fn file(entries: &[(String, Values)]) -> String {
        let mut out = Vec::new();
        write_header(&mut out).expect("writing to memory");
        for (dn, values) in entries {
            let values = values
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_slice()));
            write_entry(&mut out, dn, values).expect("writing to memory");
        }
        String::from_utf8(out).expect("ASCII")
    }

    fn read(text: &str) -> Vec<(String, Values)> {
        let mut reader = Reader::new(text.as_bytes());
        let mut entries = Vec::new();
        while let Some(record) = reader
            .next_record()
            .unwrap_or_else(|error| panic!("{error}"))
        {
            let Change::Content(values) = record.change else {
                panic!("not an entry")
            };
            let values = values
                .iter()
                .map(|item| (item.attribute.to_owned(), item.value.to_vec()));
            entries.push((record.dn.to_owned(), values.collect()));
        }
        entries
    }

    fn entries() -> impl Strategy<Value = Vec<(String, Values)>> {
        let name = "[a-z][a-zA-Z0-9-]{0,90}(;lang-[a-z]{2})?"
            .prop_filter("not a keyword", |name| {
                !["dn", "control", "changetype"].contains(&name.to_lowercase().as_str())
            });
        let value = prop_oneof![
            vec(any::<u8>(), 0..200),
            "[ -~]{0,200}".prop_map(String::into_bytes),
            "[ :<a\\n]{0,3}[é ]{0,60}[ a]{0,2}".prop_map(String::into_bytes),
        ];
        vec((".{0,100}", vec((name, value), 1..5)), 0..4)
    }

    proptest! {
        #[test]
        fn written_entries_read_back_the_same(entries in entries()) {
            let text = file(&entries);
            for line in text.lines() {
                prop_assert!(line.len() <= WIDTH);
                prop_assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')));
            }
            prop_assert_eq!(read(&text), entries);
        }

        #[test]
        fn other_folding_comments_and_line_ends_read_the_same(
            entries in entries(),
            width in 2..20_usize,
        ) {
            let unfolded = file(&entries).replace("\n ", "");
            let mut text = String::new();
            for line in unfolded.lines() {
                for (index, piece) in line.as_bytes().chunks(width).enumerate() {
                    text.push_str(if index == 0 { "" } else { "\r\n " });
                    text.push_str(str::from_utf8(piece).expect("ASCII"));
                }
                text.push_str("\r\n# comment\r\n  folded\r\n");
            }
            prop_assert_eq!(read(&unfolded), entries.clone());
            prop_assert_eq!(read(&text), entries);
        }
    }

    #[test]
    fn plain_values_are_written_as_they_are() {
        let text = written(
            "uid=ada,dc=example",
            &[
                ("cn", b"Ada Byron"),
                ("cn", b""),
                ("description", b"a: b <c> #"),
            ],
        );
        assert_eq!(
            text,
            "dn: uid=ada,dc=example\ncn: Ada Byron\ncn:\ndescription: a: b <c> #\n\n"
        );
        assert_eq!(file(&[]), "version: 1\n\n");
    }

    #[test]
    fn what_a_reader_would_not_keep_is_written_in_base64() {
        let cases: [(&[u8], &str); 9] = [
            (b" a", "IGE="),
            (b"a ", "YSA="),
            (b":a", "OmE="),
            (b"<a", "PGE="),
            (b"\0", "AA=="),
            (b"a\rb", "YQ1i"),
            (b"a\n", "YQo="),
            ("é".as_bytes(), "w6k="),
            (b"\x1b[2J", "G1sySg=="),
        ];
        for (value, encoded) in cases {
            assert_eq!(
                written("", &[("a", value)]),
                format!("dn:\na:: {encoded}\n\n")
            );
        }
        assert!(written("cn=Zoë", &[]).starts_with("dn:: Y249Wm/Dqw==\n"));
    }

    #[test]
    fn lines_are_folded_at_76_columns() {
        let value = "x".repeat(73 + 75 + 1);
        let expected = format!("dn:\na: {}\n {}\n x\n\n", "x".repeat(73), "x".repeat(75));
        assert_eq!(written("", &[("a", value.as_bytes())]), expected);
        let exact = "x".repeat(73);
        assert_eq!(
            written("", &[("a", exact.as_bytes())]),
            format!("dn:\na: {exact}\n\n")
        );
    }

    #[test]
    fn a_long_binary_value_reads_back_the_same() {
        let value: Vec<u8> = (0..PIECE * 3 + 1).map(|index| (index * 7) as u8).collect();
        let entries = vec![("cn=a".to_owned(), vec![("jpegPhoto".to_owned(), value)])];
        assert_eq!(read(&file(&entries)), entries);
    }

    #[test]
    fn a_malformed_attribute_description_is_refused() {
        for name in ["", "a b", "a:", "a\nb", "-", "é"] {
            let error = write_entry(&mut Vec::new(), "cn=a", [(name, &b"x"[..])]).expect_err(name);
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
    }
}
