//! Certificates for trying things out: an authority made on the spot, whose key
//! is forgotten, and one server certificate for this machine.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};
use zeroize::Zeroizing;

use crate::app::publish::UnpublishedFile;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Clocks of clients may be behind ours by this much.
const BACKDATED: Duration = DAY;

/// Some clients refuse a server certificate that is valid for more than 825
/// days, the day before included.
const VALID: Duration = Duration::from_secs(824 * 24 * 3600);

/// Makes `ca.pem` (for clients to trust), `server.pem` (certificate and
/// authority) and `server.key` (mode 0600) in `folder`, which is created if
/// need be. The certificate is for localhost, 127.0.0.1 and ::1, valid for 825
/// days around `now`; its key, as the authority's, is on the curve P-256.
///
/// # Errors
/// One of the files is there already, and nothing is changed; or they cannot
/// be written.
pub fn generate_development(folder: &Path, now: SystemTime) -> Result<(), DevelopmentError> {
    let written = |path: &Path| {
        let path = path.to_owned();
        move |error| DevelopmentError::File { path, error }
    };
    fs::create_dir_all(folder).map_err(written(folder))?;
    let [ca, server, key] = ["ca.pem", "server.pem", "server.key"].map(|name| folder.join(name));
    for path in [&ca, &server, &key] {
        if fs::symlink_metadata(path).is_ok() {
            return Err(written(path)(io::ErrorKind::AlreadyExists.into()));
        }
    }
    let made = make(now).map_err(DevelopmentError::Certificate)?;
    // The certificate last: where it is, the others are.
    for (path, mode, text) in [
        (&key, 0o600, made.key.as_str()),
        (&ca, 0o644, made.authority.as_str()),
        (&server, 0o644, made.chain.as_str()),
    ] {
        write_new(path, mode, text).map_err(written(path))?;
    }
    Ok(())
}

fn write_new(path: &Path, mode: u32, text: &str) -> io::Result<()> {
    let mut file = UnpublishedFile::create(path, mode)?;
    file.write_all(text.as_bytes())?;
    file.publish_new()
}

struct Made {
    authority: String,
    chain: String,
    key: Zeroizing<String>,
}

fn make(now: SystemTime) -> Result<Made, rcgen::Error> {
    let authority_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let authority = CertifiedIssuer::self_signed(authority_params(now), authority_key)?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let server: Certificate = server_params(now)?.signed_by(&key, &authority)?;
    Ok(Made {
        chain: server.pem() + &authority.pem(),
        authority: authority.pem(),
        key: Zeroizing::new(key.serialize_pem()),
    })
}

fn authority_params(now: SystemTime) -> CertificateParams {
    let mut params = dated_params(now);
    params
        .distinguished_name
        .push(DnType::CommonName, "Hedgerow development authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn server_params(now: SystemTime) -> Result<CertificateParams, rcgen::Error> {
    let mut params = dated_params(now);
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    params.subject_alt_names = vec![
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ];
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn dated_params(now: SystemTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.not_before = (now - BACKDATED).into();
    params.not_after = (now + VALID).into();
    params
}

/// Why there are no development certificates.
#[derive(Debug)]
pub enum DevelopmentError {
    /// A file is there already or cannot be written.
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// They could not be made.
    Certificate(rcgen::Error),
}

impl fmt::Display for DevelopmentError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DevelopmentError::File { path, error }
                if error.kind() == io::ErrorKind::AlreadyExists =>
            {
                write!(out, "{} is there already and is kept", path.display())
            }
            DevelopmentError::File { path, error } => {
                write!(out, "{} cannot be written: {error}", path.display())
            }
            DevelopmentError::Certificate(error) => {
                write!(out, "the development certificates cannot be made: {error}")
            }
        }
    }
}

impl std::error::Error for DevelopmentError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            DevelopmentError::File { error, .. } => Some(error),
            DevelopmentError::Certificate(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

    use super::*;

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000)
    }

    #[test]
    fn the_three_files_have_their_modes_and_nothing_else_is_left() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("certs");
        generate_development(&folder, now()).unwrap();
        let mut found: Vec<(String, u32)> = fs::read_dir(&folder)
            .unwrap()
            .map(|item| {
                let item = item.unwrap();
                let mode = item.metadata().unwrap().permissions().mode() & 0o777;
                (item.file_name().into_string().unwrap(), mode)
            })
            .collect();
        found.sort();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["ca.pem", "server.key", "server.pem"]);
        assert_eq!(found[1].1, 0o600);
    }

    #[test]
    fn what_is_there_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["server.pem", "server.key", "ca.pem"] {
            let path = folder.path().join(name);
            fs::write(&path, "mine").unwrap();
            let error = generate_development(folder.path(), now()).unwrap_err();
            assert!(error.to_string().contains("is there already"), "{error}");
            assert_eq!(fs::read(&path).unwrap(), b"mine");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = generate_development(&file.join("certs"), now()).unwrap_err();
        assert!(error.to_string().contains("cannot be written"), "{error}");
    }

    #[test]
    fn the_server_certificate_has_what_strict_clients_ask_for() {
        let made = make(now()).unwrap();
        let chain: Vec<_> = CertificateDer::pem_slice_iter(made.chain.as_bytes())
            .map(Result::unwrap)
            .collect();
        let (_, server) = X509Certificate::from_der(&chain[0]).unwrap();
        let (_, authority) = X509Certificate::from_der(&chain[1]).unwrap();

        assert!(authority.is_ca() && !server.is_ca());
        assert!(
            authority
                .key_usage()
                .unwrap()
                .unwrap()
                .value
                .key_cert_sign()
        );
        assert!(
            server
                .key_usage()
                .unwrap()
                .unwrap()
                .value
                .digital_signature()
        );
        assert!(
            server
                .extended_key_usage()
                .unwrap()
                .unwrap()
                .value
                .server_auth
        );
        assert_eq!(server.issuer(), authority.subject());

        let names = server.subject_alternative_name().unwrap().unwrap().value;
        let mut ipv6 = [0; 16];
        ipv6[15] = 1;
        assert_eq!(
            names.general_names,
            [
                GeneralName::DNSName("localhost"),
                GeneralName::IPAddress(&[127, 0, 0, 1]),
                GeneralName::IPAddress(&ipv6),
            ]
        );
        let validity = server.validity();
        let days = (validity.not_after - validity.not_before)
            .unwrap()
            .whole_days();
        assert_eq!(days, 825);
    }

    #[test]
    fn every_run_has_an_authority_of_its_own() {
        let (first, second) = (make(now()).unwrap(), make(now()).unwrap());
        assert_ne!(first.authority, second.authority);
        assert_ne!(*first.key, *second.key);
    }
}
