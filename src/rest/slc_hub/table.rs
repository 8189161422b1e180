//! The operations of this dialect: one row each. Paths, permissions, parameters, bodies and refusals are here and nowhere
//! else; the routes and the document follow from it.

use super::parameters::{
    GROUP_SORT, GROUPS, MEMBER_TYPE, MEMBERSHIP, OF_DELETED, OF_GROUP, OF_USER, PAGE,
    PRINCIPAL_SORT, PRINCIPALS, TIMES, USER_SORT, USERS,
};
use super::{ADMINISTRATOR, OWN};
use super::{groups, invitations, login, members, passwords, principals, users};
use crate::rest::operation::{ANYONE, Input, Operation, Shape, USER, Verb, json};

use Shape::{List, Many, Nothing, One};

/// A JSON Patch.
const PATCH: Option<Input> = Some(Input {
    shape: Many("PatchStep"),
    types: &["application/json-patch+json"],
});

/// All operations.
pub static OPERATIONS: &[Operation] = &[
    Operation {
        parameters: &[OF_USER],
        tagged: true,
        ..Operation::new(
            "getCurrentUser",
            (Verb::Get, "/me"),
            &USER,
            "Shows the calling user",
            (200, One("User")),
            |call| Box::pin(users::me(call)),
        )
    },
    Operation {
        body: json(One("Password")),
        ..Operation::new(
            "validatePasswordForSelf",
            (Verb::Post, "/me/validatePassword"),
            &USER,
            "Tells whether the caller could have a password",
            (200, One("Judgement")),
            |call| Box::pin(passwords::validate_own(call)),
        )
    },
    Operation {
        aliases: &[(Verb::Put, "/me/password"), (Verb::Post, "/me/password")],
        body: json(One("PasswordChange")),
        ..Operation::new(
            "changeMyPassword",
            (Verb::Post, "/me/changePassword"),
            &USER,
            "Changes the password of the caller",
            (200, One("Message")),
            |call| Box::pin(passwords::change_own(call)),
        )
    },
    Operation {
        parameters: &[USERS, OF_DELETED, TIMES, PAGE, USER_SORT, OF_USER],
        ..Operation::new(
            "queryUsers",
            (Verb::Get, "/users"),
            &ADMINISTRATOR,
            "Lists users",
            (200, List("Users", "User")),
            |call| Box::pin(users::list(call)),
        )
    },
    Operation {
        body: json(One("NewUser")),
        tagged: true,
        refusals: &[409],
        ..Operation::new(
            "createUser",
            (Verb::Post, "/users"),
            &ADMINISTRATOR,
            "Adds a user, or invites one",
            (201, One("User")),
            |call| Box::pin(users::create(call)),
        )
    },
    Operation {
        parameters: &[OF_USER],
        tagged: true,
        refusals: &[404],
        ..Operation::new(
            "getUser",
            (Verb::Get, "/users/{userId}"),
            &OWN,
            "Shows a user",
            (200, One("User")),
            |call| Box::pin(users::get(call)),
        )
    },
    Operation {
        body: json(One("UserDefinition")),
        tagged: true,
        refusals: &[404, 409],
        ..Operation::new(
            "updateUser",
            (Verb::Put, "/users/{userId}"),
            &ADMINISTRATOR,
            "Replaces the definition of a user",
            (200, One("User")),
            |call| Box::pin(users::put(call)),
        )
    },
    Operation {
        body: PATCH,
        tagged: true,
        refusals: &[404, 409],
        ..Operation::new(
            "patchUser",
            (Verb::Patch, "/users/{userId}"),
            &ADMINISTRATOR,
            "Changes parts of a user; removing /deleted restores a deleted one",
            (200, One("User")),
            |call| Box::pin(users::patch(call)),
        )
    },
    Operation {
        tagged: true,
        refusals: &[404],
        ..Operation::new(
            "deleteUser",
            (Verb::Delete, "/users/{userId}"),
            &ADMINISTRATOR,
            "Deletes a user for the time being (extension)",
            (204, Nothing),
            |call| Box::pin(users::delete(call)),
        )
    },
    Operation {
        parameters: &[MEMBERSHIP],
        refusals: &[404],
        ..Operation::new(
            "getUserGroups",
            (Verb::Get, "/users/{userId}/groups"),
            &OWN,
            "Lists the groups that a user is in",
            (200, Many("GroupMembership")),
            |call| Box::pin(members::of_user(call)),
        )
    },
    Operation {
        refusals: &[404],
        ..Operation::new(
            "getOsUser",
            (Verb::Get, "/users/{userId}/osUser"),
            &OWN,
            "Shows what operating systems ask of a user",
            (200, One("OsUser")),
            |call| Box::pin(users::os_user(call)),
        )
    },
    Operation {
        aliases: &[(Verb::Post, "/users/{userId}/password")],
        body: json(One("SetPassword")),
        refusals: &[404],
        ..Operation::new(
            "setUserPassword",
            (Verb::Put, "/users/{userId}/password"),
            &ADMINISTRATOR,
            "Sets the password of a user",
            (200, One("Message")),
            |call| Box::pin(users::set_password(call)),
        )
    },
    Operation {
        body: json(One("Password")),
        refusals: &[404],
        ..Operation::new(
            "validatePasswordForUser",
            (Verb::Post, "/users/{userId}/validatePassword"),
            &ADMINISTRATOR,
            "Tells whether a user could have a password",
            (200, One("Judgement")),
            |call| Box::pin(passwords::validate_of_user(call)),
        )
    },
    Operation {
        aliases: &[(Verb::Post, "/users/{userId}/clearLogonFailures")],
        refusals: &[404],
        ..Operation::new(
            "clearLogonFailures",
            (Verb::Delete, "/users/{userId}/logonFailures"),
            &ADMINISTRATOR,
            "Forgives the failed logins of a user",
            (204, Nothing),
            |call| Box::pin(users::clear_failures(call)),
        )
    },
    Operation {
        parameters: &[GROUPS, TIMES, PAGE, GROUP_SORT, OF_GROUP],
        ..Operation::new(
            "queryGroups",
            (Verb::Get, "/groups"),
            &ADMINISTRATOR,
            "Lists groups",
            (200, List("Groups", "Group")),
            |call| Box::pin(groups::list(call)),
        )
    },
    Operation {
        body: json(One("GroupDefinition")),
        tagged: true,
        refusals: &[409],
        ..Operation::new(
            "createGroup",
            (Verb::Post, "/groups"),
            &ADMINISTRATOR,
            "Adds a group",
            (201, One("Group")),
            |call| Box::pin(groups::create(call)),
        )
    },
    Operation {
        parameters: &[OF_GROUP],
        tagged: true,
        refusals: &[404],
        ..Operation::new(
            "getGroup",
            (Verb::Get, "/groups/{groupId}"),
            &ADMINISTRATOR,
            "Shows a group",
            (200, One("Group")),
            |call| Box::pin(groups::get(call)),
        )
    },
    Operation {
        body: json(One("GroupDefinition")),
        tagged: true,
        refusals: &[404, 409],
        ..Operation::new(
            "replaceGroup",
            (Verb::Put, "/groups/{groupId}"),
            &ADMINISTRATOR,
            "Replaces the definition of a group",
            (200, One("Group")),
            |call| Box::pin(groups::put(call)),
        )
    },
    Operation {
        body: PATCH,
        tagged: true,
        refusals: &[404, 409],
        ..Operation::new(
            "patchGroup",
            (Verb::Patch, "/groups/{groupId}"),
            &ADMINISTRATOR,
            "Changes parts of a group",
            (200, One("Group")),
            |call| Box::pin(groups::patch(call)),
        )
    },
    Operation {
        tagged: true,
        refusals: &[404],
        ..Operation::new(
            "deleteGroup",
            (Verb::Delete, "/groups/{groupId}"),
            &ADMINISTRATOR,
            "Deletes a group (extension)",
            (204, Nothing),
            |call| Box::pin(groups::delete(call)),
        )
    },
    Operation {
        parameters: &[MEMBERSHIP, MEMBER_TYPE],
        refusals: &[404],
        ..Operation::new(
            "getGroupMembers",
            (Verb::Get, "/groups/{groupId}/members"),
            &ADMINISTRATOR,
            "Lists the members of a group",
            (200, Many("Member")),
            |call| Box::pin(members::list(call)),
        )
    },
    Operation {
        aliases: &[(Verb::Post, "/groups/{groupId}/members")],
        body: json(Many("MemberOperation")),
        refusals: &[404],
        ..Operation::new(
            "modifyGroupMembers",
            (Verb::Patch, "/groups/{groupId}/members"),
            &ADMINISTRATOR,
            "Changes the members of a group, all operations or none",
            (200, One("Message")),
            |call| Box::pin(members::change(call)),
        )
    },
    Operation {
        refusals: &[404],
        ..Operation::new(
            "getMembershipPath",
            (Verb::Get, "/groups/{groupId}/members/{principalId}/path"),
            &ADMINISTRATOR,
            "Shows the shortest chain by which somebody is in a group (extension)",
            (200, Many("Link")),
            |call| Box::pin(members::path(call)),
        )
    },
    Operation {
        parameters: &[MEMBERSHIP],
        refusals: &[404],
        ..Operation::new(
            "getGroupGroups",
            (Verb::Get, "/groups/{groupId}/groups"),
            &ADMINISTRATOR,
            "Lists the groups that a group is in",
            (200, Many("GroupMembership")),
            |call| Box::pin(members::of_group(call)),
        )
    },
    Operation {
        parameters: &[PRINCIPALS, OF_DELETED, PAGE, PRINCIPAL_SORT],
        ..Operation::new(
            "queryPrincipals",
            (Verb::Get, "/principals"),
            &USER,
            "Lists users and groups",
            (200, List("Principals", "Principal")),
            |call| Box::pin(principals::list(call)),
        )
    },
    Operation {
        parameters: &[MEMBERSHIP],
        refusals: &[404],
        ..Operation::new(
            "getPrincipalGroups",
            (Verb::Get, "/principals/{principalId}/groups"),
            &USER,
            "Lists the groups that a user or group is in",
            (200, Many("GroupMembership")),
            |call| Box::pin(members::of_principal(call)),
        )
    },
    Operation {
        body: json(One("Acceptance")),
        refusals: &[409],
        ..Operation::new(
            "acceptInvitation",
            (Verb::Post, "/invitations/accept"),
            &ANYONE,
            "Accepts an invitation",
            (204, Nothing),
            |call| Box::pin(invitations::accept(call)),
        )
    },
    Operation {
        body: json(One("NameQuestion")),
        ..Operation::new(
            "getUserNameAvailability",
            (Verb::Post, "/invitations/userNameAvailability"),
            &ANYONE,
            "Tells whether a user name is free",
            (200, One("Availability")),
            |call| Box::pin(invitations::is_available(call)),
        )
    },
    Operation {
        body: json(One("UserPasswordChange")),
        refusals: &[403],
        ..Operation::new(
            "changePassword",
            (Verb::Post, "/changePassword"),
            &ANYONE,
            "Changes the password of a user who cannot log in with the one they have",
            (200, One("Message")),
            |call| Box::pin(passwords::change_of(call)),
        )
    },
    Operation {
        body: json(One("NewUserPassword")),
        ..Operation::new(
            "validatePassword",
            (Verb::Post, "/validatePassword"),
            &ANYONE,
            "Tells whether a new user could have a password",
            (200, One("Judgement")),
            |call| Box::pin(passwords::validate_new(call)),
        )
    },
    Operation {
        body: json(One("Login")),
        refusals: &[403],
        ..Operation::new(
            "login",
            (Verb::Post, "/login"),
            &ANYONE,
            "Logs in",
            (200, One("Token")),
            |call| Box::pin(login::log_in(call)),
        )
    },
    Operation {
        body: json(One("Impersonation")),
        refusals: &[404],
        ..Operation::new(
            "impersonate",
            (Verb::Post, "/impersonate"),
            &ADMINISTRATOR,
            "Gives a token that acts for another user",
            (200, One("Token")),
            |call| Box::pin(login::impersonate(call)),
        )
    },
];
