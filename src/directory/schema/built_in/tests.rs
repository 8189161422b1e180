//! The definitions that come with the server: there, whole, and as the RFCs have them.

use super::*;
use crate::directory::schema::{ClassKind, Usage};

fn schema() -> Schema {
    Schema::built_in(PosixGroup::Auxiliary).unwrap()
}

fn attribute_text(schema: &Schema, name: &str) -> String {
    schema
        .attribute(schema.attribute_id(name).unwrap())
        .text
        .clone()
}

fn class_text(schema: &Schema, name: &str) -> String {
    schema.class(schema.class_id(name).unwrap()).text.clone()
}

#[test]
fn each_document_is_there() {
    let schema = schema();
    for (name, text) in [
        (
            "commonName",
            "( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name )",
        ),
        (
            "entryUUID",
            "( 1.3.6.1.1.16.4 NAME 'entryUUID' EQUALITY uuidMatch ORDERING uuidOrderingMatch \
             SYNTAX 1.3.6.1.1.16.1 SINGLE-VALUE NO-USER-MODIFICATION USAGE directoryOperation )",
        ),
        (
            "mail",
            "( 0.9.2342.19200300.100.1.3 NAME ( 'mail' 'rfc822Mailbox' ) \
             EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch \
             SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{256} )",
        ),
        (
            "pwdHistory",
            "( 1.3.6.1.4.1.42.2.27.8.1.20 NAME 'pwdHistory' EQUALITY octetStringMatch \
             SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 NO-USER-MODIFICATION USAGE directoryOperation )",
        ),
        (
            "jpegPhoto",
            "( 0.9.2342.19200300.100.1.60 NAME 'jpegPhoto' SYNTAX 1.3.6.1.4.1.1466.115.121.1.28 )",
        ),
        (
            "memberOf",
            "( 1.2.840.113556.1.2.102 NAME 'memberOf' EQUALITY distinguishedNameMatch \
             SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 NO-USER-MODIFICATION USAGE directoryOperation )",
        ),
    ] {
        assert_eq!(attribute_text(&schema, name), text);
    }
    for (name, text) in [
        (
            "posixGroup",
            "( 1.3.6.1.1.1.2.2 NAME 'posixGroup' SUP top AUXILIARY MUST gidNumber \
             MAY ( userPassword $ memberUid $ description ) )",
        ),
        (
            "groupOfMembers",
            "( 1.3.6.1.1.1.2.18 NAME 'groupOfMembers' SUP top STRUCTURAL MUST cn \
             MAY ( businessCategory $ seeAlso $ owner $ ou $ o $ description $ member ) )",
        ),
        (
            "account",
            "( 0.9.2342.19200300.100.4.5 NAME 'account' SUP top STRUCTURAL MUST uid \
             MAY ( description $ seeAlso $ l $ o $ ou $ host ) )",
        ),
        (
            "subentry",
            "( 2.5.17.0 NAME 'subentry' SUP top STRUCTURAL MUST ( cn $ subtreeSpecification ) )",
        ),
    ] {
        assert_eq!(class_text(&schema, name), text);
    }
}

#[test]
fn the_form_of_posix_group_is_chosen() {
    for (form, kind, requires_cn) in [
        (PosixGroup::Auxiliary, ClassKind::Auxiliary, false),
        (PosixGroup::Structural, ClassKind::Structural, true),
    ] {
        let schema = Schema::built_in(form).unwrap();
        let class = schema.class(well_known::class::POSIX_GROUP);
        assert_eq!(class.kind, kind);
        assert_eq!(class.must.contains(&well_known::CN), requires_cn);
        assert!(class.must.contains(&well_known::GID_NUMBER));
    }
}

#[test]
fn own_identifiers_are_below_the_uuid() {
    let uuid = u128::from_str_radix("45b31e484f814587bf7ffc619dad46bb", 16).unwrap();
    assert_eq!(OWN_ARC, format!("2.25.{uuid}"));
    let class = schema()
        .class(well_known::class::HEDGEROW_ACCOUNT)
        .oid
        .clone();
    assert_eq!(class, format!("{OWN_ARC}.2.1"));
}

#[test]
fn what_only_the_server_sets_is_operational() {
    let schema = schema();
    for attribute_type in &schema.attribute_types {
        assert!(!attribute_type.no_user_modification || attribute_type.is_operational());
    }
    for name in [
        "entryUUID",
        "memberOf",
        "pwdChangedTime",
        "createTimestamp",
        "entryCSN",
    ] {
        let attribute_type = schema.attribute(schema.attribute_id(name).unwrap());
        assert!(attribute_type.no_user_modification, "{name}");
        assert_eq!(attribute_type.usage, Usage::DirectoryOperation);
    }
    for name in [
        "pwdAccountLockedTime",
        "pwdReset",
        "pwdPolicySubentry",
        "ref",
    ] {
        let attribute_type = schema.attribute(schema.attribute_id(name).unwrap());
        assert!(!attribute_type.no_user_modification, "{name}");
        assert!(attribute_type.is_operational(), "{name}");
    }
}

#[test]
fn passwords_are_secret_and_names_are_not() {
    let schema = schema();
    for (id, secret) in [
        (well_known::USER_PASSWORD, true),
        (well_known::PWD_HISTORY, true),
        (well_known::HEDGEROW_SECOND_FACTOR, true),
        (well_known::HEDGEROW_OFFERED_SECOND_FACTOR, true),
        (well_known::HEDGEROW_USED_STEP, true),
        (well_known::HEDGEROW_RECOVERY_CODE, true),
        (well_known::HEDGEROW_KEY, true),
        (well_known::HEDGEROW_TOKEN_HASH, true),
        (well_known::PWD_CHANGED_TIME, false),
        (well_known::SSH_PUBLIC_KEY, false),
        (well_known::UID, false),
    ] {
        assert_eq!(schema.attribute(id).is_secret(), secret);
    }
}

#[test]
fn every_text_of_the_folder_is_used() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/directory/schema/built_in");
    let mut used: Vec<&str> = [TEXTS, POSIX_GROUP_AUXILIARY, POSIX_GROUP_STRUCTURAL]
        .concat()
        .iter()
        .map(|(name, _)| *name)
        .collect();
    used.sort_unstable();
    let mut there: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".ldif"))
        .collect();
    there.sort_unstable();
    assert_eq!(used, there);
}

#[test]
fn every_value_of_the_subschema_is_of_its_syntax() {
    use crate::directory::schema::syntax::Syntax;
    let schema = schema();
    for text in schema.attribute_type_descriptions() {
        assert_eq!(
            Syntax::AttributeTypeDescription.validate(text.as_bytes()),
            Ok(())
        );
    }
    for text in schema.object_class_descriptions() {
        assert_eq!(
            Syntax::ObjectClassDescription.validate(text.as_bytes()),
            Ok(())
        );
    }
    for text in schema.matching_rule_descriptions() {
        assert_eq!(
            Syntax::MatchingRuleDescription.validate(text.as_bytes()),
            Ok(())
        );
    }
    for text in schema.matching_rule_use_descriptions() {
        assert_eq!(
            Syntax::MatchingRuleUseDescription.validate(text.as_bytes()),
            Ok(())
        );
    }
    for text in schema.syntax_descriptions() {
        assert_eq!(
            Syntax::LdapSyntaxDescription.validate(text.as_bytes()),
            Ok(())
        );
    }
}
