//! The operations of this dialect: one row each. Paths, permissions, parameters, bodies and refusals are here and nowhere
//! else; the routes and the document follow from it.
//!
//! Each is at the path of the product, at the one that its document writes, and at that of version 2.

use super::query::{GROUP_SORT, PAGE, SEARCH, USER_SORT};
use super::{
    GROUP_CREATE, GROUP_DELETE, GROUP_READ, MEMBER_CREATE, MEMBER_DELETE, USER_CREATE, USER_DELETE,
    USER_READ,
};
use super::{groups, login, members, users};
use crate::rest::operation::{ANYONE, Operation, Permission, Run, Shape, Verb, json};

use Shape::One;

/// A row that takes the fewest words.
const fn row(
    id: &'static str,
    permission: &'static Permission,
    summary: &'static str,
    (status, answer): (u16, &'static str),
    run: Run,
) -> Operation {
    let answer = (status, One(answer));
    Operation::new(id, (Verb::Post, ""), permission, summary, answer, run)
}

/// A row at its three paths.
macro_rules! at {
    ($verb:ident $path:literal, $row:expr, $($more:tt)*) => {
        Operation {
            verb: Verb::$verb,
            path: concat!("/api/rest/v1", $path),
            aliases: &[
                (Verb::$verb, concat!("/v1", $path)),
                (Verb::$verb, concat!("/api/rest/v2", $path)),
            ],
            $($more)*
            ..$row
        }
    };
}

/// All operations.
pub static OPERATIONS: &[Operation] = &[
    Operation {
        path: "/api/v1/auth/authorize",
        body: json(One("HarmonyAuthorize")),
        ..row(
            "harmonyAuthorize",
            &ANYONE,
            "Gives a token for a key, for an hour if it is not configured otherwise",
            (200, "HarmonyAuthorization"),
            |call| Box::pin(login::authorize(call)),
        )
    },
    at!(Get "/users", row(
        "harmonyListUsers",
        &USER_READ,
        "Lists users, those that are deleted as well",
        (200, "HarmonyUserList"),
        |call| Box::pin(users::list(call)),
    ), parameters: &[PAGE, SEARCH, USER_SORT],),
    at!(Post "/users", row(
        "harmonyCreateUser",
        &USER_CREATE,
        "Adds a user, who is invited by mail to choose a password",
        (201, "HarmonyUser"),
        |call| Box::pin(users::create(call)),
    ), body: json(One("HarmonyNewUser")), refusals: &[409],),
    at!(Delete "/users/{id}", row(
        "harmonyDeleteUser",
        &USER_DELETE,
        "Deletes a user: who it was stays listed as terminated, and nobody logs in as it",
        (200, "HarmonyUser"),
        |call| Box::pin(users::delete(call)),
    ), refusals: &[404],),
    at!(Get "/groups", row(
        "harmonyListGroups",
        &GROUP_READ,
        "Lists groups",
        (200, "HarmonyGroupList"),
        |call| Box::pin(groups::list(call)),
    ), parameters: &[PAGE, GROUP_SORT],),
    at!(Post "/groups", row(
        "harmonyCreateGroup",
        &GROUP_CREATE,
        "Adds a group without members",
        (201, "HarmonyGroup"),
        |call| Box::pin(groups::create(call)),
    ), body: json(One("HarmonyNewGroup")), refusals: &[409],),
    at!(Delete "/groups/{id}", row(
        "harmonyDeleteGroup",
        &GROUP_DELETE,
        "Deletes a group, and answers with it as it was",
        (200, "HarmonyGroup"),
        |call| Box::pin(groups::delete(call)),
    ), refusals: &[404],),
    at!(Post "/groups/{groupId}/member/{userId}", row(
        "harmonyAddMember",
        &MEMBER_CREATE,
        "Puts a user into a group",
        (201, "HarmonyGroup"),
        |call| Box::pin(members::add(call)),
    ), refusals: &[404, 409],),
    at!(Delete "/groups/{groupId}/member/{userId}", row(
        "harmonyRemoveMember",
        &MEMBER_DELETE,
        "Takes a user out of a group",
        (200, "HarmonyGroup"),
        |call| Box::pin(members::remove(call)),
    ), refusals: &[404],),
];
