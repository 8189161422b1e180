//! The sections of the configuration file that are about accounts. The rules themselves are entries of the directory;
//! here is what no attribute of theirs says.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::bounded::{optional_whole, whole};

/// `[password_policy]`: which policy holds, and what is good enough for it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordPolicy {
    /// The name of the policy of entries that name none; `cn=default,ou=policies` below each suffix when absent.
    pub default: Option<String>,
    /// The least score of new passwords, 0 to 4.
    #[serde(deserialize_with = "whole::<_, _, 0, 4>")]
    pub least_score: u8,
    /// Whether the administrator's choices are judged as well.
    pub bind_administrator: bool,
}

impl Default for PasswordPolicy {
    fn default() -> PasswordPolicy {
        PasswordPolicy {
            default: None,
            least_score: 2,
            bind_administrator: false,
        }
    }
}

/// `[lockout]`: how the locks of a policy grow.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Lockout {
    /// Seconds by which each lock is longer than the one before.
    #[serde(deserialize_with = "whole::<_, _, 0, 86_400>")]
    pub step_seconds: u32,
    /// Seconds that a lock lasts at the most.
    #[serde(deserialize_with = "whole::<_, _, 1, 31_536_000>")]
    pub longest_seconds: u32,
    /// Temporary locks after which the next is permanent; never when absent.
    #[serde(deserialize_with = "optional_whole::<_, _, 1, 1_000_000>")]
    pub permanent_after: Option<u32>,
    /// Pairs of a source and a name whose failures are remembered.
    #[serde(deserialize_with = "whole::<_, _, 1_024, 1_048_576>")]
    pub remembered: usize,
}

impl Default for Lockout {
    fn default() -> Lockout {
        Lockout {
            step_seconds: 60,
            longest_seconds: 900,
            permanent_after: None,
            remembered: 65_536,
        }
    }
}

/// `[second_factor]`: who needs more than a password.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct SecondFactor {
    /// What the secrets of second factors are sealed under; nobody can enrol when absent.
    pub key_file: Option<PathBuf>,
    /// The names of the groups whose members need one.
    pub groups: Vec<String>,
    /// Seconds for which one counts for the same account and source.
    #[serde(deserialize_with = "whole::<_, _, 0, 86_400>")]
    pub window_seconds: u32,
}

impl SecondFactor {
    pub(super) fn contradictions(&self, data: &Path, found: &mut Vec<(String, String)>) {
        let within = |file: &PathBuf| file.starts_with(data);
        if self.key_file.as_ref().is_some_and(within) {
            let text =
                "the key would be with what it seals: choose a place outside the data folder";
            found.push(("second_factor.key_file".to_owned(), text.to_owned()));
        }
    }
}

/// One `[[admission]]`: who may log in from where.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct AdmissionRule {
    /// `anyone`, `group:DN` or `dn:DN`.
    pub who: String,
    /// Networks such as `192.0.2.0/24`; none for everywhere.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Whether they may.
    pub allow: bool,
}
