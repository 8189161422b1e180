//! Search filters (RFC 4511 section 4.5.1.7): octets kept as they are, bounded in depth.
//!
//! Reads the form only. Whether an attribute, a rule or a value means anything is decided where the
//! filter is resolved.

use crate::directory::filter::{Assertion, Extensible, Filter, Substrings};
use crate::ldap::ber::{
    Element, Fault, OCTET_STRING, ReadError, Reader, SEQUENCE, context, context_constructed,
};

use super::decode::RequestError;

const AND: u8 = context_constructed(0);
const OR: u8 = context_constructed(1);
const NOT: u8 = context_constructed(2);
const EQUALITY: u8 = context_constructed(3);
const SUBSTRINGS: u8 = context_constructed(4);
const GREATER_OR_EQUAL: u8 = context_constructed(5);
const LESS_OR_EQUAL: u8 = context_constructed(6);
const PRESENT: u8 = context(7);
const APPROX: u8 = context_constructed(8);
const EXTENSIBLE: u8 = context_constructed(9);

const INITIAL: u8 = context(0);
const ANY: u8 = context(1);
const FINAL: u8 = context(2);

const MATCHING_RULE: u8 = context(1);
const TYPE: u8 = context(2);
const MATCH_VALUE: u8 = context(3);
const DN_ATTRIBUTES: u8 = context(4);

/// Reads a filter that stands alone, as in the value of a control.
///
/// # Errors
/// As for the filter of a search; also when anything follows it.
pub fn decode_filter(bytes: &[u8]) -> Result<Filter, RequestError> {
    let mut reader = Reader::new(bytes);
    let read = filter(&mut reader, Filter::MAX_DEPTH)?;
    if reader.is_empty() {
        Ok(read)
    } else {
        Err(Fault::Rule("must be followed by nothing")
            .of("filter")
            .into())
    }
}

/// Reads the filter that is the next component, which may be `levels` deep, an item alone being 1.
pub(super) fn filter(components: &mut Reader<'_>, levels: usize) -> Result<Filter, RequestError> {
    const FIELD: &str = "filter";
    let below = levels.checked_sub(1).ok_or(RequestError::FilterTooDeep)?;
    if components.peek() == Some(PRESENT) {
        return Ok(Filter::Present(description(components, PRESENT, FIELD)?));
    }
    let Element { tag, content } = components.element(FIELD)?;
    let content = Reader::new(content);
    Ok(match tag {
        AND => Filter::And(filters(content, below)?),
        OR => Filter::Or(filters(content, below)?),
        NOT => Filter::Not(Box::new(negated(content, below)?)),
        EQUALITY => Filter::Equality(assertion(content)?),
        SUBSTRINGS => Filter::Substrings(substrings(content)?),
        GREATER_OR_EQUAL => Filter::GreaterOrEqual(assertion(content)?),
        LESS_OR_EQUAL => Filter::LessOrEqual(assertion(content)?),
        APPROX => Filter::Approx(assertion(content)?),
        EXTENSIBLE => Filter::Extensible(extensible(content)?),
        other => return Err(Fault::Unexpected(other).of(FIELD).into()),
    })
}

/// Reads a SimpleFilterItem (RFC 3876 section 2): a filter that is not made of others and asks for values of the entry
/// alone, not of its name.
///
/// # Errors
/// When the next element is anything else.
pub fn filter_item(components: &mut Reader<'_>) -> Result<Filter, RequestError> {
    const FIELD: &str = "SimpleFilterItem";
    if let Some(tag @ (AND | OR | NOT)) = components.peek() {
        return Err(Fault::Unexpected(tag).of(FIELD).into());
    }
    match filter(components, 1)? {
        Filter::Extensible(Extensible {
            dn_attributes: true,
            ..
        }) => Err(Fault::Rule("must not have dnAttributes").of(FIELD).into()),
        item => Ok(item),
    }
}

fn filters(mut set: Reader<'_>, levels: usize) -> Result<Vec<Filter>, RequestError> {
    let mut parts = Vec::new();
    while !set.is_empty() {
        parts.push(filter(&mut set, levels)?);
    }
    Ok(parts)
}

/// The one filter within a NOT, which is a tagged choice and no SEQUENCE, so that nothing may
/// follow.
fn negated(mut content: Reader<'_>, levels: usize) -> Result<Filter, RequestError> {
    let negated = filter(&mut content, levels)?;
    if !content.is_empty() {
        return Err(Fault::Rule("must hold exactly one filter").of("not").into());
    }
    Ok(negated)
}

/// An attribute description (section 4.1.4), of which no more is asked here than that it is text
/// and not empty.
pub(super) fn description(
    components: &mut Reader<'_>,
    tag: u8,
    field: &'static str,
) -> Result<String, ReadError> {
    match components.text(tag, field)? {
        "" => Err(Fault::Rule("must not be empty").of(field)),
        text => Ok(text.to_owned()),
    }
}

/// An AttributeValueAssertion (section 4.1.6).
pub(super) fn assertion(mut components: Reader<'_>) -> Result<Assertion, ReadError> {
    let attribute = description(&mut components, OCTET_STRING, "attributeDesc")?;
    let value = components.content(OCTET_STRING, "assertionValue")?.to_vec();
    components.finish("AttributeValueAssertion", &[OCTET_STRING])?;
    Ok(Assertion { attribute, value })
}

fn substrings(mut components: Reader<'_>) -> Result<Substrings, ReadError> {
    let attribute = description(&mut components, OCTET_STRING, "type")?;
    let pieces = components.constructed(SEQUENCE, "substrings")?;
    components.finish("SubstringFilter", &[OCTET_STRING, SEQUENCE])?;
    pieces_of(pieces, attribute)
}

fn pieces_of(mut pieces: Reader<'_>, attribute: String) -> Result<Substrings, ReadError> {
    const FIELD: &str = "substrings";
    if pieces.is_empty() {
        return Err(Fault::Rule("must have a piece").of(FIELD));
    }
    let initial = pieces.optional(INITIAL, FIELD)?.map(<[u8]>::to_vec);
    let mut any = Vec::new();
    while let Some(piece) = pieces.optional(ANY, FIELD)? {
        any.push(piece.to_vec());
    }
    let last = pieces.optional(FINAL, FIELD)?.map(<[u8]>::to_vec);
    match pieces.peek() {
        None => Ok(Substrings {
            attribute,
            initial,
            any,
            last,
        }),
        Some(INITIAL | ANY | FINAL) => {
            let rule = "must be at most one initial, then any, then at most one final";
            Err(Fault::Rule(rule).of(FIELD))
        }
        Some(other) => Err(Fault::Unexpected(other).of(FIELD)),
    }
}

/// A MatchingRuleAssertion, which names a rule, an attribute, or both.
fn extensible(mut components: Reader<'_>) -> Result<Extensible, ReadError> {
    let rule = components
        .optional_text(MATCHING_RULE, "matchingRule")?
        .map(str::to_owned);
    let attribute = match components.peek() {
        Some(TYPE) => Some(description(&mut components, TYPE, "type")?),
        _ => None,
    };
    let value = components.content(MATCH_VALUE, "matchValue")?.to_vec();
    let dn_attributes = components.peek() == Some(DN_ATTRIBUTES)
        && components.boolean(DN_ATTRIBUTES, "dnAttributes")?;
    components.finish(
        "MatchingRuleAssertion",
        &[MATCHING_RULE, TYPE, MATCH_VALUE, DN_ATTRIBUTES],
    )?;
    if rule.is_none() && attribute.is_none() {
        return Err(Fault::Rule("must name a rule or an attribute").of("extensibleMatch"));
    }
    Ok(Extensible {
        rule,
        attribute,
        value,
        dn_attributes,
    })
}
