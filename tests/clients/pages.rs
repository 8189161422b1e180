//! Programs that take what they search for in pages.

use ldap3::controls::{Control, ControlType, PagedResults};
use ldap3::{LdapConn, Scope, SearchEntry};

use super::{ADA, PEOPLE, SUFFIX, VPN, only, service, start};

/// The entries of each page. Every answer must have the control, as ldapjs and its many users demand, who send it with
/// each search, whatever there is to be found.
fn pages(
    client: &mut LdapConn,
    (base, scope): (&str, Scope),
    filter: &str,
    selection: &[&str],
    size: i32,
) -> Vec<Vec<SearchEntry>> {
    let mut pages = Vec::new();
    let mut cookie = Vec::new();
    loop {
        let (entries, result) = client
            .with_controls(PagedResults { size, cookie })
            .search(base, scope, filter, selection)
            .unwrap()
            .success()
            .unwrap();
        pages.push(entries.into_iter().map(SearchEntry::construct).collect());
        let mut told = result
            .ctrls
            .into_iter()
            .filter_map(|control| match control {
                Control(Some(ControlType::PagedResults), raw) => Some(raw.parse::<PagedResults>()),
                _ => None,
            });
        cookie = told.next().expect("the control is in the answer").cookie;
        if cookie.is_empty() {
            return pages;
        }
    }
}

const TREE: (&str, Scope) = (SUFFIX, Scope::Subtree);

#[test]
fn ldapjs_gets_the_control_with_every_answer() {
    let (_folder, server) = start();
    let mut client = service(&server);
    for (place, filter, found) in [
        (TREE, "(objectClass=*)", 6),
        (TREE, "(uid=nobody)", 0),
        (TREE, "(noSuchAttribute=x)", 0),
        ((ADA, Scope::Base), "(objectClass=*)", 1),
        ((PEOPLE, Scope::OneLevel), "(uid=*)", 2),
        (("", Scope::Base), "(objectClass=*)", 1),
        (("cn=Subschema", Scope::Base), "(objectClass=subschema)", 1),
    ] {
        let pages = pages(&mut client, place, filter, &["1.1"], 1_000);
        assert_eq!((pages.len(), pages[0].len()), (1, found), "{filter}");
    }
}

#[test]
fn nextcloud_pages_by_500_and_reads_each_entry_with_the_same_control() {
    let (_folder, server) = start();
    let mut client = service(&server);
    let selection = ["entryuuid", "dn", "uid", "samaccountname", "memberof"];
    let filter = "(&(|(objectclass=inetOrgPerson)))";
    let found = pages(&mut client, TREE, filter, &selection, 500).concat();
    assert_eq!(found.len(), 2);
    for entry in found {
        let place = (&entry.dn[..], Scope::Base);
        let read = pages(&mut client, place, "(objectClass=*)", &selection, 500).concat();
        assert_eq!(only(read), entry.attrs.into_iter().collect());
    }
    // Whether groups are nested it finds out by itself.
    let probe = format!("(&(uid=ada)(memberof:1.2.840.113556.1.4.1941:={VPN}))");
    assert_eq!(pages(&mut client, TREE, &probe, &["1.1"], 500)[0].len(), 1);
}

#[test]
fn keycloak_synchronises_what_changed_in_pages() {
    let (_folder, server) = start();
    let mut client = service(&server);
    let since = "20000101000000Z";
    let filter = format!(
        "(&(|(createTimestamp>={since})(modifyTimestamp>={since}))(uid=*)(objectclass=inetOrgPerson))"
    );
    let selection = [
        "uid",
        "mail",
        "cn",
        "sn",
        "entryUUID",
        "createTimestamp",
        "modifyTimestamp",
        "objectClass",
        "pwdLastSet",
        "userAccountControl",
    ];
    let pages = pages(&mut client, TREE, &filter, &selection, 1);
    let sizes: Vec<usize> = pages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 1]);
    for entry in pages.concat() {
        for attribute in ["entryUUID", "createTimestamp", "modifyTimestamp"] {
            assert_eq!(entry.attrs[attribute].len(), 1, "{attribute}");
        }
    }
}
