//! The text of a configuration file: finding the line of a key and the key of a
//! line, so that every message names both. Knows no particular key.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A configuration file larger than this is not read: bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// One thing that is wrong in a configuration file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The line, counted from 1; none when it concerns the file as a whole.
    pub line: Option<usize>,
    /// The key, as `limits.connections` or `access[3].filter`; sections that
    /// repeat are counted from 0. Empty when no key is concerned.
    pub key: String,
    /// What is wrong, and what is allowed.
    pub message: String,
}

/// A configuration that cannot be used. Prints one line for each problem:
/// `file:line: key: message`.
#[derive(Debug)]
pub struct ConfigError {
    /// The file, as it was named.
    pub file: PathBuf,
    /// What is wrong, in the order of the file; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.problems.iter().enumerate() {
            if position > 0 {
                writeln!(out)?;
            }
            write!(out, "{}", self.file.display())?;
            if let Some(line) = problem.line {
                write!(out, ":{line}")?;
            }
            if !problem.key.is_empty() {
                write!(out, ": {}", problem.key)?;
            }
            write!(out, ": {}", problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// A file's name and text.
#[derive(Clone, Default)]
pub(super) struct Source {
    file: PathBuf,
    text: String,
}

impl fmt::Debug for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.fmt(out)
    }
}

impl Source {
    pub(super) fn new(file: PathBuf, text: String) -> Source {
        Source { file, text }
    }

    pub(super) fn read(file: &Path) -> Result<Source, ConfigError> {
        match read_text(file) {
            Ok(text) => Ok(Source::new(file.to_owned(), text)),
            Err(error) => Err(unreadable(file, &error)),
        }
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// The folder the file is in; empty for the working directory.
    pub(super) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        toml::from_str(&self.text).map_err(|error| self.refusal(&error))
    }

    /// Where a key stands.
    pub(super) fn place(&self, key: &str) -> String {
        let (root, _) = DeTable::parse_recoverable(&self.text);
        match offset_of(root.get_ref(), key) {
            Some(offset) => format!("{}:{}", self.file.display(), self.line(offset)),
            None => self.file.display().to_string(),
        }
    }

    /// Problems with single keys, put in the order of the file.
    pub(super) fn error(
        &self,
        problems: impl IntoIterator<Item = (String, String)>,
    ) -> ConfigError {
        let (root, _) = DeTable::parse_recoverable(&self.text);
        let mut problems: Vec<Problem> = problems
            .into_iter()
            .map(|(key, message)| Problem {
                line: offset_of(root.get_ref(), &key).map(|offset| self.line(offset)),
                key,
                message,
            })
            .collect();
        problems.sort_by_key(|problem| problem.line);
        ConfigError {
            file: self.file.clone(),
            problems,
        }
    }

    fn refusal(&self, error: &toml::de::Error) -> ConfigError {
        let (root, _) = DeTable::parse_recoverable(&self.text);
        let place = error.span().filter(|span| !span.is_empty());
        let key = place
            .clone()
            .and_then(|span| key_at(root.get_ref(), span.start));
        ConfigError {
            file: self.file.clone(),
            problems: vec![Problem {
                line: error.span().map(|span| self.line(span.start)),
                key: key.unwrap_or_default(),
                message: with_suggestion(error.message()),
            }],
        }
    }

    fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        before.filter(|&&byte| byte == b'\n').count() + 1
    }
}

fn read_text(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(file)?
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)?;
    if read as u64 > MAX_BYTES {
        let message = format!("it is larger than {MAX_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(text)
}

fn unreadable(file: &Path, error: &io::Error) -> ConfigError {
    let mut message = format!("cannot be read: {error}");
    if error.kind() == io::ErrorKind::NotFound {
        message.push_str(
            "; name the file with --config or HEDGEROW_CONFIG, or try `hedgerow serve --demo`",
        );
    }
    ConfigError {
        file: file.to_owned(),
        problems: vec![Problem {
            line: None,
            key: String::new(),
            message,
        }],
    }
}

/// Adds the likeliest allowed name to a message that lists the allowed names,
/// which the parser quotes: the wrong one first.
fn with_suggestion(message: &str) -> String {
    let message = message.trim_end().replace('\n', "; ");
    if !message.starts_with("unknown ") {
        return message;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(wrong) = quoted.next() else {
        return message;
    };
    let nearest = quoted
        .map(|allowed| (strsim::damerau_levenshtein(wrong, allowed), allowed))
        .min();
    match nearest {
        Some((distance, allowed)) if distance <= 1 + allowed.len() / 4 => {
            format!("{message}; did you mean `{allowed}`?")
        }
        _ => message,
    }
}

/// The key, or the section, that the byte at `offset` belongs to.
fn key_at(table: &DeTable<'_>, offset: usize) -> Option<String> {
    let mut section: Option<String> = None;
    for (name, value) in table {
        let name_covers = name.span().contains(&offset);
        if let Some(below) = key_within(value, offset) {
            return Some(format!("{}{below}", name.get_ref()));
        }
        if name_covers || value.span().contains(&offset) {
            section = Some(name.get_ref().to_string());
        }
    }
    section
}

/// What follows a key's own name to reach `offset` inside its value.
fn key_within(value: &Spanned<DeValue<'_>>, offset: usize) -> Option<String> {
    match value.get_ref() {
        DeValue::Table(table) => key_at(table, offset).map(|key| format!(".{key}")),
        DeValue::Array(items) => {
            let mut holder = None;
            for (position, item) in items.iter().enumerate() {
                if let Some(below) = key_within(item, offset) {
                    return Some(format!("[{position}]{below}"));
                }
                if item.get_ref().is_table() && item.span().contains(&offset) {
                    holder = Some(format!("[{position}]"));
                }
            }
            holder
        }
        _ => None,
    }
}

/// Where `key` stands; where the nearest section around it stands if it is
/// absent; nothing when not even its first part is there.
fn offset_of(root: &DeTable<'_>, key: &str) -> Option<usize> {
    let mut found: Option<Range<usize>> = None;
    let mut table = Some(root);
    for part in key.split('.') {
        let (name, position) = split_position(part);
        let Some((name, value)) = table.and_then(|table| table.get_key_value(name)) else {
            break;
        };
        found = Some(name.span());
        let mut value = value;
        if let Some(item) = position.and_then(|position| value.get_ref().get(position)) {
            value = item;
            found = Some(item.span());
        }
        table = value.get_ref().as_table();
    }
    found.map(|span| span.start)
}

/// `access[3]` into its name and its position.
fn split_position(part: &str) -> (&str, Option<usize>) {
    match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
        Some((name, position)) => (name, position.parse().ok()),
        None => (part, None),
    }
}
