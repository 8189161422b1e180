//! Guards the map of `src/lib.rs`: which layer may name which, and which crate is known to one place only.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The layers, each with those that it may not name.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("storage", &["directory", "ldap", "rest", "app"]),
    ("directory", &["ldap", "rest", "app"]),
    ("ldap", &["rest", "app"]),
    ("rest", &["ldap", "app"]),
];

/// The crates that are known to some places only.
const CONFINED: &[(&str, &[&str])] = &[
    ("sled", &["storage"]),
    ("argon2", &["directory/password"]),
    ("zxcvbn", &["directory/password"]),
    ("axum", &["app", "rest"]),
    ("ldap3_proto", &["ldap"]),
    ("qrcode", &["app"]),
    ("ring", &["directory/page", "directory/second_factor"]),
    ("totp_rs", &["directory/second_factor"]),
];

/// Every source file below `src`, with its path from there.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    assert!(
        files.len() > 50,
        "only {} sources were found below {}",
        files.len(),
        root.display()
    );
    files.sort();
    files
}

/// Whether a file belongs to a module: it is `module.rs`, or lies in `module/`.
fn belongs(file: &Path, module: &str) -> bool {
    file.starts_with(module) || file == Path::new(module).with_extension("rs")
}

/// The code of a file as one string without white space runs, comments left out. Text in quotes stays, which can only make
/// this stricter; `//` in quotes ends the line early, and no path of a crate follows such a text on its line.
fn code(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ")
}

/// The names that stand first in a group or path after `prefix`: `crate::{a::b, c}` names `a` and `c`.
fn named_after(code: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].ends_with(is_word) {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.push(rest.chars().take_while(|c| is_word(*c)).collect());
            continue;
        };
        let mut depth = 0_u32;
        let mut item = String::new();
        for character in group.chars() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => names.push(std::mem::take(&mut item)),
                _ if depth == 0 => item.push(character),
                _ => {}
            }
        }
        names.push(item);
    }
    let first = |name: String| -> String {
        name.trim()
            .chars()
            .take_while(|c| is_word(*c))
            .collect::<String>()
    };
    names.into_iter().map(first).collect()
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether code names a crate: `name::` that does not go on from another path, `use name`, or `extern crate name`.
fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let in_path = code.match_indices(&path).any(|(at, _)| {
        let before = &code[..at];
        let goes_on = before
            .strip_suffix("::")
            .is_some_and(|head| head.ends_with(is_word));
        // `"sled::pagecache"` is what a log calls itself, and only a text.
        !before.ends_with(is_word) && !before.ends_with('"') && !goes_on
    });
    let by_itself = ["use ", "use ::", "extern crate "].iter().any(|keyword| {
        let phrase = format!("{keyword}{name}");
        code.match_indices(&phrase).any(|(at, _)| {
            !code[..at].ends_with(is_word) && !code[at + phrase.len()..].starts_with(is_word)
        })
    });
    in_path || by_itself
}

#[test]
fn no_arrow_points_back() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let code = code(&text);
        for (layer, forbidden) in FORBIDDEN {
            if !belongs(&path, layer) {
                continue;
            }
            let named = named_after(&code, "crate::");
            for other in forbidden
                .iter()
                .filter(|other| named.iter().any(|n| n == *other))
            {
                faults.push(format!(
                    "src/{} names crate::{other}, but {layer} lies below {other}: move what it needs down, or the need up",
                    path.display()
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_confined_crate_is_named_in_its_place_only() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let code = code(&text);
        for (name, places) in CONFINED {
            if !places.iter().any(|place| belongs(&path, place)) && names_crate(&code, name) {
                faults.push(format!(
                    "src/{} names the crate {name}, which only src/{} may know",
                    path.display(),
                    places.join(" and src/")
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The threads that serve connections have no timers, and a timer that is made there ends the task: `ldap/timers.rs` has
/// those of another runtime, and `ldap/listener.rs` does not run there.
#[test]
fn nothing_that_serves_a_connection_makes_a_timer_of_its_own() {
    let makes_none = ["Instant", "Sleep", "Timeout"];
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let elsewhere = ["ldap/timers", "ldap/listener"];
        if !belongs(&path, "ldap") || elsewhere.iter().any(|other| belongs(&path, other)) {
            continue;
        }
        let code = code(&text);
        let of_time = named_after(&code, "tokio::time::");
        let whole = ["use tokio::time;", "use tokio::time as", "use tokio::{"];
        if !of_time
            .iter()
            .all(|name| makes_none.contains(&name.as_str()))
            || whole.iter().any(|phrase| code.contains(phrase))
        {
            faults.push(format!(
                "src/{} may make a timer: import types of tokio::time one by one, and make timers by Face::timers",
                path.display()
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_source_opens_by_saying_what_it_owns() {
    let faults: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| {
            format!(
                "src/{} does not open with a `//!` line that says what it owns",
                path.display()
            )
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_guards_see_what_they_guard_against() {
    let grouped = "use crate::{ directory::{dn::Dn, ldap}, app::cli }; let x = crate::rest::y();";
    assert_eq!(
        named_after(grouped, "crate::"),
        ["directory", "app", "rest"]
    );
    assert!(names_crate("use sled;", "sled"));
    assert!(names_crate("fn f(db: &::sled::Db)", "sled"));
    assert!(names_crate("use argon2::Params;", "argon2"));
    assert!(!names_crate("use self::argon2::Params;", "argon2"));
    assert!(!names_crate("info!(target: \"sled::pagecache\")", "sled"));
    assert!(!names_crate("use super::sled_error::guard;", "sled"));
    assert!(!code("let a = 1; // sled::Db").contains("sled"));
}
