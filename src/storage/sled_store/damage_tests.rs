//! Tests of what a store says when its records or its files were harmed, and of what it can still read.

use std::fs;

use super::fixture::{Fixture, fill, numbered, put, salvage, scan, sled};
use super::*;
use crate::storage::folder::{JOURNAL_FILES, SET_ASIDE_FOLDER};
use crate::storage::record;

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
        store.commit(batch).unwrap();
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
        store.commit(batch).unwrap();
    }
    let expected = scan(&store, &[]).unwrap();
    drop(store);
    // It would make good for much.
    for name in JOURNAL_FILES {
        harm(&fixture, name, |journal| journal.fill(0));
    }
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
    assert!(refused + told > 10, "refused {refused}, told {told}");
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
fn commits_that_vanish_from_the_end_of_the_log_are_told() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    put(&mut store, b"k", b"1");
    drop(store);
    let path = |name: &str| fixture.folder().join(name);
    let earlier = fs::read(path(LOG_FILE)).unwrap();
    let mut store = fixture.open();
    put(&mut store, b"k", b"2");
    put(&mut store, b"k", b"3");
    drop(store);
    let go_back = || {
        fs::write(path(LOG_FILE), &earlier).unwrap();
        for snapshot in folder::snapshots(&fixture.folder()).unwrap() {
            fs::remove_file(snapshot).unwrap();
        }
    };
    go_back();
    // The journal still has them.
    let store = fixture.open();
    assert_eq!(store.read(b"k").unwrap().unwrap(), b"3");
    drop(store);
    go_back();
    for name in JOURNAL_FILES {
        harm(&fixture, name, |journal| journal.fill(0));
    }
    match fixture.try_open() {
        Err(StoreError::Damaged { what, .. }) => {
            let expected = "commit 3 was acknowledged, but the log ends with commit 1";
            assert!(what.starts_with(expected), "{what}");
        }
        other => panic!("{:?}", other.err()),
    }
    fs::remove_file(path(MARK_FILE)).unwrap();
    let store = fixture.open();
    assert_eq!(store.read(b"k").unwrap().unwrap(), b"1");
    assert_eq!(scan(&store, &[]).unwrap().len(), 1);
}
