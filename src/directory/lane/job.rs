//! What the lane is asked to do, what of a draft comes of it, and who is told.
//!
//! Owns no order of things: that is the lane's.

use std::sync::Arc;

use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::request::{Change, Terms};
use crate::directory::second_factor::Spends;
use crate::directory::snapshot::Snapshot;
use crate::directory::time::Csn;
use crate::directory::write::{Changed, Credentials, Draft, Step};
use crate::storage::{Store, StoreError};

/// Called with the outcome of a change, once, from the lane's thread.
pub type Done = Box<dyn FnOnce(Result<Changed, Error>) + Send>;

/// A change with who asks for it, and on which terms.
#[derive(Clone)]
pub(in crate::directory) struct Order {
    pub identity: Identity,
    pub change: Change,
    pub terms: Terms,
    /// What is done together with it, or not at all.
    pub then: Vec<(Change, Terms)>,
}

/// Looks at the store and the state that it holds, from the lane's thread.
pub(in crate::directory) type Look = Box<dyn FnOnce(&dyn Store, Arc<Snapshot>) + Send>;

/// Takes change records, or why the store does not give them.
pub(in crate::directory) type Taker =
    Box<dyn FnOnce(Result<Vec<(Csn, Vec<u8>)>, StoreError>) + Send>;

/// What the lane is asked to do.
pub(in crate::directory) enum Job {
    /// A client's change.
    Change { order: Box<Order>, done: Done },
    /// A new password, hashed (RFC 3062): of an entry, or of the administrator when `of` is none.
    Password {
        identity: Identity,
        of: Option<EntryId>,
        /// The stored value that the old password was proved by.
        proved: Option<Vec<u8>>,
        hash: Vec<u8>,
        done: Done,
    },
    /// A better hash of a password that was just proved.
    Upgrade {
        id: EntryId,
        old: Vec<u8>,
        new: Vec<u8>,
    },
    /// A step in the life of an account that a login brings about; of no account when `of` is none, which costs the same.
    Account {
        of: Option<EntryId>,
        step: Step,
        done: Done,
    },
    /// A second factor that is good once, used in a login.
    Spend {
        of: EntryId,
        spends: Spends,
        done: Done,
    },
    /// Another second factor or other keys of an entry.
    Credentials {
        identity: Identity,
        of: EntryId,
        change: Credentials,
        done: Done,
    },
    /// A look at the store while nothing is written to it, and at the state that it holds.
    Inspection(Look),
    /// The change records after a number, so many at the most, for the one who follows the changes.
    Changes {
        after: Csn,
        most: usize,
        done: Taker,
    },
}

impl Job {
    /// Makes it part of a draft; nothing comes of what only looks.
    pub(super) fn draw_up(&self, draft: &mut Draft<'_>) -> Option<Result<Changed, Error>> {
        Some(match self {
            Job::Change { order, .. } => {
                draft.apply_all(&order.identity, (&order.change, &order.terms), &order.then)
            }
            Job::Password {
                identity,
                of: Some(id),
                proved,
                hash,
                ..
            } => draft
                .set_password(identity, *id, proved.as_deref(), hash)
                .map(|_| Changed::default()),
            Job::Password {
                identity,
                of: None,
                hash,
                ..
            } => draft
                .set_administrator_password(identity, hash)
                .map(|_| Changed::default()),
            Job::Upgrade { id, old, new } => draft
                .upgrade_password(*id, old, new)
                .map(|()| Changed::default()),
            Job::Account {
                of: Some(id), step, ..
            } => draft.take_step(*id, *step).map(|()| Changed::default()),
            Job::Account { of: None, .. } => Ok(Changed::default()),
            Job::Spend { of, spends, .. } => draft.spend(*of, *spends).map(|()| Changed::default()),
            Job::Credentials {
                identity,
                of,
                change,
                ..
            } => draft
                .change_credentials(identity, *of, change)
                .map(|()| Changed::default()),
            Job::Inspection(_) | Job::Changes { .. } => return None,
        })
    }

    /// Tells whoever asked for it what came of it.
    pub(in crate::directory) fn answer(self, outcome: Result<Changed, Error>) {
        match self {
            Job::Change { done, .. }
            | Job::Password { done, .. }
            | Job::Account { done, .. }
            | Job::Spend { done, .. }
            | Job::Credentials { done, .. } => done(outcome),
            Job::Upgrade { id, .. } => {
                if let Err(error) = outcome {
                    tracing::debug!(id, %error, "a password hash was not upgraded");
                }
            }
            // Who asked for it learns that it was dropped.
            Job::Inspection(_) | Job::Changes { .. } => {}
        }
    }
}
