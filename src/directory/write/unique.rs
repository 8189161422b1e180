//! Whether a change keeps unique what shall be.

use super::Draft;
use crate::directory::attributes::{Attributes, Difference};
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::platform_role;
use crate::directory::schema::{AttributeTypeId, ClassId, Rule, well_known as known};
use crate::directory::view::View;

/// The classes of entries about people who are yet to come. The address in one is for the user that they will be, so that
/// it is no other's, whatever shall be unique.
const YET_TO_COME: [ClassId; 2] = [
    known::class::HEDGEROW_INVITATION,
    known::class::HEDGEROW_PENDING_USER,
];

impl Draft<'_> {
    /// Refuses an entry's new values of unique attributes that another entry has, in this state, which knows the changes
    /// before it in the same group. Values that were there before stay: an import may have brought them twice, and that
    /// is no reason to refuse every other change of the entry.
    pub(super) fn keep_unique(
        &self,
        identity: &Identity,
        id: EntryId,
        difference: &Difference<'_>,
        after: &Attributes,
    ) -> Result<(), Error> {
        let schema = self.snapshot.schema();
        let is_yet_to_come = || {
            let mut classes = after.values(known::OBJECT_CLASS).iter();
            classes.any(|name| {
                let class = std::str::from_utf8(name).ok();
                let class = class.and_then(|name| schema.class_id(name));
                class.is_some_and(|class| YET_TO_COME.contains(&class))
            })
        };
        let unique = self.unique.ids();
        for (attribute, had) in &difference.after {
            let type_id = attribute.description.attribute;
            let kept = |value: &[u8]| {
                unique.contains(&type_id) || platform_role::is_only_one(type_id, value)
            };
            for (at, value) in attribute.values.iter().enumerate() {
                if kept(value)
                    && !had.contains(value)
                    && !is_yet_to_come()
                    && let Some(other) = self.another_holder(id, type_id, value)?
                {
                    return Err(self.not_unique(identity, type_id, at, other));
                }
            }
        }
        Ok(())
    }

    /// Another entry with an equal value, whatever options its attribute has.
    fn another_holder(
        &self,
        id: EntryId,
        attribute: AttributeTypeId,
        value: &[u8],
    ) -> Result<Option<EntryId>, Error> {
        let schema = self.snapshot.schema();
        let Some(rule) = schema.attribute(attribute).equality else {
            return Ok(None);
        };
        let mut wanted = Vec::new();
        // What cannot be compared equals nothing.
        if rule.normalize_value(schema, value, &mut wanted).is_err() {
            return Ok(None);
        }
        let holders = self
            .snapshot
            .index()
            .equal(attribute, &wanted)
            .ok_or_else(|| {
                let name = schema.attribute(attribute).name();
                Error::Unavailable(format!("\"{name}\" shall be unique and has no index"))
            })?;
        Ok(holders
            .iter()
            .filter(|other| *other != id)
            .filter(|other| self.holds(*other, attribute, rule, &wanted))
            .find(|other| !self.is_yet_to_come(*other)))
    }

    fn is_yet_to_come(&self, id: EntryId) -> bool {
        let view = View::new(&self.snapshot, id);
        view.is_some_and(|view| YET_TO_COME.iter().any(|class| view.has_class(*class)))
    }

    fn holds(&self, id: EntryId, attribute: AttributeTypeId, rule: Rule, wanted: &[u8]) -> bool {
        let schema = self.snapshot.schema();
        let descriptions = self.snapshot.descriptions();
        let mut normalized = Vec::new();
        let mut equals = |value: &[u8]| {
            normalized.clear();
            rule.normalize_value(schema, value, &mut normalized).is_ok() && normalized == wanted
        };
        self.snapshot.entry(id).is_some_and(|entry| {
            entry
                .blocks()
                .filter(|block| descriptions.attribute(block.description) == Some(attribute))
                .any(|block| block.values().any(&mut equals))
        })
    }

    /// Names the other entry only to an asker who may read there that it has the value.
    fn not_unique(
        &self,
        identity: &Identity,
        attribute: AttributeTypeId,
        at: usize,
        other: EntryId,
    ) -> Error {
        let name = self.snapshot.schema().attribute(attribute).name();
        let mut access = self.rules.access(&self.snapshot, identity);
        let is_visible = View::new(&self.snapshot, other)
            .is_some_and(|view| access.masks(&view).read.contains(attribute));
        let whose = if is_visible {
            self.snapshot.dn(other)
        } else {
            "another entry".to_owned()
        };
        Error::NotUnique(format!(
            "\"{name}\" is unique, and value {} is that of {whose}",
            at + 1
        ))
    }
}

#[cfg(test)]
mod tests;
