//! Principals: users and groups in one list.

use std::sync::Arc;

use super::parameters::OF_DELETED;
use super::query::sort;
use super::resource::{PRINCIPAL, PrincipalRecord};
use super::users::answer;
use crate::directory::EntryCopy;
use crate::directory::filter::Filter;
use crate::rest::entry::{by_id, selected};
use crate::rest::fault::Fault;
use crate::rest::list::ListQuery;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{groups, principals, users};
use crate::rest::stream;

/// Lists principals. What is asked about deletion is asked of users alone.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let deleted = OF_DELETED
        .iter()
        .any(|it| call.query.values(it.name).is_some());
    let kind = if deleted {
        Filter::Or(vec![users(), groups()])
    } else {
        principals()
    };
    let filters = call.query.filters();
    let query = ListQuery {
        base: call.rest.suffix(),
        filter: Filter::And(std::iter::once(kind).chain(filters).collect()),
        attributes: selected(&PRINCIPAL),
        sort: vec![sort(&call.query, "displayName")],
    };
    let write: stream::Write = Arc::new(|entry, out| {
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(out, &PrincipalRecord::of(entry).principal());
    });
    answer(call, query, write).await
}

/// The entry of a principal.
pub async fn find(call: &Call, id: &str) -> Result<EntryCopy, Fault> {
    let any = Filter::Or(vec![users(), groups()]);
    let found = by_id(call, id, any, &PRINCIPAL).await?;
    found.ok_or_else(|| Fault::not_found("principal"))
}
