//! Schema files as directories keep them, and what of them is refused.

use super::*;
use crate::directory::schema::definition::DefinitionProblem;
use crate::directory::schema::{PosixGroup, Refusal};

fn built_in() -> Schema {
    Schema::built_in(PosixGroup::Auxiliary).unwrap()
}

fn error(ldif: &str) -> SchemaError {
    built_in().load("some.ldif", ldif).unwrap_err()
}

#[test]
fn a_schema_entry_of_openldap_is_read() {
    let ldif = "\u{feff}# a comment\r\n  that goes on\r\n\
        dn: cn={4}acme,cn=schema,cn=config\r\n\
        objectClass: olcSchemaConfig\r\n\
        cn: {4}acme\r\n\
        olcObjectIdentifier: {0}acme 1.3.6.1.4.1.99999\r\n\
        olcObjectIdentifier: {1}acmeAttr acme:1\r\n\
        olcAttributeTypes: {0}( acmeAttr:1 NAME 'acmeColor' DESC 'a\r\n\
        \x20 colour' SUP na\r\n\
        \x20me )\r\n\
        # between\r\n\
        olcObjectClasses: {0}( acme:2.1 NAME 'acmeThing' SUP top AUXILIARY\r\n\
        \x20 MAY acmeColor )\r\n\
        structuralObjectClass: olcSchemaConfig\r\n\
        entryUUID: 00000000-0000-0000-0000-000000000000\r\n\
        creatorsName: cn=config\r\n\
        \r\n";
    let mut schema = built_in();
    schema.load("acme.ldif", ldif).unwrap();
    let color = schema.attribute(schema.attribute_id("acmecolor").unwrap());
    assert_eq!(color.oid, "1.3.6.1.4.1.99999.1.1");
    assert!(color.text.contains(" DESC 'a colour' "), "{}", color.text);
    assert_eq!(color.superior, schema.attribute_id("name"));
    let thing = schema.class(schema.class_id("1.3.6.1.4.1.99999.2.1").unwrap());
    assert_eq!(thing.name(), "acmeThing");
}

#[test]
fn a_change_of_the_subschema_is_read() {
    let ldif = "version: 1\ndn: cn=schema\nchangetype: Modify\nadd: attributetypes\n\
        attributetypes: ( 1.2.3.4 NAME 'x' SUP name )\n-\nadd: objectclasses\n\
        objectclasses:( 1.2.3.5 NAME 'y' SUP top AUXILIARY MAY x )\n-\n";
    let mut schema = built_in();
    schema.load("change.ldif", ldif).unwrap();
    assert!(schema.attribute_id("x").is_some() && schema.class_id("y").is_some());
}

#[test]
fn values_in_base64_are_read() {
    // ( 1.2.3.4 NAME 'x' DESC 'é' SUP name )
    let ldif = "attributeTypes:: KCAxLjIuMy40IE5BTUUgJ3gnIERFU0MgJ8OpJyBTVVAg\n bmFtZSAp\n";
    let mut schema = built_in();
    schema.load("base64.ldif", ldif).unwrap();
    let x = schema.attribute(schema.attribute_id("x").unwrap());
    assert!(x.text.contains(" DESC 'é' "), "{}", x.text);
    for value in ["KCAx*", "/w=="] {
        let error = error(&format!("# one\nattributeTypes:: {value}\n"));
        assert!(matches!(error.problem, SchemaProblem::Ldif(_)));
        assert_eq!(error.origin.line, 2);
    }
}

#[test]
fn errors_tell_the_file_and_the_line_also_of_folded_text() {
    let error = error(
        "# comment\n\nattributeTypes: ( 1.2.3.4 NAME 'x'\n  DESC 'y'\n  SUB name\n  SYNTAX 1.2 )\n",
    );
    assert_eq!(error.origin.source, "some.ldif");
    assert_eq!(error.origin.line, 5);
    let SchemaProblem::Malformed(definition) = &error.problem else {
        panic!("{error}");
    };
    assert_eq!(
        definition.problem,
        DefinitionProblem::UnknownKeyword("SUB".into())
    );
    assert_eq!(
        error.to_string(),
        "some.ldif, line 5: attribute type x, byte 28: \"SUB\" is not a keyword"
    );
}

#[test]
fn refusals_tell_the_line_of_the_definition() {
    let error = error("\nattributeTypes: ( 1.2.3.4 NAME 'x'\n  SUP nobody )\n");
    assert_eq!(error.origin.line, 2);
    assert_eq!(
        error.to_string(),
        "some.ldif, line 2: attribute type x: SUP names nobody, which is not defined"
    );
}

#[test]
fn what_would_be_lost_is_refused() {
    for line in [
        "dITContentRules: ( 2.5.6.4 NOT x121Address )",
        "olcLdapSyntaxes: ( 1.2.3 DESC 'x' )",
        "attributeType: ( 1.2.3.4 NAME 'x' SUP name )",
        "changetype: delete",
        "delete: attributeTypes",
        "replace: attributeTypes",
    ] {
        let error = error(line);
        assert!(
            matches!(error.problem, SchemaProblem::Unsupported(_)),
            "{line}: {error}"
        );
    }
    for line in [
        "no colon",
        "attributeTypes:< file:///etc/passwd",
        " folded onto nothing",
    ] {
        let error = error(line);
        assert!(
            matches!(error.problem, SchemaProblem::Ldif(_)),
            "{line}: {error}"
        );
    }
    let error = error("olcObjectIdentifier: alone");
    assert!(matches!(error.problem, SchemaProblem::Ldif(_)));
}

#[test]
fn a_text_is_taken_whole_or_not_at_all() {
    let mut schema = built_in();
    let before: Vec<String> = schema
        .attribute_type_descriptions()
        .map(str::to_owned)
        .collect();
    let wrong = "attributeTypes: ( 1.2.3.4 NAME 'x' SUP name )\n\
                 objectClasses: ( 1.2.3.5 NAME 'y' SUP top AUXILIARY MAY nothing )\n";
    let error = schema.load("x", wrong).unwrap_err();
    assert_eq!(error.origin.line, 2);
    assert_eq!(schema.attribute_id("x"), None);
    assert_eq!(schema.attribute_id("1.2.3.4"), None);
    assert!(schema.attribute_type_descriptions().eq(before));
    // What was refused has not taken the names.
    schema
        .load("x", "attributeTypes: ( 1.2.3.6 NAME 'x' SUP name )")
        .unwrap();
}

#[test]
fn a_macro_serves_one_text() {
    let mut schema = built_in();
    schema.load("x", "olcObjectIdentifier: acme 1.2.3").unwrap();
    let error = schema
        .load("y", "attributeTypes: ( acme:1 NAME 'x' SUP name )")
        .unwrap_err();
    let SchemaProblem::Malformed(definition) = error.problem else {
        panic!("{error}");
    };
    assert_eq!(
        definition.problem,
        DefinitionProblem::NotAnOid("acme:1".into())
    );
}

#[test]
fn more_definitions_than_there_are_numbers_are_refused() {
    let mut ldif = String::new();
    for number in 0..=65_535 {
        ldif.push_str(&format!("attributeTypes: ( 1.2.3.{number} SUP name )\n"));
    }
    let SchemaProblem::Refused { refusal, .. } = error(&ldif).problem else {
        panic!("not refused");
    };
    assert_eq!(refusal, Refusal::TooMany);
}
