//! `[tls]`: who the server is, and who its clients are by their certificates.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// `[tls]`: one certificate and key for every listener.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM: the server's certificate, then those that lead to its authority.
    pub certificate: PathBuf,
    /// PEM: the private key, unencrypted (PKCS#8, PKCS#1 or SEC1).
    pub key: PathBuf,
    /// PEM: the authorities whose client certificates are accepted. Without it
    /// clients are not asked for one.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
    /// Whether the subject of a client certificate is itself the DN of the
    /// client's entry (SASL EXTERNAL, RFC 4513 5.2.3).
    #[serde(default)]
    pub subject_is_dn: bool,
    /// Subjects of client certificates and the entries they stand for; asked
    /// before [`Tls::subject_is_dn`].
    #[serde(default)]
    pub subject_map: Vec<SubjectRule>,
    /// The oldest protocol version spoken.
    #[serde(default)]
    pub minimum_version: TlsVersion,
}

/// One entry of [`Tls::subject_map`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct SubjectRule {
    /// The subject of the certificate as a DN (RFC 4514, most specific first).
    pub subject: String,
    /// The DN of the entry the client then acts as.
    pub dn: String,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    #[serde(rename = "1.2")]
    V1_2,
    /// TLS 1.3 (RFC 8446).
    #[serde(rename = "1.3")]
    V1_3,
}

impl Tls {
    pub(super) fn contradictions(&self, found: &mut Vec<(String, String)>) {
        if self.client_ca.is_some() {
            return;
        }
        let mut needs = |key: &str| {
            found.push((
                format!("tls.{key}"),
                "needs client_ca: without it clients are not asked for a certificate".to_owned(),
            ));
        };
        if self.subject_is_dn {
            needs("subject_is_dn");
        }
        if !self.subject_map.is_empty() {
            needs("subject_map");
        }
    }

    pub(super) fn resolve_paths(&mut self, folder: &Path) {
        self.certificate = super::resolve(folder, &self.certificate);
        self.key = super::resolve(folder, &self.key);
        if let Some(client_ca) = &mut self.client_ca {
            *client_ca = super::resolve(folder, client_ca);
        }
    }
}
