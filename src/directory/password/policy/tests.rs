//! The rules of the draft, each by example, and for all numbers what no numbers may bring about.

use super::*;
use proptest::prelude::*;

const GROWTH: Escalation = Escalation {
    step: 60,
    longest: 900,
    permanent_after: None,
};
const NOW: Seconds = 1_800_000_000;

fn locking() -> Policy {
    Policy {
        lockout: true,
        lockout_duration: 60,
        max_failures: 5,
        ..Policy::default()
    }
}

fn expiring() -> Policy {
    Policy {
        max_age: 1_000,
        warn: 100,
        grace_logins: 2,
        ..Policy::default()
    }
}

fn changed(ago: Seconds) -> State {
    State {
        changed: Some(NOW - ago),
        ..State::default()
    }
}

#[test]
fn without_a_policy_every_open_account_logs_in_and_changes_its_password() {
    let admission = Policy::default()
        .admit(&GROWTH, &changed(1 << 40), NOW)
        .unwrap();
    assert_eq!(admission.notice, Notice::default());
    assert!(!admission.uses_grace);
    assert_eq!(
        Policy::default().may_change(&changed(0), false, NOW),
        Ok(())
    );
    assert!(!Policy::default().locks());
}

#[test]
fn each_lock_is_a_step_longer_up_to_the_longest() {
    let lengths: Vec<_> = (1..=20)
        .map(|n| locking().lock_length(&GROWTH, n))
        .collect();
    assert_eq!(lengths[..3], [Some(60), Some(120), Some(180)]);
    assert_eq!(lengths[14..17], [Some(900), Some(900), Some(900)]);
    let long = Policy {
        lockout_duration: 2_000,
        ..locking()
    };
    assert_eq!(long.lock_length(&GROWTH, 9), Some(2_000));
    assert_eq!(Policy::default().lock_length(&GROWTH, 1), None);
}

#[test]
fn a_lock_ends_by_itself_and_a_permanent_one_does_not() {
    let since = |ago| State {
        lock: Some(Lock::Since(NOW - ago)),
        lockouts: 2,
        ..State::default()
    };
    assert!(locking().is_locked(&GROWTH, &since(119), NOW));
    assert!(!locking().is_locked(&GROWTH, &since(120), NOW));
    // No duration: until it is lifted.
    assert!(Policy::default().is_locked(&GROWTH, &since(1 << 40), NOW));
    let permanent = State {
        lock: Some(Lock::Permanent),
        ..State::default()
    };
    assert!(Policy::default().is_locked(&GROWTH, &permanent, NOW));
    assert!(!permanent.is_open(NOW));
    assert!(since(0).is_open(NOW));
}

#[test]
fn an_account_is_used_from_its_start_to_before_its_end() {
    let spanning = |start, end| State {
        start: Some(start),
        end: Some(end),
        ..State::default()
    };
    assert!(spanning(NOW, NOW + 1).is_open(NOW));
    assert!(!spanning(NOW + 1, NOW + 2).is_open(NOW));
    assert!(!spanning(NOW - 1, NOW).is_open(NOW));
    // Section 5.3.10: a start behind the end disables.
    assert!(!spanning(NOW, NOW - 1).is_open(NOW));
    let disabled = State {
        disabled: true,
        ..State::default()
    };
    let denied = Policy::default().admit(&GROWTH, &disabled, NOW);
    assert_eq!(denied, Err(Denial::Locked));
}

#[test]
fn an_idle_account_is_locked_by_its_last_login_or_else_its_last_change() {
    let policy = Policy {
        max_idle: 50,
        ..Policy::default()
    };
    let seen = |ago| State {
        last_success: Some(NOW - ago),
        ..changed(1_000)
    };
    assert!(!policy.is_locked(&GROWTH, &seen(49), NOW));
    assert!(policy.is_locked(&GROWTH, &seen(50), NOW));
    assert!(policy.is_locked(&GROWTH, &changed(50), NOW));
    assert!(!policy.is_locked(&GROWTH, &State::default(), NOW));
}

#[test]
fn a_password_warns_then_expires_then_has_its_grace() {
    let told = |ago| {
        expiring()
            .admit(&GROWTH, &changed(ago), NOW)
            .map(|it| it.notice.warning)
    };
    assert_eq!(told(899), Ok(None));
    assert_eq!(told(900), Ok(Some(Warning::Expires(100))));
    assert_eq!(told(1_000), Ok(Some(Warning::Expires(0))));
    assert_eq!(told(1_001), Ok(Some(Warning::Grace(1))));
    let used = |grace_used| State {
        grace_used,
        ..changed(1_001)
    };
    let last = expiring().admit(&GROWTH, &used(1), NOW).unwrap();
    assert_eq!(last.notice.warning, Some(Warning::Grace(0)));
    assert!(last.uses_grace);
    assert_eq!(
        expiring().admit(&GROWTH, &used(2), NOW),
        Err(Denial::Expired)
    );
    let short = Policy {
        grace_expiry: 10,
        ..expiring()
    };
    assert!(short.admit(&GROWTH, &changed(1_010), NOW).is_ok());
    assert_eq!(
        short.admit(&GROWTH, &changed(1_011), NOW),
        Err(Denial::Expired)
    );
    // Section 5.3.2: without a time of change it never expires.
    assert!(expiring().admit(&GROWTH, &State::default(), NOW).is_ok());
}

#[test]
fn a_password_that_another_has_set_must_be_changed_and_may_be_at_once() {
    let policy = Policy {
        must_change: true,
        min_age: 100,
        ..Policy::default()
    };
    let reset = State {
        reset: true,
        ..changed(0)
    };
    let admission = policy.admit(&GROWTH, &reset, NOW).unwrap();
    assert!(admission.notice.must_change);
    assert_eq!(policy.may_change(&reset, false, NOW), Ok(()));
    assert_eq!(
        policy.may_change(&changed(99), false, NOW),
        Err(Refusal::TooYoung)
    );
    assert_eq!(policy.may_change(&changed(100), false, NOW), Ok(()));
    assert!(!Policy::default().must_change(&reset));
}

#[test]
fn what_users_may_not_do_with_their_passwords_is_refused_in_the_order_of_the_draft() {
    let strict = Policy {
        safe_modify: true,
        allow_user_change: false,
        min_age: 100,
        ..Policy::default()
    };
    let young = changed(0);
    assert_eq!(
        strict.may_change(&young, false, NOW),
        Err(Refusal::OldMissing)
    );
    assert_eq!(
        strict.may_change(&young, true, NOW),
        Err(Refusal::NotAllowed)
    );
    let allowed = Policy {
        allow_user_change: true,
        ..strict
    };
    assert_eq!(
        allowed.may_change(&young, true, NOW),
        Err(Refusal::TooYoung)
    );
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let ages = (
        any::<i64>(),
        any::<i64>(),
        any::<i64>(),
        any::<i64>(),
        any::<i64>(),
    );
    let counts = (
        0..9_usize,
        any::<i64>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    (ages, counts).prop_map(|((min_age, max_age, warn, grace_expiry, max_idle), rest)| {
        let (grace_logins, lockout_duration, must_change, allow_user_change, safe_modify) = rest;
        Policy {
            min_age,
            max_age,
            warn,
            grace_logins,
            grace_expiry,
            max_idle,
            lockout_duration,
            must_change,
            allow_user_change,
            safe_modify,
            ..Policy::default()
        }
    })
}

fn any_state() -> impl Strategy<Value = State> {
    let time = || proptest::option::of(any::<i64>());
    let lock = prop_oneof![
        Just(None),
        Just(Some(Lock::Permanent)),
        any::<i64>().prop_map(|since| Some(Lock::Since(since))),
    ];
    let flags = (any::<bool>(), any::<bool>(), any::<u32>(), 0..9_usize);
    (time(), lock, time(), time(), time(), flags).prop_map(
        |(changed, lock, start, end, last_success, (reset, disabled, lockouts, grace_used))| {
            State {
                changed,
                lock,
                lockouts,
                grace_used,
                reset,
                start,
                end,
                last_success,
                disabled,
            }
        },
    )
}

proptest! {
    #[test]
    fn no_numbers_make_a_locked_account_log_in(policy in any_policy(), state in any_state(), now in any::<i64>()) {
        let admitted = policy.admit(&GROWTH, &state, now);
        if policy.is_locked(&GROWTH, &state, now) {
            prop_assert_eq!(admitted, Err(Denial::Locked));
        } else {
            prop_assert_ne!(admitted, Err(Denial::Locked));
        }
        if !state.is_open(now) {
            prop_assert!(policy.is_locked(&GROWTH, &state, now));
        }
    }

    #[test]
    fn grace_never_lasts_longer_than_the_limit(policy in any_policy(), state in any_state(), now in any::<i64>()) {
        let mut state = state;
        let mut logins = 0;
        while policy.admit(&GROWTH, &state, now).is_ok_and(|admission| admission.uses_grace) {
            state.grace_used += 1;
            logins += 1;
            prop_assert!(logins <= policy.grace_logins);
        }
    }

    #[test]
    fn time_only_opens_locks_and_only_ends_passwords(
        age in 0..10_000_i64,
        later in 0..10_000_i64,
        number in 0..40_u32,
    ) {
        let locked = State { lock: Some(Lock::Since(NOW - age)), lockouts: number, ..State::default() };
        if !locking().holds(&GROWTH, &locked, NOW) {
            prop_assert!(!locking().holds(&GROWTH, &locked, NOW + later));
        }
        let once = Policy { grace_logins: 0, ..expiring() };
        if once.admit(&GROWTH, &changed(age), NOW).is_err() {
            prop_assert!(once.admit(&GROWTH, &changed(age), NOW + later).is_err());
        }
    }

    #[test]
    fn locks_never_get_shorter(number in 0..1_000_u32) {
        let length = |number| locking().lock_length(&GROWTH, number);
        prop_assert!(length(number) <= length(number + 1));
    }
}
