//! Who asks. An identity comes from authentication or is anonymous; no face makes one up.

use super::entry::EntryId;

/// The authorization identity of a request (RFC 4513 section 1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity(Who);

#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Who {
    #[default]
    Anonymous,
    Administrator,
    /// An entry; ids are never used twice, so that an entry made later under the same name is another.
    Entry(EntryId),
}

impl Identity {
    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Self(Who::Anonymous)
    }

    pub(super) fn administrator() -> Self {
        Self(Who::Administrator)
    }

    pub(super) fn entry(id: EntryId) -> Self {
        Self(Who::Entry(id))
    }

    /// The entry, if it is one.
    pub(super) fn id(&self) -> Option<EntryId> {
        match self.0 {
            Who::Entry(id) => Some(id),
            Who::Anonymous | Who::Administrator => None,
        }
    }

    pub(super) fn who(&self) -> Who {
        self.0
    }

    /// Whether nobody has authenticated.
    pub fn is_anonymous(&self) -> bool {
        self.0 == Who::Anonymous
    }

    /// Whether this is the administrator of the directory.
    pub fn is_administrator(&self) -> bool {
        self.0 == Who::Administrator
    }
}
