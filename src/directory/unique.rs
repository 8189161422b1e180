//! Attributes of which no two entries may have equal values, such as the name that people log in with.
//!
//! Owns which attributes can be kept so. Whether a change keeps them so is judged where changes are (`write`).

use super::schema::{AttributeTypeId, Schema};
use super::view::Computed;

/// The attributes whose values are unique, in all of the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UniqueAttributes(Vec<AttributeTypeId>);

impl UniqueAttributes {
    /// The attributes of these names.
    ///
    /// # Errors
    /// Says which of them cannot be unique, and why.
    pub fn compile(schema: &Schema, names: &[String]) -> Result<Self, String> {
        let ids = names.iter().map(|name| {
            let id = schema
                .attribute_id(name)
                .ok_or_else(|| format!("\"{name}\" is no attribute of the schema"))?;
            let attribute = schema.attribute(id);
            if attribute.is_secret() {
                return Err(format!("\"{name}\" is secret and is not compared"));
            }
            if Computed::of(id).is_some() {
                return Err(format!("\"{name}\" is kept by the server"));
            }
            if attribute.equality.is_none() {
                return Err(format!("\"{name}\" has no equality rule"));
            }
            Ok(id)
        });
        ids.collect::<Result<_, _>>().map(Self)
    }

    /// The attribute types; the directory must have an equality index of each.
    pub fn ids(&self) -> &[AttributeTypeId] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::schema::PosixGroup;

    #[test]
    fn what_cannot_be_compared_cannot_be_unique() {
        let schema = Schema::built_in(PosixGroup::Auxiliary).unwrap();
        let compile = |name: &str| UniqueAttributes::compile(&schema, &[name.to_owned()]);
        assert_eq!(
            compile("UserID").unwrap().ids(),
            [schema.attribute_id("uid").unwrap()]
        );
        for name in [
            "nothing",
            "userPassword",
            "member",
            "entryUUID",
            "jpegPhoto",
        ] {
            let error = compile(name).unwrap_err();
            assert!(error.contains(name), "{error}");
        }
    }
}
