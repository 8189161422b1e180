//! The sections of the configuration file that need no file of their own, one
//! type each, with defaults and ranges. `config/hedgerow.toml` explains them to
//! the operator.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

use super::bounded::{optional_socket_address, optional_whole, seconds, whole};

/// `[limits]`: what one client, and all of them together, may cost.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Entries one search may return.
    #[serde(deserialize_with = "whole::<_, _, 1, 100_000_000>")]
    pub search_entries: usize,
    /// Time one search may take.
    #[serde(rename = "search_seconds", deserialize_with = "seconds::<_, 1, 3_600>")]
    pub search_time: Duration,
    /// Bytes of one message from a client that has not bound.
    #[serde(deserialize_with = "whole::<_, _, 4_096, 16_777_216>")]
    pub message_bytes_before_bind: usize,
    /// Bytes of one message from a client that has bound.
    #[serde(deserialize_with = "whole::<_, _, 65_536, 268_435_456>")]
    pub message_bytes: usize,
    /// Connections of all listeners together.
    #[serde(deserialize_with = "whole::<_, _, 1, 1_000_000>")]
    pub connections: usize,
    /// Bytes that all connections together may hold in requests and replies.
    #[serde(deserialize_with = "whole::<_, _, 16_777_216, 68_719_476_736>")]
    pub buffered_bytes: usize,
    /// Operations of one connection that may wait for their answer.
    #[serde(deserialize_with = "whole::<_, _, 1, 10_000>")]
    pub operations_per_connection: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            search_entries: 10_000,
            search_time: Duration::from_secs(60),
            message_bytes_before_bind: 262_144,
            message_bytes: 16_777_216,
            connections: 4_096,
            buffered_bytes: 268_435_456,
            operations_per_connection: 256,
        }
    }
}

impl Limits {
    pub(super) fn contradictions(&self, found: &mut Vec<(String, String)>) {
        if self.message_bytes < self.message_bytes_before_bind {
            found.push((
                "limits.message_bytes".to_owned(),
                "is less than message_bytes_before_bind".to_owned(),
            ));
        }
        if self.buffered_bytes < self.message_bytes {
            found.push((
                "limits.buffered_bytes".to_owned(),
                "is less than message_bytes: the largest message would never fit".to_owned(),
            ));
        }
    }
}

/// `[passwords]`: the cost of hashing one (Argon2id, RFC 9106) and of many.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Memory of one computation: KiB.
    #[serde(deserialize_with = "whole::<_, _, 8_192, 1_048_576>")]
    pub memory_kib: u32,
    /// Passes over that memory.
    #[serde(deserialize_with = "whole::<_, _, 1, 20>")]
    pub iterations: u32,
    /// Computations at once; one for each core when absent.
    #[serde(deserialize_with = "optional_whole::<_, _, 1, 256>")]
    pub threads: Option<usize>,
    /// Passwords that may wait for a thread before clients are told to come
    /// back later.
    #[serde(deserialize_with = "whole::<_, _, 1, 100_000>")]
    pub queue: usize,
    /// Seconds for which a password that was right is not hashed again.
    #[serde(deserialize_with = "whole::<_, _, 0, 3_600>")]
    pub cache_seconds: u32,
    /// Whether a successful bind replaces a hash that is weaker than this
    /// section asks for.
    pub upgrade: bool,
}

impl Default for Passwords {
    fn default() -> Passwords {
        Passwords {
            memory_kib: 19_456,
            iterations: 2,
            threads: None,
            queue: 256,
            cache_seconds: 60,
            upgrade: true,
        }
    }
}

/// `[index]`: which attributes can be searched without reading every entry.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Index {
    /// Names of the attributes with an index for `(attribute=value)`.
    pub equality: Vec<String>,
    /// Those with one for `(attribute=*)`.
    pub presence: Vec<String>,
    /// Those with one for `(attribute=*value*)`.
    pub substring: Vec<String>,
    /// Those with one for `(attribute>=value)` and `(attribute<=value)`.
    pub ordering: Vec<String>,
}

impl Default for Index {
    fn default() -> Index {
        let names = |names: &[&str]| names.iter().copied().map(str::to_owned).collect();
        Index {
            equality: names(&[
                "objectClass",
                "uid",
                "cn",
                "sn",
                "givenName",
                "mail",
                "employeeNumber",
                "uidNumber",
                "gidNumber",
                "memberUid",
                "entryUUID",
                "hedgerowInvitationPending",
            ]),
            presence: names(&[
                "uid",
                "cn",
                "sn",
                "givenName",
                "mail",
                "displayName",
                "uidNumber",
                "gidNumber",
                "hedgerowDeletedTime",
                "hedgerowNetworkRole",
            ]),
            substring: names(&["uid", "cn", "sn", "givenName", "mail", "displayName"]),
            ordering: names(&[
                "uidNumber",
                "gidNumber",
                "entryUUID",
                "createTimestamp",
                "modifyTimestamp",
            ]),
        }
    }
}

/// `[unique]`: which attributes have values that no two entries share.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Unique {
    /// Names of the attributes; each has an equality index, whether
    /// [`Index::equality`] lists it or not.
    pub attributes: Vec<String>,
}

/// `[membership]`: what entries say of the groups they are in.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Membership {
    /// Which groups `memberOf` holds, and filters on it ask about.
    pub memberof: MemberOf,
}

/// Which groups `memberOf` holds.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum MemberOf {
    /// Those that name the entry and all that these are in.
    #[default]
    Nested,
    /// Those that name the entry.
    Direct,
}

/// `[operations]`: health and metrics over HTTP.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Operations {
    /// The address and port to listen on; off when absent.
    #[serde(deserialize_with = "optional_socket_address")]
    pub address: Option<SocketAddr>,
}

/// `[log]`: what goes to standard error.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The least severe events written.
    pub level: Level,
    /// The form of a line.
    pub format: LogFormat,
}

/// How severe an event is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something failed.
    Error,
    /// Something needs attention.
    Warn,
    /// What an operator wants to know.
    #[default]
    Info,
    /// Every operation.
    Debug,
    /// Everything.
    Trace,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// `time level target message key=value`.
    #[default]
    Text,
    /// One JSON object.
    Json,
}
