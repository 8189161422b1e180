//! Lists and single entries: searches of the directory, done in slices so that no request keeps its thread for long.
//!
//! Owns how a page comes to be, whole answers as streams of lines, and the wait for a change. What is looked for is the
//! dialect's, how it is found the directory's.

use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_core::Stream;
use tokio::sync::{mpsc, oneshot};

use super::Rest;
use super::fault::Fault;
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
const SLICE: usize = 1_024;
/// Entries of a stream that are found together.
const BATCH: u32 = 500;
/// Pieces of a stream that wait for the client.
const WAITING: usize = 2;

/// What a list is of.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// The part of the tree.
    pub base: Dn,
    /// Which entries.
    pub filter: Filter,
    /// The attributes to be read.
    pub attributes: Vec<String>,
    /// In which order.
    pub sort: SortKey,
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

fn request(query: &ListQuery, part: Part, sorted: bool) -> SearchRequest {
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
            keys: vec![query.sort.clone()],
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

/// Hands all entries that a filter finds to `each`, in no order.
pub async fn all(
    rest: &Rest,
    identity: &Identity,
    (base, filter): (Dn, Filter),
    attributes: Vec<String>,
    each: &mut (dyn FnMut(&VisibleEntry<'_>) + Send),
) -> Result<(), Fault> {
    let query = ListQuery {
        base,
        filter,
        attributes,
        sort: by("cn"),
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

/// The order by an attribute, from the least value on.
pub fn by(attribute: &str) -> SortKey {
    SortKey {
        attribute: attribute.to_owned(),
        rule: None,
        reverse: false,
        otherwise: None,
    }
}

/// The one entry that a filter finds.
pub async fn one(
    rest: &Rest,
    identity: &Identity,
    (base, filter): (Dn, Filter),
    attributes: Vec<String>,
) -> Result<Option<EntryCopy>, Fault> {
    let mut found = None;
    let each = &mut |entry: &VisibleEntry<'_>| found = Some(entry.copy());
    all(rest, identity, (base, filter), attributes, each).await?;
    Ok(found)
}

async fn search(
    rest: &Rest,
    identity: &Identity,
    request: &SearchRequest,
    each: &mut (dyn FnMut(&VisibleEntry<'_>) + Send),
) -> Result<Option<Search>, Fault> {
    let mut search = match rest.directory.search(identity, request) {
        Ok(search) => search,
        Err(Error::NoSuchObject { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
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

/// Writes one entry of a list.
pub type Write = Arc<dyn Fn(&VisibleEntry<'_>, &mut Vec<u8>) + Send + Sync>;

/// A whole list, one line an entry, as fast as the client takes it. The first lines are there before this returns, so that
/// a list that cannot be is refused.
pub async fn stream(
    rest: Arc<Rest>,
    identity: Identity,
    query: ListQuery,
    write: Write,
) -> Result<Body, Fault> {
    let (send, mut receive) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let outcome = lines(&rest, &identity, &query, &write, &send).await;
        if let Err(fault) = outcome {
            let _ = send.send(Err(fault)).await;
        }
    });
    let first = match receive.recv().await {
        Some(Ok(first)) => Some(first),
        Some(Err(fault)) => return Err(fault),
        None => None,
    };
    Ok(Body::from_stream(Lines { first, receive }))
}

async fn lines(
    rest: &Rest,
    identity: &Identity,
    query: &ListQuery,
    write: &Write,
    send: &mpsc::Sender<Result<Bytes, Fault>>,
) -> Result<(), Fault> {
    let mut from = SliceStart::Offset(0);
    loop {
        let mut batch = Vec::new();
        let each = &mut |entry: &VisibleEntry<'_>| {
            write(entry, &mut batch);
            batch.push(b'\n');
        };
        let listed = page(rest, identity, query, from, BATCH, each).await?;
        if !batch.is_empty() && send.send(Ok(batch.into())).await.is_err() {
            // The client has gone.
            return Ok(());
        }
        match listed.next {
            Some(next) => from = after(&next)?,
            None => return Ok(()),
        }
    }
}

/// What comes out of a channel, as a body.
struct Lines {
    first: Option<Bytes>,
    receive: mpsc::Receiver<Result<Bytes, Fault>>,
}

impl Stream for Lines {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        // A list that breaks off ends its connection, so that nobody takes it for whole.
        let next = self.receive.poll_recv(cx);
        next.map(|next| next.map(|piece| piece.map_err(|it| std::io::Error::other(it.text))))
    }
}

/// Makes a change and waits until it is on the disk and every later read sees it.
pub async fn change(
    rest: &Rest,
    identity: &Identity,
    change: Change,
    terms: Terms,
) -> Result<Changed, Error> {
    together(rest, identity, (change, terms), Vec::new()).await
}

/// Makes several changes, all or none; what is told is told of the last.
pub async fn together(
    rest: &Rest,
    identity: &Identity,
    first: (Change, Terms),
    then: Vec<(Change, Terms)>,
) -> Result<Changed, Error> {
    wait(|done| rest.directory.change_together(identity, first, then, done)).await
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
