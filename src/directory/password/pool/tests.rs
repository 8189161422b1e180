//! The pool from outside (its promises under load, panic and shutdown), and one job from inside.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::directory::password::Secret;

const SSHA: &[u8] = b"{SSHA}5HUYGlTrLoYIbsiNEDTQLGql506ke0CV";

fn params() -> Argon2Params {
    Argon2Params::new(64, 1, 1).unwrap()
}

fn pool(threads: usize, queue_per_thread: usize) -> Pool {
    Pool::start(PoolSettings {
        threads: NonZeroUsize::new(threads).unwrap(),
        queue_per_thread: NonZeroUsize::new(queue_per_thread).unwrap(),
        params: params(),
    })
    .unwrap()
}

fn secret(password: &str) -> Secret {
    Secret::from(password.as_bytes())
}

fn decoy() -> Job {
    verify(&[], "x")
}

fn verify(stored: &[&[u8]], password: &str) -> Job {
    Job::Verify {
        stored: stored.iter().map(|value| value.to_vec()).collect(),
        password: secret(password),
    }
}

fn send_to(answers: &Sender<Outcome>) -> Done {
    let answers = answers.clone();
    Box::new(move |outcome| answers.send(outcome).unwrap())
}

fn ask(pool: &Pool, job: Job) -> Outcome {
    let (sender, answers) = channel();
    pool.submit(job, send_to(&sender)).unwrap();
    answers.recv().unwrap()
}

/// A worker kept busy in its `Done` until this is dropped.
struct Held(#[expect(dead_code, reason = "the worker waits for it to be dropped")] Sender<()>);

/// A `Done` that reports on the receiver that it has begun, and ends when `Held` is dropped.
fn hold() -> (Done, Receiver<()>, Held) {
    let (began, begun) = channel();
    let (release, released) = channel::<()>();
    let done = move |_| {
        began.send(()).unwrap();
        let _ = released.recv();
    };
    (Box::new(done), begun, Held(release))
}

fn occupy(pool: &Pool) -> Held {
    let (done, begun, held) = hold();
    pool.submit(decoy(), done).unwrap();
    begun.recv().unwrap();
    held
}

fn wait_until_idle(pool: &Pool) {
    while pool.gauges().running > 0 {
        thread::yield_now();
    }
}

#[test]
fn hashes_and_verifies() {
    let pool = pool(2, 8);
    let job = Job::Hash {
        password: secret("new"),
        salt: [7; 16],
    };
    let Outcome::Hashed(stored) = ask(&pool, job) else {
        panic!("not hashed");
    };
    assert_eq!(ask(&pool, verify(&[&stored], "new")), Outcome::Match(0));
    assert_eq!(
        ask(&pool, verify(&[SSHA, &stored], "new")),
        Outcome::Match(1)
    );
    assert_eq!(
        ask(&pool, verify(&[SSHA, &stored], "frank-secret")),
        Outcome::Match(0)
    );
    assert_eq!(ask(&pool, verify(&[&stored], "old")), Outcome::NoMatch);
    assert_eq!(ask(&pool, verify(&[b"new"], "new")), Outcome::NoMatch);
    assert_eq!(ask(&pool, decoy()), Outcome::NoMatch);
}

#[test]
fn no_more_values_are_tried_than_promised() {
    let pool = pool(1, 8);
    let mut stored = vec![b"clear".as_slice(); Job::MAX_STORED - 1];
    stored.push(SSHA);
    assert_eq!(
        ask(&pool, verify(&stored, "frank-secret")),
        Outcome::Match(Job::MAX_STORED - 1)
    );
    stored.insert(0, b"clear");
    assert_eq!(
        ask(&pool, verify(&stored, "frank-secret")),
        Outcome::NoMatch
    );
}

/// The computation depends on the password and the decoy salt alone, so equal memory proves equal work.
#[test]
fn failing_after_cheap_values_does_exactly_the_work_of_a_decoy() {
    let words = |memory: &Memory| -> Vec<u64> {
        let blocks = memory.kept().iter();
        blocks.flat_map(|block| block.as_ref().to_vec()).collect()
    };
    let blocks_after = |job: Job| {
        let mut memory = Memory::new(&params());
        assert_eq!(job.run(&params(), &mut memory), Outcome::NoMatch);
        words(&memory)
    };
    let decoy_of = |password: &str| {
        let mut memory = Memory::new(&params());
        crate::directory::password::hash::spend(&secret(password), &params(), &mut memory).unwrap();
        words(&memory)
    };
    let decoy = decoy_of("guess");
    assert_eq!(decoy.len(), 64 * 128);
    assert!(decoy.iter().all(|word| *word != 0));
    let crypt: &[u8] = b"{CRYPT}$5$abcdefgh$YjO3dwZxrgtyo9GCtf/xPl5xU4GyIc61LKyy7A8oYm/";
    let no_derivation: [&[&[u8]]; 5] = [
        &[SSHA],
        &[],
        &[b"clear"],
        &[b"{CRYPT}ab", SSHA],
        &[SSHA; 20],
    ];
    for stored in no_derivation {
        assert_eq!(blocks_after(verify(stored, "guess")), decoy);
    }
    // crypt(3) cannot have made a hash of this password, so that the decoy has to stand in for it.
    let unhashable = "guess\0";
    assert_eq!(
        blocks_after(verify(&[crypt], unhashable)),
        decoy_of(unhashable)
    );
}

#[test]
fn a_derivation_is_not_followed_by_a_decoy() {
    let mut memory = Memory::new(&params());
    let stored: &[u8] = b"{CRYPT}$1$abcdefgh$cHEQ93worP4USgc5xGNtp/";
    let outcome = verify(&[stored], "guess").run(&params(), &mut memory);
    assert_eq!(outcome, Outcome::NoMatch);
    assert!(memory.kept().is_empty());
}

#[test]
fn a_full_queue_refuses_at_once_and_counts() {
    let pool = pool(1, 2);
    let held = occupy(&pool);
    let (sender, answers) = channel();
    pool.submit(decoy(), send_to(&sender)).unwrap();
    pool.submit(decoy(), send_to(&sender)).unwrap();
    assert_eq!(pool.submit(decoy(), send_to(&sender)), Err(Busy));
    let expected = Gauges {
        queued: 2,
        running: 1,
        refused: 1,
        taken: 1,
    };
    assert_eq!(pool.gauges(), expected);

    drop((held, sender));
    assert_eq!(answers.iter().count(), 2);
    wait_until_idle(&pool);
    let expected = Gauges {
        queued: 0,
        running: 0,
        refused: 1,
        taken: 3,
    };
    assert_eq!(pool.gauges(), expected);
}

#[test]
fn shutting_down_answers_what_was_taken_and_refuses_the_rest() {
    let pool = pool(1, 8);
    let held = occupy(&pool);
    let (sender, answers) = channel();
    for _ in 0..5 {
        pool.submit(decoy(), send_to(&sender)).unwrap();
    }
    thread::scope(|scope| {
        let shutdown = scope.spawn(|| pool.shutdown());
        while pool.submit(decoy(), Box::new(|_| ())) != Err(Busy) {
            thread::yield_now();
        }
        assert_eq!(pool.submit_blocking(decoy(), send_to(&sender)), Err(Busy));
        assert_eq!(
            pool.try_submit_background(decoy(), send_to(&sender)),
            Err(Busy)
        );
        drop(held);
        shutdown.join().unwrap();
    });
    drop(sender);
    assert_eq!(
        answers.iter().collect::<Vec<_>>(),
        vec![Outcome::NoMatch; 5]
    );
    pool.shutdown();
    assert_eq!(pool.submit(decoy(), Box::new(|_| ())), Err(Busy));
    assert_eq!(
        pool.try_submit_background(decoy(), Box::new(|_| ())),
        Err(Busy)
    );
}

#[test]
fn the_last_handle_may_be_dropped_by_a_callback() {
    let (sender, answers) = channel();
    let pool = Arc::new(pool(2, 8));
    let held = [occupy(&pool), occupy(&pool)];
    let last = Arc::clone(&pool);
    let done = move |_| {
        drop(last);
        sender.send(()).unwrap();
    };
    pool.submit(decoy(), Box::new(done)).unwrap();
    drop(pool);
    drop(held);
    answers.recv().unwrap();
}

#[test]
fn a_panicking_callback_costs_no_worker() {
    let pool = pool(1, 8);
    pool.submit(decoy(), Box::new(|_| panic!("a caller's defect")))
        .unwrap();
    assert_eq!(ask(&pool, decoy()), Outcome::NoMatch);
}

#[test]
fn a_panicking_job_is_answered() {
    let outcome = answer(|| panic!("a defect of ours"));
    assert_eq!(outcome, Outcome::Failed(Failure::Internal));
}

#[test]
fn background_work_is_taken_only_when_a_thread_is_idle() {
    let pool = pool(2, 8);
    let first = occupy(&pool);
    let second = occupy(&pool);
    assert_eq!(
        pool.try_submit_background(decoy(), Box::new(|_| ())),
        Err(Busy)
    );

    drop(first);
    while pool.gauges().running > 1 {
        thread::yield_now();
    }
    let (done, begun, background) = hold();
    pool.try_submit_background(decoy(), done).unwrap();
    begun.recv().unwrap();
    drop(second);
    while pool.gauges().running > 1 {
        thread::yield_now();
    }
    // One thread is idle again, but one background job at a time is enough.
    assert_eq!(
        pool.try_submit_background(decoy(), Box::new(|_| ())),
        Err(Busy)
    );

    drop(background);
    wait_until_idle(&pool);
    let (sender, answers) = channel();
    pool.try_submit_background(decoy(), send_to(&sender))
        .unwrap();
    assert_eq!(answers.recv(), Ok(Outcome::NoMatch));
    assert_eq!(pool.gauges().refused, 0);
}

#[test]
fn an_import_leaves_room_for_logins() {
    let pool = pool(1, 4);
    let held = occupy(&pool);
    let (sender, answers) = channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..20 {
                pool.submit_blocking(decoy(), send_to(&sender)).unwrap();
            }
        });
        while pool.gauges().queued == 0 {
            thread::yield_now();
        }
        for _ in 0..3 {
            pool.submit(decoy(), send_to(&sender)).unwrap();
        }
        assert_eq!(pool.submit(decoy(), send_to(&sender)), Err(Busy));
        drop(held);
    });
    drop(sender);
    assert_eq!(answers.iter().count(), 23);
}

#[test]
fn many_submitters_are_all_answered() {
    let pool = pool(3, 2);
    let (sender, answers) = channel();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    pool.submit_blocking(decoy(), send_to(&sender)).unwrap();
                }
            });
        }
    });
    drop(sender);
    assert_eq!(answers.iter().count(), 200);
}

#[test]
fn answers_do_not_show_the_hash() {
    assert_eq!(
        format!("{:?}", Outcome::Hashed(b"{ARGON2}$x".to_vec())),
        "Hashed(..)"
    );
}
