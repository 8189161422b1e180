//! The view of the whole tree that every read holds: immutable, consistent, swapped whole after a commit.
//!
//! Owns the entries in memory and everything derived from them for finding them: names, children, value
//! indexes, memberships. It does not own how changes are judged (`write`) nor how they are kept (`stored`).
//!
//! A writer clones a snapshot, which costs a few reference counts, and changes the clone: parts that the published
//! one shares are copied as they are touched, parts made since are changed in place.
//!
#![doc = include_str!("figures.md")]

pub mod hash_index;
pub mod id_set;
mod id_sets;
mod joined;
mod keys;
mod load;
pub mod paged;
mod selected;
mod slice;

pub use hash_index::{HashIndex, Postings};
pub use id_set::IdSet;
pub use id_sets::IdSets;
pub use keys::Keys;
pub use load::Loading;
pub use paged::Paged;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;

use super::activity::Activity;
use super::descriptions::DescriptionTable;
use super::dn::{Dn, NormalizedDn, Rdn};
use super::dynamic::DynamicGroups;
use super::entry::{EntryId, EntryRef, ROOT};
use super::index::{Context, Index, IndexedAttributes};
use super::members::{Edge, EdgeKind, Members};
use super::membership::{MemberOf, Membership};
use super::schema::Schema;
use super::time::Csn;

/// A naming context of this directory (RFC 4512 section 5.1).
#[derive(Clone, Debug)]
pub struct Suffix {
    /// As it was configured.
    pub dn: Dn,
    /// For comparing.
    pub normalized: NormalizedDn,
    /// The name as the entry has it that was added under this spelling.
    text: Box<str>,
}

impl Suffix {
    /// The suffix of this name.
    pub fn new(schema: &Schema, dn: Dn) -> Self {
        let normalized = dn.normalize(schema);
        let text = dn.to_string().into();
        Self {
            dn,
            normalized,
            text,
        }
    }
}

/// What a name stands for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The entry.
    Entry(EntryId),
    /// No entry; the nearest one above it that exists, if any, and how many levels are missing below that.
    Nothing {
        /// The nearest existing ancestor.
        nearest: Option<EntryId>,
        /// 1 when only the entry itself is missing.
        missing: usize,
    },
    /// The name lies in no suffix.
    Outside,
}

/// One consistent state of the directory.
#[derive(Clone)]
pub struct Snapshot {
    schema: Arc<Schema>,
    suffixes: Arc<[Suffix]>,
    keys: Arc<Keys>,
    descriptions: Arc<DescriptionTable>,
    entries: Paged<Arc<[u8]>>,
    children: IdSets,
    names: HashIndex,
    index: Index,
    membership: Membership,
    dynamic: DynamicGroups,
    /// While very many entries are being added: the groups that are still to be joined with their members.
    pending_joins: Option<Vec<EntryId>>,
    administrator: Arc<str>,
    activity: Arc<Activity>,
    next_id: EntryId,
    count: usize,
    csn: Csn,
    structure: u64,
}

/// Entries that are fetched together.
pub const FETCHED: usize = 16;
/// Bytes that a processor fetches at once.
const LINE: usize = 64;
/// Lines of an entry that are touched at the most.
const TOUCHED: usize = 16;

/// A number that no state of the tree had before.
fn new_structure() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Snapshot {
    /// An empty directory.
    pub fn empty(
        schema: Arc<Schema>,
        suffixes: Arc<[Suffix]>,
        administrator: Arc<str>,
        indexed: &IndexedAttributes,
    ) -> Self {
        Self {
            index: Index::new(&schema, indexed),
            schema,
            suffixes,
            keys: Arc::default(),
            descriptions: Arc::default(),
            entries: Paged::default(),
            children: IdSets::default(),
            names: HashIndex::default(),
            membership: Membership::default(),
            dynamic: DynamicGroups::default(),
            pending_joins: None,
            administrator,
            activity: Arc::default(),
            next_id: ROOT + 1,
            count: 0,
            csn: Csn::default(),
            structure: new_structure(),
        }
    }

    /// The same with `memberOf` holding these groups.
    pub fn showing(mut self, groups: MemberOf) -> Self {
        self.membership.show(groups);
        self
    }

    /// The schema that the entries follow.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The schema, to be kept beyond this snapshot.
    pub fn shared_schema(&self) -> Arc<Schema> {
        Arc::clone(&self.schema)
    }

    /// The naming contexts.
    pub fn suffixes(&self) -> &Arc<[Suffix]> {
        &self.suffixes
    }

    /// The attribute descriptions in use.
    pub fn descriptions(&self) -> &DescriptionTable {
        &self.descriptions
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The number of the newest change.
    pub fn csn(&self) -> Csn {
        self.csn
    }

    /// Names and memberships are the same in all states of this number, in this process.
    pub fn structure(&self) -> u64 {
        self.structure
    }

    /// All ids in use are below this.
    pub fn next_id(&self) -> EntryId {
        self.next_id
    }

    /// The entry of an id.
    pub fn entry(&self, id: EntryId) -> Option<EntryRef<'_>> {
        self.entries.get(id).map(|bytes| EntryRef::new(bytes))
    }

    /// The bytes of an entry as they are kept.
    pub fn entry_bytes(&self, id: EntryId) -> Option<&Arc<[u8]>> {
        self.entries.get(id)
    }

    /// Touches entries that are to be read soon. One that is in no cache costs as much as judging it does: asked for
    /// together they are waited for together.
    pub fn fetch(&self, ids: &[EntryId]) {
        // All are looked up before any is touched, so that no look-up waits for what was touched before it.
        let entries: SmallVec<[&[u8]; FETCHED]> = ids
            .iter()
            .filter_map(|id| self.entries.get(*id).map(|bytes| &**bytes))
            .collect();
        let touched = entries.iter().fold(0, |sum, bytes| {
            let lines = bytes.iter().step_by(LINE).take(TOUCHED);
            lines.fold(sum, |sum, byte| sum ^ byte)
        });
        std::hint::black_box(touched);
    }

    /// All ids in use, ascending.
    pub fn ids(&self) -> impl Iterator<Item = EntryId> + '_ {
        self.entries.iter().map(|(id, _)| id)
    }

    /// The ids in use from one on, ascending.
    pub fn ids_from(&self, start: EntryId) -> impl Iterator<Item = EntryId> + '_ {
        self.entries.iter_from(start).map(|(id, _)| id)
    }

    /// The entries directly below one.
    pub fn children(&self, id: EntryId) -> Option<&IdSet> {
        self.children.get(id)
    }

    /// The members of a group; `None` when the entry names none.
    pub fn members(&self, group: EntryId) -> Option<&Arc<Members>> {
        self.membership.members(group)
    }

    /// The groups that name any members, ascending, with these.
    pub fn groups(&self) -> impl Iterator<Item = (EntryId, &Arc<Members>)> + '_ {
        self.membership.groups()
    }

    /// Who is in which group, directly or through others.
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    /// The groups whose members are found by searches.
    pub fn dynamic_groups(&self) -> &DynamicGroups {
        &self.dynamic
    }

    /// Whether `id` is `ancestor` or lies below it.
    pub fn is_within(&self, mut id: EntryId, ancestor: EntryId) -> bool {
        loop {
            if id == ancestor {
                return true;
            }
            match self.entry(id) {
                Some(entry) if entry.parent() != ROOT => id = entry.parent(),
                _ => return ancestor == ROOT,
            }
        }
    }

    /// Appends the name of an entry, as its makers spelled it.
    pub fn write_dn(&self, mut id: EntryId, out: &mut String) {
        let begin = out.len();
        while let Some(entry) = self.entry(id) {
            if out.len() > begin {
                out.push(',');
            }
            out.push_str(entry.rdn());
            id = entry.parent();
        }
    }

    /// The name of an entry.
    pub fn dn(&self, id: EntryId) -> String {
        let mut out = String::new();
        self.write_dn(id, &mut out);
        out
    }

    /// Looks a name up.
    pub fn find(&self, dn: &Dn) -> Found {
        self.find_normalized(dn, &dn.normalize(&self.schema))
    }

    /// Looks a name up whose normal form is known already.
    pub fn find_normalized(&self, dn: &Dn, normalized: &NormalizedDn) -> Found {
        let Some(suffix) = self
            .suffixes
            .iter()
            .find(|suffix| normalized.is_within(&suffix.normalized))
        else {
            return Found::Outside;
        };
        let below = normalized.depth() - suffix.normalized.depth();
        let Some(mut at) = self.suffix_entry(suffix) else {
            return Found::Nothing {
                nearest: None,
                missing: below + 1,
            };
        };
        // Relative names from the suffix downwards: the normal form is root first, the name itself leaf first.
        let relative = dn.rdns().get(..below).unwrap_or_default().iter().rev();
        let steps = relative.zip(normalized.rdns().skip(suffix.normalized.depth()));
        for (level, (rdn, bytes)) in steps.enumerate() {
            match self.child(at, rdn, bytes) {
                Some(child) => at = child,
                None => {
                    return Found::Nothing {
                        nearest: Some(at),
                        missing: below - level,
                    };
                }
            }
        }
        Found::Entry(at)
    }

    /// The entry of a name, if it exists.
    pub fn find_entry(&self, dn: &Dn) -> Option<EntryId> {
        match self.find(dn) {
            Found::Entry(id) => Some(id),
            _ => None,
        }
    }

    /// The entry of a suffix, if it exists.
    pub fn suffix_entry(&self, suffix: &Suffix) -> Option<EntryId> {
        let hash = self.keys.whole_name(suffix.normalized.as_bytes());
        self.names.get(hash).iter().find(|id| {
            self.entry(*id).is_some_and(|entry| {
                entry.parent() == ROOT
                    && (entry.rdn() == &*suffix.text
                        || Dn::parse(entry.rdn())
                            .is_ok_and(|dn| dn.normalize(&self.schema) == suffix.normalized))
            })
        })
    }

    /// The child of an entry under a relative name.
    pub fn child(&self, parent: EntryId, rdn: &Rdn, normalized: &[u8]) -> Option<EntryId> {
        self.names
            .get(self.keys.name(parent, normalized))
            .iter()
            .find(|id| {
                self.entry(*id).is_some_and(|entry| {
                    entry.parent() == parent
                        && (is_spelled(rdn, entry.rdn()) || self.has_name(entry, normalized))
                })
            })
    }

    fn has_name(&self, entry: EntryRef<'_>, normalized: &[u8]) -> bool {
        Rdn::parse(entry.rdn()).is_ok_and(|rdn| {
            let mut own = Vec::new();
            rdn.normalize(&self.schema, &mut own);
            own == normalized
        })
    }

    /// What finds entries by their values.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Entries that may be referral objects. Each must be checked: another value may share the key.
    pub fn referrals(&self) -> Postings<'_> {
        self.index.referrals()
    }

    /// The name of the administrator, who is no entry.
    pub fn administrator(&self) -> &str {
        &self.administrator
    }

    /// What logins have left behind: of this moment, whatever the age of the state.
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Groups that may name an entry that does not exist. Each must be checked.
    pub fn naming(&self, missing: &NormalizedDn) -> Postings<'_> {
        let key = self.keys.whole_name(missing.as_bytes());
        self.membership.naming(key)
    }
}

/// Changes, for the write pipeline and for loading. Each keeps every derived part in step with the entries; none judges
/// whether the change is right.
impl Snapshot {
    pub(super) fn descriptions_mut(&mut self) -> &mut Arc<DescriptionTable> {
        &mut self.descriptions
    }

    pub(super) fn take_id(&mut self) -> EntryId {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    pub(super) fn reserve_ids(&mut self, next: EntryId) {
        self.next_id = self.next_id.max(next);
    }

    pub(super) fn advance_csn(&mut self, csn: Csn) {
        self.csn = self.csn.max(csn);
    }

    /// From here on new entries are indexed many at a time (see [`Index::begin_bulk`]).
    pub(super) fn begin_bulk(&mut self) {
        self.index.begin_bulk();
        self.begin_bulk_joins();
    }

    /// Indexes what is left, and each entry at once from here on.
    pub(super) fn end_bulk(&mut self) {
        self.index.end_bulk();
        self.end_bulk_joins();
    }

    /// Puts an entry in the place of the one of the same id, or of none.
    pub(super) fn put_entry(&mut self, id: EntryId, bytes: Arc<[u8]>) {
        let new = EntryRef::new(&bytes);
        let old_bytes = self.entries.get(id).cloned();
        let old = old_bytes.as_ref().map(|bytes| EntryRef::new(bytes));
        let context = Context {
            schema: &self.schema,
            descriptions: &self.descriptions,
        };
        let changed = self.index.replace(context, id, old, Some(new));
        if old.is_none_or(|old| old.rdn() != new.rdn() || old.parent() != new.parent()) {
            if let Some(old) = old {
                self.unlink(id, old);
            }
            self.link(id, new);
        }
        self.count += usize::from(old.is_none());
        self.advance_csn(new.csn());
        self.reserve_ids(id.saturating_add(1));
        self.entries.set(id, Arc::clone(&bytes));
        let new = Some(EntryRef::new(&bytes));
        self.follow_uids(id, old, new);
        self.follow_selection(id, old, new, &changed);
    }

    /// Removes an entry; its edges must have gone before.
    pub(super) fn remove_entry(&mut self, id: EntryId) {
        let Some(bytes) = self.entries.get(id).cloned() else {
            return;
        };
        let old = EntryRef::new(&bytes);
        let context = Context {
            schema: &self.schema,
            descriptions: &self.descriptions,
        };
        let changed = self.index.replace(context, id, Some(old), None);
        self.unlink(id, old);
        self.entries.remove(id);
        self.follow_uids(id, Some(old), None);
        self.follow_selection(id, Some(old), None, &changed);
        self.count -= 1;
    }

    fn link(&mut self, id: EntryId, entry: EntryRef<'_>) {
        self.structure = new_structure();
        let hash = self.keys.of_name(&self.schema, entry);
        self.names.insert(hash, id);
        self.children.insert(entry.parent(), id);
    }

    fn unlink(&mut self, id: EntryId, entry: EntryRef<'_>) {
        self.structure = new_structure();
        let hash = self.keys.of_name(&self.schema, entry);
        self.names.remove(hash, id);
        self.children.remove(entry.parent(), id);
    }

    /// Adds members that exist to a group, all at once.
    pub(super) fn add_members(&mut self, group: EntryId, kind: EdgeKind, ids: IdSet) {
        self.structure = new_structure();
        self.membership.add_members(group, kind, ids);
    }

    /// Adds one edge; false when it was there.
    pub(super) fn add_edge(&mut self, group: EntryId, edge: &Edge) -> bool {
        self.structure = new_structure();
        let keys = &self.keys;
        let key = |name: &[u8]| keys.whole_name(name);
        self.membership.add_edge(group, edge, key)
    }

    /// Removes one edge; false when it was not there.
    pub(super) fn remove_edge(&mut self, group: EntryId, edge: &Edge) -> bool {
        self.structure = new_structure();
        let keys = &self.keys;
        let key = |name: &[u8]| keys.whole_name(name);
        self.membership.remove_edge(group, edge, key)
    }
}

/// Whether a stored name is spelled just like this one: then they are equal, and normalising the stored one is spared.
fn is_spelled(rdn: &Rdn, stored: &str) -> bool {
    let [only] = rdn.assertions() else {
        return false;
    };
    let plain =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'@');
    stored
        .as_bytes()
        .strip_prefix(only.attribute.as_bytes())
        .and_then(|rest| rest.strip_prefix(b"="))
        .is_some_and(|value| value == only.value && value.iter().all(plain))
}
