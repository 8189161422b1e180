//! The form in which it is asked why an entry is in a group.

use crate::ldap::ber::{
    BOOLEAN, OCTET_STRING, ReadError, Reader, SEQUENCE, element_len, put_element, put_header,
};

/// A membership that is to be explained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExplainMembership {
    /// The DN of the member.
    pub member: String,
    /// The DN of the group.
    pub group: String,
    /// Whether it is to be drawn, for Graphviz.
    pub dot: bool,
}

impl ExplainMembership {
    pub(super) fn read(value: &[u8]) -> Result<Self, ReadError> {
        let mut outer = Reader::new(value);
        let mut fields = outer.constructed(SEQUENCE, "explainMembership")?;
        Ok(Self {
            member: fields.text(OCTET_STRING, "member")?.to_owned(),
            group: fields.text(OCTET_STRING, "group")?.to_owned(),
            dot: fields.boolean(BOOLEAN, "dot")?,
        })
    }

    pub(super) fn value(&self) -> Vec<u8> {
        let dot = [if self.dot { 0xff } else { 0 }];
        let fields = [
            (OCTET_STRING, self.member.as_bytes()),
            (OCTET_STRING, self.group.as_bytes()),
            (BOOLEAN, &dot),
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
    fn a_membership_is_explained_as_it_was_asked_for_and_not_when_cut_short() {
        for dot in [false, true] {
            let asked = ExplainMembership {
                member: "uid=a".to_owned(),
                group: "cn=b".to_owned(),
                dot,
            };
            let value = asked.value();
            assert_eq!(ExplainMembership::read(&value), Ok(asked));
            for length in 0..value.len() {
                assert!(
                    ExplainMembership::read(&value[..length]).is_err(),
                    "{length}"
                );
            }
        }
    }
}
