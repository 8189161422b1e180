//! The definitions the server brings along, in texts grouped by the document they come from, and our own.

use super::Schema;
use super::definition::OidMacros;
use super::error::{Origin, SchemaError, SchemaProblem};
use super::load::Definitions;
use super::well_known;

/// The arc of our own object identifiers: 2.25 and a UUID as a number (ITU-T X.667), the UUID being
/// 45b31e48-4f81-4587-bf7f-fc619dad46bb. Attribute types are below `.1`, object classes below `.2`.
pub const OWN_ARC: &str = "2.25.92646767048158335507028011983555086011";

/// Which form the class posixGroup has.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum PosixGroup {
    /// Auxiliary, beside groupOfNames or another structural class in one entry (draft-howard-rfc2307bis).
    #[default]
    Auxiliary,
    /// Structural, a group of its own (RFC 2307).
    Structural,
}

/// The texts, under the names that errors call them by.
macro_rules! texts {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("built_in/", $name)))),*] };
}

const TEXTS: &[(&str, &str)] = texts![
    "rfc4512.ldif",
    "rfc4519.ldif",
    "rfc2079.ldif",
    "operational.ldif",
    "rfc4523.ldif",
    "rfc4524.ldif",
    "rfc2256.ldif",
    "rfc1274.ldif",
    "rfc2798.ldif",
    "rfc2985.ldif",
    "rfc2307.ldif",
    "groups.ldif",
    "password_policy.ldif",
    "openssh_lpk.ldif",
    "hedgerow.ldif",
    "identity.ldif",
    "harness.ldif",
    "netmaker.ldif",
    "harmony_sase.ldif",
];

const POSIX_GROUP_AUXILIARY: &[(&str, &str)] = texts!["posix_group_auxiliary.ldif"];
const POSIX_GROUP_STRUCTURAL: &[(&str, &str)] = texts!["posix_group_structural.ldif"];

impl Schema {
    /// The schema the server brings along, with posixGroup in the form asked for.
    ///
    /// # Errors
    /// None that tests do not find: the texts are part of the program.
    pub fn built_in(posix_group: PosixGroup) -> Result<Schema, SchemaError> {
        let posix_group = match posix_group {
            PosixGroup::Auxiliary => POSIX_GROUP_AUXILIARY,
            PosixGroup::Structural => POSIX_GROUP_STRUCTURAL,
        };
        let mut macros = OidMacros::default();
        macros
            .define("hedgerow", OWN_ARC)
            .map_err(|problem| SchemaError {
                origin: Origin {
                    source: String::from("the arc of own identifiers"),
                    line: 1,
                },
                problem: SchemaProblem::MalformedMacro(problem),
            })?;
        let mut definitions = Definitions::default();
        for (name, text) in TEXTS.iter().chain(posix_group) {
            definitions.read(name, text, macros.clone())?;
        }
        // The sorts are stable: what is not well-known stays in the order of the texts.
        definitions
            .attribute_types
            .sort_by_key(|located| rank(well_known::NAMES, &located.definition.names));
        definitions
            .object_classes
            .sort_by_key(|located| rank(well_known::class::NAMES, &located.definition.names));
        let mut schema = Schema::empty();
        schema.extend(definitions)?;
        Ok(schema)
    }
}

/// The position of a definition's first name in a list; past the end when it is not there.
fn rank(list: &[&str], names: &[String]) -> usize {
    let found = |first: &String| list.iter().position(|name| name == first);
    names.first().and_then(found).unwrap_or(list.len())
}

#[cfg(test)]
mod tests;
