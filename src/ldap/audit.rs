//! What of an operation is worth an entry in the audit log: every login and change of a password, and every refusal.
//!
//! Owns which operations these are, and who, through whom and from where. Changes that were made are not told here: they
//! have records of their own in the directory. How entries are kept is the app's.

use super::message::{Operation, Request, ResultCode};
use super::result::Answer;
use super::session::{Call, Session};
use crate::directory::identity::Provenance;

/// What an operation is about.
#[derive(Clone, Debug, Default)]
pub enum Subject {
    /// Nothing that is told.
    #[default]
    Nothing,
    /// An entry or identity of this name.
    Named(String),
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
            Request::Add(request) => Self::Named(request.entry.clone()),
            Request::Modify(request) => Self::Named(request.object.clone()),
            Request::Delete(entry) => Self::Named(entry.clone()),
            Request::ModifyDn(request) => Self::Named(request.entry.clone()),
            Request::Compare(request) => Self::Named(request.entry.clone()),
            Request::Bind(_)
            | Request::Unbind
            | Request::Abandon(_)
            | Request::Search(_)
            | Request::Extended(_) => Self::Nothing,
        }
    }
}

/// What kind of entry it is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A login or a change of a password, whether it succeeded or not.
    Authentication,
    /// Something else that was refused.
    Refusal,
}

/// An entry of the audit log; no secret is in it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What kind it is.
    pub kind: Kind,
    /// What was to be done.
    pub operation: &'static str,
    /// How the client showed who it is, at a login.
    pub method: Option<&'static str>,
    /// Who asked, at a login that failed by their own word; empty for nobody.
    pub who: String,
    /// Through whom, and from where.
    pub provenance: Provenance,
    /// The entry or account that it was about.
    pub target: Option<String>,
    /// How it ended.
    pub code: ResultCode,
    /// What the password policy has to do with that.
    pub reason: Option<&'static str>,
}

/// Bytes of a name that are told; longer ones are cut.
const LONGEST_NAME: usize = 1_024;

/// Tells the observer what is worth an entry.
pub(super) fn observe(session: &Session, call: &Call, answer: &Answer) {
    let kind = match &call.subject {
        // The client is asked for more (RFC 4511 section 4.2.2).
        Subject::Login { .. } if answer.code == ResultCode::SaslBindInProgress => return,
        Subject::Login { .. } | Subject::Password(_) => Kind::Authentication,
        Subject::Nothing | Subject::Named(_) if is_refusal(answer) => Kind::Refusal,
        Subject::Nothing | Subject::Named(_) => return,
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
                _ => cut(name),
            }
        }
        Subject::Password(name) => {
            operation = "password modify";
            target = Some(cut(name)).filter(|name| !name.is_empty());
            directory.name(&call.identity)
        }
        Subject::Named(name) => {
            target = Some(cut(name));
            directory.name(&call.identity)
        }
        Subject::Nothing => directory.name(&call.identity),
    };
    session.face.observer.attempt(Attempt {
        kind,
        operation,
        method,
        who,
        provenance,
        target,
        code: answer.code,
        reason: answer.policy.and_then(|policy| policy.reason()),
    });
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

fn cut(name: &str) -> String {
    let mut end = name.len().min(LONGEST_NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_between_two_characters() {
        assert_eq!(cut("cn=a"), "cn=a");
        let long = format!("x{}", "\u{e4}".repeat(LONGEST_NAME));
        assert_eq!(cut(&long).len(), LONGEST_NAME - 1);
    }

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
