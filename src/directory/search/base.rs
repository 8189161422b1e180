//! Where a search begins: the entry that its base names.
//!
//! Owns what the asker is told when there is none: what may not be seen does not exist.

use crate::directory::access::Access;
use crate::directory::aliases;
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::request::{Dereference, Scope, SearchRequest};
use crate::directory::snapshot::{Found, Snapshot};
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
    let found = if follow {
        aliases::find(snapshot, &request.base)?
    } else {
        snapshot.find(&request.base)
    };
    match found {
        Found::Entry(id)
            if View::new(snapshot, id)
                .is_some_and(|view| reaches(snapshot, access, &view, request)) =>
        {
            Ok(id)
        }
        Found::Entry(id) => Err(Error::NoSuchObject {
            matched: access.nearest_visible(snapshot, Some(id)),
        }),
        Found::Nothing { nearest, .. } => Err(Error::NoSuchObject {
            matched: access.nearest_visible(snapshot, nearest),
        }),
        Found::Outside => Err(Error::NoSuchObject {
            matched: String::new(),
        }),
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
