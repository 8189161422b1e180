//! Failures that are counted, the locks they bring about, and how these end.

use super::*;

#[test]
fn over_the_limit_a_pair_is_refused_before_hashing_whether_there_is_such_an_entry_or_not() {
    let place = Place::new();
    for name in [ADA, NOBODY, ADMIN] {
        place.fail(HERE, name, 2);
        assert_eq!(place.cost(HERE, name, "wrong"), (locked(), 1), "{name}");
        assert_eq!(place.cost(HERE, name, "wrong"), (locked(), 0), "{name}");
        assert_eq!(
            place.cost(HERE, name, "secret-ada"),
            (locked(), 0),
            "{name}"
        );
    }
    // The address is that of others as well, and the administrator has no entry that could be locked.
    assert!(place.login(HERE, KEN, "secret-ken").is_ok());
    assert!(place.login(THERE, ADMIN, "secret-admin").is_ok());
}

#[test]
fn a_success_forgets_the_failures_before_it() {
    let place = Place::new();
    for _ in 0..3 {
        place.fail(HERE, ADA, 2);
        assert!(place.login(HERE, ADA, "secret-ada").is_ok());
    }
    place.fail(HERE, ADA, 2);
    place.clock.advance(60);
    place.fail(HERE, ADA, 2);
    assert!(place.login(HERE, ADA, "secret-ada").is_ok());
}

#[test]
fn a_lock_is_on_the_disk_before_the_answer_and_leaves_no_other_trace() {
    let place = Place::new();
    let modified = |place: &Place| {
        let snapshot = place.directory.snapshot();
        let id = snapshot.find_entry(&Dn::parse(ADA).unwrap()).unwrap();
        let entry = snapshot.entry(id).unwrap();
        (entry.modified(), entry.csn())
    };
    let before = modified(&place);
    place.fail(HERE, ADA, 3);
    assert_eq!(modified(&place), before);
    let snapshot = place.stored();
    let id = snapshot.find_entry(&Dn::parse(ADA).unwrap()).unwrap();
    let account = Account::of(&View::new(&snapshot, id).unwrap());
    assert!(account.state.lock.is_some());
    assert_eq!(account.state.lockouts, 1);
}

#[test]
fn each_lock_is_a_step_longer_and_a_login_begins_anew() {
    let place = Place::new();
    for (minutes, number) in [(1, "1"), (2, "2"), (3, "3")] {
        place.fail(HERE, ADA, 3);
        assert_eq!(place.values(ADA, well_known::HEDGEROW_LOCKOUTS), [number]);
        place.clock.advance(minutes * 60 - 1);
        assert_eq!(
            place.login(HERE, ADA, "secret-ada").err(),
            locked(),
            "{minutes}"
        );
        place.clock.advance(1);
    }
    assert!(place.login(HERE, ADA, "secret-ada").is_ok());
    // The lane has forgotten the lock once it has done what came after.
    place.set(KEN, "description", Some("x"));
    assert!(
        place
            .values(ADA, well_known::PWD_ACCOUNT_LOCKED_TIME)
            .is_empty()
    );
    place.fail(HERE, ADA, 3);
    assert_eq!(place.values(ADA, well_known::HEDGEROW_LOCKOUTS), ["1"]);
}

#[test]
fn after_so_many_locks_the_next_is_for_good_but_never_for_the_administrator() {
    let place = Place::with(|settings| settings.escalation.permanent_after = Some(1));
    for name in [ADA, ADMIN] {
        place.fail(HERE, name, 3);
        place.clock.advance(120);
        place.fail(HERE, name, 3);
        place.clock.advance(100_000);
    }
    assert_eq!(place.login(HERE, ADA, "secret-ada").err(), locked());
    assert_eq!(
        place.values(ADA, well_known::PWD_ACCOUNT_LOCKED_TIME),
        ["000001010000Z"]
    );
    let reason = place.values(ADA, well_known::HEDGEROW_LOCK_REASON);
    assert_eq!(reason, ["too many failed logins"]);
    assert!(place.login(HERE, ADMIN, "secret-admin").is_ok());
}

#[test]
fn an_administrator_lifts_a_lock_for_every_source() {
    let place = Place::new();
    place.fail(HERE, ADA, 3);
    assert_eq!(place.login(THERE, ADA, "secret-ada").err(), locked());
    place.set(ADA, "pwdAccountLockedTime", None);
    assert!(place.login(HERE, ADA, "secret-ada").is_ok());
    // A new password from an administrator does the same.
    place.fail(HERE, ADA, 3);
    place.set(ADA, "userPassword", Some("other-ada"));
    assert!(place.login(HERE, ADA, "other-ada").is_ok());
}

#[test]
fn guesses_that_were_on_their_way_are_refused_with_the_pair() {
    let place = Place::new();
    let (send, receive) = mpsc::channel();
    let (name, source) = (Dn::parse(ADA).unwrap(), HERE.parse::<IpAddr>().unwrap());
    for password in [["wrong"; 20].as_slice(), &["secret-ada"; 4]].concat() {
        let send = send.clone();
        let done = Box::new(move |verdict: Verdict| send.send(verdict.is_ok()).unwrap());
        let password = Secret::from(password.as_bytes());
        place
            .directory
            .authenticate(&name, password, &Some(source).into(), done);
    }
    drop(send);
    assert!(receive.iter().all(|succeeded| !succeeded));
}

#[test]
fn a_lock_by_failures_keeps_logins_away_and_lets_who_is_bound_go_on() {
    let place = Place::new();
    let ada = place.login(HERE, ADA, "secret-ada").unwrap().identity;
    place.fail(THERE, ADA, 3);
    assert_eq!(place.directory.standing(&ada), Standing::Open);
}

#[test]
fn a_lock_is_told_of_once_with_its_end_whether_the_name_has_an_entry_or_not() {
    let place = Place::new();
    let (send, told) = mpsc::channel();
    let listener = move |event| send.send(event).unwrap();
    place.directory.tell_events_to(Box::new(listener));
    for name in [ADA, NOBODY] {
        place.fail(HERE, name, 5);
        let event = told.try_recv().unwrap();
        assert_eq!(event.kind, crate::directory::audit::Kind::Lock);
        assert_eq!(event.who, name);
        assert_eq!(event.provenance.address, Some(HERE.parse().unwrap()));
        assert_eq!(event.until, Some(place.clock.seconds() + 60));
        assert!(told.try_recv().is_err());
    }
}
