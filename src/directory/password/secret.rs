//! Clear-text passwords in memory. Owns their erasure; knows nothing of hashes or of password policy.

use std::fmt;

use zeroize::Zeroizing;

/// A clear-text password: any bytes, not only UTF-8 (RFC 4513 section 5.1.3 leaves the preparation to the client).
///
/// The bytes are overwritten with zeros when the value is dropped. It cannot be cloned or compared, and its `Debug`
/// output shows neither content nor length.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// The password itself, for hashing and for checks of quality. Copies of it are not erased by this type.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is no password at all, as in an unauthenticated bind (RFC 4513 section 5.1.2), which callers
    /// must refuse before any comparison.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<u8>> for Secret {
    /// Takes the buffer over; nothing is copied.
    fn from(password: Vec<u8>) -> Secret {
        Secret(Zeroizing::new(password))
    }
}

impl From<&[u8]> for Secret {
    /// Copies the password; the caller's copy stays the caller's to erase.
    fn from(password: &[u8]) -> Secret {
        Secret::from(password.to_vec())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_tells_nothing() {
        assert_eq!(
            format!("{:?}", Secret::from(b"hunter2".as_slice())),
            "Secret(..)"
        );
        assert_eq!(format!("{:#?}", Secret::from(Vec::new())), "Secret(..)");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_kept() {
        let secret = Secret::from(vec![0xff, 0x00, 0xfe]);
        assert_eq!(secret.as_bytes(), [0xff, 0x00, 0xfe]);
        assert!(!secret.is_empty());
        assert!(Secret::from(b"".as_slice()).is_empty());
    }

    #[test]
    fn dropping_erases() {
        fn erased_on_drop<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        erased_on_drop(&Secret::from(vec![1]).0);
    }
}
