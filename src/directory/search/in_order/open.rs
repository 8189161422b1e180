//! What of all that a filter finds an asker finds, by what the rules say of whole parts of it.
//!
//! Owns which entries must be looked at for that. Which are alike to the rules is known to `access`.

use super::LOOKED_AT;
use crate::directory::access::Access;
use crate::directory::entry::EntryId;
use crate::directory::filter::evaluate::{Evaluator, Truth};
use crate::directory::filter::resolve::Resolved;
use crate::directory::schema::AttributeTypeId;
use crate::directory::snapshot::{IdSet, Snapshot};
use crate::directory::view::View;

/// Of the entries that a filter matches below a root for those who may search everything: those of which all that it asks
/// and an attribute are open, and others that it matches for the asker as well, found by looking at them. `None` when
/// those are too many.
pub fn open(
    filter: &Resolved,
    (root, attribute): (EntryId, AttributeTypeId),
    found: IdSet,
    snapshot: &Snapshot,
    access: &mut Access<'_>,
) -> Option<(IdSet, IdSet)> {
    let mut asked = filter.types();
    asked.push(attribute);
    if access.may_find_all_below(snapshot, root, &asked) {
        return Some((found, IdSet::new()));
    }
    let alike = access.alike(snapshot, found)?;
    let (mut open, mut others) = (IdSet::new(), alike.others);
    for (masks, ids) in alike.groups {
        let searched = asked.iter().all(|it| masks.search.contains(*it));
        if searched && masks.read.contains(attribute) {
            open = open.union(&ids);
        } else if masks.is_visible() {
            others = others.union(&ids);
        }
    }
    if others.len() > LOOKED_AT {
        return None;
    }
    let mut evaluator = Evaluator::default();
    // What is hidden of an entry makes a filter match less, never more.
    let others = others.iter().filter(|id| {
        View::new(snapshot, *id).is_some_and(|view| {
            let masks = access.masks(&view);
            masks.is_visible() && evaluator.evaluate(filter, &view, &masks.search) == Truth::True
        })
    });
    let others = others.collect();
    Some((open, others))
}
