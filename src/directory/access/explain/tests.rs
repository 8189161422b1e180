//! Who may what by the rules that hold when the configuration has none, as one table; and how decisions are told.

use super::*;
use crate::directory::access::RuleText;
use crate::directory::fixture::{schema, tree};

const TREE: &str = "dn: dc=a\nobjectClass: domain\ndc: a\n\n\
    dn: ou=people,dc=a\nobjectClass: organizationalUnit\nou: people\n\n\
    dn: uid=ada,ou=people,dc=a\nobjectClass: inetOrgPerson\nuid: ada\ncn: Ada\nsn: Byron\n\n\
    dn: uid=grace,ou=people,dc=a\nobjectClass: inetOrgPerson\nuid: grace\ncn: Grace\nsn: Hopper\n\n\
    dn: ou=groups,dc=a\nobjectClass: organizationalUnit\nou: groups\n\n\
    dn: cn=staff,ou=groups,dc=a\nobjectClass: groupOfNames\ncn: staff\nmember: uid=ada,ou=people,dc=a\n\n\
    dn: ou=services,dc=a\nobjectClass: organizationalUnit\nou: services\n\n\
    dn: cn=backup,ou=services,dc=a\nobjectClass: applicationProcess\ncn: backup\n";

/// r(ead), s(earch), c(ompare), w(rite), a(dd), d(elete), p(roxy); a dash is a no.
const TABLE: &str = "
anonymous        dc=a                      cn           -------
anonymous        ou=people,dc=a            cn           -------
anonymous        uid=ada,ou=people,dc=a    userPassword -------
anonymous        uid=ada,ou=people,dc=a    mobile       -------
anonymous        uid=ada,ou=people,dc=a    cn           -------
anonymous        cn=staff,ou=groups,dc=a   member       -------
anonymous        cn=backup,ou=services,dc=a cn           -------
user             dc=a                      cn           rsc----
user             ou=people,dc=a            cn           rsc----
user             uid=grace,ou=people,dc=a  userPassword -------
user             uid=grace,ou=people,dc=a  mobile       rsc----
user             uid=grace,ou=people,dc=a  cn           rsc----
user             uid=grace,ou=people,dc=a  pwdReset     rsc----
user             cn=staff,ou=groups,dc=a   member       rsc----
user             ou=services,dc=a          ou           -------
user             cn=backup,ou=services,dc=a cn           -------
own entry        uid=ada,ou=people,dc=a    userPassword ---w---
own entry        uid=ada,ou=people,dc=a    mobile       rscw---
own entry        uid=ada,ou=people,dc=a    description  rscw---
own entry        uid=ada,ou=people,dc=a    cn           rsc----
own entry        uid=ada,ou=people,dc=a    pwdReset     rsc----
own service      cn=backup,ou=services,dc=a userPassword ---w---
own service      cn=backup,ou=services,dc=a cn           rsc----
administrator    dc=a                      cn           rscwadp
administrator    uid=ada,ou=people,dc=a    userPassword ---wadp
administrator    cn=backup,ou=services,dc=a cn           rscwadp
";

fn rules(texts: &[RuleText]) -> AccessRules {
    AccessRules::compile(&schema(), texts).unwrap()
}

#[test]
fn who_may_what_by_the_default_rules() {
    let snapshot = tree(TREE);
    let rules = rules(&AccessRules::default_texts(&["dc=a".to_owned()]));
    let mut table = String::from("\n");
    for row in TABLE.lines().filter(|row| !row.is_empty()) {
        let (asker, rest) = row.split_at(17);
        let asked: Vec<&str> = rest.split_whitespace().take(2).collect();
        let who = match asker.trim() {
            "user" | "own entry" => "uid=ada,ou=people,dc=a",
            "own service" => "cn=backup,ou=services,dc=a",
            "administrator" => "cn=admin,dc=a",
            other => other,
        };
        let told = explain(&rules, &snapshot, who, asked[0], Some(asked[1])).unwrap();
        let letters = told
            .decisions
            .iter()
            .map(|(right, decision)| match decision {
                Decision::Allowed(_) | Decision::Administrator => &right[..1],
                Decision::Denied(_) | Decision::NotGranted | Decision::Secret => "-",
            });
        let letters: String = letters.collect();
        table += &format!("{asker}{:<25} {:<12} {letters}\n", asked[0], asked[1]);
    }
    assert_eq!(table, TABLE);
}

/// What is told is what requests are held to.
#[test]
fn a_decision_that_is_told_is_the_one_that_is_taken() {
    let snapshot = tree(TREE);
    let rules = rules(&AccessRules::default_texts(&["dc=a".to_owned()]));
    let (schema, names) = (
        snapshot.schema(),
        ["userPassword", "mobile", "cn", "member", "pwdReset"],
    );
    for who in ["anonymous", "uid=ada,ou=people,dc=a", "cn=admin,dc=a"] {
        let asker = asker(&snapshot, who).unwrap();
        for id in 1..snapshot.next_id() {
            let view = View::new(&snapshot, id).unwrap();
            let dn = snapshot.dn(id);
            let access = rules.access(&snapshot, &asker);
            for name in names {
                let told = explain(&rules, &snapshot, who, &dn, Some(name)).unwrap();
                let attribute = schema.attribute_id(name).unwrap();
                for ((_, right), (_, decision)) in Right::ALL.iter().zip(&told.decisions) {
                    let allowed =
                        matches!(decision, Decision::Allowed(_) | Decision::Administrator);
                    let taken = access.mask(&view, *right).contains(attribute);
                    assert_eq!(allowed, taken, "{who} {dn} {name} {right:?}");
                }
            }
            let whole = explain(&rules, &snapshot, who, &dn, None).unwrap();
            for ((_, right), (_, decision)) in Right::ALL.iter().zip(&whole.decisions) {
                let allowed = matches!(decision, Decision::Allowed(_) | Decision::Administrator);
                let taken = !access.mask(&view, *right).is_empty();
                assert_eq!(allowed, taken, "{who} {dn} {right:?}");
            }
        }
    }
}

#[test]
fn the_deciding_rule_is_named_with_its_place() {
    let rule = |who: &str, attributes: &[&str], allow: &[Right], line: u32| RuleText {
        who: who.to_owned(),
        attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        allow: allow.to_vec(),
        place: format!("h.toml:{line}"),
        ..RuleText::default()
    };
    let rules = rules(&[
        rule("group:cn=staff,ou=groups,dc=a", &["cn"], &[], 7),
        rule("anonymous", &[], &[Right::Read], 9),
        rule("users", &[], &[Right::Read, Right::Search], 12),
    ]);
    let (snapshot, ada) = (tree(TREE), "uid=ada,ou=people,dc=a");
    let told = |attribute| {
        explain(&rules, &snapshot, ada, "dc=a", attribute)
            .unwrap()
            .to_string()
    };
    let cn = told(Some("cn"));
    assert!(cn.starts_with("read: denied by rule 1\n"), "{cn}");
    assert!(
        cn.contains("\n  rule 1, h.toml:7: allows nothing on cn\n"),
        "{cn}"
    );
    assert!(
        cn.contains("\n  rule 3, h.toml:12: allows read, search on *, +\n"),
        "{cn}"
    );
    assert!(!cn.contains("h.toml:9"), "{cn}");
    assert!(told(Some("dc")).starts_with("read: allowed by rule 3\n"));
    assert!(told(None).contains("write: denied: no rule allows it\n"));
    for (who, entry, attribute) in [
        ("cn=nobody,dc=a", "dc=a", "cn"),
        (ada, "dc=b", "cn"),
        (ada, "not a name", "cn"),
        ("not a name", "dc=a", "cn"),
        (ada, "dc=a", "noSuchAttribute"),
    ] {
        assert!(explain(&rules, &snapshot, who, entry, Some(attribute)).is_err());
    }
    let in_short = explain(&rules, &snapshot, "ada", "ada", Some("cn")).unwrap();
    let in_full = explain(&rules, &snapshot, ada, ada, Some("cn")).unwrap();
    assert_eq!(in_short.to_string(), in_full.to_string());
}
