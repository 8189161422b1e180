//! Changes that are worked out on an entry as it is: held to the state they were worked out on, and worked out again when
//! another was faster.
//!
//! Owns If-Match and the repetition. What is changed is the dialect's.

use axum::http::header;

use super::entry::{by_id, name, selected, text};
use super::fault::{Fault, Kind};
use super::list;
use super::operation::Call;
use super::query::equal;
use crate::directory::filter::Filter;
use crate::directory::request::{Change, Terms};
use crate::directory::{EntryCopy, Error};

/// How often a change is worked out when others are faster.
const TRIES: usize = 5;

/// The condition that a request names with If-Match, added to the terms of its change.
pub fn matching(call: &Call, terms: Terms) -> Result<Terms, Fault> {
    let Some(value) = call.headers.get(header::IF_MATCH) else {
        return Ok(terms);
    };
    let text = value
        .to_str()
        .map_err(|_| Fault::new(Kind::PreconditionFailed, "If-Match: is not an ETag"))?;
    if text.trim() == "*" {
        return Ok(terms);
    }
    let tags = text.split(',').map(str::trim);
    let strong = tags.filter_map(|tag| tag.strip_prefix('"')?.strip_suffix('"'));
    let same = Filter::Or(strong.map(|csn| equal("entryCSN", csn)).collect());
    let assertion = match terms.assertion {
        Some(other) => Filter::And(vec![other, same]),
        None => same,
    };
    Ok(Terms {
        assertion: Some(assertion),
        ..terms
    })
}

/// What a request changes, and is answered with.
pub struct Target<'a> {
    /// What it is, for people.
    pub what: &'static str,
    /// Which entries it is among.
    pub kind: Filter,
    /// Its `entryUUID`.
    pub id: &'a str,
    /// The attributes to work on and to show.
    pub names: Vec<&'static str>,
}

/// The changes that a request asks for, worked out on the entry as it is.
pub type Work = Box<dyn Fn(&EntryCopy) -> Result<Vec<Change>, Fault> + Send + Sync>;

/// Changes an entry by what `work` says. Another change in between has it worked out again, unless the request names a
/// state.
pub async fn change(call: &Call, target: Target<'_>, work: Work) -> Result<EntryCopy, Fault> {
    let mut tries = 0;
    loop {
        tries += 1;
        let entry = by_id(call, target.id, target.kind.clone(), &target.names).await?;
        let entry = entry.ok_or_else(|| Fault::not_found(target.what))?;
        let csn = text(&entry, "entryCSN").unwrap_or_default();
        let mut changes = work(&entry)?;
        changes.retain(|change| {
            !matches!(change, Change::Modify { modifications, .. } if modifications.is_empty())
        });
        if changes.is_empty() {
            // It is held to If-Match all the same.
            changes.push(Change::Modify {
                dn: name(&entry),
                modifications: Vec::new(),
            });
        }
        let changes = changes.into_iter();
        let mut all: Vec<_> = changes.map(|change| (change, Terms::default())).collect();
        let own = Terms {
            assertion: Some(equal("entryCSN", &csn)),
            ..Terms::default()
        };
        if let Some((_, terms)) = all.first_mut() {
            *terms = matching(call, own)?;
        }
        if let Some((_, terms)) = all.last_mut() {
            terms.read_after = Some(selected(&target.names));
        }
        let mut all = all.into_iter();
        let Some(first) = all.next() else {
            return Ok(entry);
        };
        let done = list::together(&call.rest, &call.caller.identity, first, all.collect()).await;
        let again = matches!(
            done,
            Err(Error::AssertionFailed | Error::NoSuchObject { .. })
        ) && !call.headers.contains_key(header::IF_MATCH)
            && tries < TRIES;
        match done {
            Ok(changed) => {
                let gone = || Fault::forbidden("it was changed, and the caller may not see it");
                return changed.after.ok_or_else(gone);
            }
            Err(_) if again => {}
            Err(Error::EntryAlreadyExists | Error::NotUnique(_)) => {
                return Err(Fault::new(Kind::Conflict, "the name is in use"));
            }
            Err(error) => return Err(error.into()),
        }
    }
}
