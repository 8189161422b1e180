//! Changes in any order against a model of the tree, and that what the store then holds is the same tree.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::{Arc, mpsc};

use hedgerow::directory::access::AccessRules;
use hedgerow::directory::dn::{Dn, Rdn};
use hedgerow::directory::filter::Filter;
use hedgerow::directory::filter::plan::Plan;
use hedgerow::directory::index::IndexedAttributes;
use hedgerow::directory::password::{Argon2Params, Pool, PoolSettings};
use hedgerow::directory::request::{
    Change, Dereference, Modification, ModificationKind, Part, Scope, SearchRequest, Subentries,
    Terms,
};
use hedgerow::directory::schema::{PosixGroup, Schema};
use hedgerow::directory::search::Progress;
use hedgerow::directory::setup::Setup;
use hedgerow::directory::snapshot::Snapshot;
use hedgerow::directory::unique::UniqueAttributes;
use hedgerow::directory::{Administrator, Directory, Error, Settings, export, import, setup};
use hedgerow::storage::Store;
use hedgerow::storage::memory::MemoryStore;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

const SUFFIX: &str = "dc=example,dc=org";
const ADMINISTRATOR: &str = "cn=admin,dc=example,dc=org";
const VALUES: [&str; 4] = ["one", "two", "ONE", "three"];

/// Attributes by name, values in lower case; `member` is kept apart.
type Values = BTreeMap<String, BTreeSet<String>>;

/// What a group lists: an entry wherever it goes, or a name without an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Member {
    Entry(usize),
    Name(String),
}

#[derive(Clone, Debug)]
struct Entry {
    parent: Option<usize>,
    rdn: String,
    values: Values,
    members: BTreeSet<Member>,
}

/// The tree as it should be, entries by numbers that do not change.
#[derive(Clone, Debug, Default)]
struct Model {
    entries: BTreeMap<usize, Entry>,
    next: usize,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Class {
    Unit,
    Person,
    Group,
}

/// A place in the tree that may or may not exist: one of few names, up to three deep.
#[derive(Clone, Debug)]
struct Place(Vec<(Class, usize)>);

#[derive(Clone, Debug)]
enum Step {
    Add(Place, Vec<Place>),
    Describe(Place, ModificationKind, Vec<&'static str>),
    Enroll(Place, ModificationKind, Place),
    /// A group lists a person, who may not exist, by number.
    List(Place, ModificationKind, usize),
    Delete(Place),
    Prune(Place),
    Rename(Place, usize, bool, Option<Place>),
}

impl Place {
    fn dn(&self) -> String {
        let mut dn = String::new();
        for (class, number) in self.0.iter().rev() {
            dn += &rdn(*class, *number);
            dn.push(',');
        }
        dn + SUFFIX
    }

    fn class(&self) -> Class {
        self.0.last().map_or(Class::Unit, |(class, _)| *class)
    }
}

fn rdn(class: Class, number: usize) -> String {
    match class {
        Class::Unit => format!("ou=u{number}"),
        Class::Person => format!("uid=p{number}"),
        Class::Group => format!("cn=g{number}"),
    }
}

fn place() -> impl Strategy<Value = Place> {
    let class = select(vec![Class::Unit, Class::Person, Class::Group]);
    (vec(0..2_usize, 0..3), class, 0..3_usize).prop_map(|(units, class, number)| {
        let mut path: Vec<_> = units.into_iter().map(|unit| (Class::Unit, unit)).collect();
        path.push((class, number));
        Place(path)
    })
}

fn step() -> impl Strategy<Value = Step> {
    let kind = || {
        select(vec![
            ModificationKind::Add,
            ModificationKind::Delete,
            ModificationKind::Replace,
        ])
    };
    prop_oneof![
        8 => (place(), vec(place(), 0..4)).prop_map(|(at, members)| Step::Add(at, members)),
        3 => (place(), kind(), vec(select(VALUES.to_vec()), 0..3))
            .prop_map(|(at, kind, values)| Step::Describe(at, kind, values)),
        4 => (place(), select(vec![ModificationKind::Add, ModificationKind::Delete]), place())
            .prop_map(|(at, kind, member)| Step::Enroll(at, kind, member)),
        3 => (place(), select(vec![ModificationKind::Add, ModificationKind::Delete]), 0..3_usize)
            .prop_map(|(at, kind, number)| Step::List(at, kind, number)),
        2 => place().prop_map(Step::Delete),
        1 => place().prop_map(Step::Prune),
        4 => (place(), 0..3_usize, any::<bool>(), option::of(place()))
            .prop_map(|(at, number, forget, to)| Step::Rename(at, number, forget, to)),
    ]
}

impl Model {
    fn new() -> Model {
        let mut model = Model::default();
        model.insert(None, SUFFIX, values(&[("dc", "example"), ("o", "example")]));
        model
    }

    fn insert(&mut self, parent: Option<usize>, rdn: &str, values: Values) -> usize {
        let (id, rdn, members) = (self.next, rdn.to_owned(), BTreeSet::new());
        let entry = Entry {
            parent,
            rdn,
            values,
            members,
        };
        self.entries.insert(id, entry);
        self.next += 1;
        id
    }

    fn dn(&self, id: usize) -> String {
        let entry = &self.entries[&id];
        match entry.parent {
            Some(parent) => format!("{},{}", entry.rdn, self.dn(parent)),
            None => entry.rdn.clone(),
        }
    }

    fn find(&self, dn: &str) -> Option<usize> {
        self.entries.keys().copied().find(|id| self.dn(*id) == dn)
    }

    fn member(&self, dn: &str) -> Member {
        self.find(dn)
            .map_or_else(|| Member::Name(dn.to_owned()), Member::Entry)
    }

    fn is_within(&self, id: usize, above: usize) -> bool {
        id == above
            || self.entries[&id]
                .parent
                .is_some_and(|parent| self.is_within(parent, above))
    }

    fn remove(&mut self, id: usize) {
        self.entries.remove(&id);
        for entry in self.entries.values_mut() {
            entry.members.remove(&Member::Entry(id));
        }
    }

    /// Names that entries now have become those entries.
    fn settle(&mut self) {
        let ids: BTreeMap<String, usize> =
            self.entries.keys().map(|id| (self.dn(*id), *id)).collect();
        for entry in self.entries.values_mut() {
            entry.members = std::mem::take(&mut entry.members)
                .into_iter()
                .map(|member| match member {
                    Member::Name(dn) if ids.contains_key(&dn) => Member::Entry(ids[&dn]),
                    other => other,
                })
                .collect();
        }
    }

    /// Does a step; whether it can be done.
    fn apply(&mut self, step: &Step) -> bool {
        let mut next = self.clone();
        let done = next.attempt(step).is_some();
        if done {
            next.settle();
            *self = next;
        }
        done
    }

    fn attempt(&mut self, step: &Step) -> Option<()> {
        match step {
            Step::Add(at, members) => {
                let dn = at.dn();
                let (rdn, parent) = dn.split_once(',').unwrap();
                let parent = self.find(parent)?;
                if self.find(&dn).is_some() {
                    return None;
                }
                let id = self.insert(Some(parent), rdn, values(&[rdn.split_once('=').unwrap()]));
                if at.class() == Class::Person {
                    let more = values(&[("cn", "someone"), ("sn", "someone")]);
                    self.entries.get_mut(&id).unwrap().values.extend(more);
                }
                if at.class() == Class::Group {
                    if members.is_empty() {
                        return None;
                    }
                    let more = values(&[("gidNumber", "1")]);
                    self.entries.get_mut(&id).unwrap().values.extend(more);
                    let members = listed(members).iter().map(|dn| self.member(dn)).collect();
                    self.entries.get_mut(&id).unwrap().members = members;
                }
            }
            Step::Describe(at, kind, given) => {
                let id = self.find(&at.dn())?;
                let described = &mut self.entries.get_mut(&id).unwrap().values;
                let mut now = described.remove("description").unwrap_or_default();
                let distinct: BTreeSet<String> = given.iter().map(|v| v.to_lowercase()).collect();
                match kind {
                    ModificationKind::Add => {
                        if given.is_empty()
                            || distinct.len() < given.len()
                            || !distinct.is_disjoint(&now)
                        {
                            return None;
                        }
                        now.extend(distinct);
                    }
                    ModificationKind::Delete if given.is_empty() => {
                        if now.is_empty() {
                            return None;
                        }
                        now.clear();
                    }
                    ModificationKind::Delete => {
                        for value in given {
                            if !now.remove(&value.to_lowercase()) {
                                return None;
                            }
                        }
                    }
                    _ => {
                        if distinct.len() < given.len() {
                            return None;
                        }
                        now = distinct;
                    }
                }
                if !now.is_empty() {
                    described.insert("description".to_owned(), now);
                }
            }
            Step::Enroll(at, kind, member) => {
                let id = self.find(&at.dn())?;
                let member = self.member(&member.dn());
                if at.class() != Class::Group {
                    return None;
                }
                let members = &mut self.entries.get_mut(&id).unwrap().members;
                let changed = match kind {
                    ModificationKind::Add => members.insert(member),
                    _ => members.remove(&member) && !members.is_empty(),
                };
                return changed.then_some(());
            }
            Step::List(at, kind, number) => {
                let id = self.find(&at.dn())?;
                if at.class() != Class::Group {
                    return None;
                }
                let values = &mut self.entries.get_mut(&id).unwrap().values;
                let mut listed = values.remove("memberUid").unwrap_or_default();
                let changed = match kind {
                    ModificationKind::Add => listed.insert(format!("p{number}")),
                    _ => listed.remove(&format!("p{number}")),
                };
                if !listed.is_empty() {
                    values.insert("memberUid".to_owned(), listed);
                }
                return changed.then_some(());
            }
            Step::Delete(at) => {
                let id = self.find(&at.dn())?;
                if self.entries.values().any(|entry| entry.parent == Some(id)) {
                    return None;
                }
                self.remove(id);
            }
            Step::Prune(at) => {
                let top = self.find(&at.dn())?;
                let all: Vec<usize> = self.entries.keys().copied().collect();
                let doomed: Vec<usize> = all
                    .into_iter()
                    .filter(|id| self.is_within(*id, top))
                    .collect();
                doomed.into_iter().for_each(|id| self.remove(id));
            }
            Step::Rename(at, number, forget, to) => {
                let id = self.find(&at.dn())?;
                let parent = match to {
                    Some(to) => self.find(&to.dn())?,
                    None => self.entries[&id].parent?,
                };
                let new = rdn(at.class(), *number);
                let there = self.find(&format!("{new},{}", self.dn(parent)));
                if self.is_within(parent, id) || there.is_some_and(|other| other != id) {
                    return None;
                }
                let entry = self.entries.get_mut(&id).unwrap();
                let (name, old) = entry.rdn.split_once('=').unwrap();
                let named = entry.values.get_mut(name).unwrap();
                if *forget {
                    named.remove(old);
                }
                named.insert(new.split_once('=').unwrap().1.to_owned());
                (entry.rdn, entry.parent) = (new, Some(parent));
            }
        }
        Some(())
    }

    fn groups_of(&self, id: usize) -> BTreeSet<usize> {
        let uids = self.entries[&id].values.get("uid");
        let lists = |of: &Entry| {
            let mut listed = of.values.get("memberUid").into_iter().flatten();
            let is_own = |uid| uids.is_some_and(|uids| uids.contains(uid));
            of.members.contains(&Member::Entry(id)) || listed.any(is_own)
        };
        let groups = self.entries.iter().filter(|(_, of)| lists(of));
        groups.map(|(group, _)| *group).collect()
    }

    /// Every entry by name, members and the groups it is in among the values.
    fn dump(&self) -> BTreeMap<String, Values> {
        let entries = self.entries.iter().map(|(id, entry)| {
            let mut values = entry.values.clone();
            let members = entry.members.iter().map(|member| match member {
                Member::Entry(id) => self.dn(*id),
                Member::Name(dn) => dn.clone(),
            });
            let members: BTreeSet<String> = members.collect();
            if !members.is_empty() {
                values.insert("member".to_owned(), members);
            }
            let direct = self.groups_of(*id);
            let mut all = direct.clone();
            let mut open: Vec<usize> = direct.iter().copied().collect();
            while let Some(group) = open.pop() {
                open.extend(
                    self.groups_of(group)
                        .into_iter()
                        .filter(|it| all.insert(*it)),
                );
            }
            // A group is in no group by listing itself, at once or through others.
            all.remove(id);
            let indirect = all.difference(&direct).copied().collect();
            for (name, groups) in [("memberOf", &all), ("memberOfIndirect", &indirect)] {
                if !groups.is_empty() {
                    let groups = groups.iter().map(|group| self.dn(*group)).collect();
                    values.insert(name.to_owned(), groups);
                }
            }
            (self.dn(*id), values)
        });
        entries.collect()
    }
}

fn values(pairs: &[(&str, &str)]) -> Values {
    let mut values = Values::new();
    for (name, value) in pairs {
        let of = values.entry((*name).to_owned()).or_default();
        of.insert((*value).to_owned());
    }
    values
}

/// The members that a new group is given.
fn listed(members: &[Place]) -> BTreeSet<String> {
    members.iter().map(Place::dn).collect()
}

fn attribute(name: &str, values: &[&str]) -> (String, Vec<Vec<u8>>) {
    let values = values.iter().map(|value| value.as_bytes().to_vec());
    (name.to_owned(), values.collect())
}

/// The change that a step asks for.
fn change(step: &Step) -> Change {
    let dn = |place: &Place| Dn::parse(&place.dn()).unwrap();
    let modify = |at: &Place, kind: ModificationKind, name: &str, values: &[&str]| Change::Modify {
        dn: dn(at),
        modifications: vec![Modification {
            kind,
            attribute: name.to_owned(),
            values: attribute(name, values).1,
        }],
    };
    match step {
        Step::Add(at, members) => {
            let listed = listed(members);
            let members: Vec<&str> = listed.iter().map(String::as_str).collect();
            let attributes = match at.class() {
                Class::Unit => vec![attribute("objectClass", &["organizationalUnit"])],
                Class::Person => vec![
                    attribute("objectClass", &["inetOrgPerson"]),
                    attribute("cn", &["someone"]),
                    attribute("sn", &["someone"]),
                ],
                Class::Group => vec![
                    attribute("objectClass", &["groupOfNames", "posixGroup"]),
                    attribute("gidNumber", &["1"]),
                    attribute("member", &members),
                ],
            };
            Change::Add {
                dn: dn(at),
                attributes,
            }
        }
        Step::Describe(at, kind, values) => modify(at, *kind, "description", values),
        Step::Enroll(at, kind, member) => modify(at, *kind, "member", &[&member.dn()]),
        Step::List(at, kind, number) => modify(at, *kind, "memberUid", &[&format!("p{number}")]),
        Step::Delete(at) | Step::Prune(at) => Change::Delete { dn: dn(at) },
        Step::Rename(at, number, forget, to) => Change::Rename {
            dn: dn(at),
            new_rdn: Rdn::parse(&rdn(at.class(), *number)).unwrap(),
            delete_old_rdn: *forget,
            new_superior: to.as_ref().map(dn),
        },
    }
}

struct Fixture {
    schema: Arc<Schema>,
    setup: Setup,
}

impl Fixture {
    fn new() -> Fixture {
        Fixture {
            schema: Arc::new(Schema::built_in(PosixGroup::Auxiliary).unwrap()),
            setup: Setup {
                suffixes: vec![SUFFIX.to_owned()],
                administrator: Administrator {
                    name: ADMINISTRATOR.into(),
                    hash: b"{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
                        .as_slice()
                        .into(),
                },
            },
        }
    }

    fn empty(&self) -> Snapshot {
        let ids = ["uid", "description"].map(|name| self.schema.attribute_id(name).unwrap());
        let indexed = IndexedAttributes {
            equality: ids.to_vec(),
            presence: ids.to_vec(),
            substring: ids.to_vec(),
            ordering: vec![self.schema.attribute_id("modifyTimestamp").unwrap()],
        };
        self.setup.empty(&self.schema, &indexed).unwrap()
    }

    fn rules(&self) -> AccessRules {
        let texts = AccessRules::default_texts(&self.setup.suffixes);
        AccessRules::compile(&self.schema, &texts).unwrap()
    }

    fn load(&self, store: &mut dyn Store) -> Snapshot {
        setup::load(store, self.empty(), &mut |_| {}).unwrap().0
    }

    fn import(&self, store: &mut dyn Store, ldif: &[u8]) {
        let prepared = import::prepare(
            self.empty(),
            &self.rules(),
            &pool(),
            ldif,
            true,
            &mut |_| {},
        );
        let prepared = prepared.unwrap_or_else(|error| panic!("{error}"));
        prepared.write(store, &mut |_| {}).unwrap();
    }

    fn serve(&self, store: MemoryStore, snapshot: Snapshot) -> Directory {
        let settings = Settings {
            size_limit: None,
            time_limit: None,
            upgrade_passwords: false,
            unique: UniqueAttributes::default(),
            accounts: hedgerow::directory::account::AccountSettings::default(),
            changes: hedgerow::directory::change_log::Bounds::default(),
        };
        let administrator = self.setup.administrator.clone();
        let (store, rules) = (Box::new(store), self.rules());
        Directory::serve(store, snapshot, rules, administrator, pool(), settings).unwrap()
    }
}

fn pool() -> Pool {
    Pool::start(PoolSettings {
        threads: NonZeroUsize::MIN,
        queue_per_thread: NonZeroUsize::MIN,
        params: Argon2Params::new(8, 1, 1).unwrap(),
    })
    .unwrap()
}

fn exported(snapshot: &Snapshot) -> Vec<u8> {
    let mut out = Vec::new();
    let export = export::Export {
        base: None,
        filter: None,
        with_secrets: true,
        progress: &mut |_| {},
    };
    export::write(snapshot, export, &mut out).unwrap();
    out
}

/// The paragraphs of LDIF and the lines of each, without order.
fn unordered(ldif: &[u8]) -> BTreeSet<BTreeSet<String>> {
    let text = String::from_utf8(ldif.to_vec()).unwrap();
    let paragraphs = text.split("\n\n");
    paragraphs
        .map(|entry| entry.lines().map(str::to_owned).collect())
        .collect()
}

/// Every entry as the administrator finds it, object classes left out.
/// What the indexes find: after any changes it must be what they find when they are made anew.
fn candidates(snapshot: &Snapshot) -> Vec<Vec<String>> {
    let filters = [
        "(description=*)",
        "(!(description=*))",
        "(description=one)",
        "(description=t*)",
        "(description=*ree*)",
        "(|(uid=*)(description=*two))",
        "(modifyTimestamp>=20000101000000Z)",
        "(memberOf=cn=g0,dc=example,dc=org)",
        "(!(memberOf=cn=g1,dc=example,dc=org))",
        "(member:1.2.840.113556.1.4.1941:=uid=p0,dc=example,dc=org)",
    ];
    let found = filters.map(|text| {
        let filter = Filter::parse(text).unwrap().resolve(snapshot.schema());
        let ids = Plan::new(&filter, snapshot).unwrap().candidates();
        ids.into_iter().map(|id| snapshot.dn(id)).collect()
    });
    found.to_vec()
}

fn dump(directory: &Directory) -> BTreeMap<String, Values> {
    let identity = directory.vouch(&Dn::parse(ADMINISTRATOR).unwrap()).unwrap();
    let request = SearchRequest {
        base: Dn::parse(SUFFIX).unwrap(),
        scope: Scope::Subtree,
        dereference: Dereference::Never,
        filter: Filter::Present("objectClass".to_owned()),
        attributes: ["*", "memberOf", "memberOfIndirect"]
            .map(str::to_owned)
            .to_vec(),
        types_only: false,
        size_limit: 0,
        time_limit: None,
        assertion: None,
        manage_referrals: false,
        omit_references: false,
        subentries: Subentries::ByScope,
        values: None,
        sort: None,
        part: Part::Whole,
    };
    let mut search = directory.search(&identity, &request).unwrap();
    let mut entries = BTreeMap::new();
    while directory
        .advance(&mut search, &identity, 7, &mut |entry| {
            let mut dn = String::new();
            entry.write_dn(&mut dn);
            let mut values = Values::new();
            let mut put = |name: &str, value: &[u8]| {
                let value = String::from_utf8(value.to_vec()).unwrap();
                let of = values.entry(name.to_owned()).or_default();
                assert!(
                    of.insert(value.to_lowercase()),
                    "{dn} has {name}: {value} twice"
                );
            };
            for (name, block) in entry.stored().filter(|(name, _)| *name != "objectClass") {
                block.values().for_each(|value| put(name, value));
            }
            for computed in entry.computed() {
                computed.for_each(|value| put(&computed.name(), value));
            }
            assert!(entries.insert(dn, values).is_none(), "an entry came twice");
            ControlFlow::Continue(())
        })
        .unwrap()
        == Progress::More
    {}
    entries
}

fn perform(directory: &Directory, step: &Step, trial: bool) -> Result<(), Error> {
    let terms = Terms {
        trial,
        subtree: matches!(step, Step::Prune(_)),
        ..Terms::default()
    };
    make(directory, change(step), terms)
}

fn make(directory: &Directory, change: Change, terms: Terms) -> Result<(), Error> {
    let identity = directory.vouch(&Dn::parse(ADMINISTRATOR).unwrap()).unwrap();
    let (send, receive) = mpsc::channel();
    directory.change(&identity, change, terms, move |result| {
        send.send(result).unwrap();
    });
    receive.recv().unwrap().map(|_| ())
}

/// Does the steps in a directory and in the model, and compares the two and what is kept.
fn follow(steps: &[Step]) -> Result<(), TestCaseError> {
    let fixture = Fixture::new();
    let store = MemoryStore::default();
    fixture.setup.write(&mut store.clone()).unwrap();
    let top = format!(
        "dn: {SUFFIX}\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: example\n"
    );
    fixture.import(&mut store.clone(), top.as_bytes());
    let snapshot = fixture.load(&mut store.clone());
    let directory = fixture.serve(store.clone(), snapshot);
    let mut model = Model::new();
    for step in steps {
        let trial = perform(&directory, step, true);
        prop_assert_eq!(
            dump(&directory),
            model.dump(),
            "tried {:?} of {:?}",
            step,
            steps
        );
        let expected = model.apply(step);
        prop_assert_eq!(trial == Err(Error::NoOperation), expected);
        let result = perform(&directory, step, false);
        prop_assert!(result.is_ok() || result == trial);
        prop_assert_eq!(
            result.is_ok(),
            expected,
            "{:?} of {:?}: {:?}",
            step,
            steps,
            result
        );
        prop_assert_eq!(
            dump(&directory),
            model.dump(),
            "after {:?} of {:?}",
            step,
            steps
        );
    }
    let before = exported(&directory.snapshot());
    let found = candidates(&directory.snapshot());
    directory.close();

    let reloaded = fixture.load(&mut store.clone());
    prop_assert_eq!(unordered(&exported(&reloaded)), unordered(&before));
    prop_assert_eq!(candidates(&reloaded), found, "after {:?}", steps);
    let again = fixture.serve(store.clone(), reloaded);
    prop_assert_eq!(dump(&again), model.dump());
    again.close();

    let mut other = MemoryStore::default();
    fixture.setup.write(&mut other).unwrap();
    fixture.import(&mut other, &before);
    let imported = fixture.load(&mut other);
    prop_assert_eq!(unordered(&exported(&imported)), unordered(&before));
    Ok(())
}

#[test]
fn a_listed_name_becomes_the_entry_that_is_renamed_to_it() {
    let person = |number| Place(vec![(Class::Person, number)]);
    let group = Place(vec![(Class::Group, 0)]);
    let steps = [
        Step::Add(group, vec![person(1)]),
        Step::Add(person(0), Vec::new()),
        Step::Rename(person(0), 1, true, None),
        Step::Rename(person(1), 2, true, None),
    ];
    follow(&steps).unwrap();
}

/// A directory with one unit in it, and what a change of it comes to.
fn with_unit() -> Directory {
    let fixture = Fixture::new();
    let store = MemoryStore::default();
    fixture.setup.write(&mut store.clone()).unwrap();
    let tree = format!(
        "dn: {SUFFIX}\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: example\n\n\
         dn: ou=u0,{SUFFIX}\nobjectClass: organizationalUnit\nou: u0\n"
    );
    fixture.import(&mut store.clone(), tree.as_bytes());
    let snapshot = fixture.load(&mut store.clone());
    fixture.serve(store, snapshot)
}

fn add(rdn: &str, attributes: Vec<(String, Vec<Vec<u8>>)>) -> Change {
    Change::Add {
        dn: Dn::parse(&format!("{rdn},{SUFFIX}")).unwrap(),
        attributes,
    }
}

fn rename(rdn: &str, to: &str, delete_old_rdn: bool, below: Option<&str>) -> Change {
    let dn = |rdn: &str| Dn::parse(&format!("{rdn},{SUFFIX}")).unwrap();
    Change::Rename {
        dn: dn(rdn),
        new_rdn: Rdn::parse(to).unwrap(),
        delete_old_rdn,
        new_superior: below.map(dn),
    }
}

#[test]
fn an_alias_has_nothing_below_it() {
    let directory = with_unit();
    for class in ["alias", "ALIAS", "2.5.6.1"] {
        let alias = vec![
            attribute("objectClass", &[class, "extensibleObject"]),
            attribute("aliasedObjectName", &[SUFFIX]),
        ];
        let rdn = format!("cn={class}");
        make(&directory, add(&rdn, alias), Terms::default()).unwrap();
        let unit = vec![attribute("objectClass", &["organizationalUnit"])];
        for change in [
            add(&format!("ou=u1,{rdn}"), unit),
            rename("ou=u0", "ou=u0", true, Some(&rdn)),
        ] {
            let refused = make(&directory, change, Terms::default());
            assert!(
                matches!(&refused, Err(Error::AliasProblem { matched, .. }) if *matched == format!("{rdn},{SUFFIX}")),
                "{class}: {refused:?}"
            );
        }
        let removed = Change::Delete {
            dn: Dn::parse(&format!("{rdn},{SUFFIX}")).unwrap(),
        };
        make(&directory, removed, Terms::default()).unwrap();
    }
}

#[test]
fn a_rename_that_drops_the_old_name_spells_its_value_anew() {
    let directory = with_unit();
    let spelled = || {
        let snapshot = directory.snapshot();
        let text = String::from_utf8(exported(&snapshot)).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("ou:"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    make(
        &directory,
        rename("ou=u0", "ou=U0", false, None),
        Terms::default(),
    )
    .unwrap();
    assert_eq!(spelled(), ["ou: u0"]);
    make(
        &directory,
        rename("ou=u0", "ou=U0", true, None),
        Terms::default(),
    )
    .unwrap();
    assert_eq!(spelled(), ["ou: U0"]);
}

#[test]
fn a_name_does_not_say_the_same_twice() {
    let directory = with_unit();
    let unit = vec![attribute("objectClass", &["organizationalUnit"])];
    for change in [
        add("ou=x+ou=X", unit),
        rename("ou=u0", "ou=x+2.5.4.11=X", true, None),
    ] {
        let refused = make(&directory, change, Terms::default());
        assert!(
            matches!(refused, Err(Error::NamingViolation(_))),
            "{refused:?}"
        );
    }
}

#[test]
fn what_is_no_attribute_description_is_undefined() {
    let directory = with_unit();
    let names = ["1bad", "ou;", "noSuchAttribute", "ou;noSuchOption"];
    for name in names {
        let unit = vec![
            attribute("objectClass", &["organizationalUnit"]),
            attribute(name, &["x"]),
        ];
        let refused = make(&directory, add("ou=u1", unit), Terms::default());
        assert!(
            matches!(refused, Err(Error::UndefinedAttributeType(_))),
            "{name}: {refused:?}"
        );
    }
}

#[test]
fn a_group_whose_last_member_was_deleted_takes_changes_and_is_imported_again() {
    let person = |number| Place(vec![(Class::Person, number)]);
    let group = |number| Place(vec![(Class::Group, number)]);
    let (add, delete) = (ModificationKind::Add, ModificationKind::Delete);
    let steps = [
        Step::Add(person(0), Vec::new()),
        Step::Add(person(1), Vec::new()),
        Step::Add(group(0), vec![person(0)]),
        // As long as there is a member, a client cannot remove the last.
        Step::Enroll(group(0), delete, person(0)),
        Step::Delete(person(0)),
        Step::Describe(group(0), add, vec!["one"]),
        Step::Rename(group(0), 1, true, None),
        Step::Enroll(group(1), add, person(1)),
        Step::Enroll(group(1), delete, person(1)),
        Step::Delete(person(1)),
        // What is compared at the end is an export with a group that has none.
        Step::Add(group(2), Vec::new()),
    ];
    follow(&steps).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changes_do_what_they_say_and_the_store_holds_them(steps in vec(step(), 1..60)) {
        follow(&steps)?;
    }
}
