//! What one asker is granted, asked for again and again.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::directory::entry::{self, DescriptionId, ROOT};
use crate::directory::fixture;
use crate::directory::members::EdgeKind;

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
    let alone = RuleText {
        scope: Scope::Base,
        ..read("users", "ou=x,dc=a", None, "ou")
    };
    let sets = [
        vec![itself.clone(), below.clone()],
        vec![alone, itself.clone(), below.clone()],
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
fn a_rule_of_scope_base_speaks_of_one_entry_and_shows_nothing_below_it() {
    let snapshot = fixture::tree(TREE);
    let text = RuleText {
        scope: Scope::Base,
        ..read("users", "ou=x,dc=a", None, "ou")
    };
    let rules = AccessRules::compile(snapshot.schema(), std::slice::from_ref(&text)).unwrap();
    let asker = Identity::entry(6);
    let seen = readable(&rules, &snapshot, &asker);
    let seen = snapshot
        .ids()
        .zip(seen)
        .filter(|(_, mask)| !mask.is_empty());
    assert_eq!(seen.map(|(id, _)| id).collect::<Vec<_>>(), [2]);
    let access = rules.access(&snapshot, &asker);
    let leads = |id| access.may_see_below(&snapshot, id);
    assert_eq!((leads(1), leads(2), leads(3)), (true, true, false));
    let whole = RuleText {
        to: String::new(),
        ..text
    };
    let error = AccessRules::compile(snapshot.schema(), &[whole]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "access[0].scope: \"base\" covers one entry: say in \"to\" which"
    );
}

#[test]
fn the_rules_that_hold_when_none_are_given_tell_no_siblings_apart() {
    let snapshot = fixture::tree(TREE);
    let texts = AccessRules::default_texts(&["dc=a".to_owned()]);
    let rules = AccessRules::compile(snapshot.schema(), &texts).unwrap();
    let access = rules.access(&snapshot, &Identity::entry(4));
    assert!(!access.applicable.by_filters);
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

/// A rule about any part of the tree, for anybody.
fn rule() -> impl Strategy<Value = RuleText> {
    let who = [
        "anyone",
        "anonymous",
        "users",
        "self",
        "dn:cn=one,ou=x,dc=a",
        "group:cn=three,ou=x,dc=a",
    ];
    let to = [
        "",
        "dc=a",
        "ou=x,dc=a",
        "ou=y,dc=a",
        "cn=two,ou=x,dc=a",
        "cn=two,ou=y,dc=a",
        "cn=*,dc=a",
    ];
    let attributes = ["*", "+", "cn", "sn", "name", "userPassword"];
    let filters = [None, None, None, Some("(cn=two)"), Some("(!(sn=two))")];
    let rights = [Right::Read, Right::Search, Right::Write, Right::Proxy];
    let parts = (
        select(who.to_vec()),
        select(to.to_vec()),
        select(filters.to_vec()),
    );
    let granted = (
        any::<bool>(),
        select(attributes.to_vec()),
        vec(select(rights.to_vec()), 0..4),
    );
    (parts, granted).prop_map(|((who, to, filter), (alone, attribute, allow))| RuleText {
        scope: match alone && !to.is_empty() {
            true => Scope::Base,
            false => Scope::Subtree,
        },
        allow,
        ..read(who, to, filter, attribute)
    })
}

/// What happens to the tree between two searches: an entry is moved, has gone, or has come into a group.
fn happens(snapshot: &mut Snapshot, (what, id, other): (u8, EntryId, EntryId)) {
    let exists = |id| snapshot.entry(id).is_some();
    if !exists(id) || !exists(other) {
        return;
    }
    match what {
        0 if !snapshot.is_within(other, id) => move_below(snapshot, id, other),
        1 if snapshot.children(id).is_none() && id > 1 => snapshot.remove_entry(id),
        2 => snapshot.add_members(id, EdgeKind::Member, std::iter::once(other).collect()),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_remembered_of_any_entry_is_what_somebody_new_is_granted(
        texts in vec(vec(rule(), 0..5), 2),
        changes in vec((0..3_u8, 1..7_u32, 1..7_u32), 0..8),
        looks in vec(1..7_u32, 12),
    ) {
        let mut snapshot = fixture::tree(TREE);
        let compile = |texts: &Vec<RuleText>| AccessRules::compile(snapshot.schema(), texts).unwrap();
        let rules: Vec<AccessRules> = texts.iter().map(compile).collect();
        let askers = || [Identity::anonymous(), Identity::administrator(), Identity::entry(4), Identity::entry(5)];
        let known = askers();
        for change in std::iter::once((u8::MAX, ROOT, ROOT)).chain(changes) {
            happens(&mut snapshot, change);
            for (rules, at) in rules.iter().flat_map(|rules| (0..known.len()).map(move |at| (rules, at))) {
                let mut access = rules.access(&snapshot, &known[at]);
                for view in looks.iter().filter_map(|id| View::new(&snapshot, *id)) {
                    let new = rules.access(&snapshot, &askers()[at]);
                    for (name, right) in Right::ALL {
                        let remembered = access.masks(&view).of(right).clone();
                        prop_assert_eq!(remembered, new.mask(&view, right), "{} of {}", name, view.id);
                    }
                }
            }
        }
    }
}
