//! The operations that change the tree: add, modify, delete, modify DN (RFC 4511 sections 4.6 to 4.9).
//!
//! They go through the directory's one lane in the order in which the client sent them, and are answered once they are on
//! the disk.

use std::time::Instant;

use bytes::BytesMut;

use super::name;
use crate::directory::dn::{Dn, Rdn};
use crate::directory::error::Error;
use crate::directory::request::{Change, Modification, ModificationKind};
use crate::ldap::message::{
    AddRequest, ChangeOperation, ModifyDnRequest, ModifyRequest, Operation, ResponseTag, ResultCode,
};
use crate::ldap::result::Answer;
use crate::ldap::session::{Completion, Session};

/// The end of a change.
pub struct Finished {
    id: i32,
    operation: Operation,
    outcome: Result<(), Error>,
    started: Instant,
}

/// Adds an entry.
pub fn add(
    session: &mut Session,
    id: i32,
    request: AddRequest,
    out: &mut BytesMut,
    started: Instant,
) {
    let change = name(&request.entry).map(|dn| Change::Add {
        dn,
        attributes: request
            .attributes
            .into_iter()
            .map(|attribute| (attribute.description, attribute.values))
            .collect(),
    });
    submit(session, id, Operation::Add, change, out, started);
}

/// Changes an entry.
pub fn modify(
    session: &mut Session,
    id: i32,
    request: ModifyRequest,
    out: &mut BytesMut,
    started: Instant,
) {
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
    submit(session, id, Operation::Modify, change, out, started);
}

/// Deletes an entry.
pub fn delete(session: &mut Session, id: i32, entry: &str, out: &mut BytesMut, started: Instant) {
    let change = name(entry).map(|dn| Change::Delete { dn });
    submit(session, id, Operation::Delete, change, out, started);
}

/// Renames or moves an entry.
pub fn modify_dn(
    session: &mut Session,
    id: i32,
    request: &ModifyDnRequest,
    out: &mut BytesMut,
    started: Instant,
) {
    let change = rename(request);
    submit(session, id, Operation::ModifyDn, change, out, started);
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
    id: i32,
    operation: Operation,
    change: Result<Change, Answer>,
    out: &mut BytesMut,
    started: Instant,
) {
    let change = match change {
        Ok(change) => change,
        Err(answer) => return respond(session, id, operation, &answer, out, started),
    };
    tracing::debug!(conn = session.number, op = id, %operation, dn = %change.dn(), "change");
    let completions = session.completions.clone();
    session.updates.push(id);
    session
        .face
        .directory
        .change(&session.identity, change, move |outcome| {
            let outcome = outcome.map(|_| ());
            let _ = completions.send(Completion::Update(Finished {
                id,
                operation,
                outcome,
                started,
            }));
        });
}

/// Answers a change that is done.
pub fn finish(session: &mut Session, finished: Finished, out: &mut BytesMut) {
    session.update_ended(finished.id);
    let answer = match finished.outcome {
        Ok(()) => Answer::new(ResultCode::Success),
        Err(error) => error.into(),
    };
    respond(
        session,
        finished.id,
        finished.operation,
        &answer,
        out,
        finished.started,
    );
}

fn respond(
    session: &Session,
    id: i32,
    operation: Operation,
    answer: &Answer,
    out: &mut BytesMut,
    started: Instant,
) {
    let tag = operation.response().unwrap_or(ResponseTag::Modify);
    session.finish(out, id, operation, tag, answer, started);
}
