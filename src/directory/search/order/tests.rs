//! How an order is understood, and that keys of values compare as the values do.

use proptest::prelude::*;

use super::*;
use crate::directory::schema::PosixGroup;

fn key(attribute: &str, rule: Option<&str>, reverse: bool) -> SortKey {
    SortKey {
        attribute: attribute.to_owned(),
        rule: rule.map(str::to_owned),
        reverse,
        otherwise: None,
    }
}

fn resolve(keys: &[SortKey]) -> Result<Order, SortFault> {
    let schema = Schema::built_in(PosixGroup::Auxiliary).unwrap();
    Order::resolve(&schema, keys).map_err(|cause| cause.fault)
}

fn rule_of(attribute: &str, rule: Option<&str>) -> Result<Rule, SortFault> {
    resolve(&[key(attribute, rule, false)]).map(|order| order.keys[0].rule)
}

#[test]
fn a_rule_is_named_or_comes_with_the_attribute() {
    for (attribute, rule, expected) in [
        ("uidNumber", None, Rule::IntegerOrdering),
        ("createTimestamp", None, Rule::GeneralizedTimeOrdering),
        ("cn", None, Rule::CaseIgnore),
        ("2.5.4.4", None, Rule::CaseIgnore),
        ("manager", None, Rule::DistinguishedName),
        (
            "cn",
            Some("caseExactOrderingMatch"),
            Rule::CaseExactOrdering,
        ),
        (
            "cn",
            Some("CASEIGNOREORDERINGMATCH"),
            Rule::CaseIgnoreOrdering,
        ),
        ("mail", Some("2.5.13.3"), Rule::CaseIgnoreOrdering),
    ] {
        assert_eq!(
            rule_of(attribute, rule),
            Ok(expected),
            "{attribute} {rule:?}"
        );
    }
}

#[test]
fn what_has_no_order_is_refused() {
    use SortFault::{InappropriateMatching, Keys, NoSuchAttribute};
    for (attribute, rule, fault) in [
        ("shoeSize", None, NoSuchAttribute),
        ("", None, NoSuchAttribute),
        ("jpegPhoto", None, InappropriateMatching),
        ("cn", Some("1.2.3.4"), InappropriateMatching),
        ("cn", Some("caseIgnoreMatch"), InappropriateMatching),
        (
            "cn",
            Some("caseIgnoreSubstringsMatch"),
            InappropriateMatching,
        ),
        ("cn", Some("integerOrderingMatch"), InappropriateMatching),
        ("uidNumber", Some("2.5.13.3"), InappropriateMatching),
    ] {
        assert_eq!(rule_of(attribute, rule), Err(fault), "{attribute} {rule:?}");
    }
    let refused = |keys: &[SortKey]| resolve(keys).map(|_| ());
    assert_eq!(refused(&[]), Err(Keys));
    let twice = [key("cn", None, false), key("commonName", None, true)];
    assert_eq!(refused(&twice), Err(Keys));
    let many = ["cn", "sn", "uid", "ou", "o", "l", "st", "c", "title"];
    let many = many.map(|name| key(name, None, false));
    assert_eq!(refused(&many[..MOST_KEYS]), Ok(()));
    assert_eq!(refused(&many), Err(Keys));
}

#[test]
fn the_fault_names_its_attribute() {
    let schema = Schema::built_in(PosixGroup::Auxiliary).unwrap();
    let keys = [key("cn", None, false), key("shoeSize", None, false)];
    let cause = Order::resolve(&schema, &keys).unwrap_err();
    assert_eq!(cause.attribute, "shoeSize");
    assert!(cause.to_string().contains("shoeSize"));
}

proptest! {
    #[test]
    fn keys_of_values_compare_as_the_values_do(
        one in prop::collection::vec(prop::collection::vec(0..3_u8, 0..4), 2..4),
        other in prop::collection::vec(prop::collection::vec(0..3_u8, 0..4), 2..4),
    ) {
        let keys = |values: &[Vec<u8>]| {
            let mut out = Vec::new();
            values.iter().for_each(|value| write_value(value, &mut out));
            out
        };
        prop_assert_eq!(keys(&one).cmp(&keys(&other)), one.cmp(&other));
        let turned: Vec<u8> = keys(&one).iter().map(|octet| !octet).collect();
        let other_turned: Vec<u8> = keys(&other).iter().map(|octet| !octet).collect();
        if one.len() == other.len() {
            prop_assert_eq!(turned.cmp(&other_turned), one.cmp(&other).reverse());
        }
    }
}
