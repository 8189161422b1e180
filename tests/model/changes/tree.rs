//! The tree as it should be, and what may be done to it.

use std::collections::{BTreeMap, BTreeSet};

use hedgerow::directory::request::ModificationKind;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::in_memory::SUFFIX;

const VALUES: [&str; 4] = ["one", "two", "ONE", "three"];

/// Attributes by name, values in lower case; `member` is kept apart.
pub type Values = BTreeMap<String, BTreeSet<String>>;

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
pub struct Model {
    entries: BTreeMap<usize, Entry>,
    next: usize,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Class {
    Unit,
    Person,
    Group,
}

/// A place in the tree that may or may not exist: one of few names, up to three deep.
#[derive(Clone, Debug)]
pub struct Place(pub Vec<(Class, usize)>);

#[derive(Clone, Debug)]
pub enum Step {
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
    pub fn dn(&self) -> String {
        let mut dn = String::new();
        for (class, number) in self.0.iter().rev() {
            dn += &rdn(*class, *number);
            dn.push(',');
        }
        dn + SUFFIX
    }

    pub fn class(&self) -> Class {
        self.0.last().map_or(Class::Unit, |(class, _)| *class)
    }
}

pub fn rdn(class: Class, number: usize) -> String {
    match class {
        Class::Unit => format!("ou=u{number}"),
        Class::Person => format!("uid=p{number}"),
        Class::Group => format!("cn=g{number}"),
    }
}

pub fn place() -> impl Strategy<Value = Place> {
    let class = select(vec![Class::Unit, Class::Person, Class::Group]);
    (vec(0..2_usize, 0..3), class, 0..3_usize).prop_map(|(units, class, number)| {
        let mut path: Vec<_> = units.into_iter().map(|unit| (Class::Unit, unit)).collect();
        path.push((class, number));
        Place(path)
    })
}

pub fn step() -> impl Strategy<Value = Step> {
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
    pub fn new() -> Model {
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
    pub fn apply(&mut self, step: &Step) -> bool {
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
    pub fn dump(&self) -> BTreeMap<String, Values> {
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

pub fn values(pairs: &[(&str, &str)]) -> Values {
    let mut values = Values::new();
    for (name, value) in pairs {
        let of = values.entry((*name).to_owned()).or_default();
        of.insert((*value).to_owned());
    }
    values
}

/// The members that a new group is given.
pub fn listed(members: &[Place]) -> BTreeSet<String> {
    members.iter().map(Place::dn).collect()
}
