//! The lines of tasks that an administrator does on the machine: taking data away, replacing it, another password.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use super::server::{ADMIN, Folder, PASSWORD, text};
use super::{GRACE, describe, folder, modify, shown, shown_with};

/// What the lines of tasks of administration say: operation and reason.
fn tasks(folder: &Folder) -> Vec<[String; 2]> {
    let lines = shown(folder, &["--kind", "administration"]);
    let told = lines.iter().map(|line| {
        assert_eq!(line["address"], "local");
        let who = line["who"].as_str().unwrap();
        assert!(who.ends_with("cn=peercred,cn=external,cn=auth"), "{line}");
        ["operation", "reason"].map(|name| line[name].as_str().unwrap_or("").to_owned())
    });
    told.collect()
}

fn run(folder: &Folder, name: &str, arguments: &[&str]) {
    let mut command = folder.command(name);
    command.args(arguments).current_dir(folder.path(""));
    let done = command.env("HEDGEROW_ADMIN_PASSWORD", "battery staple");
    let done = done.stdin(Stdio::null()).output().unwrap();
    assert!(done.status.success(), "{name}: {}", text(&done.stderr));
}

#[test]
fn who_takes_data_away_or_replaces_it_without_a_server_has_a_line() {
    let folder = folder("[audit]\nfile = \"audit\"\n");
    run(&folder, "export", &["--output", "plain.ldif"]);
    let whole = ["--with-password-hashes", "--output", "whole.ldif"];
    run(&folder, "export", &whole);
    run(&folder, "backup", &["backup"]);
    run(&folder, "reset-admin-password", &[]);
    fs::rename(folder.path("data"), folder.path("lost")).unwrap();
    run(&folder, "restore", &["backup"]);
    let expected = [
        ["import", ""],
        ["export", ""],
        ["export", "withPasswordHashes"],
        ["backup", ""],
        ["reset-admin-password", ""],
        ["restore", ""],
    ];
    assert_eq!(tasks(&folder), expected);
    // The lines of changes go on behind them.
    let server = folder.serve();
    let done = modify(
        &folder,
        &server,
        (ADMIN, PASSWORD),
        &[],
        &describe(GRACE, "x"),
    );
    assert!(done.status.success(), "{}", text(&done.stderr));
    server.stop();
    assert_eq!(shown(&folder, &["--kind", "write"]).len(), 1);
}

#[test]
fn who_backs_up_a_running_server_has_a_line() {
    let folder = Folder::new();
    let server = folder.serve();
    run(&folder, "backup", &["backup"]);
    server.stop();
    assert_eq!(tasks(&folder), [["backup", ""]]);
}

#[test]
fn who_gives_the_administrator_of_a_running_server_another_password_has_a_line() {
    let folder = Folder::new();
    let server = folder.serve();
    run(&folder, "reset-admin-password", &[]);
    server.stop();
    let lines = shown(&folder, &[]);
    let is = |line: &&Value| line["target"] == ADMIN && line["outcome"] == "success";
    let line = lines
        .iter()
        .find(is)
        .unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!(line["address"], "local");
}

#[test]
fn who_takes_all_of_the_data_away_has_a_line() {
    let folder = folder("");
    let _server = folder.serve();
    let file = folder.path("all.ldif");
    let file = ["--output", file.to_str().unwrap()];
    folder.told(&[&["export", "--with-password-hashes"], &file[..]].concat());
    shown_with(&folder, |line| line["operation"] == "export");
    assert_eq!(
        tasks(&folder).last().unwrap(),
        &["export", "withPasswordHashes"]
    );
}
