//! Groups that the configuration names: what ends without them, and that it is said.
//!
//! Owns when it is said: where there is no such group at the start or a reload, and when a change removes one or gives it
//! another name. The change is made all the same. Which groups these are is the configuration's, what depends on them
//! that of those who ask who is in them.

use super::Directory;
use super::dn::Dn;
use super::snapshot::Snapshot;

/// A group that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedGroup {
    /// Its name.
    pub dn: Dn,
    /// What it comes to that there is none, for people, with the key of the configuration.
    pub without: &'static str,
}

impl Directory {
    /// Logs which groups of the configuration are not there.
    pub fn warn_of_missing_groups(&self) {
        let snapshot = self.snapshot();
        let groups = self.accounts().named_groups.iter();
        for NamedGroup { dn, without } in groups.filter(|it| snapshot.find_entry(&it.dn).is_none())
        {
            tracing::warn!(group = %dn, "there is no such group: {without}");
        }
    }
}

/// Logs which of these groups a change has removed or given another name.
pub(super) fn warn_of_lost(groups: &[NamedGroup], before: &Snapshot, after: &Snapshot) {
    let is_in = |snapshot: &Snapshot, group: &NamedGroup| snapshot.find_entry(&group.dn).is_some();
    for group in groups {
        if is_in(before, group) && !is_in(after, group) {
            let NamedGroup { dn, without } = group;
            tracing::warn!(group = %dn, "the group is gone or has another name: {without}");
        }
    }
}
