//! The attributes of one entry that a dialect shows, by their places in its list of them.
//!
//! Owns how values are found. What they are called in a body is the dialect's.

use std::borrow::Cow;

use crate::directory::value_set::ValueSet;
use crate::directory::{EntryCopy, VisibleEntry};

/// The first values of so many attributes, which are named as the schema names them first.
pub struct Record<'a, const N: usize> {
    values: [Option<Cow<'a, [u8]>>; N],
}

impl<'a, const N: usize> Record<'a, N> {
    /// What may be shown of an entry.
    pub fn of(names: &[&str; N], entry: &VisibleEntry<'a>) -> Self {
        let mut record = Self::empty();
        for (name, block) in entry.stored() {
            if let Some(place) = record.place(names, name) {
                *place = block.values().next().map(Cow::Borrowed);
            }
        }
        for attribute in entry.computed() {
            if let Some(place) = record.place(names, &attribute.name()) {
                attribute.for_each(|value| {
                    place.get_or_insert_with(|| Cow::Owned(value.to_vec()));
                });
            }
        }
        record
    }

    /// What was shown of an entry.
    pub fn of_copy(names: &[&str; N], entry: &'a EntryCopy) -> Self {
        let mut record = Self::empty();
        for (name, values) in &entry.attributes {
            if let Some(place) = record.place(names, name)
                && let Ok(values) = ValueSet::parse(values)
            {
                *place = values.values().next().map(Cow::Borrowed);
            }
        }
        record
    }

    fn empty() -> Self {
        Self {
            values: [const { None }; N],
        }
    }

    fn place(&mut self, names: &[&str; N], name: &str) -> Option<&mut Option<Cow<'a, [u8]>>> {
        let at = names.iter().position(|it| *it == name)?;
        self.values.get_mut(at)
    }

    /// The value of the attribute at a place; what is not UTF-8 in it is replaced.
    pub fn text(&self, at: usize) -> Option<Cow<'_, str>> {
        let value = self.values.get(at)?.as_deref()?;
        let text = std::str::from_utf8(value).map(Cow::Borrowed);
        Some(text.unwrap_or_else(|_| String::from_utf8_lossy(value)))
    }

    /// Whether the value is true.
    pub fn is_true(&self, at: usize) -> bool {
        let value = self.values.get(at).and_then(Option::as_deref);
        value.is_some_and(|value| value.eq_ignore_ascii_case(b"TRUE"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::directory::schema::{PosixGroup, Schema};

    /// Whether records find the attributes of these names.
    pub fn are_found(names: &[&str]) -> bool {
        let schema = Schema::built_in(PosixGroup::Auxiliary).unwrap();
        let is_found = |name: &&str| {
            let id = schema.attribute_id(name);
            id.is_some_and(|id| schema.attribute(id).name() == *name)
        };
        names.iter().all(is_found)
    }

    #[test]
    fn attributes_are_found_by_the_name_that_the_schema_says_first() {
        assert!(are_found(&["cn", "entryUUID"]));
        assert!(!are_found(&["commonName"]) && !are_found(&["CN"]));
    }
}
