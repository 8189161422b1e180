//! One modification of an attribute that the entry keeps itself, on the values in memory.

use crate::directory::attributes::{Attribute, Attributes};
use crate::directory::error::Error;
use crate::directory::request::{Modification, ModificationKind};
use crate::directory::schema::{AttributeDescription, Schema, Syntax};
use crate::directory::write::equal;

pub(super) fn modify_attribute(
    schema: &Schema,
    attributes: &mut Attributes,
    description: &AttributeDescription,
    modification: &Modification,
) -> Result<(), Error> {
    let text = &modification.attribute;
    let id = description.attribute;
    match modification.kind {
        ModificationKind::Add if modification.values.is_empty() => Err(
            Error::InvalidAttributeSyntax(format!("no values of \"{text}\" to add")),
        ),
        ModificationKind::Add => {
            match attributes.find_mut(description) {
                Some(values) => values.extend(modification.values.iter().cloned()),
                None => put(attributes, description, &modification.values),
            }
            Ok(())
        }
        ModificationKind::Replace => {
            attributes.remove(description);
            if !modification.values.is_empty() {
                put(attributes, description, &modification.values);
            }
            Ok(())
        }
        ModificationKind::Delete if modification.values.is_empty() => {
            match attributes.remove(description) {
                Some(_) => Ok(()),
                None => Err(Error::NoSuchAttribute(format!(
                    "the entry has no \"{text}\""
                ))),
            }
        }
        ModificationKind::Delete => {
            let values = attributes
                .find_mut(description)
                .ok_or_else(|| Error::NoSuchAttribute(format!("the entry has no \"{text}\"")))?;
            for (at, value) in modification.values.iter().enumerate() {
                let found = values.iter().position(|has| equal(schema, id, has, value));
                let found = found.ok_or_else(|| {
                    Error::NoSuchAttribute(format!("value {} of \"{text}\" is not there", at + 1))
                })?;
                values.remove(found);
            }
            if values.is_empty() {
                attributes.remove(description);
            }
            Ok(())
        }
        ModificationKind::Increment => increment(schema, attributes, description, modification),
    }
}

fn put(attributes: &mut Attributes, description: &AttributeDescription, values: &[Vec<u8>]) {
    attributes.insert(Attribute {
        description: description.clone(),
        values: values.to_vec(),
    });
}

fn increment(
    schema: &Schema,
    attributes: &mut Attributes,
    description: &AttributeDescription,
    modification: &Modification,
) -> Result<(), Error> {
    let text = &modification.attribute;
    let number = |value: &[u8]| std::str::from_utf8(value).ok()?.parse::<i64>().ok();
    if schema.attribute(description.attribute).syntax != Syntax::Integer {
        return Err(Error::ConstraintViolation(format!(
            "\"{text}\" has no numbers to increment"
        )));
    }
    let by = match modification.values.as_slice() {
        [by] => number(by),
        _ => None,
    };
    let by = by.ok_or_else(|| {
        Error::ConstraintViolation(format!("\"{text}\" is incremented by one number"))
    })?;
    let values = attributes
        .find_mut(description)
        .ok_or_else(|| Error::NoSuchAttribute(format!("the entry has no \"{text}\"")))?;
    for value in values {
        let sum = number(value).and_then(|number| number.checked_add(by));
        let sum = sum.ok_or_else(|| {
            Error::ConstraintViolation(format!("\"{text}\" cannot grow that far"))
        })?;
        *value = sum.to_string().into_bytes();
    }
    Ok(())
}
