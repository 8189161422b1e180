//! What of an operation is worth an entry in the audit log: every login and change of a password, and every refusal.
//!
//! Owns which operations these are, and who, through whom and from where. Changes that were made are not told here: they
//! have records of their own in the directory. How entries are kept is the app's.

use super::administration::Task;
use super::message::{Operation, Request, ResultCode};
use super::result::Answer;
use super::session::{Call, Session};
use crate::directory::audit::{Event, Kind, WITH_HASHES};
use crate::directory::dn::Dn;

/// What an operation is about.
#[derive(Clone, Debug, Default)]
pub enum Subject {
    /// Nothing that is told.
    #[default]
    Nothing,
    /// An entry or identity of this name.
    Named(String),
    /// An entry of this name that is to be put below another.
    Placed {
        /// Its name at the time.
        name: String,
        /// That of the other; what its own name says without it.
        below: Option<String>,
    },
    /// The password of the account of this name; the own one when empty.
    Password(String),
    /// A login.
    Login {
        /// How the client shows who it is.
        method: &'static str,
        /// Who it says that it is.
        name: String,
        /// Whose proof it was, where the client acts for another.
        through: Option<String>,
    },
}

impl Subject {
    /// What a request is about that may be refused.
    pub(super) fn of(request: &Request) -> Subject {
        match request {
            Request::Add(request) => Self::Placed {
                name: request.entry.clone(),
                below: None,
            },
            Request::Modify(request) => Self::Named(request.object.clone()),
            Request::Delete(entry) => Self::Named(entry.clone()),
            Request::ModifyDn(request) => match &request.new_superior {
                None => Self::Named(request.entry.clone()),
                below => Self::Placed {
                    name: request.entry.clone(),
                    below: below.clone(),
                },
            },
            Request::Compare(request) => Self::Named(request.entry.clone()),
            Request::Bind(_)
            | Request::Unbind
            | Request::Abandon(_)
            | Request::Search(_)
            | Request::Extended(_) => Self::Nothing,
        }
    }
}

/// Tells of an operation that has ended what is worth an entry.
pub(super) fn observe(session: &Session, call: &Call, answer: &Answer) {
    let hidden = answer.code == ResultCode::NoSuchObject && is_hidden(session, call);
    let kind = match &call.subject {
        // The client is asked for more (RFC 4511 section 4.2.2).
        Subject::Login { .. } if answer.code == ResultCode::SaslBindInProgress => return,
        Subject::Login { .. } | Subject::Password(_) => Kind::Authentication,
        Subject::Nothing | Subject::Named(_) | Subject::Placed { .. } => {
            if !hidden && !is_refusal(answer) {
                return;
            }
            Kind::Refusal
        }
    };
    let directory = &session.face.directory;
    let mut provenance = session.provenance(call);
    let (mut operation, mut method, mut target) = (word(call.operation), None, None);
    let who = match &call.subject {
        Subject::Login {
            method: by,
            name,
            through,
        } => {
            method = Some(*by);
            provenance.through.clone_from(through);
            match answer.code {
                ResultCode::Success => directory.name(&session.identity),
                _ => name.clone(),
            }
        }
        Subject::Password(name) => {
            operation = "password modify";
            target = Some(name.clone()).filter(|name| !name.is_empty());
            directory.name(&call.identity)
        }
        Subject::Named(name) | Subject::Placed { name, .. } => {
            target = Some(name.clone());
            directory.name(&call.identity)
        }
        Subject::Nothing => directory.name(&call.identity),
    };
    let policy = answer.policy.and_then(|policy| policy.reason());
    directory.tell(Event {
        kind,
        operation,
        method,
        who,
        provenance,
        target,
        outcome: answer.code.name(),
        reason: policy.or(hidden.then_some("hidden")),
        until: None,
    });
}

/// Tells of a task of administration that is begun, by which everything can be read.
pub(super) fn observe_task(session: &Session, call: &Call, task: &Task) {
    let (target, reason) = match task {
        Task::Export(export) => (
            export.base.clone(),
            export.with_secrets.then_some(WITH_HASHES),
        ),
        Task::Backup => (None, None),
        // Those that change something have lines as changes.
        Task::Check
        | Task::ReplacePassword(_)
        | Task::Explain(_)
        | Task::ExplainMembership(_)
        | Task::ExplainBind(_)
        | Task::ExplainAccess(_)
        | Task::SecondFactor(_)
        | Task::Key(_) => return,
    };
    let directory = &session.face.directory;
    directory.tell(Event {
        kind: Kind::Administration,
        operation: task.word(),
        who: directory.name(&call.identity),
        provenance: session.provenance(call),
        target,
        reason,
        ..Event::default()
    });
}

/// Whether an entry that was needed is there, and only not for the one who asked.
fn is_hidden(session: &Session, call: &Call) -> bool {
    let directory = &session.face.directory;
    let hides = |dn: Dn| directory.hides(&dn, &call.identity);
    let is_hidden = |name: &str| Dn::parse(name).is_ok_and(hides);
    match &call.subject {
        Subject::Nothing | Subject::Password(_) | Subject::Login { .. } => false,
        Subject::Named(name) => is_hidden(name),
        Subject::Placed { name, below: None } => {
            let parent = Dn::parse(name).ok().and_then(|dn| dn.parent());
            parent.is_some_and(hides)
        }
        Subject::Placed {
            name,
            below: Some(below),
        } => is_hidden(name) || is_hidden(below),
    }
}

/// Whether the answer says that somebody may not do it, rather than that it cannot be done.
fn is_refusal(answer: &Answer) -> bool {
    match answer.code {
        ResultCode::InsufficientAccessRights
        | ResultCode::AuthorizationDenied
        | ResultCode::ConfidentialityRequired
        | ResultCode::StrongerAuthRequired => true,
        ResultCode::Success => false,
        _ => answer.policy.is_some(),
    }
}

fn word(operation: Operation) -> &'static str {
    match operation {
        Operation::Bind => "bind",
        Operation::Unbind => "unbind",
        Operation::Search => "search",
        Operation::Modify => "modify",
        Operation::Add => "add",
        Operation::Delete => "delete",
        Operation::ModifyDn => "moddn",
        Operation::Compare => "compare",
        Operation::Abandon => "abandon",
        Operation::Extended => "extended",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_done_is_no_refusal() {
        for (code, refused) in [
            (ResultCode::InsufficientAccessRights, true),
            (ResultCode::AuthorizationDenied, true),
            (ResultCode::NoSuchObject, false),
            (ResultCode::ConstraintViolation, false),
            (ResultCode::Success, false),
        ] {
            assert_eq!(is_refusal(&Answer::new(code)), refused, "{code:?}");
        }
    }
}
