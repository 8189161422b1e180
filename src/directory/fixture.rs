//! A small directory for tests of what is kept: a person, a group with members that exist and that do not.

use std::sync::Arc;

use super::access::AccessRules;
use super::account::AccountSettings;
use super::change_log::Bounds;
use super::import;
use super::index::IndexedAttributes;
use super::password::{Argon2Params, Pool, PoolSettings};
use super::schema::{PosixGroup, Schema, well_known};
use super::setup::{Setup, load};
use super::snapshot::Snapshot;
use super::unique::UniqueAttributes;
use super::{Administrator, Directory, Settings};
use crate::storage::memory::MemoryStore;

const TREE: &str = "dn: dc=a\nobjectClass: domain\ndc: a\n\n\
    dn: cn=one,dc=a\nobjectClass: inetOrgPerson\ncn: one\nsn: One\n\
    userPassword: {SSHA}c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0\n\n\
    dn: cn=two,dc=a\nobjectClass: groupOfNames\ncn: two\nmember: cn=one,dc=a\nmember: cn=two,dc=a\n\
    member: cn=nobody,dc=a\nmember: cn=no one,dc=a\n";

/// The built-in schema.
pub fn schema() -> Arc<Schema> {
    Arc::new(Schema::built_in(PosixGroup::Auxiliary).unwrap())
}

/// Two suffixes, of which one is empty.
pub fn setup() -> Setup {
    Setup {
        suffixes: vec!["dc=a".to_owned(), "o=b".to_owned()],
        administrator: Administrator {
            name: "cn=admin,dc=a".into(),
            hash: b"{ARGON2}x".as_slice().into(),
        },
    }
}

/// Entry 1 is the suffix, 2 the person, 3 the group.
pub fn directory(schema: &Arc<Schema>) -> (MemoryStore, Snapshot) {
    directory_of(schema, TREE, &IndexedAttributes::default())
}

/// A directory with a tree of its own below `dc=a`.
pub fn directory_of(
    schema: &Arc<Schema>,
    tree: &str,
    indexed: &IndexedAttributes,
) -> (MemoryStore, Snapshot) {
    let mut store = MemoryStore::default();
    setup().write(&mut store).unwrap();
    let empty = || setup().empty(schema, indexed).unwrap();
    let rules = AccessRules::compile(schema, &[]).unwrap();
    let pool = Pool::start(PoolSettings {
        params: Argon2Params::new(8_192, 1, 1).unwrap(),
        ..PoolSettings::default()
    })
    .unwrap();
    let prepared =
        import::prepare(empty(), &rules, &pool, tree.as_bytes(), true, &mut |_| {}).unwrap();
    prepared.write(&mut store, &mut |_| {}).unwrap();
    let (snapshot, _) = load(&mut store, empty(), &mut |_| {}).unwrap();
    (store, snapshot)
}

/// What a tree of its own below `dc=a` is read as, with an index of names.
pub fn tree(ldif: &str) -> Snapshot {
    let indexed = IndexedAttributes {
        equality: vec![well_known::CN],
        ..IndexedAttributes::default()
    };
    directory_of(&schema(), ldif, &indexed).1
}

/// That directory, served, and another handle on its store. Nobody knows its administrator's password.
pub fn served(accounts: AccountSettings) -> (Directory, MemoryStore) {
    served_with(TREE, accounts, Bounds::default())
}

/// As [`served`], with changes kept within these bounds.
pub fn served_keeping(accounts: AccountSettings, changes: Bounds) -> (Directory, MemoryStore) {
    served_with(TREE, accounts, changes)
}

/// As [`served`], with a tree of its own below `dc=a`.
pub fn served_tree(tree: &str, accounts: AccountSettings) -> (Directory, MemoryStore) {
    served_with(tree, accounts, Bounds::default())
}

fn served_with(tree: &str, accounts: AccountSettings, changes: Bounds) -> (Directory, MemoryStore) {
    let schema = schema();
    let (store, snapshot) = directory_of(&schema, tree, &IndexedAttributes::default());
    let pool = Pool::start(PoolSettings {
        params: Argon2Params::new(8, 1, 1).unwrap(),
        ..PoolSettings::default()
    });
    let settings = Settings {
        size_limit: None,
        time_limit: None,
        upgrade_passwords: false,
        unique: UniqueAttributes::default(),
        accounts,
        changes,
    };
    let directory = Directory::serve(
        Box::new(store.clone()),
        snapshot,
        AccessRules::compile(&schema, &[]).unwrap(),
        setup().administrator,
        pool.unwrap(),
        settings,
    );
    (directory.unwrap(), store)
}
