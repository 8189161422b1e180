//! Definitions put together: what they inherit, and what does not fit together.

use crate::directory::schema::rule::Rule;
use crate::directory::schema::syntax::Syntax;
use crate::directory::schema::{
    ClassKind, PosixGroup, Refusal, Schema, SchemaError, SchemaProblem,
};

fn built_in() -> Schema {
    Schema::built_in(PosixGroup::Auxiliary).unwrap()
}

fn with(ldif: &str) -> Schema {
    let mut schema = built_in();
    schema.load("test", ldif).unwrap();
    schema
}

fn refusal(ldif: &str) -> (String, Refusal) {
    let SchemaError { problem, .. } = built_in().load("test", ldif).unwrap_err();
    match problem {
        SchemaProblem::Refused { name, refusal, .. } => (name, refusal),
        other => panic!("{other}"),
    }
}

#[test]
fn a_subtype_has_the_rules_and_the_syntax_of_its_supertype() {
    let schema = with(
        "attributeTypes: ( 1.2.3.1 NAME 'heir' SUP name )\n\
         attributeTypes: ( 1.2.3.2 NAME 'own' SUP name EQUALITY caseExactMatch \
         SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{9} )\n\
         attributeTypes: ( 1.2.3.3 NAME 'grandchild' SUP own )\n",
    );
    let find = |name| schema.attribute(schema.attribute_id(name).unwrap());
    let heir = find("heir");
    assert_eq!(heir.equality, Some(Rule::CaseIgnore));
    assert_eq!(heir.substrings, Some(Rule::CaseIgnoreSubstrings));
    assert_eq!(heir.ordering, None);
    assert_eq!(heir.syntax, Syntax::DirectoryString);
    for name in ["own", "grandchild"] {
        let own = find(name);
        assert_eq!(own.equality, Some(Rule::CaseExact));
        assert_eq!(own.substrings, Some(Rule::CaseIgnoreSubstrings));
        assert_eq!(own.syntax, Syntax::Ia5String);
        assert_eq!(own.syntax_bound, Some(9));
    }
    // The subschema shows what is written, not what is inherited.
    let texts: Vec<&str> = schema.attribute_type_descriptions().collect();
    assert!(texts.contains(&"( 1.2.3.1 NAME 'heir' SUP name )"));
}

#[test]
fn definitions_may_come_in_any_order() {
    let schema = with(
        "objectClasses: ( 1.2.3.9 NAME 'lower' SUP upper AUXILIARY MAY late )\n\
         objectClasses: ( 1.2.3.8 NAME 'upper' SUP top AUXILIARY MUST early )\n\
         attributeTypes: ( 1.2.3.1 NAME 'early' SUP late )\n\
         attributeTypes: ( 1.2.3.2 NAME 'late' SUP name )\n",
    );
    let lower = schema.class(schema.class_id("lower").unwrap());
    let id = |name| schema.attribute_id(name).unwrap();
    assert_eq!(lower.may, [id("late")]);
    assert!(lower.must.contains(&id("early")));
    assert_eq!(schema.subtypes(id("late")), [id("late"), id("early")]);
}

#[test]
fn a_secret_type_has_secret_subtypes() {
    let schema = with("attributeTypes: ( 1.2.3.1 NAME 'otherPassword' SUP userPassword )");
    let id = schema.attribute_id("otherPassword").unwrap();
    assert!(schema.attribute(id).is_secret());
}

#[test]
fn unknown_references_are_refused() {
    let syntax = "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15";
    for (definition, keyword, name) in [
        ("( 1.2.3 NAME 'x' SUP nobody )".into(), "SUP", "nobody"),
        (
            format!("( 1.2.3 NAME 'x' EQUALITY noMatch {syntax} )"),
            "EQUALITY",
            "noMatch",
        ),
        (
            format!("( 1.2.3 NAME 'x' ORDERING 1.2.3 {syntax} )"),
            "ORDERING",
            "1.2.3",
        ),
        (
            format!("( 1.2.3 NAME 'x' SUBSTR noMatch {syntax} )"),
            "SUBSTR",
            "noMatch",
        ),
        (
            "( 1.2.3 NAME 'x' SYNTAX 1.2.3.4 )".into(),
            "SYNTAX",
            "1.2.3.4",
        ),
    ] {
        let (of, refusal) = refusal(&format!("attributeTypes: {definition}"));
        let name = name.to_owned();
        assert_eq!(
            (of.as_str(), refusal),
            ("x", Refusal::Unknown { keyword, name })
        );
    }
    for keyword in ["SUP", "MUST", "MAY"] {
        let class = format!("objectClasses: ( 1.2.3 NAME 'x' {keyword} ( top $ nobody ) )");
        let class = match keyword {
            "SUP" => class,
            _ => class.replace("top", "cn"),
        };
        let name = "nobody".to_owned();
        let expected = (String::from("x"), Refusal::Unknown { keyword, name });
        assert_eq!(refusal(&class), expected);
    }
}

#[test]
fn rules_of_another_kind_are_refused() {
    let (_, refusal) = refusal(
        "attributeTypes: ( 1.2.3 NAME 'x' EQUALITY caseIgnoreOrderingMatch \
         SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
    );
    let name = "caseIgnoreOrderingMatch".to_owned();
    let keyword = "EQUALITY";
    assert_eq!(refusal, Refusal::WrongRule { keyword, name });
}

#[test]
fn cycles_are_refused() {
    for ldif in [
        "attributeTypes: ( 1.2.3 NAME 'x' SUP x )\n",
        "attributeTypes: ( 1.2.3 NAME 'x' SUP y )\nattributeTypes: ( 1.2.4 NAME 'y' SUP x )\n",
        "objectClasses: ( 1.2.3 NAME 'x' SUP x )\n",
        "objectClasses: ( 1.2.3 NAME 'x' SUP ( top $ y ) )\nobjectClasses: ( 1.2.4 NAME 'y' SUP z )\n\
         objectClasses: ( 1.2.5 NAME 'z' SUP x )\n",
    ] {
        assert_eq!(refusal(ldif).1, Refusal::Cycle, "{ldif}");
    }
}

#[test]
fn names_and_identifiers_belong_to_one_definition() {
    let taken = |name: &str, by: &str| Refusal::NameTaken {
        name: name.into(),
        by: by.into(),
    };
    assert_eq!(
        refusal("attributeTypes: ( 1.2.3 NAME 'SURNAME' SUP name )"),
        ("SURNAME".into(), taken("SURNAME", "2.5.4.4"))
    );
    assert_eq!(
        refusal(
            "attributeTypes: ( 1.2.3 NAME 'x' SUP name )\n\
             attributeTypes: ( 1.2.4 NAME ( 'y' 'X' ) SUP name )"
        ),
        ("y".into(), taken("X", "1.2.3"))
    );
    assert_eq!(
        refusal("objectClasses: ( 1.2.3 NAME ( 'x' 'person' ) )").1,
        taken("person", "2.5.6.6")
    );
    // A class and an attribute type may share a name (RFC 4512 6.2), not so two types an identifier.
    with("objectClasses: ( 1.2.3 NAME 'cn' AUXILIARY )");
    assert_eq!(
        refusal("attributeTypes: ( 2.5.4.3 NAME 'x' SUP name )").1,
        Refusal::Different("NAME")
    );
}

#[test]
fn a_definition_may_come_again_when_it_means_the_same() {
    let schema = with(
        "attributeTypes: ( 2.5.4.4 NAME 'surname' DESC 'another text' SUP 2.5.4.41 X-ORIGIN 'x' )\n\
         attributeTypes: ( 2.5.4.13 NAME 'description' EQUALITY 2.5.13.2 \
         SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{1024} )\n\
         objectClasses: ( 2.5.6.6 NAME 'person' SUP top MUST ( commonName $ surname ) \
         MAY ( description $ seeAlso $ telephoneNumber $ userPassword ) )\n\
         attributeTypes: ( 1.2.3 NAME 'x' SUP name )\n\
         attributeTypes: ( 1.2.3 NAME 'x' SUP name )\n",
    );
    // The first definition stays.
    let sn = schema.attribute(schema.attribute_id("surname").unwrap());
    assert_eq!((sn.name(), sn.text.contains("DESC")), ("sn", false));
}

#[test]
fn a_definition_that_comes_again_and_means_something_else_is_refused() {
    let description =
        |fields: &str| format!("attributeTypes: ( 2.5.4.13 NAME 'description' {fields} )");
    let rules = "EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch";
    let string = "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15";
    for (ldif, what) in [
        (description(&format!("SUP name {rules} {string}")), "SUP"),
        (description(&format!("SUBSTR caseIgnoreSubstringsMatch {string}")), "EQUALITY"),
        (description(&format!("EQUALITY caseIgnoreMatch {string}")), "SUBSTR"),
        (description(&format!("{rules} ORDERING caseIgnoreOrderingMatch {string}")), "ORDERING"),
        (description(&format!("{rules} SYNTAX 1.3.6.1.4.1.1466.115.121.1.26")), "SYNTAX"),
        (description(&format!("{rules} {string} SINGLE-VALUE")), "SINGLE-VALUE"),
        (description(&format!("{rules} {string} COLLECTIVE")), "COLLECTIVE"),
        (description(&format!("{rules} {string} USAGE dSAOperation")), "USAGE"),
        (
            "objectClasses: ( 1.3.6.1.4.1.1466.344 NAME 'dcObject' SUP top MUST dc )".into(),
            "kind",
        ),
        (
            "objectClasses: ( 1.3.6.1.4.1.1466.344 NAME 'dcObject' SUP top AUXILIARY MAY dc )".into(),
            "MUST",
        ),
        (
            "objectClasses: ( 1.3.6.1.4.1.1466.344 NAME 'dcObject' SUP top AUXILIARY MUST dc MAY o )"
                .into(),
            "MAY",
        ),
        (
            "objectClasses: ( 1.3.6.1.4.1.1466.344 NAME 'dcObject' AUXILIARY MUST ( dc $ objectClass ) )"
                .into(),
            "SUP",
        ),
    ] {
        assert_eq!(refusal(&ldif).1, Refusal::Different(what), "{ldif}");
    }
}

#[test]
fn usage_is_inherited_and_never_changed() {
    let (name, refusal) = refusal("attributeTypes: ( 1.2.3 NAME 'x' SUP name USAGE dSAOperation )");
    assert_eq!(name, "x");
    assert_eq!(refusal, Refusal::UsageOfSupertype("name".into()));
}

#[test]
fn classes_derive_from_their_own_kind_or_from_abstract_ones() {
    for (class, from) in [
        ("SUP person AUXILIARY", "person"),
        ("SUP posixAccount STRUCTURAL", "posixAccount"),
        ("SUP person ABSTRACT", "person"),
        ("SUP ( top $ posixAccount ) ABSTRACT", "posixAccount"),
    ] {
        let (_, refusal) = refusal(&format!("objectClasses: ( 1.2.3 NAME 'x' {class} )"));
        assert_eq!(refusal, Refusal::KindOfSuperclass(from.into()), "{class}");
    }
    with("objectClasses: ( 1.2.3 NAME 'x' SUP ( posixAccount $ top ) AUXILIARY )");
}

#[test]
fn a_structural_class_derives_from_top_without_saying_so() {
    let schema =
        with("objectClasses: ( 1.2.3 NAME 'x' )\nobjectClasses: ( 1.2.4 NAME 'y' AUXILIARY )\n");
    let id = |name| schema.class_id(name).unwrap();
    assert_eq!(schema.class(id("x")).kind, ClassKind::Structural);
    assert_eq!(schema.superclasses(id("x")), [id("top")]);
    assert_eq!(schema.superclasses(id("y")), []);
    let texts: Vec<&str> = schema.object_class_descriptions().collect();
    assert!(texts.contains(&"( 1.2.3 NAME 'x' STRUCTURAL )"));
}

#[test]
fn a_class_has_what_all_its_superclasses_require_and_allow() {
    let schema = with(
        "objectClasses: ( 1.2.3 NAME 'x' SUP ( person $ organizationalUnit ) MUST description \
         MAY ( cn $ title $ title ) )\n",
    );
    let class = schema.class(schema.class_id("x").unwrap());
    let id = |name| schema.attribute_id(name).unwrap();
    for name in ["objectClass", "cn", "sn", "ou", "description"] {
        assert!(class.must.contains(&id(name)), "{name}");
        assert!(!class.may.contains(&id(name)), "{name}");
    }
    for name in ["title", "seeAlso", "postalCode"] {
        assert!(class.may.contains(&id(name)), "{name}");
        assert!(class.allows(id(name)));
    }
    assert!(!class.allows(id("mail")));
    assert!(class.may.is_sorted() && class.must.is_sorted());
    let superclasses = schema.superclasses(schema.class_id("x").unwrap());
    let names: Vec<&str> = superclasses
        .iter()
        .map(|id| schema.class(*id).name())
        .collect();
    assert_eq!(names, ["person", "organizationalUnit", "top"]);
}
