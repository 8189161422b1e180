//! Renaming and moving entries (RFC 4511 section 4.9). All below an entry goes with it, and its record alone changes.

use super::naming::{complete_naming, naming, new_naming};
use super::{Draft, below_alias, decode, equal};
use crate::directory::access::{Access, Right};
use crate::directory::attributes::{Attributes, Difference};
use crate::directory::dn::{Dn, NormalizedDn, Rdn};
use crate::directory::entry::{EntryId, ROOT};
use crate::directory::error::Error;
use crate::directory::history;
use crate::directory::identity::Identity;
use crate::directory::referrals;
use crate::directory::request::Terms;
use crate::directory::schema::well_known::class;
use crate::directory::schema::{AttributeDescription, AttributeTypeId, Schema};
use crate::directory::view::View;

/// What an entry is to be called, and where.
pub(super) struct NewName<'a> {
    pub rdn: &'a Rdn,
    /// Whether the values of the old relative name leave the entry.
    pub delete_old_rdn: bool,
    /// The new parent; `None` for the old one.
    pub superior: Option<&'a Dn>,
}

impl Draft<'_> {
    pub(super) fn rename(
        &mut self,
        identity: &Identity,
        dn: &Dn,
        to: &NewName<'_>,
        terms: &Terms,
    ) -> Result<EntryId, Error> {
        let new_rdn = to.rdn;
        let mut access = self.rules.access(&self.snapshot, identity);
        let id = self.target(&mut access, dn, terms)?;
        let view = View::new(&self.snapshot, id).ok_or(Error::InsufficientAccess)?;
        self.may_name(&access, &view, new_rdn)?;
        let parent = match to.superior {
            None => view.entry.parent(),
            Some(superior) => {
                let parent = self.new_parent(&mut access, dn, superior, terms)?;
                self.may(&access, parent, Right::Add)?;
                self.may(&access, id, Right::Delete)?;
                parent
            }
        };
        drop(access);
        if view.entry.parent() == ROOT {
            return Err(Error::UnwillingToPerform(
                "a suffix cannot be renamed or moved".to_owned(),
            ));
        }
        if view.has_class(class::HEDGEROW_NETWORK) {
            let text = "a network keeps its name, which its groups and the roles in it have: make another network";
            return Err(Error::UnwillingToPerform(text.to_owned()));
        }
        if self.snapshot.is_within(parent, id) {
            return Err(Error::UnwillingToPerform(
                "an entry cannot be moved below itself".to_owned(),
            ));
        }
        let schema = self.snapshot.shared_schema();
        let mut normalized = Vec::new();
        new_rdn.normalize(&schema, &mut normalized);
        if self
            .snapshot
            .child(parent, new_rdn, &normalized)
            .is_some_and(|other| other != id)
        {
            return Err(Error::EntryAlreadyExists);
        }
        let mut head = view.entry.head();
        let before = decode(&view);
        let mut attributes = before.clone();
        let new_naming = new_naming(&schema, new_rdn)?;
        if to.delete_old_rdn
            && let Ok(old) = Rdn::parse(&head.rdn)
        {
            forget(&schema, &mut attributes, &naming(&schema, &old)?);
        }
        complete_naming(&schema, &mut attributes, &new_naming);
        self.admit_with_members(&schema, id, &mut attributes, &new_naming)?;
        referrals::check(&attributes)?;
        let difference = Difference::between(&before, &attributes);
        self.keep_unique(identity, id, &difference, &attributes)?;
        self.may_gain_by_uid(identity, id, &before, &attributes)?;
        self.may_select(identity, id, &difference, (&before, &attributes))?;
        let old_name = self.snapshot.dn(id);
        head.parent = parent;
        head.rdn = new_rdn.to_string();
        head.modified = self.seconds();
        head.modifier = self.actor(identity, id);
        head.csn = self.snapshot.csn().next(self.now);
        self.store(id, &head, &attributes)?;
        if !is_same_name(&schema, &old_name, &self.snapshot.dn(id)) {
            self.claim_names(identity, id)?;
        }
        self.record(head.csn, |draft| {
            draft
                .entry(identity, old_name, history::Kind::Rename)
                .with_new_name(draft.snapshot.dn(id))
        });
        Ok(id)
    }
}

impl Draft<'_> {
    /// A name is made of values: who changes it must be allowed to write those of the old and of the new one.
    fn may_name(&self, access: &Access<'_>, view: &View<'_>, new: &Rdn) -> Result<(), Error> {
        let writable = access.mask(view, Right::Write);
        let schema = self.snapshot.schema();
        let old = Rdn::parse(view.entry.rdn()).ok();
        let types = new
            .assertions()
            .iter()
            .chain(old.iter().flat_map(Rdn::assertions));
        let mut known = types.filter_map(|ava| schema.attribute_id(&ava.attribute));
        if !writable.is_empty() && known.all(|id| writable.contains(id)) {
            Ok(())
        } else {
            Err(Error::InsufficientAccess)
        }
    }

    /// The entry below which another is to go: one of this server, and of the same suffix (RFC 4511 section 4.9, RFC 3296
    /// section 5.6.2).
    fn new_parent(
        &self,
        access: &mut Access<'_>,
        dn: &Dn,
        superior: &Dn,
        terms: &Terms,
    ) -> Result<EntryId, Error> {
        let schema = self.snapshot.schema();
        let suffix = |dn: &Dn| {
            let name = dn.normalize(schema);
            let mut suffixes = self.snapshot.suffixes().iter();
            suffixes.position(|suffix| name.is_within(&suffix.normalized))
        };
        if suffix(dn) != suffix(superior) {
            let text = "an entry cannot be moved out of its suffix";
            return Err(Error::AffectsMultipleServers(text.to_owned()));
        }
        let id = self
            .target(access, superior, terms)
            .map_err(|error| match error {
                Error::Referral { matched, .. } => Error::AffectsMultipleServers(format!(
                    "another server holds what is below {matched}"
                )),
                other => other,
            })?;
        match View::new(&self.snapshot, id) {
            Some(view) if view.has_class(class::ALIAS) => Err(below_alias(&self.snapshot, id)),
            _ => Ok(id),
        }
    }
}

/// Whether two names differ in their spelling alone.
fn is_same_name(schema: &Schema, old: &str, new: &str) -> bool {
    let normal = |name| NormalizedDn::parse(name, schema).ok();
    normal(old) == normal(new)
}

/// Removes the values of the old name. Those that are part of the new one as well come back in its spelling.
fn forget(schema: &Schema, attributes: &mut Attributes, old: &[(AttributeTypeId, Vec<u8>)]) {
    for (id, value) in old {
        let plain = AttributeDescription::from(*id);
        let emptied = attributes.find_mut(&plain).is_some_and(|values| {
            values.retain(|has| !equal(schema, *id, has, value));
            values.is_empty()
        });
        if emptied {
            attributes.remove(&plain);
        }
    }
}
