//! Files that appear whole or not at all: written beside their place, synced,
//! then moved there. What is in them is the caller's.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Names tried for the unfinished file before giving up: leftovers of earlier
/// runs that were killed.
const ATTEMPTS: u32 = 100;

/// A file being written. Dropped before it is published, it leaves nothing.
#[derive(Debug)]
pub struct UnpublishedFile {
    path: PathBuf,
    unfinished: PathBuf,
    file: File,
}

impl UnpublishedFile {
    /// Starts the file that shall become `path`, with the given permission bits
    /// (0o600: for the owner alone) from its first byte on.
    ///
    /// # Errors
    /// `path` is something other than a regular file (a device or a symbolic
    /// link is not replaced), or its folder cannot be written to.
    pub fn create(path: &Path, mode: u32) -> io::Result<UnpublishedFile> {
        let Some(name) = path.file_name() else {
            return Err(refusal(path, "is not the name of a file"));
        };
        if let Ok(present) = fs::symlink_metadata(path)
            && !present.is_file()
        {
            return Err(refusal(path, "exists and is not a regular file"));
        }
        let mut attempt = 0;
        loop {
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{attempt}.unfinished"));
            let unfinished = path.with_file_name(hidden);
            let opened = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&unfinished);
            match opened {
                Ok(file) => {
                    return Ok(UnpublishedFile {
                        path: path.to_owned(),
                        unfinished,
                        file,
                    });
                }
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists && attempt < ATTEMPTS =>
                {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Where the file is until it has its place, for reading back what was written.
    pub fn unfinished(&self) -> &Path {
        &self.unfinished
    }

    /// Puts the file in its place, instead of what may be there.
    ///
    /// # Errors
    /// Syncing or moving failed; what was there before is still there.
    pub fn publish(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.unfinished, &self.path)?;
        self.sync_folder()
    }

    /// Puts the file in its place if that is free.
    ///
    /// # Errors
    /// As [`UnpublishedFile::publish`]; `AlreadyExists` when something is there.
    pub fn publish_new(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::hard_link(&self.unfinished, &self.path)?;
        self.sync_folder()
    }

    fn sync_folder(&self) -> io::Result<()> {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
            _ => File::open(".")?.sync_all(),
        }
    }
}

impl Write for UnpublishedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for UnpublishedFile {
    fn drop(&mut self) {
        // Already moved away after `publish`.
        let _ = fs::remove_file(&self.unfinished);
    }
}

fn refusal(path: &Path, what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("{} {what}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let items = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = items
            .map(|item| item.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_published_file_is_whole_and_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        let mut file = UnpublishedFile::create(&path, 0o600).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.publish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn an_abandoned_file_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = UnpublishedFile::create(&folder.path().join("a"), 0o600).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn publish_new_keeps_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let file = UnpublishedFile::create(&path, 0o600).unwrap();
        fs::write(&path, "mine").unwrap();
        let error = file.publish_new().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn devices_links_and_folders_are_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        symlink("/dev/null", &link).unwrap();
        for path in [Path::new("/dev/null"), &link, folder.path(), Path::new("/")] {
            let error = UnpublishedFile::create(path, 0o600).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
        }
    }

    #[test]
    fn leftovers_of_a_killed_run_do_not_hinder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::mem::forget(UnpublishedFile::create(&path, 0o600).unwrap());
        UnpublishedFile::create(&path, 0o600)
            .unwrap()
            .publish_new()
            .unwrap();
        assert!(path.exists());
    }
}
