//! Following aliases (RFC 4511 section 4.5.1.3, RFC 4512 section 2.6).
//!
//! Owns the two ways of it: on the way to the base of a search, and from entries within its scope.

use std::collections::HashSet;

use super::access::Access;
use super::dn::Dn;
use super::entry::EntryId;
use super::error::Error;
use super::request::Scope;
use super::schema::{Rule, well_known};
use super::search::{Root, has_class};
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

/// Whether an entry is an alias.
pub fn is_alias(view: &View<'_>) -> bool {
    has_class(view, "alias")
}

/// The name that an alias entry points to.
fn target(view: &View<'_>) -> Option<Dn> {
    let descriptions = view.snapshot.descriptions();
    let attribute = Some(well_known::ALIASED_OBJECT_NAME);
    let block = view
        .entry
        .blocks()
        .find(|block| descriptions.attribute(block.description) == attribute)?;
    Dn::parse(std::str::from_utf8(block.values().next()?).ok()?).ok()
}

/// Looks a name up, following the aliases that it leads through and that the asker may see.
///
/// # Errors
/// [`Error::AliasProblem`] when an alias leads to no entry that the asker may know of, or through too many others.
pub fn find(snapshot: &Snapshot, access: &mut Access<'_>, dn: &Dn) -> Result<Found, Error> {
    let mut dn = dn.clone();
    for _ in 0..LIMIT {
        let Some((alias, below)) = first_alias(snapshot, &dn) else {
            return Ok(snapshot.find(&dn));
        };
        if !access.sees(&alias) {
            return Ok(snapshot.find(&dn));
        }
        let target = target(&alias)
            .filter(|target| {
                first_alias(snapshot, target).is_some() || is_known(snapshot, access, target)
            })
            .ok_or_else(|| {
                Error::AliasProblem(format!("{} names no entry", snapshot.dn(alias.id)))
            })?;
        let rest = dn.rdns().get(..below).unwrap_or_default();
        dn = rest
            .iter()
            .rev()
            .fold(target, |above, rdn| above.child(rdn.clone()));
    }
    Err(Error::AliasProblem(format!(
        "more than {LIMIT} aliases one after another"
    )))
}

/// Whether there is an entry of a name, as far as the asker may know.
fn is_known(snapshot: &Snapshot, access: &mut Access<'_>, dn: &Dn) -> bool {
    let view = snapshot
        .find_entry(dn)
        .and_then(|id| View::new(snapshot, id));
    view.is_some_and(|view| access.sees(&view) || access.may_see_below(snapshot, view.id))
}

/// The alias nearest to the root that a name leads through, and how many levels of the name lie below it.
fn first_alias<'a>(snapshot: &'a Snapshot, dn: &Dn) -> Option<(View<'a>, usize)> {
    if !any(snapshot) {
        return None;
    }
    let mut names = vec![dn.clone()];
    while let Some(above) = names.last().and_then(Dn::parent) {
        names.push(above);
    }
    names.iter().enumerate().rev().find_map(|(below, name)| {
        let view = View::new(snapshot, snapshot.find_entry(name)?)?;
        is_alias(&view).then_some((view, below))
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
            if let Some(Ok(Found::Entry(id))) = target(&view).map(|dn| find(snapshot, access, &dn))
            {
                roots.push(Root { id, scope: below });
            }
        }
    }
    roots
}
