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
mod judged;
mod keys;
mod lately;
mod load;
mod names;
pub mod paged;
mod selected;
mod slice;

pub use hash_index::{HashIndex, Postings};
pub use id_set::IdSet;
pub use id_sets::IdSets;
pub use judged::Judged;
pub use keys::Keys;
pub use load::Loading;
pub use names::{Found, Suffix};
pub use paged::Paged;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::account::AccountSettings;
use super::activity::Activity;
use super::descriptions::DescriptionTable;
use super::dn::NormalizedDn;
use super::dynamic::DynamicGroups;
use super::entry::{EntryId, EntryRef, ROOT};
use super::index::{Context, Index, IndexedAttributes};
use super::members::{Edge, EdgeKind, Members};
use super::membership::{MemberOf, Membership};
use super::schema::Schema;
use super::time::Csn;

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
    /// Which special entries there may be, once somebody has asked.
    special: OnceLock<Special>,
    membership: Membership,
    dynamic: DynamicGroups,
    /// While very many entries are being added: the groups that are still to be joined with their members.
    pending_joins: Option<Vec<EntryId>>,
    administrator: Arc<str>,
    activity: Arc<Activity>,
    accounts: Arc<AccountSettings>,
    next_id: EntryId,
    count: usize,
    csn: Csn,
    judged: Judged,
    structure: u64,
}

/// Which entries that are not treated like others a state may hold: all requests ask, and hardly any state holds one.
#[derive(Copy, Clone)]
struct Special {
    referrals: bool,
    subentries: bool,
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
            judged: Judged::new(&schema, Csn::default()),
            special: OnceLock::new(),
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
            accounts: Arc::default(),
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

    /// The same with accounts to which this applies.
    pub fn holding_accounts_to(mut self, settings: Arc<AccountSettings>) -> Self {
        self.accounts = settings;
        self
    }

    /// What holds for accounts.
    pub fn accounts(&self) -> &AccountSettings {
        &self.accounts
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

    /// Which entries the schema has judged.
    pub fn judged(&self) -> &Judged {
        &self.judged
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
        let mut entries: [&[u8]; FETCHED] = [&[]; FETCHED];
        for (entry, id) in entries.iter_mut().zip(ids) {
            *entry = self.entries.get(*id).map_or(&[], |bytes| bytes);
        }
        let touched = entries.iter().take(ids.len()).fold(0, |sum, bytes| {
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

    /// What finds entries by their values.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Entries that may be referral objects. Each must be checked: another value may share the key.
    pub fn referrals(&self) -> Postings<'_> {
        self.index.referrals()
    }

    /// Whether there may be any referral object.
    pub fn has_referrals(&self) -> bool {
        self.special().referrals
    }

    /// Whether there may be any subentry.
    pub fn has_subentries(&self) -> bool {
        self.special().subentries
    }

    fn special(&self) -> Special {
        *self.special.get_or_init(|| Special {
            referrals: !self.index.referrals().is_empty(),
            subentries: !self.index.subentries().is_empty(),
        })
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

    /// Takes over what was known of a store that has been read, if it is of the same schema.
    pub(super) fn recall_judged(&mut self, stored: Option<Judged>) {
        match stored {
            Some(stored) if stored.by == self.judged.by => self.judged = stored,
            _ => self.judged.after = self.csn,
        }
    }

    /// An entry gets this number without being judged.
    pub(super) fn doubt(&mut self, csn: Csn) {
        self.judged.after = self.judged.after.max(csn);
    }

    /// From here on new entries are indexed many at a time (see [`Index::begin_bulk`]).
    pub(super) fn begin_bulk(&mut self) {
        self.index.begin_bulk();
        self.begin_bulk_joins();
    }

    /// Indexes what is left, and each entry at once from here on.
    pub(super) fn end_bulk(&mut self) {
        self.index.end_bulk();
        self.special = OnceLock::new();
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
        self.special = OnceLock::new();
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
        self.follow_uids(id, old, new, &changed);
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
        self.special = OnceLock::new();
        self.unlink(id, old);
        self.entries.remove(id);
        self.follow_uids(id, Some(old), None, &changed);
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
