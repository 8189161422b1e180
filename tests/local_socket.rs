//! The socket for programs of this machine, with OpenLDAP's client tools.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::{Command, Output, Stdio};

use server::{ADMIN, Folder, PASSWORD, SUFFIX, text};

const TREE: &str = "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\n\
    o: Example\n\ndn: uid=ada,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ada\ncn: Ada\n\
    sn: Lovelace\nuserPassword: secret-ada\n";
/// The object identifier of a task.
const BACKUP: &str = "2.25.92646767048158335507028011983555086011.3.2";
/// A user and a group that every Debian has, and that run no server.
const NOBODY: &str = "65534";

fn loaded(more: &str) -> Folder {
    let folder = Folder::with_more(more);
    folder.load(TREE);
    folder
}

fn url(folder: &Folder) -> String {
    let path = folder.path("data/ldapi").display().to_string();
    format!("ldapi://{}", path.replace('/', "%2F"))
}

fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

fn external(name: &str, folder: &Folder) -> Command {
    let mut command = Command::new(name);
    command.args(["-Q", "-Y", "EXTERNAL", "-H", &url(folder)]);
    command
}

/// A tool run by a user who is no administrator, which takes a socket that others may reach. Only root
/// can run one.
fn by_nobody(name: &str, folder: &Folder) -> Command {
    for path in [folder.path("."), folder.path("data")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o711)).unwrap();
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", name])
        .args(["-Q", "-Y", "EXTERNAL", "-H", &url(folder)]);
    command
}

#[test]
fn who_runs_a_tool_is_known_and_acts_as_the_administrator() {
    let folder = loaded("");
    let _server = folder.serve();
    let (uid, gid) = (rustix::process::getuid(), rustix::process::getgid());
    let name = format!(
        "gidNumber={}+uidNumber={},cn=peercred,cn=external,cn=auth",
        gid.as_raw(),
        uid.as_raw()
    );
    let who = run(&mut external("ldapwhoami", &folder));
    assert_eq!(text(&who.stdout), format!("dn:{name}\n"), "{who:?}");
    // An authorization identity is taken if it is one's own.
    let own = run(external("ldapwhoami", &folder).args(["-X", &format!("dn:{name}")]));
    assert_eq!(own.status.code(), Some(0), "{own:?}");
    // So is any other, since an administrator may act for everyone there is.
    let other = run(external("ldapwhoami", &folder).args(["-X", &format!("dn:{ADMIN}")]));
    assert_eq!(text(&other.stdout), format!("dn:{ADMIN}\n"), "{other:?}");
    let nobody = format!("dn:uid=nobody,{SUFFIX}");
    let nobody = run(external("ldapwhoami", &folder).args(["-X", &nobody]));
    assert_eq!(nobody.status.code(), Some(49), "{nobody:?}");

    let file = folder.path("change.ldif");
    let ada = format!("uid=ada,{SUFFIX}");
    let change = format!("dn: {ada}\nchangetype: modify\nreplace: mobile\nmobile: 1\n");
    fs::write(&file, change).unwrap();
    let changed = run(external("ldapmodify", &folder).arg("-f").arg(&file));
    assert_eq!(changed.status.code(), Some(0), "{changed:?}");
    let found = run(external("ldapsearch", &folder)
        .args(["-LLL", "-o", "ldif-wrap=no", "-b", &ada])
        .args(["mobile", "modifiersName"]));
    let found = text(&found.stdout);
    assert!(found.contains("mobile: 1\n"), "{found}");
    assert!(
        found.contains(&format!("modifiersName: {name}\n")),
        "{found}"
    );
}

#[test]
fn the_socket_offers_external_and_takes_passwords() {
    let folder = loaded("");
    let server = folder.serve();
    let root = |url: &str| {
        let found = run(Command::new("ldapsearch")
            .args(["-x", "-LLL", "-H", url, "-s", "base", "-b", ""])
            .args(["supportedSASLMechanisms", "supportedExtension"]));
        text(&found.stdout)
    };
    let local = root(&url(&folder));
    assert!(local.contains("supportedSASLMechanisms: EXTERNAL\n"));
    assert!(local.contains("supportedSASLMechanisms: PLAIN\n"));
    assert!(!root(&server.url()).contains("EXTERNAL"));
    // What is for the commands of this program is not for others.
    assert!(!local.contains("2.25."));
    let bound = run(Command::new("ldapwhoami").args([
        "-x",
        "-H",
        &url(&folder),
        "-D",
        ADMIN,
        "-w",
        PASSWORD,
    ]));
    assert_eq!(text(&bound.stdout), format!("dn:{ADMIN}\n"), "{bound:?}");
}

#[test]
fn another_user_has_a_name_and_what_the_rules_give_it() {
    let rule = format!(
        "[ldapi]\nmode = \"0666\"\n\n[[access]]\n\
         who = \"dn:gidNumber={NOBODY}+uidNumber={NOBODY},cn=peercred,cn=external,cn=auth\"\n\
         attributes = [\"cn\"]\nallow = [\"read\", \"search\"]\n"
    );
    for (more, sees) in [("[ldapi]\nmode = \"0666\"\n", false), (&*rule, true)] {
        let folder = loaded(more);
        let _server = folder.serve();
        let who = run(&mut by_nobody("ldapwhoami", &folder));
        let name =
            format!("dn:gidNumber={NOBODY}+uidNumber={NOBODY},cn=peercred,cn=external,cn=auth\n");
        assert_eq!(text(&who.stdout), name, "{who:?}");
        let found = run(by_nobody("ldapsearch", &folder).args(["-LLL", "-b", SUFFIX, "(cn=*)"]));
        let found = text(&found.stdout);
        assert_eq!(found.contains("cn: Ada"), sees, "{found}");
        assert!(!found.contains("sn: "), "{found}");
        let file = folder.path("change.ldif");
        let change = format!("dn: uid=ada,{SUFFIX}\nchangetype: modify\nreplace: cn\ncn: x\n");
        fs::write(&file, change).unwrap();
        let changed = run(by_nobody("ldapmodify", &folder).arg("-f").arg(&file));
        assert!(!changed.status.success());
    }
}

#[test]
fn tasks_are_for_administrators_and_for_the_socket() {
    let folder = loaded("[ldapi]\nmode = \"0666\"\n");
    let server = folder.serve();
    let refused = |command: &mut Command, code: &str| {
        let done = run(command.arg(BACKUP));
        let told = text(&done.stdout) + &text(&done.stderr);
        assert!(!done.status.success() && told.contains(code), "{told}");
    };
    let as_admin = |url: &str| {
        let mut command = Command::new("ldapexop");
        command.args(["-x", "-H", url, "-D", ADMIN, "-w", PASSWORD]);
        command
    };
    // By its password the administrator is none on any socket: not known there, not allowed here.
    refused(&mut as_admin(&server.url()), "(2)");
    refused(&mut as_admin(&url(&folder)), "(50)");
    refused(&mut by_nobody("ldapexop", &folder), "(50)");
    assert!(
        run(external("ldapexop", &folder).arg(BACKUP))
            .status
            .success()
    );
}

/// An element of BER whose content is shorter than 128 bytes.
fn element(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [&[tag, u8::try_from(content.len()).unwrap()], &*content].concat()
}

fn request(id: u8, operation: &[u8]) -> Vec<u8> {
    element(0x30, &[&[2, 1, id], operation])
}

#[test]
fn a_task_that_is_abandoned_ends_without_an_answer() {
    let folder = loaded("");
    // Far more than is under way when the server reads of the abandonment.
    let photo = "A".repeat(8_000_000);
    folder.load(&format!(
        "dn: cn=photo,{SUFFIX}\nobjectClass: inetOrgPerson\ncn: photo\nsn: Photo\njpegPhoto:: {photo}\n"
    ));
    let _server = folder.serve();
    let mut client = UnixStream::connect(folder.path("data/ldapi")).unwrap();
    let external = element(0xa3, &[&element(4, &[b"EXTERNAL"])]);
    let bind = element(0x60, &[&[2, 1, 3], &[4, 0], &external]);
    let backup = element(0x77, &[&element(0x80, &[BACKUP.as_bytes()])]);
    let who_am_i = element(0x77, &[&element(0x80, &[b"1.3.6.1.4.1.4203.1.11.3"])]);
    for message in [
        request(1, &bind),
        request(2, &backup),
        request(3, &[0x50, 1, 2]),
        request(4, &who_am_i),
    ] {
        client.write_all(&message).unwrap();
    }
    let (mut received, mut part) = (Vec::new(), vec![0; 65_536]);
    while !received.ends_with(b",cn=peercred,cn=external,cn=auth") {
        let read = client.read(&mut part).unwrap();
        assert_ne!(read, 0, "ended after {} bytes", received.len());
        received.extend_from_slice(&part[..read]);
    }
    assert!(received.len() < 3_000_000, "{} bytes", received.len());
    let answer = [2, 1, 2, 0x78];
    assert!(!received.windows(answer.len()).any(|bytes| bytes == answer));
}

#[test]
fn a_server_that_died_leaves_a_socket_that_the_next_replaces() {
    let folder = loaded("");
    let socket = folder.path("data/ldapi");
    folder.serve().kill();
    assert!(socket.exists());
    let server = folder.serve();
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let who = run(&mut external("ldapwhoami", &folder));
    assert_eq!(who.status.code(), Some(0), "{who:?}");
    assert!(server.stop().success());
    assert!(!socket.exists());
}
