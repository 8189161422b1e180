//! The forms in which second factors and keys are asked for.

use crate::ldap::ber::{
    ENUMERATED, OCTET_STRING, ReadError, Reader, SEQUENCE, context, put_element, put_enumerated,
};
use crate::ldap::message::PasswordBytes;

const CODE: u8 = context(0);
const CERTIFICATE: u8 = context(0);
const DAYS: u8 = context(1);

/// The longest that a key lasts: a hundred years.
pub const MOST_DAYS: i32 = 36_500;

/// What is to be done about the second factor of an account.
#[derive(Debug)]
pub struct SecondFactor {
    /// The DN or the user name of the account.
    pub account: String,
    /// What.
    pub action: FactorAction,
}

/// What can be done about a second factor.
#[derive(Debug)]
pub enum FactorAction {
    /// Begin an enrolment; yields the URL for the device.
    Enrol,
    /// End it with a code that the device shows; yields recovery codes, one a line.
    Confirm(PasswordBytes),
    /// Take it away.
    Remove,
    /// Make other recovery codes; yields them, one a line.
    RecoveryCodes,
}

/// What is to be done about the keys of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The DN or the user name of the account.
    pub account: String,
    /// What.
    pub action: KeyAction,
}

/// What can be done about keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAction {
    /// Make one; yields it.
    Create(CreateKey),
    /// List them; yields a line for each and counts them.
    List,
    /// Take the one of this name away.
    Revoke(String),
}

/// A key that is to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateKey {
    /// What it is called.
    pub name: String,
    /// What it is good for.
    pub scopes: Vec<String>,
    /// The networks it may come from; any without one.
    pub networks: Vec<String>,
    /// The DN that the client's certificate must stand for, if it must.
    pub certificate: Option<String>,
    /// Days that it lasts, 1 to [`MOST_DAYS`]; for ever without it.
    pub days: Option<i32>,
}

impl SecondFactor {
    pub(super) fn read(value: &[u8]) -> Result<Self, ReadError> {
        let mut outer = Reader::new(value);
        let mut fields = outer.constructed(SEQUENCE, "secondFactor")?;
        let account = fields.text(OCTET_STRING, "account")?.to_owned();
        let action = match fields.integer(ENUMERATED, "action", 0..=3)? {
            0 => FactorAction::Enrol,
            1 => FactorAction::Confirm(fields.content(CODE, "code")?.into()),
            2 => FactorAction::Remove,
            _ => FactorAction::RecoveryCodes,
        };
        Ok(Self { account, action })
    }

    pub(super) fn value(&self) -> PasswordBytes {
        let mut fields = zeroize::Zeroizing::new(Vec::new());
        put_element(&mut *fields, OCTET_STRING, self.account.as_bytes());
        let number = match &self.action {
            FactorAction::Enrol => 0,
            FactorAction::Confirm(_) => 1,
            FactorAction::Remove => 2,
            FactorAction::RecoveryCodes => 3,
        };
        put_enumerated(&mut *fields, number);
        if let FactorAction::Confirm(code) = &self.action {
            put_element(&mut *fields, CODE, code);
        }
        sequence(&fields)
    }
}

impl Key {
    pub(super) fn read(value: &[u8]) -> Result<Self, ReadError> {
        let mut outer = Reader::new(value);
        let mut fields = outer.constructed(SEQUENCE, "key")?;
        let account = fields.text(OCTET_STRING, "account")?.to_owned();
        let action = match fields.integer(ENUMERATED, "action", 0..=2)? {
            0 => KeyAction::Create(CreateKey::read(&mut fields)?),
            1 => KeyAction::List,
            _ => KeyAction::Revoke(fields.text(OCTET_STRING, "name")?.to_owned()),
        };
        Ok(Self { account, action })
    }

    pub(super) fn value(&self) -> PasswordBytes {
        let mut fields = Vec::new();
        put_element(&mut fields, OCTET_STRING, self.account.as_bytes());
        match &self.action {
            KeyAction::Create(key) => {
                put_enumerated(&mut fields, 0);
                key.put(&mut fields);
            }
            KeyAction::List => put_enumerated(&mut fields, 1),
            KeyAction::Revoke(name) => {
                put_enumerated(&mut fields, 2);
                put_element(&mut fields, OCTET_STRING, name.as_bytes());
            }
        }
        sequence(&fields)
    }
}

impl CreateKey {
    fn read(fields: &mut Reader<'_>) -> Result<Self, ReadError> {
        let name = fields.text(OCTET_STRING, "name")?.to_owned();
        let scopes = texts(fields, "scopes")?;
        let networks = texts(fields, "networks")?;
        let certificate = fields.optional_text(CERTIFICATE, "certificate")?;
        let certificate = certificate.map(str::to_owned);
        let days = match fields.peek() {
            Some(DAYS) => Some(fields.integer(DAYS, "days", 1..=MOST_DAYS)?),
            _ => None,
        };
        Ok(Self {
            name,
            scopes,
            networks,
            certificate,
            days,
        })
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_element(out, OCTET_STRING, self.name.as_bytes());
        for list in [&self.scopes, &self.networks] {
            let mut texts = Vec::new();
            for text in list {
                put_element(&mut texts, OCTET_STRING, text.as_bytes());
            }
            put_element(out, SEQUENCE, &texts);
        }
        if let Some(certificate) = &self.certificate {
            put_element(out, CERTIFICATE, certificate.as_bytes());
        }
        if let Some(days) = self.days {
            put_element(out, DAYS, &days.to_be_bytes());
        }
    }
}

fn texts(fields: &mut Reader<'_>, field: &'static str) -> Result<Vec<String>, ReadError> {
    let mut list = fields.constructed(SEQUENCE, field)?;
    let mut texts = Vec::new();
    while !list.is_empty() {
        texts.push(list.text(OCTET_STRING, field)?.to_owned());
    }
    Ok(texts)
}

fn sequence(fields: &[u8]) -> PasswordBytes {
    let mut out = zeroize::Zeroizing::new(Vec::new());
    put_element(&mut *out, SEQUENCE, fields);
    out.as_slice().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_keys_is_read_as_it_was_asked_for_and_not_when_cut_short() {
        let create = CreateKey {
            name: "backup".to_owned(),
            scopes: vec!["ldap".to_owned(), "scim".to_owned()],
            networks: vec!["192.0.2.0/24".to_owned()],
            certificate: None,
            days: None,
        };
        let limited = CreateKey {
            certificate: Some("cn=a".to_owned()),
            days: Some(MOST_DAYS),
            ..create.clone()
        };
        for action in [
            KeyAction::Create(create),
            KeyAction::Create(limited),
            KeyAction::List,
            KeyAction::Revoke("backup".to_owned()),
        ] {
            let account = "uid=a,dc=b".to_owned();
            let asked = Key { account, action };
            let value = asked.value();
            assert_eq!(Key::read(&value), Ok(asked.clone()));
            for length in 0..value.len() {
                assert!(Key::read(&value[..length]).is_err(), "{length}");
            }
        }
        let mut long = Vec::new();
        put_element(&mut long, OCTET_STRING, b"a");
        put_enumerated(&mut long, 0);
        CreateKey {
            days: Some(MOST_DAYS + 1),
            ..CreateKey::default()
        }
        .put(&mut long);
        assert!(Key::read(&sequence(&long)).is_err());
    }

    #[test]
    fn what_is_asked_of_a_second_factor_is_read_as_it_was_asked_for_and_shows_no_code() {
        for action in [
            FactorAction::Enrol,
            FactorAction::Confirm(b"123456".as_slice().into()),
            FactorAction::Remove,
            FactorAction::RecoveryCodes,
        ] {
            let account = "ada".to_owned();
            let asked = SecondFactor { account, action };
            let value = asked.value();
            let read = SecondFactor::read(&value).unwrap();
            assert_eq!(*read.value(), *value);
            assert!(!format!("{read:?}").contains("123456"));
            for length in 0..value.len() {
                assert!(SecondFactor::read(&value[..length]).is_err(), "{length}");
            }
        }
    }
}
