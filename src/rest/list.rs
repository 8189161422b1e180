//! Lists and single entries: searches of the directory, done in slices so that no request keeps its thread for long.
//!
//! Owns how a page comes to be, and the wait for a change. What is looked for is the dialect's, how it is found the
//! directory's.

use std::future::Future;
use std::ops::ControlFlow;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::oneshot;

use super::Rest;
use super::entry::selected;
use super::fault::Fault;
use super::operation::Call;
use crate::directory::dn::Dn;
use crate::directory::filter::Filter;
use crate::directory::identity::Identity;
use crate::directory::request::{
    Change, Dereference, Page, Part, Scope, SearchRequest, Slice, SliceStart, Sort, SortKey,
    Subentries, Terms,
};
use crate::directory::search::{Progress, Search};
use crate::directory::{Changed, EntryCopy, Error, VisibleEntry};

/// Entries that a search looks at before other requests have their turn.
pub(super) const SLICE: usize = 1_024;
/// Entries of a whole list that are found together.
pub(super) const BATCH: u32 = 500;

/// What a list is of.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// The part of the tree.
    pub base: Dn,
    /// Which entries.
    pub filter: Filter,
    /// The attributes to be read.
    pub attributes: Vec<String>,
    /// In which order: what decides first comes first.
    pub sort: Vec<SortKey>,
}

/// A page of a list.
pub struct Listed {
    /// How many entries there are on all pages.
    pub total: u32,
    /// What asks for the next page, if there is one.
    pub next: Option<String>,
}

/// Where a page begins that a client asks for by what came with an earlier one.
///
/// # Errors
/// When it is none of those.
pub fn after(text: &str) -> Result<SliceStart, Fault> {
    let decoded = URL_SAFE_NO_PAD.decode(text);
    let start = decoded.map(SliceStart::After);
    start
        .map_err(|_| Error::NoWindow(crate::directory::search::window::WindowFault::Context).into())
}

pub(super) fn request(query: &ListQuery, part: Part, sorted: bool) -> SearchRequest {
    SearchRequest {
        base: query.base.clone(),
        scope: Scope::Subtree,
        dereference: Dereference::Never,
        filter: query.filter.clone(),
        attributes: query.attributes.clone(),
        types_only: false,
        size_limit: 0,
        time_limit: None,
        assertion: None,
        manage_referrals: true,
        omit_references: true,
        subentries: Subentries::ByScope,
        values: None,
        sort: sorted.then(|| Sort {
            keys: query.sort.clone(),
            required: true,
        }),
        part,
    }
}

/// Hands the entries of one page to `each`. Where the part of the tree is not there, there is nobody in it.
pub async fn page(
    rest: &Rest,
    identity: &Identity,
    query: &ListQuery,
    from: SliceStart,
    size: u32,
    each: &mut (dyn FnMut(&VisibleEntry<'_>) + Send),
) -> Result<Listed, Fault> {
    let part = Part::Slice(Slice { from, size });
    let Some(search) = search(rest, identity, &request(query, part, true), each).await? else {
        return Ok(Listed {
            total: 0,
            next: None,
        });
    };
    let cookie = rest.directory.cookie(&search);
    Ok(Listed {
        total: search.total().unwrap_or_default(),
        next: cookie.map(|cookie| URL_SAFE_NO_PAD.encode(cookie)),
    })
}

/// Hands all entries that a filter finds in a part of the tree to `each`, with these attributes and in no order.
pub async fn all(
    call: &Call,
    (base, filter): (Dn, Filter),
    names: &[&str],
    each: &mut (dyn FnMut(&VisibleEntry<'_>) + Send),
) -> Result<(), Fault> {
    let (rest, identity) = (&call.rest, &call.caller.identity);
    let query = ListQuery {
        base,
        filter,
        attributes: selected(names),
        sort: Vec::new(),
    };
    let mut cookie = Vec::new();
    loop {
        let part = Part::Page(Page {
            size: BATCH,
            cookie,
        });
        let found = search(rest, identity, &request(&query, part, false), each).await?;
        let next = found.and_then(|search| rest.directory.cookie(&search));
        match next {
            Some(next) => cookie = next,
            None => return Ok(()),
        }
    }
}

/// Copies of all entries that a filter finds in a part of the tree.
pub async fn found(
    call: &Call,
    asked: (Dn, Filter),
    names: &[&str],
) -> Result<Vec<EntryCopy>, Fault> {
    let mut found = Vec::new();
    let each = &mut |entry: &VisibleEntry<'_>| found.push(entry.copy());
    all(call, asked, names, each).await?;
    Ok(found)
}

/// The one entry that a filter finds in a part of the tree.
pub async fn one(
    call: &Call,
    asked: (Dn, Filter),
    names: &[&str],
) -> Result<Option<EntryCopy>, Fault> {
    let mut found = None;
    let each = &mut |entry: &VisibleEntry<'_>| found = Some(entry.copy());
    all(call, asked, names, each).await?;
    Ok(found)
}

/// The order by an attribute, from the least value on.
pub fn by(attribute: &str) -> SortKey {
    SortKey {
        attribute: attribute.to_owned(),
        rule: None,
        reverse: false,
        otherwise: None,
    }
}

pub(super) fn begin(
    rest: &Rest,
    identity: &Identity,
    request: &SearchRequest,
) -> Result<Option<Search>, Fault> {
    match rest.directory.search(identity, request, Instant::now()) {
        Ok(search) => Ok(Some(search)),
        Err(Error::NoSuchObject { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn search(
    rest: &Rest,
    identity: &Identity,
    request: &SearchRequest,
    each: &mut (dyn FnMut(&VisibleEntry<'_>) + Send),
) -> Result<Option<Search>, Fault> {
    let Some(mut search) = begin(rest, identity, request)? else {
        return Ok(None);
    };
    loop {
        let progress = rest
            .directory
            .advance(&mut search, identity, SLICE, &mut |entry| {
                each(entry);
                ControlFlow::Continue(())
            })?;
        if progress == Progress::Done {
            rest.directory.conclude(&search);
            return Ok(Some(search));
        }
        tokio::task::yield_now().await;
    }
}

/// Makes a change and waits until it is on the disk and every later read sees it.
pub async fn change(call: &Call, change: Change, terms: Terms) -> Result<Changed, Error> {
    make(call, (change, terms), Vec::new()).await
}

/// Makes several changes, all or none; what is told is told of the last. `None` when there are none to make.
pub async fn together(
    call: &Call,
    changes: Vec<(Change, Terms)>,
) -> Result<Option<Changed>, Error> {
    let mut changes = changes.into_iter();
    match changes.next() {
        Some(first) => make(call, first, changes.collect()).await.map(Some),
        None => Ok(None),
    }
}

async fn make(
    call: &Call,
    first: (Change, Terms),
    then: Vec<(Change, Terms)>,
) -> Result<Changed, Error> {
    let (directory, identity) = (&call.rest.directory, &call.caller.identity);
    wait(|done| directory.change_together(identity, first, then, done)).await
}

/// What comes of something that the directory does elsewhere.
pub fn wait<T: Send + 'static>(
    begin: impl FnOnce(Box<dyn FnOnce(Result<T, Error>) + Send>),
) -> impl Future<Output = Result<T, Error>> + Send {
    let (send, receive) = oneshot::channel();
    begin(Box::new(move |outcome| {
        // Whoever asked may have gone.
        let _ = send.send(outcome);
    }));
    async move {
        let stopping = || Err(Error::Unavailable("the server is stopping".to_owned()));
        receive.await.unwrap_or_else(|_| stopping())
    }
}
