//! What is planned for which filter.

use std::num::NonZeroUsize;
use std::sync::Arc;

use super::*;
use crate::directory::access::AccessRules;
use crate::directory::filter::Filter;
use crate::directory::index::IndexedAttributes;
use crate::directory::password::{Argon2Params, Pool, PoolSettings};
use crate::directory::schema::{PosixGroup, Schema};
use crate::directory::setup::Setup;
use crate::directory::{Administrator, import, setup};
use crate::storage::memory::MemoryStore;

const LDIF: &str = "dn: dc=example,dc=org\nobjectClass: domain\ndc: example\n\n\
    dn: cn=Anna Meyer,dc=example,dc=org\nobjectClass: person\ncn: Anna Meyer\nsn: Meyer\nseeAlso: dc=example,dc=org\n\n\
    dn: cn=Hanna Maier,dc=example,dc=org\nobjectClass: person\ncn: Hanna Maier\nsn: Maier\ntelephoneNumber: 1\n\n\
    dn: cn=Otto,dc=example,dc=org\nobjectClass: person\ncn: Otto\nsn: Otto\n\n";

fn snapshot() -> Snapshot {
    snapshot_of(LDIF)
}

fn snapshot_of(ldif: &str) -> Snapshot {
    let schema = Arc::new(Schema::built_in(PosixGroup::Auxiliary).unwrap());
    let ids = |names: &[&str]| {
        let ids = names.iter().map(|name| schema.attribute_id(name).unwrap());
        ids.collect::<Vec<_>>()
    };
    let indexed = IndexedAttributes {
        equality: ids(&["cn", "sn"]),
        presence: ids(&["telephoneNumber", "sn"]),
        substring: ids(&["cn"]),
        ordering: ids(&["modifyTimestamp"]),
    };
    let of = Setup {
        suffixes: vec!["dc=example,dc=org".to_owned()],
        administrator: Administrator {
            name: "cn=admin".into(),
            hash: b"{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
                .as_slice()
                .into(),
        },
    };
    let rules = AccessRules::compile(&schema, &[]).unwrap();
    let pool = Pool::start(PoolSettings {
        threads: NonZeroUsize::MIN,
        queue_per_thread: NonZeroUsize::MIN,
        params: Argon2Params::new(8, 1, 1).unwrap(),
    });
    let mut store = MemoryStore::default();
    of.write(&mut store).unwrap();
    let empty = || of.empty(&schema, &indexed).unwrap();
    let file = ldif.as_bytes();
    import::prepare(empty(), &rules, &pool.unwrap(), file, true, &mut |_| {})
        .unwrap()
        .write(&mut store, &mut |_| {})
        .unwrap();
    setup::load(&mut store, empty(), &mut |_| {}).unwrap().0
}

fn names(snapshot: &Snapshot, filter: &str) -> Option<Vec<String>> {
    let resolved = Filter::parse(filter).unwrap().resolve(snapshot.schema());
    let plan = Plan::new(&resolved, snapshot)?;
    let ids = plan.candidates();
    assert!(ids.len() <= plan.count(), "{filter}: {plan}");
    Some(ids.into_iter().map(|id| snapshot.dn(id)).collect())
}

fn short(snapshot: &Snapshot, filter: &str) -> Option<Vec<String>> {
    let names = names(snapshot, filter)?;
    let first = |name: &String| name.split([' ', ',']).next().unwrap_or_default().to_owned();
    Some(names.iter().map(first).collect())
}

#[test]
fn each_kind_of_index_finds_its_candidates() {
    let snapshot = snapshot();
    for (filter, found) in [
        ("(cn=anna meyer)", vec!["cn=Anna"]),
        ("(cn=*anna*)", vec!["cn=Anna", "cn=Hanna"]),
        ("(cn=an*)", vec!["cn=Anna"]),
        ("(cn=O*)", vec!["cn=Otto"]),
        ("(cn=Hanna*i*)", vec!["cn=Hanna"]),
        ("(cn=*maier)", vec!["cn=Hanna"]),
        ("(telephoneNumber=*)", vec!["cn=Hanna"]),
        (
            "(|(cn=otto)(telephoneNumber=*))",
            vec!["cn=Hanna", "cn=Otto"],
        ),
        ("(modifyTimestamp>=20990101000000Z)", vec![]),
        ("(!(sn=*))", vec!["dc=example"]),
        ("(nosuch=x)", vec![]),
        ("(&(description=x)(cn=otto))", vec!["cn=Otto"]),
    ] {
        assert_eq!(short(&snapshot, filter).unwrap(), found, "{filter}");
    }
    let all = short(&snapshot, "(modifyTimestamp<=20990101000000Z)").unwrap();
    assert_eq!(all.len(), 4);
}

/// Deleting a role asks for all who hold it, whatever the configuration says of indexes.
#[test]
fn what_the_directory_asks_itself_is_always_indexed() {
    let holder = "dn: cn=Holder,dc=example,dc=org\nobjectClass: person\nobjectClass: hedgerowNetworkUser\n\
        cn: Holder\nsn: x\nhedgerowNetworkRole: office:x\n\n\
        dn: cn=Token,dc=example,dc=org\nobjectClass: hedgerowToken\ncn: Token\nhedgerowTokenHash: x\n\
        hedgerowOwner: 7d3b1c9e-16a6-4027-98f4-d28b5365dc14\nhedgerowTokenExpiry: 20260101000000Z\n\n";
    let snapshot = snapshot_of(&format!("{LDIF}{holder}"));
    for (filter, found) in [
        ("(hedgerowNetworkRole=office:x)", vec!["cn=Holder"]),
        ("(hedgerowNetworkRole=office:y)", vec![]),
        ("(hedgerowTokenExpiry<=20260101000000Z)", vec!["cn=Token"]),
        ("(hedgerowInvitationExpiry<=20260101000000Z)", vec![]),
    ] {
        let short = short(&snapshot, filter).unwrap();
        let short: Vec<_> = short
            .iter()
            .map(|it| it.split(',').next().unwrap())
            .collect();
        assert_eq!(short, found, "{filter}");
    }
}

#[test]
fn without_an_index_there_is_no_plan() {
    let snapshot = snapshot();
    for filter in [
        "(description=x)",
        "(cn=*an*)",
        "(|(cn=otto)(description=x))",
        "(!(cn=otto))",
        "(!(cn=ot*))",
        "(sn=*a*)",
        "(uidNumber>=5)",
    ] {
        assert_eq!(short(&snapshot, filter), None, "{filter}");
    }
}

#[test]
fn the_absence_of_an_attribute_with_options_is_not_told_by_the_index() {
    assert_eq!(short(&snapshot(), "(!(sn;lang-en=*))"), None);
}

#[test]
fn what_would_have_helped_is_named() {
    let snapshot = snapshot();
    let schema = snapshot.schema();
    let told = |filter: &str| {
        let resolved = Filter::parse(filter).unwrap().resolve(schema);
        let missing = missing(&resolved, &snapshot);
        let words = missing.iter().map(|missing| {
            let name = schema.attribute(missing.attribute).name();
            format!("{} {name}", missing.kind.name())
        });
        words.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(told("(description=x)"), "equality description");
    assert_eq!(
        told("(|(cn=x)(sn=a*)(description=*))"),
        "substring sn, presence description"
    );
    assert_eq!(told("(&(cn=x)(description=x))"), "");
    assert_eq!(told("(userPassword=x)"), "");
    assert_eq!(told("(!(description=x))"), "");
}

#[test]
fn a_plan_says_what_it_does() {
    let snapshot = snapshot();
    for (filter, expected) in [
        (
            "(&(cn=*anna*)(!(telephoneNumber=*))(description=x))",
            "all of, the first one narrowed by the others: at most 2\n  \
             substring index of cn: at most 2, 2 trigrams\n  \
             all entries without: at most 3\n    \
             presence index of telephoneNumber: at most 1\n",
        ),
        // Few are enough, and a class is asked about last.
        (
            "(&(sn=*)(objectClass=person)(cn=otto)(!(telephoneNumber=*)))",
            "equality index of cn: at most 1\n",
        ),
        (
            "(cn=an*)",
            "substring index of cn: at most 1, a range of beginnings\n",
        ),
        (
            "(cn=*ann*)",
            "substring index of cn: at most 2, 1 trigrams\n",
        ),
        (
            "(cn=a*ann*)",
            "substring index of cn: at most 1\n  \
             substring index of cn: at most 1, a range of beginnings\n  \
             substring index of cn: at most 2, 1 trigrams\n",
        ),
    ] {
        let resolved = Filter::parse(filter).unwrap().resolve(snapshot.schema());
        let text = Plan::new(&resolved, &snapshot).unwrap().to_string();
        assert_eq!(text, expected, "{filter}");
    }
}

#[test]
fn only_what_an_index_tells_exactly_is_certain() {
    let snapshot = snapshot();
    for (filter, certain) in [
        ("(cn=an*)", true),
        ("(|(cn=an*)(sn=*)(telephoneNumber=*))", true),
        ("(|(cn=an*)(sn=maier))", false),
        ("(&(cn=an*)(sn=*))", false),
        ("(&(cn=an*)(description=x))", false),
        ("(cn=an*e*)", false),
        ("(cn=*anna*)", false),
        ("(cn;lang-en=an*)", false),
        ("(sn;lang-en=*)", false),
        ("(cn=anna meyer)", false),
        (
            "(cn=an12345678901234567890123456789012345678901234567890*)",
            false,
        ),
    ] {
        let resolved = Filter::parse(filter).unwrap().resolve(snapshot.schema());
        let plan = Plan::new(&resolved, &snapshot).unwrap();
        assert_eq!(plan.is_certain(), certain, "{filter}");
    }
}

#[test]
fn memberships_through_many_groups_are_looked_up_and_not_searched_for() {
    let mut ldif = LDIF.to_owned();
    let dn = |name: &str| format!("cn={name},dc=example,dc=org");
    for number in 0..100 {
        let name = format!("p{number}");
        ldif += &format!(
            "dn: {}\nobjectClass: person\ncn: {name}\nsn: x\n\n",
            dn(&name)
        );
    }
    let mut group = |name: &str, members: &[String]| {
        ldif += &format!("dn: {}\nobjectClass: groupOfNames\ncn: {name}\n", dn(name));
        let lines = members.iter().map(|member| format!("member: {member}\n"));
        ldif.extend(lines);
        ldif += "\n";
    };
    let below: Vec<String> = (0..40).map(|number| format!("g{number}")).collect();
    // The group is on a cycle, and not its own member for it.
    below
        .iter()
        .for_each(|name| group(name, &[dn("p7"), dn("top")]));
    let below: Vec<String> = below.iter().map(|name| dn(name)).collect();
    group("top", &below);
    let snapshot = snapshot_of(&ldif);
    let chain = "1.2.840.113556.1.4.1941";
    for (filter, found, certain) in [
        (format!("(memberOf={})", dn("top")), 41, true),
        (format!("(memberOf:{chain}:={})", dn("top")), 41, true),
        (format!("(memberOfIndirect={})", dn("top")), 41, false),
        (format!("(member:{chain}:={})", dn("p7")), 41, false),
    ] {
        let resolved = Filter::parse(&filter).unwrap().resolve(snapshot.schema());
        let plan = Plan::new(&resolved, &snapshot).unwrap();
        assert!(plan.count() < snapshot.len() / 2, "{filter}: {plan}");
        assert_eq!(plan.candidates().len(), found, "{filter}");
        assert_eq!(plan.is_certain(), certain, "{filter}");
    }
}
