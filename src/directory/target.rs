//! The entry that a request is about: found by name as far as the asker may see, and held to what the request asserts.
//!
//! Owns the answer when there is none. What may not be seen does not exist, to the last byte of that answer.

use super::access::Access;
use super::dn::Dn;
use super::error::Error;
use super::filter::Filter;
use super::filter::evaluate::{Evaluator, Truth};
use super::referrals;
use super::snapshot::{Found, Snapshot};
use super::view::View;

/// Finds the entry of a name.
///
/// # Errors
/// [`Error::NoSuchObject`] when there is none that the asker may see, and [`Error::Referral`] when another server holds it,
/// unless referral objects are to be treated like other entries.
pub fn find<'a>(
    snapshot: &'a Snapshot,
    access: &mut Access<'_>,
    dn: &Dn,
    manage_referrals: bool,
) -> Result<View<'a>, Error> {
    let found = snapshot.find(dn);
    if !manage_referrals {
        referrals::pass(snapshot, access, dn, found, None)?;
    }
    match found {
        Found::Entry(id) => View::new(snapshot, id).filter(|view| access.sees(view)),
        _ => None,
    }
    .ok_or_else(|| missing(snapshot, access, found))
}

/// That there is no such entry for the asker, and which one above there is.
pub fn missing(snapshot: &Snapshot, access: &mut Access<'_>, found: Found) -> Error {
    let nearest = match found {
        Found::Entry(id) => Some(id),
        Found::Nothing { nearest, .. } => nearest,
        Found::Outside => None,
    };
    Error::NoSuchObject {
        matched: access.nearest_visible(snapshot, nearest),
    }
}

/// Holds an entry to an assertion (RFC 4528). What the asker may not search is neither true nor false.
///
/// # Errors
/// [`Error::AssertionFailed`].
pub fn assert(
    access: &mut Access<'_>,
    view: &View<'_>,
    assertion: Option<&Filter>,
) -> Result<(), Error> {
    let Some(filter) = assertion else {
        return Ok(());
    };
    let filter = filter.resolve(view.schema());
    let open = &access.masks(view).search;
    match Evaluator::default().evaluate(&filter, view, open) {
        Truth::True => Ok(()),
        Truth::False | Truth::Undefined => Err(Error::AssertionFailed),
    }
}
