//! The operations on those who want to become users: who waits to be let in, and who was invited.

use super::row;
use crate::rest::netmaker::permission::{ADMINISTRATOR, READER};
use crate::rest::netmaker::{invites, pending};
use crate::rest::operation::Shape::{Many, One};
use crate::rest::operation::{ANYONE, Operation, Verb, json};
use crate::rest::query::Parameter;

/// Which invite.
const OF_INVITE: &[Parameter] = &[
    Parameter::required("email", "The address that was invited."),
    Parameter::required("invite_code", "The code of the invite."),
];
/// Whose invite.
const OF_INVITEE: &[Parameter] = &[Parameter::required(
    "invitee_email",
    "The address that was invited.",
)];

/// All of them.
pub static OPERATIONS: &[Operation] = &[
    row(
        "netmakerListPendingUsers",
        (Verb::Get, "/users_pending"),
        &READER,
        "Lists those who wait to be let in",
        Many("NetmakerUser"),
        |call| Box::pin(pending::list(call)),
    ),
    row(
        "netmakerDeletePendingUsers",
        (Verb::Delete, "/users_pending"),
        &ADMINISTRATOR,
        "Sends all who wait away",
        One("NetmakerDone"),
        |call| Box::pin(pending::delete_all(call)),
    ),
    Operation {
        refusals: &[404, 409],
        ..row(
            "netmakerApprovePendingUser",
            (Verb::Post, "/users_pending/user/{username}"),
            &ADMINISTRATOR,
            "Lets somebody in who waits, as a service user",
            One("NetmakerDone"),
            |call| Box::pin(pending::approve(call)),
        )
    },
    row(
        "netmakerDeletePendingUser",
        (Verb::Delete, "/users_pending/user/{username}"),
        &ADMINISTRATOR,
        "Sends somebody away",
        One("NetmakerDone"),
        |call| Box::pin(pending::delete(call)),
    ),
    Operation {
        parameters: &[OF_INVITE],
        refusals: &[404],
        ..row(
            "netmakerVerifyInvite",
            (Verb::Get, "/v1/users/invite"),
            &ANYONE,
            "Tells whether an invite is in force",
            One("NetmakerDone"),
            |call| Box::pin(invites::verify(call)),
        )
    },
    Operation {
        body: json(One("NetmakerInvitees")),
        refusals: &[409],
        ..row(
            "netmakerInviteUsers",
            (Verb::Post, "/v1/users/invite"),
            &ADMINISTRATOR,
            "Invites people by mail: all of them, or nobody",
            One("NetmakerDone"),
            |call| Box::pin(invites::invite(call)),
        )
    },
    Operation {
        parameters: &[OF_INVITEE],
        ..row(
            "netmakerDeleteInvite",
            (Verb::Delete, "/v1/users/invite"),
            &ADMINISTRATOR,
            "Takes an invite back",
            One("NetmakerDone"),
            |call| Box::pin(invites::delete(call)),
        )
    },
    Operation {
        parameters: &[OF_INVITE],
        body: json(One("NetmakerUserDefinition")),
        refusals: &[409],
        ..row(
            "netmakerSignUp",
            (Verb::Post, "/v1/users/invite-signup"),
            &ANYONE,
            "Makes whoever holds an invite a user, with what the invite gives",
            One("NetmakerDone"),
            |call| Box::pin(invites::sign_up(call)),
        )
    },
    row(
        "netmakerListInvites",
        (Verb::Get, "/v1/users/invites"),
        &READER,
        "Lists the invites that are in force; their codes for administrators",
        One("NetmakerInvitesAnswer"),
        |call| Box::pin(invites::list(call)),
    ),
    row(
        "netmakerDeleteInvites",
        (Verb::Delete, "/v1/users/invites"),
        &ADMINISTRATOR,
        "Takes all invites back",
        One("NetmakerDone"),
        |call| Box::pin(invites::delete_all(call)),
    ),
];
