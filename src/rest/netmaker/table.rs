//! The operations of this dialect: one row each. Paths, permissions, parameters, bodies and refusals are here and nowhere
//! else; the routes and the document follow from it.

use super::permission::{ANYONE, READER, READER_OR_OWN};
use super::{login, super_admin, users};
use crate::rest::operation::{Input, Operation, Permission, Shape, Verb};

use Shape::{Many, One};

/// JSON.
const fn json(name: &'static str) -> Option<Input> {
    Some(Input {
        shape: One(name),
        types: &[],
    })
}

/// A row that takes the fewest words; all that succeed answer with 200.
const fn row(
    id: &'static str,
    (verb, path): (Verb, &'static str),
    permission: &'static Permission,
    summary: &'static str,
    answer: Shape,
    run: crate::rest::operation::Run,
) -> Operation {
    Operation {
        id,
        verb,
        path,
        aliases: &[],
        summary,
        permission,
        parameters: &[],
        body: None,
        status: 200,
        answer,
        tagged: false,
        refusals: &[],
        run,
    }
}

/// All operations.
pub static OPERATIONS: &[Operation] = &[
    Operation {
        body: json("NetmakerLogin"),
        ..row(
            "netmakerLogIn",
            (Verb::Post, "/users/adm/authenticate"),
            &ANYONE,
            "Logs in: gives a token for a name and a password",
            One("NetmakerLoggedIn"),
            |call| Box::pin(login::log_in(call)),
        )
    },
    row(
        "netmakerListUsers",
        (Verb::Get, "/users"),
        &READER,
        "Lists all users by name",
        Many("NetmakerUser"),
        |call| Box::pin(users::list(call)),
    ),
    Operation {
        refusals: &[404],
        ..row(
            "netmakerGetUser",
            (Verb::Get, "/users/{username}"),
            &READER_OR_OWN,
            "Shows a user",
            One("NetmakerUser"),
            |call| Box::pin(users::get(call)),
        )
    },
    Operation {
        body: json("NetmakerUserDefinition"),
        ..row(
            "netmakerCreateSuperAdmin",
            (Verb::Post, "/users/adm/createsuperadmin"),
            &ANYONE,
            "Refuses to make a super-admin: there is one from the start",
            One("NetmakerUser"),
            |call| Box::pin(super_admin::create(call)),
        )
    },
    row(
        "netmakerHasSuperAdmin",
        (Verb::Get, "/users/adm/hassuperadmin"),
        &ANYONE,
        "Tells that there is a super-admin",
        One("NetmakerFlag"),
        |call| Box::pin(super_admin::exists(call)),
    ),
];
