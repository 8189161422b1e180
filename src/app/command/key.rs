//! `key`: making, listing and revoking keys, on a running server.

use std::io::stdout;

use super::ask_server;
use crate::app::Failure;
use crate::app::cli::{Key, KeyAction};
use crate::ldap::administration::{self, CreateKey, Task};

pub(super) fn run(arguments: &Key) -> Result<(), Failure> {
    let (asked, action) = match &arguments.action {
        KeyAction::Create(create) => {
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
