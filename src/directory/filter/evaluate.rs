//! Whether an entry matches a filter: true, false or undefined (RFC 4511 section 4.5.1.7).
//!
//! Owns the three-valued logic. What the asker may not search takes no part: an item all of whose attributes are
//! closed to the asker is Undefined, so that no filter can find out what a read would not show.

use std::collections::BTreeMap;

use super::chain::Chain;
use super::normalized::Normalized;
use super::resolve::{Name, Pieces, Resolved, Target, Test};
use crate::directory::access::AttributeMask;
use crate::directory::dn::{Ava, Dn, NormalizedDn};
use crate::directory::entry::{Block, EntryId};
use crate::directory::members::EdgeKind;
use crate::directory::schema::{AttributeTypeId, Rule};
use crate::directory::view::{Computed, View};

/// A truth value with the third one of X.511.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It matches.
    True,
    /// It does not.
    False,
    /// Neither can be said.
    Undefined,
}

impl From<bool> for Truth {
    fn from(matches: bool) -> Self {
        if matches { Truth::True } else { Truth::False }
    }
}

/// Evaluates filters, keeping its buffers from entry to entry.
#[derive(Default)]
pub struct Evaluator {
    /// Of the entry that is judged.
    values: Normalized,
    /// Of a value that stands alone.
    normalized: Vec<u8>,
    /// What names stand for, as long as that holds.
    names: BTreeMap<NormalizedDn, Option<EntryId>>,
    names_version: u64,
}

impl Evaluator {
    /// Whether an entry matches, for an asker who may search the attributes of `open`.
    pub fn evaluate(&mut self, filter: &Resolved, view: &View<'_>, open: &AttributeMask) -> Truth {
        self.values.clear();
        self.item(filter, view, open)
    }

    fn item(&mut self, filter: &Resolved, view: &View<'_>, open: &AttributeMask) -> Truth {
        match filter {
            Resolved::And(list) => {
                let mut all = Truth::True;
                for item in list {
                    match self.item(item, view, open) {
                        Truth::False => return Truth::False,
                        Truth::Undefined => all = Truth::Undefined,
                        Truth::True => {}
                    }
                }
                all
            }
            Resolved::Or(list) => {
                let mut any = Truth::False;
                for item in list {
                    match self.item(item, view, open) {
                        Truth::True => return Truth::True,
                        Truth::Undefined => any = Truth::Undefined,
                        Truth::False => {}
                    }
                }
                any
            }
            Resolved::Not(inner) => match self.item(inner, view, open) {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                Truth::Undefined => Truth::Undefined,
            },
            Resolved::Undefined => Truth::Undefined,
            Resolved::Present(target) => self.target(target, view, open, None),
            Resolved::Match(target, test) => self.target(target, view, open, Some(test)),
            Resolved::AnyAttribute(rule, test) => {
                self.any_attribute(*rule, test, view, open).into()
            }
            Resolved::WithName(plain, target, test) => match self.item(plain, view, open) {
                Truth::True => Truth::True,
                other if self.in_name(target, test, view, open) => {
                    debug_assert_ne!(other, Truth::True);
                    Truth::True
                }
                other => other,
            },
        }
    }

    /// An item about a target: present when there is no test.
    fn target(
        &mut self,
        target: &Target,
        view: &View<'_>,
        open: &AttributeMask,
        test: Option<&Test>,
    ) -> Truth {
        if !target.types().iter().any(|id| open.contains(*id)) {
            return Truth::Undefined;
        }
        if let Some(Test::Chain(name)) = test {
            return self.chain(target, name, view, open).into();
        }
        let (descriptions, types) = (view.snapshot.descriptions(), target.types());
        for block in view.entry.blocks() {
            let named = |id: &AttributeTypeId| types.contains(id) && open.contains(*id);
            let of_type = descriptions.attribute(block.description).filter(named);
            let described = of_type.and_then(|_| descriptions.described(block.description));
            if !described.is_some_and(|described| target.covers(described)) {
                continue;
            }
            match test {
                None => return Truth::True,
                Some(test) if self.block(test, &block, view) => return Truth::True,
                Some(_) => {}
            }
        }
        let computed = target.computed.iter().filter(|_| target.is_plain());
        for attribute in computed.filter(|attribute| open.contains(attribute.attribute())) {
            let matches = match test {
                None => attribute.is_present(view),
                Some(test) => self.computed(*attribute, test, view),
            };
            if matches {
                return Truth::True;
            }
        }
        Truth::False
    }

    fn chain(
        &mut self,
        target: &Target,
        name: &Name,
        view: &View<'_>,
        open: &AttributeMask,
    ) -> bool {
        let entry = self.find(name, view);
        let mut types = target.types().iter().filter(|id| open.contains(**id));
        types.any(|id| Chain::of(*id).is_some_and(|chain| chain.leads(view, name, entry)))
    }

    /// The entry of a name: looked up once for all entries that are tested against it.
    fn find(&mut self, name: &Name, view: &View<'_>) -> Option<EntryId> {
        let version = view.snapshot.structure();
        if self.names_version != version {
            self.names.clear();
            self.names_version = version;
        }
        if let Some(found) = self.names.get(&name.normalized) {
            return *found;
        }
        let found = name.find(view.snapshot);
        self.names.insert(name.normalized.clone(), found);
        found
    }

    fn computed(&mut self, attribute: Computed, test: &Test, view: &View<'_>) -> bool {
        let membership = view.snapshot.membership();
        match (attribute, test) {
            (Computed::Edges(kind), Test::Edge(_, name, _)) => {
                has_edge(view, kind, name, self.find(name, view))
            }
            (Computed::MemberOf | Computed::IsMemberOf, Test::Edge(_, name, _)) => self
                .find(name, view)
                .is_some_and(|group| membership.shows(view.id, group)),
            (Computed::MemberOfIndirect, Test::Edge(_, name, _)) => {
                self.find(name, view).is_some_and(|group| {
                    let direct = membership.groups_of(view.id);
                    membership.is_member(view.id, group)
                        && direct.is_some_and(|direct| !direct.contains(group))
                })
            }
            (Computed::EntryDn, Test::Edge(_, name, _)) => self.find(name, view) == Some(view.id),
            (Computed::EntryUuid, Test::Equality(Rule::Uuid, wanted)) => {
                **wanted == view.entry.uuid()
            }
            _ => {
                let mut found = false;
                attribute.for_each(view, &mut |value| {
                    found = self.value(test, value, view);
                    !found
                });
                found
            }
        }
    }

    /// Whether a value of an attribute passes a test.
    fn block(&mut self, test: &Test, block: &Block<'_>, view: &View<'_>) -> bool {
        if let Test::Equality(rule, wanted) = test
            && let Some(holds) = rule.is_among(view.schema(), block.values(), wanted)
        {
            return holds;
        }
        match test.rule() {
            Some(rule) => self.values.any(
                block,
                rule,
                |value, out| rule.normalize_value(view.schema(), value, out).is_ok(),
                |own| test.passes(own),
            ),
            None => block.values().any(|value| self.value(test, value, view)),
        }
    }

    /// Whether one value passes a test.
    pub fn value(&mut self, test: &Test, value: &[u8], view: &View<'_>) -> bool {
        match test {
            Test::AllBits(assertion) => Rule::bit_and(value, assertion).unwrap_or(false),
            Test::AnyBit(assertion) => Rule::bit_or(value, assertion).unwrap_or(false),
            _ => test.rule().is_some_and(|rule| {
                self.normalized.clear();
                rule.normalize_value(view.schema(), value, &mut self.normalized)
                    .is_ok_and(|()| test.passes(&self.normalized))
            }),
        }
    }

    fn any_attribute(
        &mut self,
        rule: Rule,
        test: &Test,
        view: &View<'_>,
        open: &AttributeMask,
    ) -> bool {
        let schema = view.schema();
        let fits = |id: AttributeTypeId| {
            open.contains(id) && rule.compares_with(schema.attribute(id).syntax)
        };
        let descriptions = view.snapshot.descriptions();
        view.entry.blocks().any(|block| {
            descriptions.attribute(block.description).is_some_and(fits)
                && self.block(test, &block, view)
        })
    }

    /// Whether the name of the entry has a matching assertion (`dnAttributes`, RFC 4511 section 4.5.1.7.7).
    fn in_name(
        &mut self,
        target: &Target,
        test: &Test,
        view: &View<'_>,
        open: &AttributeMask,
    ) -> bool {
        let mut at = view.id;
        while let Some(entry) = view.snapshot.entry(at) {
            let name = Dn::parse(entry.rdn()).unwrap_or_default();
            let mut assertions = name.rdns().iter().flat_map(|rdn| rdn.assertions());
            if assertions.any(|ava: &Ava| {
                view.schema()
                    .attribute_id(&ava.attribute)
                    .is_some_and(|id| {
                        target.is_plain() && target.types().contains(&id) && open.contains(id)
                    })
                    && self.value(test, &ava.value, view)
            }) {
                return true;
            }
            at = entry.parent();
        }
        false
    }
}

impl Test {
    /// The rule whose normal form of a value decides; `None` when the value decides as it is, or does not tell.
    fn rule(&self) -> Option<Rule> {
        match self {
            Self::Equality(rule, _)
            | Self::AnyOf(rule, _)
            | Self::Edge(rule, _, _)
            | Self::AtLeast(rule, _)
            | Self::AtMost(rule, _)
            | Self::Less(rule, _)
            | Self::Pieces(rule, _)
            | Self::Word(rule, _) => Some(*rule),
            // A single value does not tell where a chain leads.
            Self::AllBits(_) | Self::AnyBit(_) | Self::Chain(_) => None,
        }
    }

    /// Whether a value passes, given its normal form.
    fn passes(&self, own: &[u8]) -> bool {
        match self {
            Self::Equality(_, wanted) | Self::Edge(_, _, wanted) => own == &**wanted,
            Self::AnyOf(_, wanted) => wanted.binary_search_by(|one| (**one).cmp(own)).is_ok(),
            Self::AtLeast(_, bound) => own >= &**bound,
            Self::AtMost(_, bound) => own <= &**bound,
            Self::Less(_, bound) => own < &**bound,
            Self::Pieces(_, pieces) => has_pieces(own, pieces),
            Self::Word(_, word) => memchr::memmem::find(own, word).is_some(),
            Self::AllBits(_) | Self::AnyBit(_) | Self::Chain(_) => false,
        }
    }
}

fn has_edge(view: &View<'_>, kind: EdgeKind, name: &Name, entry: Option<EntryId>) -> bool {
    let members = view.snapshot.members(view.id);
    match entry {
        Some(member) => {
            let named = members.is_some_and(|members| members.ids(kind).contains(member));
            let membership = view.snapshot.membership();
            named || kind == EdgeKind::Member && membership.is_selected(view.id, member)
        }
        None => members.is_some_and(|of| of.has_dangling(kind, name.normalized.as_bytes())),
    }
}

/// Whether the pieces come in their order and without overlap.
fn has_pieces(value: &[u8], pieces: &Pieces) -> bool {
    let rest = match &pieces.initial {
        Some(initial) => value.strip_prefix(&**initial),
        None => Some(value),
    };
    let rest = rest.and_then(|rest| match &pieces.last {
        Some(last) => rest.strip_suffix(&**last),
        None => Some(rest),
    });
    let Some(mut rest) = rest else { return false };
    for piece in &pieces.any {
        match memchr::memmem::find(rest, piece) {
            Some(at) => rest = rest.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}
