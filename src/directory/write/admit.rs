//! What the schema says of a changed entry, with the members that it has beside its attributes.

use super::add::with_first_member;
use super::edges::SOME_MEMBER;
use super::modify::EdgeChanges;
use super::{Draft, violation};
use crate::directory::attributes::Attributes;
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::members::EdgeKind;
use crate::directory::schema::{AttributeTypeId, Schema, Violation};

/// Why an entry may not become what a change would make of it.
pub(super) enum Refusal {
    /// The schema says no.
    Schema(Violation),
    /// Something else does.
    Other(Error),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Schema(error) => violation(error),
            Refusal::Other(error) => error,
        }
    }
}

impl Draft<'_> {
    /// Asks the schema about an entry whose membership does not change.
    pub(super) fn admit_with_members(
        &self,
        schema: &Schema,
        id: EntryId,
        attributes: &mut Attributes,
        naming: &[(AttributeTypeId, Vec<u8>)],
    ) -> Result<(), Refusal> {
        let bereft = self.bereft(schema, id, attributes);
        let unchanged = EdgeChanges::default();
        self.admit_changed(schema, id, attributes, naming, &unchanged, &bereft)
    }

    pub(super) fn admit_changed(
        &self,
        schema: &Schema,
        id: EntryId,
        attributes: &mut Attributes,
        naming: &[(AttributeTypeId, Vec<u8>)],
        edges: &EdgeChanges,
        bereft: &[EdgeKind],
    ) -> Result<(), Refusal> {
        let members = EdgeKind::ALL.into_iter().filter_map(|kind| {
            let exempt = || bereft.contains(&kind).then(|| SOME_MEMBER.to_vec());
            let member = self.a_member(id, kind, edges).or_else(exempt)?;
            Some((kind, member))
        });
        let members: Vec<(EdgeKind, Vec<u8>)> = members.collect();
        let mut refusal = None;
        with_first_member(attributes, &members, |attributes| {
            refusal = schema.admit(attributes, naming).err();
            Ok(())
        })
        .map_err(Refusal::Other)?;
        refusal.map_or(Ok(()), |error| Err(Refusal::Schema(error)))
    }

    /// Some member that the entry has after the change.
    fn a_member(&self, id: EntryId, kind: EdgeKind, edges: &EdgeChanges) -> Option<Vec<u8>> {
        let stays = self
            .snapshot
            .members(id)
            .into_iter()
            .flat_map(|members| members.edges_of(kind));
        let stays = stays.filter(|edge| !edges.removed.contains_key(&edge.key()));
        let edge = stays
            .chain(edges.added.values().cloned())
            .find(|edge| edge.kind() == kind)?;
        Some(edge.text(&self.snapshot).into_bytes())
    }
}
