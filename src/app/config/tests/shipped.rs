//! Tests of the shipped configuration and of that of the demonstration: they work, and say of every key what is so.

use std::fmt::Debug;

use serde::de::{self, Visitor};
use serde::forward_to_deserialize_any;
use toml::Table;

use super::*;

#[test]
fn the_shipped_file_is_a_working_configuration() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(DEFAULT_PATH);
    let config = Config::load(&file).unwrap();
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.passwords, Passwords::default());
    assert_eq!(config.index, Index::default());
    assert_eq!(config.log, Log::default());
    assert_eq!(config.schema.posix_group, Schema::default().posix_group);
    for listener in &config.listeners {
        assert!(listener.address.ip().is_loopback());
        assert!(!listener.allow_passwords_without_tls);
        assert_eq!(listener.idle, Listener::default_idle());
    }
}

#[test]
fn the_demonstration_stays_below_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config/hedgerow.toml");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    std::fs::write(&file, Config::demonstration()).unwrap();
    let config = Config::load(&file).unwrap();
    let (tls, key) = (config.tls.unwrap(), config.second_factor.key_file.unwrap());
    let mail = config.rest.mail_folder.unwrap();
    let folder = folder.path().canonicalize().unwrap();
    for path in [&config.data, &tls.certificate, &tls.key, &key, &mail] {
        assert!(path.starts_with(&folder), "{}", path.display());
    }
    assert!(config.rest.listen[0].0.ip().is_loopback());
}

/// The shipped file with every key and section that it only shows set as well.
fn shipped_with_every_key() -> String {
    let shown = |line: &str| {
        line.strip_prefix('#').is_some_and(|key| {
            key.starts_with("[[") || key.starts_with(|first: char| first.is_ascii_lowercase())
        })
    };
    let lines = SHIPPED.lines().map(|line| match shown(line) {
        true => &line[1..],
        false => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_keys_that_the_shipped_file_only_shows_can_be_set() {
    let config = config(&shipped_with_every_key()).unwrap();
    assert_eq!(config.passwords.threads, Some(2));
    assert_eq!(config.tls.unwrap().subject_map.len(), 1);
}

#[test]
fn the_rules_that_the_shipped_file_shows_are_those_that_hold_without_any() {
    assert!(config(SHIPPED).unwrap().access.is_empty());
    let shown = config(&shipped_with_every_key()).unwrap().access;
    let shown: Vec<_> = shown.iter().map(rule_text).collect();
    let defaults = AccessRules::default_texts(&["dc=example,dc=org".to_owned()]);
    // The last is an example of another.
    assert_eq!(shown.split_last().unwrap().1, defaults);
}

#[test]
fn the_shipped_file_explains_every_key() {
    let table: Table = shipped_with_every_key().parse().unwrap();
    let section = |name: &str| match &table[name] {
        toml::Value::Array(items) => items
            .iter()
            .flat_map(|item| item.as_table().unwrap().keys().cloned())
            .collect(),
        value => value.as_table().unwrap().keys().cloned().collect(),
    };
    for (name, keys) in [
        ("listener", keys_of::<Listener>()),
        ("ldapi", keys_of::<Ldapi>()),
        ("tls", keys_of::<Tls>()),
        ("limits", keys_of::<Limits>()),
        ("passwords", keys_of::<Passwords>()),
        ("schema", keys_of::<Schema>()),
        ("index", keys_of::<Index>()),
        ("access", keys_of::<AccessRule>()),
        ("operations", keys_of::<Operations>()),
        ("log", keys_of::<Log>()),
    ] {
        let shown: Vec<String> = section(name);
        for key in keys {
            assert!(
                shown.iter().any(|shown| shown == key),
                "{name}.{key} is missing"
            );
        }
    }
    for key in keys_of::<Config>() {
        assert!(table.contains_key(*key), "{key} is missing");
    }
}

/// Replaces each number by a word, reads the range from the refusal, and looks
/// for it in the comment above the key.
#[test]
fn the_shipped_file_states_the_range_of_every_number() {
    let text = shipped_with_every_key();
    let lines: Vec<&str> = text.lines().collect();
    let mut seen = 0;
    for (position, line) in lines.iter().enumerate() {
        let Some((key, value)) = line.split_once(" = ") else {
            continue;
        };
        if value.parse::<u64>().is_err() {
            continue;
        }
        let changed = format!("{key} = \"word\"");
        let mut changed_lines = lines.clone();
        changed_lines[position] = &changed;
        let message = refusal(&changed_lines.join("\n"));
        let (_, range) = message.split_once("number from ").unwrap();
        let comment: Vec<&str> = lines[..position]
            .iter()
            .rev()
            .take_while(|line| line.starts_with('#'))
            .map(|line| line.trim_start_matches("# "))
            .collect();
        let comment = comment.into_iter().rev().collect::<Vec<_>>().join(" ");
        assert!(comment.contains(range), "{key}: {range} not in: {comment}");
        seen += 1;
    }
    assert!(seen >= 12, "only {seen} numbers were checked");
}

#[test]
fn damaged_text_never_panics() {
    for cut in (0..SHIPPED.len()).step_by(7) {
        let _ = config(&SHIPPED[..cut]);
        let mut bytes = SHIPPED.as_bytes().to_vec();
        bytes[cut] = b'"';
        let _ = config(&String::from_utf8(bytes).unwrap());
    }
}

/// The keys a section has: what its type asks a deserializer for.
fn keys_of<'de, T: serde::Deserialize<'de> + Debug>() -> &'static [&'static str] {
    T::deserialize(KeyProbe).unwrap_err().0
}

struct KeyProbe;

#[derive(Debug)]
struct Keys(&'static [&'static str]);

impl std::fmt::Display for Keys {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

impl std::error::Error for Keys {}

impl de::Error for Keys {
    fn custom<T: std::fmt::Display>(_: T) -> Keys {
        Keys(&[])
    }
}

impl<'de> de::Deserializer<'de> for KeyProbe {
    type Error = Keys;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Keys> {
        Err(Keys(&[]))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Keys> {
        Err(Keys(fields))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier
        ignored_any
    }
}
