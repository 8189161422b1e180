//! Stored password values: which scheme a `userPassword` value is in, whether it is acceptable, and whether a
//! password matches it. The notation is `{SCHEME}` followed by the scheme's own text (RFC 2307 section 5.3, as
//! extended by OpenLDAP and 389 Directory Server).
//!
//! One file per family does the reading and comparing. What is due to whom, and on which thread, is not decided here.

mod argon2;
mod crypt;
mod digest;
mod md5_crypt;
mod pbkdf2;

use std::fmt;

use base64ct::{Base64Pbkdf2, Base64Unpadded, Encoding};
use thiserror::Error;

pub use self::argon2::Argon2Params;
use self::argon2::StoredArgon2;
pub(super) use self::argon2::{DeriveError, Memory, hash, spend};
use self::crypt::StoredCrypt;
use self::digest::{Algorithm, Salting, StoredDigest};
use self::pbkdf2::{Prf, StoredPbkdf2};
use super::Secret;

/// Stored values longer than this many bytes are refused; the longest known form has about 450.
const MAX_STORED_LEN: usize = 1024;

/// A scheme of stored password values that this server can verify.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
pub enum Scheme {
    /// `{MD5}`: base64 of MD5(password).
    Md5,
    /// `{SMD5}`: base64 of MD5(password, salt), then the salt.
    SaltedMd5,
    /// `{SHA}`: base64 of SHA-1(password).
    Sha1,
    /// `{SSHA}`: base64 of SHA-1(password, salt), then the salt.
    SaltedSha1,
    /// `{SHA256}`: base64 of SHA-256(password).
    Sha256,
    /// `{SSHA256}`: base64 of SHA-256(password, salt), then the salt.
    SaltedSha256,
    /// `{SHA512}`: base64 of SHA-512(password).
    Sha512,
    /// `{SSHA512}`: base64 of SHA-512(password, salt), then the salt.
    SaltedSha512,
    /// `{CRYPT}`: a crypt(5) string of the kinds `$1$`, `$2a$`, `$2b$`, `$2y$`, `$5$`, `$6$` or `$y$`.
    Crypt,
    /// `{PBKDF2}` and `{PBKDF2-SHA1}`: rounds, salt and key in text.
    Pbkdf2Sha1,
    /// `{PBKDF2-SHA256}`: rounds, salt and key in text.
    Pbkdf2Sha256,
    /// `{PBKDF2-SHA512}`: rounds, salt and key in text.
    Pbkdf2Sha512,
    /// `{PBKDF2_SHA256}`, with an underscore: the older binary layout of 389 Directory Server.
    Pbkdf2Sha256Packed,
    /// `{ARGON2}`: a PHC string of Argon2id, Argon2i or Argon2d (RFC 9106).
    Argon2,
}

/// Every accepted name. The first name of a scheme is the one it is shown with.
const NAMES: [(&str, Scheme); 15] = [
    ("MD5", Scheme::Md5),
    ("SMD5", Scheme::SaltedMd5),
    ("SHA", Scheme::Sha1),
    ("SSHA", Scheme::SaltedSha1),
    ("SHA256", Scheme::Sha256),
    ("SSHA256", Scheme::SaltedSha256),
    ("SHA512", Scheme::Sha512),
    ("SSHA512", Scheme::SaltedSha512),
    ("CRYPT", Scheme::Crypt),
    ("PBKDF2-SHA1", Scheme::Pbkdf2Sha1),
    ("PBKDF2", Scheme::Pbkdf2Sha1),
    ("PBKDF2-SHA256", Scheme::Pbkdf2Sha256),
    ("PBKDF2-SHA512", Scheme::Pbkdf2Sha512),
    ("PBKDF2_SHA256", Scheme::Pbkdf2Sha256Packed),
    ("ARGON2", Scheme::Argon2),
];

impl Scheme {
    /// The name without braces, in capitals, as in `supportedAuthPasswordSchemes` or a metric's label.
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(_, scheme)| *scheme == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether verifying takes one digest, and no derivation of a key.
    fn is_digest(self) -> bool {
        match self {
            Scheme::Md5
            | Scheme::SaltedMd5
            | Scheme::Sha1
            | Scheme::SaltedSha1
            | Scheme::Sha256
            | Scheme::SaltedSha256
            | Scheme::Sha512
            | Scheme::SaltedSha512 => true,
            Scheme::Crypt
            | Scheme::Pbkdf2Sha1
            | Scheme::Pbkdf2Sha256
            | Scheme::Pbkdf2Sha512
            | Scheme::Pbkdf2Sha256Packed
            | Scheme::Argon2 => false,
        }
    }

    fn by_name(name: &str) -> Option<Scheme> {
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, scheme)| *scheme)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.name())
    }
}

/// What a `userPassword` value is, judged by its prefix alone: a `Hashed` value may still be malformed.
#[derive(Copy, Clone, Eq, PartialEq)]
pub enum Stored<'a> {
    /// Starts with the name of a known scheme.
    Hashed(Scheme),
    /// Has no `{SCHEME}` prefix, so it is a password as its owner types it.
    ClearText,
    /// Starts with a name in braces that is not known. It may be a clear-text password that happens to look so;
    /// never log the name.
    UnknownScheme(&'a str),
}

impl fmt::Debug for Stored<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stored::Hashed(scheme) => f.debug_tuple("Hashed").field(scheme).finish(),
            Stored::ClearText => f.write_str("ClearText"),
            Stored::UnknownScheme(_) => f.write_str("UnknownScheme(..)"),
        }
    }
}

/// What verifying a stored value costs, and hence on which thread it may be done.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum Cost {
    /// About a microsecond, or nothing at all since the value can never match: done where the caller is.
    Cheap,
    /// Up to seconds: left to the [`Pool`](super::Pool).
    Expensive,
}

/// Why a value is not accepted as a stored password hash. Never shows any part of the value but its cost parameters.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Error)]
pub enum HashError {
    /// There is no `{SCHEME}` prefix.
    #[error("the value is not a password hash: it does not start with {{SCHEME}}")]
    ClearText,
    /// The name in braces is none of the known schemes.
    #[error(
        "the scheme in braces is not supported; use {{ARGON2}}, {{CRYPT}}, {{PBKDF2-SHA256}} or {{SSHA}}, or set the password itself"
    )]
    UnknownScheme,
    /// `{CRYPT}` with traditional DES or another kind that is not supported.
    #[error(
        "{{CRYPT}} is supported for $1$, $2a$, $2b$, $2y$, $5$, $6$ and $y$ only; set the password itself"
    )]
    UnsupportedCrypt,
    /// The text after the scheme is not in the scheme's form.
    #[error("the {scheme} value is malformed: {reason}")]
    Malformed {
        /// The scheme whose form is broken.
        scheme: Scheme,
        /// What is wrong.
        reason: &'static str,
    },
    /// A cost parameter is weaker than the scheme allows, or dearer than this server is willing to compute.
    #[error("{scheme}: {parameter} of {value} is outside {min} to {max}; set the password itself")]
    CostOutOfRange {
        /// The scheme.
        scheme: Scheme,
        /// The parameter and its unit.
        parameter: &'static str,
        /// What the value asks for.
        value: u64,
        /// The least accepted.
        min: u64,
        /// The most accepted.
        max: u64,
    },
}

/// Says what a `userPassword` value is by its prefix: `{`, a name of at most 32 letters, digits, `-`, `_`, `.` or
/// `/`, and `}`. Names are compared without regard to case.
pub fn classify(stored: &[u8]) -> Stored<'_> {
    match split(stored) {
        None => Stored::ClearText,
        Some((name, _)) => {
            Scheme::by_name(name).map_or(Stored::UnknownScheme(name), Stored::Hashed)
        }
    }
}

/// Checks a ready-made hash before it is stored: known scheme, well formed, cost within this server's limits
/// (Argon2: 256 MiB, 16 passes, 16 lanes; PBKDF2: 10 million rounds; SHA-crypt: 5 million rounds; bcrypt: cost 16;
/// yescrypt: 256 MiB).
///
/// # Errors
/// Says which of these it is not; a value refused here never matches any password.
pub fn check_stored(stored: &[u8]) -> Result<Scheme, HashError> {
    Hash::parse(stored).map(|(scheme, _)| scheme)
}

/// Where a stored value is to be verified. Values that can never match, clear text among them, are cheap.
pub fn cost(stored: &[u8]) -> Cost {
    match Hash::parse(stored) {
        Ok((_, Hash::Digest(_))) | Err(_) => Cost::Cheap,
        Ok((_, Hash::Crypt(_) | Hash::Pbkdf2(_) | Hash::Argon2(_))) => Cost::Expensive,
    }
}

/// Whether a password that matched `stored` should be hashed anew: anything but current Argon2id whose memory times
/// passes is at least that of `params`.
pub fn needs_upgrade(stored: &[u8], params: &Argon2Params) -> bool {
    match Hash::parse(stored) {
        Ok((_, Hash::Argon2(stored))) => !stored.is_at_least(params),
        _ => true,
    }
}

/// Whether `password` matches a stored value of [`Cost::Cheap`]; `false` for every other value. The digests are
/// compared in constant time.
pub fn verify_cheap(stored: &[u8], password: &Secret) -> bool {
    // What is expensive is not even read: a password that was proved a short while ago costs no more than a digest.
    if !matches!(classify(stored), Stored::Hashed(scheme) if scheme.is_digest()) {
        return false;
    }
    match Hash::parse(stored) {
        Ok((_, Hash::Digest(stored))) => stored.matches(password),
        _ => false,
    }
}

/// What a comparison found, and whether it took the time of a key derivation.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Match,
    NoMatch { derived: bool },
}

/// Compares a password with a stored value of any scheme. Clear text, unknown schemes and malformed values do not
/// match.
pub(super) fn verify(
    stored: &[u8],
    password: &Secret,
    memory: &mut Memory,
) -> Result<Verdict, DeriveError> {
    let Ok((_, hash)) = Hash::parse(stored) else {
        return Ok(Verdict::NoMatch { derived: false });
    };
    let (matched, derived) = match hash {
        Hash::Digest(stored) => (stored.matches(password), false),
        Hash::Crypt(stored) => match stored.matches(password) {
            Some(matched) => (matched, true),
            None => (false, false),
        },
        Hash::Pbkdf2(stored) => (stored.matches(password), true),
        Hash::Argon2(stored) => (stored.matches(password, memory)?, true),
    };
    Ok(if matched {
        Verdict::Match
    } else {
        Verdict::NoMatch { derived }
    })
}

/// A stored value, read and found acceptable.
enum Hash<'a> {
    Digest(StoredDigest),
    Crypt(StoredCrypt<'a>),
    Pbkdf2(StoredPbkdf2),
    Argon2(StoredArgon2),
}

impl Hash<'_> {
    fn parse(stored: &[u8]) -> Result<(Scheme, Hash<'_>), HashError> {
        let (name, body) = split(stored).ok_or(HashError::ClearText)?;
        let scheme = Scheme::by_name(name).ok_or(HashError::UnknownScheme)?;
        if stored.len() > MAX_STORED_LEN {
            return Err(malformed(scheme, "it is longer than 1024 bytes"));
        }
        let digest = |algorithm, salting| {
            StoredDigest::parse(scheme, algorithm, salting, body).map(Hash::Digest)
        };
        let pbkdf2 = |prf| StoredPbkdf2::parse(scheme, prf, body).map(Hash::Pbkdf2);
        let hash = match scheme {
            Scheme::Md5 => digest(Algorithm::Md5, Salting::Unsalted),
            Scheme::SaltedMd5 => digest(Algorithm::Md5, Salting::Salted),
            Scheme::Sha1 => digest(Algorithm::Sha1, Salting::Unsalted),
            Scheme::SaltedSha1 => digest(Algorithm::Sha1, Salting::Salted),
            Scheme::Sha256 => digest(Algorithm::Sha256, Salting::Unsalted),
            Scheme::SaltedSha256 => digest(Algorithm::Sha256, Salting::Salted),
            Scheme::Sha512 => digest(Algorithm::Sha512, Salting::Unsalted),
            Scheme::SaltedSha512 => digest(Algorithm::Sha512, Salting::Salted),
            Scheme::Crypt => StoredCrypt::parse(body).map(Hash::Crypt),
            Scheme::Pbkdf2Sha1 => pbkdf2(Prf::HmacSha1),
            Scheme::Pbkdf2Sha256 => pbkdf2(Prf::HmacSha256),
            Scheme::Pbkdf2Sha512 => pbkdf2(Prf::HmacSha512),
            Scheme::Pbkdf2Sha256Packed => StoredPbkdf2::parse_packed(body).map(Hash::Pbkdf2),
            Scheme::Argon2 => StoredArgon2::parse(body).map(Hash::Argon2),
        }?;
        Ok((scheme, hash))
    }
}

/// Splits `{NAME}body`. `None` means that there is no such prefix.
fn split(stored: &[u8]) -> Option<(&str, &[u8])> {
    const MAX_NAME_LEN: usize = 32;
    let rest = stored.strip_prefix(b"{")?;
    let end = rest
        .iter()
        .take(MAX_NAME_LEN + 1)
        .position(|b| *b == b'}')?;
    let (name, body) = rest.split_at_checked(end)?;
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || b"-_./".contains(b);
    if name.is_empty() || !name.iter().all(is_name) {
        return None;
    }
    Some((str::from_utf8(name).ok()?, body.strip_prefix(b"}")?))
}

fn malformed(scheme: Scheme, reason: &'static str) -> HashError {
    HashError::Malformed { scheme, reason }
}

/// Passes `value` on if it lies within `min..=max`.
fn bounded(
    scheme: Scheme,
    parameter: &'static str,
    value: u64,
    (min, max): (u64, u64),
) -> Result<u32, HashError> {
    u32::try_from(value)
        .ok()
        .filter(|_| (min..=max).contains(&value))
        .ok_or(HashError::CostOutOfRange {
            scheme,
            parameter,
            value,
            min,
            max,
        })
}

/// Reads a decimal number without sign or leading zeros.
fn decimal(text: &[u8]) -> Option<u64> {
    match text {
        [b'0', _, ..] => None,
        [] => None,
        digits if digits.iter().all(u8::is_ascii_digit) => {
            str::from_utf8(digits).ok()?.parse().ok()
        }
        _ => None,
    }
}

/// Decodes base64 in the standard alphabet or in the adapted one (`.` for `+`), with or without padding.
fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(text).ok()?;
    let text = text.strip_suffix('=').unwrap_or(text);
    let text = text.strip_suffix('=').unwrap_or(text);
    if text.contains('.') {
        Base64Pbkdf2::decode_vec(text).ok()
    } else {
        Base64Unpadded::decode_vec(text).ok()
    }
}

#[cfg(test)]
mod tests;
