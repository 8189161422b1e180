//! The dialect of Harmony SASE: users and groups as its Users API shows them.
//!
//! Owns the table of its operations, with their paths, permissions and bodies. Programs show a key for a token, and the
//! scopes of the key are what they may do.

mod groups;
mod login;
mod members;
mod models;
mod query;
mod resource;
mod table;
mod users;

use serde_json::{Value, json};

use super::auth::Caller;
use super::fault::{Fault, Kind};
use super::list;
use super::operation::{Call, Dialect, Part, Permission, Reply};
use super::term::equal;
use crate::directory::EntryCopy;
use crate::directory::filter::Filter;

/// The scope of keys that may do everything here; behind it and a colon, a permission.
const NAME: &str = "harmony-sase";

/// The dialect.
pub static DIALECT: Dialect = Dialect {
    name: NAME,
    title: "Harmony SASE",
    // Logins are elsewhere than the rest, so that each path is whole.
    bases: &[""],
    owns: &["/api/rest/", "/api/v1/auth/", "/v1/"],
    parts: &[
        part("id", "The id of the user or the group."),
        part("groupId", "The id of the group."),
        part("userId", "The id of the user."),
    ],
    tables: &[table::OPERATIONS],
    bearer: None,
    fault,
    fault_schema: "HarmonyError",
    schemas: models::schemas,
};

const fn part(name: &'static str, description: &'static str) -> Part {
    Part {
        name,
        description,
        format: None,
        example: "6dYh2ZpQ0c",
    }
}

fn fault(fault: &Fault, _: &str) -> Value {
    let id = match fault.kind {
        Kind::Invalid => "BAD_REQUEST",
        Kind::Unauthenticated => "UNAUTHORIZED",
        Kind::Forbidden => "FORBIDDEN",
        Kind::NotFound => "NOT_FOUND",
        Kind::MethodNotAllowed => "METHOD_NOT_ALLOWED",
        Kind::Conflict => "CONFLICT",
        Kind::PreconditionFailed => "PRECONDITION_FAILED",
        Kind::TooLarge => "PAYLOAD_TOO_LARGE",
        Kind::UnsupportedType => "UNSUPPORTED_MEDIA_TYPE",
        Kind::TooMany => "TOO_MANY_REQUESTS",
        Kind::Unavailable => "SERVICE_UNAVAILABLE",
    };
    json!({ "id": id, "message": fault.text })
}

/// Describes the permissions that a key may be limited to.
macro_rules! permissions {
    ($($name:ident $scope:literal)*) => { $(
        static $name: Permission = Permission {
            name: concat!("administrators, and keys with the scope harmony-sase or harmony-sase:", $scope),
            login: true,
            allows: |call| holds(&call.caller, $scope),
        };
    )*
        /// The scopes of keys that may do a part of it all.
        pub const SCOPES: &[&str] = &[$(concat!("harmony-sase:", $scope)),*];
    };
}

permissions! {
    USER_READ "user:read"
    USER_CREATE "user:create"
    USER_DELETE "user:delete"
    GROUP_READ "group:read"
    GROUP_CREATE "group:create"
    GROUP_DELETE "group:delete"
    MEMBER_CREATE "group.member:create"
    MEMBER_DELETE "group.member:delete"
}

/// Who has logged in with a key may do what it is for, as far as the access rules let its account; a password is for
/// administrators.
fn holds(caller: &Caller, permission: &str) -> bool {
    let Some(scopes) = &caller.scopes else {
        return caller.administers;
    };
    scopes.iter().any(|scope| {
        let part = scope.strip_prefix(NAME);
        part.is_some_and(|part| part.is_empty() || part.strip_prefix(':') == Some(permission))
    })
}

/// The body of a page: `data` of it, its number and size, of so many items on all pages.
fn page_of(data: &[u8], (number, size): (u32, u32), total: u32) -> Reply {
    let pages = total.div_ceil(size.max(1));
    let mut body = b"{\"data\":[".to_vec();
    body.extend_from_slice(data);
    let rest = format!("],\"page\":{number},\"totalPage\":{pages},\"itemsTotal\":{total}}}");
    body.extend_from_slice(rest.as_bytes());
    Reply::bytes(body)
}

/// The entry of a kind that has an id, with these attributes. An id that two have is nobody's.
async fn find(
    call: &Call,
    (what, kind): (&str, Filter),
    id: &str,
    names: &[&str],
) -> Result<EntryCopy, Fault> {
    let filter = Filter::And(vec![equal("hedgerowId", id), kind]);
    let mut found = list::found(call, (call.rest.suffix(), filter), names).await?;
    let only = found.pop().filter(|_| found.is_empty());
    only.ok_or_else(|| Fault::not_found(what))
}
