//! JSON Patch (RFC 6902), as far as this dialect has it: what a user is after one.
//!
//! Owns which steps there are and which members they may touch. The change of the entry that follows is `update`'s.

use serde_json::Value;

use super::resource::UserRecord;
use super::update::{TEXTS, UserFields};
use crate::directory::EntryCopy;
use crate::rest::fault::Fault;
use crate::rest::json::{self, Members};

/// The most steps of a patch.
const STEPS: usize = 100;

/// Members that a patch cannot change.
const KEPT: [&str; 9] = [
    "_id",
    "_created",
    "_modified",
    "externalId",
    "system",
    "inactiveReason",
    "invitationPending",
    "invitationExpiry",
    "temporarilyLocked",
];

/// What one step of a patch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Sets a member.
    Add,
    /// Takes a member away that is there.
    Remove,
    /// Sets a member that is there.
    Replace,
}

/// One step of a patch (RFC 6902 section 4).
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it does.
    pub operator: Operator,
    /// The member.
    pub member: String,
    /// The value; `None` for a removal.
    pub value: Option<Value>,
}

/// The steps of a patch.
///
/// # Errors
/// With the number of the step that is not one.
pub fn steps(body: &[u8]) -> Result<Vec<Step>, Fault> {
    let items = json::list(body)?;
    if items.len() > STEPS {
        return Err(Fault::invalid(format!(
            "a patch of more than {STEPS} steps"
        )));
    }
    let numbered = items.into_iter().enumerate();
    let steps = numbered.map(|(at, item)| {
        step(item).map_err(|fault| Fault::invalid(format!("[{at}]: {}", fault.text)))
    });
    steps.collect()
}

fn step(item: Value) -> Result<Step, Fault> {
    let mut members = Members::of(item, "a step")?;
    let operator = match members.required("op")?.as_str() {
        "add" => Operator::Add,
        "remove" => Operator::Remove,
        "replace" => Operator::Replace,
        other => {
            let text = format!(
                "op: \"{}\" is not one of add, remove, replace",
                shorten(other)
            );
            return Err(Fault::invalid(text));
        }
    };
    let path = members.required("path")?;
    let value = members.any("value");
    members.end()?;
    // RFC 6901: a pointer to a member of the object itself.
    let pointed = path.strip_prefix('/').filter(|rest| !rest.contains('/'));
    let member = pointed.map(|text| text.replace("~1", "/").replace("~0", "~"));
    let member = member.ok_or_else(|| {
        Fault::invalid(format!(
            "path: \"{}\" is no member, such as /userName",
            shorten(&path)
        ))
    })?;
    if operator != Operator::Remove && value.is_none() {
        return Err(Fault::invalid("value: is required"));
    }
    Ok(Step {
        operator,
        member,
        value: value.filter(|_| operator != Operator::Remove),
    })
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

impl Step {
    /// The text that a member gets; `None` when it goes. `has` says whether it is there.
    pub fn text(&self, has: bool) -> Result<Option<String>, Fault> {
        let member = &self.member;
        if self.operator != Operator::Add && !has {
            return Err(Fault::invalid(format!("/{member}: is not there")));
        }
        match &self.value {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() && text.len() <= 4_096 => {
                Ok(Some(text.clone()))
            }
            Some(_) => Err(Fault::invalid(format!(
                "/{member}: must be a string of 1 to 4096 bytes"
            ))),
        }
    }
}

/// What a user is after a patch.
pub fn patched(entry: &EntryCopy, steps: &[Step]) -> Result<UserFields, Fault> {
    let mut fields = UserFields::of(entry);
    let record = UserRecord::of_copy(entry);
    for step in steps {
        let member = step.member.as_str();
        if TEXTS.contains(&member) {
            let value = step.text(fields.get(member).is_some())?;
            if let Some(place) = fields.place(member) {
                *place = value;
            }
            continue;
        }
        match (member, step.operator, &step.value) {
            ("active", Operator::Add | Operator::Replace, Some(Value::Bool(active))) => {
                fields.active = Some(*active);
            }
            ("active", ..) => return Err(Fault::invalid("/active: must be true or false")),
            ("deleted", Operator::Remove, _) if record.is_deleted() => fields.restored = true,
            ("deleted", Operator::Remove, _) => {
                return Err(Fault::invalid("/deleted: is not there"));
            }
            (kept, ..) if kept == "deleted" || KEPT.contains(&kept) => {
                return Err(Fault::invalid(format!("/{kept}: cannot be changed")));
            }
            (other, ..) => {
                return Err(Fault::invalid(format!(
                    "/{}: is no member of a user",
                    shorten(other)
                )));
            }
        }
    }
    fields.user_name()?;
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_that_is_none_is_refused_with_its_place() {
        for (body, place) in [
            (r#"{}"#, "array"),
            (r#"[{"op":"test","path":"/email","value":"a"}]"#, "[0]: op"),
            (r#"[{"op":"add","path":"/email"}]"#, "[0]: value"),
            (r#"[{"op":"remove","path":"email"}]"#, "[0]: path"),
            (r#"[{"op":"remove","path":"/a/b"}]"#, "[0]: path"),
            (r#"[{"op":"remove","path":""}]"#, "[0]: path"),
            (r#"[{"op":"remove","path":"/email","from":"/x"}]"#, "from"),
            (r#"[{"op":"remove","path":"/email"},1]"#, "[1]"),
        ] {
            let fault = steps(body.as_bytes()).unwrap_err();
            assert!(fault.text.contains(place), "{body}: {fault:?}");
        }
    }

    #[test]
    fn pointers_are_unescaped_in_the_right_order() {
        let body = br#"[{"op":"remove","path":"/~01~1"}]"#;
        assert_eq!(steps(body).unwrap()[0].member, "~1/");
    }
}
