//! The dialect of Harness: scenarios, and what it has in common with LDAP.

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
    let rules = format!(
        "[second_factor]\nkey_file = \"second-factor.key\"\n\
         [[access]]\nwho = \"dn:uid=grace,ou=people,{SUFFIX}\"\n\
         allow = [\"read\", \"search\", \"compare\", \"write\", \"add\", \"delete\"]\n\
         [[access]]\nwho = \"self\"\nattributes = [\"userPassword\", \"displayName\", \"hedgerowSecondFactor\"]\n\
         allow = [\"read\", \"search\", \"compare\", \"write\"]\n"
    );
    let folder = Folder::rest(section, &rules);
    service::serving(folder, &[TREE, SCOPES])
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

#[test]
fn with_a_key_the_account_must_be_named() {
    let (folder, _server, client) = serving("");
    let key = &service::key(&folder, &["ada", "pipeline", "--scope", "harness"]);
    let who = |key: &str, query: &str| {
        let headers = [("x-api-key".to_owned(), key.to_owned())];
        let request = format!("GET {BASE}/currentUser{query}");
        client.send(&Login::Nobody, &request, &headers, None)
    };
    let answer = who(key, "?accountIdentifier=default");
    assert_eq!(answer.json()["data"]["email"], "ada@example.org");
    let answer = who(key, "");
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["message"],
        "Account detail is not present in the request"
    );
    let answer = who("hgrw_x", "?accountIdentifier=default");
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (401, json!("INVALID_TOKEN"))
    );
    // A key is less than the account that it stands for.
    let headers = [("x-api-key".to_owned(), key.to_owned())];
    let request = format!("GET {BASE}/two-factor-auth/TOTP?accountIdentifier=default");
    assert_eq!(
        client.send(&Login::Nobody, &request, &headers, None).status,
        403
    );
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
