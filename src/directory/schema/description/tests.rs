//! Attribute descriptions: types, options, and what is none.

use super::*;
use crate::directory::schema::PosixGroup;
use proptest::prelude::*;

fn schema() -> Schema {
    Schema::built_in(PosixGroup::Auxiliary).unwrap()
}

#[test]
fn descriptions_are_read_and_written() {
    let schema = schema();
    for (text, written) in [
        ("CN", "cn"),
        ("commonname", "cn"),
        ("2.5.4.0", "objectClass"),
        ("cn;lang-en;lang-de", "cn;lang-de;lang-en"),
        ("givenName;lang-en-US;LANG-EN-us", "givenName;lang-en-us"),
        ("SN;lang-de;lang-gem-PFL", "sn;lang-de;lang-gem-pfl"),
        ("userCertificate", "userCertificate;binary"),
        ("2.5.4.36;Binary", "userCertificate;binary"),
        ("cACertificate;BINARY;binary", "cACertificate;binary"),
        ("userPKCS12;binary", "userPKCS12"),
    ] {
        let description = AttributeDescription::parse(&schema, text).unwrap();
        assert_eq!(description.display(&schema).to_string(), written, "{text}");
        let again = AttributeDescription::parse(&schema, written);
        assert_eq!(again, Ok(description), "{text}");
    }
}

#[test]
fn the_binary_option_makes_no_other_attribute() {
    let schema = schema();
    let parse = |text| AttributeDescription::parse(&schema, text).unwrap();
    assert_eq!(parse("userCertificate"), parse("userCertificate;binary"));
}

#[test]
fn malformed_descriptions_are_told_from_unknown_ones() {
    use DescriptionError::{Malformed, UnknownOption, UnknownType};
    let schema = schema();
    for (text, error) in [
        ("", Malformed),
        (";lang-de", Malformed),
        ("cn;", Malformed),
        ("cn;;lang-de", Malformed),
        ("cn;lang_de", Malformed),
        ("c n", Malformed),
        ("1.2.", Malformed),
        ("2", Malformed),
        ("-cn", Malformed),
        ("member;range=0-99", Malformed),
        ("nobody;x=y", Malformed),
        ("nobody", UnknownType),
        ("nobody;x-foo", UnknownType),
        ("1.2.3", UnknownType),
        ("cn;x-foo", UnknownOption),
        ("cn;binary", UnknownOption),
        ("cn;lang-", UnknownOption),
        ("cn;lang-de-", UnknownOption),
        ("cn;lang-1a", UnknownOption),
        ("cn;lang-abcdefghi", UnknownOption),
        ("cn;lang-de;x-foo", UnknownOption),
        // Neither text in a language nor for users.
        ("member;lang-de", UnknownOption),
        ("objectClass;lang-de", UnknownOption),
        ("uidNumber;lang-de", UnknownOption),
        ("userCertificate;lang-de", UnknownOption),
        ("vendorName;lang-de", UnknownOption),
    ] {
        let result = AttributeDescription::parse(&schema, text);
        assert_eq!(result, Err(error), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[cn;langde-]{0,24}|\\PC{0,20}") {
        let schema = Schema::empty();
        prop_assert!(AttributeDescription::parse(&schema, &text).is_err());
    }
}
