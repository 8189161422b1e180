//! The write pipeline: a change is computed whole on an unpublished state, and only then done.
//!
//! Owns the draft of one group of changes: each is judged on the state that the one before left, one that fails leaves
//! nothing behind, and the group becomes one batch for the store. It does not own when the batch is committed or the
//! state published (`lane`).

mod account;
mod add;
mod admit;
mod credentials;
mod edges;
mod gains;
mod modify;
mod naming;
mod network_roles;
pub mod networks;
mod passwords;
mod perform;
mod relaxed;
mod remove;
mod rename;
mod unique;
mod urls;

pub use account::Step;
pub use credentials::Credentials;
pub use perform::Changed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::access::{Access, AccessRules, Right};
use super::account::AccountSettings;
use super::attributes::{Attribute, Attributes, Difference};
use super::dn::Dn;
use super::entry::{self, Actor, EntryId, Head};
use super::error::Error;
use super::history::{self, Gain};
use super::identity::{Identity, Who};
use super::members::Edge;
use super::request::Terms;
use super::schema::{
    AttributeDescription, AttributeTypeId, Schema, Violation, ViolationKind, well_known,
};
use super::snapshot::Snapshot;
use super::stored::{self, Setting};
use super::target;
use super::time::{self, Csn};
use super::unique::UniqueAttributes;
use super::view::View;
use crate::storage::{Batch, MAX_VALUE_LEN};

/// Where changes come from.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A client.
    Client,
    /// An import by the administrator: operational attributes come with the entries, no change is recorded.
    Import,
}

/// An unpublished state and what of it the store does not have yet.
pub struct Draft<'a> {
    snapshot: Snapshot,
    rules: &'a AccessRules,
    unique: &'a UniqueAttributes,
    accounts: &'a AccountSettings,
    origin: Origin,
    now: u64,
    random: &'a mut dyn FnMut() -> [u8; 16],
    first_new: EntryId,
    known_descriptions: usize,
    entries: BTreeSet<EntryId>,
    /// An edge out of each record of edges that has changed, by its key.
    edges: BTreeMap<Vec<u8>, (EntryId, Edge)>,
    changes: Vec<(Csn, Vec<u8>)>,
    administrator_password: Option<Vec<u8>>,
    /// Members that come about with the change under way, each with the group that listed it before.
    gains: Vec<(EntryId, EntryId)>,
    /// Groups that got a `memberURL`.
    selecting: BTreeSet<EntryId>,
}

/// What the store must be told of a draft.
pub struct Outstanding {
    /// Entries made in the draft have ids from here on.
    pub first_new: EntryId,
    /// Everything but the entries made in the draft.
    pub batch: Batch,
    /// The numbers of the recorded changes, and the bytes of each record.
    pub changes: Vec<(Csn, usize)>,
}

impl<'a> Draft<'a> {
    /// Begins a group of changes on top of a state, of which those of clients keep `unique` what is and accounts to their
    /// policies. `now` is in microseconds since 1970, `random` makes UUIDs.
    pub fn new(
        base: &Snapshot,
        rules: &'a AccessRules,
        (unique, accounts): (&'a UniqueAttributes, &'a AccountSettings),
        origin: Origin,
        now: u64,
        random: &'a mut dyn FnMut() -> [u8; 16],
    ) -> Self {
        let mut snapshot = base.clone();
        if origin == Origin::Import {
            snapshot.begin_bulk();
        }
        Self {
            first_new: base.next_id(),
            known_descriptions: base.descriptions().len(),
            snapshot,
            rules,
            unique,
            accounts,
            origin,
            now,
            random,
            entries: BTreeSet::new(),
            edges: BTreeMap::new(),
            changes: Vec::new(),
            administrator_password: None,
            gains: Vec::new(),
            selecting: BTreeSet::new(),
        }
    }

    /// The new state, and what the store must be told so that it holds the same.
    pub fn finish(mut self) -> (Snapshot, Outstanding) {
        self.snapshot.end_bulk();
        self.warn_of_selections();
        let mut batch = Batch::default();
        for id in self
            .entries
            .iter()
            .copied()
            .filter(|id| *id < self.first_new)
        {
            match self.snapshot.entry_bytes(id) {
                Some(bytes) => batch.put(stored::entry_key(id), bytes.to_vec()),
                None => {
                    batch.delete(stored::entry_key(id));
                    batch.delete(stored::activity_key(id));
                }
            }
        }
        for (group, edge) in self.edges.values() {
            stored::put_edge(&mut batch, &self.snapshot, *group, edge);
        }
        stored::put_descriptions(
            &mut batch,
            self.snapshot.descriptions(),
            self.known_descriptions,
        );
        stored::put_state(&mut batch, &self.snapshot);
        if let Some(hash) = self.administrator_password {
            batch.put(Setting::AdministratorPassword.key(), hash);
        }
        let sizes = self.changes.iter();
        let changes = sizes.map(|(csn, record)| (*csn, record.len())).collect();
        for (csn, record) in self.changes {
            batch.put(stored::change_key(csn), record);
        }
        (
            self.snapshot,
            Outstanding {
                first_new: self.first_new,
                batch,
                changes,
            },
        )
    }

    fn next_csn(&mut self) -> Csn {
        let csn = self.snapshot.csn().next(self.now);
        self.snapshot.advance_csn(csn);
        csn
    }

    fn seconds(&self) -> i64 {
        time::whole_seconds(self.now)
    }

    fn actor(&self, identity: &Identity, of: EntryId) -> Actor {
        match identity.who() {
            Who::Administrator => Actor::Administrator,
            Who::Entry(id) if id == of => Actor::Own,
            Who::Entry(id) => Actor::Named(self.snapshot.dn(id)),
            Who::Process { process, .. } => Actor::Named(process.to_string()),
            Who::Anonymous => Actor::Named(String::new()),
        }
    }

    fn actor_name(&self, identity: &Identity) -> String {
        match identity.who() {
            Who::Administrator => self.snapshot.administrator().to_owned(),
            Who::Entry(id) => self.snapshot.dn(id),
            Who::Process { process, .. } => process.to_string(),
            Who::Anonymous => String::new(),
        }
    }

    /// Puts an entry into the state and marks it for the store.
    fn store(&mut self, id: EntryId, head: &Head, attributes: &Attributes) -> Result<(), Error> {
        let schema = self.snapshot.shared_schema();
        let mut blocks = Vec::new();
        for attribute in attributes.iter() {
            let description = super::descriptions::DescriptionTable::intern(
                self.snapshot.descriptions_mut(),
                &schema,
                &attribute.description,
            )
            .map_err(|_| {
                Error::AdminLimitExceeded("too many different attribute options in use".to_owned())
            })?;
            blocks.push((description, attribute.values.iter().map(Vec::as_slice)));
        }
        let bytes = entry::encode(head, blocks.into_iter())
            .map_err(|error| Error::AdminLimitExceeded(error.to_string()))?;
        if bytes.len() > MAX_VALUE_LEN {
            let text = format!("an entry of more than {MAX_VALUE_LEN} bytes cannot be stored");
            return Err(Error::AdminLimitExceeded(text));
        }
        self.snapshot.put_entry(id, bytes.into());
        self.entries.insert(id);
        Ok(())
    }

    /// Puts an entry into the state as somebody has changed it, and keeps what has changed. The schema is not asked: it
    /// must have nothing to say about the change.
    fn store_changed(
        &mut self,
        identity: &Identity,
        id: EntryId,
        mut head: Head,
        (before, after): (&Attributes, &Attributes),
    ) -> Result<(), Error> {
        let schema = self.snapshot.shared_schema();
        let judged = self.snapshot.judged();
        let judged = self.snapshot.entry(id).is_some_and(|it| judged.covers(it));
        head.modified = self.seconds();
        head.modifier = self.actor(identity, id);
        head.csn = self.snapshot.csn().next(self.now);
        self.store(id, &head, after)?;
        if !judged {
            self.snapshot.doubt(head.csn);
        }
        self.record(head.csn, |draft| {
            draft
                .entry(identity, draft.snapshot.dn(id), history::Kind::Modify)
                .with_difference(&schema, &Difference::between(before, after))
        });
        Ok(())
    }

    /// A policy whose rules are not kept would be a promise (draft-behera-ldap-password-policy sections 5.2.18 and 5.2.19).
    fn policy_is_kept(&self, attributes: &Attributes) -> Result<(), Error> {
        let delays = [well_known::PWD_MIN_DELAY, well_known::PWD_MAX_DELAY];
        let set = |id: &AttributeTypeId| attributes.values(*id).iter().any(|value| value != b"0");
        if self.origin == Origin::Client && delays.iter().any(set) {
            let text = "pwdMinDelay and pwdMaxDelay are not supported: no answer is delayed; pwdLockout with pwdMaxFailure slows guessing";
            return Err(Error::UnwillingToPerform(text.to_owned()));
        }
        Ok(())
    }

    /// A record of a change that somebody makes to the entry named `dn`.
    fn entry(&self, identity: &Identity, dn: String, kind: history::Kind) -> history::Entry {
        let actor = self.actor_name(identity);
        history::Entry::new(actor, dn, kind).asked_by(identity.provenance())
    }

    /// Keeps a change, which is made only where changes are kept.
    fn record(&mut self, csn: Csn, change: impl FnOnce(&Self) -> history::Entry) {
        let gains = std::mem::take(&mut self.gains);
        if self.origin == Origin::Client {
            let name = |id| self.snapshot.dn(id);
            let gained = gains.into_iter().map(|(member, group)| Gain {
                member: name(member),
                group: name(group),
            });
            let record = change(self).with_gains(gained).encode(MAX_VALUE_LEN);
            self.changes.push((csn, record));
        }
    }

    /// The entry that a change is about, if the asker may see it; what may not be seen does not exist.
    fn target(&self, access: &mut Access<'_>, dn: &Dn, terms: &Terms) -> Result<EntryId, Error> {
        target::find(&self.snapshot, access, dn, terms.manage_referrals).map(|view| view.id)
    }

    fn may(&self, access: &Access<'_>, id: EntryId, right: Right) -> Result<(), Error> {
        let allowed =
            View::new(&self.snapshot, id).is_some_and(|view| !access.mask(&view, right).is_empty());
        if allowed {
            Ok(())
        } else {
            Err(Error::InsufficientAccess)
        }
    }
}

/// Reads an attribute description that a change names. One that is malformed is as little known as any other: an
/// invalid syntax is one of values (RFC 4511 appendix A.2).
fn description(schema: &Schema, text: &str) -> Result<AttributeDescription, Error> {
    AttributeDescription::parse(schema, text)
        .map_err(|error| Error::UndefinedAttributeType(format!("\"{text}\": {error}")))
}

/// The attributes of an entry as it is stored, without those that are computed.
pub(super) fn decode(view: &View<'_>) -> Attributes {
    let descriptions = view.snapshot.descriptions();
    let attributes = view.entry.blocks().filter_map(|block| {
        let described = descriptions.described(block.description)?;
        Some(Attribute {
            description: described.description.clone(),
            values: block.values().map(<[u8]>::to_vec).collect(),
        })
    });
    attributes.collect()
}

fn violation(error: Violation) -> Error {
    let text = error.to_string();
    match error.kind() {
        ViolationKind::ObjectClass => Error::ObjectClassViolation(text),
        ViolationKind::UndefinedAttributeType => Error::UndefinedAttributeType(text),
        ViolationKind::InvalidAttributeSyntax => Error::InvalidAttributeSyntax(text),
        ViolationKind::Constraint => Error::ConstraintViolation(text),
        ViolationKind::AttributeOrValueExists => Error::AttributeOrValueExists(text),
        ViolationKind::Naming => Error::NamingViolation(text),
    }
}

/// Nothing lies below an alias (RFC 4512 section 2.6).
fn below_alias(snapshot: &Snapshot, alias: EntryId) -> Error {
    Error::AliasProblem {
        matched: snapshot.dn(alias),
        text: "the entry above would be an alias, which has none below it".to_owned(),
    }
}

/// Whether two values of a type are equal; without an equality rule, byte for byte.
fn equal(schema: &Schema, attribute: AttributeTypeId, left: &[u8], right: &[u8]) -> bool {
    if left == right {
        return true;
    }
    let Some(rule) = schema.attribute(attribute).equality else {
        return false;
    };
    let normal = |value| {
        let mut out = Vec::new();
        rule.normalize_value(schema, value, &mut out)
            .ok()
            .map(|()| out)
    };
    normal(left).is_some_and(|left| normal(right) == Some(left))
}

/// The bytes of an entry id's UUID as made by a version 4 generator.
fn uuid_of(random: [u8; 16]) -> [u8; 16] {
    *uuid::Builder::from_random_bytes(random)
        .as_uuid()
        .as_bytes()
}

/// A shared string for edges.
fn shared(text: &str) -> Arc<str> {
    Arc::from(text)
}
