//! Writes the string form of a filter (RFC 4515), as `Display`.
//!
//! Reading the string gives the same filter back. A filter that has no string form (a name that is
//! not an attribute description, no substring pieces) is printed as a string that [`Filter::parse`]
//! refuses, so that a log line cannot pass for another filter. Control characters never reach the
//! output.

use std::fmt::{self, Write};

use super::parse::is_description_byte;
use super::{Assertion, Extensible, Filter, Substrings};

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::And(parts) => list(f, '&', parts),
            Filter::Or(parts) => list(f, '|', parts),
            Filter::Not(part) => write!(f, "(!{part})"),
            Filter::Equality(item) => assertion(f, item, "="),
            Filter::GreaterOrEqual(item) => assertion(f, item, ">="),
            Filter::LessOrEqual(item) => assertion(f, item, "<="),
            Filter::Approx(item) => assertion(f, item, "~="),
            Filter::Present(attribute) => write!(f, "({}=*)", Name(attribute)),
            Filter::Substrings(item) => substrings(f, item),
            Filter::Extensible(item) => extensible(f, item),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, operator: char, parts: &[Filter]) -> fmt::Result {
    write!(f, "({operator}")?;
    parts.iter().try_for_each(|part| write!(f, "{part}"))?;
    f.write_char(')')
}

fn assertion(f: &mut fmt::Formatter<'_>, item: &Assertion, operator: &str) -> fmt::Result {
    write!(
        f,
        "({}{operator}{})",
        Name(&item.attribute),
        Value(&item.value)
    )
}

fn substrings(f: &mut fmt::Formatter<'_>, item: &Substrings) -> fmt::Result {
    let initial = item.initial.as_deref().unwrap_or_default();
    let last = item.last.as_deref().unwrap_or_default();
    write!(f, "({}={}*", Name(&item.attribute), Value(initial))?;
    for piece in &item.any {
        write!(f, "{}*", Value(piece))?;
    }
    if item.initial.is_none() && item.any.is_empty() && item.last.is_none() {
        // A single asterisk would read as a presence filter.
        f.write_char('*')?;
    }
    write!(f, "{})", Value(last))
}

fn extensible(f: &mut fmt::Formatter<'_>, item: &Extensible) -> fmt::Result {
    write!(
        f,
        "({}",
        Name(item.attribute.as_deref().unwrap_or_default())
    )?;
    if item.dn_attributes {
        f.write_str(":dn")?;
    }
    match item.rule.as_deref() {
        // Unescaped, a rule of this name would read as the flag.
        Some(rule) if !item.dn_attributes && rule.eq_ignore_ascii_case("dn") => {
            f.write_str(":\\64n")?
        }
        Some(rule) => write!(f, ":{}", Name(rule))?,
        None => {}
    }
    write!(f, ":={})", Value(&item.value))
}

/// An attribute description or rule; what could not be part of one is escaped.
struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            if is_description_byte(byte) {
                f.write_char(char::from(byte))?;
            } else {
                escape(f, byte)?;
            }
        }
        Ok(())
    }
}

/// An assertion value; what is not printable UTF-8 text, or has a meaning in the grammar, is
/// escaped.
struct Value<'a>(&'a [u8]);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                if character.is_control() || matches!(character, '(' | ')' | '*' | '\\') {
                    let mut encoded = [0; 4];
                    let encoded = character.encode_utf8(&mut encoded);
                    encoded.bytes().try_for_each(|byte| escape(f, byte))?;
                } else {
                    f.write_char(character)?;
                }
            }
            chunk
                .invalid()
                .iter()
                .try_for_each(|byte| escape(f, *byte))?;
        }
        Ok(())
    }
}

fn escape(f: &mut fmt::Formatter<'_>, byte: u8) -> fmt::Result {
    write!(f, "\\{byte:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-zA-Z][a-zA-Z0-9-]{0,8}(;[a-z0-9-]{1,5}){0,2}",
            "[1-9][0-9]{0,3}(\\.(0|[1-9][0-9]{0,3})){1,4}"
        ]
    }

    fn rule() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-zA-Z][a-zA-Z0-9-]{2,8}",
            "[0-2](\\.[1-9][0-9]{0,3}){1,4}"
        ]
    }

    fn value() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            vec(any::<u8>(), 0..12),
            ".{0,8}".prop_map(String::into_bytes),
            " *[*()\\\\a]* *".prop_map(String::into_bytes)
        ]
    }

    fn piece() -> impl Strategy<Value = Vec<u8>> {
        value().prop_filter("pieces are not empty", |piece| !piece.is_empty())
    }

    /// Every kind of item whose names come from the two strategies.
    fn item<N, R>(name: fn() -> N, rule: fn() -> R) -> impl Strategy<Value = Filter>
    where
        N: Strategy<Value = String> + 'static,
        R: Strategy<Value = String> + 'static,
    {
        let assertion =
            move || (name(), value()).prop_map(|(attribute, value)| Assertion { attribute, value });
        let substrings = (
            name(),
            option::of(piece()),
            vec(piece(), 0..3),
            option::of(piece()),
        )
            .prop_filter("at least one piece", |(_, first, any, last)| {
                first.is_some() || last.is_some() || !any.is_empty()
            })
            .prop_map(|(attribute, initial, any, last)| Substrings {
                attribute,
                initial,
                any,
                last,
            });
        let extensible = (
            option::of(rule()),
            option::of(name()),
            value(),
            any::<bool>(),
        )
            .prop_filter("a subject", |(rule, attribute, ..)| {
                rule.is_some() || attribute.is_some()
            })
            .prop_map(|(rule, attribute, value, dn_attributes)| Extensible {
                rule,
                attribute,
                value,
                dn_attributes,
            });
        prop_oneof![
            assertion().prop_map(Filter::Equality),
            assertion().prop_map(Filter::GreaterOrEqual),
            assertion().prop_map(Filter::LessOrEqual),
            assertion().prop_map(Filter::Approx),
            name().prop_map(Filter::Present),
            substrings.prop_map(Filter::Substrings),
            extensible.prop_map(Filter::Extensible),
        ]
    }

    fn tree() -> impl Strategy<Value = Filter> {
        item(name, rule).prop_recursive(6, 40, 5, |part| {
            prop_oneof![
                vec(part.clone(), 0..5).prop_map(Filter::And),
                vec(part.clone(), 0..5).prop_map(Filter::Or),
                part.prop_map(|part| Filter::Not(Box::new(part))),
            ]
        })
    }

    fn hostile_name() -> impl Strategy<Value = String> {
        prop_oneof![".{1,6}", "[a-c:=()~<>*;.\\\\]{1,6}", "[dD][nN]"]
    }

    proptest! {
        #[test]
        fn a_printed_filter_reads_back_the_same(filter in tree()) {
            prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
        }

        #[test]
        fn a_filter_without_a_string_form_never_reads_back_as_another(
            filter in item(hostile_name, hostile_name),
        ) {
            if let Ok(read) = Filter::parse(&filter.to_string()) {
                prop_assert_eq!(read, filter);
            }
        }

        #[test]
        fn printing_never_emits_control_characters(filter in item(hostile_name, hostile_name)) {
            prop_assert!(!filter.to_string().contains(char::is_control));
        }

        #[test]
        fn whatever_is_accepted_prints_and_reads_back_the_same(
            text in "[ab(&|!)=*:~<>;1.\\\\2d n]{0,24}",
        ) {
            if let Ok(filter) = Filter::parse(&text) {
                prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
            }
        }
    }

    fn equality(value: &[u8]) -> String {
        Filter::Equality(Assertion {
            attribute: "cn".to_owned(),
            value: value.to_vec(),
        })
        .to_string()
    }

    #[test]
    fn escapes_what_is_not_printable_text() {
        assert_eq!(
            equality(b"a*b(c)d\\e\0f"),
            "(cn=a\\2ab\\28c\\29d\\5ce\\00f)"
        );
        assert_eq!(equality(b"\x1b[2J\r\n\x7f"), "(cn=\\1b[2J\\0d\\0a\\7f)");
        assert_eq!(equality("Lučić \u{85}".as_bytes()), "(cn=Lučić \\c2\\85)");
        assert_eq!(equality(b"caf\xe9 \xc3"), "(cn=caf\\e9 \\c3)");
    }

    #[test]
    fn a_name_cannot_smuggle_another_filter() {
        let filter = Filter::Present("a=b)(c".to_owned());
        assert_eq!(filter.to_string(), "(a\\3db\\29\\28c=*)");
        assert!(Filter::parse(&filter.to_string()).is_err());
    }

    #[test]
    fn substrings_without_pieces_do_not_print_as_presence() {
        let empty = Substrings {
            attribute: "cn".to_owned(),
            initial: None,
            any: vec![],
            last: None,
        };
        assert_eq!(Filter::Substrings(empty).to_string(), "(cn=**)");
        assert!(Filter::parse("(cn=**)").is_err());
    }
}
