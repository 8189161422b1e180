//! `import`: LDIF into the store, all of a file or nothing.

use std::fs::File;
use std::io::{BufRead, BufReader};

use super::{begin, print};
use crate::app::cli::{Import, Input};
use crate::app::{Failure, audit, progress};
use crate::directory::import::{Report, Step, prepare};

/// Bytes read from the file at once.
const BUFFER: usize = 256 * 1024;

pub(super) fn run(arguments: &Import) -> Result<(), Failure> {
    let assembly = begin(&arguments.config)?;
    let (input, size): (Box<dyn BufRead + Send>, Option<u64>) = match &arguments.input {
        Input::Standard => (
            Box::new(BufReader::with_capacity(BUFFER, std::io::stdin())),
            None,
        ),
        Input::File(path) => {
            let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
            let size = file.metadata()?.len();
            (Box::new(BufReader::with_capacity(BUFFER, file)), Some(size))
        }
    };
    let mut store = assembly.open()?;
    let (setup, snapshot) = assembly.load_unindexed(&mut *store)?;
    let rules = assembly.rules(&setup.suffixes)?;
    let pool = assembly.pool()?;
    let reading = progress::bar(size, "reading");
    let prepared = prepare(
        snapshot,
        &rules,
        &pool,
        input,
        !arguments.dry_run,
        &mut |step| {
            if let Step::Reading(bytes) = step {
                reading.set_position(bytes);
            }
        },
    );
    reading.finish_and_clear();
    let prepared = prepared?;
    if arguments.dry_run {
        store.close()?;
        return print(&format!(
            "nothing was changed; it would be: {}\n",
            describe(prepared.report())
        ));
    }
    audit::record_task(&assembly.config, "import", None)?;
    let writing = progress::bar(Some(0), "writing");
    let report = prepared.write(&mut *store, &mut |step| {
        if let Step::Writing(done, total) = step {
            writing.set_length(total);
            writing.set_position(done);
        }
    });
    writing.finish_and_clear();
    let report = report?;
    store.close()?;
    print(&format!("{}\n", describe(report)))
}

fn describe(report: Report) -> String {
    let Report {
        added,
        changed,
        hashed,
    } = report;
    format!("{added} entries added, {changed} changes made, {hashed} passwords hashed")
}
