//! The decoder against rasn-ldap, an independent one: requests that it encodes are read as what
//! they were, and of mutated bytes that both accept both read the same. Seeds are fixed, so that
//! every run is the same.
//!
//! Where only one of the two accepts, it is on purpose; `each_difference_is_intended` holds
//! examples.
//!
//! Taken here and not there:
//! - scope 3, modify increment and unknown authentication choices, for these types are extensible
//! - trailing components of unknown tags, which RFC 4511 section 4 has every receiver ignore
//!
//! Taken there and not here:
//! - what RFC 4511 rules in words: an id, a limit or a version out of range, a substring filter
//!   without pieces or with pieces out of place, an empty attribute description, an extensible
//!   match without rule and attribute, an attribute to be added without values, an OID that is not
//!   UTF-8
//! - responses, which no client may send, and bytes after the message
//! - primitive elements in constructed form and the reverse, and with them what is no element
//!   inside them

mod generator;
mod mutation;

use rasn_ldap::{LdapMessage, ProtocolOp};

use super::samples::*;
use super::{DecodeError, EnvelopeError, MAX_ELEMENTS, RequestError, decode};
use crate::directory::filter::{self, Filter};
use crate::ldap::ber::{BOOLEAN, ENUMERATED, Fault, INTEGER, SEQUENCE, SET, check};
use crate::ldap::message::{
    Attribute, Authentication, BindRequest, Change, ChangeOperation, Control, DerefAliases,
    Message, ModifyRequest, Request, Scope, SearchRequest,
};
use generator::{Generator, request};
use mutation::mutated;

/// What was decoded here in the other decoder's types, or nothing where it has no word for it.
fn as_theirs(message: Message) -> Option<LdapMessage> {
    let operation = operation(message.operation)?;
    let mut theirs = LdapMessage::new(message.id.unsigned_abs(), operation);
    theirs.controls = Some(message.controls.into_iter().map(control).collect());
    Some(normal(theirs))
}

/// Their message without an empty list of controls, which we do not tell from none.
fn normal(mut message: LdapMessage) -> LdapMessage {
    message.controls = message.controls.filter(|controls| !controls.is_empty());
    message
}

fn control(control: Control) -> rasn_ldap::Control {
    let value = control.value.map(Into::into);
    rasn_ldap::Control::new(control.oid.into_bytes().into(), control.critical, value)
}

fn operation(request: Request) -> Option<ProtocolOp> {
    Some(match request {
        Request::Bind(bind) => ProtocolOp::BindRequest(bind_request(bind)?),
        Request::Unbind => ProtocolOp::UnbindRequest(rasn_ldap::UnbindRequest),
        Request::Search(search) => ProtocolOp::SearchRequest(search_request(search)?),
        Request::Modify(modify) => ProtocolOp::ModifyRequest(modify_request(modify)?),
        Request::Add(add) => ProtocolOp::AddRequest(rasn_ldap::AddRequest {
            entry: add.entry.into(),
            attributes: add.attributes.into_iter().map(attribute).collect(),
        }),
        Request::Delete(dn) => ProtocolOp::DelRequest(rasn_ldap::DelRequest(dn.into())),
        Request::ModifyDn(rename) => ProtocolOp::ModDnRequest(rasn_ldap::ModifyDnRequest {
            entry: rename.entry.into(),
            new_rdn: rename.new_rdn.into(),
            delete_old_rdn: rename.delete_old_rdn,
            new_superior: rename.new_superior.map(Into::into),
        }),
        Request::Compare(compare) => ProtocolOp::CompareRequest(rasn_ldap::CompareRequest {
            entry: compare.entry.into(),
            ava: rasn_ldap::AttributeValueAssertion::new(
                compare.attribute.into(),
                compare.value.into(),
            ),
        }),
        Request::Abandon(id) => {
            ProtocolOp::AbandonRequest(rasn_ldap::AbandonRequest(id.unsigned_abs()))
        }
        Request::Extended(extended) => ProtocolOp::ExtendedReq(rasn_ldap::ExtendedRequest {
            request_name: extended.name.into_bytes().into(),
            request_value: extended.value.map(|value| value.to_vec().into()),
        }),
    })
}

fn bind_request(bind: BindRequest) -> Option<rasn_ldap::BindRequest> {
    use rasn_ldap::{AuthenticationChoice, SaslCredentials};
    let authentication = match bind.authentication {
        Authentication::Simple(password) => AuthenticationChoice::Simple(password.to_vec().into()),
        Authentication::Sasl {
            mechanism,
            credentials,
        } => {
            let credentials = credentials.map(|octets| octets.to_vec().into());
            AuthenticationChoice::Sasl(SaslCredentials::new(mechanism.into(), credentials))
        }
        Authentication::Unknown(_) => return None,
    };
    let version = bind.version.try_into().unwrap();
    Some(rasn_ldap::BindRequest::new(
        version,
        bind.name.into(),
        authentication,
    ))
}

fn search_request(search: SearchRequest) -> Option<rasn_ldap::SearchRequest> {
    use rasn_ldap::{SearchRequestDerefAliases, SearchRequestScope};
    let scope = match search.scope {
        Scope::Base => SearchRequestScope::BaseObject,
        Scope::OneLevel => SearchRequestScope::SingleLevel,
        Scope::Subtree => SearchRequestScope::WholeSubtree,
        Scope::Children => return None,
    };
    let deref_aliases = match search.deref_aliases {
        DerefAliases::Never => SearchRequestDerefAliases::NeverDerefAliases,
        DerefAliases::InSearching => SearchRequestDerefAliases::DerefInSearching,
        DerefAliases::FindingBase => SearchRequestDerefAliases::DerefFindingBaseObj,
        DerefAliases::Always => SearchRequestDerefAliases::DerefAlways,
    };
    Some(rasn_ldap::SearchRequest::new(
        search.base.into(),
        scope,
        deref_aliases,
        search.size_limit,
        search.time_limit,
        search.types_only,
        their_filter(search.filter),
        search.attributes.into_iter().map(Into::into).collect(),
    ))
}

fn their_filter(filter: Filter) -> rasn_ldap::Filter {
    use rasn_ldap::Filter as Theirs;
    let parts = |parts: Vec<Filter>| {
        parts
            .into_iter()
            .map(their_filter)
            .collect::<Vec<_>>()
            .into()
    };
    let assertion = |assertion: filter::Assertion| {
        rasn_ldap::AttributeValueAssertion::new(assertion.attribute.into(), assertion.value.into())
    };
    match filter {
        Filter::And(filters) => Theirs::And(parts(filters)),
        Filter::Or(filters) => Theirs::Or(parts(filters)),
        Filter::Not(filter) => Theirs::Not(Box::new(their_filter(*filter))),
        Filter::Equality(ava) => Theirs::EqualityMatch(assertion(ava)),
        Filter::Substrings(substrings) => Theirs::Substrings(their_substrings(substrings)),
        Filter::GreaterOrEqual(ava) => Theirs::GreaterOrEqual(assertion(ava)),
        Filter::LessOrEqual(ava) => Theirs::LessOrEqual(assertion(ava)),
        Filter::Present(attribute) => Theirs::Present(attribute.into()),
        Filter::Approx(ava) => Theirs::ApproxMatch(assertion(ava)),
        Filter::Extensible(extensible) => {
            Theirs::ExtensibleMatch(rasn_ldap::MatchingRuleAssertion::new(
                extensible.rule.map(Into::into),
                extensible.attribute.map(Into::into),
                extensible.value.into(),
                extensible.dn_attributes,
            ))
        }
    }
}

fn their_substrings(substrings: filter::Substrings) -> rasn_ldap::SubstringFilter {
    use rasn_ldap::SubstringChoice;
    let initial = substrings
        .initial
        .map(|piece| SubstringChoice::Initial(piece.into()));
    let any = substrings
        .any
        .into_iter()
        .map(|piece| SubstringChoice::Any(piece.into()));
    let last = substrings
        .last
        .map(|piece| SubstringChoice::Final(piece.into()));
    let pieces = initial.into_iter().chain(any).chain(last).collect();
    rasn_ldap::SubstringFilter::new(substrings.attribute.into(), pieces)
}

fn attribute(attribute: Attribute) -> rasn_ldap::Attribute {
    let values: Vec<_> = attribute.values.into_iter().map(Into::into).collect();
    rasn_ldap::Attribute::new(attribute.description.into(), values.into())
}

fn modify_request(modify: ModifyRequest) -> Option<rasn_ldap::ModifyRequest> {
    let changes = modify
        .changes
        .into_iter()
        .map(change)
        .collect::<Option<_>>()?;
    Some(rasn_ldap::ModifyRequest {
        object: modify.object.into(),
        changes,
    })
}

fn change(change: Change) -> Option<rasn_ldap::ModifyRequestChanges> {
    let operation = match change.operation {
        ChangeOperation::Add => rasn_ldap::ChangeOperation::Add,
        ChangeOperation::Delete => rasn_ldap::ChangeOperation::Delete,
        ChangeOperation::Replace => rasn_ldap::ChangeOperation::Replace,
        ChangeOperation::Increment => return None,
    };
    let rasn_ldap::Attribute { r#type, vals, .. } = attribute(change.attribute);
    let modification = rasn_ldap::PartialAttribute::new(r#type, vals);
    Some(rasn_ldap::ModifyRequestChanges {
        operation,
        modification,
    })
}

fn theirs(bytes: &[u8]) -> Option<LdapMessage> {
    rasn::ber::decode(bytes).ok()
}

#[test]
fn requests_of_another_encoder_are_read_as_what_they_were() {
    let mut generator = Generator::new(0x1da9);
    for _ in 0..20_000 {
        let message = request(&mut generator);
        let bytes = rasn::ber::encode(&message).unwrap();
        let ours = decode(&bytes).unwrap_or_else(|error| panic!("{error}: {message:?}"));
        let ours = as_theirs(ours).unwrap();
        assert_eq!(ours, normal(message), "{bytes:x?}");
        // Sets compare equal in any order, and their encoder has one of its own; debug text keeps
        // the order of the bytes.
        let theirs = normal(theirs(&bytes).unwrap());
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{bytes:x?}");
    }
}

#[test]
fn of_mutated_bytes_both_decoders_read_the_same() {
    let mut generator = Generator::new(0x4511);
    let (mut both, mut neither) = (0, 0);
    for _ in 0..60_000 {
        let bytes = rasn::ber::encode(&request(&mut generator)).unwrap();
        let bytes = mutated(bytes, &mut generator);
        match (decode(&bytes), theirs(&bytes)) {
            (Ok(ours), Some(theirs)) => {
                both += 1;
                let ours = as_theirs(ours).unwrap_or_else(|| panic!("not theirs: {bytes:x?}"));
                assert_eq!(
                    format!("{ours:?}"),
                    format!("{:?}", normal(theirs)),
                    "{bytes:x?}"
                );
            }
            (Err(_), None) => neither += 1,
            (Ok(ours), None) => assert!(is_an_extension(ours, bytes.len()), "{bytes:x?}"),
            (Err(error), Some(_)) => assert!(is_stricter(&error), "{error}: {bytes:x?}"),
        }
    }
    // Otherwise the mutations are too tame or too wild to show anything.
    assert!(
        both > 10_000 && neither > 10_000,
        "{both} accepted by both, {neither} by neither"
    );
}

/// Whether a message of `len` octets has something that they have no word for, or that we ignored.
fn is_an_extension(ours: Message, len: usize) -> bool {
    as_theirs(ours).is_none_or(|ours| rasn::ber::encode(&ours).unwrap().len() < len)
}

/// Whether we refuse something by rules that they do not have.
fn is_stricter(error: &DecodeError) -> bool {
    match error {
        DecodeError::Envelope(EnvelopeError::Field(error)) => error.fault == Fault::Range,
        DecodeError::Envelope(EnvelopeError::Structure(_) | EnvelopeError::NotARequest(_)) => true,
        DecodeError::Request {
            reason: RequestError::Field(error),
            ..
        } => match error.fault {
            Fault::Rule(_) | Fault::Range | Fault::Unexpected(_) => true,
            Fault::Utf8 => matches!(error.field, "controlType" | "requestName"),
            Fault::Encoding(_) | Fault::Missing | Fault::Size => false,
        },
        DecodeError::Request { .. } => false,
    }
}

#[test]
fn a_message_is_refused_as_such_just_when_its_structure_is_at_fault() {
    let mut generator = Generator::new(0x0690);
    let mut faults = 0;
    for _ in 0..60_000 {
        let bytes = rasn::ber::encode(&request(&mut generator)).unwrap();
        let bytes = mutated(bytes, &mut generator);
        let refused = match decode(&bytes) {
            Err(DecodeError::Envelope(EnvelopeError::Structure(error))) => Some(error),
            _ => None,
        };
        let fault = check(&bytes, MAX_ELEMENTS).err();
        faults += usize::from(fault.is_some());
        assert_eq!(refused, fault, "{bytes:x?}");
    }
    assert!(faults > 10_000, "{faults}");
}

#[test]
fn mutated_bytes_never_make_the_decoder_panic() {
    let mut generator = Generator::new(0xf00d);
    let mut bytes = Vec::new();
    for round in 0..200_000 {
        // Every message is mutated several times over.
        if round % 8 == 0 {
            bytes = rasn::ber::encode(&request(&mut generator)).unwrap();
        }
        bytes = mutated(bytes, &mut generator);
        let cut = generator.below(bytes.len() + 1);
        let _ = super::frame(&bytes[..cut], 1 << 20);
        let _ = decode(&bytes[..cut]);
        if let Err(error) = decode(&bytes) {
            assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn each_difference_is_intended() {
    let bind = [element(INTEGER, &[3]), string(""), element(0x84, b"")].concat();
    let change = constructed(
        SEQUENCE,
        &[
            &element(ENUMERATED, &[3]),
            &constructed(
                SEQUENCE,
                &[&string("n"), &constructed(SET, &[&string("1")])],
            ),
        ],
    );
    let mut children = search(&element(0x87, b"cn"));
    let scope = children
        .windows(3)
        .position(|found| found == [ENUMERATED, 1, 2])
        .unwrap()
        + 2;
    children[scope] = 3;
    for bytes in [
        children,
        message(&[&element(0x60, &bind)]),
        message(&[&constructed(
            0x66,
            &[&string(""), &constructed(SEQUENCE, &[&change])],
        )]),
        message(&[&[0x42, 0], &element(0x9e, b"")]),
    ] {
        assert!(
            decode(&bytes).is_ok() && theirs(&bytes).is_none(),
            "{bytes:x?}"
        );
    }

    let pieces = |pieces: &[u8]| {
        search(&constructed(
            0xa4,
            &[&string("cn"), &element(SEQUENCE, pieces)],
        ))
    };
    let no_values = constructed(SEQUENCE, &[&string("cn"), &element(SET, b"")]);
    let control = constructed(SEQUENCE, &[&string(b"\xff"), &element(BOOLEAN, &[0xff])]);
    for bytes in [
        constructed(SEQUENCE, &[&element(INTEGER, &[0]), &[0x42, 0]]),
        message(&[&constructed(
            0x65,
            &[&element(ENUMERATED, &[0]), &string(""), &string("")],
        )]),
        pieces(b""),
        pieces(&[0x82, 0, 0x80, 0]),
        search(&element(0x87, b"")),
        search(&constructed(0xa9, &[&element(0x83, b"x")])),
        message(&[&constructed(
            0x68,
            &[&string(""), &constructed(SEQUENCE, &[&no_values])],
        )]),
        message(&[&[0x42, 0], &constructed(0xa0, &[&control])]),
        [message(&[&[0x42, 0]]), vec![0]].concat(),
        message(&[&element(0x70, &[1])]),
    ] {
        assert!(
            decode(&bytes).is_err() && theirs(&bytes).is_some(),
            "{bytes:x?}"
        );
    }
}
