//! The master key: a secret outside the directory that stands for its administrator.
//!
//! Owns its comparison, and that nothing but its hash is kept. Where it is read from is the app's, what it is good for a
//! face's.

use super::identity::Identity;
use super::password::Secret;

/// A master key, by its hash: it is too long to be tried, so that a hash which costs nothing is as good as a slow one.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey(blake3::Hash);

impl MasterKey {
    /// The least bytes of one.
    pub const LEAST: usize = 32;

    /// The key of a text; `None` when it is too short to be one.
    pub fn new(text: &[u8]) -> Option<Self> {
        (text.len() >= Self::LEAST).then(|| Self(blake3::hash(text)))
    }

    /// The administrator, if this text is the key. The time it takes tells nothing of how much of it is right.
    pub fn prove(&self, text: &Secret) -> Option<Identity> {
        (blake3::hash(text.as_bytes()) == self.0).then(Identity::administrator)
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_is_long_and_stands_for_the_administrator_to_who_has_all_of_it() {
        let text = "m".repeat(MasterKey::LEAST);
        assert_eq!(MasterKey::new(&text.as_bytes()[1..]), None);
        let key = MasterKey::new(text.as_bytes()).unwrap();
        let proves = |text: &str| key.prove(&Secret::from(text.as_bytes()));
        assert!(proves(&text).is_some_and(|it| it.is_administrator()));
        for other in ["", &text[1..], &format!("{text}m")] {
            assert_eq!(proves(other), None);
        }
        assert_eq!(format!("{key:?}"), "MasterKey(..)");
    }
}
