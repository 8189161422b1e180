//! Proxied authorization (RFC 4370): who may act for whom, and with whose rights and name.

use ldap3::controls::RawControl;
use ldap3::{LdapConn, Scope};

use super::server::{ADMIN, PASSWORD, SUFFIX, text};
use super::{ADA, AGENT, BOB, PROXY, STAFF, control, describe, loaded, one, value};

const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";

fn who_am_i(client: &mut LdapConn, control: RawControl) -> (u32, String) {
    let request = ldap3::exop::Exop {
        name: Some(WHO_AM_I.to_owned()),
        val: None,
    };
    let answer = client.with_controls(control).extended(request).unwrap();
    (answer.1.rc, text(&answer.0.val.unwrap_or_default()))
}

fn acting_for(identity: &str) -> RawControl {
    control(PROXY, Some(identity.as_bytes()))
}

#[test]
fn an_identity_is_assumed_by_those_whom_a_rule_lets_and_by_no_others() {
    let (_folder, server) = loaded();
    let bob = (0, format!("dn:{BOB}"));
    let denied = (123, String::new());
    let nobody = (0, String::new());
    let of = |dn: &str| format!("dn:{dn}");

    let mut agent = server.bound(AGENT, "secret-agent");
    for name in [
        of(BOB),
        "u:bob".to_owned(),
        of("UID=Bob , OU=People,dc=example,dc=org"),
    ] {
        assert_eq!(who_am_i(&mut agent, acting_for(&name)), bob, "{name}");
    }
    assert_eq!(who_am_i(&mut agent, acting_for(&of(AGENT))), (0, of(AGENT)));
    for name in ["", "dn:"] {
        assert_eq!(who_am_i(&mut agent, acting_for(name)), nobody);
    }
    let missing = "dn:uid=nobody,ou=people,dc=example,dc=org";
    for name in [
        &of(ADMIN)[..],
        &of(STAFF),
        missing,
        "u:nobody",
        "bob",
        "dn:nonsense",
        "x:y",
    ] {
        assert_eq!(who_am_i(&mut agent, acting_for(name)), denied, "{name}");
    }

    let mut administrator = server.administrator();
    for name in [BOB, AGENT, ADMIN] {
        assert_eq!(
            who_am_i(&mut administrator, acting_for(&of(name))),
            (0, of(name))
        );
    }
    let mut ada = server.bound(ADA, "secret-ada");
    assert_eq!(who_am_i(&mut ada, acting_for(&of(BOB))), denied);
    let mut stranger = server.bound("", "");
    assert_eq!(who_am_i(&mut stranger, acting_for(&of(BOB))), denied);
    assert_eq!(who_am_i(&mut stranger, acting_for("")), nobody);
}

#[test]
fn an_operation_is_done_with_the_rights_and_the_name_of_whom_it_is_done_for() {
    let (_folder, server) = loaded();
    let mut agent = server.bound(AGENT, "secret-agent");
    let as_ada = || acting_for(&format!("dn:{ADA}"));
    assert_eq!(describe(&mut agent, BOB, "x", vec![]).rc, 32);
    let done = describe(&mut agent, BOB, "by proxy", vec![as_ada()]);
    assert_eq!(done.rc, 0, "{done}");
    let mut ada = server.bound(ADA, "secret-ada");
    assert_eq!(value(&mut ada, BOB, "modifiersName").unwrap(), ADA);

    let found = |client: &mut LdapConn, control: Vec<RawControl>| {
        let found = client
            .with_controls(control)
            .search(SUFFIX, Scope::Subtree, "(uid=bob)", vec!["1.1"])
            .unwrap();
        found.0.len()
    };
    assert_eq!(found(&mut agent, vec![]), 0);
    assert_eq!(found(&mut agent, vec![as_ada()]), 1);
    assert_eq!(found(&mut ada, vec![acting_for("")]), 0);
    let compared = agent.with_controls(as_ada()).compare(BOB, "sn", "babbage");
    assert_eq!(compared.unwrap().0.rc, 6);
    let added = agent.with_controls(as_ada()).add(
        "ou=new,ou=people,dc=example,dc=org",
        vec![("objectClass", one("organizationalUnit"))],
    );
    assert_eq!(added.unwrap().rc, 0);
    let moved = agent
        .with_controls(as_ada())
        .modifydn(BOB, "uid=robert", true, None);
    assert_eq!(moved.unwrap().rc, 0);
    let gone = agent
        .with_controls(as_ada())
        .delete("uid=robert,ou=people,dc=example,dc=org");
    assert_eq!(gone.unwrap().rc, 0);
}

#[test]
fn proxied_authorization_is_taken_only_when_critical_and_never_by_a_bind() {
    let (_folder, server) = loaded();
    let mut administrator = server.administrator();
    let lax = RawControl {
        crit: false,
        ..acting_for("u:bob")
    };
    assert_eq!(describe(&mut administrator, BOB, "x", vec![lax]).rc, 2);
    let bound = administrator
        .with_controls(acting_for("u:bob"))
        .simple_bind(ADMIN, PASSWORD)
        .unwrap();
    assert_eq!(bound.rc, 12);
    let start = ldap3::exop::Exop {
        name: Some("1.3.6.1.4.1.1466.20037".to_owned()),
        val: None,
    };
    let refused = administrator
        .with_controls(acting_for("u:bob"))
        .extended(start);
    assert_eq!(refused.unwrap().1.rc, 12);
}

#[test]
fn a_sasl_bind_acts_for_another_under_the_same_right() {
    let (_folder, server) = loaded();
    let whoami = |user: &str, password: &str, authorize: &str| {
        let done = std::process::Command::new("ldapwhoami")
            .args(["-Y", "PLAIN", "-O", "none", "-H", &server.url()])
            .args(["-U", user, "-w", password, "-X", authorize])
            .output()
            .expect("the OpenLDAP client tools are installed (ldap-utils)");
        (
            done.status.code().unwrap(),
            text(&done.stdout).trim().to_owned(),
        )
    };
    assert_eq!(
        whoami("agent", "secret-agent", "u:bob"),
        (0, format!("dn:{BOB}"))
    );
    assert_eq!(
        whoami("agent", "secret-agent", &format!("dn:{BOB}")),
        (0, format!("dn:{BOB}"))
    );
    assert_eq!(whoami("agent", "wrong", "u:bob").0, 49);
    assert_eq!(whoami("ada", "secret-ada", "u:bob").0, 49);
    assert_eq!(
        whoami("agent", "secret-agent", &format!("dn:{ADMIN}")).0,
        49
    );
}
