//! The codes of a second factor: those that a device makes anew every 30 seconds (RFC 6238), and those on paper that are
//! good once.
//!
//! Owns their forms, and how the secret gets to the device. The arithmetic is the crate `totp_rs`'s; which codes were used
//! is kept with the entry.

use data_encoding::BASE32_NOPAD;
use totp_rs::{Builder, Totp};

use crate::directory::password::{GENERATED_LENGTH, Secret, generate};

/// Bytes of the secret that a device gets: the length of what its HMAC makes (RFC 4226 section 4, R6).
pub const SECRET_LENGTH: usize = 20;
/// Digits of a code.
pub const DIGITS: usize = 6;
/// Seconds for which a code is shown.
const STEP: u64 = 30;
/// Recovery codes that are made at once.
pub const RECOVERY_CODES: usize = 8;

/// What a recovery code is kept as.
pub type RecoveryHash = [u8; 32];

/// The time step in which a code is good at this time, the one before and the one after included, as clocks differ
/// (RFC 6238 section 5.2).
pub fn step_of(secret: &[u8], code: &[u8], now: u64) -> Option<u64> {
    let secret: [u8; SECRET_LENGTH] = secret.try_into().ok()?;
    let text = std::str::from_utf8(code).ok()?;
    // The crate would take spaces as well.
    let is_code = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| device(secret).check(text, now))?
}

fn device(secret: [u8; SECRET_LENGTH]) -> Totp {
    Builder::new()
        .with_secret(secret)
        .with_digits(DIGITS as u8)
        .with_skew(1)
        .with_step_duration(STEP)
        .build_noncompliant()
}

/// Splits what was typed into the password and the code behind it; `None` when there is none, or nothing before it.
pub fn split_code(typed: &[u8]) -> Option<(&[u8], &[u8])> {
    let (password, code) = typed.split_at_checked(typed.len().checked_sub(DIGITS)?)?;
    let splits = !password.is_empty() && code.iter().all(u8::is_ascii_digit);
    splits.then_some((password, code))
}

/// As [`split_code`], for a recovery code; what looks like one need not be one.
pub fn split_recovery(typed: &[u8]) -> Option<(&[u8], &[u8])> {
    let (password, code) = typed.split_at_checked(typed.len().checked_sub(GENERATED_LENGTH)?)?;
    (!password.is_empty()).then_some((password, code))
}

/// New recovery codes.
///
/// # Errors
/// When the system has no random numbers.
pub fn recovery_codes() -> Result<Vec<Secret>, getrandom::Error> {
    (0..RECOVERY_CODES).map(|_| generate()).collect()
}

/// What a recovery code of an entry is kept as. Nobody tries 2^98 codes, so that a hash which costs nothing will do.
pub fn recovery_hash(uuid: &[u8; 16], code: &[u8]) -> RecoveryHash {
    let mut hasher = blake3::Hasher::new_derive_key("hedgerow recovery code");
    *hasher.update(uuid).update(code).finalize().as_bytes()
}

/// What a device is told by its camera: the secret, and what to call it ("Key URI Format" of the first such application).
pub fn url(issuer: &str, account: &str, secret: &[u8]) -> String {
    let (issuer, account) = (escaped(issuer), escaped(account));
    let secret = BASE32_NOPAD.encode(secret);
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP}"
    )
}

/// A text with everything but unreserved characters percent-encoded (RFC 3986 section 2.3).
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The code that a device shows at a time.
#[cfg(test)]
pub fn shown(secret: &[u8], now: u64) -> String {
    let secret = secret.try_into().unwrap();
    device(secret).generate(now).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238 appendix B.
    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_of_rfc_6238_are_good_in_their_steps() {
        // The last six of the eight digits that the appendix lists for HMAC-SHA-1.
        for (now, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(
                step_of(SECRET, code.as_bytes(), now),
                Some(now / 30),
                "{now}"
            );
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_late_and_no_longer() {
        let step = 1_111_111_109 / 30;
        for (now, good) in [
            (step * 30 - 31, false),
            (step * 30 - 30, true),
            (step * 30 + 59, true),
            (step * 30 + 60, false),
        ] {
            let found = step_of(SECRET, b"081804", now);
            assert_eq!(found, good.then_some(step), "{now}");
        }
    }

    #[test]
    fn only_six_digits_are_a_code() {
        for wrong in [
            "",
            "28708",
            "2870820",
            "287 082",
            " 287082",
            "28708a",
            "287083",
            "٢٨٧٠٨٢",
        ] {
            assert_eq!(step_of(SECRET, wrong.as_bytes(), 59), None, "{wrong}");
        }
        assert_eq!(step_of(b"short", b"287082", 59), None);
        assert_eq!(step_of(SECRET, b"287082", 0), Some(1));
    }

    #[test]
    fn a_password_ends_where_its_code_begins() {
        assert_eq!(
            split_code(b"secret123456"),
            Some((&b"secret"[..], &b"123456"[..]))
        );
        assert_eq!(split_code(b"12345678"), Some((&b"12"[..], &b"345678"[..])));
        for none in [&b"123456"[..], b"", b"secret", b"secret12345x", b"1"] {
            assert_eq!(split_code(none), None);
        }
        assert_eq!(split_recovery(&[b'a'; 20]), None);
        assert_eq!(
            split_recovery(&[b'a'; 21]),
            Some((&b"a"[..], &[b'a'; 20][..]))
        );
    }

    #[test]
    fn recovery_codes_differ_and_are_kept_otherwise_for_each_entry() {
        let codes = recovery_codes().unwrap();
        let mut hashes: Vec<RecoveryHash> = codes
            .iter()
            .map(|code| recovery_hash(&[1; 16], code.as_bytes()))
            .collect();
        hashes.push(recovery_hash(&[2; 16], codes[0].as_bytes()));
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), RECOVERY_CODES + 1);
    }

    #[test]
    fn a_device_is_told_everything_that_it_must_know() {
        assert_eq!(
            url("example.org", "ada & co", b"12345678901234567890"),
            "otpauth://totp/example.org:ada%20%26%20co?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=example.org&algorithm=SHA1&digits=6&period=30"
        );
    }
}
