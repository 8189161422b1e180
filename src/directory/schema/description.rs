//! Attribute descriptions: a type and options (RFC 4512 2.5).

use super::Schema;
use super::attribute_type::{AttributeType, AttributeTypeId};
use super::syntax::{Syntax, oid};
use std::borrow::Cow;
use std::fmt;

/// An attribute type with tagging options.
///
/// The options known are language tags (RFC 3866) on user attributes that are text, which are kept, and `binary` (RFC
/// 4522), which is not part of what an attribute is but of how its values travel: it is accepted where the syntax has a
/// BER form, and left out here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeDescription {
    /// The attribute type.
    pub attribute: AttributeTypeId,
    /// The options in lower case, in order, each once, joined by `;`. `None` where there are none, which most have:
    /// descriptions are compared all the time, and of two empty texts the processor looks at addresses that are none, which
    /// can take it longer than everything else about a description.
    pub options: Option<Box<str>>,
}

/// Why a text does not describe an attribute.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum DescriptionError {
    /// It does not have the form of RFC 4512 2.5.
    Malformed,
    /// No attribute type has this name.
    UnknownType,
    /// An option that the server does not know, or that cannot be combined with the type.
    UnknownOption,
}

impl fmt::Display for DescriptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => {
                "not an attribute description: a name or an object identifier, then options after \
                 semicolons"
            }
            Self::UnknownType => "no such attribute type is defined",
            Self::UnknownOption => "an option is not known, or not for this attribute type",
        })
    }
}

impl std::error::Error for DescriptionError {}

impl From<AttributeTypeId> for AttributeDescription {
    fn from(attribute: AttributeTypeId) -> Self {
        Self {
            attribute,
            options: None,
        }
    }
}

impl AttributeDescription {
    /// Reads a description such as `cn;lang-de` or `2.5.4.36;binary`.
    ///
    /// # Errors
    /// When it is malformed, or else its type, or else an option of it is not known.
    pub fn parse(schema: &Schema, text: &str) -> Result<Self, DescriptionError> {
        // Hardly any has options, and no name has a semicolon.
        if let Some(attribute) = schema.attribute_id(text) {
            return Ok(attribute.into());
        }
        let (name, options) = match text.split_once(';') {
            Some((name, options)) => (name, Some(options)),
            None => (text, None),
        };
        let well_formed = |option: &str| !option.is_empty() && option.bytes().all(is_key_character);
        if options.is_some_and(|options| !options.split(';').all(well_formed)) {
            return Err(DescriptionError::Malformed);
        }
        let Some(attribute) = schema.attribute_id(name) else {
            return Err(if oid::is_oid(name.as_bytes()) {
                DescriptionError::UnknownType
            } else {
                DescriptionError::Malformed
            });
        };
        let options = match options {
            Some(options) => tags(options, schema.attribute(attribute))?,
            None => None,
        };
        Ok(Self { attribute, options })
    }

    /// The options, empty when there are none.
    pub fn options(&self) -> &str {
        self.options.as_deref().unwrap_or_default()
    }

    /// The description as text: the canonical name of the type and the options, `binary` among them where values only
    /// travel in BER (RFC 4522 section 5).
    pub fn display<'a>(&'a self, schema: &'a Schema) -> impl fmt::Display + 'a {
        let attribute_type = schema.attribute(self.attribute);
        fmt::from_fn(move |f| {
            f.write_str(attribute_type.name())?;
            if requires_binary(attribute_type.syntax) {
                f.write_str(";binary")?;
            }
            if let Some(options) = &self.options {
                write!(f, ";{options}")?;
            }
            Ok(())
        })
    }

    /// The same text, which nearly always is the name of the type.
    pub fn name<'a>(&self, schema: &'a Schema) -> Cow<'a, str> {
        let attribute_type = schema.attribute(self.attribute);
        if self.options.is_none() && !requires_binary(attribute_type.syntax) {
            Cow::Borrowed(attribute_type.name())
        } else {
            Cow::Owned(self.display(schema).to_string())
        }
    }

    /// Whether the options are such as [`parse`](Self::parse) makes them.
    pub(super) fn has_known_options(&self, schema: &Schema) -> bool {
        self.options.as_deref().is_none_or(|options| {
            takes_tags(schema.attribute(self.attribute))
                && options.split(';').all(is_language_tag)
                && options.split(';').is_sorted_by(|one, next| one < next)
        })
    }
}

/// Whether values of the syntax only travel in BER (RFC 4522 section 4, RFC 4523).
pub(super) fn requires_binary(syntax: Syntax) -> bool {
    matches!(
        syntax,
        Syntax::Certificate
            | Syntax::CertificateList
            | Syntax::CertificatePair
            | Syntax::SupportedAlgorithm
    )
}

fn is_key_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// The tagging options among well-formed options, in normal form.
fn tags(
    options: &str,
    attribute_type: &AttributeType,
) -> Result<Option<Box<str>>, DescriptionError> {
    let options = options.to_ascii_lowercase();
    let syntax = attribute_type.syntax;
    let has_ber_form = requires_binary(syntax) || syntax == Syntax::Binary;
    let mut tags = Vec::new();
    for option in options.split(';') {
        match option {
            "binary" if has_ber_form => {}
            tag if takes_tags(attribute_type) && is_language_tag(tag) => tags.push(tag),
            _ => return Err(DescriptionError::UnknownOption),
        }
    }
    tags.sort_unstable();
    tags.dedup();
    Ok((!tags.is_empty()).then(|| tags.join(";").into()))
}

/// Whether attributes of the type may be tagged with languages: those that are for users and are text in one (RFC 3866
/// section 2 leaves the others to the server).
fn takes_tags(attribute_type: &AttributeType) -> bool {
    let is_text = matches!(
        attribute_type.syntax,
        Syntax::DirectoryString
            | Syntax::Ia5String
            | Syntax::PrintableString
            | Syntax::PostalAddress
    );
    is_text && !attribute_type.is_operational()
}

/// Whether an option in lower case is a language tag (RFC 3866 2.1).
fn is_language_tag(option: &str) -> bool {
    let Some(tag) = option.strip_prefix("lang-") else {
        return false;
    };
    let mut subtags = tag.split('-');
    let fits = |subtag: &str| (1..=8).contains(&subtag.len());
    subtags
        .next()
        .is_some_and(|primary| fits(primary) && primary.bytes().all(|b| b.is_ascii_lowercase()))
        && subtags.all(|subtag| {
            let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            fits(subtag) && subtag.bytes().all(known)
        })
}

#[cfg(test)]
mod tests;
