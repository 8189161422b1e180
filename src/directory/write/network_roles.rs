//! The roles in a network go with it: a later network of the same name would begin with all who had roles in the first.
//!
//! Owns that the values go which name it, on users, groups and invitations of its suffix, whoever removes the network and
//! over whichever face. That asks for no right beyond that to the network, as with the groups that came with it
//! (`networks`). The definitions of roles stay: without holders they let nobody in.

use std::collections::BTreeSet;

use super::{Draft, decode};
use crate::directory::attributes::Attributes;
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::schema::well_known::HEDGEROW_NETWORK_ROLE;
use crate::directory::view::View;

/// The most entries that lose roles with one change: all other changes wait for it, some 50 us an entry.
const MOST: usize = 20_000;

/// Networks of one suffix that go together.
pub(super) struct Networks {
    suffix: EntryId,
    /// In lower case: no two networks have names that differ in case alone.
    names: BTreeSet<Vec<u8>>,
}

impl Networks {
    /// Whether a role is one in any of them.
    fn give(&self, role: &[u8]) -> bool {
        let name = role.iter().position(|byte| *byte == b':');
        let name = name.and_then(|end| role.get(..end));
        name.is_some_and(|name| self.names.contains(&name.to_ascii_lowercase()))
    }
}

impl Draft<'_> {
    /// The networks among the entries of one subtree, if there are any.
    pub(super) fn networks_among(&self, entries: &[EntryId]) -> Option<Networks> {
        let networks = entries.iter().filter_map(|id| self.network(*id).ok()?);
        let mut suffix = None;
        let names = networks.map(|network| {
            suffix = suffix.take().or_else(|| network.groups.parent());
            network.name.to_ascii_lowercase().into_bytes()
        });
        let names: BTreeSet<_> = names.collect();
        let suffix = self.snapshot.find_entry(&suffix?)?;
        Some(Networks { suffix, names })
    }

    /// The entries that hold roles in networks.
    ///
    /// # Errors
    /// [`Error::AdminLimitExceeded`] when they are more than [`MOST`].
    pub(super) fn holders_of_roles(&self, networks: &Networks) -> Result<Vec<EntryId>, Error> {
        let descriptions = self.snapshot.descriptions();
        let holds = |id: &EntryId| {
            let blocks = self.snapshot.entry(*id).map(|entry| entry.blocks());
            let mut roles = blocks.into_iter().flatten().filter(|block| {
                descriptions.attribute(block.description) == Some(HEDGEROW_NETWORK_ROLE)
            });
            roles.any(|block| block.values().any(|role| networks.give(role)))
                && self.snapshot.is_within(*id, networks.suffix)
        };
        let holders: Vec<EntryId> = match self.snapshot.index().present(HEDGEROW_NETWORK_ROLE) {
            Some(ids) => ids.iter().filter(holds).take(MOST + 1).collect(),
            None => self.snapshot.ids().filter(holds).take(MOST + 1).collect(),
        };
        if holders.len() > MOST {
            return Err(Error::AdminLimitExceeded(format!(
                "more than {MOST} entries hold roles in what is to be deleted: take values of \"hedgerowNetworkRole\" from some first"
            )));
        }
        Ok(holders)
    }

    /// Takes the roles in networks from an entry, if it is there still.
    pub(super) fn take_roles(
        &mut self,
        identity: &Identity,
        id: EntryId,
        networks: &Networks,
    ) -> Result<(), Error> {
        let Some(view) = View::new(&self.snapshot, id) else {
            return Ok(());
        };
        let before = decode(&view);
        let mut after = Attributes::default();
        for mut attribute in before.iter().cloned() {
            if attribute.description.attribute == HEDGEROW_NETWORK_ROLE {
                attribute.values.retain(|role| !networks.give(role));
            }
            if !attribute.values.is_empty() {
                after.insert(attribute);
            }
        }
        let head = view.entry.head();
        self.store_changed(identity, id, head, (&before, &after))
    }
}
