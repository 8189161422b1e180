//! What other servers got wrong, so that their clients had to find a way around it.

use ldap3::Scope;
use ldap3::controls::RawControl;

use super::client::{self, Client, add, bind, element, extended, message, search, sequence};
use super::{ADA, PEOPLE, SUFFIX, ask, found, only, service, start};

/// LLDAP's answers had the control of pages without having been asked for it.
#[test]
fn no_answer_has_a_control_that_was_not_asked_for() {
    let (_folder, server) = start();
    let mut client = service(&server);
    for (base, filter) in [
        (SUFFIX, "(uid=*)"),
        ("", "(objectClass=*)"),
        (ADA, "(uid=x)"),
    ] {
        let found = client.search(base, Scope::Base, filter, ["*"]).unwrap();
        assert!(found.1.ctrls.is_empty(), "{base}: {:?}", found.1.ctrls);
    }
    assert!(client.delete(PEOPLE).unwrap().ctrls.is_empty());
}

#[test]
fn the_subschema_is_found_in_any_spelling_of_its_name() {
    let (_folder, server) = start();
    let mut client = service(&server);
    for name in [
        "cn=subschema",
        "CN=SUBSCHEMA",
        "2.5.4.3=Subschema",
        "commonName = subSchema ",
    ] {
        let schema = ask(
            &mut client,
            name,
            Scope::Base,
            "(objectClass=subschema)",
            &["cn"],
        );
        assert_eq!(only(schema)["cn"], ["Subschema"], "{name}");
    }
}

/// Kanidm took the base for a pattern.
#[test]
fn a_base_is_a_name_and_no_pattern() {
    let (_folder, server) = start();
    let mut client = service(&server);
    for base in [
        "dc=exampl.,dc=org",
        "dc=.*",
        "dc=example,dc=.*",
        "dc=xexample,dc=org",
    ] {
        let found = client.search(base, Scope::Subtree, "(objectClass=*)", ["1.1"]);
        assert_eq!(found.unwrap().1.rc, 32, "{base}");
    }
}

/// Kanidm limited them, and SSSD asks for many.
#[test]
fn any_number_of_attributes_may_be_asked_for() {
    let (_folder, server) = start();
    let mut client = service(&server);
    let mut asked: Vec<String> = (0..2_000)
        .map(|number| format!("unknown{number}"))
        .collect();
    asked.push("uid".to_owned());
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let ada = ask(&mut client, ADA, Scope::Base, "(objectClass=*)", &asked);
    assert_eq!(only(ada).into_keys().collect::<Vec<_>>(), ["uid"]);
}

/// GLAuth decided by the class in the filter what to return, and knew few.
#[test]
fn a_filter_may_ask_for_any_class() {
    let (_folder, server) = start();
    let mut client = service(&server);
    for class in [
        "groupOfUniqueNames",
        "user",
        "sudoRole",
        "9.9.9",
        "not a class",
    ] {
        assert!(found(&mut client, &format!("(objectClass={class})")).is_empty());
        let either = format!("(|(objectClass={class})(uid=ada))");
        assert_eq!(found(&mut client, &either), [ADA], "{class}");
    }
}

/// GLAuth let everybody in as an account without a password.
#[test]
fn nobody_is_an_account_that_has_no_password() {
    let (_folder, server) = start();
    let mut client = Client::new(server.ldap);
    let adb = "cn=Byron\\, Ada+uid=adb,ou=people,dc=example,dc=org";
    for (id, password) in (1..).zip([&b"x"[..], b"{SSHA}", b"*", b"\0"]) {
        assert_eq!(client.ask(id, &bind(3, adb, password)).code, Some(49));
        assert_eq!(client.ask(id, &bind(3, PEOPLE, password)).code, Some(49));
    }
    // unwillingToPerform (RFC 4513 section 5.1.2)
    assert_eq!(client.ask(9, &bind(3, adb, b"")).code, Some(53));
}

/// authentik went on to take the old one.
#[test]
fn an_old_password_is_refused_from_the_moment_it_is_changed() {
    let (_folder, server) = start();
    let mut user = Client::new(server.ldap);
    user.bind(1, ADA, "secret-ada");
    let new = [
        element(0x80, ADA.as_bytes()),
        element(0x82, b"new secret of ada"),
    ];
    let change = client::extended_with(client::PASSWORD_MODIFY, &element(0x30, &new.concat()));
    assert_eq!(Client::bound(&server).ask(2, &change).code, Some(0));
    assert_eq!(user.ask(2, &bind(3, ADA, b"secret-ada")).code, Some(49));
    user.bind(3, ADA, "new secret of ada");
}

/// LLDAP did as if it knew them. nslcd sends OpenLDAP's dereference control with every search for groups, not critical.
#[test]
fn controls_that_are_not_known_are_ignored_unless_they_are_critical() {
    let (_folder, server) = start();
    let mut client = service(&server);
    for oid in [
        "1.3.6.1.4.1.4203.666.5.16",
        "1.3.6.1.4.1.4203.1.9.1.1",
        "9.9.9",
    ] {
        for (crit, code) in [(false, 0), (true, 12)] {
            let control = RawControl {
                ctype: oid.to_owned(),
                crit,
                val: Some(b"\x30\x00".to_vec()),
            };
            let found = client.with_controls(vec![control]).search(
                SUFFIX,
                Scope::Subtree,
                "(uid=ada)",
                ["1.1"],
            );
            assert_eq!(found.unwrap().1.rc, code, "{oid}");
        }
    }
}

/// LLDAP answered every operation that it did not know with an extended response.
#[test]
fn each_operation_is_answered_with_its_own_response() {
    let (_folder, server) = start();
    let mut client = Client::new(server.ldap);
    let name = |dn: &str| element(0x04, dn.as_bytes());
    let rename = sequence(0x6c, &[&name(PEOPLE), &name("ou=p"), &[1, 1, 0]]);
    let assertion = sequence(0x30, &[&name("uid"), &name("ada")]);
    let compare = sequence(0x6e, &[&name(ADA), &assertion]);
    let modify = sequence(0x66, &[&name(ADA), &[0x30, 0]]);
    for (id, (operation, response)) in (1..).zip([
        (bind(3, ADA, b"wrong"), 0x61),
        (search("dc=nowhere", 0), 0x65),
        (modify, 0x67),
        (add(ADA, &[("objectClass", "device")]), 0x69),
        (element(0x4a, ADA.as_bytes()), 0x6b),
        (rename, 0x6d),
        (compare, 0x6f),
        (extended("9.9.9"), 0x78),
    ]) {
        client.send(&message(id, &operation));
        let reply = client.reply();
        assert_eq!((reply.id, reply.tag), (i32::from(id), response));
        assert_ne!(reply.code, Some(0));
    }
}
