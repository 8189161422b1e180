//! Searches in pages, sorted and through windows, against what plain lists say.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::mpsc;
use std::time::Instant;

use hedgerow::directory::access::{Right, RuleText};
use hedgerow::directory::dn::{Dn, Rdn};
use hedgerow::directory::filter::Filter;
use hedgerow::directory::identity::Identity;
use hedgerow::directory::index::IndexedAttributes;
use hedgerow::directory::request::{
    Change, Modification, ModificationKind, Page, Part, Scope, SearchRequest, Sort, SortKey, Terms,
    Window, WindowTarget,
};
use hedgerow::directory::search::{Progress, Search};
use hedgerow::directory::{Directory, Error};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use crate::in_memory::{self, Fixture, SUFFIX, administrator};

const UNITS: usize = 3;
const TEXTS: [&str; 6] = ["Ann", "ann lee", "BOB", "bob", "Zoe", "a"];

/// One person. `employeeNumber` is its place in the list, whatever becomes of its name.
#[derive(Clone, Debug)]
struct Person {
    unit: usize,
    sn: usize,
    descriptions: BTreeSet<usize>,
    number: Option<i32>,
}

fn person() -> impl Strategy<Value = Person> {
    let texts = || 0..TEXTS.len();
    let number = prop_oneof![-3..12_i32, 98..1_002_i32];
    (
        0..UNITS,
        texts(),
        btree_set(texts(), 0..3),
        option::of(number),
    )
        .prop_map(|(unit, sn, descriptions, number)| Person {
            unit,
            sn,
            descriptions,
            number,
        })
}

fn name(at: usize, unit: usize) -> String {
    format!("uid=p{at},{}", unit_name(unit))
}

fn unit_name(unit: usize) -> String {
    format!("ou=u{unit},{SUFFIX}")
}

fn attributes(at: usize, person: &Person) -> Vec<(String, String)> {
    let mut all = vec![
        ("objectClass", "inetOrgPerson".to_owned()),
        ("uid", format!("p{at}")),
        ("cn", format!("person {at}")),
        ("sn", TEXTS[person.sn].to_owned()),
        ("employeeNumber", at.to_string()),
    ];
    // Values that are equal but for their case are one.
    let mut seen = BTreeSet::new();
    for text in person.descriptions.iter().map(|text| TEXTS[*text]) {
        if seen.insert(text.to_lowercase()) {
            all.push(("description", text.to_owned()));
        }
    }
    if let Some(number) = person.number {
        all.push(("objectClass", "posixAccount".to_owned()));
        all.push(("uidNumber", number.to_string()));
        all.push(("gidNumber", "1".to_owned()));
        all.push(("homeDirectory", "/".to_owned()));
    }
    let owned = |(name, value): (&str, String)| (name.to_owned(), value);
    all.into_iter().map(owned).collect()
}

fn ldif(people: &[Person]) -> String {
    let mut out = format!(
        "dn: {SUFFIX}\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: x\n"
    );
    for unit in 0..UNITS {
        let name = unit_name(unit);
        let _ = write!(
            out,
            "\ndn: {name}\nobjectClass: organizationalUnit\nou: u{unit}\n"
        );
    }
    for (at, person) in people.iter().enumerate() {
        let _ = write!(out, "\ndn: {}\n", name(at, person.unit));
        for (name, value) in attributes(at, person) {
            let _ = writeln!(out, "{name}: {value}");
        }
    }
    out
}

fn fixture() -> Fixture {
    Fixture::new(|_| IndexedAttributes::default())
}

fn serve(fixture: &Fixture, people: &[Person]) -> Directory {
    fixture.serve(fixture.store(ldif(people).as_bytes()))
}

fn request(base: &str, scope: Scope) -> SearchRequest {
    let filter = Filter::Present("uid".to_owned());
    in_memory::request(base, scope, filter, &["employeeNumber"])
}

/// The persons that a search returns, in their order, and the search at its end.
fn run(
    directory: &Directory,
    identity: &Identity,
    request: &SearchRequest,
) -> Result<(Vec<usize>, Search), Error> {
    let mut search = directory.search(identity, request, Instant::now())?;
    let mut found = Vec::new();
    while directory.advance(&mut search, identity, 5, &mut |entry| {
        for (_, block) in entry.stored() {
            let value = std::str::from_utf8(block.values().next().unwrap()).unwrap();
            found.push(value.parse().unwrap());
        }
        ControlFlow::Continue(())
    })? == Progress::More
    {}
    Ok((found, search))
}

/// All pages of a search; `between` is called after each.
fn pages(
    directory: &Directory,
    request: &SearchRequest,
    size: u32,
    mut between: impl FnMut(usize),
) -> Vec<usize> {
    let identity = administrator(directory);
    let mut all = Vec::new();
    let mut cookie = Vec::new();
    for page in 0.. {
        let part = Part::Page(Page { size, cookie });
        let (found, search) = run(
            directory,
            &identity,
            &SearchRequest {
                part,
                ..request.clone()
            },
        )
        .unwrap();
        assert!(found.len() <= size as usize);
        assert!(page < 1_000, "the pages do not end");
        all.extend(found);
        match directory.cookie(&search) {
            Some(next) => cookie = next,
            None => break,
        }
        between(page);
    }
    all
}

#[derive(Clone, Debug)]
enum Step {
    Add(usize),
    Remove(usize),
    Move(usize, usize),
    Rename(usize),
    Edit(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let any = || 0..100_usize;
    prop_oneof![
        (0..UNITS).prop_map(Step::Add),
        any().prop_map(Step::Remove),
        (any(), 0..UNITS).prop_map(|(at, unit)| Step::Move(at, unit)),
        any().prop_map(Step::Rename),
        (any(), 0..TEXTS.len()).prop_map(|(at, text)| Step::Edit(at, text)),
    ]
}

/// Where each person is, by its number: the unit and the relative name.
struct Tree<'a> {
    directory: &'a Directory,
    places: BTreeMap<usize, (usize, String)>,
    next: usize,
}

impl Tree<'_> {
    fn new<'a>(directory: &'a Directory, people: &[Person]) -> Tree<'a> {
        let place = |(at, person): (usize, &Person)| (at, (person.unit, format!("uid=p{at}")));
        Tree {
            directory,
            places: people.iter().enumerate().map(place).collect(),
            next: people.len(),
        }
    }

    fn change(&self, change: Change) {
        let (send, receive) = mpsc::channel();
        let identity = administrator(self.directory);
        let terms = Terms::default();
        self.directory
            .change(&identity, change, terms, move |result| {
                send.send(result.map(|_| ())).unwrap();
            });
        receive.recv().unwrap().unwrap();
    }

    fn apply(&mut self, step: &Step) {
        if let Step::Add(unit) = step {
            let at = self.next;
            self.next += 1;
            let person = Person {
                unit: *unit,
                sn: at % TEXTS.len(),
                descriptions: BTreeSet::new(),
                number: None,
            };
            let attributes = attributes(at, &person).into_iter();
            self.change(Change::Add {
                dn: Dn::parse(&name(at, *unit)).unwrap(),
                attributes: attributes
                    .map(|(name, value)| (name, vec![value.into_bytes()]))
                    .collect(),
            });
            self.places.insert(at, (*unit, format!("uid=p{at}")));
            return;
        }
        let (Step::Remove(which)
        | Step::Move(which, _)
        | Step::Rename(which)
        | Step::Edit(which, _)) = step
        else {
            return;
        };
        let Some((at, (unit, rdn))) = self.places.iter().nth(which % self.places.len().max(1))
        else {
            return;
        };
        let (at, unit, rdn) = (*at, *unit, rdn.clone());
        let dn = Dn::parse(&format!("{rdn},{}", unit_name(unit))).unwrap();
        let (unit, rdn, change) = match step {
            Step::Remove(_) => {
                self.change(Change::Delete { dn });
                self.places.remove(&at);
                return;
            }
            Step::Edit(_, text) => {
                let modification = Modification {
                    kind: ModificationKind::Replace,
                    attribute: "sn".to_owned(),
                    values: vec![TEXTS[*text].as_bytes().to_vec()],
                };
                let modifications = vec![modification];
                (unit, rdn, Change::Modify { dn, modifications })
            }
            Step::Move(_, to) => {
                let new_superior = Some(Dn::parse(&unit_name(*to)).unwrap());
                (*to, rdn.clone(), rename(dn, &rdn, new_superior))
            }
            _ => {
                let rdn = format!("{rdn}x");
                (unit, rdn.clone(), rename(dn, &rdn, None))
            }
        };
        self.change(change);
        self.places.insert(at, (unit, rdn));
    }

    /// Who is below a base now.
    fn within(&self, unit: Option<usize>) -> BTreeSet<usize> {
        let here = self.places.iter();
        here.filter(|(_, (own, _))| unit.is_none_or(|unit| unit == *own))
            .map(|(at, _)| *at)
            .collect()
    }
}

fn rename(dn: Dn, rdn: &str, new_superior: Option<Dn>) -> Change {
    Change::Rename {
        dn,
        new_rdn: Rdn::parse(rdn).unwrap(),
        delete_old_rdn: true,
        new_superior,
    }
}

/// Pages through a search while the tree changes, and sees that who was there the whole time came once.
fn page_through(
    people: &[Person],
    unit: Option<usize>,
    size: u32,
    steps: &[Vec<Step>],
    sorted: bool,
) {
    let directory = serve(&fixture(), people);
    let mut tree = Tree::new(&directory, people);
    let base = unit.map_or(SUFFIX.to_owned(), unit_name);
    let mut request = request(
        &base,
        if unit.is_some() {
            Scope::One
        } else {
            Scope::Subtree
        },
    );
    if sorted {
        let key = sort_key(&("employeeNumber", true));
        request.sort = Some(Sort {
            keys: vec![key],
            required: true,
        });
    }
    let mut always = tree.within(unit);
    let mut ever = always.clone();
    let found = pages(&directory, &request, size, |page| {
        for step in steps.get(page).into_iter().flatten() {
            tree.apply(step);
            let now = tree.within(unit);
            always.retain(|at| now.contains(at));
            ever.extend(now);
        }
    });
    let once: BTreeSet<usize> = found.iter().copied().collect();
    assert_eq!(once.len(), found.len(), "an entry came twice: {found:?}");
    assert!(
        always.is_subset(&once),
        "missing: {:?}",
        always.difference(&once)
    );
    assert!(once.is_subset(&ever), "{once:?} of {ever:?}");
    directory.close();
}

/// How two persons are ordered by one key: missing values last, the least of several, and all that turned around.
fn compare(key: &(&str, bool), one: &Person, other: &Person) -> Ordering {
    let text = |person: &Person| match key.0 {
        "sn" => Some(TEXTS[person.sn].to_lowercase()),
        _ => {
            let texts = person.descriptions.iter();
            texts.map(|text| TEXTS[*text].to_lowercase()).min()
        }
    };
    fn order<T: Ord>(one: Option<T>, other: Option<T>) -> Ordering {
        match (one, other) {
            (Some(one), Some(other)) => one.cmp(&other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        }
    }
    let ordering = match key.0 {
        "uidNumber" => order(one.number, other.number),
        _ => order(text(one), text(other)),
    };
    if key.1 { ordering.reverse() } else { ordering }
}

fn keys() -> impl Strategy<Value = Vec<(&'static str, bool)>> {
    let names = Just(["sn", "description", "uidNumber"]).prop_shuffle();
    (names, any::<[bool; 3]>(), 1..4_usize).prop_map(|(names, reverse, count)| {
        let keys = names.into_iter().zip(reverse);
        keys.take(count).collect()
    })
}

fn sort_key(key: &(&str, bool)) -> SortKey {
    SortKey {
        attribute: key.0.to_owned(),
        rule: None,
        reverse: key.1,
        otherwise: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_together_are_the_search_whatever_is_written_between_them(
        people in vec(person(), 0..25),
        unit in option::of(0..UNITS),
        size in 1..8_u32,
        steps in vec(vec(step(), 0..4), 0..10),
        sorted in any::<bool>(),
    ) {
        page_through(&people, unit, size, &steps, sorted);
    }

    #[test]
    fn a_sorted_search_is_a_plain_sort_and_its_pages_and_windows_are_parts_of_it(
        people in vec(person(), 0..25),
        keys in keys(),
        size in 1..9_u32,
        windows in vec((0..4_u32, 0..4_u32, 1..26_u32), 4),
    ) {
        let directory = serve(&fixture(), &people);
        let identity = administrator(&directory);
        let sort = Sort { keys: keys.iter().map(sort_key).collect(), required: true };
        let request = SearchRequest { sort: Some(sort), ..request(SUFFIX, Scope::Subtree) };
        let mut expected: Vec<usize> = (0..people.len()).collect();
        expected.sort_by(|one, other| {
            let orders = keys.iter().map(|key| compare(key, &people[*one], &people[*other]));
            orders.fold(Ordering::Equal, Ordering::then)
        });
        let (found, search) = run(&directory, &identity, &request).unwrap();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(search.sorted(), (!people.is_empty()).then_some(Ok(())));
        prop_assert_eq!(&pages(&directory, &request, size, |_| {}), &expected);
        for (before, after, offset) in windows {
            let count = people.len();
            let target = WindowTarget::Offset { offset, count: 0 };
            let part = Part::Window(Window { before, after, target, context: None });
            let windowed = run(&directory, &identity, &SearchRequest { part, ..request.clone() });
            if offset as usize > count && count > 0 {
                prop_assert!(matches!(windowed, Err(Error::NoWindow(_))));
                continue;
            }
            let (found, search) = windowed.unwrap();
            let at = (offset as usize).saturating_sub(1);
            let from = at.saturating_sub(before as usize).min(count);
            let to = (at + after as usize + 1).min(count);
            prop_assert_eq!(&found, &expected[from..to]);
            prop_assert_eq!(search.place().unwrap().count as usize, count);
        }
        directory.close();
    }
}

fn many(count: usize) -> Vec<Person> {
    let person = |at: usize| Person {
        unit: at % 2,
        sn: at % TEXTS.len(),
        descriptions: BTreeSet::new(),
        number: None,
    };
    (0..count).map(person).collect()
}

#[test]
fn a_large_tree_is_paged_through_as_well() {
    let people = many(2_600);
    let steps = vec![
        vec![
            Step::Move(3, 1),
            Step::Move(90, 0),
            Step::Remove(50),
            Step::Add(0)
        ];
        5
    ];
    for unit in [None, Some(0)] {
        page_through(&people, unit, 311, &steps, false);
    }
}

#[test]
fn a_page_without_entries_tells_how_many_there_are() {
    let directory = serve(&fixture(), &many(12));
    let identity = administrator(&directory);
    let count = Part::Page(Page {
        size: 0,
        cookie: Vec::new(),
    });
    let request = SearchRequest {
        part: count,
        ..request(SUFFIX, Scope::Subtree)
    };
    let (found, search) = run(&directory, &identity, &request).unwrap();
    assert!(found.is_empty());
    assert_eq!(search.total(), Some(12));
    assert_eq!(directory.cookie(&search), None);
}

#[test]
fn nobody_sorts_by_what_is_not_shown() {
    let rule = |attributes: &[&str], allow: &[Right]| RuleText {
        who: "anyone".to_owned(),
        attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        allow: allow.to_vec(),
        ..RuleText::default()
    };
    let rules = [
        rule(&["sn"], &[Right::Search]),
        rule(&["description"], &[Right::Read]),
        rule(&["*", "+"], &[Right::Read, Right::Search]),
    ];
    let people: Vec<Person> = (0..5)
        .map(|at| Person {
            unit: 0,
            sn: 4 - at,
            descriptions: BTreeSet::from([4 - at]),
            number: Some(5 - i32::try_from(at).unwrap()),
        })
        .collect();
    let directory = serve(&fixture().with_rules(&rules), &people);
    let order = |name: &str| {
        let keys = vec![sort_key(&(name, false))];
        let sort = Some(Sort {
            keys,
            required: true,
        });
        let request = SearchRequest {
            sort,
            ..request(SUFFIX, Scope::Subtree)
        };
        run(&directory, &Identity::anonymous(), &request).unwrap().0
    };
    assert_eq!(order("uidNumber"), [4, 3, 2, 1, 0]);
    for hidden in ["sn", "description", "userPassword"] {
        assert_eq!(order(hidden), [0, 1, 2, 3, 4], "{hidden}");
    }
}

#[test]
fn a_context_is_taken_for_its_own_list_alone() {
    let directory = serve(&fixture(), &many(9));
    let identity = administrator(&directory);
    let window = |by: &str, context: Option<Vec<u8>>| {
        let target = WindowTarget::Offset {
            offset: 2,
            count: 0,
        };
        let keys = vec![sort_key(&(by, false))];
        let request = SearchRequest {
            sort: Some(Sort {
                keys,
                required: false,
            }),
            part: Part::Window(Window {
                before: 0,
                after: 1,
                target,
                context,
            }),
            ..request(SUFFIX, Scope::Subtree)
        };
        run(&directory, &identity, &request).map(|(_, search)| directory.cookie(&search).unwrap())
    };
    let context = window("cn", None).unwrap();
    assert!(window("cn", Some(context.clone())).is_ok());
    assert!(window("cn", Some(Vec::new())).is_ok());
    let mut forged = context.clone();
    forged[20] ^= 1;
    for (by, context) in [("sn", context), ("cn", forged)] {
        assert!(
            matches!(window(by, Some(context)), Err(Error::NoWindow(_))),
            "{by}"
        );
    }
}
