//! Passwords set over LDAP with the OpenLDAP client tools: in adds and modifies, and by Password Modify (RFC 3062).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::fs;
use std::process::{Command, Output};

use server::{ADMIN, Folder, PASSWORD, Server, text};

const ADA: &str = "uid=ada,ou=people,dc=example,dc=org";
const KEN: &str = "uid=ken,ou=people,dc=example,dc=org";
/// What an older server kept of "secret-ken".
const SSHA: &str = "{SSHA}HkNY0VkO095K2fXKABvtBmodFEVzYWx0c2FsdA==";

fn tree() -> String {
    let person = |dn: &str, name: &str, password: &str| {
        format!(
            "dn: {dn}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name}\nsn: {name}\n\
             userPassword: {password}\n\n"
        )
    };
    let top = "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\n\
               dc: example\no: Example\n\n\
               dn: ou=people,dc=example,dc=org\nobjectClass: organizationalUnit\nou: people\n\n";
    [
        top,
        &person(ADA, "ada", "secret-ada"),
        &person(KEN, "ken", SSHA),
    ]
    .concat()
}

struct Fixture {
    server: Server,
    folder: Folder,
}

impl Fixture {
    fn new() -> Fixture {
        let folder = Folder::self_service("");
        folder.load(&tree());
        let server = folder.serve();
        Fixture { server, folder }
    }

    fn tool(&self, name: &str, who: &str, password: &str) -> Command {
        let mut command = self.server.tool(name, &self.server.secure_url());
        command.args(["-D", who, "-w", password]);
        command
    }

    /// Runs ldappasswd as somebody.
    fn passwd(&self, who: &str, password: &str, arguments: &[&str]) -> Output {
        self.tool("ldappasswd", who, password)
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Runs ldapmodify as somebody on one record; its result code.
    fn modify(&self, who: &str, password: &str, record: &str) -> (Option<i32>, String) {
        let file = self.folder.path("changes.ldif");
        fs::write(&file, record).unwrap();
        let done = self
            .tool("ldapmodify", who, password)
            .arg("-f")
            .arg(&file)
            .output()
            .unwrap();
        (done.status.code(), text(&done.stderr))
    }

    #[track_caller]
    fn binds(&self, who: &str, password: &str) {
        assert_eq!(self.bind(who, password), Some(0), "{who}: {password}");
    }

    #[track_caller]
    fn is_refused(&self, who: &str, password: &str) {
        assert_eq!(self.bind(who, password), Some(49), "{who}: {password}");
    }

    fn bind(&self, who: &str, password: &str) -> Option<i32> {
        let done = self.tool("ldapwhoami", who, password).output().unwrap();
        done.status.code()
    }
}

#[track_caller]
fn succeeds(done: &Output) {
    assert_eq!(done.status.code(), Some(0), "{done:?}");
}

/// ldappasswd tells the code in its text only.
#[track_caller]
fn fails_with(code: u8, done: &Output) {
    assert_ne!(done.status.code(), Some(0), "{done:?}");
    let said = text(&done.stdout) + &text(&done.stderr);
    assert!(said.contains(&format!("({code})")), "{said}");
}

fn replace(dn: &str, password: &str) -> String {
    format!("dn: {dn}\nchangetype: modify\nreplace: userPassword\nuserPassword: {password}\n")
}

/// What self-service pages and passwd programs send.
fn exchange(dn: &str, old: &str, new: &str) -> String {
    format!(
        "dn: {dn}\nchangetype: modify\ndelete: userPassword\nuserPassword: {old}\n-\n\
         add: userPassword\nuserPassword: {new}\n"
    )
}

#[test]
fn a_clear_password_added_or_replaced_over_tls_is_hashed_and_binds() {
    let it = Fixture::new();
    let ned = "uid=ned,ou=people,dc=example,dc=org";
    let add = format!(
        "dn: {ned}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: ned\ncn: Ned\nsn: Ludd\n\
         userPassword: secret-ned\n"
    );
    assert_eq!(it.modify(ADMIN, PASSWORD, &add).0, Some(0));
    it.binds(ned, "secret-ned");
    let replace = replace(ned, "other-ned");
    assert_eq!(it.modify(ADMIN, PASSWORD, &replace).0, Some(0));
    it.binds(ned, "other-ned");
    let Fixture { server, folder } = it;
    drop(server);
    let kept = folder.export();
    let (_, ned) = kept.split_once(ned).unwrap();
    assert!(
        ned.contains("userPassword: {ARGON2}") && !ned.contains("other-ned"),
        "{ned}"
    );
}

#[test]
fn a_user_changes_its_password_by_the_old_one() {
    let it = Fixture::new();
    let done = it.passwd(ADA, "secret-ada", &["-a", "secret-ada", "-s", "second-ada"]);
    succeeds(&done);
    it.binds(ADA, "second-ada");
    it.is_refused(ADA, "secret-ada");
    let wrong = it.passwd(ADA, "second-ada", &["-a", "wrong", "-s", "third-ada"]);
    fails_with(49, &wrong);
    it.binds(ADA, "second-ada");
    // The old one is not asked for, and the name need not be given.
    succeeds(&it.passwd(ADA, "second-ada", &["-s", "żółta łódź 🦉", ADA]));
    it.binds(ADA, "żółta łódź 🦉");
}

#[test]
fn a_changed_password_shows_who_changed_it() {
    let it = Fixture::new();
    succeeds(&it.passwd(ADA, "secret-ada", &["-s", "second-ada"]));
    let found = it
        .tool("ldapsearch", ADA, "second-ada")
        .args([
            "-LLL",
            "-o",
            "ldif-wrap=no",
            "-b",
            ADA,
            "-s",
            "base",
            "modifiersName",
        ])
        .output()
        .unwrap();
    let expected = format!("modifiersName: {ADA}");
    assert!(text(&found.stdout).contains(&expected), "{found:?}");
}

#[test]
fn an_imported_hash_proves_the_old_password() {
    let it = Fixture::new();
    let done = it.passwd(KEN, "secret-ken", &["-a", "secret-ken", "-s", "second-ken"]);
    succeeds(&done);
    it.binds(KEN, "second-ken");
    it.is_refused(KEN, "secret-ken");
}

#[test]
fn without_a_new_password_one_is_made_and_told() {
    let it = Fixture::new();
    for (who, password) in [(ADMIN, PASSWORD), (ADA, "")] {
        let done = match password {
            "" => it.passwd(who, "secret-ada", &[ADA]),
            _ => it.passwd(who, password, &[KEN]),
        };
        succeeds(&done);
        let said = text(&done.stdout);
        let made = said
            .lines()
            .find_map(|line| line.strip_prefix("New password: "));
        let made = made.unwrap_or_else(|| panic!("{said}"));
        assert!(made.len() >= 16, "{made}");
        it.binds(if who == ADMIN { KEN } else { ADA }, made);
    }
}

#[test]
fn an_account_is_named_by_dn_or_user_name() {
    let it = Fixture::new();
    let dn = format!("dn:{KEN}");
    for (at, name) in [KEN, &dn, "u:ken", "ken"].into_iter().enumerate() {
        let new = format!("password-{at}");
        succeeds(&it.passwd(ADMIN, PASSWORD, &["-s", &new, name]));
        it.binds(KEN, &new);
    }
    for nobody in ["uid=nobody,dc=example,dc=org", "u:nobody", "nobody"] {
        fails_with(32, &it.passwd(ADMIN, PASSWORD, &["-s", "password", nobody]));
    }
    fails_with(
        34,
        &it.passwd(ADMIN, PASSWORD, &["-s", "password", "dn:ken"]),
    );
}

#[test]
fn a_password_is_changed_by_those_who_may_write_it() {
    let it = Fixture::new();
    fails_with(50, &it.passwd(KEN, "secret-ken", &["-s", "stolen", ADA]));
    // Whether an old password of somebody else is right is not told.
    for old in ["secret-ada", "wrong"] {
        let stolen = it.passwd(KEN, "secret-ken", &["-a", old, "-s", "stolen", ADA]);
        fails_with(50, &stolen);
    }
    fails_with(
        32,
        &it.passwd(KEN, "secret-ken", &["-s", "stolen-it", ADMIN]),
    );
    let mut anonymous = it.server.tool("ldappasswd", &it.server.secure_url());
    fails_with(8, &anonymous.args(["-s", "stolen", ADA]).output().unwrap());
    it.binds(ADA, "secret-ada");
    it.binds(ADMIN, PASSWORD);
}

#[test]
fn the_administrator_changes_its_own_password_for_good() {
    let it = Fixture::new();
    fails_with(19, &it.passwd(ADMIN, PASSWORD, &["-s", "short"]));
    let wrong = it.passwd(ADMIN, PASSWORD, &["-a", "wrong", "-s", "battery staple"]);
    fails_with(49, &wrong);
    it.binds(ADMIN, PASSWORD);
    let done = it.passwd(
        ADMIN,
        PASSWORD,
        &["-a", PASSWORD, "-s", "battery staple", ADMIN],
    );
    succeeds(&done);
    it.is_refused(ADMIN, PASSWORD);
    it.binds(ADMIN, "battery staple");
    let Fixture { server, folder } = it;
    server.kill();
    let checked = folder.command("check").output().unwrap();
    succeeds(&checked);
    let it = Fixture {
        server: folder.serve(),
        folder,
    };
    it.binds(ADMIN, "battery staple");
    it.is_refused(ADMIN, PASSWORD);
}

#[test]
fn only_the_administrator_stores_a_ready_made_hash() {
    let it = Fixture::new();
    let (code, said) = it.modify(ADA, "secret-ada", &replace(ADA, SSHA));
    assert_eq!(code, Some(19), "{said}");
    assert!(said.contains("{SSHA}"), "{said}");
    let added = exchange(ADA, "secret-ada", SSHA);
    assert_eq!(it.modify(ADA, "secret-ada", &added).0, Some(19));
    it.is_refused(ADA, "secret-ken");
    it.is_refused(ADA, SSHA);
    it.binds(ADA, "secret-ada");
    assert_eq!(it.modify(ADMIN, PASSWORD, &replace(ADA, SSHA)).0, Some(0));
    it.binds(ADA, "secret-ken");
    // Not a password of anybody's, and not one that Password Modify takes for one.
    for who in [(ADA, "secret-ken"), (ADMIN, PASSWORD)] {
        fails_with(19, &it.passwd(who.0, who.1, &["-s", SSHA, ADA]));
    }
    it.binds(ADA, "secret-ken");
}

#[test]
fn a_malformed_hash_is_refused_by_its_scheme() {
    let it = Fixture::new();
    for (hash, scheme) in [
        ("{SSHA}tooshort", "{SSHA}"),
        ("{ARGON2}$argon2id$nothing", "{ARGON2}"),
        ("{ROT13}frperg", "braces"),
    ] {
        let (code, said) = it.modify(ADMIN, PASSWORD, &replace(ADA, hash));
        assert_eq!(code, Some(19), "{said}");
        assert!(said.contains(scheme) && !said.contains("frperg"), "{said}");
    }
    it.binds(ADA, "secret-ada");
}

#[test]
fn the_old_password_is_deleted_by_what_it_is_and_the_new_one_added() {
    let it = Fixture::new();
    let wrong = exchange(ADA, "wrong", "second-ada");
    assert_eq!(it.modify(ADA, "secret-ada", &wrong).0, Some(16));
    it.binds(ADA, "secret-ada");
    let right = exchange(ADA, "secret-ada", "second-ada");
    assert_eq!(it.modify(ADA, "secret-ada", &right).0, Some(0));
    it.binds(ADA, "second-ada");
    it.is_refused(ADA, "secret-ada");
    // A bind may be replacing an imported hash by a better one at this moment.
    let imported = exchange(KEN, "secret-ken", "second-ken");
    assert_eq!(it.modify(KEN, "secret-ken", &imported).0, Some(0));
    it.binds(KEN, "second-ken");
    it.is_refused(KEN, "secret-ken");
}

#[test]
fn deleting_does_not_tell_what_the_password_of_another_is() {
    let it = Fixture::new();
    for password in ["secret-ada", "wrong"] {
        let guess = exchange(ADA, password, "stolen");
        assert_eq!(it.modify(KEN, "secret-ken", &guess).0, Some(50));
    }
    it.binds(ADA, "secret-ada");
}

#[test]
fn one_of_several_passwords_is_deleted() {
    let it = Fixture::new();
    let add = format!(
        "dn: {ADA}\nchangetype: modify\nadd: userPassword\nuserPassword: one\nuserPassword: two\n"
    );
    assert_eq!(it.modify(ADMIN, PASSWORD, &add).0, Some(0));
    let delete =
        format!("dn: {ADA}\nchangetype: modify\ndelete: userPassword\nuserPassword: one\n");
    assert_eq!(it.modify(ADMIN, PASSWORD, &delete).0, Some(0));
    it.is_refused(ADA, "one");
    it.binds(ADA, "two");
    it.binds(ADA, "secret-ada");
    succeeds(&it.passwd(ADA, "two", &["-s", "the only one"]));
    it.is_refused(ADA, "secret-ada");
    it.binds(ADA, "the only one");
}

#[test]
fn empty_and_very_many_passwords_are_refused() {
    let it = Fixture::new();
    assert_eq!(it.modify(ADA, "secret-ada", &replace(ADA, "")).0, Some(19));
    let many: String = (0..9).map(|at| format!("userPassword: p{at}\n")).collect();
    let many = format!("dn: {ADA}\nchangetype: modify\nadd: userPassword\n{many}");
    assert_eq!(it.modify(ADA, "secret-ada", &many).0, Some(11));
    it.binds(ADA, "secret-ada");
}

#[test]
fn a_password_is_not_changed_over_an_open_line() {
    let folder = Folder::strict();
    folder.load(&tree());
    let server = folder.serve();
    let mut client = server.tool("ldappasswd", &server.url());
    fails_with(13, &client.args(["-s", "overheard", ADA]).output().unwrap());
}
