//! The rules of draft-behera-ldap-password-policy over plain data: may this account log in now, may its password be
//! changed now, and how long is it locked.
//!
//! Owns the decisions of the draft's section 7. It asks no clock, reads no entry and computes no hash: where policies and
//! states of accounts are kept is `account`'s, whether a new password is good is `quality`'s.

/// The longest history that is kept of an account's passwords: each of them costs a hash when a new one is judged.
pub const LONGEST_HISTORY: usize = 24;
/// The most failures that a policy counts before it locks.
pub const MOST_FAILURES: usize = 100;

/// Seconds since 1970.
pub type Seconds = i64;

/// What holds for the passwords of an account. Zero turns a rule off, as in the draft; the default is no policy at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Seconds between two changes by the user (`pwdMinAge`).
    pub min_age: Seconds,
    /// Seconds after which a password has expired (`pwdMaxAge`).
    pub max_age: Seconds,
    /// Earlier passwords that cannot be used again (`pwdInHistory`).
    pub in_history: usize,
    /// Whether the quality of new passwords is checked (`pwdCheckQuality`).
    pub check: Check,
    /// The fewest characters (`pwdMinLength`).
    pub min_length: usize,
    /// The most characters (`pwdMaxLength`).
    pub max_length: usize,
    /// Seconds before the end of a password from which on logins are warned (`pwdExpireWarning`).
    pub warn: Seconds,
    /// Logins with a password that has expired (`pwdGraceAuthNLimit`).
    pub grace_logins: usize,
    /// Seconds after the end of a password for which there are such logins (`pwdGraceExpiry`).
    pub grace_expiry: Seconds,
    /// Whether failed logins lock (`pwdLockout`).
    pub lockout: bool,
    /// Seconds that the first lock lasts; until it is lifted when zero (`pwdLockoutDuration`).
    pub lockout_duration: Seconds,
    /// Failed logins that lock (`pwdMaxFailure`).
    pub max_failures: usize,
    /// Seconds for which a failure counts; until a success when zero (`pwdFailureCountInterval`).
    pub failure_interval: Seconds,
    /// Whether a password that another has set must be changed (`pwdMustChange`).
    pub must_change: bool,
    /// Whether users may change their own (`pwdAllowUserChange`).
    pub allow_user_change: bool,
    /// Whether a change must come with the old password (`pwdSafeModify`).
    pub safe_modify: bool,
    /// Seconds without a login after which an account is locked (`pwdMaxIdle`).
    pub max_idle: Seconds,
}

/// Whether the quality of new passwords is checked (draft section 5.2.5).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// It is not.
    No,
    /// It is, where that can be done: ready-made hashes are taken.
    Lenient,
    /// It is, and what cannot be checked is refused.
    Strict,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            min_age: 0,
            max_age: 0,
            in_history: 0,
            check: Check::No,
            min_length: 0,
            max_length: 0,
            warn: 0,
            grace_logins: 0,
            grace_expiry: 0,
            lockout: false,
            lockout_duration: 0,
            max_failures: 0,
            failure_interval: 0,
            must_change: false,
            allow_user_change: true,
            safe_modify: false,
            max_idle: 0,
        }
    }
}

/// How locks grow from one to the next; the policy says how long the first lasts.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// Seconds by which each lock is longer than the one before.
    pub step: Seconds,
    /// Seconds that a lock lasts at the most, unless the policy's own duration is longer.
    pub longest: Seconds,
    /// Temporary locks after which the next is permanent; `None` for never.
    pub permanent_after: Option<u32>,
}

/// A lock on an account (`pwdAccountLockedTime`).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Since this time, for as long as the policy says.
    Since(Seconds),
    /// Until it is lifted.
    Permanent,
}

/// What is known of an account beside its passwords.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// When the password was last changed; a password without a time never expires.
    pub changed: Option<Seconds>,
    /// The lock on it.
    pub lock: Option<Lock>,
    /// Temporary locks since the last success, the present one included.
    pub lockouts: u32,
    /// Logins since the password has expired.
    pub grace_used: usize,
    /// Whether somebody else has set the password.
    pub reset: bool,
    /// From when on the account may be used.
    pub start: Option<Seconds>,
    /// Until when the account may be used.
    pub end: Option<Seconds>,
    /// The last login.
    pub last_success: Option<Seconds>,
    /// Whether an administrator has turned it off, or has deleted it for the time being.
    pub disabled: bool,
}

/// Why a login with the right password fails. Only clients that ask for it with the policy control are told.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The account is locked, or not to be used now.
    Locked,
    /// The password has expired, and no grace is left.
    Expired,
}

/// What a login that succeeds is to be told.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// The password must be changed before anything else.
    pub must_change: bool,
    /// What is to come.
    pub warning: Option<Warning>,
}

/// What is to come for a password (draft section 6.2).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// It expires in so many seconds.
    Expires(u32),
    /// It has expired; so many more logins will do.
    Grace(u32),
}

/// Why a new password is not taken (draft section 8.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Users may not change their own.
    NotAllowed,
    /// The old password must come with the change.
    OldMissing,
    /// Before anything else the password must be changed, and nothing with it.
    ChangeFirst,
    /// It was changed too short a time ago.
    TooYoung,
    /// It is too easily guessed; the text says why.
    Weak(String),
    /// It has fewer characters than this.
    TooShort(usize),
    /// It has more characters than this.
    TooLong(usize),
    /// It was used before.
    InHistory,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAllowed => f.write_str("users may not change their passwords"),
            Self::OldMissing => f.write_str("the old password must be sent with the new one"),
            Self::ChangeFirst => {
                f.write_str("the password must be changed first, and nothing with it")
            }
            Self::TooYoung => f.write_str("the password was changed too short a time ago"),
            Self::Weak(why) => write!(f, "the password is too easily guessed: {why}"),
            Self::TooShort(least) => write!(f, "the password has fewer than {least} characters"),
            Self::TooLong(most) => write!(f, "the password has more than {most} characters"),
            Self::InHistory => f.write_str("the password was used before"),
        }
    }
}

/// How a login with the right password goes on.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// What is told.
    pub notice: Notice,
    /// Whether it is one of the logins after the end of the password, to be counted before it succeeds.
    pub uses_grace: bool,
}

impl Policy {
    /// Whether the account is locked or not to be used at this time (draft section 7.1).
    pub fn is_locked(&self, growth: &Escalation, state: &State, now: Seconds) -> bool {
        let idle = self.max_idle > 0
            && state
                .last_success
                .or(state.changed)
                .is_some_and(|last| now >= last.saturating_add(self.max_idle));
        !state.is_open(now) || self.holds(growth, state, now) || idle
    }

    /// Whether the lock on the account, if any, holds at this time.
    pub fn holds(&self, growth: &Escalation, state: &State, now: Seconds) -> bool {
        match state.lock {
            None => false,
            Some(Lock::Permanent) => true,
            Some(Lock::Since(since)) => self
                .lock_length(growth, state.lockouts)
                .is_none_or(|length| now < since.saturating_add(length)),
        }
    }

    /// How long the lock of this number lasts, counted from 1: until it is lifted when `None`.
    pub fn lock_length(&self, growth: &Escalation, number: u32) -> Option<Seconds> {
        if self.lockout_duration <= 0 {
            return None;
        }
        let more = growth
            .step
            .saturating_mul(i64::from(number.saturating_sub(1)));
        let longest = growth.longest.max(self.lockout_duration);
        Some(self.lockout_duration.saturating_add(more).min(longest))
    }

    /// Whether failures are counted and lock.
    pub fn locks(&self) -> bool {
        self.lockout && self.max_failures > 0
    }

    /// Whether the password must be changed before anything else (draft section 7.2).
    pub fn must_change(&self, state: &State) -> bool {
        self.must_change && state.reset
    }

    /// When the password expires, if ever.
    fn expiry(&self, state: &State) -> Option<Seconds> {
        let changed = state.changed.filter(|_| self.max_age > 0)?;
        Some(changed.saturating_add(self.max_age))
    }

    /// Decides about a login whose password is right (draft section 8.1).
    pub fn admit(
        &self,
        growth: &Escalation,
        state: &State,
        now: Seconds,
    ) -> Result<Admission, Denial> {
        if self.is_locked(growth, state, now) {
            return Err(Denial::Locked);
        }
        let must_change = self.must_change(state);
        let admission = |warning, uses_grace| Admission {
            notice: Notice {
                must_change,
                warning,
            },
            uses_grace,
        };
        let Some(expiry) = self.expiry(state) else {
            return Ok(admission(None, false));
        };
        // Who must change the password gets to do so whatever its age is.
        if now > expiry && !must_change {
            let left = self.grace_left(state, expiry, now).checked_sub(1);
            let left = left.ok_or(Denial::Expired)?;
            let left = u32::try_from(left).unwrap_or(u32::MAX);
            return Ok(admission(Some(Warning::Grace(left)), true));
        }
        let remaining = expiry.saturating_sub(now);
        let near = remaining >= 0 && remaining <= self.warn && self.warn > 0;
        // The protocol's integers end at 2^31 - 1 (RFC 4511 section 4.1.1).
        let seconds = u32::try_from(remaining.min(i64::from(i32::MAX))).ok();
        let warning = seconds.filter(|_| near).map(Warning::Expires);
        Ok(admission(warning, false))
    }

    /// Logins that are left of those after the end of the password (draft section 7.4).
    fn grace_left(&self, state: &State, expiry: Seconds, now: Seconds) -> usize {
        if self.grace_expiry > 0 && now > expiry.saturating_add(self.grace_expiry) {
            return 0;
        }
        self.grace_logins.saturating_sub(state.grace_used)
    }

    /// Decides whether users may change their own password now (draft sections 8.2.1, 8.2.3 and 8.2.4). `with_old` when
    /// the old password comes with the change, or there is none.
    pub fn may_change(&self, state: &State, with_old: bool, now: Seconds) -> Result<(), Refusal> {
        if self.safe_modify && !with_old {
            return Err(Refusal::OldMissing);
        }
        if !self.allow_user_change {
            return Err(Refusal::NotAllowed);
        }
        let young = |changed: Seconds| self.min_age > now.saturating_sub(changed);
        if self.min_age > 0 && !self.must_change(state) && state.changed.is_some_and(young) {
            return Err(Refusal::TooYoung);
        }
        Ok(())
    }
}

impl State {
    /// Whether an administrator lets the account be used at this time. Locks that failures bring about do not count:
    /// they keep logins away, and let those who are bound go on.
    pub fn is_open(&self, now: Seconds) -> bool {
        self.is_open_at(|| now)
    }

    /// The same, asking for the time only where it decides.
    pub fn is_open_at(&self, now: impl Fn() -> Seconds) -> bool {
        !self.disabled
            && self.lock != Some(Lock::Permanent)
            && self.start.is_none_or(|start| now() >= start)
            && self.end.is_none_or(|end| now() < end)
    }
}

#[cfg(test)]
mod tests;
