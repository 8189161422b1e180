//! Administration of a running server by programs on its machine: what may be asked over the local socket beside LDAP's
//! own operations, and how.
//!
//! Each task is an extended operation (RFC 4511 section 4.12) that exists on the local socket only, for a process that
//! the server takes for the administrator because of who runs it. What a task yields comes in intermediate responses
//! (section 4.13), whose values are to be put together; the value of the last response is a count in decimal digits. No
//! other program is meant to speak this: it may change with every version.
//!
//! Owns the names and forms of the tasks; `operation::administration` does them, [`client`] asks for them.

pub mod client;

mod credentials;
mod explain;
mod membership;
mod why;

use super::ber::{
    BOOLEAN, ReadError, Reader, SEQUENCE, context, element_len, put_element, put_header,
};
use super::message::PasswordBytes;
pub use credentials::{CreateKey, FactorAction, Key, KeyAction, MOST_DAYS, SecondFactor};
pub use explain::Explain;
pub use membership::ExplainMembership;
pub use why::{ExplainAccess, ExplainBind};

const EXPORT: &str = "2.25.92646767048158335507028011983555086011.3.1";
const BACKUP: &str = "2.25.92646767048158335507028011983555086011.3.2";
const CHECK: &str = "2.25.92646767048158335507028011983555086011.3.3";
const REPLACE_PASSWORD: &str = "2.25.92646767048158335507028011983555086011.3.4";
const EXPLAIN: &str = "2.25.92646767048158335507028011983555086011.3.5";
const EXPLAIN_MEMBERSHIP: &str = "2.25.92646767048158335507028011983555086011.3.6";
const EXPLAIN_BIND: &str = "2.25.92646767048158335507028011983555086011.3.7";
const EXPLAIN_ACCESS: &str = "2.25.92646767048158335507028011983555086011.3.8";
const SECOND_FACTOR: &str = "2.25.92646767048158335507028011983555086011.3.20";
const KEY: &str = "2.25.92646767048158335507028011983555086011.3.21";

const BASE: u8 = context(0);
const FILTER: u8 = context(1);

/// What can be asked of a running server.
#[derive(Debug)]
pub enum Task {
    /// The tree or a part of it as LDIF; counts entries.
    Export(Export),
    /// A backup; counts entries.
    Backup,
    /// A verification of the store; yields one line for each fault and one with totals, counts faults.
    Check,
    /// Another password for the administrator; yields nothing.
    ReplacePassword(PasswordBytes),
    /// A search to see how it goes; yields an account of it, counts what matched.
    Explain(Explain),
    /// Why an entry is in a group, or not; counts 1 when it is.
    ExplainMembership(ExplainMembership),
    /// Whether a name can log in, and why; counts 1 when it can.
    ExplainBind(ExplainBind),
    /// What somebody may do, and by which rule; counts the rights that they have.
    ExplainAccess(ExplainAccess),
    /// Something about the second factor of an account.
    SecondFactor(SecondFactor),
    /// Something about the keys of an account.
    Key(Key),
}

/// What an export is to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// The DN of the top; everything without it.
    pub base: Option<String>,
    /// Which entries, by a filter (RFC 4515); all without it.
    pub filter: Option<String>,
    /// Whether hashes of passwords are among the values.
    pub with_secrets: bool,
}

impl Task {
    /// The object identifier by which it is asked for.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Export(_) => EXPORT,
            Self::Backup => BACKUP,
            Self::Check => CHECK,
            Self::ReplacePassword(_) => REPLACE_PASSWORD,
            Self::Explain(_) => EXPLAIN,
            Self::ExplainMembership(_) => EXPLAIN_MEMBERSHIP,
            Self::ExplainBind(_) => EXPLAIN_BIND,
            Self::ExplainAccess(_) => EXPLAIN_ACCESS,
            Self::SecondFactor(_) => SECOND_FACTOR,
            Self::Key(_) => KEY,
        }
    }

    /// The word for it in log lines.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Export(_) => "export",
            Self::Backup => "backup",
            Self::Check => "check",
            Self::ReplacePassword(_) => "reset-admin-password",
            Self::Explain(_) => "explain",
            Self::ExplainMembership(_) => "explain-membership",
            Self::ExplainBind(_) => "explain-bind",
            Self::ExplainAccess(_) => "explain-access",
            Self::SecondFactor(_) => "second-factor",
            Self::Key(_) => "key",
        }
    }

    /// Whether an extended operation of this name is a task.
    pub fn is_named(name: &str) -> bool {
        [
            EXPORT,
            BACKUP,
            CHECK,
            REPLACE_PASSWORD,
            EXPLAIN,
            EXPLAIN_MEMBERSHIP,
            EXPLAIN_BIND,
            EXPLAIN_ACCESS,
            SECOND_FACTOR,
            KEY,
        ]
        .contains(&name)
    }

    /// The task of an extended operation; none if the name is that of another.
    pub fn read(name: &str, value: Option<&[u8]>) -> Result<Option<Task>, ReadError> {
        Ok(Some(match name {
            EXPORT => Self::Export(Export::read(value.unwrap_or_default())?),
            BACKUP => Self::Backup,
            CHECK => Self::Check,
            REPLACE_PASSWORD => Self::ReplacePassword(value.unwrap_or_default().into()),
            EXPLAIN => Self::Explain(Explain::read(value.unwrap_or_default())?),
            EXPLAIN_MEMBERSHIP => {
                Self::ExplainMembership(ExplainMembership::read(value.unwrap_or_default())?)
            }
            EXPLAIN_BIND => Self::ExplainBind(ExplainBind::read(value.unwrap_or_default())?),
            EXPLAIN_ACCESS => Self::ExplainAccess(ExplainAccess::read(value.unwrap_or_default())?),
            SECOND_FACTOR => Self::SecondFactor(SecondFactor::read(value.unwrap_or_default())?),
            KEY => Self::Key(Key::read(value.unwrap_or_default())?),
            _ => return Ok(None),
        }))
    }

    /// The value of the request.
    fn value(&self) -> Option<PasswordBytes> {
        match self {
            Self::Export(export) => Some(export.value().as_slice().into()),
            Self::Explain(explain) => Some(explain.value().as_slice().into()),
            Self::ExplainMembership(asked) => Some(asked.value().as_slice().into()),
            Self::ExplainBind(asked) => Some(asked.value().as_slice().into()),
            Self::ExplainAccess(asked) => Some(asked.value().as_slice().into()),
            Self::SecondFactor(asked) => Some(asked.value()),
            Self::Key(asked) => Some(asked.value()),
            Self::Backup | Self::Check => None,
            Self::ReplacePassword(password) => Some((&**password).into()),
        }
    }
}

impl Export {
    fn read(value: &[u8]) -> Result<Self, ReadError> {
        let mut outer = Reader::new(value);
        let mut fields = outer.constructed(SEQUENCE, "export")?;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(Self {
            base: owned(fields.optional_text(BASE, "base")?),
            filter: owned(fields.optional_text(FILTER, "filter")?),
            with_secrets: fields.boolean(BOOLEAN, "withSecrets")?,
        })
    }

    fn value(&self) -> Vec<u8> {
        let texts = [(BASE, &self.base), (FILTER, &self.filter)];
        let texts = texts.map(|(tag, text)| text.as_ref().map(|text| (tag, text.as_bytes())));
        let length =
            |text: &Option<(u8, &[u8])>| text.map_or(0, |(_, text)| element_len(text.len()));
        let mut out = Vec::new();
        let content = texts.iter().map(length).sum::<usize>() + element_len(1);
        put_header(&mut out, SEQUENCE, content);
        for (tag, text) in texts.into_iter().flatten() {
            put_element(&mut out, tag, text);
        }
        put_element(
            &mut out,
            BOOLEAN,
            &[if self.with_secrets { 0xff } else { 0 }],
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::schema::OWN_ARC;

    #[test]
    fn tasks_are_named_below_our_own_arc_and_found_by_name() {
        for task in [
            Task::Export(Export::default()),
            Task::Backup,
            Task::Check,
            Task::ReplacePassword(b"x".as_slice().into()),
            Task::Explain(Explain::default()),
            Task::ExplainMembership(ExplainMembership::default()),
            Task::ExplainBind(ExplainBind::default()),
            Task::ExplainAccess(ExplainAccess::default()),
            Task::SecondFactor(SecondFactor {
                account: "a".to_owned(),
                action: FactorAction::Enrol,
            }),
            Task::Key(Key {
                account: "a".to_owned(),
                action: KeyAction::List,
            }),
        ] {
            assert!(task.name().starts_with(&format!("{OWN_ARC}.3.")));
            assert!(Task::is_named(task.name()));
            let read = Task::read(task.name(), task.value().as_deref());
            assert_eq!(read.unwrap().unwrap().name(), task.name());
        }
        assert!(
            Task::read("1.3.6.1.4.1.4203.1.11.3", None)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn an_export_is_read_as_it_was_asked_for() {
        for base in [None, Some("dc=a".to_owned())] {
            for filter in [None, Some("(a=*)".repeat(50))] {
                let export = Export {
                    base: base.clone(),
                    filter,
                    with_secrets: base.is_none(),
                };
                assert_eq!(Export::read(&export.value()), Ok(export));
            }
        }
    }

    #[test]
    fn an_export_that_is_cut_short_or_of_another_form_is_refused() {
        let value = Export {
            base: Some("dc=a".to_owned()),
            filter: None,
            with_secrets: false,
        }
        .value();
        for length in 0..value.len() {
            assert!(Export::read(&value[..length]).is_err(), "{length}");
        }
        for value in [&[4, 0][..], &[0x30, 2, 0x80, 0], &[0x30, 3, 0x80, 1, 0xff]] {
            assert!(Export::read(value).is_err(), "{value:x?}");
        }
    }
}
