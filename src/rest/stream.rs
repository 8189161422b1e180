//! Whole lists, written while they are found: a long one takes no more memory than a short one.
//!
//! Owns that a list goes to its client as fast as that takes it, as lines or as an array. What is looked for and how an entry
//! is written is the dialect's.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_core::Stream;
use serde::Serialize;
use tokio::sync::mpsc;

use super::Rest;
use super::fault::Fault;
use super::list::{BATCH, ListQuery, SLICE, after, begin, page, request};
use crate::directory::VisibleEntry;
use crate::directory::identity::Identity;
use crate::directory::request::{Part, Slice, SliceStart};
use crate::directory::search::Progress;

/// Pieces of a stream that wait for the client.
const WAITING: usize = 2;
/// The longest that a client is waited for to take one of them. What it has begun to read is kept for it until then.
const PATIENCE: Duration = Duration::from_secs(120);

/// A piece of a list, or why there are no more.
type Piece = Result<Bytes, Fault>;

/// What comes after the last piece of a list that is whole.
const END: Bytes = Bytes::new();

/// Writes one entry of a list.
pub type Write = Arc<dyn Fn(&VisibleEntry<'_>, &mut Vec<u8>) + Send + Sync>;

/// Writes a whole list: each entry, and after the last, without one, what is still to be written.
pub type WriteAll = Box<dyn FnMut(Option<&VisibleEntry<'_>>, &mut Vec<u8>) + Send>;

/// A line for each entry.
pub fn lines(write: Write) -> WriteAll {
    Box::new(move |entry, out| {
        if let Some(entry) = entry {
            write(entry, out);
            out.push(b'\n');
        }
    })
}

/// The items of an array that is being written.
pub struct Items<'a> {
    out: &'a mut Vec<u8>,
    any: &'a mut bool,
}

impl Items<'_> {
    /// Writes one more.
    pub fn push(&mut self, item: &impl Serialize) {
        if std::mem::replace(self.any, true) {
            self.out.push(b',');
        }
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(&mut *self.out, item);
    }
}

/// An array between two pieces of JSON. `write` is handed each entry and, after the last, none.
pub fn array(
    (before, after): (String, &'static str),
    mut write: impl FnMut(Option<&VisibleEntry<'_>>, &mut Items<'_>) + Send + 'static,
) -> WriteAll {
    let (mut before, mut any) = (Some(before), false);
    Box::new(move |entry, out| {
        if let Some(before) = before.take() {
            out.extend_from_slice(before.as_bytes());
            out.push(b'[');
        }
        let any = &mut any;
        write(entry, &mut Items { out, any });
        if entry.is_none() {
            out.push(b']');
            out.extend_from_slice(after.as_bytes());
        }
    })
}

/// A whole list, as fast as the client takes it. Its first piece is there before this returns, so that a list that cannot be
/// is refused.
pub async fn whole(
    rest: Arc<Rest>,
    identity: Identity,
    query: ListQuery,
    write: WriteAll,
) -> Result<Body, Fault> {
    let (send, mut receive) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let writing = Writing {
            rest: &rest,
            identity: &identity,
            query: &query,
            write,
            batch: Vec::new(),
            send: &send,
        };
        if let Err(fault) = writing.write().await {
            let _ = send.send_timeout(Err(fault), PATIENCE).await;
        }
    });
    match receive.recv().await {
        Some(Err(fault)) => Err(fault),
        first => Ok(Body::from_stream(Pieces { first, receive })),
    }
}

/// A list that is being written.
struct Writing<'a> {
    rest: &'a Rest,
    identity: &'a Identity,
    query: &'a ListQuery,
    write: WriteAll,
    /// What is written and not sent yet.
    batch: Vec<u8>,
    send: &'a mpsc::Sender<Piece>,
}

impl Writing<'_> {
    async fn write(mut self) -> Result<(), Fault> {
        let from = SliceStart::Offset(0);
        let part = Part::Slice(Slice { from, size: BATCH });
        let found = begin(self.rest, self.identity, &request(self.query, part, true))?;
        let is_there = match found.and_then(|search| search.total()) {
            Some(_) => self.write_pages().await?,
            None => self.write_sorted().await?,
        };
        if is_there {
            (self.write)(None, &mut self.batch);
            if !self.send().await {
                return Ok(());
            }
            let _ = self.send.send_timeout(Ok(END), PATIENCE).await;
        }
        Ok(())
    }

    /// Where an index has the order, each page is found by itself. False when the client has gone.
    async fn write_pages(&mut self) -> Result<bool, Fault> {
        let mut from = SliceStart::Offset(0);
        loop {
            let each = &mut |entry: &VisibleEntry<'_>| (self.write)(Some(entry), &mut self.batch);
            let listed = page(self.rest, self.identity, self.query, from, BATCH, each).await?;
            match listed.next {
                Some(next) => from = after(&next)?,
                None => return Ok(true),
            }
            if !self.send().await {
                return Ok(false);
            }
        }
    }

    /// Elsewhere all of it is sorted, once. False when the client has gone.
    async fn write_sorted(&mut self) -> Result<bool, Fault> {
        let request = request(self.query, Part::Whole, true);
        let Some(mut search) = begin(self.rest, self.identity, &request)? else {
            return Ok(true);
        };
        let directory = &self.rest.directory;
        let mut found = 0;
        loop {
            let progress = directory.advance(&mut search, self.identity, SLICE, &mut |entry| {
                (self.write)(Some(entry), &mut self.batch);
                found += 1;
                match found < BATCH {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                }
            })?;
            if progress == Progress::Done {
                directory.conclude(&search);
                return Ok(true);
            }
            if found >= BATCH {
                found = 0;
                if !self.send().await {
                    return Ok(false);
                }
                directory.renew_limits(&mut search, self.identity);
            }
            tokio::task::yield_now().await;
        }
    }

    /// False when the client has gone, or does not read on.
    async fn send(&mut self) -> bool {
        let batch = Bytes::from(std::mem::take(&mut self.batch));
        batch.is_empty() || self.send.send_timeout(Ok(batch), PATIENCE).await.is_ok()
    }
}

/// What comes out of a channel, as a body.
struct Pieces {
    first: Option<Piece>,
    receive: mpsc::Receiver<Piece>,
}

impl Stream for Pieces {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = match self.first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => self.receive.poll_recv(cx),
        };
        // A list that breaks off ends its connection, so that nobody takes it for whole.
        next.map(|next| match next {
            Some(Ok(piece)) if piece.is_empty() => None,
            Some(Ok(piece)) => Some(Ok(piece)),
            Some(Err(fault)) => Some(Err(std::io::Error::other(fault.text))),
            None => Some(Err(std::io::Error::other("the list breaks off"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;
    use crate::rest::fault::Kind;

    /// The pieces of a body, and whether it ended as a whole one does, of a list of which this was sent.
    async fn read(sent: Vec<Piece>) -> (Vec<Bytes>, bool) {
        let (send, receive) = mpsc::channel(sent.len());
        for piece in sent {
            send.send(piece).await.unwrap();
        }
        drop(send);
        let first = None;
        let mut body = Pieces { first, receive };
        let mut pieces = Vec::new();
        loop {
            match poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {
                Some(Ok(piece)) => pieces.push(piece),
                ended => return (pieces, ended.is_none()),
            }
        }
    }

    #[tokio::test]
    async fn a_list_that_breaks_off_is_not_taken_for_whole() {
        let piece = Bytes::from_static(b"one\n");
        let fault = Fault::new(Kind::Unavailable, "busy");
        let one = vec![piece.clone()];
        assert_eq!(
            read(vec![Ok(piece.clone()), Ok(END)]).await,
            (one.clone(), true)
        );
        assert_eq!(
            read(vec![Ok(piece.clone()), Err(fault)]).await,
            (one.clone(), false)
        );
        assert_eq!(read(vec![Ok(piece)]).await, (one, false));
    }
}
