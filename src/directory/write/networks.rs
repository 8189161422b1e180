//! The groups that come with a network: those who administer it and those who use it, and the same for all networks.
//!
//! Owns that they are made with the network and removed with it, whoever makes and removes it. That asks for no right
//! beyond that to the network: without its groups there would be no use in it.

use super::{Draft, Origin};
use crate::directory::dn::{Dn, Rdn};
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::request::{Change, Terms};
use crate::directory::schema::well_known::{self, class};
use crate::directory::view::View;

/// What stands for all networks where one is named.
pub const ALL_NETWORKS: &str = "all_networks";
/// The roles that every network has, and all of them together.
pub const ROLES: [&str; 2] = ["network-admin", "network-user"];

/// The name of a role in a network, `None` for all of them.
pub fn role_of(network: Option<&str>, role: &str) -> String {
    format!("{}-{role}", network.unwrap_or("global"))
}

/// The name of the group of those who have a role in a network.
pub fn group_of(network: Option<&str>, role: &str) -> String {
    format!("{}-grp", role_of(network, role))
}

/// Whether a change adds a network.
pub(super) fn adds_one(change: &Change) -> bool {
    let Change::Add { attributes, .. } = change else {
        return false;
    };
    let mut classes = attributes
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("objectClass") || name == "2.5.4.0");
    classes.any(|(_, values)| {
        let mut values = values.iter();
        values.any(|value| value.eq_ignore_ascii_case(b"hedgerowNetwork"))
    })
}

impl Draft<'_> {
    /// Makes the groups that come with an entry, if it is a network.
    pub(super) fn complete_network(
        &mut self,
        identity: &Identity,
        id: EntryId,
    ) -> Result<(), Error> {
        let Some((network, unit)) = self.network(id) else {
            return Ok(());
        };
        if network == "global" || network == ALL_NETWORKS || network.contains(':') {
            let text =
                "a network is called neither global nor all_networks, and its name has no colon";
            return Err(Error::ConstraintViolation(text.to_owned()));
        }
        let acting = identity.as_administrator(self.actor_name(identity));
        if self.snapshot.find_entry(&unit).is_none() {
            let ou = [
                text("objectClass", "organizationalUnit"),
                text("ou", "groups"),
            ];
            self.add(&acting, &unit, &ou, &Terms::default())?;
        }
        for network in [Some(network.as_str()), None] {
            for role in ROLES {
                let name = group_of(network, role);
                let in_network = network.unwrap_or(ALL_NETWORKS);
                let held = format!("{in_network}:{}", role_of(network, role));
                let attributes = [
                    text("objectClass", "groupOfMembers"),
                    text("objectClass", "hedgerowNetworkGroup"),
                    text("cn", &name),
                    text("hedgerowDefault", "TRUE"),
                    text("hedgerowNetworkRole", &held),
                ];
                let dn = below(&unit, &name)?;
                match self.add(&acting, &dn, &attributes, &Terms::default()) {
                    Ok(_) | Err(Error::EntryAlreadyExists) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// The same of all networks that came with an import.
    pub fn complete_networks(&mut self) -> Result<(), Error> {
        let ids: Vec<EntryId> = (self.first_new..self.snapshot.next_id()).collect();
        for id in ids {
            self.complete_network(&Identity::administrator(), id)?;
        }
        Ok(())
    }

    /// The groups that go with an entry, if it is a network.
    pub(super) fn groups_of_network(&self, id: EntryId) -> Vec<EntryId> {
        let Some((network, unit)) = self.network(id).filter(|_| self.origin == Origin::Client)
        else {
            return Vec::new();
        };
        let names = ROLES.iter().filter_map(|role| {
            let name = below(&unit, &group_of(Some(&network), role)).ok()?;
            self.snapshot.find_entry(&name)
        });
        names.collect()
    }

    /// The name of a network and where its groups are: beside the unit that it is in.
    fn network(&self, id: EntryId) -> Option<(String, Dn)> {
        let view = View::new(&self.snapshot, id)?;
        if !view.has_class(class::HEDGEROW_NETWORK) {
            return None;
        }
        let attributes = super::decode(&view);
        let name = attributes.values(well_known::CN).first()?;
        let name = String::from_utf8_lossy(name).into_owned();
        let dn = Dn::parse(&self.snapshot.dn(id)).ok()?;
        let unit = Rdn::parse("ou=groups").ok()?;
        Some((name, dn.parent()?.parent()?.child(unit)))
    }
}

fn text(name: &str, value: &str) -> (String, Vec<Vec<u8>>) {
    (name.to_owned(), vec![value.as_bytes().to_vec()])
}

fn below(unit: &Dn, name: &str) -> Result<Dn, Error> {
    let ava = crate::directory::dn::Ava {
        attribute: "cn".to_owned(),
        value: name.as_bytes().to_vec(),
    };
    let rdn = Rdn::parse(&ava.to_string());
    Ok(unit.child(rdn.map_err(|error| Error::NamingViolation(error.to_string()))?))
}
