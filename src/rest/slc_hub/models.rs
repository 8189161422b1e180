//! The bodies of requests and short answers, as the document describes them.
//!
//! They are read by [`crate::rest::json`], member by member, so that each is refused by name; here they are for the
//! document alone.

use serde_json::Value;

use super::resource::{Group, OsUser, Principal, User};
use crate::rest::openapi::models;

models! {
    shown [User, Group, Principal, OsUser]
    /// Why a request is refused.
    Refusal {
        /// What is wrong and where.
        #[schema(example = "userName: is required")]
        msg "msg": String,
    }
    /// A word for people.
    Message {
        /// What was done.
        #[schema(example = "the password is set")]
        msg "msg": String,
    }
    /// What a password policy says.
    Judgement {
        /// What is wrong with the password; empty when nothing is.
        #[schema(example = "")]
        error "error": String,
    }
    /// A page of users.
    Users {
        /// How many there are on all pages.
        #[schema(example = 1)]
        total "totalCount": u32,
        /// What asks for the next page, as page[after]; absent on the last page.
        #[schema(example = "AAAAAAAAAAAB")]
        next "next": Option<String>,
        /// The users.
        #[schema(value_type = Vec<User>)]
        data "data": Value,
    }
    /// A page of groups.
    Groups {
        /// How many there are on all pages.
        #[schema(example = 1)]
        total "totalCount": u32,
        /// What asks for the next page, as page[after]; absent on the last page.
        #[schema(example = "AAAAAAAAAAAB")]
        next "next": Option<String>,
        /// The groups.
        #[schema(value_type = Vec<Group>)]
        data "data": Value,
    }
    /// A page of principals.
    Principals {
        /// How many there are on all pages.
        #[schema(example = 1)]
        total "totalCount": u32,
        /// What asks for the next page, as page[after]; absent on the last page.
        #[schema(example = "AAAAAAAAAAAB")]
        next "next": Option<String>,
        /// The principals.
        #[schema(value_type = Vec<Principal>)]
        data "data": Value,
    }
    /// A new user.
    NewUser {
        /// The name to log in with.
        #[schema(min_length = 1, max_length = 4096, example = "ada")]
        user_name "userName": String,
        /// The name for people; the user name without it.
        #[schema(max_length = 4096, example = "Ada Lovelace")]
        display_name "displayName": Option<String>,
        /// Whether the user may log in at all.
        #[schema(example = true)]
        active "active": Option<bool>,
        /// The address for mail.
        #[schema(max_length = 256, example = "ada@example.org")]
        email "email": Option<String>,
        /// The home folder on Unix machines.
        #[schema(max_length = 4096, example = "/home/ada")]
        unix_home "unixHomeDirectory": Option<String>,
        /// The name on Unix machines.
        #[schema(max_length = 4096, example = "ada")]
        unix_name "unixUserName": Option<String>,
        /// The name in the form of an e-mail address.
        #[schema(max_length = 4096, example = "ada@EXAMPLE.ORG")]
        principal_name "userPrincipalName": Option<String>,
        /// The identity in the system the user came from.
        #[schema(max_length = 4096, example = "S-1-5-21-1004")]
        external_id "externalId": Option<String>,
        /// The password; required but for an invitation.
        #[schema(max_length = 4096, example = "correct horse battery")]
        password "password": Option<String>,
        /// Whether it must be changed before the first login.
        #[schema(example = false)]
        must_change "mustChange": Option<bool>,
        /// Whether the user is invited by mail to choose name and password.
        #[schema(example = false)]
        invitation_pending "invitationPending": Option<bool>,
    }
    /// What a client may say of a user; what is left out is as of a new one.
    UserDefinition {
        /// The name to log in with.
        #[schema(min_length = 1, max_length = 4096, example = "ada")]
        user_name "userName": String,
        /// The name for people.
        #[schema(max_length = 4096, example = "Ada Lovelace")]
        display_name "displayName": Option<String>,
        /// Whether the user may log in at all.
        #[schema(example = true)]
        active "active": Option<bool>,
        /// The address for mail.
        #[schema(max_length = 256, example = "ada@example.org")]
        email "email": Option<String>,
        /// The home folder on Unix machines.
        #[schema(max_length = 4096, example = "/home/ada")]
        unix_home "unixHomeDirectory": Option<String>,
        /// The name on Unix machines.
        #[schema(max_length = 4096, example = "ada")]
        unix_name "unixUserName": Option<String>,
        /// The name in the form of an e-mail address.
        #[schema(max_length = 4096, example = "ada@EXAMPLE.ORG")]
        principal_name "userPrincipalName": Option<String>,
    }
    /// What a client may say of a group.
    GroupDefinition {
        /// The name.
        #[schema(min_length = 1, max_length = 4096, example = "analysts")]
        name "name": String,
        /// The identity in the system the group came from; of a new group only.
        #[schema(max_length = 4096, example = "S-1-5-32-545")]
        external_id "externalId": Option<String>,
    }
    /// One step of a JSON Patch (RFC 6902).
    PatchStep {
        /// What it does: add, remove or replace.
        #[schema(example = "replace", pattern = "^(add|remove|replace)$")]
        op "op": String,
        /// A JSON Pointer to a member.
        #[schema(example = "/email")]
        path "path": String,
        /// The value; none for remove.
        #[schema(example = "ada@example.org")]
        value "value": Option<Value>,
    }
    /// A password.
    Password {
        /// The password.
        #[schema(max_length = 4096, example = "correct horse battery")]
        password "password": String,
    }
    /// A password that an administrator sets.
    SetPassword {
        /// The password.
        #[schema(min_length = 1, max_length = 4096, example = "correct horse battery")]
        password "password": String,
        /// Whether it must be changed at the next login; the policy says so without it.
        #[schema(example = true)]
        must_change "mustChange": Option<bool>,
    }
    /// A change of a password.
    PasswordChange {
        /// The password as it is.
        #[schema(min_length = 1, max_length = 4096, example = "what it was before")]
        current "currentPassword": String,
        /// The password as it shall be.
        #[schema(min_length = 1, max_length = 4096, example = "battery staple")]
        new "newPassword": String,
    }
    /// A change of a user's password without a login.
    UserPasswordChange {
        /// The name to log in with.
        #[schema(min_length = 1, max_length = 4096, example = "ada")]
        username "username": String,
        /// The password as it is.
        #[schema(min_length = 1, max_length = 4096, example = "what it was before")]
        current "currentPassword": String,
        /// The password as it shall be.
        #[schema(min_length = 1, max_length = 4096, example = "battery staple")]
        new "newPassword": String,
    }
    /// A password for a user who is yet to be.
    NewUserPassword {
        /// The password.
        #[schema(max_length = 4096, example = "correct horse battery")]
        password "password": String,
        /// The name to log in with.
        #[schema(max_length = 4096, example = "ada")]
        username "username": Option<String>,
        /// The name for people.
        #[schema(max_length = 4096, example = "Ada Lovelace")]
        display_name "displayName": Option<String>,
        /// The address for mail.
        #[schema(max_length = 4096, example = "ada@example.org")]
        email "email": Option<String>,
        /// The token of an invitation; required without a login.
        #[schema(max_length = 4096, example = "Zm9v")]
        token "token": Option<String>,
    }
    /// A membership in a group.
    GroupMembership {
        /// direct, or indirect when it comes through other groups alone.
        #[schema(example = "direct", pattern = "^(direct|indirect)$")]
        kind "membershipType": String,
        /// The group's id.
        #[schema(format = "uuid", example = "7d3b1c9e-16a6-1027-98f4-d28b5365dc14")]
        id "id": String,
        /// The group's name.
        #[schema(example = "analysts")]
        name "name": String,
    }
    /// A member of a group.
    Member {
        /// direct, or indirect when it comes through other groups alone.
        #[schema(example = "direct", pattern = "^(direct|indirect)$")]
        kind "membershipType": String,
        /// User or Group.
        #[schema(example = "User", pattern = "^(User|Group)$")]
        principal "principalType": String,
        /// The member's id.
        #[schema(format = "uuid", example = "597ae2f6-16a6-1027-98f4-d28b5365dc14")]
        id "id": String,
        /// The member's name.
        #[schema(example = "ada")]
        name "name": String,
    }
    /// An operation on the members of a group; the member is named by id, or by principalType and name.
    MemberOperation {
        /// add or remove.
        #[schema(example = "add", pattern = "^(add|remove)$")]
        op "op": String,
        /// The member's id.
        #[schema(example = "597ae2f6-16a6-1027-98f4-d28b5365dc14")]
        id "id": Option<String>,
        /// User or Group.
        #[schema(example = "User", pattern = "^(User|Group)$")]
        principal "principalType": Option<String>,
        /// The member's name.
        #[schema(example = "ada")]
        name "name": Option<String>,
    }
    /// One link of a chain of memberships.
    Link {
        /// Its id.
        #[schema(format = "uuid", example = "597ae2f6-16a6-1027-98f4-d28b5365dc14")]
        id "id": String,
        /// Its name.
        #[schema(example = "ada")]
        name "name": String,
        /// User or Group.
        #[schema(example = "User", pattern = "^(User|Group)$")]
        principal "principalType": String,
    }
    /// What somebody says who accepts an invitation.
    Acceptance {
        /// The token of the invitation.
        #[schema(min_length = 1, max_length = 4096, example = "Zm9v")]
        token "token": String,
        /// The name for people.
        #[schema(min_length = 1, max_length = 4096, example = "Ada Lovelace")]
        display_name "displayName": String,
        /// The name to log in with.
        #[schema(min_length = 1, max_length = 4096, example = "ada")]
        user_name "userName": String,
        /// The password.
        #[schema(max_length = 4096, example = "correct horse battery")]
        password "password": Option<String>,
        /// The subject of tokens of another system; there are none here.
        #[schema(max_length = 4096, example = "")]
        subject "jwtSubject": Option<String>,
    }
    /// A question about a user name.
    NameQuestion {
        /// The token of the invitation.
        #[schema(min_length = 1, max_length = 4096, example = "Zm9v")]
        token "token": String,
        /// The name.
        #[schema(min_length = 1, max_length = 4096, example = "ada")]
        user_name "userName": String,
    }
    /// Whether a user name can be had.
    Availability {
        /// Whether it can.
        #[schema(example = true)]
        available "available": bool,
    }
    /// A name and a password.
    Login {
        /// The name to log in with.
        #[schema(min_length = 1, max_length = 4096, example = "ada")]
        username "username": String,
        /// The password.
        #[schema(min_length = 1, max_length = 4096, example = "correct horse battery")]
        password "password": String,
    }
    /// Whom to act for.
    Impersonation {
        /// The user's id.
        #[schema(min_length = 1, max_length = 4096, example = "597ae2f6-16a6-1027-98f4-d28b5365dc14")]
        user_id "userId": String,
    }
    /// A token.
    Token {
        /// What later requests bring as Bearer.
        #[schema(example = "AAAAAAAA")]
        token "token": String,
        /// For how many seconds.
        #[schema(example = 3600)]
        expires_in "expiresIn": u64,
    }
}
