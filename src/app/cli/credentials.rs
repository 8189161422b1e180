//! The command lines of `second-factor` and `key`.

use clap::{Args, Subcommand};

use super::ConfigFile;
use crate::ldap::administration::MOST_DAYS;

/// Arguments of `second-factor`.
#[derive(Args, Debug)]
pub struct SecondFactor {
    /// What to do.
    #[command(subcommand)]
    pub action: SecondFactorAction,
}

/// What can be done about a second factor.
#[derive(Debug, Subcommand)]
pub enum SecondFactorAction {
    /// Show what a device is to be told, as a URL and a QR code; counts once it is confirmed
    Enrol(Account),
    /// End the enrolment with a code that the device shows, and show the recovery codes, once
    Confirm(Confirm),
    /// Take the second factor away
    Remove(Account),
    /// Make other recovery codes and show them, once
    RecoveryCodes(Account),
}

/// Arguments of commands about one account.
#[derive(Args, Debug)]
pub struct Account {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
    /// The DN or the uid of the account
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// Arguments of `second-factor confirm`.
#[derive(Args, Debug)]
pub struct Confirm {
    /// The account.
    #[command(flatten)]
    pub account: Account,
    /// The six digits that the device shows now
    #[arg(value_name = "CODE")]
    pub code: String,
}

/// Arguments of `key`.
#[derive(Args, Debug)]
#[command(after_help = "\
A key stands for an account in the place of a password and never needs a code: for\n\
services, and as the app password of a person. It begins with hgrw_ and is shown once;\n\
only its hash is kept. For an account that needs a second factor it must be held to a\n\
network or a certificate.")]
pub struct Key {
    /// What to do.
    #[command(subcommand)]
    pub action: KeyAction,
}

/// What can be done about keys.
#[derive(Debug, Subcommand)]
pub enum KeyAction {
    /// Make a key and show it, once
    Create(CreateKey),
    /// Show the keys of an account, without what they are
    List(Account),
    /// Take a key away; who is logged in with it can do nothing more
    Revoke(RevokeKey),
}

/// Arguments of `key create`.
#[derive(Args, Debug)]
pub struct CreateKey {
    /// The account.
    #[command(flatten)]
    pub account: Account,
    /// What to call the key: letters, digits and -_.@
    #[arg(value_name = "KEY")]
    pub key: String,
    /// What it is good for: ldap for binds, or a REST dialect, or a part of one, such as harmony-sase:user:read; once for each
    #[arg(long = "scope", value_name = "SCOPE", default_value = "ldap")]
    pub scopes: Vec<String>,
    /// A network it may come from, such as 192.0.2.0/24; once for each [default: any]
    #[arg(long = "network", value_name = "NETWORK")]
    pub networks: Vec<String>,
    /// The DN of the entry that the client's certificate must stand for
    #[arg(long, value_name = "DN")]
    pub certificate: Option<String>,
    /// Days after which it expires [default: it does not]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(1..=i64::from(MOST_DAYS)))]
    pub days: Option<i32>,
}

/// Arguments of `key revoke`.
#[derive(Args, Debug)]
pub struct RevokeKey {
    /// The account.
    #[command(flatten)]
    pub account: Account,
    /// The name of the key
    #[arg(value_name = "KEY")]
    pub key: String,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::app::cli::{Command, CommandLine};

    fn create(line: &str) -> Option<CreateKey> {
        let words = "hedgerow key create"
            .split(' ')
            .chain(line.split_whitespace());
        match CommandLine::try_parse_from(words).ok()?.command {
            Command::Key(Key {
                action: KeyAction::Create(create),
            }) => Some(create),
            _ => None,
        }
    }

    #[test]
    fn a_key_is_for_binds_from_anywhere_for_ever_unless_said_otherwise() {
        let plain = create("ada mail").unwrap();
        assert_eq!((&*plain.account.name, &*plain.key), ("ada", "mail"));
        assert_eq!(plain.scopes, ["ldap"]);
        assert!(plain.networks.is_empty() && plain.certificate.is_none() && plain.days.is_none());
        let limited = create(
            "--scope scim --scope ldap --network 10.0.0.0/8 --network ::1 --days 90 ada mail",
        )
        .unwrap();
        assert_eq!(limited.scopes, ["scim", "ldap"]);
        assert_eq!(limited.networks, ["10.0.0.0/8", "::1"]);
        assert_eq!(limited.days, Some(90));
        for wrong in ["ada", "ada mail --days 0", "ada mail --days 36501"] {
            assert!(create(wrong).is_none(), "{wrong}");
        }
    }
}
