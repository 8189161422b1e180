//! `[[listener]]` and `[ldapi]`: the sockets that speak LDAP.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected};

use super::bounded::{optional_whole, seconds, socket_address};

/// One `[[listener]]`: a socket that speaks LDAP.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// The address and port to listen on; port 0 takes any free one.
    #[serde(deserialize_with = "socket_address")]
    pub address: SocketAddr,
    /// How TLS comes to a connection.
    pub tls: ListenerTls,
    /// Whether a password may cross a connection that has no TLS.
    #[serde(default)]
    pub allow_passwords_without_tls: bool,
    /// A connection that is silent for this long is closed.
    #[serde(
        rename = "idle_seconds",
        default = "Listener::default_idle",
        deserialize_with = "seconds::<_, 10, 86_400>"
    )]
    pub idle: Duration,
    /// Connections this listener may have at once; without it only
    /// [`super::Limits::connections`] counts.
    #[serde(default, deserialize_with = "optional_whole::<_, usize, 1, 1_000_000>")]
    pub max_connections: Option<usize>,
}

/// How TLS comes to a connection.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum ListenerTls {
    /// From the first byte (ldaps).
    Implicit,
    /// When the client asks for it (RFC 4511 4.14).
    StartTls,
    /// Never.
    None,
}

impl fmt::Display for ListenerTls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            ListenerTls::Implicit => "implicit",
            ListenerTls::StartTls => "starttls",
            ListenerTls::None => "none",
        })
    }
}

impl Listener {
    pub(super) fn default_idle() -> Duration {
        Duration::from_secs(900)
    }

    pub(super) fn contradictions(
        &self,
        key: &str,
        have_certificate: bool,
        found: &mut Vec<(String, String)>,
    ) {
        if self.tls != ListenerTls::None && !have_certificate {
            found.push((
                format!("{key}.tls"),
                "needs a certificate; add a [tls] section or set tls = \"none\"".to_owned(),
            ));
        }
        if self.tls == ListenerTls::Implicit && self.allow_passwords_without_tls {
            found.push((
                format!("{key}.allow_passwords_without_tls"),
                "has no meaning with tls = \"implicit\"; remove it".to_owned(),
            ));
        }
    }
}

/// `[ldapi]`: the socket for programs of this machine.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Ldapi {
    /// The socket's path; `ldapi` in the folder of the store when absent.
    pub socket: Option<PathBuf>,
    /// Who may connect.
    pub mode: Mode,
    /// The uids whose processes act as the administrator, beside the one that
    /// runs the server.
    pub administrators: Vec<u32>,
}

impl Default for Ldapi {
    fn default() -> Ldapi {
        Ldapi {
            socket: None,
            mode: Mode(0o600),
            administrators: vec![0],
        }
    }
}

/// Permission bits of a file, written as `chmod` takes them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mode(pub u32);

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Mode, D::Error> {
        let text = String::deserialize(input)?;
        let bits = u32::from_str_radix(&text, 8).ok();
        let bits = bits.filter(|bits| *bits <= 0o777 && text.starts_with('0'));
        bits.map(Mode).ok_or_else(|| {
            D::Error::invalid_value(
                Unexpected::Str(&text),
                &"permission bits in octal, such as \"0600\"",
            )
        })
    }
}
