//! `unicodePwd`, the name under which clients of Active Directory set passwords: in quotes and in UTF-16 (MS-ADTS section
//! 3.1.1.3.1.5).
//!
//! Owns that it stands for `userPassword` in a change and nowhere else: it is never stored, and so never shown. What may be
//! done with the password, and which ones are taken, is decided as for `userPassword`.

use super::error::Error;
use super::request::Change;

const NAMES: [&str; 2] = ["unicodePwd", "1.2.840.113556.1.4.90"];

/// Whether a description names it.
pub fn is_named(description: &str) -> bool {
    let name = description.split(';').next().unwrap_or_default();
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Puts `userPassword` in its place, wherever a change has it.
///
/// # Errors
/// A value is not of its form.
pub(super) fn translate(change: &mut Change) -> Result<(), Error> {
    match change {
        Change::Add { attributes, .. } => {
            for (name, values) in attributes {
                replace(name, values)?;
            }
        }
        Change::Modify { modifications, .. } => {
            for step in modifications {
                replace(&mut step.attribute, &mut step.values)?;
            }
        }
        Change::Delete { .. } | Change::Rename { .. } => {}
    }
    Ok(())
}

fn replace(name: &mut String, values: &mut [Vec<u8>]) -> Result<(), Error> {
    if !is_named(name) {
        return Ok(());
    }
    for value in values {
        let password = read(value).ok_or_else(|| {
            let text = "unicodePwd: a value is the password in double quotes, as UTF-16 with the low byte first";
            Error::ConstraintViolation(text.to_owned())
        })?;
        *value = password.into_bytes();
    }
    "userPassword".clone_into(name);
    Ok(())
}

/// The password in a value.
fn read(value: &[u8]) -> Option<String> {
    let (pairs, rest) = value.as_chunks::<2>();
    let units = pairs.iter().map(|pair| u16::from_le_bytes(*pair));
    let text: String = char::decode_utf16(units).collect::<Result<_, _>>().ok()?;
    let password = text.strip_prefix('"')?.strip_suffix('"')?;
    // What looks like a stored hash would be taken for one.
    (rest.is_empty() && !password.is_empty() && !password.starts_with('{'))
        .then(|| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_password_is_taken_out_of_its_quotes() {
        assert_eq!(
            read(&value("\"n\u{e4}w \u{1f511}\"")).as_deref(),
            Some("n\u{e4}w \u{1f511}")
        );
        assert_eq!(read(&value("\"\"\"")).as_deref(), Some("\""));
    }

    #[test]
    fn what_is_not_of_the_form_is_refused() {
        let odd = [value("\"a\""), vec![0]].concat();
        let lone = [value("\""), vec![0, 0xd8], value("\"")].concat();
        for bad in [
            b"\"a\"".to_vec(),
            value("a"),
            value("\"a"),
            value("\""),
            value("\"\""),
            value("\"{SSHA}x\""),
            odd,
            lone,
            Vec::new(),
        ] {
            assert_eq!(read(&bad), None, "{bad:x?}");
        }
    }

    #[test]
    fn it_is_known_by_its_names() {
        for name in [
            "unicodePwd",
            "UNICODEPWD",
            "unicodePwd;x-a",
            "1.2.840.113556.1.4.90",
        ] {
            assert!(is_named(name));
        }
        assert!(!is_named("userPassword") && !is_named("unicodePwd2") && !is_named(""));
    }
}
