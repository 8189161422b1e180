//! The records in which a directory is kept, and the way from them to a snapshot.
//!
//! Owns the keys and the small values: entries (`entry` owns their bytes), edges, attribute descriptions, settings and
//! changes. It does not own how records get onto the disk.

mod error;
mod load;
mod members;
mod record;

pub use error::LoadError;
pub use load::load;
pub use members::MemberIds;
pub use record::{Record, members_in, parse};

use super::descriptions::DescriptionTable;
use super::entry::{DescriptionId, EntryId};
use super::members::{Edge, Members};
use super::snapshot::Snapshot;
use super::time::Csn;
use crate::storage::Batch;

/// The kinds of records, each the first byte of its keys.
pub mod prefix {
    /// What logins leave behind, by the id of the entry.
    pub const ACTIVITY: u8 = b'a';
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
    /// The next entry id, the newest change number, and which entries the schema has judged.
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

/// The key of what logins leave behind at an entry.
pub fn activity_key(id: EntryId) -> Vec<u8> {
    [&[prefix::ACTIVITY], id.to_be_bytes().as_slice()].concat()
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

/// Puts what must outlive every entry into a batch: ids and change numbers are never given twice. With them goes which
/// entries the schema has judged.
pub fn put_state(batch: &mut Batch, snapshot: &Snapshot) {
    let csn = snapshot.csn();
    let mut state = snapshot.next_id().to_be_bytes().to_vec();
    state.extend_from_slice(&csn.micros.to_be_bytes());
    state.extend_from_slice(&csn.count.to_be_bytes());
    state.extend_from_slice(&snapshot.judged().encode());
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

/// Prints a key as messages name it.
pub fn key_text(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}
