//! Who may do what: the ordered access rules, compiled once per request into attribute masks.
//!
//! Owns the rules and their meaning: of the rules that fit the asker, the entry and the attribute, the first decides;
//! where none fits, nothing is allowed. Secret attributes can be neither read, searched nor compared by anyone.
//! It does not own the text of the configuration.

mod mask;
mod rules;

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
            .filter(|rule| !administrator && applies(rule, snapshot, &asker));
        let rules: Vec<Applied<'a>> = rules
            .map(|rule| Applied {
                rule,
                to: rule
                    .to
                    .as_ref()
                    .map(|(dn, normalized)| snapshot.find_normalized(dn, normalized)),
            })
            .collect();
        Access {
            all: self,
            rules,
            own,
            administrator,
            masks: Masks::default(),
            cached_for: None,
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

/// A rule that fits the asker.
struct Applied<'a> {
    rule: &'a Rule,
    /// Where its subtree is in this snapshot.
    to: Option<Found>,
}

/// What may be done with the attributes of one entry.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    /// Attributes whose values may be shown.
    pub read: AttributeMask,
    /// Attributes that filters may ask about.
    pub search: AttributeMask,
}

impl Masks {
    /// Whether the entry may be shown at all.
    pub fn is_visible(&self) -> bool {
        !self.read.is_empty()
    }
}

/// What one asker may do in one snapshot; remembers what it found out for the entry before, because neighbours share it.
pub struct Access<'a> {
    all: &'a AccessRules,
    rules: Vec<Applied<'a>>,
    own: Option<EntryId>,
    administrator: bool,
    masks: Masks,
    cached_for: Option<EntryId>,
}

impl Access<'_> {
    /// What may be read of and searched in an entry.
    pub fn masks(&mut self, view: &View<'_>) -> &Masks {
        let parent = view.entry.parent();
        if self.cached_for == Some(parent) && self.is_ordinary(view.id) {
            return &self.masks;
        }
        self.masks = Masks {
            read: self.mask(view, Right::Read),
            search: self.mask(view, Right::Search),
        };
        let shared = self.is_ordinary(view.id)
            && self
                .rules
                .iter()
                .all(|applied| applied.rule.filter.is_none());
        self.cached_for = shared.then_some(parent);
        &self.masks
    }

    /// Whether nothing in the rules tells this entry from its siblings.
    fn is_ordinary(&self, id: EntryId) -> bool {
        self.own != Some(id)
            && !self
                .rules
                .iter()
                .any(|applied| applied.to == Some(Found::Entry(id)))
    }

    /// The attributes of an entry on which the asker has a right. Secret ones are never among those to be read, searched
    /// or compared.
    pub fn mask(&self, view: &View<'_>, right: Right) -> AttributeMask {
        let mut granted = AttributeMask::default();
        if self.administrator {
            granted.clone_from(&self.all.everything);
        } else {
            let mut open = self.all.everything.clone();
            for applied in self.rules.iter().filter(|applied| self.fits(applied, view)) {
                if applied.rule.allow.contains(&right) {
                    granted.grant(&applied.rule.attributes, &open);
                }
                open.remove_all(&applied.rule.attributes);
                if open.is_empty() {
                    break;
                }
            }
        }
        if matches!(right, Right::Read | Right::Search | Right::Compare) {
            granted.remove_all(&self.all.secret);
        }
        granted
    }

    fn fits(&self, applied: &Applied<'_>, view: &View<'_>) -> bool {
        if matches!(applied.rule.who, Subject::Own) && self.own != Some(view.id) {
            return false;
        }
        match applied.to {
            None => {}
            Some(Found::Entry(top)) if view.snapshot.is_within(view.id, top) => {}
            Some(_) => return false,
        }
        applied.rule.filter.as_ref().is_none_or(|filter| {
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
        for applied in &self.rules {
            if applied.rule.allow.contains(&Right::Read) {
                if self.leads_below(applied, snapshot, id) {
                    return true;
                }
            } else if self.covers_all_below(applied, snapshot, id) {
                return false;
            }
        }
        false
    }

    fn leads_below(&self, applied: &Applied<'_>, snapshot: &Snapshot, id: EntryId) -> bool {
        let leads = |top: EntryId| snapshot.is_within(top, id) || snapshot.is_within(id, top);
        match (&applied.rule.who, applied.to) {
            (Subject::Own, _) => self.own.is_some_and(leads),
            (_, Some(Found::Entry(top))) => leads(top),
            (_, Some(_)) => false,
            (_, None) => true,
        }
    }

    /// Whether a rule decides for every attribute of every entry of a subtree.
    fn covers_all_below(&self, applied: &Applied<'_>, snapshot: &Snapshot, top: EntryId) -> bool {
        let mut open = self.all.everything.clone();
        open.remove_all(&applied.rule.attributes);
        let everywhere = match applied.to {
            None => true,
            Some(Found::Entry(id)) => snapshot.is_within(top, id),
            Some(_) => false,
        };
        everywhere
            && open.is_empty()
            && applied.rule.filter.is_none()
            && !matches!(applied.rule.who, Subject::Own)
    }

    /// Whether the rules let the asker change anything anywhere.
    pub fn may_change(&self) -> bool {
        let changes = [Right::Write, Right::Add, Right::Delete];
        let rules = self.rules.iter().map(|applied| &applied.rule.allow);
        self.administrator || rules.flatten().any(|right| changes.contains(right))
    }

    /// Whether this is the administrator.
    pub fn is_administrator(&self) -> bool {
        self.administrator
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
