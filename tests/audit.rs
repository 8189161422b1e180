//! The audit log of the real server: what has a line, that none of a change is lost, and that no secret gets into any.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "audit/administration.rs"]
mod administration;
mod server;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use serde_json::Value;
use server::{ADMIN, Folder, PASSWORD, Server, text, until};

const ADA: &str = "uid=ada,dc=example,dc=org";
const GRACE: &str = "uid=grace,dc=example,dc=org";
const TREE: &str = "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n\
    dn: uid=ada,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ada\ncn: Ada\nsn: Byron\n\
    userPassword: first-Zebra-41\n\n\
    dn: uid=grace,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: grace\ncn: Grace\nsn: Hopper\n";

fn folder(more: &str) -> Folder {
    let folder = Folder::self_service(more);
    folder.load(TREE);
    folder
}

fn log(folder: &Folder) -> PathBuf {
    folder.path("data/audit.jsonl")
}

/// The lines that a command of the program shows.
fn shown(folder: &Folder, more: &[&str]) -> Vec<Value> {
    let done = folder
        .command("audit")
        .arg("--json")
        .args(more)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", text(&done.stderr));
    let lines = text(&done.stdout);
    let lines = lines.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

/// The lines once there is one for which `is` holds.
#[track_caller]
fn shown_with(folder: &Folder, is: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut lines = Vec::new();
    until(|| {
        lines = shown(folder, &[]);
        lines.iter().any(&is)
    });
    lines
}

fn tool(server: &Server, name: &str, who: &str, password: &str, more: &[&str]) -> Output {
    let mut command = server.tool(name, &server.secure_url());
    command.args(["-D", who, "-w", password]).args(more);
    command.output().unwrap()
}

/// Changes an attribute of an entry: the exit code.
fn modify(
    folder: &Folder,
    server: &Server,
    who: (&str, &str),
    more: &[&str],
    step: &str,
) -> Output {
    let file = folder.path("change.ldif");
    fs::write(&file, step).unwrap();
    let more = [more, &["-f", file.to_str().unwrap()]].concat();
    tool(server, "ldapmodify", who.0, who.1, &more)
}

fn describe(entry: &str, value: &str) -> String {
    format!("dn: {entry}\nchangetype: modify\nreplace: description\ndescription: {value}\n")
}

#[test]
fn logins_refusals_and_changes_have_a_line_each_with_who_what_where_and_how_it_ended() {
    let folder = folder("");
    let server = folder.serve();
    let administrator = (ADMIN, PASSWORD);
    assert!(
        tool(&server, "ldapwhoami", ADA, "first-Zebra-41", &[])
            .status
            .success()
    );
    assert!(
        !tool(&server, "ldapwhoami", ADA, "wrong", &[])
            .status
            .success()
    );
    let refused = modify(
        &folder,
        &server,
        (ADA, "first-Zebra-41"),
        &[],
        &describe(GRACE, "x"),
    );
    assert!(!refused.status.success());
    let acting = format!("dn:{GRACE}");
    let acting = ["-e", &format!("!authzid={acting}")];
    let may_not = modify(
        &folder,
        &server,
        (ADA, "first-Zebra-41"),
        &acting,
        &describe(GRACE, "x"),
    );
    assert!(!may_not.status.success());
    let changed = ["-a", "first-Zebra-41", "-s", "second-Walrus-83"];
    assert!(
        tool(&server, "ldappasswd", ADA, "first-Zebra-41", &changed)
            .status
            .success()
    );
    let done = modify(
        &folder,
        &server,
        administrator,
        &[],
        &describe(GRACE, "hidden-value-7"),
    );
    assert!(done.status.success(), "{}", text(&done.stderr));
    let through = ["-e", &format!("!authzid=dn:{ADA}")];
    let step = format!(
        "dn: {ADA}\nchangetype: modify\nreplace: userPassword\nuserPassword: third-Otter-12\n"
    );
    let done = modify(&folder, &server, administrator, &through, &step);
    assert!(done.status.success(), "{}", text(&done.stderr));

    let lines = shown_with(&folder, |line| line["through"] == ADMIN);
    let having = |members: &[(&str, &str)]| -> &Value {
        let found = lines
            .iter()
            .find(|line| members.iter().all(|(name, value)| line[*name] == *value));
        found.unwrap_or_else(|| panic!("no {members:?} in {lines:#?}"))
    };
    let login = having(&[
        ("kind", "authentication"),
        ("who", ADA),
        ("outcome", "success"),
    ]);
    assert_eq!(login["method"], "simple");
    assert_eq!(login["address"], "127.0.0.1");
    assert!(login["connection"].is_u64() && login["message"].is_u64());
    having(&[
        ("who", ADA),
        ("operation", "bind"),
        ("outcome", "invalidCredentials"),
    ]);
    having(&[
        ("kind", "refusal"),
        ("who", ADA),
        ("operation", "modify"),
        ("target", GRACE),
        ("outcome", "insufficientAccessRights"),
    ]);
    having(&[
        ("kind", "refusal"),
        ("who", ADA),
        ("target", &format!("dn:{GRACE}")),
        ("outcome", "authorizationDenied"),
    ]);
    having(&[
        ("kind", "authentication"),
        ("operation", "password modify"),
        ("who", ADA),
    ]);
    let write = having(&[("kind", "write"), ("who", ADMIN), ("target", GRACE)]);
    assert_eq!(write["attributes"], serde_json::json!(["description"]));
    assert_eq!(write["address"], "127.0.0.1");
    let csn = tool(
        &server,
        "ldapsearch",
        ADMIN,
        PASSWORD,
        &["-LLL", "-b", GRACE, "entryCSN"],
    );
    assert!(text(&csn.stdout).contains(write["change"].as_str().unwrap()));
    let proxied = having(&[("kind", "write"), ("who", ADA), ("through", ADMIN)]);
    assert!(
        proxied["attributes"]
            .as_array()
            .unwrap()
            .contains(&"userPassword".into())
    );

    let people = folder
        .command("audit")
        .args(["--kind", "write", "--name", "GRACE"])
        .output();
    let people = text(&people.unwrap().stdout);
    assert_eq!(people.lines().count(), 1, "{people}");
    assert!(
        people.contains(&format!("modify {GRACE} by {ADMIN} from 127.0.0.1")),
        "{people}"
    );
    let failed = shown(&folder, &["--failed", "--since", "1h"]);
    assert!(failed.len() >= 3 && failed.iter().all(|line| line["outcome"] != "success"));
    assert!(shown(&folder, &["--since", "2999-01-01"]).is_empty());
    let mode = fs::metadata(log(&folder)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn no_secret_gets_into_the_log_the_audit_log_the_store_or_an_answer() {
    let folder = folder("[log]\nlevel = \"trace\"");
    let server = folder.serve();
    let secrets = [
        PASSWORD,
        "first-Zebra-41",
        "wrong-Heron-55",
        "second-Walrus-83",
        "third-Otter-12",
        "not-taken-Ibex-9",
    ];
    let mut said = Vec::new();
    let mut keep = |done: Output| {
        said.push(text(&done.stdout) + &text(&done.stderr));
        done.status.success()
    };
    assert!(keep(tool(
        &server,
        "ldapwhoami",
        ADA,
        "first-Zebra-41",
        &[]
    )));
    assert!(!keep(tool(
        &server,
        "ldapwhoami",
        ADA,
        "wrong-Heron-55",
        &[]
    )));
    let new = ["-a", "first-Zebra-41", "-s", "second-Walrus-83"];
    assert!(keep(tool(
        &server,
        "ldappasswd",
        ADA,
        "first-Zebra-41",
        &new
    )));
    let wrong = ["-a", "wrong-Heron-55", "-s", "not-taken-Ibex-9"];
    assert!(!keep(tool(
        &server,
        "ldappasswd",
        ADA,
        "second-Walrus-83",
        &wrong
    )));
    let step = format!(
        "dn: {ADA}\nchangetype: modify\ndelete: userPassword\nuserPassword: second-Walrus-83\n-\n\
         add: userPassword\nuserPassword: third-Otter-12\n"
    );
    assert!(keep(modify(
        &folder,
        &server,
        (ADA, "second-Walrus-83"),
        &[],
        &step
    )));
    let step = step.replace("third-Otter-12", "not-taken-Ibex-9");
    assert!(!keep(modify(
        &folder,
        &server,
        (ADA, "third-Otter-12"),
        &[],
        &step
    )));
    let plain = ["-e", "ppolicy", "-b", "dc=example,dc=org", "*", "+"];
    assert!(keep(tool(&server, "ldapsearch", ADMIN, PASSWORD, &plain)));
    let hash = folder_hash(&folder, server, &mut said);

    for name in ["audit.jsonl", "db"] {
        let bytes = fs::read(folder.path("data").join(name)).unwrap();
        said.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    for (at, said) in said.iter().enumerate() {
        for secret in secrets {
            assert!(!said.contains(secret), "{secret} in output {at}");
            let encoded = base64_of(secret);
            assert!(
                !said.contains(&encoded),
                "{secret} in base64 in output {at}"
            );
        }
    }
    // Hashes are kept in the store, and nowhere else.
    let (_store, others) = said.split_last().unwrap();
    assert!(others.iter().all(|said| !said.contains(&hash)), "{hash}");
    assert!(others.iter().all(|said| !said.contains("$argon2")));
}

/// Ends the server; what it has said goes to `said`. The hash that the store holds then.
fn folder_hash(folder: &Folder, server: Server, said: &mut Vec<String>) -> String {
    server.terminate();
    said.push(server.said_until("stopped").join("\n"));
    drop(server);
    let exported = folder.export();
    fs::remove_file(folder.path("export.ldif")).unwrap();
    let unfolded = exported.replace("\n ", "");
    let hash = unfolded
        .lines()
        .find_map(|line| line.strip_prefix("userPassword: "));
    hash.unwrap().to_owned()
}

fn base64_of(text: &str) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(text)
}

#[test]
fn changes_that_had_no_line_yet_when_the_server_was_killed_have_one_after_the_next_start() {
    let folder = folder("");
    let mut written = 0;
    for round in 0..3 {
        let server = folder.serve();
        for _ in 0..5 {
            written += 1;
            let step = describe(GRACE, &format!("change {written}"));
            assert!(
                modify(&folder, &server, (ADMIN, PASSWORD), &[], &step)
                    .status
                    .success()
            );
        }
        server.kill();
        if round == 1 {
            // As if the machine had lost what was written last, in the middle of a line.
            let bytes = fs::read(log(&folder)).unwrap();
            fs::write(log(&folder), &bytes[..bytes.len() * 2 / 3]).unwrap();
        }
    }
    let server = folder.serve();
    let step = describe(GRACE, "the last one");
    assert!(
        modify(&folder, &server, (ADMIN, PASSWORD), &[], &step)
            .status
            .success()
    );
    server.stop();
    let lines = shown(&folder, &["--kind", "write"]);
    let mut numbers: Vec<&str> = lines
        .iter()
        .map(|line| line["change"].as_str().unwrap())
        .collect();
    assert_eq!(numbers.len(), written + 1);
    assert!(numbers.is_sorted());
    numbers.dedup();
    assert_eq!(numbers.len(), written + 1);
    assert!(
        lines
            .iter()
            .all(|line| line["who"] == ADMIN && line["target"] == GRACE)
    );
}

#[test]
fn files_are_begun_anew_by_size_and_read_as_one() {
    let folder = Folder::self_service(
        "[audit]\nfile = \"log/audit\"\nfile_mebibytes = 1\nearlier_files = 1\n",
    );
    fs::create_dir(folder.path("log")).unwrap();
    folder.load(TREE);
    let long = format!("cn={},dc=example,dc=org", "x".repeat(1_000));
    folder.load(&format!(
        "dn: {long}\nobjectClass: applicationProcess\ncn: {}\n",
        "x".repeat(1_000)
    ));
    let server = folder.serve();
    let mut client = server.administrator();
    let changes = 2_600;
    for number in 0..changes {
        let value = number.to_string();
        let step = vec![ldap3::Mod::Replace("description", [value.as_str()].into())];
        client.modify(&long, step).unwrap().success().unwrap();
    }
    server.stop();
    let files = fs::read_dir(folder.path("log"))
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    assert_eq!(
        files,
        [folder.path("log/audit"), folder.path("log/audit.1")]
    );
    let lines = shown(&folder, &[]);
    let first = lines.iter().find(|line| line["kind"] == "begin").unwrap();
    let numbers = lines.iter().filter(|line| line["kind"] == "write");
    let numbers: Vec<&str> = numbers
        .map(|line| line["change"].as_str().unwrap())
        .collect();
    // The oldest lines have gone with their file, which was no longer than it may be.
    assert!((600..changes).contains(&numbers.len()), "{}", numbers.len());
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(first["change"].as_str().unwrap() < numbers[0]);
}

#[test]
fn what_is_added_is_followed() {
    let folder = folder("");
    let server = folder.serve();
    let mut follower = folder
        .command("audit")
        .args(["--follow", "--kind", "write"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    for number in 0..3 {
        let step = describe(GRACE, &number.to_string());
        assert!(
            modify(&folder, &server, (ADMIN, PASSWORD), &[], &step)
                .status
                .success()
        );
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains(GRACE), "{line}");
    }
    follower.kill().unwrap();
    follower.wait().unwrap();
}

#[test]
fn an_audit_log_that_cannot_be_written_keeps_the_server_from_starting() {
    let folder = Folder::self_service("[audit]\nfile = \"nowhere/audit\"\n");
    let done = folder.command("serve").output().unwrap();
    assert!(!done.status.success());
    let said = text(&done.stderr);
    assert!(
        said.contains("audit.file: ") && said.contains("cannot be written"),
        "{said}"
    );
}

#[test]
fn a_lock_that_comes_into_force_has_a_line_that_says_until_when() {
    let folder = Folder::self_service("");
    folder.load(&format!(
        "{TREE}\ndn: ou=policies,dc=example,dc=org\nobjectClass: organizationalUnit\nou: policies\n\n\
         dn: cn=default,ou=policies,dc=example,dc=org\nobjectClass: applicationProcess\n\
         objectClass: pwdPolicy\ncn: default\npwdAttribute: userPassword\npwdLockout: TRUE\n\
         pwdMaxFailure: 2\npwdLockoutDuration: 600\n"
    ));
    let server = folder.serve();
    for _ in 0..2 {
        let refused = tool(&server, "ldapwhoami", ADA, "wrong", &[]);
        assert!(!refused.status.success());
    }
    let lines = shown_with(&folder, |line| line["kind"] == "lock");
    let lock = lines.iter().find(|line| line["kind"] == "lock").unwrap();
    assert_eq!(
        (lock["who"].as_str(), lock["address"].as_str()),
        (Some(ADA), Some("127.0.0.1"))
    );
    assert_eq!(lock["reason"], "tooManyFailures");
    assert!(lock["until"].as_str() > lock["time"].as_str(), "{lock}");
    assert!(lock["connection"].is_null(), "{lock}");
}

#[test]
fn failures_that_come_in_a_crowd_are_summed_and_each_is_counted() {
    let folder = folder("");
    let server = folder.serve();
    let mut client = ldap3::LdapConn::new(&server.url()).unwrap();
    let (name, failures) = ("uid=nobody,dc=example,dc=org", 3_000);
    for _ in 0..failures {
        // A name that cannot be read costs no hash.
        assert_eq!(client.simple_bind("no name", "x").unwrap().rc, 34);
    }
    assert_eq!(client.simple_bind(name, "x").unwrap().rc, 49);
    server.stop();
    let lines = shown(&folder, &["--kind", "authentication"]);
    let of = |name: &str| {
        let told = lines.iter().filter(|line| line["who"] == name);
        told.map(|line| line["count"].as_u64().unwrap_or(1))
            .collect::<Vec<_>>()
    };
    let crowd = of("no name");
    assert_eq!(crowd.iter().sum::<u64>(), failures);
    assert!(crowd.len() < 3_000 && crowd.iter().any(|count| *count > 1));
    assert_eq!(of(name), [1]);
}

#[test]
fn an_entry_that_one_may_not_see_is_told_of_as_hidden_to_the_log_alone() {
    let folder = Folder::with_access("[[access]]\nwho = \"self\"\nallow = [\"read\", \"write\"]\n");
    folder.load(TREE);
    let server = folder.serve();
    let missing = "uid=nobody,dc=example,dc=org";
    let asked = [missing, GRACE].map(|entry| {
        let ada = (ADA, "first-Zebra-41");
        let refused = modify(&folder, &server, ada, &[], &describe(entry, "x"));
        assert_eq!(refused.status.code(), Some(32));
        text(&refused.stderr).replace(entry, "")
    });
    assert_eq!(asked[0], asked[1]);
    let lines = shown_with(&folder, |line| line["reason"] == "hidden");
    let refusals = lines.iter().filter(|line| line["kind"] == "refusal");
    let refusals: Vec<_> = refusals
        .map(|line| (&line["target"], &line["outcome"]))
        .collect();
    assert_eq!(
        refusals,
        [(&Value::from(GRACE), &Value::from("noSuchObject"))]
    );
}

#[test]
fn what_is_to_be_put_below_an_entry_that_one_may_not_see_is_told_of_as_hidden() {
    let rules = "[[access]]\nwho = \"anyone\"\nto = \"ou=closed,dc=example,dc=org\"\nallow = []\n\
        [[access]]\nwho = \"users\"\nallow = [\"read\", \"write\", \"add\", \"delete\"]\n";
    let folder = Folder::with_access(rules);
    let unit = "dn: ou=closed,dc=example,dc=org\nobjectClass: organizationalUnit\nou: closed\n";
    folder.load(&format!("{TREE}\n{unit}"));
    let server = folder.serve();
    let asked = ["missing", "closed"].map(|parent| {
        let parent = format!("ou={parent},dc=example,dc=org");
        let steps = [
            format!("dn: cn=new,{parent}\nchangetype: add\nobjectClass: applicationProcess\ncn: new\n"),
            format!("dn: {GRACE}\nchangetype: moddn\nnewrdn: uid=grace\ndeleteoldrdn: 1\nnewsuperior: {parent}\n"),
        ];
        steps.map(|step| {
            let refused = modify(&folder, &server, (ADA, "first-Zebra-41"), &[], &step);
            assert_eq!(refused.status.code(), Some(32), "{}", text(&refused.stderr));
            text(&refused.stderr).replace(&parent, "")
        })
    });
    assert_eq!(asked[0], asked[1]);
    let lines = shown_with(&folder, |line| line["target"] == GRACE);
    let refusals = lines.iter().filter(|line| line["kind"] == "refusal");
    let word = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let told = refusals.map(|line| ["operation", "target", "reason"].map(|name| word(line, name)));
    let added = "cn=new,ou=closed,dc=example,dc=org";
    assert_eq!(
        told.collect::<Vec<_>>(),
        [["add", added, "hidden"], ["moddn", GRACE, "hidden"]]
    );
}
