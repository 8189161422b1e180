//! Accounts as entries: the state that an entry keeps of its password, and the policy that holds for it.
//!
//! Owns which attributes that is; `policy` finds the policy that holds: the one that `pwdPolicySubentry` names, else the
//! default. What follows from them is `password::policy`'s, who changes them `write`'s.

pub mod explain;
mod policy;
mod standard;

use super::attributes::Attributes;
use super::dn::{Dn, NormalizedDn};
use super::entry::EntryId;
use super::named_groups::NamedGroup;
use super::password::policy::{Escalation, Lock, Policy, Seconds, State};
use super::schema::{AttributeTypeId, Schema, well_known as known};
use super::second_factor::SecondFactorSettings;
use super::snapshot::Snapshot;
use super::time::{self, Clock};
use super::view::View;

pub use policy::{DEFAULT_POLICY, default_policy, default_policy_name};
pub use standard::{standard, to_history};

/// What `pwdAccountLockedTime` holds when only an administrator lifts the lock (draft section 5.3.3).
pub const PERMANENTLY: &[u8] = b"000001010000Z";

/// The attributes that say what an account may do: nobody changes those of their own entry.
pub const KEPT_FROM_OWNERS: [AttributeTypeId; 8] = [
    known::PWD_ACCOUNT_LOCKED_TIME,
    known::PWD_RESET,
    known::PWD_POLICY_SUBENTRY,
    known::PWD_START_TIME,
    known::PWD_END_TIME,
    known::HEDGEROW_DISABLED,
    known::HEDGEROW_DELETED_TIME,
    known::HEDGEROW_LOCKOUTS,
];

/// What holds for all accounts of a directory.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    /// The policy of accounts that name none; without a name `cn=default,ou=policies` below their suffix.
    pub default_policy: Option<Dn>,
    /// The least score of zxcvbn, 0 to 4, where a policy asks for quality.
    pub least_score: u8,
    /// Whether passwords that the administrator sets are judged as well.
    pub bind_administrator: bool,
    /// How locks grow.
    pub escalation: Escalation,
    /// Pairs of a source and a name whose failures are remembered.
    pub remembered: usize,
    /// Seconds for which a password that was proved is not hashed again; zero for none.
    pub proved_for: Seconds,
    /// What holds for second factors.
    pub second_factor: SecondFactorSettings,
    /// Groups that the configuration names, and what their members get or need.
    pub named_groups: Vec<NamedGroup>,
    /// What time it is.
    pub clock: Clock,
}

impl Default for AccountSettings {
    fn default() -> AccountSettings {
        AccountSettings {
            default_policy: None,
            least_score: 2,
            bind_administrator: false,
            escalation: Escalation {
                step: 60,
                longest: 900,
                permanent_after: None,
            },
            remembered: 65_536,
            proved_for: 0,
            second_factor: SecondFactorSettings::default(),
            named_groups: Vec::new(),
            clock: Clock::default(),
        }
    }
}

/// What an entry keeps of its password beside the password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What decides about logins and changes.
    pub state: State,
    /// The name of its own policy.
    pub policy: Option<Vec<u8>>,
}

impl Account {
    /// The account of an entry.
    pub fn of(view: &View<'_>) -> Account {
        let descriptions = view.snapshot.descriptions();
        let mut account = Account::default();
        for block in view.entry.blocks() {
            if let Some(attribute) = descriptions.attribute(block.description) {
                let values = block.values();
                account.take(view.schema(), attribute, values);
            }
        }
        account
    }

    /// The account of an entry that is being changed.
    pub fn of_attributes(schema: &Schema, attributes: &Attributes) -> Account {
        let mut account = Account::default();
        for attribute in attributes.iter() {
            let values = attribute.values.iter().map(Vec::as_slice);
            account.take(schema, attribute.description.attribute, values);
        }
        account
    }

    /// The same with what logins have left behind, which `pwdMaxIdle` asks for.
    pub fn with_activity(mut self, snapshot: &Snapshot, id: EntryId) -> Account {
        let success = snapshot.activity().of(id).and_then(|seen| seen.success);
        self.state.last_success = success.map(time::whole_seconds);
        self
    }

    fn take<'a>(
        &mut self,
        schema: &Schema,
        attribute: AttributeTypeId,
        mut values: impl Iterator<Item = &'a [u8]>,
    ) {
        let state = &mut self.state;
        let mut first = || values.next().unwrap_or_default();
        match attribute {
            known::PWD_CHANGED_TIME => state.changed = time::seconds(schema, first()),
            known::PWD_ACCOUNT_LOCKED_TIME => state.lock = Some(lock(schema, first())),
            known::PWD_RESET => state.reset = is_true(first()),
            // What cannot be read keeps the account closed.
            known::PWD_START_TIME => {
                state.start = Some(time::seconds(schema, first()).unwrap_or(Seconds::MAX));
            }
            known::PWD_END_TIME => {
                state.end = Some(time::seconds(schema, first()).unwrap_or(Seconds::MIN));
            }
            known::PWD_GRACE_USE_TIME => state.grace_used = values.count(),
            known::HEDGEROW_DISABLED => state.disabled |= is_true(first()),
            known::HEDGEROW_DELETED_TIME => state.disabled = true,
            known::HEDGEROW_LOCKOUTS => {
                let text = std::str::from_utf8(first()).unwrap_or_default();
                state.lockouts = text.parse().unwrap_or(u32::MAX);
            }
            known::PWD_POLICY_SUBENTRY => self.policy = Some(first().to_vec()),
            _ => {}
        }
    }

    /// The policy that holds for the account, whose entry is, or is to be, of this name.
    pub fn policy(
        &self,
        snapshot: &Snapshot,
        settings: &AccountSettings,
        name: &NormalizedDn,
    ) -> Option<Policy> {
        let own = self.own_policy(snapshot).map(|(policy, _)| policy);
        own.or_else(|| default_policy(snapshot, settings, name))
    }

    /// The policy that the account names itself, if it is one, with its name.
    pub fn own_policy(&self, snapshot: &Snapshot) -> Option<(Policy, Dn)> {
        let name = std::str::from_utf8(self.policy.as_deref()?).ok()?;
        let dn = Dn::parse(name).ok()?;
        let policy = policy::policy_at(snapshot, &dn, &dn.normalize(snapshot.schema()))?;
        Some((policy, dn))
    }
}

/// Whether `hedgerowDisabled` turns an account with these attributes off.
pub fn is_disabled(attributes: &Attributes) -> bool {
    let value = attributes.values(known::HEDGEROW_DISABLED).first();
    value.is_some_and(|value| is_true(value))
}

/// How often the password of an entry with these attributes was set, or its account closed.
pub fn epoch(attributes: &Attributes) -> u64 {
    let value = attributes.values(known::HEDGEROW_EPOCH).first();
    value.map_or(0, |value| number_of_times(value))
}

/// How often the password of an entry was set, or its account closed.
pub fn epoch_of(view: &View<'_>) -> u64 {
    let descriptions = view.snapshot.descriptions();
    let mut blocks = view.entry.blocks();
    let epoch = blocks
        .find(|block| descriptions.attribute(block.description) == Some(known::HEDGEROW_EPOCH));
    let value = epoch.and_then(|block| block.values().next());
    value.map_or(0, number_of_times)
}

fn number_of_times(value: &[u8]) -> u64 {
    let text = std::str::from_utf8(value).unwrap_or_default();
    text.parse().unwrap_or(0)
}

/// Whether a lock that failed logins brought about holds at this moment.
pub fn is_temporarily_locked(view: &View<'_>) -> bool {
    let descriptions = view.snapshot.descriptions();
    let has_lock = view.entry.blocks().any(|block| {
        descriptions.attribute(block.description) == Some(known::PWD_ACCOUNT_LOCKED_TIME)
    });
    if !has_lock {
        return false;
    }
    let account = Account::of(view);
    if account.state.lock == Some(Lock::Permanent) {
        return false;
    }
    let settings = view.snapshot.accounts();
    let name = view.snapshot.normalized_dn(view.id);
    let policy = account.policy(view.snapshot, settings, &name);
    policy.unwrap_or_default().holds(
        &settings.escalation,
        &account.state,
        settings.clock.seconds(),
    )
}

fn is_true(value: &[u8]) -> bool {
    value.eq_ignore_ascii_case(b"TRUE")
}

/// A lock whose time cannot be read, and any of the year 0, is for good.
fn lock(schema: &Schema, value: &[u8]) -> Lock {
    let first = time::seconds(schema, PERMANENTLY).unwrap_or(Seconds::MIN);
    match time::seconds(schema, value) {
        Some(since) if since > first => Lock::Since(since),
        _ => Lock::Permanent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_of_the_year_zero_and_one_that_cannot_be_read_are_for_good() {
        let schema = crate::directory::fixture::schema();
        for permanent in [PERMANENTLY, b"000001010000.0Z", b"", b"soon"] {
            assert_eq!(lock(&schema, permanent), Lock::Permanent);
        }
        for (text, since) in [("19700101000001Z", 1), ("197001010200+0100", 3_600)] {
            assert_eq!(lock(&schema, text.as_bytes()), Lock::Since(since));
        }
    }
}
