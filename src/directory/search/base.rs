//! Where a search begins: the entry that its base names.
//!
//! Owns what the asker is told when there is none: what may not be seen does not exist.

use crate::directory::access::Access;
use crate::directory::aliases;
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::referrals;
use crate::directory::request::{Dereference, Scope, SearchRequest};
use crate::directory::snapshot::{Found, Snapshot};
use crate::directory::target;
use crate::directory::view::View;

/// The entry that a search starts from.
pub fn find(
    snapshot: &Snapshot,
    access: &mut Access<'_>,
    request: &SearchRequest,
) -> Result<EntryId, Error> {
    let follow = matches!(
        request.dereference,
        Dereference::FindingBase | Dereference::Always
    );
    let followed;
    let (name, found) = if follow {
        followed = aliases::find(snapshot, access, &request.base)?;
        (&followed.0, followed.1)
    } else {
        (&request.base, snapshot.find(&request.base))
    };
    if !request.manage_referrals {
        referrals::pass(snapshot, access, name, found, Some(request.scope))?;
    }
    match found {
        Found::Entry(id)
            if View::new(snapshot, id)
                .is_some_and(|view| reaches(snapshot, access, &view, request)) =>
        {
            Ok(id)
        }
        _ => Err(target::missing(snapshot, access, found)),
    }
}

/// A base that may not be seen does not exist, unless it leads to something that may be.
fn reaches(
    snapshot: &Snapshot,
    access: &mut Access<'_>,
    base: &View<'_>,
    request: &SearchRequest,
) -> bool {
    access.sees(base) || (request.scope != Scope::Base && access.may_see_below(snapshot, base.id))
}
