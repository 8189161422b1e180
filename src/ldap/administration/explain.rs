//! The form in which it is asked how a search goes.

use crate::directory::request::Scope;
use crate::ldap::ber::{
    ENUMERATED, OCTET_STRING, ReadError, Reader, SEQUENCE, element_len, put_element, put_header,
};

/// The scopes in the order of their numbers (RFC 4511 section 4.5.1.2, subordinates as in OpenLDAP).
const SCOPES: [Scope; 4] = [Scope::Base, Scope::One, Scope::Subtree, Scope::Children];

/// A search that is to be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explain {
    /// The DN where it begins.
    pub base: String,
    /// How far below that it goes.
    pub scope: Scope,
    /// What it looks for (RFC 4515).
    pub filter: String,
}

impl Default for Explain {
    fn default() -> Self {
        Self {
            base: String::new(),
            scope: Scope::Subtree,
            filter: String::new(),
        }
    }
}

impl Explain {
    pub(super) fn read(value: &[u8]) -> Result<Self, ReadError> {
        let mut outer = Reader::new(value);
        let mut fields = outer.constructed(SEQUENCE, "explain")?;
        let base = fields.text(OCTET_STRING, "base")?.to_owned();
        let scope = fields.integer(ENUMERATED, "scope", 0..=3)?;
        let scope = usize::try_from(scope).ok().and_then(|at| SCOPES.get(at));
        Ok(Self {
            base,
            scope: scope.copied().unwrap_or(Scope::Base),
            filter: fields.text(OCTET_STRING, "filter")?.to_owned(),
        })
    }

    pub(super) fn value(&self) -> Vec<u8> {
        let scope = SCOPES.iter().position(|scope| *scope == self.scope);
        let scope = [u8::try_from(scope.unwrap_or_default()).unwrap_or_default()];
        let fields = [
            (OCTET_STRING, self.base.as_bytes()),
            (ENUMERATED, &scope),
            (OCTET_STRING, self.filter.as_bytes()),
        ];
        let length = fields.iter().map(|(_, content)| element_len(content.len()));
        let mut out = Vec::new();
        put_header(&mut out, SEQUENCE, length.sum());
        for (tag, content) in fields {
            put_element(&mut out, tag, content);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_explained_as_it_was_asked_for_and_not_when_cut_short() {
        for scope in SCOPES {
            let explain = Explain {
                base: "dc=a".to_owned(),
                scope,
                filter: "(a=*)".to_owned(),
            };
            let value = explain.value();
            assert_eq!(Explain::read(&value), Ok(explain));
            for length in 0..value.len() {
                assert!(Explain::read(&value[..length]).is_err(), "{length}");
            }
        }
        assert!(Explain::read(&[0x30, 7, 4, 0, 0x0a, 1, 4, 4, 0]).is_err());
    }
}
