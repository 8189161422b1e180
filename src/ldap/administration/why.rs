//! The forms in which it is asked why somebody can log in, and what somebody may do.

use crate::ldap::ber::{
    OCTET_STRING, ReadError, Reader, SEQUENCE, context, element_len, put_element, put_header,
};

const ATTRIBUTE: u8 = context(0);

/// What somebody may do with an entry, which is to be explained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExplainAccess {
    /// The DN of who asks, or `anonymous`.
    pub who: String,
    /// The DN of the entry.
    pub entry: String,
    /// The attribute; the entry as a whole without it.
    pub attribute: Option<String>,
}

impl ExplainAccess {
    pub(super) fn read(value: &[u8]) -> Result<Self, ReadError> {
        let mut outer = Reader::new(value);
        let mut fields = outer.constructed(SEQUENCE, "explainAccess")?;
        Ok(Self {
            who: fields.text(OCTET_STRING, "who")?.to_owned(),
            entry: fields.text(OCTET_STRING, "entry")?.to_owned(),
            attribute: fields
                .optional_text(ATTRIBUTE, "attribute")?
                .map(str::to_owned),
        })
    }

    pub(super) fn value(&self) -> Vec<u8> {
        let attribute = self.attribute.as_ref().map(|name| (ATTRIBUTE, name));
        let fields = [(OCTET_STRING, &self.who), (OCTET_STRING, &self.entry)];
        let fields = fields.into_iter().chain(attribute);
        let length = fields.clone().map(|(_, text)| element_len(text.len()));
        let mut out = Vec::new();
        put_header(&mut out, SEQUENCE, length.sum());
        for (tag, text) in fields {
            put_element(&mut out, tag, text.as_bytes());
        }
        out
    }
}

/// A name that somebody binds with, whose logins are to be explained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExplainBind {
    /// A DN or a user name.
    pub name: String,
}

impl ExplainBind {
    pub(super) fn read(value: &[u8]) -> Result<Self, ReadError> {
        let mut outer = Reader::new(value);
        Ok(Self {
            name: outer.text(OCTET_STRING, "name")?.to_owned(),
        })
    }

    pub(super) fn value(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_element(&mut out, OCTET_STRING, self.name.as_bytes());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_explained_as_they_were_asked_for_and_not_when_cut_short() {
        for attribute in [None, Some("cn".to_owned())] {
            let asked = ExplainAccess {
                who: "uid=a".to_owned(),
                entry: "cn=b".to_owned(),
                attribute,
            };
            let value = asked.value();
            assert_eq!(ExplainAccess::read(&value), Ok(asked));
            for length in 0..value.len() {
                assert!(ExplainAccess::read(&value[..length]).is_err(), "{length}");
            }
        }
        let asked = ExplainBind {
            name: "ada".to_owned(),
        };
        assert_eq!(ExplainBind::read(&asked.value()), Ok(asked));
        assert!(ExplainBind::read(b"\x04\x05ada").is_err());
    }
}
