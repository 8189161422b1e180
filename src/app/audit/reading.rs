//! Reading the audit log: all its files in order, and what is added to the newest.
//!
//! Owns that no line is missed or told twice while the log goes on, files being renamed meanwhile.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::journal::earlier;
use crate::directory::time;

/// The files of a log, from the oldest that is there on.
pub struct Files {
    path: PathBuf,
    /// Those not read yet, the oldest last.
    waiting: Vec<BufReader<File>>,
    /// The one that is read.
    current: BufReader<File>,
    /// What is there of a line that is being written.
    begun: Vec<u8>,
}

impl Files {
    /// Opens all files of a log.
    ///
    /// # Errors
    /// There is none, or one cannot be read.
    pub fn open(path: &Path) -> io::Result<Files> {
        // From the newest on: one that is renamed meanwhile is met again, and none is passed over.
        let mut waiting = vec![File::open(path)?];
        for number in 1.. {
            match File::open(earlier(path, number)) {
                Ok(file) => waiting.push(file),
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            }
        }
        let mut met = Vec::new();
        let mut files = Vec::new();
        for file in waiting {
            let identity = identity(&file)?;
            if !met.contains(&identity) {
                met.push(identity);
                files.push(BufReader::new(file));
            }
        }
        let oldest = files.pop();
        Ok(Files {
            path: path.to_owned(),
            current: oldest.ok_or(ErrorKind::NotFound)?,
            waiting: files,
            begun: Vec::new(),
        })
    }

    /// The next line that is whole, without its end; `None` when there is none yet.
    pub fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            // A newer file is looked for first: when there is one, nothing more is added to this.
            let newer = match self.waiting.is_empty() {
                true => self.newer()?,
                false => None,
            };
            self.current.read_until(b'\n', &mut self.begun)?;
            if self.begun.last() == Some(&b'\n') {
                self.waiting.splice(0..0, newer);
                self.begun.pop();
                return Ok(Some(std::mem::take(&mut self.begun)));
            }
            let Some(next) = self.waiting.pop().or(newer) else {
                return Ok(None);
            };
            self.current = next;
            self.begun.clear();
        }
    }

    /// The file that has the log's name, if that is not the one that is read.
    fn newer(&self) -> io::Result<Option<BufReader<File>>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            // It is just being renamed.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let other = identity(&file)? != identity(self.current.get_ref())?;
        Ok(other.then(|| BufReader::new(file)))
    }
}

fn identity(file: &File) -> io::Result<(u64, u64)> {
    let metadata = file.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Reads a moment: a date or time of RFC 3339 in UTC, or how long ago it was. The text is one to compare times of lines with.
///
/// # Errors
/// It is of neither form.
pub fn moment(text: &str) -> Result<String, String> {
    let (number, unit) = text.split_at(text.len() - text.chars().last().map_or(0, char::len_utf8));
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => 0,
    };
    if let Ok(number) = number.parse::<u64>()
        && seconds > 0
    {
        let ago = number.saturating_mul(seconds).saturating_mul(1_000_000);
        return Ok(time::rfc3339_micros(time::now().saturating_sub(ago)));
    }
    let form = "0000-00-00T00:00:00";
    let bare = text.strip_suffix('Z').unwrap_or(text);
    let fits = bare.len() <= form.len() && bare.len() >= 10 && bare.is_ascii();
    let same = |(c, form): (u8, u8)| c == form || form == b'0' && c.is_ascii_digit();
    if fits && bare.bytes().zip(form.bytes()).all(same) {
        return Ok(bare.to_owned());
    }
    Err(
        "use 2026-01-31, 2026-01-31T08:00:00Z, or 90s, 15m, 2h, 7d for what has passed since"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::io::Write;

    use super::*;

    fn append(path: &Path, text: &str) {
        let file = OpenOptions::new().append(true).create(true).open(path);
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn rest(files: &mut Files) -> Vec<String> {
        let lines = std::iter::from_fn(|| files.next_line().unwrap());
        lines.map(|line| String::from_utf8(line).unwrap()).collect()
    }

    #[test]
    fn lines_come_in_order_across_files_and_go_on_when_files_are_renamed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        append(&earlier(&path, 2), "1\n");
        append(&earlier(&path, 1), "2\n3\n");
        append(&path, "4\n5");
        let mut files = Files::open(&path).unwrap();
        assert_eq!(rest(&mut files), ["1", "2", "3", "4"]);
        append(&path, "5\n6\n");
        assert_eq!(rest(&mut files), ["55", "6"]);
        append(&path, "7\n");
        fs::rename(&path, earlier(&path, 1)).unwrap();
        assert_eq!(rest(&mut files), ["7"]);
        append(&path, "8\n");
        assert_eq!(rest(&mut files), ["8"]);
    }

    #[test]
    fn a_moment_is_a_time_or_how_long_ago_it_was() {
        for (text, means) in [
            ("2026-01-31", "2026-01-31"),
            ("2026-01-31T08:00Z", "2026-01-31T08:00"),
            ("2026-01-31T08:00:01", "2026-01-31T08:00:01"),
        ] {
            assert_eq!(moment(text).unwrap(), means);
        }
        assert!(moment("1h").unwrap() < time::rfc3339_micros(time::now()));
        for bad in [
            "",
            "x",
            "h",
            "1y",
            "2026",
            "31.1.2026",
            "2026-01-31 08:00",
            "\u{e4}",
        ] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }
}
