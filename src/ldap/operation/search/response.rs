//! The end of a search: its result, and what each of its controls is told.

use bytes::BytesMut;

use crate::directory::error::Error;
use crate::directory::search::Search;
use crate::directory::search::order::CannotSort;
use crate::directory::search::window::WindowFault;
use crate::ldap::control::{list_view, paged_results, sort};
use crate::ldap::message::ResultCode;
use crate::ldap::result::{Answer, ResponseControl};
use crate::ldap::session::{Call, Session};

/// Ends a search that returned what was asked for.
pub fn succeed(session: &Session, call: &Call, search: &Search, out: &mut BytesMut) {
    let mut answer = Answer::new(ResultCode::Success);
    if !call.controls.are_none() {
        let cookie = session.face.directory.cookie(search);
        let total = search.total().unwrap_or(0);
        let page = page(call, total, cookie.as_deref());
        let sorted = search.sorted().map(sort::response);
        let window = search
            .place()
            .map(|place| list_view::response(place, cookie.as_deref()));
        answer
            .controls
            .extend(page.into_iter().chain(sorted).chain(window));
    }
    session.finish(out, call, &answer);
}

/// Ends a search that failed, before it began or on its way.
pub fn fail(
    session: &Session,
    call: &Call,
    search: Option<&Search>,
    error: Error,
    out: &mut BytesMut,
) {
    let sorted = match &error {
        Error::CannotSort(cause) | Error::NoWindow(WindowFault::CannotSort(cause)) => {
            Some(sort::response(Err(cause)))
        }
        _ => search.and_then(Search::sorted).map(sort::response),
    };
    let window = match &error {
        Error::NoWindow(fault) => Some(list_view::refusal(fault)),
        _ => None,
    };
    let mut answer = Answer::from(error);
    answer
        .controls
        .extend(page(call, 0, None).into_iter().chain(sorted).chain(window));
    session.finish(out, call, &answer);
}

/// Ends a search that is not one that the directory was asked for.
pub fn refuse(session: &Session, call: &Call, mut answer: Answer, out: &mut BytesMut) {
    answer.controls.extend(page(call, 0, None));
    session.finish(out, call, &answer);
}

/// Ends a search that found one entry at most, of those that are in no list.
pub fn end_described(
    session: &Session,
    call: &Call,
    found: u32,
    sorted: Option<Result<(), &CannotSort>>,
    out: &mut BytesMut,
) {
    let mut answer = Answer::new(ResultCode::Success);
    let sorted = sorted.map(sort::response);
    answer
        .controls
        .extend(page(call, found, None).into_iter().chain(sorted));
    session.finish(out, call, &answer);
}

/// A search for a page is always told of pages: clients fail on an answer without this control, and an empty cookie
/// ends their asking.
fn page(call: &Call, total: u32, cookie: Option<&[u8]>) -> Option<ResponseControl> {
    call.controls.page.as_ref()?;
    Some(paged_results::response(total, cookie.unwrap_or_default()))
}
