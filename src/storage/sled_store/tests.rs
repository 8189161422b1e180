//! Tests of what a store keeps, what it refuses, and who may have it.

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use proptest::prelude::*;

use super::fixture::{
    Fixture, OPTIONS, Records, fill, left_behind, log, numbered, put, scan, sled,
};
use super::*;
use crate::storage::checkpoint::{Job, PART, STALL_LIMIT};
use crate::storage::folder::{FORMAT_FILE, JOURNAL_FILES};
use crate::storage::journal::Journal;
use crate::storage::ledger::Ledger;
use crate::storage::log::WriteFailure;
use crate::storage::memory::MemoryStore;
use crate::storage::sled_error::os_error;
use crate::storage::writer::Writer;
use crate::storage::{MAX_KEY_LEN, record};

fn key_strategy() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(b'k'), Just(255)], 0..5)
}

fn value_strategy() -> impl Strategy<Value = Option<Vec<u8>>> {
    let length = prop_oneof![
        0usize..40,
        4080usize..4100,
        8180usize..8200,
        20_000usize..20_010
    ];
    proptest::option::weighted(
        0.8,
        (length, any::<u8>()).prop_map(|(n, fill)| vec![fill; n]),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_store_holds_what_a_map_would_hold(
        batches in proptest::collection::vec(
            (proptest::collection::vec((key_strategy(), value_strategy()), 0..12), any::<bool>()),
            1..12,
        ),
        prefixes in proptest::collection::vec(key_strategy(), 4),
    ) {
        let fixture = Fixture::new();
        let mut store = fixture.open();
        let mut memory = MemoryStore::default();
        let mut expected = Records::new();
        for (changes, reopen) in batches {
            let mut batch = Batch::default();
            for (key, value) in changes {
                match value {
                    Some(value) => {
                        batch.put(key.clone(), value.clone());
                        expected.insert(key, value);
                    }
                    None => {
                        batch.delete(key.clone());
                        expected.remove(&key);
                    }
                }
            }
            store.commit(batch.clone()).unwrap();
            memory.commit(batch).unwrap();
            if reopen {
                Box::new(store).close().unwrap();
                store = fixture.open();
            }
        }
        prop_assert_eq!(&scan(&store, &[]).unwrap(), &expected);
        for prefix in prefixes {
            let mut below = expected.clone();
            below.retain(|key, _| key.starts_with(&prefix));
            prop_assert_eq!(&scan(&store, &prefix).unwrap(), &below);
            prop_assert_eq!(scan(&memory, &prefix).unwrap(), below);
            prop_assert_eq!(store.read(&prefix).unwrap(), expected.get(&prefix).cloned());
        }
        let pieces: usize = expected
            .iter()
            .map(|(key, value)| record::encode(key, value).2.count())
            .sum();
        prop_assert_eq!(sled(&store).iter().count(), 1 + expected.len() + pieces);
    }
}

#[test]
fn a_scan_stops_when_the_visitor_has_enough() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    fill(&mut store, 10);
    let mut seen = 0;
    let visited = store.scan(&[], &mut |_, _| {
        seen += 1;
        if seen == 3 {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    visited.unwrap();
    assert_eq!(seen, 3);
}

#[test]
fn a_value_that_shrinks_leaves_no_piece_behind() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    put(&mut store, b"photo", &vec![1; 100_000]);
    put(&mut store, b"photon", &vec![2; 10_000]);
    put(&mut store, b"photo", &vec![3; 9_000]);
    let pieces = |store: &SledStore| {
        store.state().settle().unwrap();
        Reader::new(&log(store)).piece_keys(b"photo").unwrap().len()
    };
    assert_eq!(pieces(&store), 3);
    put(&mut store, b"photo", b"small");
    assert_eq!(pieces(&store), 0);
    assert_eq!(store.read(b"photo").unwrap().unwrap(), b"small");
    assert_eq!(store.read(b"photon").unwrap().unwrap(), vec![2; 10_000]);
}

#[test]
fn no_record_is_ever_moved_out_of_the_log() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    let key = |number: u64| {
        // Spread over the key space, so that indexes cannot shorten their keys.
        let mut key = number
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .to_be_bytes()
            .to_vec();
        key.resize(MAX_KEY_LEN, number as u8);
        key
    };
    for first in (0..3000).step_by(50) {
        let mut batch = Batch::default();
        for number in first..first + 50 {
            batch.put(key(number), vec![number as u8; 4091]);
        }
        store.commit(batch).unwrap();
    }
    let mut batch = Batch::default();
    for number in (0..3000).filter(|number| number % 5 != 0) {
        batch.delete(key(number));
    }
    batch.put(key(1), vec![5; 1_000_000]);
    store.commit(batch).unwrap();
    let expected = scan(&store, &[]).unwrap();
    assert_eq!(expected.len(), 601);
    drop(store);
    assert_eq!(scan(&fixture.open(), &[]).unwrap(), expected);
    let blobs = folder::files(&fixture.folder().join(BLOBS_FOLDER)).unwrap();
    assert!(blobs.is_empty(), "{blobs:?}");
}

#[test]
fn only_a_free_place_becomes_a_store_and_only_a_store_is_opened() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("store");
    let open = || SledStore::open(&folder, &OPTIONS).map(|_| ());
    let create = || SledStore::create(&folder, &OPTIONS).map(|_| ());
    assert!(matches!(open(), Err(StoreError::Missing { .. })));
    fs::create_dir(&folder).unwrap();
    assert!(matches!(open(), Err(StoreError::Missing { .. })));
    fs::write(folder.join("letter"), "mine").unwrap();
    assert!(matches!(open(), Err(StoreError::NotAStore { .. })));
    assert!(matches!(create(), Err(StoreError::AlreadyExists { .. })));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    fs::remove_file(folder.join("letter")).unwrap();
    create().unwrap();
    open().unwrap();
    assert!(matches!(create(), Err(StoreError::AlreadyExists { .. })));
    fs::write(folder.join(FORMAT_FILE), "hedgerow store\nversion 9\n").unwrap();
    assert!(matches!(
        open(),
        Err(StoreError::NewerFormat { found: 9, .. })
    ));
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "a file").unwrap();
    assert!(matches!(open(), Err(StoreError::NotAStore { .. })));
    assert!(matches!(create(), Err(StoreError::AlreadyExists { .. })));
}

#[test]
fn nobody_but_the_owner_may_look() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let fixture = Fixture::new();
    let check = || {
        let mut names = 0;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for entry in fs::read_dir(fixture.folder()).unwrap() {
            let path = entry.unwrap().path();
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&path), expected, "{}", path.display());
            names += 1;
        }
        assert_eq!(mode(&fixture.folder()), 0o700);
        names
    };
    // acknowledged, blobs, conf, db, format, journal.0, journal.1, lock; then a snapshot as well
    assert_eq!(check(), 8);
    let mut store = fixture.open();
    fill(&mut store, 10);
    assert_eq!(check(), 9);
    drop(store);
    fs::set_permissions(fixture.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    let store = fixture.open();
    assert_eq!(check(), 9);
    drop(store);
}

const HELD_FOLDER: &str = "HEDGEROW_TEST_HELD_FOLDER";

#[test]
fn a_second_process_is_told_who_holds_the_store() {
    let fixture = Fixture::new();
    let _store = fixture.open();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("storage::sled_store::tests::opens_a_held_folder")
        .env(HELD_FOLDER, fixture.folder())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    let expected = format!("process {} is using the store", std::process::id());
    assert!(said.contains(&expected), "{said}");
}

#[test]
#[ignore = "the second process of another test"]
fn opens_a_held_folder() {
    if let Some(folder) = std::env::var_os(HELD_FOLDER) {
        let outcome = SledStore::open(Path::new(&folder), &OPTIONS);
        println!("{}", outcome.err().unwrap());
    }
}

#[test]
fn a_store_without_room_refuses_and_takes_the_same_batch_later() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    let mut batch = Batch::default();
    batch.put(*b"k", *b"v");
    store.reserve = u64::MAX / 2;
    match store.commit(batch.clone()) {
        Err(StoreError::DiskFull { free, needed, .. }) => assert!(Some(free) < needed),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.read(b"k").unwrap(), None);
    store.reserve = 0;
    store.commit(batch).unwrap();
    assert_eq!(store.read(b"k").unwrap().unwrap(), b"v");
}

#[test]
fn room_is_kept_for_what_sled_has_not_written_yet() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    put(&mut store, b"a", b"1");
    let first = store.state().space;
    assert!(first > 0);
    store.state().turn().unwrap();
    assert_eq!(store.state().space, first);
    put(&mut store, b"b", b"1");
    assert_eq!(store.state().space, 2 * first);
    store.state().settle().unwrap();
    assert_eq!(store.state().space, 0);
}

/// Has everything that is to be written to sled fail so.
fn fail(store: &SledStore, how: fn() -> WriteFailure) {
    let writer = Writer::start(STALL_LIMIT, move |job, _| match job {
        Job::Write { .. } => Err(how()),
        Job::Close(_) => Ok(Ledger::default()),
    });
    store.state().checkpoint.writer = writer.unwrap();
}

#[test]
fn a_failed_checkpoint_latches_the_store_and_costs_nothing_that_was_acknowledged() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    put(&mut store, b"k", b"1");
    fail(&store, || WriteFailure {
        error: os_error(Path::new("/"), "writing", ErrorKind::StorageFull.into()),
        keep_open: false,
    });
    put(&mut store, b"k", b"2");
    assert_eq!(store.read(b"k").unwrap().unwrap(), b"2");
    let full = scan(&store, &[]);
    assert!(matches!(full, Err(StoreError::DiskFull { .. })));
    let mut batch = Batch::default();
    batch.put(*b"k", *b"3");
    assert!(matches!(
        store.commit(batch),
        Err(StoreError::Latched { .. })
    ));
    assert!(matches!(store.read(b"k"), Err(StoreError::Latched { .. })));
    assert!(matches!(scan(&store, &[]), Err(StoreError::Latched { .. })));
    assert!(matches!(
        Box::new(store).close(),
        Err(StoreError::Latched { .. })
    ));
    assert_eq!(fixture.open().read(b"k").unwrap().unwrap(), b"2");
}

#[test]
fn a_large_batch_that_fails_is_refused_and_not_there() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    put(&mut store, b"k", b"1");
    drop(sled(&store));
    fail(&store, || WriteFailure {
        error: os_error(Path::new("/"), "writing", ErrorKind::StorageFull.into()),
        keep_open: false,
    });
    let mut batch = Batch::default();
    batch.put(*b"k", vec![2; 1 << 20]);
    assert!(matches!(
        store.commit(batch),
        Err(StoreError::DiskFull { .. })
    ));
    drop(store);
    assert_eq!(fixture.open().read(b"k").unwrap().unwrap(), b"1");
}

#[test]
fn a_checkpoint_that_fails_while_a_latched_store_is_closed_keeps_sled_from_being_closed() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    put(&mut store, b"k", b"1");
    let (close, closed) = mpsc::channel();
    let writer = Writer::start(STALL_LIMIT, move |job, _| match job {
        Job::Write { .. } => Err(WriteFailure {
            error: os_error(Path::new("/"), "writing", ErrorKind::StorageFull.into()),
            keep_open: true,
        }),
        Job::Close(_) => {
            close.send(()).unwrap();
            Ok(Ledger::default())
        }
    });
    {
        let mut state = store.state();
        state.checkpoint.writer = writer.unwrap();
        state.turn().unwrap();
        let failed = os_error(Path::new("/"), "writing", ErrorKind::Other.into());
        state.checkpoint.latch(&failed);
    }
    drop(store);
    assert_eq!(closed.iter().count(), 0);
    assert!(matches!(fixture.try_open(), Err(StoreError::Locked { .. })));
}

#[test]
fn a_store_that_panicked_or_hangs_keeps_its_folder_until_the_process_ends() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    put(&mut store, b"k", b"1");
    let writer = Writer::start(STALL_LIMIT, |_, _| panic!("as sled does"));
    store.state().checkpoint.writer = writer.unwrap();
    match scan(&store, &[]) {
        Err(StoreError::Damaged { what, .. }) => assert_eq!(what, "as sled does"),
        other => panic!("{other:?}"),
    }
    drop(store);
    assert!(matches!(fixture.try_open(), Err(StoreError::Locked { .. })));
}

#[test]
fn every_commit_is_there_when_the_process_ends_right_after_it() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    let mut expected = Records::new();
    // In turn small commits, some that fill the journal, and one that is too large for it.
    for round in 0..12_u32 {
        let length = match round % 4 {
            0 | 1 => 100,
            2 => 200_000,
            _ => 300_000,
        };
        for number in 0..3_u32 {
            let key = format!("record {}", (round * 7 + number) % 10).into_bytes();
            let value = vec![(round * 3 + number) as u8; length];
            put(&mut store, &key, &value);
            assert_eq!(store.read(&key).unwrap().as_ref(), Some(&value));
            expected.insert(key, value);
        }
        let mut batch = Batch::default();
        let removed = format!("record {}", round % 10).into_bytes();
        batch.delete(removed.clone());
        store.commit(batch).unwrap();
        assert_eq!(store.read(&removed).unwrap(), None);
        expected.remove(&removed);
        assert!(left_behind(&fixture) == expected, "round {round}");
    }
    assert!(scan(&store, &[]).unwrap() == expected);
    assert!(left_behind(&fixture) == expected);
}

#[test]
fn a_checkpoint_that_ends_after_any_part_of_it_costs_nothing() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    fill(&mut store, 100);
    store.state().settle().unwrap();
    for number in 0..60 {
        let mut batch = Batch::default();
        let length = [0, 10, 5000, 9000][number as usize % 4];
        batch.put(numbered(number).0, vec![number as u8; length]);
        batch.put(numbered(200 + number).0, vec![1; 9000 - length]);
        batch.delete(numbered(number + 1).0);
        batch.delete(numbered(200 + number / 2).0);
        store.commit(batch).unwrap();
    }
    let expected = left_behind(&fixture);
    let (pending, before) = {
        let state = store.state();
        (state.pending.clone(), state.checkpoint.ledger().commit)
    };
    for part in [1, 7, 40, 90, 130] {
        let mut begun = Batch::default();
        for (key, value) in pending.changes().take(part) {
            match value {
                Some(value) => begun.put(key, value),
                None => begun.delete(key),
            }
        }
        // As the ledger is until the last part.
        let mut state = store.state();
        state.checkpoint.begin(begun, before).unwrap();
        state.checkpoint.finish().unwrap();
        drop(state);
        assert!(left_behind(&fixture) == expected, "after {part} changes");
    }
    assert!(scan(&store, &[]).unwrap() == expected);
}

#[test]
fn every_part_of_a_checkpoint_comes_with_the_count_of_all_records() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    let mut counts = sled(&store).watch_prefix(record::LEDGER_KEY);
    fill(&mut store, 3000);
    store.state().settle().unwrap();
    drop(store);
    let counts: Vec<u64> = std::iter::from_fn(|| counts.next_timeout(Duration::ZERO).ok())
        .map(|event| match event {
            sled::Event::Insert { value, .. } => Ledger::decode(&value).unwrap().tally.records,
            sled::Event::Remove { .. } => 0,
        })
        .collect();
    assert!(counts.len() > 2, "{counts:?}");
    assert!(counts.is_sorted_by(|a, b| a < b), "{counts:?}");
    assert_eq!(counts.last(), Some(&3000));
}

#[test]
fn recovery_begins_with_a_journal_that_is_on_the_disk() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    fill(&mut store, 1000);
    store.state().checkpoint.latch(&StoreError::Latched {
        cause: "as if killed".to_owned(),
    });
    drop(store);
    let folder = fixture.folder();
    let lock = FolderLock::acquire(&folder).unwrap();
    let store = SledStore::launch(&folder, &OPTIONS, lock, false).unwrap();
    let (written, parts) = mpsc::channel();
    let writer = Writer::start(STALL_LIMIT, move |job, _| {
        if let Job::Write { changes, part, .. } = job {
            written.send((changes.changes().count(), part)).unwrap();
        }
        Ok::<_, WriteFailure>(Ledger::default())
    });
    let mut state = store.state();
    state.checkpoint.writer = writer.unwrap();
    state.journal.refuse_writing();
    let refused = state.recover(&folder).unwrap_err().to_string();
    assert!(refused.contains("writing the journal"), "{refused}");
    state.journal = Journal::open(&folder, OPTIONS.journal).unwrap();
    state.recover(&folder).unwrap();
    drop(state);
    drop(store);
    assert_eq!(parts.iter().collect::<Vec<_>>(), [(1000, PART)]);
}

#[test]
fn recovery_of_many_small_changes_asks_for_little_room() {
    let mut changes = Batch::default();
    for number in 0..100_000 {
        changes.put(numbered(number).0, b"1");
    }
    let room = super::space_to_recover(&changes);
    assert!(room < 16 << 20, "{room}");
    assert!(room > 4 * changes.size(), "{room}");
}

#[test]
fn a_store_without_a_journal_gets_one() {
    let fixture = Fixture::new();
    put(&mut fixture.open(), b"k", b"1");
    for name in JOURNAL_FILES {
        fs::remove_file(fixture.folder().join(name)).unwrap();
    }
    let mut store = fixture.open();
    assert_eq!(store.read(b"k").unwrap().unwrap(), b"1");
    put(&mut store, b"k", b"2");
    assert_eq!(left_behind(&fixture)[&b"k"[..]], b"2");
}
