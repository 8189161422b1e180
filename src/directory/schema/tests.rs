//! The schema asked by name, identifier and descent.

use super::*;

fn built_in() -> Schema {
    Schema::built_in(PosixGroup::Auxiliary).unwrap()
}

#[test]
fn definitions_are_found_by_any_name_in_any_case_and_by_identifier() {
    let schema = built_in();
    let cn = schema.attribute_id("cn").unwrap();
    for name in ["CN", "commonName", "COMMONNAME", "2.5.4.3"] {
        assert_eq!(schema.attribute_id(name), Some(cn));
    }
    assert_eq!(schema.attribute(cn).name(), "cn");
    let person = schema.class_id("inetOrgPerson").unwrap();
    assert_eq!(schema.class_id("2.16.840.1.113730.3.2.2"), Some(person));
    assert_eq!(schema.class(person).name(), "inetOrgPerson");
}

#[test]
fn nothing_else_is_found() {
    let schema = built_in();
    let long = "c".repeat(1_000_000);
    for name in [
        "",
        " cn",
        "cn;lang-de",
        "2.5.4",
        "person",
        "cñ",
        long.as_str(),
    ] {
        assert_eq!(schema.attribute_id(name), None);
    }
    assert_eq!(schema.class_id("cn"), None);
}

#[test]
fn identifiers_of_another_schema_give_something_that_allows_nothing() {
    let schema = built_in();
    let (attribute, class) = (AttributeTypeId(u16::MAX), ClassId(u16::MAX));
    assert_eq!(schema.attribute(attribute).name(), "unknown");
    assert!(schema.attribute(attribute).is_secret());
    assert_eq!(schema.class(class).name(), "unknown");
    assert_eq!(schema.subtypes(attribute), []);
    assert_eq!(schema.superclasses(class), []);
}

#[test]
fn an_attribute_type_knows_what_derives_from_it() {
    let schema = built_in();
    let id = |name| schema.attribute_id(name).unwrap();
    assert_eq!(schema.subtypes(id("cn")).first(), Some(&id("cn")));
    assert!(!schema.subtypes(id("cn")).contains(&id("name")));
    assert!(!schema.subtypes(id("sn")).contains(&id("cn")));
    let names = schema.subtypes(id("name"));
    assert_eq!(names.first(), Some(&id("name")));
    for name in ["cn", "sn", "ou", "givenName", "title"] {
        assert!(names.contains(&id(name)), "{name}");
    }
    assert!(!names.contains(&id("uid")));
    assert_eq!(schema.subtypes(id("uid")), [id("uid")]);
}

#[test]
fn superclasses_go_all_the_way_up() {
    let schema = built_in();
    let person = schema.class_id("inetOrgPerson").unwrap();
    let names: Vec<&str> = schema
        .superclasses(person)
        .iter()
        .map(|id| schema.class(*id).name())
        .collect();
    assert_eq!(names, ["organizationalPerson", "person", "top"]);
    assert_eq!(schema.superclasses(well_known::class::TOP), []);
}
