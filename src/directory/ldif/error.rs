//! Why LDIF text cannot be read, and on which line. An error never repeats a value, since values
//! include passwords.

use std::{fmt, io};

use super::{MAX_LINE_BYTES, MAX_RECORD_BYTES, MAX_RECORD_LINES};

/// A fault and the line it is on.
#[derive(Debug)]
pub struct LdifError {
    /// The line, the first of the file being 1; for a folded line the one it begins on, for a
    /// failed read or an exceeded limit the one where it happened.
    pub line: u64,
    /// What is wrong there.
    pub reason: LdifFault,
}

/// What is wrong with LDIF text.
#[derive(Debug)]
pub enum LdifFault {
    /// The input failed.
    Io(io::Error),
    /// A line is longer than [`MAX_LINE_BYTES`].
    LineTooLong,
    /// A record is larger than [`MAX_RECORD_BYTES`].
    RecordTooLarge,
    /// A record has more than [`MAX_RECORD_LINES`] lines.
    TooManyLines,
    /// A format version other than 1.
    Version,
    /// A NUL, or a carriage return that does not end the line.
    ControlByte,
    /// Bytes that are not UTF-8 where text has to be: anywhere outside base64, and in DNs.
    NotUtf8,
    /// A continuation line with no line before it.
    NothingToContinue,
    /// No colon, and not the `-` of a modification.
    MissingColon,
    /// Not an attribute description before the colon, or as the subject of a modification.
    Description,
    /// A value given as a URL (`:<`).
    Url,
    /// Not base64 after `::`.
    Base64,
    /// A record that does not begin with its DN.
    MissingDn,
    /// A `dn:` line inside a record.
    SecondDn,
    /// A `changetype:` or `control:` line that does not follow the DN.
    MisplacedKeyword,
    /// A control that is not `oid [true|false] [: value]`.
    Control,
    /// An unknown type of change.
    ChangeType,
    /// An entry without attributes.
    NoAttributes,
    /// A `-` that ends no modification.
    StrayDash,
    /// A modification that begins with none of its keywords.
    ModificationKind,
    /// A value of another attribute than the one the modification is about.
    OtherAttribute,
    /// A rename without this line, here.
    Expected(&'static str),
    /// A `deleteoldrdn` that is neither 0 nor 1.
    DeleteOldRdn,
    /// A line after the record is complete.
    Unexpected,
}

impl fmt::Display for LdifFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Io(error) => return write!(f, "cannot read: {error}"),
            Self::LineTooLong => {
                return write!(f, "the line is longer than {} MiB", MAX_LINE_BYTES >> 20);
            }
            Self::RecordTooLarge => {
                return write!(
                    f,
                    "the record is larger than {} MiB",
                    MAX_RECORD_BYTES >> 20
                );
            }
            Self::TooManyLines => {
                return write!(f, "the record has more than {MAX_RECORD_LINES} lines");
            }
            Self::Expected(keyword) => return write!(f, "expected `{keyword}:` here"),
            Self::Version => "only LDIF `version: 1` can be read",
            Self::ControlByte => {
                "NUL or carriage return inside a line; write such a value in base64, after `::`"
            }
            Self::NotUtf8 => {
                "not UTF-8; convert the text, or write a binary value in base64, after `::`"
            }
            Self::NothingToContinue => {
                "the line begins with a space, but there is no line before it to continue"
            }
            Self::MissingColon => {
                "no colon; a line is `attribute: value`, and a continued line begins with a space"
            }
            Self::Description => {
                "not an attribute name (letters, digits, hyphens, options after `;`) or OID"
            }
            Self::Url => "a value by URL (`:<`) is never fetched; write it in base64, after `::`",
            Self::Base64 => "the value after `::` is not complete base64",
            Self::MissingDn => {
                "a record must begin with `dn:`; is there a blank line inside the record?"
            }
            Self::SecondDn => "a second `dn:` in one record; is the blank line before it missing?",
            Self::MisplacedKeyword => {
                "`control:` and then `changetype:` belong directly after `dn:`"
            }
            Self::Control => {
                "not a control; write `control: OID true`, or `false`, and `: value` if it has one"
            }
            Self::ChangeType => "unknown changetype; write add, delete, modify, modrdn or moddn",
            Self::NoAttributes => {
                "an entry without attributes; is there a blank line after its DN?"
            }
            Self::StrayDash => "`-` without a modification before it",
            Self::ModificationKind => {
                "expected `add:`, `delete:`, `replace:` or `increment:` and an attribute"
            }
            Self::OtherAttribute => {
                "not the attribute this modification names; is the line `-` missing before it?"
            }
            Self::DeleteOldRdn => "deleteoldrdn must be 0 or 1",
            Self::Unexpected => {
                "nothing more may follow in this record; is a blank line missing before this line?"
            }
        };
        f.write_str(text)
    }
}

impl fmt::Display for LdifError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LDIF, line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for LdifError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            LdifFault::Io(error) => Some(error),
            _ => None,
        }
    }
}
