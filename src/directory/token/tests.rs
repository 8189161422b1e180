//! A token is good for one audience, for its time, and for as long as nothing about its account changes.

use super::*;
use crate::directory::account::AccountSettings;
use crate::directory::fixture::{self, setup};
use crate::directory::time::Clock;

fn served(clock: &Clock) -> Directory {
    let (directory, _) = fixture::served(AccountSettings {
        clock: clock.clone(),
        ..AccountSettings::default()
    });
    directory
}

#[test]
fn a_token_is_for_one_audience_and_one_time() {
    let clock = Clock::standing(1_000_000_000_000_000);
    let directory = served(&clock);
    let identity = Identity::entry(2);
    let hour = Duration::from_secs(3_600);
    let token = directory.issue_token(&identity, "a", hour).unwrap();
    assert_eq!(
        directory.redeem_token(&token, "a", &Source::default()),
        Ok(identity.clone())
    );
    assert_eq!(
        directory.redeem_token(&token, "b", &Source::default()),
        Err(Error::InvalidCredentials)
    );
    let (head, tail) = token.split_at(30);
    for other in [
        "",
        "a",
        head,
        &format!("{head}A{tail}"),
        &format!("{token}A"),
    ] {
        let redeemed = directory.redeem_token(other, "a", &Source::default());
        assert_eq!(redeemed, Err(Error::InvalidCredentials), "{other}");
    }
    clock.advance(3_599);
    assert!(
        directory
            .redeem_token(&token, "a", &Source::default())
            .is_ok()
    );
    clock.advance(1);
    assert!(
        directory
            .redeem_token(&token, "a", &Source::default())
            .is_err()
    );
}

#[test]
fn keys_are_renewed_and_old_tokens_stay_good() {
    let clock = Clock::standing(1_000_000_000_000_000);
    let directory = served(&clock);
    let identity = Identity::entry(2);
    let first = directory.issue_token(&identity, "a", LONGEST).unwrap();
    clock.advance(4_000);
    let second = directory.issue_token(&identity, "a", LONGEST).unwrap();
    assert!(
        directory
            .redeem_token(&first, "a", &Source::default())
            .is_ok()
    );
    assert!(
        directory
            .redeem_token(&second, "a", &Source::default())
            .is_ok()
    );
    clock.advance(u32::try_from(LONGEST.as_secs()).unwrap());
    assert!(
        directory
            .redeem_token(&first, "a", &Source::default())
            .is_err()
    );
}

#[test]
fn nobody_in_particular_has_no_token_and_the_administrator_has() {
    let directory = served(&Clock::standing(1_000_000_000_000_000));
    let nobody = directory.issue_token(&Identity::anonymous(), "a", LONGEST);
    assert!(nobody.is_err());
    let token = directory.issue_token(&Identity::administrator(), "a", LONGEST);
    let redeemed = directory
        .redeem_token(&token.unwrap(), "a", &Source::default())
        .unwrap();
    assert!(redeemed.is_administrator());
    assert_eq!(
        directory.name(&redeemed),
        setup().administrator.name.as_ref()
    );
}
