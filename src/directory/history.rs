//! Change records: what changed, when and by whom, kept beside the data.
//!
//! Owns their form, one LDIF record (RFC 2849) each: the entry's name, `changeNumber`, `actor`, `changetype`, and a line
//! `added-<attribute>` or `removed-<attribute>` for each value. A secret leaves only the mark that it changed.

use super::attributes::Attributes;
use super::ldif;
use super::members::Edge;
use super::schema::{AttributeDescription, Schema};
use super::snapshot::Snapshot;

/// The kind of a change.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An entry was added.
    Add,
    /// An entry was changed.
    Modify,
    /// An entry was deleted.
    Delete,
    /// An entry was renamed or moved.
    Rename,
}

/// What stands in the place of a secret.
const HIDDEN: &[u8] = b"(hidden)";

/// A change record in the making.
pub struct Entry {
    dn: String,
    lines: Vec<(String, Vec<u8>)>,
}

impl Entry {
    /// A record of a change that `actor` made to the entry named `dn`.
    pub fn new(actor: String, dn: String, kind: Kind) -> Self {
        let kind = match kind {
            Kind::Add => "add",
            Kind::Modify => "modify",
            Kind::Delete => "delete",
            Kind::Rename => "moddn",
        };
        let lines = vec![
            ("actor".to_owned(), actor.into_bytes()),
            ("changetype".to_owned(), kind.into()),
        ];
        Self { dn, lines }
    }

    /// All values of a new entry.
    pub fn with_added(mut self, schema: &Schema, attributes: &Attributes) -> Self {
        for attribute in attributes.iter() {
            self.push_all(
                schema,
                "added",
                &attribute.description,
                attribute.values.iter(),
            );
        }
        self
    }

    /// The values that one state of an entry has and the other lacks.
    pub fn with_difference(
        mut self,
        schema: &Schema,
        before: &Attributes,
        after: &Attributes,
    ) -> Self {
        for (mark, of, other) in [("removed", before, after), ("added", after, before)] {
            // Both are in the same order, and most attributes stay as they are.
            let mut others = other.iter().peekable();
            for attribute in of.iter() {
                let description = &attribute.description;
                while others
                    .next_if(|other| other.description < *description)
                    .is_some()
                {}
                let same = others
                    .peek()
                    .filter(|other| other.description == *description);
                let others = same.map_or(&[][..], |other| &other.values);
                if attribute.values == others {
                    continue;
                }
                let others: std::collections::HashSet<&Vec<u8>> = others.iter().collect();
                let values = attribute
                    .values
                    .iter()
                    .filter(|value| !others.contains(value));
                self.push_all(schema, mark, description, values);
            }
        }
        self
    }

    /// Members that came and went.
    pub fn with_edges<'e>(
        mut self,
        snapshot: &Snapshot,
        added: impl Iterator<Item = &'e Edge>,
        removed: impl Iterator<Item = &'e Edge>,
    ) -> Self {
        let marked = removed
            .map(|edge| ("removed", edge))
            .chain(added.map(|edge| ("added", edge)));
        for (mark, edge) in marked {
            let name = snapshot.schema().attribute(edge.kind().attribute()).name();
            self.lines
                .push((format!("{mark}-{name}"), edge.text(snapshot).into_bytes()));
        }
        self
    }

    /// The name after a rename.
    pub fn with_new_name(mut self, dn: String) -> Self {
        self.lines.push(("newName".to_owned(), dn.into_bytes()));
        self
    }

    fn push_all<'v>(
        &mut self,
        schema: &Schema,
        mark: &str,
        description: &AttributeDescription,
        values: impl Iterator<Item = &'v Vec<u8>>,
    ) {
        let name = format!("{mark}-{}", description.display(schema));
        let secret = schema.attribute(description.attribute).is_secret();
        let shown = values.map(|value| {
            (
                name.clone(),
                if secret {
                    HIDDEN.to_vec()
                } else {
                    value.clone()
                },
            )
        });
        self.lines.extend(shown);
    }

    /// The bytes of the record; where they would be more than `most`, the values are left out and it says so.
    pub fn encode(&self, most: usize) -> Vec<u8> {
        let whole = self.encode_lines(&self.lines);
        if whole.len() <= most {
            return whole;
        }
        let mut head: Vec<_> = self.lines.iter().take(2).cloned().collect();
        head.push(("omitted".to_owned(), b"too many values".to_vec()));
        self.encode_lines(&head)
    }

    fn encode_lines(&self, lines: &[(String, Vec<u8>)]) -> Vec<u8> {
        let mut out = Vec::new();
        let lines = lines
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()));
        // Writing to memory does not fail, and descriptions come from the schema.
        let _ = ldif::write_entry(&mut out, &self.dn, lines);
        out
    }
}
