//! Referral objects (RFC 3296): entries that say which other server holds what is at and below their name.
//!
//! Owns where they stand in the way of a request and what the client is answered then. It does not own the form of a
//! reference ([`uri`]). An asker who may not read the `ref` of a referral object learns nothing of it: what is at or
//! below the object does not exist for it.

pub mod uri;

use super::access::Access;
use super::attributes::Attributes;
use super::dn::Dn;
use super::entry::EntryId;
use super::error::Error;
use super::request::Scope;
use super::schema::well_known::{self, class};
use super::search::Root;
use super::snapshot::{Found, Snapshot};
use super::view::View;

/// The referral object that an entry is or lies below; of several the one nearest to the root.
pub fn above(snapshot: &Snapshot, mut id: EntryId) -> Option<EntryId> {
    let objects = snapshot.referrals();
    let mut highest = None;
    while let Some(view) = View::new(snapshot, id) {
        if objects.contains(id) && view.has_class(class::REFERRAL) {
            highest = Some(id);
        }
        id = view.entry.parent();
    }
    highest
}

/// The referral object that a name is or lies below, whether or not an entry has the name.
fn on_the_way(snapshot: &Snapshot, found: Found) -> Option<EntryId> {
    let nearest = match found {
        Found::Entry(id) => Some(id),
        Found::Nothing { nearest, .. } => nearest,
        Found::Outside => None,
    };
    above(snapshot, nearest.filter(|_| snapshot.has_referrals())?)
}

/// Sends the client on when a name is, or lies below, a referral object (RFC 3296 sections 5.2 and 5.3). A search
/// says how far it goes.
///
/// # Errors
/// [`Error::Referral`], or [`Error::NoSuchObject`] when the asker may not know of the object.
pub fn pass(
    snapshot: &Snapshot,
    access: &mut Access<'_>,
    dn: &Dn,
    found: Found,
    scope: Option<Scope>,
) -> Result<(), Error> {
    let Some(view) = on_the_way(snapshot, found).and_then(|id| View::new(snapshot, id)) else {
        return Ok(());
    };
    if !is_known(access, &view) {
        let matched = access.nearest_visible(snapshot, Some(view.entry.parent()));
        return Err(Error::NoSuchObject { matched });
    }
    let matched = snapshot.dn(view.id);
    let depth = Dn::parse(&matched).map_or(0, |dn| dn.rdns().len());
    let below = dn.rdns().len().saturating_sub(depth);
    let uris = references(&view).map(|uri| uri::for_target(uri, dn, below, scope));
    Err(Error::Referral {
        uris: uris.collect(),
        matched,
    })
}

/// The continuation references of a search: one for each referral object in its scope that the asker may know of, with
/// at least one URI (RFC 3296 section 5.4).
pub fn continuations(
    snapshot: &Snapshot,
    access: &mut Access<'_>,
    roots: &[Root],
) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for id in snapshot.referrals().iter() {
        let Some(root) = roots.iter().find(|root| root.covers(snapshot, id)) else {
            continue;
        };
        let Some(view) = View::new(snapshot, id).filter(|_| above(snapshot, id) == Some(id)) else {
            continue;
        };
        if is_known(access, &view) {
            let scope = match root.scope {
                Scope::Base | Scope::One => Scope::Base,
                Scope::Subtree | Scope::Children => Scope::Subtree,
            };
            let name = Dn::parse(&snapshot.dn(id)).unwrap_or_default();
            let uris = references(&view).map(|uri| uri::for_target(uri, &name, 0, Some(scope)));
            found.push(uris.collect());
        }
    }
    found
}

/// Whether the asker may know what a referral object refers to.
fn is_known(access: &mut Access<'_>, view: &View<'_>) -> bool {
    access.masks(view).read.contains(well_known::REF)
}

/// The values of `ref`, without their labels.
fn references<'a>(view: &View<'a>) -> impl Iterator<Item = &'a str> {
    let descriptions = view.snapshot.descriptions();
    let blocks = view
        .entry
        .blocks()
        .filter(|block| descriptions.attribute(block.description) == Some(well_known::REF));
    blocks
        .flat_map(|block| block.values())
        .filter_map(|value| std::str::from_utf8(value).ok())
        .map(uri::without_label)
}

/// Refuses an entry whose `ref` no client could follow.
pub fn check(attributes: &Attributes) -> Result<(), Error> {
    for (at, value) in attributes.values(well_known::REF).iter().enumerate() {
        uri::check(value).map_err(|reason| {
            Error::InvalidAttributeSyntax(format!("value {} of \"ref\": {reason}", at + 1))
        })?;
    }
    Ok(())
}
