//! LDAP URLs (RFC 4516): from their text to what they ask for.
//!
//! Owns the text and its defaults. It does not own what a URL is good for in one place or another, nor how a reference is
//! turned to a target (`referrals`).

use std::fmt;

use super::dn::{Dn, DnError};
use super::filter::{Filter, FilterError};
use super::request::Scope;

/// A search, and where it is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LdapUrl {
    /// Host and port as they were given; empty for none.
    pub server: String,
    /// The name in it; the root when there is none.
    pub base: Dn,
    /// The attributes that are asked for; none for all user attributes.
    pub attributes: Vec<String>,
    /// How far below the base; the base alone when nothing is said.
    pub scope: Scope,
    /// What matches; everything when nothing is said.
    pub filter: Filter,
    /// In their order.
    pub extensions: Vec<Extension>,
}

/// Something beyond RFC 4516.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// A URL must not be used by those who do not know it.
    pub critical: bool,
    /// A name or an object identifier.
    pub name: String,
    /// What follows the equals sign.
    pub value: Option<String>,
}

/// Why a text is no LDAP URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LdapUrlError {
    /// It begins otherwise.
    Scheme,
    /// The server is followed by something other than a slash.
    Server,
    /// A percent sign without two hexadecimal digits, or what they stand for is not UTF-8; and in which part.
    Encoding(&'static str),
    /// The name is none.
    Base(DnError),
    /// The scope is none of the three.
    Scope(String),
    /// The filter is none.
    Filter(FilterError),
    /// An extension has no name.
    Extension,
    /// More follows the extensions; a question mark in one of the parts perhaps.
    Trailing,
}

impl LdapUrl {
    /// Reads a URL. Characters that a URL has to encode may stand for themselves, as section 2.1 of the RFC recommends,
    /// all but the percent sign and, outside the extensions, the question mark.
    ///
    /// # Errors
    /// The first part that is wrong.
    pub fn parse(text: &str) -> Result<LdapUrl, LdapUrlError> {
        const SCHEME: &str = "ldap://";
        let rest = text
            .split_at_checked(SCHEME.len())
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME));
        let (_, rest) = rest.ok_or(LdapUrlError::Scheme)?;
        let (server, rest) = rest.split_once('/').unwrap_or((rest, ""));
        if server.contains('?') {
            return Err(LdapUrlError::Server);
        }
        let mut parts = rest.split('?');
        let mut part = |name| {
            let part = parts.next().unwrap_or_default();
            decode(part).ok_or(LdapUrlError::Encoding(name))
        };
        let base = Dn::parse(&part("name")?).map_err(LdapUrlError::Base)?;
        let attributes = part("attributes")?;
        let scope = scope(&part("scope")?)?;
        let filter = match part("filter")?.as_str() {
            "" => Filter::Present("objectClass".to_owned()),
            filter => Filter::parse(filter).map_err(LdapUrlError::Filter)?,
        };
        let extensions = parts.next().map_or(Ok(Vec::new()), extensions)?;
        if parts.next().is_some() {
            return Err(LdapUrlError::Trailing);
        }
        let attributes = attributes.split(',').filter(|name| !name.is_empty());
        Ok(LdapUrl {
            server: decode(server).ok_or(LdapUrlError::Encoding("server"))?,
            base,
            attributes: attributes.map(str::to_owned).collect(),
            scope,
            filter,
            extensions,
        })
    }
}

fn scope(text: &str) -> Result<Scope, LdapUrlError> {
    match text.to_ascii_lowercase().as_str() {
        "" | "base" => Ok(Scope::Base),
        "one" => Ok(Scope::One),
        "sub" => Ok(Scope::Subtree),
        _ => Err(LdapUrlError::Scope(text.to_owned())),
    }
}

/// Commas are decoded after extensions are told apart: those within a value are encoded.
fn extensions(text: &str) -> Result<Vec<Extension>, LdapUrlError> {
    let extension = |text: &str| {
        let (critical, text) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        if name.is_empty() {
            return Err(LdapUrlError::Extension);
        }
        let decode = |text| decode(text).ok_or(LdapUrlError::Encoding("extensions"));
        Ok(Extension {
            critical,
            name: decode(name)?,
            value: value.map(decode).transpose()?,
        })
    };
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split(',').map(extension).collect()
}

impl fmt::Display for LdapUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme => f.write_str("it does not begin with ldap://"),
            Self::Server => f.write_str("after the server comes a slash"),
            Self::Encoding(part) => write!(
                f,
                "the {part}: a % is followed by two hexadecimal digits, and what is encoded is UTF-8"
            ),
            Self::Base(error) => write!(f, "the name within is no DN: {error}"),
            Self::Scope(text) => write!(f, "\"{text}\" is no scope: use base, one or sub"),
            Self::Filter(error) => error.fmt(f),
            Self::Extension => f.write_str("an extension has no name"),
            Self::Trailing => {
                f.write_str("too many question marks: write one inside a name or a filter as %3F")
            }
        }
    }
}

impl std::error::Error for LdapUrlError {}

/// Undoes percent-encoding; `None` when it is malformed, or the outcome not UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        out.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> LdapUrl {
        LdapUrl::parse(text).unwrap()
    }

    fn everything() -> Filter {
        Filter::Present("objectClass".to_owned())
    }

    #[test]
    fn the_examples_of_rfc_4516_mean_what_is_said_there() {
        let michigan = Dn::parse("o=University of Michigan,c=US").unwrap();
        let url = read("ldap:///o=University%20of%20Michigan,c=US");
        let expected = LdapUrl {
            server: String::new(),
            base: michigan.clone(),
            attributes: Vec::new(),
            scope: Scope::Base,
            filter: everything(),
            extensions: Vec::new(),
        };
        assert_eq!(url, expected);
        let url = read("ldap://ldap1.example.net/o=University%20of%20Michigan,c=US");
        assert_eq!(
            (url.server.as_str(), url.base),
            ("ldap1.example.net", michigan.clone())
        );
        let url = read("ldap://ldap1.example.net/o=University%20of%20Michigan,c=US?postalAddress");
        assert_eq!(url.attributes, ["postalAddress"]);
        let url = read(
            "ldap://ldap1.example.net:6666/o=University%20of%20Michigan,c=US??sub?(cn=Babs%20Jensen)",
        );
        assert_eq!(url.server, "ldap1.example.net:6666");
        assert_eq!((url.base, url.scope), (michigan, Scope::Subtree));
        assert_eq!(url.filter, Filter::parse("(cn=Babs Jensen)").unwrap());
        let url = read("LDAP://ldap1.example.com/c=GB?objectClass?ONE");
        assert_eq!((url.scope, url.filter), (Scope::One, everything()));
        let url = read("ldap://ldap2.example.com/o=Question%3f,c=US?mail");
        assert_eq!(url.base, Dn::parse("o=Question?,c=US").unwrap());
        let url =
            read("ldap://ldap3.example.com/o=Babsco,c=US???(four-octet=%5c00%5c00%5c00%5c04)");
        assert_eq!(
            url.filter,
            Filter::parse(r"(four-octet=\00\00\00\04)").unwrap()
        );
        let url = read("ldap://ldap.example.com/o=An%20Example%5C2C%20Inc.,c=US");
        assert_eq!(url.base, Dn::parse(r"o=An Example\2C Inc.,c=US").unwrap());
    }

    #[test]
    fn what_is_left_out_has_the_defaults_of_section_3() {
        for text in [
            "ldap://ldap.example.net",
            "ldap://ldap.example.net/",
            "ldap://ldap.example.net/?",
        ] {
            let url = read(text);
            assert_eq!(url.server, "ldap.example.net");
            assert!(url.base.is_root() && url.attributes.is_empty());
            assert_eq!((url.scope, url.filter), (Scope::Base, everything()));
        }
    }

    #[test]
    fn extensions_are_critical_where_they_say_so() {
        let manager = Some("cn=Manager,dc=example,dc=com".to_owned());
        for (mark, critical) in [("", false), ("!", true)] {
            let text = format!("ldap:///??sub??{mark}e-bindname=cn=Manager%2cdc=example%2cdc=com");
            let url = read(&text);
            let name = "e-bindname".to_owned();
            assert_eq!(
                url.extensions,
                [Extension {
                    critical,
                    name,
                    value: manager.clone()
                }]
            );
        }
        let two = read("ldap:///????a,!1.2.3").extensions;
        assert!(!two[0].critical && two[0].value.is_none() && two[1].critical);
    }

    #[test]
    fn characters_that_should_be_encoded_stand_for_themselves() {
        let url = read("ldap:///ou=Große Leute,dc=x??sub?(cn=Babs Jensen <b>)");
        assert_eq!(url.base, Dn::parse("ou=Große Leute,dc=x").unwrap());
        assert_eq!(url.filter, Filter::parse("(cn=Babs Jensen <b>)").unwrap());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("", "begin with ldap://"),
            ("ldap", "begin with ldap://"),
            ("ldaps:///dc=x", "begin with ldap://"),
            ("http://x/dc=x", "begin with ldap://"),
            ("ldap://x?dc=x", "a slash"),
            ("ldap:///dc=x%2", "the name: a %"),
            ("ldap:///dc=x??sub?(cn=%ff)", "the filter: a %"),
            ("ldap:///dc", "no DN"),
            ("ldap:///dc=x??tree", "\"tree\" is no scope"),
            ("ldap:///dc=x??sub?(cn=a", "filter, at byte 5"),
            ("ldap:///dc=x??sub?(cn=a)?!", "no name"),
            ("ldap:///dc=x??sub?(cn=a)?x?y", "too many question marks"),
        ] {
            let error = LdapUrl::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_read_beyond_its_end(text in "(ldap://)?[a-z%?/!=,()0-9]{0,40}") {
            let _ = LdapUrl::parse(&text);
        }
    }
}
