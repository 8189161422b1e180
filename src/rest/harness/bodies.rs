//! The bodies of requests, as the document describes them. They are read member by member, so that each is refused by name.

use serde_json::Value;

use crate::rest::openapi::models;

models! {
    shown []
    /// Which users of a scope a list is of.
    HarnessUserFilter {
        /// A part of the name or of the e-mail address, in any case, taken literally; all without it.
        #[schema(max_length = 4096, example = "ada")]
        search_term "searchTerm": Option<String>,
        /// The uuids of users; all without one.
        #[schema(max_items = 1000, example = json!([]))]
        identifiers "identifiers": Option<Vec<String>>,
        /// NO_PARENT_SCOPES, as without it, are the users of the scope itself; INCLUDE_PARENT_SCOPES those of the scopes above
        /// as well; STRICTLY_PARENT_SCOPES those of the scopes above who are not in the scope itself.
        #[schema(pattern = "^(NO_PARENT_SCOPES|INCLUDE_PARENT_SCOPES|STRICTLY_PARENT_SCOPES)$", example = "NO_PARENT_SCOPES")]
        parent_filter "parentFilter": Option<String>,
    }
    /// Which users of a scope a list is of, by their roles in it.
    HarnessRoleFilter {
        /// Identifiers of resource groups that one of the user's roles is for; any without one.
        #[schema(max_items = 1000, example = json!(["_all_resources"]))]
        resource_groups "resourceGroupIdentifiers": Option<Vec<String>>,
        /// Identifiers of roles of which the user has one; any without one.
        #[schema(max_items = 1000, example = json!(["_project_viewer"]))]
        roles "roleIdentifiers": Option<Vec<String>>,
    }
    /// Users for a scope.
    HarnessNewUsers {
        /// Their e-mail addresses.
        #[schema(min_items = 1, max_items = 100, example = json!(["ada@example.org"]))]
        emails "emails": Vec<String>,
        /// The roles that each of them gets in the scope.
        #[schema(min_items = 1, max_items = 100)]
        role_bindings "roleBindings": Vec<HarnessRoleBinding>,
        /// The names or ids of groups of the scope that each of them becomes a member of; what is none has no effect.
        #[schema(max_items = 1000, example = json!(["everyone"]))]
        user_groups "userGroups": Option<Vec<String>>,
    }
    /// A role for some resources.
    HarnessRoleBinding {
        /// The identifier of the role: one that the product brings along for scopes of this level, or another, which allows
        /// nothing here.
        #[schema(pattern = "^[A-Za-z0-9_$-]{1,128}$", example = "_account_viewer")]
        role_identifier "roleIdentifier": String,
        /// What people call the role.
        #[schema(min_length = 1, max_length = 4096, example = "Account Viewer")]
        role_name "roleName": String,
        /// The identifier of the resources; all of the scope without it.
        #[schema(pattern = "^[A-Za-z0-9_$-]{0,128}$", example = "_all_resources")]
        resource_group_identifier "resourceGroupIdentifier": Option<String>,
        /// What people call these.
        #[schema(max_length = 4096, example = "All Resources")]
        resource_group_name "resourceGroupName": Option<String>,
        /// No effect: it follows from the role.
        #[schema(example = true)]
        managed_role "managedRole": Option<bool>,
    }
    /// What the caller may change of themselves: the name. What else a UserInfo has may be sent along and has no effect.
    HarnessUserChange {
        /// The name for people.
        #[schema(min_length = 1, max_length = 4096, example = "Ada Lovelace")]
        name "name": String,
        /// No effect.
        #[schema(example = "597ae2f6-16a6-1027-98f4-d28b5365dc14")]
        uuid "uuid": Option<Value>,
        /// No effect.
        #[schema(example = "ada@example.org")]
        email "email": Option<Value>,
        /// No effect.
        #[schema(example = json!(null))]
        token "token": Option<Value>,
        /// No effect.
        #[schema(example = "default")]
        default_account_id "defaultAccountId": Option<Value>,
        /// No effect.
        #[schema(example = json!(null))]
        intent "intent": Option<Value>,
        /// No effect.
        #[schema(example = json!([]))]
        accounts "accounts": Option<Value>,
        /// No effect.
        #[schema(example = false)]
        admin "admin": Option<Value>,
        /// No effect.
        #[schema(example = false)]
        second_factor "twoFactorAuthenticationEnabled": Option<Value>,
        /// No effect.
        #[schema(example = false)]
        email_verified "emailVerified": Option<Value>,
        /// No effect.
        #[schema(example = false)]
        locked "locked": Option<Value>,
        /// No effect.
        #[schema(example = json!(null))]
        signup_action "signupAction": Option<Value>,
        /// No effect.
        #[schema(example = json!(null))]
        edition "edition": Option<Value>,
        /// No effect.
        #[schema(example = json!(null))]
        billing_frequency "billingFrequency": Option<Value>,
        /// No effect.
        #[schema(example = json!(null))]
        utm_info "utmInfo": Option<Value>,
    }
    /// A second factor that the caller gets: the secret that GET two-factor-auth/TOTP has told, and that the device has by now.
    HarnessNewSecondFactor {
        /// TOTP.
        #[schema(pattern = "^TOTP$", example = "TOTP")]
        mechanism "mechanism": String,
        /// The secret, 32 characters of Base32.
        #[schema(pattern = "^[A-Z2-7]{32}$", example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
        secret "totpSecretKey": String,
        /// No effect.
        #[schema(example = "597ae2f6-16a6-1027-98f4-d28b5365dc14")]
        user_id "userId": Option<Value>,
        /// No effect.
        #[schema(example = "ada@example.org")]
        email "email": Option<Value>,
        /// No effect: it is enabled.
        #[schema(example = true)]
        enabled "twoFactorAuthenticationEnabled": Option<bool>,
        /// No effect.
        #[schema(example = "otpauth://totp/")]
        url "totpqrurl": Option<Value>,
    }
    /// A change of the caller's password.
    HarnessPasswordChange {
        /// The password of now.
        #[schema(max_length = 4096, example = "correct horse battery")]
        current_password "currentPassword": String,
        /// The password from now on.
        #[schema(max_length = 4096, example = "incorrect horse battery")]
        new_password "newPassword": String,
    }
}
