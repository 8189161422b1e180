//! The attribute types and object classes that the code itself deals with, by name.
//!
//! The built-in schema gives out positions to these first and in this order, whatever the order of its texts, so that
//! the constants hold in every schema.

use super::attribute_type::AttributeTypeId;
use super::object_class::ClassId;

/// Numbers a list of names: a constant for each, and the list.
macro_rules! numbered {
    ($id:ident; $($constant:ident $name:literal,)*) => {
        /// The names in the order of the positions.
        pub(in crate::directory::schema) const NAMES: &[&str] = &[$($name),*];

        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Position { $($constant),* }

        $(#[doc = concat!("`", $name, "`")] pub const $constant: $id = $id(Position::$constant as u16);)*
    };
}

numbered! { AttributeTypeId;
    // Of every entry
    OBJECT_CLASS "objectClass",
    STRUCTURAL_OBJECT_CLASS "structuralObjectClass",
    ENTRY_UUID "entryUUID",
    ENTRY_DN "entryDN",
    ENTRY_CSN "entryCSN",
    CREATE_TIMESTAMP "createTimestamp",
    MODIFY_TIMESTAMP "modifyTimestamp",
    CREATORS_NAME "creatorsName",
    MODIFIERS_NAME "modifiersName",
    SUBSCHEMA_SUBENTRY "subschemaSubentry",
    HAS_SUBORDINATES "hasSubordinates",
    NUM_SUBORDINATES "numSubordinates",
    MEMBER_OF "memberOf",
    IS_MEMBER_OF "isMemberOf",
    MEMBER_OF_INDIRECT "memberOfIndirect",
    // Names and persons
    CN "cn",
    SN "sn",
    GIVEN_NAME "givenName",
    INITIALS "initials",
    DISPLAY_NAME "displayName",
    DESCRIPTION "description",
    UID "uid",
    MAIL "mail",
    MOBILE "mobile",
    TELEPHONE_NUMBER "telephoneNumber",
    TITLE "title",
    EMPLOYEE_NUMBER "employeeNumber",
    USER_PASSWORD "userPassword",
    O "o",
    OU "ou",
    DC "dc",
    // POSIX
    UID_NUMBER "uidNumber",
    GID_NUMBER "gidNumber",
    HOME_DIRECTORY "homeDirectory",
    LOGIN_SHELL "loginShell",
    GECOS "gecos",
    SHADOW_LAST_CHANGE "shadowLastChange",
    SSH_PUBLIC_KEY "sshPublicKey",
    // Groups
    MEMBER "member",
    UNIQUE_MEMBER "uniqueMember",
    MEMBER_UID "memberUid",
    MEMBER_URL "memberURL",
    OWNER "owner",
    MANAGER "manager",
    // Aliases, referrals, subentries
    ALIASED_OBJECT_NAME "aliasedObjectName",
    REF "ref",
    SUBTREE_SPECIFICATION "subtreeSpecification",
    ADMINISTRATIVE_ROLE "administrativeRole",
    // Subschema
    ATTRIBUTE_TYPES "attributeTypes",
    OBJECT_CLASSES "objectClasses",
    MATCHING_RULES "matchingRules",
    MATCHING_RULE_USE "matchingRuleUse",
    LDAP_SYNTAXES "ldapSyntaxes",
    // Root DSE
    NAMING_CONTEXTS "namingContexts",
    ALT_SERVER "altServer",
    SUPPORTED_CONTROL "supportedControl",
    SUPPORTED_EXTENSION "supportedExtension",
    SUPPORTED_FEATURES "supportedFeatures",
    SUPPORTED_LDAP_VERSION "supportedLDAPVersion",
    SUPPORTED_SASL_MECHANISMS "supportedSASLMechanisms",
    VENDOR_NAME "vendorName",
    VENDOR_VERSION "vendorVersion",
    // Password policy
    PWD_ATTRIBUTE "pwdAttribute",
    PWD_MIN_AGE "pwdMinAge",
    PWD_MAX_AGE "pwdMaxAge",
    PWD_IN_HISTORY "pwdInHistory",
    PWD_CHECK_QUALITY "pwdCheckQuality",
    PWD_MIN_LENGTH "pwdMinLength",
    PWD_MAX_LENGTH "pwdMaxLength",
    PWD_EXPIRE_WARNING "pwdExpireWarning",
    PWD_GRACE_AUTHN_LIMIT "pwdGraceAuthNLimit",
    PWD_GRACE_EXPIRY "pwdGraceExpiry",
    PWD_LOCKOUT "pwdLockout",
    PWD_LOCKOUT_DURATION "pwdLockoutDuration",
    PWD_MAX_FAILURE "pwdMaxFailure",
    PWD_FAILURE_COUNT_INTERVAL "pwdFailureCountInterval",
    PWD_MUST_CHANGE "pwdMustChange",
    PWD_ALLOW_USER_CHANGE "pwdAllowUserChange",
    PWD_SAFE_MODIFY "pwdSafeModify",
    PWD_MIN_DELAY "pwdMinDelay",
    PWD_MAX_DELAY "pwdMaxDelay",
    PWD_MAX_IDLE "pwdMaxIdle",
    PWD_MAX_RECORDED_FAILURE "pwdMaxRecordedFailure",
    // Password state
    PWD_CHANGED_TIME "pwdChangedTime",
    PWD_ACCOUNT_LOCKED_TIME "pwdAccountLockedTime",
    PWD_FAILURE_TIME "pwdFailureTime",
    PWD_HISTORY "pwdHistory",
    PWD_GRACE_USE_TIME "pwdGraceUseTime",
    PWD_RESET "pwdReset",
    PWD_POLICY_SUBENTRY "pwdPolicySubentry",
    PWD_START_TIME "pwdStartTime",
    PWD_END_TIME "pwdEndTime",
    PWD_LAST_SUCCESS "pwdLastSuccess",
    // Our own
    HEDGEROW_DISABLED "hedgerowDisabled",
    HEDGEROW_DELETED_TIME "hedgerowDeletedTime",
    HEDGEROW_LOCKOUTS "hedgerowLockouts",
    HEDGEROW_LOCK_REASON "hedgerowLockReason",
    HEDGEROW_EPOCH "hedgerowEpoch",
    HEDGEROW_TEMPORARILY_LOCKED "hedgerowTemporarilyLocked",
    HEDGEROW_ID "hedgerowId",
    HEDGEROW_SECOND_FACTOR "hedgerowSecondFactor",
    HEDGEROW_OFFERED_SECOND_FACTOR "hedgerowOfferedSecondFactor",
    HEDGEROW_USED_STEP "hedgerowUsedStep",
    HEDGEROW_RECOVERY_CODE "hedgerowRecoveryCode",
    HEDGEROW_KEY "hedgerowKey",
    HEDGEROW_PLATFORM_ROLE "hedgerowPlatformRole",
    HEDGEROW_NETWORK_ROLE "hedgerowNetworkRole",
    HEDGEROW_OWNER "hedgerowOwner",
    HEDGEROW_TOKEN_HASH "hedgerowTokenHash",
    HEDGEROW_TOKEN_EXPIRY "hedgerowTokenExpiry",
    HEDGEROW_TOKEN_CREATOR "hedgerowTokenCreator",
    HEDGEROW_DEFAULT "hedgerowDefault",
    HEDGEROW_INVITATION_EXPIRY "hedgerowInvitationExpiry",
    HEDGEROW_SYSTEM "hedgerowSystem",
    HEDGEROW_EXTERNAL_ID "hedgerowExternalId",
}

/// The attribute types to which `inChainMatch` can be put: those of membership, and the one that leads to superiors.
pub const CHAINED: [AttributeTypeId; 5] = [MEMBER, UNIQUE_MEMBER, MEMBER_OF, IS_MEMBER_OF, MANAGER];

/// The object classes.
pub mod class {
    use super::ClassId;

    numbered! { ClassId;
        TOP "top",
        ALIAS "alias",
        REFERRAL "referral",
        SUBENTRY "subentry",
        SUBSCHEMA "subschema",
        EXTENSIBLE_OBJECT "extensibleObject",
        ORGANIZATION "organization",
        ORGANIZATIONAL_UNIT "organizationalUnit",
        DOMAIN "domain",
        DC_OBJECT "dcObject",
        PERSON "person",
        ORGANIZATIONAL_PERSON "organizationalPerson",
        INET_ORG_PERSON "inetOrgPerson",
        ACCOUNT "account",
        APPLICATION_PROCESS "applicationProcess",
        SIMPLE_SECURITY_OBJECT "simpleSecurityObject",
        POSIX_ACCOUNT "posixAccount",
        SHADOW_ACCOUNT "shadowAccount",
        LDAP_PUBLIC_KEY "ldapPublicKey",
        HEDGEROW_ACCOUNT "hedgerowAccount",
        HEDGEROW_NETWORK "hedgerowNetwork",
        HEDGEROW_TOKEN "hedgerowToken",
        GROUP_OF_NAMES "groupOfNames",
        GROUP_OF_UNIQUE_NAMES "groupOfUniqueNames",
        GROUP_OF_MEMBERS "groupOfMembers",
        GROUP_OF_URLS "groupOfURLs",
        POSIX_GROUP "posixGroup",
        PWD_POLICY "pwdPolicy",
        HEDGEROW_INVITATION "hedgerowInvitation",
        HEDGEROW_PENDING_USER "hedgerowPendingUser",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::schema::{PosixGroup, Schema};

    #[test]
    fn constants_are_what_they_are_called_in_every_schema() {
        for form in [PosixGroup::Auxiliary, PosixGroup::Structural] {
            let mut schema = Schema::built_in(form).unwrap();
            schema
                .load("test", "attributeTypes: ( 1.2.3.4 NAME 'x' SUP name )")
                .unwrap();
            for (position, name) in (0..).zip(NAMES) {
                assert_eq!(schema.attribute(AttributeTypeId(position)).name(), *name);
                assert_eq!(schema.attribute_id(name), Some(AttributeTypeId(position)));
            }
            for (position, name) in (0..).zip(class::NAMES) {
                assert_eq!(schema.class(ClassId(position)).name(), *name);
                assert_eq!(schema.class_id(name), Some(ClassId(position)));
            }
        }
        assert_eq!(NAMES[usize::from(UID.0)], "uid");
        assert_eq!(NAMES[usize::from(PWD_LAST_SUCCESS.0)], "pwdLastSuccess");
        assert_eq!(
            NAMES[usize::from(HEDGEROW_TEMPORARILY_LOCKED.0)],
            "hedgerowTemporarilyLocked"
        );
        assert_eq!(class::NAMES[usize::from(class::PWD_POLICY.0)], "pwdPolicy");
    }
}
