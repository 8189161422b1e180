//! `check`: every record of the store verified.

use super::{begin, print};
use crate::app::cli::ConfigFile;
use crate::app::{Failure, progress};
use crate::directory::check;
use crate::directory::setup::Setup;

pub(super) fn run(file: &ConfigFile) -> Result<(), Failure> {
    let assembly = begin(file)?;
    let store = assembly.open()?;
    let setup = Setup::read(&*store)?;
    let empty = setup.empty(&assembly.schema, &assembly.indexed)?;
    let bar = progress::bar(None, "checking");
    let findings = check::check(&*store, empty, &mut |records| bar.set_position(records));
    bar.finish_and_clear();
    let findings = findings?;
    for fault in &findings.faults {
        print(&format!("fault: {fault}\n"))?;
    }
    let check::Findings {
        records,
        entries,
        edges,
        faults,
    } = findings;
    print(&format!(
        "{records} records: {entries} entries, {edges} members; {} faults\n",
        faults.len()
    ))?;
    store.close()?;
    match faults.len() {
        0 => Ok(()),
        faults => Err(format!(
            "{faults} faults: export what can be read, make a new data folder with `hedgerow init` and import it there"
        )
        .into()),
    }
}
