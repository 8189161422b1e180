//! Taking records apart, their form checked.

use super::error::malformed;
use super::{LoadError, MemberIds, Setting, change_of_key, prefix};
use crate::directory::activity::Seen;
use crate::directory::dn::Dn;
use crate::directory::entry::{DescriptionId, EntryId, EntryRef};
use crate::directory::members::{Edge, EdgeKind};
use crate::directory::schema::Schema;
use crate::directory::snapshot::Judged;
use crate::directory::time::Csn;

/// One record taken apart.
#[derive(Debug)]
pub enum Record<'a> {
    /// An attribute description.
    Description(DescriptionId, &'a str),
    /// An entry.
    Entry(EntryId, EntryRef<'a>),
    /// Members of a group that exist.
    Members(EntryId, EdgeKind, MemberIds<'a>),
    /// A member of a group that does not.
    Dangling(EntryId, Edge),
    /// What logins have left behind at an entry.
    Activity(EntryId, Seen),
    /// The next entry id, the newest change number, and which entries were judged by which schema, if that was kept.
    State(EntryId, Csn, Option<Judged>),
    /// A change, or a setting that is read where it is needed.
    Other,
}

/// Takes a record apart and checks its form.
pub fn parse<'a>(schema: &Schema, key: &'a [u8], value: &'a [u8]) -> Result<Record<'a>, LoadError> {
    parse_parts(schema, key, value)
        .map_err(|reason| malformed(key, reason))?
        .ok_or_else(|| malformed(key, "not a record of this version"))
}

fn parse_parts<'a>(
    schema: &Schema,
    key: &'a [u8],
    value: &'a [u8],
) -> Result<Option<Record<'a>>, String> {
    let Some((kind, rest)) = key.split_first() else {
        return Ok(None);
    };
    Ok(match *kind {
        prefix::ENTRY => {
            let Ok(id) = rest.try_into() else {
                return Ok(None);
            };
            let entry = EntryRef::check(value).map_err(|error| error.to_string())?;
            Some(Record::Entry(u32::from_be_bytes(id), entry))
        }
        prefix::ACTIVITY => {
            let id = rest.try_into().ok().map(u32::from_be_bytes);
            id.zip(Seen::decode(value))
                .map(|(id, seen)| Record::Activity(id, seen))
        }
        prefix::DESCRIPTION => {
            let text = std::str::from_utf8(value).map_err(|error| error.to_string())?;
            rest.try_into()
                .ok()
                .map(|id| Record::Description(DescriptionId(u16::from_be_bytes(id)), text))
        }
        prefix::MEMBERS => {
            parse_members(rest, value).map(|(group, kind, ids)| Record::Members(group, kind, ids))
        }
        prefix::DANGLING => {
            let text = std::str::from_utf8(value).map_err(|error| error.to_string())?;
            split_edge(rest).map(|(group, kind, _)| {
                let normalized = match Dn::parse(text) {
                    Ok(dn) => dn.normalize(schema).as_bytes().into(),
                    Err(_) => text.as_bytes().into(),
                };
                Record::Dangling(
                    group,
                    Edge::Dangling {
                        kind,
                        normalized,
                        text: text.into(),
                    },
                )
            })
        }
        prefix::SETTING if key == Setting::State.key() => {
            let Some((id, rest)) = value.split_first_chunk::<4>() else {
                return Ok(None);
            };
            let judged = rest.get(8 + 4..).and_then(Judged::decode);
            change_of_key(&[&[0], rest].concat())
                .map(|csn| Record::State(u32::from_be_bytes(*id), csn, judged))
        }
        prefix::SETTING => Some(Record::Other),
        prefix::CHANGE => change_of_key(key).map(|_| Record::Other),
        _ => None,
    })
}

fn parse_members<'a>(rest: &[u8], value: &'a [u8]) -> Option<(EntryId, EdgeKind, MemberIds<'a>)> {
    let (group, kind, rest) = split_edge(rest)?;
    let span = u32::from_be_bytes(rest.try_into().ok()?);
    Some((group, kind, MemberIds::parse(span, value)?))
}

/// How many members a record names.
pub fn members_in(key: &[u8], value: &[u8]) -> u64 {
    match key.split_first() {
        Some((&prefix::MEMBERS, rest)) => {
            parse_members(rest, value).map_or(0, |(_, _, ids)| ids.count() as u64)
        }
        Some((&prefix::DANGLING, _)) => 1,
        _ => 0,
    }
}

fn split_edge(rest: &[u8]) -> Option<(EntryId, EdgeKind, &[u8])> {
    let (group, rest) = rest.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first()?;
    Some((
        u32::from_be_bytes(*group),
        EdgeKind::from_code(*kind)?,
        rest,
    ))
}
