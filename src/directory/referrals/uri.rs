//! References as URIs: which ones `ref` may hold (RFC 3296 section 2.2), and how one is turned to a target (sections
//! 5.2 to 5.4). LDAP URLs are those of RFC 4516; others are handed on as they are.

use crate::directory::dn::Dn;
use crate::directory::ldap_url::decode;
use crate::directory::request::Scope;

/// The schemes of LDAP URLs.
const LDAP: [&str; 3] = ["ldap", "ldaps", "ldapi"];

/// The URI of a `labeledURI` value (RFC 2079).
pub fn without_label(value: &str) -> &str {
    value.split_ascii_whitespace().next().unwrap_or_default()
}

/// Whether a value of `ref` begins with a URI, and with an LDAP URL whose name is a DN if the scheme is LDAP's.
///
/// # Errors
/// What is wrong, in words.
pub fn check(value: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(value).map_err(|_| "not UTF-8".to_owned())?;
    let uri = text.split([' ', '\t']).next().unwrap_or_default();
    let (scheme, rest) = uri
        .split_once(':')
        .filter(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
        .ok_or("not a URI: it begins with no scheme, such as ldap:")?;
    if let Some(found) = uri.chars().find(|found| !is_of_uri(*found)) {
        return Err(format!("{found:?} cannot stand in a URI: write it as %XX"));
    }
    let decoded = decode(uri).ok_or("a % is not followed by two hexadecimal digits")?;
    if !is_ldap(scheme) {
        return Ok(());
    }
    let Some(parts) = Parts::of(uri) else {
        return Err(format!("an LDAP URL begins with {scheme}://"));
    };
    let fields = parts.rest.map_or(0, |rest| rest.split('?').count());
    if fields > 4 || decoded.is_empty() || rest.contains('#') {
        return Err("not an LDAP URL (RFC 4516)".to_owned());
    }
    let name = decode(parts.dn).ok_or("the name within is not UTF-8")?;
    Dn::parse(&name)
        .map(drop)
        .map_err(|error| format!("the name within is no DN: {error}"))
}

/// Turns a reference to a target: `below` is how many levels of the target lie below the referral object. Scope, filter
/// and attributes that the reference had are left out, extensions kept; a search adds its scope.
pub fn for_target(uri: &str, target: &Dn, below: usize, scope: Option<Scope>) -> String {
    let Some(parts) = Parts::of(uri) else {
        return uri.to_owned();
    };
    let relative: Vec<String> = target
        .rdns()
        .iter()
        .take(below)
        .map(ToString::to_string)
        .collect();
    let name = match decode(parts.dn) {
        Some(there) if !there.is_empty() && below == 0 => parts.dn.to_owned(),
        Some(there) if !there.is_empty() => encode(&format!("{},{there}", relative.join(","))),
        _ => encode(&target.to_string()),
    };
    let mut out = format!("{}/{name}", parts.server);
    let extensions = parts.rest.and_then(|rest| rest.split('?').nth(3));
    if let Some(scope) = scope {
        out.push_str("??");
        out.push_str(match scope {
            Scope::Base => "base",
            Scope::One => "one",
            Scope::Subtree => "sub",
            // draft-sermersheim-ldap-subordinate-scope section 5
            Scope::Children => "subord",
        });
    }
    if let Some(extensions) = extensions {
        out.push_str(if scope.is_some() { "??" } else { "????" });
        out.push_str(extensions);
    }
    out
}

/// The parts of an LDAP URL.
struct Parts<'a> {
    /// Scheme, `://` and server.
    server: &'a str,
    /// Still encoded.
    dn: &'a str,
    /// What follows the first question mark.
    rest: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// The parts; `None` for a URI that is no LDAP URL.
    fn of(uri: &'a str) -> Option<Parts<'a>> {
        let (scheme, rest) = uri
            .split_once("://")
            .filter(|(scheme, _)| is_ldap(scheme))?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let server = uri.get(..scheme.len() + "://".len() + end)?;
        let path = rest.get(end..)?;
        let path = path.strip_prefix('/').unwrap_or(path);
        let (dn, rest) = match path.split_once('?') {
            Some((dn, rest)) => (dn, Some(rest)),
            None => (path, None),
        };
        Some(Parts { server, dn, rest })
    }
}

fn is_ldap(scheme: &str) -> bool {
    LDAP.iter().any(|known| known.eq_ignore_ascii_case(scheme))
}

/// RFC 3986 section 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// RFC 3986 section 2: reserved, unreserved, and the percent sign.
fn is_of_uri(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
}

/// Percent-encodes a name for an LDAP URL (RFC 4516 section 2.1).
fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte);
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn turned(uri: &str, target: &str, below: usize, scope: Option<Scope>) -> String {
        for_target(uri, &Dn::parse(target).unwrap(), below, scope)
    }

    #[test]
    fn the_examples_of_rfc_3296_come_out_as_printed_there() {
        let roles = "ldap://hostd/OU=Roles,O=MNN,C=WW";
        let manager = "CN=Manager,OU=Roles,O=MNN,C=WW";
        assert_eq!(
            turned(roles, manager, 1, None),
            "ldap://hostd/CN=Manager,OU=Roles,O=MNN,C=WW"
        );
        assert_eq!(
            turned(roles, "OU=Roles,O=MNN,C=WW", 0, Some(Scope::Subtree)),
            "ldap://hostd/OU=Roles,O=MNN,C=WW??sub"
        );
        assert_eq!(
            turned(roles, manager, 1, Some(Scope::Base)),
            "ldap://hostd/CN=Manager,OU=Roles,O=MNN,C=WW??base"
        );
        let people = "ldap://hostb/OU=People,O=MNN,C=US";
        assert_eq!(
            turned(people, "CN=A,OU=People,O=MNN,C=WW", 1, None),
            "ldap://hostb/CN=A,OU=People,O=MNN,C=US"
        );
    }

    #[test]
    fn scope_filter_and_attributes_are_left_out_and_extensions_kept() {
        let uri = "LDAPS://h:6360/dc=x?cn?one?(a=b)?!bindname=cn=y";
        assert_eq!(
            turned(uri, "dc=x", 0, None),
            "LDAPS://h:6360/dc=x????!bindname=cn=y"
        );
        assert_eq!(
            turned(uri, "dc=x", 0, Some(Scope::One)),
            "LDAPS://h:6360/dc=x??one??!bindname=cn=y"
        );
    }

    #[test]
    fn a_reference_without_a_name_gets_that_of_the_target() {
        for uri in ["ldap://h", "ldap://h/", "ldap://h/??sub"] {
            assert_eq!(
                turned(uri, "cn=a b,dc=ö", 1, None),
                "ldap://h/cn=a%20b,dc=%C3%B6"
            );
        }
    }

    #[test]
    fn what_is_no_ldap_url_is_handed_on_as_it_is() {
        for uri in ["https://h/x?y", "mailto:a@b.example", "ldap:x"] {
            assert_eq!(turned(uri, "cn=a", 1, Some(Scope::Base)), uri);
        }
        assert_eq!(
            without_label("ldap://h/dc=x The other one"),
            "ldap://h/dc=x"
        );
    }

    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("ldap://h".to_owned()),
            Just("/".to_owned()),
            Just("?".to_owned()),
            Just("%2C".to_owned()),
            Just("%".to_owned()),
            Just("dc=x".to_owned()),
            Just(",".to_owned()),
            ".{0,3}",
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_reference_that_is_taken_can_be_turned_to_any_target(
            uri in pieces(),
            below in 0..3_usize,
            value in "[^\\x00]{1,4}",
        ) {
            let rdn = |value: &str| crate::directory::dn::Rdn::from(crate::directory::dn::Ava {
                attribute: "cn".to_owned(),
                value: value.as_bytes().to_vec(),
            });
            let target = Dn::parse("dc=a,dc=b").unwrap().child(rdn(&value)).child(rdn("y"));
            for scope in [None, Some(Scope::Base), Some(Scope::Children)] {
                let turned = for_target(without_label(&uri), &target, below, scope);
                if check(uri.as_bytes()).is_ok() {
                    prop_assert_eq!(check(turned.as_bytes()), Ok(()), "{}", turned);
                }
            }
        }
    }

    #[test]
    fn only_references_that_can_be_followed_are_taken() {
        for good in [
            "ldap://h/dc=x",
            "ldap://h:389/ou=a%20b,dc=x Label",
            "ldap://[::1]:389/dc=x??sub",
            "ldap://h",
            "https://h/x",
        ] {
            assert_eq!(check(good.as_bytes()), Ok(()), "{good}");
        }
        for bad in [
            &b""[..],
            b"dc=x",
            b"//h/dc=x",
            b":x",
            b"ldap:dc=x",
            b"ldap://h/dc x,",
            b"ldap://h/nonsense",
            b"ldap://h/dc=%zz",
            b"ldap://h/dc=%",
            b"ldap://h/dc=%ff",
            b"ldap://h/dc=x#here",
            b"ldap://h/dc=x?a?b?c?d?e",
            b"ldap://h/<x>",
            b"\xff",
            " ldap://h/dc=x".as_bytes(),
            "ldap://h/dc=ö".as_bytes(),
        ] {
            assert!(check(bad).is_err(), "{}", bad.escape_ascii());
        }
    }
}
