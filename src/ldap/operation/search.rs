//! Search (RFC 4511 section 4.5).

use std::ops::ControlFlow;
use std::time::Duration;

use bytes::BytesMut;

use super::name;
use crate::directory::error::Error;
use crate::directory::request::{self, Dereference};
use crate::directory::search::{Progress, Search};
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
}

/// Begins a search and answers it whole if one slice is enough.
pub fn begin(session: &mut Session, call: Call, request: SearchRequest, out: &mut BytesMut) {
    let base = match name(&request.base) {
        Ok(base) => base,
        Err(answer) => return session.finish(out, &call, &answer),
    };
    tracing::debug!(
        conn = session.number,
        op = call.id,
        base = request.base,
        "search"
    );
    if describes_server(session, call.id, &base, &request, out) {
        return session.finish(out, &call, &Answer::new(ResultCode::Success));
    }
    let request = request::SearchRequest {
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
    };
    match session.face.directory.search(&call.identity, &request) {
        Ok(search) => {
            session.searches.push_back(Running { call, search });
            // Behind others it waits for its turn; alone it is answered here and now.
            if session.searches.len() == 1 {
                step(session, out);
            }
        }
        Err(error) => session.finish(out, &call, &error.into()),
    }
}

/// Gives the search whose turn it is one slice.
pub fn step(session: &mut Session, out: &mut BytesMut) {
    let Some(mut running) = session.searches.pop_front() else {
        return;
    };
    match slice(session, &mut running, out) {
        Ok(Progress::More) => session.searches.push_back(running),
        Ok(Progress::Done) => session.finish(out, &running.call, &Answer::new(ResultCode::Success)),
        Err(error) => session.finish(out, &running.call, &error.into()),
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
    session.finish(out, &running.call, &Answer::new(ResultCode::Canceled));
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

/// Answers for the entries that are in no suffix: the root DSE and the subschema, which have no entries around them.
fn describes_server(
    session: &mut Session,
    id: i32,
    base: &crate::directory::dn::Dn,
    request: &SearchRequest,
    out: &mut BytesMut,
) -> bool {
    let face = std::sync::Arc::clone(&session.face);
    let within = matches!(request.scope, Scope::Base);
    let entry = if base.is_root() && within {
        face.root_dse.root(session.channel.safety())
    } else if face
        .root_dse
        .is_subschema(face.directory.snapshot().schema(), base)
        && matches!(request.scope, Scope::Base | Scope::Subtree)
    {
        Some(face.root_dse.subschema())
    } else {
        return false;
    };
    if let Some(entry) = entry {
        entry.search(&request.filter, &request.attributes, &mut |entry| {
            session.encoder.write(out, id, entry, request.types_only);
            ControlFlow::Continue(())
        });
    }
    true
}
