//! The schema as clients read it.

use crate::directory::schema::{PosixGroup, Schema};

fn built_in() -> Schema {
    Schema::built_in(PosixGroup::Auxiliary).unwrap()
}

#[test]
fn what_the_subschema_shows_makes_the_same_schema() {
    let schema = built_in();
    let mut ldif = String::new();
    for text in schema.attribute_type_descriptions() {
        ldif.push_str(&format!("attributeTypes: {text}\n"));
    }
    for text in schema.object_class_descriptions() {
        ldif.push_str(&format!("objectClasses: {text}\n"));
    }
    let mut again = schema.clone();
    again.load("subschema", &ldif).unwrap();
    assert!(
        again
            .attribute_type_descriptions()
            .eq(schema.attribute_type_descriptions())
    );
    assert!(
        again
            .object_class_descriptions()
            .eq(schema.object_class_descriptions())
    );
}

#[test]
fn a_definition_is_shown_whole_with_names_spelled_as_where_they_are_defined() {
    let mut schema = built_in();
    schema
        .load(
            "test",
            "attributeTypes: ( 1.2.3 NAME 'x' DESC 'X' OBSOLETE SUP 2.5.4.41 EQUALITY CASEIGNOREMATCH )\n\
             objectClasses: ( 1.2.4 NAME 'y' DESC 'Y' OBSOLETE SUP 2.5.6.6 MUST SURNAME MAY ( userid $ 1.2.3 ) )\n",
        )
        .unwrap();
    assert_eq!(
        schema.attribute_type_descriptions().last(),
        Some("( 1.2.3 NAME 'x' DESC 'X' OBSOLETE SUP name EQUALITY caseIgnoreMatch )")
    );
    assert_eq!(
        schema.object_class_descriptions().last(),
        Some("( 1.2.4 NAME 'y' DESC 'Y' OBSOLETE SUP person STRUCTURAL MUST sn MAY ( uid $ x ) )")
    );
}

#[test]
fn rules_and_syntaxes_are_described() {
    let schema = built_in();
    let rules: Vec<String> = schema.matching_rule_descriptions().collect();
    let expected = "( 2.5.13.2 NAME 'caseIgnoreMatch' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )";
    assert!(rules.iter().any(|rule| rule == expected));
    let syntaxes: Vec<String> = schema.syntax_descriptions().collect();
    for expected in [
        "( 1.3.6.1.4.1.1466.115.121.1.15 DESC 'Directory String' )",
        "( 1.3.6.1.4.1.1466.115.121.1.40 DESC 'Octet String' )",
        "( 1.3.6.1.4.1.1466.115.121.1.28 DESC 'JPEG' X-NOT-HUMAN-READABLE 'TRUE' )",
        "( 1.3.6.1.4.1.1466.115.121.1.8 DESC 'Certificate' X-BINARY-TRANSFER-REQUIRED 'TRUE' \
         X-NOT-HUMAN-READABLE 'TRUE' )",
    ] {
        assert!(
            syntaxes.iter().any(|syntax| syntax == expected),
            "{expected}"
        );
    }
}

#[test]
fn a_rule_is_shown_for_the_types_it_can_compare() {
    let schema = built_in();
    let uses: Vec<String> = schema.matching_rule_use_descriptions().collect();
    let of = |name: &str| {
        let quoted = format!(" NAME '{name}' ");
        uses.iter().find(|text| text.contains(&quoted))
    };
    let bits = of("integerBitAndMatch").unwrap();
    assert!(bits.starts_with("( 1.2.840.113556.1.4.803 NAME 'integerBitAndMatch' APPLIES ( "));
    assert!(bits.contains(" $ uidNumber $ ") && !bits.contains(" member "));
    assert_eq!(
        of("uuidMatch").map(String::as_str),
        Some(
            "( 1.3.6.1.1.16.2 NAME 'uuidMatch' APPLIES ( entryUUID $ hedgerowOwner $ hedgerowTokenCreator ) )"
        )
    );
    assert_eq!(of("caseIgnoreSubstringsMatch"), None);
}
