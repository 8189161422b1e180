//! Owns the rule that one process at a time uses a folder. What sled locks by itself is only waited for here.

use std::fs::{File, TryLockError};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::error::StoreError;
use super::folder::{self, LOCK_FILE, io_error};

/// How long sled's threads of an earlier store of this process may take to let go of its file.
const RELEASE_LIMIT: Duration = Duration::from_secs(5);
const RELEASE_STEP: Duration = Duration::from_millis(5);

/// Holds a folder until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct FolderLock {
    file: File,
}

impl FolderLock {
    /// Takes the folder, or says at once which process has it.
    pub(super) fn acquire(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(LOCK_FILE);
        let failed = |source| io_error("locking", &path, source);
        let file = folder::open_own(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked {
                    folder: folder.to_owned(),
                    pid: holder(&path),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // Fixed width, so that a full disk never stands in the way of opening a store a second time.
        file.write_all_at(format!("{:<10}\n", std::process::id()).as_bytes(), 0)
            .map_err(failed)?;
        Ok(Self { file })
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Closing alone would leave the lock to a child process that is just being started.
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "unlocking the folder failed");
        }
    }
}

fn holder(path: &Path) -> Option<u32> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Waits until no thread of an earlier sled handle holds the log file `file`: sled's threads outlive a closed handle for
/// a moment, and a store that is opened meanwhile fails.
pub(super) fn wait_for_release(folder: &Path, file: &File) -> Result<(), StoreError> {
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => {
                return file
                    .unlock()
                    .map_err(|source| io_error("unlocking", folder, source));
            }
            Err(TryLockError::WouldBlock) if waited < RELEASE_LIMIT => {
                thread::sleep(RELEASE_STEP);
                waited += RELEASE_STEP;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked {
                    folder: folder.to_owned(),
                    pid: None,
                });
            }
            Err(TryLockError::Error(source)) => {
                return Err(io_error("locking the log in", folder, source));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_folder_is_refused_with_the_holder_and_free_again_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let held = FolderLock::acquire(folder.path()).unwrap();
        match FolderLock::acquire(folder.path()) {
            Err(StoreError::Locked { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(held);
        FolderLock::acquire(folder.path()).unwrap();
    }

    #[test]
    fn a_lock_file_without_a_number_names_nobody() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(LOCK_FILE), "?").unwrap();
        assert_eq!(holder(&folder.path().join(LOCK_FILE)), None);
        FolderLock::acquire(folder.path()).unwrap();
    }
}
