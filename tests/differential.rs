//! A second opinion on the whole protocol: generated operations go to OpenLDAP's slapd and to this server, and both must
//! answer alike, but for the differences listed in `differential/differences.rs`.
//!
//! The same operations come every time. `HEDGEROW_DIFFERENTIAL_SEED` (a number, 1 by default) gives others, and
//! `HEDGEROW_DIFFERENTIAL_ROUNDS` (300 by default) more of them: a round begins with a small tree and goes through up to
//! 40 operations. What the servers disagree on is cut down to few operations and printed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "differential/answers.rs"]
mod answers;
#[path = "differential/differences.rs"]
mod differences;
#[path = "differential/entries.rs"]
mod entries;
#[path = "differential/filters.rs"]
mod filters;
#[path = "differential/generate.rs"]
mod generate;
#[path = "differential/names.rs"]
mod names;
mod server;
#[path = "differential/slapd.rs"]
mod slapd;
#[path = "differential/values.rs"]
mod values;
#[path = "differential/wire.rs"]
mod wire;

use std::cell::RefCell;

use answers::Pair;
use proptest::collection::vec;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use server::{Folder, Server};
use slapd::Slapd;
use wire::Operation;

/// The entry that everything happens below.
const ROOT: &str = "ou=t,dc=example,dc=org";
const SUFFIX_ENTRY: &str = "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\n\
                            dc: example\no: Example\n";

/// Both servers with an empty tree.
fn started() -> (Folder, Server, Slapd) {
    let folder = Folder::rfc2307();
    folder.load(SUFFIX_ENTRY);
    let server = folder.serve();
    let slapd = Slapd::start();
    (folder, server, slapd)
}

fn number(variable: &str, default: u32) -> u32 {
    std::env::var(variable).map_or(default, |text| text.parse().expect(variable))
}

/// Begins anew and does the operations one after the other; says what the first disagreement is.
fn round(pair: &mut Pair, operations: &[Operation]) -> Result<(), String> {
    pair.clear();
    let seedlings = entries::seedlings();
    for operation in seedlings.iter().chain(operations) {
        let changed = pair.agree_on(operation)?;
        if changed {
            let everything = Operation::dump(ROOT, &["*", "+"]);
            pair.agree_on(&everything)
                .map_err(|problem| format!("{operation:?}\nthen {problem}"))?;
        }
    }
    Ok(())
}

#[test]
fn generated_operations_end_alike_on_both_servers() {
    let (_folder, server, slapd) = started();
    let pair = RefCell::new(Pair::new(&slapd, &server));
    let seed = number("HEDGEROW_DIFFERENTIAL_SEED", 1);
    let rounds = number("HEDGEROW_DIFFERENTIAL_ROUNDS", 300);
    let mut octets = [0; 32];
    octets[..4].copy_from_slice(&seed.to_be_bytes());
    let config = Config {
        cases: rounds,
        failure_persistence: None,
        max_shrink_iters: 500,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &octets);
    let outcome = TestRunner::new_with_rng(config, rng)
        .run(&vec(generate::operation(), 1..40), |operations| {
            round(&mut pair.borrow_mut(), &operations).map_err(TestCaseError::fail)
        });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(problem, operations)) => {
            let list = operations
                .iter()
                .map(|operation| format!("\n  {operation:?}"));
            panic!(
                "seed {seed}: {problem}\n\nafter the seedlings and these:{}",
                list.collect::<String>()
            );
        }
        Err(error) => panic!("seed {seed}: {error}"),
    }
}

#[test]
fn the_listed_differences_are_still_there() {
    let (_folder, server, slapd) = started();
    let mut pair = Pair::new(&slapd, &server);
    for difference in differences::differences() {
        pair.clear();
        for seedling in entries::seedlings() {
            pair.agree_on(&seedling).unwrap();
        }
        for operation in &difference.before {
            assert_eq!(pair.agree_on(operation), Ok(true), "{}", difference.why);
        }
        let operation = &difference.operation;
        let (slapd, hedgerow) = pair.ask(operation);
        assert_eq!(
            (
                (slapd.code, slapd.entries.len()),
                (hedgerow.code, hedgerow.entries.len())
            ),
            (difference.slapd, difference.hedgerow),
            "{}\n{operation:?}\nslapd: {slapd:?}\nhedgerow: {hedgerow:?}",
            difference.why
        );
    }
}
