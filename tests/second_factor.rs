//! Second factors and keys over LDAP, enrolled and made on the command line.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod client;
mod server;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::SystemTime;

use client::{Client, sasl};
use data_encoding::BASE32_NOPAD;
use ldap3::Scope;
use server::{ADMIN, Folder, PASSWORD, Server, text};

const ADA: &str = "uid=ada,dc=example,dc=org";
const KEN: &str = "uid=ken,dc=example,dc=org";
const TREE: &str = "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\n\
    o: Example\n\ndn: uid=ada,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ada\ncn: Ada\nsn: Byron\n\
    userPassword: secret-ada\n\ndn: uid=ken,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ken\ncn: Ken\n\
    sn: Thompson\nuserPassword: secret-ken\n\ndn: cn=staff,dc=example,dc=org\nobjectClass: groupOfNames\n\
    cn: staff\nmember: uid=ken,dc=example,dc=org\n\ndn: cn=vpn,dc=example,dc=org\nobjectClass: groupOfNames\n\
    cn: vpn\nmember: cn=staff,dc=example,dc=org\n";
const SECTION: &str = "[second_factor]\nkey_file = \"second-factor.key\"\n\
    groups = [\"cn=vpn,dc=example,dc=org\"]\n";
const INVALID: Option<i32> = Some(49);

struct Fixture {
    folder: Folder,
    server: Server,
}

impl Fixture {
    fn new() -> Fixture {
        Fixture::with_more("")
    }

    fn with_more(more: &str) -> Fixture {
        let folder = Folder::with_more(&format!("{SECTION}\n{more}"));
        folder.load(TREE);
        let server = folder.serve();
        Fixture { folder, server }
    }

    /// Binds and asks who that is.
    fn login(&self, name: &str, password: &str) -> Option<i32> {
        self.said(name, password).0
    }

    fn said(&self, name: &str, password: &str) -> (Option<i32>, String) {
        let mut command = self.server.tool("ldapwhoami", &self.server.secure_url());
        let done = command.args(["-D", name, "-w", password]).output().unwrap();
        (done.status.code(), text(&done.stdout) + &text(&done.stderr))
    }

    /// Ada has a device.
    fn enrol(&self) -> Device {
        let told = self.folder.told(&["second-factor", "enrol", "ada"]);
        let (url, code) = told.split_once('\n').unwrap();
        assert!(
            url.starts_with("otpauth://totp/example.org:ada?secret="),
            "{url}"
        );
        assert!(code.lines().count() > 20, "{code}");
        let (_, rest) = url.split_once("secret=").unwrap();
        let (secret, _) = rest.split_once('&').unwrap();
        let mut device = Device::new(secret);
        let code = device.next();
        let told = self.folder.told(&["second-factor", "confirm", ADA, &code]);
        device.recovery = told.lines().map(str::to_owned).collect();
        assert_eq!(device.recovery.len(), 8, "{told}");
        device
    }
}

/// Makes codes: of the step that it is, or of the one after that when this one's was made. Either is good for half a minute
/// at the least.
struct Device {
    secret: String,
    totp: totp_rs::Totp,
    next: u64,
    recovery: Vec<String>,
}

impl Device {
    fn new(secret: &str) -> Device {
        let bytes = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
        let bytes: [u8; 20] = bytes.try_into().unwrap();
        Device {
            secret: secret.to_owned(),
            totp: totp_rs::Builder::new().with_secret(bytes).build().unwrap(),
            next: 0,
            recovery: Vec::new(),
        }
    }

    fn next(&mut self) -> String {
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let at = self.next.max(since.as_secs());
        self.next = at + 30;
        self.totp.generate(at).to_string()
    }
}

#[test]
fn a_code_goes_behind_the_password_and_is_good_once_even_after_a_restart() {
    let it = Fixture::new();
    assert_eq!(it.login(ADA, "secret-ada"), Some(0));
    let mut device = it.enrol();
    let typed = format!("secret-ada{}", device.next());
    let (wrong, code) = (it.said(ADA, "secret-ad"), it.said(ADA, "secret-ada000000"));
    assert_eq!(wrong.0, INVALID);
    assert_eq!(wrong, code);
    assert_eq!(it.login(ADA, "secret-ada"), INVALID);
    assert_eq!(it.login(ADA, &typed), Some(0));
    assert_eq!(it.login(ADA, &typed), INVALID);
    let Fixture { folder, server } = it;
    server.kill();
    let server = folder.serve();
    let it = Fixture { folder, server };
    assert_eq!(it.login(ADA, &typed), INVALID);
    // A recovery code takes its place once, by SASL PLAIN as well.
    let plain = format!("\0ada\0secret-ada{}", device.recovery[0]);
    let plain = sasl("PLAIN", Some(plain.as_bytes()));
    assert_eq!(Client::new(it.server.ldap).ask(1, &plain).code, Some(0));
    assert_eq!(Client::new(it.server.ldap).ask(1, &plain).code, Some(49));
    it.folder.told(&["second-factor", "remove", "ada"]);
    assert_eq!(it.login(ADA, "secret-ada"), Some(0));
}

#[test]
fn what_an_account_can_be_logged_in_to_with_is_explained_without_a_secret() {
    let it = Fixture::new();
    let explained = |name: &str| it.folder.told(&["explain", "bind", name]);
    let has = |told: &str, part: &str| assert!(told.contains(part), "{part} in\n{told}");
    let told = explained("ada");
    has(&told, "login: succeeds with the right password\n");
    has(&told, "second factor: none\n");
    let device = it.enrol();
    let told = explained("ada");
    has(
        &told,
        "login: succeeds with the right password and second factor\n",
    );
    has(&told, "second factor: enrolled, 8 recovery codes left\n");
    assert!(!told.contains(&device.secret) && !told.contains(&device.recovery[0]));
    let typed = format!("secret-ada{}", device.recovery[0]);
    assert_eq!(it.login(ADA, &typed), Some(0));
    has(&explained("ada"), "enrolled, 7 recovery codes left\n");

    let told = explained("ken");
    has(
        &told,
        "login: fails, as with a wrong password: it needs a second factor and has none\n",
    );
    has(
        &told,
        "second factor: none, needed by members of cn=vpn,dc=example,dc=org (second_factor.groups)\n",
    );
    let create = ["key", "create", "ken", "mail", "--network", "127.0.0.0/8"];
    let key = it.folder.told(&create);
    let told = explained("ken");
    has(
        &told,
        "login: succeeds with one of its keys alone: it needs a second factor and has none\n",
    );
    has(&told, "key: mail  for ldap  made ");
    has(
        &told,
        "  expires never  last used never  from 127.0.0.0/8\n",
    );
    assert!(!told.contains(key.trim_end()), "{told}");
    it.folder.told(&["key", "revoke", "ken", "mail"]);
    it.folder.told(&[
        "key",
        "create",
        "ken",
        "web",
        "--network",
        "192.0.2.0/24",
        "--scope",
        "scim",
    ]);
    has(
        &explained("ken"),
        "it needs a second factor and has none; none of its keys is good for a bind\n",
    );
}

#[test]
fn members_of_a_group_in_the_group_need_one_and_their_programs_a_key_for_their_network() {
    let it = Fixture::new();
    assert_eq!(it.login(KEN, "secret-ken"), INVALID);
    let create = |name: &str, network: &str| {
        let told = it
            .folder
            .told(&["key", "create", "ken", name, "--network", network]);
        told.trim_end().to_owned()
    };
    let (here, elsewhere) = (create("mail", "127.0.0.0/8"), create("web", "192.0.2.0/24"));
    assert_eq!(it.login(KEN, &here), Some(0));
    assert_eq!(it.login(KEN, &elsewhere), INVALID);
    assert_eq!(it.login(ADA, &here), INVALID);
    let anywhere = it.folder.run(&["key", "create", "ken", "phone"]);
    let said = text(&anywhere.stderr);
    assert!(
        !anywhere.status.success() && said.contains("held to a network"),
        "{said}"
    );
    let list = it.folder.told(&["key", "list", KEN]);
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[0].starts_with("mail  for ldap  made 2"), "{list}");
    assert!(!lines[0].contains("last used never"), "{list}");
    assert!(
        lines[1].contains("last used never  from 192.0.2.0/24"),
        "{list}"
    );
    assert!(!list.contains("hgrw_"), "{list}");
}

#[test]
fn a_key_that_is_revoked_ends_what_is_bound_with_it() {
    let it = Fixture::new();
    let key = it
        .folder
        .told(&["key", "create", "ada", "mail", "--days", "1"]);
    let mut bound = it.server.bound(ADA, key.trim_end());
    let found = bound.search(ADA, Scope::Base, "(uid=*)", ["uid"]).unwrap();
    assert_eq!(found.success().unwrap().0.len(), 1);
    it.folder.told(&["key", "revoke", "ada", "mail"]);
    let cut = bound.search(ADA, Scope::Base, "(uid=*)", ["uid"]);
    assert!(cut.is_err() || cut.is_ok_and(|found| found.success().is_err()));
    assert_eq!(it.login(ADA, key.trim_end()), INVALID);
}

#[test]
fn a_password_that_was_proved_counts_no_more_once_it_is_changed() {
    let it = Fixture::new();
    for _ in 0..2 {
        assert_eq!(it.login(ADA, "secret-ada"), Some(0));
    }
    let mut command = it.server.tool("ldappasswd", &it.server.secure_url());
    let done = command
        .args(["-D", ADMIN, "-w", PASSWORD, "-s", "another-one", ADA])
        .output();
    assert!(done.unwrap().status.success());
    assert_eq!(it.login(ADA, "secret-ada"), INVALID);
    assert_eq!(it.login(ADA, "another-one"), Some(0));
}

#[test]
fn no_secret_is_in_the_log_an_answer_or_an_export() {
    let it = Fixture::with_more("[log]\nlevel = \"trace\"\n");
    let mut device = it.enrol();
    let key = it
        .folder
        .told(&["key", "create", "ada", "mail", "--network", "127.0.0.1"]);
    let key = key.trim_end().to_owned();
    let typed = format!("secret-ada{}", device.next());
    let recovery = format!("secret-ada{}", device.recovery[1]);
    for password in [&typed, &recovery, &key] {
        assert_eq!(it.login(ADA, password), Some(0));
    }
    let mut heard = it.said(ADA, &typed).1;
    assert!(heard.contains("Invalid credentials"), "{heard}");
    let mut administrator = it.server.administrator();
    for filter in [
        "(hedgerowSecondFactor=*)",
        "(hedgerowKey=*)",
        "(hedgerowRecoveryCode=*)",
    ] {
        let found = administrator.search(ADA, Scope::Base, filter, ["*", "+", "hedgerowKey"]);
        assert_eq!(found.unwrap().success().unwrap().0.len(), 0, "{filter}");
    }
    let found = administrator.search(ADA, Scope::Base, "(uid=*)", ["*", "+", "hedgerowKey"]);
    heard += &format!("{:?}", found.unwrap().0);
    heard += &it.folder.told(&["export"]);
    assert!(
        !heard.contains("hedgerowKey") && !heard.contains("hedgerowUsedStep"),
        "{heard}"
    );
    // With the hashes it holds what the server keeps, which is none of the secrets either.
    let whole = it.folder.export();
    assert!(
        whole.contains("hedgerowSecondFactor:: ") && whole.contains("hedgerowKey: 1$"),
        "{whole}"
    );
    heard += &whole;
    let Fixture { folder, server } = it;
    server.terminate();
    heard += &server.said_until("stopped").join("\n");
    assert!(heard.contains("hedgerow::"), "the log was heard");
    let secrets = [
        &device.secret,
        &device.recovery[0],
        &device.recovery[1],
        &key,
        &typed,
        &fs::read_to_string(folder.path("second-factor.key"))
            .unwrap()
            .trim_end()
            .to_owned(),
    ];
    for secret in secrets {
        assert!(!heard.contains(secret.as_str()), "{secret}");
    }
}

#[test]
fn the_key_is_made_for_the_server_alone_and_a_backup_is_of_no_use_without_it() {
    let it = Fixture::new();
    let path = it.folder.path("second-factor.key");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let mut device = it.enrol();
    let backup = it.folder.path("backup").display().to_string();
    it.folder.told(&["backup", &backup]);
    let Fixture { folder, server } = it;
    server.stop();
    fs::remove_dir_all(folder.path("data")).unwrap();
    folder.told(&["restore", &backup]);
    let kept = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let done = folder.run(&["serve"]);
    let said = text(&done.stderr);
    assert!(
        !done.status.success() && said.contains("put it back"),
        "{said}"
    );
    fs::write(&path, kept).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let server = folder.serve();
    let it = Fixture { folder, server };
    assert_eq!(
        it.login(ADA, &format!("secret-ada{}", device.next())),
        Some(0)
    );
}
