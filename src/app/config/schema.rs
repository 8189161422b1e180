//! The `[schema]` section and the files it stands for. What the definitions in
//! them mean belongs to the directory.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// `[schema]`: definitions beside the built-in ones.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Schema {
    /// LDIF files of definitions (RFC 4512 4.2); the last part of a path may
    /// hold `*`.
    pub files: Vec<PathBuf>,
    /// Which kind of class posixGroup is.
    pub posix_group: PosixGroup,
}

/// The kind of class posixGroup is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum PosixGroup {
    /// Added to a groupOfNames, as in the RFC 2307bis draft.
    Auxiliary,
    /// An entry's own class, as in RFC 2307.
    Structural,
}

impl Default for Schema {
    fn default() -> Schema {
        Schema {
            files: vec![PathBuf::from("schema/*.ldif")],
            posix_group: PosixGroup::Auxiliary,
        }
    }
}

impl Schema {
    /// The files that [`Schema::files`] stands for: in the order of the list,
    /// those of one pattern sorted by name. A pattern may match nothing, and
    /// its folder may be absent; a plain name is returned whether or not the
    /// file is there.
    ///
    /// # Errors
    /// A folder exists and cannot be read.
    pub fn paths(&self) -> io::Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for file in &self.files {
            match file.file_name().and_then(|name| name.to_str()) {
                Some(pattern) if pattern.contains('*') => {
                    paths.extend(matching(file.parent().unwrap_or(Path::new("")), pattern)?);
                }
                _ => paths.push(file.clone()),
            }
        }
        Ok(paths)
    }
}

fn matching(folder: &Path, pattern: &str) -> io::Result<Vec<PathBuf>> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let listing = match folder.read_dir() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing?,
    };
    let mut paths = Vec::new();
    for item in listing {
        let item = item?;
        let matched = item
            .file_name()
            .to_str()
            .is_some_and(|name| matches(pattern, name));
        if matched {
            paths.push(item.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether `name` matches `pattern`, in which `*` stands for any run of
/// characters, but a hidden file only for a pattern that says so.
fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (Some((first, pieces)), Some(last)) = (pattern.split_once('*'), pattern.rsplit('*').next())
    else {
        return pattern == name;
    };
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let middle = pieces.strip_suffix(last).unwrap_or(pieces);
    for piece in middle.split('*') {
        match rest.find(piece) {
            Some(at) => rest = rest.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (pattern, name) in [
            ("*.ldif", "a.ldif"),
            ("*", "anything"),
            ("a*b*c", "aXbYc"),
            ("a*b*c", "abc"),
            ("10-*.ldif", "10-.ldif"),
            (".*", ".hidden"),
            ("plain", "plain"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.ldif", "a.ldif.bak"),
            ("*.ldif", ".hidden.ldif"),
            ("a*b*c", "acb"),
            ("a*a", "a"),
            ("ab*ba", "aba"),
            ("plain", "plainer"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn schema_files_are_sorted_within_a_pattern_and_keep_the_order_of_the_list() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.ldif", "a.ldif", "note.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let schema = Schema {
            files: vec![
                folder.path().join("absent.ldif"),
                folder.path().join("*.ldif"),
                folder.path().join("absent/*.ldif"),
            ],
            ..Schema::default()
        };
        let expected = ["absent.ldif", "a.ldif", "b.ldif"].map(|name| folder.path().join(name));
        assert_eq!(schema.paths().unwrap(), expected);
    }
}
