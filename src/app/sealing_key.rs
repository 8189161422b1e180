//! The file of the key that second factors are sealed under: 64 hexadecimal digits, for its owner alone.
//!
//! Owns how it is made and read. It lies outside the data folder, so that a copy of the data is of no use without it.

use std::io::{self, Write};
use std::path::Path;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use super::Failure;
use super::config::Config;
use super::private_file;
use super::publish::UnpublishedFile;
use crate::directory::second_factor::{self, SealingKey};
use crate::directory::snapshot::Snapshot;

/// Bytes that are read of a file.
const MOST: u16 = 96;

/// The key of second factors; made at the first start with a file for it. Never when there are second factors already, for
/// they are sealed under another.
pub fn of(config: &Config, snapshot: &Snapshot) -> Result<Option<SealingKey>, Failure> {
    let Some(path) = &config.second_factor.key_file else {
        return Ok(None);
    };
    if !path.exists() && second_factor::is_anybody_enrolled(snapshot) {
        let text = format!(
            "{} is missing, but second factors are enrolled under it: put it back, or leave the setting out to start without them",
            path.display()
        );
        return Err(config.problem("second_factor.key_file", text).into());
    }
    if make(path)? {
        tracing::info!(path = %path.display(), "made a key for second factors; keep a copy, but not with the data");
    }
    Ok(Some(read(path)?))
}

/// Makes a key where there is no file yet; whether it did.
pub fn make(path: &Path) -> Result<bool, Failure> {
    let failed = |error: io::Error| about(path, &error.to_string());
    if path.try_exists().map_err(failed)? {
        return Ok(false);
    }
    let mut key = Zeroizing::new([0; SealingKey::LENGTH]);
    getrandom::fill(key.as_mut())?;
    let text = Zeroizing::new(HEXLOWER.encode(key.as_ref()) + "\n");
    let mut file = UnpublishedFile::create(path, 0o600).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.publish_new().map_err(failed)?;
    Ok(true)
}

/// Reads a key.
pub fn read(path: &Path) -> Result<SealingKey, Failure> {
    let text = private_file::read(path, MOST).map_err(|error| about(path, &error.to_string()))?;
    let decoded = HEXLOWER_PERMISSIVE.decode(text.trim_ascii());
    let decoded = Zeroizing::new(decoded.unwrap_or_default());
    let key = decoded
        .first_chunk()
        .filter(|_| decoded.len() == SealingKey::LENGTH);
    let key = key.and_then(SealingKey::new);
    key.ok_or_else(|| about(path, "this is no key: 64 hexadecimal digits were expected"))
}

fn about(path: &Path, text: &str) -> Failure {
    format!("{}: {text}", path.display()).into()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::directory::second_factor::Purpose;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert!(read(&path).is_err());
        assert!(make(&path).unwrap());
        let made = fs::read(&path).unwrap();
        assert!(!make(&path).unwrap());
        assert_eq!(fs::read(&path).unwrap(), made);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let sealed = read(&path)
            .unwrap()
            .seal(Purpose::SecondFactor, &[1; 16], [2; 12], b"secret")
            .unwrap();
        assert!(
            read(&path)
                .unwrap()
                .open(Purpose::SecondFactor, &[1; 16], &sealed)
                .is_some()
        );
    }

    #[test]
    fn what_is_no_key_or_what_others_can_read_is_refused_and_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for text in [
            "",
            "ab",
            &"a".repeat(63),
            &"a".repeat(65),
            &"g".repeat(64),
            &"a".repeat(9_999),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let refused = read(&path).unwrap_err().to_string();
            assert!(
                refused.ends_with("64 hexadecimal digits were expected"),
                "{refused}"
            );
        }
        fs::write(&path, "a".repeat(64)).unwrap();
        assert!(read(&path).is_ok());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("chmod 600"));
    }
}
