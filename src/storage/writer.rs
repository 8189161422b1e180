//! Owns the thread on which all writing to sled happens, and the time that a write may take. Knows nothing of sled.
//!
//! sled 0.34 can hang for ever: when one of its own threads panics nobody wakes the thread that waits for it, and its
//! log cleaner can wait for a task that is queued behind tasks that wait for the cleaner (sled pull request 1269, never
//! released). A thread of our own turns both a panic and a hang into an error, for about 30 us a write.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A thread that does one job after the other.
pub(super) struct Writer<J, E> {
    jobs: Sender<J>,
    outcomes: Mutex<Receiver<Result<(), Stop<E>>>>,
    limit: Duration,
}

/// Why a job was not done.
#[derive(Debug)]
pub(super) enum Stop<E> {
    /// The job said no.
    Failed(E),
    /// The job panicked with this message; no further job can be done.
    Panicked(String),
    /// The job took longer than the limit and may be going on.
    Stalled(Duration),
}

impl<J: Send + 'static, E: Send + 'static> Writer<J, E> {
    /// Starts the thread. `limit` is how long one job may take.
    pub(super) fn start(
        limit: Duration,
        mut work: impl FnMut(J) -> Result<(), E> + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let (report, outcomes) = mpsc::channel();
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                for job in queue {
                    let outcome = match catch_unwind(AssertUnwindSafe(|| work(job))) {
                        Ok(outcome) => outcome.map_err(Stop::Failed),
                        Err(panic) => Err(Stop::Panicked(panic_message(panic.as_ref()))),
                    };
                    let over = matches!(outcome, Err(Stop::Panicked(_)));
                    if report.send(outcome).is_err() || over {
                        break;
                    }
                }
            })?;
        Ok(Self {
            jobs,
            outcomes: Mutex::new(outcomes),
            limit,
        })
    }

    /// Does one job and waits for its end. After [`Stop::Stalled`] the writer must not be used again.
    pub(super) fn run(&mut self, job: J) -> Result<(), Stop<E>> {
        let outcomes = self
            .outcomes
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let gone = || Err(Stop::Panicked("the writing thread has ended".to_owned()));
        if self.jobs.send(job).is_err() {
            return gone();
        }
        match outcomes.recv_timeout(self.limit) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout) => Err(Stop::Stalled(self.limit)),
            Err(RecvTimeoutError::Disconnected) => gone(),
        }
    }
}

/// What a panic said.
pub(super) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn jobs_are_done_in_order_and_failures_come_back() {
        let (seen, log) = mpsc::channel();
        let mut writer = Writer::start(LONG, move |job: u32| {
            seen.send(job).map_err(|_| "closed")?;
            if job == 2 { Err("two") } else { Ok(()) }
        })
        .unwrap();
        assert!(writer.run(1).is_ok());
        assert!(matches!(writer.run(2), Err(Stop::Failed("two"))));
        assert!(writer.run(3).is_ok());
        drop(writer);
        assert_eq!(log.iter().collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn a_panic_is_told_and_ends_the_writer() {
        let mut writer = Writer::start(LONG, |job: u32| -> Result<(), ()> {
            assert!(job > 0, "job {job}");
            Ok(())
        })
        .unwrap();
        match writer.run(0) {
            Err(Stop::Panicked(message)) => assert_eq!(message, "job 0"),
            other => panic!("{other:?}"),
        }
        assert!(matches!(writer.run(1), Err(Stop::Panicked(_))));
    }

    #[test]
    fn a_job_that_never_ends_is_given_up() {
        let (_never, wait) = mpsc::channel::<()>();
        let mut writer = Writer::start(Duration::from_millis(1), move |()| -> Result<(), ()> {
            let _ = wait.recv();
            Ok(())
        })
        .unwrap();
        assert!(matches!(writer.run(()), Err(Stop::Stalled(_))));
    }
}
