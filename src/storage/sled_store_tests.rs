//! Tests of the store on disk: what it keeps, what it refuses, and what it says when its files were harmed.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use proptest::prelude::*;
use tempfile::TempDir;

use super::super::MAX_KEY_LEN;
use super::super::folder::{FORMAT_FILE, SET_ASIDE_FOLDER};
use super::super::sled_error::os_error;
use super::*;

type Records = BTreeMap<Vec<u8>, Vec<u8>>;

const OPTIONS: Options = Options {
    cache: 1 << 20,
    reserve: 0,
};

/// A store in a folder that goes away with the test.
struct Fixture {
    parent: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let fixture = Self {
            parent: tempfile::tempdir().unwrap(),
        };
        drop(SledStore::create(&fixture.folder(), &OPTIONS).unwrap());
        fixture
    }

    fn folder(&self) -> PathBuf {
        self.parent.path().join("store")
    }

    fn try_open(&self) -> Result<SledStore, StoreError> {
        SledStore::open(&self.folder(), &OPTIONS)
    }

    fn open(&self) -> SledStore {
        self.try_open().unwrap()
    }
}

fn put(store: &mut SledStore, key: &[u8], value: &[u8]) {
    let mut batch = Batch::default();
    batch.put(key, value);
    store.commit(&batch).unwrap();
}

/// Record `number`, whose bytes occur nowhere else.
fn numbered(number: u32) -> (Vec<u8>, Vec<u8>) {
    let value = format!("record {number:08} ").repeat(12);
    (number.to_be_bytes().to_vec(), value.into_bytes())
}

fn fill(store: &mut SledStore, records: u32) {
    for first in (0..records).step_by(100) {
        let mut batch = Batch::default();
        for number in first..records.min(first + 100) {
            let (key, value) = numbered(number);
            batch.put(key, value);
        }
        store.commit(&batch).unwrap();
    }
}

fn scan(store: &SledStore, prefix: &[u8]) -> Result<Records, StoreError> {
    let mut records = Vec::new();
    store.scan(prefix, &mut |key, value| {
        records.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    })?;
    assert!(records.is_sorted());
    Ok(records.into_iter().collect())
}

/// What can be read, and what is said about the rest.
fn salvage(store: &SledStore) -> (Records, Vec<String>) {
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

fn sled(store: &SledStore) -> &sled::Db {
    store.log.as_ref().unwrap().db()
}

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
            store.commit(&batch).unwrap();
            if reopen {
                Box::new(store).close().unwrap();
                store = fixture.open();
            }
        }
        prop_assert_eq!(&scan(&store, &[]).unwrap(), &expected);
        for prefix in prefixes {
            let mut below = expected.clone();
            below.retain(|key, _| key.starts_with(&prefix));
            prop_assert_eq!(scan(&store, &prefix).unwrap(), below);
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
    assert_eq!(
        store.reader().unwrap().piece_keys(b"photo").unwrap().len(),
        3
    );
    put(&mut store, b"photo", b"small");
    assert!(
        store
            .reader()
            .unwrap()
            .piece_keys(b"photo")
            .unwrap()
            .is_empty()
    );
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
        store.commit(&batch).unwrap();
    }
    let mut batch = Batch::default();
    for number in (0..3000).filter(|number| number % 5 != 0) {
        batch.delete(key(number));
    }
    batch.put(key(1), vec![5; 1_000_000]);
    store.commit(&batch).unwrap();
    let expected = scan(&store, &[]).unwrap();
    assert_eq!(expected.len(), 601);
    drop(store);
    assert_eq!(scan(&fixture.open(), &[]).unwrap(), expected);
    let blobs = folder::files(&fixture.folder().join(BLOBS_FOLDER)).unwrap();
    assert!(blobs.is_empty(), "{blobs:?}");
}

#[test]
fn a_flipped_bit_in_a_record_is_told_and_the_others_are_read() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    fill(&mut store, 50);
    let (key, value) = numbered(7);
    let mut stored = sled(&store)
        .get(record::head_key(&key))
        .unwrap()
        .unwrap()
        .to_vec();
    stored[20] ^= 4;
    sled(&store).insert(record::head_key(&key), stored).unwrap();

    match store.read(&key) {
        Err(StoreError::Corrupt { key, .. }) => assert_eq!(key, "00000007"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(scan(&store, &[]), Err(StoreError::Corrupt { .. })));
    let (records, complaints) = salvage(&store);
    assert_eq!(records.len(), 49);
    assert_eq!(complaints.len(), 1, "{complaints:?}");

    put(&mut store, &key, &value);
    assert_eq!(scan(&store, &[]).unwrap().len(), 50);
}

#[test]
fn a_missing_exchanged_or_changed_piece_is_told() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    let value: Vec<u8> = (0..20_000u32).map(|at| (at / 1000) as u8).collect();
    put(&mut store, b"other", b"sound");
    let piece = |number| record::piece_key(b"photo", number);
    for harm in 0..4 {
        put(&mut store, b"photo", &value);
        let db = sled(&store);
        let second = db.get(piece(1)).unwrap().unwrap();
        let complaint = match harm {
            0 => {
                db.remove(piece(1)).unwrap();
                "piece 2 of 5 is missing"
            }
            1 => {
                db.remove(piece(4)).unwrap();
                "piece 5 of 5 is missing"
            }
            2 => {
                db.insert(piece(2), second).unwrap();
                "checksum"
            }
            _ => {
                db.insert(piece(1), &second[1..]).unwrap();
                "length"
            }
        };
        let (records, complaints) = salvage(&store);
        assert_eq!(records.len(), 1);
        assert!(complaints[0].contains(complaint), "{complaints:?}");
        let mut batch = Batch::default();
        batch.delete(*b"photo");
        store.commit(&batch).unwrap();
        assert_eq!(sled(&store).iter().count(), 2);
    }
}

#[test]
fn lost_and_outdated_records_are_told_although_each_is_sound() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    fill(&mut store, 20);
    let head_key = record::head_key(&numbered(3).0);
    let old = sled(&store).get(&head_key).unwrap().unwrap();
    put(&mut store, &numbered(3).0, b"newer");
    let newer = sled(&store).insert(&head_key, old).unwrap().unwrap();
    assert!(matches!(
        scan(&store, &[]),
        Err(StoreError::Incomplete {
            expected: 20,
            found: 20
        })
    ));
    sled(&store).remove(&head_key).unwrap();
    let (records, complaints) = salvage(&store);
    assert_eq!((records.len(), complaints.len()), (19, 1));
    assert!(complaints[0].starts_with("20 records were acknowledged and 19 are there"));
    sled(&store).insert(&head_key, newer).unwrap();
    assert_eq!(scan(&store, &[]).unwrap().len(), 20);
}

/// Changes the file `name` of a closed store.
fn harm(fixture: &Fixture, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let path = fixture.folder().join(name);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
}

#[test]
fn a_damaged_page_costs_its_records_only() {
    let fixture = Fixture::new();
    fill(&mut fixture.open(), 2000);
    // From here on a snapshot tells where the pages are.
    drop(fixture.open());
    harm(&fixture, LOG_FILE, |log| {
        let target = b"record 00000777 ";
        for at in 0..log.len() - target.len() {
            if &log[at..at + target.len()] == target {
                log[at] ^= 1;
            }
        }
    });
    let store = fixture.open();
    let (key, _) = numbered(777);
    assert!(matches!(store.read(&key), Err(StoreError::Damaged { .. })));
    assert!(matches!(scan(&store, &[]), Err(StoreError::Corrupt { .. })));
    let (records, complaints) = salvage(&store);
    assert!((1980..2000).contains(&records.len()), "{}", records.len());
    assert!(records.iter().all(|(key, value)| {
        let number = u32::from_be_bytes(key.as_slice().try_into().unwrap());
        *value == numbered(number).1
    }));
    assert!(complaints[0].contains("cannot be read"), "{complaints:?}");
    assert!(complaints[1].starts_with("2000 records were acknowledged"));
}

#[test]
fn no_flipped_bit_in_the_log_passes_in_silence() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    fill(&mut store, 3000);
    for first in (0..3000).step_by(20) {
        let mut batch = Batch::default();
        for number in first..first + 20 {
            // 7 and 3000 have no common divisor, so every record is overwritten once, all over the log.
            let (key, mut value) = numbered(number * 7 % 3000);
            value.make_ascii_uppercase();
            batch.put(key, value);
        }
        store.commit(&batch).unwrap();
    }
    let expected = scan(&store, &[]).unwrap();
    drop(store);
    let log = fs::read(fixture.folder().join(LOG_FILE)).unwrap();
    let snapshots: Vec<_> = folder::snapshots(&fixture.folder()).unwrap();
    let mark = fs::read(fixture.folder().join(MARK_FILE)).unwrap();
    let sound: Vec<_> = snapshots
        .iter()
        .map(|path| (path, fs::read(path).unwrap()))
        .collect();
    let (mut refused, mut told) = (0, 0);
    for step in 1..60 {
        for snapshot in folder::snapshots(&fixture.folder()).unwrap() {
            fs::remove_file(snapshot).unwrap();
        }
        for (path, bytes) in &sound {
            fs::write(path, bytes).unwrap();
        }
        fs::write(fixture.folder().join(MARK_FILE), &mark).unwrap();
        harm(&fixture, LOG_FILE, |bytes| {
            bytes.clone_from(&log);
            bytes[log.len() * step / 60] ^= 1 << (step % 8);
        });
        match fixture.try_open() {
            Err(StoreError::Damaged { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
            Ok(store) => match scan(&store, &[]) {
                Ok(records) => assert!(records == expected, "a silent loss at step {step}"),
                Err(_) => told += 1,
            },
        }
    }
    assert!(refused > 0 && told > 0, "refused {refused}, told {told}");
}

#[test]
fn a_log_that_is_gone_is_told_and_not_replaced_by_an_empty_one() {
    let fixture = Fixture::new();
    let log = fixture.folder().join(LOG_FILE);
    fs::rename(&log, fixture.folder().join("elsewhere")).unwrap();
    assert!(matches!(
        fixture.try_open(),
        Err(StoreError::Damaged { .. })
    ));
    assert!(!log.exists());
    fs::write(&log, b"").unwrap();
    for snapshot in folder::snapshots(&fixture.folder()).unwrap() {
        fs::remove_file(snapshot).unwrap();
    }
    assert!(matches!(
        fixture.try_open(),
        Err(StoreError::Damaged { .. })
    ));
}

#[test]
fn leftovers_of_an_abrupt_stop_are_set_aside_and_every_record_is_there() {
    let fixture = Fixture::new();
    fill(&mut fixture.open(), 500);
    let expected = scan(&fixture.open(), &[]).unwrap();
    let newest = || folder::snapshots(&fixture.folder()).unwrap().pop().unwrap();
    let whole = fs::read(newest()).unwrap();
    let unfinished = fixture.folder().join("snap.FFFFFFFFFFFFFFFF.generating");
    for cut in [0, 5, whole.len() / 2, whole.len()] {
        fs::write(&unfinished, &whole[..cut]).unwrap();
        assert_eq!(
            scan(&fixture.open(), &[]).unwrap(),
            expected,
            "cut at {cut}"
        );
        assert!(!unfinished.exists());
    }
    for cut in [0, 12, whole.len() - 1] {
        fs::write(newest(), &whole[..cut]).unwrap();
        assert_eq!(
            scan(&fixture.open(), &[]).unwrap(),
            expected,
            "cut at {cut}"
        );
    }
    harm(&fixture, SETTINGS_FILE, |settings| settings[3] ^= 1);
    assert_eq!(scan(&fixture.open(), &[]).unwrap(), expected);
    let aside = folder::files(&fixture.folder().join(SET_ASIDE_FOLDER)).unwrap();
    assert_eq!(aside.len(), 4 + 3 + 1, "{aside:?}");
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
    // acknowledged, blobs, conf, db, format, lock; then a snapshot as well
    assert_eq!(check(), 6);
    let mut store = fixture.open();
    fill(&mut store, 10);
    assert_eq!(check(), 7);
    drop(store);
    fs::set_permissions(fixture.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    let store = fixture.open();
    assert_eq!(check(), 7);
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
    match store.commit(&batch) {
        Err(StoreError::DiskFull { free, needed, .. }) => assert!(free < needed),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.read(b"k").unwrap(), None);
    store.reserve = 0;
    store.commit(&batch).unwrap();
    assert_eq!(store.read(b"k").unwrap().unwrap(), b"v");
}

#[test]
fn a_failed_write_latches_until_the_store_is_reopened() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    put(&mut store, b"k", b"1");
    store.writer = Writer::start(STALL_LIMIT, |job| match job {
        Job::Write(_) => Err(WriteFailure {
            error: os_error(Path::new("/"), "writing", ErrorKind::StorageFull.into()),
            half: false,
        }),
        Job::Close(_) => Ok(()),
    })
    .unwrap();
    let mut batch = Batch::default();
    batch.put(*b"k", *b"2");
    assert!(matches!(
        store.commit(&batch),
        Err(StoreError::DiskFull { .. })
    ));
    assert!(matches!(
        store.commit(&batch),
        Err(StoreError::Latched { .. })
    ));
    assert!(matches!(store.read(b"k"), Err(StoreError::Latched { .. })));
    assert!(matches!(scan(&store, &[]), Err(StoreError::Latched { .. })));
    assert!(matches!(
        Box::new(store).close(),
        Err(StoreError::Latched { .. })
    ));
    assert_eq!(fixture.open().read(b"k").unwrap().unwrap(), b"1");
}

#[test]
fn a_store_that_panicked_or_hangs_keeps_its_folder_until_the_process_ends() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    store.writer = Writer::start(STALL_LIMIT, |_| panic!("as sled does")).unwrap();
    let mut batch = Batch::default();
    batch.put(*b"k", *b"1");
    match store.commit(&batch) {
        Err(StoreError::Damaged { what, .. }) => assert_eq!(what, "as sled does"),
        other => panic!("{other:?}"),
    }
    drop(store);
    assert!(matches!(fixture.try_open(), Err(StoreError::Locked { .. })));
}
