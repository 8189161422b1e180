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
