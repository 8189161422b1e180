//! From bytes to the lines of one record: comments dropped, folded lines joined, limits kept, line
//! numbers remembered. What the lines say together is not decided here.

use std::io::{self, BufRead};

use memchr::{memchr, memchr2};

use super::line::{Line, Text, Value, split};
use super::{LdifError, LdifFault, MAX_LINE_BYTES, MAX_RECORD_BYTES, MAX_RECORD_LINES};

const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// How much a record may make us keep.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub line_bytes: usize,
    pub record_bytes: usize,
    pub record_lines: usize,
}

impl Limits {
    pub(super) const DEFAULT: Limits = Limits {
        line_bytes: MAX_LINE_BYTES,
        record_bytes: MAX_RECORD_BYTES,
        record_lines: MAX_RECORD_LINES,
    };
}

/// What the last physical line was, since a continuation continues it.
#[derive(Clone, Copy)]
enum Previous {
    Nothing,
    Comment,
    Line,
}

/// Reads the lines of one record after another; the buffers are reused.
pub(super) struct Lines<R> {
    input: R,
    limits: Limits,
    /// Bytes consumed.
    position: u64,
    /// Physical lines begun.
    number: u64,
    ended: bool,
    text: Text,
    lines: Vec<Line>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R, limits: Limits) -> Self {
        Lines {
            input,
            limits,
            position: 0,
            number: 0,
            ended: false,
            text: Text::default(),
            lines: Vec::new(),
        }
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn text(&self) -> &Text {
        &self.text
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub(super) fn drop_first(&mut self) {
        self.lines.drain(..1.min(self.lines.len()));
    }

    /// Makes every later read find the end of the input.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Reads up to the next blank line and splits what it found; false at the end of the input.
    ///
    /// # Errors
    /// After a malformed line the record is skipped. After a failed read or an exceeded limit the
    /// input has ended.
    pub(super) fn read_record(&mut self) -> Result<bool, LdifError> {
        self.text.plain.clear();
        self.text.decoded.clear();
        self.lines.clear();
        if self.ended {
            return Ok(false);
        }
        if let Err(reason) = self.collect() {
            self.end();
            return Err(LdifError {
                line: self.number,
                reason,
            });
        }
        self.check_text()?;
        for line in &mut self.lines {
            split(line, &mut self.text).map_err(|reason| LdifError {
                line: line.number,
                reason,
            })?;
        }
        Ok(!self.lines.is_empty())
    }

    /// Collects the joined lines up to a blank line or the end of the input.
    fn collect(&mut self) -> Result<(), LdifFault> {
        if self.position == 0 {
            self.skip_byte_order_mark()?;
        }
        let mut previous = Previous::Nothing;
        while let Some(first) = self.peek()? {
            self.number += 1;
            match (first, previous) {
                (b'#', _) | (b' ', Previous::Comment) => {
                    self.skip_line()?;
                    previous = Previous::Comment;
                }
                (b' ', Previous::Line) => {
                    self.consume(1);
                    self.continue_line()?;
                }
                _ if self.begin_line()? => previous = Previous::Line,
                _ if self.lines.is_empty() => previous = Previous::Nothing,
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    /// Appends a physical line as a new line; false when it is blank.
    fn begin_line(&mut self) -> Result<bool, LdifFault> {
        let start = self.text.plain.len();
        self.append_line(start)?;
        let end = self.text.plain.len();
        if start == end {
            return Ok(false);
        }
        if self.lines.len() >= self.limits.record_lines {
            return Err(LdifFault::TooManyLines);
        }
        self.lines.push(Line {
            number: self.number,
            start,
            end,
            name_end: end,
            value: Value::None,
        });
        Ok(true)
    }

    /// Appends a physical line, without the space it began with, to the last line.
    fn continue_line(&mut self) -> Result<(), LdifFault> {
        self.append_line(self.lines.last().map_or(0, |line| line.start))?;
        if let Some(line) = self.lines.last_mut() {
            line.end = self.text.plain.len();
        }
        Ok(())
    }

    /// Appends the rest of a physical line, without its end, to the text of the line that started
    /// at `line_start`.
    fn append_line(&mut self, line_start: usize) -> Result<(), LdifFault> {
        let start = self.text.plain.len();
        loop {
            let available = available(&mut self.input)?;
            let newline = memchr(b'\n', available);
            let piece = available
                .get(..newline.unwrap_or(available.len()))
                .unwrap_or_default();
            let end = self.text.plain.len() + piece.len();
            if end - line_start > self.limits.line_bytes {
                return Err(LdifFault::LineTooLong);
            }
            if end > self.limits.record_bytes {
                return Err(LdifFault::RecordTooLarge);
            }
            self.text.plain.extend_from_slice(piece);
            let used = piece.len() + usize::from(newline.is_some());
            self.consume(used);
            if newline.is_some() || used == 0 {
                break;
            }
        }
        if self.text.plain.len() > start && self.text.plain.last() == Some(&b'\r') {
            self.text.plain.pop();
        }
        Ok(())
    }

    fn skip_line(&mut self) -> Result<(), LdifFault> {
        loop {
            let available = available(&mut self.input)?;
            let newline = memchr(b'\n', available);
            let used = newline.map_or(available.len(), |newline| newline + 1);
            self.consume(used);
            if newline.is_some() || used == 0 {
                return Ok(());
            }
        }
    }

    fn skip_byte_order_mark(&mut self) -> Result<(), LdifFault> {
        for (index, byte) in BYTE_ORDER_MARK.into_iter().enumerate() {
            match self.peek()? {
                Some(found) if found == byte => self.consume(1),
                _ if index == 0 => break,
                _ => {
                    self.number = 1;
                    return Err(LdifFault::NotUtf8);
                }
            }
        }
        Ok(())
    }

    fn peek(&mut self) -> Result<Option<u8>, LdifFault> {
        Ok(available(&mut self.input)?.first().copied())
    }

    fn consume(&mut self, bytes: usize) {
        self.input.consume(bytes);
        self.position += bytes as u64;
    }

    /// Refuses, before anything is decoded, bytes that have no place in a text file.
    fn check_text(&self) -> Result<(), LdifError> {
        let at = |offset: usize, reason: LdifFault| {
            let index = self.lines.partition_point(|line| line.end <= offset);
            Err(LdifError {
                line: self
                    .lines
                    .get(index)
                    .map_or(self.number, |line| line.number),
                reason,
            })
        };
        if let Some(offset) = memchr2(0, b'\r', &self.text.plain) {
            return at(offset, LdifFault::ControlByte);
        }
        match std::str::from_utf8(&self.text.plain) {
            Ok(_) => Ok(()),
            Err(error) => at(error.valid_up_to(), LdifFault::NotUtf8),
        }
    }
}

/// The bytes that can be looked at without copying them; none at the end of the input.
fn available<R: BufRead>(input: &mut R) -> Result<&[u8], LdifFault> {
    while let Err(error) = input.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(LdifFault::Io(error));
        }
    }
    input.fill_buf().map_err(LdifFault::Io)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        line_bytes: 10,
        record_bytes: 30,
        record_lines: 4,
    };

    /// How many lines each record has, up to the first error.
    fn sizes(text: &str) -> (Vec<usize>, Option<(u64, LdifFault)>) {
        let mut lines = Lines::new(text.as_bytes(), LIMITS);
        let mut sizes = Vec::new();
        loop {
            match lines.read_record() {
                Ok(true) => sizes.push(lines.lines().len()),
                Ok(false) => return (sizes, None),
                Err(error) => {
                    assert!(
                        matches!(lines.read_record(), Ok(false)),
                        "a limit ends the input"
                    );
                    return (sizes, Some((error.line, error.reason)));
                }
            }
        }
    }

    #[test]
    fn a_line_may_be_as_long_as_the_limit_and_not_longer() {
        assert!(matches!(sizes("a:345678\n 90\n"), (sizes, None) if sizes == [1]));
        let (_, error) = sizes("a:1\n\na:345678\n 90\n 1\n\nb:\n");
        assert!(
            matches!(error, Some((5, LdifFault::LineTooLong))),
            "{error:?}"
        );
    }

    #[test]
    fn a_comment_may_be_longer_than_the_limit() {
        let text = "# 3456789 123456789\n  456789 1234567890\na:\n";
        assert!(matches!(sizes(text), (sizes, None) if sizes == [1]));
    }

    #[test]
    fn a_record_may_be_as_large_as_the_limit_and_not_larger() {
        let three = "a:34567890\n".repeat(3);
        assert!(matches!(sizes(&format!("{three}\n{three}")), (sizes, None) if sizes == [3, 3]));
        let (_, error) = sizes(&format!("{three}b\n"));
        assert!(
            matches!(error, Some((4, LdifFault::RecordTooLarge))),
            "{error:?}"
        );
    }

    #[test]
    fn a_record_may_have_as_many_lines_as_the_limit_and_not_more() {
        assert!(matches!(sizes("a:\nb:\n 1\nc:\nd:\n"), (sizes, None) if sizes == [4]));
        let (_, error) = sizes("a:\nb:\n 1\nc:\nd:\ne:\n");
        assert!(
            matches!(error, Some((6, LdifFault::TooManyLines))),
            "{error:?}"
        );
    }
}
