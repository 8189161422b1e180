//! What becomes of the entries that a search finds: whether they are sorted, and which of them are returned.
//!
//! Owns how a request for an order and for a part is understood. `search` carries it out.

use super::Conditions;
use super::list::{List, Room};
use super::order::{CannotSort, Order, SortFault};
use super::window::{Place, WindowFault};
use crate::directory::error::Error;
use crate::directory::page::Position;
use crate::directory::request::{Page, Part, SearchRequest, Slice, SliceStart, Window};
use crate::directory::schema::Schema;

/// How far sorting has come.
pub enum Sorting {
    /// It is not asked for.
    No,
    /// Keys are being gathered; with whether the search fails when that cannot be done.
    Gathering {
        order: Box<Order>,
        list: Box<List>,
        required: bool,
    },
    /// The entries come in order.
    Done,
    /// They come unsorted.
    Failed(CannotSort),
}

/// What of a search is returned.
pub enum Portion {
    Whole,
    /// A page of so many entries; with where the next one begins.
    Page {
        most: u32,
        next: Option<Position>,
    },
    /// Nothing, but the number of entries is.
    Count(u32),
    /// Nothing: the client wants no more pages.
    Nothing,
    Window {
        window: Window,
        place: Option<Place>,
    },
    /// So many in a row from a place on, unless the cursor says from where; with where the next begin.
    Slice {
        offset: usize,
        most: u32,
        next: Option<Position>,
        /// How many there are, where an index has told.
        total: Option<u32>,
    },
}

impl Sorting {
    /// What a request asks for.
    ///
    /// # Errors
    /// When there is no such order and the search must have it.
    pub fn of(
        schema: &Schema,
        request: &SearchRequest,
        conditions: &Conditions,
        room: &Room,
    ) -> Result<Self, Error> {
        let in_window = matches!(request.part, Part::Window(_) | Part::Slice(_));
        let Some(sort) = &request.sort else {
            return if in_window {
                Err(Error::NoWindow(WindowFault::NotSorted))
            } else {
                Ok(Self::No)
            };
        };
        let unsorted_before = matches!(&conditions.resume, Some(cursor) if matches!(cursor.position, Position::Id(_)));
        match Order::resolve(schema, &sort.keys) {
            // Pages after one that was too large to be sorted go on as it began.
            Ok(_) if unsorted_before => Ok(Self::Failed(CannotSort {
                attribute: String::new(),
                fault: SortFault::TooMany,
            })),
            Ok(_) if matches!(request.part, Part::Page(Page { size: 0, .. })) => Ok(Self::No),
            Ok(order) => Ok(Self::Gathering {
                order: Box::new(order),
                list: Box::new(List::new(room.clone())),
                required: sort.required,
            }),
            Err(cause) if in_window => Err(Error::NoWindow(WindowFault::CannotSort(cause))),
            Err(cause) if sort.required => Err(Error::CannotSort(cause)),
            Err(cause) => Ok(Self::Failed(cause)),
        }
    }
}

impl Portion {
    /// What a request asks for.
    pub fn of(request: &SearchRequest, conditions: &Conditions) -> Self {
        match &request.part {
            Part::Whole => Self::Whole,
            Part::Page(Page { size: 0, cookie }) if cookie.is_empty() => Self::Count(0),
            Part::Page(Page { size: 0, .. }) => Self::Nothing,
            Part::Page(page) => Self::Page {
                most: conditions
                    .size
                    .map_or(page.size, |size| size.min(page.size)),
                next: None,
            },
            Part::Window(window) => Self::Window {
                window: window.clone(),
                place: None,
            },
            Part::Slice(Slice { from, size }) => Self::Slice {
                offset: match from {
                    SliceStart::Offset(offset) => *offset as usize,
                    SliceStart::After(_) => 0,
                },
                most: *size,
                next: None,
                total: None,
            },
        }
    }
}
