//! Setting stored passwords, each a hash by the time it gets here.

use super::{Draft, decode};
use crate::directory::attributes::{Attribute, Attributes, Difference};
use crate::directory::dn::Dn;
use crate::directory::entry::{EntryId, ROOT};
use crate::directory::error::Error;
use crate::directory::history;
use crate::directory::identity::Identity;
use crate::directory::password;
use crate::directory::request::{Modification, ModificationKind, Terms};
use crate::directory::schema::{AttributeDescription, well_known};
use crate::directory::view::View;

impl Draft<'_> {
    /// Puts the hash of a new password in the place of all passwords of an entry, with the rights and the traces of a
    /// modify. `proved` is the stored value that the old password was proved by: it must still be there.
    pub fn set_password(
        &mut self,
        identity: &Identity,
        id: EntryId,
        proved: Option<&[u8]>,
        hash: &[u8],
    ) -> Result<EntryId, Error> {
        let dn = Dn::parse(&self.snapshot.dn(id)).unwrap_or_default();
        let step = |kind, value: &[u8]| Modification {
            kind,
            attribute: "userPassword".to_owned(),
            values: vec![value.to_vec()],
        };
        let old = proved.map(|old| step(ModificationKind::Delete, old));
        let new = step(ModificationKind::Replace, hash);
        let steps: Vec<Modification> = old.into_iter().chain([new]).collect();
        self.modify(identity, &dn, &steps, &Terms::default())
    }

    /// Puts the hash of a new password of the administrator, who is no entry, in the place of the old one.
    pub fn set_administrator_password(
        &mut self,
        identity: &Identity,
        hash: &[u8],
    ) -> Result<EntryId, Error> {
        if !identity.is_administrator() {
            return Err(Error::InsufficientAccess);
        }
        let csn = self.next_csn();
        self.administrator_password = Some(hash.to_vec());
        self.record(csn, |draft| {
            let mut added = Attributes::default();
            added.insert(Attribute {
                description: AttributeDescription::from(well_known::USER_PASSWORD),
                values: vec![hash.to_vec()],
            });
            let name = draft.snapshot.administrator();
            draft
                .entry(identity, name.to_owned(), history::Kind::Modify)
                .with_added(draft.snapshot.schema(), &added)
        });
        Ok(ROOT)
    }

    /// Puts one hash of a password in the place of another, if that is still there. No trace of it but the value: the
    /// password is the same.
    pub fn upgrade_password(&mut self, id: EntryId, old: &[u8], new: &[u8]) -> Result<(), Error> {
        let view = View::new(&self.snapshot, id)
            .ok_or(Error::NoSuchAttribute("the entry is gone".to_owned()))?;
        let mut attributes = decode(&view);
        let password = AttributeDescription::from(well_known::USER_PASSWORD);
        let value = attributes
            .find_mut(&password)
            .and_then(|values| values.iter_mut().find(|value| value.as_slice() == old));
        match value {
            Some(value) => new.clone_into(value),
            None => {
                return Err(Error::NoSuchAttribute(
                    "the password has changed".to_owned(),
                ));
            }
        }
        let head = view.entry.head();
        self.store(id, &head, &attributes)
    }
}

/// Passwords are hashed before a change gets here; a clear one is never stored.
pub(super) fn passwords_are_hashed(difference: &Difference<'_>) -> Result<(), Error> {
    let secret = well_known::USER_PASSWORD;
    let changed = difference.after.iter().map(|(attribute, _)| attribute);
    for attribute in changed.filter(|attribute| attribute.description.attribute == secret) {
        for value in &attribute.values {
            password::check_stored(value)
                .map_err(|error| Error::ConstraintViolation(format!("userPassword: {error}")))?;
        }
    }
    Ok(())
}
