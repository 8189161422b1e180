//! Owns the ways a store can fail, each with its next step in words; which failure stops a store for good is decided where it happens.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::record::{MAX_KEY_LEN, MAX_VALUE_LEN};

/// Why a store could not be created, opened, read or written.
#[derive(Debug)]
pub enum StoreError {
    /// There is no store at this place.
    Missing {
        /// The folder that was to be opened.
        folder: PathBuf,
    },
    /// A store was to be created where something already is.
    AlreadyExists {
        /// The folder that is not empty.
        folder: PathBuf,
    },
    /// The folder holds something that this program did not make.
    NotAStore {
        /// The folder that was to be opened.
        folder: PathBuf,
        /// What was found instead.
        why: String,
    },
    /// A newer version of the program wrote this store.
    NewerFormat {
        /// The folder that was to be opened.
        folder: PathBuf,
        /// The format version in the folder.
        found: u32,
        /// The newest format version that this program reads.
        supported: u32,
    },
    /// Another process holds the store.
    Locked {
        /// The folder that was to be opened.
        folder: PathBuf,
        /// The process that holds it, if it could be told.
        pid: Option<u32>,
    },
    /// The disk has no room, or less than the reserve that is kept free.
    DiskFull {
        /// The folder of the store.
        folder: PathBuf,
        /// Bytes that are free for this process.
        free: u64,
        /// Bytes that have to be free, the reserve included; none if the operating system said that there is no room.
        needed: Option<u64>,
    },
    /// A key is longer than [`MAX_KEY_LEN`].
    KeyTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A value is longer than [`MAX_VALUE_LEN`].
    ValueTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A record, or a run of records, cannot be trusted.
    Corrupt {
        /// The key of the record, in hexadecimal.
        key: String,
        /// What is wrong with it.
        what: String,
    },
    /// Every record found is sound by itself, but together they are not what was acknowledged:
    /// some are gone, or came back in an older version.
    Incomplete {
        /// How many records were acknowledged.
        expected: u64,
        /// How many records were found.
        found: u64,
    },
    /// The files below the records are damaged.
    Damaged {
        /// The folder of the store.
        folder: PathBuf,
        /// What is wrong with them.
        what: String,
    },
    /// An earlier failure stopped this store; the outcome of the write that failed is unknown until it is reopened.
    Latched {
        /// The failure that stopped it.
        cause: String,
    },
    /// The operating system refused an operation on a file.
    Io {
        /// What was being done, and to which file.
        doing: String,
        /// The operating system's answer.
        source: io::Error,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { folder } => {
                write!(
                    f,
                    "there is no store at {}: make one with `hedgerow init` or `hedgerow restore`",
                    folder.display()
                )
            }
            Self::AlreadyExists { folder } => write!(
                f,
                "{} is not empty; open the store in it, or choose another folder",
                folder.display()
            ),
            Self::NotAStore { folder, why } => write!(
                f,
                "{} is not a store of this program ({why}); check the path",
                folder.display()
            ),
            Self::NewerFormat {
                folder,
                found,
                supported,
            } => write!(
                f,
                "the store at {} has format version {found}, this program reads up to {supported}; use the newer program",
                folder.display()
            ),
            Self::Locked {
                folder,
                pid: Some(pid),
            } => write!(
                f,
                "process {pid} is using the store at {}; stop that process first",
                folder.display()
            ),
            Self::Locked { folder, pid: None } => write!(
                f,
                "another process is using the store at {}; stop that process first",
                folder.display()
            ),
            Self::DiskFull {
                folder,
                free,
                needed: Some(needed),
            } => write!(
                f,
                "the disk of {} has {free} bytes free and {needed} are needed; make room",
                folder.display()
            ),
            Self::DiskFull {
                folder,
                free,
                needed: None,
            } => write!(
                f,
                "the disk of {} is full ({free} bytes free); make room",
                folder.display()
            ),
            Self::KeyTooLong { length } => {
                write!(
                    f,
                    "a key of {length} bytes is longer than {MAX_KEY_LEN} bytes"
                )
            }
            Self::ValueTooLong { length } => {
                write!(
                    f,
                    "a value of {length} bytes is longer than {MAX_VALUE_LEN} bytes"
                )
            }
            Self::Corrupt { key, what } => write!(
                f,
                "record {key}: {what}; restore from a backup or an export"
            ),
            Self::Incomplete { expected, found } if expected == found => write!(
                f,
                "all {expected} records are there, but at least one is not its last version; restore from a backup or an export"
            ),
            Self::Incomplete { expected, found } => write!(
                f,
                "{expected} records were acknowledged and {found} are there; restore from a backup or an export"
            ),
            Self::Damaged { folder, what } => write!(
                f,
                "the store at {} is damaged ({what}); restore from a backup or an export",
                folder.display()
            ),
            Self::Latched { cause } => write!(
                f,
                "the store stopped after a failure ({cause}); reopen it, by a restart"
            ),
            Self::Io { doing, source } => write!(f, "{doing}: {source}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
