//! The operations of this dialect: one row each. Paths, permissions, parameters, bodies and refusals are here and nowhere
//! else; the routes and the document follow from it. The product takes YAML as well as JSON; this does not.

use super::query::{
    ACCOUNT_ID, OWN, PAGE, SCOPE, SEARCH_STRING, SEARCH_TERM, USER_ID, WHOLE_ACCOUNT,
};
use super::{MANAGER, VIEWER};
use super::{add, aggregate, credentials, projects, remove, users};
use crate::rest::operation::{Operation, Permission, Run, Shape, USER, Verb, json};

use Shape::{Maybe, One};

/// A row that takes the fewest words.
const fn row(
    id: &'static str,
    route: (Verb, &'static str),
    permission: &'static Permission,
    summary: &'static str,
    answer: &'static str,
    run: Run,
) -> Operation {
    Operation {
        parameters: &[OWN],
        // Of an account that is not there, whatever else is asked for.
        refusals: &[404],
        ..Operation::new(id, route, permission, summary, (200, One(answer)), run)
    }
}

/// All operations.
pub static OPERATIONS: &[Operation] = &[
    Operation {
        parameters: &[SCOPE, PAGE],
        body: json(Maybe("HarnessUserFilter")),
        ..row(
            "getUsers",
            (Verb::Post, "/batch"),
            &VIEWER,
            "Lists the users of a scope",
            "HarnessUsersAnswer",
            |call| Box::pin(users::batch(call)),
        )
    },
    Operation {
        parameters: &[SCOPE],
        body: json(One("HarnessNewUsers")),
        ..row(
            "addUsers",
            (Verb::Post, "/users"),
            &MANAGER,
            "Adds users to a scope with roles and groups, and invites those who are none yet",
            "HarnessAddedAnswer",
            |call| Box::pin(add::add(call)),
        )
    },
    Operation {
        parameters: &[WHOLE_ACCOUNT, SEARCH_STRING, PAGE],
        ..row(
            "getCurrentGenUsers",
            (Verb::Get, "/currentgen"),
            &VIEWER,
            "Lists all users of the account",
            "HarnessUsersAnswer",
            |call| Box::pin(users::current_generation(call)),
        )
    },
    row(
        "getTwoFactorAuthSettings",
        (Verb::Get, "/two-factor-auth/{authMechanism}"),
        &USER,
        "Makes a second factor for the caller, of which nothing is kept until it is enabled",
        "HarnessSecondFactorAnswer",
        |call| Box::pin(credentials::propose(call)),
    ),
    Operation {
        body: json(One("HarnessNewSecondFactor")),
        ..row(
            "enableTwoFactorAuth",
            (Verb::Put, "/enable-two-factor-auth"),
            &USER,
            "Gives the caller a second factor in the place of the one they have",
            "HarnessUserAnswer",
            |call| Box::pin(credentials::enable(call)),
        )
    },
    row(
        "disableTwoFactorAuth",
        (Verb::Put, "/disable-two-factor-auth"),
        &USER,
        "Takes the caller's second factor away; not if the caller is in a group that needs one",
        "HarnessUserAnswer",
        |call| Box::pin(credentials::disable(call)),
    ),
    Operation {
        body: json(One("HarnessPasswordChange")),
        ..row(
            "changeUserPassword",
            (Verb::Put, "/password"),
            &USER,
            "Changes the caller's password, or says why not",
            "HarnessPasswordAnswer",
            |call| Box::pin(credentials::change_password(call)),
        )
    },
    Operation {
        parameters: &[SCOPE],
        ..row(
            "unlockUser",
            (Verb::Put, "/unlock-user/{userId}"),
            &MANAGER,
            "Lets a user of a scope log in again, whatever keeps them from it",
            "HarnessUserAnswer",
            |call| Box::pin(users::unlock(call)),
        )
    },
    Operation {
        parameters: &[ACCOUNT_ID, OWN, USER_ID],
        ..row(
            "getUserAllProjects",
            (Verb::Get, "/all-projects"),
            &USER,
            "Lists the projects that the caller is in, or for viewers of the account those of another user",
            "HarnessAllProjectsAnswer",
            |call| Box::pin(projects::all(call)),
        )
    },
    Operation {
        parameters: &[ACCOUNT_ID, OWN, PAGE],
        ..row(
            "getUserProjects",
            (Verb::Get, "/projects"),
            &USER,
            "Lists the projects that the caller is in, page by page",
            "HarnessProjectsAnswer",
            |call| Box::pin(projects::own(call)),
        )
    },
    Operation {
        parameters: &[SCOPE],
        ..row(
            "removeUser",
            (Verb::Delete, "/{userId}"),
            &MANAGER,
            "Removes a user from a scope and all scopes below it; whoever is removed from the account is deleted for the time being",
            "HarnessRemovalAnswer",
            |call| Box::pin(remove::remove(call)),
        )
    },
    Operation {
        parameters: &[SCOPE],
        ..row(
            "getAggregatedUser",
            (Verb::Get, "/aggregate/{userId}"),
            &VIEWER,
            "Shows a user of a scope with their roles there",
            "HarnessAggregateAnswer",
            |call| Box::pin(aggregate::get(call)),
        )
    },
    Operation {
        parameters: &[SCOPE, SEARCH_TERM, PAGE],
        body: json(Maybe("HarnessRoleFilter")),
        ..row(
            "getAggregatedUsers",
            (Verb::Post, "/aggregate"),
            &VIEWER,
            "Lists the users of a scope with their roles there: by name or address, or by roles and resource groups, not both",
            "HarnessAggregatesAnswer",
            |call| Box::pin(aggregate::list(call)),
        )
    },
    Operation {
        body: json(One("HarnessUserChange")),
        ..row(
            "updateUserInfo",
            (Verb::Put, ""),
            &USER,
            "Changes the caller's name for people",
            "HarnessUserAnswer",
            |call| Box::pin(users::rename(call)),
        )
    },
    row(
        "getCurrentUserInfo",
        (Verb::Get, "/currentUser"),
        &USER,
        "Shows the caller",
        "HarnessUserAnswer",
        |call| Box::pin(users::current(call)),
    ),
];
