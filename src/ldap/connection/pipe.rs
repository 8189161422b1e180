//! The buffers of one stream, and what moves their bytes: back-pressure, turns, time-outs.
//!
//! Owns what is read and written and when. It reads only while the session takes messages and the client takes answers, so
//! that a client that sends without reading stops itself and nobody else. How the stream came about and how it is parted with is the connection's
//! business; what a message means is the session's.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

use super::HANDSHAKE;
use crate::ldap::Face;
use crate::ldap::budget::Lease;
use crate::ldap::codec::{Frame, frame, write_disconnection};
use crate::ldap::message::ResultCode;
use crate::ldap::session::{Completion, Flow, HIGH_WATER, Session};
use crate::ldap::timers::Timers;

/// Why a connection was closed whose client seems to be gone.
const FORSAKEN: &str = "client closed with operations under way";
/// The longest that messages of one client are taken one after another while others wait for the thread.
const TURN: Duration = Duration::from_millis(1);
/// Bytes read from a socket at once.
const READ: usize = 16 * 1024;
/// The longest that a client may leave answers unread.
const STALL: Duration = Duration::from_secs(60);
/// Buffers that have grown above this are given back when they are empty.
const KEPT: usize = 4 * READ;

/// How serving a stream ended.
pub(super) enum End {
    Closed(&'static str),
    StartTls,
}

/// What happened while the connection waited.
enum Event {
    /// Bytes moved.
    Moved,
    /// Nothing, and there is other work.
    Nothing,
    /// The client sends no more.
    Ended,
    /// Another thread has done something.
    Completed(Box<Completion>),
    /// Time is up, or may be.
    Clock,
    /// The server is stopping.
    Stop,
}

/// The buffers of one stream.
pub(super) struct Pipe {
    pub input: BytesMut,
    output: BytesMut,
    lease: Lease,
    timers: Timers,
    idle: Duration,
    /// When bytes last moved; the clock is set anew only when it rings.
    moved: Instant,
    /// The same, when that was just now.
    now: Option<Instant>,
    clock: Pin<Box<Sleep>>,
    ended: bool,
    /// Whether messages may be there that were left for the next turn.
    left: bool,
    /// Whether the server is stopping: nothing more is taken, what is under way is finished.
    stopping: bool,
    /// Whether it was told to, and looks once more at what the client sent before. Meanwhile nothing is waited for.
    last_look: bool,
}

impl Pipe {
    pub fn new(face: &Face, idle: Duration) -> Self {
        let now = Instant::now();
        Self {
            input: BytesMut::new(),
            output: BytesMut::new(),
            lease: face.budget.lease(),
            timers: face.timers.clone(),
            idle,
            moved: now,
            now: None,
            clock: Box::pin(face.timers.sleep_until(now + idle.min(STALL))),
            ended: false,
            left: false,
            stopping: false,
            last_look: false,
        }
    }

    pub async fn serve<S>(
        &mut self,
        stream: &mut S,
        session: &mut Session,
        stop: &CancellationToken,
    ) -> io::Result<End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut stopped = pin!(stop.cancelled());
        loop {
            let flow = self.work(session);
            if flow != Flow::Continue {
                return self.end(stream, flow).await;
            }
            if self.ended && !self.left && session.is_idle() && self.output.is_empty() {
                return Ok(End::Closed("client closed"));
            }
            if self.stopping && session.is_idle() {
                write_disconnection(
                    &mut self.output,
                    ResultCode::Unavailable,
                    "the server is stopping",
                );
                let timers = self.timers.clone();
                let _ = timers.timeout(HANDSHAKE, self.flush(stream)).await;
                return Ok(End::Closed("server stopping"));
            }
            if !self.fits() {
                write_disconnection(
                    &mut self.output,
                    ResultCode::Unavailable,
                    "the server is out of buffers",
                );
                self.flush(stream).await?;
                return Ok(End::Closed("out of buffers"));
            }
            let more = (self.left || session.has_work()) && self.output.len() < HIGH_WATER;
            if more {
                // Others have their turn between two slices.
                tokio::task::yield_now().await;
            }
            let last_look = self.last_look;
            let event = self.event(stream, session, stopped.as_mut(), !more && !last_look);
            let event = event.await?;
            let looked = last_look && !matches!(event, Event::Completed(_));
            match event {
                Event::Moved => {
                    self.moved = Instant::now();
                    self.now = Some(self.moved);
                }
                Event::Nothing => {
                    if self.is_forsaken() {
                        return Ok(End::Closed(FORSAKEN));
                    }
                }
                Event::Ended => self.ended = true,
                Event::Completed(completion) => {
                    session.complete(*completion, &mut self.output);
                    while let Some(completion) = session.try_completion() {
                        session.complete(completion, &mut self.output);
                    }
                }
                Event::Clock => {
                    if let Some(reason) = self.overdue(session) {
                        return Ok(End::Closed(reason));
                    }
                }
                Event::Stop => {
                    self.last_look = true;
                    // The runtime looks at its sockets meanwhile.
                    tokio::task::yield_now().await;
                    continue;
                }
            }
            if looked {
                let flow = self.take(session);
                (self.last_look, self.stopping) = (false, true);
                if flow != Flow::Continue {
                    return self.end(stream, flow).await;
                }
            }
        }
    }

    /// Sends what is left before a flow that is not to go on.
    async fn end<S: AsyncWrite + Unpin>(&mut self, stream: &mut S, flow: Flow) -> io::Result<End> {
        self.flush(stream).await?;
        Ok(if flow == Flow::StartTls {
            End::StartTls
        } else {
            End::Closed("ended")
        })
    }

    /// Takes the messages that are there, an abandon among them perhaps, before the searches under way go on, and those
    /// behind a bind that waited for the searches after it.
    fn work(&mut self, session: &mut Session) -> Flow {
        let mut flow = self.take(session);
        if flow == Flow::Continue && session.has_work() && self.output.len() < HIGH_WATER {
            flow = session.step(&mut self.output);
            if flow == Flow::Continue {
                flow = self.take(session);
            }
        }
        flow
    }

    /// Hands over the messages that are complete, for one turn.
    fn take(&mut self, session: &mut Session) -> Flow {
        let (mut now, mut begun) = (self.now.take(), None);
        self.left = false;
        while !self.stopping && session.accepts() && self.output.len() < HIGH_WATER {
            match frame(&self.input, session.message_limit()) {
                Frame::Incomplete { .. } => break,
                Frame::Message(length) => {
                    let at = now.take().unwrap_or_else(Instant::now);
                    let flow = {
                        let bytes = self.input.get(..length).unwrap_or_default();
                        session.receive(bytes, at.into_std(), &mut self.output)
                    };
                    consume(&mut self.input, length);
                    if flow != Flow::Continue {
                        return flow;
                    }
                    // Who sends one at a time needs no clock.
                    if !self.input.is_empty() {
                        let next = *now.insert(Instant::now());
                        if next.duration_since(*begun.get_or_insert(at)) >= TURN {
                            self.left = true;
                            break;
                        }
                    }
                }
                Frame::TooLarge { claimed } => {
                    let text = format!("a message of {claimed} bytes is over the limit");
                    write_disconnection(&mut self.output, ResultCode::ProtocolError, &text);
                    return Flow::Close;
                }
                Frame::Malformed(reason) => {
                    write_disconnection(
                        &mut self.output,
                        ResultCode::ProtocolError,
                        &reason.to_string(),
                    );
                    return Flow::Close;
                }
            }
        }
        Flow::Continue
    }

    /// Whether the buffers fit into the budget of all connections. Large ones that are empty are given back.
    fn fits(&mut self) -> bool {
        for buffer in [&mut self.input, &mut self.output] {
            if buffer.is_empty() && buffer.capacity() > KEPT {
                *buffer = BytesMut::new();
            }
        }
        self.lease
            .resize(self.input.capacity() + self.output.capacity())
    }

    /// Moves bytes, or waits until some move or something else happens; without `wait` it comes back at once.
    async fn event<S>(
        &mut self,
        stream: &mut S,
        session: &mut Session,
        stopped: Pin<&mut WaitForCancellationFuture<'_>>,
        wait: bool,
    ) -> io::Result<Event>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let takes = !self.ended && !self.stopping && session.accepts();
        // Who ends the server waits for nobody for as long as the clock would.
        let stopping = self.stopping || self.last_look;
        let awaits = session.awaits_completion();
        // What could be done has been done, and no buffer is to be given back: there is nothing to come back for when the
        // last answer is sent.
        let small = self.output.len() < HIGH_WATER && self.output.capacity() <= KEPT;
        let rests = wait && takes && small;
        let (input, output, clock) = (&mut self.input, &mut self.output, &mut self.clock);
        let last_moved = &mut self.moved;
        let moving = poll_fn(|context| {
            let mut moved = false;
            while !output.is_empty() {
                match Pin::new(&mut *stream).poll_write(context, output) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(Ok(written)) => {
                        consume(output, written);
                        moved = true;
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => break,
                }
            }
            if let Poll::Ready(Err(error)) = Pin::new(&mut *stream).poll_flush(context) {
                return Poll::Ready(Err(error));
            }
            // Asked after writing: a search that fills the buffer again and again must not keep an abandon unread.
            if takes && output.len() < HIGH_WATER {
                match poll_read(Pin::new(&mut *stream), context, input) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Ok(Event::Ended)),
                    Poll::Ready(Ok(_)) => return Poll::Ready(Ok(Event::Moved)),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => {}
                }
            }
            if moved && rests && output.is_empty() {
                *last_moved = Instant::now();
                return Poll::Pending;
            }
            match (moved, wait) {
                (true, _) => Poll::Ready(Ok(Event::Moved)),
                (false, false) => Poll::Ready(Ok(Event::Nothing)),
                (false, true) => Poll::Pending,
            }
        });
        tokio::select! {
            biased;
            completion = session.completion(), if awaits => Ok(Event::Completed(Box::new(completion))),
            event = moving => event,
            () = clock.as_mut(), if !stopping => Ok(Event::Clock),
            () = stopped, if !stopping => Ok(Event::Stop),
        }
    }

    /// Whether a client that sends no more has also taken nothing for too long. One that is gone looks like one that has
    /// closed its half and waits, until something is sent to it; a search that finds nothing would go on for nobody.
    fn is_forsaken(&self) -> bool {
        self.ended && self.moved.elapsed() >= self.idle.min(STALL)
    }

    /// Why the client is given up, if it has done nothing for too long; else the clock is set anew.
    fn overdue(&mut self, session: &Session) -> Option<&'static str> {
        let now = Instant::now();
        let quiet = now.duration_since(self.moved);
        if !self.output.is_empty() && quiet >= STALL {
            return Some("client reads nothing");
        }
        if session.is_idle() && quiet >= self.idle {
            return Some("idle");
        }
        if self.is_forsaken() {
            return Some(FORSAKEN);
        }
        let left = self
            .idle
            .min(STALL)
            .saturating_sub(quiet)
            .max(Duration::from_secs(1));
        self.clock.as_mut().reset(now + left);
        None
    }

    /// Sends everything that is written, or gives up after the longest wait.
    async fn flush<S: AsyncWrite + Unpin>(&mut self, stream: &mut S) -> io::Result<()> {
        let sent = self.timers.timeout(STALL, async {
            stream.write_all(&self.output).await?;
            stream.flush().await
        });
        sent.await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
        self.output.clear();
        Ok(())
    }
}

/// Takes bytes from the front of a buffer, all of whose room is there again when nothing is left.
fn consume(buffer: &mut BytesMut, taken: usize) {
    if taken < buffer.len() {
        buffer.advance(taken);
    } else {
        buffer.clear();
    }
}

/// Reads what is there into the spare room of a buffer, making some where there is none.
fn poll_read<S: AsyncRead>(
    stream: Pin<&mut S>,
    context: &mut std::task::Context<'_>,
    input: &mut BytesMut,
) -> Poll<io::Result<usize>> {
    input.reserve(READ);
    tokio_util::io::poll_read_buf(stream, context, input)
}
