//! Whether a password would be accepted for an account, and if not why: one answer for all who ask, be it a change on its
//! way or a form that shows it while somebody types.
//!
//! Owns by whom and by what a password is judged. The judgement is `password`'s, and runs on the pool.

use super::Directory;
use super::account;
use super::attributes::{Attribute, Attributes};
use super::dn::Dn;
use super::entry::EntryId;
use super::error::Error;
use super::identity::Identity;
use super::password::policy::Policy;
use super::password::{Job, Outcome, Secret, Standard};
use super::password_change::Whose;
use super::request::{Change, Modification, ModificationKind};
use super::schema::{AttributeDescription, Schema, well_known};
use super::snapshot::Snapshot;
use super::view::View;
use super::write::decode;

impl Directory {
    /// Tells whether the asker could give an account this password: its length, its quality and whether it was used
    /// before. When it may be changed at all is known only when it is.
    ///
    /// # Errors
    /// [`Error::PasswordRefused`] says why the password is not good enough; others, that the asker may not change it.
    pub fn judge_password(
        &self,
        identity: &Identity,
        whose: &Whose,
        new: Secret,
        done: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) {
        match self.account(identity, whose, well_known::USER_PASSWORD) {
            Ok(of) => self.judge(self.standard_of(identity, of), new, done),
            Err(error) => done(Err(error)),
        }
    }

    /// Tells whether a new entry of this name and with these attributes could have this password when this identity adds
    /// it.
    ///
    /// # Errors
    /// As [`Directory::judge_password`].
    pub fn judge_new_password(
        &self,
        identity: &Identity,
        dn: Dn,
        attributes: Vec<(String, Vec<Vec<u8>>)>,
        new: Secret,
        done: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) {
        let standard = self.standard_for(identity, &Change::Add { dn, attributes });
        self.judge(standard, new, done);
    }

    /// Has a password judged, where there is anything to judge it by.
    pub(super) fn judge(
        &self,
        standard: Option<Standard>,
        new: Secret,
        done: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) {
        let Some(standard) = standard.filter(|standard| !standard.asks_nothing()) else {
            return done(Ok(()));
        };
        let job = Job::Judge {
            password: new,
            standard: Box::new(standard),
        };
        self.ask_pool(job, |outcome| {
            done(match outcome {
                Ok(Outcome::Accepted) => Ok(()),
                Ok(Outcome::Refused(refusal)) => Err(Error::PasswordRefused(refusal)),
                Ok(_) => Err(Error::Busy("a password could not be judged")),
                Err(error) => Err(error),
            });
        });
    }

    /// What a new password of an account, the administrator's when it is of no entry, is judged by when this identity
    /// sets it; nothing for those who are above it.
    pub(super) fn standard_of(&self, identity: &Identity, of: Option<EntryId>) -> Option<Standard> {
        if self.is_above_policies(identity) {
            return None;
        }
        let snapshot = self.snapshot();
        let settings = self.accounts();
        let Some(id) = of else {
            let name = Dn::parse(&self.0.administrator).unwrap_or_default();
            let policy = account::default_policy(&snapshot, settings, &name).map(|policy| Policy {
                in_history: 0,
                ..policy
            });
            return policy.map(|policy| Standard {
                policy,
                least_score: settings.least_score,
                ..Standard::default()
            });
        };
        let attributes = decode(&View::new(&snapshot, id)?);
        let dn = Dn::parse(&snapshot.dn(id)).unwrap_or_default();
        Some(account::standard(&snapshot, settings, &dn, &attributes))
    }

    /// What the passwords in a change are judged by.
    pub(super) fn standard_for(&self, identity: &Identity, change: &Change) -> Option<Standard> {
        if self.is_above_policies(identity) {
            return None;
        }
        let snapshot = self.snapshot();
        let dn = change.dn();
        let attributes = match change {
            Change::Add { attributes, .. } => added(snapshot.schema(), attributes),
            Change::Modify { modifications, .. } => {
                let view = snapshot
                    .find_entry(dn)
                    .and_then(|id| View::new(&snapshot, id));
                let mut attributes = view.map_or_else(Attributes::default, |view| decode(&view));
                learn(&snapshot, modifications, &mut attributes);
                attributes
            }
            Change::Delete { .. } | Change::Rename { .. } => return None,
        };
        Some(account::standard(
            &snapshot,
            self.accounts(),
            dn,
            &attributes,
        ))
    }

    /// Whether ready-made hashes, which cannot be judged, are taken from this administrator.
    pub(super) fn takes_hashes(&self, identity: &Identity, change: &Change) -> bool {
        self.standard_for(identity, change)
            .is_none_or(|standard| standard.judge_hashed().is_ok())
    }

    fn is_above_policies(&self, identity: &Identity) -> bool {
        identity.is_administrator() && !self.accounts().bind_administrator
    }
}

/// The attributes of an entry that is not there yet.
fn added(schema: &Schema, sent: &[(String, Vec<Vec<u8>>)]) -> Attributes {
    let mut attributes = Attributes::default();
    for (text, values) in sent {
        if let Ok(description) = AttributeDescription::parse(schema, text) {
            attributes.insert(Attribute {
                description,
                values: values.clone(),
            });
        }
    }
    attributes
}

/// Takes in what a change says of its entry beside the password: a name that comes with a password counts as known.
fn learn(snapshot: &Snapshot, modifications: &[Modification], attributes: &mut Attributes) {
    let schema = snapshot.schema();
    let adds = |step: &&Modification| step.kind != ModificationKind::Delete;
    for step in modifications.iter().filter(adds) {
        let Ok(description) = AttributeDescription::parse(schema, &step.attribute) else {
            continue;
        };
        if schema.attribute(description.attribute).is_secret() {
            continue;
        }
        match attributes.find_mut(&description) {
            Some(values) => values.extend(step.values.iter().cloned()),
            None => {
                attributes.insert(Attribute {
                    description,
                    values: step.values.clone(),
                });
            }
        }
    }
}
