//! The command line: what can be typed, and the help for it. Does nothing
//! itself; each command is a plain value for whoever carries it out.
//!
//! Exit codes: 0 done, 1 failed, 2 the command line was wrong.

mod credentials;
mod explain;

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};

use super::{audit, config};
pub use credentials::{
    Account, Confirm, CreateKey, Key, KeyAction, RevokeKey, SecondFactor, SecondFactorAction,
};
pub use explain::{
    Explain, ExplainAccess, ExplainBind, ExplainMembership, ExplainSearch, Explained, Scope,
};

/// The environment variable that names the configuration file.
const CONFIG_VARIABLE: &str = "HEDGEROW_CONFIG";

/// The command line of `hedgerow`.
#[derive(Debug, Parser)]
#[command(
    name = "hedgerow",
    version,
    about = "A directory server: users, groups and services in one LDAP tree.",
    after_help = "A first look:  hedgerow serve --demo\n\
                  A first server:\n  \
                  hedgerow init --suffix dc=example,dc=org\n  \
                  hedgerow import people.ldif\n  \
                  hedgerow serve\n\n\
                  Exit codes: 0 done, 1 failed, 2 the command line was wrong.",
    disable_help_subcommand = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `hedgerow` can be told to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the directory until stopped by a signal
    Serve(Serve),
    /// Create an empty store with its suffixes and an administrator
    Init(Init),
    /// Load entries from an LDIF file; the server must not be running
    Import(Import),
    /// Write entries as LDIF, of a running server as well
    Export(Export),
    /// Show how a search goes, why an entry is in a group, whether a name can log in, or what
    /// somebody may do
    Explain(Explain),
    /// Show the audit log: who did what, from where, and how it ended
    Audit(Audit),
    /// Verify every record of the store, of a running server as well
    Check(ConfigFile),
    /// Write everything into one file, of a running server as well
    Backup(Backup),
    /// Make the store anew from a backup
    Restore(Restore),
    /// Give the administrator another password, of a running server as well
    ResetAdminPassword(ResetAdminPassword),
    /// Enrol a device whose codes an account needs beside its password, on a running server
    SecondFactor(SecondFactor),
    /// Make, list and revoke keys of programs, on a running server
    Key(Key),
    /// Read the configuration and the certificate, and say what is wrong
    CheckConfig(ConfigFile),
    /// Print the version
    Version,
}

/// Which configuration file to use.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigFile {
    /// The configuration file [default: $HEDGEROW_CONFIG, else config/hedgerow.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Arguments of `serve`.
#[derive(Args, Debug)]
pub struct Serve {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
    /// Serve a small example tree on loopback ports with a certificate made for
    /// it; needs no configuration
    #[arg(long, conflicts_with = "config")]
    pub demo: bool,
    /// The folder the demonstration keeps its data in, to find it again at the
    /// next start [default: a new folder, removed at the end]
    #[arg(long, value_name = "DIR", requires = "demo")]
    pub data: Option<PathBuf>,
    /// Have the demonstration listen on any free ports, which it prints, instead of those of its
    /// configuration: 3389, 3636, 3443 and 3390
    #[arg(long, requires = "demo")]
    pub free_ports: bool,
}

/// Arguments of `init`.
#[derive(Args, Debug)]
#[command(after_help = "\
The administrator's password is asked for twice on a terminal; otherwise it is\n\
taken from the environment variable HEDGEROW_ADMIN_PASSWORD. It has at least 8\n\
characters.")]
pub struct Init {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
    /// The DN of a suffix, such as dc=example,dc=org; several may follow
    #[arg(long = "suffix", value_name = "DN", required = true, num_args = 1..)]
    pub suffixes: Vec<String>,
    /// The DN the administrator binds as [default: cn=admin below the first suffix]
    #[arg(long, value_name = "DN")]
    pub admin_dn: Option<String>,
}

/// Arguments of `import`.
#[derive(Args, Debug)]
pub struct Import {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
    /// The LDIF file (RFC 2849); - reads standard input
    #[arg(value_name = "FILE")]
    pub input: Input,
    /// Check every entry and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Where `import` reads from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Input {
    /// Standard input.
    Standard,
    /// A file.
    File(PathBuf),
}

/// Arguments of `export`.
#[derive(Args, Debug)]
pub struct Export {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
    /// Only the entry with this DN and those below it
    #[arg(long, value_name = "DN")]
    pub base: Option<String>,
    /// Only entries that match this filter, such as (objectClass=person)
    #[arg(long, value_name = "FILTER")]
    pub filter: Option<String>,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Include the hashes of passwords and keys, and second factors as they are sealed; the file is
    /// readable by its owner alone
    #[arg(long, requires = "output")]
    pub with_password_hashes: bool,
}

/// Arguments of `audit`.
#[derive(Args, Debug)]
#[command(after_help = "\
Earlier files come first. All conditions must hold. A moment is given as 2026-01-31 or\n\
2026-01-31T08:00:00Z, in UTC, or as the time that has passed since: 90s, 15m, 2h, 7d.")]
pub struct Audit {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
    /// Go on with what is written from now on, until stopped
    #[arg(long)]
    pub follow: bool,
    /// Only lines from this moment on
    #[arg(long, value_name = "MOMENT", value_parser = audit::moment)]
    pub since: Option<String>,
    /// Only lines of this kind
    #[arg(long, value_enum)]
    pub kind: Option<audit::Kind>,
    /// Only lines with this text in the name of who asked, who was bound, or what it was about
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// Only what did not succeed
    #[arg(long)]
    pub failed: bool,
    /// The lines as they are in the file
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `backup`.
#[derive(Args, Debug)]
#[command(after_help = "\
The file holds all entries with their operational attributes and the hashes of\n\
their passwords, all members, the suffixes and the administrator, as of the moment\n\
when it was begun; not the history of changes, the configuration or certificates.\n\
Only its owner can read it. It is read back and verified before it takes its name.")]
pub struct Backup {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
    /// The file to write; one that is there is replaced when the new one is whole
    #[arg(value_name = "FILE")]
    pub output: PathBuf,
}

/// Arguments of `restore`.
#[derive(Args, Debug)]
#[command(after_help = "\
The data folder of the configuration must be empty or not exist: nothing is ever\n\
overwritten. The administrator's password is that of the time of the backup.")]
pub struct Restore {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
    /// The backup
    #[arg(value_name = "FILE")]
    pub input: PathBuf,
}

/// Arguments of `reset-admin-password`.
#[derive(Args, Debug)]
#[command(after_help = "\
The new password is asked for twice on a terminal; otherwise it is taken from the\n\
environment variable HEDGEROW_ADMIN_PASSWORD. It has at least 8 characters. A\n\
running server takes it at once; connections that are bound already stay so.")]
pub struct ResetAdminPassword {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
}

impl ConfigFile {
    /// The file to read: `--config`, else `HEDGEROW_CONFIG`, else
    /// [`config::DEFAULT_PATH`].
    pub fn path(&self) -> PathBuf {
        self.path_given(std::env::var_os(CONFIG_VARIABLE))
    }

    fn path_given(&self, variable: Option<OsString>) -> PathBuf {
        match (&self.config, variable) {
            (Some(path), _) => path.clone(),
            (None, Some(path)) if !path.is_empty() => path.into(),
            (None, _) => config::DEFAULT_PATH.into(),
        }
    }
}

impl FromStr for Input {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Input, Infallible> {
        Ok(match text {
            "-" => Input::Standard,
            path => Input::File(path.into()),
        })
    }
}

#[cfg(test)]
mod tests;
