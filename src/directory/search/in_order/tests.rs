//! Rows from an index are those of the sorted list, wherever they begin.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::*;
use crate::directory::access::{AccessRules, Right, RuleText};
use crate::directory::descriptions::DescriptionTable;
use crate::directory::dn::Dn;
use crate::directory::entry::{self, Actor, Head, ROOT};
use crate::directory::filter::Filter;
use crate::directory::identity::Identity;
use crate::directory::index::IndexedAttributes;
use crate::directory::page::{Binding, Cursor};
use crate::directory::request::{
    Dereference, Part, SearchRequest, Slice, SliceStart, Sort, SortKey, Subentries,
};
use crate::directory::schema::{AttributeDescription, Schema, well_known as known};
use crate::directory::search::{Conditions, Progress, Room, Search};
use crate::directory::snapshot::Suffix;
use crate::directory::time::Csn;

/// So many persons, of whom some are deleted, and some are below another suffix.
#[derive(Copy, Clone, Debug)]
struct Shape {
    count: u32,
    deleted_every: u32,
    elsewhere: bool,
}

/// Few that are no members of the list, more than are looked for one by one, and some of another part of the tree.
const SHAPES: [Shape; 3] = [
    Shape {
        count: 600,
        deleted_every: 50,
        elsewhere: false,
    },
    Shape {
        count: 2_000,
        deleted_every: 3,
        elsewhere: false,
    },
    Shape {
        count: 900,
        deleted_every: 50,
        elsewhere: true,
    },
];

/// Persons by their numbers, of whom some have no name for people, among others that are none.
fn snapshot(shape: Shape, indexed: bool) -> Snapshot {
    let schema = crate::directory::fixture::schema();
    let suffixes = ["o=x", "o=y"].map(|name| Suffix::new(&schema, Dn::parse(name).unwrap()));
    let if_indexed = |attributes: &[AttributeTypeId]| match indexed {
        true => attributes.to_vec(),
        false => Vec::new(),
    };
    let attributes = IndexedAttributes {
        presence: vec![
            known::UID,
            known::DISPLAY_NAME,
            known::HEDGEROW_DELETED_TIME,
        ],
        substring: if_indexed(&[known::UID, known::DISPLAY_NAME]),
        ordering: if_indexed(&[
            known::ENTRY_UUID,
            known::CREATE_TIMESTAMP,
            known::MODIFY_TIMESTAMP,
        ]),
        ..IndexedAttributes::default()
    };
    let mut snapshot = Snapshot::empty(
        Arc::clone(&schema),
        Arc::from(suffixes),
        "".into(),
        &attributes,
    );
    for id in 1..=shape.count {
        let mut values = Vec::new();
        let top = id == 1 || id == 2 && shape.elsewhere;
        if !top {
            let class = if id % 7 == 0 {
                "device"
            } else {
                "inetOrgPerson"
            };
            values.push(("objectClass", class.to_owned()));
            values.push(("uid", name(id)));
            if id % 11 != 0 {
                values.push(("cn", name(id + 1)));
            }
            if id % 5 != 0 {
                values.push(("displayName", name(id + 2)));
            }
        }
        if id % shape.deleted_every == 0 {
            values.push(("hedgerowDeletedTime", "20200101000000Z".to_owned()));
        }
        let parent = match id {
            _ if top => ROOT,
            _ if shape.elsewhere && id % 3 == 0 => 2,
            _ if id > 4 && id % 7 == 3 => 4,
            _ => 1,
        };
        put(&mut snapshot, &schema, (id, parent), &values);
    }
    snapshot
}

/// Of many forms: in any order, some alike for longer than an index keeps, some that hold others.
fn name(id: u32) -> String {
    let mixed = id.wrapping_mul(2_654_435_761) % 9_973;
    match id % 4 {
        0 => format!("alike-for-longer-than-the-index-keeps-of-a-key-{mixed}"),
        1 => format!("A{}", mixed % 100 + id * 100),
        _ => format!("u{mixed}-{id}"),
    }
}

fn put(
    snapshot: &mut Snapshot,
    schema: &Schema,
    (id, parent): (EntryId, EntryId),
    values: &[(&str, String)],
) {
    let head = Head {
        parent,
        uuid: u128::from(id.wrapping_mul(2_654_435_761)).to_be_bytes(),
        created: i64::from(id.wrapping_mul(2_654_435_761) % 97),
        modified: i64::from(id.wrapping_mul(2_246_822_519) % 89),
        csn: Csn::default(),
        rdn: match (id, parent) {
            (1, _) => "o=x".to_owned(),
            (_, ROOT) => "o=y".to_owned(),
            _ => format!("cn={id}"),
        },
        creator: Actor::Administrator,
        modifier: Actor::Administrator,
    };
    let blocks: Vec<_> = values
        .iter()
        .map(|(name, value)| {
            let description = AttributeDescription::parse(schema, name).unwrap();
            let number =
                DescriptionTable::intern(snapshot.descriptions_mut(), schema, &description);
            (number.unwrap(), std::iter::once(value.as_bytes()))
        })
        .collect();
    let bytes = entry::encode(&head, blocks.into_iter()).unwrap();
    snapshot.put_entry(id, bytes.into());
}

fn request((by, reverse): (&str, bool), from: SliceStart, size: u32) -> SearchRequest {
    let filter = "(&(objectClass=inetOrgPerson)(uid=*)(!(hedgerowDeletedTime=*)))";
    SearchRequest {
        base: Dn::parse("o=x").unwrap(),
        scope: Scope::Subtree,
        dereference: Dereference::Never,
        filter: Filter::parse(filter).unwrap(),
        attributes: vec!["uid".to_owned()],
        types_only: false,
        size_limit: 0,
        time_limit: None,
        assertion: None,
        manage_referrals: true,
        omit_references: true,
        subentries: Subentries::ByScope,
        values: None,
        sort: Some(Sort {
            // Each key the other way round than the one before.
            keys: by
                .split(',')
                .enumerate()
                .map(|(at, by)| SortKey {
                    attribute: by.to_owned(),
                    rule: None,
                    reverse: reverse != (at % 2 == 1),
                    otherwise: (by == "displayName").then(|| "cn".to_owned()),
                })
                .collect(),
            required: true,
        }),
        part: Part::Slice(Slice { from, size }),
    }
}

/// The ids of a slice, how many there are, where the next begins, and whether nothing was gathered.
fn slice(
    snapshot: &Snapshot,
    request: &SearchRequest,
    resume: Option<Cursor>,
) -> (Vec<String>, u32, Option<Cursor>, bool) {
    slice_for(snapshot, &Identity::administrator(), &[], request, resume)
}

/// The same for somebody under these rules.
fn slice_for(
    snapshot: &Snapshot,
    identity: &Identity,
    rules: &[RuleText],
    request: &SearchRequest,
    resume: Option<Cursor>,
) -> (Vec<String>, u32, Option<Cursor>, bool) {
    let rules = AccessRules::compile(snapshot.schema(), rules).unwrap();
    let conditions = Conditions {
        size: None,
        deadline: None,
        resume,
        binding: Some(Binding::new(snapshot.schema(), identity, request)),
    };
    let mut search = Search::begin(
        snapshot,
        &rules,
        identity,
        request,
        conditions,
        &Room::default(),
    )
    .unwrap();
    let at_once = search.total().is_some();
    let mut found = Vec::new();
    loop {
        let progress = search.advance(snapshot, &rules, identity, 1_000, &mut |entry| {
            let values = entry.stored().next().unwrap().1;
            found.push(String::from_utf8(values.values().next().unwrap().to_vec()).unwrap());
            ControlFlow::Continue(())
        });
        if progress.unwrap() == Progress::Done {
            break;
        }
    }
    (found, search.total().unwrap(), search.next_page(), at_once)
}

/// By names, by moments that several have in common, and by what some do not have.
const ORDERS: [(&str, bool); 14] = [
    ("modifyTimestamp,uid", false),
    ("modifyTimestamp,uid", true),
    ("displayName,createTimestamp,uid", false),
    ("displayName,createTimestamp,uid", true),
    ("entryUUID", false),
    ("entryUUID", true),
    ("uid", false),
    ("uid", true),
    ("createTimestamp", false),
    ("createTimestamp", true),
    ("modifyTimestamp", false),
    ("modifyTimestamp", true),
    ("displayName", false),
    ("displayName", true),
];

#[test]
fn rows_are_those_of_the_sorted_list() {
    for shape in SHAPES {
        let (own, other) = (snapshot(shape, true), snapshot(shape, false));
        for by in ORDERS {
            let whole = request(by, SliceStart::Offset(0), shape.count);
            let (sorted, total, next, at_once) = slice(&other, &whole, None);
            assert!(!at_once && next.is_none() && total as usize == sorted.len());
            for offset in (0..total + 3).step_by(23) {
                for size in [0, 1, 10] {
                    let row = request(by, SliceStart::Offset(offset), size);
                    let (found, of, next, at_once) = slice(&own, &row, None);
                    let from = sorted.len().min(offset as usize);
                    let to = sorted.len().min(from + size as usize);
                    assert_eq!(found, sorted[from..to], "{by:?} {offset} {size}");
                    assert_eq!(of, total);
                    let more = from < to && to < sorted.len();
                    assert_eq!(next.is_some(), more, "{by:?} {offset} {size}");
                    assert!(at_once, "{by:?} {shape:?}");
                }
            }
        }
    }
}

#[test]
fn rows_by_cursor_make_the_whole_list_also_where_an_index_comes_and_goes() {
    let (own, other) = (snapshot(SHAPES[2], true), snapshot(SHAPES[2], false));
    for by in ORDERS {
        let (sorted, ..) = slice(&other, &request(by, SliceStart::Offset(0), 900), None);
        let (mut seen, mut cursor, mut turn) = (Vec::new(), None, 0);
        loop {
            turn += 1;
            let snapshot = if turn % 3 == 0 { &other } else { &own };
            // The cookie has been opened already.
            let from = match cursor {
                None => SliceStart::Offset(0),
                Some(_) => SliceStart::After(Vec::new()),
            };
            let row = request(by, from, 9);
            let (found, total, next, _) = slice(snapshot, &row, cursor.take());
            assert_eq!(total as usize, sorted.len());
            seen.extend(found);
            match next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, sorted, "{by:?}");
    }
}

const FIND: &[Right] = &[Right::Read, Right::Search];

/// What anyone may do below the first suffix.
fn rule(attributes: &[&str], filter: Option<&str>, allow: &[Right]) -> RuleText {
    RuleText {
        who: "anyone".to_owned(),
        to: "o=x".to_owned(),
        filter: filter.map(str::to_owned),
        attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        allow: allow.to_vec(),
        ..RuleText::default()
    }
}

/// What rules let others find decides whether the index may count for them, and never changes what they get.
#[test]
fn the_index_serves_whoever_may_find_whole_parts_of_the_list() {
    let (own, other) = (snapshot(SHAPES[1], true), snapshot(SHAPES[1], false));
    let asked = &["objectClass", "uid", "hedgerowDeletedTime"][..];
    let all = || rule(asked, None, FIND);
    let some = |attributes, allow| rule(attributes, Some("(uid=u*)"), allow);
    let part = |allow: &[Right]| RuleText {
        to: "cn=4,o=x".to_owned(),
        ..rule(&["*"], None, allow)
    };
    for (rules, counts) in [
        (vec![all()], true),
        (
            vec![rule(&asked[..2], None, FIND), rule(&asked[2..], None, FIND)],
            true,
        ),
        (vec![part(&[]), all()], true),
        (vec![part(&[Right::Read]), all()], true),
        (vec![part(FIND), rule(&["objectClass"], None, FIND)], true),
        (vec![part(FIND), some(&["*"], &[Right::Read])], true),
        (vec![all(), some(&["uid"], &[])], true),
        (vec![some(&["uid"], FIND), all()], true),
        (vec![some(asked, FIND)], false),
        (vec![some(&["uid"], &[]), all()], false),
        (vec![rule(&["uid"], None, &[Right::Read]), all()], false),
    ] {
        let of = |snapshot: &Snapshot| {
            let row = request(("uid", true), SliceStart::Offset(5), 10);
            slice_for(snapshot, &Identity::anonymous(), &rules, &row, None)
        };
        let (expected, total, _, gathered) = of(&other);
        let (found, counted, _, at_once) = of(&own);
        assert_eq!((found, counted), (expected, total), "{rules:?}");
        assert_eq!((at_once, gathered), (counts, false), "{rules:?}");
    }
}

/// Also where what stands in for an attribute is open of some entries alone, and where some entries are hidden.
#[test]
fn rows_are_those_of_the_sorted_list_under_rules_too() {
    let (own, other) = (snapshot(SHAPES[2], true), snapshot(SHAPES[2], false));
    let all = rule(&["*", "+"], None, FIND);
    let some = Some("(uid=u*)");
    for rules in [
        vec![all.clone()],
        vec![rule(&["cn"], None, &[]), all.clone()],
        vec![rule(&["cn"], some, &[]), all.clone()],
        vec![rule(&["cn"], some, &[Right::Read]), all.clone()],
        vec![rule(&["displayName", "+"], some, &[]), all.clone()],
        vec![rule(&["*", "+"], some, &[]), all.clone()],
        vec![rule(&["uid"], some, &[]), all],
    ] {
        let nobody = Identity::anonymous();
        for by in ORDERS {
            let of = |snapshot: &Snapshot, from, size| {
                let row = request(by, SliceStart::Offset(from), size);
                let (found, total, _, at_once) = slice_for(snapshot, &nobody, &rules, &row, None);
                (found, total, at_once)
            };
            let (sorted, total, _) = of(&other, 0, 900);
            assert!(!sorted.is_empty() && sorted.len() == total as usize);
            for from in (0..total + 3).step_by(31) {
                let (found, of, at_once) = of(&own, from, 12);
                let from = sorted.len().min(from as usize);
                let to = sorted.len().min(from + 12);
                assert_eq!(
                    (&found[..], of),
                    (&sorted[from..to], total),
                    "{by:?} {from}"
                );
                assert!(at_once, "{by:?} {rules:?}");
            }
        }
    }
}

#[test]
fn a_list_of_which_very_many_lack_the_attribute_is_gathered() {
    let shape = Shape {
        count: 8_000,
        ..SHAPES[0]
    };
    let by = ("displayName", false);
    let row = request(by, SliceStart::Offset(1_000), 10);
    let (expected, total, ..) = slice(&snapshot(shape, false), &row, None);
    let (found, of, _, at_once) = slice(&snapshot(shape, true), &row, None);
    assert_eq!((found, of, at_once), (expected, total, false));
}
