//! The groups that come with a network: those who administer it and those who use it, and the same for all networks.
//!
//! Owns that they are made with the network and removed with it, whoever makes and removes it. That asks for no right
//! beyond that to the network, whose entry is directly below `ou=networks` of a suffix: the groups are in the `ou=groups`
//! beside it and nowhere else.

use super::Draft;
use crate::directory::dn::{Ava, Dn, Rdn};
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::request::Terms;
use crate::directory::schema::well_known::{self, class};
use crate::directory::view::View;

/// What stands for all networks where one is named.
pub const ALL_NETWORKS: &str = "all_networks";
/// The roles that every network has, and all of them together.
pub const ROLES: [&str; 2] = ["network-admin", "network-user"];
/// What the names of the roles of all networks begin with.
const GLOBAL: &str = "global";
/// The most characters of a network's name.
const LONGEST: usize = 64;

/// The id of a role in a network, `None` for all of them.
pub fn role_of(network: Option<&str>, role: &str) -> String {
    format!("{}-{role}", network.unwrap_or(GLOBAL))
}

/// The name of the group of those who have a role in a network.
pub fn group_of(network: Option<&str>, role: &str) -> String {
    format!("{}-grp", role_of(network, role))
}

/// A network, as far as its groups follow from it.
pub(super) struct Network {
    pub(super) name: String,
    /// The unit that its groups are in.
    pub(super) groups: Dn,
}

impl Draft<'_> {
    /// Whether an entry of this name could be a network.
    pub(super) fn is_among_networks(&self, dn: &Dn) -> bool {
        let unit = dn.parent().and_then(|unit| self.snapshot.find_entry(&unit));
        unit.is_some_and(|unit| self.suffix_of_networks(unit).is_some())
    }

    /// The network that an entry is, if it is one.
    ///
    /// # Errors
    /// When it cannot have that name.
    pub(super) fn network(&self, id: EntryId) -> Result<Option<Network>, Error> {
        let view = View::new(&self.snapshot, id).filter(|it| it.has_class(class::HEDGEROW_NETWORK));
        let found = view.and_then(|view| {
            let suffix = self.suffix_of_networks(view.entry.parent())?;
            Some((Rdn::parse(view.entry.rdn()).ok()?, suffix))
        });
        let Some((own, suffix)) = found else {
            return Ok(None);
        };
        let name = match own.assertions() {
            [only]
                if self.snapshot.schema().attribute_id(&only.attribute) == Some(well_known::CN) =>
            {
                String::from_utf8_lossy(&only.value).into_owned()
            }
            _ => {
                return Err(Error::NamingViolation(
                    "a network is named by its cn".to_owned(),
                ));
            }
        };
        if !is_name(&name) {
            return Err(Error::NamingViolation(format!(
                "a network's name is up to {LONGEST} letters, digits, \"-\", \"_\" and \".\", and neither \"{GLOBAL}\" nor \"{ALL_NETWORKS}\""
            )));
        }
        let groups = suffix.child(rdn("ou", "groups")?);
        Ok(Some(Network { name, groups }))
    }

    /// The suffix whose networks are below this entry.
    fn suffix_of_networks(&self, id: EntryId) -> Option<Dn> {
        let mut suffixes = self.snapshot.suffixes().iter();
        let found = suffixes.find(|suffix| {
            let networks = rdn("ou", "networks").map(|unit| suffix.dn.child(unit)).ok();
            networks.and_then(|dn| self.snapshot.find_entry(&dn)) == Some(id)
        });
        found.map(|suffix| suffix.dn.clone())
    }

    /// Makes the groups that a network lacks.
    pub(super) fn complete_network(
        &mut self,
        identity: &Identity,
        network: &Network,
    ) -> Result<(), Error> {
        let acting = identity.as_administrator(self.actor_name(identity));
        if self.snapshot.find_entry(&network.groups).is_none() {
            let attributes = [text("objectClass", "organizationalUnit")];
            self.add(&acting, &network.groups, &attributes, &Terms::default())?;
        }
        for of in [Some(network.name.as_str()), None] {
            for role in ROLES {
                let name = group_of(of, role);
                let held = format!("{}:{}", of.unwrap_or(ALL_NETWORKS), role_of(of, role));
                let classes = ["groupOfMembers", "hedgerowNetworkGroup"];
                let attributes = [
                    ("objectClass".to_owned(), classes.map(Vec::from).to_vec()),
                    text("cn", &name),
                    text("hedgerowDefault", "TRUE"),
                    text("hedgerowNetworkRole", &held),
                ];
                let dn = network.groups.child(rdn("cn", &name)?);
                match self.add(&acting, &dn, &attributes, &Terms::default()) {
                    Ok(_) | Err(Error::EntryAlreadyExists) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Makes the groups that the networks of an import lack: it may have brought them itself, after the network.
    pub fn complete_networks(&mut self) -> Result<(), Error> {
        for id in self.first_new..self.snapshot.next_id() {
            if let Some(network) = self.network(id)? {
                self.complete_network(&Identity::administrator(), &network)?;
            }
        }
        Ok(())
    }

    /// The groups that came with an entry, if it is a network.
    pub(super) fn groups_of_network(&self, id: EntryId) -> Vec<EntryId> {
        let Ok(Some(network)) = self.network(id) else {
            return Vec::new();
        };
        let groups = ROLES.iter().filter_map(|role| {
            let name = rdn("cn", &group_of(Some(&network.name), role)).ok()?;
            self.snapshot.find_entry(&network.groups.child(name))
        });
        // One of that name that somebody has made stays.
        let came_with_it = |id: &EntryId| {
            let view = View::new(&self.snapshot, *id);
            let default = view.map(|view| super::decode(&view));
            default.is_some_and(|it| it.values(well_known::HEDGEROW_DEFAULT) == [b"TRUE"])
        };
        groups.filter(came_with_it).collect()
    }
}

fn is_name(name: &str) -> bool {
    let taken = [GLOBAL, ALL_NETWORKS];
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=LONGEST).contains(&name.len())
        && name.bytes().all(fits)
        && !taken.iter().any(|taken| taken.eq_ignore_ascii_case(name))
}

fn text(name: &str, value: &str) -> (String, Vec<Vec<u8>>) {
    (name.to_owned(), vec![value.as_bytes().to_vec()])
}

fn rdn(attribute: &str, value: &str) -> Result<Rdn, Error> {
    let ava = Ava {
        attribute: attribute.to_owned(),
        value: value.as_bytes().to_vec(),
    };
    Rdn::parse(&ava.to_string()).map_err(|error| Error::NamingViolation(error.to_string()))
}

#[cfg(test)]
mod tests;
