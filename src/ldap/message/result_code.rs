//! The result codes this server knows (RFC 4511 section 4.1.9 and appendix A, and the extensions it
//! implements).

/// How an operation ended; the discriminant is the code on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum ResultCode {
    /// Done as asked.
    Success = 0,
    /// Out of order with other operations.
    OperationsError = 1,
    /// Malformed, of an unsupported version, or not recognised.
    ProtocolError = 2,
    /// The client's time limit was exceeded.
    TimeLimitExceeded = 3,
    /// The client's size limit was exceeded.
    SizeLimitExceeded = 4,
    /// The compared value is not there.
    CompareFalse = 5,
    /// The compared value is there.
    CompareTrue = 6,
    /// This way of authenticating is not supported.
    AuthMethodNotSupported = 7,
    /// Stronger authentication is required.
    StrongerAuthRequired = 8,
    /// Another server is to be asked.
    Referral = 10,
    /// A limit set by the administrator was exceeded.
    AdminLimitExceeded = 11,
    /// A critical control cannot be applied.
    UnavailableCriticalExtension = 12,
    /// The connection must be encrypted first.
    ConfidentialityRequired = 13,
    /// The SASL exchange goes on.
    SaslBindInProgress = 14,
    /// The entry has no such attribute or value.
    NoSuchAttribute = 16,
    /// The schema has no such attribute.
    UndefinedAttributeType = 17,
    /// The attribute cannot be matched that way.
    InappropriateMatching = 18,
    /// The value breaks a constraint.
    ConstraintViolation = 19,
    /// The attribute or value is there already.
    AttributeOrValueExists = 20,
    /// The value breaks the attribute's syntax.
    InvalidAttributeSyntax = 21,
    /// There is no such entry.
    NoSuchObject = 32,
    /// An alias is in trouble.
    AliasProblem = 33,
    /// A name is not a DN.
    InvalidDnSyntax = 34,
    /// An alias may not or cannot be followed.
    AliasDereferencingProblem = 36,
    /// The entry cannot be authenticated that way.
    InappropriateAuthentication = 48,
    /// Wrong name or password.
    InvalidCredentials = 49,
    /// Not allowed.
    InsufficientAccessRights = 50,
    /// Too much to do just now.
    Busy = 51,
    /// Shutting down or not ready.
    Unavailable = 52,
    /// The server declines.
    UnwillingToPerform = 53,
    /// A loop was found.
    LoopDetect = 54,
    /// The name breaks a naming rule.
    NamingViolation = 64,
    /// The entry would break the schema.
    ObjectClassViolation = 65,
    /// The entry has subordinates.
    NotAllowedOnNonLeaf = 66,
    /// The value is part of the entry's name.
    NotAllowedOnRdn = 67,
    /// There is an entry of this name.
    EntryAlreadyExists = 68,
    /// The structural class cannot change.
    ObjectClassModsProhibited = 69,
    /// The operation would involve other servers.
    AffectsMultipleDsas = 71,
    /// There is no such view of the list (draft-ietf-ldapext-ldapv3-vlv-09).
    VirtualListViewError = 76,
    /// Anything else.
    Other = 80,
    /// The operation was cancelled (RFC 3909).
    Canceled = 118,
    /// There is no operation to cancel (RFC 3909).
    NoSuchOperation = 119,
    /// It is too late to cancel the operation (RFC 3909).
    TooLate = 120,
    /// The operation cannot be cancelled (RFC 3909).
    CannotCancel = 121,
    /// The assertion control's filter does not match (RFC 4528).
    AssertionFailed = 122,
    /// The proxied identity may not be assumed (RFC 4370).
    AuthorizationDenied = 123,
    /// The change would be made, were it not asked for without effect (draft-zeilenga-ldap-noop; the number is
    /// OpenLDAP's).
    NoOperation = 0x410e,
}

/// The result codes of RFC 4511 4.1.9, RFC 3909 (cancel), RFC 4528 (assertion)
/// and RFC 4370 (proxied authorization), and the one beyond them.
const NAMES: [(u32, &str); 47] = [
    (0, "success"),
    (1, "operationsError"),
    (2, "protocolError"),
    (3, "timeLimitExceeded"),
    (4, "sizeLimitExceeded"),
    (5, "compareFalse"),
    (6, "compareTrue"),
    (7, "authMethodNotSupported"),
    (8, "strongerAuthRequired"),
    (10, "referral"),
    (11, "adminLimitExceeded"),
    (12, "unavailableCriticalExtension"),
    (13, "confidentialityRequired"),
    (14, "saslBindInProgress"),
    (16, "noSuchAttribute"),
    (17, "undefinedAttributeType"),
    (18, "inappropriateMatching"),
    (19, "constraintViolation"),
    (20, "attributeOrValueExists"),
    (21, "invalidAttributeSyntax"),
    (32, "noSuchObject"),
    (33, "aliasProblem"),
    (34, "invalidDNSyntax"),
    (36, "aliasDereferencingProblem"),
    (48, "inappropriateAuthentication"),
    (49, "invalidCredentials"),
    (50, "insufficientAccessRights"),
    (51, "busy"),
    (52, "unavailable"),
    (53, "unwillingToPerform"),
    (54, "loopDetect"),
    (64, "namingViolation"),
    (65, "objectClassViolation"),
    (66, "notAllowedOnNonLeaf"),
    (67, "notAllowedOnRDN"),
    (68, "entryAlreadyExists"),
    (69, "objectClassModsProhibited"),
    (71, "affectsMultipleDSAs"),
    (76, "virtualListViewError"),
    (80, "other"),
    (118, "canceled"),
    (119, "noSuchOperation"),
    (120, "tooLate"),
    (121, "cannotCancel"),
    (122, "assertionFailed"),
    (123, "authorizationDenied"),
    (0x410e, "noOperation"),
];

impl ResultCode {
    /// The code on the wire.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// Its name, as RFC 4511 writes it.
    pub fn name(self) -> &'static str {
        Self::name_of(self.code().into()).unwrap_or("other")
    }

    /// The name of a code, where it has one.
    pub fn name_of(code: u32) -> Option<&'static str> {
        let place = NAMES.binary_search_by_key(&code, |named| named.0).ok()?;
        NAMES.get(place).map(|named| named.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_names() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(ResultCode::InvalidCredentials.name(), "invalidCredentials");
        assert_eq!(ResultCode::NoOperation.name(), "noOperation");
        assert_eq!(ResultCode::name_of(9), None);
    }
}
