//! Networks and the groups that come with them.

use std::sync::mpsc;

use super::*;
use crate::directory::Directory;
use crate::directory::account::AccountSettings;
use crate::directory::attributes::Attributes;
use crate::directory::fixture;
use crate::directory::index::IndexedAttributes;
use crate::directory::request::Change;
use crate::directory::snapshot::Snapshot;

const NETWORKS: &str = "dn: dc=a\nobjectClass: domain\ndc: a\n\n\
    dn: ou=networks,dc=a\nobjectClass: organizationalUnit\nou: networks\n\n\
    dn: cn=office,ou=networks,dc=a\nobjectClass: hedgerowNetwork\ncn: office\n";

fn dn(text: &str) -> Dn {
    Dn::parse(text).unwrap()
}

fn ask(directory: &Directory, change: Change) -> Result<(), Error> {
    let (send, receive) = mpsc::channel();
    let identity = Identity::administrator();
    directory.change(&identity, change, Terms::default(), move |outcome| {
        send.send(outcome.map(|_| ())).unwrap();
    });
    receive.recv().unwrap()
}

fn add(directory: &Directory, name: &str, attributes: &[(&str, &str)]) -> Result<(), Error> {
    let attributes = attributes.iter().map(|(name, value)| text(name, value));
    let change = Change::Add {
        dn: dn(name),
        attributes: attributes.collect(),
    };
    ask(directory, change)
}

fn remove(directory: &Directory, name: &str) -> Result<(), Error> {
    ask(directory, Change::Delete { dn: dn(name) })
}

fn serving() -> Directory {
    let (directory, _) = fixture::served(AccountSettings::default());
    let unit = [("objectClass", "organizationalUnit")];
    add(&directory, "ou=networks,dc=a", &unit).unwrap();
    directory
}

fn network(directory: &Directory, name: &str) -> Result<(), Error> {
    add(directory, name, &[("objectClass", "hedgerowNetwork")])
}

fn attributes(snapshot: &Snapshot, name: &str) -> Option<Attributes> {
    let id = snapshot.find_entry(&dn(name))?;
    View::new(snapshot, id).map(|view| crate::directory::write::decode(&view))
}

fn roles(snapshot: &Snapshot, name: &str) -> Option<Vec<String>> {
    let role = snapshot
        .schema()
        .attribute_id("hedgerowNetworkRole")
        .unwrap();
    let attributes = attributes(snapshot, name)?;
    let values = attributes.values(role).iter();
    Some(
        values
            .map(|it| String::from_utf8(it.clone()).unwrap())
            .collect(),
    )
}

fn has(directory: &Directory, name: &str) -> bool {
    directory.snapshot().find_entry(&dn(name)).is_some()
}

const OWN: [&str; 2] = [
    "cn=office-network-admin-grp,ou=groups,dc=a",
    "cn=office-network-user-grp,ou=groups,dc=a",
];
const ALL: [&str; 2] = [
    "cn=global-network-admin-grp,ou=groups,dc=a",
    "cn=global-network-user-grp,ou=groups,dc=a",
];

#[test]
fn a_network_brings_its_groups_and_takes_them_with_it() {
    let directory = serving();
    network(&directory, "cn=office,ou=networks,dc=a").unwrap();
    let snapshot = directory.snapshot();
    let held = roles(&snapshot, OWN[1]);
    assert_eq!(held.unwrap(), ["office:office-network-user"]);
    let held = roles(&snapshot, ALL[0]);
    assert_eq!(held.unwrap(), ["all_networks:global-network-admin"]);
    drop(snapshot);
    network(&directory, "cn=home,ou=networks,dc=a").unwrap();
    remove(&directory, "cn=office,ou=networks,dc=a").unwrap();
    assert!(!OWN.iter().any(|name| has(&directory, name)));
    assert!(ALL.iter().all(|name| has(&directory, name)));
    assert!(has(&directory, "cn=home-network-user-grp,ou=groups,dc=a"));
}

#[test]
fn a_network_that_is_removed_with_all_below_it_takes_its_groups() {
    let directory = serving();
    network(&directory, "cn=office,ou=networks,dc=a").unwrap();
    let gateway = [("objectClass", "hedgerowGateway")];
    add(&directory, "cn=berlin,cn=office,ou=networks,dc=a", &gateway).unwrap();
    let below = remove(&directory, "cn=office,ou=networks,dc=a");
    assert_eq!(below, Err(Error::NotAllowedOnNonLeaf));
    assert!(OWN.iter().all(|name| has(&directory, name)));
    let (send, receive) = mpsc::channel();
    let change = Change::Delete {
        dn: dn("ou=networks,dc=a"),
    };
    let terms = Terms {
        subtree: true,
        ..Terms::default()
    };
    let identity = Identity::administrator();
    directory.change(&identity, change, terms, move |outcome| {
        send.send(outcome.map(|_| ())).unwrap();
    });
    receive.recv().unwrap().unwrap();
    assert!(!OWN.iter().any(|name| has(&directory, name)));
}

#[test]
fn a_network_that_is_elsewhere_brings_no_groups_there_or_anywhere() {
    let directory = serving();
    for name in ["cn=x,dc=a", "cn=y,cn=x,dc=a"] {
        network(&directory, name).unwrap();
    }
    let unit = [("objectClass", "organizationalUnit")];
    add(&directory, "ou=networks,cn=x,dc=a", &unit).unwrap();
    network(&directory, "cn=z,ou=networks,cn=x,dc=a").unwrap();
    assert!(!has(&directory, "ou=groups,dc=a"));
    assert!(!has(&directory, "ou=groups,cn=x,dc=a"));
}

#[test]
fn a_name_under_which_a_network_would_be_taken_for_others_is_refused_and_leaves_nothing() {
    let directory = serving();
    let (before, last) = (directory.snapshot().len(), directory.snapshot().csn());
    let long = format!("cn={},ou=networks,dc=a", "n".repeat(65));
    for name in [
        "cn=global,ou=networks,dc=a",
        "cn=All_Networks,ou=networks,dc=a",
        "cn=a:b,ou=networks,dc=a",
        "cn=a b,ou=networks,dc=a",
        &long,
        "displayName=a,ou=networks,dc=a",
    ] {
        let named = [("objectClass", "hedgerowNetwork"), ("cn", "named")];
        let refused = add(&directory, name, &named);
        assert!(
            matches!(refused, Err(Error::NamingViolation(_))),
            "{name}: {refused:?}"
        );
        assert!(!has(&directory, name), "{name}");
    }
    assert_eq!(directory.snapshot().len(), before);
    assert_eq!(directory.snapshot().csn(), last);
}

#[test]
fn a_group_that_was_there_stays_when_the_network_goes() {
    let directory = serving();
    let unit = [("objectClass", "organizationalUnit")];
    add(&directory, "ou=groups,dc=a", &unit).unwrap();
    add(&directory, OWN[0], &[("objectClass", "groupOfMembers")]).unwrap();
    network(&directory, "cn=office,ou=networks,dc=a").unwrap();
    assert_eq!(roles(&directory.snapshot(), OWN[0]).unwrap(), [""; 0]);
    remove(&directory, "cn=office,ou=networks,dc=a").unwrap();
    assert!(has(&directory, OWN[0]));
    assert!(!has(&directory, OWN[1]));
}

#[test]
fn a_network_that_is_gone_leaves_nobody_a_role_in_one_of_its_name() {
    let directory = serving();
    network(&directory, "cn=office,ou=networks,dc=a").unwrap();
    let (person, team) = ("uid=ada,dc=a", "cn=team,dc=a");
    let user = [
        ("objectClass", "inetOrgPerson"),
        ("objectClass", "hedgerowNetworkUser"),
        ("cn", "Ada"),
        ("sn", "Ada"),
    ];
    let group = [
        ("objectClass", "groupOfMembers"),
        ("objectClass", "hedgerowNetworkGroup"),
        ("hedgerowNetworkRole", "office:office-network-admin"),
    ];
    let held = [
        "office:office-network-user",
        "Office:special",
        "office2:office2-network-user",
        "all_networks:global-network-user",
        "office",
    ];
    let held = held.map(|role| ("hedgerowNetworkRole", role));
    add(&directory, person, &[&user[..], &held].concat()).unwrap();
    add(&directory, team, &group).unwrap();
    remove(&directory, "cn=office,ou=networks,dc=a").unwrap();
    let left = [
        "office2:office2-network-user",
        "all_networks:global-network-user",
        "office",
    ];
    assert_eq!(roles(&directory.snapshot(), person).unwrap(), left);
    assert_eq!(roles(&directory.snapshot(), team).unwrap(), [""; 0]);
    network(&directory, "cn=office,ou=networks,dc=a").unwrap();
    assert_eq!(roles(&directory.snapshot(), person).unwrap(), left);
}

#[test]
fn a_network_keeps_its_name() {
    let directory = serving();
    network(&directory, "cn=office,ou=networks,dc=a").unwrap();
    let change = Change::Rename {
        dn: dn("cn=office,ou=networks,dc=a"),
        new_rdn: Rdn::parse("cn=home").unwrap(),
        delete_old_rdn: true,
        new_superior: None,
    };
    let refused = ask(&directory, change);
    assert!(matches!(refused, Err(Error::UnwillingToPerform(_))));
}

#[test]
fn an_import_brings_the_groups_of_its_networks_that_it_does_not_have_itself() {
    let schema = fixture::schema();
    let own = format!(
        "{NETWORKS}\ndn: ou=groups,dc=a\nobjectClass: organizationalUnit\nou: groups\n\n\
         dn: {}\nobjectClass: groupOfMembers\nobjectClass: hedgerowNetworkGroup\n\
         hedgerowDefault: TRUE\ncn: office-network-user-grp\n\
         hedgerowNetworkRole: office:special\n",
        OWN[1]
    );
    for (tree, expected) in [
        (NETWORKS, "office:office-network-user"),
        (&own, "office:special"),
    ] {
        let (_, snapshot) = fixture::directory_of(&schema, tree, &IndexedAttributes::default());
        let held = roles(&snapshot, OWN[0]);
        assert_eq!(held.unwrap(), ["office:office-network-admin"]);
        assert_eq!(roles(&snapshot, OWN[1]).unwrap(), [expected]);
        assert!(
            ALL.iter()
                .all(|name| snapshot.find_entry(&dn(name)).is_some())
        );
    }
    let gone = format!("{NETWORKS}\ndn: cn=office,ou=networks,dc=a\nchangetype: delete\n");
    let (_, snapshot) = fixture::directory_of(&schema, &gone, &IndexedAttributes::default());
    assert_eq!(snapshot.find_entry(&dn(OWN[0])), None);
}
