//! The records in which a directory is kept, and the way from them to a snapshot.
//!
//! Owns the keys and the small values: entries (`entry` owns their bytes), edges, attribute descriptions, settings and
//! changes. It does not own how records get onto the disk.

mod load;
mod members;

pub use load::load;
pub use members::MemberIds;

use std::ops::ControlFlow;

use super::descriptions::DescriptionTable;
use super::dn::Dn;
use super::entry::{DescriptionId, EntryId, EntryRef};
use super::members::{Edge, EdgeKind, Members};
use super::schema::Schema;
use super::snapshot::Snapshot;
use super::time::Csn;
use crate::storage::{Batch, Store, StoreError};

/// The kinds of records, each the first byte of its keys.
pub mod prefix {
    /// Changes, by their number.
    pub const CHANGE: u8 = b'c';
    /// Attribute descriptions, by their id.
    pub const DESCRIPTION: u8 = b'd';
    /// Entries, by their id.
    pub const ENTRY: u8 = b'e';
    /// Members that exist: group, attribute, upper bits of the ids.
    pub const MEMBERS: u8 = b'h';
    /// Settings, by their name.
    pub const SETTING: u8 = b'm';
    /// Edges to members that do not exist: group, attribute, digest of the name.
    pub const DANGLING: u8 = b'u';
}

/// Settings that are kept with the data.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The suffixes, one a line.
    Suffixes,
    /// The name of the administrator.
    Administrator,
    /// The administrator's password, hashed.
    AdministratorPassword,
    /// The next entry id and the newest change number.
    State,
    /// The first id of an import that is being written.
    Import,
}

impl Setting {
    /// The key of its record.
    pub fn key(self) -> Vec<u8> {
        let name: &[u8] = match self {
            Self::Suffixes => b"suffixes",
            Self::Administrator => b"administrator",
            Self::AdministratorPassword => b"administrator-password",
            Self::State => b"state",
            Self::Import => b"import",
        };
        [&[prefix::SETTING], name].concat()
    }
}

/// The key of an entry.
pub fn entry_key(id: EntryId) -> Vec<u8> {
    [&[prefix::ENTRY], id.to_be_bytes().as_slice()].concat()
}

/// The key of an attribute description.
pub fn description_key(id: DescriptionId) -> Vec<u8> {
    [&[prefix::DESCRIPTION], id.0.to_be_bytes().as_slice()].concat()
}

/// The key of a change.
pub fn change_key(csn: Csn) -> Vec<u8> {
    [
        &[prefix::CHANGE],
        csn.micros.to_be_bytes().as_slice(),
        csn.count.to_be_bytes().as_slice(),
    ]
    .concat()
}

/// The number of a change record.
pub fn change_of_key(key: &[u8]) -> Option<Csn> {
    let (micros, rest) = key.get(1..)?.split_first_chunk::<8>()?;
    let count = rest.first_chunk::<4>()?;
    Some(Csn {
        micros: u64::from_be_bytes(*micros),
        count: u32::from_be_bytes(*count),
    })
}

/// The key of the record that an edge is part of; the names of members that do not exist are long, so their digest
/// stands for them.
pub fn edge_key(group: EntryId, edge: &Edge) -> Vec<u8> {
    match edge {
        Edge::Entry { kind, member } => members::key(group, *kind, *member),
        Edge::Dangling {
            kind, normalized, ..
        } => {
            let digest = blake3::hash(normalized);
            let digest = digest
                .as_bytes()
                .first_chunk::<16>()
                .map_or(&[][..], |half| half);
            let group = group.to_be_bytes();
            [
                &[prefix::DANGLING],
                group.as_slice(),
                &[kind.code()],
                digest,
            ]
            .concat()
        }
    }
}

/// Puts the record that an edge is part of into a batch as it is in a state, where the edge may be there or not.
pub fn put_edge(batch: &mut Batch, snapshot: &Snapshot, group: EntryId, edge: &Edge) {
    match edge {
        Edge::Entry { kind, member } => {
            members::put_around(batch, snapshot, group, *kind, *member);
        }
        Edge::Dangling {
            kind, normalized, ..
        } => {
            let text = snapshot
                .members(group)
                .and_then(|members| members.dangling_text(*kind, normalized));
            match text {
                Some(text) => batch.put(edge_key(group, edge), text.as_bytes().to_vec()),
                None => batch.delete(edge_key(group, edge)),
            }
        }
    }
}

/// Puts an entry that the store does not have into a batch, with all its edges.
pub fn put_new_entry(batch: &mut Batch, snapshot: &Snapshot, id: EntryId) {
    let Some(bytes) = snapshot.entry_bytes(id) else {
        return;
    };
    batch.put(entry_key(id), bytes.to_vec());
    let Some(members) = snapshot.members(id) else {
        return;
    };
    put_members(batch, id, members);
    put_dangling(batch, id, members);
}

/// Puts the records of all members of a group that exist into a batch.
pub fn put_members(batch: &mut Batch, group: EntryId, members: &Members) {
    members::put_all(batch, group, members);
}

/// Puts the records of all members of a group that do not exist into a batch.
pub fn put_dangling(batch: &mut Batch, group: EntryId, members: &Members) {
    for edge in members.dangling_edges() {
        if let Edge::Dangling { text, .. } = &edge {
            batch.put(edge_key(group, &edge), text.as_bytes().to_vec());
        }
    }
}

/// Puts what must outlive every entry into a batch: ids and change numbers are never given twice.
pub fn put_state(batch: &mut Batch, snapshot: &Snapshot) {
    let csn = snapshot.csn();
    let mut state = snapshot.next_id().to_be_bytes().to_vec();
    state.extend_from_slice(&csn.micros.to_be_bytes());
    state.extend_from_slice(&csn.count.to_be_bytes());
    batch.put(Setting::State.key(), state);
}

/// Puts the descriptions from `first` on into a batch.
pub fn put_descriptions(batch: &mut Batch, descriptions: &DescriptionTable, first: usize) {
    for at in first..descriptions.len() {
        let id = DescriptionId(u16::try_from(at).unwrap_or(u16::MAX));
        if let Some(described) = descriptions.described(id) {
            batch.put(description_key(id), described.name.as_bytes().to_vec());
        }
    }
}

/// Why records do not make a directory.
#[derive(Debug)]
pub enum LoadError {
    /// The store could not be read.
    Store(StoreError),
    /// An attribute description that entries use is not in the schema any more.
    Description {
        /// As it was stored.
        text: String,
        /// What the schema says.
        reason: String,
    },
    /// The thread that indexes could not be started.
    Thread(std::io::Error),
    /// A record does not hold together.
    Record {
        /// Its key in hexadecimal.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Description { text, reason } => write!(
                f,
                "entries use the attribute \"{text}\", which the schema does not define ({reason}): restore its definition in the schema folder"
            ),
            Self::Thread(error) => write!(f, "no thread to index values on: {error}"),
            Self::Record { key, reason } => {
                write!(
                    f,
                    "record {key}: {reason}; run `hedgerow check` for all that is wrong"
                )
            }
        }
    }
}

impl std::error::Error for LoadError {}

impl From<StoreError> for LoadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Prints a key as messages name it.
pub fn key_text(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn malformed(key: &[u8], reason: impl std::fmt::Display) -> LoadError {
    LoadError::Record {
        key: key_text(key),
        reason: reason.to_string(),
    }
}

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
    /// The next entry id and the newest change number.
    State(EntryId, Csn),
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
            change_of_key(&[&[0], rest].concat())
                .map(|csn| Record::State(u32::from_be_bytes(*id), csn))
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

/// Records that are removed together: a store refuses a batch that takes more than a minute or the rest of the disk.
const REMOVED_TOGETHER: usize = 4_096;

/// Removes what an interrupted import had written so far; nothing of it was acknowledged. The number of records removed.
/// The mark goes last, so that the next start goes on where this one is interrupted.
pub fn roll_back_import(store: &mut dyn Store) -> Result<usize, StoreError> {
    let Some(first) = store.read(&Setting::Import.key())? else {
        return Ok(0);
    };
    let first = u32::from_be_bytes(first.first_chunk::<4>().copied().unwrap_or([0xff; 4]));
    let mut keys = Vec::new();
    for kind in [prefix::ENTRY, prefix::MEMBERS, prefix::DANGLING] {
        store.scan(&[kind], &mut |key, _| {
            let of = key
                .get(1..5)
                .and_then(|id| id.first_chunk::<4>())
                .map(|id| u32::from_be_bytes(*id));
            if of.is_some_and(|id| id >= first) {
                keys.push(key.to_vec());
            }
            ControlFlow::Continue(())
        })?;
    }
    for some in keys.chunks(REMOVED_TOGETHER) {
        let mut batch = Batch::default();
        some.iter().for_each(|key| batch.delete(key.as_slice()));
        store.commit(&batch)?;
    }
    let mut last = Batch::default();
    last.delete(Setting::Import.key());
    store.commit(&last)?;
    Ok(keys.len())
}
