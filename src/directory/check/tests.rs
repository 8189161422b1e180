//! Each thing that may be wrong is told, in a store that nobody serves and in one that somebody does.

use super::*;
use crate::directory::fixture::{directory, schema, setup};
use crate::directory::index::IndexedAttributes;
use crate::storage::Batch;

/// What a check of the fixture's store says after `damage`.
fn faults(damage: impl FnOnce(&mut Batch, &Snapshot)) -> Vec<String> {
    let schema = schema();
    let (mut store, snapshot) = directory(&schema);
    let mut batch = Batch::default();
    damage(&mut batch, &snapshot);
    store.commit(batch).unwrap();
    let empty = setup()
        .empty(&schema, &IndexedAttributes::default())
        .unwrap();
    check(&store, empty, &mut |_| {}).unwrap().faults
}

/// Where the fixture's store differs from what is served after `damage`.
fn differences(damage: impl FnOnce(&mut Batch, &Snapshot)) -> Vec<String> {
    let (mut store, snapshot) = directory(&schema());
    let mut batch = Batch::default();
    damage(&mut batch, &snapshot);
    store.commit(batch).unwrap();
    compare(&store, &snapshot).unwrap().faults
}

fn bytes(snapshot: &Snapshot, id: EntryId) -> Vec<u8> {
    snapshot.entry_bytes(id).unwrap().to_vec()
}

#[test]
fn a_sound_directory_has_no_faults_stored_or_served() {
    let schema = schema();
    let (store, snapshot) = directory(&schema);
    let empty = setup()
        .empty(&schema, &IndexedAttributes::default())
        .unwrap();
    let stored = check(&store, empty, &mut |_| {}).unwrap();
    assert_eq!((stored.entries, stored.edges), (3, 4));
    assert!(stored.faults.is_empty(), "{stored}");
    let mut served = compare(&store, &snapshot).unwrap();
    verify(&snapshot, &mut served, &mut |_| {});
    assert_eq!(served, stored);
    assert!(
        served
            .to_string()
            .ends_with("3 entries, 4 members; 0 faults\n")
    );
}

#[test]
fn a_second_entry_of_a_name_is_told() {
    let told = faults(|batch, snapshot| batch.put(stored::entry_key(9), bytes(snapshot, 2)));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("have the same name (cn=one)"), "{told:?}");
    let suffix = faults(|batch, snapshot| batch.put(stored::entry_key(9), bytes(snapshot, 1)));
    assert!(
        suffix[0].ends_with("have the same name (dc=a)"),
        "{suffix:?}"
    );
}

#[test]
fn a_parent_a_group_or_a_member_that_is_missing_is_told() {
    let parent = faults(|batch, _| batch.delete(stored::entry_key(1)));
    assert!(
        parent.contains(&"entry 2 (cn=one) is below entry 1, which does not exist".to_owned()),
        "{parent:?}"
    );
    let group = faults(|batch, _| batch.delete(stored::entry_key(3)));
    assert!(
        group.contains(&"members belong to group 3, which does not exist".to_owned()),
        "{group:?}"
    );
    let member = faults(|batch, _| {
        let edge = Edge::Entry {
            kind: EdgeKind::Member,
            member: 77,
        };
        batch.put(stored::edge_key(3, &edge), b"\0\x02\0\x03\0\x4d".to_vec());
    });
    assert_eq!(member, ["group 3 has the member 77, which does not exist"]);
}

#[test]
fn a_missing_attribute_description_is_told_and_does_no_more() {
    let told = faults(|batch, _| {
        batch.delete(stored::description_key(super::super::entry::DescriptionId(
            0,
        )));
    });
    assert!(
        told.iter()
            .any(|fault| fault.contains("comes after 0 others")),
        "{told:?}"
    );
}

#[test]
fn a_record_that_is_not_as_it_is_served_is_told() {
    let changed = differences(|batch, snapshot| {
        batch.put(stored::entry_key(2), bytes(snapshot, 1));
    });
    assert_eq!(changed, ["entry 2 (dc=a) is not stored as it is served"]);
    let gone = differences(|batch, _| batch.delete(stored::entry_key(2)));
    assert_eq!(gone, ["3 entries are served, but 2 are stored"]);
    let edge = Edge::Entry {
        kind: EdgeKind::UniqueMember,
        member: 2,
    };
    let more = differences(|batch, _| {
        batch.put(stored::edge_key(3, &edge), b"\0\x02".to_vec());
    });
    assert_eq!(
        more,
        [
            "a member of group 3 is not stored as it is served",
            "4 members are served, but 5 are stored"
        ]
    );
}
