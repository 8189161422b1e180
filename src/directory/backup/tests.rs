//! A backup holds everything once, is the same for the same directory, and a file that is anything else is refused.

use super::read::KeyValue;
use super::*;
use crate::directory::fixture::{directory, schema, setup};
use crate::directory::index::IndexedAttributes;
use crate::directory::schema::Schema;
use crate::directory::setup::load;
use crate::directory::stored::Setting;
use crate::storage::memory::MemoryStore;

fn written(snapshot: &Snapshot) -> (Vec<u8>, Summary) {
    let mut out = Vec::new();
    let summary = write(snapshot, &setup(), &mut out, &mut |_| {}).unwrap();
    (out, summary)
}

/// A file of these records, its end right.
fn file(records: &[KeyValue<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    writer.title().unwrap();
    for (key, value) in records {
        writer.record(key, value).unwrap();
    }
    writer.finish().unwrap();
    out
}

fn refusal(schema: &Schema, file: &[u8]) -> String {
    verify(schema, file).unwrap_err().to_string()
}

#[test]
fn a_restored_store_holds_what_was_backed_up_and_backs_up_to_the_same() {
    let schema = schema();
    let (store, snapshot) = directory(&schema);
    let (file, summary) = written(&snapshot);
    assert_eq!((summary.entries, summary.members), (3, 4));
    assert_eq!(verify(&schema, &*file).unwrap(), summary);
    // The form from memory is that from the store.
    assert_eq!(summarize(&store).unwrap(), summary);

    let mut restored = MemoryStore::default();
    restore(&mut restored, &*file, &mut |_| {}).unwrap();
    assert_eq!(summarize(&restored).unwrap(), summary);
    let setup = Setup::read(&restored).unwrap();
    assert_eq!(setup.suffixes, ["dc=a", "o=b"]);
    let empty = setup.empty(&schema, &IndexedAttributes::default()).unwrap();
    let (snapshot, _) = load(&mut restored, empty, &mut |_| {}).unwrap();
    assert_eq!(written(&snapshot).0, file);
}

#[test]
fn every_cut_and_every_changed_byte_is_noticed() {
    let schema = schema();
    let (file, _) = written(&directory(&schema).1);
    for length in 0..file.len() {
        assert!(verify(&schema, &file[..length]).is_err(), "cut to {length}");
    }
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 0x10;
        assert!(verify(&schema, &*changed).is_err(), "byte {at}");
    }
    let longer = [&*file, b"x"].concat();
    assert!(refusal(&schema, &longer).contains("something follows its end"));
}

#[test]
fn a_cut_says_how_far_it_got_and_a_newer_form_what_is_needed() {
    let schema = schema();
    let (file, _) = written(&directory(&schema).1);
    let cut = refusal(&schema, &file[..file.len() - 50]);
    assert!(cut.contains("cut short after"), "{cut}");
    let newer = refusal(&schema, b"hedgerow backup 2\nwhatever");
    assert!(newer.contains("form 2"), "{newer}");
    for other in [
        &b""[..],
        b"dn: dc=a\n",
        b"hedgerow backup x\n",
        b"hedgerow backup 0\n",
        b"hedgerow backup 99999999999\n",
    ] {
        assert!(refusal(&schema, other).starts_with("not a backup"));
    }
}

#[test]
fn a_claimed_length_takes_no_memory_and_no_panic() {
    let schema = schema();
    let title = b"hedgerow backup 1\n";
    let long = [&title[..], &[0, 1, 0x02, 0, 0, 0, b'e']].concat();
    assert!(refusal(&schema, &long).contains("cut short"));
    let longer = [&title[..], &[0, 1, 0xff, 0xff, 0xff, 0xff, b'e']].concat();
    assert!(refusal(&schema, &longer).contains("impossible length"));
    let key = [&title[..], &[0xff, 0xff, 0, 0, 0, 0]].concat();
    assert!(refusal(&schema, &key).contains("impossible length"));
}

#[test]
fn records_that_no_directory_has_are_refused_though_the_checksum_is_right() {
    let schema = schema();
    let import = Setting::Import.key();
    let cases: [(Vec<KeyValue<'_>>, &str); 9] = [
        (vec![(b"d\0\x01", b"cn")], "description is missing"),
        (vec![(b"d\0\0", b"cn"), (b"d\0\0", b"cn")], "out of order"),
        (vec![(b"d\0\x01", b"cn"), (b"d\0\0", b"cn")], "description"),
        (vec![(b"e\0\0\0\x01", b"\x01no entry")], "malformed entry"),
        (vec![(b"c\0\0\0\0\0\0\0\x01\0\0\0\0", b"")], "history"),
        (vec![(&import, b"\0\0\0\x01")], "setting"),
        (vec![(b"mwhatever", b"")], "setting"),
        (vec![(b"x", b"")], "not a record"),
        (vec![], "setting of the directory is missing"),
    ];
    for (records, reason) in cases {
        let told = refusal(&schema, &file(&records));
        assert!(told.contains(reason), "{told}");
    }
}

#[test]
fn the_history_of_changes_stays_behind() {
    let schema = schema();
    let (mut store, snapshot) = directory(&schema);
    let mut batch = Batch::default();
    let csn = snapshot.csn();
    batch.put(stored::change_key(csn), b"dn: dc=a".to_vec());
    store.commit(batch).unwrap();
    assert_eq!(summarize(&store).unwrap(), written(&snapshot).1);
}
