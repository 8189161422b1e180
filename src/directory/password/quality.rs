//! Whether a new password is good enough: its length, what it is made of, how soon it would be guessed, and whether it was
//! used before.
//!
//! Owns the judgement, in one place for all who ask; it runs on the pool, because it hashes. Which policy holds, and what
//! the account has used before, comes with the question.

use super::Secret;
use super::hash::{self, DeriveError, Memory, Verdict};
use super::policy::{Check, LONGEST_HISTORY, Policy, Refusal};

/// Different characters that a password must have at least.
const LEAST_DIFFERENT: usize = 4;
/// Own attributes shorter than this are in every other password by chance.
const SHORTEST_INPUT: usize = 3;
/// Own attributes that are looked at: an entry has as many as its owner likes.
const MOST_INPUTS: usize = 64;
/// Bytes of an own attribute that are looked at.
const LONGEST_INPUT: usize = 100;

/// What a new password is judged by.
#[derive(Clone, Debug, Default)]
pub struct Standard {
    /// The policy that holds for the account.
    pub policy: Policy,
    /// The least score that zxcvbn must give, 0 to 4.
    pub least_score: u8,
    /// What is known of the account: names, addresses, numbers.
    pub inputs: Vec<String>,
    /// The stored values of the passwords that cannot be used again, the present one among them; newest first.
    pub used: Vec<Vec<u8>>,
}

impl Standard {
    /// Whether anything at all is judged.
    pub fn asks_nothing(&self) -> bool {
        self.policy.check == Check::No && (self.policy.in_history == 0 || self.used.is_empty())
    }

    /// Judges what cannot be looked into, such as a ready-made hash.
    ///
    /// # Errors
    /// [`Refusal::Weak`] when the policy takes only what can be checked.
    pub fn judge_hashed(&self) -> Result<(), Refusal> {
        match self.policy.check {
            Check::Strict => Err(Refusal::Weak(
                "a ready-made hash cannot be checked; send the password itself".to_owned(),
            )),
            Check::No | Check::Lenient => Ok(()),
        }
    }

    /// Judges a new password (draft-behera-ldap-password-policy sections 8.2.5 and 8.2.6).
    pub(super) fn judge(
        &self,
        password: &Secret,
        memory: &mut Memory,
    ) -> Result<Result<(), Refusal>, DeriveError> {
        if self.policy.check != Check::No
            && let Err(refusal) = self.quality(password)
        {
            return Ok(Err(refusal));
        }
        if self.policy.in_history > 0 {
            // The present password is one more than the history holds.
            for value in self.used.iter().take(LONGEST_HISTORY + 1) {
                if hash::verify(value, password, memory)? == Verdict::Match {
                    return Ok(Err(Refusal::InHistory));
                }
            }
        }
        Ok(Ok(()))
    }

    fn quality(&self, password: &Secret) -> Result<(), Refusal> {
        let Ok(text) = std::str::from_utf8(password.as_bytes()) else {
            return self.judge_hashed();
        };
        let length = text.chars().count();
        if length < self.policy.min_length {
            return Err(Refusal::TooShort(self.policy.min_length));
        }
        if self.policy.max_length > 0 && length > self.policy.max_length {
            return Err(Refusal::TooLong(self.policy.max_length));
        }
        self.own_rules(text)?;
        let inputs: Vec<&str> = self.inputs().collect();
        let estimate = zxcvbn::zxcvbn(text, &inputs);
        if u8::from(estimate.score()) >= self.least_score {
            return Ok(());
        }
        let why = estimate.feedback().and_then(|feedback| feedback.warning());
        let why = why.map_or_else(
            || "make it longer or less usual".to_owned(),
            |why| why.to_string().trim_end_matches('.').to_owned(),
        );
        Err(Refusal::Weak(why))
    }

    fn own_rules(&self, text: &str) -> Result<(), Refusal> {
        let weak = |why: &str| Err(Refusal::Weak(why.to_owned()));
        let different: std::collections::BTreeSet<char> = text.chars().collect();
        if different.len() < LEAST_DIFFERENT {
            return weak("it is made of a few characters, again and again");
        }
        let folded = zeroize::Zeroizing::new(text.to_lowercase());
        let reversed: zeroize::Zeroizing<String> =
            zeroize::Zeroizing::new(folded.chars().rev().collect());
        let is_own = |input: &str| {
            let input = input.to_lowercase();
            input == *folded || input == *reversed
        };
        if self.inputs().any(is_own) {
            return weak("it is what everybody knows of its owner");
        }
        Ok(())
    }

    fn inputs(&self) -> impl Iterator<Item = &str> {
        let known = self.inputs.iter().filter(|input| {
            input.chars().count() >= SHORTEST_INPUT && input.len() <= LONGEST_INPUT
        });
        known.take(MOST_INPUTS).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::password::Argon2Params;
    use proptest::prelude::*;

    fn standard() -> Standard {
        Standard {
            policy: Policy {
                check: Check::Strict,
                min_length: 8,
                max_length: 64,
                ..Policy::default()
            },
            least_score: 2,
            inputs: ["peggy", "Peggy Sue", "peggy@example.org"]
                .map(str::to_owned)
                .into(),
            used: Vec::new(),
        }
    }

    fn judged(standard: &Standard, password: &[u8]) -> Result<(), Refusal> {
        let mut memory = Memory::new(&Argon2Params::new(8, 1, 1).unwrap());
        standard
            .judge(&Secret::from(password), &mut memory)
            .unwrap()
    }

    #[track_caller]
    fn is_weak(password: &str) {
        let judged = judged(&standard(), password.as_bytes());
        assert!(
            matches!(judged, Err(Refusal::Weak(_))),
            "{password}: {judged:?}"
        );
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert_eq!(
            judged(&standard(), "kürzer!".as_bytes()),
            Err(Refusal::TooShort(8))
        );
        let long = "xy9".repeat(30);
        assert_eq!(
            judged(&standard(), long.as_bytes()),
            Err(Refusal::TooLong(64))
        );
        assert_eq!(judged(&standard(), "pęggy pässwörd 🦉".as_bytes()), Ok(()));
    }

    #[test]
    fn what_anybody_would_try_is_weak() {
        for password in [
            "password1",
            "aaaaaaaaaaaa",
            "qwertyuiop",
            "abababababab",
            "12345678",
        ] {
            is_weak(password);
        }
    }

    #[test]
    fn what_is_known_of_the_owner_is_weak_in_either_direction() {
        for password in [
            "Peggy Sue",
            "peggy@example.org",
            "gro.elpmaxe@yggep",
            "peggypeggy",
        ] {
            is_weak(password);
        }
        assert_eq!(judged(&standard(), b"peggy-second-29481"), Ok(()));
    }

    #[test]
    fn what_is_no_text_is_taken_unless_the_policy_is_strict() {
        let bytes = [0xff, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8];
        assert!(judged(&standard(), &bytes).is_err());
        assert!(standard().judge_hashed().is_err());
        let mut lenient = standard();
        lenient.policy.check = Check::Lenient;
        assert_eq!(judged(&lenient, &bytes), Ok(()));
        assert_eq!(lenient.judge_hashed(), Ok(()));
    }

    #[test]
    fn a_password_is_not_used_again() {
        // {SSHA} of "secret-ken"
        let ssha = b"{SSHA}HkNY0VkO095K2fXKABvtBmodFEVzYWx0c2FsdA==".to_vec();
        let mut standard = Standard {
            used: vec![ssha],
            ..Standard::default()
        };
        assert!(standard.asks_nothing());
        assert_eq!(judged(&standard, b"secret-ken"), Ok(()));
        standard.policy.in_history = 1;
        assert!(!standard.asks_nothing());
        assert_eq!(judged(&standard, b"secret-ken"), Err(Refusal::InHistory));
        assert_eq!(judged(&standard, b"secret-kent"), Ok(()));
    }

    #[test]
    fn a_refusal_never_holds_the_password() {
        for password in ["password1", "Peggy Sue", "aaaaaaaaaaaa", "kurz"] {
            let refusal = judged(&standard(), password.as_bytes()).unwrap_err();
            assert!(!refusal.to_string().contains(password), "{refusal}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(password in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = judged(&standard(), &password);
        }

        #[test]
        fn a_long_random_password_is_good(password in "[a-z0-9]{20}") {
            prop_assert_eq!(judged(&standard(), password.as_bytes()), Ok(()));
        }
    }
}
