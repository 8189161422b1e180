//! Changes of users: from what a client says of one to the least change of its entry.
//!
//! Owns what a client may say, and that nothing else of the entry is touched. Each change is held to the state that it was
//! worked out on, and worked out again when another was faster.

use super::query::Fields;
use super::resource::{USER, UserRecord};
use super::users::show;
use crate::directory::EntryCopy;
use crate::directory::dn::{Dn, Rdn};
use crate::directory::request::{Change, Modification};
use crate::directory::schema::Rule;
use crate::rest::change::{Target, change};
use crate::rest::entry::{
    self, attribute, classes, modify, name, names, rdn, replace, replace_first, values,
};
use crate::rest::fault::{Fault, Kind};
use crate::rest::json::Members;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{activate, inactive, is_system, new_user, users};
use crate::rest::term::must_count;

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

    /// What can be said of a user as it is.
    pub(super) fn of(entry: &EntryCopy) -> Self {
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

    /// Where the text of a member is kept.
    pub(super) fn place(&mut self, name: &str) -> Option<&mut Option<String>> {
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

    /// The text of a member.
    pub(super) fn get(&self, name: &str) -> Option<&String> {
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
pub const TEXTS: [&str; 6] = [
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

/// Refuses what nobody can be called anew: a name of which nothing counts, and that of the administrator.
pub fn check_name(call: &Call, user_name: &str) -> Result<(), Fault> {
    must_count(Rule::CaseIgnoreSubstrings, "userName", user_name)?;
    match call.rest.names_administrator(user_name) {
        true => {
            let text = "userName: \"admin\" is the administrator of the directory";
            Err(Fault::new(Kind::Conflict, text))
        }
        false => Ok(()),
    }
}

/// What a user becomes.
pub type After = Box<dyn Fn(&EntryCopy) -> Result<UserFields, Fault> + Send + Sync>;

/// Changes a user to what `after` makes of it.
pub async fn user(call: &Call, after: After) -> Result<Reply, Fault> {
    let work = |entry: &EntryCopy| difference(call, entry, &after(entry)?);
    let target = Target {
        what: "user",
        kind: users(),
        id: call.path.get("userId"),
        names: [USER.as_slice(), &["objectClass"]].concat(),
    };
    let entry = change(call, target, work).await?;
    Ok(show(&entry, &Fields::default()))
}

/// The changes that make a user of these members of an entry.
fn difference(call: &Call, entry: &EntryCopy, after: &UserFields) -> Result<Vec<Change>, Fault> {
    let before = UserFields::of(entry);
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
        steps.extend(display_name(entry, &dn, after));
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
    if renamed && is_system(call, entry) {
        return Err(Fault::forbidden("a user of the system keeps its name"));
    }
    let new_rdn = match &after.user_name {
        Some(name) if renamed => {
            check_name(call, name)?;
            rename(entry, &dn, name, &mut steps)?
        }
        _ => None,
    };
    let mut changes = vec![modify(dn.clone(), steps)];
    changes.extend(new_rdn.map(|new_rdn| entry::rename(dn, new_rdn)));
    Ok(changes)
}

/// The name for people is `cn` as well, where it was that before. One that is taken away would still be shown from there:
/// the user name stands in for it, as for a new user without one.
fn display_name(entry: &EntryCopy, dn: &Dn, after: &UserFields) -> Vec<Modification> {
    let new = after.display_name.as_deref();
    let (old, cn) = (values(entry, "displayName"), values(entry, "cn"));
    let same = !old.is_empty() && cn.first() == old.first();
    let mut steps = vec![replace_first(entry, "displayName", new)];
    let full = new.or(after.user_name.as_deref());
    if same && full.is_some() && !names(dn, "cn") {
        steps.push(replace_first(entry, "cn", full));
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
    if names(dn, "uid") {
        return Ok(Some(rdn("uid", user)?));
    }
    steps.push(replace_first(entry, "uid", Some(user)));
    Ok(None)
}
