//! The normal forms themselves: which one each rule compares by, which syntaxes have it, and how it is written.

use super::prepare::{Case, is_word, prepare, prepare_telephone_number, prepare_word};
use super::{InvalidValue, Nesting, Rule, SubstringPiece, integer, time, words};
use crate::directory::dn;
use crate::directory::schema::Schema;
use crate::directory::schema::syntax::definition::first_component;
use crate::directory::schema::syntax::identifier::{check_csn, parse_uuid};
use crate::directory::schema::syntax::number::parse_bit_string;
use crate::directory::schema::syntax::oid::{is_descriptor, is_numeric_oid};
use crate::directory::schema::syntax::text::{
    parse_directory_string, parse_ia5_string, parse_numeric_string, postal_lines, unescape,
};
use crate::directory::schema::syntax::{Syntax, split_optional_uid};

/// What normal form a rule compares by.
pub(super) enum Form {
    DirectoryString(Case),
    Ia5String(Case),
    List,
    NumericString,
    TelephoneNumber,
    Words(fn(char) -> bool),
    Boolean,
    Integer,
    BitString,
    Octets,
    Time,
    Uuid,
    Csn,
    Oid,
    Name,
    NameAndUid,
    FirstString,
    FirstInteger,
    FirstOid,
}

impl Form {
    /// Whether this is the same form; forms of words are not compared.
    pub(super) fn is_same(&self, other: &Form) -> bool {
        match (self, other) {
            (Form::DirectoryString(own), Form::DirectoryString(other))
            | (Form::Ia5String(own), Form::Ia5String(other)) => own == other,
            (Form::Words(_), _) => false,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// The form of a rule.
    pub(super) fn of(rule: Rule) -> Form {
        match rule {
            Rule::CaseIgnore | Rule::CaseIgnoreOrdering | Rule::CaseIgnoreSubstrings => {
                Form::DirectoryString(Case::Ignore)
            }
            Rule::CaseExact | Rule::CaseExactOrdering | Rule::CaseExactSubstrings => {
                Form::DirectoryString(Case::Exact)
            }
            Rule::CaseIgnoreIa5 | Rule::CaseIgnoreIa5Substrings => Form::Ia5String(Case::Ignore),
            Rule::CaseExactIa5 | Rule::CaseExactIa5Substrings => Form::Ia5String(Case::Exact),
            Rule::CaseIgnoreList | Rule::CaseIgnoreListSubstrings => Form::List,
            Rule::NumericString | Rule::NumericStringOrdering | Rule::NumericStringSubstrings => {
                Form::NumericString
            }
            Rule::TelephoneNumber | Rule::TelephoneNumberSubstrings => Form::TelephoneNumber,
            Rule::Word => Form::Words(words::ends_word),
            Rule::Keyword => Form::Words(words::ends_keyword),
            Rule::Boolean => Form::Boolean,
            Rule::Integer | Rule::IntegerOrdering | Rule::BitAnd | Rule::BitOr => Form::Integer,
            Rule::BitString => Form::BitString,
            Rule::OctetString | Rule::OctetStringOrdering => Form::Octets,
            Rule::GeneralizedTime | Rule::GeneralizedTimeOrdering => Form::Time,
            Rule::Uuid | Rule::UuidOrdering => Form::Uuid,
            Rule::Csn | Rule::CsnOrdering => Form::Csn,
            Rule::ObjectIdentifier => Form::Oid,
            Rule::DistinguishedName | Rule::InChain => Form::Name,
            Rule::UniqueMember => Form::NameAndUid,
            Rule::DirectoryStringFirstComponent => Form::FirstString,
            Rule::IntegerFirstComponent => Form::FirstInteger,
            Rule::ObjectIdentifierFirstComponent => Form::FirstOid,
        }
    }

    /// Whether values of this syntax have the form.
    pub(super) fn takes(&self, syntax: Syntax) -> bool {
        use Syntax as S;
        match self {
            Self::DirectoryString(_) | Self::Words(_) => matches!(
                syntax,
                S::DirectoryString
                    | S::PrintableString
                    | S::CountryString
                    | S::TelephoneNumber
                    | S::Ia5String
                    | S::NumericString
                    | S::DataQuality
                    | S::DsaQuality
                    | S::PresentationAddress
                    | S::ProtocolInformation
            ),
            Self::Ia5String(_) => matches!(
                syntax,
                S::Ia5String
                    | S::PrintableString
                    | S::CountryString
                    | S::TelephoneNumber
                    | S::NumericString
                    | S::NisNetgroupTriple
                    | S::BootParameter
            ),
            Self::List => syntax == S::PostalAddress,
            Self::NumericString => syntax == S::NumericString,
            Self::TelephoneNumber => syntax == S::TelephoneNumber,
            Self::Boolean => syntax == S::Boolean,
            Self::Integer => syntax == S::Integer,
            Self::BitString => syntax == S::BitString,
            Self::Octets => !syntax.is_human_readable() || syntax == S::AuthPassword,
            Self::Time => syntax == S::GeneralizedTime,
            Self::Uuid => syntax == S::Uuid,
            Self::Csn => syntax == S::Csn,
            Self::Oid => syntax == S::Oid,
            Self::Name => syntax == S::DistinguishedName,
            Self::NameAndUid => syntax == S::NameAndOptionalUid,
            Self::FirstInteger => syntax == S::DitStructureRuleDescription,
            Self::FirstOid | Self::FirstString => matches!(
                syntax,
                S::AttributeTypeDescription
                    | S::DitContentRuleDescription
                    | S::LdapSyntaxDescription
                    | S::MatchingRuleDescription
                    | S::MatchingRuleUseDescription
                    | S::NameFormDescription
                    | S::ObjectClassDescription
            ),
        }
    }

    /// Appends the form of an attribute value to `out`.
    pub(super) fn write_value(
        &self,
        schema: &Schema,
        nesting: Nesting,
        value: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), InvalidValue> {
        match self {
            Self::DirectoryString(case) | Self::Ia5String(case)
                if prepare_word(value, *case, out) =>
            {
                Ok(())
            }
            Self::DirectoryString(case) => {
                prepare(parse_directory_string(value)?, *case, None, out)
            }
            Self::Ia5String(case) => prepare(parse_ia5_string(value)?, *case, None, out),
            Self::List => list(value, out),
            Self::NumericString => numeric_string(value, out),
            Self::TelephoneNumber => telephone_number(value, out),
            Self::Words(ends) => words::normalize(parse_directory_string(value)?, *ends, out),
            Self::Boolean => boolean(value, out),
            Self::Integer => integer::normalize(value, out),
            Self::BitString => parse_bit_string(value).map(|bits| out.extend_from_slice(bits)),
            Self::Octets => {
                out.extend_from_slice(value);
                Ok(())
            }
            Self::Time => time::normalize(value, out),
            Self::Uuid => parse_uuid(value).map(|uuid| out.extend_from_slice(&uuid)),
            Self::Csn => {
                check_csn(value).map(|()| out.extend(value.iter().map(u8::to_ascii_lowercase)))
            }
            Self::Oid => object_identifier(schema, value, out),
            Self::Name => name(schema, nesting, value, out),
            Self::NameAndUid => {
                let (name_alone, uid) = split_optional_uid(value);
                name(schema, nesting, name_alone, out)?;
                if let Some(bits) = uid {
                    out.push(b'#');
                    out.extend_from_slice(bits);
                }
                Ok(())
            }
            Self::FirstString => prepare(first(value)?, Case::Ignore, None, out),
            Self::FirstInteger => integer::normalize(first(value)?.as_bytes(), out),
            Self::FirstOid => object_identifier(schema, first(value)?.as_bytes(), out),
        }
    }

    /// Whether the form of one of these attribute values is this one; `None` where only writing them tells.
    pub(super) fn is_among<'a>(
        &self,
        schema: &Schema,
        mut values: impl Iterator<Item = &'a [u8]> + Clone,
        form: &[u8],
    ) -> Option<bool> {
        let is_of = |value: &[u8]| match self {
            Self::DirectoryString(case) | Self::Ia5String(case) => is_word(value, *case, form),
            Self::Octets => Some(value == form),
            Self::Oid => numeric_oid(schema, value).map(|oid| oid == form),
            _ => None,
        };
        // Most who name a class spell it as its definition does.
        if let Self::Oid = self
            && let Some(class) = schema.class_id(form)
            && let name = schema.class(class).name().as_bytes()
            && values.clone().any(|value| value == name)
        {
            return Some(true);
        }
        let found = values.find_map(|value| match is_of(value) {
            Some(false) => None,
            told => Some(told),
        });
        found.unwrap_or(Some(false))
    }

    /// Appends the form of an assertion value to `out`.
    pub(super) fn write_assertion(
        &self,
        schema: &Schema,
        value: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), InvalidValue> {
        match self {
            Self::FirstString => prepare(parse_directory_string(value)?, Case::Ignore, None, out),
            Self::FirstInteger => integer::normalize(value, out),
            Self::Oid | Self::FirstOid => {
                let oid = numeric_oid(schema, value).ok_or(InvalidValue::new(
                    Syntax::Oid,
                    "it must be a descriptor that the schema knows, or a numeric object identifier",
                ))?;
                out.extend_from_slice(oid);
                Ok(())
            }
            Self::Boolean => boolean(&value.to_ascii_uppercase(), out),
            Self::Words(ends) => {
                let start = out.len();
                words::normalize(parse_directory_string(value)?, *ends, out)?;
                // Without a word the form is the one space that every value has.
                if out.len().saturating_sub(start) > 1 {
                    Ok(())
                } else {
                    Err(InvalidValue::new(
                        Syntax::DirectoryString,
                        "it must contain a word",
                    ))
                }
            }
            _ => self.write_value(schema, Nesting::default(), value, out),
        }
    }

    /// Appends the form of a piece of a substring assertion to `out`.
    pub(super) fn write_piece(
        &self,
        piece: SubstringPiece,
        value: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), InvalidValue> {
        let invalid = |reason| InvalidValue::new(Syntax::SubstringAssertion, reason);
        match self {
            Self::DirectoryString(case) => {
                prepare(parse_directory_string(value)?, *case, Some(piece), out)
            }
            Self::Ia5String(case) => prepare(parse_ia5_string(value)?, *case, Some(piece), out),
            Self::NumericString => numeric_string(value, out),
            Self::TelephoneNumber => telephone_number(value, out),
            Self::List => {
                let part_of_line = unescape(value, *b"$\\").ok_or(invalid(
                    "it must be UTF-8, with dollar as \\24 and backslash as \\5C",
                ))?;
                prepare(&part_of_line, Case::Ignore, Some(piece), out)
            }
            _ => Err(invalid("values of this kind have no pieces")),
        }
    }
}

/// The lines prepared one by one, a NUL between: preparation leaves none in a line, so that no piece of a substring
/// assertion spans two (RFC 4517 4.2.10).
fn list(value: &[u8], out: &mut Vec<u8>) -> Result<(), InvalidValue> {
    for (index, line) in postal_lines(value).enumerate() {
        if index > 0 {
            out.push(0);
        }
        prepare(&line?, Case::Ignore, None, out)?;
    }
    Ok(())
}

fn numeric_string(value: &[u8], out: &mut Vec<u8>) -> Result<(), InvalidValue> {
    let digits = parse_numeric_string(value)?
        .bytes()
        .filter(|byte| *byte != b' ');
    out.extend(digits);
    Ok(())
}

fn telephone_number(value: &[u8], out: &mut Vec<u8>) -> Result<(), InvalidValue> {
    Syntax::TelephoneNumber.validate(value)?;
    prepare_telephone_number(parse_directory_string(value)?, out)
}

fn boolean(value: &[u8], out: &mut Vec<u8>) -> Result<(), InvalidValue> {
    Syntax::Boolean.validate(value)?;
    out.extend_from_slice(value);
    Ok(())
}

fn first(value: &[u8]) -> Result<&str, InvalidValue> {
    first_component(value).ok_or(InvalidValue::new(
        Syntax::ObjectClassDescription,
        "it must be a definition in parentheses with a first component",
    ))
}

fn name(
    schema: &Schema,
    nesting: Nesting,
    value: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), InvalidValue> {
    let invalid = |reason| InvalidValue::new(Syntax::DistinguishedName, reason);
    if nesting.is_too_deep() {
        return Err(invalid(
            "names within names are compared four levels deep only",
        ));
    }
    let text = str::from_utf8(value).map_err(|_| invalid("it must be UTF-8"))?;
    dn::normalize_text(text, schema, nesting, out)
        .map_err(|error| invalid(error.reason.description()))
}

/// The numeric form, or the lower-case descriptor when the schema does not know it.
fn object_identifier(schema: &Schema, value: &[u8], out: &mut Vec<u8>) -> Result<(), InvalidValue> {
    if let Some(oid) = numeric_oid(schema, value) {
        out.extend_from_slice(oid);
    } else if is_descriptor(value) {
        out.extend(value.iter().map(u8::to_ascii_lowercase));
    } else {
        Syntax::Oid.validate(value)?;
    }
    Ok(())
}

/// The numeric object identifier that `value` is or names: an object class, an attribute type or a matching rule.
/// A class comes first because values of objectClass are the most frequent, and no standard name is of both.
fn numeric_oid<'a>(schema: &'a Schema, value: &'a [u8]) -> Option<&'a [u8]> {
    if is_numeric_oid(value) {
        return Some(value);
    }
    let oid = if let Some(class) = schema.class_id(value) {
        &schema.class(class).oid
    } else if let Some(attribute) = schema.attribute_id(value) {
        &schema.attribute(attribute).oid
    } else {
        Rule::by_name(str::from_utf8(value).ok()?)?.oid()
    };
    Some(oid.as_bytes())
}
