//! The values of the attributes of an entry: their syntax, that no two are equal, and that those of its name are there.

use super::Violation;
use crate::directory::attributes::{Attribute, Attributes};
use crate::directory::schema::attribute_type::{AttributeType, AttributeTypeId};
use crate::directory::schema::well_known::OBJECT_CLASS;
use crate::directory::schema::{AttributeDescription, Schema};
use std::collections::HashSet;

/// Up to this many values are compared each with each, more are hashed.
const COMPARED_PAIRWISE: usize = 12;

/// Checks the values of one entry, attribute after attribute.
pub(super) struct Values<'a> {
    schema: &'a Schema,
    /// The normal forms of the values of one attribute, one after the other.
    normal: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
}

impl<'a> Values<'a> {
    pub(super) fn new(schema: &'a Schema) -> Self {
        Self {
            schema,
            normal: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Checks the values of an attribute of the entry (RFC 4512 2.2).
    pub(super) fn check(&mut self, attribute: &Attribute) -> Result<(), Violation> {
        let description = &attribute.description;
        let attribute_type = self.schema.attribute(description.attribute);
        match attribute.values.len() {
            0 => {
                return Err(Violation::NoValues {
                    attribute: self.name(description),
                });
            }
            2.. if attribute_type.single_value => {
                return Err(Violation::SeveralValues {
                    attribute: self.name(description),
                });
            }
            _ => {}
        }
        // The values of objectClass are classes, each once: that was seen when they were looked up.
        if description.attribute == OBJECT_CLASS {
            return Ok(());
        }
        self.normal.clear();
        self.ends.clear();
        for (position, value) in attribute.values.iter().enumerate() {
            attribute_type
                .syntax
                .validate(value)
                .and_then(|()| match attribute_type.equality {
                    Some(rule) => rule.normalize_value(self.schema, value, &mut self.normal),
                    None => {
                        self.normal.extend_from_slice(value);
                        Ok(())
                    }
                })
                .map_err(|reason| Violation::InvalidValue {
                    attribute: self.name(description),
                    position,
                    reason,
                })?;
            self.ends.push(self.normal.len());
        }
        match self.first_repeated() {
            Some(position) => Err(Violation::EqualValues {
                attribute: self.name(description),
                position,
            }),
            None => Ok(()),
        }
    }

    /// Checks that the entry holds the values of its RDN (RFC 4512 2.3.1).
    pub(super) fn check_naming(
        &mut self,
        attributes: &Attributes,
        rdn_assertions: &[(AttributeTypeId, Vec<u8>)],
    ) -> Result<(), Violation> {
        for (id, value) in rdn_assertions {
            let attribute_type = self.schema.attribute(*id);
            if attribute_type.equality.is_none() {
                return Err(Violation::NotForNaming {
                    attribute: attribute_type.name().to_owned(),
                });
            }
            if !self.holds(attributes.values(*id), attribute_type, value) {
                return Err(Violation::NameNotInEntry {
                    attribute: attribute_type.name().to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Whether a value is among others, by the equality rule of their type.
    fn holds(&mut self, values: &[Vec<u8>], attribute_type: &AttributeType, value: &[u8]) -> bool {
        let Some(rule) = attribute_type.equality else {
            return false;
        };
        let mut wanted = Vec::new();
        if rule
            .normalize_value(self.schema, value, &mut wanted)
            .is_err()
        {
            return false;
        }
        values.iter().any(|value| {
            self.normal.clear();
            let normalized = rule.normalize_value(self.schema, value, &mut self.normal);
            normalized.is_ok() && self.normal == wanted
        })
    }

    /// The position of the first value that is equal to an earlier one.
    fn first_repeated(&self) -> Option<usize> {
        match self.ends.len() {
            0 | 1 => None,
            2..=COMPARED_PAIRWISE => self
                .normal_forms()
                .enumerate()
                .find(|(position, form)| self.normal_forms().take(*position).any(|it| it == *form))
                .map(|(position, _)| position),
            many => {
                let mut seen = HashSet::with_capacity(many);
                self.normal_forms().position(|form| !seen.insert(form))
            }
        }
    }

    fn normal_forms(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| self.normal.get(start..*end).unwrap_or_default())
    }

    fn name(&self, description: &AttributeDescription) -> String {
        description.display(self.schema).to_string()
    }
}
