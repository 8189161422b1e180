//! The dialect of Harness: scenarios, and what it has in common with LDAP.

mod permissions;

use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use ldap3::{LdapConn, Mod};
use serde_json::{Value, json};

use crate::https::{Answer, Client, Login};
use crate::scenario;
use crate::server::{Folder, SUFFIX, Server};
use crate::service::{self, TREE};

const SCOPES: &str = include_str!("harness/scopes.ldif");
const BASE: &str = "/ng/api/user";
const LEDGER: &str = "accountIdentifier=default&orgIdentifier=payments&projectIdentifier=ledger";

/// A server where users keep their own name, password and second factor, and grace may write everything.
fn serving(section: &str) -> (Folder, Server, Client) {
    serving_more(section, &[])
}

/// The same with more entries.
fn serving_more(section: &str, ldif: &[&str]) -> (Folder, Server, Client) {
    let rules = format!(
        "[second_factor]\nkey_file = \"second-factor.key\"\n\
         [[access]]\nwho = \"dn:uid=grace,ou=people,{SUFFIX}\"\n\
         allow = [\"read\", \"search\", \"compare\", \"write\", \"add\", \"delete\"]\n\
         [[access]]\nwho = \"self\"\nattributes = [\"userPassword\", \"displayName\", \"hedgerowSecondFactor\"]\n\
         allow = [\"read\", \"search\", \"compare\", \"write\"]\n"
    );
    let folder = Folder::rest(section, &rules);
    service::serving(folder, &[&[TREE, SCOPES], ldif].concat())
}

fn ask(client: &Client, login: &Login, request: &str, body: Option<Value>) -> Answer {
    let request = request.replacen(' ', &format!(" {BASE}"), 1);
    client.ask(login, &request, body)
}

/// What the administrator is answered, who must not be refused.
fn done(client: &Client, request: &str, body: Option<Value>) -> Value {
    let answer = ask(client, &Login::admin(), request, body);
    assert_eq!(answer.status, 200, "{request}: {}", answer.text());
    answer.json()["data"].clone()
}

fn id_of(client: &Client, user: &str) -> String {
    let request = "POST /batch?accountIdentifier=default";
    let found = done(client, request, Some(json!({ "searchTerm": user })));
    assert_eq!(found["totalItems"], 1, "{user}");
    found["content"][0]["uuid"].as_str().unwrap().to_owned()
}

fn search(ldap: &mut LdapConn, base: &str, filter: &str, attribute: &str) -> Vec<String> {
    let entries = service::search(ldap, base, filter, &[attribute]);
    let entries = entries.into_iter();
    entries
        .flat_map(|mut entry| entry.attrs.remove(attribute).unwrap_or_default())
        .collect()
}

fn person(user: &str) -> String {
    format!("uid={user},ou=people,{SUFFIX}")
}

const SCOPE: &str = "ou=ledger,ou=payments,ou=default,ou=scopes,dc=example,dc=org";

#[test]
fn every_scenario_of_harness_goes_as_it_says() {
    scenario::run_all("harness", BASE, serving);
}

#[test]
fn what_is_changed_over_ldap_is_so_at_once() {
    let (_folder, server, client) = serving("");
    let mut ldap = server.administrator();
    let list = format!("cn=members,{SCOPE}");
    let members = |client: &Client| {
        done(client, &format!("POST /batch?{LEDGER}"), None)["totalItems"].clone()
    };
    assert_eq!(members(&client), 1);
    let group = format!("cn=everyone,ou=groups,{SUFFIX}");
    ldap.modify(&list, vec![Mod::Add("member", [group.as_str()].into())])
        .unwrap()
        .success()
        .unwrap();
    // ada through two groups, and grace twice.
    assert_eq!(members(&client), 2);
    ldap.modify(
        &person("ada"),
        vec![Mod::Replace("displayName", ["Augusta"].into())],
    )
    .unwrap()
    .success()
    .unwrap();
    let page = done(&client, &format!("POST /batch?{LEDGER}"), None);
    assert_eq!(page["content"][0]["name"], "Augusta");
    ldap.delete(&person("ada")).unwrap().success().unwrap();
    assert_eq!(members(&client), 1);
}

#[test]
fn whoever_was_invited_and_has_not_come_is_a_user_of_the_account() {
    let spool = tempfile::tempdir().unwrap();
    let (_folder, _server, client) = serving(&format!("mail_folder = {:?}", spool.path()));
    let body = json!({ "userName": "mary", "displayName": "Mary", "email": "mary@example.net",
        "invitationPending": true });
    let invite = "POST /api/v2/auth/users";
    let invited = client.ask(&Login::admin(), invite, Some(body));
    assert_eq!(invited.status, 201, "{}", invited.text());
    let found = done(
        &client,
        "GET /currentgen?accountIdentifier=default&searchString=mary",
        None,
    );
    assert_eq!(found["content"][0]["email"], "mary@example.net");
    let id = id_of(&client, "mary");
    assert_eq!(invited.json()["_id"], json!(id));
    let removed = done(
        &client,
        &format!("DELETE /{id}?accountIdentifier=default"),
        None,
    );
    assert_eq!(removed, true);
}

#[test]
fn of_two_administrators_who_remove_one_another_one_stays() {
    let (_folder, server, client) = serving("");
    let mut ldap = server.administrator();
    for (entry, of) in [("members", "member"), ("admins", "member")] {
        let entry = format!("cn={entry},{SCOPE}");
        ldap.modify(&entry, vec![Mod::Add(of, [person("ada").as_str()].into())])
            .unwrap()
            .success()
            .unwrap();
    }
    let ids = ["Ada", "Grace"].map(|user| id_of(&client, user));
    let statuses = thread::scope(|scope| {
        let removals = ids.each_ref().map(|id| {
            let client = &client;
            scope.spawn(move || {
                ask(
                    client,
                    &Login::admin(),
                    &format!("DELETE /{id}?{LEDGER}"),
                    None,
                )
                .status
            })
        });
        removals.map(|it| it.join().unwrap())
    });
    let refused = statuses.iter().filter(|status| **status == 400).count();
    assert_eq!(refused, 1, "{statuses:?}");
    let left = search(&mut ldap, SCOPE, "(cn=admins)", "member");
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn whoever_is_removed_from_a_scope_leaves_what_is_below_it_and_nothing_else() {
    let (_folder, server, client) = serving("");
    let mut ldap = server.administrator();
    let admins = format!("cn=admins,{SCOPE}");
    let engineering = format!("cn=engineering,ou=groups,{SUFFIX}");
    ldap.modify(
        &admins,
        vec![Mod::Add("member", [person("alan").as_str()].into())],
    )
    .unwrap()
    .success()
    .unwrap();
    let grace = id_of(&client, "Grace");
    let organization = "accountIdentifier=default&orgIdentifier=payments";
    let before = search(&mut ldap, &person("alan"), "(uid=alan)", "entryCSN");
    assert_eq!(
        done(&client, &format!("DELETE /{grace}?{organization}"), None),
        true
    );
    let of_grace = format!("(member={})", person("grace"));
    assert_eq!(search(&mut ldap, SUFFIX, &of_grace, "cn"), ["engineering"]);
    // Who stays as administrator is asked for, and not changed.
    assert_eq!(
        search(&mut ldap, &person("alan"), "(uid=alan)", "entryCSN"),
        before
    );
    let account = "POST /batch?accountIdentifier=default";
    assert_eq!(done(&client, account, None)["totalItems"], 4);
    assert!(!search(&mut ldap, &engineering, "(cn=*)", "member").is_empty());
}

#[test]
fn a_second_factor_that_is_enabled_is_needed_over_ldap_as_well() {
    let (_folder, server, client) = serving("");
    let ada = Login::basic("ada", "demo-ada");
    let proposed = ask(&client, &ada, "GET /two-factor-auth/TOTP", None).json();
    let secret = proposed["data"]["totpSecretKey"]
        .as_str()
        .unwrap()
        .to_owned();
    let url = proposed["data"]["totpqrurl"].as_str().unwrap();
    assert!(url.contains(&format!("secret={secret}")), "{url}");
    let body = json!({ "mechanism": "TOTP", "totpSecretKey": secret });
    let enabled = ask(&client, &ada, "PUT /enable-two-factor-auth", Some(body));
    assert_eq!(
        enabled.json()["data"]["twoFactorAuthenticationEnabled"],
        true
    );
    let mut ldap = LdapConn::new(&server.url()).unwrap();
    let bound = ldap.simple_bind(&person("ada"), "demo-ada").unwrap();
    assert_eq!(bound.rc, 49);
    let bytes: Vec<u8> = data_encoding::BASE32_NOPAD
        .decode(secret.as_bytes())
        .unwrap();
    let bytes: [u8; 20] = bytes.try_into().unwrap();
    let device = totp_rs::Builder::new().with_secret(bytes).build().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let typed = format!("demo-ada{}", device.generate(now.as_secs()));
    let both = Login::basic("ada", &typed);
    let disabled = ask(&client, &both, "PUT /disable-two-factor-auth", None);
    assert_eq!(disabled.status, 200, "{}", disabled.text());
    assert_eq!(
        disabled.json()["data"]["twoFactorAuthenticationEnabled"],
        false
    );
    let bound = ldap.simple_bind(&person("ada"), "demo-ada").unwrap();
    assert_eq!(bound.rc, 0);
}

#[test]
fn who_is_refused_after_others_were_added_is_told_so_by_address() {
    let spool = tempfile::tempdir().unwrap();
    let rules = format!(
        "mail_folder = {:?}\n[[access]]\nwho = \"dn:uid=zoe,ou=people,{SUFFIX}\"\nto = \"ou=scopes,{SUFFIX}\"\n\
         allow = [\"read\", \"search\", \"compare\", \"write\", \"add\"]\n",
        spool.path()
    );
    let (_folder, server, client) = serving(&rules);
    let admins = format!("cn=admins,{SCOPE}");
    let zoe = person("zoe");
    let add = Mod::Add("member", [zoe.as_str()].into());
    let person = person("alan");
    let mut ldap = server.administrator();
    ldap.modify(&admins, vec![add]).unwrap().success().unwrap();
    let alan = Mod::Add("member", [person.as_str()].into());
    let above = format!("cn=members,ou=payments,ou=default,ou=scopes,{SUFFIX}");
    ldap.modify(&above, vec![alan]).unwrap().success().unwrap();
    let binding = json!([{"roleIdentifier": "_project_viewer", "roleName": "Project Viewer"}]);
    let body = |emails: &[&str]| Some(json!({"emails": emails, "roleBindings": binding}));
    let (alan, new) = ("alan@example.org", "new@example.net");
    let request = format!("POST /users?{LEDGER}");
    let zoe = Login::basic("zoe", "demo-zoe");
    let both = ask(&client, &zoe, &request, body(&[alan, new]));
    assert_eq!(both.status, 200, "{}", both.text());
    let told = json!({alan: "USER_ADDED_SUCCESSFULLY", new: "FAIL"});
    assert_eq!(both.json()["data"]["addUserResponseMap"], told);
    assert_eq!(ask(&client, &zoe, &request, body(&[new])).status, 403);
}

/// Everything below the scopes, and the invitations.
fn entries(ldap: &mut LdapConn) -> Vec<String> {
    let filter = "(|(objectClass=organizationalUnit)(objectClass=hedgerowScope)\
        (objectClass=hedgerowScopeMembers)(objectClass=hedgerowRoleAssignment)(objectClass=hedgerowInvitation))";
    let mut names = search(ldap, SUFFIX, filter, "entryDN");
    names.sort();
    names
}

#[test]
fn a_request_that_adds_nobody_leaves_nothing_behind() {
    let spool = tempfile::tempdir().unwrap();
    // Zoe administers the project, and may write what is there, but add nothing.
    let section = format!(
        "mail_folder = {:?}\n[[access]]\nwho = \"dn:{}\"\nto = \"ou=scopes,{SUFFIX}\"\n\
         allow = [\"read\", \"search\", \"compare\", \"write\"]\n",
        spool.path(),
        person("zoe")
    );
    let (_folder, server, client) = serving(&section);
    let mut ldap = server.administrator();
    let zoe = person("zoe");
    let administers = Mod::Add("member", [zoe.as_str()].into());
    let admins = format!("cn=admins,{SCOPE}");
    ldap.modify(&admins, vec![administers])
        .unwrap()
        .success()
        .unwrap();
    let before = entries(&mut ldap);
    let body = |emails: &[&str]| {
        let roles = json!([
            {"roleIdentifier": "_project_viewer", "roleName": "Project Viewer"},
            {"roleIdentifier": "deployer", "roleName": "Deployer"},
            {"roleIdentifier": "deployer", "roleName": "Deployer"},
        ]);
        Some(json!({ "emails": emails, "roleBindings": roles }))
    };
    let audit = "accountIdentifier=default&orgIdentifier=payments&projectIdentifier=audit";
    let add = |who: &Login, scope: &str, emails: &[&str]| {
        ask(&client, who, &format!("POST /users?{scope}"), body(emails))
    };
    let wrong = add(&Login::admin(), audit, &["no address", "nor this"]);
    let told = json!({"no address": "FAIL", "nor this": "FAIL"});
    assert_eq!(wrong.json()["data"]["addUserResponseMap"], told);
    assert_eq!(entries(&mut ldap), before);
    // Of one who is there, and of one who is yet to come.
    let zoe = Login::basic("zoe", "demo-zoe");
    for email in ["alan@example.org", "new@example.net"] {
        assert_eq!(add(&zoe, LEDGER, &[email]).status, 403, "{email}");
        assert_eq!(entries(&mut ldap), before, "{email}");
    }
    let both = add(
        &Login::admin(),
        audit,
        &["alan@example.org", "new@example.net"],
    );
    let told = json!({"alan@example.org": "USER_ADDED_SUCCESSFULLY", "new@example.net": "USER_INVITED_SUCCESSFULLY"});
    assert_eq!(both.json()["data"]["addUserResponseMap"], told);
    // The lists of the project, the viewers of the organisation, the invitation and what it lies in.
    assert_eq!(entries(&mut ldap).len(), before.len() + 6);
}

#[test]
fn what_an_account_lacks_is_made_with_the_first_user_who_gets_a_role() {
    let (_folder, server, client) = service::serving(Folder::rest("", ""), &[TREE]);
    let mut ldap = server.administrator();
    let before = entries(&mut ldap);
    let role = json!([{"roleIdentifier": "_account_admin", "roleName": "Account Admin"}]);
    let request = "POST /users?accountIdentifier=default";
    let add = |email: &str| {
        let body = json!({ "emails": [email], "roleBindings": role });
        done(&client, request, Some(body))["addUserResponseMap"][email].clone()
    };
    // Without a folder for mail nobody can be invited.
    assert_eq!(add("new@example.net"), "FAIL");
    assert_eq!(entries(&mut ldap), before);
    assert_eq!(add("ada@example.org"), "USER_ALREADY_ADDED");
    let members = search(&mut ldap, SUFFIX, "(cn=_account_admin)", "member");
    assert_eq!(members, [person("ada")]);
    let as_ada = ask(
        &client,
        &Login::basic("ada", "demo-ada"),
        "GET /currentgen?accountIdentifier=default",
        None,
    );
    assert_eq!(as_ada.status, 200);
}

#[test]
fn who_cannot_log_in_is_no_administrator_that_is_left() {
    let (_folder, server, client) = serving("");
    let mut ldap = server.administrator();
    let admins = format!("cn=admins,{SCOPE}");
    let ada = person("ada");
    let administers = Mod::Add("member", [ada.as_str()].into());
    ldap.modify(&admins, vec![administers])
        .unwrap()
        .success()
        .unwrap();
    let grace = id_of(&client, "Grace");
    let remove = |expected: u16| {
        let answer = ask(
            &client,
            &Login::admin(),
            &format!("DELETE /{grace}?{LEDGER}"),
            None,
        );
        assert_eq!(answer.status, expected, "{}", answer.text());
        if expected == 400 {
            assert_eq!(answer.json()["code"], "REQUEST_PROCESSING_INTERRUPTED");
        }
    };
    let classes = Mod::Add("objectClass", ["hedgerowAccount", "hedgerowUser"].into());
    ldap.modify(&ada, vec![classes]).unwrap().success().unwrap();
    let mut set = |attribute: &str, value: Option<&str>| {
        let step = Mod::Replace(attribute, value.into_iter().collect());
        ldap.modify(&ada, vec![step]).unwrap().success().unwrap();
    };
    for (attribute, value) in [
        ("hedgerowDisabled", "TRUE"),
        ("pwdAccountLockedTime", "000001010000Z"),
        ("hedgerowDeletedTime", "20260101000000Z"),
        ("hedgerowInvitationPending", "TRUE"),
        ("pwdEndTime", "20200101000000Z"),
        ("pwdStartTime", "99991231000000Z"),
    ] {
        set(attribute, Some(value));
        remove(400);
        set(attribute, None);
    }
    set("pwdEndTime", Some("99991231000000Z"));
    set("pwdStartTime", Some("20200101000000Z"));
    remove(200);
}

#[test]
fn with_a_key_the_account_must_be_named() {
    let (folder, _server, client) = serving("");
    let key = service::key(&folder, &["ada", "pipeline", "--scope", "harness"]);
    let key = Login::Key(key);
    let who = |key: &Login, query: &str| client.get(key, &format!("{BASE}/currentUser{query}"));
    let answer = who(&key, "?accountIdentifier=default");
    assert_eq!(answer.json()["data"]["email"], "ada@example.org");
    let answer = who(&key, "");
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["message"],
        "Account detail is not present in the request"
    );
    let none = Login::Key("hgrw_x".to_owned());
    let answer = who(&none, "?accountIdentifier=default");
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (401, json!("INVALID_TOKEN"))
    );
    // A key is less than the account that it stands for.
    let path = format!("{BASE}/two-factor-auth/TOTP?accountIdentifier=default");
    assert_eq!(client.get(&key, &path).status, 403);
}

#[test]
fn the_correlation_id_is_that_of_the_request() {
    let (_folder, _server, client) = serving("");
    let page = client.get(&Login::Nobody, "/docs");
    assert!(page.text().contains("/ng/api/user/currentUser"));
    for (path, status) in [
        ("/currentUser", 200),
        ("/currentgen", 400),
        ("/nothing", 405),
        ("/a/b", 404),
    ] {
        let headers = [("x-request-id".to_owned(), "own-id-1".to_owned())];
        let answer = client.send(
            &Login::admin(),
            &format!("GET {BASE}{path}"),
            &headers,
            None,
        );
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.json()["correlationId"], "own-id-1", "{path}");
        assert_eq!(answer.headers["x-request-id"], "own-id-1");
    }
}
