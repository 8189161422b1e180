//! Secrets that must be known in clear to be of use, as they are kept: sealed under a key that is not with the data.
//!
//! Owns the form of what is sealed. Where the key is kept is for those who start the directory to know.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// The first byte of what is sealed so: a version, 12 bytes of nonce, the secret encrypted, 16 bytes of tag.
const VERSION: u8 = 1;

/// What a secret is for. What was sealed for one use is not taken for another.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Second factors.
    SecondFactor,
    /// Tokens of invitations.
    Invitation,
}

impl Purpose {
    fn name(self) -> &'static [u8] {
        match self {
            Self::SecondFactor => b"second factor ",
            Self::Invitation => b"invitation ",
        }
    }
}

/// Seals secrets of entries (ChaCha20-Poly1305, RFC 8439). What was sealed for one entry is not taken for that of another.
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    /// Bytes of a key.
    pub const LENGTH: usize = 32;

    /// The key of these bytes; `None` when they are of no use.
    pub fn new(bytes: &[u8; SealingKey::LENGTH]) -> Option<SealingKey> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, bytes).ok()?;
        Some(SealingKey(LessSafeKey::new(key)))
    }

    /// Seals a secret of the entry with this `entryUUID`. The nonce is drawn by the caller, a new one each time: of random
    /// ones so many can be drawn as there are ever secrets.
    pub fn seal(
        &self,
        purpose: Purpose,
        uuid: &[u8; 16],
        nonce: [u8; NONCE_LEN],
        secret: &[u8],
    ) -> Option<Vec<u8>> {
        let mut sealed = Zeroizing::new(secret.to_vec());
        // Room for the tag, so that no copy of the secret is left behind.
        sealed.reserve_exact(CHACHA20_POLY1305.tag_len());
        let assumed = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(assumed, Aad::from(bound_to(purpose, uuid)), &mut *sealed)
            .ok()?;
        Some([&[VERSION], nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for the entry; `None` for anything else, and for what another key has sealed.
    pub fn open(
        &self,
        purpose: Purpose,
        uuid: &[u8; 16],
        sealed: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let rest = sealed.strip_prefix(&[VERSION])?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut bytes = Zeroizing::new(rest.to_vec());
        let opened = self
            .0
            .open_in_place(nonce, Aad::from(bound_to(purpose, uuid)), &mut bytes);
        let length = opened.ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

/// What a seal is bound to: what the secret is for, and whose it is.
fn bound_to(purpose: Purpose, uuid: &[u8; 16]) -> Vec<u8> {
    [purpose.name(), uuid].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealingKey {
        SealingKey::new(&[byte; 32]).unwrap()
    }

    #[test]
    fn what_is_sealed_is_opened_for_the_same_entry_with_the_same_key_only() {
        let sealed = key(1)
            .seal(Purpose::SecondFactor, &[2; 16], [3; 12], b"a secret")
            .unwrap();
        assert_eq!(
            &*key(1)
                .open(Purpose::SecondFactor, &[2; 16], &sealed)
                .unwrap(),
            b"a secret"
        );
        assert!(
            key(1)
                .open(Purpose::SecondFactor, &[3; 16], &sealed)
                .is_none()
        );
        assert!(
            key(2)
                .open(Purpose::SecondFactor, &[2; 16], &sealed)
                .is_none()
        );
        let other = key(1).open(Purpose::Invitation, &[2; 16], &sealed);
        assert!(other.is_none());
        assert!(!sealed.windows(8).any(|part| part == b"a secret"));
    }

    #[test]
    fn what_is_cut_short_or_changed_is_not_opened() {
        let sealed = key(1)
            .seal(Purpose::SecondFactor, &[2; 16], [3; 12], b"a secret")
            .unwrap();
        for length in 0..sealed.len() {
            assert!(
                key(1)
                    .open(Purpose::SecondFactor, &[2; 16], &sealed[..length])
                    .is_none()
            );
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(
                key(1)
                    .open(Purpose::SecondFactor, &[2; 16], &changed)
                    .is_none(),
                "{at}"
            );
        }
    }

    #[test]
    fn debug_output_tells_nothing_of_the_key() {
        assert_eq!(format!("{:?}", key(1)), "SealingKey(..)");
    }
}
