//! `export`: the tree, or a part of it, as LDIF.

use std::io::{BufWriter, Write};

use super::begin;
use crate::app::cli::Export;
use crate::app::publish::UnpublishedFile;
use crate::app::{Failure, progress};
use crate::directory::dn::Dn;
use crate::directory::export;
use crate::directory::filter::Filter;
use crate::directory::snapshot::Snapshot;

pub(super) fn run(arguments: &Export) -> Result<(), Failure> {
    let assembly = begin(&arguments.config)?;
    let mut store = assembly.open()?;
    let (_, snapshot) = assembly.load(&mut *store)?;
    store.close()?;
    match &arguments.output {
        None => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            write(arguments, &snapshot, &mut out)?;
            out.flush()?;
        }
        Some(path) => {
            let file = UnpublishedFile::create(path, 0o600)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let mut out = BufWriter::new(file);
            let entries = write(arguments, &snapshot, &mut out)?;
            out.into_inner()
                .map_err(|error| error.into_error())?
                .publish()?;
            eprintln!("{entries} entries written to {}", path.display());
        }
    }
    Ok(())
}

fn write(arguments: &Export, snapshot: &Snapshot, out: &mut impl Write) -> Result<u64, Failure> {
    let base = match &arguments.base {
        None => None,
        Some(text) => {
            let dn = Dn::parse(text)
                .map_err(|error| format!("--base \"{text}\" is not a DN: {error}"))?;
            Some(
                snapshot
                    .find_entry(&dn)
                    .ok_or_else(|| format!("there is no entry {text}"))?,
            )
        }
    };
    let filter = match &arguments.filter {
        None => None,
        Some(text) => {
            let filter =
                Filter::parse(text).map_err(|error| format!("--filter {text}: {error}"))?;
            Some(filter.resolve(snapshot.schema()))
        }
    };
    let bar = progress::bar(Some(snapshot.len() as u64), "writing");
    let mut progress = |entries| bar.set_position(entries);
    let export = export::Export {
        base,
        filter,
        with_secrets: arguments.with_password_hashes,
        progress: &mut progress,
    };
    let written = export::write(snapshot, export, out);
    bar.finish_and_clear();
    Ok(written?)
}
