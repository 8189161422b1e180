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

impl ResultCode {
    /// The code on the wire.
    pub fn code(self) -> u16 {
        self as u16
    }
}
