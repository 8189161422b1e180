//! Search (RFC 4511 section 4.5).

mod described;
mod response;

use std::ops::ControlFlow;
use std::time::Duration;

use bytes::BytesMut;

use super::no_name;
use crate::directory::dn::Dn;
use crate::directory::error::Error;
use crate::directory::request::{self, Dereference, Part};
use crate::directory::search::{Progress, Search};
use crate::ldap::codec::write_search_reference;
use crate::ldap::control::Wishes;
use crate::ldap::message::{DerefAliases, ResultCode, Scope, SearchRequest};
use crate::ldap::result::Answer;
use crate::ldap::session::{Call, HIGH_WATER, Session};

/// Entries that a search looks at before another gets its turn.
const SLICE: usize = 1_024;

/// A search that is not finished.
pub struct Running {
    /// The operation.
    pub call: Call,
    search: Search,
    /// Continuation references that are still to be written.
    references: Vec<Vec<String>>,
}

/// Begins a search and answers it whole if one slice is enough.
pub fn begin(session: &mut Session, call: Call, mut request: SearchRequest, out: &mut BytesMut) {
    tracing::debug!(
        conn = session.number,
        op = call.id,
        base = request.base,
        "search"
    );
    let text = std::mem::take(&mut request.base);
    let read = session.last_name.read(&text).map_err(no_name);
    let read = read.and_then(|base| Ok((base, part(&call.controls)?)));
    let (base, part) = match read {
        Ok(read) => read,
        Err(answer) => return response::refuse(session, &call, answer, out),
    };
    if described::answer(session, &call, &base, &request, out) {
        return;
    }
    let request = plain(base, request, part, &call.controls);
    let directory = &session.face.directory;
    let begun = directory.search(&call.identity, &request, call.started);
    session.last_name.keep(text, request.base);
    match begun {
        Ok(mut search) => {
            let running = Running {
                call,
                references: search.take_continuations(),
                search,
            };
            // Behind others it waits for its turn; alone it is answered here and now.
            if session.searches.is_empty() {
                go_on(session, running, out);
            } else {
                session.searches.push_back(running);
            }
        }
        Err(error) => response::fail(session, &call, None, error, out),
    }
}

/// Which part of the entries the controls ask for.
fn part(controls: &Wishes) -> Result<Part, Answer> {
    match (&controls.page, &controls.window) {
        (Some(_), Some(_)) => Err(Answer::because(
            ResultCode::UnwillingToPerform,
            "a search is cut into pages or seen through a list view, not both",
        )),
        (Some(page), None) => Ok(Part::Page(page.clone())),
        (None, Some(window)) => Ok(Part::Window(window.clone())),
        (None, None) => Ok(Part::Whole),
    }
}

/// The request in the directory's words.
fn plain(
    base: Dn,
    request: SearchRequest,
    part: Part,
    controls: &Wishes,
) -> request::SearchRequest {
    request::SearchRequest {
        base,
        scope: match request.scope {
            Scope::Base => request::Scope::Base,
            Scope::OneLevel => request::Scope::One,
            Scope::Subtree => request::Scope::Subtree,
            Scope::Children => request::Scope::Children,
        },
        dereference: match request.deref_aliases {
            DerefAliases::Never => Dereference::Never,
            DerefAliases::InSearching => Dereference::Searching,
            DerefAliases::FindingBase => Dereference::FindingBase,
            DerefAliases::Always => Dereference::Always,
        },
        filter: request.filter,
        attributes: request.attributes,
        types_only: request.types_only,
        size_limit: request.size_limit,
        time_limit: (request.time_limit > 0)
            .then(|| Duration::from_secs(u64::from(request.time_limit))),
        assertion: controls.terms.assertion.clone(),
        manage_referrals: controls.terms.manage_referrals,
        omit_references: controls.domain_scope,
        subentries: controls.subentries,
        values: controls.values.clone(),
        sort: controls.sort.clone(),
        part,
    }
}

/// Gives the search whose turn it is one slice.
pub fn step(session: &mut Session, out: &mut BytesMut) {
    if let Some(running) = session.searches.pop_front() {
        go_on(session, running, out);
    }
}

fn go_on(session: &mut Session, mut running: Running, out: &mut BytesMut) {
    let outcome = slice(session, &mut running, out);
    if !matches!(outcome, Ok(Progress::More)) {
        conclude(session, &running);
    }
    match outcome {
        Ok(Progress::More) => session.searches.push_back(running),
        Ok(Progress::Done) => response::succeed(session, &running.call, &running.search, out),
        Err(error) => {
            response::fail(session, &running.call, Some(&running.search), error, out);
        }
    }
}

/// Tells the log of a search that no index helped; what was asked for is not for the log.
fn conclude(session: &Session, running: &Running) {
    if let Some(unindexed) = session.face.directory.conclude(&running.search) {
        tracing::info!(
            conn = session.number,
            op = running.call.id,
            looked_at_in_vain = unindexed.in_vain,
            would_help = unindexed.would_help,
            "a search without an index"
        );
    }
}

/// Ends a search under way as canceled (RFC 3909 section 3); false when there is none of that id.
pub(super) fn cancel(session: &mut Session, id: i32, out: &mut BytesMut) -> bool {
    let at = session
        .searches
        .iter()
        .position(|search| search.call.id == id);
    let Some(running) = at.and_then(|at| session.searches.remove(at)) else {
        return false;
    };
    response::refuse(
        session,
        &running.call,
        Answer::new(ResultCode::Canceled),
        out,
    );
    true
}

fn slice(
    session: &mut Session,
    running: &mut Running,
    out: &mut BytesMut,
) -> Result<Progress, Error> {
    let (encoder, types_only, id) = (
        &mut session.encoder,
        running.search.types_only(),
        running.call.id,
    );
    while let Some(uris) = running.references.pop() {
        write_search_reference(out, id, &uris, &[]);
        if out.len() >= HIGH_WATER {
            return Ok(Progress::More);
        }
    }
    session.face.directory.advance(
        &mut running.search,
        &running.call.identity,
        SLICE,
        &mut |entry| {
            encoder.write(out, id, entry, types_only);
            if out.len() >= HIGH_WATER {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
    )
}
