//! A record on its way into the state: the change that it asks for, and its passwords while they are hashed.

use std::sync::mpsc;

use super::{ImportError, Report};
use crate::directory::clear_passwords::{self, Place};
use crate::directory::dn::{Dn, Rdn};
use crate::directory::lane::random_bytes;
use crate::directory::ldif::{self, Record};
use crate::directory::password::{Job, Outcome, Pool};
use crate::directory::request::{Change, Modification, ModificationKind};
use crate::directory::schema::Schema;

/// A record on its way into the draft.
pub(super) struct Pending {
    pub line: u64,
    pub change: Change,
    hashes: Vec<(Place, mpsc::Receiver<Outcome>)>,
}

impl Pending {
    pub(super) fn new(record: Record<'_>) -> Result<Pending, ImportError> {
        let line = record.line;
        let wrong = |line, reason: String| ImportError::Record {
            line,
            dn: record.dn.to_owned(),
            reason,
        };
        if let Some(control) = record.controls.iter().find(|control| control.critical) {
            return Err(wrong(
                control.line,
                format!("control {} is not known to imports", control.oid),
            ));
        }
        let change = change(record.dn, record.change).map_err(|reason| wrong(line, reason))?;
        Ok(Pending {
            line,
            change,
            hashes: Vec::new(),
        })
    }

    pub(super) fn wrong(&self, line: u64, reason: impl std::fmt::Display) -> ImportError {
        ImportError::Record {
            line,
            dn: self.change.dn().to_string(),
            reason: reason.to_string(),
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Sends passwords in clear text to be hashed.
    pub(super) fn hash_passwords(
        &mut self,
        schema: &Schema,
        pool: &Pool,
        keep: bool,
        report: &mut Report,
    ) -> Result<(), ImportError> {
        let clear = clear_passwords::take(schema, &mut self.change);
        report.hashed += clear.len() as u64;
        for (place, value) in clear.into_iter().filter(|_| keep) {
            let (send, receive) = mpsc::channel();
            let job = Job::Hash {
                password: value,
                salt: random_bytes(),
            };
            let sent = pool.submit_blocking(
                job,
                Box::new(move |outcome| {
                    let _ = send.send(outcome);
                }),
            );
            sent.map_err(|_| {
                self.wrong(self.line, "passwords cannot be hashed: the pool is closed")
            })?;
            self.hashes.push((place, receive));
        }
        Ok(())
    }

    /// Waits for the hashes and puts them in their places.
    pub(super) fn take_hashes(&mut self) -> Result<(), ImportError> {
        for (place, receive) in std::mem::take(&mut self.hashes) {
            let Ok(Outcome::Hashed(hash)) = receive.recv() else {
                return Err(self.wrong(self.line, "userPassword: the password cannot be hashed"));
            };
            clear_passwords::put(&mut self.change, place, hash);
        }
        Ok(())
    }
}

/// What a record asks for, or why that cannot be.
fn change(dn: &str, change: ldif::Change<'_>) -> Result<Change, String> {
    let name =
        |text: &str| Dn::parse(text).map_err(|error| format!("\"{text}\" is not a DN: {error}"));
    let dn = name(dn)?;
    Ok(match change {
        ldif::Change::Content(values) | ldif::Change::Add(values) => {
            let attributes = by_attribute(values);
            Change::Add { dn, attributes }
        }
        ldif::Change::Modify(steps) => {
            let modifications = steps.into_iter().map(modification).collect();
            Change::Modify { dn, modifications }
        }
        ldif::Change::Delete => Change::Delete { dn },
        ldif::Change::Rename {
            new_rdn,
            delete_old_rdn,
            new_superior,
        } => Change::Rename {
            dn,
            new_rdn: Rdn::parse(new_rdn)
                .map_err(|error| format!("\"{new_rdn}\" is not an RDN: {error}"))?,
            delete_old_rdn,
            new_superior: new_superior.map(name).transpose()?,
        },
    })
}

/// Values in a row of one attribute put together.
fn by_attribute(values: Vec<ldif::AttributeValue<'_>>) -> Vec<(String, Vec<Vec<u8>>)> {
    let mut attributes: Vec<(String, Vec<Vec<u8>>)> = Vec::new();
    for value in values {
        let last = attributes.last_mut();
        match last.filter(|(last, _)| last == value.attribute) {
            Some((_, list)) => list.push(value.value.to_vec()),
            None => attributes.push((value.attribute.to_owned(), vec![value.value.to_vec()])),
        }
    }
    attributes
}

fn modification(step: ldif::Modification<'_>) -> Modification {
    let values = step.values.iter().map(|value| value.value.to_vec());
    Modification {
        kind: match step.kind {
            ldif::ModificationKind::Add => ModificationKind::Add,
            ldif::ModificationKind::Delete => ModificationKind::Delete,
            ldif::ModificationKind::Replace => ModificationKind::Replace,
            ldif::ModificationKind::Increment => ModificationKind::Increment,
        },
        attribute: step.attribute.to_owned(),
        values: values.collect(),
    }
}
