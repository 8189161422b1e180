//! `explain`: how a search goes, why an entry is in a group, why a name can log in, and what somebody may do, in the store
//! or in a running server.

use super::{Place, begin, find, print};
use crate::app::Failure;
use crate::app::assembly::Assembly;
use crate::app::cli::{
    Explain, ExplainAccess, ExplainBind, ExplainMembership, ExplainSearch, Explained, Scope,
};
use crate::directory::access::explain::explain as explain_access;
use crate::directory::account::explain::explain as explain_bind;
use crate::directory::membership::explain::explain as explain_membership;
use crate::directory::request;
use crate::directory::search::explain::explain;
use crate::ldap::administration::{self, Task};

pub(super) fn run(arguments: &Explain) -> Result<(), Failure> {
    match &arguments.what {
        Explained::Search(asked) => search(asked),
        Explained::Membership(asked) => membership(asked),
        Explained::Bind(asked) => bind(asked),
        Explained::Access(asked) => access(asked),
    }
}

fn bind(asked: &ExplainBind) -> Result<(), Failure> {
    let assembly = begin(&asked.config)?;
    match find(&assembly)? {
        Place::Server(mut client) => {
            let task = Task::ExplainBind(administration::ExplainBind {
                name: asked.name.clone(),
            });
            client.ask(&task, &mut std::io::stdout().lock())?;
            Ok(())
        }
        Place::Store(mut store) => {
            let (_, snapshot) = assembly.load(&mut *store)?;
            store.close()?;
            let admission = Assembly::admission(&assembly.config)?;
            let accounts = assembly.accounts();
            print(&explain_bind(&snapshot, accounts, &admission, &asked.name).to_string())
        }
    }
}

fn access(asked: &ExplainAccess) -> Result<(), Failure> {
    let assembly = begin(&asked.config)?;
    match find(&assembly)? {
        Place::Server(mut client) => {
            let task = Task::ExplainAccess(administration::ExplainAccess {
                who: asked.who.clone(),
                entry: asked.entry.clone(),
                attribute: asked.attribute.clone(),
            });
            client.ask(&task, &mut std::io::stdout().lock())?;
            Ok(())
        }
        Place::Store(mut store) => {
            let (setup, snapshot) = assembly.load(&mut *store)?;
            store.close()?;
            let rules = assembly.rules(&setup.suffixes)?;
            let attribute = asked.attribute.as_deref();
            let explained = explain_access(&rules, &snapshot, &asked.who, &asked.entry, attribute)?;
            print(&explained.to_string())
        }
    }
}

fn membership(asked: &ExplainMembership) -> Result<(), Failure> {
    let assembly = begin(&asked.config)?;
    match find(&assembly)? {
        Place::Server(mut client) => {
            let task = Task::ExplainMembership(administration::ExplainMembership {
                member: asked.member.clone(),
                group: asked.group.clone(),
                dot: asked.dot,
            });
            client.ask(&task, &mut std::io::stdout().lock())?;
            Ok(())
        }
        Place::Store(mut store) => {
            let (_, snapshot) = assembly.load(&mut *store)?;
            store.close()?;
            let explained = explain_membership(&snapshot, &asked.member, &asked.group)?;
            print(&explained.text(asked.dot))
        }
    }
}

fn search(asked: &ExplainSearch) -> Result<(), Failure> {
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
