//! The commands, one file each.

mod check;
mod export;
mod import;
mod init;
mod serve;

use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use super::Failure;
use super::assembly::Assembly;
use super::check_config;
use super::cli::{Command, ConfigFile};
use super::config::Config;
use super::logging;

pub use init::create;

/// Does a command.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Check(file) => check::run(&file),
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
