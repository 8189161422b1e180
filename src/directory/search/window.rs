//! Windows on a sorted list: which places one covers (draft-ietf-ldapext-ldapv3-vlv-09).
//!
//! Owns the arithmetic between what the client takes the list to be and what it is. It does not own the list.

use std::ops::Range;

use super::list::List;
use super::order::{CannotSort, Order};
use crate::directory::request::{Window, WindowTarget};
use crate::directory::schema::Schema;

/// Where a window is on its list.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The place of the target, counted from 1; one more than there are entries when none is the target.
    pub target: u32,
    /// How many entries the list has.
    pub count: u32,
}

/// Why there is no window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowFault {
    /// The search is not sorted.
    NotSorted,
    /// The entries cannot be sorted.
    CannotSort(CannotSort),
    /// The offset lies beyond the list.
    OutOfRange,
    /// The value is not one that the first sort key can be compared with.
    Value,
    /// The context was not given for this list.
    Context,
    /// There is no list where the search begins.
    NoList,
}

impl std::fmt::Display for WindowFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self {
            Self::CannotSort(cause) => return cause.fmt(f),
            Self::NotSorted => "list view: the request must say how the list is sorted",
            Self::OutOfRange => "list view: the offset is 0 or lies beyond the list",
            Self::Value => "list view: the first sort key has no values like the one given",
            Self::Context => {
                "list view: the context was not given for this list since the server started; leave it out"
            }
            Self::NoList => "list view: the entries that describe the server are in no list",
        };
        f.write_str(text)
    }
}

/// The entries that a window covers, by their places from 0, and what is told of it.
pub fn find(
    window: &Window,
    list: &List,
    order: &Order,
    schema: &Schema,
) -> Result<(Range<usize>, Place), WindowFault> {
    let count = u32::try_from(list.count()).unwrap_or(u32::MAX);
    let target = match &window.target {
        WindowTarget::Offset { offset, count: own } => offset_in(*offset, *own, count)?,
        WindowTarget::Value(value) => {
            let key = order
                .first_key_of(schema, value)
                .ok_or(WindowFault::Value)?;
            let at = list.place(&key, 0);
            u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1)
        }
    };
    let range = match target.checked_sub(1) {
        Some(at) => list.around(at as usize, window.before, window.after),
        None => 0..0,
    };
    Ok((range, Place { target, count }))
}

/// The place in a list of `count` entries that the client means by `offset` of `own` (section 5). 0 in an empty list.
fn offset_in(offset: u32, own: u32, count: u32) -> Result<u32, WindowFault> {
    let believed = if own == 0 { count } else { own };
    if offset == 0 || (offset > believed && count > 0) {
        return Err(WindowFault::OutOfRange);
    }
    if offset == own {
        return Ok(count);
    }
    if offset == 1 || own == 0 || own == count {
        return Ok(offset.min(count));
    }
    let share = u64::from(count) * u64::from(offset);
    let half = u64::from(own) / 2;
    let nearest = share.saturating_add(half) / u64::from(own);
    Ok(u32::try_from(nearest)
        .unwrap_or(u32::MAX)
        .clamp(count.min(1), count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_a_share_of_the_list() {
        for (offset, own, count, expected) in [
            // The example of the draft, section 7.
            (1, 0, 78_564, Ok(1)),
            (78_564, 78_564, 78_564, Ok(78_564)),
            (78_525, 78_564, 78_564, Ok(78_525)),
            (53_424, 78_564, 78_564, Ok(53_424)),
            // The special cases of section 5.
            (1, 500, 200, Ok(1)),
            (500, 500, 200, Ok(200)),
            (1, 1, 200, Ok(200)),
            (17, 0, 200, Ok(17)),
            (250, 500, 200, Ok(100)),
            (2, 3, 200, Ok(133)),
            (2, 1_000_000, 200, Ok(1)),
            (u32::MAX - 1, u32::MAX, u32::MAX - 5, Ok(u32::MAX - 6)),
            (1, 0, 0, Ok(0)),
            (9, 0, 0, Ok(0)),
            (3, 7, 0, Ok(0)),
            (0, 0, 200, Err(WindowFault::OutOfRange)),
            (201, 0, 200, Err(WindowFault::OutOfRange)),
            (501, 500, 200, Err(WindowFault::OutOfRange)),
        ] {
            let found = offset_in(offset, own, count);
            assert_eq!(found, expected, "{offset} of {own} in {count}");
        }
    }
}
