//! Reading a text with definitions: LDIF as directories keep and exchange their schema. The definitions are read here
//! and put together in `resolve`.

use super::Schema;
use super::definition::{AttributeTypeDefinition, ObjectClassDefinition, OidMacros};
use super::error::{Origin, SchemaError, SchemaProblem};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::borrow::Cow;

/// A definition and where it was found.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    pub(super) definition: T,
    pub(super) origin: Origin,
}

/// What a text, or several, define.
#[derive(Clone, Debug, Default)]
pub(super) struct Definitions {
    pub(super) attribute_types: Vec<Located<AttributeTypeDefinition>>,
    pub(super) object_classes: Vec<Located<ObjectClassDefinition>>,
}

impl Schema {
    /// Adds the definitions of a text to the schema: all of them, or none when any is wrong.
    ///
    /// The text is LDIF (RFC 2849). Taken are the values of `attributeTypes` and `objectClasses` and of the
    /// `olcAttributeTypes`, `olcObjectClasses` and `olcObjectIdentifier` of OpenLDAP, a `{n}` before a value left out.
    /// What else such files have about the entry that holds the definitions is passed over; anything that would change
    /// the schema in another way is refused. Definitions may refer to others further down.
    ///
    /// A definition that is there already is accepted when it means the same: descriptions, extensions and advisory
    /// lengths may differ, and names may be fewer.
    ///
    /// `source` is what errors call the text.
    pub fn load(&mut self, source: &str, ldif: &str) -> Result<(), SchemaError> {
        let mut definitions = Definitions::default();
        definitions.read(source, ldif, OidMacros::default())?;
        self.extend(definitions)
    }
}

impl Definitions {
    /// Adds the definitions of a text to those read before.
    pub(super) fn read(
        &mut self,
        source: &str,
        ldif: &str,
        mut macros: OidMacros,
    ) -> Result<(), SchemaError> {
        for line in unfold(ldif) {
            let origin = |line| Origin {
                source: source.to_owned(),
                line,
            };
            self.read_line(&line, origin(line.number), &mut macros)
                .map_err(|problem| SchemaError {
                    origin: origin(line.number_of(&problem)),
                    problem,
                })?;
        }
        Ok(())
    }

    fn read_line(
        &mut self,
        line: &Line,
        origin: Origin,
        macros: &mut OidMacros,
    ) -> Result<(), SchemaProblem> {
        let Some((attribute, value)) = line.attribute()? else {
            return Ok(());
        };
        let keyword = attribute.to_ascii_lowercase();
        match keyword.strip_prefix("olc").unwrap_or(&keyword) {
            "attributetypes" => {
                let definition = AttributeTypeDefinition::parse(&value, macros)
                    .map_err(SchemaProblem::Malformed)?;
                self.attribute_types.push(Located { definition, origin });
            }
            "objectclasses" => {
                let definition = ObjectClassDefinition::parse(&value, macros)
                    .map_err(SchemaProblem::Malformed)?;
                self.object_classes.push(Located { definition, origin });
            }
            "objectidentifier" => {
                let (name, oid) = value
                    .split_once([' ', '\t'])
                    .ok_or(SchemaProblem::Ldif("expected a name and an identifier"))?;
                macros
                    .define(name, oid.trim())
                    .map_err(SchemaProblem::MalformedMacro)?;
            }
            other if is_beside(other, value.trim_end()) => {}
            _ => return Err(SchemaProblem::Unsupported(attribute.to_owned())),
        }
        Ok(())
    }
}

/// Whether a line of a schema file says nothing of the schema: what the entry with the definitions is called, how it is
/// changed, and what its server keeps about it.
fn is_beside(attribute: &str, value: &str) -> bool {
    match attribute {
        "changetype" => ["add", "modify"]
            .iter()
            .any(|v| value.eq_ignore_ascii_case(v)),
        "version"
        | "dn"
        | "objectclass"
        | "cn"
        | "add"
        | "structuralobjectclass"
        | "entryuuid"
        | "entrycsn"
        | "creatorsname"
        | "createtimestamp"
        | "modifiersname"
        | "modifytimestamp" => true,
        _ => false,
    }
}

/// A line of LDIF, with the lines that were folded off it.
struct Line {
    number: usize,
    text: String,
    /// Where in the text each further physical line begins.
    folds: Vec<usize>,
}

impl Line {
    /// The attribute and its value; none when the line is blank, a comment or the end of a change.
    fn attribute(&self) -> Result<Option<(&str, Cow<'_, str>)>, SchemaProblem> {
        let text = self.text.as_str();
        if text.trim().is_empty() || text.starts_with('#') || text == "-" {
            return Ok(None);
        }
        let (attribute, value) = text.split_once(':').ok_or(SchemaProblem::Ldif(
            "expected an attribute, a colon and a value",
        ))?;
        let value = match value.strip_prefix(':') {
            Some(encoded) => BASE64
                .decode(encoded.trim())
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .map(|value| Cow::Owned(without_index(&value).to_owned()))
                .ok_or(SchemaProblem::Ldif("the value is not UTF-8 in base64"))?,
            None if value.starts_with('<') => {
                return Err(SchemaProblem::Ldif("values are not read from a URL"));
            }
            None => Cow::Borrowed(without_index(value.trim_start())),
        };
        Ok(Some((attribute, value)))
    }

    /// The number of the physical line that a problem is in.
    fn number_of(&self, problem: &SchemaProblem) -> usize {
        let (SchemaProblem::Malformed(error), Ok(Some((_, Cow::Borrowed(value))))) =
            (problem, self.attribute())
        else {
            return self.number;
        };
        let before_value = self.text.len().saturating_sub(value.len());
        let position = before_value.saturating_add(error.position);
        let folds = self.folds.iter().filter(|fold| **fold <= position).count();
        self.number.saturating_add(folds)
    }
}

/// The value without the `{n}` by which OpenLDAP orders values.
fn without_index(value: &str) -> &str {
    value
        .strip_prefix('{')
        .and_then(|rest| rest.split_once('}'))
        .filter(|(index, _)| !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(value, |(_, rest)| rest.trim_start())
}

/// The lines of a text, each joined with those that continue it (RFC 2849 note 2).
fn unfold(text: &str) -> impl Iterator<Item = Line> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut physical = (1..).zip(text.lines()).peekable();
    std::iter::from_fn(move || {
        let (number, first) = physical.next()?;
        let mut line = Line {
            number,
            text: first.to_owned(),
            folds: Vec::new(),
        };
        while let Some((_, folded)) = physical.next_if(|(_, next)| next.starts_with(' ')) {
            line.folds.push(line.text.len());
            line.text
                .push_str(folded.strip_prefix(' ').unwrap_or_default());
        }
        Some(line)
    })
}

#[cfg(test)]
mod tests;
