//! The operations on networks: gateways, who is in which, and the groups and roles that let into them.

use super::{OF_USER, row, text};
use crate::rest::netmaker::permission::{ADMINISTRATOR, OWN, PLATFORM, PLATFORM_READER, READER};
use crate::rest::netmaker::{gateways, groups, networks, roles};
use crate::rest::operation::Shape::One;
use crate::rest::operation::{Operation, Verb, json};
use crate::rest::query::Parameter;

/// Which network.
const OF_NETWORK: &[Parameter] = &[Parameter::required(
    "network_id",
    "The name of the network.",
)];
/// Which group.
const OF_GROUP: &[Parameter] = &[Parameter::required("group_id", "The id of the group.")];
/// Which role.
const OF_ROLE: &[Parameter] = &[Parameter::required("role_id", "The id of the role.")];
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

/// All of them.
pub static OPERATIONS: &[Operation] = &[
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
];
