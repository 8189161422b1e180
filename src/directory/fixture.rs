//! A small directory for tests of what is kept: a person, a group with members that exist and that do not.

use std::sync::Arc;

use super::access::{AccessRules, RuleText};
use super::account::AccountSettings;
use super::change_log::Bounds;
use super::import;
use super::index::IndexedAttributes;
use super::password::{Argon2Params, Pool, PoolSettings};
use super::schema::{PosixGroup, Schema, well_known};
use super::setup::{Setup, load};
use super::snapshot::Snapshot;
use super::{Administrator, Directory, Settings};
use crate::storage::memory::MemoryStore;

const TREE: &str = "dn: dc=a\nobjectClass: domain\ndc: a\n\n\
    dn: cn=one,dc=a\nobjectClass: inetOrgPerson\ncn: one\nsn: One\n\
    userPassword: {SSHA}c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0\n\n\
    dn: cn=two,dc=a\nobjectClass: groupOfNames\ncn: two\nmember: cn=one,dc=a\nmember: cn=two,dc=a\n\
    member: cn=nobody,dc=a\nmember: cn=no one,dc=a\n";

/// What is stored of a password that nobody knows.
const UNKNOWN: &[u8] = b"{ARGON2}x";

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
            hash: UNKNOWN.into(),
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
    let beginning = Beginning {
        tree,
        indexed: indexed.clone(),
        ..Beginning::default()
    };
    beginning.load(schema)
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
    served_tree(TREE, accounts)
}

/// As [`served`], with changes kept within these bounds.
pub fn served_keeping(accounts: AccountSettings, changes: Bounds) -> (Directory, MemoryStore) {
    let settings = Settings {
        accounts,
        changes,
        ..Settings::default()
    };
    Beginning::default().serve(settings)
}

/// As [`served`], with a tree of its own below `dc=a`.
pub fn served_tree(tree: &str, accounts: AccountSettings) -> (Directory, MemoryStore) {
    let settings = Settings {
        accounts,
        ..Settings::default()
    };
    let beginning = Beginning {
        tree,
        ..Beginning::default()
    };
    beginning.serve(settings)
}

/// What the store of a directory without more indexes holds.
pub fn stored(store: &MemoryStore) -> Snapshot {
    let empty = setup().empty(&schema(), &IndexedAttributes::default());
    let loaded = load(&mut store.clone(), empty.unwrap(), &mut |_| {});
    loaded.unwrap().0
}

/// What a directory in memory is made of, besides the built-in schema and two suffixes.
pub struct Beginning<'a> {
    /// Its entries, below `dc=a`.
    pub tree: &'a str,
    pub indexed: IndexedAttributes,
    pub rules: &'a [RuleText],
    /// What is stored of its administrator's password.
    pub hash: Vec<u8>,
    pub pool: PoolSettings,
}

impl Default for Beginning<'_> {
    fn default() -> Self {
        Self {
            tree: TREE,
            indexed: IndexedAttributes::default(),
            rules: &[],
            hash: UNKNOWN.to_vec(),
            pool: cheap(),
        }
    }
}

impl Beginning<'_> {
    /// A store with the tree, and what it holds.
    pub fn load(&self, schema: &Arc<Schema>) -> (MemoryStore, Snapshot) {
        let mut store = MemoryStore::default();
        let setup = self.setup();
        setup.write(&mut store).unwrap();
        let empty = || setup.empty(schema, &self.indexed).unwrap();
        let (rules, pool) = (self.rules(schema), Pool::start(self.pool.clone()).unwrap());
        import::prepare(
            empty(),
            &rules,
            &pool,
            self.tree.as_bytes(),
            true,
            &mut |_| {},
        )
        .unwrap()
        .write(&mut store, &mut |_| {})
        .unwrap();
        let (snapshot, _) = load(&mut store, empty(), &mut |_| {}).unwrap();
        (store, snapshot)
    }

    /// The directory, served, and another handle on its store.
    pub fn serve(&self, settings: Settings) -> (Directory, MemoryStore) {
        let schema = schema();
        let (store, snapshot) = self.load(&schema);
        let directory = Directory::serve(
            Box::new(store.clone()),
            snapshot,
            self.rules(&schema),
            self.setup().administrator,
            Pool::start(self.pool.clone()).unwrap(),
            settings,
        );
        (directory.unwrap(), store)
    }

    fn setup(&self) -> Setup {
        let mut setup = setup();
        setup.administrator.hash = self.hash.as_slice().into();
        setup
    }

    fn rules(&self, schema: &Schema) -> AccessRules {
        AccessRules::compile(schema, self.rules).unwrap()
    }
}

/// Threads that hash passwords as cheaply as can be.
pub fn cheap() -> PoolSettings {
    PoolSettings {
        params: Argon2Params::new(8, 1, 1).unwrap(),
        ..PoolSettings::default()
    }
}
