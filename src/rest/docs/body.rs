//! Bodies on the page at `/docs`: their members in a table, and an example of each.
//!
//! Owns how a schema (JSON Schema, as OpenAPI 3.1 has it) is shown to people. What stands in it is the dialect's.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::escape;
use crate::rest::operation::{Dialect, Shape};

/// How deep examples are shown: the schemas are no deeper, but might lead back to themselves.
const DEPTH: usize = 8;

/// The schemas of a dialect, by name.
pub struct Bodies(Map<String, Value>);

impl Bodies {
    pub fn of(dialect: &Dialect) -> Self {
        let schemas = (dialect.schemas)().into_iter();
        let read = |schema| serde_json::to_value(schema).unwrap_or_default();
        Self(
            schemas
                .map(|(name, schema)| (name.to_owned(), read(schema)))
                .collect(),
        )
    }

    /// One body of this shape, as JSON.
    pub fn example(&self, shape: Shape) -> Option<String> {
        let named = |name: &str| self.0.get(name).map(|schema| self.sample(schema, DEPTH));
        let value = match shape {
            Shape::Nothing => None,
            Shape::One(name) | Shape::Maybe(name) | Shape::List(name, _) => named(name),
            Shape::Many(name) => named(name).map(|one| Value::Array(vec![one])),
        };
        value.map(|value| value.to_string())
    }

    /// A value that a schema is an example of.
    fn sample(&self, schema: &Value, depth: usize) -> Value {
        if let Some(example) = schema.get("example") {
            return example.clone();
        }
        let Some(depth) = depth.checked_sub(1) else {
            return Value::Null;
        };
        if let Some(named) = reference(schema).and_then(|name| self.0.get(name)) {
            return self.sample(named, depth);
        }
        if let Some(members) = schema.get("properties").and_then(Value::as_object) {
            let sampled = members
                .iter()
                .map(|(name, member)| (name.clone(), self.sample(member, depth)));
            return Value::Object(sampled.collect());
        }
        match schema.get("items") {
            Some(items) => Value::Array(vec![self.sample(items, depth)]),
            None => Value::Null,
        }
    }

    /// Writes all of them.
    pub fn show(&self, out: &mut String) {
        for (name, schema) in &self.0 {
            let _ = write!(
                out,
                "<details><summary><code>{name}</code> {}</summary><table id={name}>",
                escape(text(schema, "description"))
            );
            let required = schema.get("required").and_then(Value::as_array);
            let members = schema.get("properties").and_then(Value::as_object);
            for (member, schema) in members.into_iter().flatten() {
                let needed = required.is_some_and(|names| names.contains(&member.as_str().into()));
                let _ = write!(
                    out,
                    "<tr><td><code>{}</code>{}<td>{}<td>{}",
                    escape(member),
                    if needed { ", required" } else { "" },
                    form(schema),
                    escape(text(schema, "description")),
                );
                if let Some(example) = schema.get("example") {
                    let _ = write!(out, " <code>{}</code>", escape(&example.to_string()));
                }
            }
            out.push_str("</table></details>");
        }
    }
}

fn text<'a>(schema: &'a Value, key: &str) -> &'a str {
    schema.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The name that a schema stands for, or that it or null may be.
fn reference(schema: &Value) -> Option<&str> {
    let choices = schema.get("oneOf").and_then(Value::as_array);
    let mut schemas = std::iter::once(schema).chain(choices.into_iter().flatten());
    let named = schemas.find_map(|schema| schema.get("$ref"))?.as_str()?;
    named.rsplit('/').next()
}

/// What a value may be, in words.
fn form(schema: &Value) -> String {
    if let Some(name) = reference(schema) {
        return format!("<a href=#{name}><code>{name}</code></a>");
    }
    if let Some(items) = schema.get("items") {
        return format!("list of {}", form(items));
    }
    if let Some(known) = schema.get("enum").and_then(Value::as_array) {
        let known: Vec<&str> = known.iter().filter_map(Value::as_str).collect();
        return escape(&known.join(", "));
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => vec!["any"],
    };
    let mut words = types.join(" or ");
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        words.push_str(&format!(" ({})", escape(format)));
    }
    words + &range(schema, "Length", " characters") + &range(schema, "imum", "")
}

/// From where to where something goes.
fn range(schema: &Value, of: &str, unit: &str) -> String {
    match ["min", "max"].map(|end| schema.get(format!("{end}{of}"))) {
        [Some(least), Some(most)] => format!(", {least} to {most}{unit}"),
        [Some(least), None] => format!(", at least {least}{unit}"),
        [None, Some(most)] => format!(", at most {most}{unit}"),
        [None, None] => String::new(),
    }
}
