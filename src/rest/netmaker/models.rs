//! The bodies of requests and answers, as the document describes them.
//!
//! They are read by [`crate::rest::json`], member by member, so that each is refused by name; here they are for the
//! document alone.

use serde_json::{Value, json};
use utoipa::openapi::schema::{Object, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

use super::account::Settings;
use super::gateways::Gateway;
use super::groups::Group;
use super::invites::Invite;
use super::record::User;
use super::roles::Role;
use super::tokens::Token;
use crate::rest::openapi::models;

/// A value that is no object.
fn plain(of: Type, description: &str, example: Value) -> RefOr<Schema> {
    let object = Object::builder()
        .schema_type(SchemaType::Type(of))
        .description(Some(description))
        .examples([example]);
    object.build().into()
}

/// The envelope of an answer.
fn envelope(description: &str, response: Value) -> RefOr<Schema> {
    let mut response = response;
    if let Some(members) = response.as_object_mut() {
        members.insert("description".to_owned(), description.into());
    }
    let schema = json!({
        "type": "object",
        "description": format!("In the envelope: {description}"),
        "required": ["Code", "Message", "Response"],
        "properties": {
            "Code": { "type": "integer", "description": "200.", "example": 200 },
            "Message": { "type": "string", "description": "What was done.", "example": "updated user group" },
            "Response": response,
        },
    });
    // What is written here is a schema.
    serde_json::from_value(schema).unwrap_or_else(|_| Object::new().into())
}

/// With one thing in it.
fn answer(description: &str, schema: &str) -> RefOr<Schema> {
    let reference = json!({ "$ref": format!("#/components/schemas/{schema}") });
    envelope(description, json!({ "allOf": [reference] }))
}

/// With a list in it.
fn answers(description: &str, schema: &str) -> RefOr<Schema> {
    let items = json!({ "$ref": format!("#/components/schemas/{schema}") });
    envelope(description, json!({ "type": "array", "items": items }))
}

models! {
    shown [
        NetmakerUser = User::schema(),
        NetmakerSettings = Settings::schema(),
        NetmakerGateway = Gateway::schema(),
        NetmakerGroup = Group::schema(),
        NetmakerRole = Role::schema(),
        NetmakerToken = Token::schema(),
        NetmakerDone = envelope("Nothing.", json!({ "type": "null" })),
        NetmakerUserAnswer = answer("The user.", "NetmakerUser"),
        NetmakerUsersAnswer = answers("Users by name.", "NetmakerUser"),
        NetmakerUserWithRolesAnswer = envelope("The user, with `platform_role`, and under `user_group_ids` whole groups.", json!({ "type": "object" })),
        NetmakerSettingsAnswer = answer("The settings.", "NetmakerSettings"),
        NetmakerIdentityAnswer = envelope("Whether the password is right, as `identity_validated`.", json!({ "type": "object" })),
        NetmakerAddressesAnswer = envelope("Under `mappings`, by address, the name of the `user` and the ids of its `groups`.", json!({ "type": "object" })),
        NetmakerTokensAnswer = answers("The tokens, the oldest first.", "NetmakerToken"),
        NetmakerGroupAnswer = answer("The group.", "NetmakerGroup"),
        NetmakerGroupsAnswer = answers("Groups by name.", "NetmakerGroup"),
        NetmakerRoleAnswer = answer("The role.", "NetmakerRole"),
        NetmakerRolesAnswer = answers("Roles by id.", "NetmakerRole"),
        NetmakerInvite = Invite::schema(),
        NetmakerInvitesAnswer = answers("Invites by address.", "NetmakerInvite"),
        NetmakerFlag = plain(Type::Boolean, "Whether it is so.", Value::Bool(true)),
        NetmakerWord = plain(Type::String, "What was done.", "ada deleted.".into()),
    ]
    /// A password.
    NetmakerPassword {
        /// The password, with the code of the second factor behind it where the account has one.
        #[schema(max_length = 4096, example = "correct horse battery")]
        password "password": Option<String>,
    }
    /// A token that is to be made.
    NetmakerNewToken {
        /// What it is called.
        #[schema(min_length = 1, max_length = 4096, example = "pipeline")]
        called "name": String,
        /// The user that it is to stand for.
        #[schema(min_length = 1, max_length = 4096, example = "ada")]
        user "user_name": String,
        /// When it ends; never without it.
        #[schema(format = "date-time", example = "2029-08-24T14:15:22Z")]
        ends "expires_at": Option<String>,
        /// No effect.
        #[schema(example = "")]
        id "id": Option<String>,
        /// No effect.
        #[schema(example = "")]
        used "last_used": Option<String>,
        /// No effect.
        #[schema(example = "")]
        by "created_by": Option<String>,
        /// No effect.
        #[schema(example = "")]
        at "created_at": Option<String>,
    }
    /// A group that is to be made.
    NetmakerNewGroup {
        /// The group; its id and whether it is a default one are the server's.
        #[schema(value_type = Group, example = json!({"name": "operators"}))]
        group "user_group": Value,
        /// User names; those that there are get into the group. 10,000 at the most.
        #[schema(example = json!(["ada"]))]
        members "members": Option<Vec<String>>,
    }
    /// Gateways by network; with `from_mobile` one list of them in an envelope.
    NetmakerGateways {
        /// The gateways into the network of this name.
        #[schema(example = json!([]))]
        gateways "office": Option<Vec<Gateway>>,
    }
    /// Those who may use a gateway.
    NetmakerGatewayUsers {
        /// The id of the gateway.
        #[schema(example = "berlin")]
        id "node_id": String,
        /// The network that it leads into.
        #[schema(example = "office")]
        network "network": String,
        /// The users by name.
        #[schema(value_type = Vec<User>)]
        users "users": Value,
    }
    /// Why a request is refused.
    NetmakerRefusal {
        /// The status of the answer.
        #[schema(example = 400)]
        code "Code": u16,
        /// What is wrong and where.
        #[schema(example = "username is required")]
        message "Message": String,
        /// Nothing.
        #[schema(value_type = Option<Object>, example = json!(null))]
        response "Response": Value,
    }
    /// Whom to invite, and what they get when they come.
    NetmakerInvitees {
        /// The addresses; who is a user already is passed over.
        #[schema(min_items = 1, max_items = 100, example = json!(["ada@example.org"]))]
        emails "user_emails": Vec<String>,
        /// `admin`, `auditor`, `platform-user` or `service-user`.
        #[schema(example = "service-user")]
        role "platform_role_id": String,
        /// Groups by id, each with an empty object.
        #[schema(value_type = Option<Object>, example = json!({}))]
        groups "user_group_ids": Option<Value>,
        /// Roles by network, each with an empty object.
        #[schema(value_type = Option<Object>, example = json!({}))]
        network_roles "network_roles": Option<Value>,
    }
    /// A name and a password.
    NetmakerLogin {
        /// The user name.
        #[schema(min_length = 1, max_length = 4096, example = "ada")]
        user "username": String,
        /// The password, with the code of the second factor behind it where the account has one.
        #[schema(min_length = 1, max_length = 4096, example = "correct horse battery")]
        password "password": String,
    }
    /// What a login gives.
    NetmakerLoggedIn {
        /// 200.
        #[schema(example = 200)]
        code "Code": u16,
        /// Who has logged in.
        #[schema(example = "W1R3: Device ada Authorized")]
        message "Message": String,
        /// The user name and the token, under `UserName` and `AuthToken`.
        #[schema(value_type = Object, example = json!({"UserName": "ada", "AuthToken": "AAAAAPx"}))]
        response "Response": Value,
    }
    /// A user, as a request describes one. What is shown of a user and is not said here may be sent and has no effect.
    NetmakerUserDefinition {
        /// The name to log in with: letters, digits, `.` and `-`, or an e-mail address.
        #[schema(min_length = 3, max_length = 256, example = "ada")]
        user "username": Option<String>,
        /// The password, of 5 characters at least.
        #[schema(max_length = 4096, example = "correct horse battery")]
        password "password": Option<String>,
        /// The name for people.
        #[schema(max_length = 4096, example = "Ada Lovelace")]
        display_name "display_name": Option<String>,
        /// The identity in the system the user came from.
        #[schema(max_length = 4096, example = "")]
        external_id "external_identity_provider_id": Option<String>,
        /// `admin`, `auditor`, `platform-user` or `service-user`.
        #[schema(example = "service-user")]
        role "platform_role_id": Option<String>,
        /// Groups by id, each with an empty object.
        #[schema(value_type = Option<Object>, example = json!({"7d3b1c9e-16a6-1027-98f4-d28b5365dc14": {}}))]
        groups "user_group_ids": Option<Value>,
        /// Roles by network, each with an empty object.
        #[schema(value_type = Option<Object>, example = json!({"office": {"office-network-user": {}}}))]
        network_roles "network_roles": Option<Value>,
        /// Whether the user keeps the second factor; false takes it away.
        #[schema(example = false)]
        second_factor "is_mfa_enabled": Option<bool>,
        /// No effect: disable and enable are operations.
        #[schema(example = false)]
        disabled "account_disabled": Option<bool>,
        /// No effect.
        #[schema(example = "basic_auth")]
        auth_type "auth_type": Option<String>,
        /// No effect.
        #[schema(example = false)]
        is_admin "isadmin": Option<bool>,
        /// No effect.
        #[schema(example = false)]
        is_super_admin "issuperadmin": Option<bool>,
        /// No effect.
        #[schema(value_type = Option<Object>, example = json!({}))]
        gateways "remote_gw_ids": Option<Value>,
        /// No effect.
        #[schema(example = "0001-01-01T00:00:00Z")]
        last_login "last_login_time": Option<String>,
        /// No effect.
        #[schema(example = 0)]
        tokens "num_access_tokens": Option<u32>,
        /// No effect: second factors are enrolled with the server's own secret.
        #[schema(example = "")]
        secret "totp_secret": Option<String>,
    }
}
