//! Reading of PEM files (RFC 7468): certificates and private keys, with an error
//! that says what is the matter. Whether they fit together is not asked here.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

/// A larger file is not read: bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// Permission bits for users who are neither the owner nor of the group.
const EVERYBODY: u32 = 0o007;

/// Every certificate in the file, in its order; at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let bytes = read(path, open(path)?)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(list) if list.is_empty() => Err(fault(path, Fault::NoCertificate)),
        Ok(list) => Ok(list),
        Err(error) => Err(fault(path, Fault::Malformed(damage(&error)))),
    }
}

/// The first private key in the file, which only its owner and group may read.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, PemError> {
    let file = open(path)?;
    let status = file
        .metadata()
        .map_err(|error| fault(path, Fault::Unreadable(error)))?;
    let mode = status.permissions().mode();
    if mode & EVERYBODY != 0 {
        return Err(fault(path, Fault::Exposed(mode & 0o777)));
    }
    let bytes = Zeroizing::new(read(path, file)?);
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| {
        let encrypted = b"ENCRYPTED".as_slice();
        let fault_found = match error {
            pem::Error::NoItemsFound
                if bytes.windows(encrypted.len()).any(|part| part == encrypted) =>
            {
                Fault::EncryptedKey
            }
            pem::Error::NoItemsFound => Fault::NoKey,
            other => Fault::Malformed(damage(&other)),
        };
        fault(path, fault_found)
    })
}

/// In words of our own: the library's may quote the file.
fn damage(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a part has no -----END line",
        pem::Error::IllegalSectionStart { .. } => "a -----BEGIN line is malformed",
        pem::Error::Base64Decode(_) => "a part is not base64",
        _ => "its PEM text cannot be decoded",
    }
}

fn open(path: &Path) -> Result<File, PemError> {
    File::open(path).map_err(|error| fault(path, Fault::Unreadable(error)))
}

fn read(path: &Path, file: File) -> Result<Vec<u8>, PemError> {
    // Room from the start: growing would leave copies of a key behind.
    let mut bytes = Vec::with_capacity(64 * 1024);
    match file.take(MAX_BYTES + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 > MAX_BYTES => Err(fault(path, Fault::TooLarge)),
        Ok(_) => Ok(bytes),
        Err(error) => Err(fault(path, Fault::Unreadable(error))),
    }
}

fn fault(path: &Path, fault: Fault) -> PemError {
    PemError {
        path: path.to_owned(),
        fault,
    }
}

/// Why a PEM file cannot be used; names the file.
#[derive(Debug)]
pub struct PemError {
    path: PathBuf,
    fault: Fault,
}

#[derive(Debug)]
enum Fault {
    Unreadable(io::Error),
    TooLarge,
    Malformed(&'static str),
    NoCertificate,
    NoKey,
    EncryptedKey,
    Exposed(u32),
}

impl fmt::Display for PemError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        write!(out, "{path}: ")?;
        match &self.fault {
            Fault::Unreadable(error) if error.kind() == io::ErrorKind::NotFound => write!(
                out,
                "is not there; `hedgerow init` makes a certificate for trying, certs/README.md \
                 says how to bring your own"
            ),
            Fault::Unreadable(error) => write!(out, "cannot be read: {error}"),
            Fault::TooLarge => write!(out, "is larger than {MAX_BYTES} bytes"),
            Fault::Malformed(damage) => write!(out, "is damaged: {damage}"),
            Fault::NoCertificate => write!(
                out,
                "holds no certificate (a part that begins with -----BEGIN CERTIFICATE-----)"
            ),
            Fault::NoKey => write!(
                out,
                "holds no private key (a part that begins with -----BEGIN PRIVATE KEY-----)"
            ),
            Fault::EncryptedKey => write!(
                out,
                "holds a key under a passphrase; store it without one: openssl pkey -in {path}"
            ),
            Fault::Exposed(mode) => write!(
                out,
                "holds a private key and is open to every user (mode {mode:03o}); \
                 correct it: chmod 640 {path}"
            ),
        }
    }
}

impl std::error::Error for PemError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            Fault::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}
