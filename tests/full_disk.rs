//! A disk without room, and a file that may not grow: what is refused is told, what was acknowledged stays.

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
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use client::{ADD_RESPONSE, Client, add, present, search_for};
use rustix::process::{Resource, Rlimit, prlimit};
use server::{Folder, SUFFIX, Server, text};

const UNAVAILABLE: u8 = 52;
const TREE: &str = "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\n\
                    dc: example\no: Example\n";

/// Asks for another account with a long description; the code, and what the server said.
fn add_account(client: &mut Client, number: i16) -> (u8, String) {
    let (uid, description) = (format!("u{number}"), "d".repeat(20_000));
    let attributes = [
        ("objectClass", "account"),
        ("uid", uid.as_str()),
        ("description", description.as_str()),
    ];
    let reply = client.ask(number, &add(&format!("uid={uid},{SUFFIX}"), &attributes));
    assert_eq!(reply.tag, ADD_RESPONSE);
    (reply.code.unwrap(), text(&reply.operation))
}

/// How many accounts a search finds.
fn accounts(client: &mut Client, id: i16) -> usize {
    let (names, code) = client.names(id, &search_for(SUFFIX, 2, &present("uid")));
    assert_eq!(code, 0);
    names.len()
}

/// Adds accounts until one is refused; how many were acknowledged, and the words of the refusal.
fn add_until_refused(client: &mut Client) -> (usize, String) {
    for number in 2..20_000 {
        match add_account(client, number) {
            (0, _) => {}
            (code, said) => {
                assert_eq!(code, UNAVAILABLE, "{said}");
                return (usize::try_from(number - 2).unwrap(), said);
            }
        }
    }
    panic!("never refused");
}

/// A disk of its own, small and in memory, seen only by processes that are started within.
struct Disk {
    holder: Child,
    at: PathBuf,
}

impl Disk {
    /// Puts such a disk below a folder, with what is in it.
    fn below(at: &Path) -> Disk {
        let mut holder = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c"])
            .arg(
                "cp -a \"$0\" \"$0.before\" && mount -t tmpfs -o size=96m tmpfs \"$0\" && \
                 cp -a \"$0.before/.\" \"$0\" && echo mounted && exec cat",
            )
            .arg(at)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare is installed (util-linux)");
        let mut line = String::new();
        let mut said = BufReader::new(holder.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        assert_eq!(
            line, "mounted\n",
            "a user may make namespaces of its own here"
        );
        Disk {
            holder,
            at: at.to_owned(),
        }
    }

    /// The command, run where the disk is seen.
    fn within(&self, command: &Command) -> Command {
        let mut within = Command::new("nsenter");
        within
            .args(["--preserve-credentials", "--user", "--mount", "--target"])
            .arg(self.holder.id().to_string())
            .arg(command.get_program())
            .args(command.get_args());
        within
    }

    /// A path on the disk as others reach it.
    fn path(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.at.strip_prefix("/").unwrap()).join(name)
    }

    /// Takes all room but so many bytes.
    fn fill(&self, left: u64) {
        let disk = rustix::fs::statvfs(self.path("")).unwrap();
        let free = disk.f_bavail * disk.f_frsize;
        let room = usize::try_from(free - left).unwrap();
        fs::write(self.path("ballast"), vec![b'x'; room]).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

#[test]
fn a_full_disk_refuses_changes_until_there_is_room_and_loses_none() {
    let folder = Folder::new();
    folder.load(TREE);
    let disk = Disk::below(&folder.path("data"));
    let serve = || -> Server { folder.serve_by(disk.within(&folder.command("serve"))) };
    let server = serve();
    let mut client = Client::bound(&server);
    // The server keeps 32 MiB free, so that it can be started and read from on a full disk.
    disk.fill(40 << 20);
    let (acknowledged, said) = add_until_refused(&mut client);
    assert!(said.contains("free"), "{said}");
    assert!(acknowledged > 0);
    assert_eq!(accounts(&mut client, 20_001), acknowledged);
    // Again and again, and with no harm.
    for number in 20_010..20_015 {
        assert_eq!(add_account(&mut client, number).0, UNAVAILABLE);
    }
    fs::remove_file(disk.path("ballast")).unwrap();
    assert_eq!(add_account(&mut client, 20_020).0, 0, "there is room again");
    server.kill();

    let server = serve();
    let mut client = Client::bound(&server);
    assert_eq!(accounts(&mut client, 2), acknowledged + 1);
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn a_file_that_may_not_grow_refuses_changes_and_loses_none() {
    let folder = Folder::new();
    folder.load(TREE);
    let own = folder.command("serve");
    let mut command = Command::new("sh");
    // Without this the system ends a process that writes beyond its limit.
    command
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(own.get_program())
        .args(own.get_args());
    let server = folder.serve_by(command);
    let mut client = Client::bound(&server);
    assert_eq!(add_account(&mut client, 30_000).0, 0);
    let size = fs::metadata(folder.path("data/db")).unwrap().len();
    let limit = Rlimit {
        current: Some(size + (1 << 20)),
        maximum: None,
    };
    prlimit(Some(server.pid()), Resource::Fsize, limit).unwrap();
    let (acknowledged, said) = add_until_refused(&mut client);
    assert!(said.contains("restart"), "{said}");
    assert_eq!(accounts(&mut client, 20_001), acknowledged + 1);
    assert_eq!(add_account(&mut client, 20_010).0, UNAVAILABLE);
    client.expect_service(20_011);
    server.stop();

    let server = folder.serve();
    let mut client = Client::bound(&server);
    assert_eq!(accounts(&mut client, 2), acknowledged + 1);
    assert_eq!(add_account(&mut client, 30_001).0, 0);
    assert_eq!(server.stop().code(), Some(0));
    let checked = folder.command("check").output().unwrap();
    assert!(checked.status.success(), "{}", text(&checked.stdout));
}

#[test]
fn an_audit_log_without_room_holds_nobody_up_and_has_its_changes_later() {
    let folder = Folder::with_more("[audit]\nfile = \"log/audit\"\n");
    fs::create_dir(folder.path("log")).unwrap();
    folder.load(TREE);
    let disk = Disk::below(&folder.path("log"));
    let server = folder.serve_by(disk.within(&folder.command("serve")));
    let mut client = Client::bound(&server);
    disk.fill(0);
    for number in 2..60 {
        assert_eq!(add_account(&mut client, number).0, 0);
    }
    server.said("the audit log cannot be written");
    fs::remove_file(disk.path("ballast")).unwrap();
    server.said("the audit log is written again");
    assert_eq!(server.stop().code(), Some(0));
    let lines = fs::read_to_string(disk.path("audit")).unwrap();
    let lines = lines.lines().map(serde_json::from_str);
    let lines: Vec<serde_json::Value> = lines.collect::<Result<_, _>>().unwrap();
    let changes = lines.iter().filter(|line| line["kind"] == "write");
    let changes: Vec<&str> = changes
        .map(|line| line["change"].as_str().unwrap())
        .collect();
    assert_eq!(changes.len(), 58);
    assert!(changes.windows(2).all(|pair| pair[0] < pair[1]));
}
