//! The configuration file: read, checked, and handed on as plain values.
//!
//! Owns the TOML text, its keys, their ranges and what must hold between them.
//! Does not own meaning: distinguished names, filters and attribute names stay
//! strings here and are resolved by whoever knows the schema, who reports back
//! through [`Config::problem`] so that the operator still reads file and line.

mod access;
mod accounts;
mod audit;
mod bounded;
mod listener;
mod rest;
mod schema;
mod section;
mod source;
mod tls;

pub use access::{AccessRule, Who};
pub use accounts::{AdmissionRule, Lockout, PasswordPolicy, SecondFactor};
pub use audit::{Audit, Changes};
pub use listener::{Ldapi, Listener, ListenerTls};
pub use rest::{Address, Rest};
pub use schema::{PosixGroup, Schema};
pub use section::{
    Index, Level, Limits, Log, LogFormat, MemberOf, Membership, Operations, Passwords, Unique,
};
pub use source::{ConfigError, Problem};
pub use tls::{SubjectRule, Tls, TlsVersion};

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use source::Source;

/// Where the configuration is looked for when nothing else is said, relative to
/// the working directory.
pub const DEFAULT_PATH: &str = "config/hedgerow.toml";

/// The shipped configuration.
const SHIPPED: &str = include_str!("../../config/hedgerow.toml");

/// Everything the operator decides. `config/hedgerow.toml` documents each key.
///
/// Relative paths in the file are relative to the folder the file is in; here
/// they have been joined to it already.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The folder of the store.
    pub data: PathBuf,
    /// The sockets LDAP is served on; at least one.
    #[serde(default, rename = "listener")]
    pub listeners: Vec<Listener>,
    /// The socket for programs of this machine.
    #[serde(default)]
    pub ldapi: Ldapi,
    /// Certificate and key; present whenever a listener uses TLS.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// What a client may cost.
    #[serde(default)]
    pub limits: Limits,
    /// How passwords are hashed.
    #[serde(default)]
    pub passwords: Passwords,
    /// Which passwords are good enough.
    #[serde(default)]
    pub password_policy: PasswordPolicy,
    /// How failed logins lock.
    #[serde(default)]
    pub lockout: Lockout,
    /// Who needs more than a password.
    #[serde(default)]
    pub second_factor: SecondFactor,
    /// Definitions beside the built-in ones.
    #[serde(default)]
    pub schema: Schema,
    /// Which attributes have an index.
    #[serde(default)]
    pub index: Index,
    /// Which attributes have values that no two entries share.
    #[serde(default)]
    pub unique: Unique,
    /// What `memberOf` holds.
    #[serde(default)]
    pub membership: Membership,
    /// Who may log in from where, in order; the first rule that matches decides.
    #[serde(default)]
    pub admission: Vec<AdmissionRule>,
    /// Who may do what, in order; the first rule that matches decides. Without
    /// a rule those hold that the shipped file shows.
    #[serde(default)]
    pub access: Vec<AccessRule>,
    /// Users and groups over HTTPS.
    #[serde(default)]
    pub rest: Rest,
    /// Where it is kept who did what.
    #[serde(default)]
    pub audit: Audit,
    /// How far back the history of changes goes.
    #[serde(default)]
    pub changes: Changes,
    /// The HTTP listener for health and metrics.
    #[serde(default)]
    pub operations: Operations,
    /// What is logged, and how.
    #[serde(default)]
    pub log: Log,
    #[serde(skip)]
    source: Source,
}

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, holds an unknown key or a value
    /// out of its range, or contradicts itself; every contradiction found is
    /// listed, with its line.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        Config::from_source(Source::read(path)?)
    }

    /// The text of the demonstration's file: the shipped one, with REST and invitations where that shows them.
    pub fn demonstration() -> String {
        let shown = ["listen", "mail_folder"];
        shown.iter().fold(SHIPPED.to_owned(), |text, key| {
            text.replacen(&format!("\n#{key} = "), &format!("\n{key} = "), 1)
        })
    }

    /// Takes any free ports instead of those in the text.
    pub fn take_free_ports(&mut self) {
        let listeners = self.listeners.iter_mut().map(|it| &mut it.address);
        let rest = self.rest.listen.iter_mut().map(|it| &mut it.0);
        let all = listeners.chain(rest).chain(&mut self.operations.address);
        all.for_each(|address| address.set_port(0));
    }

    /// The file this was read from.
    pub fn file(&self) -> &Path {
        self.source.file()
    }

    /// The path of the socket for programs of this machine.
    pub fn socket(&self) -> PathBuf {
        let socket = self.ldapi.socket.clone();
        socket.unwrap_or_else(|| self.data.join("ldapi"))
    }

    /// The path of the audit log.
    pub fn audit_file(&self) -> PathBuf {
        let file = self.audit.file.clone();
        file.unwrap_or_else(|| self.data.join("audit.jsonl"))
    }

    /// An error about one key, for a meaning that only another layer can check:
    /// `config.problem("access[3].filter", "…")` names file and line.
    ///
    /// A key that is not in the text is placed at the nearest one around it.
    pub fn problem(&self, key: &str, message: impl Into<String>) -> ConfigError {
        self.source.error([(key.to_owned(), message.into())])
    }

    /// Where a key stands, for people: file and line.
    pub fn place(&self, key: &str) -> String {
        self.source.place(key)
    }

    fn from_source(source: Source) -> Result<Config, ConfigError> {
        let mut config: Config = source.parse()?;
        config.resolve_paths(source.folder());
        let contradictions = config.contradictions();
        if !contradictions.is_empty() {
            return Err(source.error(contradictions));
        }
        config.source = source;
        Ok(config)
    }

    fn contradictions(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if self.listeners.is_empty() {
            found.push((
                "listener".to_owned(),
                "nothing would be served; add a [[listener]] section".to_owned(),
            ));
        }
        let mut earlier: Vec<SocketAddr> = self.operations.address.into_iter().collect();
        for (position, listener) in self.listeners.iter().enumerate() {
            let key = format!("listener[{position}]");
            listener.contradictions(&key, self.tls.is_some(), &mut found);
            // Port 0 asks the system for any free one.
            if listener.address.port() != 0 && earlier.contains(&listener.address) {
                found.push((
                    format!("{key}.address"),
                    format!("{} is used twice", listener.address),
                ));
            }
            earlier.push(listener.address);
        }
        if let Some(tls) = &self.tls {
            tls.contradictions(&mut found);
        }
        self.limits.contradictions(&mut found);
        self.rest.contradictions(self.tls.is_some(), &mut found);
        self.second_factor.contradictions(&self.data, &mut found);
        for (position, rule) in self.access.iter().enumerate() {
            rule.contradictions(&format!("access[{position}]"), &mut found);
        }
        found
    }

    fn resolve_paths(&mut self, folder: &Path) {
        self.data = resolve(folder, &self.data);
        if let Some(socket) = &mut self.ldapi.socket {
            *socket = resolve(folder, socket);
        }
        let rest = &mut self.rest;
        let files = [&mut rest.mail_folder, &mut rest.master_key_file];
        for path in files.into_iter().flatten() {
            *path = resolve(folder, path);
        }
        if let Some(tls) = &mut self.tls {
            tls.resolve_paths(folder);
        }
        if let Some(file) = &mut self.second_factor.key_file {
            *file = resolve(folder, file);
        }
        if let Some(file) = &mut self.audit.file {
            *file = resolve(folder, file);
        }
        for file in &mut self.schema.files {
            *file = resolve(folder, file);
        }
    }
}

/// A path that is relative to a folder, without the way into that folder and out again, as people would name it.
fn resolve(folder: &Path, path: &Path) -> PathBuf {
    // What is above a folder is only told of its real name.
    let Ok(mut above) = folder.canonicalize() else {
        return folder.join(path);
    };
    let mut below = path;
    while let Ok(rest) = below.strip_prefix("..") {
        above.pop();
        below = rest;
    }
    above.join(below)
}

#[cfg(test)]
mod tests;
