//! Following aliases (RFC 4511 section 4.5.1.3, RFC 4512 section 2.6).
//!
//! Owns the two ways of it: on the way to the base of a search, and from entries within its scope.

use std::collections::HashSet;

use super::access::Access;
use super::dn::Dn;
use super::entry::EntryId;
use super::error::Error;
use super::request::Scope;
use super::schema::well_known::class;
use super::schema::{AttributeTypeId, Rule, well_known};
use super::search::Root;
use super::snapshot::{Found, Snapshot};
use super::view::View;

/// The most aliases that one name may lead through.
const LIMIT: usize = 32;

/// Whether the directory may hold an alias at all.
pub fn any(snapshot: &Snapshot) -> bool {
    !all(snapshot).is_empty()
}

fn all(snapshot: &Snapshot) -> Vec<EntryId> {
    let mut class = Vec::new();
    let normalized =
        Rule::ObjectIdentifier.normalize_value(snapshot.schema(), b"alias", &mut class);
    let postings = normalized
        .ok()
        .and_then(|()| snapshot.index().equal(well_known::OBJECT_CLASS, &class));
    postings
        .into_iter()
        .flat_map(|postings| postings.iter())
        .collect()
}

/// Whether an entry is an alias, however its classes are spelled.
pub fn is_alias(view: &View<'_>) -> bool {
    view.has_class(class::ALIAS)
}

/// The values of an attribute without options.
fn values<'a>(
    view: &View<'a>,
    attribute: AttributeTypeId,
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let descriptions = view.snapshot.descriptions();
    view.entry
        .blocks()
        .find(|block| descriptions.attribute(block.description) == Some(attribute))
        .into_iter()
        .flat_map(|block| block.values())
}

/// The name that an alias entry points to.
fn target(view: &View<'_>) -> Option<Dn> {
    let value = values(view, well_known::ALIASED_OBJECT_NAME).next()?;
    Dn::parse(std::str::from_utf8(value).ok()?).ok()
}

/// Looks a name up, following the aliases that it leads through; gives the name that it leads to as well. An alias that
/// the asker may not see is followed as little as one that is not there; one whose target the asker may not see names
/// no entry.
///
/// # Errors
/// [`Error::AliasProblem`], with the last alias on the way, when that leads to no entry that the asker may know of, or
/// when there are too many.
pub fn find(snapshot: &Snapshot, access: &mut Access<'_>, dn: &Dn) -> Result<(Dn, Found), Error> {
    let mut dn = dn.clone();
    let mut last = String::new();
    for _ in 0..LIMIT {
        let Some((alias, below)) = first_alias(snapshot, access, &dn) else {
            let found = snapshot.find(&dn);
            return Ok((dn, found));
        };
        last = snapshot.dn(alias.id);
        let target = target(&alias)
            .filter(|target| is_there(snapshot, access, target))
            .ok_or_else(|| Error::AliasProblem {
                text: format!("{last} names no entry"),
                matched: last.clone(),
            })?;
        let rest = dn.rdns().get(..below).unwrap_or_default();
        dn = rest
            .iter()
            .rev()
            .fold(target, |above, rdn| above.child(rdn.clone()));
    }
    Err(Error::AliasProblem {
        matched: last,
        text: format!("more than {LIMIT} aliases one after another"),
    })
}

/// Whether a name is of an entry that the asker may know of, or leads on through an alias.
fn is_there(snapshot: &Snapshot, access: &mut Access<'_>, dn: &Dn) -> bool {
    let entry = snapshot.find_entry(dn);
    entry
        .and_then(|id| View::new(snapshot, id))
        .is_some_and(|view| access.sees(&view) || access.may_see_below(snapshot, view.id))
        || first_alias(snapshot, access, dn).is_some()
}

/// The alias nearest to the root that a name leads through, and how many levels of the name lie below it.
fn first_alias<'a>(
    snapshot: &'a Snapshot,
    access: &mut Access<'_>,
    dn: &Dn,
) -> Option<(View<'a>, usize)> {
    if !any(snapshot) {
        return None;
    }
    let mut names = vec![dn.clone()];
    while let Some(above) = names.last().and_then(Dn::parent) {
        names.push(above);
    }
    names.iter().enumerate().rev().find_map(|(below, name)| {
        let view = View::new(snapshot, snapshot.find_entry(name)?)?;
        (is_alias(&view) && access.sees(&view)).then_some((view, below))
    })
}

/// The parts of the tree that a search covers when it follows the aliases in its scope: the base, and what the aliases
/// lead to, each once. Aliases that lead nowhere, or that the asker may not see, are passed over.
pub fn roots(snapshot: &Snapshot, access: &mut Access<'_>, base: Root) -> Vec<Root> {
    let aliases = all(snapshot);
    let below = match base.scope {
        Scope::Base | Scope::One => Scope::Base,
        Scope::Subtree | Scope::Children => Scope::Subtree,
    };
    let mut roots = vec![base];
    let mut followed = HashSet::new();
    let mut at = 0;
    while let Some(root) = roots.get(at).copied() {
        at += 1;
        for alias in aliases.iter().filter(|id| root.covers(snapshot, **id)) {
            let Some(view) = View::new(snapshot, *alias)
                .filter(|view| followed.insert(view.id) && access.sees(view))
            else {
                continue;
            };
            if let Some(Ok((_, Found::Entry(id)))) =
                target(&view).map(|dn| find(snapshot, access, &dn))
            {
                roots.push(Root { id, scope: below });
            }
        }
    }
    roots
}
