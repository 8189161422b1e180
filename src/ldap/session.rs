//! What one client is in the middle of: who it is, what is under way, what it may ask now. No sockets here.
//!
//! Owns the order of operations. Searches run side by side, a slice each in turn, so that a small one is not stuck behind
//! a large one; a bind or StartTLS waits until nothing else is under way, and everything behind it waits for it
//! (RFC 4511 sections 4.2.1 and 4.14.1).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Face;
use super::codec::{self, DecodeError, RequestError, write_disconnection};
use super::control::Controls;
use super::encoder::Encoder;
use super::message::{Message, Operation, Request, ResultCode};
use super::operation::{self, bind, extended, password_modify, search, update};
use super::result::Answer;
use super::root_dse::Safety;
use crate::directory::dn::Dn;
use crate::directory::identity::Identity;

/// Bytes of answers above which nothing more is produced until the client has taken some.
pub const HIGH_WATER: usize = 64 * 1024;

/// What becomes of the connection.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It goes on.
    Continue,
    /// What is written is to be sent, then TLS begins.
    StartTls,
    /// What is written is to be sent, then it ends.
    Close,
}

/// How the connection itself protects what is said.
#[derive(Clone, Debug, Default)]
pub struct Channel {
    /// Whether it is encrypted.
    pub tls: bool,
    /// The name that the client's certificate stands for.
    pub certificate_name: Option<Dn>,
    /// Whether StartTLS would work.
    pub can_start_tls: bool,
    /// Whether a password may come in clear.
    pub clear_passwords: bool,
}

impl Channel {
    /// What the connection may be offered.
    pub fn safety(&self) -> Safety {
        Safety {
            passwords: self.tls || self.clear_passwords,
            certificate: self.certificate_name.is_some(),
        }
    }
}

/// The end of something that another thread did.
pub enum Completion {
    /// A password was checked.
    Bind(bind::Finished),
    /// A change was made or refused.
    Update(update::Finished),
    /// A password was changed or not.
    PasswordModify(password_modify::Finished),
}

/// One operation under way: what everything done for it needs to know.
#[derive(Debug)]
pub struct Call {
    /// The message id.
    pub id: i32,
    /// Which operation it is.
    pub operation: Operation,
    /// When it was asked for.
    pub started: Instant,
    /// Who it is done for.
    pub identity: Identity,
    /// What its controls ask.
    pub controls: Controls,
}

/// One client's session.
pub struct Session {
    pub(super) face: Arc<Face>,
    pub(super) channel: Channel,
    pub(super) identity: Identity,
    pub(super) searches: VecDeque<search::Running>,
    /// Changes under way, by their message ids.
    pub(super) updates: Vec<i32>,
    /// A message that waits until nothing is under way.
    held: Option<Message>,
    /// Whether a bind is being proved.
    pub(super) binding: bool,
    pub(super) completions: UnboundedSender<Completion>,
    completed: UnboundedReceiver<Completion>,
    pub(super) encoder: Encoder,
    /// Names the connection in log lines.
    pub(super) number: u64,
    /// Whether any bind has succeeded, which lifts the limit on messages.
    trusted: bool,
}

impl Session {
    /// A session on a new connection.
    pub fn new(face: Arc<Face>, channel: Channel, number: u64) -> Self {
        let (completions, completed) = unbounded_channel();
        Self {
            face,
            channel,
            identity: Identity::anonymous(),
            searches: VecDeque::new(),
            updates: Vec::new(),
            held: None,
            binding: false,
            completions,
            completed,
            encoder: Encoder::default(),
            number,
            trusted: false,
        }
    }

    /// The connection is now protected otherwise.
    pub fn set_channel(&mut self, channel: Channel) {
        self.channel = channel;
    }

    /// The longest message that is taken now, in bytes.
    pub fn message_limit(&self) -> usize {
        if self.trusted {
            self.face.limits.message
        } else {
            self.face.limits.message_before_bind
        }
    }

    /// Whether another message may be handed over.
    pub fn accepts(&self) -> bool {
        !self.binding && self.held.is_none() && self.under_way() < self.face.limits.operations
    }

    /// Operations that are not finished.
    pub fn under_way(&self) -> usize {
        self.searches.len() + self.updates.len()
    }

    /// Whether [`Session::step`] has something to do.
    pub fn has_work(&self) -> bool {
        !self.searches.is_empty() || (self.held.is_some() && self.under_way() == 0 && !self.binding)
    }

    /// Whether nothing is left to do or to wait for.
    pub fn is_idle(&self) -> bool {
        self.under_way() == 0 && !self.binding && self.held.is_none()
    }

    /// Takes one message, its bytes exactly.
    pub fn receive(&mut self, bytes: &[u8], out: &mut BytesMut) -> Flow {
        match codec::decode(bytes) {
            Ok(message) => self.admit(message, out),
            Err(DecodeError::Envelope(error)) => {
                tracing::info!(conn = self.number, %error, "malformed message");
                write_disconnection(out, ResultCode::ProtocolError, &error.to_string());
                Flow::Close
            }
            Err(DecodeError::Request {
                id,
                operation,
                reason,
            }) => {
                tracing::info!(conn = self.number, op = id, %operation, %reason, "malformed request");
                let code = match reason {
                    RequestError::FilterTooDeep => ResultCode::AdminLimitExceeded,
                    RequestError::Field(_) => ResultCode::ProtocolError,
                };
                let call = Call {
                    id,
                    operation,
                    started: Instant::now(),
                    identity: self.identity.clone(),
                    controls: Controls::default(),
                };
                self.finish(out, &call, &Answer::because(code, reason.to_string()));
                Flow::Continue
            }
        }
    }

    /// Does a message, or holds it back until it may be done.
    fn admit(&mut self, message: Message, out: &mut BytesMut) -> Flow {
        let alone = match &message.operation {
            Request::Bind(_) => true,
            Request::Extended(request) => request.name == operation::START_TLS,
            _ => false,
        };
        if alone && self.under_way() > 0 {
            self.held = Some(message);
            return Flow::Continue;
        }
        self.perform(message, out)
    }

    fn perform(&mut self, message: Message, out: &mut BytesMut) -> Flow {
        let (id, operation) = (message.id, message.operation.operation());
        let mut call = Call {
            id,
            operation,
            started: Instant::now(),
            identity: self.identity.clone(),
            controls: Controls::default(),
        };
        match Controls::of(operation, &message.controls) {
            Ok(controls) => call.controls = controls,
            Err(answer) => {
                self.finish(out, &call, &answer);
                return Flow::Continue;
            }
        }
        match message.operation {
            Request::Unbind => {
                tracing::debug!(conn = self.number, op = id, "unbind");
                return Flow::Close;
            }
            Request::Abandon(target) => {
                tracing::debug!(conn = self.number, op = id, target, "abandon");
                self.searches.retain(|search| search.call.id != target);
            }
            Request::Bind(request) => bind::perform(self, call, request, out),
            Request::Search(request) => search::begin(self, call, request, out),
            Request::Extended(request) => return extended::perform(self, call, &request, out),
            Request::Compare(request) => operation::compare::perform(self, &call, &request, out),
            Request::Add(request) => update::add(self, call, request, out),
            Request::Modify(request) => update::modify(self, call, request, out),
            Request::Delete(entry) => update::delete(self, call, &entry, out),
            Request::ModifyDn(request) => update::modify_dn(self, call, &request, out),
        }
        Flow::Continue
    }

    /// Gives each search under way a slice, and does what waited for them.
    pub fn step(&mut self, out: &mut BytesMut) -> Flow {
        for _ in 0..self.searches.len() {
            if out.len() >= HIGH_WATER {
                return Flow::Continue;
            }
            search::step(self, out);
        }
        if self.under_way() == 0
            && !self.binding
            && let Some(message) = self.held.take()
        {
            return self.perform(message, out);
        }
        Flow::Continue
    }

    /// Waits for something that another thread does. May be dropped and called again.
    pub async fn completion(&mut self) -> Completion {
        match self.completed.recv().await {
            Some(completion) => completion,
            // The session holds a sender itself, so the channel is never closed.
            None => std::future::pending().await,
        }
    }

    /// A completion that is there already.
    pub fn try_completion(&mut self) -> Option<Completion> {
        self.completed.try_recv().ok()
    }

    /// Takes the end of something that another thread did.
    pub fn complete(&mut self, completion: Completion, out: &mut BytesMut) {
        match completion {
            Completion::Bind(finished) => bind::finish(self, finished, out),
            Completion::Update(finished) => update::finish(self, finished, out),
            Completion::PasswordModify(finished) => password_modify::finish(self, finished, out),
        }
    }

    /// Whether a completion is to be expected.
    pub fn awaits_completion(&self) -> bool {
        self.binding || !self.updates.is_empty()
    }

    /// A change under way has come to its end.
    pub(super) fn update_ended(&mut self, id: i32) {
        if let Some(at) = self.updates.iter().position(|of| *of == id) {
            self.updates.swap_remove(at);
        }
    }

    /// The client is now this identity.
    pub(super) fn become_identity(&mut self, identity: Identity) {
        self.trusted |= !identity.is_anonymous();
        self.identity = identity;
    }

    /// Writes the final response of an operation, if it has one, and tells who counts.
    pub(super) fn finish(&self, out: &mut BytesMut, call: &Call, answer: &Answer) {
        if let Some(tag) = call.operation.response() {
            answer.write(out, call.id, tag);
        }
        self.observe(call, answer);
    }

    pub(super) fn observe(&self, call: &Call, answer: &Answer) {
        let elapsed = call.started.elapsed();
        self.face
            .observer
            .operation(call.operation, answer.code, elapsed);
        tracing::debug!(
            conn = self.number,
            op = call.id,
            operation = %call.operation,
            code = answer.code.code(),
            text = answer.text,
            micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
            "done"
        );
    }
}
