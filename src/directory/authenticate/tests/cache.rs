//! Passwords that come again a short while later.

use std::sync::{Arc, Mutex, PoisonError};

use super::*;

fn place() -> Place {
    Place::with(|accounts| accounts.proved_for = 60)
}

fn again(place: &Place, password: &str) -> (Option<Error>, u64) {
    place.cost(HERE, ADA, password)
}

#[test]
fn a_password_that_was_right_is_not_hashed_again_until_its_time_is_over() {
    let place = place();
    assert_eq!(again(&place, "secret-ada"), (None, 1));
    assert_eq!(again(&place, "secret-ada"), (None, 0));
    // From wherever it comes.
    assert_eq!(place.cost(THERE, ADA, "secret-ada"), (None, 0));
    place.clock.advance(59);
    assert_eq!(again(&place, "secret-ada"), (None, 0));
    place.clock.advance(1);
    assert_eq!(again(&place, "secret-ada"), (None, 1));
    assert_eq!(place.cost(HERE, ADMIN, "secret-admin"), (None, 1));
    assert_eq!(place.cost(HERE, ADMIN, "secret-admin"), (None, 0));
}

#[test]
fn a_wrong_password_is_hashed_and_counted_as_ever() {
    let place = place();
    assert_eq!(again(&place, "secret-ada"), (None, 1));
    for wrong in ["secret-ad", "secret-ada1", "secret-ada123456"] {
        let (error, hashes) = again(&place, wrong);
        assert_eq!((error.is_some(), hashes), (true, 1), "{wrong}");
    }
    assert_eq!(again(&place, "secret-ada"), (locked(), 0));
    // The right one of another account proves nothing.
    assert_eq!(place.cost(THERE, NOBODY, "secret-ada").1, 1);
}

#[test]
fn nothing_is_remembered_without_a_time() {
    let place = Place::new();
    assert_eq!(again(&place, "secret-ada"), (None, 1));
    assert_eq!(again(&place, "secret-ada"), (None, 1));
}

#[test]
fn another_password_counts_at_once_and_the_old_one_no_more() {
    let place = place();
    assert_eq!(again(&place, "secret-ada"), (None, 1));
    place.set(ADA, "userPassword", Some("another one"));
    let (error, _) = again(&place, "secret-ada");
    assert_eq!(error, Some(Error::InvalidCredentials));
    assert_eq!(again(&place, "another one").0, None);
}

#[test]
fn what_closes_an_account_counts_for_a_password_that_is_remembered() {
    for (attribute, value) in [
        ("hedgerowDisabled", "TRUE"),
        ("hedgerowDeletedTime", "20260101000000Z"),
        ("pwdAccountLockedTime", "000001010000Z"),
        ("pwdEndTime", "20260101000000Z"),
    ] {
        let place = place();
        assert_eq!(again(&place, "secret-ada"), (None, 1));
        place.set(ADA, attribute, Some(value));
        assert_eq!(again(&place, "secret-ada"), (locked(), 0), "{attribute}");
    }
}

#[test]
fn a_password_that_is_remembered_expires() {
    let place = Place::with(|accounts| accounts.proved_for = 3_600);
    place.set(ADA, "pwdPolicySubentry", Some("cn=ageing,ou=policies,dc=a"));
    place.set(ADA, "userPassword", Some("secret-ada"));
    assert_eq!(again(&place, "secret-ada"), (None, 1));
    place.clock.advance(101);
    assert_eq!(again(&place, "secret-ada"), (None, 0));
    assert_eq!(again(&place, "secret-ada"), (None, 0));
    let expired = Some(Error::LoginRefused(Denial::Expired));
    assert_eq!(again(&place, "secret-ada"), (expired, 0));
}

#[test]
fn what_there_is_no_room_to_hash_is_answered_busy_and_what_is_remembered_needs_none() {
    let place = place();
    assert_eq!(again(&place, "secret-ada"), (None, 1));
    let (gate, pool) = (Arc::new(Mutex::new(())), place.directory.pool());
    let closed = gate.lock().unwrap();
    let occupy = || {
        let gate = Arc::clone(&gate);
        let job = Job::Hash {
            password: Secret::from(&b"x"[..]),
            salt: [1; 16],
        };
        let wait = move |_| drop(gate.lock().unwrap_or_else(PoisonError::into_inner));
        pool.submit(job, Box::new(wait)).is_ok()
    };
    let threads = PoolSettings::default().threads.get();
    while pool.gauges().running < threads {
        occupy();
        std::thread::yield_now();
    }
    while occupy() {}
    let busy = place.login(HERE, ADA, "wrong").unwrap_err();
    assert!(matches!(busy, Error::Busy(_)), "{busy:?}");
    assert_eq!(again(&place, "secret-ada"), (None, 0));
    drop(closed);
}
