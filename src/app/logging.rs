//! The log: one line for each event on standard error. Which events there are is
//! decided where they happen; here only what of them is written, and how.

mod behind;

use std::fmt;
use std::io::{self, Stderr, Write};
use std::sync::{Arc, OnceLock};

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::config::{Level, Log, LogFormat};
use behind::{Behind, Lines};

/// The lines of this process.
static LINES: OnceLock<Arc<Behind<Stderr>>> = OnceLock::new();

/// Sends the events of this process, and those of libraries that use `log`, to
/// standard error: warnings and errors at once, the others within a moment.
///
/// # Errors
/// The process has a log already, or no thread for one.
pub fn start(log: &Log) -> Result<(), NoLog> {
    let lines = Behind::start(io::stderr()).map_err(NoLog::Thread)?;
    let started = subscriber(log, Lines(Arc::clone(&lines))).try_init();
    started.map_err(|_| NoLog::Started)?;
    LINES.set(lines).map_err(|_| NoLog::Started)
}

/// Writes what is left of the log, before the process ends.
pub fn finish() {
    if let Some(lines) = LINES.get() {
        // There is nowhere to report that the log cannot be written.
        let _ = lines.flush();
    }
}

/// Why there is no log.
#[derive(Debug)]
pub enum NoLog {
    /// It was started before.
    Started,
    /// There is no thread to write it.
    Thread(io::Error),
}

impl fmt::Display for NoLog {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => out.write_str("the log of this process was started already"),
            Self::Thread(error) => write!(out, "no thread to write the log: {error}"),
        }
    }
}

impl std::error::Error for NoLog {}

fn subscriber<W>(log: &Log, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = match log.format {
        LogFormat::Text => layer()
            .with_ansi(false)
            .with_writer(OneLine(writer))
            .boxed(),
        LogFormat::Json => layer()
            .json()
            .flatten_event(true)
            .with_writer(writer)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(targets(log.level))
        .with(lines)
}

/// Our own events follow the configured level; libraries are heard only when
/// something is wrong, and the one that writes bind requests, passwords
/// included, into its trace never.
fn targets(level: Level) -> Targets {
    let level = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("hedgerow", level)
        .with_target("ldap3_proto", LevelFilter::OFF)
}

/// Keeps an event on one line whatever a client put into a value: control
/// characters inside the line are written as escapes.
struct OneLine<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = OneLineWriter<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLineWriter(self.0.make_writer())
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Self::Writer {
        OneLineWriter(self.0.make_writer_for(event))
    }
}

struct OneLineWriter<W>(W);

impl<W: Write> Write for OneLineWriter<W> {
    /// Takes a whole event, as the formatter hands it over.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = event.strip_suffix(b"\n").unwrap_or(event);
        if !line.iter().any(u8::is_ascii_control) {
            self.0.write_all(event)?;
            return Ok(event.len());
        }
        let mut escaped = Vec::with_capacity(event.len() + 16);
        for &byte in line {
            if byte.is_ascii_control() {
                escaped.extend(byte.escape_ascii());
            } else {
                escaped.push(byte);
            }
        }
        escaped.push(b'\n');
        self.0.write_all(&escaped)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: Level, format: LogFormat, events: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let log = Log { level, format };
        let subscriber = subscriber(&log, move || writer.clone());
        tracing::subscriber::with_default(subscriber, events);
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_holds_time_level_target_message_and_values() {
        let text = logged(Level::Info, LogFormat::Text, || {
            tracing::info!(target: "hedgerow::ldap", client = "[::1]:5", "connected");
        });
        let (time, rest) = text.split_once(' ').unwrap();
        assert!(time.ends_with('Z') && time.contains('T'), "{time}");
        assert_eq!(
            rest.trim_start(),
            "INFO hedgerow::ldap: connected client=\"[::1]:5\"\n"
        );
    }

    #[test]
    fn a_value_from_a_client_cannot_start_a_line_of_its_own() {
        let text = logged(Level::Info, LogFormat::Text, || {
            let dn = "cn=a\n2026-01-01T00:00:00Z ERROR hedgerow: forged\r\u{1b}[31m";
            tracing::info!(target: "hedgerow", %dn, "bind");
        });
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        assert!(text.ends_with('\n'));
        assert!(text.contains("dn=cn=a\\n2026"), "{text}");
        let line = text.trim_end_matches('\n');
        assert!(!line.contains(char::is_control), "{text}");
    }

    #[test]
    fn json_is_one_object_a_line() {
        let text = logged(Level::Info, LogFormat::Json, || {
            tracing::info!(target: "hedgerow", dn = "cn=a\nb", code = 49, "bind");
            tracing::warn!(target: "hedgerow", "second");
        });
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["message"], "bind");
        assert_eq!(lines[0]["dn"], "cn=a\nb");
        assert_eq!(lines[0]["code"], 49);
        assert_eq!(lines[1]["level"], "WARN");
    }

    #[test]
    fn libraries_are_heard_from_warnings_on_and_the_ldap_parser_never() {
        let text = logged(Level::Trace, LogFormat::Text, || {
            tracing::trace!(target: "hedgerow::storage", "ours");
            tracing::info!(target: "sled::pagecache", "sled info");
            tracing::warn!(target: "rustls", "rustls warning");
            tracing::error!(target: "ldap3_proto::proto", "secret bytes");
            tracing::debug!(target: "hyper", "hyper debug");
        });
        assert!(text.contains("ours") && text.contains("rustls warning"));
        for hidden in ["sled info", "secret bytes", "hyper debug"] {
            assert!(!text.contains(hidden), "{text}");
        }
    }

    #[test]
    fn the_level_is_the_least_severe_one_written() {
        let text = logged(Level::Warn, LogFormat::Text, || {
            tracing::info!(target: "hedgerow", "quiet");
            tracing::warn!(target: "hedgerow", "loud");
        });
        assert!(!text.contains("quiet") && text.contains("loud"));
        let text = logged(Level::Error, LogFormat::Text, || {
            tracing::warn!(target: "sled", "a warning");
            tracing::error!(target: "sled", "an error");
        });
        assert!(!text.contains("a warning") && text.contains("an error"));
    }
}
