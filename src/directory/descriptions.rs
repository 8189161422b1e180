//! The attribute descriptions (RFC 4512 section 2.5) that entries of this directory use, each with a small id.
//!
//! Owns the numbering, which is kept in the store, so that an id means the same for as long as the data lives.
//! It does not own the schema: a description names a type of it.

use std::collections::HashMap;
use std::sync::Arc;

use super::entry::DescriptionId;
use super::schema::{AttributeDescription, AttributeTypeId, DescriptionError, Schema};

/// One description with what reads need of it.
#[derive(Clone, Debug)]
pub struct Described {
    /// Type and options.
    pub description: AttributeDescription,
    /// The name that results carry: the type's first name and the options.
    pub name: Box<str>,
    /// Whether its type is operational.
    pub is_operational: bool,
}

/// All descriptions in use; grows only. Cheap to share, copied when a new one comes.
#[derive(Clone, Debug, Default)]
pub struct DescriptionTable {
    list: Vec<Arc<Described>>,
    /// The attribute type of each, side by side: of most values of an entry that is all that is asked.
    types: Vec<AttributeTypeId>,
    /// Of descriptions without options, by the attribute type: nearly all are such.
    plain: Vec<Option<DescriptionId>>,
    /// Of descriptions with options.
    tagged: HashMap<AttributeDescription, DescriptionId>,
}

/// The number of descriptions is bounded, because clients invent options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyDescriptions;

/// Why a stored description cannot be read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// It is not the next one: another is missing, and all behind it would get the names of others.
    NotNext {
        /// How many there are.
        known: usize,
    },
    /// The schema does not know it any more.
    Schema(DescriptionError),
}

impl std::fmt::Display for RestoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotNext { known } => write!(f, "comes after {known} others"),
            Self::Schema(error) => error.fmt(f),
        }
    }
}

impl DescriptionTable {
    /// The most descriptions that one directory may use.
    pub const LIMIT: usize = 20_000;

    /// Reads a stored description back under its id.
    ///
    /// # Errors
    /// When the id is not the next one, or the schema does not know the description.
    pub fn restore(
        &mut self,
        schema: &Schema,
        id: DescriptionId,
        text: &str,
    ) -> Result<(), RestoreError> {
        let known = self.list.len();
        if usize::from(id.0) != known {
            return Err(RestoreError::NotNext { known });
        }
        let description =
            AttributeDescription::parse(schema, text).map_err(RestoreError::Schema)?;
        self.push(schema, description);
        Ok(())
    }

    fn push(&mut self, schema: &Schema, description: AttributeDescription) -> DescriptionId {
        let id = DescriptionId(u16::try_from(self.list.len()).unwrap_or(u16::MAX));
        let name = description.display(schema).to_string().into_boxed_str();
        self.list.push(Arc::new(Described {
            is_operational: schema.attribute(description.attribute).is_operational(),
            description: description.clone(),
            name,
        }));
        self.types.push(description.attribute);
        self.number(description, id);
        id
    }

    fn number(&mut self, description: AttributeDescription, id: DescriptionId) {
        if description.options.is_some() {
            self.tagged.insert(description, id);
            return;
        }
        let at = usize::from(description.attribute.0);
        if self.plain.len() <= at {
            self.plain.resize(at + 1, None);
        }
        if let Some(known) = self.plain.get_mut(at) {
            *known = Some(id);
        }
    }

    /// The id of a description in use.
    pub fn id(&self, description: &AttributeDescription) -> Option<DescriptionId> {
        if description.options.is_none() {
            let at = usize::from(description.attribute.0);
            self.plain.get(at).copied().flatten()
        } else {
            self.tagged.get(description).copied()
        }
    }

    /// The description of an id that [`DescriptionTable::id`] or [`DescriptionTable::intern`] gave.
    #[inline]
    pub fn described(&self, id: DescriptionId) -> Option<&Described> {
        self.list.get(usize::from(id.0)).map(AsRef::as_ref)
    }

    /// The attribute type of an id.
    #[inline]
    pub fn attribute(&self, id: DescriptionId) -> Option<AttributeTypeId> {
        self.types.get(usize::from(id.0)).copied()
    }

    /// How many there are; ids are below it.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether no description is in use yet.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The id of a description, given now if it is new.
    pub fn intern(
        this: &mut Arc<Self>,
        schema: &Schema,
        description: &AttributeDescription,
    ) -> Result<DescriptionId, TooManyDescriptions> {
        if let Some(id) = this.id(description) {
            return Ok(id);
        }
        if this.list.len() >= Self::LIMIT {
            return Err(TooManyDescriptions);
        }
        Ok(Arc::make_mut(this).push(schema, description.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::schema::PosixGroup;

    #[test]
    fn a_description_is_restored_under_its_number_alone() {
        let schema = Schema::built_in(PosixGroup::Auxiliary).unwrap();
        let mut table = DescriptionTable::default();
        let mut restore = |id, text| table.restore(&schema, DescriptionId(id), text);
        assert_eq!(restore(0, "cn"), Ok(()));
        assert_eq!(restore(2, "sn"), Err(RestoreError::NotNext { known: 1 }));
        assert_eq!(restore(0, "sn"), Err(RestoreError::NotNext { known: 1 }));
        let unknown = RestoreError::Schema(DescriptionError::UnknownType);
        assert_eq!(restore(1, "noSuchType"), Err(unknown));
        assert_eq!(restore(1, "sn"), Ok(()));
    }
}
