//! The object classes of an entry.

use super::Violation;
use crate::directory::attributes::Attributes;
use crate::directory::schema::Schema;
use crate::directory::schema::object_class::{ClassId, ClassKind};
use crate::directory::schema::syntax::oid;
use crate::directory::schema::well_known::OBJECT_CLASS;

/// Longer names of classes are not repeated in errors.
const LONGEST_NAME: usize = 64;

impl Schema {
    /// The structural class of an entry: the one of which all its other structural classes are superclasses (RFC 4512
    /// 2.4.2). None when the entry names no class, an undefined one, no structural one, or some that do not make one
    /// chain.
    pub fn structural_class(&self, attributes: &Attributes) -> Option<ClassId> {
        let classes = self.named_classes(attributes).ok()?;
        self.structural_of(&classes).ok()
    }

    /// The classes of the entry, superclasses included, which are added to objectClass where they are missing.
    pub(super) fn complete_classes(
        &self,
        attributes: &mut Attributes,
    ) -> Result<Vec<ClassId>, Violation> {
        let mut classes = self.named_classes(attributes)?;
        self.structural_of(&classes)?;
        self.check_abstract(&classes)?;
        let named = classes.len();
        let superclasses = classes.iter().flat_map(|id| self.superclasses(*id));
        for superclass in superclasses.copied().collect::<Vec<_>>() {
            if !classes.contains(&superclass) {
                classes.push(superclass);
            }
        }
        if let Some(values) = attributes.find_mut(&OBJECT_CLASS.into()) {
            let added = classes.iter().skip(named);
            values.extend(added.map(|id| self.class(*id).name().as_bytes().to_vec()));
        }
        Ok(classes)
    }

    /// The classes that objectClass names, in its order.
    pub(super) fn named_classes(&self, attributes: &Attributes) -> Result<Vec<ClassId>, Violation> {
        let values = attributes.values(OBJECT_CLASS);
        if values.is_empty() {
            return Err(Violation::NoObjectClass);
        }
        // No longer than there are classes: a name that is not known or comes twice ends it.
        let mut classes = Vec::new();
        for (position, value) in values.iter().enumerate() {
            let class = self.class_names.find(value).map(ClassId);
            let class = class.ok_or_else(|| unknown_class(position, value))?;
            if classes.contains(&class) {
                let attribute = self.attribute(OBJECT_CLASS).name().to_owned();
                return Err(Violation::EqualValues {
                    attribute,
                    position,
                });
            }
            classes.push(class);
        }
        Ok(classes)
    }

    /// RFC 4512 2.4.2: exactly one chain of structural classes, the lowest of which is the entry's.
    fn structural_of(&self, classes: &[ClassId]) -> Result<ClassId, Violation> {
        let is_structural = |id: &ClassId| self.class(*id).kind == ClassKind::Structural;
        let structural = || classes.iter().copied().filter(is_structural);
        let is_above = |class: ClassId, other: ClassId| self.superclasses(other).contains(&class);
        let is_lowest = |lowest: &ClassId| {
            structural().all(|class| class == *lowest || is_above(class, *lowest))
        };
        if let Some(lowest) = structural().find(is_lowest) {
            return Ok(lowest);
        }
        let name = |id| self.class(id).name().to_owned();
        structural()
            .flat_map(|first| structural().map(move |second| (first, second)))
            .find(|(first, second)| {
                first != second && !is_above(*first, *second) && !is_above(*second, *first)
            })
            .map_or(Err(Violation::NoStructuralClass), |(first, second)| {
                Err(Violation::SeveralStructuralClasses {
                    first: name(first),
                    second: name(second),
                })
            })
    }

    /// RFC 4512 2.4.1: an abstract class needs another class of the entry that derives from it.
    fn check_abstract(&self, classes: &[ClassId]) -> Result<(), Violation> {
        let is_lonely = |id: &&ClassId| {
            self.class(**id).kind == ClassKind::Abstract
                && !classes.iter().any(|other| {
                    self.class(*other).kind != ClassKind::Abstract
                        && self.superclasses(*other).contains(id)
                })
        };
        match classes.iter().find(is_lonely) {
            Some(id) => Err(Violation::AbstractClass {
                class: self.class(*id).name().to_owned(),
            }),
            None => Ok(()),
        }
    }
}

fn unknown_class(position: usize, value: &[u8]) -> Violation {
    let named = value.len() <= LONGEST_NAME && oid::is_oid(value);
    let class = named.then(|| String::from_utf8_lossy(value).into_owned());
    Violation::UnknownClass { position, class }
}
