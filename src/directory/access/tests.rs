//! What one asker is granted, asked for again and again.

use super::*;
use crate::directory::entry::{self, DescriptionId};
use crate::directory::fixture;

const TREE: &str = "dn: dc=a\nobjectClass: domain\ndc: a\n\n\
    dn: ou=x,dc=a\nobjectClass: organizationalUnit\nou: x\n\n\
    dn: ou=y,dc=a\nobjectClass: organizationalUnit\nou: y\n\n\
    dn: cn=one,ou=x,dc=a\nobjectClass: person\ncn: one\nsn: One\n\n\
    dn: cn=two,ou=x,dc=a\nobjectClass: person\ncn: two\nsn: Two\n\n\
    dn: cn=three,ou=x,dc=a\nobjectClass: person\ncn: three\nsn: Three\n";

fn read(who: &str, to: &str, filter: Option<&str>, attribute: &str) -> RuleText {
    RuleText {
        who: who.to_owned(),
        to: to.to_owned(),
        filter: filter.map(str::to_owned),
        attributes: vec![attribute.to_owned()],
        allow: vec![Right::Read],
        ..RuleText::default()
    }
}

/// The attributes that an identity may read of each entry.
fn readable(rules: &AccessRules, snapshot: &Snapshot, asker: &Identity) -> Vec<AttributeMask> {
    let mut access = rules.access(snapshot, asker);
    let views = snapshot.ids().filter_map(|id| View::new(snapshot, id));
    views.map(|view| access.masks(&view).read.clone()).collect()
}

fn move_below(snapshot: &mut Snapshot, id: EntryId, parent: EntryId) {
    let moved = entry::Head {
        parent,
        ..snapshot.entry(id).unwrap().head()
    };
    let nothing = std::iter::empty::<(DescriptionId, std::iter::Empty<&[u8]>)>();
    let bytes = entry::encode(&moved, nothing).unwrap();
    snapshot.put_entry(id, bytes.into());
}

#[test]
fn what_is_remembered_of_an_asker_is_what_the_rules_say_now() {
    let below = read("users", "ou=x,dc=a", None, "cn");
    let itself = read("self", "", None, "sn");
    let one = read("users", "cn=three,ou=x,dc=a", None, "sn");
    let filtered = read("users", "ou=x,dc=a", Some("(sn=three)"), "objectClass");
    let sets = [
        vec![itself.clone(), below.clone()],
        vec![one, itself.clone(), below.clone()],
        vec![filtered, itself, below],
    ];
    let mut snapshot = fixture::tree(TREE);
    let rules = sets.map(|texts| AccessRules::compile(snapshot.schema(), &texts).unwrap());
    let asker = Identity::entry(4);
    let mut seen = Vec::new();
    // Two goes to where less may be read.
    for parent in [2, 3, 2] {
        move_below(&mut snapshot, 5, parent);
        for rules in &rules {
            for _ in 0..2 {
                let afresh = readable(rules, &snapshot, &Identity::entry(4));
                assert_eq!(readable(rules, &snapshot, &asker), afresh);
                seen.push(afresh);
            }
        }
    }
    seen.dedup();
    assert!(seen.len() > 6, "{}", seen.len());
}

#[test]
fn what_a_change_under_way_grants_is_not_remembered_for_the_state_before_it() {
    let before = fixture::tree(TREE);
    let below = read("users", "ou=y,dc=a", None, "cn");
    let rules = AccessRules::compile(before.schema(), &[below]).unwrap();
    let asker = Identity::entry(6);
    let mut after = before.clone();
    move_below(&mut after, 2, 3);
    let mut access = rules.access(&before, &asker);
    assert!(access.sees(&View::new(&after, 4).unwrap()));
    let mut access = rules.access(&before, &asker);
    assert!(!access.sees(&View::new(&before, 4).unwrap()));
}
