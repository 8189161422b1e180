//! Taking definitions into the schema: names become positions, what superiors give is filled in, and what does not fit
//! together is refused.

mod attribute_types;
mod object_classes;
mod order;

use super::Schema;
use super::definition::DefinitionKind;
use super::error::{Origin, Refusal, SchemaError, SchemaProblem};
use super::load::Definitions;
use super::name_index::NameIndex;

impl Schema {
    /// Takes all of the definitions in, or none.
    pub(super) fn extend(&mut self, definitions: Definitions) -> Result<(), SchemaError> {
        let mut extended = self.clone();
        extended.add_attribute_types(definitions.attribute_types)?;
        extended.add_object_classes(definitions.object_classes)?;
        *self = extended;
        Ok(())
    }
}

/// What a definition is called: its first name, or its object identifier.
fn canonical<'a>(names: &'a [String], oid: &'a str) -> &'a str {
    names.first().map_or(oid, String::as_str)
}

fn refused(kind: DefinitionKind, name: &str, origin: &Origin, refusal: Refusal) -> SchemaError {
    SchemaError {
        origin: origin.clone(),
        problem: SchemaProblem::Refused {
            kind,
            name: name.to_owned(),
            refusal,
        },
    }
}

/// Finds the position of a definition by its object identifier, or gives it the next one, and enters its names.
/// `oid_at` tells the object identifiers of those that have positions.
fn place(
    index: &mut NameIndex,
    next: usize,
    oid: &str,
    names: &[String],
    oid_at: impl Fn(usize) -> Option<String>,
) -> Result<u16, Refusal> {
    if let Some(position) = index.find(oid.as_bytes()) {
        // Names may be fewer than before; a new one would be a new meaning.
        let is_known = |name: &String| index.find(name.as_bytes()) == Some(position);
        return match names.iter().all(is_known) {
            true => Ok(position),
            false => Err(Refusal::Different("NAME")),
        };
    }
    let position = u16::try_from(next).map_err(|_| Refusal::TooMany)?;
    for name in names.iter().map(String::as_str).chain([oid]) {
        index
            .insert(name, position)
            .map_err(|taken| Refusal::NameTaken {
                name: name.to_owned(),
                by: oid_at(usize::from(taken)).unwrap_or_else(|| oid.to_owned()),
            })?;
    }
    Ok(position)
}

/// The first of the properties that differ, if any does.
fn first_difference(differences: &[(&'static str, bool)]) -> Result<(), Refusal> {
    match differences.iter().find(|(_, different)| *different) {
        Some((what, _)) => Err(Refusal::Different(what)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
