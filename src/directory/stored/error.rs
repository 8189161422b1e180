//! Why records do not make a directory.

use super::key_text;
use crate::storage::StoreError;

/// Why records do not make a directory.
#[derive(Debug)]
pub enum LoadError {
    /// The store could not be read.
    Store(StoreError),
    /// An attribute description that entries use is not in the schema any more.
    Description {
        /// As it was stored.
        text: String,
        /// What the schema says.
        reason: String,
    },
    /// The thread that indexes could not be started.
    Thread(std::io::Error),
    /// A record does not hold together.
    Record {
        /// Its key in hexadecimal.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Description { text, reason } => write!(
                f,
                "entries use the attribute \"{text}\", which the schema does not define ({reason}): restore its definition in the schema folder"
            ),
            Self::Thread(error) => write!(f, "no thread to index values on: {error}"),
            Self::Record { key, reason } => {
                write!(
                    f,
                    "record {key}: {reason}; run `hedgerow check` for all that is wrong"
                )
            }
        }
    }
}

impl std::error::Error for LoadError {}

impl From<StoreError> for LoadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

pub(super) fn malformed(key: &[u8], reason: impl std::fmt::Display) -> LoadError {
    LoadError::Record {
        key: key_text(key),
        reason: reason.to_string(),
    }
}
