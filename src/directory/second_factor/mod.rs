//! Second factors: who needs one beside the password, and whether what was typed holds it.
//!
//! Owns what an entry keeps of its second factor, and how what is typed is split into a password and a code. That a code
//! is good once is seen to where it is written down (`write::credentials`); enrolment is `credentials`'.

pub mod code;
mod seal;

use std::sync::Arc;

use code::RecoveryHash;
pub use seal::{Purpose, SealingKey};
use zeroize::Zeroizing;

use super::dn::Dn;
use super::entry::EntryId;
use super::password::Secret;
use super::password::policy::{Policy, Seconds};
use super::recent::{Mark, Recent};
use super::schema::well_known as known;
use super::snapshot::Snapshot;
use super::view::View;

/// What holds for all second factors of a directory.
#[derive(Clone, Debug, Default)]
pub struct SecondFactorSettings {
    /// What their secrets are sealed under; without it nobody can enrol, and those who have cannot log in.
    pub key: Option<Arc<SealingKey>>,
    /// The groups whose members, through any chain of groups, need a second factor.
    pub groups: Vec<Dn>,
    /// Seconds for which one that was shown counts for the same account and source; zero for that login alone.
    pub window: Seconds,
}

impl SecondFactorSettings {
    /// The first group that an entry is in of those whose members need a second factor.
    pub fn asking(&self, snapshot: &Snapshot, id: EntryId) -> Option<&Dn> {
        self.groups.iter().find(|group| {
            let group = snapshot.find_entry(group);
            group.is_some_and(|group| snapshot.membership().is_member(id, group))
        })
    }
}

/// What an entry keeps of its second factor.
#[derive(Default)]
pub struct Held {
    /// The secret, sealed.
    pub sealed: Option<Vec<u8>>,
    /// The secret of an enrolment that is not finished, sealed.
    pub offered: Option<Vec<u8>>,
    /// The last time step of which a code was used.
    pub used: u64,
    /// Recovery codes that are left.
    pub recovery: Vec<RecoveryHash>,
}

impl Held {
    /// The second factor of an entry.
    pub fn of(view: &View<'_>) -> Held {
        let descriptions = view.snapshot.descriptions();
        let mut held = Held::default();
        for block in view.entry.blocks() {
            let first = || block.values().next().map(<[u8]>::to_vec);
            match descriptions.attribute(block.description) {
                Some(known::HEDGEROW_SECOND_FACTOR) => held.sealed = first(),
                Some(known::HEDGEROW_OFFERED_SECOND_FACTOR) => held.offered = first(),
                Some(known::HEDGEROW_USED_STEP) => {
                    // What cannot be read leaves no code good.
                    let text = first().and_then(|value| String::from_utf8(value).ok());
                    held.used = text.and_then(|text| text.parse().ok()).unwrap_or(u64::MAX);
                }
                Some(known::HEDGEROW_RECOVERY_CODE) => {
                    held.recovery = block
                        .values()
                        .filter_map(|value| value.try_into().ok())
                        .collect();
                }
                _ => {}
            }
        }
        held
    }
}

/// How wrong codes are counted where no policy says so: ten within a quarter of an hour keep their source away for a
/// minute, and longer each time.
pub fn throttle() -> Policy {
    Policy {
        lockout: true,
        lockout_duration: 60,
        max_failures: 10,
        failure_interval: 900,
        ..Policy::default()
    }
}

/// Whether any entry has a second factor. Looks at all of them.
pub fn is_anybody_enrolled(snapshot: &Snapshot) -> bool {
    let views = (0..snapshot.next_id()).filter_map(|id| View::new(snapshot, id));
    views
        .into_iter()
        .any(|view| Held::of(&view).sealed.is_some())
}

/// Whether an entry needs a second factor to log in.
pub fn is_needed(settings: &SecondFactorSettings, view: &View<'_>) -> bool {
    Held::of(view).sealed.is_some() || settings.asking(view.snapshot, view.id).is_some()
}

/// What was typed beside the password.
#[derive(Clone, Debug)]
pub enum Factor {
    /// Nothing, nor is anything needed.
    Unneeded,
    /// One that counts since a short while ago.
    Fresh,
    /// One to be used up.
    Shown(Shown),
    /// None, or a wrong one.
    Missing,
}

/// A second factor that is good, if nobody has used it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What is to be written down before it counts.
    pub spends: Spends,
    /// For whom and whence it counts from then on.
    mark: Mark,
    /// What was typed, as it is remembered.
    tag: u64,
}

/// What a second factor uses up.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Spends {
    /// The codes of a time step and of all before it.
    Step(u64),
    /// A recovery code.
    Recovery(RecoveryHash),
}

/// The second factors that were shown a short while ago, each with what was typed.
pub struct Windows(Recent<u64>);

impl Windows {
    /// An empty table whose findings hold for `window` seconds; `key` is secret and of this process.
    pub fn new(window: Seconds, key: [u8; 32]) -> Windows {
        Windows(Recent::new(window, key))
    }

    /// From now on it counts without being shown again.
    pub fn open(&self, shown: &Shown, now: Seconds) {
        self.0.insert(&shown.mark, shown.tag, now);
    }

    fn tag(&self, typed: &[u8]) -> u64 {
        self.0.mark([b"typed".as_slice(), typed]).number()
    }
}

/// Splits what was typed for an entry into its password and its second factor. `source` names where it came from.
///
/// Nothing here depends on whether the password is right, and one password comes out whatever was typed, so that a wrong
/// code costs what a wrong password costs.
pub fn split(
    (settings, windows): (&SecondFactorSettings, &Windows),
    view: &View<'_>,
    typed: Secret,
    source: &[u8],
    now: Seconds,
) -> (Secret, Factor) {
    let held = Held::of(view);
    let Some(sealed) = &held.sealed else {
        return match settings.asking(view.snapshot, view.id) {
            Some(_) => (typed, Factor::Missing),
            None => (typed, Factor::Unneeded),
        };
    };
    let uuid = view.entry.uuid();
    let mark = windows.0.mark([&uuid, sealed.as_slice(), source]);
    let fresh = windows.0.find(&mark, now);
    let splits = [
        code::split_recovery(typed.as_bytes()),
        code::split_code(typed.as_bytes()),
    ];
    for (password, shown) in splits.into_iter().flatten() {
        // Programs log in again with all that was typed.
        let tag = windows.tag(shown);
        if fresh == Some(tag) {
            return (Secret::from(password), Factor::Fresh);
        }
        if let Some(spends) = spends(settings, &held, &uuid, shown, now) {
            let shown = Shown { spends, mark, tag };
            return (Secret::from(password), Factor::Shown(shown));
        }
    }
    match (fresh, code::split_code(typed.as_bytes())) {
        (Some(_), _) => (typed, Factor::Fresh),
        (None, Some((password, _))) => (Secret::from(password), Factor::Missing),
        (None, None) => (typed, Factor::Missing),
    }
}

/// What a code uses up, if it is one that is good now.
fn spends(
    settings: &SecondFactorSettings,
    held: &Held,
    uuid: &[u8; 16],
    shown: &[u8],
    now: Seconds,
) -> Option<Spends> {
    if shown.len() == code::DIGITS {
        let secret = open(settings, uuid, held.sealed.as_deref()?)?;
        let step = code::step_of(&secret, shown, now.try_into().ok()?)?;
        return (step > held.used).then_some(Spends::Step(step));
    }
    let hash = code::recovery_hash(uuid, shown);
    held.recovery
        .contains(&hash)
        .then_some(Spends::Recovery(hash))
}

/// Opens a secret; says in the log when the key is another.
pub fn open(
    settings: &SecondFactorSettings,
    uuid: &[u8; 16],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let opened = settings
        .key
        .as_ref()
        .and_then(|key| key.open(Purpose::SecondFactor, uuid, sealed));
    if opened.is_none() {
        tracing::error!(
            entry = %uuid::Uuid::from_bytes(*uuid),
            "a second factor cannot be opened: second_factor.key_file is not the one that it was enrolled under"
        );
    }
    opened
}
