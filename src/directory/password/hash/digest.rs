//! `{MD5}`, `{SHA}`, `{SHA256}`, `{SHA512}` and their salted forms (RFC 2307 section 5.3; OpenLDAP's pw-sha2): one
//! plain digest each, a microsecond to verify and as quick to guess. Read and compared here, never written.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::{HashError, Scheme, decode_base64, malformed};
use crate::directory::password::Secret;

/// The digest function of a scheme.
#[derive(Copy, Clone)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

/// Whether a salt follows the digest.
#[derive(Copy, Clone, Eq, PartialEq)]
pub(super) enum Salting {
    Unsalted,
    Salted,
}

/// A digest as stored, with its salt, which is empty for the unsalted schemes.
pub(super) struct StoredDigest {
    algorithm: Algorithm,
    digest: Vec<u8>,
    salt: Vec<u8>,
}

impl StoredDigest {
    /// Reads the base64 after the scheme. All that follows the digest is salt.
    pub(super) fn parse(
        scheme: Scheme,
        algorithm: Algorithm,
        salting: Salting,
        body: &[u8],
    ) -> Result<StoredDigest, HashError> {
        let mut digest = decode_base64(body).ok_or(malformed(scheme, "it is not valid base64"))?;
        let digest_len = algorithm.output_len();
        if digest.len() < digest_len {
            return Err(malformed(scheme, "the digest is too short"));
        }
        let salt = digest.split_off(digest_len);
        match salting {
            Salting::Unsalted if !salt.is_empty() => {
                Err(malformed(scheme, "the digest is too long"))
            }
            Salting::Salted if salt.is_empty() => Err(malformed(scheme, "the salt is missing")),
            _ => Ok(StoredDigest {
                algorithm,
                digest,
                salt,
            }),
        }
    }

    pub(super) fn matches(&self, password: &Secret) -> bool {
        let computed = self.algorithm.digest(password.as_bytes(), &self.salt);
        computed.ct_eq(&self.digest).into()
    }
}

impl Algorithm {
    fn output_len(self) -> usize {
        match self {
            Algorithm::Md5 => Md5::output_size(),
            Algorithm::Sha1 => Sha1::output_size(),
            Algorithm::Sha256 => Sha256::output_size(),
            Algorithm::Sha512 => Sha512::output_size(),
        }
    }

    fn digest(self, password: &[u8], salt: &[u8]) -> Vec<u8> {
        fn of<D: Digest>(password: &[u8], salt: &[u8]) -> Vec<u8> {
            let digest = D::new().chain_update(password).chain_update(salt);
            digest.finalize().to_vec()
        }
        match self {
            Algorithm::Md5 => of::<Md5>(password, salt),
            Algorithm::Sha1 => of::<Sha1>(password, salt),
            Algorithm::Sha256 => of::<Sha256>(password, salt),
            Algorithm::Sha512 => of::<Sha512>(password, salt),
        }
    }
}
