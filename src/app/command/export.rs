//! `export`: the tree, or a part of it, as LDIF, from the store or from a running server.

use std::io::{BufWriter, Write};

use super::{Place, begin, find, write_file};
use crate::app::assembly::Assembly;
use crate::app::cli::Export;
use crate::app::{Failure, audit, progress};
use crate::directory::audit::WITH_HASHES;
use crate::directory::export;
use crate::ldap::administration::{self, Task};

pub(super) fn run(arguments: &Export) -> Result<(), Failure> {
    let assembly = begin(&arguments.config)?;
    let place = find(&assembly)?;
    match &arguments.output {
        None => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            write(arguments, &assembly, place, &mut out)?;
            out.flush()?;
        }
        Some(path) => {
            let entries = write_file(
                path,
                |out| write(arguments, &assembly, place, out),
                |_, _| Ok(()),
            )?;
            eprintln!("{entries} entries written to {}", path.display());
        }
    }
    Ok(())
}

/// Writes the entries; how many there were.
fn write(
    arguments: &Export,
    assembly: &Assembly,
    place: Place,
    mut out: &mut dyn Write,
) -> Result<u64, Failure> {
    let mut store = match place {
        Place::Server(mut client) => {
            let asked = administration::Export {
                base: arguments.base.clone(),
                filter: arguments.filter.clone(),
                with_secrets: arguments.with_password_hashes,
            };
            return Ok(client.ask(&Task::Export(asked), out)?);
        }
        Place::Store(store) => store,
    };
    let reason = arguments.with_password_hashes.then_some(WITH_HASHES);
    audit::record_task(&assembly.config, "export", reason)?;
    let (_, snapshot) = assembly.load_unindexed(&mut *store)?;
    store.close()?;
    let (base, filter) = export::part(
        &snapshot,
        arguments.base.as_deref(),
        arguments.filter.as_deref(),
    )?;
    let bar = progress::bar(Some(snapshot.len() as u64), "writing");
    let mut progress = |entries| bar.set_position(entries);
    let export = export::Export {
        base,
        filter,
        with_secrets: arguments.with_password_hashes,
        progress: &mut progress,
    };
    let written = export::write(&snapshot, export, &mut out);
    bar.finish_and_clear();
    Ok(written?)
}
