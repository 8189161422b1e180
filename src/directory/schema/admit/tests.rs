//! What an entry must be like to be stored, and the words with which others are refused.

mod difference;

use super::*;
use crate::directory::schema::rule::MAX_EFFORT;
use crate::directory::schema::well_known::OBJECT_CLASS;
use crate::directory::schema::{AttributeDescription, PosixGroup, Violation as V};
use proptest::prelude::*;
use std::sync::LazyLock;

/// The built-in schema with what the tests need beside.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let mut schema = Schema::built_in(PosixGroup::Auxiliary).unwrap();
    schema
        .load(
            "test",
            "objectClasses: ( 1.2.3.1 NAME 'abstractThing' SUP top ABSTRACT MAY title )\n\
             objectClasses: ( 1.2.3.2 NAME 'thing' SUP abstractThing STRUCTURAL MUST cn )\n\
             objectClasses: ( 1.2.3.3 NAME 'lowerExtra' SUP upperExtra AUXILIARY MUST mail )\n\
             objectClasses: ( 1.2.3.4 NAME 'upperExtra' AUXILIARY MAY description )\n\
             objectClasses: ( 1.2.3.5 NAME 'named' SUP top STRUCTURAL MUST name )\n",
        )
        .unwrap();
    schema
});

fn entry(text: &str) -> Attributes {
    let mut attributes = Attributes::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap();
        let description = AttributeDescription::parse(&SCHEMA, name).unwrap();
        let value = value.as_bytes().to_vec();
        match attributes.find_mut(&description) {
            Some(values) => values.push(value),
            None => {
                attributes.insert(Attribute {
                    description,
                    values: vec![value],
                });
            }
        }
    }
    attributes
}

fn admit(text: &str) -> Result<Vec<String>, V> {
    let mut attributes = entry(text);
    SCHEMA.admit(&mut attributes, &[])?;
    let classes = attributes.values(OBJECT_CLASS).to_vec();
    Ok(classes
        .into_iter()
        .map(|class| String::from_utf8(class).unwrap())
        .collect())
}

fn with_rdn(text: &str, rdn: &[(&str, &str)]) -> Result<(), V> {
    let rdn: Vec<_> = rdn
        .iter()
        .map(|(name, value)| {
            (
                SCHEMA.attribute_id(name).unwrap(),
                value.as_bytes().to_vec(),
            )
        })
        .collect();
    SCHEMA.admit(&mut entry(text), &rdn)
}

const PERSON: &str = "objectClass: person\ncn: Jo Doe\nsn: Doe\n";

#[test]
fn an_ordinary_person_is_admitted_and_gets_the_superclasses() {
    let classes = admit(
        "objectClass: INETORGPERSON
         objectClass: posixAccount
         cn: Jo Doe
         cn;lang-de: Jo Döe
         sn: Doe
         uid: jo
         uidNumber: 1000
         gidNumber: 1000
         homeDirectory: /home/jo
         mail: jo@example.org
         userPassword: secret
         entryUUID: 597ae2f6-16a6-1027-98f4-d28b5365dc14",
    );
    let expected = [
        "INETORGPERSON",
        "posixAccount",
        "organizationalPerson",
        "person",
        "top",
    ];
    assert_eq!(classes.unwrap(), expected);
}

#[test]
fn superclasses_that_are_there_are_not_added_again() {
    let text = format!("objectClass: 2.5.6.0\n{PERSON}");
    assert_eq!(admit(&text).unwrap(), ["2.5.6.0", "person"]);
    let auxiliary = format!("{PERSON}objectClass: lowerExtra\nmail: a@b\ndescription: x\n");
    let expected = ["person", "lowerExtra", "top", "upperExtra"];
    assert_eq!(admit(&auxiliary).unwrap(), expected);
}

#[test]
fn an_entry_has_known_classes_each_once() {
    assert_eq!(admit("cn: x"), Err(V::NoObjectClass));
    assert_eq!(admit(""), Err(V::NoObjectClass));
    assert_eq!(
        admit("objectClass: person\nobjectClass: nothing"),
        Err(V::UnknownClass {
            position: 1,
            class: Some("nothing".into())
        })
    );
    assert_eq!(
        admit("objectClass: person\nobjectClass: top\nobjectClass: 2.5.6.6"),
        Err(V::EqualValues {
            attribute: "objectClass".into(),
            position: 2
        })
    );
}

#[test]
fn an_entry_has_one_chain_of_structural_classes() {
    for none in ["top", "posixAccount", "abstractThing"] {
        let text = format!("objectClass: {none}\n");
        assert_eq!(admit(&text), Err(V::NoStructuralClass), "{none}");
    }
    let both = format!("{PERSON}objectClass: account\nuid: jo\n");
    assert_eq!(
        admit(&both),
        Err(V::SeveralStructuralClasses {
            first: "person".into(),
            second: "account".into()
        })
    );
    // Two chains that one class joins are one chain.
    let pilot = "objectClass: organization
        objectClass: organizationalUnit
        objectClass: pilotOrganization
        o: x\nou: y";
    assert!(admit(pilot).is_ok());
    let apart = "objectClass: organization\nobjectClass: organizationalUnit\no: x\nou: y";
    assert!(matches!(
        admit(apart),
        Err(V::SeveralStructuralClasses { .. })
    ));
}

#[test]
fn an_abstract_class_needs_a_class_that_derives_from_it() {
    let lonely = format!("{PERSON}objectClass: abstractThing\ntitle: x\n");
    assert_eq!(
        admit(&lonely),
        Err(V::AbstractClass {
            class: "abstractThing".into()
        })
    );
    let thing = "objectClass: abstractThing\nobjectClass: thing\ncn: x\ntitle: y";
    assert!(admit(thing).is_ok());
}

#[test]
fn what_a_class_requires_must_be_there() {
    let missing = |class: &str, attribute: &str| {
        Err(V::MissingAttribute {
            class: class.into(),
            attribute: attribute.into(),
        })
    };
    assert_eq!(admit("objectClass: person\ncn: x"), missing("person", "sn"));
    let inherited = format!("{PERSON}objectClass: lowerExtra\n");
    assert_eq!(admit(&inherited), missing("lowerExtra", "mail"));
    assert_eq!(
        admit("objectClass: groupOfNames\ncn: x"),
        missing("groupOfNames", "member")
    );
    assert!(admit("objectClass: groupOfMembers\ncn: x").is_ok());
}

#[test]
fn options_satisfy_a_requirement_and_subtypes_do_not() {
    // RFC 4512 2.5.3
    assert!(admit("objectClass: named\nname: x").is_ok());
    assert!(admit("objectClass: named\nname;lang-de: x").is_ok());
    let missing = V::MissingAttribute {
        class: "named".into(),
        attribute: "name".into(),
    };
    assert_eq!(admit("objectClass: named\ncn: x"), Err(missing));
    let forbidden = V::ForbiddenAttribute {
        attribute: "cn".into(),
    };
    assert_eq!(admit("objectClass: named\nname: x\ncn: x"), Err(forbidden));
}

#[test]
fn only_what_a_class_allows_may_be_there() {
    let forbidden = |attribute: &str| {
        Err(V::ForbiddenAttribute {
            attribute: attribute.into(),
        })
    };
    assert_eq!(admit(&format!("{PERSON}mail: a@b")), forbidden("mail"));
    assert_eq!(
        admit(&format!("{PERSON}mail;lang-de: a@b")),
        forbidden("mail;lang-de")
    );
    for allowed in [
        "createTimestamp: 20261122000000Z",
        "memberOf: cn=x",
        "objectClass: extensibleObject\nmail: a@b\nuidNumber: 1",
        "objectClass: inetOrgPerson\nmail: a@b",
    ] {
        assert!(admit(&format!("{PERSON}{allowed}")).is_ok(), "{allowed}");
    }
}

#[test]
fn undefined_attributes_and_unknown_options_are_told() {
    for (id, options) in [
        (u16::MAX, ""),
        (13, "x-foo"),
        (13, "binary"),
        (13, "lang-de;lang-"),
        (13, "lang-en;lang-de"),
        (13, "lang-de;lang-de"),
        (OBJECT_CLASS.0, "lang-de"),
        (13, "LANG-DE"),
    ] {
        let mut attributes = entry(PERSON);
        attributes.insert(Attribute {
            description: AttributeDescription {
                attribute: AttributeTypeId(id),
                options: Some(options.into()),
            },
            values: vec![b"x".to_vec()],
        });
        let violation = SCHEMA.admit(&mut attributes, &[]).unwrap_err();
        assert!(
            matches!(violation, V::UndefinedAttribute { .. }),
            "{options}: {violation}"
        );
    }
}

#[test]
fn values_are_of_the_syntax_and_told_by_position() {
    let text = format!(
        "{PERSON}objectClass: posixAccount\nuid: jo\nhomeDirectory: /\ngidNumber: 1\nuidNumber: secret-number\n"
    );
    let violation = admit(&text).unwrap_err();
    let V::InvalidValue {
        attribute,
        position,
        ..
    } = &violation
    else {
        panic!("{violation}");
    };
    assert_eq!((attribute.as_str(), *position), ("uidNumber", 0));
    assert!(!violation.to_string().contains("secret-number"));
    let text = format!("{PERSON}seeAlso: cn=good\nseeAlso: no name\n");
    assert!(matches!(
        admit(&text),
        Err(V::InvalidValue { position: 1, .. })
    ));
}

#[test]
fn a_value_that_does_not_equal_itself_is_refused() {
    // RFC 4512 2.2
    let text = format!("{PERSON}description: \u{fffd}\n");
    assert!(matches!(
        admit(&text),
        Err(V::InvalidValue { position: 0, .. })
    ));
}

#[test]
fn lengths_are_advice() {
    // mail has a bound of 256 characters
    let text = format!(
        "{PERSON}objectClass: inetOrgPerson\nmail: {}@b\n",
        "a".repeat(1000)
    );
    assert!(admit(&text).is_ok());
}

#[test]
fn an_attribute_has_values_and_a_single_valued_one_has_one() {
    let mut attributes = entry(PERSON);
    let description = AttributeDescription::parse(&SCHEMA, "description").unwrap();
    attributes.insert(Attribute {
        description,
        values: vec![],
    });
    assert_eq!(
        SCHEMA.admit(&mut attributes, &[]),
        Err(V::NoValues {
            attribute: "description".into()
        })
    );
    let text = format!("{PERSON}objectClass: inetOrgPerson\ndisplayName: a\ndisplayName: b\n");
    assert_eq!(
        admit(&text),
        Err(V::SeveralValues {
            attribute: "displayName".into()
        })
    );
    // Each combination of options is an attribute of its own.
    let text =
        format!("{PERSON}objectClass: inetOrgPerson\ndisplayName: a\ndisplayName;lang-de: b\n");
    assert!(admit(&text).is_ok());
}

#[test]
fn no_two_values_are_equal_by_the_rule_of_the_type() {
    let equal = |attribute: &str, position| {
        Err(V::EqualValues {
            attribute: attribute.into(),
            position,
        })
    };
    let text = format!("{PERSON}cn: other\ncn: JO  DOE\n");
    assert_eq!(admit(&text), equal("cn", 2));
    let text = format!("{PERSON}seeAlso: cn=a,dc=b\nseeAlso: CN=A, DC=B\n");
    assert_eq!(admit(&text), equal("seeAlso", 1));
    // userPassword compares octets, and jpegPhoto has no rule: octets again.
    let text = format!("{PERSON}userPassword: a\nuserPassword: A\nuserPassword: a\n");
    assert_eq!(admit(&text), equal("userPassword", 2));
    let photos = "objectClass: inetOrgPerson\njpegPhoto: a\njpegPhoto: b\njpegPhoto: a\n";
    assert_eq!(admit(&format!("{PERSON}{photos}")), equal("jpegPhoto", 2));
    // Equal values under different options are two attributes.
    assert!(admit(&format!("{PERSON}cn;lang-de: Jo Doe\n")).is_ok());
}

#[test]
fn equal_values_are_found_in_large_sets_as_in_small_ones() {
    for count in [2, 12, 13, 5_000] {
        let mut text = String::from("objectClass: groupOfNames\ncn: x\n");
        for member in 0..count {
            text.push_str(&format!("member: uid=u{member},dc=example\n"));
        }
        assert!(admit(&text).is_ok(), "{count}");
        text.push_str("member: UID=U1,DC=example\n");
        assert_eq!(
            admit(&text),
            Err(V::EqualValues {
                attribute: "member".into(),
                position: count
            })
        );
    }
}

#[test]
fn the_entry_holds_the_values_of_its_name() {
    assert_eq!(with_rdn(PERSON, &[("cn", "jo  doe")]), Ok(()));
    assert_eq!(with_rdn(PERSON, &[("cn", "Jo Doe"), ("sn", "DOE")]), Ok(()));
    let not_there = |attribute: &str| {
        Err(V::NameNotInEntry {
            attribute: attribute.into(),
        })
    };
    assert_eq!(with_rdn(PERSON, &[("cn", "Jo")]), not_there("cn"));
    assert_eq!(
        with_rdn(PERSON, &[("cn", "Jo Doe"), ("uid", "jo")]),
        not_there("uid")
    );
    // Neither a supertype, nor an attribute with options (RFC 4512 2.3.1), nor what cannot be compared.
    assert_eq!(with_rdn(PERSON, &[("name", "Jo Doe")]), not_there("name"));
    assert_eq!(with_rdn(PERSON, &[("cn", "\u{fffd}")]), not_there("cn"));
    let tagged = "objectClass: person\ncn;lang-de: Jo\nsn: Doe\n";
    assert_eq!(with_rdn(tagged, &[("cn", "Jo")]), not_there("cn"));
    let photo = format!("objectClass: inetOrgPerson\njpegPhoto: x\n{PERSON}");
    assert_eq!(
        with_rdn(&photo, &[("jpegPhoto", "x")]),
        Err(V::NotForNaming {
            attribute: "jpegPhoto".into()
        })
    );
}

#[test]
fn the_structural_class_is_the_lowest_of_the_chain() {
    for (text, class) in [
        (
            "objectClass: top\nobjectClass: inetOrgPerson",
            Some("inetOrgPerson"),
        ),
        (
            "objectClass: inetOrgPerson\nobjectClass: person\nobjectClass: posixAccount",
            Some("inetOrgPerson"),
        ),
        (
            "objectClass: organization\nobjectClass: organizationalUnit\nobjectClass: pilotOrganization",
            Some("pilotOrganization"),
        ),
        ("objectClass: person\nobjectClass: account", None),
        ("objectClass: top\nobjectClass: posixAccount", None),
        ("objectClass: person\nobjectClass: nothing", None),
        ("cn: x", None),
    ] {
        let found = SCHEMA.structural_class(&entry(text));
        let found = found.map(|id| SCHEMA.class(id).name());
        assert_eq!(found, class, "{text}");
    }
}

#[test]
fn violations_say_what_kind_they_are_and_what_is_wrong() {
    for (text, kind, message) in [
        (
            "objectClass: person\ncn: x",
            ViolationKind::ObjectClass,
            "the class person requires sn",
        ),
        (
            "objectClass: person\ncn: x\nsn: y\nmail: a@b",
            ViolationKind::ObjectClass,
            "no class of the entry allows mail",
        ),
        (
            "objectClass: person\ncn: x\nsn: y\ntelephoneNumber: \u{1}",
            ViolationKind::InvalidAttributeSyntax,
            "value 0 of telephoneNumber is invalid: ",
        ),
        (
            "objectClass: person\ncn: x\ncn: X\nsn: y",
            ViolationKind::AttributeOrValueExists,
            "value 1 of cn equals an earlier one",
        ),
        (
            "objectClass: domain\ndc: x\ndc: y",
            ViolationKind::Constraint,
            "dc can have one value only",
        ),
    ] {
        let violation = admit(text).unwrap_err();
        assert_eq!(violation.kind(), kind);
        assert!(violation.to_string().starts_with(message), "{violation}");
    }
    let violation = with_rdn(PERSON, &[("cn", "x")]).unwrap_err();
    assert_eq!(violation.kind(), ViolationKind::Naming);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_admitted_entry_is_admitted_again_unchanged(
        classes in prop::sample::subsequence(
            vec!["top", "person", "inetOrgPerson", "posixAccount", "account", "thing", "lowerExtra"],
            0..=7,
        ),
        extra in prop::sample::subsequence(
            vec!["uidNumber: 1", "gidNumber: 1", "homeDirectory: /", "mail: a@b", "title: x"],
            0..=5,
        ),
    ) {
        let mut text = String::from("cn: a\nsn: b\nuid: c\n");
        for class in classes { text.push_str(&format!("objectClass: {class}\n")); }
        for line in extra { text.push_str(line); text.push('\n'); }
        let mut attributes = entry(&text);
        if SCHEMA.admit(&mut attributes, &[]).is_ok() {
            let admitted = attributes.clone();
            prop_assert_eq!(SCHEMA.admit(&mut attributes, &[]), Ok(()));
            prop_assert_eq!(attributes, admitted.clone());
            prop_assert!(SCHEMA.structural_class(&admitted).is_some());
        }
    }

    #[test]
    fn hashing_and_comparing_find_the_same_first_repeated_value(
        values in prop::collection::vec("[a-cA-C ]{1,3}", 2..30),
    ) {
        let mut attributes = entry(PERSON);
        let cn = AttributeDescription::parse(&SCHEMA, "cn").unwrap();
        let values: Vec<Vec<u8>> = values.into_iter().map(String::into_bytes).collect();
        let rule = SCHEMA.attribute(cn.attribute).equality.unwrap();
        let forms: Vec<Vec<u8>> = values
            .iter()
            .map(|value| {
                let mut form = Vec::new();
                rule.normalize_value(&SCHEMA, value, &mut form).unwrap();
                form
            })
            .collect();
        let expected = (0..forms.len()).find(|position| forms[..*position].contains(&forms[*position]));
        attributes.insert(Attribute { description: cn, values });
        let expected = expected.map_or(Ok(()), |position| {
            Err(V::EqualValues { attribute: "cn".into(), position })
        });
        prop_assert_eq!(SCHEMA.admit(&mut attributes, &[]), expected);
    }
}

#[test]
fn an_entry_has_no_more_text_than_a_search_can_compare() {
    const HEAD: &str = "objectClass: organizationalUnit\nou: x\n";
    let ligatures = "\u{fdfa}".repeat(MAX_EFFORT / 18);
    let with = |more: &str| {
        let mut attributes = entry(&format!("{HEAD}description: {ligatures}\nl: {more}\n"));
        SCHEMA.admit(&mut attributes, &[])
    };
    assert_eq!(with(&"\u{416}".repeat(MAX_EFFORT % 18)), Ok(()));
    assert_eq!(with(&"\u{416}".repeat(18)), Err(V::TooMuchText));
    // Letters of ASCII take nothing; members are found by their entries, and octets compared as they are.
    assert_eq!(with(&"x".repeat(MAX_EFFORT)), Ok(()));
    // A change is held to it with what stays.
    let mut before = entry(&format!("{HEAD}description: {ligatures}\n"));
    SCHEMA.admit(&mut before, &[]).unwrap();
    let mut after = before.clone();
    after.insert(Attribute {
        description: AttributeDescription::parse(&SCHEMA, "l").unwrap(),
        values: vec!["\u{416}".repeat(18).into_bytes()],
    });
    let difference = Difference::between(&before, &after);
    let judged = SCHEMA.admit_difference(&difference, &after, &[]);
    assert_eq!(judged, Err(V::TooMuchText));
    let class = "objectClass: groupOfNames\nobjectClass: simpleSecurityObject\ncn: x\n";
    let name = "\u{416}".repeat(30_000);
    let members: String = (0..40).map(|n| format!("member: cn={n}{name}\n")).collect();
    let text = format!("{class}userPassword: {ligatures}{ligatures}\n{members}");
    assert_eq!(SCHEMA.admit(&mut entry(&text), &[]), Ok(()));
}
