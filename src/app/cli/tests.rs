//! What is typed, and what comes of it.

use std::path::Path;

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::*;

fn parse(line: &str) -> Result<Command, clap::Error> {
    let words = std::iter::once("hedgerow").chain(line.split_whitespace());
    CommandLine::try_parse_from(words).map(|line| line.command)
}

#[test]
fn the_definition_is_sound() {
    CommandLine::command().debug_assert();
}

#[test]
fn every_command_and_option_has_help() {
    for command in CommandLine::command().get_subcommands() {
        let name = command.get_name();
        assert!(command.get_about().is_some(), "{name}");
        for argument in command.get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "{name} {}",
                argument.get_id()
            );
        }
    }
}

#[test]
fn nothing_at_all_shows_the_help() {
    let error = parse("").unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("serve --demo"));
}

#[test]
fn a_wrong_command_line_exits_with_2_and_help_with_0() {
    for line in [
        "serv",
        "serve --wat",
        "import",
        "init",
        "serve --data /x",
        "backup",
        "restore",
        "reset-admin-password hunter2",
    ] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
    }
    for line in ["--help", "serve --help", "--version"] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 0, "{line}");
    }
}

#[test]
fn serve_takes_a_configuration_or_the_demonstration() {
    let Ok(Command::Serve(serve)) = parse("serve --demo --data /d") else {
        panic!();
    };
    assert!(serve.demo);
    assert_eq!(serve.data.as_deref(), Some(Path::new("/d")));
    let error = parse("serve --demo --config c.toml").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ArgumentConflict);
}

#[test]
fn init_takes_several_suffixes_and_no_password() {
    let line = "init --suffix dc=a dc=b --suffix dc=c --admin-dn cn=x,dc=a";
    let Ok(Command::Init(init)) = parse(line) else {
        panic!();
    };
    assert_eq!(init.suffixes, ["dc=a", "dc=b", "dc=c"]);
    assert_eq!(init.admin_dn.as_deref(), Some("cn=x,dc=a"));
    assert!(parse("init --suffix dc=a --password secret").is_err());
}

#[test]
fn import_reads_a_file_or_standard_input() {
    for (line, expected) in [
        ("import -", Input::Standard),
        ("import a.ldif --dry-run", Input::File("a.ldif".into())),
    ] {
        let Ok(Command::Import(import)) = parse(line) else {
            panic!();
        };
        assert_eq!(import.input, expected);
    }
}

#[test]
fn hashes_are_exported_only_into_a_file() {
    let error = parse("export --with-password-hashes").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
    let line = "export --with-password-hashes --output a.ldif --filter (uid=a) --base dc=a";
    let Ok(Command::Export(export)) = parse(line) else {
        panic!();
    };
    assert!(export.with_password_hashes);
    assert_eq!(export.filter.as_deref(), Some("(uid=a)"));
}

#[test]
fn a_search_is_explained_below_its_base_unless_said_otherwise() {
    for (line, expected) in [
        ("explain search dc=a (uid=a)", Scope::Sub),
        ("explain search --scope one dc=a (uid=a)", Scope::One),
    ] {
        let Ok(Command::Explain(Explain {
            what: Explained::Search(search),
        })) = parse(line)
        else {
            panic!();
        };
        assert_eq!((search.scope, &*search.base), (expected, "dc=a"));
    }
    assert!(parse("explain search dc=a").is_err());
    assert!(parse("explain").is_err());
}

#[test]
fn the_option_beats_the_variable_and_the_variable_the_default() {
    let given = ConfigFile {
        config: Some("a.toml".into()),
    };
    let none = ConfigFile::default();
    let variable = || Some(OsString::from("b.toml"));
    assert_eq!(given.path_given(variable()), Path::new("a.toml"));
    assert_eq!(none.path_given(variable()), Path::new("b.toml"));
    for empty in [None, Some(OsString::new())] {
        assert_eq!(none.path_given(empty), Path::new("config/hedgerow.toml"));
    }
}
