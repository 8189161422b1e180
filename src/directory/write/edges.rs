//! Edges of groups within a draft: from values to edges, and names that begin or cease to exist.

use super::{Draft, Origin, shared};
use crate::directory::attributes::Attributes;
use crate::directory::dn::{Dn, Rdn};
use crate::directory::entry::{EntryId, ROOT};
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::members::{Edge, EdgeKind};
use crate::directory::schema::{Schema, well_known};
use crate::directory::snapshot::{Found, IdSet, Snapshot};
use crate::directory::stored;

/// Stands before the schema for the members that a class demands and an entry may be without.
pub(super) const SOME_MEMBER: &[u8] = b"cn=some";

/// Where the last name was found: members of one group mostly lie below one parent, so that its name need be read and
/// looked up only once. Holds for as long as no entry changes.
#[derive(Default)]
pub(super) struct Siblings {
    above: String,
    parent: EntryId,
}

impl Siblings {
    /// The entry of a name that lies where the last one was found, if there is such an entry.
    fn find(&self, snapshot: &Snapshot, name: &str) -> Option<EntryId> {
        let (first, above) = split_first(name)?;
        if above != self.above {
            return None;
        }
        let rdn = Rdn::parse(first).ok()?;
        let mut normalized = Vec::with_capacity(64);
        rdn.normalize(snapshot.schema(), &mut normalized);
        snapshot.child(self.parent, &rdn, &normalized)
    }

    fn remember(&mut self, snapshot: &Snapshot, name: &str, entry: EntryId) {
        let parent = snapshot.entry(entry).map_or(ROOT, |entry| entry.parent());
        if let Some((_, above)) = split_first(name).filter(|_| parent != ROOT) {
            above.clone_into(&mut self.above);
            self.parent = parent;
        }
    }
}

/// The first relative name and the rest, where a comma can only be what separates them.
fn split_first(name: &str) -> Option<(&str, &str)> {
    let (first, above) = name.split_once(',')?;
    (!above.is_empty() && !first.contains(['\\', '"'])).then_some((first, above))
}

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
            .filter(|kind| members.is_none_or(|members| !members.has(*kind)))
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

    /// The edge that one value stands for; `siblings` is kept from value to value of one change.
    pub(super) fn edge(
        &self,
        schema: &Schema,
        kind: EdgeKind,
        value: &[u8],
        at: usize,
        siblings: &mut Siblings,
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
        Ok(self.edge_of_name(kind, text, siblings))
    }

    fn edge_of_name(&self, kind: EdgeKind, text: &str, siblings: &mut Siblings) -> Edge {
        if let Some(member) = siblings.find(&self.snapshot, text) {
            return Edge::Entry { kind, member };
        }
        let dangling = |normalized: &[u8]| Edge::Dangling {
            kind,
            normalized: normalized.into(),
            text: text.into(),
        };
        let Ok(dn) = Dn::parse(text) else {
            return dangling(text.as_bytes());
        };
        let normalized = dn.normalize(self.snapshot.schema());
        match self.snapshot.find_normalized(&dn, &normalized) {
            Found::Entry(member) => {
                siblings.remember(&self.snapshot, text, member);
                Edge::Entry { kind, member }
            }
            _ => dangling(normalized.as_bytes()),
        }
    }

    pub(super) fn put_edge(&mut self, group: EntryId, edge: &Edge) {
        if self.snapshot.add_edge(group, edge) {
            self.mark_edge(group, edge);
        }
    }

    /// Adds many edges to one group, those to entries together.
    pub(super) fn put_edges(&mut self, group: EntryId, edges: &[Edge]) {
        for of in EdgeKind::ALL {
            let ids = edges.iter().filter_map(|edge| match edge {
                Edge::Entry { kind, member } if *kind == of => Some(*member),
                _ => None,
            });
            self.snapshot.add_members(group, of, ids.collect());
        }
        for edge in edges {
            match edge {
                Edge::Entry { .. } => self.mark_edge(group, edge),
                Edge::Dangling { .. } => self.put_edge(group, edge),
            }
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

    /// Turns edges to names without an entry into edges to the entry that now has the name, and so for all below it, which
    /// may be the bases of dynamic groups as well.
    ///
    /// # Errors
    /// When the asker may not write those of a group; some may have been turned already.
    pub(super) fn claim_names(&mut self, identity: &Identity, id: EntryId) -> Result<(), Error> {
        self.may_be_bases(identity, id)?;
        if !self.snapshot.membership().has_dangling() {
            return Ok(());
        }
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            self.claim_name(identity, id)?;
            open.extend(self.snapshot.children(id).into_iter().flat_map(IdSet::iter));
        }
        Ok(())
    }

    fn claim_name(&mut self, identity: &Identity, id: EntryId) -> Result<(), Error> {
        let Ok(dn) = Dn::parse(&self.snapshot.dn(id)) else {
            return Ok(());
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
                    self.may_gain(identity, group, kind.attribute())?;
                    self.gains.push((id, group));
                    // First, so that the group is one all the time.
                    self.put_edge(group, &Edge::Entry { kind, member: id });
                    let text = shared("");
                    self.take_edge(
                        group,
                        &Edge::Dangling {
                            kind,
                            normalized: normalized.as_bytes().into(),
                            text,
                        },
                    );
                }
            }
        }
        Ok(())
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
            .membership()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_split_only_where_its_first_comma_separates() {
        assert_eq!(split_first("uid=a,ou=b,dc=c"), Some(("uid=a", "ou=b,dc=c")));
        assert_eq!(split_first("uid=a , ou=b"), Some(("uid=a ", " ou=b")));
        for whole in ["", "dc=c", "uid=a,", "cn=a\\,b,dc=c", "cn=\"a,b\",dc=c"] {
            assert_eq!(split_first(whole), None, "{whole}");
        }
    }
}
