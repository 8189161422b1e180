//! The one lane through which all changes go: a thread that takes what is waiting as a group, computes it, commits it,
//! publishes the new state, and only then answers.
//!
//! Owns the order of changes and the rule that nothing is answered before it is on the disk. After a failed commit it
//! refuses every further change until the store is opened again: what the disk holds is not known then.

mod job;

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::access::AccessRules;
use super::account::AccountSettings;
use super::change_log::{Bounds, ChangeLog};
use super::error::Error;
use super::named_groups::warn_of_lost;
use super::snapshot::Snapshot;
use super::stored;
use super::time;
use super::unique::UniqueAttributes;
use super::write::{Draft, Origin};
use crate::storage::{Batch, Store, StoreError};
pub use job::Done;
pub(super) use job::{Job, Order};

/// Changes that may wait; more are answered busy.
const QUEUE: usize = 4096;
/// Changes that are committed together at the most.
const GROUP: usize = 256;
/// How long changes that are likely to come are waited for: about as long as clients take to ask again when they have been
/// answered, and much shorter than a group takes on the disk.
const GATHER: Duration = Duration::from_micros(150);
/// How often they are waited for at the most.
const GATHERINGS: usize = 6;
/// How long the times of logins wait until they are written.
const BEHIND: Duration = Duration::from_secs(1);
/// Accounts whose times are written together at the most.
const WRITTEN_BEHIND: usize = 4096;

/// The entrance of the lane.
pub(super) struct Lane {
    queue: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Lane {
    /// Starts the lane's thread.
    pub fn start(
        store: Box<dyn Store>,
        published: Arc<ArcSwap<Snapshot>>,
        rules: Arc<AccessRules>,
        unique: UniqueAttributes,
        accounts: Arc<AccountSettings>,
        changes: Bounds,
        failure: Arc<ArcSwap<Option<String>>>,
    ) -> std::io::Result<Lane> {
        let (queue, jobs) = sync_channel(QUEUE);
        let worker = Worker {
            log: ChangeLog::of(&*store, changes),
            store,
            published,
            rules,
            unique,
            accounts,
            failure,
        };
        let thread = std::thread::Builder::new()
            .name("write-lane".to_owned())
            .spawn(move || worker.run(&jobs))?;
        Ok(Lane {
            queue: Mutex::new(Some(queue)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Puts a job into the lane, or says why not and gives it back.
    pub fn submit(&self, job: Job) -> Result<(), Box<(Error, Job)>> {
        let queue = self
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(queue) = queue else {
            let stopping = Error::Unavailable("the server is stopping".to_owned());
            return Err(Box::new((stopping, job)));
        };
        queue.try_send(job).map_err(|refused| {
            Box::new(match refused {
                TrySendError::Full(job) => (Error::Busy("too many changes are waiting"), job),
                TrySendError::Disconnected(job) => (
                    Error::Unavailable("the write lane has ended; restart the server".to_owned()),
                    job,
                ),
            })
        })
    }

    /// Lets the lane finish what it has taken, closes the store, and waits for that.
    pub fn stop(&self) {
        drop(
            self.queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) =
            thread.filter(|thread| thread.thread().id() != std::thread::current().id())
        {
            let _ = thread.join();
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The jobs of the next group. Who was answered together asks again together: a group of the fastest alone would keep the
/// others waiting, so that up to `crowd` jobs are waited for as long as any come.
fn gather(first: Job, jobs: &Receiver<Job>, crowd: usize) -> Vec<Job> {
    let mut group = vec![first];
    group.extend(jobs.try_iter().take(GROUP - 1));
    for _ in 0..GATHERINGS {
        let before = group.len();
        if before >= crowd.min(GROUP) {
            break;
        }
        std::thread::sleep(GATHER);
        group.extend(jobs.try_iter().take(GROUP - before));
        if group.len() == before {
            break;
        }
    }
    group
}

struct Worker {
    store: Box<dyn Store>,
    published: Arc<ArcSwap<Snapshot>>,
    rules: Arc<AccessRules>,
    unique: UniqueAttributes,
    accounts: Arc<AccountSettings>,
    failure: Arc<ArcSwap<Option<String>>>,
    log: ChangeLog,
}

impl Worker {
    fn run(mut self, jobs: &Receiver<Job>) {
        let mut written = Instant::now();
        // How many are likely to come together: as many as came last, and one more when somebody has waited for those.
        let mut crowd = 1;
        loop {
            let waiting = jobs.try_recv();
            crowd += usize::from(waiting.is_ok());
            match waiting.or_else(|_| jobs.recv_timeout(BEHIND)) {
                Ok(first) => {
                    let group = gather(first, jobs, crowd);
                    crowd = group.len();
                    self.group(group);
                }
                Err(RecvTimeoutError::Timeout) => crowd = 1,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if written.elapsed() >= BEHIND {
                self.write_activity();
                self.prune_changes();
                written = Instant::now();
            }
        }
        self.write_activity();
        if let Err(error) = self.store.close() {
            tracing::error!(%error, "the store did not close cleanly");
        }
    }

    /// Writes what logins have left behind since the last time. A store that has failed is left alone.
    fn write_activity(&mut self) {
        if self.failure.load().is_some() {
            return;
        }
        let snapshot = self.published.load_full();
        let exists = |id| snapshot.entry(id).is_some();
        let unwritten = snapshot.activity().take_unwritten(WRITTEN_BEHIND, exists);
        if unwritten.is_empty() {
            return;
        }
        let mut batch = Batch::default();
        for (id, seen) in &unwritten {
            batch.put(stored::activity_key(*id), seen.encode());
        }
        if self.put(batch).is_err() {
            snapshot
                .activity()
                .give_back(unwritten.iter().map(|(id, _)| *id));
        }
    }

    /// Removes change records beyond their bounds while nothing is changed.
    fn prune_changes(&mut self) {
        let surplus = self.log.surplus(0, self.accounts.clock.now());
        if surplus == 0 || self.failure.load().is_some() {
            return;
        }
        let mut batch = Batch::default();
        self.log.put_removal(surplus, &mut batch);
        if self.put(batch).is_ok() {
            self.log.forget(surplus);
        }
    }

    fn group(&mut self, group: Vec<Job>) {
        if let Some(cause) = &**self.failure.load() {
            let error = Error::Unavailable(cause.clone());
            return group
                .into_iter()
                .for_each(|job| job.answer(Err(error.clone())));
        }
        let base = self.published.load_full();
        let mut random = random_bytes;
        let (rules, unique) = (Arc::clone(&self.rules), self.unique.clone());
        let accounts = Arc::clone(&self.accounts);
        let (origin, now) = (Origin::Client, accounts.clock.now());
        let mut draft = Draft::new(
            &base,
            &rules,
            (&unique, &accounts),
            origin,
            now,
            &mut random,
        );
        let mut outcomes = Vec::with_capacity(group.len());
        let mut inspections = Vec::new();
        for job in group {
            match job.draw_up(&mut draft) {
                Some(outcome) => outcomes.push((job, outcome)),
                None => inspections.push(job),
            }
        }
        let committed = if outcomes.iter().any(|(_, outcome)| outcome.is_ok()) {
            self.commit(draft)
        } else {
            Ok(())
        };
        for (job, outcome) in outcomes {
            job.answer(match &committed {
                Err(cause) if outcome.is_ok() => Err(Error::Unavailable(cause.clone())),
                _ => outcome,
            });
        }
        // After the changes that came with them, so that nothing is left to write.
        for job in inspections {
            if let Job::Inspection(look) = job {
                look(&*self.store, self.published.load_full());
            } else if let Job::Changes { after, most, done } = job {
                done(self.log.after(&*self.store, after, most));
            }
        }
    }

    /// Commits and publishes a draft. An error is final for all that comes after, but for a disk that was found full
    /// before anything was written.
    fn commit(&mut self, draft: Draft<'_>) -> Result<(), String> {
        let (snapshot, mut outstanding) = draft.finish();
        for id in outstanding.first_new..snapshot.next_id() {
            stored::put_new_entry(&mut outstanding.batch, &snapshot, id);
        }
        let added = outstanding.changes.len();
        let surplus = self.log.surplus(added, self.accounts.clock.now());
        self.log.put_removal(surplus, &mut outstanding.batch);
        self.put(outstanding.batch)?;
        self.log.forget(surplus);
        self.log.extend(outstanding.changes);
        let before = self.published.swap(Arc::new(snapshot));
        let groups = &self.accounts.named_groups;
        if !groups.is_empty() {
            warn_of_lost(groups, &before, &self.published.load());
        }
        Ok(())
    }

    /// Puts a batch onto the disk. A store that fails takes nothing more; one that is full may take less later.
    fn put(&mut self, batch: Batch) -> Result<(), String> {
        match self.store.commit(batch) {
            Ok(()) => Ok(()),
            Err(
                error @ (StoreError::DiskFull { .. }
                | StoreError::KeyTooLong { .. }
                | StoreError::ValueTooLong { .. }),
            ) => {
                tracing::error!(%error, "a change was refused");
                Err(error.to_string())
            }
            Err(error) => {
                tracing::error!(%error, "the store failed; no change is taken until the server is restarted");
                let cause = format!(
                    "the store failed ({error}); it takes no changes until the server is restarted"
                );
                self.failure.store(Arc::new(Some(cause.clone())));
                Err(cause)
            }
        }
    }
}

/// Random bytes from the system. Without any, no UUID can be made: a fixed one would be worse than stopping, so the time
/// and a counter of the process take their place.
pub(super) fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        let hash = blake3::hash(
            &[
                time::now().to_be_bytes(),
                u64::from(std::process::id()).to_be_bytes(),
            ]
            .concat(),
        );
        if let Some(half) = hash.as_bytes().first_chunk() {
            bytes = *half;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(count: usize) -> (SyncSender<Job>, Receiver<Job>) {
        let (queue, jobs) = sync_channel(2 * GROUP);
        (0..count).for_each(|_| queue.send(job()).unwrap());
        (queue, jobs)
    }

    fn job() -> Job {
        Job::Inspection(Box::new(|_, _| {}))
    }

    #[test]
    fn a_group_takes_all_that_waits_up_to_a_bound() {
        let (_queue, waiting) = jobs(3);
        assert_eq!(gather(job(), &waiting, 1).len(), 4);
        let (_queue, waiting) = jobs(2 * GROUP);
        assert_eq!(gather(job(), &waiting, 2 * GROUP).len(), GROUP);
        assert_eq!(waiting.try_iter().count(), GROUP + 1);
    }

    #[test]
    fn a_group_is_not_kept_waiting_for_a_crowd_that_does_not_come() {
        let (_queue, waiting) = jobs(1);
        assert_eq!(gather(job(), &waiting, GROUP).len(), 2);
        let (queue, gone) = jobs(0);
        drop(queue);
        assert_eq!(gather(job(), &gone, GROUP).len(), 1);
    }
}
