//! Password policies, locks and closed accounts over LDAP, with the OpenLDAP client tools.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::fs;
use std::process::Output;

use server::{ADMIN, Folder, PASSWORD, Server, text};

const ADA: &str = "uid=ada,ou=people,dc=example,dc=org";
const DEFAULT: &str = "cn=default,ou=policies,dc=example,dc=org";
/// Who may write their whole entry, and yet not what it may do.
const OWN: &str =
    "[[access]]\nwho = \"self\"\nallow = [\"read\", \"search\", \"compare\", \"write\"]\n";

/// A person and a policy with these rules.
fn tree(rules: &str) -> String {
    format!(
        "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n\
         dn: ou=people,dc=example,dc=org\nobjectClass: organizationalUnit\nou: people\n\n\
         dn: ou=policies,dc=example,dc=org\nobjectClass: organizationalUnit\nou: policies\n\n\
         dn: {DEFAULT}\nobjectClass: applicationProcess\nobjectClass: pwdPolicy\ncn: default\n\
         pwdAttribute: userPassword\n{rules}\n\
         dn: {ADA}\nobjectClass: inetOrgPerson\nobjectClass: hedgerowAccount\nuid: ada\ncn: Ada Lovelace\n\
         sn: Lovelace\nuserPassword: secret-ada\n\n"
    )
}

struct Fixture {
    server: Server,
    folder: Folder,
}

impl Fixture {
    fn new(rules: &str) -> Fixture {
        Fixture::with_more(OWN, rules)
    }

    fn with_more(more: &str, rules: &str) -> Fixture {
        let folder = Folder::with_more(more);
        folder.load(&tree(rules));
        let server = folder.serve();
        Fixture { server, folder }
    }

    fn tool(&self, name: &str, who: &str, password: &str, more: &[&str]) -> Output {
        let mut command = self.server.tool(name, &self.server.secure_url());
        command
            .args(["-e", "ppolicy", "-D", who, "-w", password])
            .args(more);
        command.output().unwrap()
    }

    /// Binds and asks who that is: the exit code, and what is said.
    fn login(&self, password: &str) -> (Option<i32>, String) {
        said(&self.tool("ldapwhoami", ADA, password, &[]))
    }

    fn passwd(&self, who: &str, password: &str, more: &[&str]) -> (Option<i32>, String) {
        said(&self.tool("ldappasswd", who, password, more))
    }

    fn modify(&self, who: &str, password: &str, steps: &str) -> (Option<i32>, String) {
        let file = self.folder.path("changes.ldif");
        fs::write(&file, format!("dn: {ADA}\nchangetype: modify\n{steps}\n")).unwrap();
        let more = ["-f", file.to_str().unwrap()];
        said(&self.tool("ldapmodify", who, password, &more))
    }

    #[track_caller]
    fn administer(&self, steps: &str) {
        let (code, said) = self.modify(ADMIN, PASSWORD, steps);
        assert_eq!(code, Some(0), "{said}");
    }

    fn values(&self, attribute: &str) -> Vec<String> {
        let more = [
            "-LLL",
            "-o",
            "ldif_wrap=no",
            "-b",
            ADA,
            "-s",
            "base",
            attribute,
        ];
        let found = self.tool("ldapsearch", ADMIN, PASSWORD, &more);
        let lines = text(&found.stdout);
        let values = lines
            .lines()
            .filter_map(|line| line.strip_prefix(attribute)?.strip_prefix(": "));
        values.map(str::to_owned).collect()
    }
}

fn said(done: &Output) -> (Option<i32>, String) {
    (done.status.code(), text(&done.stdout) + &text(&done.stderr))
}

/// That a change was refused for this reason, by LDAP's code and the control's words.
#[track_caller]
fn refused(done: (Option<i32>, String), code: u8, words: &str) {
    let (status, said) = done;
    assert_ne!(status, Some(0), "{said}");
    let told = status == Some(code.into()) || said.contains(&format!("({code})"));
    assert!(told, "{said}");
    assert!(said.to_lowercase().contains(words), "{said}");
}

#[track_caller]
fn succeeds(done: (Option<i32>, String)) {
    assert_eq!(done.0, Some(0), "{}", done.1);
}

fn replace(password: &str) -> String {
    format!("replace: userPassword\nuserPassword: {password}\n")
}

#[test]
fn every_way_to_change_a_password_is_held_to_length_quality_and_history() {
    let it =
        Fixture::new("pwdCheckQuality: 2\npwdMinLength: 8\npwdMaxLength: 40\npwdInHistory: 2\n");
    let long = "long enough to be too long ".repeat(3);
    for (password, words) in [
        ("short", "too short"),
        (long.as_str(), "too long"),
        ("password1", "quality"),
        ("Ada Lovelace", "quality"),
        ("secret-ada", "used before"),
    ] {
        let own = ["-a", "secret-ada", "-s", password];
        // The numbers of too long and later are unknown to old clients.
        let words = if words == "too long" { "(19)" } else { words };
        refused(it.passwd(ADA, "secret-ada", &own), 19, words);
        refused(it.modify(ADA, "secret-ada", &replace(password)), 19, words);
    }
    succeeds(it.passwd(
        ADA,
        "secret-ada",
        &["-a", "secret-ada", "-s", "second 49 tulip"],
    ));
    succeeds(it.modify(ADA, "second 49 tulip", &replace("third 83 walnut")));
    for old in ["secret-ada", "second 49 tulip", "third 83 walnut"] {
        refused(
            it.modify(ADA, "third 83 walnut", &replace(old)),
            19,
            "used before",
        );
    }
    succeeds(it.modify(ADA, "third 83 walnut", &replace("fourth 21 maple")));
    succeeds(it.modify(ADA, "fourth 21 maple", &replace("secret-ada")));
    // The administrator is above all that.
    succeeds(it.passwd(ADMIN, PASSWORD, &["-s", "short", ADA]));
    assert_eq!(it.login("short").0, Some(0));
}

#[test]
fn the_administrator_is_bound_where_the_configuration_says_so() {
    let more = format!("[password_policy]\nbind_administrator = true\nleast_score = 3\n\n{OWN}");
    let it = Fixture::with_more(&more, "pwdCheckQuality: 2\npwdMinLength: 8\n");
    refused(
        it.passwd(ADMIN, PASSWORD, &["-s", "short", ADA]),
        19,
        "too short",
    );
    refused(
        it.modify(ADMIN, PASSWORD, &replace("password1")),
        19,
        "quality",
    );
    let hashed = replace("{SSHA}HkNY0VkO095K2fXKABvtBmodFEVzYWx0c2FsdA==");
    refused(it.modify(ADMIN, PASSWORD, &hashed), 19, "");
    succeeds(it.modify(ADMIN, PASSWORD, &replace("third 83 walnut")));
}

#[test]
fn a_policy_says_when_and_how_users_change_their_own() {
    let it = Fixture::new("pwdMinAge: 3600\npwdSafeModify: TRUE\n");
    refused(
        it.modify(ADA, "secret-ada", &replace("another one")),
        50,
        "old password",
    );
    let exchange = |old: &str, new: &str| {
        format!(
            "delete: userPassword\nuserPassword: {old}\n-\nadd: userPassword\nuserPassword: {new}\n"
        )
    };
    succeeds(it.modify(ADA, "secret-ada", &exchange("secret-ada", "another one")));
    let own = ["-a", "another one", "-s", "yet another"];
    refused(it.passwd(ADA, "another one", &own), 19, "recently");
    refused(
        it.modify(ADA, "another one", &exchange("another one", "x")),
        19,
        "recently",
    );
    let file = it.folder.path("policy.ldif");
    let forbid = format!(
        "dn: {DEFAULT}\nchangetype: modify\nreplace: pwdAllowUserChange\npwdAllowUserChange: FALSE\n-\n\
         delete: pwdMinAge\n"
    );
    fs::write(&file, forbid).unwrap();
    succeeds(said(&it.tool(
        "ldapmodify",
        ADMIN,
        PASSWORD,
        &["-f", file.to_str().unwrap()],
    )));
    refused(it.passwd(ADA, "another one", &own), 50, "");
    assert_eq!(it.values("pwdChangedTime").len(), 1);
}

#[test]
fn after_a_reset_nothing_is_done_before_the_password_is_changed() {
    let it = Fixture::new("pwdMustChange: TRUE\n");
    succeeds(it.passwd(ADMIN, PASSWORD, &["-s", "for the first day", ADA]));
    assert_eq!(it.values("pwdReset"), ["TRUE"]);
    let (code, words) = it.login("for the first day");
    assert_eq!(code, Some(0));
    assert!(words.contains("must be changed"), "{words}");
    let search = ["-b", "dc=example,dc=org", "1.1"];
    refused(
        said(&it.tool("ldapsearch", ADA, "for the first day", &search)),
        50,
        "insufficient access",
    );
    let both = replace("her own choice") + "-\nreplace: mobile\nmobile: +1\n";
    refused(it.modify(ADA, "for the first day", &both), 50, "changed");
    let mobile = "replace: mobile\nmobile: +1\n";
    refused(it.modify(ADA, "for the first day", mobile), 50, "changed");
    let compare = said(&it.tool(
        "ldapcompare",
        ADA,
        "for the first day",
        &[ADA, "sn:Lovelace"],
    ));
    refused(compare, 50, "insufficient access");
    succeeds(it.modify(ADA, "for the first day", &replace("her own choice")));
    assert!(it.values("pwdReset").is_empty());
    succeeds(said(&it.tool("ldapsearch", ADA, "her own choice", &search)));
}

#[test]
fn a_locked_account_answers_like_a_wrong_password_to_all_but_those_who_ask() {
    let it = Fixture::new("pwdLockout: TRUE\npwdMaxFailure: 2\npwdLockoutDuration: 600\n");
    let plain = |password: &str| {
        let mut command = it.server.tool("ldapwhoami", &it.server.secure_url());
        said(&command.args(["-D", ADA, "-w", password]).output().unwrap())
    };
    let wrong = plain("wrong");
    assert_eq!(wrong.0, Some(49));
    assert_eq!(plain("wrong"), wrong);
    assert_eq!(plain("secret-ada"), wrong);
    refused(it.login("secret-ada"), 49, "locked");
    assert_eq!(it.values("pwdAccountLockedTime").len(), 1);
    it.administer("delete: pwdAccountLockedTime\n");
    assert_eq!(plain("secret-ada").0, Some(0));
}

#[test]
fn a_lock_outlives_the_server() {
    let Fixture { server, folder } = Fixture::new("pwdLockout: TRUE\npwdMaxFailure: 2\n");
    let it = Fixture { server, folder };
    for _ in 0..2 {
        assert_eq!(it.login("wrong").0, Some(49));
    }
    let Fixture { server, folder } = it;
    drop(server);
    let server = folder.serve();
    let it = Fixture { server, folder };
    refused(it.login("secret-ada"), 49, "locked");
}

#[test]
fn an_account_that_is_disabled_is_cut_off_with_its_next_operation() {
    let it = Fixture::new("");
    let mut ada = it.server.bound(ADA, "secret-ada");
    assert!(
        ada.search(ADA, ldap3::Scope::Base, "(uid=*)", ["1.1"])
            .is_ok()
    );
    it.administer("replace: hedgerowDisabled\nhedgerowDisabled: TRUE\n");
    let cut = ada.search(ADA, ldap3::Scope::Base, "(uid=*)", ["1.1"]);
    assert!(cut.is_err() || cut.is_ok_and(|found| found.success().is_err()));
    refused(it.login("secret-ada"), 49, "");
    it.administer("replace: hedgerowDisabled\n");
    assert_eq!(it.login("secret-ada").0, Some(0));
}

#[test]
fn nobody_says_what_their_own_account_may_do() {
    let it = Fixture::new("pwdMaxAge: 1\n");
    let past = "29990101000000Z";
    for (attribute, value) in [
        ("pwdPolicySubentry", "cn=none,dc=example,dc=org"),
        ("pwdAccountLockedTime", past),
        ("pwdReset", "FALSE"),
        ("pwdEndTime", past),
        ("hedgerowDisabled", "FALSE"),
    ] {
        let step = format!("replace: {attribute}\n{attribute}: {value}\n");
        refused(it.modify(ADA, "secret-ada", &step), 50, "");
    }
    let kept = "replace: pwdChangedTime\npwdChangedTime: 29990101000000Z\n";
    refused(it.modify(ADA, "secret-ada", kept), 19, "");
    succeeds(it.modify(ADA, "secret-ada", "replace: mobile\nmobile: +1\n"));
}
