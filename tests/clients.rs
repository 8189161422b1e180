//! What programs in use were seen to send, one test for each habit, named for the program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "clients/applications.rs"]
mod applications;
mod authority;
mod client;
#[path = "clients/mistakes.rs"]
mod mistakes;
#[path = "clients/pages.rs"]
mod pages;
mod server;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};

use authority::{secured, trusting};
use client::{
    BIND_RESPONSE, Client, SEARCH_DONE, START_TLS, UNBIND, bind, equal, extended, message, search,
};
use ldap3::{DerefAliases, LdapConn, Scope, SearchEntry, SearchOptions};
use server::{ADMIN, Folder, PASSWORD, SUFFIX, Server};

const ADA: &str = "uid=ada,ou=people,dc=example,dc=org";
const VPN: &str = "cn=vpn,ou=groups,dc=example,dc=org";
const PEOPLE: &str = "ou=people,dc=example,dc=org";

const TREE: &str = "\
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: uid=ada,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: posixAccount
uid: ada
cn: Ada Byron
sn: Byron
mail: ada@example.org
uidNumber: 2001
gidNumber: 3000
homeDirectory: /home/ada
loginShell: /bin/sh
userPassword: secret-ada

dn: cn=Byron\\, Ada+uid=adb,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
cn: Byron, Ada
uid: adb
sn: Byron

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups

dn: cn=vpn,ou=groups,dc=example,dc=org
objectClass: groupOfNames
objectClass: posixGroup
cn: vpn
gidNumber: 3000
memberUid: ada
member: uid=ada,ou=people,dc=example,dc=org
member: cn=Byron\\, Ada+uid=adb,ou=people,dc=example,dc=org
";

fn start() -> (Folder, Server) {
    let folder = Folder::new();
    folder.load(TREE);
    let server = folder.serve();
    (folder, server)
}

fn connect(server: &Server, dn: &str, password: &str) -> LdapConn {
    let mut client = LdapConn::new(&server.url()).unwrap();
    let bound = client.simple_bind(dn, password).unwrap();
    bound.success().unwrap();
    client
}

fn service(server: &Server) -> LdapConn {
    connect(server, ADMIN, PASSWORD)
}

fn ask(
    client: &mut LdapConn,
    base: &str,
    scope: Scope,
    filter: &str,
    selection: &[&str],
) -> Vec<SearchEntry> {
    let (entries, _) = client
        .search(base, scope, filter, selection)
        .unwrap()
        .success()
        .unwrap_or_else(|error| panic!("{filter}: {error}"));
    entries.into_iter().map(SearchEntry::construct).collect()
}

/// The names that a filter finds in the whole tree.
fn found(client: &mut LdapConn, filter: &str) -> Vec<String> {
    let entries = ask(client, SUFFIX, Scope::Subtree, filter, &["1.1"]);
    let mut names: Vec<_> = entries.into_iter().map(|entry| entry.dn).collect();
    names.sort();
    names
}

/// The attributes of the one entry that a search finds.
fn only(entries: Vec<SearchEntry>) -> BTreeMap<String, Vec<String>> {
    let [entry]: [SearchEntry; 1] = entries.try_into().unwrap();
    entry.attrs.into_iter().collect()
}

#[test]
fn sssd_reads_the_root_dse_before_it_binds_and_after_starttls() {
    let (folder, server) = start();
    let selection = [
        "*",
        "altServer",
        "namingContexts",
        "supportedControl",
        "supportedExtension",
        "supportedFeatures",
        "supportedLDAPVersion",
        "supportedSASLMechanisms",
        "domainControllerFunctionality",
        "defaultNamingContext",
        "lastUSN",
        "highestCommittedUSN",
    ];
    let mut client = LdapConn::new(&server.url()).unwrap();
    let root = only(ask(
        &mut client,
        "",
        Scope::Base,
        "(objectclass=*)",
        &selection,
    ));
    assert_eq!(root["namingContexts"], [SUFFIX]);
    assert_eq!(root["supportedLDAPVersion"], ["3"]);
    // As python's ldap3 spells it.
    let root = ask(
        &mut client,
        "",
        Scope::Base,
        "(objectClass=*)",
        &["supportedLdapVersion"],
    );
    assert_eq!(only(root).into_values().collect::<Vec<_>>(), [["3"]]);

    let authority = fs::read_to_string(folder.authority()).unwrap();
    let mut client = Client::new(server.ldap);
    assert_eq!(client.ask(1, &extended(START_TLS)).code, Some(0));
    let mut client = secured(client, &trusting(&authority, None));
    client.expect_service(2);
    client.bind(3, ADA, "secret-ada");
}

#[test]
fn sssd_looks_users_and_groups_up() {
    let (_folder, server) = start();
    let mut client = service(&server);
    let user = [
        "objectClass",
        "uid",
        "userPassword",
        "uidNumber",
        "gidNumber",
        "gecos",
        "homeDirectory",
        "loginShell",
        "krbPrincipalName",
        "cn",
        "memberOf",
        "modifyTimestamp",
        "shadowLastChange",
        "krbLastPwdChange",
        "krbPasswordExpiration",
        "pwdAttribute",
        "authorizedService",
        "accountExpires",
        "userAccountControl",
        "nsAccountLock",
        "host",
        "rhost",
        "loginDisabled",
        "loginExpirationTime",
        "loginAllowedTimeMap",
        "sshPublicKey",
        "userCertificate;binary",
        "mail",
    ];
    let filter = "(&(uid=ada)(objectclass=posixAccount)(uid=*)(&(uidNumber=*)(!(uidNumber=0))))";
    let ada = only(ask(&mut client, SUFFIX, Scope::Subtree, filter, &user));
    assert_eq!(ada["uidNumber"], ["2001"]);
    assert_eq!(ada["memberOf"], [VPN]);
    assert_eq!(ada["modifyTimestamp"].len(), 1);
    assert!(!ada.contains_key("userPassword"));
    let group = [
        "objectClass",
        "cn",
        "userPassword",
        "gidNumber",
        "member",
        "modifyTimestamp",
    ];
    for filter in [
        "(&(cn=vpn)(objectClass=posixGroup)(cn=*)(&(gidNumber=*)(!(gidNumber=0))))",
        "(&(member=uid=ada,ou=people,dc=example,dc=org)(objectClass=posixGroup)(cn=*))",
        "(&(gidNumber=3000)(objectClass=posixGroup)(cn=*)(&(gidNumber=*)(!(gidNumber=0))))",
    ] {
        let vpn = only(ask(&mut client, SUFFIX, Scope::Subtree, filter, &group));
        assert_eq!(vpn["member"].len(), 2, "{filter}");
    }
    // A member is read as a user first, whatever it is.
    let read =
        |client: &mut _, dn| ask(client, dn, Scope::Base, "(objectClass=posixAccount)", &user);
    assert!(read(&mut client, VPN).is_empty());
    assert_eq!(read(&mut client, ADA).len(), 1);
}

#[test]
fn sssd_refreshes_sudo_rules_of_a_schema_that_is_not_there() {
    let (_folder, server) = start();
    let mut client = service(&server);
    for filter in [
        "(&(objectClass=sudoRole)(|(&(!(sudoHost=*))(cn=defaults))(sudoHost=ALL)(sudoHost=host.example.org)(sudoHost=192.0.2.1)(sudoHost=+*)(|(sudoHost=*\\5c*)(sudoHost=*?*)(sudoHost=*\\2A*)(sudoHost=*[*]*))))",
        "(&(objectclass=sudoRole)(entryUSN>=1)(!(entryUSN=1)))",
        "(&(objectClass=ipHost)(ipHostNumber=192.0.2.1))",
        "(&(objectClass=ipNetwork)(|(cn=x)(ipNetworkNumber=192.0.2.0)))",
        "(&(objectclass=nisNetgroup)(cn=*)(nisNetgroupTriple=*))",
        "(&(ipServicePort=22)(objectclass=ipService)(cn=*)(ipServiceProtocol=*))",
    ] {
        assert!(found(&mut client, filter).is_empty(), "{filter}");
    }
}

#[test]
fn nextcloud_probes_for_an_identifier_and_asks_for_dn() {
    let (_folder, server) = start();
    let mut client = service(&server);
    let probes = [
        "entryuuid",
        "nsuniqueid",
        "objectguid",
        "guid",
        "ipauniqueid",
    ];
    let ada = only(ask(
        &mut client,
        ADA,
        Scope::Base,
        "(objectClass=*)",
        &probes,
    ));
    assert_eq!(ada.keys().collect::<Vec<_>>(), ["entryUUID"]);
    let selection = [
        "dn",
        "uid",
        "samaccountname",
        "memberof",
        "mail",
        "displayname",
        "primarygroupid",
        "gidnumber",
        "jpegphoto",
    ];
    let ada = only(ask(
        &mut client,
        ADA,
        Scope::Base,
        "(objectClass=*)",
        &selection,
    ));
    assert_eq!(
        ada.keys().collect::<Vec<_>>(),
        ["gidNumber", "mail", "memberOf", "uid"]
    );
    let groups = "(|(objectclass=posixGroup)(objectclass=group)(objectclass=zimbraDistributionList)\
                  (objectclass=groupOfNames)(objectclass=groupOfUniqueNames))";
    assert_eq!(found(&mut client, groups), [VPN]);
    let dynamic = ask(
        &mut client,
        VPN,
        Scope::Base,
        groups,
        &["memberurl", "ldapDynamicGroupMemberURL"],
    );
    assert!(only(dynamic).is_empty());
}

#[test]
fn keycloak_asks_for_what_changed_since() {
    let (_folder, server) = start();
    let mut client = service(&server);
    let filter = |since: &str| {
        format!(
            "(&(|(createTimestamp>={since})(modifyTimestamp>={since}))(uid=*)(objectclass=inetOrgPerson))"
        )
    };
    assert_eq!(found(&mut client, &filter("20000101000000Z")).len(), 2);
    assert_eq!(found(&mut client, &filter("20000101000000.0Z")).len(), 2);
    assert!(found(&mut client, &filter("29990101000000Z")).is_empty());
    assert!(found(&mut client, &filter("since ever")).is_empty());
    // In its AD mode it asks for identifiers that are octets.
    assert!(found(&mut client, "(objectGUID=\\9f\\01\\00\\ff\\80\\28\\29\\2a)").is_empty());
    // And by the one there is.
    let ada = only(ask(
        &mut client,
        ADA,
        Scope::Base,
        "(objectClass=*)",
        &["entryUUID"],
    ));
    let filter = format!(
        "(&(entryUUID={})(objectclass=inetOrgPerson))",
        ada["entryUUID"][0]
    );
    assert_eq!(found(&mut client, &filter), [ADA]);
}

#[test]
fn authelia_reads_the_root_dse_and_groups_by_member() {
    let (_folder, server) = start();
    let mut client = LdapConn::new(&server.url()).unwrap();
    let selection = [
        "supportedExtension",
        "supportedControl",
        "supportedFeatures",
        "supportedSASLMechanisms",
    ];
    let root = only(ask(
        &mut client,
        "",
        Scope::Base,
        "(objectClass=*)",
        &selection,
    ));
    assert!(root["supportedExtension"].contains(&START_TLS.to_owned()));
    let mut client = service(&server);
    let groups = found(
        &mut client,
        &format!("(&(member={ADA})(objectClass=groupOfNames))"),
    );
    assert_eq!(groups, [VPN]);
    let ada = ask(
        &mut client,
        ADA,
        Scope::Base,
        "(objectClass=*)",
        &["distinguishedName", "uid"],
    );
    assert_eq!(only(ada).keys().collect::<Vec<_>>(), ["uid"]);
}

#[test]
fn browsers_go_down_from_the_root_dse() {
    let (_folder, server) = start();
    let mut client = service(&server);
    let root = only(ask(
        &mut client,
        "",
        Scope::Base,
        "(objectClass=*)",
        &["*", "+"],
    ));
    let schema = ask(
        &mut client,
        &root["subschemaSubentry"][0],
        Scope::Base,
        "(objectClass=subschema)",
        &[
            "objectClasses",
            "attributeTypes",
            "ldapSyntaxes",
            "matchingRules",
            "matchingRuleUse",
            "dITContentRules",
        ],
    );
    assert!(only(schema)["objectClasses"].len() > 30);
    let mut levels = vec![root["namingContexts"][0].clone()];
    let mut seen = Vec::new();
    while let Some(base) = levels.pop() {
        let selection = ["hasSubordinates", "numSubordinates", "objectClass"];
        let own = only(ask(
            &mut client,
            &base,
            Scope::Base,
            "(objectClass=*)",
            &selection,
        ));
        let below = ask(
            &mut client,
            &base,
            Scope::OneLevel,
            "(objectClass=*)",
            &selection,
        );
        let has = if below.is_empty() { "FALSE" } else { "TRUE" };
        assert_eq!(own["hasSubordinates"], [has], "{base}");
        if let Some(number) = own.get("numSubordinates") {
            assert_eq!(*number, [below.len().to_string()], "{base}");
        }
        levels.extend(below.into_iter().map(|entry| entry.dn));
        seen.push(base);
    }
    assert_eq!(seen.len(), 6);
}

/// Supermicro, MegaRAC, iDRAC: an unbind, and then a search on the same connection.
#[test]
fn a_bmc_goes_on_after_its_unbind_and_harms_nobody() {
    let (_folder, server) = start();
    let mut other = Client::bound(&server);
    for together in [true, false] {
        let mut client = Client::bound(&server);
        let late = message(3, &search(SUFFIX, 2));
        if together {
            client.send(&[message(2, &UNBIND), late].concat());
        } else {
            client.send(&message(2, &UNBIND));
            // The server may have closed by now.
            let _ = client.0.write_all(&late);
        }
        client.expect_end("nothing is answered after an unbind");
        other.expect_service(2);
    }
}

/// Seen with authentik: TLS is ended, and the unbind comes in clear.
#[test]
fn an_unbind_in_clear_after_tls_ended_harms_nobody() {
    let (folder, server) = start();
    let authority = fs::read_to_string(folder.authority()).unwrap();
    let mut client = Client::new(server.ldap);
    assert_eq!(client.ask(1, &extended(START_TLS)).code, Some(0));
    let mut client = secured(client, &trusting(&authority, None));
    client.bind(2, ADA, "secret-ada");
    client.0.conn.send_close_notify();
    client.0.conn.write_tls(&mut client.0.sock).unwrap();
    let mut clear = Client(client.0.sock);
    let _ = clear.0.write_all(&message(3, &UNBIND));
    // What the server says to that is its own notice that TLS ends, if anything.
    let mut rest = Vec::new();
    let _ = clear.0.read_to_end(&mut rest);
    assert!(rest.len() < 64, "{rest:x?}");
    server.said("closed");
    Client::bound(&server).expect_service(2);
}

#[test]
fn samba_looks_for_its_domain() {
    let (_folder, server) = start();
    let mut client = service(&server);
    let selection = [
        "sambaDomainName",
        "sambaNextRid",
        "sambaNextGroupRid",
        "sambaNextUserRid",
        "sambaSID",
        "sambaAlgorithmicRidBase",
        "objectClass",
    ];
    let filter = "(&(sambaDomainName=WORKGROUP)(objectclass=sambaDomain))";
    assert!(ask(&mut client, SUFFIX, Scope::Subtree, filter, &selection).is_empty());
    let filter = "(&(uid=ada)(objectclass=sambaSamAccount))";
    let selection = [
        "uid",
        "userPassword",
        "sambaNTPassword",
        "sambaSID",
        "sambaAcctFlags",
    ];
    assert!(ask(&mut client, SUFFIX, Scope::Subtree, filter, &selection).is_empty());
}

/// FOG goes down a tree of groups with filters as wide as each level.
#[test]
fn fog_asks_for_thousands_of_members_at_once() {
    let (_folder, server) = start();
    let mut client = service(&server);
    let mut filter = String::from("(&(objectClass=groupOfNames)(|");
    for number in 0..5_000 {
        filter.push_str(&format!(
            "(member=cn=g{number},ou=groups,dc=example,dc=org)"
        ));
    }
    filter.push_str(&format!("(member={ADA})))"));
    assert_eq!(found(&mut client, &filter), [VPN]);
}

#[test]
fn ad_libraries_ask_for_bits_of_attributes_that_are_not_there() {
    let (_folder, server) = start();
    let mut client = service(&server);
    let active = "(&(uid=ada)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))";
    assert!(
        found(&mut client, active).is_empty(),
        "not is Undefined too"
    );
    let either = "(|(uid=ada)(userAccountControl:1.2.840.113556.1.4.803:=2))";
    assert_eq!(found(&mut client, either), [ADA]);
    let tokens = ask(
        &mut client,
        ADA,
        Scope::Base,
        "(objectClass=*)",
        &["tokenGroups"],
    );
    assert!(only(tokens).is_empty());
    assert_eq!(
        found(&mut client, "(uidNumber:1.2.840.113556.1.4.803:=2001)"),
        [ADA]
    );
}

/// Habits of Active Directory: these are no DNs, and nobody is bound by them.
#[test]
fn bind_names_that_are_not_dns_are_refused_clearly() {
    let (_folder, server) = start();
    let mut client = Client::new(server.ldap);
    for (id, name) in (1..).zip([
        "ada@example.org",
        "ada",
        "EXAMPLE\\ada",
        "uid=ada,",
        "\u{0}",
    ]) {
        let reply = client.ask(id, &bind(3, name, b"secret-ada"));
        assert_eq!(reply.tag, BIND_RESPONSE, "{name}");
        // invalidDNSyntax or invalidCredentials
        assert!(matches!(reply.code, Some(34 | 49)), "{name}: {reply:?}");
        client.expect_service(100);
    }
    // A name with spaces, capitals and an escaped value is a DN.
    client.bind(20, "UID = ada, OU=people , dc=example,dc=org", "secret-ada");
    client.bind(21, "uid=\\61da,ou=people,dc=example,dc=org", "secret-ada");
}

#[test]
fn apache_compares_and_rebinds_on_one_connection() {
    let (_folder, server) = start();
    let mut client = service(&server);
    for _ in 0..3 {
        let options = SearchOptions::new().deref(DerefAliases::Always);
        let (entries, _) = client
            .with_search_options(options)
            .search(
                SUFFIX,
                Scope::Subtree,
                "(&(objectClass=*)(uid=ada))",
                ["uid", "mail", "cn"],
            )
            .unwrap()
            .success()
            .unwrap();
        assert_eq!(entries.len(), 1);
        client
            .simple_bind(ADA, "secret-ada")
            .unwrap()
            .success()
            .unwrap();
        assert_eq!(client.simple_bind(ADA, "wrong").unwrap().rc, 49);
        client
            .simple_bind(ADMIN, PASSWORD)
            .unwrap()
            .success()
            .unwrap();
        let mut compare = |dn: &str, attribute: &str, value: &str| {
            client.compare(dn, attribute, value).unwrap().0.rc
        };
        // compareTrue, compareFalse, noSuchAttribute
        assert_eq!(compare(ADA, "uid", "ada"), 6);
        assert_eq!(compare(ADA, "uid", "eve"), 5);
        assert_eq!(compare(VPN, "member", ADA), 6);
        assert_eq!(
            compare(VPN, "member", "UID=Ada , ou=people,dc=example,dc=org"),
            6
        );
        assert_eq!(compare(VPN, "uniqueMember", ADA), 16);
        assert_eq!(compare(ADA, "objectClass", "groupOfNames"), 5);
        assert_eq!(compare(VPN, "objectClass", "groupOfNames"), 6);
    }
}

#[test]
fn postgresql_finds_exactly_one_and_binds_anew() {
    let (_folder, server) = start();
    let mut client = service(&server);
    let one = ask(&mut client, PEOPLE, Scope::Subtree, "(uid=ada)", &["1.1"]);
    client.unbind().unwrap();
    let [entry] = one.try_into().unwrap();
    assert!(entry.attrs.is_empty());
    connect(&server, &entry.dn, "secret-ada");
}

#[test]
fn nslcd_and_ldapscripts_ask_for_either_name_or_number() {
    let (_folder, server) = start();
    let mut client = service(&server);
    for filter in [
        "(&(objectClass=posixAccount)(|(uid=ada)(uidNumber=ada)))",
        "(&(objectClass=posixAccount)(|(uid=2001)(uidNumber=2001)))",
    ] {
        assert_eq!(found(&mut client, filter), [ADA], "{filter}");
    }
    let groups = format!("(&(objectClass=posixGroup)(|(memberUid=ada)(member={ADA})))");
    assert_eq!(found(&mut client, &groups), [VPN]);
}

#[test]
fn a_member_is_found_in_any_spelling_of_its_name() {
    let (_folder, server) = start();
    let mut client = service(&server);
    for member in [
        "cn=Byron\\5c, Ada+uid=adb,ou=people,dc=example,dc=org",
        "cn=Byron\\5c2C Ada+uid=adb,ou=people,dc=example,dc=org",
        "cn=Byron\\5c2c Ada+uid=adb,ou=people,dc=example,dc=org",
        "uid=adb+cn=byron\\5c,  ada,ou=people,dc=example,dc=org",
        "UID=ADB + CN=Byron\\5c, Ada , OU=People, DC=example, DC=org",
        "0.9.2342.19200300.100.1.1=adb+2.5.4.3=Byron\\5c, Ada,ou=people,dc=example,dc=org",
    ] {
        let names = found(&mut client, &format!("(member={member})"));
        assert_eq!(names, [VPN], "{member}");
    }
}

/// JNDI, Postfix and others read one entry by base scope; an empty entry is an answer, a missing one an error.
#[test]
fn one_entry_is_read_by_its_name() {
    let (_folder, server) = start();
    let mut client = Client::bound(&server);
    let java = ["javaClassName", "javaReferenceAddress", "javaFactory"];
    let present = client::present("objectClass");
    let read = |dn: &str| client::search_asking(dn, 0, &present, &java);
    assert_eq!(client.names(2, &read(ADA)), (vec![ADA.to_owned()], 0));
    let (names, code) = client.names(3, &read("uid=eve,ou=people,dc=example,dc=org"));
    assert_eq!((names.len(), code), (0, 32));
    let nobody = client::search_for(ADA, 0, &equal("uid", b"eve"));
    let reply = client.ask(4, &nobody);
    assert_eq!((reply.tag, reply.code), (SEARCH_DONE, Some(0)));
}
