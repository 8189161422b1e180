//! The values that the name of an entry is made of: each is among the entry's own as well (RFC 4512 section 2.3.2).

use super::equal;
use crate::directory::attributes::{Attribute, Attributes};
use crate::directory::dn::Rdn;
use crate::directory::error::Error;
use crate::directory::schema::{AttributeDescription, AttributeTypeId, Schema};
use crate::directory::view::Computed;

/// The assertions of a relative name with their types.
pub(super) fn naming(schema: &Schema, rdn: &Rdn) -> Result<Vec<(AttributeTypeId, Vec<u8>)>, Error> {
    let mut assertions = Vec::new();
    for ava in rdn.assertions() {
        let id = schema.attribute_id(&ava.attribute).ok_or_else(|| {
            Error::UndefinedAttributeType(format!(
                "the name uses \"{}\", which is no attribute type",
                ava.attribute
            ))
        })?;
        if Computed::of(id).is_some()
            || schema.attribute(id).is_operational()
            || schema.attribute(id).is_secret()
        {
            return Err(Error::NamingViolation(format!(
                "\"{}\" cannot be part of a name",
                ava.attribute
            )));
        }
        assertions.push((id, ava.value.clone()));
    }
    Ok(assertions)
}

/// The assertions of a relative name that an entry is to get: no two are the same (RFC 4512 section 2.3.1).
pub(super) fn new_naming(
    schema: &Schema,
    rdn: &Rdn,
) -> Result<Vec<(AttributeTypeId, Vec<u8>)>, Error> {
    let assertions = naming(schema, rdn)?;
    let mut rest = assertions.as_slice();
    while let Some(((id, value), others)) = rest.split_first() {
        let same = |(of, other): &(_, Vec<u8>)| of == id && equal(schema, *id, other, value);
        if others.iter().any(same) {
            return Err(Error::NamingViolation(format!(
                "the name has the same value of \"{}\" twice",
                schema.attribute(*id).name()
            )));
        }
        rest = others;
    }
    Ok(assertions)
}

/// Inserts of the naming values that an entry lacks (RFC 4511 section 4.7 lets clients leave them out).
pub(super) fn complete_naming(
    schema: &Schema,
    attributes: &mut Attributes,
    naming: &[(AttributeTypeId, Vec<u8>)],
) {
    for (id, value) in naming {
        let plain = AttributeDescription::from(*id);
        match attributes.find_mut(&plain) {
            Some(values) => {
                if !values.iter().any(|has| equal(schema, *id, has, value)) {
                    values.push(value.clone());
                }
            }
            None => {
                attributes.insert(Attribute {
                    description: plain,
                    values: vec![value.clone()],
                });
            }
        }
    }
}
