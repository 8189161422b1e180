//! Object classes from their definitions.

use super::order::superiors_first;
use super::{canonical, first_difference, place, refused};
use crate::directory::schema::Schema;
use crate::directory::schema::attribute_type::AttributeTypeId;
use crate::directory::schema::definition::{DefinitionKind, ObjectClassDefinition};
use crate::directory::schema::error::{Origin, Refusal, SchemaError};
use crate::directory::schema::load::Located;
use crate::directory::schema::object_class::{ClassId, ClassKind, ObjectClass};
use crate::directory::schema::well_known::class::TOP;

/// A definition with its place in the schema and its superiors found.
struct Placed {
    definition: ObjectClassDefinition,
    origin: Origin,
    id: ClassId,
    superiors: Vec<ClassId>,
}

impl Schema {
    pub(super) fn add_object_classes(
        &mut self,
        definitions: Vec<Located<ObjectClassDefinition>>,
    ) -> Result<(), SchemaError> {
        let before = self.object_classes.len();
        let mut new = Vec::new();
        let mut known = Vec::new();
        for Located { definition, origin } in definitions {
            let id = self
                .place_object_class(&definition)
                .map_err(|refusal| refuse(&definition, &origin, refusal))?;
            let is_new = usize::from(id.0) == before.saturating_add(new.len());
            let placed = Placed {
                definition,
                origin,
                id,
                superiors: Vec::new(),
            };
            if is_new { &mut new } else { &mut known }.push(placed);
        }
        for placed in new.iter_mut().chain(&mut known) {
            placed.superiors = self
                .superiors_of(placed)
                .map_err(|refusal| refuse(&placed.definition, &placed.origin, refusal))?;
        }
        let superiors = |placed: &Placed| {
            let position = |id: &ClassId| usize::from(id.0).checked_sub(before);
            placed.superiors.iter().filter_map(position).collect()
        };
        let order = superiors_first(&new, superiors)
            .map_err(|placed| refuse(&placed.definition, &placed.origin, Refusal::Cycle))?;
        for placed in order {
            let made = self
                .make_object_class(placed)
                .map_err(|refusal| refuse(&placed.definition, &placed.origin, refusal))?;
            if let Some(slot) = self.object_classes.get_mut(usize::from(placed.id.0)) {
                *slot = made;
            }
        }
        for placed in &known {
            self.make_object_class(placed)
                .and_then(|again| same(&again, self.class(placed.id)))
                .map_err(|refusal| refuse(&placed.definition, &placed.origin, refusal))?;
        }
        Ok(())
    }

    /// Enters the names of a definition, and keeps a place for it when it is new.
    fn place_object_class(
        &mut self,
        definition: &ObjectClassDefinition,
    ) -> Result<ClassId, Refusal> {
        let ObjectClassDefinition { oid, names, .. } = definition;
        let next = self.object_classes.len();
        let oid_at = |position: usize| {
            let taken = self.object_classes.get(position);
            taken.map(|taken| taken.oid.clone())
        };
        let position = place(&mut self.class_names, next, oid, names, oid_at)?;
        if usize::from(position) == next {
            self.object_classes.push(ObjectClass {
                oid: oid.clone(),
                ..ObjectClass::unknown()
            });
        }
        Ok(ClassId(position))
    }

    /// The direct superclasses. A structural class that names none derives from top (RFC 4512 2.4.2).
    fn superiors_of(&self, placed: &Placed) -> Result<Vec<ClassId>, Refusal> {
        let definition = &placed.definition;
        if definition.superiors.is_empty() && definition.kind == ClassKind::Structural {
            return Ok(vec![TOP]);
        }
        let mut superiors = Vec::with_capacity(definition.superiors.len());
        for name in &definition.superiors {
            let id = self.class_id(name).ok_or_else(|| Refusal::Unknown {
                keyword: "SUP",
                name: name.clone(),
            })?;
            if !superiors.contains(&id) {
                superiors.push(id);
            }
        }
        Ok(superiors)
    }

    /// Makes a class whose superclasses are made.
    fn make_object_class(&self, placed: &Placed) -> Result<ObjectClass, Refusal> {
        let definition = &placed.definition;
        let mut must = self.attribute_ids("MUST", &definition.must)?;
        let mut may = self.attribute_ids("MAY", &definition.may)?;
        let name = |id: &AttributeTypeId| self.attribute(*id).name().to_owned();
        // What the subschema shows: what the definition says, names spelled as where they are defined.
        let text = ObjectClassDefinition {
            superiors: match definition.superiors.is_empty() {
                true => Vec::new(),
                false => self.class_names_of(&placed.superiors),
            },
            must: must.iter().map(name).collect(),
            may: may.iter().map(name).collect(),
            ..definition.clone()
        }
        .to_string();
        let mut superclasses = placed.superiors.clone();
        for id in &placed.superiors {
            let superior = self.class(*id);
            if !may_derive(definition.kind, superior.kind) {
                return Err(Refusal::KindOfSuperclass(superior.name().to_owned()));
            }
            must.extend(&superior.must);
            may.extend(&superior.may);
            for id in &superior.superclasses {
                if !superclasses.contains(id) {
                    superclasses.push(*id);
                }
            }
        }
        must.sort_unstable();
        must.dedup();
        may.retain(|id| must.binary_search(id).is_err());
        may.sort_unstable();
        may.dedup();
        Ok(ObjectClass {
            oid: definition.oid.clone(),
            names: definition.names.clone(),
            superiors: placed.superiors.clone(),
            kind: definition.kind,
            superclasses,
            allowed: must.iter().chain(&may).copied().collect(),
            must,
            may,
            text,
        })
    }

    fn attribute_ids(
        &self,
        keyword: &'static str,
        names: &[String],
    ) -> Result<Vec<AttributeTypeId>, Refusal> {
        let find = |name: &String| {
            let name = name.clone();
            let id = self.attribute_id(&name);
            id.ok_or(Refusal::Unknown { keyword, name })
        };
        names.iter().map(find).collect()
    }

    fn class_names_of(&self, ids: &[ClassId]) -> Vec<String> {
        let name = |id: &ClassId| self.class(*id).name().to_owned();
        ids.iter().map(name).collect()
    }
}

/// Whether a class of one kind may derive from a class of another (RFC 4512 2.4.1 to 2.4.3).
fn may_derive(kind: ClassKind, superior: ClassKind) -> bool {
    superior == ClassKind::Abstract || superior == kind
}

/// Whether two definitions of a class mean the same.
fn same(again: &ObjectClass, there: &ObjectClass) -> Result<(), Refusal> {
    let sorted = |ids: &[ClassId]| {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids
    };
    first_difference(&[
        ("SUP", sorted(&again.superiors) != sorted(&there.superiors)),
        ("kind", again.kind != there.kind),
        ("MUST", again.must != there.must),
        ("MAY", again.may != there.may),
    ])
}

fn refuse(definition: &ObjectClassDefinition, origin: &Origin, refusal: Refusal) -> SchemaError {
    let name = canonical(&definition.names, &definition.oid);
    refused(DefinitionKind::ObjectClass, name, origin, refusal)
}
