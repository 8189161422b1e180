//! Passwords that the server makes up.

use zeroize::Zeroizing;

use super::Secret;

/// Letters and digits none of which is easily taken for another.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// Characters of a password that was made, nearly five bits each.
pub const GENERATED_LENGTH: usize = 20;

/// Makes a password that nobody guesses and everybody can type.
///
/// # Errors
/// When the system has no random numbers.
pub fn generate() -> Result<Secret, getrandom::Error> {
    let mut bytes = Zeroizing::new([0_u8; GENERATED_LENGTH]);
    getrandom::fill(bytes.as_mut_slice())?;
    // A few letters are a little more likely than others; twenty of them are strong all the same.
    let letters = bytes
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(*byte) % ALPHABET.len()));
    Ok(Secret::from(letters.copied().collect::<Vec<u8>>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_plain_and_never_the_same() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        assert_eq!(one.as_bytes().len(), GENERATED_LENGTH);
        assert!(one.as_bytes().iter().all(u8::is_ascii_alphanumeric));
        assert_ne!(one.as_bytes(), other.as_bytes());
    }
}
