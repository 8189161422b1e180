//! The LDAP face: bytes on sockets to requests of the directory, and its answers back to bytes.
//!
//! Owns the protocol (RFC 4511) and authentication's carriage in it (RFC 4513). What an entry means and who may see it is
//! the directory's; where configuration and certificates come from is the app's.
//!
//! One connection is one task: `listener` accepts, `connection` moves bytes, `session` decides what may be done now, and
//! each file of `operation` does one of them. Programs of the same machine have a socket of their own, over which
//! [`administration`] goes as well.

pub mod administration;
pub mod audit;
pub mod authorization;
pub mod ber;
pub mod budget;
pub mod codec;
pub mod connection;
pub mod control;
pub mod encoder;
pub mod listener;
pub mod message;
pub mod named;
pub mod operation;
pub mod relay;
pub mod result;
pub mod root_dse;
pub mod session;
pub mod timers;
pub mod workers;

use std::sync::Arc;
use std::time::Duration;

use crate::directory::Directory;
use crate::directory::dn::Dn;
use message::{Operation, ResultCode};
use root_dse::RootDse;
use timers::Timers;

/// What all connections share.
pub struct Face {
    /// The directory that is served.
    pub directory: Directory,
    /// The entries that describe the server.
    pub root_dse: RootDse,
    /// Bounds on what clients may take.
    pub limits: Limits,
    /// The bytes that all connections together may keep in buffers.
    pub budget: budget::Budget,
    /// Told of every operation.
    pub observer: Box<dyn Observer>,
    /// Certificates and what they prove; `None` when no listener has TLS.
    pub tls: Option<Arc<dyn TlsSource>>,
    /// What wakes connections when their time is up.
    pub timers: Timers,
}

impl Face {
    /// Whether a name is that of the root DSE or the subschema, which are in no suffix.
    pub fn describes_server(&self, dn: &Dn) -> bool {
        dn.is_root() || self.root_dse.is_subschema(dn)
    }
}

/// Bounds on one connection.
#[derive(Copy, Clone, Debug)]
pub struct Limits {
    /// The longest message before a bind has succeeded, in bytes.
    pub message_before_bind: usize,
    /// The longest message after that, in bytes.
    pub message: usize,
    /// Operations of one connection that may be under way together.
    pub operations: usize,
}

/// Told of what was done, for metrics. Nobody waits for it long.
pub trait Observer: Send + Sync {
    /// An operation ended with this code after this long.
    fn operation(&self, operation: Operation, code: ResultCode, elapsed: Duration);
}

/// The TLS configuration of this moment, and the names that client certificates prove.
pub trait TlsSource: Send + Sync {
    /// The configuration for new connections.
    fn config(&self) -> Arc<rustls::ServerConfig>;
    /// The name that a verified client certificate (DER) stands for; `None` when the mapping has none for it.
    fn name_of(&self, certificate: &[u8]) -> Option<Dn>;
}
