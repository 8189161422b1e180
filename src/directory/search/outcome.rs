//! How a search ended, as far as its controls ask: where it goes on, how many there are, whether they came sorted.
//!
//! Owns the answers, and nothing that leads to them.

use super::ahead::Ahead;
use super::arrangement::{Portion, Sorting};
use super::order::CannotSort;
use super::window::Place;
use super::{Binding, Cursor, Search};

impl Search {
    /// What the cursors of this search are bound to, if it has any.
    pub(in crate::directory) fn binding(&self) -> Option<&Binding> {
        self.conditions.binding.as_ref()
    }

    /// Where the next page begins; `None` when there is none.
    pub(in crate::directory) fn next_page(&self) -> Option<Cursor> {
        match &self.portion {
            Portion::Page { next, .. } | Portion::Slice { next, .. } => Some(Cursor {
                position: next.clone()?,
                returned: self.before.saturating_add(self.returned),
            }),
            _ => None,
        }
    }

    /// How many entries there are on all pages, where that has come to be known.
    pub fn total(&self) -> Option<u32> {
        match (&self.portion, &self.ahead) {
            (Portion::Count(count), _) => Some(*count),
            (Portion::Slice { total, .. }, _) if total.is_some() => *total,
            (_, Ahead::Listed { list, .. }) => u32::try_from(list.count()).ok(),
            (Portion::Nothing, _) => None,
            _ => self
                .exhausted
                .then(|| self.before.saturating_add(self.returned)),
        }
    }

    /// Whether the entries came in the order that was asked for; `None` when none was, or no entry came
    /// (RFC 2891 section 2).
    pub fn sorted(&self) -> Option<Result<(), &CannotSort>> {
        match &self.sorting {
            _ if self.returned == 0 => None,
            Sorting::No | Sorting::Gathering { .. } => None,
            Sorting::Done => Some(Ok(())),
            Sorting::Failed(cause) => Some(Err(cause)),
        }
    }

    /// Where the window is on its list.
    pub fn place(&self) -> Option<Place> {
        match &self.portion {
            Portion::Window { place, .. } => *place,
            _ => None,
        }
    }
}
