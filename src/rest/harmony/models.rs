//! The bodies of requests and short answers, as the document describes them.
//!
//! They are read by [`crate::rest::json`], member by member, so that each is refused by name; here they are for the
//! document alone.

use serde_json::Value;

use super::resource::{Group, Icon, Provider, Providers, User};
use crate::rest::openapi::models;

models! {
    shown [
        HarmonyUser = User::schema(),
        HarmonyIcon = Icon::schema(),
        HarmonyProviders = Providers::schema(),
        HarmonyProvider = Provider::schema(),
        HarmonyGroup = Group::schema(),
    ]
    /// Why a request is refused.
    HarmonyError {
        /// What kind of refusal.
        #[schema(example = "NOT_FOUND")]
        id "id": String,
        /// What is wrong and where.
        #[schema(example = "there is no such user")]
        message "message": String,
    }
    /// What asks for a token.
    HarmonyAuthorize {
        /// How: by a key.
        #[schema(example = "api_key", pattern = "^api_key$")]
        grant "grantType": String,
        /// The key, which `hedgerow key create` has told.
        #[schema(min_length = 1, max_length = 4096, example = "hgrw_")]
        key "apiKey": String,
    }
    /// A token.
    HarmonyToken {
        /// What later requests bring.
        #[schema(example = "bearer")]
        kind "tokenType": String,
        /// The token.
        #[schema(example = "AAAAAAAA")]
        token "accessToken": String,
        /// When it ends, if its key does not before.
        #[schema(format = "date-time", example = "2019-08-24T14:15:22Z")]
        end "accessTokenExpire": String,
    }
    /// A token, as a login answers it.
    HarmonyAuthorization {
        /// The token.
        data "data": HarmonyToken,
    }
    /// A page of users.
    HarmonyUserList {
        /// The users, deleted ones as well.
        #[schema(value_type = Vec<User>)]
        data "data": Value,
        /// Which page it is, counted from 1.
        #[schema(example = 1)]
        page "page": u32,
        /// How many pages there are.
        #[schema(example = 1)]
        pages "totalPage": u32,
        /// How many users there are on all pages.
        #[schema(example = 1)]
        total "itemsTotal": u32,
    }
    /// A page of groups.
    HarmonyGroupList {
        /// The groups.
        #[schema(value_type = Vec<Group>)]
        data "data": Value,
        /// Which page it is, counted from 1.
        #[schema(example = 1)]
        page "page": u32,
        /// How many pages there are.
        #[schema(example = 1)]
        pages "totalPage": u32,
        /// How many groups there are on all pages.
        #[schema(example = 1)]
        total "itemsTotal": u32,
    }
    /// A new user.
    HarmonyNewUser {
        /// The e-mail address, under which the user logs in.
        #[schema(min_length = 3, max_length = 254, example = "ada@example.org")]
        email "email": String,
        /// What the mail of the invitation says.
        #[schema(min_length = 1, max_length = 4096, example = "Welcome to the network")]
        invite_message "inviteMessage": String,
        /// How the user logs in: whatever it says, by a password of this directory.
        #[schema(example = "database", pattern = "^(database|saml|gsuite|okta|azureAD|adLdap)$")]
        idp_type "idpType": Option<String>,
        /// The names of the groups that the user gets into; each must be there. At most 100.
        #[schema(max_items = 100, example = json!(["analysts"]))]
        access_groups "accessGroups": Option<Vec<String>>,
        /// Whether it is known that the address is the user's.
        #[schema(example = false)]
        email_verified "emailVerified": Option<bool>,
        /// The same, as version 2 calls it.
        #[schema(example = false)]
        no_email_verification "noEmailVerification": Option<bool>,
        /// What is known of the person.
        #[schema(required = false)]
        profile "profileData": HarmonyProfile,
        /// Which program makes the user.
        #[schema(min_length = 1, max_length = 4096, example = "onboarding")]
        origin "origin": Option<String>,
    }
    /// What is known of a person.
    #[serde(deny_unknown_fields)]
    HarmonyProfile {
        /// The first name.
        #[schema(max_length = 4096, example = "Ada")]
        first_name "firstName": Option<String>,
        /// The last name; the part of the address before the @ without it.
        #[schema(max_length = 4096, example = "Lovelace")]
        last_name "lastName": Option<String>,
        /// The role.
        #[schema(max_length = 4096, example = "Analyst")]
        role_name "roleName": Option<String>,
        /// The telephone number.
        #[schema(max_length = 32, example = "+441632960000")]
        phone "phone": Option<String>,
        /// Where a picture is.
        #[schema(max_length = 4096, example = "https://example.org/ada.png")]
        icon "icon": Option<String>,
    }
    /// A new group.
    HarmonyNewGroup {
        /// The name.
        #[schema(min_length = 1, max_length = 4096, example = "analysts")]
        name "name": String,
        /// What it is for.
        #[schema(min_length = 1, max_length = 4096, example = "Those who look at numbers")]
        description "description": Option<String>,
    }
}
