//! Whether a name can log in now, and why: for people who administer the directory.
//!
//! Owns the words. It decides by the same functions as a login does, and shows no hash.

mod proofs;

use std::fmt;

use super::policy::policy_at;
use super::{Account, AccountSettings, default_policy_name};
use crate::directory::admission::Admission;
use crate::directory::authenticate::passwords;
use crate::directory::dn::Dn;
use crate::directory::entry::EntryId;
use crate::directory::naming;
use crate::directory::password::policy::{Denial, Lock, Policy, Seconds, State};
use crate::directory::password::{self, Stored};
use crate::directory::schema::{AttributeTypeId, well_known as known};
use crate::directory::snapshot::Snapshot;
use crate::directory::time;
use crate::directory::view::View;
use proofs::Proofs;

/// All that a client is told of any failure.
const FAILS: &str = "fails, as with a wrong password";

/// What there is to say of a name, as of one moment.
#[derive(Default)]
pub struct Explanation {
    can: bool,
    rows: Vec<(&'static str, String)>,
}

impl Explanation {
    /// Whether a login with the right password succeeds.
    pub fn can_log_in(&self) -> bool {
        self.can
    }

    fn say(&mut self, what: &'static str, text: impl Into<String>) {
        self.rows.push((what, text.into()));
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, text) in &self.rows {
            write!(f, "{what}: ")?;
            // Names and reasons come from clients, and this goes to a terminal.
            for c in text.chars() {
                match c.is_control() {
                    true => write!(f, "{}", c.escape_default())?,
                    false => write!(f, "{c}")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Explains what becomes of a login with a name: a DN, or the `uid` that SASL clients send. What admission rules say depends
/// on where it comes from, and is told beside.
pub fn explain(
    snapshot: &Snapshot,
    settings: &AccountSettings,
    admission: &Admission,
    name: &str,
) -> Explanation {
    let (dn, found) = match naming::name(snapshot, name, known::UID) {
        Ok(named) => named,
        Err(nobody) => return of_nobody(&nobody),
    };
    if naming::is_administrator(snapshot, &dn) {
        return of_administrator();
    }
    let entry = snapshot.find_entry(&dn);
    let Some(view) = entry.and_then(|id| View::new(snapshot, id)) else {
        return of_nobody(&format!("there is no {dn}"));
    };
    let mut told = Explanation::default();
    let now = settings.clock.seconds();
    let account = Account::of(&view).with_activity(snapshot, view.id);
    let in_force = in_force(snapshot, settings, &account, &dn);
    let policy = in_force.as_ref().map(|(policy, _)| policy.clone());
    let policy = policy.unwrap_or_default();
    let proofs = Proofs::of(&settings.second_factor, &view);
    let (mut reasons, expired) = reasons(&view, &account.state, &policy, settings, now);
    let login = match proofs.that_do(expired, now) {
        Ok(proof) if reasons.is_empty() => {
            told.can = true;
            format!("succeeds with {proof}")
        }
        proof => {
            reasons.extend(proof.err());
            format!("{FAILS}: {}", reasons.join("; "))
        }
    };
    told.say("login", login);
    told.say(
        "entry",
        format!("{}, found by {found}", snapshot.dn(view.id)),
    );
    for rule in admission.about(snapshot, view.id) {
        told.say("admission", rule);
    }
    say_policy(&mut told, &account.state, &policy, in_force);
    say_password(&mut told, &view, &account.state, &policy, now);
    proofs.say(&mut told);
    say_activity(&mut told, snapshot, view.id);
    told
}

fn of_nobody(why: &str) -> Explanation {
    let mut told = Explanation::default();
    told.say("login", FAILS);
    told.say("entry", format!("none: {why}"));
    told
}

fn of_administrator() -> Explanation {
    let mut told = Explanation {
        can: true,
        ..Explanation::default()
    };
    told.say("login", "succeeds with the right password");
    told.say(
        "entry",
        "none: this is the administrator made by `hedgerow init`",
    );
    told.say(
        "lock",
        "failures of a source keep that source away for a while, never for good",
    );
    told
}

/// The policy that holds, and in words where it comes from.
fn in_force(
    snapshot: &Snapshot,
    settings: &AccountSettings,
    account: &Account,
    dn: &Dn,
) -> Option<(Policy, String)> {
    if let Some((policy, name)) = account.own_policy(snapshot) {
        return Some((
            policy,
            format!("{name}, which the entry names (pwdPolicySubentry)"),
        ));
    }
    let own = dn.normalize(snapshot.schema());
    let (name, normalized) = default_policy_name(snapshot, settings, &own)?;
    let policy = policy_at(snapshot, name, &normalized)?;
    let why = match (&account.policy, &settings.default_policy) {
        (Some(_), _) => "because the one that the entry names is no policy",
        (None, Some(_)) => "the default of the configuration",
        (None, None) => "the default of the suffix",
    };
    Some((policy, format!("{name}, {why}")))
}

/// Everything that keeps the account from logging in whatever it is proved by, and whether its password has expired.
fn reasons(
    view: &View<'_>,
    state: &State,
    policy: &Policy,
    settings: &AccountSettings,
    now: Seconds,
) -> (Vec<String>, bool) {
    let growth = &settings.escalation;
    let mut reasons = Vec::new();
    if let Some(since) = text(view, known::HEDGEROW_DELETED_TIME) {
        reasons.push(format!("it is deleted since {since} (hedgerowDeletedTime)"));
    } else if state.disabled {
        reasons.push("it is disabled (hedgerowDisabled)".to_owned());
    }
    if let Some(start) = state.start.filter(|start| now < *start) {
        reasons.push(format!(
            "it is not valid before {} (pwdStartTime)",
            moment(start)
        ));
    }
    if let Some(end) = state.end.filter(|end| now >= *end) {
        reasons.push(format!("it has expired at {} (pwdEndTime)", moment(end)));
    }
    if policy.holds(growth, state, now) {
        reasons.push(lock(view, state, policy, settings));
    }
    let admitted = policy.admit(growth, state, now);
    if admitted == Err(Denial::Locked) && reasons.is_empty() {
        let days = policy.max_idle / 86_400;
        reasons.push(format!(
            "it was not used for {days} days or longer (pwdMaxIdle)"
        ));
    }
    (reasons, admitted == Err(Denial::Expired))
}

fn lock(view: &View<'_>, state: &State, policy: &Policy, settings: &AccountSettings) -> String {
    let why = text(view, known::HEDGEROW_LOCK_REASON);
    let why = why.map_or(String::new(), |why| format!(", because of {why}"));
    let length = policy.lock_length(&settings.escalation, state.lockouts);
    match (state.lock, length) {
        (Some(Lock::Since(since)), Some(length)) => format!(
            "it is locked since {} until {} (lock {} since the last success){why}",
            moment(since),
            moment(since.saturating_add(length)),
            state.lockouts,
        ),
        _ => format!("it is locked until somebody removes pwdAccountLockedTime{why}"),
    }
}

fn say_policy(
    told: &mut Explanation,
    state: &State,
    policy: &Policy,
    in_force: Option<(Policy, String)>,
) {
    if policy.must_change(state) {
        told.say(
            "must change",
            "the password was set by another (pwdReset), and comes first",
        );
    }
    let origin = in_force.map(|(_, origin)| origin);
    told.say(
        "policy",
        origin.unwrap_or_else(|| "none: nothing expires and nothing locks".to_owned()),
    );
}

fn say_password(
    told: &mut Explanation,
    view: &View<'_>,
    state: &State,
    policy: &Policy,
    now: Seconds,
) {
    for stored in passwords(view) {
        let scheme = match password::classify(&stored) {
            Stored::Hashed(scheme) => scheme.to_string(),
            Stored::ClearText | Stored::UnknownScheme(_) => "of no known scheme".to_owned(),
        };
        let set = state
            .changed
            .map_or("at an unknown time".to_owned(), |changed| {
                let days = now.saturating_sub(changed) / 86_400;
                format!("at {}, {days} days ago", moment(changed))
            });
        let ends = state.changed.filter(|_| policy.max_age > 0);
        let ends = ends.map_or(String::new(), |changed| {
            let end = moment(changed.saturating_add(policy.max_age));
            format!(", expires at {end}")
        });
        told.say("password", format!("{scheme}, set {set}{ends}"));
    }
}

fn say_activity(told: &mut Explanation, snapshot: &Snapshot, id: EntryId) {
    let seen = snapshot.activity().of(id).unwrap_or_default();
    let success = seen.success.map(|at| moment(time::whole_seconds(at)));
    told.say(
        "last login",
        success.unwrap_or_else(|| "none known".to_owned()),
    );
    if let Some(last) = seen.failures.last() {
        let last = moment(time::whole_seconds(*last));
        let count = seen.failures.len();
        told.say("failed since", format!("{count}, the last at {last}"));
    }
}

/// The first value of an attribute as text.
fn text(view: &View<'_>, attribute: AttributeTypeId) -> Option<String> {
    let descriptions = view.snapshot.descriptions();
    let mut blocks = view.entry.blocks();
    let block = blocks.find(|block| descriptions.attribute(block.description) == Some(attribute));
    let value = block?.values().next()?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// Seconds since 1970, for people.
fn moment(seconds: Seconds) -> String {
    time::rfc3339(seconds)
}
