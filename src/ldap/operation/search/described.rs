//! Searches for the entries that describe the server: the root DSE and the subschema, which are in no suffix and have no
//! entries around them.

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::BytesMut;

use super::response;
use crate::directory::dn::Dn;
use crate::directory::error::Error;
use crate::directory::request::Subentries;
use crate::directory::search::order::Order;
use crate::directory::search::window::WindowFault;
use crate::ldap::control::Controls;
use crate::ldap::message::{Scope, SearchRequest};
use crate::ldap::session::{Call, Session};

/// Answers a search whose base is one of these entries; false when it is not.
pub fn answer(
    session: &mut Session,
    call: &Call,
    base: &Dn,
    request: &SearchRequest,
    out: &mut BytesMut,
) -> bool {
    if !session.face.describes_server(base) {
        return false;
    }
    let face = Arc::clone(&session.face);
    let snapshot = face.directory.snapshot();
    let schema = snapshot.schema();
    let controls = &call.controls;
    let entry = if base.is_root() && request.scope == Scope::Base {
        face.root_dse
            .root(session.channel.safety())
            .filter(|_| controls.subentries != Subentries::Alone)
    } else if matches!(request.scope, Scope::Base | Scope::Subtree)
        && face.root_dse.is_subschema(base)
    {
        Some(face.root_dse.subschema()).filter(|_| controls.subentries != Subentries::Without)
    } else {
        return false;
    };
    let assertion = controls.terms.assertion.as_ref();
    if let (Some(entry), Some(assertion)) = (entry, assertion)
        && !entry.matches(assertion)
    {
        response::fail(session, call, None, Error::AssertionFailed, out);
        return true;
    }
    if controls.window.is_some() {
        let error = Error::NoWindow(WindowFault::NoList);
        response::fail(session, call, None, error, out);
        return true;
    }
    let sorting = controls
        .sort
        .as_ref()
        .map(|sort| Order::resolve(schema, &sort.keys).map(|_| ()));
    if let (Some(sort), Some(Err(cause))) = (&controls.sort, &sorting)
        && sort.required
    {
        let error = Error::CannotSort(cause.clone());
        response::fail(session, call, None, error, out);
        return true;
    }
    let mut found = 0;
    let mut shown = false;
    if let Some(entry) = entry {
        let values = controls.values.as_deref();
        entry.search(&request.filter, &request.attributes, values, &mut |entry| {
            found = 1;
            if is_on_page(controls) {
                shown = true;
                session
                    .encoder
                    .write(out, call.id, entry, request.types_only);
            }
            ControlFlow::Continue(())
        });
    }
    let sorted = sorting
        .as_ref()
        .filter(|_| shown)
        .map(|sorting| sorting.as_ref().copied());
    response::end_described(session, call, found, sorted, out);
    true
}

/// Whether the one entry is on the page that is asked for: the first, if that has room.
fn is_on_page(controls: &Controls) -> bool {
    controls
        .page
        .as_ref()
        .is_none_or(|page| page.size > 0 && page.cookie.is_empty())
}
