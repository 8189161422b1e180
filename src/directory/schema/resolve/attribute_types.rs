//! Attribute types from their definitions.

use super::order::superiors_first;
use super::{canonical, first_difference, place, refused};
use crate::directory::schema::Schema;
use crate::directory::schema::attribute_type::{AttributeType, AttributeTypeId, is_secret};
use crate::directory::schema::definition::{AttributeTypeDefinition, DefinitionKind};
use crate::directory::schema::error::{Origin, Refusal, SchemaError};
use crate::directory::schema::load::Located;
use crate::directory::schema::rule::{Rule, RuleKind};
use crate::directory::schema::syntax::Syntax;

/// A definition with its place in the schema and its superior found.
struct Placed {
    definition: AttributeTypeDefinition,
    origin: Origin,
    id: AttributeTypeId,
    superior: Option<AttributeTypeId>,
}

impl Schema {
    pub(super) fn add_attribute_types(
        &mut self,
        definitions: Vec<Located<AttributeTypeDefinition>>,
    ) -> Result<(), SchemaError> {
        let before = self.attribute_types.len();
        let mut new = Vec::new();
        let mut known = Vec::new();
        for Located { definition, origin } in definitions {
            let id = self
                .place_attribute_type(&definition)
                .map_err(|refusal| refuse(&definition, &origin, refusal))?;
            let is_new = usize::from(id.0) == before.saturating_add(new.len());
            let placed = Placed {
                definition,
                origin,
                id,
                superior: None,
            };
            if is_new { &mut new } else { &mut known }.push(placed);
        }
        for placed in new.iter_mut().chain(&mut known) {
            placed.superior = self.superior_of(placed)?;
        }
        let superiors = |placed: &Placed| {
            let position = |id: AttributeTypeId| usize::from(id.0).checked_sub(before);
            placed.superior.and_then(position).into_iter().collect()
        };
        let order = superiors_first(&new, superiors)
            .map_err(|placed| refuse(&placed.definition, &placed.origin, Refusal::Cycle))?;
        for placed in order {
            let made = self.make_attribute_type(placed)?;
            if let Some(slot) = self.attribute_types.get_mut(usize::from(placed.id.0)) {
                *slot = made;
            }
        }
        for placed in &known {
            let again = self.make_attribute_type(placed)?;
            same(&again, self.attribute(placed.id))
                .map_err(|refusal| refuse(&placed.definition, &placed.origin, refusal))?;
        }
        self.fill_in_subtypes();
        Ok(())
    }

    /// Enters the names of a definition, and keeps a place for it when it is new.
    fn place_attribute_type(
        &mut self,
        definition: &AttributeTypeDefinition,
    ) -> Result<AttributeTypeId, Refusal> {
        let AttributeTypeDefinition { oid, names, .. } = definition;
        let next = self.attribute_types.len();
        let oid_at = |position: usize| {
            let taken = self.attribute_types.get(position);
            taken.map(|taken| taken.oid.clone())
        };
        let position = place(&mut self.attribute_names, next, oid, names, oid_at)?;
        if usize::from(position) == next {
            self.attribute_types.push(AttributeType {
                oid: oid.clone(),
                ..AttributeType::unknown()
            });
        }
        Ok(AttributeTypeId(position))
    }

    fn superior_of(&self, placed: &Placed) -> Result<Option<AttributeTypeId>, SchemaError> {
        let Some(name) = &placed.definition.superior else {
            return Ok(None);
        };
        let unknown = || {
            let refusal = Refusal::Unknown {
                keyword: "SUP",
                name: name.clone(),
            };
            refuse(&placed.definition, &placed.origin, refusal)
        };
        self.attribute_id(name).ok_or_else(unknown).map(Some)
    }

    /// Makes an attribute type whose superior is made.
    fn make_attribute_type(&self, placed: &Placed) -> Result<AttributeType, SchemaError> {
        let superior = placed.superior.map(|id| (id, self.attribute(id)));
        make(&placed.definition, superior)
            .map_err(|refusal| refuse(&placed.definition, &placed.origin, refusal))
    }

    /// Gives every type the list of what derives from it, itself first.
    fn fill_in_subtypes(&mut self) {
        let count = u16::try_from(self.attribute_types.len()).unwrap_or(u16::MAX);
        let ids = || (0..count).map(AttributeTypeId);
        let mut subtypes: Vec<Vec<AttributeTypeId>> = ids().map(|id| vec![id]).collect();
        for id in ids() {
            let mut ancestor = self.attribute(id).superior;
            while let Some(above) = ancestor {
                if let Some(subtypes) = subtypes.get_mut(usize::from(above.0)) {
                    subtypes.push(id);
                }
                ancestor = self.attribute(above).superior;
            }
        }
        for (attribute_type, subtypes) in self.attribute_types.iter_mut().zip(subtypes) {
            attribute_type.subtypes = subtypes;
        }
    }
}

fn make(
    definition: &AttributeTypeDefinition,
    superior: Option<(AttributeTypeId, &AttributeType)>,
) -> Result<AttributeType, Refusal> {
    let inherited = superior.map(|(_, superior)| superior);
    if let Some(inherited) = inherited.filter(|it| it.usage != definition.usage) {
        return Err(Refusal::UsageOfSupertype(inherited.name().to_owned()));
    }
    let equality = rule("EQUALITY", &definition.equality, RuleKind::Equality)?;
    let ordering = rule("ORDERING", &definition.ordering, RuleKind::Ordering)?;
    let substrings = rule("SUBSTR", &definition.substrings, RuleKind::Substrings)?;
    let syntax = syntax(&definition.syntax)?;
    let rule_name = |rule: Option<Rule>| rule.map(|rule| rule.name().to_owned());
    // What the subschema shows: what the definition says, names spelled as where they are defined.
    let text = AttributeTypeDefinition {
        superior: inherited.map(|it| it.name().to_owned()),
        equality: rule_name(equality),
        ordering: rule_name(ordering),
        substrings: rule_name(substrings),
        ..definition.clone()
    }
    .to_string();
    Ok(AttributeType {
        oid: definition.oid.clone(),
        names: definition.names.clone(),
        superior: superior.map(|(id, _)| id),
        equality: equality.or(inherited.and_then(|it| it.equality)),
        ordering: ordering.or(inherited.and_then(|it| it.ordering)),
        substrings: substrings.or(inherited.and_then(|it| it.substrings)),
        syntax: syntax
            .or(inherited.map(|it| it.syntax))
            .unwrap_or(Syntax::OctetString),
        syntax_bound: match syntax {
            Some(_) => definition.syntax_bound,
            None => inherited.and_then(|it| it.syntax_bound),
        },
        single_value: definition.single_value,
        collective: definition.collective,
        no_user_modification: definition.no_user_modification,
        usage: definition.usage,
        secret: is_secret(&definition.oid) || inherited.is_some_and(|it| it.secret),
        subtypes: Vec::new(),
        text,
    })
}

/// Whether two definitions of a type mean the same.
fn same(again: &AttributeType, there: &AttributeType) -> Result<(), Refusal> {
    let unmodifiable = again.no_user_modification != there.no_user_modification;
    first_difference(&[
        ("SUP", again.superior != there.superior),
        ("EQUALITY", again.equality != there.equality),
        ("ORDERING", again.ordering != there.ordering),
        ("SUBSTR", again.substrings != there.substrings),
        ("SYNTAX", again.syntax != there.syntax),
        ("SINGLE-VALUE", again.single_value != there.single_value),
        ("COLLECTIVE", again.collective != there.collective),
        ("NO-USER-MODIFICATION", unmodifiable),
        ("USAGE", again.usage != there.usage),
    ])
}

fn rule(
    keyword: &'static str,
    name: &Option<String>,
    kind: RuleKind,
) -> Result<Option<Rule>, Refusal> {
    let Some(name) = name else { return Ok(None) };
    match Rule::by_name(name) {
        Some(rule) if rule.kind() == kind => Ok(Some(rule)),
        Some(_) => Err(Refusal::WrongRule {
            keyword,
            name: name.clone(),
        }),
        None => Err(Refusal::Unknown {
            keyword,
            name: name.clone(),
        }),
    }
}

fn syntax(oid: &Option<String>) -> Result<Option<Syntax>, Refusal> {
    let Some(oid) = oid else { return Ok(None) };
    let unknown = || Refusal::Unknown {
        keyword: "SYNTAX",
        name: oid.clone(),
    };
    Syntax::by_oid(oid).ok_or_else(unknown).map(Some)
}

fn refuse(definition: &AttributeTypeDefinition, origin: &Origin, refusal: Refusal) -> SchemaError {
    let name = canonical(&definition.names, &definition.oid);
    refused(DefinitionKind::AttributeType, name, origin, refusal)
}
