//! `restore`: a new store from a backup.

use std::fs::File;
use std::io::BufReader;

use super::backup::{describe, verify};
use super::{begin, print};
use crate::app::assembly::Assembly;
use crate::app::cli::Restore;
use crate::app::{Failure, audit, progress};
use crate::directory::backup::{self, Summary};
use crate::directory::check;
use crate::directory::index::IndexedAttributes;
use crate::directory::setup::Setup;
use crate::storage::{Options, SledStore, Store, StoreError};

pub(super) fn run(arguments: &Restore) -> Result<(), Failure> {
    let assembly = begin(&arguments.config)?;
    let (data, path) = (&assembly.config.data, &arguments.input);
    // Nothing is made before the backup is known to be whole.
    let summary =
        verify(&assembly, path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut store = match SledStore::create(data, &Options::default()) {
        Err(StoreError::AlreadyExists { folder }) => {
            return Err(format!(
                "{} is not empty: nothing was changed; move it away, or name another folder as data in {}",
                folder.display(),
                assembly.config.file().display(),
            )
            .into());
        }
        made => made?,
    };
    audit::record_task(&assembly.config, "restore", None)?;
    let bar = progress::bar(Some(summary.records), "restoring");
    let restored = backup::restore(&mut store, BufReader::new(File::open(path)?), &mut |done| {
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let outcome = restored
        .map_err(Failure::from)
        .and_then(|()| Ok(Box::new(store).close()?))
        .and_then(|()| read_back(&assembly, summary));
    outcome.map_err(|error| {
        format!(
            "{error}; {} is not usable: remove it before the next attempt",
            data.display()
        )
    })?;
    print(&format!(
        "restored {} to {}\n",
        describe(summary),
        data.display()
    ))
}

/// Opens the store anew, and holds what is in it against the backup.
fn read_back(assembly: &Assembly, summary: Summary) -> Result<(), Failure> {
    let store = assembly.open()?;
    if backup::summarize(&*store)? != summary {
        return Err(
            "what was written does not read back as it is in the backup: is the disk sound?".into(),
        );
    }
    let empty = Setup::read(&*store)?.empty(&assembly.schema, &IndexedAttributes::default())?;
    let findings = check::check(&*store, empty, &mut |_| {})?;
    store.close()?;
    match findings.faults.len() {
        0 => Ok(()),
        faults => {
            print(&findings.to_string())?;
            Err(format!("the backup does not fit together, it has {faults} faults").into())
        }
    }
}
