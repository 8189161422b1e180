//! Bodies of requests: JSON objects whose members are taken one by one, so that what nobody asked for is refused by name.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::fault::Fault;

/// The members of an object that were not taken yet.
pub struct Members(Map<String, Value>);

/// The longest text of a member, in bytes.
const LONGEST: usize = 4_096;
/// The most items of a list.
const MOST: usize = 1_000;

impl Members {
    /// The object that a body is.
    ///
    /// # Errors
    /// When it is no JSON (RFC 8259) or no object.
    pub fn read(body: &[u8]) -> Result<Self, Fault> {
        match parse(body)? {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(Fault::invalid("the body must be a JSON object")),
        }
    }

    /// The object that a value is; `what` names it in errors.
    pub fn of(value: Value, what: &str) -> Result<Self, Fault> {
        match value {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(Fault::invalid(format!("{what} must be a JSON object"))),
        }
    }

    /// Takes a text; null counts as absent.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() <= LONGEST => Ok(Some(text)),
            Some(Value::String(_)) => Err(Fault::invalid(format!(
                "{name}: a text of more than {LONGEST} bytes"
            ))),
            Some(_) => Err(Fault::invalid(format!("{name}: must be a string"))),
        }
    }

    /// Takes a text that must be there and not be empty.
    pub fn required(&mut self, name: &str) -> Result<String, Fault> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| Fault::invalid(format!("{name}: is required")))
    }

    /// Takes a list of texts, of which none may be there twice; null counts as absent, and absent as empty.
    pub fn unique_texts(&mut self, name: &str) -> Result<Vec<String>, Fault> {
        let refused = |text: &str| Fault::invalid(format!("{name}: {text}"));
        let items = match self.0.remove(name) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(items)) if items.len() <= MOST => items,
            Some(Value::Array(_)) => return Err(refused("has too many items")),
            Some(_) => return Err(refused("must be an array of strings")),
        };
        let mut texts = Vec::with_capacity(items.len());
        let mut seen = BTreeSet::new();
        for item in items {
            match item {
                Value::String(text) if text.len() > LONGEST => {
                    return Err(refused("holds a text that is too long"));
                }
                Value::String(text) if seen.insert(text.clone()) => texts.push(text),
                Value::String(_) => return Err(refused("holds a text twice")),
                _ => return Err(refused("must be an array of strings")),
            }
        }
        Ok(texts)
    }

    /// Takes a truth value; null counts as absent.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, Fault> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(Fault::invalid(format!("{name}: must be true or false"))),
        }
    }

    /// Takes a member of any kind.
    pub fn any(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Drops members that are known and have no effect.
    pub fn ignore(&mut self, names: &[&str]) {
        for name in names {
            self.0.remove(*name);
        }
    }

    /// Refuses what is left.
    pub fn end(self) -> Result<(), Fault> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => {
                let name: String = name.chars().take(64).collect();
                Err(Fault::invalid(format!(
                    "\"{name}\" is no member of this object"
                )))
            }
        }
    }
}

/// The list that a body is.
///
/// # Errors
/// When it is no JSON or no array.
pub fn list(body: &[u8]) -> Result<Vec<Value>, Fault> {
    match parse(body)? {
        Value::Array(items) => Ok(items),
        _ => Err(Fault::invalid("the body must be a JSON array")),
    }
}

fn parse(body: &[u8]) -> Result<Value, Fault> {
    serde_json::from_slice(body)
        .map_err(|error| Fault::invalid(format!("the body is not JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_is_refused_by_name() {
        let mut members = Members::read(br#"{"a":"x","b":true,"c":1}"#).unwrap();
        assert_eq!(members.required("a"), Ok("x".to_owned()));
        assert_eq!(members.flag("b"), Ok(Some(true)));
        let left = members.end().unwrap_err();
        assert!(left.text.contains("\"c\""), "{left:?}");
    }

    #[test]
    fn a_member_of_another_kind_is_refused_by_name() {
        let mut members = Members::read(br#"{"a":1,"b":"true","c":"","d":null}"#).unwrap();
        assert!(members.text("a").unwrap_err().text.starts_with("a:"));
        assert!(members.flag("b").unwrap_err().text.starts_with("b:"));
        assert!(members.required("c").unwrap_err().text.starts_with("c:"));
        assert_eq!(members.text("d"), Ok(None));
    }

    #[test]
    fn a_list_of_texts_holds_each_once() {
        let read = |text: &str| Members::read(text.as_bytes()).unwrap().unique_texts("a");
        assert_eq!(read("{}"), Ok(Vec::new()));
        assert_eq!(
            read(r#"{"a":["x","y"]}"#),
            Ok(vec!["x".to_owned(), "y".to_owned()])
        );
        for wrong in [r#"{"a":["x","x"]}"#, r#"{"a":"x"}"#, r#"{"a":[1]}"#] {
            assert!(read(wrong).unwrap_err().text.starts_with("a: "), "{wrong}");
        }
    }

    #[test]
    fn bodies_that_are_deep_or_broken_are_refused() {
        let deep = "[".repeat(100_000);
        for body in ["", "{", "[1]", deep.as_str(), "{\"a\":1}x", "\u{feff}{}"] {
            assert!(Members::read(body.as_bytes()).is_err());
        }
        assert!(list(b"{}").is_err());
    }
}
