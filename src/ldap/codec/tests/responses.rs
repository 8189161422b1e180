//! What is written, octet for octet and as two other implementations read it.

use bytes::BytesMut;
use ldap3_proto::LdapCodec;
use ldap3_proto::proto::{LdapMsg, LdapOp, LdapResult as Ldap3Result, LdapResultCode};
use rasn_ldap::{LdapMessage, ProtocolOp};
use tokio_util::codec::{Decoder, Encoder};

use super::*;
use crate::directory::value_set::{ValueSet, encode};
use crate::ldap::message::ResultCode;

fn written(write: impl FnOnce(&mut BytesMut)) -> BytesMut {
    let mut out = BytesMut::new();
    write(&mut out);
    assert_eq!(frame(&out, usize::MAX), Frame::Message(out.len()));
    out
}

fn as_rasn_reads(bytes: &[u8]) -> LdapMessage {
    rasn::ber::decode(bytes).unwrap()
}

fn as_ldap3_reads(bytes: &[u8]) -> LdapMsg {
    let mut codec = LdapCodec::new(Some(1 << 24), None);
    codec.decode(&mut bytes.into()).unwrap().unwrap()
}

fn as_ldap3_writes(op: LdapOp) -> BytesMut {
    let mut out = BytesMut::new();
    LdapCodec::default()
        .encode(LdapMsg::new(5, op), &mut out)
        .unwrap();
    out
}

const DONE: ResponseTag = ResponseTag::SearchDone;

fn done_with(id: i32, result: &LdapResult<'_>, controls: &[ControlOut<'_>]) -> BytesMut {
    written(|out| write_result(out, id, DONE, result, controls))
}

#[test]
fn a_success_is_14_octets() {
    let bytes = done_with(2, &LdapResult::new(ResultCode::Success), &[]);
    assert_eq!(
        &bytes[..],
        [0x30, 12, 2, 1, 2, 0x65, 7, 0x0a, 1, 0, 4, 0, 4, 0]
    );
}

#[test]
fn messages_follow_each_other_in_the_buffer() {
    let mut out = BytesMut::new();
    for id in [1, 2] {
        write_result(
            &mut out,
            id,
            DONE,
            &LdapResult::new(ResultCode::Success),
            &[],
        );
    }
    assert_eq!(out.len(), 28);
    assert_eq!(as_rasn_reads(&out[14..]).message_id, 2);
}

#[test]
fn every_response_with_a_result_is_read_as_such() {
    let result = LdapResult {
        matched_dn: "dc=example,dc=org",
        text: "no such entry, ä",
        ..LdapResult::new(ResultCode::NoSuchObject)
    };
    for tag in [
        ResponseTag::Bind,
        ResponseTag::SearchDone,
        ResponseTag::Modify,
        ResponseTag::Add,
        ResponseTag::Delete,
        ResponseTag::ModifyDn,
        ResponseTag::Compare,
        ResponseTag::Extended,
    ] {
        let bytes = written(|out| write_result(out, i32::MAX, tag, &result, &[]));
        let message = as_rasn_reads(&bytes);
        assert_eq!(message.message_id, 0x7fff_ffff);
        let (code, matched, text) = match message.protocol_op {
            ProtocolOp::BindResponse(r) => (r.result_code, r.matched_dn, r.diagnostic_message),
            ProtocolOp::ExtendedResp(r) => (r.result_code, r.matched_dn, r.diagnostic_message),
            ProtocolOp::SearchResDone(rasn_ldap::SearchResultDone(r))
            | ProtocolOp::ModifyResponse(rasn_ldap::ModifyResponse(r))
            | ProtocolOp::AddResponse(rasn_ldap::AddResponse(r))
            | ProtocolOp::DelResponse(rasn_ldap::DelResponse(r))
            | ProtocolOp::ModDnResponse(rasn_ldap::ModifyDnResponse(r))
            | ProtocolOp::CompareResponse(rasn_ldap::CompareResponse(r)) => {
                (r.result_code, r.matched_dn, r.diagnostic_message)
            }
            other => panic!("{tag:?} was read as {other:?}"),
        };
        assert_eq!(code, rasn_ldap::ResultCode::NoSuchObject);
        assert_eq!(
            (matched.as_str(), text.as_str()),
            (result.matched_dn, result.text)
        );
        as_ldap3_reads(&bytes);
    }
}

#[test]
fn controls_follow_the_operation() {
    let controls = [
        ControlOut {
            oid: "1.2.840.113556.1.4.319",
            value: Some(&[0x30, 5, 2, 1, 0, 4, 0]),
        },
        ControlOut {
            oid: "1.2.3",
            value: None,
        },
    ];
    let bytes = done_with(5, &LdapResult::new(ResultCode::Success), &controls);
    let read = as_rasn_reads(&bytes).controls.unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].control_type, b"1.2.840.113556.1.4.319"[..]);
    assert_eq!(read[0].control_value.as_deref(), controls[0].value);
    assert_eq!(
        (read[1].criticality, &read[1].control_value),
        (false, &None)
    );
    assert_eq!(as_ldap3_reads(&bytes).ctrl.len(), 2);
}

#[test]
fn a_referral_names_where_to_ask() {
    let uris = ["ldap://a.example.org/dc=example", "ldaps://b.example.org"].map(str::to_owned);
    let result = LdapResult {
        referral: &uris,
        ..LdapResult::new(ResultCode::Referral)
    };
    let bytes = done_with(5, &result, &[]);
    let ProtocolOp::SearchResDone(done) = as_rasn_reads(&bytes).protocol_op else {
        panic!()
    };
    let read: Vec<_> = done
        .0
        .referral
        .unwrap()
        .into_iter()
        .map(|uri| uri.0)
        .collect();
    assert_eq!(read, uris);
    assert_eq!(
        bytes,
        as_ldap3_writes(LdapOp::SearchResultDone(Ldap3Result {
            code: LdapResultCode::Referral,
            matcheddn: String::new(),
            message: String::new(),
            referral: uris.to_vec(),
        }))
    );
}

#[test]
fn a_bind_response_carries_sasl_credentials() {
    let result = LdapResult::new(ResultCode::SaslBindInProgress);
    for creds in [None, Some(&b""[..]), Some(b"r=nonce\xff")] {
        let bytes = written(|out| write_bind_response(out, 1, &result, creds, &[]));
        let ProtocolOp::BindResponse(bind) = as_rasn_reads(&bytes).protocol_op else {
            panic!()
        };
        assert_eq!(bind.server_sasl_creds.as_deref(), creds);
    }
}

#[test]
fn an_extended_response_carries_name_and_value() {
    let result = LdapResult::new(ResultCode::Success);
    for (name, value) in [
        (None, None),
        (Some("1.2.3"), None),
        (None, Some(&b"dn:"[..])),
        (Some("1"), Some(b"\xff")),
    ] {
        let bytes = written(|out| write_extended_response(out, 1, &result, name, value, &[]));
        let ProtocolOp::ExtendedResp(read) = as_rasn_reads(&bytes).protocol_op else {
            panic!()
        };
        assert_eq!(read.response_name.as_deref(), name.map(str::as_bytes));
        assert_eq!(read.response_value.as_deref(), value);
    }
}

#[test]
fn a_notice_of_disconnection_answers_no_request() {
    let bytes = written(|out| write_disconnection(out, ResultCode::ProtocolError, "bad length"));
    let message = as_rasn_reads(&bytes);
    assert_eq!(message.message_id, 0);
    let ProtocolOp::ExtendedResp(notice) = message.protocol_op else {
        panic!()
    };
    assert_eq!(notice.result_code, rasn_ldap::ResultCode::ProtocolError);
    assert_eq!(notice.diagnostic_message.as_str(), "bad length");
    assert_eq!(
        notice.response_name.as_deref(),
        Some(&b"1.3.6.1.4.1.1466.20036"[..])
    );
    assert_eq!(notice.response_value, None);
}

#[test]
fn an_intermediate_response_carries_name_and_value() {
    let value = Some(&b"\x80\x00"[..]);
    let bytes = written(|out| {
        write_intermediate_response(out, 9, Some("1.3.6.1.4.1.4203.1.9.1.4"), value, &[])
    });
    let ProtocolOp::IntermediateResponse(read) = as_rasn_reads(&bytes).protocol_op else {
        panic!()
    };
    assert_eq!(
        read.response_name.as_deref(),
        Some(&b"1.3.6.1.4.1.4203.1.9.1.4"[..])
    );
    assert_eq!(read.response_value.as_deref(), value);
}

#[test]
fn a_search_reference_is_a_list_of_uris() {
    let uris = [
        "ldap://a.example.org/ou=x??sub",
        "ldap://b.example.org/ou=x??sub",
    ]
    .map(str::to_owned);
    let bytes = written(|out| write_search_reference(out, 9, &uris, &[]));
    let ProtocolOp::SearchResRef(read) = as_rasn_reads(&bytes).protocol_op else {
        panic!()
    };
    assert_eq!(
        read.0.iter().map(|uri| uri.as_str()).collect::<Vec<_>>(),
        uris
    );
}

#[test]
fn an_entry_octet_for_octet() {
    let mut stored = Vec::new();
    encode([&b"x"[..], b"yz"], &mut stored);
    let mut attributes = AttributeList::default();
    attributes.push("a", Some(ValueSet::parse(&stored).unwrap()));
    attributes.push("b", None);
    let bytes = written(|out| write_entry(out, 1, b"cn=x", &attributes, &[]));
    let expected = message_of_entry(&[
        constructed(
            SEQUENCE,
            &[
                &string("a"),
                &constructed(SET, &[&string("x"), &string("yz")]),
            ],
        ),
        constructed(SEQUENCE, &[&string("b"), &element(SET, b"")]),
    ]);
    assert_eq!(bytes[..], expected);
}

fn message_of_entry(attributes: &[Vec<u8>]) -> Vec<u8> {
    let entry = constructed(
        0x64,
        &[&string("cn=x"), &element(SEQUENCE, &attributes.concat())],
    );
    constructed(SEQUENCE, &[&element(INTEGER, &[1]), &entry])
}

#[test]
fn entries_of_any_size_are_read_by_others() {
    for size in [
        0, 1, 90, 100, 110, 120, 127, 128, 200, 250, 255, 256, 5_000, 65_500, 70_000,
    ] {
        let value = vec![0xfe; size];
        let mut attributes = AttributeList::default();
        for (name, values) in [
            ("jpegPhoto;binary", vec![&value[..]]),
            ("memberOf", vec![&value, b"second"]),
        ] {
            let mut stored = Vec::new();
            encode(values, &mut stored);
            attributes.push(name, ValueSet::parse(&stored).ok());
        }
        let controls = [ControlOut {
            oid: "1.2.3",
            value: Some(&value),
        }];
        let dn = "cn=x".repeat(size / 50);
        let bytes = written(|out| write_entry(out, 300, dn.as_bytes(), &attributes, &controls));

        let ProtocolOp::SearchResEntry(entry) = as_rasn_reads(&bytes).protocol_op else {
            panic!()
        };
        assert_eq!(entry.object_name.0, dn);
        let values: Vec<_> = entry.attributes[1].vals.to_vec();
        assert_eq!(values, [&value, &b"second"[..]]);

        let LdapOp::SearchResultEntry(entry) = as_ldap3_reads(&bytes).op else {
            panic!()
        };
        assert_eq!(entry.attributes[0].atype, "jpegPhoto;binary");
        assert_eq!(entry.attributes[0].vals, [value]);
    }
}

#[test]
fn an_entry_without_attributes() {
    let bytes = written(|out| write_entry(out, 1, b"", &AttributeList::default(), &[]));
    assert_eq!(bytes[..], [0x30, 9, 2, 1, 1, 0x64, 4, 4, 0, 0x30, 0]);
}

#[test]
fn result_codes_are_those_of_the_standards() {
    for (code, number) in [
        (ResultCode::Success, 0),
        (ResultCode::CompareTrue, 6),
        (ResultCode::Referral, 10),
        (ResultCode::SaslBindInProgress, 14),
        (ResultCode::NoSuchAttribute, 16),
        (ResultCode::InvalidDnSyntax, 34),
        (ResultCode::AliasDereferencingProblem, 36),
        (ResultCode::InvalidCredentials, 49),
        (ResultCode::NamingViolation, 64),
        (ResultCode::AffectsMultipleDsas, 71),
        (ResultCode::Other, 80),
        (ResultCode::CannotCancel, 121),
        (ResultCode::AssertionFailed, 122),
        (ResultCode::AuthorizationDenied, 123),
    ] {
        let bytes = done_with(1, &LdapResult::new(code), &[]);
        assert_eq!(bytes[7..10], [ENUMERATED, 1, number]);
    }
}
