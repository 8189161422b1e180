//! What the administrator may set under relaxed rules (draft-zeilenga-ldap-relax): who made and changed an entry and
//! when, and its `entryUUID`. Everything else that is computed stays computed.

use super::Draft;
use crate::directory::entry::{EntryId, Head};
use crate::directory::error::Error;
use crate::directory::request::{Modification, ModificationKind};
use crate::directory::schema::{AttributeDescription, well_known};
use crate::directory::snapshot::Snapshot;
use crate::directory::view::Computed;

/// What a modification sets of what the server keeps; `None` when it is about another attribute.
pub(super) fn setting(
    description: &AttributeDescription,
    modification: &Modification,
) -> Result<Option<(Computed, Vec<u8>)>, Error> {
    let Some(computed) = Computed::of(description.attribute).filter(|of| can_be_set(*of)) else {
        return Ok(None);
    };
    match (modification.kind, modification.values.as_slice()) {
        (ModificationKind::Replace, [value]) => Ok(Some((computed, value.clone()))),
        _ => Err(Error::ConstraintViolation(format!(
            "\"{}\" can only be replaced, and by one value",
            modification.attribute
        ))),
    }
}

fn can_be_set(computed: Computed) -> bool {
    matches!(
        computed,
        Computed::EntryUuid
            | Computed::CreateTimestamp
            | Computed::ModifyTimestamp
            | Computed::CreatorsName
            | Computed::ModifiersName
    )
}

impl Draft<'_> {
    /// Whether what was set by hand could be true of an entry.
    pub(super) fn check_relaxed(
        &self,
        head: &Head,
        id: EntryId,
        operational: &[(Computed, Vec<u8>)],
    ) -> Result<(), Error> {
        let schema = self.snapshot.schema();
        for (computed, value) in operational {
            let attribute = schema.attribute(computed.attribute());
            let name = attribute.name();
            if !can_be_set(*computed) {
                let text = format!("\"{name}\" is computed and cannot be set");
                return Err(Error::ConstraintViolation(text));
            }
            attribute.syntax.validate(value).map_err(|error| {
                Error::InvalidAttributeSyntax(format!("the value of \"{name}\": {error}"))
            })?;
        }
        if head.created > head.modified || head.modified > self.seconds() {
            let text =
                "an entry is created before it is modified, and neither happens in the future";
            return Err(Error::ConstraintViolation(text.to_owned()));
        }
        if is_taken(&self.snapshot, head.uuid, id) {
            let text = "another entry has this entryUUID";
            return Err(Error::ConstraintViolation(text.to_owned()));
        }
        Ok(())
    }
}

/// Whether an entry but this one has an `entryUUID`.
fn is_taken(snapshot: &Snapshot, uuid: [u8; 16], id: EntryId) -> bool {
    let holders = snapshot.index().equal(well_known::ENTRY_UUID, &uuid);
    holders.into_iter().flat_map(|ids| ids.iter()).any(|other| {
        other != id
            && snapshot
                .entry(other)
                .is_some_and(|entry| entry.uuid() == uuid)
    })
}
