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

macro_rules! syntaxes {
    ($($name:ident $oid:literal $description:literal,)*) => {
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
        }
    };
}

syntaxes! {
    // Syntax, identifier, description.
    AttributeTypeDescription "1.3.6.1.4.1.1466.115.121.1.3" "Attribute Type Description",
    Audio "1.3.6.1.4.1.1466.115.121.1.4" "Audio",
    Binary "1.3.6.1.4.1.1466.115.121.1.5" "Binary",
    BitString "1.3.6.1.4.1.1466.115.121.1.6" "Bit String",
    Boolean "1.3.6.1.4.1.1466.115.121.1.7" "Boolean",
    Certificate "1.3.6.1.4.1.1466.115.121.1.8" "Certificate",
    CertificateList "1.3.6.1.4.1.1466.115.121.1.9" "Certificate List",
    CertificatePair "1.3.6.1.4.1.1466.115.121.1.10" "Certificate Pair",
    CountryString "1.3.6.1.4.1.1466.115.121.1.11" "Country String",
    DistinguishedName "1.3.6.1.4.1.1466.115.121.1.12" "DN",
    DataQuality "1.3.6.1.4.1.1466.115.121.1.13" "Data Quality Syntax",
    DeliveryMethod "1.3.6.1.4.1.1466.115.121.1.14" "Delivery Method",
    DirectoryString "1.3.6.1.4.1.1466.115.121.1.15" "Directory String",
    DitContentRuleDescription "1.3.6.1.4.1.1466.115.121.1.16" "DIT Content Rule Description",
    DitStructureRuleDescription "1.3.6.1.4.1.1466.115.121.1.17" "DIT Structure Rule Description",
    DsaQuality "1.3.6.1.4.1.1466.115.121.1.19" "DSA Quality Syntax",
    EnhancedGuide "1.3.6.1.4.1.1466.115.121.1.21" "Enhanced Guide",
    FacsimileTelephoneNumber "1.3.6.1.4.1.1466.115.121.1.22" "Facsimile Telephone Number",
    Fax "1.3.6.1.4.1.1466.115.121.1.23" "Fax",
    GeneralizedTime "1.3.6.1.4.1.1466.115.121.1.24" "Generalized Time",
    Guide "1.3.6.1.4.1.1466.115.121.1.25" "Guide",
    Ia5String "1.3.6.1.4.1.1466.115.121.1.26" "IA5 String",
    Integer "1.3.6.1.4.1.1466.115.121.1.27" "INTEGER",
    Jpeg "1.3.6.1.4.1.1466.115.121.1.28" "JPEG",
    MatchingRuleDescription "1.3.6.1.4.1.1466.115.121.1.30" "Matching Rule Description",
    MatchingRuleUseDescription "1.3.6.1.4.1.1466.115.121.1.31" "Matching Rule Use Description",
    NameAndOptionalUid "1.3.6.1.4.1.1466.115.121.1.34" "Name And Optional UID",
    NameFormDescription "1.3.6.1.4.1.1466.115.121.1.35" "Name Form Description",
    NumericString "1.3.6.1.4.1.1466.115.121.1.36" "Numeric String",
    ObjectClassDescription "1.3.6.1.4.1.1466.115.121.1.37" "Object Class Description",
    Oid "1.3.6.1.4.1.1466.115.121.1.38" "OID",
    OtherMailbox "1.3.6.1.4.1.1466.115.121.1.39" "Other Mailbox",
    OctetString "1.3.6.1.4.1.1466.115.121.1.40" "Octet String",
    PostalAddress "1.3.6.1.4.1.1466.115.121.1.41" "Postal Address",
    ProtocolInformation "1.3.6.1.4.1.1466.115.121.1.42" "Protocol Information",
    PresentationAddress "1.3.6.1.4.1.1466.115.121.1.43" "Presentation Address",
    PrintableString "1.3.6.1.4.1.1466.115.121.1.44" "Printable String",
    SubtreeSpecification "1.3.6.1.4.1.1466.115.121.1.45" "SubtreeSpecification",
    SupportedAlgorithm "1.3.6.1.4.1.1466.115.121.1.49" "Supported Algorithm",
    TelephoneNumber "1.3.6.1.4.1.1466.115.121.1.50" "Telephone Number",
    TeletexTerminalIdentifier "1.3.6.1.4.1.1466.115.121.1.51" "Teletex Terminal Identifier",
    TelexNumber "1.3.6.1.4.1.1466.115.121.1.52" "Telex Number",
    UtcTime "1.3.6.1.4.1.1466.115.121.1.53" "UTC Time",
    LdapSyntaxDescription "1.3.6.1.4.1.1466.115.121.1.54" "LDAP Syntax Description",
    SubstringAssertion "1.3.6.1.4.1.1466.115.121.1.58" "Substring Assertion",
    NisNetgroupTriple "1.3.6.1.1.1.0.0" "RFC2307 NIS Netgroup Triple",
    BootParameter "1.3.6.1.1.1.0.1" "RFC2307 Boot Parameter",
    Uuid "1.3.6.1.1.16.1" "UUID",
    AuthPassword "1.3.6.1.4.1.4203.1.1.2" "Authentication Password",
    Csn "1.3.6.1.4.1.4203.666.11.2.1" "CSN",
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
        let (fits, form): (fn(&[u8]) -> bool, &'static str) = match self {
            Self::Audio | Self::Binary | Self::Fax | Self::Jpeg | Self::OctetString => {
                return Ok(());
            }
            Self::DirectoryString
            | Self::DataQuality
            | Self::DsaQuality
            | Self::PresentationAddress
            | Self::ProtocolInformation => return text::parse_directory_string(value).map(drop),
            Self::Ia5String => return text::parse_ia5_string(value).map(drop),
            Self::NumericString => return text::parse_numeric_string(value).map(drop),
            Self::PostalAddress => {
                return text::postal_lines(value).try_for_each(|line| line.map(drop));
            }
            Self::Integer => return number::parse_integer(value).map(drop),
            Self::BitString => return number::parse_bit_string(value).map(drop),
            Self::GeneralizedTime => return time::GeneralizedTime::parse(value).map(drop),
            Self::UtcTime => return time::check_utc_time(value),
            Self::Uuid => return identifier::parse_uuid(value).map(drop),
            Self::Csn => return identifier::check_csn(value),
            Self::SubstringAssertion => return SubstringAssertion::parse(value).map(drop),
            Self::DistinguishedName => return check_name(self, value),
            Self::NameAndOptionalUid => return check_name(self, split_optional_uid(value).0),
            Self::Boolean => (
                |value| matches!(value, b"TRUE" | b"FALSE"),
                "it must be TRUE or FALSE",
            ),
            Self::PrintableString | Self::TelephoneNumber => (
                text::is_printable_string,
                "it must be one or more of letters, digits, space and '()+,-./:=?",
            ),
            Self::CountryString => (
                text::is_country_string,
                "it must be two letters of ISO 3166",
            ),
            Self::Oid => (
                oid::is_oid,
                "it must be a name or a dotted decimal object identifier",
            ),
            Self::AttributeTypeDescription
            | Self::DitContentRuleDescription
            | Self::LdapSyntaxDescription
            | Self::MatchingRuleDescription
            | Self::MatchingRuleUseDescription
            | Self::NameFormDescription
            | Self::ObjectClassDescription => (
                definition::is_definition,
                "it must be an object identifier and keywords in parentheses",
            ),
            Self::DitStructureRuleDescription => (
                definition::is_structure_rule,
                "it must be a number and keywords in parentheses",
            ),
            Self::DeliveryMethod => (
                composite::is_delivery_method,
                "it must be delivery methods of RFC 4517 3.3.5 separated by $",
            ),
            Self::OtherMailbox => (composite::is_other_mailbox, "it must be type$mailbox"),
            Self::FacsimileTelephoneNumber => (
                composite::is_facsimile_number,
                "it must be a telephone number, then parameters separated by $",
            ),
            Self::TelexNumber => (
                composite::is_telex_number,
                "it must be number$country$answerback",
            ),
            Self::TeletexTerminalIdentifier => (
                composite::is_teletex_terminal,
                "it must be a terminal, then key:value parameters separated by $",
            ),
            Self::AuthPassword => (
                composite::is_authentication_password,
                "it must be SCHEME$information$value",
            ),
            Self::NisNetgroupTriple => (
                composite::is_netgroup_triple,
                "it must be (host,user,domain)",
            ),
            Self::BootParameter => (composite::is_boot_parameter, "it must be key=server:path"),
            Self::EnhancedGuide => (guide::is_enhanced_guide, "it must be class#criteria#subset"),
            Self::Guide => (
                guide::is_guide,
                "it must be criteria, with class# before them if any",
            ),
            Self::SubtreeSpecification => (
                encoded::is_braced,
                "it must be components in balanced braces",
            ),
            Self::Certificate
            | Self::CertificateList
            | Self::CertificatePair
            | Self::SupportedAlgorithm => (
                encoded::is_der_sequence,
                "it must be one DER sequence, not PEM",
            ),
        };
        if fits(value) {
            Ok(())
        } else {
            Err(InvalidValue::new(self, form))
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
