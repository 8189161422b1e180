//! The certificates of a running server, and the names that those of its clients stand for.
//!
//! Owns how a subject becomes a name, and that certificates are read anew. Reading and checking them is `tls`'s.

use std::sync::Arc;
use std::time::SystemTime;

use crate::app::Failure;
use crate::app::config::Tls;
use crate::app::tls::{TlsSettings, peer_subject};
use crate::directory::dn::Dn;
use crate::ldap::TlsSource;

/// The certificates and what client certificates stand for.
pub(super) struct Certificates {
    settings: TlsSettings,
    subject_is_dn: bool,
    /// Subjects in normal form of their text, and the names they stand for.
    map: Vec<(Dn, Dn)>,
}

pub(super) fn load(tls: Option<&Tls>) -> Result<Option<Arc<Certificates>>, Failure> {
    let Some(tls) = tls else { return Ok(None) };
    let (settings, warnings) = TlsSettings::load(tls.clone(), SystemTime::now())?;
    warnings
        .iter()
        .for_each(|warning| tracing::warn!(%warning, "certificate"));
    let name = |text: &str| {
        Dn::parse(text).map_err(|error| format!("tls.subject_map: \"{text}\" is not a DN: {error}"))
    };
    let map = tls
        .subject_map
        .iter()
        .map(|rule| Ok((name(&rule.subject)?, name(&rule.dn)?)));
    let map = map.collect::<Result<_, String>>()?;
    Ok(Some(Arc::new(Certificates {
        settings,
        subject_is_dn: tls.subject_is_dn,
        map,
    })))
}

impl TlsSource for Certificates {
    fn config(&self) -> Arc<rustls::ServerConfig> {
        self.settings.current()
    }

    fn name_of(&self, certificate: &[u8]) -> Option<Dn> {
        let subject = match peer_subject(certificate) {
            Ok(subject) => subject_dn(&subject)?,
            Err(error) => {
                tracing::info!(%error, "the subject of a client certificate cannot be read");
                return None;
            }
        };
        let mapped = self
            .map
            .iter()
            .find(|(from, _)| same_subject(from, &subject))
            .map(|(_, to)| to.clone());
        mapped.or_else(|| self.subject_is_dn.then_some(subject))
    }
}

/// The subject as a name; types are given by their object identifiers.
fn subject_dn(subject: &[Vec<crate::app::tls::SubjectAva>]) -> Option<Dn> {
    let mut dn = Dn::default();
    for rdn in subject.iter().rev() {
        let assertions = rdn.iter().map(|ava| crate::directory::dn::Ava {
            attribute: ava.oid.clone(),
            value: ava.value.clone().into_bytes(),
        });
        let text = assertions
            .map(|ava| ava.to_string())
            .collect::<Vec<_>>()
            .join("+");
        dn = dn.child(crate::directory::dn::Rdn::parse(&text).ok()?);
    }
    (!dn.is_root()).then_some(dn)
}

/// Whether two subjects are the same under the built-in schema's rules, which decide how types and values compare.
fn same_subject(left: &Dn, right: &Dn) -> bool {
    use crate::directory::schema::{PosixGroup, Schema};
    static BUILT_IN: std::sync::OnceLock<Option<Schema>> = std::sync::OnceLock::new();
    let schema = BUILT_IN.get_or_init(|| Schema::built_in(PosixGroup::Auxiliary).ok());
    schema
        .as_ref()
        .is_some_and(|schema| left.normalize(schema) == right.normalize(schema))
}

pub(super) fn reload(tls: Option<&Certificates>) {
    let Some(tls) = tls else {
        return tracing::info!("nothing to reload: TLS is not configured");
    };
    match tls.settings.reload(SystemTime::now()) {
        Ok(warnings) => {
            warnings
                .iter()
                .for_each(|warning| tracing::warn!(%warning, "certificate"));
            tracing::info!("certificates reloaded");
        }
        Err(error) => {
            tracing::error!(%error, "the certificates were not reloaded; the old ones stay in use")
        }
    }
}
