//! Owns the translation of sled's errors and panics, and of the operating system's, to [`StoreError`].

use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::error::StoreError;
use super::folder::{self, io_error};
use super::writer::panic_message;

/// Runs a call into sled, which panics on some damaged files, and turns a panic into an error.
pub(super) fn guard<T>(folder: &Path, call: impl FnOnce() -> T) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(call))
        .map_err(|panic| damaged(folder, panic_message(panic.as_ref())))
}

/// Translates an error that sled returned while `doing` something to the folder.
pub(super) fn translate(folder: &Path, doing: &str, error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(source) => os_error(folder, doing, source),
        other => damaged(folder, describe(&other)),
    }
}

/// Translates an error of the operating system; a full disk is told apart.
pub(super) fn os_error(folder: &Path, doing: &str, source: io::Error) -> StoreError {
    match is_full(&source) {
        true => StoreError::DiskFull {
            folder: folder.to_owned(),
            free: folder::free_space(folder).unwrap_or(0),
            needed: None,
        },
        false => io_error(doing, folder, source),
    }
}

/// Whether the disk takes no more, or no more of this user's.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

/// What an error of sled means, in a few words.
pub(super) fn describe(error: &sled::Error) -> String {
    match error {
        sled::Error::Corruption { at: Some(at), .. } => {
            format!("the log is unreadable at {at:?}")
        }
        sled::Error::Corruption { at: None, .. } => {
            "the log or its snapshot is unreadable".to_owned()
        }
        other => other.to_string(),
    }
}

/// The error for a store whose files are damaged.
pub(super) fn damaged(folder: &Path, what: impl Into<String>) -> StoreError {
    StoreError::Damaged {
        folder: folder.to_owned(),
        what: what.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_damage_are_told_apart_from_other_errors() {
        let folder = Path::new("/");
        for full in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            let full = translate(folder, "writing to", sled::Error::Io(full.into()));
            assert!(matches!(full, StoreError::DiskFull { .. }));
        }
        let denied = sled::Error::Io(ErrorKind::PermissionDenied.into());
        let denied = translate(folder, "writing to", denied);
        assert!(denied.to_string().starts_with("writing to /: "));
        let damaged = translate(folder, "", sled::Error::ReportableBug("odd".to_owned()));
        assert!(matches!(damaged, StoreError::Damaged { .. }));
    }

    #[test]
    fn a_panic_becomes_an_error_with_its_message() {
        match guard(Path::new("/"), || panic!("page {}", 3)) {
            Err::<(), _>(StoreError::Damaged { what, .. }) => assert_eq!(what, "page 3"),
            other => panic!("{other:?}"),
        }
    }
}
