//! Changes of users: from what a client says of one to the least change of its entry.
//!
//! Owns what a client may say, how a JSON Patch changes that, and that nothing else of the entry is touched. Each change
//! is held to the state that it was worked out on, and worked out again when another was faster.

use serde_json::Value;

use super::query::Fields;
use super::resource::{USER, UserRecord};
use super::users::show;
use crate::directory::EntryCopy;
use crate::directory::dn::{Dn, Rdn};
use crate::directory::request::{Change, Modification};
use crate::rest::change::{Target, Work, change};
use crate::rest::entry::{attribute, classes, name, names, rdn, replace, replace_first, values};
use crate::rest::fault::{Fault, Kind};
use crate::rest::json::{self, Members};
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{activate, inactive, new_user, users};

/// The most steps of a patch.
const STEPS: usize = 100;

/// What a client may say of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFields {
    /// `userName`.
    pub user_name: Option<String>,
    /// `displayName`.
    pub display_name: Option<String>,
    /// `email`.
    pub email: Option<String>,
    /// `unixHomeDirectory`.
    pub unix_home_directory: Option<String>,
    /// `unixUserName`.
    pub unix_user_name: Option<String>,
    /// `userPrincipalName`.
    pub user_principal_name: Option<String>,
    /// `active`; absent leaves it as it is.
    pub active: Option<bool>,
    /// Whether the user is to be restored; no member, but what the removal of `deleted` asks for.
    pub restored: bool,
}

impl UserFields {
    /// Takes the members of a body.
    pub fn take(body: &mut Members) -> Result<Self, Fault> {
        let mut fields = Self::default();
        for name in TEXTS {
            let value = body.text(name)?.filter(|text| !text.is_empty());
            if let Some(place) = fields.place(name) {
                *place = value;
            }
        }
        fields.active = body.flag("active")?;
        Ok(fields)
    }

    /// The user name, which must be there.
    pub fn user_name(&self) -> Result<&str, Fault> {
        let name = self.user_name.as_deref();
        name.ok_or_else(|| Fault::invalid("userName: is required"))
    }

    fn of(entry: &EntryCopy) -> Self {
        let record = UserRecord::of_copy(entry);
        let user = record.user(&Fields::default());
        let owned = |text: Option<std::borrow::Cow<'_, str>>| text.map(|text| text.into_owned());
        Self {
            active: user.active,
            user_name: owned(user.user_name),
            display_name: owned(user.display_name),
            email: owned(user.email),
            unix_home_directory: owned(user.unix_home_directory),
            unix_user_name: owned(user.unix_user_name),
            user_principal_name: owned(user.user_principal_name),
            restored: false,
        }
    }

    fn place(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "userName" => &mut self.user_name,
            "displayName" => &mut self.display_name,
            "email" => &mut self.email,
            "unixHomeDirectory" => &mut self.unix_home_directory,
            "unixUserName" => &mut self.unix_user_name,
            "userPrincipalName" => &mut self.user_principal_name,
            _ => return None,
        })
    }

    fn get(&self, name: &str) -> Option<&String> {
        match name {
            "userName" => self.user_name.as_ref(),
            "displayName" => self.display_name.as_ref(),
            "email" => self.email.as_ref(),
            "unixHomeDirectory" => self.unix_home_directory.as_ref(),
            "unixUserName" => self.unix_user_name.as_ref(),
            "userPrincipalName" => self.user_principal_name.as_ref(),
            _ => None,
        }
    }

    /// The attributes of a new user. What inetOrgPerson demands follows from the name for people.
    pub fn attributes(&self, user_name: &str) -> Vec<(String, Vec<Vec<u8>>)> {
        let shown = self.display_name.as_deref().unwrap_or(user_name);
        let mut attributes = new_user(user_name, shown);
        for (name, stored) in STORED {
            let value = self.get(name);
            attributes.extend(value.map(|value| attribute(stored, value)));
        }
        if self.active == Some(false) {
            attributes.extend(inactive());
        }
        attributes
    }
}

/// The members that are texts.
const TEXTS: [&str; 6] = [
    "userName",
    "displayName",
    "email",
    "unixHomeDirectory",
    "unixUserName",
    "userPrincipalName",
];

/// Those that nothing else follows from, with the attributes that hold them.
const STORED: [(&str, &str); 4] = [
    ("email", "mail"),
    ("unixHomeDirectory", "hedgerowUnixHomeDirectory"),
    ("unixUserName", "hedgerowUnixUserName"),
    ("userPrincipalName", "userPrincipalName"),
];

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

/// What a user becomes.
pub type After = Box<dyn Fn(&EntryCopy) -> Result<UserFields, Fault> + Send + Sync>;

/// Changes a user to what `after` makes of it.
pub async fn user(call: &Call, after: After) -> Result<Reply, Fault> {
    let work: Work = Box::new(move |entry| difference(entry, &after(entry)?));
    let target = Target {
        what: "user",
        kind: users(),
        id: call.path.get("userId"),
        names: [USER.as_slice(), &["objectClass", "cn"]].concat(),
    };
    let entry = change(call, target, work).await?;
    Ok(show(&entry, &Fields::default()))
}

/// The changes that make a user of these members of an entry.
fn difference(entry: &EntryCopy, after: &UserFields) -> Result<Vec<Change>, Fault> {
    let before = UserFields::of(entry);
    let record = UserRecord::of_copy(entry);
    let dn = name(entry);
    let mut steps = Vec::new();
    for (member, stored) in STORED {
        if before.get(member) != after.get(member) {
            steps.push(replace_first(
                entry,
                stored,
                after.get(member).map(String::as_str),
            ));
        }
    }
    if before.display_name != after.display_name {
        steps.extend(display_name(entry, &dn, &before, after));
    }
    if let Some(active) = after.active.filter(|active| Some(*active) != before.active) {
        let activation = activate(entry, active).into_iter();
        steps.extend(activation.filter(|step| !step.attribute.eq_ignore_ascii_case("objectClass")));
    }
    if after.restored {
        steps.push(replace("hedgerowDeletedTime", &[]));
    }
    if !steps.is_empty() {
        steps.splice(0..0, classes(entry, &["hedgerowAccount", "hedgerowUser"]));
    }
    let renamed = before.user_name != after.user_name;
    if renamed && record.is_system() {
        return Err(Fault::forbidden("a user of the system keeps its name"));
    }
    let new_rdn = match &after.user_name {
        Some(name) if renamed => rename(entry, &dn, name, &mut steps)?,
        _ => None,
    };
    let mut changes = vec![Change::Modify {
        dn: dn.clone(),
        modifications: steps,
    }];
    changes.extend(new_rdn.map(|new_rdn| Change::Rename {
        dn,
        new_rdn,
        delete_old_rdn: true,
        new_superior: None,
    }));
    Ok(changes)
}

/// The name for people is `cn` as well, where it was that before.
fn display_name(
    entry: &EntryCopy,
    dn: &Dn,
    before: &UserFields,
    after: &UserFields,
) -> Vec<Modification> {
    let new = after.display_name.as_deref();
    let mut steps = vec![replace_first(entry, "displayName", new)];
    let cn = values(entry, "cn");
    let same = cn.first().copied() == before.display_name.as_deref().map(str::as_bytes);
    if same && new.is_some() && !names(dn, "cn") {
        steps.push(replace_first(entry, "cn", new));
    }
    steps
}

/// The new relative name of a user; where the user name is no part of it, only the attribute changes.
fn rename(
    entry: &EntryCopy,
    dn: &Dn,
    user: &str,
    steps: &mut Vec<Modification>,
) -> Result<Option<Rdn>, Fault> {
    if user.eq_ignore_ascii_case(crate::rest::auth::ADMINISTRATOR) {
        let text = "userName: \"admin\" is the administrator of the directory";
        return Err(Fault::new(Kind::Conflict, text));
    }
    if names(dn, "uid") {
        return Ok(Some(rdn("uid", user)?));
    }
    steps.push(replace_first(entry, "uid", Some(user)));
    Ok(None)
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
