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

/// Persons by their numbers, and what makes some of them others: those that are deleted and those that are none.
fn snapshot(count: u32, deleted_every: u32, indexed: bool) -> Snapshot {
    let schema = crate::directory::fixture::schema();
    let suffix = Suffix::new(&schema, Dn::parse("o=x").unwrap());
    let attributes = IndexedAttributes {
        presence: vec![known::UID, known::HEDGEROW_DELETED_TIME],
        substring: if indexed {
            vec![known::UID]
        } else {
            Vec::new()
        },
        ordering: if indexed {
            vec![known::CREATE_TIMESTAMP]
        } else {
            Vec::new()
        },
        ..IndexedAttributes::default()
    };
    let mut snapshot = Snapshot::empty(
        Arc::clone(&schema),
        Arc::from([suffix]),
        "".into(),
        &attributes,
    );
    for id in 1..=count {
        let mut values = Vec::new();
        if id > 1 {
            let class = if id % 7 == 0 {
                "device"
            } else {
                "inetOrgPerson"
            };
            values.push(("objectClass", class.to_owned()));
            values.push(("uid", name(id)));
        }
        if id % deleted_every == 0 {
            values.push(("hedgerowDeletedTime", "20200101000000Z".to_owned()));
        }
        put(&mut snapshot, &schema, id, &values);
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

fn put(snapshot: &mut Snapshot, schema: &Schema, id: EntryId, values: &[(&str, String)]) {
    let head = Head {
        parent: if id == 1 { ROOT } else { 1 },
        uuid: u128::from(id).to_be_bytes(),
        created: i64::from(id.wrapping_mul(2_654_435_761) % 97),
        modified: 0,
        csn: Csn::default(),
        rdn: if id == 1 {
            "o=x".to_owned()
        } else {
            format!("cn={id}")
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
            keys: vec![SortKey {
                attribute: by.to_owned(),
                rule: None,
                reverse,
                otherwise: None,
            }],
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

/// By names, and by moments that several have in common.
const ORDERS: [(&str, bool); 4] = [
    ("uid", false),
    ("uid", true),
    ("createTimestamp", false),
    ("createTimestamp", true),
];

#[test]
fn what_stands_in_for_an_attribute_that_every_entry_has_costs_nothing() {
    let own = snapshot(600, 50, true);
    for by in ORDERS {
        let plain = request(by, SliceStart::Offset(100), 10);
        let mut standing_in = plain.clone();
        for key in &mut standing_in.sort.as_mut().unwrap().keys {
            key.otherwise = Some("sn".to_owned());
        }
        let (expected, total, ..) = slice(&own, &plain, None);
        let (found, of, _, at_once) = slice(&own, &standing_in, None);
        assert_eq!((found, of, at_once), (expected, total, true), "{by:?}");
    }
}

#[test]
fn rows_are_those_of_the_sorted_list() {
    // Few that are no members of the list, and more than are looked for one by one.
    for (count, deleted_every) in [(600, 50), (2_000, 3)] {
        let own = snapshot(count, deleted_every, true);
        let other = snapshot(count, deleted_every, false);
        for by in ORDERS {
            let whole = request(by, SliceStart::Offset(0), count);
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
                    assert!(at_once);
                }
            }
        }
    }
}

#[test]
fn rows_by_cursor_make_the_whole_list_also_where_an_index_comes_and_goes() {
    let (own, other) = (snapshot(600, 50, true), snapshot(600, 50, false));
    for by in ORDERS {
        let (sorted, ..) = slice(&other, &request(by, SliceStart::Offset(0), 600), None);
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

/// What rules let others find decides whether the index may count for them, and never changes what they get.
#[test]
fn the_index_serves_whoever_may_find_every_entry_of_the_list() {
    let snapshot = snapshot(600, 50, true);
    let rule = |attributes: &[&str], filter: Option<&str>, allow: &[Right]| RuleText {
        who: "anyone".to_owned(),
        to: "o=x".to_owned(),
        filter: filter.map(str::to_owned),
        attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        allow: allow.to_vec(),
        place: String::new(),
    };
    let find = &[Right::Read, Right::Search][..];
    let asked = &["objectClass", "uid", "hedgerowDeletedTime"][..];
    let row = request(("uid", true), SliceStart::Offset(5), 10);
    let (expected, total, ..) = slice(&snapshot, &row, None);
    let of = |rules: &[RuleText]| {
        let (found, total, _, at_once) =
            slice_for(&snapshot, &Identity::anonymous(), rules, &row, None);
        (found, total, at_once)
    };
    assert_eq!(
        of(&[rule(asked, None, find)]),
        (expected.clone(), total, true)
    );
    let in_two = [rule(&asked[..2], None, find), rule(&asked[2..], None, find)];
    assert_eq!(of(&in_two), (expected.clone(), total, true));
    let every = [
        rule(asked, Some("(uid=*)"), find),
        rule(&["objectClass"], None, find),
    ];
    assert_eq!(of(&every), (expected, total, false));
    let but_some = [
        rule(&["uid"], Some("(uid=u*)"), &[]),
        rule(asked, None, find),
    ];
    let (found, fewer, at_once) = of(&but_some);
    assert!(!at_once && fewer < total && found.iter().all(|uid| !uid.starts_with('u')));
    let unsearchable = [
        rule(&["uid"], None, &[Right::Read]),
        rule(asked, None, find),
    ];
    assert_eq!(of(&unsearchable), (Vec::new(), 0, false));
}
