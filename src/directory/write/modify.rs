//! Changing the attributes of an entry (RFC 4511 section 4.6, RFC 4525).

mod attribute;
mod members;

use attribute::modify_attribute;
pub(super) use members::EdgeChanges;

use super::account::Doing;
use super::add::{not_for_users, take_operational};
use super::admit::Refusal;
use super::naming::naming;
use super::passwords::passwords_are_hashed;
use super::relaxed;
use super::{Draft, Origin, decode, description};
use crate::directory::access::{AttributeMask, Right};
use crate::directory::attributes::{Attributes, Difference};
use crate::directory::dn::{Dn, Rdn};
use crate::directory::entry::{EntryId, ROOT};
use crate::directory::error::Error;
use crate::directory::history;
use crate::directory::identity::Identity;
use crate::directory::members::EdgeKind;
use crate::directory::referrals;
use crate::directory::request::{Modification, Terms};
use crate::directory::schema::well_known::OBJECT_CLASS;
use crate::directory::schema::{AttributeDescription, AttributeTypeId, Schema, ViolationKind};
use crate::directory::view::{Computed, View};

/// What the steps of a modification make of an entry.
struct Modified {
    attributes: Attributes,
    edges: EdgeChanges,
    /// What relaxed rules let set of what the server keeps.
    operational: Vec<(Computed, Vec<u8>)>,
}

impl Draft<'_> {
    pub(super) fn modify(
        &mut self,
        identity: &Identity,
        dn: &Dn,
        modifications: &[Modification],
        terms: &Terms,
    ) -> Result<EntryId, Error> {
        let schema = self.snapshot.shared_schema();
        let mut access = self.rules.access(&self.snapshot, identity);
        let id = self.target(&mut access, dn, terms)?;
        // It may hold other changes to what is asserted of this entry, which nobody has changed by that.
        if modifications.is_empty() {
            return Ok(id);
        }
        let view = View::new(&self.snapshot, id).ok_or(Error::InsufficientAccess)?;
        let writable = access.mask(&view, Right::Write);
        drop(access);
        let doing = Doing {
            identity,
            id,
            dn,
            steps: modifications,
        };
        let before = decode(&view);
        let Modified {
            mut attributes,
            edges,
            operational,
        } = self.modified(&doing, &writable, &before, terms)?;
        let mut head = view.entry.head();
        let naming = self.naming_of(&schema, &head.rdn, head.parent)?;
        let same_classes = before.values(OBJECT_CLASS) == attributes.values(OBJECT_CLASS);
        if !terms.relaxed && !same_classes {
            keeps_structural_class(&schema, &before, &attributes)?;
        }
        let admitted =
            if same_classes && edges.is_empty() && self.snapshot.judged().covers(view.entry) {
                let difference = Difference::between(&before, &attributes);
                let admitted = schema.admit_difference(&difference, &attributes, &naming);
                admitted.map_err(Refusal::Schema)
            } else {
                let bereft = self.bereft(&schema, id, &before);
                self.admit_changed(&schema, id, &mut attributes, &naming, &edges, &bereft)
            };
        admitted.map_err(|refusal| match refusal {
            Refusal::Schema(error) if error.kind() == ViolationKind::Naming => {
                Error::NotAllowedOnRdn(error.to_string())
            }
            refusal => refusal.into(),
        })?;
        self.keep_account(&doing, &before, &mut attributes)?;
        let difference = Difference::between(&before, &attributes);
        passwords_are_hashed(&difference)?;
        self.policy_is_kept(&attributes)?;
        referrals::check(&attributes)?;
        self.keep_unique(identity, id, &difference, &attributes)?;
        self.may_gain_by_uid(identity, id, &before, &attributes)?;
        self.may_select(identity, id, &difference, (&before, &attributes))?;
        head.modified = self.seconds();
        head.modifier = self.actor(identity, id);
        take_operational(&mut head, &operational)?;
        if terms.relaxed {
            self.check_relaxed(&head, id, &operational)?;
        }
        head.csn = self.snapshot.csn().next(self.now);
        self.store(id, &head, &attributes)?;
        self.record(head.csn, |draft| {
            draft
                .entry(identity, draft.snapshot.dn(id), history::Kind::Modify)
                .with_difference(&schema, &difference)
                .with_edges(
                    &draft.snapshot,
                    edges.added.values(),
                    edges.removed.values(),
                )
        });
        for edge in edges.removed.values() {
            self.take_edge(id, edge);
        }
        for edge in edges.added.values() {
            self.put_edge(id, edge);
        }
        Ok(id)
    }

    /// Takes the steps of a modification one after the other, each of which the asker must be allowed.
    fn modified(
        &self,
        doing: &Doing<'_>,
        writable: &AttributeMask,
        before: &Attributes,
        terms: &Terms,
    ) -> Result<Modified, Error> {
        let schema = self.snapshot.schema();
        let mut modified = Modified {
            attributes: before.clone(),
            edges: EdgeChanges::default(),
            operational: Vec::new(),
        };
        for step in doing.steps {
            let description = description(schema, &step.attribute)?;
            let id = description.attribute;
            if !writable.contains(id) {
                return Err(Error::InsufficientAccess);
            }
            self.keep_from_owner(doing.identity, doing.id, id)?;
            if terms.relaxed
                && let Some(set) = relaxed::setting(&description, step)?
            {
                modified.operational.push(set);
                continue;
            }
            self.forbid_kept(schema, &step.attribute, &description, terms)?;
            let (attributes, edges) = (&mut modified.attributes, &mut modified.edges);
            match EdgeKind::of(id) {
                Some(kind) => self.modify_edges(schema, doing.id, kind, step, edges)?,
                None => modify_attribute(schema, attributes, &description, step)?,
            }
        }
        Ok(modified)
    }

    fn forbid_kept(
        &self,
        schema: &Schema,
        text: &str,
        description: &AttributeDescription,
        terms: &Terms,
    ) -> Result<(), Error> {
        let id = description.attribute;
        let computed = Computed::of(id).is_some() && EdgeKind::of(id).is_none();
        let kept = schema.attribute(id).no_user_modification
            && self.origin == Origin::Client
            && !terms.relaxed;
        if computed || kept {
            return Err(not_for_users(text));
        }
        Ok(())
    }

    pub(super) fn naming_of(
        &self,
        schema: &Schema,
        rdn: &str,
        parent: EntryId,
    ) -> Result<Vec<(AttributeTypeId, Vec<u8>)>, Error> {
        let parsed = if parent == ROOT {
            Dn::parse(rdn).ok().and_then(|dn| dn.rdn().cloned())
        } else {
            Rdn::parse(rdn).ok()
        };
        parsed.map_or(Ok(Vec::new()), |rdn| naming(schema, &rdn))
    }
}

/// What an entry is stays what it is (RFC 4512 section 2.4.2). An entry that would not have one structural class is left
/// to the schema.
fn keeps_structural_class(
    schema: &Schema,
    before: &Attributes,
    after: &Attributes,
) -> Result<(), Error> {
    let (old, new) = (
        schema.structural_class(before),
        schema.structural_class(after),
    );
    if new.is_some() && new != old {
        let text = "the structural object class of an entry cannot be changed: delete the entry and add it anew";
        return Err(Error::ObjectClassModsProhibited(text.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
