//! The roles that a request names for new users of a scope.
//!
//! Owns what such a role may look like.

use serde_json::Value;

use super::MOST;
use crate::rest::fault::Fault;
use crate::rest::harness::roles::{ALL_RESOURCES, known};
use crate::rest::json::Members;

/// A role that users get.
pub(super) struct Binding {
    pub role: String,
    pub role_name: String,
    /// `None` for all resources of the scope.
    pub resource_group: Option<String>,
    pub resource_group_name: Option<String>,
}

/// Reads the roles that a request names in a scope of a level.
pub(super) fn bindings(given: Option<Value>, level: usize) -> Result<Vec<Binding>, Fault> {
    match given {
        Some(Value::Array(items)) if (1..=MOST).contains(&items.len()) => {
            let items = items.into_iter().enumerate();
            items
                .map(|(at, item)| binding(item, level, &format!("roleBindings[{at}]")))
                .collect()
        }
        _ => Err(Fault::invalid(format!(
            "roleBindings: must be 1 to {MOST} roles"
        ))),
    }
}

fn binding(item: Value, level: usize, place: &str) -> Result<Binding, Fault> {
    let within = |fault: Fault| Fault::invalid(format!("{place}.{}", fault.text));
    let mut members = Members::of(item, place)?;
    let role = members.required("roleIdentifier").map_err(within)?;
    let role_name = members.required("roleName").map_err(within)?;
    let group = members.text("resourceGroupIdentifier").map_err(within)?;
    let group = group.filter(|group| !group.trim().is_empty() && group != ALL_RESOURCES);
    let group_name = members.text("resourceGroupName").map_err(within)?;
    members.flag("managedRole").map_err(within)?;
    members.end().map_err(within)?;
    let is_sound = |text: &str| {
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"_$-".contains(&byte);
        text.len() <= 128 && text.bytes().all(sound)
    };
    for (name, text) in [
        ("roleIdentifier", Some(&role)),
        ("resourceGroupIdentifier", group.as_ref()),
    ] {
        if !text.is_none_or(|text| is_sound(text)) {
            let text = "is not 1 to 128 letters, digits, _, $ or -";
            return Err(Fault::invalid(format!("{place}.{name}: {text}")));
        }
    }
    if known(&role).is_some_and(|known| known.level != level) {
        let text = "is a role of scopes of another level";
        return Err(Fault::invalid(format!("{place}.roleIdentifier: {text}")));
    }
    Ok(Binding {
        role,
        role_name,
        resource_group_name: group_name.filter(|name| group.is_some() && !name.is_empty()),
        resource_group: group,
    })
}
