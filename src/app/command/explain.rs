//! `explain`: how a search goes, in the store or in a running server.

use super::{Place, begin, find, print};
use crate::app::Failure;
use crate::app::cli::{Explain, Explained, Scope};
use crate::directory::request;
use crate::directory::search::explain::explain;
use crate::ldap::administration::{self, Task};

pub(super) fn run(arguments: &Explain) -> Result<(), Failure> {
    let Explained::Search(asked) = &arguments.what;
    let assembly = begin(&asked.config)?;
    let scope = match asked.scope {
        Scope::Base => request::Scope::Base,
        Scope::One => request::Scope::One,
        Scope::Sub => request::Scope::Subtree,
        Scope::Children => request::Scope::Children,
    };
    match find(&assembly)? {
        Place::Server(mut client) => {
            let task = Task::Explain(administration::Explain {
                base: asked.base.clone(),
                scope,
                filter: asked.filter.clone(),
            });
            client.ask(&task, &mut std::io::stdout().lock())?;
            Ok(())
        }
        Place::Store(mut store) => {
            let (_, snapshot) = assembly.load(&mut *store)?;
            store.close()?;
            print(&explain(&snapshot, &asked.base, scope, &asked.filter)?.to_string())
        }
    }
}
