//! The sections of the configuration file about what is kept of what was done: the audit log and the history of changes.

use std::path::PathBuf;

use serde::Deserialize;

use super::bounded::whole;

/// `[audit]`: who did what, one line each.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// Whether it is written.
    pub enabled: bool,
    /// The file; `audit.jsonl` in the folder of the store when absent.
    pub file: Option<PathBuf>,
    /// Mebibytes after which a new file is begun.
    #[serde(deserialize_with = "whole::<_, _, 1, 65_536>")]
    pub file_mebibytes: u64,
    /// Earlier files that are kept.
    #[serde(deserialize_with = "whole::<_, _, 1, 1_000>")]
    pub earlier_files: u32,
}

impl Default for Audit {
    fn default() -> Audit {
        Audit {
            enabled: true,
            file: None,
            file_mebibytes: 64,
            earlier_files: 8,
        }
    }
}

/// `[changes]`: how far back the history of changes goes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Changes {
    /// Days after which a change is forgotten.
    #[serde(deserialize_with = "whole::<_, _, 1, 36_500>")]
    pub days: u32,
    /// Mebibytes of all that are kept.
    #[serde(deserialize_with = "whole::<_, _, 1, 65_536>")]
    pub mebibytes: u64,
}

impl Default for Changes {
    fn default() -> Changes {
        Changes {
            days: 30,
            mebibytes: 64,
        }
    }
}
