//! `audit`: the audit log, as it is or for people, and what is added to it.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::time::Duration;

use crate::app::Failure;
use crate::app::audit::{Files, Line};
use crate::app::cli::Audit;
use crate::app::config::Config;

/// How long the log is left alone when there was nothing new.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) fn run(asked: &Audit) -> Result<(), Failure> {
    let config = Config::load(&asked.config.path())?;
    let path = config.audit_file();
    let mut files = Files::open(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!(
            "{}: there is no audit log yet; `hedgerow serve` writes it, unless audit.enabled = false",
            path.display()
        ),
        _ => format!("{}: {error}", path.display()),
    })?;
    let mut out = BufWriter::new(io::stdout().lock());
    match show(asked, &mut files, &mut out) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

fn show(asked: &Audit, files: &mut Files, out: &mut impl Write) -> io::Result<()> {
    loop {
        while let Some(bytes) = files.next_line()? {
            // What is no line is what a full disk has left of one.
            let Ok(line) = serde_json::from_slice::<Line>(&bytes) else {
                continue;
            };
            if !matches(asked, &line) {
                continue;
            }
            if asked.json {
                out.write_all(&bytes)?;
                out.write_all(b"\n")?;
            } else {
                writeln!(out, "{line}")?;
            }
        }
        out.flush()?;
        if !asked.follow {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
}

fn matches(asked: &Audit, line: &Line) -> bool {
    let names = [&line.who, &line.through, &line.target, &line.new_name];
    let named = |text: &String| {
        let text = text.to_lowercase();
        let mut names = names.iter().filter_map(|name| name.as_deref());
        names.any(|name| name.to_lowercase().contains(&text))
    };
    asked.since.as_ref().is_none_or(|since| line.time >= *since)
        && asked.kind.is_none_or(|kind| line.kind == kind)
        && asked.name.as_ref().is_none_or(named)
        && (!asked.failed || line.is_failure())
}
