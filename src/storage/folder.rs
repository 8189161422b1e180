//! Owns the folder around sled's files: whether it is ours, which format it has, who may read it, how much room is left.
//!
//! A folder is a store when the file `format` in it says so. That file is written last, after everything else is safe on
//! disk, so that a folder whose creation was interrupted is not mistaken for a store.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, fadvise};

use super::error::StoreError;

/// The file that makes a folder a store.
pub(super) const FORMAT_FILE: &str = "format";
/// The file by which one process holds the folder.
pub(super) const LOCK_FILE: &str = "lock";
/// The file with the number of the last acknowledged commit.
pub(super) const MARK_FILE: &str = "acknowledged";
/// The two segments of the journal.
pub(super) const JOURNAL_FILES: [&str; 2] = ["journal.0", "journal.1"];
/// sled's log, which holds all records.
pub(super) const LOG_FILE: &str = "db";
/// sled's settings.
pub(super) const SETTINGS_FILE: &str = "conf";
/// What sled's snapshots of its page table start with.
pub(super) const SNAPSHOT_PREFIX: &str = "snap.";
/// Where sled puts what is too large for its log; stays empty here.
pub(super) const BLOBS_FOLDER: &str = "blobs";
/// Where files go that an abrupt stop left unusable.
pub(super) const SET_ASIDE_FOLDER: &str = "set-aside";

/// The version of everything that this module stores: the layout of the folder and of the records.
const FORMAT_VERSION: u32 = 1;
const FORMAT_TITLE: &str = "hedgerow store";

/// An I/O error with what was being done, and to which path.
pub(super) fn io_error(doing: &str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io {
        doing: format!("{doing} {}", path.display()),
        source,
    }
}

/// The folder as a path that stays right when the process changes its working folder.
pub(super) fn absolute(folder: &Path) -> Result<PathBuf, StoreError> {
    std::path::absolute(folder).map_err(|source| io_error("resolving", folder, source))
}

/// Makes the folder for a new store; an empty folder is taken as it is.
pub(super) fn create(folder: &Path) -> Result<(), StoreError> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if !folder.is_dir() || !is_empty(folder)? {
                return Err(StoreError::AlreadyExists {
                    folder: folder.to_owned(),
                });
            }
        }
        Err(source) => return Err(io_error("creating", folder, source)),
    }
    set_mode(folder, 0o700)
}

/// Makes sure that the folder is a store that this version reads.
pub(super) fn recognize(folder: &Path) -> Result<(), StoreError> {
    let not_a_store = |why: &str| StoreError::NotAStore {
        folder: folder.to_owned(),
        why: why.to_owned(),
    };
    let path = folder.join(FORMAT_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => match version(&text) {
            Some(FORMAT_VERSION) => Ok(()),
            Some(found) if found > FORMAT_VERSION => Err(StoreError::NewerFormat {
                folder: folder.to_owned(),
                found,
                supported: FORMAT_VERSION,
            }),
            _ => Err(not_a_store("its file `format` makes no sense")),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if !folder.exists() || is_empty(folder)? {
                Err(StoreError::Missing {
                    folder: folder.to_owned(),
                })
            } else {
                Err(not_a_store(
                    "it has no file `format`; was its creation interrupted?",
                ))
            }
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Err(not_a_store("it is not a folder"))
        }
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            Err(not_a_store("its file `format` is not text"))
        }
        Err(source) => Err(io_error("reading", &path, source)),
    }
}

fn version(text: &str) -> Option<u32> {
    let mut lines = text.lines();
    if lines.next() != Some(FORMAT_TITLE) {
        return None;
    }
    lines.next()?.strip_prefix("version ")?.parse().ok()
}

/// Declares a finished folder a store.
pub(super) fn declare(folder: &Path) -> Result<(), StoreError> {
    let path = folder.join(FORMAT_FILE);
    let unfinished = folder.join("format.unfinished");
    let failed = |source| io_error("writing", &unfinished, source);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(failed)?;
    writeln!(file, "{FORMAT_TITLE}\nversion {FORMAT_VERSION}").map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&unfinished, &path).map_err(failed)?;
    sync_folder(folder)
}

/// Takes every right from everybody but the owner, for the folder and all that is in it: sled makes its files with the
/// rights that the umask leaves.
pub(super) fn restrict(folder: &Path) -> Result<(), StoreError> {
    set_mode(folder, 0o700)?;
    let failed = |source| io_error("listing", folder, source);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            restrict_folder_of_files(&entry.path())?;
        } else if kind.is_file() {
            set_mode(&entry.path(), 0o600)?;
        }
    }
    Ok(())
}

fn restrict_folder_of_files(folder: &Path) -> Result<(), StoreError> {
    set_mode(folder, 0o700)?;
    for path in files(folder)? {
        set_mode(&path, 0o600)?;
    }
    Ok(())
}

/// Sets the rights of one file or folder.
pub(super) fn set_mode(path: &Path, mode: u32) -> Result<(), StoreError> {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(|source| io_error("restricting", path, source))
}

/// The plain files of a folder, sorted.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let failed = |source| io_error("listing", folder, source);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// sled's snapshots in the folder, unfinished ones included, oldest first.
pub(super) fn snapshots(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut snapshots = files(folder)?;
    snapshots.retain(|path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(SNAPSHOT_PREFIX))
    });
    Ok(snapshots)
}

fn is_empty(folder: &Path) -> Result<bool, StoreError> {
    let mut entries = fs::read_dir(folder).map_err(|source| io_error("listing", folder, source))?;
    Ok(entries.next().is_none())
}

/// Opens a file that the owner alone may look at, or makes an empty one.
pub(super) fn open_own(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// Makes one file safe on disk.
pub(super) fn sync_file(path: &Path) -> Result<(), StoreError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|source| io_error("syncing", path, source))
}

/// Has the kernel forget what it could not bring to disk of a file: it would go on to show it to whoever opens the file,
/// say that it is safe, and lose it in the end.
pub(super) fn forget_unsynced(file: &File) {
    let _ = fadvise(file, 0, None, Advice::DontNeed);
}

/// Makes the names in a folder safe on disk.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    sync_file(folder)
}

/// Makes the name of the folder itself, an absolute path, safe on disk.
pub(super) fn sync_parent(folder: &Path) -> Result<(), StoreError> {
    folder.parent().map_or(Ok(()), sync_folder)
}

/// The bytes that this process may still write to the folder's disk.
pub(super) fn free_space(folder: &Path) -> Result<u64, StoreError> {
    let disk = rustix::fs::statvfs(folder)
        .map_err(|source| io_error("asking for the free space of", folder, source.into()))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Refuses when fewer than `needed` bytes are free.
pub(super) fn require_space(folder: &Path, needed: u64) -> Result<(), StoreError> {
    let free = free_space(folder)?;
    if free < needed {
        return Err(StoreError::DiskFull {
            folder: folder.to_owned(),
            free,
            needed: Some(needed),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_folder_is_recognized() {
        let folder = tempfile::tempdir().unwrap();
        declare(folder.path()).unwrap();
        recognize(folder.path()).unwrap();
    }

    #[test]
    fn a_newer_format_is_told_from_nonsense() {
        assert_eq!(version("hedgerow store\nversion 7\nmore\n"), Some(7));
        for text in [
            "",
            "hedgerow store",
            "hedgerow store\n7",
            "hedgerow store\nversion -1",
            "hedgerow store\nversion 99999999999",
            "other store\nversion 1",
        ] {
            assert_eq!(version(text), None, "{text:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &[u8]| fs::write(folder.path().join(FORMAT_FILE), text).unwrap();
        write(b"hedgerow store\nversion 2\n");
        assert!(matches!(
            recognize(folder.path()),
            Err(StoreError::NewerFormat {
                found: 2,
                supported: 1,
                ..
            })
        ));
        for text in [&b"hedgerow store\nversion 0\n"[..], b"\xff", b""] {
            write(text);
            assert!(matches!(
                recognize(folder.path()),
                Err(StoreError::NotAStore { .. })
            ));
        }
    }

    #[test]
    fn more_than_the_free_space_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        require_space(folder.path(), 1).unwrap();
        assert!(matches!(
            require_space(folder.path(), u64::MAX),
            Err(StoreError::DiskFull {
                needed: Some(u64::MAX),
                ..
            })
        ));
    }
}
