//! The shape that all definitions of the subschema share (RFC 4512 4.1): `( identifier KEYWORD value ... )`.
//!
//! Only the shape is judged: identifier, words, quoted strings and balanced parentheses. What the words mean is for
//! the reader of definitions.

use super::oid::{is_number, is_numeric_oid};

/// Whether the value has the shape of a definition that begins with a numeric object identifier.
pub(super) fn is_definition(value: &[u8]) -> bool {
    has_shape(value) && first_component(value).is_some_and(|first| is_numeric_oid(first.as_bytes()))
}

/// Whether the value has the shape of a DIT structure rule, which begins with a number.
pub(super) fn is_structure_rule(value: &[u8]) -> bool {
    has_shape(value) && first_component(value).is_some_and(|first| is_number(first.as_bytes()))
}

/// The first component of a definition, quotes taken off: what the first component rules of RFC 4517 4.2 compare.
/// None when there is none.
pub(crate) fn first_component(value: &[u8]) -> Option<&str> {
    let rest = str::from_utf8(value)
        .ok()?
        .strip_prefix('(')?
        .trim_start_matches(' ');
    let first = match rest.strip_prefix('\'') {
        Some(quoted) => quoted.split_once('\'')?.0,
        None => rest.split([' ', ')', '(', '\'']).next()?,
    };
    (!first.is_empty()).then_some(first)
}

fn has_shape(value: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(value) else {
        return false;
    };
    let mut depth = 0_usize;
    // Every second part is inside quotes; an odd number of parts means that every quote is closed.
    let parts = text.split('\'');
    let mut count = 0_usize;
    let mut closed = false;
    for (index, part) in parts.enumerate() {
        count = index;
        let quoted = index % 2 == 1;
        if closed && (quoted || !part.is_empty()) {
            return false;
        }
        if quoted {
            continue;
        }
        for byte in part.bytes() {
            match byte {
                _ if closed => return false,
                b'(' => depth = depth.saturating_add(1),
                b')' if depth > 0 => {
                    depth = depth.saturating_sub(1);
                    closed = depth == 0;
                }
                _ if depth == 0 || byte.is_ascii_control() => return false,
                _ => {}
            }
        }
    }
    closed && count.is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_have_the_shape() {
        for good in [
            "( 2.5.18.1 NAME 'createTimestamp' EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 )",
            "( 2.5.6.4 DESC 'content rule for organization' NOT ( x121Address $ telexNumber ) )",
            "( 2.5.13.16 APPLIES ( givenName $ surname ) )",
            "(2.5.15.3 NAME ( 'a' 'b' ) DESC 'it\\27s (fine' OC organization MUST o)",
            "( 1.3.6.1.4.1.1466.115.121.1.54 DESC 'LDAP Syntax Description' )",
        ] {
            assert!(is_definition(good.as_bytes()), "{good}");
        }
        assert!(is_structure_rule(
            b"( 2 DESC 'organization structure rule' FORM 2.5.15.3 )"
        ));
    }

    #[test]
    fn unbalanced_or_anonymous_definitions_are_refused() {
        for bad in [
            "",
            "2.5.18.1",
            "()",
            "( )",
            "( NAME 'x' )",
            "( 2 NAME 'x' )",
            "( 2.5.18.1 NAME 'x )",
            "( 2.5.18.1 NAME 'x'",
            "( 2.5.18.1 ) )",
            "( 2.5.18.1 ) 'x'",
            "( 2.5.18.1 ))",
            ") 2.5.18.1 (",
            "x( 2.5.18.1 )",
            "( 2.5.18.1\n)",
        ] {
            assert!(!is_definition(bad.as_bytes()), "{bad}");
        }
        assert!(!is_structure_rule(b"( 2.5 FORM x )") && !is_structure_rule(b"( 02 FORM x )"));
    }

    #[test]
    fn the_first_component_is_bare_or_quoted() {
        assert_eq!(first_component(b"( 2.5.4.3 NAME 'cn' )"), Some("2.5.4.3"));
        assert_eq!(first_component(b"(2.5.4.3)"), Some("2.5.4.3"));
        assert_eq!(first_component(b"( 'two words' x )"), Some("two words"));
        assert_eq!(first_component(b"( )"), None);
        assert_eq!(first_component(b"2.5.4.3"), None);
    }
}
