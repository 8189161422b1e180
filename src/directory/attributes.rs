//! The attributes of an entry in the form in which they are changed: decoded, each under its description.
//!
//! What an entry may hold is the schema's to say ([`Schema::admit`](super::schema::Schema::admit)); here a description
//! occurs once, and that is all.

use super::schema::{AttributeDescription, AttributeTypeId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An attribute description and its values, in the order in which they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The description.
    pub description: AttributeDescription,
    /// The values.
    pub values: Vec<Vec<u8>>,
}

/// The attributes of an entry, ordered by type and then by options.
///
/// Finding, inserting and removing take time in the logarithm of their number, so that a request with very many
/// descriptions costs no more than its size. A copy shares each attribute with its original until one of them changes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    by_description: BTreeMap<AttributeDescription, Arc<Attribute>>,
}

impl Attributes {
    /// The attribute with exactly this description; subtypes are others.
    pub fn find(&self, description: &AttributeDescription) -> Option<&Attribute> {
        self.by_description.get(description).map(AsRef::as_ref)
    }

    /// The values under exactly this description, to be changed.
    pub fn find_mut(&mut self, description: &AttributeDescription) -> Option<&mut Vec<Vec<u8>>> {
        let attribute = self.by_description.get_mut(description)?;
        Some(&mut Arc::make_mut(attribute).values)
    }

    /// The values of a type without options; none when there are none.
    pub fn values(&self, id: AttributeTypeId) -> &[Vec<u8>] {
        self.find(&id.into())
            .map_or(&[], |attribute| &attribute.values)
    }

    /// Puts an attribute in, in place of the one with the same description, which is given back.
    pub fn insert(&mut self, attribute: Attribute) -> Option<Arc<Attribute>> {
        self.by_description
            .insert(attribute.description.clone(), Arc::new(attribute))
    }

    /// Takes out the attribute with exactly this description.
    pub fn remove(&mut self, description: &AttributeDescription) -> Option<Arc<Attribute>> {
        self.by_description.remove(description)
    }

    /// The attributes in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Attribute> + Clone {
        self.by_description.values().map(AsRef::as_ref)
    }
}

/// How one state of an entry differs from another, which may be none.
pub struct Difference<'a> {
    /// The attributes that the earlier state has and the later one lacks or has with other values, each with the values
    /// that it has then.
    pub before: Vec<Differing<'a>>,
    /// The attributes of the later state likewise, each with the values that it had before.
    pub after: Vec<Differing<'a>>,
}

/// An attribute of one state, and the values that it has in the other; none when it is not there.
pub type Differing<'a> = (&'a Attribute, &'a [Vec<u8>]);

impl<'a> Difference<'a> {
    /// Compares two states.
    pub fn between(before: &'a Attributes, after: &'a Attributes) -> Self {
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        // Both are in the same order, and most attributes are shared.
        let mut old = before.by_description.values().peekable();
        for attribute in after.by_description.values() {
            if old.next_if(|old| Arc::ptr_eq(old, attribute)).is_some() {
                continue;
            }
            let description = &attribute.description;
            while let Some(lost) = old.next_if(|old| old.description < *description) {
                gone.push((lost.as_ref(), &[][..]));
            }
            match old.next_if(|old| old.description == *description) {
                Some(old) if old.values == attribute.values => {}
                Some(old) => {
                    gone.push((old.as_ref(), attribute.values.as_slice()));
                    new.push((attribute.as_ref(), old.values.as_slice()));
                }
                None => new.push((attribute.as_ref(), &[][..])),
            }
        }
        gone.extend(old.map(|lost| (lost.as_ref(), &[][..])));
        let (before, after) = (gone, new);
        Self { before, after }
    }

    /// Whether an attribute of a type, under whatever options, has other values after it.
    pub fn sets(&self, id: AttributeTypeId) -> bool {
        let mut after = self.after.iter();
        after.any(|(attribute, _)| attribute.description.attribute == id)
    }
}

impl FromIterator<Attribute> for Attributes {
    fn from_iter<I: IntoIterator<Item = Attribute>>(attributes: I) -> Self {
        let attributes = attributes.into_iter();
        let by_description =
            attributes.map(|attribute| (attribute.description.clone(), Arc::new(attribute)));
        Self {
            by_description: by_description.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(id: u16, options: &str, value: &str) -> Attribute {
        Attribute {
            description: AttributeDescription {
                attribute: AttributeTypeId(id),
                options: (!options.is_empty()).then(|| options.into()),
            },
            values: vec![value.into()],
        }
    }

    #[test]
    fn a_description_occurs_once() {
        let mut attributes = Attributes::default();
        assert_eq!(attributes.insert(attribute(3, "", "a")), None);
        assert_eq!(attributes.insert(attribute(3, "lang-de", "b")), None);
        let replaced = attributes.insert(attribute(3, "", "c"));
        assert_eq!(replaced.as_deref(), Some(&attribute(3, "", "a")));
        assert_eq!(attributes.iter().count(), 2);
        assert_eq!(attributes.values(AttributeTypeId(3)), [b"c"]);
        assert_eq!(attributes.values(AttributeTypeId(4)), [b""; 0]);
    }

    #[test]
    fn attributes_come_in_the_order_of_types_and_options() {
        let mut attributes = Attributes::default();
        for (id, options) in [(4, ""), (3, "lang-de"), (2, "lang-zz"), (3, "")] {
            attributes.insert(attribute(id, options, ""));
        }
        let order: Vec<(u16, &str)> = attributes
            .iter()
            .map(|it| (it.description.attribute.0, it.description.options()))
            .collect();
        let expected = [(2, "lang-zz"), (3, ""), (3, "lang-de"), (4, "")];
        assert_eq!(order, expected);
    }

    #[test]
    fn attributes_are_changed_and_removed_in_place() {
        let mut attributes = Attributes::default();
        attributes.insert(attribute(3, "", "a"));
        let description = AttributeTypeId(3).into();
        attributes
            .find_mut(&description)
            .unwrap()
            .push(b"b".to_vec());
        assert_eq!(attributes.find(&description).unwrap().values.len(), 2);
        assert_eq!(
            attributes.remove(&description).unwrap().values,
            [b"a", b"b"]
        );
        assert_eq!(attributes.iter().count(), 0);
        assert_eq!(attributes.find_mut(&description), None);
    }

    #[test]
    fn what_differs_is_told_with_what_the_other_has() {
        let of = |list: &[(u16, &str, &str)]| -> Attributes {
            let list = list.iter();
            list.map(|(id, options, value)| attribute(*id, options, value))
                .collect()
        };
        let before = of(&[
            (1, "", "a"),
            (2, "", "b"),
            (3, "", "c"),
            (5, "", "e"),
            (6, "", "f"),
        ]);
        let mut after = before.clone();
        after.remove(&AttributeTypeId(1).into());
        after.insert(attribute(2, "", "B"));
        after.insert(attribute(2, "lang-de", "b"));
        after.insert(attribute(3, "", "c"));
        after.insert(attribute(4, "", "d"));
        let told = |list: &[Differing<'_>]| -> Vec<(u16, usize, usize)> {
            let list = list.iter();
            list.map(|(it, others)| (it.description.attribute.0, it.values.len(), others.len()))
                .collect()
        };
        after.remove(&AttributeTypeId(6).into());
        let difference = Difference::between(&before, &after);
        assert_eq!(told(&difference.after), [(2, 1, 1), (2, 1, 0), (4, 1, 0)]);
        assert_eq!(told(&difference.before), [(1, 1, 0), (2, 1, 1), (6, 1, 0)]);
        assert!(difference.sets(AttributeTypeId(4)) && !difference.sets(AttributeTypeId(1)));
        after.find_mut(&AttributeTypeId(5).into()).unwrap().clear();
        assert_eq!(before.values(AttributeTypeId(5)), [b"e"]);
    }
}
