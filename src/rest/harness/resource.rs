//! What users are in this dialect: their JSON, and which attribute holds which member.

use serde_json::{Value, json};

use super::place::Place;
use super::roles;
use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::auth::ADMINISTRATOR;
use crate::rest::entry;
use crate::rest::operation::Call;
use crate::rest::record::Record;

/// The attributes of a user that is shown or changed.
pub const USER: [&str; 11] = [
    "entryUUID",
    "uid",
    "displayName",
    "cn",
    "mail",
    "hedgerowTemporarilyLocked",
    "hedgerowDisabled",
    "pwdAccountLockedTime",
    "objectClass",
    "entryCSN",
    "hedgerowEmailVerified",
];

/// An entry as a user.
pub struct UserRecord<'a>(Record<'a, 11>);

impl<'a> UserRecord<'a> {
    /// Of an entry that a search has found.
    pub fn of(entry: &VisibleEntry<'a>) -> Self {
        Self(Record::of(&USER, entry))
    }

    /// Of a copy.
    pub fn of_copy(entry: &'a EntryCopy) -> Self {
        Self(Record::of_copy(&USER, entry))
    }

    fn text(&self, at: usize, otherwise: usize) -> String {
        let text = self.0.text(at).or_else(|| self.0.text(otherwise));
        text.unwrap_or_default().into_owned()
    }

    /// The id.
    pub fn uuid(&self) -> String {
        self.text(0, 0)
    }

    /// The address, or the user name of a user without one.
    pub fn email(&self) -> String {
        self.text(4, 1)
    }

    /// Whether the user may not log in until somebody changes that.
    pub fn is_inactive(&self) -> bool {
        let locked = self.0.text(7);
        self.0.is_true(6) || locked.is_some_and(|time| time.starts_with("0000"))
    }

    /// Whether the user may not log in at this moment.
    pub fn is_locked(&self) -> bool {
        self.is_inactive() || self.0.is_true(5)
    }

    /// A UserMetadata.
    pub fn metadata(&self) -> Value {
        json!({
            "uuid": self.uuid(),
            "name": self.text(2, 3),
            "email": self.email(),
            "locked": self.is_locked(),
        })
    }
}

/// A UserInfo. Those of users who come from elsewhere than this directory have members that nobody knows here: they are
/// null, as is the token.
pub fn info(call: &Call, account: &Place, entry: &EntryCopy) -> Value {
    let record = UserRecord::of_copy(entry);
    let name = entry::name(entry);
    let own = call.caller.id.as_deref() == Some(record.uuid().as_str());
    let admin = own && call.caller.administers || roles::administers_account(call, account, &name);
    let mut info = record.metadata();
    let second_factor = call.rest.directory.has_second_factor(&name);
    let known = Known {
        admin,
        second_factor,
        email_verified: record.0.is_true(10),
    };
    add_account(&mut info, account, &known);
    info
}

/// The administrator of the directory, who has no entry.
pub fn administrator(account: &Place) -> Value {
    let mut info = json!({
        "uuid": "00000000-0000-0000-0000-000000000000",
        "name": "Administrator",
        "email": ADMINISTRATOR,
        "locked": false,
    });
    let known = Known {
        admin: true,
        ..Known::default()
    };
    add_account(&mut info, account, &known);
    info
}

/// What is known of a user beside what all may see.
#[derive(Default)]
struct Known {
    admin: bool,
    second_factor: bool,
    email_verified: bool,
}

fn add_account(info: &mut Value, account: &Place, known: &Known) {
    let account = account.identifier();
    let more = json!({
        "token": null,
        "defaultAccountId": account,
        "intent": null,
        "accounts": [{
            "uuid": account,
            "accountName": account,
            "companyName": account,
            "defaultExperience": "NG",
            "createdFromNG": true,
            "isNextGenEnabled": true,
        }],
        "admin": known.admin,
        "twoFactorAuthenticationEnabled": known.second_factor,
        "emailVerified": known.email_verified,
        "signupAction": null,
        "edition": null,
        "billingFrequency": null,
        "utmInfo": null,
    });
    if let (Some(info), Value::Object(more)) = (info.as_object_mut(), more) {
        info.extend(more);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_attribute_is_found() {
        assert!(crate::rest::record::tests::are_found(&super::USER));
    }
}
