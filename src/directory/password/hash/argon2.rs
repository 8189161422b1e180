//! `{ARGON2}`: PHC strings of Argon2 (RFC 9106), the scheme of every new hash, and the working memory that makes
//! Argon2 cheap to repeat. The only file that names the `argon2` crate.

use ::argon2::{Algorithm, Argon2, Block, Params, Version};
use base64ct::{Base64Unpadded, Encoding};
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::{HashError, Scheme, bounded, decimal, malformed};
use crate::directory::password::Secret;

const SCHEME: Scheme = Scheme::Argon2;
const MAX_MEMORY_KIB: u64 = 256 * 1024;
const PASSES: (u64, u64) = (1, 16);
const LANES: (u64, u64) = (1, 16);
/// Argon2 divides each lane into four slices of at least two blocks.
const MIN_BLOCKS_PER_LANE: u64 = 8;
/// Bytes of the key in a new hash.
const KEY_LEN: usize = 32;
/// Bytes of the key that are accepted in stored values.
const KEY_LENS: std::ops::RangeInclusive<usize> = 12..=64;
/// The salt of derivations whose result nobody sees.
const DECOY_SALT: [u8; 16] = *b"hedgerow decoy..";

/// How dear new Argon2id hashes are. The default, 19 MiB, 2 passes and 1 lane, is the least that OWASP recommends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Argon2Params(Params);

impl Argon2Params {
    /// `memory` in KiB, from 8 times `lanes` to 262,144 (256 MiB); `passes` and `lanes` from 1 to 16. Lanes are
    /// computed one after the other by one thread.
    ///
    /// # Errors
    /// [`HashError::CostOutOfRange`] names the parameter outside these bounds.
    pub fn new(memory: u32, passes: u32, lanes: u32) -> Result<Argon2Params, HashError> {
        let lanes = bounded(SCHEME, "number of lanes", u64::from(lanes), LANES)?;
        let passes = bounded(SCHEME, "number of passes", u64::from(passes), PASSES)?;
        let memory_bounds = (
            MIN_BLOCKS_PER_LANE.saturating_mul(u64::from(lanes)),
            MAX_MEMORY_KIB,
        );
        let memory = bounded(SCHEME, "memory in KiB", u64::from(memory), memory_bounds)?;
        Params::new(memory, passes, lanes, None)
            .map(Argon2Params)
            .map_err(|_| malformed(SCHEME, "the parameters are refused"))
    }

    /// Memory in KiB.
    pub fn memory(&self) -> u32 {
        self.0.m_cost()
    }

    /// Passes over the memory.
    pub fn passes(&self) -> u32 {
        self.0.t_cost()
    }

    /// Lanes that the memory is divided into.
    pub fn lanes(&self) -> u32 {
        self.0.p_cost()
    }

    fn work(&self) -> u64 {
        u64::from(self.memory()).saturating_mul(u64::from(self.passes()))
    }
}

impl Default for Argon2Params {
    fn default() -> Argon2Params {
        Argon2Params(Params::DEFAULT)
    }
}

/// Why a key was not derived.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Error)]
pub(in crate::directory::password) enum DeriveError {
    #[error("no memory for Argon2")]
    OutOfMemory,
    #[error("Argon2 refused its input: {0}")]
    Refused(::argon2::Error),
}

/// The blocks that one thread computes Argon2 in. They are allocated at first use, in the size of the server's own
/// parameters, and kept: fresh memory costs half as much again as the computation. A stored value that needs more
/// gets blocks of its own for the moment, so that what is kept never grows.
pub(in crate::directory::password) struct Memory {
    kept: Vec<Block>,
    keep: usize,
}

impl Memory {
    pub(in crate::directory::password) fn new(params: &Argon2Params) -> Memory {
        Memory {
            kept: Vec::new(),
            keep: params.0.block_count(),
        }
    }

    fn blocks<R>(
        &mut self,
        count: usize,
        work: impl FnOnce(&mut [Block]) -> R,
    ) -> Result<R, DeriveError> {
        if count > self.keep {
            return Ok(work(&mut allocate(count)?));
        }
        if self.kept.is_empty() {
            self.kept = allocate(self.keep)?;
        }
        Ok(work(&mut self.kept))
    }

    /// Where the kept blocks lie and what they hold.
    #[cfg(test)]
    pub(in crate::directory::password) fn kept(&self) -> &[Block] {
        &self.kept
    }
}

fn allocate(count: usize) -> Result<Vec<Block>, DeriveError> {
    let mut blocks = Vec::new();
    blocks
        .try_reserve_exact(count)
        .map_err(|_| DeriveError::OutOfMemory)?;
    blocks.resize(count, Block::new());
    Ok(blocks)
}

fn derive(
    argon2: &Argon2<'_>,
    password: &Secret,
    salt: &[u8],
    key: &mut [u8],
    memory: &mut Memory,
) -> Result<(), DeriveError> {
    memory
        .blocks(argon2.params().block_count(), |blocks| {
            argon2.hash_password_into_with_memory(password.as_bytes(), salt, key, blocks)
        })?
        .map_err(DeriveError::Refused)
}

/// Makes a new Argon2id value to store.
pub(in crate::directory::password) fn hash(
    password: &Secret,
    salt: &[u8; 16],
    params: &Argon2Params,
    memory: &mut Memory,
) -> Result<Vec<u8>, DeriveError> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.0.clone());
    let mut key = [0; KEY_LEN];
    derive(&argon2, password, salt, &mut key, memory)?;
    let stored = format!(
        "{SCHEME}$argon2id$v=19$m={},t={},p={}${}${}",
        params.memory(),
        params.passes(),
        params.lanes(),
        Base64Unpadded::encode_string(salt),
        Base64Unpadded::encode_string(&key),
    );
    Ok(stored.into_bytes())
}

/// Does all that verifying a value made with `params` does, and forgets the result.
pub(in crate::directory::password) fn spend(
    password: &Secret,
    params: &Argon2Params,
    memory: &mut Memory,
) -> Result<(), DeriveError> {
    let nobody = StoredArgon2 {
        algorithm: Algorithm::Argon2id,
        version: Version::V0x13,
        params: params.clone(),
        salt: DECOY_SALT.to_vec(),
        key: vec![0; KEY_LEN],
    };
    nobody.matches(password, memory).map(|_| ())
}

/// A PHC string, read.
pub(super) struct StoredArgon2 {
    algorithm: Algorithm,
    version: Version,
    params: Argon2Params,
    salt: Vec<u8>,
    key: Vec<u8>,
}

impl StoredArgon2 {
    /// Reads `$argon2id$v=19$m=19456,t=2,p=1$salt$key`. Without a version it is that of 2015, 16.
    pub(super) fn parse(body: &[u8]) -> Result<StoredArgon2, HashError> {
        let fields: Vec<&[u8]> = body.split(|b| *b == b'$').take(7).collect();
        let (variant, version, costs, salt, key) = match *fields.as_slice() {
            [b"", variant, version, costs, salt, key] => (variant, version, costs, salt, key),
            [b"", variant, costs, salt, key] => (variant, b"v=16".as_slice(), costs, salt, key),
            _ => {
                return Err(malformed(
                    SCHEME,
                    "it does not have the fields of a PHC string",
                ));
            }
        };
        let algorithm = match variant {
            b"argon2id" => Algorithm::Argon2id,
            b"argon2i" => Algorithm::Argon2i,
            b"argon2d" => Algorithm::Argon2d,
            _ => {
                return Err(malformed(
                    SCHEME,
                    "the variant is not argon2id, argon2i or argon2d",
                ));
            }
        };
        let version = match version {
            b"v=16" => Version::V0x10,
            b"v=19" => Version::V0x13,
            _ => return Err(malformed(SCHEME, "the version is not 16 or 19")),
        };
        let params = parse_costs(costs)?;
        let salt = decode(salt)
            .filter(|salt| salt.len() >= ::argon2::MIN_SALT_LEN)
            .ok_or(malformed(
                SCHEME,
                "the salt is not base64 of at least 8 bytes",
            ))?;
        let key = decode(key)
            .filter(|key| KEY_LENS.contains(&key.len()))
            .ok_or(malformed(SCHEME, "the key is not base64 of 12 to 64 bytes"))?;
        Ok(StoredArgon2 {
            algorithm,
            version,
            params,
            salt,
            key,
        })
    }

    pub(super) fn matches(
        &self,
        password: &Secret,
        memory: &mut Memory,
    ) -> Result<bool, DeriveError> {
        let argon2 = Argon2::new(self.algorithm, self.version, self.params.0.clone());
        let mut computed = vec![0; self.key.len()];
        derive(&argon2, password, &self.salt, &mut computed, memory)?;
        Ok(computed.ct_eq(&self.key).into())
    }

    /// Whether this is current Argon2id that fills at least as much memory in all as `params`.
    pub(super) fn is_at_least(&self, params: &Argon2Params) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.params.work() >= params.work()
    }
}

fn parse_costs(costs: &[u8]) -> Result<Argon2Params, HashError> {
    let fields: Vec<&[u8]> = costs.split(|b| *b == b',').take(4).collect();
    let numbers = match *fields.as_slice() {
        [memory, passes, lanes] => number(memory, b"m=")
            .zip(number(passes, b"t="))
            .zip(number(lanes, b"p=")),
        _ => None,
    };
    let ((memory, passes), lanes) =
        numbers.ok_or(malformed(SCHEME, "the costs are not of the form m=,t=,p="))?;
    Argon2Params::new(memory, passes, lanes)
}

/// Reads one cost. What does not fit is as much out of range as the largest number.
fn number(field: &[u8], name: &[u8]) -> Option<u32> {
    let value = decimal(field.strip_prefix(name)?)?;
    Some(u32::try_from(value).unwrap_or(u32::MAX))
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    Base64Unpadded::decode_vec(str::from_utf8(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Argon2Params {
        Argon2Params::new(64, 2, 1).unwrap()
    }

    fn secret() -> Secret {
        Secret::from("päss wörd".as_bytes())
    }

    #[test]
    fn a_new_hash_is_what_libargon2_makes_of_it() {
        let params = small();
        let salt: [u8; 16] = std::array::from_fn(|i| i as u8);
        let stored = hash(&secret(), &salt, &params, &mut Memory::new(&params)).unwrap();
        assert_eq!(
            String::from_utf8(stored).unwrap(),
            "{ARGON2}$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$MxNJz22VAwgl/3jJwbQWfYwPcSNXvU1IWr3DJZPIDcg"
        );
    }

    #[test]
    fn only_current_argon2id_of_at_least_the_same_work_is_good_enough() {
        let is_enough = |setting: &str| {
            let stored = format!(
                "${setting}$AAECAwQFBgcICQoLDA0ODw$MxNJz22VAwgl/3jJwbQWfYwPcSNXvU1IWr3DJZPIDcg"
            );
            let stored = StoredArgon2::parse(stored.as_bytes()).unwrap();
            stored.is_at_least(&Argon2Params::default())
        };
        assert!(is_enough("argon2id$v=19$m=19456,t=2,p=1"));
        assert!(is_enough("argon2id$v=19$m=65536,t=1,p=4"));
        assert!(!is_enough("argon2id$v=19$m=19455,t=2,p=1"));
        assert!(!is_enough("argon2id$v=19$m=19456,t=1,p=1"));
        assert!(!is_enough("argon2id$v=16$m=19456,t=2,p=1"));
        assert!(!is_enough("argon2i$v=19$m=19456,t=2,p=1"));
    }

    #[test]
    fn parameters_are_bounded() {
        assert_eq!(
            Argon2Params::new(19 * 1024, 2, 1),
            Ok(Argon2Params::default())
        );
        for (memory, passes, lanes) in [
            (7, 1, 1),
            (262_145, 1, 1),
            (64, 0, 1),
            (64, 17, 1),
            (64, 1, 0),
            (64, 1, 9),
            (4096, 1, 17),
        ] {
            assert!(
                matches!(
                    Argon2Params::new(memory, passes, lanes),
                    Err(HashError::CostOutOfRange {
                        scheme: Scheme::Argon2,
                        ..
                    })
                ),
                "{memory} {passes} {lanes}"
            );
        }
    }

    #[test]
    fn memory_is_allocated_once_and_never_grows() {
        let params = small();
        let mut memory = Memory::new(&params);
        assert!(memory.kept().is_empty());
        spend(&secret(), &params, &mut memory).unwrap();
        let kept = |memory: &Memory| (memory.kept().as_ptr(), memory.kept().len());
        let (address, len) = kept(&memory);
        assert_eq!(len, 64);

        let larger = b"$argon2d$v=19$m=256,t=3,p=4$c29tZXNhbHQ$HBLnqdG0AIKxh2PlB4a2aX3KIBO7J+TG";
        let smaller = b"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$hqk2rXCdayr42oJN";
        for round in 0..8 {
            let larger = StoredArgon2::parse(larger).unwrap();
            assert_eq!(larger.matches(&secret(), &mut memory), Ok(true));
            let smaller = StoredArgon2::parse(smaller).unwrap();
            assert_eq!(
                smaller.matches(&Secret::from(vec![0xff, 0x00, 0xfe]), &mut memory),
                Ok(true)
            );
            hash(&secret(), &[round; 16], &params, &mut memory).unwrap();
            assert_eq!(kept(&memory), (address, len));
        }
    }
}
