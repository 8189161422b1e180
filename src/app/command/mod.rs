//! The commands, one file each.

mod audit;
mod backup;
mod check;
mod explain;
mod export;
mod import;
mod init;
mod key;
mod reset_admin_password;
mod restore;
mod second_factor;
mod serve;

use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::SystemTime;

use super::Failure;
use super::assembly::Assembly;
use super::check_config;
use super::cli::{Command, ConfigFile};
use super::config::Config;
use super::logging;
use super::publish::UnpublishedFile;
use crate::ldap::administration::Task;
use crate::ldap::administration::client::Client;
use crate::storage::{Options, SledStore, Store, StoreError};

pub use init::create;

/// Does a command.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Check(file) => check::run(&file),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Backup(arguments) => backup::run(&arguments),
        Command::Restore(arguments) => restore::run(&arguments),
        Command::ResetAdminPassword(arguments) => reset_admin_password::run(&arguments),
        Command::SecondFactor(arguments) => second_factor::run(&arguments),
        Command::Key(arguments) => key::run(&arguments),
        Command::CheckConfig(file) => check_everything(&file.path()),
        Command::Version => print(&format!("hedgerow {}\n", env!("CARGO_PKG_VERSION"))),
    }
}

/// Reads the configuration and starts the log as it says.
fn begin(file: &ConfigFile) -> Result<Assembly, Failure> {
    let config = Config::load(&file.path())?;
    logging::start(&config.log)?;
    Assembly::new(config)
}

/// Where a directory is found.
enum Place {
    /// In its store, which nobody uses.
    Store(Box<dyn Store>),
    /// In a server that is running.
    Server(Client),
}

/// Opens the store or, where a server holds it, connects to that.
fn find(assembly: &Assembly) -> Result<Place, Failure> {
    let locked = match SledStore::open(&assembly.config.data, &Options::default()) {
        Ok(store) => return Ok(Place::Store(Box::new(store))),
        Err(error @ StoreError::Locked { .. }) => error,
        Err(error) => return Err(error.into()),
    };
    let socket = assembly.config.socket();
    match Client::connect(&socket) {
        Ok(client) => Ok(Place::Server(client)),
        Err(error) => Err(format!(
            "{locked}, or have it answer on its socket {}: {error}",
            socket.display()
        )
        .into()),
    }
}

/// Asks the running server for a task, and writes what it yields.
fn ask_server(file: &ConfigFile, task: &Task, out: &mut dyn Write) -> Result<(), Failure> {
    let config = Config::load(&file.path())?;
    logging::start(&config.log)?;
    let socket = config.socket();
    let mut client = Client::connect(&socket).map_err(|error| {
        format!(
            "{}: {error}; this needs the server running",
            socket.display()
        )
    })?;
    client.ask(task, out)?;
    Ok(())
}

/// Writes what `write` yields into a file that its owner alone can read, and that takes its name when `verify`, which is
/// given its path and what `write` returned, finds it right.
fn write_file<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, Failure>,
    verify: impl FnOnce(&Path, &T) -> Result<(), Failure>,
) -> Result<T, Failure> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = UnpublishedFile::create(path, 0o600).map_err(failed)?;
    let mut out = BufWriter::new(file);
    let written = write(&mut out)?;
    let file = out
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    verify(file.unfinished(), &written)?;
    file.publish().map_err(failed)?;
    Ok(written)
}

fn check_everything(path: &Path) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let config = check_config::check_config(path, SystemTime::now(), &mut out)?;
    Assembly::new(config)?;
    writeln!(out, "the configuration is good")?;
    Ok(())
}

/// Writes to standard output; a reader that has gone is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
