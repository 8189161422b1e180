//! What the tests of every dialect begin with: a server that speaks REST and has a tree, and its client.

use ldap3::{LdapConn, Scope, SearchEntry};

use crate::https::Client;
use crate::server::{Folder, Server};

/// The people and groups of most tests.
pub const TREE: &str = include_str!("tree.ldif");

/// Loads LDIF and starts the server.
pub fn serving(folder: Folder, ldif: &[&str]) -> (Folder, Server, Client) {
    ldif.iter().for_each(|part| folder.load(part));
    let server = folder.serve();
    let client = Client::of(&server);
    (folder, server, client)
}

/// A key that `key create` makes by these words.
#[track_caller]
pub fn key(folder: &Folder, words: &[&str]) -> String {
    let made = folder.told(&[&["key", "create"], words].concat());
    let mut words = made.split_whitespace();
    let key = words.find(|word| word.starts_with("hgrw_"));
    key.unwrap().to_owned()
}

/// What LDAP finds at and below an entry.
#[track_caller]
pub fn search(
    ldap: &mut LdapConn,
    base: &str,
    filter: &str,
    attributes: &[&str],
) -> Vec<SearchEntry> {
    let found = ldap.search(base, Scope::Subtree, filter, attributes.to_vec());
    let (found, _) = found.unwrap().success().unwrap();
    found.into_iter().map(SearchEntry::construct).collect()
}
