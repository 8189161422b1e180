//! The name that a client sent last, by which the next is read: most ask for one entry after the other, or for siblings.
//!
//! Owns what may be taken over from one name to the next. What a name is made of is `directory::dn`'s.

use crate::directory::dn::{Dn, DnError, Rdn};

/// Names of more octets are neither kept nor read by another.
const KEPT: usize = 256;

/// A name as it was sent, and as it was read.
#[derive(Default)]
pub struct LastName(Option<(String, Dn)>);

impl LastName {
    /// Reads a name, as [`Dn::parse`] does. To be given back with [`LastName::keep`].
    ///
    /// # Errors
    /// As [`Dn::parse`].
    pub fn read(&mut self, text: &str) -> Result<Dn, DnError> {
        let known = self.0.take();
        let taken = known.and_then(|(known, dn)| match known == text {
            true => Some(dn),
            false => dn.with_rdn(sibling(&known, text)?),
        });
        taken.map_or_else(|| Dn::parse(text), Ok)
    }

    /// Keeps a name that was read from `text`.
    pub fn keep(&mut self, text: String, dn: Dn) {
        self.0 = (text.len() <= KEPT).then_some((text, dn));
    }
}

/// The RDN of a name, when what is behind it is the same as in another name.
fn sibling(known: &str, text: &str) -> Option<Rdn> {
    if text.len() > KEPT {
        return None;
    }
    let (_, known_above) = split(known)?;
    let (own, above) = split(text)?;
    let siblings = known_above == above;
    siblings.then(|| Rdn::parse(own).ok()).flatten()
}

/// The text before and behind the first comma, when that surely ends the RDN.
fn split(text: &str) -> Option<(&str, &str)> {
    let mut bytes = text.bytes();
    let end = bytes.position(|byte| matches!(byte, b',' | b'\\' | b'"'))?;
    let (own, rest) = text.split_at_checked(end)?;
    Some((own, rest.strip_prefix(',')?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Names read one after the other.
    fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Result<Dn, DnError>> {
        let mut last = LastName::default();
        let read = texts.into_iter().map(|text| {
            let read = last.read(text);
            if let Ok(dn) = &read {
                last.keep(text.to_owned(), dn.clone());
            }
            read
        });
        read.collect()
    }

    #[test]
    fn siblings_are_read_like_any_name() {
        let texts = [
            "uid=a,ou=people,dc=org",
            "uid=b,ou=people,dc=org",
            "uid=b,ou=people,dc=org",
            "cn=c+sn=d,ou=people,dc=org",
            "ou=people,dc=org",
            "ou=groups,dc=org",
            "dc=org",
            "uid=a\\,b,dc=org",
            "uid=c\\,b,dc=org",
            "uid=\"c,b\",dc=org",
            "uid=\"d,b\",dc=org",
            ",dc=org",
            "",
        ];
        assert_eq!(read(texts), texts.map(Dn::parse));
    }

    #[test]
    fn a_sibling_whose_name_is_too_long_is_refused_like_any() {
        let long = format!("uid={},ou=people,dc=org", "x".repeat(65_530));
        let refused = read(["uid=a,ou=people,dc=org", &long]).pop().unwrap();
        assert_eq!(refused.err(), Dn::parse(&long).err());
    }

    proptest! {
        #[test]
        fn a_name_is_read_the_same_whatever_came_before(texts in prop::collection::vec("[a=, \\\\\"#+1]{0,12}", 0..6)) {
            let plain: Vec<_> = texts.iter().map(|text| Dn::parse(text)).collect();
            prop_assert_eq!(read(texts.iter().map(String::as_str)), plain);
        }
    }
}
