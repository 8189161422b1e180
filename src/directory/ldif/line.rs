//! One line of a record, where its name ends and its value begins; base64 decoded. What the line says is not decided here.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use memchr::memchr;

use super::LdifFault;

/// Where one joined line lies in the buffers of `lines`.
pub(super) struct Line {
    pub number: u64,
    pub start: usize,
    pub end: usize,
    /// Where the name ends; the end of the line for a line without a colon.
    pub name_end: usize,
    pub value: Value,
}

pub(super) enum Value {
    /// No colon: the `-` of a modification.
    None,
    Plain {
        start: usize,
    },
    /// In the buffer of decoded values.
    Decoded {
        start: usize,
        end: usize,
    },
}

/// The buffers that the lines of the current record point into.
#[derive(Default)]
pub(super) struct Text {
    pub plain: Vec<u8>,
    pub decoded: Vec<u8>,
}

impl Text {
    /// What stands before the colon.
    pub(super) fn name(&self, line: &Line) -> &[u8] {
        self.plain
            .get(line.start..line.name_end)
            .unwrap_or_default()
    }

    /// What stands after the colon, decoded; none for the line `-`.
    pub(super) fn value(&self, line: &Line) -> Option<&[u8]> {
        let bytes = match line.value {
            Value::None => return None,
            Value::Plain { start } => self.plain.get(start..line.end),
            Value::Decoded { start, end } => self.decoded.get(start..end),
        };
        Some(bytes.unwrap_or_default())
    }
}

/// Finds name and value of a line (`attrval-spec`), and decodes the value.
pub(super) fn split(line: &mut Line, text: &mut Text) -> Result<(), LdifFault> {
    let bytes = text.plain.get(line.start..line.end).unwrap_or_default();
    let name_length = bytes
        .iter()
        .position(|byte| !is_description_byte(*byte))
        .unwrap_or(bytes.len());
    let rest = bytes.get(name_length..).unwrap_or_default();
    let Some((b':', rest)) = rest.split_first() else {
        return split_without_colon(bytes);
    };
    let spec = rest.first();
    if spec == Some(&b'<') {
        return Err(LdifFault::Url);
    }
    let encoded = spec == Some(&b':');
    let value = rest.get(usize::from(encoded)..).unwrap_or_default();
    let fill = value
        .iter()
        .position(|byte| *byte != b' ')
        .unwrap_or(value.len());
    line.name_end = line.start + name_length;
    if encoded {
        let start = text.decoded.len();
        let value = value.get(fill..).unwrap_or_default();
        BASE64_STANDARD
            .decode_vec(value, &mut text.decoded)
            .map_err(|_| LdifFault::Base64)?;
        line.value = Value::Decoded {
            start,
            end: text.decoded.len(),
        };
    } else {
        line.value = Value::Plain {
            start: line.end - value.len() + fill,
        };
    }
    Ok(())
}

/// A line whose name is not followed by a colon: `-`, or a fault.
fn split_without_colon(bytes: &[u8]) -> Result<(), LdifFault> {
    match bytes.first() {
        Some(b'-') if bytes.trim_ascii_end() == b"-" => Ok(()),
        Some(b' ') => Err(LdifFault::NothingToContinue),
        _ if memchr(b':', bytes).is_some() => Err(LdifFault::Description),
        _ => Err(LdifFault::MissingColon),
    }
}

/// What can be part of an attribute description (RFC 4512 section 2.5), and the underscore that
/// some products allow.
pub(super) fn is_description_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b';' | b'_')
}

/// Whether this can name an attribute: whether one exists by that name is the schema's matter.
pub(super) fn is_description(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphanumeric)
        && text.iter().all(|byte| is_description_byte(*byte))
}
