//! `check`: every record of the store verified, of a running server as well.

use super::{Place, begin, find, print};
use crate::app::assembly::Assembly;
use crate::app::cli::ConfigFile;
use crate::app::{Failure, progress};
use crate::directory::check;
use crate::directory::index::IndexedAttributes;
use crate::directory::setup::Setup;
use crate::ldap::administration::Task;
use crate::storage::Store;

pub(super) fn run(file: &ConfigFile) -> Result<(), Failure> {
    let assembly = begin(file)?;
    let faults = match find(&assembly)? {
        Place::Server(mut client) => client.ask(&Task::Check, &mut std::io::stdout().lock())?,
        Place::Store(store) => check(&assembly, store)?,
    };
    match faults {
        0 => Ok(()),
        faults => Err(format!(
            "{faults} faults: export what can be read, make a new data folder with `hedgerow init` and import it there"
        )
        .into()),
    }
}

/// Prints what is wrong with a store; the number of faults.
fn check(assembly: &Assembly, store: Box<dyn Store>) -> Result<u64, Failure> {
    let setup = Setup::read(&*store)?;
    let empty = setup.empty(&assembly.schema, &IndexedAttributes::default())?;
    let bar = progress::bar(None, "checking");
    let findings = check::check(&*store, empty, &mut |entries| bar.set_position(entries));
    bar.finish_and_clear();
    let findings = findings?;
    print(&findings.to_string())?;
    store.close()?;
    Ok(findings.faults.len() as u64)
}
