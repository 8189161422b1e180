//! What a face asks of the directory, as plain data: no wire, no JSON, nothing looked up yet.

use std::time::Duration;

use super::dn::{Dn, Rdn};
use super::filter::Filter;

/// How far below the base a search looks (RFC 4511 section 4.5.1.2).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The base alone.
    Base,
    /// The entries directly below the base.
    One,
    /// The base and everything below it.
    Subtree,
    /// Everything below the base without the base (`subordinateSubtree`, as OpenLDAP's `children` asks).
    Children,
}

/// When aliases are followed (RFC 4511 section 4.5.1.3).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Dereference {
    /// Aliases are entries like any other.
    Never,
    /// Aliases below the base are followed, the base is not.
    Searching,
    /// An alias in the name of the base is followed, others are not.
    FindingBase,
    /// All are followed.
    Always,
}

/// A search (RFC 4511 section 4.5.1).
#[derive(Clone, Debug)]
pub struct SearchRequest {
    /// Where to begin.
    pub base: Dn,
    /// How far to look.
    pub scope: Scope,
    /// Whether aliases are followed.
    pub dereference: Dereference,
    /// What to look for.
    pub filter: Filter,
    /// Attribute selectors as sent: descriptions, `*`, `+`, `1.1`, `@class`; none means `*`.
    pub attributes: Vec<String>,
    /// Descriptions without values.
    pub types_only: bool,
    /// The most entries the client wants; 0 leaves it to the server.
    pub size_limit: u32,
    /// The longest the client wants to wait; `None` leaves it to the server.
    pub time_limit: Option<Duration>,
    /// What must be true of the base, or nothing is searched (RFC 4528).
    pub assertion: Option<Filter>,
    /// Whether referral objects are entries like any other (RFC 3296 section 3).
    pub manage_referrals: bool,
    /// Whether the client wants to hear of no other server: what is at or below referral objects is passed over.
    pub omit_references: bool,
    /// Whether subentries are looked at.
    pub subentries: Subentries,
    /// Items of which a value must match one to be shown (RFC 3876); `None` shows every value.
    pub values: Option<Vec<Filter>>,
    /// In which order the entries come; `None` leaves it to the server.
    pub sort: Option<Sort>,
    /// Which of the entries come.
    pub part: Part,
}

/// The terms on which one entry is compared or changed.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// What must be true of the entry as it is before, or nothing is done (RFC 4528).
    pub assertion: Option<Filter>,
    /// The attributes to be read of the entry before the change, as selectors (RFC 4527 section 3.1).
    pub read_before: Option<Vec<String>>,
    /// The attributes to be read of the entry after the change (RFC 4527 section 3.2).
    pub read_after: Option<Vec<String>>,
    /// Whether the change is judged and not made (draft-zeilenga-ldap-noop).
    pub trial: bool,
    /// Whether the administrator sets what the server keeps otherwise: who made and changed the entry and when,
    /// `entryUUID`, the structural class (draft-zeilenga-ldap-relax).
    pub relaxed: bool,
    /// Whether all below an entry is deleted with it (draft-armijo-ldap-treedelete).
    pub subtree: bool,
    /// Whether referral objects are entries like any other (RFC 3296 section 3).
    pub manage_referrals: bool,
    /// Whether a modify takes the second factor of the entry away as well, as
    /// [`remove_second_factor`](crate::directory::Directory::remove_second_factor) does, unless the entry is the asker's own
    /// and in a group that needs one.
    pub without_second_factor: bool,
}

/// Whether a search looks at subentries (RFC 3672 section 3).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Subentries {
    /// Only when one is the base of a search of scope [`Scope::Base`].
    #[default]
    ByScope,
    /// At none.
    Without,
    /// At nothing else.
    Alone,
}

/// An order of entries (RFC 2891).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// What decides, the first key before the second and so on.
    pub keys: Vec<SortKey>,
    /// Whether a search whose entries cannot be sorted fails; else they come unsorted.
    pub required: bool,
}

/// One key of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The attribute description as sent.
    pub attribute: String,
    /// The ordering rule, a name or an OID; that of the attribute when absent.
    pub rule: Option<String>,
    /// Whether the greatest value comes first.
    pub reverse: bool,
    /// The attribute whose values stand in for those of an entry that has none of the first; none when absent.
    pub otherwise: Option<String>,
}

/// Which of the entries that a search finds are wanted now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// All.
    #[default]
    Whole,
    /// The next so many (RFC 2696).
    Page(Page),
    /// Those around one of them (draft-ietf-ldapext-ldapv3-vlv-09); the search must be sorted.
    Window(Window),
    /// So many in a row, with the number of all; the search must be sorted.
    Slice(Slice),
}

/// A row of entries of a sorted search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Where it begins.
    pub from: SliceStart,
    /// The most entries of it; 0 counts the entries and returns none.
    pub size: u32,
}

/// Where a slice begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SliceStart {
    /// After so many entries.
    Offset(u32),
    /// After the last entry of an earlier slice, by what came with that.
    After(Vec<u8>),
}

/// A page of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The most entries of it. 0 without a cookie counts the entries and returns none; 0 with one says that no more
    /// pages are wanted.
    pub size: u32,
    /// What came with the page before; empty for the first.
    pub cookie: Vec<u8>,
}

/// A window on a sorted search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Entries before the target.
    pub before: u32,
    /// Entries after the target.
    pub after: u32,
    /// The entry that the window is around.
    pub target: WindowTarget,
    /// What came with an earlier window on the same list.
    pub context: Option<Vec<u8>>,
}

/// The entry that a window is around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowTarget {
    /// By its place.
    Offset {
        /// The place, counted from 1.
        offset: u32,
        /// How long the client takes the list to be, of which `offset` is a share; 0 when it does not know.
        count: u32,
    },
    /// The first whose first sort key is not before this value.
    Value(Vec<u8>),
}

/// One step of a modify (RFC 4511 section 4.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modification {
    /// What is done with the values.
    pub kind: ModificationKind,
    /// The attribute description as sent.
    pub attribute: String,
    /// The values.
    pub values: Vec<Vec<u8>>,
}

/// What a modification does.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ModificationKind {
    /// Adds the values.
    Add,
    /// Removes the values, or the attribute when there are none.
    Delete,
    /// Puts the values in the place of all there are.
    Replace,
    /// Adds the one value, a number, to each there is (RFC 4525).
    Increment,
}

/// A change of the directory.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new entry (RFC 4511 section 4.7), attributes as sent.
    Add {
        /// Its name.
        dn: Dn,
        /// Descriptions and values as sent.
        attributes: Vec<(String, Vec<Vec<u8>>)>,
    },
    /// Changes within one entry, all or none (RFC 4511 section 4.6).
    Modify {
        /// The entry.
        dn: Dn,
        /// The steps, in order.
        modifications: Vec<Modification>,
    },
    /// Removes an entry that has none below it (RFC 4511 section 4.8).
    Delete {
        /// The entry.
        dn: Dn,
    },
    /// Renames or moves an entry with all below it (RFC 4511 section 4.9).
    Rename {
        /// The entry.
        dn: Dn,
        /// The new relative name.
        new_rdn: Rdn,
        /// Whether the values of the old one leave the entry.
        delete_old_rdn: bool,
        /// The new parent; `None` keeps the old one.
        new_superior: Option<Dn>,
    },
}

impl Change {
    /// The entry it is about.
    pub fn dn(&self) -> &Dn {
        match self {
            Self::Add { dn, .. }
            | Self::Modify { dn, .. }
            | Self::Delete { dn }
            | Self::Rename { dn, .. } => dn,
        }
    }
}
