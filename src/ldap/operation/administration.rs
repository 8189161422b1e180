//! The tasks of administration over the local socket (`crate::ldap::administration`).
//!
//! Owns who may ask for them and how what they yield goes out: a thread of its own for each makes a part only when the
//! client has taken the one before, so that nothing piles up.

mod credentials;

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};

use bytes::BytesMut;
use tokio::sync::mpsc::UnboundedSender;

use crate::directory::access::explain::explain as explain_access;
use crate::directory::identity::Identity;
use crate::directory::membership::explain::explain as explain_membership;
use crate::directory::password::Secret;
use crate::directory::search::explain::explain;
use crate::directory::{Directory, Error, backup, export};
use crate::ldap::administration::{Export, Task};
use crate::ldap::audit;
use crate::ldap::codec::{write_extended_response, write_intermediate_response};
use crate::ldap::message::{ExtendedRequest, ResultCode};
use crate::ldap::result::Answer;
use crate::ldap::session::{Call, Completion, Session};

/// Bytes of one part.
const PART: usize = 32 * 1024;

/// A task under way.
pub struct Running {
    /// What it is done for.
    pub call: Call,
    /// Takes the wish for another part; the thread ends when it is gone.
    wish: Sender<()>,
    /// Whether a part has been written out and another may be wished for.
    due: bool,
}

/// What a task has come to.
pub enum Progress {
    /// Some of what it yields.
    Part(i32, Vec<u8>),
    /// Its end: what it counted, or why it failed.
    End(i32, Result<u64, Answer>),
}

/// Begins a task, if who asks may.
pub fn perform(session: &mut Session, call: Call, request: &ExtendedRequest, out: &mut BytesMut) {
    match begin(session, &call, request) {
        Ok(wish) => {
            session.task = Some(Running {
                call,
                wish,
                due: false,
            });
        }
        Err(refusal) => finish(session, &call, Err(refusal), out),
    }
}

/// Has the task done by another thread; what to send it wishes for parts by.
fn begin(session: &Session, call: &Call, request: &ExtendedRequest) -> Result<Sender<()>, Answer> {
    let id = call.id;
    if !call.identity.administers_machine() {
        let text = "administration is for those whom the server takes for the administrator (ldapi.administrators) and who bind with SASL EXTERNAL";
        return Err(Answer::because(ResultCode::InsufficientAccessRights, text));
    }
    if session.task.is_some() {
        let text = "another task of this connection is under way";
        return Err(Answer::because(ResultCode::Busy, text));
    }
    let malformed = |text: String| Answer::because(ResultCode::ProtocolError, text);
    let task = Task::read(&request.name, request.value.as_deref())
        .map_err(|error| malformed(error.to_string()))?
        .ok_or_else(|| malformed("no such task".to_owned()))?;
    let by = session.face.directory.name(&call.identity);
    tracing::info!(conn = session.number, op = id, task = task.word(), %by, "administration");
    audit::observe_task(session, call, &task);
    let (wish, wished) = channel();
    // The first part may be made at once.
    let _ = wish.send(());
    let directory = session.face.directory.clone();
    let completions = session.completions.clone();
    let end = {
        let completions = completions.clone();
        move |outcome| {
            // The client may have gone; then nobody wants to know.
            let _ = completions.send(Completion::Task(Progress::End(id, outcome)));
        }
    };
    let identity = call.identity.clone();
    match task {
        Task::ReplacePassword(password) => directory.replace_administrator_password(
            &call.identity,
            Secret::from(&*password),
            move |outcome| end(outcome.map(|()| 0).map_err(Answer::from)),
        ),
        task => {
            let mut parts = Parts {
                id,
                buffer: Vec::new(),
                wished,
                completions,
            };
            let spawned = std::thread::Builder::new()
                .name("administration".to_owned())
                .spawn(move || end(run(&directory, &identity, &task, &mut parts)));
            if let Err(error) = spawned {
                let text = format!("no thread could be started: {error}");
                return Err(Answer::because(ResultCode::Busy, text));
            }
        }
    }
    Ok(wish)
}

/// Lets the task go on once the client has taken enough.
pub fn step(session: &mut Session) {
    if let Some(task) = session.task.as_mut().filter(|task| task.due) {
        task.due = false;
        let _ = task.wish.send(());
    }
}

impl Running {
    /// Whether [`step`] has something to do.
    pub fn is_due(&self) -> bool {
        self.due
    }
}

/// Takes what a task has come to. Nothing is said of one that was abandoned.
pub fn advance(session: &mut Session, progress: Progress, out: &mut BytesMut) {
    let (Progress::Part(id, _) | Progress::End(id, _)) = &progress;
    let id = *id;
    if session.task.as_ref().is_none_or(|task| task.call.id != id) {
        return;
    }
    match progress {
        Progress::Part(_, bytes) => {
            write_intermediate_response(out, id, None, Some(&bytes), &[]);
            if let Some(task) = &mut session.task {
                task.due = true;
            }
        }
        Progress::End(_, outcome) => {
            if let Some(task) = session.task.take() {
                finish(session, &task.call, outcome, out);
            }
        }
    }
}

fn finish(session: &Session, call: &Call, outcome: Result<u64, Answer>, out: &mut BytesMut) {
    let (answer, count) = match outcome {
        Ok(count) => (Answer::new(ResultCode::Success), Some(count.to_string())),
        Err(answer) => (answer, None),
    };
    let count = count.as_deref().map(str::as_bytes);
    write_extended_response(out, call.id, &answer.result(), None, count, &[]);
    session.observe(call, &answer);
}

/// Sends what is written to it in parts, each when the one before has been taken.
struct Parts {
    id: i32,
    buffer: Vec<u8>,
    wished: Receiver<()>,
    completions: UnboundedSender<Completion>,
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PART.saturating_sub(self.buffer.len());
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.buffer.extend_from_slice(taken);
        if self.buffer.len() >= PART {
            self.flush()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.wished.recv().map_err(|_| gone())?;
        let part = Progress::Part(self.id, std::mem::take(&mut self.buffer));
        let sent = self.completions.send(Completion::Task(part));
        sent.map_err(|_| gone())
    }
}

fn run(
    directory: &Directory,
    identity: &Identity,
    task: &Task,
    parts: &mut Parts,
) -> Result<u64, Answer> {
    let gone = |error: io::Error| Answer::because(ResultCode::Other, error.to_string());
    let count = match task {
        Task::Export(export) => run_export(directory, export, parts)?,
        Task::Backup => {
            let snapshot = directory.snapshot().clone();
            let written = backup::write(&snapshot, &directory.setup(), &mut *parts, &mut |_| {});
            written.map_err(gone)?.entries
        }
        Task::Check => {
            let findings = directory.check(&mut |_| {}).map_err(Answer::from)?;
            write!(parts, "{findings}").map_err(gone)?;
            findings.faults.len() as u64
        }
        Task::ExplainMembership(asked) => {
            let snapshot = directory.snapshot().clone();
            let explained = explain_membership(&snapshot, &asked.member, &asked.group)
                .map_err(|text| Answer::from(Error::UnwillingToPerform(text)))?;
            write!(parts, "{}", explained.text(asked.dot)).map_err(gone)?;
            u64::from(explained.chain().is_some())
        }
        Task::ExplainBind(asked) => {
            let explained = directory.explain_bind(&asked.name);
            write!(parts, "{explained}").map_err(gone)?;
            u64::from(explained.can_log_in())
        }
        Task::ExplainAccess(asked) => {
            let snapshot = directory.snapshot().clone();
            let attribute = asked.attribute.as_deref();
            let explained = explain_access(
                directory.rules(),
                &snapshot,
                &asked.who,
                &asked.entry,
                attribute,
            )
            .map_err(|text| Answer::from(Error::UnwillingToPerform(text)))?;
            write!(parts, "{explained}").map_err(gone)?;
            explained.granted() as u64
        }
        Task::Explain(asked) => {
            let snapshot = directory.snapshot().clone();
            let explained = explain(&snapshot, &asked.base, asked.scope, &asked.filter)
                .map_err(|text| Answer::from(Error::UnwillingToPerform(text)))?;
            write!(parts, "{explained}").map_err(gone)?;
            explained.matched()
        }
        Task::SecondFactor(asked) => credentials::second_factor(directory, identity, asked, parts)?,
        Task::Key(asked) => credentials::key(directory, identity, asked, parts)?,
        // Done without a thread.
        Task::ReplacePassword(_) => 0,
    };
    parts.flush().map_err(gone)?;
    Ok(count)
}

fn run_export(directory: &Directory, asked: &Export, parts: &mut Parts) -> Result<u64, Answer> {
    let snapshot = directory.snapshot().clone();
    let (base, filter) = export::part(&snapshot, asked.base.as_deref(), asked.filter.as_deref())
        .map_err(|text| Answer::from(Error::UnwillingToPerform(text)))?;
    let export = export::Export {
        base,
        filter,
        with_secrets: asked.with_secrets,
        progress: &mut |_| {},
    };
    let written = export::write(&snapshot, export, parts);
    written.map_err(|error| Answer::because(ResultCode::Other, error.to_string()))
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[test]
    fn a_part_is_made_for_each_wish_and_none_when_nobody_is_left_to_wish() {
        let (wish, wished) = channel();
        let (completions, mut completed) = unbounded_channel();
        let mut parts = Parts {
            id: 7,
            buffer: Vec::new(),
            wished,
            completions,
        };
        for _ in 0..3 {
            wish.send(()).unwrap();
        }
        drop(wish);
        let bytes: Vec<u8> = (0..=255).cycle().take(PART * 5 + 10).collect();
        let error = parts.write_all(&bytes).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        let mut sent = Vec::new();
        while let Ok(Completion::Task(Progress::Part(id, part))) = completed.try_recv() {
            assert_eq!((id, part.len()), (7, PART));
            sent.extend(part);
        }
        assert!(sent == bytes[..PART * 3]);
    }

    #[test]
    fn what_is_left_goes_out_at_the_end_and_nothing_is_no_part() {
        let (wish, wished) = channel();
        let (completions, mut completed) = unbounded_channel();
        let mut parts = Parts {
            id: 7,
            buffer: Vec::new(),
            wished,
            completions,
        };
        parts.flush().unwrap();
        wish.send(()).unwrap();
        parts.write_all(b"end").unwrap();
        parts.flush().unwrap();
        let sent = completed.try_recv();
        assert!(matches!(sent, Ok(Completion::Task(Progress::Part(7, part))) if part == b"end"));
        assert!(completed.try_recv().is_err());
    }
}
