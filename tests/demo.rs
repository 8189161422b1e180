//! `serve --demo`, as who sees this server for the first time uses it: what it prints works, and nothing is left of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "rest/https.rs"]
#[allow(dead_code)]
mod https;
mod server;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use https::{Client, Login, trusting};
use ldap3::exop::{WhoAmI, WhoAmIResp};
use ldap3::{LdapConn, LdapConnSettings};
use rustix::process::{Pid, Signal, kill_process};
use server::{ADMIN, text};
use tempfile::TempDir;

const ADA: &str = "uid=ada,ou=people,dc=example,dc=org";

/// A demonstration that is running; ended when dropped.
struct Demo {
    child: Child,
    /// All that it printed.
    said: String,
}

impl Demo {
    /// Starts one whose temporary folders are made in `temporary`.
    fn start(temporary: &Path, more: &[&str]) -> Demo {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hedgerow"))
            .args(["serve", "--demo", "--free-ports"])
            .args(more)
            .env("TMPDIR", temporary)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut demo = Demo {
            child,
            said: String::new(),
        };
        while !demo.said.ends_with("explain bind ada\n") {
            let read = out.read_line(&mut demo.said).unwrap();
            assert_ne!(read, 0, "it ended early: {}", demo.said);
        }
        demo
    }

    /// The word that was printed behind a text.
    #[track_caller]
    fn told(&self, before: &str) -> &str {
        let said = self.said.split_once(before);
        let (_, after) = said.unwrap_or_else(|| panic!("no {before:?} in {}", self.said));
        after.split_whitespace().next().unwrap()
    }

    fn authority(&self) -> &Path {
        Path::new(self.told("LDAPTLS_CACERT="))
    }

    fn password(&self) -> &str {
        self.told("password ")
    }

    /// A connection by one of the printed addresses, bound.
    fn bound(&self, scheme: &str, name: &str, password: &str) -> LdapConn {
        let settings = LdapConnSettings::new()
            .set_config(trusting(self.authority()))
            .set_starttls(scheme == "ldap");
        let url = format!("{scheme}://{}", self.told(&format!(" {scheme}://")));
        let mut ldap = LdapConn::with_settings(settings, &url).unwrap();
        ldap.simple_bind(name, password).unwrap().success().unwrap();
        ldap
    }

    fn rest(&self) -> Client {
        Client {
            address: self.told(" https://").parse().unwrap(),
            config: trusting(self.authority()),
        }
    }

    /// Ends it as Ctrl-C does.
    fn stop(mut self) -> ExitStatus {
        self.signal(Signal::INT);
        self.child.wait().unwrap()
    }

    fn signal(&self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

fn who(ldap: &mut LdapConn) -> String {
    let (answer, _) = ldap.extended(WhoAmI).unwrap().success().unwrap();
    answer.parse::<WhoAmIResp>().authzid
}

#[test]
fn what_a_demonstration_prints_works_and_nothing_is_left_of_it() {
    let temporary = TempDir::new().unwrap();
    let demo = Demo::start(temporary.path(), &[]);
    assert_eq!(demo.told("administrator "), ADMIN);
    for scheme in ["ldap", "ldaps"] {
        let administrator = who(&mut demo.bound(scheme, ADMIN, demo.password()));
        assert_eq!(administrator, format!("dn:{ADMIN}"));
        assert_eq!(
            who(&mut demo.bound(scheme, ADA, "demo-ada")),
            format!("dn:{ADA}")
        );
    }
    let admin = Login::basic("admin", demo.password());
    let found = demo
        .rest()
        .get(&admin, "/api/v2/auth/users?filter[userName][EQ]=ada");
    assert_eq!(found.json()["data"][0]["userName"], "ada", "{found:?}");
    let explained = Command::new(env!("CARGO_BIN_EXE_hedgerow"))
        .args(["explain", "bind", "ada"])
        .env("HEDGEROW_CONFIG", demo.told("HEDGEROW_CONFIG="))
        .output()
        .unwrap();
    let explained = text(&explained.stdout);
    assert!(
        explained.contains(&format!("entry: {ADA}, found by its uid")),
        "{explained}"
    );
    assert!(demo.authority().starts_with(temporary.path()));
    assert!(demo.stop().success());
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn a_demonstration_with_a_folder_finds_its_data_again() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let words = ["--data", data.to_str().unwrap()];
    let demo = Demo::start(folder.path(), &words);
    let mut ldap = demo.bound("ldaps", ADMIN, demo.password());
    let before = demo.password().to_owned();
    ldap.delete(ADA).unwrap().success().unwrap();
    assert!(demo.stop().success());
    let demo = Demo::start(folder.path(), &words);
    assert_ne!(demo.password(), before);
    let mut ldap = demo.bound("ldaps", ADMIN, demo.password());
    let present = ldap.compare(ADA, "uid", "ada").unwrap();
    assert_eq!(present.0.rc, 32);
}
