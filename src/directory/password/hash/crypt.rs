//! `{CRYPT}`: the modular strings of crypt(5), namely md5-crypt, bcrypt, SHA-crypt and yescrypt. Read and compared
//! here, never written. Traditional DES is refused: no maintained crate under a permissive licence computes it.

use base64ct::{Base64Bcrypt, Base64ShaCrypt, Encoding};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::md5_crypt::md5_crypt;
use super::{HashError, Scheme, bounded, decimal};
use crate::directory::password::Secret;

/// libxcrypt hashes no longer passwords. Without a bound SHA-crypt's cost grows with the square of the length.
const MAX_PASSWORD_LEN: usize = 511;
const MAX_MD5_SALT_LEN: usize = 8;
const MAX_SHA_SALT_LEN: usize = 16;
/// The least is the specification's; the most takes a second or more.
const SHA_ROUNDS: (u64, u64) = (1_000, 5_000_000);
const DEFAULT_SHA_ROUNDS: u32 = 5_000;
/// Logarithm of the number of key expansions; 16 takes about four seconds.
const BCRYPT_COST: (u64, u64) = (4, 16);
const BCRYPT_SALT_LEN: usize = 22;
/// Bytes of the password that bcrypt looks at.
const BCRYPT_PASSWORD_LEN: usize = 72;
const YESCRYPT_KIB: (u64, u64) = (1, 256 * 1024);
/// crypt_gensalt(3) chooses 8 or 32. Two more blocks of this size are needed besides the memory that is counted.
const YESCRYPT_BLOCK_SIZE: (u64, u64) = (1, 64);
const YESCRYPT_OUTPUT_LEN: usize = 32;

/// A crypt(5) string: the function to compute and the encoded output to expect.
pub(super) struct StoredCrypt<'a> {
    function: Function<'a>,
    expected: &'a [u8],
}

enum Function<'a> {
    Md5 {
        salt: &'a [u8],
    },
    Sha256 {
        salt: &'a [u8],
        rounds: sha_crypt::Params,
    },
    Sha512 {
        salt: &'a [u8],
        rounds: sha_crypt::Params,
    },
    Bcrypt {
        cost: u32,
        salt: [u8; 16],
    },
    Yescrypt {
        params: yescrypt::Params,
        salt: Vec<u8>,
    },
}

impl<'a> StoredCrypt<'a> {
    /// Reads a string such as `$6$rounds=10000$salt$output`.
    pub(super) fn parse(body: &'a [u8]) -> Result<StoredCrypt<'a>, HashError> {
        let fields: Vec<&'a [u8]> = body.split(|b| *b == b'$').take(6).collect();
        let (function, expected) = match *fields.as_slice() {
            [b"", b"1", salt, output] => (Function::md5(salt)?, output),
            [b"", b"2a" | b"2b" | b"2y", cost, salt_and_output] => {
                let (salt, output) = salt_and_output
                    .split_at_checked(BCRYPT_SALT_LEN)
                    .ok_or(malformed("the salt is too short"))?;
                (Function::bcrypt(cost, salt)?, output)
            }
            [b"", b"5", salt, output] => (Function::sha256(None, salt)?, output),
            [b"", b"5", rounds, salt, output] => (Function::sha256(Some(rounds), salt)?, output),
            [b"", b"6", salt, output] => (Function::sha512(None, salt)?, output),
            [b"", b"6", rounds, salt, output] => (Function::sha512(Some(rounds), salt)?, output),
            [b"", b"y", params, salt, output] => (Function::yescrypt(params, salt)?, output),
            [b"", b"1" | b"2a" | b"2b" | b"2y" | b"5" | b"6" | b"y", ..] => {
                return Err(malformed("it does not have the fields of its kind"));
            }
            _ => return Err(HashError::UnsupportedCrypt),
        };
        if expected.len() != function.output_len() {
            return Err(malformed("the output does not have the length of its kind"));
        }
        Ok(StoredCrypt { function, expected })
    }

    /// Whether the password matches. `None` when no password like it can have been hashed by crypt(3), which takes
    /// text that ends at the first zero byte: then nothing was computed.
    pub(super) fn matches(&self, password: &Secret) -> Option<bool> {
        let password = password.as_bytes();
        if password.len() > MAX_PASSWORD_LEN || password.contains(&0) {
            return None;
        }
        let computed = self.function.compute(password)?;
        Some(computed.as_bytes().ct_eq(self.expected).into())
    }
}

impl<'a> Function<'a> {
    fn md5(salt: &'a [u8]) -> Result<Function<'a>, HashError> {
        if salt.len() > MAX_MD5_SALT_LEN {
            return Err(malformed("the salt is longer than 8 characters"));
        }
        Ok(Function::Md5 { salt })
    }

    fn sha256(rounds: Option<&[u8]>, salt: &'a [u8]) -> Result<Function<'a>, HashError> {
        let (rounds, salt) = sha_setting(rounds, salt)?;
        Ok(Function::Sha256 { salt, rounds })
    }

    fn sha512(rounds: Option<&[u8]>, salt: &'a [u8]) -> Result<Function<'a>, HashError> {
        let (rounds, salt) = sha_setting(rounds, salt)?;
        Ok(Function::Sha512 { salt, rounds })
    }

    fn bcrypt(cost: &[u8], salt: &[u8]) -> Result<Function<'a>, HashError> {
        let cost = match cost {
            [b'0', digit] => decimal(&[*digit]),
            [_, _] => decimal(cost),
            _ => None,
        }
        .ok_or(malformed("the cost is not two digits"))?;
        let cost = bounded(Scheme::Crypt, "bcrypt cost", cost, BCRYPT_COST)?;
        let mut decoded = [0; 16];
        Base64Bcrypt::decode(salt, &mut decoded)
            .map_err(|_| malformed("the salt is not in bcrypt's base64"))?;
        Ok(Function::Bcrypt {
            cost,
            salt: decoded,
        })
    }

    /// Accepts what crypt_gensalt(3) makes: the default flavour, one thread and no extra time.
    fn yescrypt(encoded: &[u8], salt: &[u8]) -> Result<Function<'a>, HashError> {
        let unreadable = malformed("the yescrypt parameters are not supported");
        let text = str::from_utf8(encoded).map_err(|_| unreadable)?;
        let params: yescrypt::Params = text.parse().map_err(|_| unreadable)?;
        let block_size = u64::from(params.r());
        bounded(
            Scheme::Crypt,
            "yescrypt block size",
            block_size,
            YESCRYPT_BLOCK_SIZE,
        )?;
        let kib = params.n().saturating_mul(block_size).div_ceil(8);
        bounded(Scheme::Crypt, "yescrypt memory in KiB", kib, YESCRYPT_KIB)?;
        let supported = yescrypt::Params::new(yescrypt::Mode::Rw, params.n(), params.r(), 1);
        // The crate skips what it does not know at the end of the parameters; that must not pass.
        if supported.ok() != Some(params) || params.to_string() != text {
            return Err(unreadable);
        }
        let salt = str::from_utf8(salt)
            .ok()
            .and_then(|salt| Base64ShaCrypt::decode_vec(salt).ok())
            .ok_or(malformed("the salt is not in crypt's base64"))?;
        Ok(Function::Yescrypt { params, salt })
    }

    /// Characters of the encoded output.
    fn output_len(&self) -> usize {
        match self {
            Function::Md5 { .. } => 22,
            Function::Sha256 { .. } | Function::Yescrypt { .. } => 43,
            Function::Sha512 { .. } => 86,
            Function::Bcrypt { .. } => 31,
        }
    }

    fn compute(&self, password: &[u8]) -> Option<String> {
        Some(match self {
            Function::Md5 { salt } => encode_reordered(&md5_crypt(password, salt), &MD5_ORDER),
            Function::Sha256 { salt, rounds } => encode_reordered(
                &sha_crypt::sha256_crypt(password, salt, *rounds),
                &SHA256_ORDER,
            ),
            Function::Sha512 { salt, rounds } => encode_reordered(
                &sha_crypt::sha512_crypt(password, salt, *rounds),
                &SHA512_ORDER,
            ),
            Function::Bcrypt { cost, salt } => {
                let output = bcrypt::bcrypt(*cost, *salt, &bcrypt_key(password));
                Base64Bcrypt::encode_string(output.get(..23)?)
            }
            Function::Yescrypt { params, salt } => {
                let mut output = [0; YESCRYPT_OUTPUT_LEN];
                yescrypt::yescrypt(password, salt, params, &mut output).ok()?;
                Base64ShaCrypt::encode_string(&output)
            }
        })
    }
}

fn sha_setting<'a>(
    rounds: Option<&[u8]>,
    salt: &'a [u8],
) -> Result<(sha_crypt::Params, &'a [u8]), HashError> {
    const ROUNDS_PREFIX: &[u8] = b"rounds=";
    let rounds = match rounds {
        None => DEFAULT_SHA_ROUNDS,
        Some(field) => {
            let rounds = field
                .strip_prefix(ROUNDS_PREFIX)
                .and_then(decimal)
                .ok_or(malformed("the rounds are not a number"))?;
            bounded(Scheme::Crypt, "SHA-crypt rounds", rounds, SHA_ROUNDS)?
        }
    };
    if salt.len() > MAX_SHA_SALT_LEN || salt.starts_with(ROUNDS_PREFIX) {
        return Err(malformed("the salt is not of at most 16 characters"));
    }
    let rounds = sha_crypt::Params::new(rounds).map_err(|_| malformed("the rounds are refused"))?;
    Ok((rounds, salt))
}

/// The password with its terminating zero byte, cut where bcrypt stops reading.
fn bcrypt_key(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(BCRYPT_PASSWORD_LEN + 1));
    key.extend(password.iter().take(BCRYPT_PASSWORD_LEN));
    key.push(0);
    key.truncate(BCRYPT_PASSWORD_LEN);
    key
}

fn malformed(reason: &'static str) -> HashError {
    super::malformed(Scheme::Crypt, reason)
}

/// Encodes digest bytes in crypt's base64, in the order in which the function's original wrote them.
fn encode_reordered(digest: &[u8], order: &[usize]) -> String {
    let reordered: Vec<u8> = order
        .iter()
        .filter_map(|i| digest.get(*i).copied())
        .collect();
    Base64ShaCrypt::encode_string(&reordered)
}

const MD5_ORDER: [usize; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];

const SHA256_ORDER: [usize; 32] = [
    20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28,
    18, 29, 19, 9, 30, 31,
];

const SHA512_ORDER: [usize; 64] = [
    42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28, 29, 8,
    50, 51, 30, 9, 10, 52, 31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15, 16, 58,
    37, 38, 17, 59, 60, 39, 18, 19, 61, 40, 41, 20, 62, 63,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(stored: &str, password: impl AsRef<[u8]>) -> Option<bool> {
        let stored = StoredCrypt::parse(stored.as_bytes()).unwrap();
        stored.matches(&Secret::from(password.as_ref()))
    }

    #[test]
    fn bcrypt_reads_72_bytes_as_libxcrypt_does() {
        let stored = "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe";
        assert_eq!(matches(stored, "a".repeat(72)), Some(true));
        assert_eq!(matches(stored, "a".repeat(73)), Some(true));
        assert_eq!(matches(stored, "a".repeat(71)), Some(false));
    }

    #[test]
    fn md5_crypt_agrees_with_libxcrypt_around_the_block_size() {
        let known = [
            (0, "M55TzYaaccxVGbptZWaxX/"),
            (15, "lWEkGY3giPEmXRlho4/HN1"),
            (16, "rLNv7fBM/CccD3X.WJtxl0"),
            (17, ".9JMu59E71m0Oy.MJm9H71"),
        ];
        for (len, output) in known {
            let stored = format!("$1$abcdefgh${output}");
            assert_eq!(matches(&stored, "x".repeat(len)), Some(true), "{len}");
        }
    }

    #[test]
    fn nothing_is_computed_for_passwords_that_crypt_cannot_take() {
        let stored = "$5$abcdefgh$YjO3dwZxrgtyo9GCtf/xPl5xU4GyIc61LKyy7A8oYm/";
        assert_eq!(matches(stored, "päss wörd"), Some(true));
        assert_eq!(matches(stored, "päss wörd\0"), None);
        assert_eq!(matches(stored, "\0"), None);
        assert_eq!(matches(stored, "x".repeat(512)), None);
        assert_eq!(matches(stored, "x".repeat(511)), Some(false));
    }
}
