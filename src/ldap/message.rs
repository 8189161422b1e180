//! LDAP messages as plain data (RFC 4511, whose sections are meant below): what a client asked, and
//! the words that an answer is made of.
//!
//! Owns the types and nothing else. Bytes are the business of `codec`, what a control's value means
//! that of `control`, what an operation does that of `operation`. Debug output holds no password,
//! attribute value or control value; a filter shows itself.

mod operation;
mod result_code;

use std::fmt;
use std::ops::Deref;

use zeroize::Zeroizing;

use crate::directory::filter::Filter;

pub use operation::{Operation, ResponseTag};
pub use result_code::ResultCode;

/// One request (RFC 4511 section 4.1.1).
#[derive(Debug)]
pub struct Message {
    /// The client's name for the request, 1 to 2^31-1.
    pub id: i32,
    /// What is asked.
    pub operation: Request,
    /// The controls in the order they were sent, repeated ones as well.
    pub controls: Vec<Control>,
}

/// What a client can ask.
#[derive(Debug)]
pub enum Request {
    /// Section 4.2.
    Bind(BindRequest),
    /// Section 4.3; has no answer.
    Unbind,
    /// Section 4.5.
    Search(SearchRequest),
    /// Section 4.6.
    Modify(ModifyRequest),
    /// Section 4.7.
    Add(AddRequest),
    /// Section 4.8: the DN of the entry.
    Delete(String),
    /// Section 4.9.
    ModifyDn(ModifyDnRequest),
    /// Section 4.10.
    Compare(CompareRequest),
    /// Section 4.11: the id of the message to abandon, 0 to 2^31-1; has no answer.
    Abandon(i32),
    /// Section 4.12.
    Extended(ExtendedRequest),
}

impl Request {
    /// Which operation this is.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Bind(_) => Operation::Bind,
            Self::Unbind => Operation::Unbind,
            Self::Search(_) => Operation::Search,
            Self::Modify(_) => Operation::Modify,
            Self::Add(_) => Operation::Add,
            Self::Delete(_) => Operation::Delete,
            Self::ModifyDn(_) => Operation::ModifyDn,
            Self::Compare(_) => Operation::Compare,
            Self::Abandon(_) => Operation::Abandon,
            Self::Extended(_) => Operation::Extended,
        }
    }
}

/// Section 4.2.
#[derive(Debug)]
pub struct BindRequest {
    /// 1 to 127; this server speaks version 3 only and answers others with protocolError.
    pub version: i32,
    /// The DN to bind as, or empty; some clients send names that are no DN.
    pub name: String,
    /// How the client proves who it is.
    pub authentication: Authentication,
}

/// Section 4.2, AuthenticationChoice.
#[derive(Debug)]
pub enum Authentication {
    /// A password, or empty.
    Simple(PasswordBytes),
    /// One step of a SASL exchange (section 4.2, RFC 4422).
    Sasl {
        /// The mechanism's name; empty to break off an exchange.
        mechanism: String,
        /// What the mechanism sends.
        credentials: Option<PasswordBytes>,
    },
    /// A choice unknown here, by its tag number: to be answered with authMethodNotSupported.
    Unknown(u8),
}

/// Section 4.5.1.
#[derive(Debug, PartialEq, Eq)]
pub struct SearchRequest {
    /// The DN where the search begins.
    pub base: String,
    /// How far it goes from there.
    pub scope: Scope,
    /// What is done about aliases.
    pub deref_aliases: DerefAliases,
    /// The most entries to return; 0 asks for no limit.
    pub size_limit: u32,
    /// The most seconds to take; 0 asks for no limit.
    pub time_limit: u32,
    /// Whether attributes are to come without their values.
    pub types_only: bool,
    /// Which entries.
    pub filter: Filter,
    /// The attribute selectors as sent (section 4.5.1.8); empty asks for all user attributes.
    pub attributes: Vec<String>,
}

/// Section 4.5.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The base alone.
    Base,
    /// Its immediate subordinates.
    OneLevel,
    /// The base and everything below.
    Subtree,
    /// Everything below the base (draft-sermersheim-ldap-subordinate-scope; `children` in
    /// OpenLDAP's tools).
    Children,
}

/// Section 4.5.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DerefAliases {
    /// Not at all.
    Never,
    /// Below the base.
    InSearching,
    /// In finding the base.
    FindingBase,
    /// Both.
    Always,
}

/// Section 4.6.
#[derive(Debug, PartialEq, Eq)]
pub struct ModifyRequest {
    /// The DN of the entry.
    pub object: String,
    /// The changes, to be made in this order and together.
    pub changes: Vec<Change>,
}

/// One change of a modify request.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// What is done.
    pub operation: ChangeOperation,
    /// The attribute and the values it is done with; there may be none.
    pub attribute: Attribute,
}

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeOperation {
    /// Adds the values.
    Add,
    /// Deletes the values, or the attribute when there are none.
    Delete,
    /// Puts the values in place of all there were.
    Replace,
    /// Adds to an integer (RFC 4525).
    Increment,
}

/// An attribute with values (section 4.1.7).
#[derive(PartialEq, Eq)]
pub struct Attribute {
    /// The attribute description with its options as sent; not empty.
    pub description: String,
    /// The values in the order they were sent.
    pub values: Vec<Vec<u8>>,
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Attribute({}, {} values)",
            self.description,
            self.values.len()
        )
    }
}

/// Section 4.7.
#[derive(Debug, PartialEq, Eq)]
pub struct AddRequest {
    /// The DN of the new entry.
    pub entry: String,
    /// Its attributes, each with at least one value.
    pub attributes: Vec<Attribute>,
}

/// Section 4.9.
#[derive(Debug, PartialEq, Eq)]
pub struct ModifyDnRequest {
    /// The DN of the entry.
    pub entry: String,
    /// Its new RDN.
    pub new_rdn: String,
    /// Whether the values of the old RDN are removed.
    pub delete_old_rdn: bool,
    /// The DN of its new parent, when it moves.
    pub new_superior: Option<String>,
}

/// Section 4.10.
#[derive(PartialEq, Eq)]
pub struct CompareRequest {
    /// The DN of the entry.
    pub entry: String,
    /// The attribute description with its options as sent; not empty.
    pub attribute: String,
    /// The assertion value.
    pub value: Vec<u8>,
}

impl fmt::Debug for CompareRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompareRequest")
            .field("entry", &self.entry)
            .field("attribute", &self.attribute)
            .finish_non_exhaustive()
    }
}

/// Section 4.12.
#[derive(Debug)]
pub struct ExtendedRequest {
    /// The OID of the operation.
    pub name: String,
    /// Its argument; that of Password Modify (RFC 3062) holds passwords.
    pub value: Option<PasswordBytes>,
}

/// A request control (section 4.1.11).
#[derive(PartialEq, Eq)]
pub struct Control {
    /// The OID of its type.
    pub oid: String,
    /// Whether the operation must not be performed without it.
    pub critical: bool,
    /// Its argument, of a form that its type defines.
    pub value: Option<Vec<u8>>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("oid", &self.oid)
            .field("critical", &self.critical)
            .finish_non_exhaustive()
    }
}

/// Octets that may hold a password: wiped when dropped, absent from debug output. Of any encoding,
/// or none.
pub struct PasswordBytes(Zeroizing<Vec<u8>>);

impl From<&[u8]> for PasswordBytes {
    fn from(octets: &[u8]) -> Self {
        Self(Zeroizing::new(octets.to_vec()))
    }
}

impl Deref for PasswordBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PasswordBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordBytes(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_no_secret() {
        let secret = || PasswordBytes::from(&b"hunter2"[..]);
        let message = Message {
            id: 1,
            operation: Request::Bind(BindRequest {
                version: 3,
                name: "cn=admin".to_owned(),
                authentication: Authentication::Sasl {
                    mechanism: "PLAIN".to_owned(),
                    credentials: Some(secret()),
                },
            }),
            controls: vec![Control {
                oid: "1.2.3".to_owned(),
                critical: true,
                value: Some(b"hunter2".to_vec()),
            }],
        };
        let others = [
            Request::Extended(ExtendedRequest {
                name: "1.2.3".to_owned(),
                value: Some(secret()),
            }),
            Request::Compare(CompareRequest {
                entry: "cn=admin".to_owned(),
                attribute: "userPassword".to_owned(),
                value: b"hunter2".to_vec(),
            }),
            Request::Add(AddRequest {
                entry: "cn=admin".to_owned(),
                attributes: vec![Attribute {
                    description: "userPassword".to_owned(),
                    values: vec![b"hunter2".to_vec()],
                }],
            }),
        ];
        let text = format!("{message:?} {others:?}");
        assert!(text.contains("userPassword") && text.contains("PLAIN"));
        let octets = format!("{:?}", b"hunter2");
        assert!(!text.contains("hunter2") && !text.contains(octets.trim_matches(['[', ']'])));
    }
}
