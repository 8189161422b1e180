//! Candidates that need not be looked at to know that they match.
//!
//! Owns when that is so: nothing has changed since the indexes were asked, and the asker may search whatever the filter is
//! about. It does not own which indexes find exactly what matches (`filter::plan`).

use crate::directory::access::AttributeMask;
use crate::directory::filter::plan::Plan;
use crate::directory::filter::resolve::Resolved;
use crate::directory::schema::AttributeTypeId;
use crate::directory::snapshot::Snapshot;
use crate::directory::time::Csn;

/// On what conditions the candidates of a plan match.
pub struct Certain {
    /// The newest change when they were found.
    csn: Csn,
    /// What the filter is about.
    about: Vec<AttributeTypeId>,
}

impl Certain {
    /// The conditions, when there are such for a plan of a filter.
    pub fn of(plan: &Plan<'_>, filter: &Resolved, snapshot: &Snapshot) -> Option<Self> {
        plan.is_certain().then(|| Self::exactly(filter, snapshot))
    }

    /// The conditions for what the indexes have found exactly.
    pub fn exactly(filter: &Resolved, snapshot: &Snapshot) -> Self {
        Self {
            csn: snapshot.csn(),
            about: filter.types(),
        }
    }

    /// Whether a candidate matches, for an asker who may search the attributes of `open`.
    pub fn holds(&self, snapshot: &Snapshot, open: &AttributeMask) -> bool {
        self.csn == snapshot.csn() && self.about.iter().all(|id| open.contains(*id))
    }
}
