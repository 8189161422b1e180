//! The operations that a client can ask for (RFC 4511 sections 4.2 to 4.12).

use crate::directory::filter::Filter;
use crate::ldap::ber::{
    BOOLEAN, ENUMERATED, Fault, INTEGER, OCTET_STRING, ReadError, Reader, SEQUENCE, SET, context,
    context_constructed,
};
use crate::ldap::message::{
    AddRequest, Attribute, Authentication, BindRequest, Change, ChangeOperation, CompareRequest,
    DerefAliases, ExtendedRequest, ModifyDnRequest, ModifyRequest, Operation, PasswordBytes,
    Request, Scope, SearchRequest,
};

use super::decode::RequestError;
use super::filter::{assertion, description, filter};

const SIMPLE: u8 = context(0);
const SASL: u8 = context_constructed(3);
const NEW_SUPERIOR: u8 = context(0);
const REQUEST_NAME: u8 = context(0);
const REQUEST_VALUE: u8 = context(1);

/// What a search request is made of, the choices of its filter among it.
const SEARCH_COMPONENTS: [u8; 15] = [
    OCTET_STRING,
    ENUMERATED,
    INTEGER,
    BOOLEAN,
    SEQUENCE,
    context(0),
    context(1),
    context(2),
    context(3),
    context(4),
    context(5),
    context(6),
    context(7),
    context(8),
    context(9),
];

/// The two bits that are set as `CONTEXT_CLASS` in a context-specific identifier octet, and its tag
/// number.
const CLASS: u8 = 0xc0;
const CONTEXT_CLASS: u8 = 0x80;
const TAG_NUMBER: u8 = 0x1f;

/// Reads the request for `operation`, the next element of the message.
pub(super) fn request(
    operation: Operation,
    message: &mut Reader<'_>,
) -> Result<Request, RequestError> {
    let tag = operation.request_tag();
    Ok(match operation {
        Operation::Bind => Request::Bind(bind(message.constructed(tag, "bindRequest")?)?),
        Operation::Unbind => {
            no_content(message.content(tag, "unbindRequest")?)?;
            Request::Unbind
        }
        Operation::Search => Request::Search(search(message.constructed(tag, "searchRequest")?)?),
        Operation::Modify => Request::Modify(modify(message.constructed(tag, "modifyRequest")?)?),
        Operation::Add => Request::Add(add(message.constructed(tag, "addRequest")?)?),
        Operation::Delete => Request::Delete(message.text(tag, "delRequest")?.to_owned()),
        Operation::ModifyDn => {
            Request::ModifyDn(modify_dn(message.constructed(tag, "modDNRequest")?)?)
        }
        Operation::Compare => {
            Request::Compare(compare(message.constructed(tag, "compareRequest")?)?)
        }
        Operation::Abandon => {
            Request::Abandon(message.integer(tag, "abandonRequest", 0..=i32::MAX)?)
        }
        Operation::Extended => {
            Request::Extended(extended(message.constructed(tag, "extendedReq")?)?)
        }
    })
}

fn bind(mut components: Reader<'_>) -> Result<BindRequest, ReadError> {
    let version = components.integer(INTEGER, "version", 1..=127)?;
    let name = components.text(OCTET_STRING, "name")?.to_owned();
    let authentication = authentication(&mut components)?;
    components.finish("bindRequest", &[INTEGER, OCTET_STRING, SIMPLE, SASL])?;
    Ok(BindRequest {
        version,
        name,
        authentication,
    })
}

fn authentication(components: &mut Reader<'_>) -> Result<Authentication, ReadError> {
    const FIELD: &str = "authentication";
    match components.peek() {
        Some(SIMPLE) => Ok(Authentication::Simple(
            components.content(SIMPLE, FIELD)?.into(),
        )),
        Some(SASL) => sasl(components.constructed(SASL, FIELD)?),
        _ => {
            let tag = components.skip(FIELD)?;
            let number = tag & TAG_NUMBER;
            // Numbers 0 and 3 in the other form are known choices, wrongly encoded.
            if tag & CLASS != CONTEXT_CLASS || matches!(number, 0 | 3) {
                return Err(Fault::Unexpected(tag).of(FIELD));
            }
            Ok(Authentication::Unknown(number))
        }
    }
}

fn sasl(mut components: Reader<'_>) -> Result<Authentication, ReadError> {
    let mechanism = components.text(OCTET_STRING, "mechanism")?.to_owned();
    let credentials = components
        .optional(OCTET_STRING, "credentials")?
        .map(PasswordBytes::from);
    components.finish("sasl", &[OCTET_STRING])?;
    Ok(Authentication::Sasl {
        mechanism,
        credentials,
    })
}

/// The content of an unbind request is NULL.
fn no_content(content: &[u8]) -> Result<(), ReadError> {
    if content.is_empty() {
        Ok(())
    } else {
        Err(Fault::Size.of("unbindRequest"))
    }
}

fn search(mut components: Reader<'_>) -> Result<SearchRequest, RequestError> {
    let base = components.text(OCTET_STRING, "baseObject")?.to_owned();
    let scope = scope(&mut components)?;
    let deref_aliases = deref_aliases(&mut components)?;
    let size_limit = components
        .integer(INTEGER, "sizeLimit", 0..=i32::MAX)?
        .unsigned_abs();
    let time_limit = components
        .integer(INTEGER, "timeLimit", 0..=i32::MAX)?
        .unsigned_abs();
    let types_only = components.boolean(BOOLEAN, "typesOnly")?;
    let filter = filter(&mut components, Filter::MAX_DEPTH)?;
    let attributes = texts(components.constructed(SEQUENCE, "attributes")?, "selector")?;
    components.finish("searchRequest", &SEARCH_COMPONENTS)?;
    Ok(SearchRequest {
        base,
        scope,
        deref_aliases,
        size_limit,
        time_limit,
        types_only,
        filter,
        attributes,
    })
}

fn scope(components: &mut Reader<'_>) -> Result<Scope, ReadError> {
    Ok(match components.integer(ENUMERATED, "scope", 0..=3)? {
        0 => Scope::Base,
        1 => Scope::OneLevel,
        2 => Scope::Subtree,
        _ => Scope::Children,
    })
}

fn deref_aliases(components: &mut Reader<'_>) -> Result<DerefAliases, ReadError> {
    Ok(
        match components.integer(ENUMERATED, "derefAliases", 0..=3)? {
            0 => DerefAliases::Never,
            1 => DerefAliases::InSearching,
            2 => DerefAliases::FindingBase,
            _ => DerefAliases::Always,
        },
    )
}

fn texts(mut list: Reader<'_>, field: &'static str) -> Result<Vec<String>, ReadError> {
    let mut texts = Vec::new();
    while !list.is_empty() {
        texts.push(list.text(OCTET_STRING, field)?.to_owned());
    }
    Ok(texts)
}

fn modify(mut components: Reader<'_>) -> Result<ModifyRequest, ReadError> {
    let object = components.text(OCTET_STRING, "object")?.to_owned();
    let mut list = components.constructed(SEQUENCE, "changes")?;
    let mut changes = Vec::new();
    while !list.is_empty() {
        changes.push(change(list.constructed(SEQUENCE, "change")?)?);
    }
    components.finish("modifyRequest", &[OCTET_STRING, SEQUENCE])?;
    Ok(ModifyRequest { object, changes })
}

fn change(mut components: Reader<'_>) -> Result<Change, ReadError> {
    let operation = match components.integer(ENUMERATED, "operation", 0..=3)? {
        0 => ChangeOperation::Add,
        1 => ChangeOperation::Delete,
        2 => ChangeOperation::Replace,
        _ => ChangeOperation::Increment,
    };
    let attribute = attribute(components.constructed(SEQUENCE, "modification")?)?;
    components.finish("change", &[ENUMERATED, SEQUENCE])?;
    let rule = match (operation, attribute.values.len()) {
        (ChangeOperation::Add, 0) => Some("must have a value"),
        (ChangeOperation::Increment, 0 | 2..) => Some("must have exactly one value"),
        _ => None,
    };
    if let Some(rule) = rule {
        return Err(Fault::Rule(rule).of("vals"));
    }
    Ok(Change {
        operation,
        attribute,
    })
}

/// A PartialAttribute (section 4.1.7), which may be without values.
fn attribute(mut components: Reader<'_>) -> Result<Attribute, ReadError> {
    let description = description(&mut components, OCTET_STRING, "type")?;
    let mut set = components.constructed(SET, "vals")?;
    let mut values = Vec::new();
    while !set.is_empty() {
        values.push(set.content(OCTET_STRING, "value")?.to_vec());
    }
    components.finish("attribute", &[OCTET_STRING, SET])?;
    Ok(Attribute {
        description,
        values,
    })
}

fn add(mut components: Reader<'_>) -> Result<AddRequest, ReadError> {
    let entry = components.text(OCTET_STRING, "entry")?.to_owned();
    let mut list = components.constructed(SEQUENCE, "attributes")?;
    let mut attributes = Vec::new();
    while !list.is_empty() {
        let attribute = attribute(list.constructed(SEQUENCE, "attribute")?)?;
        if attribute.values.is_empty() {
            return Err(Fault::Rule("must have a value").of("vals"));
        }
        attributes.push(attribute);
    }
    components.finish("addRequest", &[OCTET_STRING, SEQUENCE])?;
    Ok(AddRequest { entry, attributes })
}

fn modify_dn(mut components: Reader<'_>) -> Result<ModifyDnRequest, ReadError> {
    let entry = components.text(OCTET_STRING, "entry")?.to_owned();
    let new_rdn = components.text(OCTET_STRING, "newrdn")?.to_owned();
    let delete_old_rdn = components.boolean(BOOLEAN, "deleteoldrdn")?;
    let new_superior = components
        .optional_text(NEW_SUPERIOR, "newSuperior")?
        .map(str::to_owned);
    components.finish("modDNRequest", &[OCTET_STRING, BOOLEAN, NEW_SUPERIOR])?;
    Ok(ModifyDnRequest {
        entry,
        new_rdn,
        delete_old_rdn,
        new_superior,
    })
}

fn compare(mut components: Reader<'_>) -> Result<CompareRequest, ReadError> {
    let entry = components.text(OCTET_STRING, "entry")?.to_owned();
    let ava = assertion(components.constructed(SEQUENCE, "ava")?)?;
    components.finish("compareRequest", &[OCTET_STRING, SEQUENCE])?;
    Ok(CompareRequest {
        entry,
        attribute: ava.attribute,
        value: ava.value,
    })
}

fn extended(mut components: Reader<'_>) -> Result<ExtendedRequest, ReadError> {
    let name = components.text(REQUEST_NAME, "requestName")?.to_owned();
    let value = components
        .optional(REQUEST_VALUE, "requestValue")?
        .map(PasswordBytes::from);
    components.finish("extendedReq", &[REQUEST_NAME, REQUEST_VALUE])?;
    Ok(ExtendedRequest { name, value })
}
