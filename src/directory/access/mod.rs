//! Who may do what: the ordered access rules, compiled once per request into attribute masks.
//!
//! Owns the rules and their meaning: of the rules that fit the asker, the entry and the attribute, the first decides;
//! where none fits, nothing is allowed. Secret attributes can be neither read, searched nor compared by anyone.
//! It does not own the text of the configuration.

mod alike;
mod below;
pub mod explain;

mod mask;
mod rules;

use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, Guard};

pub use mask::AttributeMask;
pub use rules::{AccessRules, Right, RuleError, RuleText};

use super::dn::{Dn, NormalizedDn};
use super::entry::EntryId;
use super::filter::evaluate::{Evaluator, Truth};
use super::identity::{Identity, Who};
use super::snapshot::{Found, Snapshot};
use super::view::View;
use rules::{Rule, Subject};

impl AccessRules {
    /// What one asker may do with the entries of one snapshot.
    pub fn access<'a>(&'a self, snapshot: &Snapshot, identity: &Identity) -> Access<'a> {
        let known = identity.applicable();
        let is_current = |known: &ApplicableRules| {
            known.structure == snapshot.structure() && known.rules_id == self.id
        };
        let work_out = || Arc::new(self.applicable(snapshot, identity));
        let known = known.get_or_init(|| ArcSwap::new(work_out()));
        let mut applicable = known.load();
        if !is_current(&applicable) {
            let current = work_out();
            known.store(Arc::clone(&current));
            applicable = Guard::from_inner(current);
        }
        Access {
            all: self,
            applicable,
            masks: None,
            cached_for: None,
        }
    }

    /// Which rules speak of an asker, and of which parts of the tree.
    fn applicable(&self, snapshot: &Snapshot, identity: &Identity) -> ApplicableRules {
        let asker = match identity.who() {
            // An entry that has gone since its bind leaves nobody behind.
            Who::Entry(id) if snapshot.entry(id).is_some() => Asker::Entry(id),
            Who::Process { process, .. } => {
                let name = Dn::parse(&process.to_string()).unwrap_or_default();
                Asker::Process(name.normalize(snapshot.schema()))
            }
            Who::Entry(_) | Who::Anonymous | Who::Administrator => Asker::Nobody,
        };
        let own = match asker {
            Asker::Entry(id) => Some(id),
            Asker::Process(_) | Asker::Nobody => None,
        };
        let administrator = identity.is_administrator();
        let rules = self
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| !administrator && applies(rule, snapshot, &asker));
        let find = |(dn, normalized): &(Dn, NormalizedDn)| snapshot.find_normalized(dn, normalized);
        let rules = rules.map(|(rule, text)| Applied {
            rule,
            to: text.to.as_ref().map(find),
        });
        let rules: Box<[Applied]> = rules.collect();
        let mut applied = rules
            .iter()
            .filter_map(|applied| self.rules.get(applied.rule));
        ApplicableRules {
            structure: snapshot.structure(),
            rules_id: self.id,
            by_filters: applied.any(|rule| rule.filter.is_some()),
            rules,
            own,
            administrator,
            below: Known::default(),
            by_rules: Known::default(),
        }
    }
}

/// Who asks, as far as rules tell askers apart.
enum Asker {
    Nobody,
    Entry(EntryId),
    /// Has a name but no entry: only `anyone` and that name mean it.
    Process(NormalizedDn),
}

/// Whether a rule may speak of an asker; `self` still depends on the entry.
fn applies(rule: &Rule, snapshot: &Snapshot, asker: &Asker) -> bool {
    match (&rule.who, asker) {
        (Subject::Anyone, _) | (Subject::Anonymous, Asker::Nobody) => true,
        (Subject::Users | Subject::Own, Asker::Entry(_)) => true,
        (Subject::Named(dn), Asker::Entry(own)) => snapshot.find_entry(dn) == Some(*own),
        (Subject::Named(dn), Asker::Process(name)) => dn.normalize(snapshot.schema()) == *name,
        (Subject::Group(dn), Asker::Entry(own)) => snapshot
            .find_entry(dn)
            .is_some_and(|group| snapshot.membership().is_member(*own, group)),
        (
            Subject::Anonymous
            | Subject::Users
            | Subject::Own
            | Subject::Named(_)
            | Subject::Group(_),
            _,
        ) => false,
    }
}

/// How one asker stands to the rules, for as long as names and memberships stay as they are: worked out once and kept
/// with the identity.
#[derive(Debug)]
pub struct ApplicableRules {
    structure: u64,
    rules_id: u64,
    rules: Box<[Applied]>,
    own: Option<EntryId>,
    administrator: bool,
    /// Whether filters tell entries apart.
    by_filters: bool,
    /// What may be done with the children of an entry that nothing tells from one another.
    below: Known<EntryId>,
    /// What is granted by those of the rules that fit an entry, a bit for each.
    by_rules: Known<u64>,
}

/// What was granted in each case that has come up, one behind the other.
#[derive(Debug)]
struct Known<K>(OnceLock<Box<Granted<K>>>);

#[derive(Debug)]
struct Granted<K> {
    case: K,
    masks: Arc<Masks>,
    others: Known<K>,
}

impl<K> Default for Known<K> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<K: Copy + PartialEq> Known<K> {
    /// What is granted in a case, which is remembered unless `most` others are.
    fn get(&self, case: K, most: usize, work_out: impl Fn() -> Arc<Masks>) -> Arc<Masks> {
        let mut known = self;
        for _ in 0..most {
            let granted = known.0.get_or_init(|| {
                Box::new(Granted {
                    case,
                    masks: work_out(),
                    others: Self::default(),
                })
            });
            if granted.case == case {
                return Arc::clone(&granted.masks);
            }
            known = &granted.others;
        }
        work_out()
    }
}

/// Combinations of rules that are remembered.
const COMBINATIONS: usize = 64;
/// Parents that are remembered.
const PARENTS: usize = 8;

/// A rule that fits the asker.
#[derive(Debug)]
struct Applied {
    /// Its place among all rules.
    rule: usize,
    /// Where its subtree is.
    to: Option<Found>,
}

/// What may be done with the attributes of one entry. Secret ones are never among those to be read, searched or compared.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    /// Attributes whose values may be shown.
    pub read: AttributeMask,
    /// Attributes that filters may ask about.
    pub search: AttributeMask,
    /// Attributes that Compare may ask about.
    pub compare: AttributeMask,
    write: AttributeMask,
    add: AttributeMask,
    delete: AttributeMask,
    proxy: AttributeMask,
}

impl Masks {
    /// Whether the entry may be shown at all.
    pub fn is_visible(&self) -> bool {
        !self.read.is_empty()
    }

    fn of(&self, right: Right) -> &AttributeMask {
        match right {
            Right::Read => &self.read,
            Right::Search => &self.search,
            Right::Compare => &self.compare,
            Right::Write => &self.write,
            Right::Add => &self.add,
            Right::Delete => &self.delete,
            Right::Proxy => &self.proxy,
        }
    }
}

/// What one asker may do in one snapshot; remembers what it found out for the entry before, because neighbours share it.
pub struct Access<'a> {
    all: &'a AccessRules,
    applicable: Guard<Arc<ApplicableRules>>,
    /// Those of the entry before.
    masks: Option<Arc<Masks>>,
    /// Its parent, when what is below that has the same.
    cached_for: Option<EntryId>,
}

impl<'a> Access<'a> {
    /// The rules that speak of the asker, in their order.
    fn applied(&self) -> impl Iterator<Item = (&Applied, &'a Rule)> {
        let all = &self.all.rules;
        let rules = self.applicable.rules.iter();
        rules.filter_map(move |applied| Some((applied, all.get(applied.rule)?)))
    }

    /// What may be done with an entry.
    pub fn masks(&mut self, view: &View<'_>) -> &Masks {
        let parent = view.entry.parent();
        let shared = view.snapshot.structure() == self.applicable.structure
            && !self.applicable.by_filters
            && self.is_ordinary(view.id);
        if self.cached_for != Some(parent) || !shared {
            let below = &self.applicable.below;
            self.masks = Some(match shared {
                true => below.get(parent, PARENTS, || self.masks_of(view)),
                false => self.masks_of(view),
            });
            self.cached_for = shared.then_some(parent);
        }
        self.masks.get_or_insert_default()
    }

    /// Whether nothing in the rules tells this entry from its siblings.
    fn is_ordinary(&self, id: EntryId) -> bool {
        self.applicable.own != Some(id)
            && !self
                .applicable
                .rules
                .iter()
                .any(|applied| applied.to == Some(Found::Entry(id)))
    }

    /// What the rules that fit an entry grant.
    fn masks_of(&self, view: &View<'_>) -> Arc<Masks> {
        let fitting = self
            .applied()
            .map(|(applied, rule)| self.fits(applied, rule, view));
        if self.applicable.rules.len() > u64::BITS as usize {
            let fitting: Vec<bool> = fitting.collect();
            return Arc::new(self.granted(|at| fitting.get(at).copied().unwrap_or(false)));
        }
        let bits = (0..)
            .zip(fitting)
            .fold(0_u64, |bits, (at, fits)| bits | u64::from(fits) << at);
        let by_rules = &self.applicable.by_rules;
        by_rules.get(bits, COMBINATIONS, || {
            Arc::new(self.granted(|at| bits >> at & 1 == 1))
        })
    }

    /// What is granted when those of the asker's rules fit of which `fits` says so.
    fn granted(&self, fits: impl Fn(usize) -> bool) -> Masks {
        let right = |right| {
            let mut granted = AttributeMask::default();
            let mut open = self.all.everything.clone();
            if self.applicable.administrator {
                granted.clone_from(&self.all.everything);
            }
            for (_, (_, rule)) in self.applied().enumerate().filter(|(at, _)| fits(*at)) {
                if rule.allow.contains(&right) {
                    granted.grant(&rule.attributes, &open);
                }
                open.remove_all(&rule.attributes);
            }
            if matches!(right, Right::Read | Right::Search | Right::Compare) {
                granted.remove_all(&self.all.secret);
            }
            granted
        };
        Masks {
            read: right(Right::Read),
            search: right(Right::Search),
            compare: right(Right::Compare),
            write: right(Right::Write),
            add: right(Right::Add),
            delete: right(Right::Delete),
            proxy: right(Right::Proxy),
        }
    }

    /// The attributes of an entry on which the asker has a right.
    pub fn mask(&self, view: &View<'_>, right: Right) -> AttributeMask {
        self.masks_of(view).of(right).clone()
    }

    fn fits(&self, applied: &Applied, rule: &Rule, view: &View<'_>) -> bool {
        if matches!(rule.who, Subject::Own) && self.applicable.own != Some(view.id) {
            return false;
        }
        match applied.to {
            None => {}
            Some(Found::Entry(top)) if view.snapshot.is_within(view.id, top) => {}
            Some(_) => return false,
        }
        rule.filter.as_ref().is_none_or(|filter| {
            Evaluator::default().evaluate(filter, view, &self.all.everything) == Truth::True
        })
    }

    /// Whether an entry may be shown.
    pub fn sees(&mut self, view: &View<'_>) -> bool {
        self.masks(view).is_visible()
    }

    /// Whether the rules may open something below an entry that the asker may not see itself. They are asked in their
    /// order: one that closes all of it leaves nothing to those after it.
    pub fn may_see_below(&self, snapshot: &Snapshot, id: EntryId) -> bool {
        if snapshot.children(id).is_none() {
            return false;
        }
        for (applied, rule) in self.applied() {
            if rule.allow.contains(&Right::Read) {
                if self.leads_below(applied, rule, snapshot, id) {
                    return true;
                }
            } else if self.covers_all_below(applied, rule, snapshot, id) {
                return false;
            }
        }
        false
    }

    fn leads_below(
        &self,
        applied: &Applied,
        rule: &Rule,
        snapshot: &Snapshot,
        id: EntryId,
    ) -> bool {
        let leads = |top: EntryId| snapshot.is_within(top, id) || snapshot.is_within(id, top);
        match (&rule.who, applied.to) {
            (Subject::Own, _) => self.applicable.own.is_some_and(leads),
            (_, Some(Found::Entry(top))) => leads(top),
            (_, Some(_)) => false,
            (_, None) => true,
        }
    }

    /// Whether a rule decides for every attribute of every entry of a subtree.
    fn covers_all_below(
        &self,
        applied: &Applied,
        rule: &Rule,
        snapshot: &Snapshot,
        top: EntryId,
    ) -> bool {
        let mut open = self.all.everything.clone();
        open.remove_all(&rule.attributes);
        let everywhere = match applied.to {
            None => true,
            Some(Found::Entry(id)) => snapshot.is_within(top, id),
            Some(_) => false,
        };
        everywhere && open.is_empty() && rule.filter.is_none() && !matches!(rule.who, Subject::Own)
    }

    /// Whether the rules let the asker change anything anywhere.
    pub fn may_change(&self) -> bool {
        let changes = [Right::Write, Right::Add, Right::Delete];
        let rules = self.applied().map(|(_, rule)| &rule.allow);
        self.applicable.administrator || rules.flatten().any(|right| changes.contains(right))
    }

    /// Whether this is the administrator.
    pub fn is_administrator(&self) -> bool {
        self.applicable.administrator
    }

    /// The nearest of an entry and its ancestors that the asker may see, by name; empty for none.
    pub fn nearest_visible(&mut self, snapshot: &Snapshot, mut from: Option<EntryId>) -> String {
        while let Some(view) = from.and_then(|id| View::new(snapshot, id)) {
            if self.sees(&view) {
                return snapshot.dn(view.id);
            }
            from = Some(view.entry.parent());
        }
        String::new()
    }
}

#[cfg(test)]
mod tests;
