//! From the lines of a record to what it says: the grammar of RFC 2849 above the level of lines.

use std::io::BufRead;
use std::{slice, str};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::line::{Line, Text, is_description};
use super::lines::{Limits, Lines};
use super::{
    AttributeValue, Change, Control, LdifError, LdifFault, Modification, ModificationKind, Record,
};

/// Reads LDIF records one at a time (RFC 2849).
///
/// Accepted beyond the RFC: UTF-8 written raw, a byte order mark, lines that end in either way,
/// `version: 1` absent or before any record (so that files can be concatenated), keywords in any
/// letter case, the last `-` of a modify left out, and records without a `changetype` among others
/// that have one. Values by URL are refused: no file is ever opened.
///
/// Bounded by [`MAX_LINE_BYTES`](super::MAX_LINE_BYTES),
/// [`MAX_RECORD_BYTES`](super::MAX_RECORD_BYTES) and [`MAX_RECORD_LINES`](super::MAX_RECORD_LINES).
pub struct Reader<R> {
    lines: Lines<R>,
}

impl<R: BufRead> Reader<R> {
    /// Reads from the start of a file; nothing is read yet.
    pub fn new(input: R) -> Self {
        Reader {
            lines: Lines::new(input, Limits::DEFAULT),
        }
    }

    /// The next record, or none at the end of the file. It borrows the reader's buffer.
    ///
    /// # Errors
    /// A malformed record, with the line; it is skipped, and the next call reads the one after it,
    /// so that a caller can list all faults of a file. After a failed read, an exceeded limit or an
    /// unknown version there is nothing to go on with: the next call gives none.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, LdifError> {
        while self.lines.read_record()? {
            self.accept_version()?;
            if !self.lines.lines().is_empty() {
                return RecordLines::new(self.lines.text(), self.lines.lines())
                    .record()
                    .map(Some);
            }
        }
        Ok(None)
    }

    /// Bytes consumed so far, for a progress bar.
    pub fn position(&self) -> u64 {
        self.lines.position()
    }

    /// Takes `version-spec` off the front of the record.
    fn accept_version(&mut self) -> Result<(), LdifError> {
        let Some(line) = self.lines.lines().first() else {
            return Ok(());
        };
        let text = self.lines.text();
        if !text.name(line).eq_ignore_ascii_case(b"version") {
            return Ok(());
        }
        if text
            .value(line)
            .is_some_and(|version| version.trim_ascii() == b"1")
        {
            self.lines.drop_first();
            return Ok(());
        }
        let error = LdifError {
            line: line.number,
            reason: LdifFault::Version,
        };
        self.lines.end();
        Err(error)
    }
}

/// The lines of one record, of which the first ones have been read.
struct RecordLines<'a> {
    text: &'a Text,
    rest: slice::Iter<'a, Line>,
    /// The number of the last line taken.
    line: u64,
}

impl<'a> RecordLines<'a> {
    fn new(text: &'a Text, lines: &'a [Line]) -> Self {
        RecordLines {
            text,
            rest: lines.iter(),
            line: lines.first().map_or(0, |line| line.number),
        }
    }

    fn record(mut self) -> Result<Record<'a>, LdifError> {
        let line = self.line;
        let dn = match self.take("dn") {
            Some(dn) => self.text_of(dn)?,
            None => return self.fail(LdifFault::MissingDn),
        };
        let mut controls = Vec::new();
        while let Some(control) = self.take("control") {
            controls.push(self.control(control)?);
        }
        let change = match self.take("changetype") {
            Some(kind) => self.change(kind)?,
            None => Change::Content(self.values()?),
        };
        match self.rest.next() {
            None => Ok(Record {
                line,
                dn,
                controls,
                change,
            }),
            Some(line) => Err(LdifError {
                line: line.number,
                reason: LdifFault::Unexpected,
            }),
        }
    }

    /// `changerecord`, after its first line.
    fn change(&mut self, kind: &[u8]) -> Result<Change<'a>, LdifError> {
        let kind = kind.trim_ascii();
        let is = |keyword: &str| kind.eq_ignore_ascii_case(keyword.as_bytes());
        if is("add") {
            Ok(Change::Add(self.values()?))
        } else if is("modify") {
            self.modifications().map(Change::Modify)
        } else if is("delete") {
            Ok(Change::Delete)
        } else if is("modrdn") || is("moddn") {
            self.rename()
        } else {
            self.fail(LdifFault::ChangeType)
        }
    }

    /// `1*attrval-spec`: all lines that are left.
    fn values(&mut self) -> Result<Vec<AttributeValue<'a>>, LdifError> {
        let mut values = Vec::with_capacity(self.rest.len());
        while let Some(line) = self.rest.next() {
            values.push(self.value(line)?);
        }
        if values.is_empty() {
            self.fail(LdifFault::NoAttributes)
        } else {
            Ok(values)
        }
    }

    /// `*mod-spec`: all lines that are left.
    fn modifications(&mut self) -> Result<Vec<Modification<'a>>, LdifError> {
        let mut modifications = Vec::new();
        while let Some(line) = self.rest.next() {
            let head = self.value(line)?;
            let Some(kind) = modification_kind(head.attribute) else {
                return self.fail(LdifFault::ModificationKind);
            };
            let attribute = self.description(head.value.trim_ascii())?;
            let values = self.modification_values(attribute)?;
            modifications.push(Modification {
                line: head.line,
                kind,
                attribute,
                values,
            });
        }
        Ok(modifications)
    }

    /// The values of one modification, up to and with the `-`.
    fn modification_values(
        &mut self,
        attribute: &str,
    ) -> Result<Vec<AttributeValue<'a>>, LdifError> {
        let mut values = Vec::new();
        while let Some(line) = self.rest.next() {
            if self.text.value(line).is_none() {
                break;
            }
            let value = self.value(line)?;
            if !value.attribute.eq_ignore_ascii_case(attribute) {
                return self.fail(LdifFault::OtherAttribute);
            }
            values.push(value);
        }
        Ok(values)
    }

    /// `change-moddn`, after its first line.
    fn rename(&mut self) -> Result<Change<'a>, LdifError> {
        let new_rdn = self.expect("newrdn")?;
        let new_rdn = self.text_of(new_rdn)?;
        let delete_old_rdn = match self.expect("deleteoldrdn")?.trim_ascii() {
            b"0" => false,
            b"1" => true,
            _ => return self.fail(LdifFault::DeleteOldRdn),
        };
        let new_superior = match self.take("newsuperior") {
            Some(dn) => Some(self.text_of(dn)?),
            None => None,
        };
        Ok(Change::Rename {
            new_rdn,
            delete_old_rdn,
            new_superior,
        })
    }

    /// The value of a `control:` line: `ldap-oid [SPACE ("true" / "false")] [value-spec]`.
    fn control(&self, text: &'a [u8]) -> Result<Control<'a>, LdifError> {
        let text = self.text_of(text)?;
        let (head, value) = match text.split_once(':') {
            None => (text, None),
            Some((head, value)) => (head, Some(self.control_value(value)?)),
        };
        let mut words = head.split_ascii_whitespace();
        let oid = words.next().filter(|oid| is_numeric_oid(oid));
        let critical = match words.next() {
            None => Some(false),
            Some(word) if word.eq_ignore_ascii_case("true") => Some(true),
            Some(word) if word.eq_ignore_ascii_case("false") => Some(false),
            Some(_) => None,
        };
        match (oid, critical, words.next()) {
            (Some(oid), Some(critical), None) => Ok(Control {
                line: self.line,
                oid,
                critical,
                value,
            }),
            _ => self.fail(LdifFault::Control),
        }
    }

    /// `value-spec`, after its first colon.
    fn control_value(&self, spec: &str) -> Result<Vec<u8>, LdifError> {
        if spec.starts_with('<') {
            return self.fail(LdifFault::Url);
        }
        match spec.strip_prefix(':') {
            None => Ok(spec.trim_start_matches(' ').as_bytes().to_vec()),
            Some(encoded) => BASE64_STANDARD
                .decode(encoded.trim_start_matches(' '))
                .or_else(|_| self.fail(LdifFault::Base64)),
        }
    }

    /// `attrval-spec`: a line that has to be the value of an attribute.
    fn value(&mut self, line: &'a Line) -> Result<AttributeValue<'a>, LdifError> {
        self.line = line.number;
        let Some(value) = self.text.value(line) else {
            return self.fail(LdifFault::StrayDash);
        };
        let attribute = self.description(self.text.name(line))?;
        match attribute.len() {
            2 if attribute.eq_ignore_ascii_case("dn") => self.fail(LdifFault::SecondDn),
            7 if attribute.eq_ignore_ascii_case("control") => {
                self.fail(LdifFault::MisplacedKeyword)
            }
            10 if attribute.eq_ignore_ascii_case("changetype") => {
                self.fail(LdifFault::MisplacedKeyword)
            }
            _ => Ok(AttributeValue {
                line: line.number,
                attribute,
                value,
            }),
        }
    }

    /// Takes the next line when it has this name.
    fn take(&mut self, name: &str) -> Option<&'a [u8]> {
        let line = self.rest.as_slice().first()?;
        let value = self.text.value(line)?;
        if !self.text.name(line).eq_ignore_ascii_case(name.as_bytes()) {
            return None;
        }
        self.line = line.number;
        self.rest.next();
        Some(value)
    }

    fn expect(&mut self, name: &'static str) -> Result<&'a [u8], LdifError> {
        if let Some(value) = self.take(name) {
            return Ok(value);
        }
        self.line = self
            .rest
            .as_slice()
            .first()
            .map_or(self.line, |line| line.number);
        self.fail(LdifFault::Expected(name))
    }

    fn description(&self, bytes: &'a [u8]) -> Result<&'a str, LdifError> {
        if is_description(bytes) {
            self.text_of(bytes)
        } else {
            self.fail(LdifFault::Description)
        }
    }

    fn text_of(&self, bytes: &'a [u8]) -> Result<&'a str, LdifError> {
        str::from_utf8(bytes).or_else(|_| self.fail(LdifFault::NotUtf8))
    }

    /// A fault on the line taken last.
    fn fail<T>(&self, reason: LdifFault) -> Result<T, LdifError> {
        Err(LdifError {
            line: self.line,
            reason,
        })
    }
}

fn modification_kind(keyword: &str) -> Option<ModificationKind> {
    let kinds = [
        ("add", ModificationKind::Add),
        ("delete", ModificationKind::Delete),
        ("replace", ModificationKind::Replace),
        ("increment", ModificationKind::Increment),
    ];
    kinds
        .into_iter()
        .find(|(name, _)| keyword.eq_ignore_ascii_case(name))
        .map(|(_, kind)| kind)
}

fn is_numeric_oid(text: &str) -> bool {
    text.split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}
