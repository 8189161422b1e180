//! What is kept of a key, in place.

use super::KEY_MAX;

/// The beginning of a key, within whatever holds it: looking at it leads nowhere else, and a copy is no more than its bytes.
#[derive(Copy, Clone, Default)]
pub(super) struct Key {
    len: u8,
    bytes: [u8; KEY_MAX],
}

impl Key {
    /// Keeps the beginning of a key.
    pub fn new(key: &[u8]) -> Self {
        let mut kept = Self::default();
        for (to, from) in kept.bytes.iter_mut().zip(key) {
            *to = *from;
            kept.len += 1;
        }
        kept
    }

    /// The bytes of it.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}
