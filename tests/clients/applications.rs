//! How applications let people in, and how they keep accounts.

use std::collections::HashSet;

use ldap3::{Mod, Scope};

use super::server::{ADMIN, PASSWORD};
use super::{ADA, PEOPLE, SUFFIX, VPN, ask, found, only, service, start};

/// FreeRADIUS and Dovecot keep their connections: users are bound on them, one after the other, and then the service again.
#[test]
fn freeradius_and_dovecot_rebind_one_connection_login_after_login() {
    let (_folder, server) = start();
    let mut pool = service(&server);
    for _ in 0..3 {
        assert_eq!(found(&mut pool, "(uid=ada)"), [ADA]);
        for (password, code) in [("secret-ada", 0), ("wrong", 49), ("secret-ada", 0)] {
            assert_eq!(pool.simple_bind(ADA, password).unwrap().rc, code);
        }
        assert_eq!(pool.simple_bind(ADMIN, PASSWORD).unwrap().rc, 0);
        let group = format!("(&(cn=vpn)(objectClass=groupOfNames)(member={ADA}))");
        assert_eq!(found(&mut pool, &group), [VPN]);
        let asked = ["cn", "radiusGroupName"];
        let vpn = only(ask(&mut pool, VPN, Scope::Base, &group, &asked));
        assert_eq!(vpn.into_keys().collect::<Vec<_>>(), ["cn"]);
    }
}

#[test]
fn openvpns_plugin_decides_by_compare_or_by_a_search_below_the_group() {
    let (_folder, server) = start();
    let mut client = service(&server);
    assert_eq!(found(&mut client, "(cn=vpn)"), [VPN]);
    let mut compare = |value| client.compare(VPN, "member", value).unwrap().0.rc;
    assert_eq!((compare(ADA), compare(PEOPLE)), (6, 5));
    let member = format!("(member={ADA})");
    let below = ask(&mut client, VPN, Scope::Subtree, &member, &["1.1"]);
    assert_eq!(below.len(), 1);
    // RFC 2307 groups, by the name alone.
    assert_eq!(found(&mut client, "(memberUid=ada)"), [VPN]);
}

#[test]
fn opnsense_appends_its_extended_query() {
    let (_folder, server) = start();
    let mut client = service(&server);
    for (query, expected) in [
        (
            format!("(&(uid=ada)(&(objectClass=person)(memberof={VPN})))"),
            &[ADA][..],
        ),
        (
            format!("(&(uid=ada)(&(objectClass=person)(memberof={PEOPLE})))"),
            &[],
        ),
    ] {
        assert_eq!(found(&mut client, &query), expected, "{query}");
    }
}

#[test]
fn keycloak_keeps_accounts() {
    let (_folder, server) = start();
    let mut client = service(&server);
    let dn = "uid=eve,ou=people,dc=example,dc=org";
    let one = |value| HashSet::from([value]);
    let entry = vec![
        (
            "objectClass",
            HashSet::from(["inetOrgPerson", "organizationalPerson"]),
        ),
        ("uid", one("eve")),
        ("cn", one(" ")),
        ("sn", one(" ")),
    ];
    assert_eq!(client.add(dn, entry).unwrap().rc, 0);
    let change = vec![
        Mod::Replace("cn", one("Eve")),
        Mod::Replace("sn", one("Moneypenny")),
        Mod::Replace("mail", one("eve@example.org")),
        Mod::Replace("givenName", HashSet::new()),
    ];
    assert_eq!(client.modify(dn, change).unwrap().rc, 0);
    let password = vec![Mod::Replace("userPassword", one("secret-eve"))];
    assert_eq!(client.modify(dn, password).unwrap().rc, 0);
    assert_eq!(client.simple_bind(dn, "secret-eve").unwrap().rc, 0);
}

/// Section by section of what their schema readers and browsers count on.
#[test]
fn what_the_server_keeps_of_an_entry_is_always_there() {
    let (_folder, server) = start();
    let mut client = service(&server);
    let always = [
        "createTimestamp",
        "creatorsName",
        "entryCSN",
        "entryDN",
        "entryUUID",
        "hasSubordinates",
        "modifiersName",
        "modifyTimestamp",
        "numSubordinates",
        "structuralObjectClass",
        "subschemaSubentry",
    ];
    for dn in [SUFFIX, PEOPLE, ADA, VPN] {
        for asked in [&["+"][..], &always] {
            let entry = only(ask(&mut client, dn, Scope::Base, "(objectClass=*)", asked));
            for attribute in always {
                assert_eq!(entry[attribute].len(), 1, "{dn}: {attribute}");
            }
            assert_eq!(entry["entryDN"], [dn], "the name of a group as well");
        }
    }
    let ada = ask(&mut client, ADA, Scope::Base, "(objectClass=*)", &["+"]);
    let ada = only(ada);
    assert_eq!(ada["memberOf"], [VPN]);
    assert_eq!(ada["structuralObjectClass"], ["inetOrgPerson"]);
}
