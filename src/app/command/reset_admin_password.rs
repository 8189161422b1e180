//! `reset-admin-password`: another password for the administrator, in the store or in a running server.

use super::init::hash;
use super::{Place, begin, find, print};
use crate::app::admin_password::AdminPassword;
use crate::app::cli::ResetAdminPassword;
use crate::app::{Failure, audit};
use crate::directory::password::Secret;
use crate::directory::setup::Setup;
use crate::ldap::administration::Task;

pub(super) fn run(arguments: &ResetAdminPassword) -> Result<(), Failure> {
    let assembly = begin(&arguments.config)?;
    // Found before anybody is asked for a password.
    let place = find(&assembly)?;
    let password = AdminPassword::ask()?;
    match place {
        Place::Server(mut client) => {
            let task = Task::ReplacePassword(password.as_bytes().into());
            client.ask(&task, &mut std::io::sink())?;
        }
        Place::Store(mut store) => {
            let hash = hash(&assembly, Secret::from(password.as_bytes()))?;
            audit::record_task(&assembly.config, "reset-admin-password", None)?;
            Setup::replace_password(&mut *store, hash)?;
            store.close()?;
        }
    }
    print("the administrator has a new password\n")
}
