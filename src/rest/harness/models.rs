//! The bodies of answers, as the document describes them.

use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::rest::openapi::models;

/// What every answer is wrapped in.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the document describes it, nothing builds it")]
struct Answer<T: ToSchema> {
    /// SUCCESS.
    #[schema(example = "SUCCESS")]
    status: String,
    /// What was asked for.
    #[schema(inline)]
    data: T,
    /// Nothing.
    #[schema(rename = "metaData", example = json!(null))]
    meta_data: Option<Value>,
    /// What names the request in the log of the server.
    #[schema(
        rename = "correlationId",
        example = "597ae2f6-16a6-1027-98f4-d28b5365dc14"
    )]
    correlation_id: String,
}

/// A page of a list.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the document describes it, nothing builds it")]
struct Page<T: ToSchema> {
    /// How many pages there are.
    #[schema(rename = "totalPages", example = 1)]
    total_pages: u32,
    /// How many items there are on all pages.
    #[schema(rename = "totalItems", example = 1)]
    total_items: u32,
    /// How many there are on this one.
    #[schema(rename = "pageItemCount", example = 1)]
    page_item_count: u32,
    /// The most on one page.
    #[schema(rename = "pageSize", example = 50)]
    page_size: u32,
    /// The items.
    content: Vec<T>,
    /// Which page, counted from 0.
    #[schema(rename = "pageIndex", example = 0)]
    page_index: u32,
    /// Whether there is nothing on this page.
    #[schema(example = false)]
    empty: bool,
}

/// What came of a change of a password.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the document describes it, nothing builds it")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
enum PasswordOutcome {
    PasswordChanged,
    IncorrectCurrentPassword,
    PasswordStrengthViolated,
}

type HarnessUsersAnswer = Answer<Page<HarnessUser>>;
type HarnessAggregatesAnswer = Answer<Page<HarnessUserAggregate>>;
type HarnessAggregateAnswer = Answer<HarnessUserAggregate>;
type HarnessUserAnswer = Answer<HarnessUserInfo>;
type HarnessSecondFactorAnswer = Answer<HarnessSecondFactor>;
type HarnessProjectsAnswer = Answer<Page<HarnessProject>>;
type HarnessAllProjectsAnswer = Answer<Vec<HarnessProject>>;
type HarnessPasswordAnswer = Answer<PasswordOutcome>;
type HarnessRemovalAnswer = Answer<bool>;
type HarnessAddedAnswer = Answer<HarnessAddedUsers>;

models! {
    shown [
        HarnessUsersAnswer,
        HarnessAggregatesAnswer,
        HarnessAggregateAnswer,
        HarnessUserAnswer,
        HarnessSecondFactorAnswer,
        HarnessProjectsAnswer,
        HarnessAllProjectsAnswer,
        HarnessPasswordAnswer,
        HarnessRemovalAnswer,
        HarnessAddedAnswer,
    ]
    /// Why a request is refused: a FailureDTO with `errors` where the request is wrong, else an ErrorDTO.
    HarnessRefusal {
        /// FAILURE or ERROR.
        #[schema(example = "FAILURE")]
        status "status": String,
        /// The kind of refusal, for programs.
        #[schema(example = "INVALID_REQUEST")]
        code "code": String,
        /// What is wrong and where.
        #[schema(example = "accountIdentifier: is required")]
        message "message": String,
        /// What names the request in the log of the server.
        #[schema(example = "597ae2f6-16a6-1027-98f4-d28b5365dc14")]
        correlation_id "correlationId": String,
        /// The members and parameters at fault, of a FailureDTO.
        errors "errors": Option<Vec<HarnessFieldError>>,
        /// Nothing; of an ErrorDTO.
        #[schema(example = json!(null))]
        detailed_message "detailedMessage": Option<String>,
        /// What else there is to say, of an ErrorDTO: the scopes that a user is the last administrator of.
        response_messages "responseMessages": Option<Vec<HarnessMessage>>,
        /// The permissions that the caller lacks.
        failed_checks "failedPermissionChecks": Option<Vec<HarnessPermissionCheck>>,
    }
    /// What is wrong with a member or a parameter.
    HarnessFieldError {
        /// Its name.
        #[schema(example = "accountIdentifier")]
        field_id "fieldId": String,
        /// What is wrong with it.
        #[schema(example = "is required")]
        error "error": String,
    }
    /// One of several things to say of a refusal.
    HarnessMessage {
        /// Its kind, for programs.
        #[schema(example = "DEFAULT_ERROR_CODE")]
        code "code": String,
        /// How severe it is.
        #[schema(example = "ERROR")]
        level "level": String,
        /// What it says.
        #[schema(example = "account default, organization payments")]
        message "message": String,
        /// Nothing.
        #[schema(example = json!(null))]
        exception "exception": Option<String>,
        /// None.
        #[schema(example = json!([]))]
        failure_types "failureTypes": Vec<String>,
    }
    /// A permission that a caller lacks.
    HarnessPermissionCheck {
        /// Which.
        #[schema(example = "core_user_view")]
        permission "permission": String,
        /// On what: users.
        #[schema(example = "USER")]
        resource_type "resourceType": String,
        /// Nothing: it is about all users of the scope.
        #[schema(example = json!(null))]
        resource_identifier "resourceIdentifier": Option<String>,
        /// Where.
        resource_scope "resourceScope": HarnessScope,
    }
    /// A scope.
    HarnessScope {
        /// The account.
        #[schema(example = "default")]
        account_identifier "accountIdentifier": String,
        /// The organisation.
        #[schema(example = "payments")]
        org_identifier "orgIdentifier": Option<String>,
        /// The project.
        #[schema(example = "ledger")]
        project_identifier "projectIdentifier": Option<String>,
    }
    /// What became of each address.
    HarnessAddedUsers {
        /// By address: USER_ADDED_SUCCESSFULLY; USER_ALREADY_ADDED, with what was new of roles and groups;
        /// USER_INVITED_SUCCESSFULLY; USER_ALREADY_INVITED, with another mail; or FAIL.
        #[schema(value_type = Object, example = json!({ "ada@example.org": "USER_ADDED_SUCCESSFULLY" }))]
        results "addUserResponseMap": Map<String, Value>,
    }
    /// A user of a scope.
    HarnessUser {
        /// The id, which never changes.
        #[schema(format = "uuid", example = "597ae2f6-16a6-1027-98f4-d28b5365dc14")]
        uuid "uuid": String,
        /// The name for people.
        #[schema(example = "Ada Lovelace")]
        name "name": String,
        /// The e-mail address, or the user name of a user without one.
        #[schema(example = "ada@example.org")]
        email "email": String,
        /// Whether the user may not log in, for now or until somebody changes that.
        #[schema(example = false)]
        locked "locked": bool,
    }
    /// A role that a user has in a scope.
    HarnessRoleAssignment {
        /// The identifier of the assignment, which all who have the role for the same resources share.
        #[schema(example = "_project_viewer")]
        identifier "identifier": String,
        /// The identifier of the role.
        #[schema(example = "_project_viewer")]
        role_identifier "roleIdentifier": String,
        /// What people call the role.
        #[schema(example = "Project Viewer")]
        role_name "roleName": String,
        /// The identifier of the resources that it is for.
        #[schema(example = "_all_resources")]
        resource_group_identifier "resourceGroupIdentifier": String,
        /// What people call these.
        #[schema(example = "All Resources")]
        resource_group_name "resourceGroupName": String,
        /// Whether the product brings the role along.
        #[schema(example = true)]
        managed_role "managedRole": bool,
        /// Whether the product has given the role: never.
        #[schema(example = false)]
        managed_role_assignment "managedRoleAssignment": bool,
    }
    /// A user with their roles in a scope.
    HarnessUserAggregate {
        /// The user.
        user "user": HarnessUser,
        /// The roles, those through groups among them.
        roles "roleAssignmentMetadata": Vec<HarnessRoleAssignment>,
    }
    /// An account, as a user is in it.
    HarnessAccount {
        /// The identifier.
        #[schema(example = "default")]
        uuid "uuid": String,
        /// The identifier.
        #[schema(example = "default")]
        account_name "accountName": String,
        /// The identifier.
        #[schema(example = "default")]
        company_name "companyName": String,
        /// NG.
        #[schema(example = "NG")]
        default_experience "defaultExperience": String,
        /// True.
        #[schema(example = true)]
        created_from_ng "createdFromNG": bool,
        /// True.
        #[schema(example = true)]
        is_next_gen_enabled "isNextGenEnabled": bool,
    }
    /// All that is told of a user to that user.
    HarnessUserInfo {
        /// The id, which never changes.
        #[schema(format = "uuid", example = "597ae2f6-16a6-1027-98f4-d28b5365dc14")]
        uuid "uuid": String,
        /// The name for people.
        #[schema(example = "Ada Lovelace")]
        name "name": String,
        /// The e-mail address, or the user name of a user without one.
        #[schema(example = "ada@example.org")]
        email "email": String,
        /// Never told.
        #[schema(example = json!(null))]
        token "token": Option<String>,
        /// The account.
        #[schema(example = "default")]
        default_account_id "defaultAccountId": String,
        /// Not kept.
        #[schema(example = json!(null))]
        intent "intent": Option<String>,
        /// The account.
        accounts "accounts": Vec<HarnessAccount>,
        /// Whether the user administers the account.
        #[schema(example = false)]
        admin "admin": bool,
        /// Whether the user logs in with a second factor.
        #[schema(example = false)]
        second_factor "twoFactorAuthenticationEnabled": bool,
        /// Whether somebody has shown that the address is theirs.
        #[schema(example = false)]
        email_verified "emailVerified": bool,
        /// Whether the user may not log in, for now or until somebody changes that.
        #[schema(example = false)]
        locked "locked": bool,
        /// Not kept.
        #[schema(example = json!(null))]
        signup_action "signupAction": Option<String>,
        /// Not kept.
        #[schema(example = json!(null))]
        edition "edition": Option<String>,
        /// Not kept.
        #[schema(example = json!(null))]
        billing_frequency "billingFrequency": Option<String>,
        /// Not kept.
        #[schema(example = json!(null))]
        utm_info "utmInfo": Option<Value>,
    }
    /// A second factor of the caller.
    HarnessSecondFactor {
        /// The caller's uuid.
        #[schema(format = "uuid", example = "597ae2f6-16a6-1027-98f4-d28b5365dc14")]
        user_id "userId": String,
        /// The caller's address.
        #[schema(example = "ada@example.org")]
        email "email": String,
        /// Whether the caller has a second factor already: another than this.
        #[schema(example = false)]
        enabled "twoFactorAuthenticationEnabled": bool,
        /// TOTP.
        #[schema(example = "TOTP")]
        mechanism "mechanism": String,
        /// The secret, 32 characters of Base32. It is told once and not kept: send it back to enable it.
        #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
        secret "totpSecretKey": String,
        /// The same for the camera of a device.
        #[schema(example = "otpauth://totp/example.org:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=example.org")]
        url "totpqrurl": String,
    }
    /// A project.
    HarnessProject {
        /// The organisation that it is in.
        #[schema(example = "payments")]
        org_identifier "orgIdentifier": String,
        /// The identifier.
        #[schema(example = "ledger")]
        identifier "identifier": String,
        /// What people call it.
        #[schema(example = "Ledger")]
        name "name": String,
        /// The colour that it is shown in.
        #[schema(example = "#0063f7")]
        color "color": Option<String>,
        /// The modules that it uses.
        #[schema(example = json!(["CD", "CI"]))]
        modules "modules": Vec<String>,
        /// What it is.
        #[schema(example = "Who owes whom")]
        description "description": Option<String>,
        /// Words to find it by.
        #[schema(value_type = Object, example = json!({ "team": "money" }))]
        tags "tags": Map<String, Value>,
    }
}
