//! The wiring: command line, configuration, TLS, logging, the audit log and metrics.
//!
//! Everything here is about the process and its operator. It imports every
//! other layer and none imports it. What an entry means, what LDAP says on the
//! wire and how bytes are kept are decided elsewhere.

pub mod admin_password;
pub mod assembly;
pub mod audit;
pub mod check_config;
pub mod cli;
pub mod command;
pub mod config;
pub mod ended;
pub mod local_socket;
pub mod logging;
pub mod metrics;
pub mod operations;
pub mod private_file;
pub mod progress;
pub mod publish;
pub mod rest;
pub mod sealing_key;
pub mod server;
pub mod sockets;
pub mod tls;

use std::process::ExitCode;

use clap::Parser;

/// The tree that `serve --demo` loads: people, nested groups and a service
/// account under `dc=example,dc=org`, as LDIF (RFC 2849) with clear passwords.
pub const DEMO_TREE: &str = include_str!("demo_tree.ldif");

/// Why a command failed, in words for its user.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Does what the command line says; what the process ends with.
pub fn run() -> ExitCode {
    let outcome = command::run(cli::CommandLine::parse().command);
    logging::finish();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("hedgerow: {failure}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DEMO_TREE;

    /// The entries as lines of "name: value"; the tree has no folded lines.
    fn entries() -> Vec<Vec<(&'static str, &'static str)>> {
        let records = DEMO_TREE.split("\n\n").map(|record| {
            let lines = record.lines().filter(|line| !line.starts_with('#'));
            lines.filter_map(|line| line.split_once(": ")).collect()
        });
        let records = records.filter(|lines: &Vec<_>| lines.iter().any(|line| line.0 == "dn"));
        records.collect()
    }

    #[test]
    fn the_demo_tree_has_every_parent_first_and_every_member() {
        let entries = entries();
        let names: Vec<&str> = entries.iter().map(|entry| entry[0].1).collect();
        for (position, name) in names.iter().enumerate() {
            let (_, parent) = name.split_once(',').unwrap();
            assert!(
                position == 0 || names[..position].contains(&parent),
                "{name}"
            );
        }
        let members = entries.iter().flatten().filter(|line| line.0 == "member");
        let members: Vec<_> = members.collect();
        assert!(members.len() > 20);
        for (_, member) in members {
            assert!(names.contains(member), "{member}");
        }
    }

    #[test]
    fn a_demo_password_is_made_of_the_name() {
        let mut seen = 0;
        for entry in entries() {
            let (rdn, _) = entry[0].1.split_once(',').unwrap();
            let (_, name) = rdn.split_once('=').unwrap();
            for (_, password) in entry.iter().filter(|line| line.0 == "userPassword") {
                assert_eq!(*password, format!("demo-{name}"));
                seen += 1;
            }
        }
        assert_eq!(seen, 13);
    }
}
