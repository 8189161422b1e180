//! What users and groups are in this dialect: their JSON, and which attribute holds which member.
//!
//! Owns the models, which are the schemas of the document as well.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::entry::{is_true, text, texts};
use crate::rest::record::Record;
use crate::rest::time::to_rfc3339;

/// The attributes of a user that is shown.
pub const USER: [&str; 15] = [
    "hedgerowId",
    "createTimestamp",
    "modifyTimestamp",
    "uid",
    "mail",
    "hedgerowEmailVerified",
    "hedgerowDeletedTime",
    "givenName",
    "sn",
    "initials",
    "employeeType",
    "title",
    "telephoneNumber",
    "labeledURI",
    "entryUUID",
];

/// Their places.
mod at {
    pub const ID: usize = 0;
    pub const CREATED: usize = 1;
    pub const MODIFIED: usize = 2;
    pub const UID: usize = 3;
    pub const MAIL: usize = 4;
    pub const VERIFIED: usize = 5;
    pub const DELETED: usize = 6;
    pub const FIRST_NAME: usize = 7;
    pub const LAST_NAME: usize = 8;
    pub const INITIALS: usize = 9;
    pub const EMPLOYEE_TYPE: usize = 10;
    pub const TITLE: usize = 11;
    pub const PHONE: usize = 12;
    pub const ICON: usize = 13;
    pub const UUID: usize = 14;
}

/// The attributes of a group that is shown.
pub const GROUP: [&str; 9] = [
    "hedgerowId",
    "createTimestamp",
    "modifyTimestamp",
    "cn",
    "description",
    "hedgerowDefaultGroup",
    "hedgerowAccessApplication",
    "hedgerowAccessNetwork",
    "hedgerowVpnLocation",
];

/// A user, also called a member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HarmonyUser)]
pub struct User<'a> {
    /// The user's id; it never changes.
    #[schema(value_type = String, example = "6dYh2ZpQ0c")]
    pub id: Cow<'a, str>,
    /// The directory that the user is of.
    #[serde(rename = "tenantId")]
    #[schema(value_type = String, example = "dc=example,dc=org")]
    pub tenant_id: &'a str,
    /// The e-mail address; the user name for a user without one.
    #[schema(value_type = String, example = "ada@example.org")]
    pub email: Cow<'a, str>,
    /// The name to log in with.
    #[schema(value_type = String, example = "ada@example.org")]
    pub username: Cow<'a, str>,
    /// Whether somebody has shown that the address is theirs.
    #[serde(rename = "emailVerified")]
    #[schema(example = false)]
    pub email_verified: bool,
    /// Whether the user is deleted.
    #[schema(example = false)]
    pub terminated: bool,
    /// The first name; empty when it is not known.
    #[serde(rename = "firstname")]
    #[schema(value_type = String, example = "Ada")]
    pub firstname: Cow<'a, str>,
    /// The same.
    #[serde(rename = "firstName")]
    #[schema(value_type = String, example = "Ada")]
    pub first_name: Cow<'a, str>,
    /// The last name.
    #[serde(rename = "lastName")]
    #[schema(value_type = String, example = "Lovelace")]
    pub last_name: Cow<'a, str>,
    /// The initials; of the names, or of the address, when none are kept.
    #[schema(value_type = String, example = "AL")]
    pub initials: Cow<'a, str>,
    /// The role; empty when there is none.
    #[serde(rename = "roleName")]
    #[schema(value_type = String, example = "Analyst")]
    pub role_name: Cow<'a, str>,
    /// The telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "+441632960000")]
    pub phone: Option<Cow<'a, str>>,
    /// The picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Icon, required = false)]
    pub icon: Option<Icon<'a>>,
    /// By what the user logs in: the password of this directory.
    #[serde(rename = "idProviders")]
    pub id_providers: Providers<'a>,
    /// When the user was made.
    #[serde(rename = "createdAt", skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time", example = "2019-08-24T14:15:22Z")]
    pub created_at: Option<String>,
    /// When the user was changed last.
    #[serde(rename = "updatedAt", skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time", example = "2019-08-24T14:15:22Z")]
    pub updated_at: Option<String>,
}

/// A picture.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HarmonyIcon)]
pub struct Icon<'a> {
    /// Where it is.
    #[schema(value_type = String, example = "https://example.org/ada.png")]
    pub url: Cow<'a, str>,
}

/// What a user logs in by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HarmonyProviders)]
pub struct Providers<'a> {
    /// This directory.
    pub database: Provider<'a>,
}

/// The user as a provider of identities knows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HarmonyProvider)]
pub struct Provider<'a> {
    /// The user's id there.
    #[serde(rename = "userId")]
    #[schema(value_type = String, example = "6dYh2ZpQ0c")]
    pub user_id: Cow<'a, str>,
}

/// An entry as a user.
pub struct UserRecord<'a>(Record<'a, 15>);

impl<'a> UserRecord<'a> {
    /// Of an entry that a search has found.
    pub fn of(entry: &VisibleEntry<'a>) -> Self {
        Self(Record::of(&USER, entry))
    }

    /// Of a copy.
    pub fn of_copy(entry: &'a EntryCopy) -> Self {
        Self(Record::of_copy(&USER, entry))
    }

    /// Whether it is deleted already.
    pub fn is_deleted(&self) -> bool {
        self.0.text(at::DELETED).is_some()
    }

    /// Whether its `entryUUID` is this.
    pub fn has_uuid(&self, uuid: &str) -> bool {
        self.0.text(at::UUID).as_deref() == Some(uuid)
    }

    /// The user, of a directory.
    pub fn user(&self, tenant: &'a str) -> User<'_> {
        let known = |at: usize| self.0.text(at);
        let text = |at: usize| known(at).unwrap_or_default();
        let moment = |at: usize| known(at).map(|time| to_rfc3339(&time));
        User {
            id: text(at::ID),
            tenant_id: tenant,
            email: self.email(),
            username: text(at::UID),
            email_verified: self.0.is_true(at::VERIFIED),
            terminated: self.is_deleted(),
            firstname: text(at::FIRST_NAME),
            first_name: text(at::FIRST_NAME),
            last_name: text(at::LAST_NAME),
            initials: known(at::INITIALS).unwrap_or_else(|| self.initials().into()),
            role_name: known(at::EMPLOYEE_TYPE).unwrap_or_else(|| text(at::TITLE)),
            phone: known(at::PHONE),
            icon: known(at::ICON).map(|url| Icon { url }),
            id_providers: Providers {
                database: Provider {
                    user_id: text(at::ID),
                },
            },
            created_at: moment(at::CREATED),
            updated_at: moment(at::MODIFIED),
        }
    }

    fn email(&self) -> Cow<'_, str> {
        let mail = self.0.text(at::MAIL);
        mail.or_else(|| self.0.text(at::UID)).unwrap_or_default()
    }

    fn initials(&self) -> String {
        let first = |text: Cow<'_, str>| text.chars().next();
        let names = [at::FIRST_NAME, at::LAST_NAME].map(|at| self.0.text(at).and_then(first));
        let known = names.into_iter().flatten();
        let initials: String = known.flat_map(char::to_uppercase).collect();
        match initials.is_empty() {
            true => self.email().chars().take(1).collect(),
            false => initials,
        }
    }
}

/// A group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HarmonyGroup)]
pub struct Group {
    /// The group's id; it never changes.
    #[schema(example = "0cB7u1Qr4X")]
    pub id: String,
    /// The directory that the group is of.
    #[serde(rename = "tenantId")]
    #[schema(example = "dc=example,dc=org")]
    pub tenant_id: String,
    /// The name; no two groups have the same, whatever the case of its letters.
    #[schema(example = "analysts")]
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Those who look at numbers")]
    pub description: Option<String>,
    /// Whether it is the one for everybody.
    #[serde(rename = "isDefault")]
    #[schema(example = false)]
    pub is_default: bool,
    /// The applications that it has access to.
    #[schema(example = json!(["wiki"]))]
    pub applications: Vec<String>,
    /// The networks that it has access to.
    #[schema(example = json!(["office"]))]
    pub networks: Vec<String>,
    /// The places of entry that it may use.
    #[serde(rename = "vpnLocations")]
    #[schema(example = json!(["london"]))]
    pub vpn_locations: Vec<String>,
    /// The ids of the users that are in it, also through groups in it; not of those that are deleted.
    #[schema(example = json!(["6dYh2ZpQ0c"]))]
    pub users: Vec<String>,
    /// When it was made.
    #[serde(rename = "createdAt", skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time", example = "2019-08-24T14:15:22Z")]
    pub created_at: Option<String>,
    /// When it was changed last.
    #[serde(rename = "updatedAt", skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time", example = "2019-08-24T14:15:22Z")]
    pub updated_at: Option<String>,
}

impl Group {
    /// A group of a directory with these users.
    pub fn of(entry: &EntryCopy, tenant: String, users: Vec<String>) -> Self {
        let moment = |name: &str| text(entry, name).map(|time| to_rfc3339(&time));
        Self {
            id: text(entry, "hedgerowId").unwrap_or_default(),
            tenant_id: tenant,
            name: text(entry, "cn").unwrap_or_default(),
            description: text(entry, "description"),
            is_default: is_true(entry, "hedgerowDefaultGroup"),
            applications: texts(entry, "hedgerowAccessApplication"),
            networks: texts(entry, "hedgerowAccessNetwork"),
            vpn_locations: texts(entry, "hedgerowVpnLocation"),
            users,
            created_at: moment("createTimestamp"),
            updated_at: moment("modifyTimestamp"),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_attribute_is_found() {
        assert!(crate::rest::record::tests::are_found(&super::USER));
    }
}
