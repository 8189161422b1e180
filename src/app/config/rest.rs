//! `[rest]`: users and groups over HTTPS.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::Deserializer;

use super::bounded::{optional_whole, seconds, socket_address, whole};

/// An IP address with a port.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Address(pub SocketAddr);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Address, D::Error> {
        socket_address(input).map(Address)
    }
}

/// `[rest]`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Rest {
    /// The addresses and ports to listen on; off when there is none.
    pub listen: Vec<Address>,
    /// Connections at once.
    #[serde(deserialize_with = "whole::<_, _, 1, 1_000_000>")]
    pub max_connections: usize,
    /// Of these, the most of one address, where it is set (see [`Rest::share`]).
    #[serde(deserialize_with = "optional_whole::<_, _, 1, 1_000_000>")]
    pub connections_per_address: Option<usize>,
    /// The DN of the group whose members administer through the dialects.
    pub administrators: Option<String>,
    /// Bytes of the body of one request.
    #[serde(deserialize_with = "whole::<_, _, 4_096, 16_777_216>")]
    pub body_bytes: usize,
    /// Time one request may take.
    #[serde(
        rename = "request_seconds",
        deserialize_with = "seconds::<_, 1, 3_600>"
    )]
    pub request_time: Duration,
    /// Requests that are worked on at once.
    #[serde(deserialize_with = "whole::<_, _, 1, 100_000>")]
    pub requests: usize,
    /// Requests a minute of one address that come without a login, and wrong passwords with others.
    #[serde(deserialize_with = "whole::<_, _, 1, 1_000_000>")]
    pub anonymous_per_minute: u32,
    /// How long a login lasts.
    #[serde(
        rename = "token_seconds",
        deserialize_with = "seconds::<_, 60, 43_200>"
    )]
    pub token_time: Duration,
    /// The origins whose pages may ask from a browser.
    pub cors_origins: Vec<String>,
    /// The file of the key that stands for the administrator in the Netmaker dialect.
    pub master_key_file: Option<PathBuf>,
    /// The folder that mail is put into.
    pub mail_folder: Option<PathBuf>,
    /// Whom mail is from.
    pub mail_from: String,
    /// The page for those who are invited.
    pub invitation_page: String,
    /// How long an invitation holds.
    #[serde(
        rename = "invitation_seconds",
        deserialize_with = "seconds::<_, 60, 31_536_000>"
    )]
    pub invitation_time: Duration,
    /// What the Harness dialect calls the account that all users are in.
    pub harness_account: String,
}

impl Default for Rest {
    fn default() -> Rest {
        Rest {
            listen: Vec::new(),
            max_connections: 1_024,
            connections_per_address: None,
            administrators: None,
            body_bytes: 1_048_576,
            request_time: Duration::from_secs(30),
            requests: 256,
            anonymous_per_minute: 60,
            token_time: Duration::from_secs(3_600),
            cors_origins: Vec::new(),
            master_key_file: None,
            mail_folder: None,
            mail_from: "hedgerow@localhost.localdomain".to_owned(),
            invitation_page: "https://localhost:3443/invitation?token=".to_owned(),
            invitation_time: Duration::from_secs(604_800),
            harness_account: "default".to_owned(),
        }
    }
}

impl Rest {
    /// The most connections of one address: a quarter of all, where nothing else is set.
    pub fn share(&self) -> usize {
        let quarter = self.max_connections / 4;
        self.connections_per_address.unwrap_or(quarter.max(1))
    }

    pub(super) fn contradictions(&self, have_certificate: bool, found: &mut Vec<(String, String)>) {
        if !self.listen.is_empty() && !have_certificate {
            let text = "needs a certificate; add a [tls] section";
            found.push(("rest.listen".to_owned(), text.to_owned()));
        }
        let account = &self.harness_account;
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if !(1..=128).contains(&account.len()) || !account.bytes().all(sound) {
            let text = "must be 1 to 128 letters, digits, _ or -";
            found.push(("rest.harness_account".to_owned(), text.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_quarter_of_the_connections_unless_it_is_said_how_many() {
        for (all, set, share) in [
            (1_024, None, 256),
            (100, None, 25),
            (3, None, 1),
            (100, Some(90), 90),
        ] {
            let rest = Rest {
                max_connections: all,
                connections_per_address: set,
                ..Rest::default()
            };
            assert_eq!(rest.share(), share, "{all} {set:?}");
        }
    }
}
