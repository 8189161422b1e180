//! `key`: making, listing and revoking keys, on a running server.

use std::io::stdout;

use super::ask_server;
use crate::app::Failure;
use crate::app::cli::{Key, KeyAction};
use crate::directory::keys::LDAP;
use crate::ldap::administration::{self, CreateKey, Task};
use crate::rest::{DIALECTS, harmony};

pub(super) fn run(arguments: &Key) -> Result<(), Failure> {
    let (asked, action) = match &arguments.action {
        KeyAction::Create(create) => {
            create.scopes.iter().try_for_each(|scope| check(scope))?;
            let key = CreateKey {
                name: create.key.clone(),
                scopes: create.scopes.clone(),
                networks: create.networks.clone(),
                certificate: create.certificate.clone(),
                days: create.days,
            };
            (&create.account, administration::KeyAction::Create(key))
        }
        KeyAction::List(asked) => (asked, administration::KeyAction::List),
        KeyAction::Revoke(revoke) => {
            let action = administration::KeyAction::Revoke(revoke.key.clone());
            (&revoke.account, action)
        }
    };
    let task = Task::Key(administration::Key {
        account: asked.name.clone(),
        action,
    });
    ask_server(&asked.config, &task, &mut stdout().lock())
}

/// Refuses a scope that nothing asks for: the key would be good for nothing.
fn check(scope: &str) -> Result<(), Failure> {
    let dialects = DIALECTS.iter().map(|dialect| dialect.name);
    let mut known = std::iter::once(LDAP).chain(dialects).collect::<Vec<_>>();
    known.extend(harmony::SCOPES);
    if known.contains(&scope) {
        return Ok(());
    }
    Err(format!("\"{scope}\" is no scope: use {}", known.join(", ")).into())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_scope_that_nothing_asks_for_is_refused() {
        for known in [
            "ldap",
            "slc-hub",
            "harmony-sase",
            "harmony-sase:group.member:create",
        ] {
            assert!(check(known).is_ok(), "{known}");
        }
        for wrong in [
            "",
            "LDAP",
            "slc_hub",
            "harmony-sase:",
            "harmony-sase:users:read",
            "ldap:x",
        ] {
            let refusal = check(wrong).unwrap_err().to_string();
            assert!(
                refusal.contains("is no scope: use ldap, slc-hub, "),
                "{refusal}"
            );
        }
    }
}
