//! That a change is judged by what it changes as the whole entry would be.

use super::*;

/// A change of one attribute: its description, and the values that it is to have.
fn change() -> impl Strategy<Value = (&'static str, Vec<&'static str>)> {
    let names = prop::sample::select(vec![
        "cn",
        "cn;lang-de",
        "sn",
        "sn;lang-de",
        "uid",
        "uidNumber",
        "seeAlso",
        "displayName",
        "telephoneNumber",
        "associatedDomain",
        "pwdReset",
        "description",
    ]);
    let values = prop::sample::select(vec![
        "Jo Doe", "JO  DOE", "jo", "1000", "01000", "cn=a", "CN=A", "\u{fffd}", "TRUE", "",
    ]);
    (names, prop::collection::vec(values, 0..3))
}

proptest! {
    #[test]
    fn a_change_is_judged_as_the_whole_entry_would_be(
        extensible in any::<bool>(),
        changes in prop::collection::vec(change(), 0..4),
        name in prop::sample::select(vec!["Jo Doe", "doe"]),
    ) {
        let mut text = format!(
            "{PERSON}objectClass: inetOrgPerson\nobjectClass: posixAccount\ncn;lang-de: Jo\nuid: jo\nuidNumber: 1000\n\
             gidNumber: 1000\nhomeDirectory: /\nseeAlso: cn=a\ndescription: x\npwdReset: FALSE\n"
        );
        if extensible {
            text.push_str("objectClass: extensibleObject\n");
        }
        let mut before = entry(&text);
        let of = if name == "doe" { "sn" } else { "cn" };
        let naming = [(SCHEMA.attribute_id(of).unwrap(), name.as_bytes().to_vec())];
        SCHEMA.admit(&mut before, &naming).unwrap();
        let mut after = before.clone();
        for (name, values) in changes {
            let description = AttributeDescription::parse(&SCHEMA, name).unwrap();
            let values: Vec<Vec<u8>> = values.into_iter().map(Into::into).collect();
            match values.is_empty() {
                true => drop(after.remove(&description)),
                false => drop(after.insert(Attribute { description, values })),
            }
        }
        let difference = Difference::between(&before, &after);
        let judged = SCHEMA.admit_difference(&difference, &after, &naming);
        prop_assert_eq!(judged, SCHEMA.admit(&mut after, &naming));
    }
}
