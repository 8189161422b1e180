//! Modifications of the attributes that are edges: which members come and go.

use std::collections::BTreeMap;

use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::members::{Edge, EdgeKey, EdgeKind, Members};
use crate::directory::request::{Modification, ModificationKind};
use crate::directory::schema::Schema;
use crate::directory::write::Draft;
use crate::directory::write::edges::Siblings;

/// Edges that a modification adds and removes, by their keys.
#[derive(Default)]
pub(in crate::directory::write) struct EdgeChanges {
    pub added: BTreeMap<EdgeKey, Edge>,
    pub removed: BTreeMap<EdgeKey, Edge>,
}

impl EdgeChanges {
    /// Whether no member comes or goes.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }

    fn add(&mut self, key: EdgeKey, edge: Edge) {
        if self.removed.remove(&key).is_none() {
            self.added.insert(key, edge);
        }
    }

    fn remove(&mut self, key: EdgeKey, edge: Edge) {
        if self.added.remove(&key).is_none() {
            self.removed.insert(key, edge);
        }
    }

    /// Removes every edge of one attribute; whether there was any.
    fn remove_all(&mut self, kind: EdgeKind, members: Option<&Members>) -> bool {
        let added = self.added.len();
        self.added.retain(|_, edge| edge.kind() != kind);
        let mut any = self.added.len() < added;
        for edge in members
            .into_iter()
            .flat_map(Members::edges)
            .filter(|edge| edge.kind() == kind)
        {
            any |= self.removed.insert(edge.key(), edge).is_none();
        }
        any
    }
}

impl Draft<'_> {
    pub(super) fn modify_edges(
        &self,
        schema: &Schema,
        id: EntryId,
        kind: EdgeKind,
        modification: &Modification,
        changes: &mut EdgeChanges,
    ) -> Result<(), Error> {
        let name = schema.attribute(kind.attribute()).name();
        let mut given = BTreeMap::new();
        let mut siblings = Siblings::default();
        for (at, value) in modification.values.iter().enumerate() {
            let edge = self.edge(schema, kind, value, at, &mut siblings)?;
            if given.insert(edge.key(), edge).is_some() {
                return Err(Error::AttributeOrValueExists(format!(
                    "value {} of \"{name}\" is given twice",
                    at + 1
                )));
            }
        }
        let members = self.snapshot.members(id);
        let has = |changes: &EdgeChanges, key: &EdgeKey, edge: &Edge| {
            changes.added.contains_key(key)
                || (!changes.removed.contains_key(key)
                    && members.is_some_and(|members| members.holds(edge)))
        };
        match modification.kind {
            ModificationKind::Increment => {
                return Err(Error::ConstraintViolation(format!(
                    "\"{name}\" has no numbers to increment"
                )));
            }
            ModificationKind::Add => {
                for (key, edge) in given {
                    if has(changes, &key, &edge) {
                        return Err(Error::AttributeOrValueExists(format!(
                            "a value of \"{name}\" is there already"
                        )));
                    }
                    changes.add(key, edge);
                }
            }
            ModificationKind::Delete if !given.is_empty() => {
                for (key, edge) in given {
                    if !has(changes, &key, &edge) {
                        self.is_named(id, &edge)?;
                        return Err(Error::NoSuchAttribute(format!(
                            "a value of \"{name}\" is not there"
                        )));
                    }
                    changes.remove(key, edge);
                }
            }
            ModificationKind::Delete | ModificationKind::Replace => {
                let any = changes.remove_all(kind, members.map(AsRef::as_ref));
                if modification.kind == ModificationKind::Delete && !any {
                    return Err(Error::NoSuchAttribute(format!(
                        "the entry has no \"{name}\""
                    )));
                }
                given
                    .into_iter()
                    .for_each(|(key, edge)| changes.add(key, edge));
            }
        }
        Ok(())
    }

    /// A member that a URL of the group selects is none of its values, whatever it looks like.
    fn is_named(&self, group: EntryId, edge: &Edge) -> Result<(), Error> {
        match edge {
            Edge::Entry {
                kind: EdgeKind::Member,
                member,
            } if self.snapshot.membership().is_selected(group, *member) => {
                let text = "the member is one by \"memberURL\": change what the URL asks for, or the member's entry";
                Err(Error::UnwillingToPerform(text.to_owned()))
            }
            _ => Ok(()),
        }
    }
}
