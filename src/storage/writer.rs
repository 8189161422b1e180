//! Owns the thread on which all writing to sled happens, and the time that a write may take. Knows nothing of sled.
//!
//! sled 0.34 can hang for ever: when one of its own threads panics nobody wakes the thread that waits for it, and its
//! log cleaner can wait for a task that is queued behind tasks that wait for the cleaner (sled pull request 1269, never
//! released). A thread of our own turns both a panic and a hang into an error, for about 30 us a write.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A thread that does one job after the other.
pub(super) struct Writer<J, T, E> {
    jobs: Sender<J>,
    outcomes: Mutex<Receiver<Result<T, Stop<E>>>>,
    /// When the job that is being done was begun.
    begun: Option<Instant>,
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

impl<J: Send + 'static, T: Send + 'static, E: Send + 'static> Writer<J, T, E> {
    /// Starts the thread. `limit` is how long one job may take.
    pub(super) fn start(
        limit: Duration,
        mut work: impl FnMut(J) -> Result<T, E> + Send + 'static,
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
            begun: None,
            limit,
        })
    }

    /// Begins a job; the one before must have ended. After an error but [`Stop::Failed`], here or later, the writer must not
    /// be used again.
    pub(super) fn begin(&mut self, job: J) -> Result<(), Stop<E>> {
        self.begun = Some(Instant::now());
        self.jobs.send(job).map_err(|_| gone())
    }

    /// What came of the job that was begun, if it has ended.
    pub(super) fn poll(&mut self) -> Option<Result<T, Stop<E>>> {
        let begun = self.begun?;
        let outcomes = self.outcomes.get_mut();
        let outcome = match outcomes.unwrap_or_else(PoisonError::into_inner).try_recv() {
            Ok(outcome) => outcome,
            Err(TryRecvError::Empty) if begun.elapsed() < self.limit => return None,
            Err(TryRecvError::Empty) => Err(Stop::Stalled(self.limit)),
            Err(TryRecvError::Disconnected) => Err(gone()),
        };
        self.begun = None;
        Some(outcome)
    }

    /// Waits for what comes of the job that was begun, if one was.
    pub(super) fn finish(&mut self) -> Option<Result<T, Stop<E>>> {
        let begun = self.begun.take()?;
        let outcomes = self.outcomes.get_mut();
        let left = self.limit.saturating_sub(begun.elapsed());
        let outcome = outcomes
            .unwrap_or_else(PoisonError::into_inner)
            .recv_timeout(left);
        Some(match outcome {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout) => Err(Stop::Stalled(self.limit)),
            Err(RecvTimeoutError::Disconnected) => Err(gone()),
        })
    }
}

fn gone<E>() -> Stop<E> {
    Stop::Panicked("the writing thread has ended".to_owned())
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

    fn run<T: Send + 'static, E: Send + 'static>(
        writer: &mut Writer<u32, T, E>,
        job: u32,
    ) -> Result<T, Stop<E>> {
        writer.begin(job)?;
        writer.finish().unwrap()
    }

    #[test]
    fn jobs_are_done_in_order_and_what_comes_of_them_is_told() {
        let (seen, log) = mpsc::channel();
        let mut writer = Writer::start(LONG, move |job: u32| {
            seen.send(job).map_err(|_| "closed")?;
            if job == 2 { Err("two") } else { Ok(job + 10) }
        })
        .unwrap();
        assert!(writer.poll().is_none());
        assert!(writer.finish().is_none());
        assert!(matches!(run(&mut writer, 1), Ok(11)));
        assert!(matches!(run(&mut writer, 2), Err(Stop::Failed("two"))));
        assert!(matches!(run(&mut writer, 3), Ok(13)));
        drop(writer);
        assert_eq!(log.iter().collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn nobody_has_to_wait_for_a_job() {
        let (release, held) = mpsc::channel::<()>();
        let mut writer = Writer::start(LONG, move |job: u32| -> Result<u32, ()> {
            let _ = held.recv();
            Ok(job)
        })
        .unwrap();
        writer.begin(1).unwrap();
        assert!(writer.poll().is_none());
        release.send(()).unwrap();
        let outcome = loop {
            match writer.poll() {
                Some(outcome) => break outcome,
                None => thread::yield_now(),
            }
        };
        assert!(matches!(outcome, Ok(1)));
        assert!(writer.poll().is_none());
    }

    #[test]
    fn a_panic_is_told_and_ends_the_writer() {
        let mut writer = Writer::start(LONG, |job: u32| -> Result<(), ()> {
            assert!(job > 0, "job {job}");
            Ok(())
        })
        .unwrap();
        match run(&mut writer, 0) {
            Err(Stop::Panicked(message)) => assert_eq!(message, "job 0"),
            other => panic!("{other:?}"),
        }
        assert!(matches!(run(&mut writer, 1), Err(Stop::Panicked(_))));
    }

    #[test]
    fn a_job_that_never_ends_is_given_up() {
        let (_never, wait) = mpsc::channel::<()>();
        let mut writer = Writer::start(Duration::from_millis(1), move |_: u32| -> Result<(), ()> {
            let _ = wait.recv();
            Ok(())
        })
        .unwrap();
        assert!(matches!(run(&mut writer, 0), Err(Stop::Stalled(_))));
    }
}
