//! What one client is in the middle of: who it is, what is under way, what it may ask now. No sockets here.
//!
//! Owns the order of operations. Searches run side by side, a slice each in turn, so that a small one is not stuck behind
//! a large one; a bind or StartTLS waits until nothing else is under way, and everything behind it waits for it
//! (RFC 4511 sections 4.2.1 and 4.14.1).

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Face;
use super::audit::{self, Subject};
use super::authorization;
use super::codec::{self, DecodeError, RequestError, write_disconnection};
use super::control::Controls;
use super::encoder::Encoder;
use super::message::{Message, Operation, Request, ResultCode};
use super::named::LastName;
use super::operation::{self, administration, bind, extended, password_modify, search, update};
use super::relay::Relay;
use super::result::Answer;
use super::root_dse::Safety;
use crate::directory::dn::Dn;
use crate::directory::identity::{Identity, Process, Provenance};
use crate::directory::keys;
use crate::directory::password::policy::Refusal;
use crate::directory::source::Source;
use crate::directory::{Error, Standing};

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
    /// Where the client is, on a network.
    pub address: Option<IpAddr>,
    /// The process at the other end, when that is known, as on the local socket.
    pub peer: Option<Peer>,
}

/// A process at the other end of a connection.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// What the operating system says of it.
    pub process: Process,
    /// Whether it may act as the administrator.
    pub administers: bool,
}

impl Channel {
    /// Where a login on the connection comes from.
    pub fn source(&self) -> Source {
        Source {
            address: self.address,
            certificate: self.certificate_name.clone(),
            scope: Some(keys::LDAP),
        }
    }

    /// What the connection may be offered.
    pub fn safety(&self) -> Safety {
        Safety {
            passwords: self.tls || self.clear_passwords,
            external: self.certificate_name.is_some() || self.peer.is_some(),
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
    /// A task of administration has gone on.
    Task(administration::Progress),
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
    /// What it is about, for the audit log.
    pub subject: Subject,
}

/// One client's session.
pub struct Session {
    pub(super) face: Arc<Face>,
    pub(super) channel: Channel,
    pub(super) identity: Identity,
    pub(super) searches: VecDeque<search::Running>,
    /// The name of the search or comparison before.
    pub(super) last_name: LastName,
    /// Changes under way, by their message ids.
    pub(super) updates: Vec<i32>,
    /// The task of administration under way.
    pub(super) task: Option<administration::Running>,
    /// A message that waits until nothing is under way.
    held: Option<Message>,
    /// Whether a bind is being proved.
    pub(super) binding: bool,
    pub(super) completions: UnboundedSender<Completion>,
    completed: UnboundedReceiver<Completion>,
    /// The way of what comes in groups.
    pub(super) relay: Relay,
    pub(super) encoder: Encoder,
    /// Names the connection in log lines.
    pub(super) number: u64,
    /// Whether any bind has succeeded, which lifts the limit on messages.
    trusted: bool,
}

impl Session {
    /// A session on a new connection.
    pub fn new(face: Arc<Face>, relay: Relay, channel: Channel, number: u64) -> Self {
        let (completions, completed) = unbounded_channel();
        Self {
            face,
            channel,
            identity: Identity::anonymous(),
            searches: VecDeque::new(),
            last_name: LastName::default(),
            updates: Vec::new(),
            task: None,
            held: None,
            binding: false,
            completions,
            completed,
            relay,
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
        self.searches.len() + self.updates.len() + usize::from(self.task.is_some())
    }

    /// Whether [`Session::step`] has something to do.
    pub fn has_work(&self) -> bool {
        !self.searches.is_empty()
            || self
                .task
                .as_ref()
                .is_some_and(administration::Running::is_due)
            || (self.held.is_some() && self.under_way() == 0 && !self.binding)
    }

    /// Whether nothing is left to do or to wait for.
    pub fn is_idle(&self) -> bool {
        self.under_way() == 0 && !self.binding && self.held.is_none()
    }

    /// Takes one message, its bytes exactly, at this time.
    pub fn receive(&mut self, bytes: &[u8], now: Instant, out: &mut BytesMut) -> Flow {
        match codec::decode(bytes) {
            Ok(message) => self.admit(message, now, out),
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
                    RequestError::FilterTooDeep | RequestError::TooMuchText => {
                        ResultCode::AdminLimitExceeded
                    }
                    RequestError::Field(_) => ResultCode::ProtocolError,
                };
                let call = Call {
                    id,
                    operation,
                    started: now,
                    identity: self.identity.clone(),
                    controls: Controls::default(),
                    subject: Subject::Nothing,
                };
                self.finish(out, &call, &Answer::because(code, reason.to_string()));
                Flow::Continue
            }
        }
    }

    /// Does a message, or holds it back until it may be done.
    fn admit(&mut self, message: Message, now: Instant, out: &mut BytesMut) -> Flow {
        let alone = match &message.operation {
            Request::Bind(_) => true,
            Request::Extended(request) => request.name == operation::START_TLS,
            _ => false,
        };
        if alone && self.under_way() > 0 {
            self.held = Some(message);
            return Flow::Continue;
        }
        self.perform(message, now, out)
    }

    fn perform(&mut self, message: Message, now: Instant, out: &mut BytesMut) -> Flow {
        let (id, operation) = (message.id, message.operation.operation());
        let mut call = Call {
            id,
            operation,
            started: now,
            identity: self.identity.clone(),
            controls: Controls::default(),
            subject: Subject::of(&message.operation),
        };
        match Controls::of(operation, &message.controls) {
            Ok(controls) => call.controls = controls,
            Err(answer) => {
                self.finish(out, &call, &answer);
                return Flow::Continue;
            }
        }
        // A bind asks nothing of whoever was bound before.
        let standing = match operation {
            Operation::Bind => Standing::Open,
            _ => self.standing(),
        };
        match standing {
            Standing::Open => {}
            Standing::MustChange if may_be_done_first(&message.operation) => {}
            Standing::MustChange => {
                let error = Error::PasswordRefused(Refusal::ChangeFirst);
                self.finish(out, &call, &error.into());
                return Flow::Continue;
            }
            Standing::Closed => return self.cut_off(Some(&call), out),
        }
        if let Err(error) = self.take_proxy(&mut call) {
            self.finish(out, &call, &error.into());
            return Flow::Continue;
        }
        if changes(operation) {
            let provenance = self.provenance(&call);
            call.identity = call.identity.asking_by(provenance);
        }
        match message.operation {
            Request::Unbind => {
                tracing::debug!(conn = self.number, op = id, "unbind");
                return Flow::Close;
            }
            Request::Abandon(target) => {
                tracing::debug!(conn = self.number, op = id, target, "abandon");
                self.searches.retain(|search| search.call.id != target);
                self.task.take_if(|task| task.call.id == target);
            }
            Request::Bind(request) => bind::perform(self, call, request, out),
            Request::Search(request) => search::begin(self, call, request, out),
            Request::Extended(request) => return extended::perform(self, call, &request, out),
            Request::Compare(request) => operation::compare::perform(self, &call, request, out),
            Request::Add(request) => update::add(self, call, request, out),
            Request::Modify(request) => update::modify(self, call, request, out),
            Request::Delete(entry) => update::delete(self, call, &entry, out),
            Request::ModifyDn(request) => update::modify_dn(self, call, &request, out),
        }
        Flow::Continue
    }

    /// What the client may do now, being who it is and where it is.
    fn standing(&self) -> Standing {
        let directory = &self.face.directory;
        match directory.admits(&self.identity, self.channel.address) {
            true => directory.standing(&self.identity),
            false => Standing::Closed,
        }
    }

    /// Ends the connection of somebody whose account is not to be used any more (RFC 4511 section 4.4.1).
    fn cut_off(&mut self, call: Option<&Call>, out: &mut BytesMut) -> Flow {
        let text = "the account that is bound here is not to be used any more";
        if let Some(call) = call {
            let answer = Answer::because(ResultCode::StrongerAuthRequired, text);
            audit::observe(self, call, &answer);
        }
        let (conn, name) = (self.number, self.face.directory.name(&self.identity));
        tracing::info!(conn, name, "the account is not to be used any more");
        self.become_identity(Identity::anonymous());
        write_disconnection(out, ResultCode::StrongerAuthRequired, text);
        Flow::Close
    }

    /// Lets the operation be done for whom its proxied authorization control names, and says so in the log.
    fn take_proxy(&self, call: &mut Call) -> Result<(), Error> {
        let Some(text) = &call.controls.proxy else {
            return Ok(());
        };
        let directory = &self.face.directory;
        let name = authorization::name(directory, text);
        let identity = authorization::act_as(directory, &self.identity, name);
        let (conn, op, by) = (self.number, call.id, directory.name(&self.identity));
        match &identity {
            Ok(_) => tracing::info!(conn, op, by, proxied = text, "acts for another"),
            Err(_) => tracing::info!(conn, op, by, proxied = text, "may not act for another"),
        }
        if identity.is_err() {
            call.subject = Subject::Named(text.clone());
        }
        call.identity = identity?;
        Ok(())
    }

    /// Where an operation comes from.
    pub(super) fn provenance(&self, call: &Call) -> Provenance {
        let acts = call.controls.proxy.is_some() && call.identity != self.identity;
        Provenance {
            through: acts.then(|| self.face.directory.name(&self.identity)),
            address: self.channel.address,
            connection: self.number,
            message: call.id,
            request: None,
        }
    }

    /// Gives each search under way a slice, and does what waited for them.
    pub fn step(&mut self, out: &mut BytesMut) -> Flow {
        let searching = !self.searches.is_empty();
        if searching && self.standing() == Standing::Closed {
            return self.cut_off(None, out);
        }
        administration::step(self);
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
            return self.perform(message, Instant::now(), out);
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
            Completion::Task(progress) => administration::advance(self, progress, out),
            Completion::PasswordModify(finished) => password_modify::finish(self, finished, out),
        }
    }

    /// Whether a completion is to be expected.
    pub fn awaits_completion(&self) -> bool {
        self.binding || !self.updates.is_empty() || self.task.is_some()
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
            let told = answer.policy.is_some();
            let told = told.then(|| answer.clone().with_policy(&call.controls));
            told.as_ref().unwrap_or(answer).write(out, call.id, tag);
        }
        self.observe(call, answer);
    }

    pub(super) fn observe(&self, call: &Call, answer: &Answer) {
        let elapsed = call.started.elapsed();
        self.face
            .observer
            .operation(call.operation, answer.code, elapsed);
        audit::observe(self, call, answer);
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

/// Whether an operation may change the directory, so that it is kept where it came from.
fn changes(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::Add
            | Operation::Modify
            | Operation::Delete
            | Operation::ModifyDn
            | Operation::Extended
    )
}

/// What is done for somebody who must change their password before anything else (draft-behera-ldap-password-policy
/// section 8.1.2.2); of modifies the directory takes those of the own password alone. Who am I? tells them nothing new.
fn may_be_done_first(request: &Request) -> bool {
    match request {
        Request::Unbind | Request::Abandon(_) | Request::Modify(_) => true,
        Request::Extended(request) => matches!(
            request.name.as_str(),
            operation::START_TLS | operation::PASSWORD_MODIFY | operation::WHO_AM_I
        ),
        _ => false,
    }
}
