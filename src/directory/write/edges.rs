//! Edges of groups within a draft: from values to edges, and names that begin or cease to exist.

use super::{Draft, Origin, shared};
use crate::directory::attributes::Attributes;
use crate::directory::dn::Dn;
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::members::{Edge, EdgeKind};
use crate::directory::schema::{Schema, well_known};
use crate::directory::snapshot::IdSet;
use crate::directory::stored;

/// Stands before the schema for the members that a class demands and an entry may be without.
pub(super) const SOME_MEMBER: &[u8] = b"cn=some";

impl Draft<'_> {
    /// The membership attributes that an entry's classes demand and it has lost.
    ///
    /// A class such as groupOfNames demands a member (RFC 4519 section 3.5), and no client may add such a group without
    /// one or remove the last. But members go when their entries are deleted, which must neither be refused because of
    /// somebody's group nor take the group along; a group that was left with none must then be as open to changes as
    /// before, if only to get a member again. Its schema's demand rests until it has one.
    pub(super) fn bereft(
        &self,
        schema: &Schema,
        id: EntryId,
        attributes: &Attributes,
    ) -> Vec<EdgeKind> {
        let members = self.snapshot.members(id);
        demanded(schema, attributes)
            .filter(|kind| members.is_none_or(|members| members.len(*kind) == 0))
            .collect()
    }

    /// The membership attributes that the classes of a new entry demand and may be missing: those of an import, since
    /// an export holds the groups that have lost all members.
    pub(super) fn forgiven(
        &self,
        schema: &Schema,
        attributes: &Attributes,
        members: &[(EdgeKind, Vec<u8>)],
    ) -> Vec<EdgeKind> {
        let import = self.origin == Origin::Import;
        demanded(schema, attributes)
            .filter(|kind| import && !members.iter().any(|(of, _)| of == kind))
            .collect()
    }

    /// The edge that one value stands for.
    pub(super) fn edge(
        &self,
        schema: &Schema,
        kind: EdgeKind,
        value: &[u8],
        at: usize,
    ) -> Result<Edge, Error> {
        let attribute = schema.attribute(kind.attribute());
        attribute.syntax.validate(value).map_err(|error| {
            Error::InvalidAttributeSyntax(format!(
                "value {} of \"{}\": {error}",
                at + 1,
                attribute.name()
            ))
        })?;
        let text = std::str::from_utf8(value).map_err(|_| {
            Error::InvalidAttributeSyntax(format!(
                "value {} of \"{}\" is not UTF-8",
                at + 1,
                attribute.name()
            ))
        })?;
        Ok(stored::edge_of_value(&self.snapshot, kind, text))
    }

    pub(super) fn put_edge(&mut self, group: EntryId, edge: &Edge) {
        if self.snapshot.add_edge(group, edge) {
            self.mark_edge(group, edge);
        }
    }

    pub(super) fn take_edge(&mut self, group: EntryId, edge: &Edge) {
        if self.snapshot.remove_edge(group, edge) {
            self.mark_edge(group, edge);
        }
    }

    /// The edges of groups made in this draft are written with the groups.
    fn mark_edge(&mut self, group: EntryId, edge: &Edge) {
        if group < self.first_new {
            self.edges
                .insert(stored::edge_key(group, edge), (group, edge.clone()));
        }
    }

    /// Turns edges to names without an entry into edges to the entry that now has the name, and so for all below it.
    pub(super) fn claim_names(&mut self, id: EntryId) {
        if !self.snapshot.has_dangling() {
            return;
        }
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            self.claim_name(id);
            open.extend(self.snapshot.children(id).into_iter().flat_map(IdSet::iter));
        }
    }

    fn claim_name(&mut self, id: EntryId) {
        let Ok(dn) = Dn::parse(&self.snapshot.dn(id)) else {
            return;
        };
        let normalized = dn.normalize(self.snapshot.schema());
        let mut groups: Vec<EntryId> = self.snapshot.naming(&normalized).iter().collect();
        groups.dedup();
        for group in groups {
            for kind in EdgeKind::ALL {
                let named = self
                    .snapshot
                    .members(group)
                    .is_some_and(|members| members.has_dangling(kind, normalized.as_bytes()));
                if named {
                    let text = shared("");
                    self.take_edge(
                        group,
                        &Edge::Dangling {
                            kind,
                            normalized: normalized.as_bytes().into(),
                            text,
                        },
                    );
                    self.put_edge(group, &Edge::Entry { kind, member: id });
                }
            }
        }
    }

    /// Takes an entry out of every group that names it, and all edges out of it.
    pub(super) fn drop_edges(&mut self, id: EntryId) {
        let own: Vec<Edge> = self
            .snapshot
            .members(id)
            .map(|members| members.edges().collect())
            .unwrap_or_default();
        for edge in own {
            self.take_edge(id, &edge);
        }
        let groups: Vec<EntryId> = self
            .snapshot
            .groups_of(id)
            .map(|groups| groups.iter().collect())
            .unwrap_or_default();
        for group in groups {
            for kind in EdgeKind::ALL {
                self.take_edge(group, &Edge::Entry { kind, member: id });
            }
        }
    }
}

/// The membership attributes that the classes of an entry demand.
fn demanded(schema: &Schema, attributes: &Attributes) -> impl Iterator<Item = EdgeKind> {
    let classes = attributes.values(well_known::OBJECT_CLASS).iter();
    let classes = classes.filter_map(|value| schema.class_id(std::str::from_utf8(value).ok()?));
    let classes: Vec<_> = classes.collect();
    EdgeKind::ALL.into_iter().filter(move |kind| {
        let attribute = kind.attribute();
        classes
            .iter()
            .any(|class| schema.class(*class).must.contains(&attribute))
    })
}
