//! TLS as the operator configured it: certificate, key and trust for client
//! certificates, loaded and exchanged while the server runs.
//!
//! Owns what is in the `[tls]` section. When a connection begins TLS belongs to
//! the LDAP face; which entry a certificate stands for, to the directory.

mod development;
mod pem;
mod subject;

pub use development::{DevelopmentError, generate_development};
pub use pem::PemError;
pub use subject::{SubjectAva, SubjectError, peer_subject};

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::config::{Tls, TlsVersion};

/// A certificate that ends within this time is worth a warning.
const RENEWAL_NOTICE: Duration = Duration::from_secs(14 * 24 * 3600);

/// The TLS of every listener, exchangeable while they serve.
pub struct TlsSettings {
    config: Tls,
    current: ArcSwap<ServerConfig>,
}

impl TlsSettings {
    /// Loads what `config` names, and says what the operator should know about
    /// the certificates at the time `now`.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn load(
        config: Tls,
        now: SystemTime,
    ) -> Result<(TlsSettings, Vec<CertificateWarning>), TlsError> {
        let (loaded, warnings) = server_config(&config, now)?;
        let settings = TlsSettings {
            config,
            current: ArcSwap::from_pointee(loaded),
        };
        Ok((settings, warnings))
    }

    /// What new connections use. Those that exist keep what they began with.
    pub fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    /// Loads the same files again. Sessions of before cannot be resumed, so that
    /// a client authority that was removed is trusted no longer.
    ///
    /// # Errors
    /// As [`TlsSettings::load`]; what was in use stays in use.
    pub fn reload(&self, now: SystemTime) -> Result<Vec<CertificateWarning>, TlsError> {
        let (loaded, warnings) = server_config(&self.config, now)?;
        self.current.store(Arc::new(loaded));
        Ok(warnings)
    }
}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TlsSettings")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

fn server_config(
    config: &Tls,
    now: SystemTime,
) -> Result<(ServerConfig, Vec<CertificateWarning>), TlsError> {
    let chain = pem::certificates(&config.certificate)?;
    let key = pem::private_key(&config.key)?;
    let warnings = certificate_warnings(&config.certificate, &chain, now)?;

    let provider = Arc::new(default_provider());
    let versions: &[_] = match config.minimum_version {
        TlsVersion::V1_2 => &[&TLS13, &TLS12],
        TlsVersion::V1_3 => &[&TLS13],
    };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(TlsError::Protocol)?;
    let builder = match &config.client_ca {
        Some(path) => builder.with_client_cert_verifier(client_verifier(path, provider)?),
        None => builder.with_no_client_auth(),
    };
    let mut server = builder
        .with_single_cert(chain, key)
        .map_err(|error| unusable_pair(config, error))?;
    // Without it TLS 1.3 sessions are resumed only from a small shared cache.
    server.ticketer = Ticketer::new().map_err(TlsError::Protocol)?;
    Ok((server, warnings))
}

fn unusable_pair(config: &Tls, error: rustls::Error) -> TlsError {
    match error {
        rustls::Error::InconsistentKeys(_) => TlsError::KeyMismatch {
            certificate: config.certificate.clone(),
            key: config.key.clone(),
        },
        rustls::Error::InvalidCertificate(reason) => TlsError::Certificate {
            path: config.certificate.clone(),
            reason: format!("{reason:?}"),
        },
        reason => TlsError::Key {
            path: config.key.clone(),
            reason,
        },
    }
}

fn client_verifier(
    path: &Path,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let refused = |reason: String| TlsError::ClientAuthority {
        path: path.to_owned(),
        reason,
    };
    let mut roots = RootCertStore::empty();
    for authority in pem::certificates(path)? {
        roots
            .add(authority)
            .map_err(|error| refused(error.to_string()))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .allow_unauthenticated()
        .build()
        .map_err(|error| refused(error.to_string()))
}

fn certificate_warnings(
    path: &Path,
    chain: &[CertificateDer<'_>],
    now: SystemTime,
) -> Result<Vec<CertificateWarning>, TlsError> {
    let now = seconds_since_1970(now);
    let soon = now.saturating_add_unsigned(RENEWAL_NOTICE.as_secs());
    let mut warnings = Vec::new();
    for certificate in chain {
        let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
            return Err(TlsError::Certificate {
                path: path.to_owned(),
                reason: "it is not an X.509 certificate".to_owned(),
            });
        };
        let validity = parsed.validity();
        let (start, end) = (validity.not_before, validity.not_after);
        let what = if end.timestamp() < now {
            format!("ended on {end}")
        } else if start.timestamp() > now {
            format!("does not begin before {start}")
        } else if end.timestamp() < soon {
            format!("ends on {end}")
        } else {
            continue;
        };
        warnings.push(CertificateWarning {
            path: path.to_owned(),
            subject: parsed.subject().to_string(),
            what,
        });
    }
    Ok(warnings)
}

/// Whole seconds, negative before 1970, saturating.
fn seconds_since_1970(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |time| -time),
    }
}

/// A certificate that clients refuse now, or will in two weeks at the latest.
/// The server runs on with it: other clients may be content.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateWarning {
    path: PathBuf,
    subject: String,
    what: String,
}

impl fmt::Display for CertificateWarning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CertificateWarning {
            path,
            subject,
            what,
        } = self;
        write!(
            out,
            "{}: the certificate of {subject} {what}",
            path.display()
        )
    }
}

/// Why TLS cannot be set up.
#[derive(Debug)]
pub enum TlsError {
    /// A file is absent, exposed, or holds something else.
    Pem(PemError),
    /// The certificate cannot be used.
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The key cannot be used.
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: rustls::Error,
    },
    /// The key is not that of the first certificate.
    KeyMismatch {
        /// The file of the certificates.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The authorities for client certificates cannot be used.
    ClientAuthority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The TLS library cannot be set up.
    Protocol(rustls::Error),
}

impl From<PemError> for TlsError {
    fn from(error: PemError) -> TlsError {
        TlsError::Pem(error)
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsError::Pem(error) => error.fmt(out),
            TlsError::Certificate { path, reason } => {
                write!(
                    out,
                    "{}: the certificate cannot be used: {reason}",
                    path.display()
                )
            }
            TlsError::Key { path, reason } => {
                write!(
                    out,
                    "{}: the private key cannot be used: {reason}",
                    path.display()
                )
            }
            TlsError::KeyMismatch { certificate, key } => write!(
                out,
                "{} is not the key of the first certificate in {}: \
                 the server's own certificate comes first, its authorities after it",
                key.display(),
                certificate.display()
            ),
            TlsError::ClientAuthority { path, reason } => {
                write!(out, "{}: not usable as client_ca: {reason}", path.display())
            }
            TlsError::Protocol(error) => write!(out, "TLS cannot be set up: {error}"),
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            TlsError::Pem(error) => Some(error),
            TlsError::Key { reason, .. } | TlsError::Protocol(reason) => Some(reason),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
