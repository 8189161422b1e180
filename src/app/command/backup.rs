//! `backup`: everything in one file, from the store or from a running server.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use super::{Place, begin, find, write_file};
use crate::app::assembly::Assembly;
use crate::app::cli::Backup;
use crate::app::{Failure, audit, progress};
use crate::directory::backup::{self, Summary};
use crate::ldap::administration::Task;

/// Bytes read from a file at once.
const BUFFER: usize = 256 * 1024;

pub(super) fn run(arguments: &Backup) -> Result<(), Failure> {
    let assembly = begin(&arguments.config)?;
    let path = &arguments.output;
    let mut summary = Summary::default();
    let place = find(&assembly)?;
    write_file(
        path,
        |out| write(&assembly, place, out),
        |unfinished, entries| {
            let verified = verify(&assembly, unfinished);
            summary = verified.map_err(|error| {
                format!("what was written does not read back, nothing is kept of it: {error}")
            })?;
            if summary.entries != *entries {
                let text = format!("{entries} entries were written, {} read", summary.entries);
                return Err(text.into());
            }
            Ok(())
        },
    )?;
    eprintln!("{} backed up to {}", describe(summary), path.display());
    Ok(())
}

/// Writes the backup; the number of entries.
fn write(assembly: &Assembly, place: Place, out: &mut dyn Write) -> Result<u64, Failure> {
    let mut store = match place {
        Place::Server(mut client) => return Ok(client.ask(&Task::Backup, out)?),
        Place::Store(store) => store,
    };
    audit::record_task(&assembly.config, "backup", None)?;
    let (setup, snapshot) = assembly.load_unindexed(&mut *store)?;
    store.close()?;
    let bar = progress::bar(Some(snapshot.len() as u64), "writing");
    let written = backup::write(&snapshot, &setup, out, &mut |entries| {
        bar.set_position(entries);
    });
    bar.finish_and_clear();
    Ok(written?.entries)
}

/// Reads a backup from its first byte to its last.
pub(super) fn verify(assembly: &Assembly, path: &Path) -> Result<Summary, Failure> {
    let input = BufReader::with_capacity(BUFFER, File::open(path)?);
    Ok(backup::verify(&assembly.schema, input)?)
}

/// What a backup holds, in words.
pub(super) fn describe(summary: Summary) -> String {
    let Summary {
        records,
        entries,
        members,
        digest: _,
    } = summary;
    format!("{entries} entries and {members} members ({records} records)")
}
