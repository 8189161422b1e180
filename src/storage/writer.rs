//! Owns the thread on which all writing to sled happens, and the time that it may go without a sign of life. Knows nothing
//! of sled.
//!
//! sled 0.34 can hang for ever: when one of its own threads panics nobody wakes the thread that waits for it, and its
//! log cleaner can wait for a task that is queued behind tasks that wait for the cleaner (sled pull request 1269, never
//! released). A thread of our own turns both a panic and a hang into an error, for about 30 us a write.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A thread that does one job after the other.
pub(super) struct Writer<J, T, E> {
    jobs: Sender<J>,
    outcomes: Mutex<Receiver<Result<T, Stop<E>>>>,
    /// When the job that is being done was begun, or was seen to go on.
    alive: Option<Instant>,
    pulse: Pulse,
    /// The pulse as it was seen last.
    seen: u64,
    limit: Duration,
}

/// With which a job of many steps tells that it goes on.
#[derive(Clone, Debug, Default)]
pub(super) struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// A step is done.
    pub(super) fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Why a job was not done.
#[derive(Debug)]
pub(super) enum Stop<E> {
    /// The job said no.
    Failed(E),
    /// The job panicked with this message; no further job can be done.
    Panicked(String),
    /// The job showed no life for longer than the limit and may be going on.
    Stalled(Duration),
}

impl<J: Send + 'static, T: Send + 'static, E: Send + 'static> Writer<J, T, E> {
    /// Starts the thread. `limit` is how long a job may take, or one step of it.
    pub(super) fn start(
        limit: Duration,
        mut work: impl FnMut(J, &Pulse) -> Result<T, E> + Send + 'static,
    ) -> io::Result<Self> {
        let pulse = Pulse::default();
        let own = pulse.clone();
        let (jobs, queue) = mpsc::channel();
        let (report, outcomes) = mpsc::channel();
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                for job in queue {
                    let outcome = match catch_unwind(AssertUnwindSafe(|| work(job, &own))) {
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
            alive: None,
            pulse,
            seen: 0,
            limit,
        })
    }

    /// Begins a job; the one before must have ended. After an error but [`Stop::Failed`], here or later, the writer must not
    /// be used again.
    pub(super) fn begin(&mut self, job: J) -> Result<(), Stop<E>> {
        self.alive = Some(Instant::now());
        self.jobs.send(job).map_err(|_| gone())
    }

    /// What came of the job that was begun, if it has ended.
    pub(super) fn poll(&mut self) -> Option<Result<T, Stop<E>>> {
        let left = self.left()?;
        let outcome = match self.outcomes().try_recv() {
            Ok(outcome) => outcome,
            Err(TryRecvError::Empty) if left > Duration::ZERO => return None,
            Err(TryRecvError::Empty) => Err(Stop::Stalled(self.limit)),
            Err(TryRecvError::Disconnected) => Err(gone()),
        };
        self.alive = None;
        Some(outcome)
    }

    /// Waits for what comes of the job that was begun, if one was.
    pub(super) fn finish(&mut self) -> Option<Result<T, Stop<E>>> {
        loop {
            let left = self.left()?;
            let outcome = match self.outcomes().recv_timeout(left) {
                Ok(outcome) => outcome,
                Err(RecvTimeoutError::Timeout) if left > Duration::ZERO => continue,
                Err(RecvTimeoutError::Timeout) => Err(Stop::Stalled(self.limit)),
                Err(RecvTimeoutError::Disconnected) => Err(gone()),
            };
            self.alive = None;
            return Some(outcome);
        }
    }

    /// How much longer the job that was begun may show no life; none if no job was.
    fn left(&mut self) -> Option<Duration> {
        let alive = self.alive.as_mut()?;
        let pulse = self.pulse.0.load(Ordering::Relaxed);
        if pulse != self.seen {
            (self.seen, *alive) = (pulse, Instant::now());
        }
        Some(self.limit.saturating_sub(alive.elapsed()))
    }

    fn outcomes(&mut self) -> &mut Receiver<Result<T, Stop<E>>> {
        let outcomes = self.outcomes.get_mut();
        outcomes.unwrap_or_else(PoisonError::into_inner)
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
        let mut writer = Writer::start(LONG, move |job: u32, _| {
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
        let mut writer = Writer::start(LONG, move |job: u32, _| -> Result<u32, ()> {
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
        let mut writer = Writer::start(LONG, |job: u32, _| -> Result<(), ()> {
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
        let mut writer = Writer::start(
            Duration::from_millis(1),
            move |_: u32, _| -> Result<(), ()> {
                let _ = wait.recv();
                Ok(())
            },
        )
        .unwrap();
        assert!(matches!(run(&mut writer, 0), Err(Stop::Stalled(_))));
    }

    #[test]
    fn a_job_that_goes_on_may_take_longer_than_one_that_shows_no_life() {
        let limit = Duration::from_secs(1);
        let (step, steps) = mpsc::channel::<()>();
        let (done, stepped) = mpsc::channel();
        let mut writer = Writer::start(limit, move |_: u32, pulse| -> Result<(), ()> {
            for () in &steps {
                pulse.beat();
                let _ = done.send(());
            }
            Ok(())
        })
        .unwrap();
        writer.begin(0).unwrap();
        step.send(()).unwrap();
        stepped.recv().unwrap();
        // As if the job had been begun that long ago.
        writer.alive = Instant::now().checked_sub(limit);
        assert!(writer.poll().is_none());
        writer.alive = Instant::now().checked_sub(limit);
        assert!(matches!(writer.finish(), Some(Err(Stop::Stalled(_)))));
    }
}
