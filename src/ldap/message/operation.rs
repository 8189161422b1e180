//! The operations of the protocol and the responses that end them, each with its identifier octet
//! (RFC 4511, whose sections are meant below).

use std::fmt;

/// The operations that a client can ask for; the discriminant is the identifier octet of the
/// request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Operation {
    /// Section 4.2.
    Bind = 0x60,
    /// Section 4.3.
    Unbind = 0x42,
    /// Section 4.5.
    Search = 0x63,
    /// Section 4.6.
    Modify = 0x66,
    /// Section 4.7.
    Add = 0x68,
    /// Section 4.8.
    Delete = 0x4a,
    /// Section 4.9.
    ModifyDn = 0x6c,
    /// Section 4.10.
    Compare = 0x6e,
    /// Section 4.11.
    Abandon = 0x50,
    /// Section 4.12.
    Extended = 0x77,
}

impl Operation {
    const ALL: [Self; 10] = [
        Self::Search,
        Self::Bind,
        Self::Unbind,
        Self::Modify,
        Self::Add,
        Self::Delete,
        Self::ModifyDn,
        Self::Compare,
        Self::Abandon,
        Self::Extended,
    ];

    /// The operation whose request begins with this identifier octet.
    pub fn of_request(tag: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.request_tag() == tag)
    }

    /// The identifier octet of the request.
    pub fn request_tag(self) -> u8 {
        self as u8
    }

    /// The response that ends the operation; unbind and abandon have none.
    pub fn response(self) -> Option<ResponseTag> {
        Some(match self {
            Self::Bind => ResponseTag::Bind,
            Self::Search => ResponseTag::SearchDone,
            Self::Modify => ResponseTag::Modify,
            Self::Add => ResponseTag::Add,
            Self::Delete => ResponseTag::Delete,
            Self::ModifyDn => ResponseTag::ModifyDn,
            Self::Compare => ResponseTag::Compare,
            Self::Extended => ResponseTag::Extended,
            Self::Unbind | Self::Abandon => return None,
        })
    }
}

impl fmt::Display for Operation {
    /// The name that RFC 4511 gives the request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bind => "bindRequest",
            Self::Unbind => "unbindRequest",
            Self::Search => "searchRequest",
            Self::Modify => "modifyRequest",
            Self::Add => "addRequest",
            Self::Delete => "delRequest",
            Self::ModifyDn => "modDNRequest",
            Self::Compare => "compareRequest",
            Self::Abandon => "abandonRequest",
            Self::Extended => "extendedReq",
        })
    }
}

/// The responses that carry an LDAPResult (RFC 4511 section 4.1.9), each with its identifier octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ResponseTag {
    /// BindResponse.
    Bind = 0x61,
    /// SearchResultDone.
    SearchDone = 0x65,
    /// ModifyResponse.
    Modify = 0x67,
    /// AddResponse.
    Add = 0x69,
    /// DelResponse.
    Delete = 0x6b,
    /// ModifyDNResponse.
    ModifyDn = 0x6d,
    /// CompareResponse.
    Compare = 0x6f,
    /// ExtendedResponse.
    Extended = 0x78,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_but_unbind_and_abandon_has_a_response() {
        for operation in Operation::ALL {
            assert_eq!(
                Operation::of_request(operation.request_tag()),
                Some(operation)
            );
            let offset = match operation {
                Operation::Unbind | Operation::Abandon => None,
                // Two kinds of response come before the one that ends a search.
                Operation::Search => Some(2),
                _ => Some(1),
            };
            let number = offset.map(|offset| (operation.request_tag() & 0x1f) + offset);
            let response = operation.response().map(|response| response as u8 & 0x1f);
            assert_eq!(response, number, "{operation}");
        }
    }
}
