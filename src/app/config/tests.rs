//! What the operator is told of a configuration, and what one stands for.

mod shipped;

use super::listener::Mode;
use super::*;
use crate::app::assembly::rule_text;
use crate::directory::access::{AccessRules, Right};

fn config(text: &str) -> Result<Config, ConfigError> {
    Config::from_source(Source::new(PathBuf::from("etc/h.toml"), text.to_owned()))
}

fn refusal(text: &str) -> String {
    config(text).unwrap_err().to_string()
}

const SMALL: &str = "data = 'd'\n[[listener]]\naddress = '127.0.0.1:389'\ntls = 'none'\n";

fn small_and(text: &str) -> String {
    format!("{SMALL}{text}")
}

#[test]
fn a_small_configuration_gets_the_defaults() {
    let config = config(SMALL).unwrap();
    assert_eq!(config.data, Path::new("etc/d"));
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.passwords, Passwords::default());
    assert_eq!(config.listeners[0].idle.as_secs(), 900);
    assert_eq!(config.schema.files, [Path::new("etc/schema/*.ldif")]);
    assert!(config.access.is_empty());
    assert!(config.operations.address.is_none());
}

#[test]
fn absolute_paths_stay() {
    let text = "data = '/srv/d'\n[tls]\ncertificate = '/c.pem'\nkey = 'k.pem'\nclient_ca = '/a.pem'\n\
                [[listener]]\naddress = '[::1]:636'\ntls = 'implicit'\n";
    let config = config(text).unwrap();
    let tls = config.tls.unwrap();
    assert_eq!(config.data, Path::new("/srv/d"));
    assert_eq!(tls.certificate, Path::new("/c.pem"));
    assert_eq!(tls.key, Path::new("etc/k.pem"));
    assert_eq!(tls.client_ca.unwrap(), Path::new("/a.pem"));
}

#[test]
fn the_key_of_second_factors_is_not_kept_with_the_data() {
    let message = refusal(&small_and("[second_factor]\nkey_file = 'd/key'\n"));
    assert!(
        message.starts_with("etc/h.toml:6: second_factor.key_file: the key would be with"),
        "{message}"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("h.toml");
    let key = folder.path().canonicalize().unwrap().join("d/key");
    let text = format!("[second_factor]\nkey_file = '{}'\n", key.display());
    std::fs::write(&file, small_and(&text)).unwrap();
    let message = Config::load(&file).unwrap_err().to_string();
    assert!(message.contains("the key would be with"), "{message}");
    let text = small_and("[second_factor]\nkey_file = 'dd/key'\n");
    let apart = config(&text).unwrap().second_factor.key_file;
    assert_eq!(apart.unwrap(), Path::new("etc/dd/key"));
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_likely_one() {
    let message = refusal(&small_and("[limits]\nsearch_seconds = 1\nconections = 5\n"));
    assert!(
        message.starts_with("etc/h.toml:7: limits.conections: unknown field `conections`"),
        "{message}"
    );
    assert!(
        message.ends_with("did you mean `connections`?"),
        "{message}"
    );
}

#[test]
fn an_unknown_section_is_refused_with_its_line() {
    let message = refusal(&small_and("[limit]\nconnections = 5\n"));
    assert!(message.starts_with("etc/h.toml:5: limit: "), "{message}");
    assert!(message.ends_with("did you mean `limits`?"), "{message}");
}

#[test]
fn a_far_off_key_gets_no_suggestion() {
    let message = refusal(&small_and("[log]\nzebra = 1\n"));
    assert!(
        message.ends_with("expected `level` or `format`"),
        "{message}"
    );
}

#[test]
fn a_number_out_of_range_is_answered_with_the_range() {
    for (value, shown) in [
        ("0", "integer `0`"),
        ("-1", "integer `-1`"),
        ("1000001", "integer `1000001`"),
        ("'ten'", "string \"ten\""),
        ("1.5", "floating point `1.5`"),
    ] {
        let message = refusal(&small_and(&format!("[limits]\nconnections = {value}\n")));
        assert!(message.starts_with("etc/h.toml:6: limits.connections: "));
        assert!(message.contains(shown), "{message}");
        assert!(
            message.ends_with("expected a whole number from 1 to 1000000"),
            "{message}"
        );
    }
}

#[test]
fn the_ends_of_a_range_belong_to_it() {
    for value in [1, 1_000_000] {
        let text = small_and(&format!("[limits]\nconnections = {value}\n"));
        assert_eq!(config(&text).unwrap().limits.connections, value);
    }
}

#[test]
fn a_wrong_word_is_answered_with_the_allowed_ones() {
    let text = SMALL.replace("'none'", "'startls'");
    let message = refusal(&text);
    assert!(
        message.starts_with("etc/h.toml:4: listener[0].tls: unknown variant `startls`"),
        "{message}"
    );
    assert!(
        message.contains("`implicit`, `starttls`, `none`"),
        "{message}"
    );
    assert!(message.ends_with("did you mean `starttls`?"), "{message}");
}

#[test]
fn the_orders_that_lists_over_rest_have_are_indexed_by_default() {
    let index = config(SMALL).unwrap().index;
    let has = |names: &[String], name: &str| names.iter().any(|it| it == name);
    for name in ["uid", "cn", "sn", "givenName", "mail", "displayName"] {
        assert!(
            has(&index.presence, name) && has(&index.substring, name),
            "{name}"
        );
    }
    // Every entry has these.
    for name in ["entryUUID", "createTimestamp", "modifyTimestamp"] {
        assert!(has(&index.ordering, name), "{name}");
    }
}

#[test]
fn the_local_socket_is_in_the_data_folder_unless_named() {
    let default = config(SMALL).unwrap();
    assert_eq!(default.socket(), Path::new("etc/d/ldapi"));
    assert_eq!(default.ldapi.mode, Mode(0o600));
    assert_eq!(default.ldapi.administrators, [0]);
    let text = "[ldapi]\nsocket = 'run/s'\nmode = '0660'\nadministrators = [7]\n";
    let named = config(&small_and(text)).unwrap();
    assert_eq!(named.socket(), Path::new("etc/run/s"));
    assert_eq!(named.ldapi.mode, Mode(0o660));
    assert_eq!(named.ldapi.administrators, [7]);
}

#[test]
fn a_mode_is_written_in_octal() {
    for wrong in ["660", "0888", "04755", "", "0x1"] {
        let message = refusal(&small_and(&format!("[ldapi]\nmode = '{wrong}'\n")));
        assert!(
            message.starts_with("etc/h.toml:6: ldapi.mode: "),
            "{message}"
        );
        assert!(message.contains("\"0600\""), "{message}");
    }
}

#[test]
fn a_host_name_is_not_an_address() {
    let message = refusal(&SMALL.replace("127.0.0.1", "localhost"));
    assert!(
        message.starts_with("etc/h.toml:3: listener[0].address: "),
        "{message}"
    );
    assert!(message.contains("127.0.0.1:389"), "{message}");
}

#[test]
fn a_missing_key_is_named_with_its_section() {
    let message = refusal("data = 'd'\n[[listener]]\ntls = 'none'\n");
    assert_eq!(
        message,
        "etc/h.toml:2: listener[0]: missing field `address`"
    );
    let message = refusal("[[listener]]\naddress = '127.0.0.1:1'\ntls = 'none'\n");
    assert!(message.ends_with("missing field `data`"), "{message}");
}

#[test]
fn text_that_is_not_toml_is_refused_with_its_line() {
    let message = refusal("data = 'd'\n[[listener]\n");
    assert!(message.starts_with("etc/h.toml:2: "), "{message}");
    assert_eq!(message.lines().count(), 1);
}

#[test]
fn every_contradiction_is_listed_in_the_order_of_the_file() {
    let message = refusal(
        "data = 'd'\n\
         [limits]\n\
         message_bytes = 65536\n\
         [[listener]]\n\
         address = '127.0.0.1:389'\n\
         tls = 'implicit'\n\
         allow_passwords_without_tls = true\n\
         [[listener]]\n\
         address = '127.0.0.1:389'\n\
         tls = 'none'\n\
         [[access]]\n\
         who = 'users'\n\
         attributes = []\n\
         allow = []\n",
    );
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), 5, "{message}");
    for (line, start) in lines.iter().zip([
        "etc/h.toml:3: limits.message_bytes: ",
        "etc/h.toml:6: listener[0].tls: needs a certificate",
        "etc/h.toml:7: listener[0].allow_passwords_without_tls: ",
        "etc/h.toml:9: listener[1].address: 127.0.0.1:389 is used twice",
        "etc/h.toml:13: access[0].attributes: ",
    ]) {
        assert!(line.starts_with(start), "{line}");
    }
}

#[test]
fn a_configuration_without_a_listener_is_refused() {
    assert!(refusal("data = 'd'\n").contains("nothing would be served"));
}

#[test]
fn the_port_of_the_operations_listener_is_not_free_for_ldap() {
    let message = refusal(&small_and("[operations]\naddress = '127.0.0.1:389'\n"));
    assert!(message.contains("is used twice"), "{message}");
}

#[test]
fn several_listeners_may_take_any_free_port() {
    let text = "data = 'd'\n[[listener]]\naddress = '127.0.0.1:0'\ntls = 'none'\n\
                [[listener]]\naddress = '127.0.0.1:0'\ntls = 'none'\n";
    assert!(config(text).is_ok());
}

#[test]
fn certificate_subjects_need_an_authority() {
    let text = small_and(
        "[tls]\ncertificate = 'c'\nkey = 'k'\nsubject_is_dn = true\n\
         [[tls.subject_map]]\nsubject = 'CN=a'\ndn = 'cn=a'\n",
    );
    let message = refusal(&text);
    assert!(
        message.starts_with("etc/h.toml:8: tls.subject_is_dn: needs client_ca"),
        "{message}"
    );
    assert!(message.contains("tls.subject_map: needs"), "{message}");
}

#[test]
fn who_is_read_in_every_form() {
    for (text, who) in [
        ("anyone", Who::Anyone),
        ("anonymous", Who::Anonymous),
        ("users", Who::Users),
        ("self", Who::SelfEntry),
        ("group:cn=a,dc=b", Who::Group("cn=a,dc=b".to_owned())),
        ("dn: cn=a:b,dc=c", Who::Dn("cn=a:b,dc=c".to_owned())),
    ] {
        let config = config(&small_and(&format!(
            "[[access]]\nwho = '{text}'\nallow = ['read']\n"
        )));
        let rule = &config.unwrap().access[0];
        assert_eq!(rule.who, who);
        assert_eq!(rule.attributes, ["*", "+"]);
        assert_eq!(rule.allow, [Right::Read]);
    }
    for text in ["", "everyone", "dn:", "group: ", "user:cn=a"] {
        let message = refusal(&small_and(&format!(
            "[[access]]\nwho = '{text}'\nallow = ['read']\n"
        )));
        assert!(
            message.starts_with("etc/h.toml:6: access[0].who: "),
            "{message}"
        );
        assert!(message.contains("group:DN"), "{message}");
    }
}

#[test]
fn a_rule_without_allow_is_refused() {
    let message = refusal(&small_and("[[access]]\nwho = 'users'\n"));
    assert!(
        message.contains("access[0]: missing field `allow`"),
        "{message}"
    );
}

#[test]
fn a_scope_that_rules_do_not_have_is_refused_with_those_they_have() {
    let message = refusal(&small_and(
        "[[access]]\nwho = 'users'\nto = 'dc=a'\nscope = 'one'\nallow = []\n",
    ));
    assert!(
        message.contains("\"one\" is no scope: use subtree or base"),
        "{message}"
    );
}

#[test]
fn another_layer_can_blame_a_key() {
    let text = small_and(
        "[[access]]\nwho = 'users'\nallow = []\n[[access]]\nwho = 'users'\nfilter = '(a'\nallow = []\n",
    );
    let config = config(&text).unwrap();
    assert_eq!(
        config
            .problem("access[1].filter", "is not a filter")
            .to_string(),
        "etc/h.toml:10: access[1].filter: is not a filter"
    );
    // Absent keys fall back to what is around them.
    for (key, line) in [
        ("access[1].to", Some(8)),
        ("access[9].to", Some(5)),
        ("index.equality[2]", None),
    ] {
        assert_eq!(config.problem(key, "wrong").problems[0].line, line, "{key}");
    }
}

#[test]
fn an_item_of_a_list_can_be_blamed() {
    let config = config(&small_and("[index]\nequality = [\n'a',\n'b',\n]\n")).unwrap();
    let problem = config.problem("index.equality[1]", "unknown");
    assert_eq!(problem.problems[0].line, Some(8));
}

#[test]
fn a_file_that_is_not_there_is_named_with_a_way_on() {
    let message = Config::load(Path::new("/absent/h.toml"))
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("/absent/h.toml: cannot be read: "),
        "{message}"
    );
    assert!(message.contains("--config"), "{message}");
}

#[test]
fn paths_are_those_that_people_would_name() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap();
    std::fs::create_dir_all(top.join("real/etc")).unwrap();
    std::os::unix::fs::symlink("real/etc", top.join("config")).unwrap();
    let paths = |path: &str| resolve(&top.join("config"), Path::new(path));
    assert_eq!(paths("../data"), top.join("real/data"));
    assert_eq!(paths("../../data/../x"), top.join("data/../x"));
    assert_eq!(paths("schema/a.ldif"), top.join("real/etc/schema/a.ldif"));
    assert_eq!(paths("/var/lib/data"), Path::new("/var/lib/data"));
    let absent = resolve(Path::new("/absent/etc"), Path::new("../data"));
    assert_eq!(absent, Path::new("/absent/etc/../data"));
}

#[test]
fn a_huge_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("h.toml");
    std::fs::write(&file, " ".repeat(1024 * 1024 + 1)).unwrap();
    let message = Config::load(&file).unwrap_err().to_string();
    assert!(message.contains("larger than"), "{message}");
}
