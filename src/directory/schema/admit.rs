//! Whether an entry is one that may be stored (RFC 4512 2.2 to 2.5, 3.3): its classes, what they require and allow,
//! its values, and its name.
//!
//! What only a change can break (the structural class must stay, attributes the server keeps are not the client's) is
//! not seen here, where there is only the outcome.

mod classes;
mod values;
mod violation;

pub use violation::{Violation, ViolationKind};

use super::Schema;
use super::attribute_type::{AttributeTypeId, AttributeTypeSet};
use super::object_class::{ClassId, ObjectClass};
use super::rule::{Rule, exceeds_effort};
use super::well_known::class::EXTENSIBLE_OBJECT;
use super::well_known::{MEMBER, UNIQUE_MEMBER};
use crate::directory::attributes::{Attribute, Attributes, Difference, Differing};
use values::Values;

impl Schema {
    /// Checks that the attributes make an entry, and completes them with the superclasses of the classes named (RFC
    /// 4512 3.3).
    ///
    /// `rdn_assertions` are the types and values of the entry's RDN: each must be among the values of the entry.
    ///
    /// # Errors
    /// The first violation found. The attributes may then have been completed already.
    pub fn admit(
        &self,
        attributes: &mut Attributes,
        rdn_assertions: &[(AttributeTypeId, Vec<u8>)],
    ) -> Result<(), Violation> {
        let classes = self.complete_classes(attributes)?;
        let present = types(attributes);
        self.check_required(&classes, |id| !present.contains(id))?;
        let is_extensible = classes.contains(&EXTENSIBLE_OBJECT);
        let classes: Vec<&ObjectClass> = classes.iter().map(|id| self.class(*id)).collect();
        self.check_text(attributes)?;
        let mut values = Values::new(self);
        for attribute in attributes.iter() {
            self.check_description(attribute)?;
            if !is_extensible {
                self.check_allowed(attribute, &classes)?;
            }
            values.check(attribute)?;
        }
        values.check_naming(attributes, rdn_assertions)
    }

    /// Checks what a change makes of an entry that this schema has admitted: the attributes that differ, and what depends
    /// on them. Finds what [`Schema::admit`] would, as long as the classes and the name are the same.
    ///
    /// # Errors
    /// The first violation found.
    pub fn admit_difference(
        &self,
        difference: &Difference<'_>,
        after: &Attributes,
        rdn_assertions: &[(AttributeTypeId, Vec<u8>)],
    ) -> Result<(), Violation> {
        let alone = |(_, others): &Differing<'_>| others.is_empty();
        let gone = difference.before.iter().filter(|it| alone(it));
        let gone = gone.map(|(attribute, _)| attribute.description.attribute);
        let new = difference.after.iter().any(alone);
        let mut gone = gone.peekable();
        let classes = match gone.peek().is_some() || new {
            true => self.named_classes(after)?,
            false => Vec::new(),
        };
        if gone.peek().is_some() {
            let (gone, has): (AttributeTypeSet, _) = (gone.collect(), types(after));
            self.check_required(&classes, |id| gone.contains(id) && !has.contains(id))?;
        }
        self.check_text(after)?;
        let is_extensible = classes.contains(&EXTENSIBLE_OBJECT);
        let classes: Vec<&ObjectClass> = classes.iter().map(|id| self.class(*id)).collect();
        let mut values = Values::new(self);
        for differing in &difference.after {
            let (attribute, _) = differing;
            self.check_description(attribute)?;
            if alone(differing) && !is_extensible {
                self.check_allowed(attribute, &classes)?;
            }
            values.check(attribute)?;
        }
        values.check_naming(after, rdn_assertions)
    }

    /// RFC 4512 2.4: an entry has what each of its classes requires. Options do not matter; subtypes do not count
    /// (2.5.3).
    fn check_required(
        &self,
        classes: &[ClassId],
        is_missing: impl Fn(AttributeTypeId) -> bool,
    ) -> Result<(), Violation> {
        for class in classes.iter().map(|id| self.class(*id)) {
            let missing = class.must.iter().find(|id| is_missing(**id));
            if let Some(missing) = missing {
                return Err(Violation::MissingAttribute {
                    class: class.name().to_owned(),
                    attribute: self.attribute(*missing).name().to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Every search may have to compare the text of an entry. Members are found by the entries they name, octets are
    /// compared as they are.
    fn check_text(&self, attributes: &Attributes) -> Result<(), Violation> {
        let is_text = |attribute: &&Attribute| {
            let id = attribute.description.attribute;
            let rule = self.attribute(id).equality;
            let is_membership = matches!(id, MEMBER | UNIQUE_MEMBER);
            !is_membership && rule.is_some_and(|rule| rule != Rule::OctetString)
        };
        let texts = attributes.iter().filter(is_text);
        match exceeds_effort(texts.flat_map(|attribute| attribute.values.iter().map(Vec::as_slice)))
        {
            true => Err(Violation::TooMuchText),
            false => Ok(()),
        }
    }

    /// The type must be defined, and the options known: an attribute with others is unrecognised (RFC 4512 2.5).
    fn check_description(&self, attribute: &Attribute) -> Result<(), Violation> {
        let description = &attribute.description;
        let is_defined = usize::from(description.attribute.0) < self.attribute_types.len();
        if is_defined && description.has_known_options(self) {
            return Ok(());
        }
        Err(Violation::UndefinedAttribute {
            attribute: description.display(self).to_string(),
        })
    }

    /// A user attribute must be one that a class allows (RFC 4512 2.4); extensibleObject allows all (4.3).
    fn check_allowed(
        &self,
        attribute: &Attribute,
        classes: &[&ObjectClass],
    ) -> Result<(), Violation> {
        let id = attribute.description.attribute;
        let is_allowed = classes.iter().any(|class| class.allows(id));
        if is_allowed || self.attribute(id).is_operational() {
            return Ok(());
        }
        Err(Violation::ForbiddenAttribute {
            attribute: attribute.description.display(self).to_string(),
        })
    }
}

fn types(attributes: &Attributes) -> AttributeTypeSet {
    let attributes = attributes.iter();
    attributes.map(|it| it.description.attribute).collect()
}

#[cfg(test)]
mod tests;
