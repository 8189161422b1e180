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

/// Clients of other servers know one sign of an account that is turned off, and lift it.
#[test]
fn an_account_that_is_disabled_shows_as_locked_for_good_and_either_sign_turns_it_on() {
    let it = Fixture::new("");
    let signs = || {
        let mut ldap = it.server.administrator();
        let wanted = ["pwdAccountLockedTime", "hedgerowDisabled"];
        let found = ldap.search(ADA, ldap3::Scope::Base, "(uid=*)", wanted);
        let (found, _) = found.unwrap().success().unwrap();
        let entry = ldap3::SearchEntry::construct(found.into_iter().next().unwrap());
        wanted.map(|name| entry.attrs.get(name).map(|values| values.concat()))
    };
    let disable = "replace: hedgerowDisabled\nhedgerowDisabled: TRUE\n";
    let shown = [Some("000001010000Z".to_owned()), Some("TRUE".to_owned())];
    for enable in [
        "delete: hedgerowDisabled\n",
        "replace: hedgerowDisabled\nhedgerowDisabled: FALSE\n",
        "delete: pwdAccountLockedTime\n",
    ] {
        it.administer(disable);
        assert_eq!(signs(), shown);
        refused(it.login("secret-ada"), 49, "");
        it.administer("replace: mobile\nmobile: +2\n");
        assert_eq!(signs(), shown);
        it.administer(enable);
        assert_eq!(signs()[0], None, "{enable}");
        assert_eq!(it.login("secret-ada").0, Some(0), "{enable}");
    }
    it.administer("replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n");
    assert_eq!(signs(), [shown[0].clone(), None]);
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

#[test]
fn old_passwords_that_are_wrong_lock_as_failed_logins_do() {
    let it = Fixture::new("pwdLockout: TRUE\npwdMaxFailure: 3\npwdLockoutDuration: 600\n");
    let mut client = it.server.bound(ADA, "secret-ada");
    let mut change = |old| {
        let request = ldap3::exop::PasswordModify {
            user_id: None,
            old_pass: Some(old),
            new_pass: Some("second 49 tulip"),
        };
        client.extended(request).unwrap().1.rc
    };
    assert_eq!([change("a"), change("b"), change("c")], [49, 49, 49]);
    assert_eq!(change("secret-ada"), 49);
    refused(it.login("secret-ada"), 49, "account locked");
}

/// A value of unicodePwd, ready for LDIF.
fn unicode(password: &str) -> String {
    use base64::Engine;
    let text = format!("\"{password}\"");
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    base64::prelude::BASE64_STANDARD.encode(bytes)
}

#[test]
fn unicode_pwd_sets_the_one_password_by_the_same_policy_and_is_never_seen() {
    let it = Fixture::new("pwdCheckQuality: 2\npwdMinLength: 8\npwdInHistory: 3\n");
    let replace = |password| format!("replace: unicodePwd\nunicodePwd:: {}\n", unicode(password));
    it.administer(&replace("reset 77 \u{f6}tter"));
    succeeds(it.login("reset 77 \u{f6}tter"));
    let change = |old, new| {
        let (old, new) = (unicode(old), unicode(new));
        format!("delete: unicodePwd\nunicodePwd:: {old}\n-\nadd: unicodePwd\nunicodePwd:: {new}\n")
    };
    let own = |old, new| it.modify(ADA, "reset 77 \u{f6}tter", &change(old, new));
    refused(own("reset 77 \u{f6}tter", "short"), 19, "too short");
    refused(own("reset 77 \u{f6}tter", "secret-ada"), 19, "used before");
    let (status, told) = own("another", "third 83 walnut");
    assert_ne!(status, Some(0), "{told}");
    succeeds(own("reset 77 \u{f6}tter", "third 83 walnut"));
    succeeds(it.login("third 83 walnut"));
    let plain = "replace: unicodePwd\nunicodePwd: third 84 walnut\n";
    refused(
        it.modify(ADA, "third 83 walnut", plain),
        19,
        "double quotes",
    );
    assert!(it.values("unicodePwd").is_empty());
}

#[test]
fn unicode_pwd_is_not_taken_over_an_open_line() {
    let folder = Folder::strict();
    let server = folder.serve();
    let mut client = server.bound("", "");
    let step = vec![ldap3::Mod::Replace("unicodePwd", ["x"].into())];
    assert_eq!(client.modify(ADA, step).unwrap().rc, 13);
}

#[test]
fn a_policy_that_asks_for_delays_is_refused_with_the_reason() {
    let it = Fixture::new("");
    let file = it.folder.path("policy.ldif");
    let step = format!("dn: {DEFAULT}\nchangetype: modify\nadd: pwdMinDelay\npwdMinDelay: 2\n");
    fs::write(&file, step).unwrap();
    let done = it.tool(
        "ldapmodify",
        ADMIN,
        PASSWORD,
        &["-f", file.to_str().unwrap()],
    );
    refused(
        said(&done),
        53,
        "pwdmindelay and pwdmaxdelay are not supported",
    );
}

#[test]
fn who_may_log_in_from_where_is_decided_by_the_first_rule_and_holds_for_those_who_are_bound() {
    let elsewhere = "[[admission]]\nwho = \"dn:uid=ada,ou=people,dc=example,dc=org\"\nnetworks = [\"192.0.2.0/24\"]\nallow = false\n";
    let it = Fixture::with_more(&format!("{elsewhere}{OWN}"), "");
    succeeds(it.login("secret-ada"));
    let mut bound = it.server.bound(ADA, "secret-ada");
    let config = it.folder.path("hedgerow.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("192.0.2.0/24", "127.0.0.0/8")).unwrap();
    it.server.hang_up();
    it.server.said("admission rules reloaded");
    let denied = it.login("secret-ada");
    let wrong = it.login("wrong");
    assert_eq!(denied, wrong);
    let ended = bound.compare(ADA, "uid", "ada");
    assert!(ended.is_err() || ended.unwrap().0.rc != 6);
    assert_eq!(
        it.tool("ldapwhoami", ADMIN, PASSWORD, &[]).status.code(),
        Some(0)
    );
    // A mistake leaves the rules as they are.
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("127.0.0.0/8", "127.0.0.1/8")).unwrap();
    it.server.hang_up();
    let told = it.server.said("the admission rules were not reloaded");
    assert!(told.contains("admission[0].networks"), "{told}");
    assert_eq!(it.login("secret-ada"), wrong);
}

#[test]
fn why_a_login_fails_is_told_by_the_server_and_by_the_store() {
    let it = Fixture::new(
        "pwdLockout: TRUE\npwdMaxFailure: 2\npwdLockoutDuration: 600\npwdMaxAge: 864000\n",
    );
    let bind = |folder: &Folder, name| folder.told(&["explain", "bind", name]);
    let told = bind(&it.folder, "ada");
    assert!(
        told.starts_with("login: succeeds with the right password\n"),
        "{told}"
    );
    assert!(
        told.contains(&format!("entry: {ADA}, found by its uid\n")),
        "{told}"
    );
    assert!(
        told.contains(&format!("policy: {DEFAULT}, the default of the suffix\n")),
        "{told}"
    );
    assert!(
        told.contains("password: {ARGON2}") && !told.contains('$'),
        "{told}"
    );
    for _ in 0..2 {
        refused(it.login("wrong"), 49, "");
    }
    let told = bind(&it.folder, ADA);
    assert!(
        told.contains("it is locked since ") && told.contains("(lock 1 since"),
        "{told}"
    );
    it.administer(
        "delete: pwdAccountLockedTime\n-\nadd: hedgerowDisabled\nhedgerowDisabled: TRUE\n",
    );
    let told = bind(&it.folder, ADA);
    assert!(told.contains("it is disabled (hedgerowDisabled)"), "{told}");
    let told = bind(&it.folder, "uid=nobody,dc=example,dc=org");
    assert!(told.contains("entry: none"), "{told}");
    let Fixture { server, folder } = it;
    let before = bind(&folder, ADA);
    let access = folder.told(&["explain", "access", "ada", "ada", "userPassword"]);
    assert!(
        access.contains("read: denied: it is secret, for everyone\nsearch"),
        "{access}"
    );
    assert!(access.contains("write: allowed by rule 1\n"), "{access}");
    let config = fs::read_to_string(folder.path("hedgerow.toml")).unwrap();
    let line = config
        .lines()
        .position(|line| line == "[[access]]")
        .unwrap()
        + 1;
    assert!(
        access.contains(&format!("hedgerow.toml:{line}: allows read")),
        "{access}"
    );
    server.stop();
    assert_eq!(bind(&folder, ADA), before);
    assert_eq!(
        folder.told(&["explain", "access", ADA, ADA, "userPassword"]),
        access
    );
}
