//! The threads that hash: a fixed number of them, each with its own Argon2 memory, behind a bounded queue that
//! refuses instead of growing. What a single job computes is `job`'s; who asks and what follows from the answer is
//! the caller's.

mod job;

use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use thiserror::Error;

pub use self::job::{Failure, Job, Outcome};
use super::hash::{Argon2Params, Memory};

/// Takes the answer to a job, on the thread that computed it. It must be short, and must not call
/// [`Pool::submit_blocking`]: both keep the thread from the next job.
pub type Done = Box<dyn FnOnce(Outcome) + Send>;

/// The pool does not take the job: its queue is full, or it is shutting down. The job and its secret are gone and its
/// `Done` is dropped without being called.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Error)]
#[error("too many passwords are waiting to be hashed; try again shortly")]
pub struct Busy;

/// How large a pool is.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// Threads, each holding the memory of one Argon2 computation. The default is one for each core.
    pub threads: NonZeroUsize,
    /// Jobs that may wait, for each thread. The default, 64, is about a second of waiting at default cost.
    pub queue_per_thread: NonZeroUsize,
    /// The cost of new hashes and of decoys.
    pub params: Argon2Params,
}

impl Default for PoolSettings {
    fn default() -> PoolSettings {
        PoolSettings {
            threads: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            queue_per_thread: NonZeroUsize::MIN.saturating_add(63),
            params: Argon2Params::default(),
        }
    }
}

/// Numbers for metrics, each read for itself.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq)]
pub struct Gauges {
    /// Jobs that wait for a thread now.
    pub queued: usize,
    /// Jobs that a thread works on now, including the call that delivers the answer.
    pub running: usize,
    /// Submissions refused as [`Busy`] since the start, background ones not counted.
    pub refused: u64,
    /// Jobs that a thread has taken since the start, each before its answer.
    pub taken: u64,
}

/// A fixed set of threads that verify and hash passwords. Dropping it is [`shutdown`](Pool::shutdown).
pub struct Pool {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Pool {
    /// Starts the threads. Their Argon2 memory is allocated when each is first used.
    ///
    /// # Errors
    /// When the system refuses a thread; those already started end.
    pub fn start(settings: PoolSettings) -> io::Result<Pool> {
        let threads = settings.threads.get();
        let pool = Pool {
            shared: Arc::new(Shared {
                threads,
                capacity: threads.saturating_mul(settings.queue_per_thread.get()),
                params: settings.params,
                queue: Mutex::default(),
                work: Condvar::new(),
                room: Condvar::new(),
                queued: AtomicUsize::new(0),
                running: AtomicUsize::new(0),
                refused: AtomicU64::new(0),
                taken: AtomicU64::new(0),
            }),
            workers: Mutex::default(),
        };
        for number in 0..threads {
            let shared = Arc::clone(&pool.shared);
            let worker = thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || shared.work())?;
            pool.workers().push(worker);
        }
        Ok(pool)
    }

    /// Queues a job and returns at once. `done` is called exactly once, whatever becomes of the job.
    ///
    /// # Errors
    /// [`Busy`] when the queue is full or the pool is shutting down.
    pub fn submit(&self, job: Job, done: Done) -> Result<(), Busy> {
        let queue = self.shared.queue();
        if queue.closed || queue.waiting.len() >= self.shared.capacity {
            self.shared.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Busy);
        }
        self.shared.push(queue, Task { job, done });
        Ok(())
    }

    /// Queues a job, waiting for as long as every thread already has one waiting for it: for imports, which keep all
    /// threads at work this way and yet leave the rest of the queue to logins. Not for a thread that serves clients.
    ///
    /// # Errors
    /// [`Busy`] when the pool is shutting down.
    pub fn submit_blocking(&self, job: Job, done: Done) -> Result<(), Busy> {
        let queue = self
            .shared
            .room
            .wait_while(self.shared.queue(), |queue| {
                !queue.closed && queue.waiting.len() >= self.shared.threads
            })
            .unwrap_or_else(PoisonError::into_inner);
        if queue.closed {
            return Err(Busy);
        }
        self.shared.push(queue, Task { job, done });
        Ok(())
    }

    /// Takes a job that can as well be left undone, such as making a better hash after a login: only when no job
    /// waits, a thread is idle and no other background job is under way.
    ///
    /// # Errors
    /// [`Busy`] otherwise; try again at the account's next login.
    pub fn try_submit_background(&self, job: Job, done: Done) -> Result<(), Busy> {
        let mut queue = self.shared.queue();
        let idle = queue.waiting.is_empty()
            && self.shared.running.load(Ordering::Relaxed) < self.shared.threads;
        if queue.closed || queue.background_taken || !idle {
            return Err(Busy);
        }
        queue.background_taken = true;
        queue.background = Some(Task { job, done });
        drop(queue);
        self.shared.work.notify_one();
        Ok(())
    }

    /// Refuses new jobs, answers those already taken, and returns when all threads have ended. Called from a `Done`
    /// it does not wait for the thread that it is called on. Calling it again does nothing.
    pub fn shutdown(&self) {
        self.shared.queue().closed = true;
        self.shared.work.notify_all();
        self.shared.room.notify_all();
        let workers = std::mem::take(&mut *self.workers());
        for worker in workers {
            if worker.thread().id() != thread::current().id() {
                // A worker catches every panic, so there is nothing to learn from how it ended.
                let _ = worker.join();
            }
        }
    }

    /// How busy the pool is.
    pub fn gauges(&self) -> Gauges {
        Gauges {
            queued: self.shared.queued.load(Ordering::Relaxed),
            running: self.shared.running.load(Ordering::Relaxed),
            refused: self.shared.refused.load(Ordering::Relaxed),
            taken: self.shared.taken.load(Ordering::Relaxed),
        }
    }

    /// The cost of new hashes, for [`needs_upgrade`](super::needs_upgrade).
    pub fn params(&self) -> &Argon2Params {
        &self.shared.params
    }

    fn workers(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shutdown();
    }
}

struct Task {
    job: Job,
    done: Done,
}

/// What the threads share. `queued` and `running` change only while `queue` is locked.
struct Shared {
    threads: usize,
    capacity: usize,
    params: Argon2Params,
    queue: Mutex<Queue>,
    /// Signals a worker that there is a task, or that there will be none.
    work: Condvar,
    /// Signals a blocked submitter that a task has left the queue.
    room: Condvar,
    queued: AtomicUsize,
    running: AtomicUsize,
    refused: AtomicU64,
    taken: AtomicU64,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Task>,
    background: Option<Task>,
    /// From the moment a background task is accepted until it is answered.
    background_taken: bool,
    closed: bool,
}

enum Urgency {
    Foreground,
    Background,
}

impl Shared {
    /// The life of a worker: ends when the pool is closed and nothing is left to answer.
    fn work(&self) {
        let mut memory = Memory::new(&self.params);
        while let Some((task, urgency)) = self.next() {
            let outcome = answer(|| task.job.run(&self.params, &mut memory));
            // A panic in the callback is the caller's loss and has been reported by the panic hook; the worker, and
            // the jobs of others, must outlive it. Nothing of ours is shared with the callback.
            let _ = catch_unwind(AssertUnwindSafe(|| (task.done)(outcome)));
            self.finish(&urgency);
        }
    }

    fn push(&self, mut queue: MutexGuard<'_, Queue>, task: Task) {
        queue.waiting.push_back(task);
        self.queued.store(queue.waiting.len(), Ordering::Relaxed);
        drop(queue);
        self.work.notify_one();
    }

    fn next(&self) -> Option<(Task, Urgency)> {
        let mut queue = self
            .work
            .wait_while(self.queue(), |queue| {
                !queue.closed && queue.waiting.is_empty() && queue.background.is_none()
            })
            .unwrap_or_else(PoisonError::into_inner);
        let next = match queue.waiting.pop_front() {
            Some(task) => (task, Urgency::Foreground),
            None => (queue.background.take()?, Urgency::Background),
        };
        self.queued.store(queue.waiting.len(), Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
        self.taken.fetch_add(1, Ordering::Relaxed);
        drop(queue);
        self.room.notify_one();
        Some(next)
    }

    fn finish(&self, urgency: &Urgency) {
        let mut queue = self.queue();
        self.running.fetch_sub(1, Ordering::Relaxed);
        if let Urgency::Background = urgency {
            queue.background_taken = false;
        }
    }

    /// The queue holds no invariant that a panic could leave broken, so a poisoned lock is as good as any.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a job so that its caller gets an answer even if it panics, which no job should. The only thing a panic can
/// leave half done is the Argon2 memory, and every computation overwrites that before it reads it.
fn answer(work: impl FnOnce() -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Outcome::Failed(Failure::Internal))
}

#[cfg(test)]
mod tests;
