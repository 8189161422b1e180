//! All of a file or nothing, wherever an import stops.

use std::num::NonZeroUsize;
use std::sync::Arc;

use super::*;
use crate::directory::Administrator;
use crate::directory::dn::Dn;
use crate::directory::index::IndexedAttributes;
use crate::directory::password::{Argon2Params, PoolSettings};
use crate::directory::schema::{PosixGroup, Schema};
use crate::directory::setup::{self, Setup};
use crate::storage::memory::MemoryStore;
use crate::storage::{ReportCorrupt, VisitRecord};

const TOP: &str = "dn: dc=x\nobjectClass: domain\ndc: x\n\
    \ndn: cn=old,dc=x\nobjectClass: groupOfNames\ncn: old\nmember: cn=n7,dc=x\n";

/// A store that is cut off after some more commits.
struct CutOff {
    store: MemoryStore,
    commits: usize,
}

impl Store for CutOff {
    fn scan_reporting(
        &self,
        prefix: &[u8],
        visit: VisitRecord<'_>,
        corrupt: ReportCorrupt<'_>,
    ) -> Result<(), StoreError> {
        self.store.scan_reporting(prefix, visit, corrupt)
    }

    fn read(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.read(key)
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        match self.commits.checked_sub(1) {
            Some(left) => self.commits = left,
            None => self.store.fail_next_commit(),
        }
        self.store.commit(batch)
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}

fn setup() -> (Arc<Schema>, Setup) {
    let administrator = Administrator {
        name: "cn=admin,dc=x".into(),
        hash: b"{SSHA}AAAA".as_slice().into(),
    };
    let suffixes = vec!["dc=x".to_owned()];
    (
        Arc::new(Schema::built_in(PosixGroup::Auxiliary).unwrap()),
        Setup {
            suffixes,
            administrator,
        },
    )
}

fn empty() -> Snapshot {
    let (schema, setup) = setup();
    setup.empty(&schema, &IndexedAttributes::default()).unwrap()
}

fn prepared(base: Snapshot, ldif: &str) -> Result<Prepared, ImportError> {
    let texts = AccessRules::default_texts(&["dc=x".to_owned()]);
    let rules = AccessRules::compile(base.schema(), &texts).unwrap();
    let pool = Pool::start(PoolSettings {
        threads: NonZeroUsize::MIN,
        queue_per_thread: NonZeroUsize::MIN,
        params: Argon2Params::new(8, 1, 1).unwrap(),
    });
    prepare(
        base,
        &rules,
        &pool.unwrap(),
        ldif.as_bytes(),
        true,
        &mut |_| {},
    )
}

fn with_top() -> MemoryStore {
    let mut store = MemoryStore::default();
    let top = prepared(empty(), TOP).unwrap_or_else(|error| panic!("{error}"));
    top.write(&mut store, &mut |_| {}).unwrap();
    store
}

fn load(store: &mut dyn Store) -> Snapshot {
    setup::load(store, empty(), &mut |_| {}).unwrap().0
}

fn records(store: &MemoryStore) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut records = Vec::new();
    let mut visit = |key: &[u8], value: &[u8]| {
        records.push((key.to_vec(), value.to_vec()));
        std::ops::ControlFlow::Continue(())
    };
    store.scan(&[], &mut visit).unwrap();
    records
}

/// More entries than are written or removed at once, one that an older group names, and a group of all of them.
fn many() -> String {
    let entries = (0..STEP + 100)
        .map(|n| format!("dn: cn=n{n},dc=x\nobjectClass: device\ncn: n{n}\n"))
        .collect::<Vec<_>>();
    let members: String = (0..STEP + 100)
        .map(|n| format!("member: cn=n{n},dc=x\n"))
        .collect();
    format!(
        "{}\ndn: cn=all,dc=x\nobjectClass: groupOfNames\ncn: all\n{members}",
        entries.join("\n")
    )
}

#[test]
fn an_import_that_stops_after_any_commit_leaves_the_store_as_it_was() {
    let ldif = many();
    for commits in 0..3 {
        let store = with_top();
        let before = records(&store);
        let base = load(&mut store.clone());
        let import = prepared(base, &ldif).unwrap_or_else(|error| panic!("{error}"));
        let mut cut = CutOff {
            store: store.clone(),
            commits,
        };
        let stopped = import.write(&mut cut, &mut |_| {});
        assert!(matches!(stopped, Err(ImportError::Store(_))), "{commits}");
        assert_eq!(records(&store) == before, commits == 0);
        // The start after it may be cut off as well.
        let mut cut = CutOff {
            store: store.clone(),
            commits: usize::from(commits > 0),
        };
        let started = setup::load(&mut cut, empty(), &mut |_| {});
        assert_eq!(started.is_err(), commits > 0);
        assert_eq!(load(&mut store.clone()).len(), 2);
        assert_eq!(records(&store), before);
    }
}

#[test]
fn an_import_that_ends_is_there_with_all_members() {
    let mut store = with_top();
    let import = prepared(load(&mut store), &many()).unwrap_or_else(|error| panic!("{error}"));
    let report = import.write(&mut store, &mut |_| {}).unwrap();
    assert_eq!(report.added, u64::from(STEP) + 101);
    let loaded = load(&mut store);
    let find = |name: &str| loaded.find_entry(&Dn::parse(name).unwrap()).unwrap();
    let all = loaded.members(find("cn=all,dc=x")).unwrap();
    assert_eq!(all.edges().count(), STEP as usize + 100);
    let old = loaded.members(find("cn=old,dc=x")).unwrap();
    assert!(old.contains(find("cn=n7,dc=x")) && !loaded.membership().has_dangling());
}

#[test]
fn of_several_mistakes_the_first_in_the_file_is_told() {
    let add = |name: &str| format!("dn: {name}\nobjectClass: device\ncn: a\n\n");
    let right = add("cn=a,dc=x");
    for (mistake, line) in [
        (add("cn=a,ou=nowhere,dc=x"), 14),
        (add("no name"), 14),
        ("dn: cn=b,dc=x\nnothing\n\n".to_owned(), 15),
    ] {
        let ldif = format!(
            "{TOP}\n{right}{mistake}{}no colon\n",
            add("cn=a,ou=no,dc=x")
        );
        match prepared(empty(), &ldif).err() {
            Some(ImportError::Record { line: found, .. }) => assert_eq!(found, line, "{ldif}"),
            other => panic!("{other:?}"),
        }
    }
}
