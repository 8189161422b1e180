//! The dialect of Netmaker: scenarios, and who may ask for what.

mod permissions;
mod tokens;

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ldap3::{LdapConn, Mod};
use serde_json::json;

use crate::https::{Answer, Client, Login};
use crate::server::{Folder, SUFFIX, Server};
use crate::{scenario, service};

const TREE: &str = include_str!("netmaker/tree.ldif");
const BASE: &str = "/api";
/// Administrators are those who have that role, and see the codes of invites, for which there is a key; platform users write
/// the groups that come with networks.
const ACCESS: &str = r#"
[second_factor]
key_file = "second-factor.key"

[[access]]
who = "group:cn=administrators,ou=groups,dc=example,dc=org"
attributes = ["*", "+"]
allow = ["read", "search", "compare", "write", "add", "delete"]

[[access]]
who = "group:cn=platform,ou=groups,dc=example,dc=org"
to = "ou=groups,dc=example,dc=org"
filter = "(hedgerowDefault=TRUE)"
attributes = ["member"]
allow = ["read", "search", "compare", "write"]

[[access]]
who = "dn:uid=grace,ou=people,dc=example,dc=org"
to = "ou=networks,dc=example,dc=org"
allow = ["read", "search", "compare", "add", "delete"]

[[access]]
who = "self"
attributes = ["userPassword", "displayName", "hedgerowTheme", "hedgerowTextSize", "hedgerowReducedMotion"]
allow = ["read", "search", "compare", "write"]
"#;

fn serving(section: &str) -> (Folder, Server, Client) {
    let administrators = format!("administrators = \"cn=administrators,ou=groups,{SUFFIX}\"");
    let folder = Folder::rest(&format!("{administrators}\n{section}"), ACCESS);
    service::serving(folder, &[TREE])
}

#[test]
fn every_scenario_of_netmaker_goes_as_it_says() {
    scenario::run_all("netmaker", BASE, serving);
}

#[test]
fn a_refusal_at_a_path_that_leads_nowhere_speaks_the_words_of_the_dialect() {
    let (_folder, _server, client) = serving("");
    for path in ["/api/users/adm/nothing/at/all", "/api/v1/users/nothing"] {
        let answer = client.get(&Login::Nobody, path);
        assert_eq!(answer.status, 404, "{path}");
        let body = answer.json();
        assert_eq!(body["Code"], json!(404), "{path}");
        assert_eq!(body["Response"], json!(null), "{path}");
    }
}

fn basic(user: &str) -> Login {
    Login::basic(user, &format!("demo-{user}"))
}

fn ask(client: &Client, login: &Login, request: &str, body: Option<&str>) -> Answer {
    client.send(login, request, &[], body.map(str::as_bytes))
}

fn names(ldap: &mut LdapConn, filter: &str) -> Vec<String> {
    let found = service::search(ldap, SUFFIX, filter, &["1.1"]);
    found.into_iter().map(|entry| entry.dn).collect()
}

/// A key of this mode, and a section that names it.
fn master_key(folder: &Path, mode: u32) -> (String, String) {
    let path = folder.join("master.key");
    let key = "0123456789abcdef".repeat(4);
    fs::write(&path, format!("{key}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    (key, format!("master_key_file = {path:?}"))
}

#[test]
fn long_lists_of_users_are_whole_and_in_order() {
    let people = (0..1_300).map(|at| {
        // Some come before the administrator, some after.
        let name = format!("{}{:04}", if at % 3 == 0 { "abe" } else { "Zoe" }, at * 7 % 1_300);
        let gateway = if at % 2 == 0 { "hedgerowNetworkRole: lab:lab-network-user\n" } else { "" };
        format!(
            "dn: uid={name},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nobjectClass: hedgerowNetworkUser\n\
             uid: {name}\ncn: {name}\nsn: x\n{gateway}\n"
        )
    });
    let people: String = people.collect();
    let attic = format!(
        "dn: cn=attic,cn=lab,ou=networks,{SUFFIX}\nobjectClass: hedgerowGateway\ncn: attic\n"
    );
    let administrators = format!("administrators = \"cn=administrators,ou=groups,{SUFFIX}\"");
    let folder = Folder::rest(&administrators, ACCESS);
    let (_folder, _server, client) = service::serving(folder, &[TREE, &people, &attic]);
    let listed = |path: &str, within: &str| {
        let answer = client.get(&basic("olga"), path);
        let body = answer.json();
        assert_eq!(answer.status, 200, "{body}");
        let users = body.pointer(within).unwrap().as_array().unwrap().iter();
        let names = users.map(|user| user["username"].as_str().unwrap().to_owned());
        let names: Vec<String> = names.collect();
        assert!(names.is_sorted_by_key(|name| name.to_lowercase()), "{path}");
        names
    };
    let all = listed("/api/users", "");
    // Seven people of the tree are no longer deleted, and there is the administrator.
    assert_eq!(all.len(), 1_300 + 7 + 1);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    let place = all.iter().position(|name| name == "admin").unwrap();
    assert!(place > 400 && place < 500, "{place}");
    let of_lab = listed("/api/users/ingress/attic", "/users");
    assert_eq!(of_lab.len(), 650);
    let path = "/api/v1/users/unassigned_network_users?network_id=lab";
    let unassigned = listed(path, "/Response");
    assert_eq!(unassigned.len(), 1_300 + 3);
}

#[test]
fn the_master_key_does_everything_in_this_dialect_that_needs_nobody_in_particular() {
    let place = tempfile::tempdir().unwrap();
    let (key, section) = master_key(place.path(), 0o600);
    let (folder, server, client) = serving(&section);
    let master = Login::Bearer(key.clone());
    let expect = |request: &str, body: Option<&str>, status: u16| {
        let answer = ask(&client, &master, request, body);
        assert_eq!(answer.status, status, "{request}: {}", answer.text());
        answer
    };
    expect("GET /api/users", None, 200);
    expect("GET /api/users/boss", None, 200);
    expect("POST /api/users/boss/disable", None, 200);
    expect("POST /api/users/boss/enable", None, 200);
    expect("POST /api/users/ada/remote_access_gw/berlin", None, 200);
    let user = r#"{"username": "carl", "password": "demo-carl", "platform_role_id": "admin"}"#;
    expect("POST /api/users/carl", Some(user), 400);
    expect("DELETE /api/users/ada", None, 403);
    expect("GET /api/users/admin/settings", None, 403);
    expect("POST /api/users/adm/transfersuperadmin/boss", None, 403);
    let token = r#"{"name": "x", "user_name": "ada"}"#;
    expect("POST /api/v1/users/access_token", Some(token), 401);
    expect("DELETE /api/v1/users/access_token?id=x", None, 401);
    // Who has made the change is told under the name of the key; the key itself is nowhere.
    let audited = folder.audited("masteradministrator");
    assert!(audited.contains("uid=boss,ou=people"), "{audited}");
    assert!(!folder.export().contains(&key));
    for wrong in [&key[1..], &format!("{key}0"), "", "masteradministrator"] {
        let answer = client.get(&Login::Bearer(wrong.to_owned()), "/api/users");
        assert_eq!(answer.status, 401, "{wrong}");
    }
    assert_eq!(client.get(&master, "/api/v2/auth/me").status, 401);
    drop(server);
}

#[test]
fn there_is_no_master_key_unless_it_is_configured_and_no_other_can_read_it() {
    let place = tempfile::tempdir().unwrap();
    let (key, section) = master_key(place.path(), 0o600);
    {
        let (_folder, _server, client) = serving("");
        let answer = client.get(&Login::Bearer(key.clone()), "/api/users");
        assert_eq!(answer.status, 401);
    }
    let folder = Folder::rest(&section, ACCESS);
    let refused = |why: &str| {
        let output = folder.command("check").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{said}");
        assert!(
            said.contains("rest.master_key_file") && said.contains(why),
            "{said}"
        );
        assert!(!said.contains(&key), "{said}");
    };
    master_key(place.path(), 0o640);
    refused("chmod 600");
    master_key(place.path(), 0o600);
    fs::write(place.path().join("master.key"), &key[..31]).unwrap();
    refused("32 characters");
    fs::remove_file(place.path().join("master.key")).unwrap();
    refused("master.key");
}

#[test]
fn a_network_made_over_ldap_is_whole_over_rest_and_a_gateway_finds_its_users_over_ldap() {
    let (_folder, server, client) = serving("");
    // Whoever may make networks needs no right to make groups.
    let mut grace = server.bound("uid=grace,ou=people,dc=example,dc=org", "demo-grace");
    let network = format!("cn=home,ou=networks,{SUFFIX}");
    let class = |name: &'static str| vec![("objectClass", [name].into())];
    grace
        .add(&network, class("hedgerowNetwork"))
        .unwrap()
        .success()
        .unwrap();
    let group = format!("cn=mine,ou=groups,{SUFFIX}");
    let refused = grace.add(&group, class("groupOfMembers")).unwrap();
    assert_eq!(refused.rc, 50);
    let gateway = format!("cn=attic,{network}");
    grace
        .add(&gateway, class("hedgerowGateway"))
        .unwrap()
        .success()
        .unwrap();
    let path = "/api/v1/users/group?group_id=home-network-user-grp";
    let shown = client.get(&basic("olga"), path).json();
    let roles = json!({ "home": { "home-network-user": {} } });
    assert_eq!(shown["Response"]["network_roles"], roles);
    assert_eq!(shown["Response"]["default"], json!(true));
    let attach = "POST /api/users/ada/remote_access_gw/attic";
    assert_eq!(ask(&client, &basic("boss"), attach, None).status, 200);
    let add = "PUT /api/v1/users/add_network_user?username=extern&network_id=home";
    assert_eq!(ask(&client, &basic("pat"), add, None).status, 200);
    let mut ldap = server.administrator();
    let ada = format!("uid=ada,ou=people,{SUFFIX}");
    assert_eq!(names(&mut ldap, &format!("(memberOf={gateway})")), [ada]);
    let by_group = format!("(memberOf=cn=home-network-user-grp,ou=groups,{SUFFIX})");
    let extern_ = format!("uid=extern,ou=people,{SUFFIX}");
    assert_eq!(names(&mut ldap, &by_group), [extern_]);
    let taken = grace.add(
        &format!("cn=global,ou=networks,{SUFFIX}"),
        class("hedgerowNetwork"),
    );
    assert_eq!(taken.unwrap().rc, 64);
    grace.delete(&gateway).unwrap().success().unwrap();
    grace.delete(&network).unwrap().success().unwrap();
    assert_eq!(client.get(&basic("olga"), path).status, 404);
    let gateways = client.get(&basic("ada"), "/api/users/ada").json()["remote_gw_ids"].clone();
    assert_eq!(gateways, json!({ "paris": {} }));
}

#[test]
fn one_user_at_the_most_is_super_admin_whoever_writes_it() {
    let (_folder, server, _client) = serving("");
    let mut ldap = server.administrator();
    for name in ["super-admin", "SUPER-ADMIN"] {
        let second = Mod::Replace("hedgerowPlatformRole", HashSet::from([name]));
        let refused = ldap.modify(&format!("uid=boss,ou=people,{SUFFIX}"), vec![second]);
        assert_eq!(refused.unwrap().rc, 19, "{name}");
    }
}

#[test]
fn nobody_gives_themselves_a_role_whatever_else_they_may_write_of_themselves() {
    let own =
        "[[access]]\nwho = \"self\"\nallow = [\"read\", \"search\", \"compare\", \"write\"]\n";
    let folder = Folder::rest("", &format!("{own}{ACCESS}"));
    folder.load(TREE);
    let server = folder.serve();
    for (user, role) in [("ada", "admin"), ("pat", "admin"), ("boss", "auditor")] {
        let dn = format!("uid={user},ou=people,{SUFFIX}");
        let mut ldap = server.bound(&dn, &format!("demo-{user}"));
        let class = Mod::Add("objectClass", HashSet::from(["hedgerowNetworkUser"]));
        let role = Mod::Replace("hedgerowPlatformRole", HashSet::from([role]));
        let steps = if user == "ada" {
            vec![class, role]
        } else {
            vec![role]
        };
        let refused = ldap.modify(&dn, steps).unwrap();
        assert_eq!(refused.rc, 50, "{user}");
        let phone = Mod::Replace("telephoneNumber", HashSet::from(["+44 1"]));
        assert_eq!(ldap.modify(&dn, vec![phone]).unwrap().rc, 0, "{user}");
    }
}

#[test]
fn an_admin_from_whom_roles_are_hidden_does_no_more_to_other_admins() {
    let hidden = "[[access]]\nwho = \"group:cn=administrators,ou=groups,dc=example,dc=org\"\n\
        attributes = [\"hedgerowPlatformRole\"]\nallow = [\"write\", \"add\", \"delete\"]\n";
    let folder = Folder::rest(
        "",
        &ACCESS.replacen("[[access]]", &format!("{hidden}\n[[access]]"), 1),
    );
    let vice = format!(
        "dn: uid=vice,ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nobjectClass: hedgerowNetworkUser\n\
         uid: vice\ncn: Vice\nsn: Vice\nuserPassword: demo-vice\nhedgerowPlatformRole: admin\n"
    );
    let (_folder, _server, client) = service::serving(folder, &[TREE, &vice]);
    let shown = client.get(&basic("boss"), "/api/users/vice").json();
    assert_eq!(shown["platform_role_id"], "service-user", "{shown}");
    let said = |role: &str| json!({"display_name": "Other", "platform_role_id": role}).to_string();
    let token = json!({"name": "x", "user_name": "vice"}).to_string();
    for (user, refused) in [("vice", 403), ("chief", 403), ("grace", 200)] {
        let token = token.replace("vice", user);
        for (request, body) in [
            (format!("PUT /api/users/{user}"), Some(said("service-user"))),
            (format!("PUT /api/users/{user}"), Some(said(""))),
            (format!("POST /api/users/{user}/disable"), None),
            (format!("POST /api/users/{user}/enable"), None),
            ("POST /api/v1/users/access_token".to_owned(), Some(token)),
            (format!("DELETE /api/users/{user}"), None),
        ] {
            let answer = ask(&client, &basic("boss"), &request, body.as_deref());
            assert_eq!(answer.status, refused, "{request}: {}", answer.text());
        }
    }
    let gateway = "POST /api/users/vice/remote_access_gw/berlin";
    assert_eq!(ask(&client, &basic("boss"), gateway, None).status, 400);
    let shown = client.get(&basic("chief"), "/api/users/vice");
    assert_eq!(shown.json()["display_name"], "Vice");
}

#[test]
fn what_belongs_to_the_system_or_elsewhere_stays_though_that_is_hidden() {
    let hidden = "[[access]]\nwho = \"group:cn=administrators,ou=groups,dc=example,dc=org\"\n\
        attributes = [\"hedgerowSystem\", \"hedgerowExternalId\"]\nallow = [\"write\", \"add\", \"delete\"]\n";
    let section = format!("administrators = \"cn=administrators,ou=groups,{SUFFIX}\"");
    let rules = ACCESS.replacen("[[access]]", &format!("{hidden}\n[[access]]"), 1);
    let user = |user: &str, more: &str| {
        format!(
            "dn: uid={user},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nobjectClass: hedgerowUser\n\
             uid: {user}\ncn: {user}\nsn: x\nuserPassword: demo-{user}\n{more}\n"
        )
    };
    let (keeper, guest) = (
        user("keeper", "hedgerowSystem: TRUE"),
        user("guest", "hedgerowExternalId: x-1"),
    );
    let group = format!(
        "dn: cn=keepers,ou=groups,{SUFFIX}\nobjectClass: groupOfMembers\nobjectClass: hedgerowGroup\n\
         cn: keepers\nhedgerowSystem: TRUE\n"
    );
    let folder = Folder::rest(&section, &rules);
    let (_folder, server, client) = service::serving(folder, &[TREE, &keeper, &guest, &group]);
    let id = |filter: &str| {
        let mut ldap = server.administrator();
        let found = service::search(&mut ldap, SUFFIX, filter, &["entryUUID"]);
        found[0].attrs["entryUUID"][0].clone()
    };
    let (keeper, guest, keepers) = (id("(uid=keeper)"), id("(uid=guest)"), id("(cn=keepers)"));
    let renamed = json!({"id": keepers, "name": "others"}).to_string();
    for (request, body, status) in [
        ("DELETE /api/users/keeper".to_owned(), None, 403),
        ("DELETE /api/users/guest".to_owned(), None, 400),
        (
            format!("DELETE /api/v1/users/group?group_id={keepers}"),
            None,
            403,
        ),
        (
            "PUT /api/v1/users/group".to_owned(),
            Some(renamed.as_str()),
            403,
        ),
        (format!("DELETE /api/v2/auth/users/{keeper}"), None, 403),
        (format!("DELETE /api/v2/auth/groups/{keepers}"), None, 403),
        (
            format!("PUT /api/v2/auth/users/{guest}/password"),
            Some(r#"{"password": "another-one"}"#),
            403,
        ),
    ] {
        for login in [basic("boss"), Login::admin()] {
            let answer = ask(&client, &login, &request, body);
            assert_eq!(answer.status, status, "{request}: {}", answer.text());
        }
    }
}

#[test]
fn an_admin_makes_no_administrators_by_their_group_but_the_super_admin_does() {
    let section = format!("administrators = \"cn=staff,ou=groups,{SUFFIX}\"");
    let folder = Folder::rest(&section, ACCESS);
    folder.load(&format!(
        "{TREE}\ndn: cn=staff,ou=groups,{SUFFIX}\nobjectClass: groupOfNames\ncn: staff\n\
         member: cn=inner,ou=groups,{SUFFIX}\n\ndn: cn=inner,ou=groups,{SUFFIX}\n\
         objectClass: groupOfNames\ncn: inner\nmember: uid=grace,ou=people,{SUFFIX}\n"
    ));
    let server = folder.serve();
    let client = Client::of(&server);
    let groups = client.get(&basic("boss"), "/api/v1/users/groups").json();
    let id = |name: &str| {
        let mut groups = groups["Response"].as_array().unwrap().iter();
        let found = groups.find(|it| it["name"] == name).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    for group in [id("staff"), id("inner")] {
        let mut ada = client.get(&basic("boss"), "/api/users/ada").json();
        ada["user_group_ids"][&group] = json!({});
        let role = "service-user";
        let new = json!({"username": "carl", "password": "demo-carl", "platform_role_id": role,
            "user_group_ids": {&group: {}}});
        let invite = json!({"user_emails": ["carl@example.org"], "platform_role_id": role,
            "user_group_ids": {&group: {}}});
        for (request, body) in [
            ("PUT /api/users/ada", ada.to_string()),
            ("POST /api/users/carl", new.to_string()),
            ("POST /api/v1/users/invite", invite.to_string()),
        ] {
            let answer = ask(&client, &basic("boss"), request, Some(&body));
            assert_eq!(answer.status, 403, "{request}: {}", answer.text());
        }
    }
    let mut ada = client.get(&basic("chief"), "/api/users/ada").json();
    ada["user_group_ids"][id("inner")] = json!({});
    let answer = ask(
        &client,
        &basic("chief"),
        "PUT /api/users/ada",
        Some(&ada.to_string()),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn a_second_factor_that_a_group_needs_stays_and_nothing_else_is_changed() {
    let own = "[[access]]\nwho = \"self\"\nattributes = [\"displayName\", \"hedgerowSecondFactor\"]\n\
        allow = [\"read\", \"search\", \"compare\", \"write\"]\n";
    let needing =
        format!("key_file = \"second-factor.key\"\ngroups = [\"cn=vault,ou=groups,{SUFFIX}\"]");
    let rules = ACCESS.replacen("key_file = \"second-factor.key\"", &needing, 1);
    let folder = Folder::rest(
        "",
        &rules.replacen("[[access]]", &format!("{own}\n[[access]]"), 1),
    );
    let (_folder, server, client) = service::serving(folder, &[TREE]);
    let body = r#"{"username": "ada", "password": "demo-ada"}"#;
    let login = ask(
        &client,
        &Login::Nobody,
        "POST /api/users/adm/authenticate",
        Some(body),
    )
    .json();
    let ada = Login::Bearer(login["Response"]["AuthToken"].as_str().unwrap().to_owned());
    let proposed = client
        .get(&basic("ada"), "/ng/api/user/two-factor-auth/TOTP")
        .json();
    let secret = &proposed["data"]["totpSecretKey"];
    let body = json!({"mechanism": "TOTP", "totpSecretKey": secret}).to_string();
    let enabled = ask(
        &client,
        &basic("ada"),
        "PUT /ng/api/user/enable-two-factor-auth",
        Some(&body),
    );
    assert_eq!(enabled.status, 200, "{}", enabled.text());
    let member = format!("uid=ada,ou=people,{SUFFIX}");
    let vault = vec![
        ("objectClass", ["groupOfNames"].into()),
        ("member", [member.as_str()].into()),
    ];
    let group = format!("cn=vault,ou=groups,{SUFFIX}");
    server
        .administrator()
        .add(&group, vault)
        .unwrap()
        .success()
        .unwrap();
    let was = client.get(&ada, "/api/users/ada").json();
    assert_eq!(was["is_mfa_enabled"], true, "{was}");
    let mut wanted = was.clone();
    wanted["is_mfa_enabled"] = json!(false);
    wanted["display_name"] = json!("Another");
    let answer = ask(
        &client,
        &ada,
        "PUT /api/users/ada",
        Some(&wanted.to_string()),
    );
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(
        answer.text().contains("is_mfa_enabled"),
        "{}",
        answer.text()
    );
    assert_eq!(client.get(&ada, "/api/users/ada").json(), was);
    // Who administers may take it, and then it goes with all else that is asked for or not at all.
    let chief = basic("chief");
    let replace = |role: &str| {
        let mut wanted = wanted.clone();
        wanted["platform_role_id"] = json!(role);
        ask(
            &client,
            &chief,
            "PUT /api/users/ada",
            Some(&wanted.to_string()),
        )
    };
    assert_ne!(replace("super-admin").status, 200);
    assert_eq!(client.get(&chief, "/api/users/ada").json(), was);
    let answer = replace("auditor");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let is = answer.json();
    assert_eq!(
        (
            &is["is_mfa_enabled"],
            &is["display_name"],
            &is["platform_role_id"]
        ),
        (&json!(false), &json!("Another"), &json!("auditor"))
    );
}

#[test]
fn no_answer_holds_a_hash_or_a_secret() {
    let (_folder, _server, client) = serving("");
    let made = json!({"name": "x", "user_name": "ada"}).to_string();
    let request = "POST /api/v1/users/access_token";
    let made = client.send(&basic("ada"), request, &[], Some(made.as_bytes()));
    assert_eq!(made.status, 200);
    for path in [
        "/api/users",
        "/api/users/ada",
        "/api/v1/users?username=ada",
        "/api/v1/users/access_token?username=ada",
    ] {
        let text = client.get(&basic("chief"), path).text().to_lowercase();
        for secret in ["argon2", "hgrt_", "hash", "\"password\"", "totp_secret"] {
            assert!(!text.contains(secret), "{path}: {secret}");
        }
    }
}
