//! The operations on users: logins, accounts and access tokens.

use super::{OF_USER, row, text};
use crate::rest::netmaker::permission::{
    ADMINISTRATOR, ADMINISTRATOR_OR_OWN, OWN, READER, READER_OR_OWN, SUPER,
};
use crate::rest::netmaker::{account, create, login, super_admin, tokens, update, users};
use crate::rest::operation::Shape::{Many, One};
use crate::rest::operation::{ANYONE, Operation, USER, Verb, json};
use crate::rest::query::Parameter;

/// Which token.
const OF_TOKEN: &[Parameter] = &[Parameter::required("id", "The id of the token.")];
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

/// All of them.
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
];
