//! Syntaxes whose values are parts between separators: Delivery Method, Other Mailbox, Facsimile Telephone Number,
//! Telex Number, Teletex Terminal Identifier (RFC 4517 3.3), Authentication Password (RFC 3112), and the NIS Netgroup
//! Triple and Boot Parameter (RFC 2307).

use super::text::{is_printable_string, trim_spaces};

/// RFC 4517 3.3.5: service names separated by dollars, in order of preference.
pub(super) fn is_delivery_method(value: &[u8]) -> bool {
    const METHODS: [&[u8]; 10] = [
        b"any",
        b"mhs",
        b"physical",
        b"telex",
        b"teletex",
        b"g3fax",
        b"g4fax",
        b"ia5",
        b"videotex",
        b"telephone",
    ];
    // Spaces are part of the grammar around a dollar only, so that they count as part of the first and last name.
    !value.starts_with(b" ")
        && !value.ends_with(b" ")
        && parts(value).all(|part| is_one_of(&METHODS, trim_spaces(part)))
}

/// RFC 4517 3.3.27: the kind of mail system, a dollar, the mailbox.
pub(super) fn is_other_mailbox(value: &[u8]) -> bool {
    let mut halves = value.splitn(2, |byte| *byte == b'$');
    halves.next().is_some_and(is_printable_string) && halves.next().is_some_and(<[u8]>::is_ascii)
}

/// RFC 4517 3.3.11: a telephone number and parameters of the machine.
pub(super) fn is_facsimile_number(value: &[u8]) -> bool {
    const PARAMETERS: [&[u8]; 7] = [
        b"twoDimensional",
        b"fineResolution",
        b"unlimitedLength",
        b"b4Length",
        b"a3Width",
        b"b4Width",
        b"uncompressed",
    ];
    let mut parts = parts(value);
    parts.next().is_some_and(is_printable_string) && parts.all(|part| is_one_of(&PARAMETERS, part))
}

/// RFC 4517 3.3.33: number, country code and answerback.
pub(super) fn is_telex_number(value: &[u8]) -> bool {
    parts(value).count() == 3 && parts(value).all(is_printable_string)
}

/// RFC 4517 3.3.32: a terminal and `key:value` parameters.
pub(super) fn is_teletex_terminal(value: &[u8]) -> bool {
    const KEYS: [&[u8]; 5] = [b"graphic", b"control", b"misc", b"page", b"private"];
    let mut parts = parts(value);
    parts.next().is_some_and(is_printable_string)
        && parts.all(|part| {
            let mut halves = part.splitn(2, |byte| *byte == b':');
            let is_key = halves.next().is_some_and(|key| is_one_of(&KEYS, key));
            // Only the escapes are judged: the octets of a parameter need not be text.
            is_key && halves.next().is_some_and(has_valid_escapes)
        })
}

/// RFC 3112 2.1: scheme, information and value between dollars. Schemes are in capitals.
pub(super) fn is_authentication_password(value: &[u8]) -> bool {
    let is_scheme = |scheme: &[u8]| {
        !scheme.is_empty()
            && scheme
                .iter()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'-' | b'.' | b'/' | b'_'))
    };
    let trimmed = parts(value).map(trim_spaces).collect::<Vec<_>>();
    matches!(trimmed.as_slice(), [scheme, information, secret]
        if is_scheme(scheme) && [information, secret].iter().all(|part| part.iter().all(u8::is_ascii_graphic)))
}

/// RFC 2307 2.4: `(host,user,domain)`. Beyond the letter of the RFC, every printable ASCII character but the
/// separators is allowed in a part, because host names have dots and users have underscores; so are spaces around it.
pub(super) fn is_netgroup_triple(value: &[u8]) -> bool {
    value
        .strip_prefix(b"(")
        .and_then(|rest| rest.strip_suffix(b")"))
        .is_some_and(|fields| {
            let is_field = |field: &[u8]| {
                trim_spaces(field)
                    .iter()
                    .all(|byte| byte.is_ascii_graphic() && !b"()".contains(byte))
            };
            let fields = || fields.split(|byte| *byte == b',');
            fields().count() == 3 && fields().all(is_field)
        })
}

/// RFC 2307 2.4: `key=server:path`, printable ASCII.
pub(super) fn is_boot_parameter(value: &[u8]) -> bool {
    let mut halves = value.splitn(2, |byte| *byte == b'=');
    let key = halves.next().unwrap_or_default();
    let place = halves.next().unwrap_or_default();
    let mut place = place.splitn(2, |byte| *byte == b':');
    let server = place.next().unwrap_or_default();
    let path = place.next().unwrap_or_default();
    [key, server, path]
        .iter()
        .all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_graphic))
}

fn parts(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b'$')
}

/// The literals of these grammars are case-insensitive (RFC 4234 2.3).
fn is_one_of(words: &[&[u8]], word: &[u8]) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn has_valid_escapes(octets: &[u8]) -> bool {
    let mut parts = octets.split(|byte| *byte == b'\\');
    parts.next();
    parts.all(|part| matches!(part, [b'2', b'4', ..] | [b'5', b'C' | b'c', ..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_judged(is_valid: fn(&[u8]) -> bool, good: &[&str], bad: &[&str]) {
        for value in good {
            assert!(is_valid(value.as_bytes()), "{value}");
        }
        for value in bad {
            assert!(!is_valid(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn delivery_methods_are_names_from_the_list() {
        assert_judged(
            is_delivery_method,
            &[
                "any",
                "telephone $ videotex",
                "telephone$videotex",
                "MHS  $  g3fax",
            ],
            &[
                "",
                "post",
                "telephone $",
                "$",
                " any",
                "any ",
                "telephone, videotex",
                "any$\tmhs",
            ],
        );
    }

    #[test]
    fn other_mailboxes_name_their_system() {
        assert_judged(
            is_other_mailbox,
            &["MCIMail$a@b", "x$", "x$a$b"],
            &["", "MCIMail", "$a", "a_b$c", "x$\u{e9}"],
        );
    }

    #[test]
    fn facsimile_numbers_have_known_parameters() {
        assert_judged(
            is_facsimile_number,
            &["+1 512 315 0280", "+1 512 315 0280$fineResolution$a3Width"],
            &["", "$fineResolution", "+1$colour", "+1$"],
        );
    }

    #[test]
    fn telex_numbers_have_three_parts() {
        assert_judged(
            is_telex_number,
            &["12345$023$ABCDE"],
            &["", "12345", "12345$023", "1$2$3$4", "1$$3"],
        );
    }

    #[test]
    fn teletex_parameters_have_known_keys() {
        assert_judged(
            is_teletex_terminal,
            &["abc", "abc$graphic:x$page:", r"abc$private:\24\5c"],
            &[
                "",
                "$graphic:x",
                "abc$graphic",
                "abc$other:x",
                r"abc$misc:\41",
                r"abc$misc:\",
            ],
        );
    }

    #[test]
    fn authentication_passwords_have_scheme_information_and_value() {
        assert_judged(
            is_authentication_password,
            &["SHA1$c2FsdA==$aGFzaA==", " X-FOO $ $ ", "1.2.3$a$b"],
            &[
                "",
                "SHA1$salt",
                "sha1$a$b",
                "SHA1$a b$c",
                "SHA1$a$b$c",
                "$a$b",
            ],
        );
    }

    #[test]
    fn netgroup_triples_have_three_fields_that_may_be_empty() {
        assert_judged(
            is_netgroup_triple,
            &["(host.example.org,user_1,)", "(,,)", "(-, joe ,example)"],
            &[
                "",
                "()",
                "(a,b)",
                "(a,b,c,d)",
                "a,b,c",
                "(a,b,c",
                "(a b,c,d)",
                "((a,b,c))",
                "(\u{e9},,)",
            ],
        );
    }

    #[test]
    fn boot_parameters_have_key_server_and_path() {
        assert_judged(
            is_boot_parameter,
            &["root=fs:/nfsroot/peg", "a=b:c:d=e"],
            &[
                "", "root", "root=fs", "=fs:/x", "root=:/x", "root=fs:", "a b=c:d",
            ],
        );
    }
}
