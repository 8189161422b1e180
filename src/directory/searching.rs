//! The searches of a served directory: begun within its limits, gone on with, and counted.
//!
//! Owns what the limits of an asker are and where the part of a search that a cookie names begins. How a search finds its
//! entries is `search`'s, how a cookie is sealed `page`'s.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Directory;
use super::error::Error;
use super::identity::Identity;
use super::page::{Binding, Cursor, InvalidCursor, Position};
use super::request::{Part, SearchRequest, Slice, SliceStart, Window};
use super::search::window::WindowFault;
use super::search::{Conditions, Progress, Search, Unindexed};
use super::selection::VisibleEntry;

impl Directory {
    /// Begins a search (RFC 4511 section 4.5); [`Directory::advance`] yields its entries. The asker's limits cannot exceed
    /// the directory's, unless the administrator asks; that of time counts from `now`.
    pub fn search(
        &self,
        identity: &Identity,
        request: &SearchRequest,
        now: Instant,
    ) -> Result<Search, Error> {
        let bounded = !identity.is_administrator();
        let snapshot = self.snapshot();
        let time = least(request.time_limit, self.time_limit(identity));
        let binding = (request.part != Part::Whole)
            .then(|| Binding::new(snapshot.schema(), identity, request));
        let conditions = Conditions {
            size: self.0.settings.size_limit.filter(|_| bounded),
            deadline: time.and_then(|time| now.checked_add(time)),
            resume: match &binding {
                Some(binding) => self.resume(&request.part, binding)?,
                None => None,
            },
            binding,
        };
        let room = &self.0.room;
        Search::begin(&snapshot, self.rules(), identity, request, conditions, room)
    }

    fn time_limit(&self, identity: &Identity) -> Option<Duration> {
        let bounded = !identity.is_administrator();
        self.0.settings.time_limit.filter(|_| bounded)
    }

    /// Holds what is left of a search to the directory's limits anew, as the next page of one is that is asked for page
    /// by page.
    pub fn renew_limits(&self, search: &mut Search, identity: &Identity) {
        let time = self.time_limit(identity);
        search.renew_limits(time.and_then(|time| Instant::now().checked_add(time)));
    }

    /// Where a part of a search begins, if not at the beginning.
    fn resume(&self, part: &Part, binding: &Binding) -> Result<Option<Cursor>, Error> {
        let open = |sealed: &[u8]| self.0.sealer.open(sealed, binding, Instant::now());
        match part {
            Part::Page(page) if page.size > 0 && !page.cookie.is_empty() => {
                let cursor = open(&page.cookie).and_then(|cursor| match cursor.position {
                    Position::List => Err(InvalidCursor::Foreign),
                    _ => Ok(cursor),
                });
                let refused =
                    |reason| Error::UnwillingToPerform(format!("paged results: {reason}"));
                cursor.map(Some).map_err(refused)
            }
            Part::Slice(Slice {
                from: SliceStart::After(sealed),
                ..
            }) => {
                let cursor = open(sealed).and_then(|cursor| match cursor.position {
                    Position::Key(..) => Ok(cursor),
                    Position::Id(_) | Position::List => Err(InvalidCursor::Foreign),
                });
                let refused = |_| Error::NoWindow(WindowFault::Context);
                cursor.map(Some).map_err(refused)
            }
            Part::Window(Window {
                context: Some(context),
                ..
            }) if !context.is_empty() => match open(context) {
                Ok(Cursor {
                    position: Position::List,
                    ..
                }) => Ok(None),
                _ => Err(Error::NoWindow(WindowFault::Context)),
            },
            _ => Ok(None),
        }
    }

    /// What the client sends back with its next request: for a page, where the next one begins, and nothing after the
    /// last; for a window, which list it is on.
    pub fn cookie(&self, search: &Search) -> Option<Vec<u8>> {
        let cursor = match search.place() {
            Some(_) => Cursor {
                position: Position::List,
                returned: 0,
            },
            None => search.next_page()?,
        };
        self.0
            .sealer
            .seal(&cursor, search.binding()?, Instant::now())
    }

    /// Looks at up to `budget` entries of a search and hands those that match to `sink`, until that breaks off.
    pub fn advance(
        &self,
        search: &mut Search,
        identity: &Identity,
        budget: usize,
        sink: &mut dyn FnMut(&VisibleEntry<'_>) -> ControlFlow<()>,
    ) -> Result<Progress, Error> {
        if search.is_over() {
            return Ok(Progress::Done);
        }
        search.advance(&self.snapshot(), self.rules(), identity, budget, sink)
    }

    /// To be asked once about each search when it is over: counts it when it looked at many entries in vain because no
    /// index helped, and says what would have.
    pub fn conclude(&self, search: &Search) -> Option<Unindexed> {
        if !search.looked_at_many() {
            return None;
        }
        let unindexed = search.unindexed(&self.snapshot())?;
        self.0.unindexed.fetch_add(1, Ordering::Relaxed);
        Some(unindexed)
    }

    /// How many searches [`Directory::conclude`] has counted.
    pub fn unindexed_searches(&self) -> u64 {
        self.0.unindexed.load(Ordering::Relaxed)
    }
}

fn least<T: Ord>(left: Option<T>, right: Option<T>) -> Option<T> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}
