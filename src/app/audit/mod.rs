//! The audit log: who did what, through whom, from where, and how it ended.
//!
//! Owns the one thread that writes it. Logins and refusals come through a bounded queue, so that no operation waits for the
//! disk; changes are taken from the records that the directory keeps of them, so that none is ever without its line: what
//! a crash or a full disk left out is made up for as soon as there is a way.

mod journal;
mod line;
mod reading;
mod summing;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use journal::Journal;
pub use line::{Kind, Line};
pub use reading::{Files, moment};
use summing::Summing;

use super::config::{Config, ConfigError};
use crate::directory::Directory;
use crate::directory::audit::{self, Event};
use crate::directory::identity::Process;
use crate::directory::time::{self, Csn};

/// Events that may wait; what comes when there are more is counted and lost.
const QUEUE: usize = 8_192;
/// How long lines wait to be written together.
const PAUSE: Duration = Duration::from_millis(200);
/// How often the queue is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(20);
/// How long the disk is left alone after a write that failed.
const PATIENCE: Duration = Duration::from_secs(1);
/// Changes that are taken at once.
const CHANGES: usize = 1_000;

/// The audit log of a running server.
pub struct AuditLog {
    queue: SyncSender<Told>,
    state: Arc<State>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Something that has happened, and when, in microseconds since 1970.
type Told = (Event, u64);

/// What the log says of itself.
#[derive(Default)]
pub struct State {
    stopping: AtomicBool,
    lost: AtomicU64,
    failing: AtomicBool,
}

impl State {
    /// Lines of logins and refusals that were never written.
    pub fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// Whether the last attempt to write failed.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Relaxed)
    }
}

impl AuditLog {
    /// Opens the log of a directory and begins to write it, first of all what it lacks.
    pub fn start(config: &Config, directory: Directory) -> Result<AuditLog, ConfigError> {
        let failed = |error| unwritable(config, &error);
        let journal = open(config).map_err(failed)?;
        let (queue, told) = sync_channel(QUEUE);
        let state = Arc::new(State::default());
        let mut writer = Writer {
            journal,
            directory,
            state: Arc::clone(&state),
            summing: Summing::default(),
            looked_up_to: None,
            told: 0,
            rest_until: None,
        };
        let thread = std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run(&told))
            .map_err(failed)?;
        Ok(AuditLog {
            queue,
            state,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Has a line written for something that has happened; never waits.
    pub fn record(&self, event: Event) {
        if self.queue.try_send((event, time::now())).is_err() {
            self.state.lost.fetch_add(1, Relaxed);
        }
    }

    /// What the log says of itself.
    pub fn state(&self) -> Arc<State> {
        Arc::clone(&self.state)
    }

    /// Writes what there is to write, and ends. Call it before the directory is closed.
    pub fn finish(&self) {
        self.state.stopping.store(true, Relaxed);
        let thread = self.thread.lock();
        let thread = thread.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

/// Writes the line of a task that the user of this program begins on the store itself, which no server holds meanwhile.
pub fn record_task(
    config: &Config,
    operation: &'static str,
    reason: Option<&'static str>,
) -> Result<(), ConfigError> {
    if !config.audit.enabled {
        return Ok(());
    }
    let user = Process {
        uid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getegid().as_raw(),
    };
    let event = Event {
        kind: audit::Kind::Administration,
        operation,
        who: user.to_string(),
        reason,
        ..Event::default()
    };
    let now = time::now();
    let mut line = Vec::new();
    Line::of_event(event, now).write(&mut line);
    let written = open(config).and_then(|mut journal| journal.append(&line, Csn::default(), now));
    written.map_err(|error| unwritable(config, &error))
}

fn open(config: &Config) -> io::Result<Journal> {
    let limit = config.audit.file_mebibytes << 20;
    let earlier = config.audit.earlier_files;
    Journal::open(&config.audit_file(), limit, earlier, time::now())
}

fn unwritable(config: &Config, error: &io::Error) -> ConfigError {
    let path = config.audit_file();
    config.problem(
        "audit.file",
        format!("{} cannot be written: {error}", path.display()),
    )
}

struct Writer {
    journal: Journal,
    directory: Directory,
    state: Arc<State>,
    summing: Summing,
    /// The newest change of the directory when its records were last asked for.
    looked_up_to: Option<Csn>,
    /// Of the lines lost, those that were told of.
    told: u64,
    /// Until when the disk is left alone.
    rest_until: Option<Instant>,
}

impl Writer {
    fn run(&mut self, queue: &Receiver<Told>) {
        loop {
            // What comes after this is seen in the next round.
            let stopping = self.state.stopping.load(Relaxed);
            let mut lines = self.collect(queue, !stopping);
            let now = time::now();
            lines.extend(self.summing.turn(match stopping {
                true => u64::MAX,
                false => now,
            }));
            if self
                .rest_until
                .is_some_and(|until| Instant::now() < until && !stopping)
            {
                self.lose(lines.len());
            } else {
                self.write(lines, now);
            }
            if stopping {
                return;
            }
        }
    }

    /// The lines of the next moment. Only the first is waited for: a thread that waits has to be woken, which would cost
    /// each login more than its line.
    fn collect(&mut self, queue: &Receiver<Told>, wait: bool) -> Vec<Line> {
        let until = Instant::now() + PAUSE;
        let mut lines = Vec::new();
        if wait {
            match queue.recv_timeout(PAUSE) {
                Ok(told) => lines.extend(self.line(told)),
                Err(RecvTimeoutError::Timeout) => return lines,
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(PAUSE),
            }
        }
        loop {
            for told in queue.try_iter().take(QUEUE) {
                lines.extend(self.line(told));
            }
            if !wait || lines.len() >= QUEUE || Instant::now() >= until {
                return lines;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The line of what was told, unless it is one of too many: made here, so that nobody who logs in waits for it.
    fn line(&mut self, (event, at): Told) -> Option<Line> {
        self.summing.take(Line::of_event(event, at))
    }

    /// Writes lines, and those of the changes that have none yet.
    fn write(&mut self, mut lines: Vec<Line>, now: u64) {
        let lost = self.state.lost();
        if lost > self.told {
            lines.push(Line {
                count: Some(lost - self.told),
                ..Line::own(Kind::Lost, now)
            });
        }
        loop {
            let (changes, newest, more) = self.changes();
            lines.extend(changes);
            if lines.is_empty() {
                return;
            }
            lines.sort_by(|one, other| one.time.cmp(&other.time));
            let mut bytes = Vec::new();
            lines.iter().for_each(|line| line.write(&mut bytes));
            let appended = self.journal.append(&bytes, newest, now);
            let failed = appended.is_err();
            self.tell(appended);
            if failed {
                let others = lines.iter();
                let others = others.filter(|line| !matches!(line.kind, Kind::Write | Kind::Lost));
                return self.lose(others.count());
            }
            self.told = lost;
            if !more {
                return;
            }
            lines = Vec::new();
        }
    }

    /// The next changes that have no line yet, the number of the last one, and whether there may be more.
    fn changes(&mut self) -> (Vec<Line>, Csn, bool) {
        let newest = self.journal.newest();
        let current = self.directory.snapshot().csn();
        if self.looked_up_to == Some(current) {
            return (Vec::new(), newest, false);
        }
        match self.directory.changes_after(newest, CHANGES) {
            Ok(changes) => {
                let more = changes.len() == CHANGES;
                if !more {
                    self.looked_up_to = Some(current);
                }
                let newest = changes.last().map_or(newest, |(number, _)| *number);
                let lines = changes.into_iter();
                let lines = lines.map(|(number, change)| Line::of_change(number, change));
                (lines.collect(), newest, more)
            }
            // The store has failed, which is told elsewhere; what it holds is made up for at the next start.
            Err(_) => (Vec::new(), newest, false),
        }
    }

    fn lose(&mut self, lines: usize) {
        self.state.lost.fetch_add(lines as u64, Relaxed);
    }

    /// Says so when the disk begins to fail, and when it works again.
    fn tell(&mut self, appended: io::Result<()>) {
        let failing = appended.is_err();
        let failed_before = self.state.failing.swap(failing, Relaxed);
        match appended {
            Err(error) => {
                // What could not be written is asked for again.
                self.looked_up_to = None;
                self.rest_until = Some(Instant::now() + PATIENCE);
                if !failed_before {
                    tracing::error!(%error, "the audit log cannot be written; lines of changes are made up for later, those of logins and refusals are lost");
                }
            }
            Ok(()) => {
                self.rest_until = None;
                if failed_before {
                    tracing::warn!(lost = self.state.lost(), "the audit log is written again");
                }
            }
        }
    }
}
