//! What changes with a password: when it was set, by whom, and which ones cannot be used again
//! (draft-behera-ldap-password-policy section 8.2); and the locks that failed logins bring about.
//!
//! Owns the state that the server keeps of accounts in their entries. What the rules say is `password::policy`'s.

use super::{Draft, Origin, decode};
use crate::directory::account::{self, Account, KEPT_FROM_OWNERS};
use crate::directory::attributes::{Attribute, Attributes};
use crate::directory::dn::Dn;
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::password::policy::{Escalation, Lock, Policy, Refusal, State};
use crate::directory::platform_role::is_super_admin;
use crate::directory::request::{Change, Modification, ModificationKind};
use crate::directory::schema::{
    AttributeDescription, AttributeTypeId, Schema, well_known as known,
};
use crate::directory::time;
use crate::directory::view::View;

/// A step in the life of an account that a login brings about.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Too many failures: it is locked.
    Lock,
    /// A login with a password that has expired.
    UseGrace,
    /// A login: locks before it are forgotten.
    Succeed,
    /// Somebody forgives the failures: the lock they brought about is lifted, unless it is for good.
    Forgive,
}

/// A modification of an entry by somebody.
pub(super) struct Doing<'a> {
    pub identity: &'a Identity,
    pub id: EntryId,
    pub dn: &'a Dn,
    pub steps: &'a [Modification],
}

impl Draft<'_> {
    /// Whoever must change their password first does nothing else (draft section 8.1.2.2).
    pub(super) fn password_first(&self, identity: &Identity, change: &Change) -> Result<(), Error> {
        let Some(view) = identity.id().and_then(|id| View::new(&self.snapshot, id)) else {
            return Ok(());
        };
        let account = Account::of(&view);
        // Who has logged in with a key has not used the password.
        if !account.state.reset || identity.key().is_some() {
            return Ok(());
        }
        let own = matches!(change, Change::Modify { dn, .. } if self.snapshot.find_entry(dn) == identity.id());
        let name = self.snapshot.normalized_dn(view.id);
        let policy = account.policy(&self.snapshot, self.accounts, &name);
        if !own && policy.is_some_and(|policy| policy.must_change(&account.state)) {
            return Err(Error::PasswordRefused(Refusal::ChangeFirst));
        }
        Ok(())
    }

    /// Nobody says of their own account what it may do, whatever else they may write; and an access token of no account what it
    /// is proved by.
    pub(super) fn keep_from_owner(
        &self,
        identity: &Identity,
        id: EntryId,
        attribute: AttributeTypeId,
    ) -> Result<(), Error> {
        let secret = self.snapshot.schema().attribute(attribute).is_secret();
        if secret {
            identity.must_be_logged_in()?;
        }
        if identity.id() != Some(id) {
            return Ok(());
        }
        // A key is less than the account: it does not get to replace what the account is proved by.
        let by_key = identity.key().is_some() && secret;
        let own_role =
            attribute == known::HEDGEROW_PLATFORM_ROLE && !is_super_admin(&self.snapshot, id);
        if by_key || own_role || KEPT_FROM_OWNERS.contains(&attribute) {
            return Err(Error::InsufficientAccess);
        }
        Ok(())
    }

    /// Holds a change of an entry's passwords to its policy, and keeps the account's state with it.
    pub(super) fn keep_account(
        &self,
        doing: &Doing<'_>,
        before: &Attributes,
        after: &mut Attributes,
    ) -> Result<(), Error> {
        let schema = self.snapshot.schema();
        let account = Account::of_attributes(schema, before);
        self.keep_disabled(doing, (before, &account.state), after);
        if self.origin == Origin::Import {
            return Ok(());
        }
        let (old, new) = (
            before.values(known::USER_PASSWORD),
            after.values(known::USER_PASSWORD),
        );
        let own = doing.identity.id() == Some(doing.id);
        let needs_policy = doing.sets_password(schema) || own && account.state.reset;
        if !needs_policy {
            return Ok(());
        }
        let name = doing.dn.normalize(schema);
        let policy = account.policy(&self.snapshot, self.accounts, &name);
        let governed = policy.is_some();
        let policy = policy.unwrap_or_default();
        if own && policy.must_change(&account.state) && !doing.is_about_password_only(schema) {
            return Err(Error::PasswordRefused(Refusal::ChangeFirst));
        }
        if !doing.sets_password(schema) {
            return Ok(());
        }
        if own {
            let with_old = old.is_empty() || doing.removes_password(schema);
            let now = self.seconds();
            let allowed = policy.may_change(&account.state, with_old, now);
            allowed.map_err(Error::PasswordRefused)?;
            if governed && new.len() > 1 {
                let text = "an account has one password: remove the old one with the change";
                return Err(Error::ConstraintViolation(text.to_owned()));
            }
        }
        let gone: Vec<Vec<u8>> = old
            .iter()
            .filter(|value| !new.contains(value))
            .cloned()
            .collect();
        self.remember(&policy, &gone, after);
        self.begin_anew(&policy, own, doing, after);
        Ok(())
    }

    /// Keeps the two signs of an account that is turned off in step: clients of other servers know the lock for good
    /// alone, and lift it. What proved a login before proves nothing when the account is turned on again.
    fn keep_disabled(
        &self,
        doing: &Doing<'_>,
        (before, was): (&Attributes, &State),
        after: &mut Attributes,
    ) {
        let schema = self.snapshot.schema();
        let state = |attributes: &Attributes| Account::of_attributes(schema, attributes).state;
        let locked = |state: &State| state.lock == Some(Lock::Permanent);
        let is_locked = locked(&state(after));
        match (account::is_disabled(before), account::is_disabled(after)) {
            (true, true) if locked(was) && !is_locked => {
                set(after, known::HEDGEROW_DISABLED, Vec::new());
            }
            (_, true) if !is_locked => show_disabled(after),
            (true, false) if !doing.mentions(schema, known::PWD_ACCOUNT_LOCKED_TIME) => {
                set(after, known::PWD_ACCOUNT_LOCKED_TIME, Vec::new());
            }
            _ => {}
        }
        let closed = |state: &State| state.disabled || locked(state);
        if !closed(was) && closed(&state(after)) {
            move_epoch(after);
        }
    }

    /// The state of a new account.
    pub(super) fn begin_account(&self, identity: &Identity, dn: &Dn, attributes: &mut Attributes) {
        if account::is_disabled(attributes) {
            show_disabled(attributes);
        }
        let none = attributes.values(known::USER_PASSWORD).is_empty();
        if self.origin == Origin::Import || none {
            return;
        }
        let schema = self.snapshot.schema();
        let account = Account::of_attributes(schema, attributes);
        let policy = account
            .policy(&self.snapshot, self.accounts, &dn.normalize(schema))
            .unwrap_or_default();
        let doing = Doing {
            identity,
            id: self.snapshot.next_id(),
            dn,
            steps: &[],
        };
        self.begin_anew(&policy, false, &doing, attributes);
    }

    /// Puts passwords that are no longer used into the history, and takes the oldest out of it.
    fn remember(&self, policy: &Policy, gone: &[Vec<u8>], after: &mut Attributes) {
        let mut history = after.values(known::PWD_HISTORY).to_vec();
        if policy.in_history > 0 {
            let now = self.seconds();
            history.extend(gone.iter().map(|value| account::to_history(now, value)));
        }
        let excess = history.len().saturating_sub(policy.in_history);
        history.drain(..excess);
        set(after, known::PWD_HISTORY, history);
    }

    /// The state of an account whose password has just been set (draft section 8.2.7).
    fn begin_anew(&self, policy: &Policy, own: bool, doing: &Doing<'_>, after: &mut Attributes) {
        let schema = self.snapshot.schema();
        if !doing.mentions(schema, known::PWD_CHANGED_TIME) {
            let now = time::generalized(self.seconds()).into_bytes();
            set(after, known::PWD_CHANGED_TIME, vec![now]);
        }
        if !doing.mentions(schema, known::PWD_RESET) {
            let reset = policy.must_change && !own;
            let value = reset.then(|| b"TRUE".to_vec());
            set(after, known::PWD_RESET, value.into_iter().collect());
        }
        set(after, known::PWD_GRACE_USE_TIME, Vec::new());
        move_epoch(after);
        let account = Account::of_attributes(schema, after);
        // Who gets a new password from somebody else is not kept waiting for failures with the old one.
        if !own && matches!(account.state.lock, Some(Lock::Since(_))) {
            set(after, known::PWD_ACCOUNT_LOCKED_TIME, Vec::new());
            set(after, known::HEDGEROW_LOCKOUTS, Vec::new());
        }
    }

    /// Takes a step that a login brings about. No trace of it but the values: nobody has changed the entry.
    ///
    /// # Errors
    /// [`Error::LoginRefused`] when no grace is left.
    pub fn take_step(&mut self, id: EntryId, step: Step) -> Result<(), Error> {
        let gone = || Error::NoSuchAttribute("the entry is gone".to_owned());
        let view = View::new(&self.snapshot, id).ok_or_else(gone)?;
        let schema = self.snapshot.shared_schema();
        let mut attributes = decode(&view);
        let head = view.entry.head();
        let account = Account::of_attributes(&schema, &attributes);
        let account = account.with_activity(&self.snapshot, id);
        let name = self.snapshot.normalized_dn(id);
        let policy = account
            .policy(&self.snapshot, self.accounts, &name)
            .unwrap_or_default();
        let growth = self.accounts.escalation;
        let now = self.seconds();
        match step {
            Step::Lock => {
                if policy.holds(&growth, &account.state, now) {
                    return Ok(());
                }
                self.lock(
                    &growth,
                    account.state.lockouts.saturating_add(1),
                    &mut attributes,
                );
            }
            Step::UseGrace => {
                let admitted = policy.admit(&growth, &account.state, now);
                if !admitted.map_err(Error::LoginRefused)?.uses_grace {
                    return Ok(());
                }
                let mut used = attributes.values(known::PWD_GRACE_USE_TIME).to_vec();
                used.push(self.moment(&used));
                set(&mut attributes, known::PWD_GRACE_USE_TIME, used);
            }
            Step::Forgive => {
                if account.state.lock == Some(Lock::Permanent) {
                    return Ok(());
                }
                set(&mut attributes, known::PWD_ACCOUNT_LOCKED_TIME, Vec::new());
                set(&mut attributes, known::HEDGEROW_LOCKOUTS, Vec::new());
            }
            Step::Succeed => {
                if policy.holds(&growth, &account.state, now) {
                    return Ok(());
                }
                set(&mut attributes, known::PWD_ACCOUNT_LOCKED_TIME, Vec::new());
                set(&mut attributes, known::HEDGEROW_LOCKOUTS, Vec::new());
                set(&mut attributes, known::HEDGEROW_LOCK_REASON, Vec::new());
            }
        }
        self.store(id, &head, &attributes)
    }

    fn lock(&self, growth: &Escalation, number: u32, attributes: &mut Attributes) {
        let permanent = growth.permanent_after.is_some_and(|most| number > most);
        let since = if permanent {
            let reason = b"too many failed logins".to_vec();
            set(attributes, known::HEDGEROW_LOCK_REASON, vec![reason]);
            move_epoch(attributes);
            account::PERMANENTLY.to_vec()
        } else {
            set(attributes, known::HEDGEROW_LOCK_REASON, Vec::new());
            time::generalized(self.seconds()).into_bytes()
        };
        set(attributes, known::PWD_ACCOUNT_LOCKED_TIME, vec![since]);
        let number = number.to_string().into_bytes();
        set(attributes, known::HEDGEROW_LOCKOUTS, vec![number]);
    }

    /// The present time, to the microsecond, and none of those already used (draft section 8.1.2.3.1).
    fn moment(&self, used: &[Vec<u8>]) -> Vec<u8> {
        let mut micros = self.now;
        loop {
            let text = time::generalized_micros(micros);
            if !used.iter().any(|value| value == text.as_bytes()) {
                return text.into_bytes();
            }
            micros = micros.saturating_add(1);
        }
    }
}

impl Doing<'_> {
    fn of<'a>(
        &'a self,
        schema: &'a Schema,
        attribute: AttributeTypeId,
    ) -> impl Iterator<Item = &'a Modification> {
        self.steps.iter().filter(move |step| {
            AttributeDescription::parse(schema, &step.attribute)
                .is_ok_and(|description| description.attribute == attribute)
        })
    }

    fn mentions(&self, schema: &Schema, attribute: AttributeTypeId) -> bool {
        self.of(schema, attribute).next().is_some()
    }

    fn is_about_password_only(&self, schema: &Schema) -> bool {
        self.of(schema, known::USER_PASSWORD).count() == self.steps.len()
    }

    /// Whether there is a password to come.
    fn sets_password(&self, schema: &Schema) -> bool {
        self.mentions(schema, known::USER_PASSWORD)
    }

    /// Whether a password is removed by its value, which shows that it is known.
    fn removes_password(&self, schema: &Schema) -> bool {
        self.of(schema, known::USER_PASSWORD)
            .any(|step| step.kind == ModificationKind::Delete && !step.values.is_empty())
    }
}

/// Makes what proved a login until now prove nothing.
fn move_epoch(attributes: &mut Attributes) {
    let epoch = account::epoch(attributes).wrapping_add(1).to_string();
    set(attributes, known::HEDGEROW_EPOCH, vec![epoch.into_bytes()]);
}

/// Shows an account that is turned off as one that is locked for good.
fn show_disabled(attributes: &mut Attributes) {
    let lock = vec![account::PERMANENTLY.to_vec()];
    set(attributes, known::PWD_ACCOUNT_LOCKED_TIME, lock);
}

/// Sets the values of an attribute; none remove it.
pub(super) fn set(attributes: &mut Attributes, attribute: AttributeTypeId, values: Vec<Vec<u8>>) {
    let description = AttributeDescription::from(attribute);
    if values.is_empty() {
        attributes.remove(&description);
    } else {
        attributes.insert(Attribute {
            description,
            values,
        });
    }
}
