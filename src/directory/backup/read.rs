//! Reading a backup, which may be damaged, cut short, or made by somebody else.
//!
//! Owns what makes a file a backup: its form, the order of its records, its count and its hash, and that each record is
//! one that a directory has. Whether entries fit together is seen by `check`, after the restore.

use std::io::{self, ErrorKind, Read};

use super::{Summary, TITLE, VERSION};
use crate::directory::schema::Schema;
use crate::directory::stored::{self, LoadError, Record, Setting, prefix};
use crate::storage::{MAX_KEY_LEN, MAX_VALUE_LEN};

/// The settings that every directory has.
const SETTINGS: [Setting; 4] = [
    Setting::Suffixes,
    Setting::Administrator,
    Setting::AdministratorPassword,
    Setting::State,
];
/// The longest that the version in the title may be, with its line feed.
const VERSION_LEN: u64 = 11;

/// Why a file is no backup to restore from.
#[derive(Debug)]
pub enum BackupError {
    /// It is something else.
    NotABackup,
    /// A newer version of the program made it.
    NewerForm {
        /// The version of its form.
        found: u32,
    },
    /// It ends too early.
    CutShort {
        /// How many records could be read.
        records: u64,
    },
    /// It is not as it was written, or was not written by this program; says what gives that away.
    Damaged(String),
    /// It could not be read.
    Io(io::Error),
}

impl std::fmt::Display for BackupError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotABackup => f.write_str("not a backup made by `hedgerow backup`"),
            Self::NewerForm { found } => write!(
                f,
                "the backup has form {found}, this program reads up to {VERSION}: use the newer program"
            ),
            Self::CutShort { records } => write!(
                f,
                "the backup is cut short after {records} records: use another one"
            ),
            Self::Damaged(what) => {
                write!(f, "the backup is damaged: {what}; use another one")
            }
            Self::Io(error) => write!(f, "the backup cannot be read: {error}"),
        }
    }
}

impl std::error::Error for BackupError {}

fn damaged(what: impl Into<String>) -> BackupError {
    BackupError::Damaged(what.into())
}

fn unreadable(error: LoadError) -> BackupError {
    match error {
        // Its own text says what to do about a store.
        LoadError::Record { key, reason } => damaged(format!("record {key}: {reason}")),
        other => damaged(other.to_string()),
    }
}

/// The key and the value of a record.
pub type KeyValue<'a> = (&'a [u8], &'a [u8]);

/// Reads the records of a backup one by one, in the order of their keys.
pub struct Reader<R> {
    input: R,
    hasher: blake3::Hasher,
    summary: Summary,
    key: Vec<u8>,
    value: Vec<u8>,
    previous: Vec<u8>,
}

impl<R: Read> Reader<R> {
    /// Begins with the title.
    pub fn new(input: R) -> Result<Self, BackupError> {
        let mut reader = Self {
            input,
            hasher: blake3::Hasher::new(),
            summary: Summary::default(),
            key: Vec::new(),
            value: Vec::new(),
            previous: Vec::new(),
        };
        reader.title()?;
        Ok(reader)
    }

    fn title(&mut self) -> Result<(), BackupError> {
        let mut title = vec![0; TITLE.len()];
        match self.input.read_exact(&mut title) {
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
                return Err(BackupError::Io(error));
            }
            Ok(()) if title == TITLE => {}
            _ => return Err(BackupError::NotABackup),
        }
        self.hasher.update(&title);
        let mut version = Vec::new();
        for _ in 0..VERSION_LEN {
            let [byte] = self.array()?;
            if byte == b'\n' {
                break;
            }
            version.push(byte);
        }
        let version = String::from_utf8(version).ok();
        match version.and_then(|version| version.parse().ok()) {
            Some(VERSION) => Ok(()),
            Some(found) if found > VERSION => Err(BackupError::NewerForm { found }),
            _ => Err(BackupError::NotABackup),
        }
    }

    /// The key and the value of the next record; none once the end has been reached and found right.
    pub fn next_record(&mut self) -> Result<Option<KeyValue<'_>>, BackupError> {
        let key_length = usize::from(u16::from_be_bytes(self.array()?));
        if key_length == 0 {
            self.end()?;
            return Ok(None);
        }
        let value_length = u32::from_be_bytes(self.array()?) as usize;
        if key_length > MAX_KEY_LEN || value_length > MAX_VALUE_LEN {
            return Err(damaged(format!(
                "record {} claims an impossible length",
                self.summary.records + 1
            )));
        }
        std::mem::swap(&mut self.previous, &mut self.key);
        let mut key = std::mem::take(&mut self.key);
        let mut value = std::mem::take(&mut self.value);
        self.fill(&mut key, key_length)?;
        self.fill(&mut value, value_length)?;
        (self.key, self.value) = (key, value);
        if self.key <= self.previous {
            return Err(damaged(format!(
                "record {} is out of order",
                stored::key_text(&self.key)
            )));
        }
        self.summary.count(&self.key, &self.value);
        Ok(Some((&self.key, &self.value)))
    }

    /// What was read, its hash once the end has been reached.
    pub fn summary(&self) -> Summary {
        self.summary
    }

    fn end(&mut self) -> Result<(), BackupError> {
        let records = u64::from_be_bytes(self.array()?);
        if records != self.summary.records {
            return Err(damaged(format!(
                "it has {} records and says {records}",
                self.summary.records
            )));
        }
        let digest = *self.hasher.finalize().as_bytes();
        if self.array::<32>()? != digest {
            return Err(damaged("its checksum is wrong"));
        }
        match self.input.read(&mut [0]) {
            Ok(0) => {}
            Ok(_) => return Err(damaged("something follows its end")),
            Err(error) => return Err(BackupError::Io(error)),
        }
        self.summary.digest = digest;
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BackupError> {
        let mut array = [0; N];
        let read = self.input.read_exact(&mut array);
        read.map_err(|error| self.failed(error))?;
        self.hasher.update(&array);
        Ok(array)
    }

    /// Reads so many bytes; memory is taken as they come, not as they are claimed.
    fn fill(&mut self, buffer: &mut Vec<u8>, length: usize) -> Result<(), BackupError> {
        buffer.clear();
        let mut part = self.input.by_ref().take(length as u64);
        let read = part.read_to_end(buffer);
        let read = read.map_err(|error| self.failed(error))?;
        if read < length {
            return Err(self.failed(ErrorKind::UnexpectedEof.into()));
        }
        self.hasher.update(buffer);
        Ok(())
    }

    fn failed(&self, error: io::Error) -> BackupError {
        match error.kind() {
            ErrorKind::UnexpectedEof => BackupError::CutShort {
                records: self.summary.records,
            },
            _ => BackupError::Io(error),
        }
    }
}

/// Reads a whole backup and tells what it holds, or what is wrong with it.
pub fn verify(schema: &Schema, input: impl Read) -> Result<Summary, BackupError> {
    let mut reader = Reader::new(input)?;
    let mut descriptions = 0_usize;
    let mut settings = 0;
    while let Some((key, value)) = reader.next_record()? {
        if key.first() == Some(&prefix::CHANGE) {
            return Err(damaged("it holds a record of the history of changes"));
        }
        match stored::parse(schema, key, value).map_err(unreadable)? {
            Record::Description(id, _) if usize::from(id.0) != descriptions => {
                return Err(damaged("an attribute description is missing"));
            }
            Record::Description(..) => descriptions += 1,
            Record::Entry(0, _) => return Err(damaged("an entry has the number of the root")),
            Record::Entry(..) | Record::Members(..) | Record::Dangling(..) => {}
            Record::Activity(..) | Record::State(..) | Record::Other => {
                if !SETTINGS.iter().any(|setting| setting.key() == key) {
                    let key = stored::key_text(key);
                    return Err(damaged(format!("{key} is no setting of a directory")));
                }
                settings += 1;
            }
        }
    }
    if settings != SETTINGS.len() {
        return Err(damaged("a setting of the directory is missing"));
    }
    Ok(reader.summary())
}
