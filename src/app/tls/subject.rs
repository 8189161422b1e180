//! The subject of a certificate as the parts of a DN. Whether the certificate is
//! to be trusted has been decided before; which entry it names is decided after.

use std::fmt;

use x509_parser::der_parser::asn1_rs::Tag;
use x509_parser::prelude::{AttributeTypeAndValue, FromDer, X509Certificate};

/// One attribute and its value in a subject.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SubjectAva {
    /// The attribute type as a dotted OID.
    pub oid: String,
    /// The value as UTF-8, whatever string type the certificate uses. It may
    /// hold any character, NUL included.
    pub value: String,
}

/// The subject of a certificate (DER) as RDNs, most specific first: the order
/// of LDAP (RFC 4514 2.1), the reverse of the certificate's.
///
/// # Errors
/// See [`SubjectError`]. An empty subject is one: as a DN it would be that of
/// an anonymous client.
pub fn peer_subject(certificate: &[u8]) -> Result<Vec<Vec<SubjectAva>>, SubjectError> {
    let (_, certificate) =
        X509Certificate::from_der(certificate).map_err(|_| SubjectError::NotACertificate)?;
    let mut rdns = Vec::new();
    for rdn in certificate.subject().iter_rdn() {
        rdns.push(rdn.iter().map(ava).collect::<Result<Vec<_>, _>>()?);
    }
    if rdns.is_empty() || rdns.iter().any(Vec::is_empty) {
        return Err(SubjectError::Empty);
    }
    rdns.reverse();
    Ok(rdns)
}

fn ava(ava: &AttributeTypeAndValue<'_>) -> Result<SubjectAva, SubjectError> {
    let oid = ava.attr_type().to_id_string();
    let value = ava.attr_value();
    match text(value.tag(), value.data) {
        Some(value) => Ok(SubjectAva { oid, value }),
        None => Err(SubjectError::Unreadable { oid }),
    }
}

/// The characters of an ASN.1 string. TeletexString is taken where it is ASCII:
/// beyond that its meaning differs from one issuer to the next.
fn text(tag: Tag, data: &[u8]) -> Option<String> {
    match tag {
        Tag::Utf8String => std::str::from_utf8(data).ok().map(str::to_owned),
        Tag::PrintableString
        | Tag::Ia5String
        | Tag::NumericString
        | Tag::VisibleString
        | Tag::TeletexString => match data.is_ascii() {
            true => std::str::from_utf8(data).ok().map(str::to_owned),
            false => None,
        },
        Tag::BmpString => {
            let (units, rest) = data.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            match rest.is_empty() {
                true => String::from_utf16(&units).ok(),
                false => None,
            }
        }
        Tag::UniversalString => {
            let (units, rest) = data.as_chunks::<4>();
            let characters = units
                .iter()
                .map(|unit| char::from_u32(u32::from_be_bytes(*unit)));
            match rest.is_empty() {
                true => characters.collect(),
                false => None,
            }
        }
        _ => None,
    }
}

/// Why a certificate's subject cannot stand for a DN.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SubjectError {
    /// The bytes are not an X.509 certificate.
    NotACertificate,
    /// The subject has no parts; names in a subjectAltName do not count.
    Empty,
    /// A value is not a string that can be read.
    Unreadable {
        /// The attribute type of the value, as a dotted OID.
        oid: String,
    },
}

impl fmt::Display for SubjectError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SubjectError::NotACertificate => {
                out.write_str("the client's certificate is not an X.509 certificate")
            }
            SubjectError::Empty => out.write_str("the client's certificate has an empty subject"),
            SubjectError::Unreadable { oid } => write!(
                out,
                "the subject of the client's certificate has a value of {oid} that is not text"
            ),
        }
    }
}

impl std::error::Error for SubjectError {}

#[cfg(test)]
mod tests {
    use rcgen::string::{BmpString, PrintableString, TeletexString, UniversalString};
    use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};

    use super::*;

    fn certificate(values: Vec<(DnType, DnValue)>) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in values {
            params.distinguished_name.push(kind, value);
        }
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    fn ava(oid: &str, value: &str) -> Vec<SubjectAva> {
        vec![SubjectAva {
            oid: oid.to_owned(),
            value: value.to_owned(),
        }]
    }

    #[test]
    fn the_most_specific_part_comes_first() {
        let uid = [0, 9, 2342, 19200300, 100, 1, 1];
        let certificate = certificate(vec![
            (
                DnType::CountryName,
                DnValue::PrintableString(PrintableString::try_from("DE").unwrap()),
            ),
            (DnType::OrganizationName, "Example, Inc. + \"Co\"\0".into()),
            (DnType::CommonName, " Ända #1 ".into()),
            (DnType::from_oid(&uid), "anda".into()),
        ]);
        assert_eq!(
            peer_subject(&certificate).unwrap(),
            [
                ava("0.9.2342.19200300.100.1.1", "anda"),
                ava("2.5.4.3", " Ända #1 "),
                ava("2.5.4.10", "Example, Inc. + \"Co\"\0"),
                ava("2.5.4.6", "DE"),
            ]
        );
    }

    #[test]
    fn every_string_type_becomes_utf8() {
        let values: [DnValue; 3] = [
            DnValue::BmpString(BmpString::try_from("Ωmega").unwrap()),
            DnValue::UniversalString(UniversalString::try_from("Ωmega").unwrap()),
            DnValue::TeletexString(TeletexString::try_from("Omega").unwrap()),
        ];
        for (value, expected) in values.into_iter().zip(["Ωmega", "Ωmega", "Omega"]) {
            let certificate = certificate(vec![(DnType::CommonName, value)]);
            assert_eq!(
                peer_subject(&certificate).unwrap(),
                [ava("2.5.4.3", expected)]
            );
        }
    }

    #[test]
    fn text_that_breaks_its_own_type_is_refused() {
        for (tag, data) in [
            (Tag::Utf8String, b"\xff".as_slice()),
            (Tag::PrintableString, b"\xc3\xa4"),
            (Tag::TeletexString, b"\xe4"),
            (Tag::BmpString, b"\0a\0"),
            (Tag::BmpString, b"\xd8\0\0a"),
            (Tag::UniversalString, b"\0\x11\0\0"),
            (Tag::Integer, b"1"),
        ] {
            assert_eq!(text(tag, data), None, "{tag:?}");
        }
    }

    #[test]
    fn an_empty_subject_is_refused() {
        let certificate = certificate(Vec::new());
        assert_eq!(peer_subject(&certificate), Err(SubjectError::Empty));
    }

    #[test]
    fn damaged_certificates_are_refused_without_a_panic() {
        let whole = certificate(vec![(DnType::CommonName, "a".into())]);
        for length in 0..whole.len() {
            let cut = &whole[..length];
            assert_eq!(peer_subject(cut), Err(SubjectError::NotACertificate));
        }
        for position in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[position] ^= 0x80;
            let _ = peer_subject(&damaged);
        }
    }
}
