//! Changes that are worked out on entries as they are: held to the state they were worked out on, and worked out again when
//! another was faster.
//!
//! Owns If-Match and the repetition. What is changed is the dialect's.

use axum::http::header;

use super::entry::{after, by_id, modify, name, selected, text};
use super::fault::{Fault, Kind};
use super::list;
use super::operation::Call;
use super::term::equal;
use crate::directory::filter::Filter;
use crate::directory::request::{Change, Terms};
use crate::directory::{Changed, EntryCopy, Error};

/// How often changes are worked out when others are faster.
const TRIES: usize = 5;

/// The states that a request names with If-Match, in one line or several; `None` when any will do (RFC 9110 13.1.1).
fn states(call: &Call) -> Result<Option<Vec<&str>>, Fault> {
    let mut states = None;
    for value in call.headers.get_all(header::IF_MATCH) {
        let text = value
            .to_str()
            .map_err(|_| Fault::new(Kind::PreconditionFailed, "If-Match: is not an ETag"))?;
        if text.trim() == "*" {
            return Ok(None);
        }
        let tags = text.split(',').map(str::trim);
        let strong = tags.filter_map(|tag| tag.strip_prefix('"')?.strip_suffix('"'));
        states.get_or_insert_with(Vec::new).extend(strong);
    }
    Ok(states)
}

/// The terms of a change that is held to nothing but the states that the request names with If-Match.
pub fn matching(call: &Call) -> Result<Terms, Fault> {
    let any = |states: Vec<&str>| states.iter().map(|csn| equal("entryCSN", csn)).collect();
    Ok(Terms {
        assertion: states(call)?.map(|states| Filter::Or(any(states))),
        ..Terms::default()
    })
}

/// Makes the changes that `work` works out, all or none, and works them out again when another was faster. `None` when
/// there are none to make.
pub async fn attempt<F>(call: &Call, work: impl Fn() -> F) -> Result<Option<Changed>, Fault>
where
    F: Future<Output = Result<Vec<(Change, Terms)>, Fault>>,
{
    let mut tries = 0;
    loop {
        tries += 1;
        let changes = work().await?;
        let renames = |(change, _): &(Change, Terms)| matches!(change, Change::Rename { .. });
        let renames = changes.iter().any(renames);
        match list::together(call, changes).await {
            Err(error) if tries < TRIES && is_overtaken(&error, renames) => {}
            done => return Ok(done?),
        }
    }
}

/// Changes that are held to nothing.
pub fn unconditional(changes: impl IntoIterator<Item = Change>) -> Vec<(Change, Terms)> {
    let changes = changes.into_iter();
    changes.map(|change| (change, Terms::default())).collect()
}

/// Whether changes have failed as they do when the entries have become others than they were worked out on. What is added
/// was not there then; whether a new name is free nobody has looked.
fn is_overtaken(error: &Error, renames: bool) -> bool {
    match error {
        Error::EntryAlreadyExists => !renames,
        Error::AssertionFailed
        | Error::NoSuchObject { .. }
        | Error::AttributeOrValueExists(_)
        | Error::NoSuchAttribute(_) => true,
        _ => false,
    }
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

/// Changes an entry by what `work` makes of it as it is, in a state that the request names if it names any.
pub async fn change(
    call: &Call,
    target: Target<'_>,
    work: impl Fn(&EntryCopy) -> Result<Vec<Change>, Fault> + Sync,
) -> Result<EntryCopy, Fault> {
    let states = states(call)?;
    let changed = attempt(call, || async {
        let entry = by_id(call, target.id, target.kind.clone(), &target.names).await?;
        let entry = entry.ok_or_else(|| Fault::not_found(target.what))?;
        let csn = text(&entry, "entryCSN").unwrap_or_default();
        let mut changes = work(&entry)?;
        if states
            .as_ref()
            .is_some_and(|it| !it.contains(&csn.as_str()))
        {
            return Err(Error::AssertionFailed.into());
        }
        changes.retain(|change| {
            !matches!(change, Change::Modify { modifications, .. } if modifications.is_empty())
        });
        if changes.is_empty() {
            // It is answered with all the same.
            changes.push(modify(name(&entry), Vec::new()));
        }
        let mut all = unconditional(changes);
        if let Some((_, terms)) = all.first_mut() {
            terms.assertion = Some(equal("entryCSN", &csn));
        }
        if let Some((_, terms)) = all.last_mut() {
            terms.read_after = Some(selected(&target.names));
        }
        Ok(all)
    });
    after(changed.await?)
}
