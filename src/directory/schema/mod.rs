//! The schema: which attributes and classes there are, what values may be, and what an entry must be like
//! (RFC 4512, 4517).
//!
//! Definitions are text ([`definition`], [`load`](Schema::load), [`Schema::built_in`]); from them the schema is made
//! once and then only asked. Matching rules and syntaxes are code ([`rule`], [`syntax`]). An entry becomes one that may
//! be stored by [`Schema::admit`]. Who may see or change what is not decided here.

mod admit;
mod attribute_type;
mod built_in;
pub mod definition;
mod description;
mod error;
mod load;
mod name_index;
mod object_class;
mod resolve;
pub mod rule;
mod subschema;
pub mod syntax;
pub mod well_known;

pub use admit::{Violation, ViolationKind};
pub use attribute_type::{AttributeType, AttributeTypeId, Usage};
pub use built_in::{OWN_ARC, PosixGroup};
pub use description::{AttributeDescription, DescriptionError};
pub use error::{Origin, Refusal, SchemaError, SchemaProblem};
pub use object_class::{ClassId, ClassKind, ObjectClass};
pub use rule::{Rule, RuleKind, SubstringPiece};
pub use syntax::{InvalidValue, Syntax};

use name_index::NameIndex;

/// Attribute types and object classes, found by name or by identifier.
#[derive(Clone, Debug)]
pub struct Schema {
    attribute_types: Vec<AttributeType>,
    attribute_names: NameIndex,
    object_classes: Vec<ObjectClass>,
    class_names: NameIndex,
    unknown_attribute: AttributeType,
    unknown_class: ObjectClass,
}

impl Schema {
    fn empty() -> Self {
        Self {
            attribute_types: Vec::new(),
            attribute_names: NameIndex::default(),
            object_classes: Vec::new(),
            class_names: NameIndex::default(),
            unknown_attribute: AttributeType::unknown(),
            unknown_class: ObjectClass::unknown(),
        }
    }

    /// The attribute type with this name, in any case, or numeric object identifier; options are not looked at.
    pub fn attribute_id(&self, name_or_oid: impl AsRef<[u8]>) -> Option<AttributeTypeId> {
        self.attribute_names
            .find(name_or_oid.as_ref())
            .map(AttributeTypeId)
    }

    /// All attribute types.
    pub fn attribute_types(&self) -> impl Iterator<Item = (AttributeTypeId, &AttributeType)> {
        (0..).map(AttributeTypeId).zip(&self.attribute_types)
    }

    /// The definition of an attribute type. An identifier of another schema may give one that is called `unknown`.
    pub fn attribute(&self, id: AttributeTypeId) -> &AttributeType {
        self.attribute_types
            .get(usize::from(id.0))
            .unwrap_or(&self.unknown_attribute)
    }

    /// The object class with this name, in any case, or numeric object identifier.
    pub fn class_id(&self, name_or_oid: impl AsRef<[u8]>) -> Option<ClassId> {
        self.class_names.find(name_or_oid.as_ref()).map(ClassId)
    }

    /// The definition of an object class. An identifier of another schema may give one that is called `unknown`.
    pub fn class(&self, id: ClassId) -> &ObjectClass {
        self.object_classes
            .get(usize::from(id.0))
            .unwrap_or(&self.unknown_class)
    }

    /// An attribute type and all that derive from it, itself first.
    pub fn subtypes(&self, id: AttributeTypeId) -> &[AttributeTypeId] {
        &self.attribute(id).subtypes
    }

    /// All superclasses of a class, direct ones first, without itself.
    pub fn superclasses(&self, id: ClassId) -> &[ClassId] {
        &self.class(id).superclasses
    }
}

#[cfg(test)]
mod tests;
