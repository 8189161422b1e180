//! The `check-config` command: everything about the configuration that can be
//! verified without opening the store.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use super::config::{Config, ConfigError};
use super::tls::{TlsError, TlsSettings};

/// Reads the configuration at `path` with the certificate and key it names,
/// writes to `out` what it found, warnings included, and returns it for whoever
/// can check what it means.
///
/// # Errors
/// See [`CheckConfigError`].
pub fn check_config(
    path: &Path,
    now: SystemTime,
    out: &mut impl Write,
) -> Result<Config, CheckConfigError> {
    let config = Config::load(path)?;
    for listener in &config.listeners {
        writeln!(out, "listener {}, TLS {}", listener.address, listener.tls)?;
    }
    for address in &config.rest.listen {
        writeln!(out, "REST {}", address.0)?;
    }
    if let Some(address) = config.operations.address {
        writeln!(out, "operations {address}")?;
    }
    writeln!(out, "local socket {}", config.socket().display())?;
    if let Some(tls) = &config.tls {
        let (_, warnings) = TlsSettings::load(tls.clone(), now)?;
        writeln!(out, "certificate {}", tls.certificate.display())?;
        for warning in warnings {
            writeln!(out, "warning: {warning}")?;
        }
    }
    let schema = config.schema.paths().map_err(|error| {
        config.problem("schema.files", format!("a folder cannot be read: {error}"))
    })?;
    for file in schema {
        if !file.is_file() {
            let message = format!("there is no file {}", file.display());
            return Err(config.problem("schema.files", message).into());
        }
        writeln!(out, "schema {}", file.display())?;
    }
    Ok(config)
}

/// Why a configuration is not good.
#[derive(Debug)]
pub enum CheckConfigError {
    /// The file, or what it names.
    Config(ConfigError),
    /// The certificate or the key.
    Tls(TlsError),
    /// The report could not be written.
    Output(io::Error),
}

impl From<ConfigError> for CheckConfigError {
    fn from(error: ConfigError) -> CheckConfigError {
        CheckConfigError::Config(error)
    }
}

impl From<TlsError> for CheckConfigError {
    fn from(error: TlsError) -> CheckConfigError {
        CheckConfigError::Tls(error)
    }
}

impl From<io::Error> for CheckConfigError {
    fn from(error: io::Error) -> CheckConfigError {
        CheckConfigError::Output(error)
    }
}

impl fmt::Display for CheckConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckConfigError::Config(error) => error.fmt(out),
            CheckConfigError::Tls(error) => error.fmt(out),
            CheckConfigError::Output(error) => write!(out, "cannot write the report: {error}"),
        }
    }
}

impl std::error::Error for CheckConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CheckConfigError::Config(error) => Some(error),
            CheckConfigError::Tls(error) => Some(error),
            CheckConfigError::Output(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;
    use crate::app::tls::generate_development;

    fn checked(path: &Path, now: SystemTime) -> (String, Result<Config, CheckConfigError>) {
        let mut out = Vec::new();
        let result = check_config(path, now, &mut out);
        (String::from_utf8(out).unwrap(), result)
    }

    #[test]
    fn the_shipped_configuration_is_good_once_there_is_a_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config/hedgerow.toml");
        fs::create_dir(folder.path().join("config")).unwrap();
        fs::write(&path, include_str!("../../config/hedgerow.toml")).unwrap();
        let now = SystemTime::now();

        let (_, result) = checked(&path, now);
        assert!(matches!(result, Err(CheckConfigError::Tls(_))));

        generate_development(&folder.path().join("certs"), now).unwrap();
        fs::create_dir(folder.path().join("config/schema")).unwrap();
        fs::write(folder.path().join("config/schema/own.ldif"), "").unwrap();
        let (report, result) = checked(&path, now);
        result.unwrap();
        assert!(
            report.contains("listener 127.0.0.1:3636, TLS implicit\n"),
            "{report}"
        );
        assert!(report.contains("own.ldif\n"), "{report}");
        assert!(!report.contains("warning"), "{report}");

        let (report, result) = checked(&path, now + Duration::from_secs(900 * 24 * 3600));
        result.unwrap();
        assert!(report.contains("warning: "), "{report}");
    }

    #[test]
    fn a_schema_file_that_is_not_there_is_blamed_on_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("h.toml");
        let text = "data = 'd'\n[[listener]]\naddress = '127.0.0.1:389'\ntls = 'none'\n\
                    [schema]\nfiles = ['absent.ldif']\n";
        fs::write(&path, text).unwrap();
        let (_, result) = checked(&path, SystemTime::now());
        let message = result.unwrap_err().to_string();
        assert!(
            message.contains("h.toml:6: schema.files: there is no file"),
            "{message}"
        );
    }
}
