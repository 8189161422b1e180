//! The stored form of an entry: one run of bytes that is the record on disk and the entry in memory alike.
//!
//! Owns the layout and its versions. It does not own what the values mean, nor where the bytes are kept.
//!
//! The head holds what every entry has (parent, name, identity, times); after it come the attributes as blocks:
//! the id of the attribute description and the `SET OF` value set exactly as a search result carries it
//! (RFC 4511 section 4.5.2), so that answering a search copies blocks and walks no values.
//! Members of groups are not part of the bytes: each is a record of its own.

use super::time::Csn;
use super::value_set::{self, ValueSet, Values};

/// The id of an entry: given once, never used again, never shown to clients. 0 names the root above all suffixes.
pub type EntryId = u32;

/// The parent of every suffix entry.
pub const ROOT: EntryId = 0;

/// The id of an attribute description (type and options) in the [`super::descriptions::DescriptionTable`].
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DescriptionId(pub u16);

/// The layout written by this version; older ones would be read too, newer ones are refused.
const LAYOUT: u8 = 1;
/// Layout, parent, UUID, created, modified, CSN time, CSN count, offset of the blocks.
const HEAD: usize = 1 + 4 + 16 + 8 + 8 + 8 + 4 + 4;

/// Most entries are no longer, in bytes.
const USUAL_SIZE: usize = 1024;

/// Who made or changed an entry, as `creatorsName` and `modifiersName` show it (RFC 4512 section 3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The administrator of the directory.
    Administrator,
    /// The entry itself.
    Own,
    /// Any other, by its name at that time.
    Named(String),
}

/// What the head of an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The entry above this one.
    pub parent: EntryId,
    /// `entryUUID` (RFC 4530).
    pub uuid: [u8; 16],
    /// `createTimestamp`, in seconds since 1970.
    pub created: i64,
    /// `modifyTimestamp`, in seconds since 1970.
    pub modified: i64,
    /// `entryCSN`.
    pub csn: Csn,
    /// The relative name in its RFC 4514 string form; of a suffix entry, the whole name.
    pub rdn: String,
    /// `creatorsName`.
    pub creator: Actor,
    /// `modifiersName`.
    pub modifier: Actor,
}

/// Bytes that are no entry of a layout this version reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryError {
    /// A newer version of the server wrote it.
    NewerLayout(u8),
    /// The bytes do not hold together; says which part.
    Malformed(&'static str),
}

impl std::fmt::Display for EntryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NewerLayout(found) => write!(
                f,
                "entry layout {found} was written by a newer version (this one reads up to {LAYOUT}): use that version"
            ),
            Self::Malformed(part) => write!(f, "malformed entry record: {part}"),
        }
    }
}

impl std::error::Error for EntryError {}

/// Writes an entry from its head and its attribute values, given in the order in which they are to be kept.
pub fn encode<'a, V>(
    head: &Head,
    attributes: impl Iterator<Item = (DescriptionId, V)>,
) -> Result<Vec<u8>, EntryError>
where
    V: Iterator<Item = &'a [u8]> + Clone,
{
    let mut out = Vec::with_capacity(USUAL_SIZE);
    out.push(LAYOUT);
    out.extend_from_slice(&head.parent.to_be_bytes());
    out.extend_from_slice(&head.uuid);
    out.extend_from_slice(&head.created.to_be_bytes());
    out.extend_from_slice(&head.modified.to_be_bytes());
    out.extend_from_slice(&head.csn.micros.to_be_bytes());
    out.extend_from_slice(&head.csn.count.to_be_bytes());
    let blocks =
        HEAD + text_size(&head.rdn) + actor_size(&head.creator) + actor_size(&head.modifier);
    let blocks = u32::try_from(blocks).map_err(|_| EntryError::Malformed("names over 4 GiB"))?;
    out.extend_from_slice(&blocks.to_be_bytes());
    put_text(&mut out, &head.rdn);
    put_actor(&mut out, &head.creator);
    put_actor(&mut out, &head.modifier);
    for (description, values) in attributes {
        out.extend_from_slice(&description.0.to_be_bytes());
        value_set::encode(values, &mut out);
    }
    Ok(out)
}

fn text_size(text: &str) -> usize {
    4 + text.len()
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u32).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn actor_size(actor: &Actor) -> usize {
    match actor {
        Actor::Administrator | Actor::Own => 1,
        Actor::Named(name) => 1 + text_size(name),
    }
}

fn put_actor(out: &mut Vec<u8>, actor: &Actor) {
    match actor {
        Actor::Administrator => out.push(0),
        Actor::Own => out.push(1),
        Actor::Named(name) => {
            out.push(2);
            put_text(out, name);
        }
    }
}

/// One attribute of an entry as it is kept.
#[derive(Copy, Clone, Debug)]
pub struct Block<'a> {
    /// The attribute description.
    pub description: DescriptionId,
    /// The value set, ready to be copied into an answer.
    pub value_set: ValueSet<'a>,
}

impl<'a> Block<'a> {
    /// The values, in the order in which they were given.
    pub fn values(&self) -> Values<'a> {
        self.value_set.values()
    }
}

/// A borrowed entry. Reading never fails: bytes are checked once, by [`EntryRef::check`], when they enter memory;
/// on bytes that were not, it yields less, never something else.
#[derive(Copy, Clone, Debug)]
pub struct EntryRef<'a> {
    bytes: &'a [u8],
}

impl<'a> EntryRef<'a> {
    /// Takes bytes that [`encode`] wrote or [`EntryRef::check`] passed.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The length of all of it, in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Takes bytes from outside and verifies that they hold together to the last value.
    pub fn check(bytes: &'a [u8]) -> Result<Self, EntryError> {
        match bytes.first() {
            None => return Err(EntryError::Malformed("empty")),
            Some(&layout) if layout > LAYOUT => return Err(EntryError::NewerLayout(layout)),
            Some(&LAYOUT) => {}
            Some(_) => return Err(EntryError::Malformed("unknown layout")),
        }
        let entry = Self { bytes };
        let (rdn, rest) = take_text(bytes.get(HEAD..).unwrap_or_default())
            .ok_or(EntryError::Malformed("name"))?;
        std::str::from_utf8(rdn).map_err(|_| EntryError::Malformed("name is not UTF-8"))?;
        let (_, rest) = take_actor(rest).ok_or(EntryError::Malformed("creator"))?;
        let (_, blocks) = take_actor(rest).ok_or(EntryError::Malformed("modifier"))?;
        if entry.blocks_offset() != bytes.len() - blocks.len() {
            return Err(EntryError::Malformed("offset of the attributes"));
        }
        let mut walk = Blocks { rest: blocks };
        for block in walk.by_ref() {
            ValueSet::parse(block.value_set.as_bytes())
                .map_err(|_| EntryError::Malformed("value set"))?;
        }
        if !walk.rest.is_empty() {
            return Err(EntryError::Malformed("attributes"));
        }
        Ok(entry)
    }

    fn field<const N: usize>(&self, at: usize) -> [u8; N] {
        self.bytes
            .get(at..at + N)
            .and_then(|found| found.try_into().ok())
            .unwrap_or([0; N])
    }

    /// The entry above this one.
    pub fn parent(&self) -> EntryId {
        u32::from_be_bytes(self.field(1))
    }

    /// `entryUUID`.
    pub fn uuid(&self) -> [u8; 16] {
        self.field(5)
    }

    /// `createTimestamp`, in seconds since 1970.
    pub fn created(&self) -> i64 {
        i64::from_be_bytes(self.field(21))
    }

    /// `modifyTimestamp`, in seconds since 1970.
    pub fn modified(&self) -> i64 {
        i64::from_be_bytes(self.field(29))
    }

    /// `entryCSN`.
    pub fn csn(&self) -> Csn {
        Csn {
            micros: u64::from_be_bytes(self.field(37)),
            count: u32::from_be_bytes(self.field(45)),
        }
    }

    fn blocks_offset(&self) -> usize {
        u32::from_be_bytes(self.field(49)) as usize
    }

    /// The relative name in its string form; of a suffix entry, the whole name.
    pub fn rdn(&self) -> &'a str {
        std::str::from_utf8(self.rdn_bytes()).unwrap_or_default()
    }

    /// The same as bytes, for whom it is no more than that.
    pub fn rdn_bytes(&self) -> &'a [u8] {
        let text = take_text(self.bytes.get(HEAD..).unwrap_or_default());
        text.map_or(&[], |(rdn, _)| rdn)
    }

    fn actors(&self) -> Option<(Actor, Actor)> {
        let (_, rest) = take_text(self.bytes.get(HEAD..)?)?;
        let (creator, rest) = take_actor(rest)?;
        let (modifier, _) = take_actor(rest)?;
        Some((creator, modifier))
    }

    /// `creatorsName`.
    pub fn creator(&self) -> Actor {
        self.actors()
            .map_or(Actor::Administrator, |(creator, _)| creator)
    }

    /// `modifiersName`.
    pub fn modifier(&self) -> Actor {
        self.actors()
            .map_or(Actor::Administrator, |(_, modifier)| modifier)
    }

    /// Everything before the attributes, as a value that can be changed.
    pub fn head(&self) -> Head {
        Head {
            parent: self.parent(),
            uuid: self.uuid(),
            created: self.created(),
            modified: self.modified(),
            csn: self.csn(),
            rdn: self.rdn().to_owned(),
            creator: self.creator(),
            modifier: self.modifier(),
        }
    }

    /// The attributes, in the order in which they are kept.
    pub fn blocks(&self) -> Blocks<'a> {
        Blocks {
            rest: self.bytes.get(self.blocks_offset()..).unwrap_or_default(),
        }
    }
}

fn take_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

fn take_actor(bytes: &[u8]) -> Option<(Actor, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    match tag {
        0 => Some((Actor::Administrator, rest)),
        1 => Some((Actor::Own, rest)),
        2 => {
            let (name, rest) = take_text(rest)?;
            Some((Actor::Named(String::from_utf8(name.to_vec()).ok()?), rest))
        }
        _ => None,
    }
}

/// Walks the attributes of an entry.
#[derive(Clone, Debug)]
pub struct Blocks<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    #[inline]
    fn next(&mut self) -> Option<Block<'a>> {
        let (id, rest) = self.rest.split_first_chunk::<2>()?;
        let (value_set, rest) = ValueSet::split_first(rest).ok()?;
        self.rest = rest;
        Some(Block {
            description: DescriptionId(u16::from_be_bytes(*id)),
            value_set,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            parent: 7,
            uuid: *b"0123456789abcdef",
            created: 1_700_000_000,
            modified: -1,
            csn: Csn {
                micros: 42,
                count: 3,
            },
            rdn: "uid=zoë".to_owned(),
            creator: Actor::Administrator,
            modifier: Actor::Named("cn=x,dc=y".to_owned()),
        }
    }

    fn sample() -> Vec<u8> {
        let attributes: [(u16, Vec<&[u8]>); 2] = [(3, vec![b"a", b""]), (900, vec![&[7; 300]])];
        encode(
            &head(),
            attributes
                .iter()
                .map(|(id, values)| (DescriptionId(*id), values.iter().copied())),
        )
        .unwrap()
    }

    #[test]
    fn an_encoded_entry_reads_back_as_it_was() {
        let bytes = sample();
        let entry = EntryRef::check(&bytes).unwrap();
        assert_eq!(entry.head(), head());
        let blocks: Vec<_> = entry
            .blocks()
            .map(|b| (b.description.0, b.values().map(<[u8]>::len).collect()))
            .collect();
        assert_eq!(blocks, [(3, vec![1, 0]), (900, vec![300])]);
    }

    #[test]
    fn every_truncation_is_refused_and_none_panics() {
        let bytes = sample();
        for length in 0..bytes.len() {
            let cut = &bytes[..length];
            let whole_blocks = length >= 300 && EntryRef::check(cut).is_ok();
            assert!(!whole_blocks, "{length} of {} bytes passed", bytes.len());
            let _ = EntryRef::new(cut).blocks().count();
        }
    }

    #[test]
    fn a_newer_layout_is_named() {
        let mut bytes = sample();
        bytes[0] = 9;
        assert_eq!(
            EntryRef::check(&bytes).unwrap_err(),
            EntryError::NewerLayout(9)
        );
    }
}
