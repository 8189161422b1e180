//! What becomes of a search that there is no room to sort, or that asks much of each entry, and which ones count as done
//! without an index.

use super::order::SortFault;
use super::window::WindowFault;
use super::*;
use crate::directory::access::{Right, RuleText};
use crate::directory::descriptions::DescriptionTable;
use crate::directory::dn::Dn;
use crate::directory::entry::{self, Actor, Head, ROOT};
use crate::directory::filter::Filter;
use crate::directory::index::IndexedAttributes;
use crate::directory::request::{Page, Part, Sort, SortKey, Subentries, Window, WindowTarget};
use crate::directory::schema::{AttributeDescription, PosixGroup, Schema};
use crate::directory::snapshot::Suffix;
use std::sync::Arc;

const COUNT: u32 = 4_000;

/// One suffix entry with many below it, in the reverse order of their names.
fn snapshot() -> Snapshot {
    entries(COUNT, "", &[])
}

/// The same with so many, each with another value of `cn`, and these attributes indexed for substrings.
fn entries(count: u32, other: &str, indexed: &[&str]) -> Snapshot {
    let schema = Arc::new(Schema::built_in(PosixGroup::Auxiliary).unwrap());
    let suffix = Suffix::new(&schema, Dn::parse("o=x").unwrap());
    let ids = indexed
        .iter()
        .map(|name| schema.attribute_id(name).unwrap());
    let indexed = IndexedAttributes {
        substring: ids.collect(),
        ..IndexedAttributes::default()
    };
    let (suffixes, administrator) = (Arc::from([suffix]), "".into());
    let mut snapshot = Snapshot::empty(schema, suffixes, administrator, &indexed);
    for id in 1..=count {
        put(&mut snapshot, id, &format!("{:08}", count - id), other);
    }
    snapshot
}

/// Puts an entry with one or two values of `cn` in, as a change of its own.
fn put(snapshot: &mut Snapshot, id: EntryId, name: &str, other: &str) {
    let schema = snapshot.shared_schema();
    let cn = AttributeDescription::parse(&schema, "cn").unwrap();
    let cn = DescriptionTable::intern(snapshot.descriptions_mut(), &schema, &cn).unwrap();
    let head = Head {
        parent: if id == 1 { ROOT } else { 1 },
        uuid: u128::from(id).to_be_bytes(),
        created: 0,
        modified: 0,
        csn: snapshot.csn().next(0),
        rdn: if id == 1 {
            "o=x".to_owned()
        } else {
            format!("cn={name}")
        },
        creator: Actor::Administrator,
        modifier: Actor::Administrator,
    };
    let both = [name.as_bytes(), other.as_bytes()].into_iter();
    let values = std::iter::once((cn, both.filter(|value| !value.is_empty())));
    snapshot.put_entry(id, entry::encode(&head, values).unwrap().into());
}

fn request(required: bool, part: Part) -> SearchRequest {
    let key = SortKey {
        attribute: "cn".to_owned(),
        rule: None,
        reverse: false,
        otherwise: None,
    };
    let keys = vec![key];
    SearchRequest {
        base: Dn::parse("o=x").unwrap(),
        scope: Scope::Children,
        dereference: Dereference::Never,
        filter: Filter::And(Vec::new()),
        attributes: vec!["1.1".to_owned()],
        types_only: false,
        size_limit: 0,
        time_limit: None,
        assertion: None,
        manage_referrals: false,
        omit_references: false,
        subentries: Subentries::ByScope,
        values: None,
        sort: Some(Sort { keys, required }),
        part,
    }
}

fn everyone_reads(snapshot: &Snapshot) -> AccessRules {
    let rule = RuleText {
        who: "anyone".to_owned(),
        allow: vec![Right::Read, Right::Search],
        ..RuleText::default()
    };
    AccessRules::compile(snapshot.schema(), &[rule]).unwrap()
}

/// Searches from the beginning or from where a page before ended, with this room to sort.
fn run(
    snapshot: &Snapshot,
    request: &SearchRequest,
    resume: Option<Cursor>,
    room: Room,
) -> Result<(Vec<String>, Search), Error> {
    run_under(&everyone_reads(snapshot), snapshot, request, resume, room)
}

fn run_under(
    rules: &AccessRules,
    snapshot: &Snapshot,
    request: &SearchRequest,
    resume: Option<Cursor>,
    room: Room,
) -> Result<(Vec<String>, Search), Error> {
    let identity = Identity::anonymous();
    let conditions = Conditions {
        size: None,
        deadline: None,
        resume,
        binding: None,
    };
    let mut search = Search::begin(snapshot, rules, &identity, request, conditions, &room)?;
    let mut names = Vec::new();
    while search.advance(snapshot, rules, &identity, 100, &mut |entry| {
        names.push(entry.copy().dn);
        ControlFlow::Continue(())
    })? == Progress::More
    {}
    Ok((names, search))
}

/// Room for about half of the entries.
fn too_little() -> Room {
    Room::of(64 << 10)
}

fn all(snapshot: &Snapshot) -> Vec<String> {
    (2..=COUNT).map(|id| snapshot.dn(id)).collect()
}

#[test]
fn a_search_that_cannot_be_sorted_fails_or_comes_whole_and_unsorted() {
    let snapshot = snapshot();
    let sorted = run(
        &snapshot,
        &request(true, Part::Whole),
        None,
        Room::default(),
    );
    let mut expected = all(&snapshot);
    expected.reverse();
    assert_eq!(sorted.unwrap().0, expected);

    let refused = run(&snapshot, &request(true, Part::Whole), None, too_little());
    let is_busy =
        |error| matches!(error, Error::CannotSort(cause) if cause.fault == SortFault::Busy);
    assert!(refused.is_err_and(is_busy));
    let (names, search) = run(&snapshot, &request(false, Part::Whole), None, too_little()).unwrap();
    assert_eq!(names, all(&snapshot));
    assert!(search.sorted().unwrap().is_err());
    assert_eq!(search.total(), Some(COUNT - 1));
}

#[test]
fn pages_go_on_as_they_began() {
    let snapshot = snapshot();
    let part = Part::Page(Page {
        size: 1_400,
        cookie: Vec::new(),
    });
    let request = request(false, part);
    let (mut resume, mut names) = (None, Vec::new());
    // Room comes after the first page, which had none: the others are unsorted too.
    for room in [too_little(), Room::default(), Room::default()] {
        let (page, search) = run(&snapshot, &request, resume, room).unwrap();
        assert!(search.sorted().unwrap().is_err());
        names.extend(page);
        resume = search.next_page();
    }
    assert_eq!((names, resume), (all(&snapshot), None));
    // Room goes after the first page, which was sorted: the second cannot be.
    let (_, search) = run(&snapshot, &request, None, Room::default()).unwrap();
    assert_eq!(search.sorted(), Some(Ok(())));
    let second = run(&snapshot, &request, search.next_page(), too_little());
    assert!(matches!(second, Err(Error::Busy(_))));
}

#[test]
fn there_is_no_window_on_a_list_that_cannot_be_sorted() {
    let part = Part::Window(Window {
        before: 0,
        after: 1,
        target: WindowTarget::Value(b"1".to_vec()),
        context: None,
    });
    let refused = run(&snapshot(), &request(false, part), None, too_little());
    assert!(matches!(
        refused,
        Err(Error::NoWindow(WindowFault::CannotSort(_)))
    ));
}

/// What an index has found is true of the moment at which it was asked.
#[test]
fn an_entry_that_no_longer_matches_when_its_turn_comes_is_not_returned() {
    let before = entries(20, "", &["cn"]);
    let mut after = before.clone();
    put(&mut after, 15, "other", "");
    let rules = everyone_reads(&before);
    let identity = Identity::anonymous();
    let prefixed = SearchRequest {
        filter: Filter::parse("(cn=0000000*)").unwrap(),
        sort: None,
        ..request(false, Part::Whole)
    };
    let conditions = Conditions {
        size: None,
        deadline: None,
        resume: None,
        binding: None,
    };
    let mut search = Search::begin(
        &before,
        &rules,
        &identity,
        &prefixed,
        conditions,
        &Room::default(),
    )
    .unwrap();
    let mut count = 0;
    for snapshot in [&before, &after, &after, &after] {
        let progress = search.advance(snapshot, &rules, &identity, 3, &mut |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        progress.unwrap();
    }
    assert_eq!(count, 9);
}

/// An index keeps the beginning of a long value, which another may share.
#[test]
fn a_value_that_goes_does_not_take_one_along_that_begins_like_it() {
    let long = "x".repeat(300);
    let mut snapshot = entries(20, "", &["cn"]);
    put(&mut snapshot, 2, &format!("{long}a"), &format!("{long}b"));
    put(&mut snapshot, 2, &format!("{long}a"), "");
    for piece in ["x", &long] {
        let prefixed = SearchRequest {
            filter: Filter::parse(&format!("(cn={piece}*)")).unwrap(),
            sort: None,
            ..request(false, Part::Whole)
        };
        let (names, _) = run(&snapshot, &prefixed, None, Room::default()).unwrap();
        assert_eq!(names.len(), 1, "{piece}");
    }
}

#[test]
fn an_index_tells_nothing_of_attributes_that_may_not_be_searched() {
    let snapshot = entries(20, "", &["cn"]);
    let rule = |attributes: &[&str], allow: &[Right]| RuleText {
        who: "anyone".to_owned(),
        attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        allow: allow.to_vec(),
        ..RuleText::default()
    };
    for (filter, closed, found) in [
        ("(cn=0000000*)", "cn", 0),
        ("(cn=0000000*)", "sn", 10),
        ("(|(cn=0000000*)(cn=x*))", "cn", 0),
        ("(!(cn=0000000*))", "cn", 0),
    ] {
        let texts = [
            rule(&[closed], &[Right::Read]),
            rule(&[], &[Right::Read, Right::Search]),
        ];
        let rules = AccessRules::compile(snapshot.schema(), &texts).unwrap();
        let prefixed = SearchRequest {
            filter: Filter::parse(filter).unwrap(),
            sort: None,
            ..request(false, Part::Whole)
        };
        let (names, _) = run_under(&rules, &snapshot, &prefixed, None, Room::default()).unwrap();
        assert_eq!(names.len(), found, "{filter} without {closed}");
    }
}

/// No thread is kept for longer, whatever is asked of an entry.
#[test]
fn the_more_is_asked_of_an_entry_the_fewer_have_a_slice() {
    let long = "x".repeat(256 * 1024);
    let many = |name: &str| vec![name.to_owned(); 10_000];
    for (terms, attributes, snapshot, most) in [
        (10_000, Vec::new(), snapshot(), 2),
        (1, many("cn;lang-de"), snapshot(), 2),
        (1, many("cn;range=0-9"), snapshot(), 2),
        (1, Vec::new(), entries(40, &long, &[]), 16),
    ] {
        let selectors = attributes.len();
        let rules = everyone_reads(&snapshot);
        let identity = Identity::anonymous();
        let term = || Filter::Present("cn".to_owned());
        let wide = SearchRequest {
            filter: Filter::Or((0..terms).map(|_| term()).collect()),
            attributes,
            sort: None,
            ..request(false, Part::Whole)
        };
        let conditions = Conditions {
            size: None,
            deadline: None,
            resume: None,
            binding: None,
        };
        let mut search = Search::begin(
            &snapshot,
            &rules,
            &identity,
            &wide,
            conditions,
            &Room::default(),
        )
        .unwrap();
        let mut seen = 0;
        let progress = search.advance(&snapshot, &rules, &identity, 1_024, &mut |_| {
            seen += 1;
            ControlFlow::Continue(())
        });
        assert_eq!(progress, Ok(Progress::More));
        assert!(
            (1..=most).contains(&seen),
            "{seen} of {terms} terms, {selectors} selectors"
        );
    }
}

/// What is said of a search for this filter.
fn said_of(filter: &str, sort: bool) -> Option<Unindexed> {
    let snapshot = snapshot();
    let mut request = request(false, Part::Whole);
    request.filter = Filter::parse(filter).unwrap();
    request.sort = request.sort.filter(|_| sort);
    let (_, search) = run(&snapshot, &request, None, Room::default()).unwrap();
    search.unindexed(&snapshot)
}

#[test]
fn a_search_that_looks_at_many_in_vain_tells_which_indexes_would_have_helped() {
    for (filter, would_help) in [
        ("(cn=00000007)", "equality of cn"),
        ("(&(cn=0000000*)(!(sn=x)))", "substring of cn"),
        (
            "(|(cn=0)(sn>=x)(mail=*))",
            "equality of cn, presence of mail",
        ),
        ("(!(cn=*))", "none"),
    ] {
        for sort in [false, true] {
            let said = said_of(filter, sort).unwrap();
            assert_eq!(said.would_help, would_help, "{filter}");
            assert!(said.in_vain > 3_900, "{filter}");
        }
    }
}

#[test]
fn a_search_that_finds_what_it_looks_at_or_has_a_plan_is_not_worth_a_word() {
    for filter in ["(cn=*)", "(&)", "(objectClass=device)"] {
        assert_eq!(said_of(filter, false), None, "{filter}");
    }
}
