//! Definitions read from their text, refused where it is wrong, and written back.

use super::*;
use proptest::prelude::*;

fn attribute_type(text: &str) -> Result<AttributeTypeDefinition, DefinitionError> {
    AttributeTypeDefinition::parse(text, &OidMacros::default())
}

fn object_class(text: &str) -> Result<ObjectClassDefinition, DefinitionError> {
    ObjectClassDefinition::parse(text, &OidMacros::default())
}

fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[test]
fn an_attribute_type_has_every_field_of_the_grammar() {
    let text = "( 1.2.3 NAME ( 'a' 'a-2' ) DESC 'It\\27s \\5C' OBSOLETE SUP name EQUALITY e \
                ORDERING 2.5.13.3 SUBSTR s SYNTAX 1.3.6{64} SINGLE-VALUE NO-USER-MODIFICATION \
                USAGE dSAOperation X-ORIGIN 'here' X-TWO ( 'b' 'c' ) )";
    let definition = attribute_type(text).unwrap();
    let expected = AttributeTypeDefinition {
        oid: "1.2.3".into(),
        names: strings(&["a", "a-2"]),
        description: Some("It's \\".into()),
        obsolete: true,
        superior: Some("name".into()),
        equality: Some("e".into()),
        ordering: Some("2.5.13.3".into()),
        substrings: Some("s".into()),
        syntax: Some("1.3.6".into()),
        syntax_bound: Some(64),
        single_value: true,
        collective: false,
        no_user_modification: true,
        usage: Usage::DsaOperation,
        extensions: vec![
            Extension {
                name: "X-ORIGIN".into(),
                values: strings(&["here"]),
            },
            Extension {
                name: "X-TWO".into(),
                values: strings(&["b", "c"]),
            },
        ],
    };
    assert_eq!(definition, expected);
    assert_eq!(definition.to_string(), text);
}

#[test]
fn an_object_class_has_every_field_of_the_grammar() {
    let text = "( 1.2.3 NAME 'a' DESC 'd' OBSOLETE SUP ( b $ c ) AUXILIARY MUST d \
                MAY ( e $ 1.2.4 $ f ) X-ORIGIN 'here' )";
    let definition = object_class(text).unwrap();
    let expected = ObjectClassDefinition {
        oid: "1.2.3".into(),
        names: strings(&["a"]),
        description: Some("d".into()),
        obsolete: true,
        superiors: strings(&["b", "c"]),
        kind: ClassKind::Auxiliary,
        must: strings(&["d"]),
        may: strings(&["e", "1.2.4", "f"]),
        extensions: vec![Extension {
            name: "X-ORIGIN".into(),
            values: strings(&["here"]),
        }],
    };
    assert_eq!(definition, expected);
    assert_eq!(definition.to_string(), text);
}

#[test]
fn examples_of_the_standard_are_read_and_written_alike() {
    for text in [
        "( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )",
        "( 2.5.6.1 NAME 'alias' SUP top STRUCTURAL MUST aliasedObjectName )",
        "( 1.3.6.1.4.1.1466.101.120.111 NAME 'extensibleObject' SUP top AUXILIARY )",
    ] {
        assert_eq!(object_class(text).unwrap().to_string(), text);
    }
    for text in [
        "( 2.5.4.0 NAME 'objectClass' EQUALITY objectIdentifierMatch \
         SYNTAX 1.3.6.1.4.1.1466.115.121.1.38 )",
        "( 2.5.18.1 NAME 'createTimestamp' EQUALITY generalizedTimeMatch \
         ORDERING generalizedTimeOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE \
         NO-USER-MODIFICATION USAGE directoryOperation )",
    ] {
        assert_eq!(attribute_type(text).unwrap().to_string(), text);
    }
    // The kind of a class is written even where it is the default.
    let class = object_class("( 1.2 NAME 'c' )").unwrap();
    assert_eq!(class.to_string(), "( 1.2 NAME 'c' STRUCTURAL )");
}

#[test]
fn what_files_in_use_have_beyond_the_grammar_is_read() {
    let plain = attribute_type("( 1.2 NAME 'a' SUBSTR s SYNTAX 1.3{5} SINGLE-VALUE )").unwrap();
    for text in [
        "(1.2 NAME'a'SUBSTR s SYNTAX 1.3{5} SINGLE-VALUE)",
        " (\n\t1.2  name ( 'a' )\r\n substr s syntax 1.3{5} single-value\t) ",
        "( '1.2' NAME a SUBSTRINGS s SYNTAX '1.3{5}' DESC '' SINGLE-VALUE )",
        "( 1.2 SYNTAX 1.3{5} SINGLE-VALUE SUBSTR 's' NAME 'a' )",
    ] {
        assert_eq!(attribute_type(text).as_ref(), Ok(&plain), "{text}");
    }
    let class = object_class("( 1.2 NAME ( ) MAY(a$b) MUST ( c ) auxiliary )").unwrap();
    assert_eq!(class.to_string(), "( 1.2 AUXILIARY MUST c MAY ( a $ b ) )");
    let backslash = attribute_type("( 1.2 SUP b DESC 'C:\\temp \\2 \\5C27\\' )").unwrap();
    assert_eq!(
        backslash.description.as_deref(),
        Some("C:\\temp \\2 \\27\\")
    );
}

#[test]
fn macros_stand_for_object_identifiers() {
    let mut macros = OidMacros::default();
    macros.define("acme", "1.3.6.1.4.1.99999").unwrap();
    macros.define("acmeAttributes", "ACME:1").unwrap();
    let text = "( acmeattributes:7.1 NAME 'a' SYNTAX acmeAttributes{3} )";
    let definition = AttributeTypeDefinition::parse(text, &macros).unwrap();
    assert_eq!(definition.oid, "1.3.6.1.4.1.99999.1.7.1");
    assert_eq!(definition.syntax.as_deref(), Some("1.3.6.1.4.1.99999.1"));
    for text in ["acme:", "acme", "1.2"] {
        assert!(macros.expand(text).is_ok(), "{text}");
    }
    for text in ["acme:x", "acme:01", "acme:1:2", "nobody:1", "", ":", "1"] {
        assert!(macros.expand(text).is_err(), "{text}");
    }
    assert!(macros.define("a_b", "1.2").is_err());
    assert!(macros.define("loop", "loop:1").is_err());
}

#[test]
fn errors_name_the_definition_and_point_at_the_word() {
    use DefinitionProblem as Problem;
    let cases: &[(&str, &str, Problem)] = &[
        ("", "", Problem::Expected("an opening parenthesis")),
        ("@1.2 )", "", Problem::Expected("an opening parenthesis")),
        ("( @", "", Problem::Expected("an object identifier")),
        (
            "( @foo-oid NAME 'a' )",
            "",
            Problem::NotAnOid("foo-oid".into()),
        ),
        ("( @1 NAME 'a' )", "", Problem::NotAnOid("1".into())),
        ("( 1.2@", "1.2", Problem::Unclosed),
        (
            "( 1.2 NAME @'a_b' SUP x )",
            "1.2",
            Problem::NotADescriptor("a_b".into()),
        ),
        ("( 1.2 NAME 'a' DESC @'x )", "a", Problem::UnclosedQuote),
        (
            "( 1.2 NAME 'a' DESC @x )",
            "a",
            Problem::Expected("a string in quotes"),
        ),
        (
            "( 1.2 NAME 'a' @'SUP' x )",
            "a",
            Problem::Expected("a keyword"),
        ),
        (
            "( 1.2 NAME 'a' @MUST x )",
            "a",
            Problem::UnknownKeyword("MUST".into()),
        ),
        (
            "( 1.2 NAME 'a' @X- 'x' )",
            "a",
            Problem::UnknownKeyword("X-".into()),
        ),
        (
            "( 1.2 NAME 'a' SUP x @sup y )",
            "a",
            Problem::Repeated("SUP".into()),
        ),
        (
            "( 1.2 NAME 'a' SUP @( x ) )",
            "a",
            Problem::Expected("a name or an object identifier"),
        ),
        (
            "( 1.2 NAME 'a' SYNTAX @1.3{x} )",
            "a",
            Problem::InvalidBound("1.3{x}".into()),
        ),
        (
            "( 1.2 NAME 'a' SYNTAX @1.3{4294967296} )",
            "a",
            Problem::InvalidBound("1.3{4294967296}".into()),
        ),
        (
            "( 1.2 NAME 'a' SYNTAX @1.3{5 )",
            "a",
            Problem::InvalidBound("1.3{5".into()),
        ),
        (
            "( 1.2 NAME 'a' SUP x USAGE @all )",
            "a",
            Problem::UnknownUsage("all".into()),
        ),
        ("( 1.2 NAME 'a' SUP x ) @)", "a", Problem::TextAfterEnd),
        ("( 1.2 NAME 'a' )@", "a", Problem::NoSyntax),
        (
            "( 1.2 SUP x COLLECTIVE USAGE dSAOperation )@",
            "1.2",
            Problem::CollectiveOperational,
        ),
        (
            "( 1.2 SUP x NO-USER-MODIFICATION )@",
            "1.2",
            Problem::UnmodifiableUserAttribute,
        ),
    ];
    for (marked, name, problem) in cases {
        let text = marked.replace('@', "");
        let error = attribute_type(&text).unwrap_err();
        assert_eq!(error.problem, *problem, "{marked}");
        assert_eq!(error.name.as_deref().unwrap_or_default(), *name, "{marked}");
        assert_eq!(error.position, marked.find('@').unwrap_or(0), "{marked}");
        assert_eq!(error.kind, DefinitionKind::AttributeType);
    }
    let error = attribute_type("( 1.2 NAME 'a' SUP x sup y )").unwrap_err();
    assert_eq!(
        error.to_string(),
        "attribute type a, byte 21: SUP is given twice"
    );
}

#[test]
fn lists_of_names_need_dollar_signs() {
    for (text, position) in [
        ("( 1.2 MUST ( a b ) )", 15),
        ("( 1.2 MUST ( a $ ) )", 17),
        ("( 1.2 MUST ( ) )", 13),
        ("( 1.2 MUST ( a $ b", 18),
        ("( 1.2 ABSTRACT AUXILIARY )", 15),
    ] {
        let error = object_class(text).unwrap_err();
        assert_eq!(error.position, position, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = attribute_type(&text);
        let _ = object_class(&format!("( 1.2 {text}"));
    }

    #[test]
    fn what_is_written_is_read_back(
        names in prop::collection::vec("[a-zA-Z][a-zA-Z0-9-]{0,8}", 0..3),
        description in prop::option::of("\\PC{1,20}"),
        superiors in prop::collection::vec("[a-z][a-z0-9-]{0,8}|[1-9][.][1-9][0-9]", 0..4),
        bound in prop::option::of(any::<u32>()),
        flags in any::<[bool; 2]>(),
        values in prop::collection::vec("\\PC{0,10}", 1..3),
    ) {
        let extensions = vec![Extension { name: "X-SOME_THING".into(), values }];
        let attribute = AttributeTypeDefinition {
            oid: "1.2.3".into(),
            names: names.clone(),
            description: description.clone(),
            obsolete: flags[0],
            superior: superiors.first().cloned(),
            substrings: superiors.get(1).cloned(),
            syntax: Some("1.3.6".into()),
            syntax_bound: bound,
            single_value: flags[1],
            usage: Usage::DistributedOperation,
            extensions: extensions.clone(),
            ..Default::default()
        };
        prop_assert_eq!(attribute_type(&attribute.to_string()), Ok(attribute));
        let class = ObjectClassDefinition {
            oid: "1.2.3".into(),
            names,
            description,
            obsolete: flags[0],
            must: superiors.clone(),
            may: superiors.iter().take(1).cloned().collect(),
            superiors,
            kind: ClassKind::Abstract,
            extensions,
        };
        prop_assert_eq!(object_class(&class.to_string()), Ok(class));
    }
}
