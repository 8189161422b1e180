//! What users, groups and principals are in this dialect: their JSON, and which attribute holds which member.
//!
//! Owns the models, which are the schemas of the document as well.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use super::query::Fields;
use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::entry::selected;
use crate::rest::record::Record;
use crate::rest::time::to_rfc3339;

/// What names the state of an entry.
const STATE: &str = "entryCSN";

/// The attributes of those that are listed: their states are not told there.
pub fn listed(names: &[&str]) -> Vec<String> {
    let listed: Vec<&str> = names.iter().copied().filter(|it| *it != STATE).collect();
    selected(&listed)
}

/// The attributes of a user that is shown.
pub const USER: [&str; 22] = [
    "entryUUID",
    "createTimestamp",
    "modifyTimestamp",
    STATE,
    "uid",
    "displayName",
    "mail",
    "hedgerowExternalId",
    "hedgerowSystem",
    "userPrincipalName",
    "hedgerowUnixUserName",
    "hedgerowUnixHomeDirectory",
    "homeDirectory",
    "hedgerowInvitationPending",
    "hedgerowInvitationExpiry",
    "hedgerowDeletedTime",
    "hedgerowTemporarilyLocked",
    "hedgerowDisabled",
    "pwdAccountLockedTime",
    "hedgerowInactiveReason",
    "hedgerowLockReason",
    "cn",
];

/// Their places.
mod at {
    pub const ID: usize = 0;
    pub const CREATED: usize = 1;
    pub const MODIFIED: usize = 2;
    pub const CSN: usize = 3;
    pub const UID: usize = 4;
    pub const DISPLAY_NAME: usize = 5;
    pub const MAIL: usize = 6;
    pub const EXTERNAL_ID: usize = 7;
    pub const SYSTEM: usize = 8;
    pub const PRINCIPAL_NAME: usize = 9;
    pub const UNIX_NAME: usize = 10;
    pub const UNIX_HOME: usize = 11;
    pub const HOME: usize = 12;
    pub const PENDING: usize = 13;
    pub const EXPIRY: usize = 14;
    pub const DELETED: usize = 15;
    pub const LOCKED: usize = 16;
    pub const DISABLED: usize = 17;
    pub const LOCKED_TIME: usize = 18;
    pub const REASON: usize = 19;
    pub const LOCK_REASON: usize = 20;
    pub const CN: usize = 21;
}

/// The attributes of a group that is shown.
pub const GROUP: [&str; 7] = [
    "entryUUID",
    "createTimestamp",
    "modifyTimestamp",
    STATE,
    "cn",
    "hedgerowExternalId",
    "hedgerowSystem",
];

/// The attributes of a principal that is shown.
pub const PRINCIPAL: [&str; 6] = [
    "entryUUID",
    "uid",
    "displayName",
    "cn",
    "hedgerowExternalId",
    "hedgerowSystem",
];

/// A user.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = User)]
pub struct User<'a> {
    /// The user's id; it never changes. Set by the server.
    #[serde(rename = "_id", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid", example = "597ae2f6-16a6-1027-98f4-d28b5365dc14")]
    pub id: Option<Cow<'a, str>>,
    /// When the user was made. Set by the server.
    #[serde(rename = "_created", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time", example = "2019-08-24T14:15:22Z")]
    pub created: Option<String>,
    /// When the user was changed last. Set by the server.
    #[serde(rename = "_modified", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time", example = "2019-08-24T14:15:22Z")]
    pub modified: Option<String>,
    /// The user's identity in the system it came from; absent for users of this directory. Given once, when it is made.
    #[serde(rename = "externalId", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 4096, example = "S-1-5-21-1004")]
    pub external_id: Option<Cow<'a, str>>,
    /// Whether the user belongs to the system and cannot be deleted. Set by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = false)]
    pub system: Option<bool>,
    /// The name to log in with; no two users have the same, whatever the case of its letters.
    #[serde(rename = "userName", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 4096, example = "ada")]
    pub user_name: Option<Cow<'a, str>>,
    /// The name for people; the full name of a user who has no other.
    #[serde(rename = "displayName", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 4096, example = "Ada Lovelace")]
    pub display_name: Option<Cow<'a, str>>,
    /// Whether the user may log in at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = true)]
    pub active: Option<bool>,
    /// Why not. Set by the server.
    #[serde(rename = "inactiveReason", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "manual")]
    pub inactive_reason: Option<&'static str>,
    /// The address for mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 4096, example = "ada@example.org")]
    pub email: Option<Cow<'a, str>>,
    /// The home folder on Unix machines.
    #[serde(rename = "unixHomeDirectory", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 4096, example = "/home/ada")]
    pub unix_home_directory: Option<Cow<'a, str>>,
    /// The name on Unix machines.
    #[serde(rename = "unixUserName", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 4096, example = "ada")]
    pub unix_user_name: Option<Cow<'a, str>>,
    /// The name in the form of an e-mail address.
    #[serde(rename = "userPrincipalName", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 4096, example = "ada@EXAMPLE.ORG")]
    pub user_principal_name: Option<Cow<'a, str>>,
    /// Whether the user has been invited and has not come yet.
    #[serde(rename = "invitationPending", skip_serializing_if = "Option::is_none")]
    #[schema(example = false)]
    pub invitation_pending: Option<bool>,
    /// When the invitation ends. Set by the server.
    #[serde(rename = "invitationExpiry", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time", example = "2019-08-24T14:15:22Z")]
    pub invitation_expiry: Option<String>,
    /// When the user was deleted; its name is taken until it is restored or purged. Set by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time", example = "2019-08-24T14:15:22Z")]
    pub deleted: Option<String>,
    /// Whether failed logins keep the user locked at this moment. Set by the server.
    #[serde(rename = "temporarilyLocked", skip_serializing_if = "Option::is_none")]
    #[schema(example = false)]
    pub temporarily_locked: Option<bool>,
}

/// An entry as a user.
pub struct UserRecord<'a>(Record<'a, 22>);

impl<'a> UserRecord<'a> {
    /// Of an entry that a search has found.
    pub fn of(entry: &VisibleEntry<'a>) -> Self {
        Self(Record::of(&USER, entry))
    }

    /// Of a copy.
    pub fn of_copy(entry: &'a EntryCopy) -> Self {
        Self(Record::of_copy(&USER, entry))
    }

    /// Names the state of the entry.
    pub fn tag(&self) -> Option<String> {
        self.0.text(at::CSN).map(|csn| format!("\"{csn}\""))
    }

    /// Whether it may log in at all.
    pub fn is_active(&self) -> bool {
        !self.0.is_true(at::DISABLED) && !self.is_locked_for_good()
    }

    /// Whether it is a soft-deleted one.
    pub fn is_deleted(&self) -> bool {
        self.0.text(at::DELETED).is_some()
    }

    fn is_locked_for_good(&self) -> bool {
        let locked = self.0.text(at::LOCKED_TIME);
        locked.is_some_and(|time| time.starts_with("0000"))
    }

    fn inactive_reason(&self) -> Option<&'static str> {
        if self.is_active() {
            return None;
        }
        let reason = self.0.text(at::REASON);
        Some(match reason.as_deref() {
            Some("externalAccountDisabled") => "externalAccountDisabled",
            None if self.0.text(at::LOCK_REASON).is_some() => "tooManyFailedLogons",
            _ => "manual",
        })
    }

    /// The user, as far as it is asked for.
    pub fn user(&self, fields: &Fields) -> User<'_> {
        let record = &self.0;
        let text = |name: &str, at: usize| record.text(at).filter(|_| fields.has(name));
        let moment = |name: &str, at: usize| text(name, at).map(|time| to_rfc3339(&time));
        let flag = |name: &str, is: bool| fields.has(name).then_some(is);
        let home = record.text(at::UNIX_HOME).or_else(|| record.text(at::HOME));
        let shown = record
            .text(at::DISPLAY_NAME)
            .or_else(|| record.text(at::CN));
        User {
            id: text("_id", at::ID),
            created: moment("_created", at::CREATED),
            modified: moment("_modified", at::MODIFIED),
            external_id: text("externalId", at::EXTERNAL_ID),
            system: flag("system", self.0.is_true(at::SYSTEM)),
            user_name: text("userName", at::UID),
            display_name: shown.filter(|_| fields.has("displayName")),
            active: flag("active", self.is_active()),
            inactive_reason: self
                .inactive_reason()
                .filter(|_| fields.has("inactiveReason")),
            email: text("email", at::MAIL),
            unix_home_directory: home.filter(|_| fields.has("unixHomeDirectory")),
            unix_user_name: text("unixUserName", at::UNIX_NAME),
            user_principal_name: text("userPrincipalName", at::PRINCIPAL_NAME),
            invitation_pending: flag("invitationPending", record.is_true(at::PENDING)),
            invitation_expiry: moment("invitationExpiry", at::EXPIRY),
            deleted: moment("deleted", at::DELETED),
            temporarily_locked: flag("temporarilyLocked", record.is_true(at::LOCKED)),
        }
    }

    /// What operating systems ask for.
    pub fn os_user(&self) -> OsUser<'_> {
        let record = &self.0;
        let name = record.text(at::UNIX_NAME);
        OsUser {
            user_name: name.or_else(|| record.text(at::UID)),
            user_principal_name: record.text(at::PRINCIPAL_NAME),
            unix_home_directory: record.text(at::UNIX_HOME).or_else(|| record.text(at::HOME)),
        }
    }
}

/// What operating systems ask of a user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OsUser)]
pub struct OsUser<'a> {
    /// The name on Unix machines, or the user name.
    #[serde(rename = "userName", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "ada")]
    pub user_name: Option<Cow<'a, str>>,
    /// The name in the form of an e-mail address.
    #[serde(rename = "userPrincipalName", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "ada@EXAMPLE.ORG")]
    pub user_principal_name: Option<Cow<'a, str>>,
    /// The home folder on Unix machines.
    #[serde(rename = "unixHomeDirectory", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "/home/ada")]
    pub unix_home_directory: Option<Cow<'a, str>>,
}

/// A group.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Group)]
pub struct Group<'a> {
    /// The group's id; it never changes. Set by the server.
    #[serde(rename = "_id", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid", example = "7d3b1c9e-16a6-1027-98f4-d28b5365dc14")]
    pub id: Option<Cow<'a, str>>,
    /// When the group was made. Set by the server.
    #[serde(rename = "_created", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time", example = "2019-08-24T14:15:22Z")]
    pub created: Option<String>,
    /// When the group was changed last. Set by the server.
    #[serde(rename = "_modified", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time", example = "2019-08-24T14:15:22Z")]
    pub modified: Option<String>,
    /// The group's identity in the system it came from. Given once, when it is made.
    #[serde(rename = "externalId", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 4096, example = "S-1-5-32-545")]
    pub external_id: Option<Cow<'a, str>>,
    /// Whether the group belongs to the system and cannot be changed. Set by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = false)]
    pub system: Option<bool>,
    /// The group's name; no two groups have the same, whatever the case of its letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 4096, example = "analysts")]
    pub name: Option<Cow<'a, str>>,
}

/// An entry as a group.
pub struct GroupRecord<'a>(Record<'a, 7>);

impl<'a> GroupRecord<'a> {
    /// Of an entry that a search has found.
    pub fn of(entry: &VisibleEntry<'a>) -> Self {
        Self(Record::of(&GROUP, entry))
    }

    /// Of a copy.
    pub fn of_copy(entry: &'a EntryCopy) -> Self {
        Self(Record::of_copy(&GROUP, entry))
    }

    /// Names the state of the entry.
    pub fn tag(&self) -> Option<String> {
        self.0.text(3).map(|csn| format!("\"{csn}\""))
    }

    /// The group, as far as it is asked for.
    pub fn group(&self, fields: &Fields) -> Group<'_> {
        let text = |name: &str, at: usize| self.0.text(at).filter(|_| fields.has(name));
        let moment = |name: &str, at: usize| text(name, at).map(|time| to_rfc3339(&time));
        Group {
            id: text("_id", 0),
            created: moment("_created", 1),
            modified: moment("_modified", 2),
            external_id: text("externalId", 5),
            system: fields.has("system").then_some(self.0.is_true(6)),
            name: text("name", 4),
        }
    }
}

/// A user or a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Principal)]
pub struct Principal<'a> {
    /// `User` or `Group`.
    #[serde(rename = "_type")]
    #[schema(value_type = String, example = "User")]
    pub kind: &'static str,
    /// Its id.
    #[serde(rename = "_id")]
    #[schema(value_type = String, format = "uuid", example = "597ae2f6-16a6-1027-98f4-d28b5365dc14")]
    pub id: Cow<'a, str>,
    /// The name for people; that of a group is its name.
    #[serde(rename = "displayName")]
    #[schema(value_type = String, example = "Ada Lovelace")]
    pub display_name: Cow<'a, str>,
    /// The user name, or the name of the group.
    #[schema(value_type = String, example = "ada")]
    pub name: Cow<'a, str>,
    /// Whether it came from elsewhere.
    #[schema(example = false)]
    pub external: bool,
    /// Whether it belongs to the system.
    #[schema(example = false)]
    pub system: bool,
}

/// An entry as a principal.
pub struct PrincipalRecord<'a>(Record<'a, 6>);

impl<'a> PrincipalRecord<'a> {
    /// Of an entry that a search has found.
    pub fn of(entry: &VisibleEntry<'a>) -> Self {
        Self(Record::of(&PRINCIPAL, entry))
    }

    /// Of a copy.
    pub fn of_copy(entry: &'a EntryCopy) -> Self {
        Self(Record::of_copy(&PRINCIPAL, entry))
    }

    /// Whether it is a user: groups have no user name.
    pub fn is_user(&self) -> bool {
        self.0.text(1).is_some()
    }

    /// The principal.
    pub fn principal(&self) -> Principal<'_> {
        let text = |at: usize| self.0.text(at);
        let shown = text(2).filter(|_| self.is_user()).or_else(|| text(3));
        Principal {
            kind: if self.is_user() { "User" } else { "Group" },
            id: text(0).unwrap_or_default(),
            display_name: shown.unwrap_or_default(),
            name: text(1).or_else(|| text(3)).unwrap_or_default(),
            external: text(4).is_some(),
            system: self.0.is_true(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::record::tests::are_found;

    #[test]
    fn every_attribute_is_found() {
        assert!(are_found(&USER) && are_found(&GROUP) && are_found(&PRINCIPAL));
    }
}
