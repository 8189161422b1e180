//! The files of the audit log: the one that is written, and earlier ones with a number behind their names.
//!
//! Owns whole lines, the size of a file, how many there are, and who may read them. The newest change that has a line is
//! read from the lines themselves.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use super::line::{Kind, Line};
use crate::directory::time::Csn;

/// Bytes that are read at first of the end of a file.
const TAIL: u64 = 64 * 1024;

/// The audit log as it is written.
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines in the file.
    length: u64,
    /// Whether something that is no line may lie behind them.
    torn: bool,
    /// Bytes after which a new file is begun.
    limit: u64,
    /// Earlier files that are kept.
    earlier: u32,
    /// The newest change that has a line.
    newest: Csn,
}

/// The path of an earlier file; the higher the number, the older it is.
pub fn earlier(path: &Path, number: u32) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    name.into()
}

impl Journal {
    /// Opens the log, or begins one. What a crash left of a line is removed.
    pub fn open(path: &Path, limit: u64, earlier: u32, now: u64) -> io::Result<Journal> {
        let mut journal = Journal {
            path: path.to_owned(),
            file: file(path)?,
            length: 0,
            torn: false,
            limit,
            earlier,
            newest: Csn::default(),
        };
        let (length, newest) = examine(&mut journal.file)?;
        journal.file.set_len(length)?;
        journal.length = length;
        match newest {
            Some(newest) => journal.newest = newest,
            // A file begins with what the one before ended with; when it has not even that line, the one before is asked.
            None => {
                let before = File::open(self::earlier(path, 1));
                let before = before.and_then(|mut before| examine(&mut before));
                journal.newest = before
                    .ok()
                    .and_then(|(_, newest)| newest)
                    .unwrap_or_default();
            }
        }
        if length == 0 {
            journal.begin(now)?;
        }
        Ok(journal)
    }

    /// The newest change that has a line.
    pub fn newest(&self) -> Csn {
        self.newest
    }

    /// Appends whole lines, among them those of changes up to `newest`: all of them or none. A file that is full is put
    /// with the earlier ones first.
    pub fn append(&mut self, lines: &[u8], newest: Csn, now: u64) -> io::Result<()> {
        if self.length >= self.limit {
            self.rotate(now)?;
        }
        self.put(lines)?;
        self.newest = self.newest.max(newest);
        Ok(())
    }

    fn put(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.length)?;
            self.torn = false;
        }
        if let Err(error) = self.file.write_all(lines) {
            self.torn = self.file.set_len(self.length).is_err();
            return Err(error);
        }
        self.length = self.length.saturating_add(lines.len() as u64);
        Ok(())
    }

    /// The first line: where the file before ended, so that a look at one file tells.
    fn begin(&mut self, now: u64) -> io::Result<()> {
        let line = Line {
            change: Some(self.newest.to_string()),
            ..Line::own(Kind::Begin, now)
        };
        let mut bytes = Vec::new();
        line.write(&mut bytes);
        self.put(&bytes)
    }

    fn rotate(&mut self, now: u64) -> io::Result<()> {
        self.file.sync_data()?;
        for number in (1..self.earlier).rev() {
            let from = earlier(&self.path, number);
            match std::fs::rename(&from, earlier(&self.path, number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        std::fs::rename(&self.path, earlier(&self.path, 1))?;
        self.file = file(&self.path)?;
        self.length = 0;
        self.begin(now)
    }
}

/// Opens the file that is written. A new one belongs to whom its folder belongs, so that what a command of root's begins the
/// server can go on with.
fn file(path: &Path) -> io::Result<File> {
    let is_new = !path.exists();
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    if is_new && let Some(folder) = path.parent().and_then(|folder| folder.metadata().ok()) {
        // Who may not give files away works in a folder of their own.
        let _ = fchown(&file, Some(folder.uid()), Some(folder.gid()));
    }
    Ok(file)
}

/// The bytes of whole lines in a file, and the newest change that its end tells of.
fn examine(file: &mut File) -> io::Result<(u64, Option<Csn>)> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut window = TAIL;
    loop {
        let start = end.saturating_sub(window);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        file.take(end - start).read_to_end(&mut tail)?;
        let whole = tail
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map(|at| at + 1);
        let lines = tail.get(..whole.unwrap_or(0)).unwrap_or_default();
        let newest = lines.rsplit(|byte| *byte == b'\n').find_map(number);
        if newest.is_some() || start == 0 {
            return Ok((start + lines.len() as u64, newest));
        }
        window = window.saturating_mul(4);
    }
}

/// The change that a line tells of. The first line of a part of a file may be cut, and is none then.
fn number(line: &[u8]) -> Option<Csn> {
    // Most lines tell of none, and are not looked at closer.
    memchr::memmem::find(line, b"\"change\"")?;
    let line: Line = serde_json::from_slice(line).ok()?;
    line.change?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(micros: u64) -> (Vec<u8>, Csn) {
        let number = Csn { micros, count: 1 };
        let line = Line {
            change: Some(number.to_string()),
            ..Line::own(Kind::Write, micros)
        };
        let mut bytes = Vec::new();
        line.write(&mut bytes);
        (bytes, number)
    }

    fn other() -> Vec<u8> {
        let line = Line {
            who: Some("\"change\":\"20000101000000.000000Z#000000#000#000000\"".into()),
            ..Line::own(Kind::Authentication, 7)
        };
        let mut bytes = Vec::new();
        line.write(&mut bytes);
        bytes
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        (folder, path)
    }

    fn lines(path: &Path) -> Vec<Line> {
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn the_newest_change_is_found_behind_many_other_lines_and_a_torn_one() {
        let (_folder, path) = folder();
        let (bytes, newest) = change(5);
        let mut journal = Journal::open(&path, 1 << 30, 2, 0).unwrap();
        assert_eq!(journal.newest(), Csn::default());
        journal.append(&bytes, newest, 0).unwrap();
        journal.append(&other().repeat(3_000), newest, 0).unwrap();
        let length = std::fs::metadata(&path).unwrap().len();
        assert!(length > 2 * TAIL);
        journal.file.write_all(b"{\"time\":\"cut sho").unwrap();
        drop(journal);
        let mut journal = Journal::open(&path, 1 << 30, 2, 0).unwrap();
        assert_eq!(journal.newest(), newest);
        assert_eq!(journal.length, length);
        journal.append(&change(6).0, change(6).1, 0).unwrap();
        assert_eq!(lines(&path).len(), 3_003);
    }

    #[test]
    fn a_full_file_is_renamed_and_so_many_are_kept() {
        let (folder, path) = folder();
        let mut journal = Journal::open(&path, 100, 2, 0).unwrap();
        for micros in 1..=9 {
            let (bytes, newest) = change(micros);
            journal.append(&bytes, newest, 0).unwrap();
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
        let first = lines(&path).remove(0);
        assert_eq!(first.kind, Kind::Begin);
        // What one file ends with, the next begins with.
        assert_eq!(
            first.change,
            lines(&earlier(&path, 1)).pop().unwrap().change
        );
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_new_file_without_a_line_goes_on_from_the_one_before() {
        let (_folder, path) = folder();
        let (bytes, newest) = change(5);
        let mut journal = Journal::open(&path, 1 << 30, 2, 0).unwrap();
        journal.append(&bytes, newest, 0).unwrap();
        std::fs::rename(&path, earlier(&path, 1)).unwrap();
        let journal = Journal::open(&path, 1 << 30, 2, 0).unwrap();
        assert_eq!(journal.newest(), newest);
        assert_eq!(lines(&path)[0].change, Some(newest.to_string()));
    }

    #[test]
    fn a_new_file_belongs_to_whom_its_folder_belongs() {
        let (folder, path) = folder();
        // Root gives the folder away, and must not keep the files to itself; nobody else can, and has them anyway.
        let _ = std::os::unix::fs::chown(folder.path(), Some(65_534), Some(65_533));
        let owner = |path: &Path| {
            let metadata = std::fs::metadata(path).unwrap();
            (metadata.uid(), metadata.gid())
        };
        let mut journal = Journal::open(&path, 100, 2, 0).unwrap();
        assert_eq!(owner(&path), owner(folder.path()));
        for micros in 1..=2 {
            let (bytes, newest) = change(micros);
            journal.append(&bytes, newest, 0).unwrap();
        }
        assert!(earlier(&path, 1).exists());
        assert_eq!(owner(&path), owner(folder.path()));
        // What an operator has given to somebody stays theirs.
        let _ = std::os::unix::fs::chown(&path, Some(65_532), None);
        let given = owner(&path);
        drop(journal);
        Journal::open(&path, 100, 2, 0).unwrap();
        assert_eq!(owner(&path), given);
    }
}
