//! Changing the attributes of an entry (RFC 4511 section 4.6, RFC 4525).

use std::collections::BTreeMap;

use super::account::Doing;
use super::add::{not_for_users, take_operational, with_first_member};
use super::edges::{SOME_MEMBER, Siblings};
use super::naming::naming;
use super::passwords::passwords_are_hashed;
use super::relaxed;
use super::{Draft, Origin, decode, description, equal};
use crate::directory::access::Right;
use crate::directory::attributes::{Attribute, Attributes};
use crate::directory::dn::{Dn, Rdn};
use crate::directory::entry::{EntryId, ROOT};
use crate::directory::error::Error;
use crate::directory::history;
use crate::directory::identity::Identity;
use crate::directory::members::{Edge, EdgeKey, EdgeKind, Members};
use crate::directory::referrals;
use crate::directory::request::{Modification, ModificationKind, Terms};
use crate::directory::schema::{AttributeDescription, AttributeTypeId, Schema, Violation};
use crate::directory::view::{Computed, View};

/// Why an entry may not become what a change would make of it.
pub(super) enum Refusal {
    /// The schema says no.
    Schema(Violation),
    /// Something else does.
    Other(Error),
}

/// Edges that a modification adds and removes, by their keys.
#[derive(Default)]
struct EdgeChanges {
    added: BTreeMap<EdgeKey, Edge>,
    removed: BTreeMap<EdgeKey, Edge>,
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
        let before = decode(&view);
        let mut attributes = before.clone();
        let mut edges = EdgeChanges::default();
        let mut operational = Vec::new();
        for modification in modifications {
            let description = description(&schema, &modification.attribute)?;
            if !writable.contains(description.attribute) {
                return Err(Error::InsufficientAccess);
            }
            self.keep_from_owner(identity, id, description.attribute)?;
            if terms.relaxed
                && let Some(set) = relaxed::setting(&description, modification)?
            {
                operational.push(set);
                continue;
            }
            self.forbid_kept(&schema, &modification.attribute, &description, terms)?;
            match EdgeKind::of(description.attribute) {
                Some(kind) => self.modify_edges(&schema, id, kind, modification, &mut edges)?,
                None => modify_attribute(&schema, &mut attributes, &description, modification)?,
            }
        }
        drop(access);
        let mut head = view.entry.head();
        let naming = self.naming_of(&schema, &head.rdn, head.parent)?;
        if !terms.relaxed {
            keeps_structural_class(&schema, &before, &attributes)?;
        }
        let bereft = self.bereft(&schema, id, &before);
        self.admit_changed(&schema, id, &mut attributes, &naming, &edges, &bereft)
            .map_err(|error| match error {
                Refusal::Schema(error)
                    if error.kind() == crate::directory::schema::ViolationKind::Naming =>
                {
                    Error::NotAllowedOnRdn(error.to_string())
                }
                Refusal::Schema(error) => super::violation(error),
                Refusal::Other(error) => error,
            })?;
        let doing = Doing {
            identity,
            id,
            dn,
            steps: modifications,
        };
        self.keep_account(&doing, &before, &mut attributes)?;
        passwords_are_hashed(&attributes)?;
        self.policy_is_kept(&attributes)?;
        referrals::check(&attributes)?;
        self.keep_unique(identity, id, &before, &attributes)?;
        self.may_gain_by_uid(identity, id, &before, &attributes)?;
        self.may_select(identity, id, &before, &attributes)?;
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
                .with_difference(&schema, &before, &attributes)
                .with_edges(
                    &draft.snapshot,
                    edges.added.values(),
                    edges.removed.values(),
                )
        });
        edges
            .removed
            .values()
            .for_each(|edge| self.take_edge(id, edge));
        edges
            .added
            .values()
            .for_each(|edge| self.put_edge(id, edge));
        Ok(id)
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

    fn admit_changed(
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

    fn modify_edges(
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
}

impl EdgeChanges {
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

fn modify_attribute(
    schema: &Schema,
    attributes: &mut Attributes,
    description: &AttributeDescription,
    modification: &Modification,
) -> Result<(), Error> {
    let text = &modification.attribute;
    let id = description.attribute;
    match modification.kind {
        ModificationKind::Add if modification.values.is_empty() => Err(
            Error::InvalidAttributeSyntax(format!("no values of \"{text}\" to add")),
        ),
        ModificationKind::Add => {
            match attributes.find_mut(description) {
                Some(values) => values.extend(modification.values.iter().cloned()),
                None => put(attributes, description, &modification.values),
            }
            Ok(())
        }
        ModificationKind::Replace => {
            attributes.remove(description);
            if !modification.values.is_empty() {
                put(attributes, description, &modification.values);
            }
            Ok(())
        }
        ModificationKind::Delete if modification.values.is_empty() => {
            match attributes.remove(description) {
                Some(_) => Ok(()),
                None => Err(Error::NoSuchAttribute(format!(
                    "the entry has no \"{text}\""
                ))),
            }
        }
        ModificationKind::Delete => {
            let values = attributes
                .find_mut(description)
                .ok_or_else(|| Error::NoSuchAttribute(format!("the entry has no \"{text}\"")))?;
            for (at, value) in modification.values.iter().enumerate() {
                let found = values.iter().position(|has| equal(schema, id, has, value));
                let found = found.ok_or_else(|| {
                    Error::NoSuchAttribute(format!("value {} of \"{text}\" is not there", at + 1))
                })?;
                values.remove(found);
            }
            if values.is_empty() {
                attributes.remove(description);
            }
            Ok(())
        }
        ModificationKind::Increment => increment(schema, attributes, description, modification),
    }
}

fn put(attributes: &mut Attributes, description: &AttributeDescription, values: &[Vec<u8>]) {
    attributes.insert(Attribute {
        description: description.clone(),
        values: values.to_vec(),
    });
}

fn increment(
    schema: &Schema,
    attributes: &mut Attributes,
    description: &AttributeDescription,
    modification: &Modification,
) -> Result<(), Error> {
    let text = &modification.attribute;
    let number = |value: &[u8]| std::str::from_utf8(value).ok()?.parse::<i64>().ok();
    if schema.attribute(description.attribute).syntax != crate::directory::schema::Syntax::Integer {
        return Err(Error::ConstraintViolation(format!(
            "\"{text}\" has no numbers to increment"
        )));
    }
    let by = match modification.values.as_slice() {
        [by] => number(by),
        _ => None,
    };
    let by = by.ok_or_else(|| {
        Error::ConstraintViolation(format!("\"{text}\" is incremented by one number"))
    })?;
    let values = attributes
        .find_mut(description)
        .ok_or_else(|| Error::NoSuchAttribute(format!("the entry has no \"{text}\"")))?;
    for value in values {
        let sum = number(value).and_then(|number| number.checked_add(by));
        let sum = sum.ok_or_else(|| {
            Error::ConstraintViolation(format!("\"{text}\" cannot grow that far"))
        })?;
        *value = sum.to_string().into_bytes();
    }
    Ok(())
}
