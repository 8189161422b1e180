//! The operations that change the tree: add, modify, delete, modify DN (RFC 4511 sections 4.6 to 4.9).
//!
//! They go through the directory's one lane, and are answered once they are on the disk. One with a password to hash waits
//! for that first, so that another behind it may be done before it: RFC 4511 section 3.1 leaves the order open.

use bytes::BytesMut;

use super::{bind, name};
use crate::directory::Changed;
use crate::directory::dn::{Dn, Rdn};
use crate::directory::error::Error;
use crate::directory::request::{Change, Modification, ModificationKind};
use crate::directory::unicode_password;
use crate::ldap::control::read_entry;
use crate::ldap::message::{
    AddRequest, ChangeOperation, ModifyDnRequest, ModifyRequest, ResultCode,
};
use crate::ldap::result::Answer;
use crate::ldap::session::{Call, Completion, Session};

/// The end of a change.
pub struct Finished {
    call: Call,
    outcome: Result<Changed, Error>,
}

/// Adds an entry.
pub fn add(session: &mut Session, call: Call, request: AddRequest, out: &mut BytesMut) {
    let mut names = request.attributes.iter();
    if names.any(|attribute| is_exposed(session, &attribute.description)) {
        return session.finish(out, &call, &exposed());
    }
    let change = name(&request.entry).map(|dn| Change::Add {
        dn,
        attributes: request
            .attributes
            .into_iter()
            .map(|attribute| (attribute.description, attribute.values))
            .collect(),
    });
    submit(session, call, change, out);
}

/// Changes an entry.
pub fn modify(session: &mut Session, call: Call, request: ModifyRequest, out: &mut BytesMut) {
    let mut names = request.changes.iter();
    if names.any(|change| is_exposed(session, &change.attribute.description)) {
        return session.finish(out, &call, &exposed());
    }
    let modifications = request.changes.into_iter().map(|change| Modification {
        kind: match change.operation {
            ChangeOperation::Add => ModificationKind::Add,
            ChangeOperation::Delete => ModificationKind::Delete,
            ChangeOperation::Replace => ModificationKind::Replace,
            ChangeOperation::Increment => ModificationKind::Increment,
        },
        attribute: change.attribute.description,
        values: change.attribute.values,
    });
    let change = name(&request.object).map(|dn| Change::Modify {
        dn,
        modifications: modifications.collect(),
    });
    submit(session, call, change, out);
}

/// Whether an attribute is `unicodePwd` and came over an open line, where its clients never send it (MS-ADTS section
/// 3.1.1.3.1.5).
fn is_exposed(session: &Session, description: &str) -> bool {
    unicode_password::is_named(description) && bind::require_confidentiality(session).is_err()
}

fn exposed() -> Answer {
    let text = "unicodePwd is taken over TLS only: use StartTLS or ldaps";
    Answer::because(ResultCode::ConfidentialityRequired, text)
}

/// Deletes an entry.
pub fn delete(session: &mut Session, call: Call, entry: &str, out: &mut BytesMut) {
    let change = name(entry).map(|dn| Change::Delete { dn });
    submit(session, call, change, out);
}

/// Renames or moves an entry.
pub fn modify_dn(session: &mut Session, call: Call, request: &ModifyDnRequest, out: &mut BytesMut) {
    let change = rename(request);
    submit(session, call, change, out);
}

fn rename(request: &ModifyDnRequest) -> Result<Change, Answer> {
    let new_rdn = Rdn::parse(&request.new_rdn).map_err(|error| {
        Answer::because(ResultCode::InvalidDnSyntax, format!("not an RDN: {error}"))
    })?;
    let new_superior: Option<Dn> = request.new_superior.as_deref().map(name).transpose()?;
    Ok(Change::Rename {
        dn: name(&request.entry)?,
        new_rdn,
        delete_old_rdn: request.delete_old_rdn,
        new_superior,
    })
}

fn submit(
    session: &mut Session,
    mut call: Call,
    change: Result<Change, Answer>,
    out: &mut BytesMut,
) {
    let change = match change {
        Ok(change) => change,
        Err(answer) => return session.finish(out, &call, &answer),
    };
    if session.face.describes_server(change.dn()) {
        let text = "this entry describes the server and follows from its configuration";
        let answer = Answer::because(ResultCode::UnwillingToPerform, text);
        return session.finish(out, &call, &answer);
    }
    tracing::debug!(conn = session.number, op = call.id, operation = %call.operation, dn = %change.dn(), "change");
    let (relay, completions) = (session.relay.clone(), session.completions.clone());
    session.updates.push(call.id);
    let identity = call.identity.clone();
    let terms = std::mem::take(&mut call.controls.terms);
    session
        .face
        .directory
        .change(&identity, change, terms, move |outcome| {
            relay.send(completions, Completion::Update(Finished { call, outcome }));
        });
}

/// Answers a change that is done.
pub fn finish(session: &mut Session, finished: Finished, out: &mut BytesMut) {
    session.update_ended(finished.call.id);
    let answer = match finished.outcome {
        Ok(Changed { before, after }) => Answer {
            controls: read_entry::responses(before.as_ref(), after.as_ref()),
            ..Answer::new(ResultCode::Success)
        },
        Err(error) => error.into(),
    };
    session.finish(out, &finished.call, &answer);
}
