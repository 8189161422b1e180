//! PBKDF2 (RFC 8018 section 5.2) in the two notations in use: OpenLDAP's `rounds$salt$key` text, which newer 389
//! Directory Servers write too, and the older packed form of 389 Directory Server. Read and compared here, never
//! written.

use ::pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::{HashError, Scheme, bounded, decimal, decode_base64, malformed};
use crate::directory::password::Secret;

/// The most HMAC iterations spent on one value, up to four seconds: the number of rounds times the number of
/// digest-sized blocks of the key.
const MAX_ITERATIONS: u64 = 10_000_000;

/// The packed form: rounds, salt and key one after the other.
const PACKED_ROUNDS_LEN: usize = 4;
const PACKED_SALT_LEN: usize = 64;
const PACKED_KEY_LEN: usize = 256;

/// The pseudo-random function of the derivation.
#[derive(Copy, Clone)]
pub(super) enum Prf {
    HmacSha1,
    HmacSha256,
    HmacSha512,
}

/// A derived key as stored, with what is needed to derive it again.
pub(super) struct StoredPbkdf2 {
    prf: Prf,
    rounds: u32,
    salt: Vec<u8>,
    key: Vec<u8>,
}

impl StoredPbkdf2 {
    /// Reads `rounds$salt$key`, salt and key in base64 of either alphabet. The key is as long as the digest.
    pub(super) fn parse(scheme: Scheme, prf: Prf, body: &[u8]) -> Result<StoredPbkdf2, HashError> {
        let fields: Vec<&[u8]> = body.split(|b| *b == b'$').take(4).collect();
        let [rounds, salt, key] = fields.as_slice() else {
            return Err(malformed(scheme, "it is not of the form rounds$salt$key"));
        };
        let rounds = decimal(rounds).ok_or(malformed(scheme, "the rounds are not a number"))?;
        let rounds = bounded(scheme, "number of rounds", rounds, (1, MAX_ITERATIONS))?;
        let salt = decode_base64(salt).ok_or(malformed(scheme, "the salt is not valid base64"))?;
        let key = decode_base64(key).ok_or(malformed(scheme, "the key is not valid base64"))?;
        if key.len() != prf.output_len() {
            return Err(malformed(scheme, "the key is not as long as the digest"));
        }
        Ok(StoredPbkdf2 {
            prf,
            rounds,
            salt,
            key,
        })
    }

    /// Reads base64 of 4 bytes of rounds in network order, 64 bytes of salt and 256 bytes of key (HMAC-SHA-256).
    pub(super) fn parse_packed(body: &[u8]) -> Result<StoredPbkdf2, HashError> {
        const SCHEME: Scheme = Scheme::Pbkdf2Sha256Packed;
        const MAX_ROUNDS: u64 =
            MAX_ITERATIONS / PACKED_KEY_LEN.div_ceil(Prf::HmacSha256.output_len()) as u64;
        let packed = decode_base64(body).ok_or(malformed(SCHEME, "it is not valid base64"))?;
        let parts = packed
            .split_first_chunk::<PACKED_ROUNDS_LEN>()
            .and_then(|(rounds, rest)| Some((rounds, rest.split_at_checked(PACKED_SALT_LEN)?)))
            .filter(|(_, (_, key))| key.len() == PACKED_KEY_LEN);
        let Some((rounds, (salt, key))) = parts else {
            return Err(malformed(SCHEME, "it is not 324 bytes long"));
        };
        let rounds = u64::from(u32::from_be_bytes(*rounds));
        Ok(StoredPbkdf2 {
            prf: Prf::HmacSha256,
            rounds: bounded(SCHEME, "number of rounds", rounds, (1, MAX_ROUNDS))?,
            salt: salt.to_vec(),
            key: key.to_vec(),
        })
    }

    pub(super) fn matches(&self, password: &Secret) -> bool {
        let mut computed = vec![0; self.key.len()];
        let (password, salt, rounds) = (password.as_bytes(), self.salt.as_slice(), self.rounds);
        match self.prf {
            Prf::HmacSha1 => pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut computed),
            Prf::HmacSha256 => pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut computed),
            Prf::HmacSha512 => pbkdf2_hmac::<Sha512>(password, salt, rounds, &mut computed),
        }
        computed.ct_eq(&self.key).into()
    }
}

impl Prf {
    const fn output_len(self) -> usize {
        match self {
            Prf::HmacSha1 => 20,
            Prf::HmacSha256 => 32,
            Prf::HmacSha512 => 64,
        }
    }
}
