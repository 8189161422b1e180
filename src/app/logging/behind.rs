//! Lines on their way out, written together a moment after they came.
//!
//! Owns that no thread waits for the log which serves clients, that lines stay in their order, and that what is urgent
//! is out when whoever said it goes on. What a line looks like is not its business.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line waits for others.
const DELAY: Duration = Duration::from_millis(20);
/// Bytes that wait at the most: whoever brings more writes them all.
const MOST: usize = 1 << 20;

/// Where lines wait.
pub(super) struct Behind<W> {
    waiting: Mutex<Vec<u8>>,
    work: Condvar,
    /// Held while lines are taken and written, so that they stay in their order.
    out: Mutex<W>,
}

impl<W: Write + Send + 'static> Behind<W> {
    /// Starts the thread that writes what waits. What is left at the end of the process is [`Behind::flush`]'s to write.
    pub(super) fn start(out: W) -> io::Result<Arc<Self>> {
        let behind = Arc::new(Self {
            waiting: Mutex::default(),
            work: Condvar::new(),
            out: Mutex::new(out),
        });
        let own = Arc::clone(&behind);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || own.follow())?;
        Ok(behind)
    }

    fn follow(&self) {
        loop {
            let nothing = |waiting: &mut Vec<u8>| waiting.is_empty();
            let waited = self.work.wait_while(self.waiting(), nothing);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
            thread::sleep(DELAY);
            // There is nowhere to report that the log cannot be written.
            let _ = self.flush();
        }
    }

    /// Writes what waits.
    pub(super) fn flush(&self) -> io::Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = mem::take(&mut *self.waiting());
        out.write_all(&lines)?;
        out.flush()
    }

    fn push(&self, line: &[u8], urgent: bool) -> io::Result<()> {
        let mut waiting = self.waiting();
        let was_empty = waiting.is_empty();
        waiting.extend_from_slice(line);
        let full = waiting.len() > MOST;
        drop(waiting);
        if urgent || full {
            return self.flush();
        }
        if was_empty {
            self.work.notify_one();
        }
        Ok(())
    }

    /// Whole lines alone are in there, whatever panicked.
    fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives [`tracing_subscriber`] its way to the lines.
pub(super) struct Lines<W>(pub(super) Arc<Behind<W>>);

/// One line.
pub(super) struct Line<'a, W> {
    behind: &'a Behind<W>,
    urgent: bool,
}

impl<'a, W: Write + Send + 'static> MakeWriter<'a> for Lines<W> {
    type Writer = Line<'a, W>;

    fn make_writer(&'a self) -> Line<'a, W> {
        Line {
            behind: &self.0,
            urgent: true,
        }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Line<'a, W> {
        Line {
            behind: &self.0,
            urgent: *event.level() <= Level::WARN,
        }
    }
}

impl<W: Write + Send + 'static> Write for Line<'_, W> {
    /// Takes a whole line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.behind.push(line, self.urgent)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{self, Sender};

    /// Sends on what is written at once.
    struct Told(Sender<Vec<u8>>);

    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_together_and_by_themselves() {
        let (send, told) = mpsc::channel();
        let behind = Behind::start(Told(send)).unwrap();
        // Nobody can take the first away before the second has come.
        let out = behind.out.lock().unwrap();
        behind.push(b"one\n", false).unwrap();
        behind.push(b"two\n", false).unwrap();
        drop(out);
        assert_eq!(told.recv().unwrap(), b"one\ntwo\n");
        behind.push(b"three\n", false).unwrap();
        assert_eq!(told.recv().unwrap(), b"three\n");
    }

    #[test]
    fn what_is_urgent_is_out_at_once_behind_what_came_before() {
        let (send, told) = mpsc::channel();
        let behind = Behind::start(Told(send)).unwrap();
        behind.push(b"one\n", false).unwrap();
        behind.push(b"fire\n", true).unwrap();
        let out: Vec<u8> = told.try_iter().flatten().collect();
        assert_eq!(out, b"one\nfire\n");
    }

    #[test]
    fn no_more_waits_than_may() {
        let (send, told) = mpsc::channel();
        let behind = Behind::start(Told(send)).unwrap();
        let line = [b'x'; MOST / 8];
        for _ in 0..9 {
            behind.push(&line, false).unwrap();
        }
        let written: usize = told.try_iter().map(|part| part.len()).sum();
        assert!(written > MOST, "{written}");
    }
}
