//! What a search does with what it has gathered: it is sorted, and its turn comes.
//!
//! Owns the places of a sorted list from which entries are returned, and what follows where nothing can be sorted. How a
//! request for an order is understood is `arrangement`'s.

use std::ops::Range;

use super::ahead::Ahead;
use super::arrangement::{Portion, Sorting};
use super::list::List;
use super::order::{CannotSort, Order, SortFault};
use super::window::{self, WindowFault};
use super::{Progress, Search};
use crate::directory::error::Error;
use crate::directory::page::Position;
use crate::directory::schema::Schema;
use crate::directory::snapshot::Snapshot;

/// Steps of sorting in one slice.
const SORTED: usize = 16 * 1_024;

impl Search {
    /// Whether nothing is left to look at or to sort, which of a search that finds nothing is known as soon as it has begun.
    pub(in crate::directory) fn is_over(&mut self) -> bool {
        self.exhausted |=
            self.ahead.is_empty() && !matches!(self.sorting, Sorting::Gathering { .. });
        self.exhausted
    }

    /// After the last entry: what was gathered is sorted, and its turn comes; else the search is over.
    pub(super) fn end_of_entries(&mut self, snapshot: &Snapshot) -> Result<Progress, Error> {
        if let Sorting::Gathering { list, .. } = &mut self.sorting
            && !list.sort(SORTED)
        {
            return Ok(Progress::More);
        }
        match std::mem::replace(&mut self.sorting, Sorting::Done) {
            Sorting::Gathering { order, list, .. } => {
                let part = self.part_of(&list, &order, snapshot.schema())?;
                self.ahead = match self.portion {
                    // Nobody asks for a place in it any more: the room for the keys is others'.
                    Portion::Whole => {
                        Ahead::candidates(part.filter_map(|at| list.id(at)).collect(), None)
                    }
                    _ => Ahead::Listed {
                        list,
                        at: part.start,
                        end: part.end,
                    },
                };
                Ok(Progress::More)
            }
            other => {
                self.sorting = other;
                self.exhausted = true;
                Ok(Progress::Done)
            }
        }
    }

    /// The places of a sorted list from which entries are returned.
    fn part_of(
        &mut self,
        list: &List,
        order: &Order,
        schema: &Schema,
    ) -> Result<Range<usize>, Error> {
        if let Portion::Window { window, place } = &mut self.portion {
            let (range, found) =
                window::find(window, list, order, schema).map_err(Error::NoWindow)?;
            *place = Some(found);
            return Ok(range);
        }
        let start = match self
            .conditions
            .resume
            .as_ref()
            .map(|cursor| &cursor.position)
        {
            Some(Position::Key(key, id)) => list.place(key, *id),
            _ => 0,
        };
        if let Portion::Slice {
            offset, most, next, ..
        } = &mut self.portion
        {
            let start = start.max(*offset).min(list.count());
            let end = start.saturating_add(*most as usize).min(list.count());
            // What comes in between later on is on the next slice.
            *next = list
                .id(end.saturating_sub(1))
                .filter(|_| start < end && end < list.count())
                .map(|last| {
                    let key = list.key(end.saturating_sub(1)).to_vec();
                    Position::Key(key, last.saturating_add(1))
                });
            return Ok(start..end);
        }
        Ok(start..list.count())
    }

    /// Goes on without sorting, if the client takes the entries unsorted and has not got any that were sorted.
    pub(super) fn give_up_sorting(
        &mut self,
        snapshot: &Snapshot,
        fault: SortFault,
    ) -> Result<(), Error> {
        let required = match &self.sorting {
            Sorting::Gathering { required, .. } => *required,
            _ => false,
        };
        let cause = CannotSort {
            attribute: String::new(),
            fault,
        };
        if matches!(self.portion, Portion::Window { .. } | Portion::Slice { .. }) {
            return Err(Error::NoWindow(WindowFault::CannotSort(cause)));
        }
        if required {
            return Err(Error::CannotSort(cause));
        }
        if self.conditions.resume.is_some() {
            return Err(match fault {
                SortFault::Busy => Error::Busy("too much is being sorted"),
                _ => Error::AdminLimitExceeded(cause.to_string()),
            });
        }
        self.sorting = Sorting::Failed(cause);
        self.plan(snapshot);
        Ok(())
    }
}
