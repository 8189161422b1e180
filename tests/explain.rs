//! How a search goes: the command that explains it, and what the log says of one that no index helps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::fmt::Write;
use std::process::Command;

use ldap3::Scope;
use server::{Folder, SUFFIX, text};

/// People whose titles are not indexed, and enough of them for a search to be worth a word.
fn tree() -> String {
    let mut tree = "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\n\
        dc: example\no: Example\n"
        .to_owned();
    for number in 0..1_200 {
        write!(
            tree,
            "\ndn: uid=user{number},{SUFFIX}\nobjectClass: inetOrgPerson\nuid: user{number}\n\
             cn: User {number}\nsn: User\ntitle: Hidden {number}\n"
        )
        .unwrap();
    }
    tree
}

fn explain(folder: &Folder, words: &[&str]) -> Result<String, String> {
    let done = Command::new(env!("CARGO_BIN_EXE_hedgerow"))
        .args(["explain", "search", "--config"])
        .arg(folder.path("hedgerow.toml"))
        .args(words)
        .output()
        .unwrap();
    match done.status.success() {
        true => Ok(text(&done.stdout)),
        false => Err(text(&done.stderr)),
    }
}

/// What both the store and a running server say, but for the times.
fn explains(folder: &Folder) {
    let has = |words: &[&str], lines: &[&str]| {
        let told = explain(folder, words).unwrap();
        for line in lines {
            assert!(told.lines().any(|said| said == *line), "{line} in\n{told}");
        }
        assert!(told.contains("\ntime:\n  names and values: "), "{told}");
    };
    has(
        &[SUFFIX, "(&(objectClass=inetOrgPerson)(uid=user7))"],
        &[
            "  equality index of uid: at most 1",
            "entries looked at: 1",
            "matched: 1",
        ],
    );
    has(
        &[SUFFIX, "(&(objectClass=inetOrgPerson)(sn=user))"],
        &[
            "  all of, the first one narrowed by the others: at most 1200",
            "    equality index of sn: at most 1200",
            "    equality index of objectClass: at most 1200",
            "entries looked at: 1200",
            "matched: 1200",
        ],
    );
    has(
        &[SUFFIX, "(title=Hidden 7)"],
        &[
            "plan: none, every entry in the scope is looked at",
            "indexes that would help: equality of title",
            "entries looked at: 1201",
            "matched: 1",
        ],
    );
    has(
        &["--scope", "base", SUFFIX, "(uid=user7)"],
        &["entries looked at: 1", "matched: 0"],
    );
    for (words, complaint) in [
        (["dc=missing", "(uid=a)"], "there is no entry dc=missing"),
        ([SUFFIX, "(uid=a"], "the filter (uid=a: "),
        (["=", "(uid=a)"], "the base \"=\" is not a DN"),
    ] {
        let said = explain(folder, &words).unwrap_err();
        assert!(said.contains(complaint), "{said}");
    }
}

#[test]
fn a_search_is_explained_from_the_store_and_by_a_running_server() {
    let folder = Folder::new();
    folder.load(&tree());
    explains(&folder);
    let _server = folder.serve();
    explains(&folder);
}

#[test]
fn a_search_without_an_index_is_logged_by_its_attributes_alone() {
    let folder = Folder::new();
    folder.load(&tree());
    let server = folder.serve();
    let mut connection = server.administrator();
    for filter in ["(uid=user7)", "(title=Hidden 7)"] {
        let found = connection.search(SUFFIX, Scope::Subtree, filter, ["1.1"]);
        assert_eq!(found.unwrap().success().unwrap().0.len(), 1);
    }
    let lines = server.said_until("a search without an index");
    let line = lines.last().unwrap();
    for part in ["looked_at_in_vain=1200", "equality of title"] {
        assert!(line.contains(part), "{part} in {line}");
    }
    let logged = lines.concat();
    assert!(
        !logged.contains("Hidden") && !logged.contains("of uid"),
        "{logged}"
    );
}
