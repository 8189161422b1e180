//! What the tests of the store on disk share: a store in a folder of its own, records to put in, and ways to look.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use super::{Options, SledStore};
use crate::storage::folder::{BLOBS_FOLDER, files};
use crate::storage::log::Log;
use crate::storage::{Batch, Store, StoreError};

pub(super) type Records = BTreeMap<Vec<u8>, Vec<u8>>;

pub(super) const OPTIONS: Options = Options {
    cache: 1 << 20,
    reserve: 0,
    journal: 2 << 20,
};

/// A store in a folder that goes away with the test.
pub(super) struct Fixture {
    parent: TempDir,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let fixture = Self {
            parent: tempfile::tempdir().unwrap(),
        };
        drop(SledStore::create(&fixture.folder(), &OPTIONS).unwrap());
        fixture
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.parent.path().join("store")
    }

    pub(super) fn try_open(&self) -> Result<SledStore, StoreError> {
        SledStore::open(&self.folder(), &OPTIONS)
    }

    pub(super) fn open(&self) -> SledStore {
        self.try_open().unwrap()
    }
}

pub(super) fn put(store: &mut SledStore, key: &[u8], value: &[u8]) {
    let mut batch = Batch::default();
    batch.put(key, value);
    store.commit(batch).unwrap();
}

/// Record `number`, whose bytes occur nowhere else.
pub(super) fn numbered(number: u32) -> (Vec<u8>, Vec<u8>) {
    let value = format!("record {number:08} ").repeat(12);
    (number.to_be_bytes().to_vec(), value.into_bytes())
}

pub(super) fn fill(store: &mut SledStore, records: u32) {
    for first in (0..records).step_by(100) {
        let mut batch = Batch::default();
        for number in first..records.min(first + 100) {
            let (key, value) = numbered(number);
            batch.put(key, value);
        }
        store.commit(batch).unwrap();
    }
}

pub(super) fn scan(store: &dyn Store, prefix: &[u8]) -> Result<Records, StoreError> {
    let mut records = Vec::new();
    store.scan(prefix, &mut |key, value| {
        records.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    })?;
    assert!(records.is_sorted());
    Ok(records.into_iter().collect())
}

/// What can be read, and what is said about the rest.
pub(super) fn salvage(store: &SledStore) -> (Records, Vec<String>) {
    let (mut records, mut complaints) = (Records::new(), Vec::new());
    let visited = store.scan_reporting(
        &[],
        &mut |key, value| {
            records.insert(key.to_vec(), value.to_vec());
            ControlFlow::Continue(())
        },
        &mut |error| {
            complaints.push(error.to_string());
            ControlFlow::Continue(())
        },
    );
    visited.unwrap();
    (records, complaints)
}

/// What is below a store once everything is in it.
pub(super) fn sled(store: &SledStore) -> sled::Db {
    store.state().settle().unwrap();
    log(store).db().clone()
}

pub(super) fn log(store: &SledStore) -> Arc<Log> {
    store.state().checkpoint.log().unwrap()
}

/// What a copy of the folder holds, made as if the process ended now.
pub(super) fn left_behind(fixture: &Fixture) -> Records {
    let copy = tempfile::tempdir().unwrap();
    let folder = copy.path().join("store");
    std::fs::create_dir_all(folder.join(BLOBS_FOLDER)).unwrap();
    for file in files(&fixture.folder()).unwrap() {
        std::fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
    }
    let store = SledStore::open(&folder, &OPTIONS).unwrap();
    scan(&store, &[]).unwrap()
}
