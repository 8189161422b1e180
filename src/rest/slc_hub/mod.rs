//! The dialect of SLC Hub: users, groups and principals as `/api/v2/auth` shows them.
//!
//! Owns the table of its operations, with their paths, permissions and bodies.

mod groups;
mod invitations;
mod login;
mod members;
mod models;
mod parameters;
mod passwords;
mod patch;
mod principals;
pub mod query;
pub mod resource;
mod table;
mod update;
mod users;

use serde_json::{Value, json};

use super::fault::Fault;
use super::operation::{Call, Dialect, Part, Permission};

/// The dialect.
pub static DIALECT: Dialect = Dialect {
    name: "slc-hub",
    title: "SLC Hub",
    bases: &["/api/v2/auth"],
    owns: &["/api/v2/auth"],
    parts: &[
        part("userId", "The id of the user."),
        part("groupId", "The id of the group."),
        part("principalId", "The id of the user or the group."),
    ],
    tables: &[table::OPERATIONS],
    bearer: None,
    fault,
    fault_schema: "Refusal",
    schemas: models::schemas,
};

/// The id of an entry.
const fn part(name: &'static str, description: &'static str) -> Part {
    Part {
        name,
        description,
        format: Some("uuid"),
        example: "597ae2f6-16a6-1027-98f4-d28b5365dc14",
    }
}

fn fault(fault: &Fault, _: &str) -> Value {
    json!({ "msg": fault.text })
}

/// The user that the path names, and administrators.
static OWN: Permission = Permission {
    name: "the user itself and administrators",
    login: true,
    allows: |call| call.caller.administers || is_own(call),
};

/// Administrators.
static ADMINISTRATOR: Permission = Permission {
    name: "administrators",
    login: true,
    allows: |call| call.caller.administers,
};

fn is_own(call: &Call) -> bool {
    let own = call.caller.id.as_deref();
    own.is_some_and(|id| id.eq_ignore_ascii_case(call.path.get("userId")))
}
