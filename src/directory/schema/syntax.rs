//! The attribute syntaxes the server knows: their identifiers, and which values each admits.
//!
//! Every syntax of RFC 4517 3.3 is here, and those that schemas in use name besides. How values compare is the
//! business of `rule`; reading the definitions of the subschema in full is not this module's either.

mod composite;
pub(super) mod definition;
mod encoded;
mod guide;
pub(in crate::directory) mod identifier;
pub(super) mod number;
pub(in crate::directory) mod oid;
mod substring;
pub(super) mod text;
pub(super) mod time;

use std::fmt;

use crate::directory::dn;

pub use substring::SubstringAssertion;

use Judgement::{Any, Parsed, Shaped};

/// How a value is found to be of a syntax.
enum Judgement {
    /// Every value is.
    Any,
    /// By reading it, which says what is wrong with it.
    Parsed(fn(&[u8]) -> Result<(), InvalidValue>),
    /// By its shape; what that must be, for the error.
    Shaped(fn(&[u8]) -> bool, &'static str),
}

const DIRECTORY_STRING: Judgement = Parsed(|value| text::parse_directory_string(value).map(drop));
const PRINTABLE_STRING: Judgement = Shaped(
    text::is_printable_string,
    "it must be one or more of letters, digits, space and '()+,-./:=?",
);
const DEFINITION: Judgement = Shaped(
    definition::is_definition,
    "it must be an object identifier and keywords in parentheses",
);
const DER_SEQUENCE: Judgement = Shaped(
    encoded::is_der_sequence,
    "it must be one DER sequence, not PEM",
);

macro_rules! syntaxes {
    ($($name:ident $oid:literal $description:literal $judgement:expr,)*) => {
        /// An attribute syntax, named after its description.
        #[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
        pub enum Syntax {
            $(#[doc = $description] $name,)*
        }

        impl Syntax {
            /// Every syntax, for the subschema to publish.
            pub const ALL: &[Syntax] = &[$(Self::$name,)*];

            /// The numeric object identifier.
            pub fn oid(self) -> &'static str {
                match self { $(Self::$name => $oid,)* }
            }

            /// The text that describes the syntax in its `ldapSyntaxes` value (RFC 4512 4.1.5).
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => $description,)* }
            }

            fn judgement(self) -> Judgement {
                match self { $(Self::$name => $judgement,)* }
            }
        }
    };
}

syntaxes! {
    // Syntax, identifier, description, what its values must be.
    AttributeTypeDescription "1.3.6.1.4.1.1466.115.121.1.3" "Attribute Type Description" DEFINITION,
    Audio "1.3.6.1.4.1.1466.115.121.1.4" "Audio" Any,
    Binary "1.3.6.1.4.1.1466.115.121.1.5" "Binary" Any,
    BitString "1.3.6.1.4.1.1466.115.121.1.6" "Bit String"
        Parsed(|value| number::parse_bit_string(value).map(drop)),
    Boolean "1.3.6.1.4.1.1466.115.121.1.7" "Boolean"
        Shaped(|value| matches!(value, b"TRUE" | b"FALSE"), "it must be TRUE or FALSE"),
    Certificate "1.3.6.1.4.1.1466.115.121.1.8" "Certificate" DER_SEQUENCE,
    CertificateList "1.3.6.1.4.1.1466.115.121.1.9" "Certificate List" DER_SEQUENCE,
    CertificatePair "1.3.6.1.4.1.1466.115.121.1.10" "Certificate Pair" DER_SEQUENCE,
    CountryString "1.3.6.1.4.1.1466.115.121.1.11" "Country String"
        Shaped(text::is_country_string, "it must be two letters of ISO 3166"),
    DistinguishedName "1.3.6.1.4.1.1466.115.121.1.12" "DN"
        Parsed(|value| check_name(Syntax::DistinguishedName, value)),
    DataQuality "1.3.6.1.4.1.1466.115.121.1.13" "Data Quality Syntax" DIRECTORY_STRING,
    DeliveryMethod "1.3.6.1.4.1.1466.115.121.1.14" "Delivery Method"
        Shaped(composite::is_delivery_method, "it must be delivery methods of RFC 4517 3.3.5 separated by $"),
    DirectoryString "1.3.6.1.4.1.1466.115.121.1.15" "Directory String" DIRECTORY_STRING,
    DitContentRuleDescription "1.3.6.1.4.1.1466.115.121.1.16" "DIT Content Rule Description" DEFINITION,
    DitStructureRuleDescription "1.3.6.1.4.1.1466.115.121.1.17" "DIT Structure Rule Description"
        Shaped(definition::is_structure_rule, "it must be a number and keywords in parentheses"),
    DsaQuality "1.3.6.1.4.1.1466.115.121.1.19" "DSA Quality Syntax" DIRECTORY_STRING,
    EnhancedGuide "1.3.6.1.4.1.1466.115.121.1.21" "Enhanced Guide"
        Shaped(guide::is_enhanced_guide, "it must be class#criteria#subset"),
    FacsimileTelephoneNumber "1.3.6.1.4.1.1466.115.121.1.22" "Facsimile Telephone Number"
        Shaped(composite::is_facsimile_number, "it must be a telephone number, then parameters separated by $"),
    Fax "1.3.6.1.4.1.1466.115.121.1.23" "Fax" Any,
    GeneralizedTime "1.3.6.1.4.1.1466.115.121.1.24" "Generalized Time"
        Parsed(|value| time::GeneralizedTime::parse(value).map(drop)),
    Guide "1.3.6.1.4.1.1466.115.121.1.25" "Guide"
        Shaped(guide::is_guide, "it must be criteria, with class# before them if any"),
    Ia5String "1.3.6.1.4.1.1466.115.121.1.26" "IA5 String"
        Parsed(|value| text::parse_ia5_string(value).map(drop)),
    Integer "1.3.6.1.4.1.1466.115.121.1.27" "INTEGER" Parsed(|value| number::parse_integer(value).map(drop)),
    Jpeg "1.3.6.1.4.1.1466.115.121.1.28" "JPEG" Any,
    MatchingRuleDescription "1.3.6.1.4.1.1466.115.121.1.30" "Matching Rule Description" DEFINITION,
    MatchingRuleUseDescription "1.3.6.1.4.1.1466.115.121.1.31" "Matching Rule Use Description" DEFINITION,
    NameAndOptionalUid "1.3.6.1.4.1.1466.115.121.1.34" "Name And Optional UID"
        Parsed(|value| check_name(Syntax::NameAndOptionalUid, split_optional_uid(value).0)),
    NameFormDescription "1.3.6.1.4.1.1466.115.121.1.35" "Name Form Description" DEFINITION,
    NumericString "1.3.6.1.4.1.1466.115.121.1.36" "Numeric String"
        Parsed(|value| text::parse_numeric_string(value).map(drop)),
    ObjectClassDescription "1.3.6.1.4.1.1466.115.121.1.37" "Object Class Description" DEFINITION,
    Oid "1.3.6.1.4.1.1466.115.121.1.38" "OID"
        Shaped(oid::is_oid, "it must be a name or a dotted decimal object identifier"),
    OtherMailbox "1.3.6.1.4.1.1466.115.121.1.39" "Other Mailbox"
        Shaped(composite::is_other_mailbox, "it must be type$mailbox"),
    OctetString "1.3.6.1.4.1.1466.115.121.1.40" "Octet String" Any,
    PostalAddress "1.3.6.1.4.1.1466.115.121.1.41" "Postal Address"
        Parsed(|value| text::postal_lines(value).try_for_each(|line| line.map(drop))),
    ProtocolInformation "1.3.6.1.4.1.1466.115.121.1.42" "Protocol Information" DIRECTORY_STRING,
    PresentationAddress "1.3.6.1.4.1.1466.115.121.1.43" "Presentation Address" DIRECTORY_STRING,
    PrintableString "1.3.6.1.4.1.1466.115.121.1.44" "Printable String" PRINTABLE_STRING,
    SubtreeSpecification "1.3.6.1.4.1.1466.115.121.1.45" "SubtreeSpecification"
        Shaped(encoded::is_braced, "it must be components in balanced braces"),
    SupportedAlgorithm "1.3.6.1.4.1.1466.115.121.1.49" "Supported Algorithm" DER_SEQUENCE,
    TelephoneNumber "1.3.6.1.4.1.1466.115.121.1.50" "Telephone Number" PRINTABLE_STRING,
    TeletexTerminalIdentifier "1.3.6.1.4.1.1466.115.121.1.51" "Teletex Terminal Identifier"
        Shaped(composite::is_teletex_terminal, "it must be a terminal, then key:value parameters separated by $"),
    TelexNumber "1.3.6.1.4.1.1466.115.121.1.52" "Telex Number"
        Shaped(composite::is_telex_number, "it must be number$country$answerback"),
    UtcTime "1.3.6.1.4.1.1466.115.121.1.53" "UTC Time" Parsed(time::check_utc_time),
    LdapSyntaxDescription "1.3.6.1.4.1.1466.115.121.1.54" "LDAP Syntax Description" DEFINITION,
    SubstringAssertion "1.3.6.1.4.1.1466.115.121.1.58" "Substring Assertion"
        Parsed(|value| SubstringAssertion::parse(value).map(drop)),
    NisNetgroupTriple "1.3.6.1.1.1.0.0" "RFC2307 NIS Netgroup Triple"
        Shaped(composite::is_netgroup_triple, "it must be (host,user,domain)"),
    BootParameter "1.3.6.1.1.1.0.1" "RFC2307 Boot Parameter"
        Shaped(composite::is_boot_parameter, "it must be key=server:path"),
    Uuid "1.3.6.1.1.16.1" "UUID" Parsed(|value| identifier::parse_uuid(value).map(drop)),
    AuthPassword "1.3.6.1.4.1.4203.1.1.2" "Authentication Password"
        Shaped(composite::is_authentication_password, "it must be SCHEME$information$value"),
    Csn "1.3.6.1.4.1.4203.666.11.2.1" "CSN" Parsed(identifier::check_csn),
}

impl Syntax {
    /// The syntax with this numeric object identifier, given without a length bound.
    pub fn by_oid(oid: &str) -> Option<Syntax> {
        Self::ALL.iter().copied().find(|syntax| syntax.oid() == oid)
    }

    /// Checks that a value is of this syntax (RFC 4517 3.3).
    ///
    /// Judged exactly are all syntaxes but these: definitions of the subschema by their shape alone, a Subtree
    /// Specification by its braces, certificates and the like by the header of their DER, and Fax, JPEG, Audio, Binary
    /// and Octet String not at all. The obsolete Data and DSA Quality, Presentation Address and Protocol Information
    /// of RFC 2252 are taken as Directory Strings. Length bounds are the attribute type's.
    ///
    /// # Errors
    /// [`InvalidValue`] names the syntax and what a value must be.
    pub fn validate(self, value: &[u8]) -> Result<(), InvalidValue> {
        match self.judgement() {
            Any => Ok(()),
            Parsed(parse) => parse(value),
            Shaped(fits, _) if fits(value) => Ok(()),
            Shaped(_, form) => Err(InvalidValue::new(self, form)),
        }
    }

    /// Whether values are text that a person can read, so that a display need not encode them.
    pub fn is_human_readable(self) -> bool {
        !matches!(
            self,
            Self::Audio
                | Self::Binary
                | Self::Certificate
                | Self::CertificateList
                | Self::CertificatePair
                | Self::Fax
                | Self::Jpeg
                | Self::OctetString
                | Self::SupportedAlgorithm
        )
    }
}

fn check_name(syntax: Syntax, value: &[u8]) -> Result<(), InvalidValue> {
    let text = str::from_utf8(value).map_err(|_| InvalidValue::new(syntax, "it must be UTF-8"))?;
    dn::check(text).map_err(|error| InvalidValue::new(syntax, error.reason.description()))
}

/// Splits a Name And Optional UID (RFC 4517 3.3.21) into the name and the binary digits behind it.
pub(super) fn split_optional_uid(value: &[u8]) -> (&[u8], Option<&[u8]>) {
    // A '#' may stand in the name as well, so that only the last one with a whole bit string after it counts.
    let uid_at = value.windows(2).rposition(|pair| pair == b"#'");
    let split = uid_at.and_then(|at| value.split_at_checked(at));
    match split {
        Some((name, uid)) => match uid.strip_prefix(b"#").map(number::parse_bit_string) {
            Some(Ok(bits)) => (name, Some(bits)),
            _ => (value, None),
        },
        None => (value, None),
    }
}

/// Why a value is not of a syntax. It never holds the value.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub struct InvalidValue {
    syntax: Syntax,
    reason: &'static str,
}

impl InvalidValue {
    pub(super) const fn new(syntax: Syntax, reason: &'static str) -> Self {
        Self { syntax, reason }
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "value does not fit syntax {}: {}",
            self.syntax.description(),
            self.reason
        )
    }
}

impl std::error::Error for InvalidValue {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_unique_and_found() {
        for syntax in Syntax::ALL {
            assert_eq!(Syntax::by_oid(syntax.oid()), Some(*syntax));
            assert!(oid::is_numeric_oid(syntax.oid().as_bytes()));
        }
        assert_eq!(Syntax::by_oid("1.3.6.1.4.1.1466.115.121.1.15{64}"), None);
    }

    #[test]
    fn values_are_judged_by_their_own_syntax() {
        let cases: &[(Syntax, &[u8], &[u8])] = &[
            (Syntax::Boolean, b"TRUE", b"true"),
            (Syntax::Boolean, b"FALSE", b"FALSE "),
            (Syntax::Integer, b"-7", b"07"),
            (Syntax::BitString, b"'01'B", b"01"),
            (Syntax::DirectoryString, b"x", b""),
            (Syntax::Ia5String, b"", b"\xc3\xa9"),
            (Syntax::NumericString, b"1 2", b"a"),
            (Syntax::PrintableString, b"a b", b"a_b"),
            (Syntax::TelephoneNumber, b"+1 512 315 0280", b"+1#2"),
            (Syntax::CountryString, b"AU", b"AUS"),
            (Syntax::PostalAddress, b"a$b", b"a$"),
            (Syntax::GeneralizedTime, b"199412161032Z", b"199412161032"),
            (Syntax::UtcTime, b"9412161032", b"941216"),
            (
                Syntax::Uuid,
                b"597ae2f6-16a6-1027-98f4-d28b5365dc14",
                b"597ae2f6",
            ),
            (
                Syntax::Csn,
                b"20261122031500.000000Z#000000#000#000000",
                b"20261122031500Z",
            ),
            (
                Syntax::DistinguishedName,
                b"CN=Lu\\C4\\8Di\\C4\\87",
                b"Lucic",
            ),
            (Syntax::DistinguishedName, b"", b"cn=\xff"),
            (
                Syntax::NameAndOptionalUid,
                b"1.3.6.1.4.1.1466.0=#04024869,O=Test,C=GB#'0101'B",
                b"Test#'0101'B",
            ),
            (Syntax::Oid, b"2.5.4.3", b"2.5.4."),
            (
                Syntax::ObjectClassDescription,
                b"( 2.5.6.2 NAME 'country' )",
                b"country",
            ),
            (
                Syntax::DitStructureRuleDescription,
                b"( 2 FORM x )",
                b"( x )",
            ),
            (
                Syntax::Certificate,
                b"\x30\x00",
                b"-----BEGIN CERTIFICATE-----",
            ),
            (Syntax::SubtreeSpecification, b"{}", b"{"),
            (Syntax::SubstringAssertion, b"a*b", b"ab"),
        ];
        for (syntax, good, bad) in cases {
            assert_eq!(syntax.validate(good), Ok(()), "{syntax:?}");
            assert!(syntax.validate(bad).is_err(), "{syntax:?}");
        }
        assert!(
            Syntax::Jpeg.validate(b"\x00\xff").is_ok() && Syntax::OctetString.validate(b"").is_ok()
        );
    }

    #[test]
    fn a_unique_identifier_is_the_last_bit_string() {
        assert_eq!(
            split_optional_uid(b"cn=a#'0101'B"),
            (b"cn=a".as_slice(), Some(b"0101".as_slice()))
        );
        assert_eq!(split_optional_uid(b"cn=a#b"), (b"cn=a#b".as_slice(), None));
        assert_eq!(
            split_optional_uid(b"cn=a#'0'B#'1'B"),
            (b"cn=a#'0'B".as_slice(), Some(b"1".as_slice()))
        );
        assert_eq!(
            split_optional_uid(b"cn=a#'2'B"),
            (b"cn=a#'2'B".as_slice(), None)
        );
        assert_eq!(
            split_optional_uid(b"#''B"),
            (b"".as_slice(), Some(b"".as_slice()))
        );
    }

    #[test]
    fn the_error_names_syntax_and_form_but_not_the_value() {
        let error = Syntax::Boolean.validate(b"hunter2").unwrap_err();
        assert_eq!(
            error.to_string(),
            "value does not fit syntax Boolean: it must be TRUE or FALSE"
        );
    }
}
