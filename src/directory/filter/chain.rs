//! The chain rule, LDAP_MATCHING_RULE_IN_CHAIN of \[MS-ADTS\] 3.1.1.3.4.4.3: what an attribute leads to through the same
//! attribute of other entries.
//!
//! Owns what that means for each attribute the rule can be put to. Chains of groups are never walked: membership knows
//! them. Those of superiors are, each entry once.

use std::collections::HashSet;

use super::resolve::Name;
use crate::directory::dn::{Dn, NormalizedDn};
use crate::directory::entry::EntryId;
use crate::directory::members::EdgeKind;
use crate::directory::schema::{AttributeTypeId, well_known};
use crate::directory::snapshot::{Found, Snapshot};
use crate::directory::view::View;

/// The most superiors that are looked at for one entry: whoever may write them must not make searches long.
const LOOKED_AT: usize = 1_024;

/// What an attribute leads to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Chain {
    /// From a group to its members and those of the groups among them.
    Members(EdgeKind),
    /// From an entry to the groups it is in.
    Groups,
    /// From an entry to its superiors.
    Superiors,
}

impl Chain {
    /// The chain of an attribute.
    pub fn of(attribute: AttributeTypeId) -> Option<Chain> {
        match attribute {
            well_known::MEMBER_OF | well_known::IS_MEMBER_OF => Some(Chain::Groups),
            well_known::MANAGER => Some(Chain::Superiors),
            other => EdgeKind::of(other).map(Chain::Members),
        }
    }

    /// Whether an entry is led to a name; `entry` is that of the name.
    pub fn leads(self, view: &View<'_>, name: &Name, entry: Option<EntryId>) -> bool {
        let membership = view.snapshot.membership();
        match (self, entry) {
            (Chain::Members(kind), Some(member)) => membership.leads(view.id, kind, member),
            (Chain::Groups, Some(group)) => membership.is_member(view.id, group),
            (Chain::Members(_) | Chain::Groups, None) => false,
            (Chain::Superiors, _) => has_superior(view, &name.normalized),
        }
    }
}

fn has_superior(view: &View<'_>, wanted: &NormalizedDn) -> bool {
    let mut seen = HashSet::from([view.id]);
    let mut open = vec![view.id];
    while let Some(id) = open.pop() {
        for (dn, normalized) in superiors(view.snapshot, id) {
            if normalized == *wanted {
                return true;
            }
            if seen.len() < LOOKED_AT
                && let Found::Entry(next) = view.snapshot.find_normalized(&dn, &normalized)
                && seen.insert(next)
            {
                open.push(next);
            }
        }
    }
    false
}

/// The superiors that an entry names.
fn superiors(snapshot: &Snapshot, id: EntryId) -> impl Iterator<Item = (Dn, NormalizedDn)> {
    let blocks = snapshot.entry(id).into_iter().flat_map(|it| it.blocks());
    let of = |description| snapshot.descriptions().attribute(description);
    blocks
        .filter(move |block| of(block.description) == Some(well_known::MANAGER))
        .flat_map(|block| block.values())
        .filter_map(|value| Dn::parse(std::str::from_utf8(value).ok()?).ok())
        .map(|dn| {
            let normalized = dn.normalize(snapshot.schema());
            (dn, normalized)
        })
}

/// All entries that may have a name as a superior, near or far: perhaps too many, never too few. `None` when superiors
/// are not indexed.
pub(super) fn subordinates(snapshot: &Snapshot, name: &Name) -> Option<Vec<EntryId>> {
    let index = snapshot.index();
    let mut open = vec![name.normalized.clone()];
    let mut seen = HashSet::new();
    while let Some(next) = open.pop() {
        for id in index.equal(well_known::MANAGER, next.as_bytes())?.iter() {
            if seen.insert(id) {
                let dn = snapshot.dn(id);
                open.extend(NormalizedDn::parse(&dn, snapshot.schema()).ok());
            }
        }
    }
    Some(seen.into_iter().collect())
}
