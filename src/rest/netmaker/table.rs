//! The operations of this dialect: one row each. Paths, permissions, parameters, bodies and refusals are here and nowhere
//! else; the routes and the document follow from it.

use super::permission::{
    ADMINISTRATOR, ADMINISTRATOR_OR_OWN, ANYONE, OWN, PLATFORM, PLATFORM_READER, READER,
    READER_OR_OWN, SUPER, USER,
};
use super::{
    account, create, gateways, groups, invites, login, networks, pending, roles, super_admin,
    tokens, update, users,
};
use crate::rest::operation::{Operation, Permission, Run, Shape, Verb, json};
use crate::rest::query::{Form, Parameter};

use Shape::{Many, One};

/// A row that takes the fewest words; all that succeed answer with 200.
const fn row(
    id: &'static str,
    route: (Verb, &'static str),
    permission: &'static Permission,
    summary: &'static str,
    answer: Shape,
    run: Run,
) -> Operation {
    Operation::new(id, route, permission, summary, (200, answer), run)
}

/// A text in the query that the operation may do without.
const fn text(name: &'static str, description: &'static str) -> Parameter {
    Parameter::new(name, Form::Text, description)
}

/// Whose it is.
const OF_USER: &[Parameter] = &[Parameter::required("username", "The name of the user.")];
/// Which network.
const OF_NETWORK: &[Parameter] = &[Parameter::required(
    "network_id",
    "The name of the network.",
)];
/// Which group.
const OF_GROUP: &[Parameter] = &[Parameter::required("group_id", "The id of the group.")];
/// Which role.
const OF_ROLE: &[Parameter] = &[Parameter::required("role_id", "The id of the role.")];
/// Which token.
const OF_TOKEN: &[Parameter] = &[Parameter::required("id", "The id of the token.")];
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
/// What is to become of devices, of which the directory keeps none.
const FORCE_DELETE: &[Parameter] = &[text(
    "force_delete_configs",
    "No effect: there are no devices.",
)];
/// The same.
const FORCE_DISABLE: &[Parameter] = &[text(
    "force_disable_configs",
    "No effect: there are no devices.",
)];
/// The same.
const FORCE_ENABLE: &[Parameter] = &[text(
    "force_enable_configs",
    "No effect: there are no devices.",
)];
/// Which roles.
const PLATFORM_ROLES: &[Parameter] = &[text(
    "platform",
    "`true` for the roles towards the platform, anything else for those in networks.",
)];
/// Who asks for gateways, and in which form.
const CLIENT: &[Parameter] = &[
    text(
        "device_id",
        "The id of the device; this or the next is required.",
    ),
    text("remote_access_clientid", "The id of the client."),
    text("from_mobile", "`true` for one list in an envelope."),
];

/// All operations.
pub static OPERATIONS: &[Operation] = &[
    Operation {
        body: json(One("NetmakerLogin")),
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
        body: json(One("NetmakerUserDefinition")),
        refusals: &[409],
        ..row(
            "netmakerCreateUser",
            (Verb::Post, "/users/{username}"),
            &ADMINISTRATOR,
            "Adds a user",
            One("NetmakerUser"),
            |call| Box::pin(create::create(call)),
        )
    },
    Operation {
        body: json(One("NetmakerUserDefinition")),
        refusals: &[404],
        ..row(
            "netmakerUpdateUser",
            (Verb::Put, "/users/{username}"),
            &ADMINISTRATOR_OR_OWN,
            "Replaces what can be said of a user",
            One("NetmakerUser"),
            |call| Box::pin(update::update(call)),
        )
    },
    Operation {
        parameters: &[FORCE_DELETE],
        refusals: &[404],
        ..row(
            "netmakerDeleteUser",
            (Verb::Delete, "/users/{username}"),
            &ADMINISTRATOR,
            "Removes a user for good",
            One("NetmakerWord"),
            |call| Box::pin(update::delete(call)),
        )
    },
    Operation {
        parameters: &[FORCE_DISABLE],
        refusals: &[404],
        ..row(
            "netmakerDisableUser",
            (Verb::Post, "/users/{username}/disable"),
            &ADMINISTRATOR,
            "Turns the account of a user off",
            One("NetmakerDone"),
            |call| Box::pin(account::disable(call)),
        )
    },
    Operation {
        parameters: &[FORCE_ENABLE],
        refusals: &[404],
        ..row(
            "netmakerEnableUser",
            (Verb::Post, "/users/{username}/enable"),
            &ADMINISTRATOR,
            "Turns the account of a user on",
            One("NetmakerDone"),
            |call| Box::pin(account::enable(call)),
        )
    },
    row(
        "netmakerGetSettings",
        (Verb::Get, "/users/{username}/settings"),
        &OWN,
        "Shows what the user has chosen",
        One("NetmakerSettingsAnswer"),
        |call| Box::pin(account::settings(call)),
    ),
    Operation {
        body: json(One("NetmakerSettings")),
        ..row(
            "netmakerSetSettings",
            (Verb::Put, "/users/{username}/settings"),
            &OWN,
            "Keeps what the user has chosen",
            One("NetmakerSettingsAnswer"),
            |call| Box::pin(account::set_settings(call)),
        )
    },
    Operation {
        body: json(One("NetmakerPassword")),
        ..row(
            "netmakerValidateIdentity",
            (Verb::Post, "/users/{username}/validate-identity"),
            &OWN,
            "Tells whether a password is that of the user",
            One("NetmakerIdentityAnswer"),
            |call| Box::pin(account::validate(call)),
        )
    },
    Operation {
        body: json(One("NetmakerUserDefinition")),
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
    Operation {
        refusals: &[409],
        ..row(
            "netmakerTransferSuperAdmin",
            (Verb::Post, "/users/adm/transfersuperadmin/{username}"),
            &SUPER,
            "Makes another the super-admin, and who was it an admin",
            One("NetmakerUser"),
            |call| Box::pin(super_admin::transfer(call)),
        )
    },
    Operation {
        parameters: &[OF_USER],
        refusals: &[404],
        ..row(
            "netmakerGetUserWithRoles",
            (Verb::Get, "/v1/users"),
            &READER_OR_OWN,
            "Shows a user with its role and its groups in full",
            One("NetmakerUserWithRolesAnswer"),
            |call| Box::pin(users::with_roles(call)),
        )
    },
    Operation {
        parameters: &[OF_USER],
        ..row(
            "netmakerLogOut",
            (Verb::Post, "/v1/users/logout"),
            &OWN,
            "Says goodbye; the token stays good until it ends",
            One("NetmakerDone"),
            |call| Box::pin(account::log_out(call)),
        )
    },
    Operation {
        parameters: &[CLIENT],
        ..row(
            "netmakerListGateways",
            (Verb::Get, "/users/{username}/remote_access_gw"),
            &OWN,
            "Lists the gateways that the user may use, by network",
            One("NetmakerGateways"),
            |call| Box::pin(gateways::list(call)),
        )
    },
    row(
        "netmakerAttachGateway",
        (
            Verb::Post,
            "/users/{username}/remote_access_gw/{remote_access_gateway_id}",
        ),
        &ADMINISTRATOR,
        "Opens a gateway to a user",
        One("NetmakerUser"),
        |call| Box::pin(gateways::attach(call)),
    ),
    row(
        "netmakerDetachGateway",
        (
            Verb::Delete,
            "/users/{username}/remote_access_gw/{remote_access_gateway_id}",
        ),
        &ADMINISTRATOR,
        "Closes a gateway to a user",
        One("NetmakerUser"),
        |call| Box::pin(gateways::detach(call)),
    ),
    row(
        "netmakerListGatewayUsers",
        (Verb::Get, "/users/ingress/{ingress_id}"),
        &READER,
        "Lists those who may use a gateway, but for administrators",
        One("NetmakerGatewayUsers"),
        |call| Box::pin(gateways::users_of(call)),
    ),
    row(
        "netmakerListAddresses",
        (Verb::Get, "/v1/users/network_ip"),
        &READER,
        "Tells which user has which address",
        One("NetmakerAddressesAnswer"),
        |call| Box::pin(networks::addresses(call)),
    ),
    Operation {
        parameters: &[OF_USER, OF_NETWORK],
        refusals: &[404],
        ..row(
            "netmakerAddNetworkUser",
            (Verb::Put, "/v1/users/add_network_user"),
            &PLATFORM,
            "Lets a user use a network",
            One("NetmakerUserAnswer"),
            |call| Box::pin(networks::add_user(call)),
        )
    },
    Operation {
        parameters: &[OF_USER, OF_NETWORK],
        refusals: &[404],
        ..row(
            "netmakerRemoveNetworkUser",
            (Verb::Put, "/v1/users/remove_network_user"),
            &PLATFORM,
            "Lets a user use a network no more",
            One("NetmakerUserAnswer"),
            |call| Box::pin(networks::remove_user(call)),
        )
    },
    Operation {
        parameters: &[OF_NETWORK],
        ..row(
            "netmakerListUnassignedUsers",
            (Verb::Get, "/v1/users/unassigned_network_users"),
            &PLATFORM_READER,
            "Lists the service users whom no group lets into a network",
            One("NetmakerUsersAnswer"),
            |call| Box::pin(networks::unassigned(call)),
        )
    },
    Operation {
        parameters: &[OF_USER],
        ..row(
            "netmakerListTokens",
            (Verb::Get, "/v1/users/access_token"),
            &READER_OR_OWN,
            "Lists the access tokens of a user",
            One("NetmakerTokensAnswer"),
            |call| Box::pin(tokens::list(call)),
        )
    },
    Operation {
        body: json(One("NetmakerNewToken")),
        ..row(
            "netmakerCreateToken",
            (Verb::Post, "/v1/users/access_token"),
            &USER,
            "Makes an access token and tells it, once",
            One("NetmakerLoggedIn"),
            |call| Box::pin(tokens::create(call)),
        )
    },
    Operation {
        parameters: &[OF_TOKEN],
        ..row(
            "netmakerDeleteToken",
            (Verb::Delete, "/v1/users/access_token"),
            &USER,
            "Takes an access token back",
            One("NetmakerDone"),
            |call| Box::pin(tokens::delete(call)),
        )
    },
    row(
        "netmakerListGroups",
        (Verb::Get, "/v1/users/groups"),
        &READER,
        "Lists all groups by name",
        One("NetmakerGroupsAnswer"),
        |call| Box::pin(groups::list(call)),
    ),
    Operation {
        parameters: &[OF_GROUP],
        refusals: &[404],
        ..row(
            "netmakerGetGroup",
            (Verb::Get, "/v1/users/group"),
            &READER,
            "Shows a group",
            One("NetmakerGroupAnswer"),
            |call| Box::pin(groups::get(call)),
        )
    },
    Operation {
        body: json(One("NetmakerNewGroup")),
        refusals: &[409],
        ..row(
            "netmakerCreateGroup",
            (Verb::Post, "/v1/users/group"),
            &ADMINISTRATOR,
            "Makes a group",
            One("NetmakerGroupAnswer"),
            |call| Box::pin(groups::create(call)),
        )
    },
    Operation {
        body: json(One("NetmakerGroup")),
        refusals: &[409],
        ..row(
            "netmakerUpdateGroup",
            (Verb::Put, "/v1/users/group"),
            &ADMINISTRATOR,
            "Replaces the definition of a group; its members stay",
            One("NetmakerGroupAnswer"),
            |call| Box::pin(groups::update(call)),
        )
    },
    Operation {
        parameters: &[OF_GROUP],
        ..row(
            "netmakerDeleteGroup",
            (Verb::Delete, "/v1/users/group"),
            &ADMINISTRATOR,
            "Removes a group",
            One("NetmakerDone"),
            |call| Box::pin(groups::delete(call)),
        )
    },
    Operation {
        parameters: &[PLATFORM_ROLES],
        ..row(
            "netmakerListRoles",
            (Verb::Get, "/v1/users/roles"),
            &READER,
            "Lists the roles in networks, or those towards the platform",
            One("NetmakerRolesAnswer"),
            |call| Box::pin(roles::list(call)),
        )
    },
    Operation {
        parameters: &[OF_ROLE],
        refusals: &[404],
        ..row(
            "netmakerGetRole",
            (Verb::Get, "/v1/users/role"),
            &READER,
            "Shows a role",
            One("NetmakerRoleAnswer"),
            |call| Box::pin(roles::get(call)),
        )
    },
    Operation {
        body: json(One("NetmakerRole")),
        refusals: &[409],
        ..row(
            "netmakerCreateRole",
            (Verb::Post, "/v1/users/role"),
            &ADMINISTRATOR,
            "Makes a role for a network",
            One("NetmakerRoleAnswer"),
            |call| Box::pin(roles::create(call)),
        )
    },
    Operation {
        body: json(One("NetmakerRole")),
        refusals: &[409],
        ..row(
            "netmakerUpdateRole",
            (Verb::Put, "/v1/users/role"),
            &ADMINISTRATOR,
            "Replaces the definition of a role",
            One("NetmakerRoleAnswer"),
            |call| Box::pin(roles::update(call)),
        )
    },
    Operation {
        parameters: &[OF_ROLE],
        ..row(
            "netmakerDeleteRole",
            (Verb::Delete, "/v1/users/role"),
            &ADMINISTRATOR,
            "Removes a role, and takes it from all who hold it",
            One("NetmakerDone"),
            |call| Box::pin(roles::delete(call)),
        )
    },
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
