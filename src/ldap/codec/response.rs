//! Responses (RFC 4511 sections 4.1.9 to 4.13), all but search entries, written length first into
//! the connection's buffer.
//!
//! Knows the form of each; which code and text an outcome gets is decided in `result`, what a
//! control holds in `control`.

use bytes::BytesMut;

use crate::ldap::ber::{
    ENUMERATED, OCTET_STRING, SEQUENCE, context, context_constructed, element_len,
    integer_element_len, put_element, put_enumerated, put_header, put_integer,
};
use crate::ldap::message::{ResponseTag, ResultCode};

/// The name of the notice of disconnection (section 4.4.1).
pub const NOTICE_OF_DISCONNECTION: &str = "1.3.6.1.4.1.1466.20036";

const CONTROLS: u8 = context_constructed(0);
const REFERRAL: u8 = context_constructed(3);
const SERVER_SASL_CREDS: u8 = context(7);
const RESPONSE_NAME: u8 = context(10);
const RESPONSE_VALUE: u8 = context(11);
const INTERMEDIATE_NAME: u8 = context(0);
const INTERMEDIATE_VALUE: u8 = context(1);
const SEARCH_RESULT_REFERENCE: u8 = 0x73;
const INTERMEDIATE_RESPONSE: u8 = 0x79;

/// The id of messages that answer no request (section 4.4).
const UNSOLICITED: i32 = 0;

/// A response control (section 4.1.11). Its criticality has no meaning in a response and is never
/// sent.
#[derive(Clone, Copy, Debug)]
pub struct ControlOut<'a> {
    /// The OID of its type.
    pub oid: &'a str,
    /// Its content, of a form that its type defines.
    pub value: Option<&'a [u8]>,
}

/// How an operation ended, in LDAP's terms (section 4.1.9).
#[derive(Clone, Copy, Debug)]
pub struct LdapResult<'a> {
    /// The result code.
    pub code: ResultCode,
    /// The DN of the deepest entry that was found on the way to the one that was not, or empty.
    pub matched_dn: &'a str,
    /// An explanation for people, or empty.
    pub text: &'a str,
    /// Where else to ask: URIs, at least one with [`ResultCode::Referral`], none otherwise.
    pub referral: &'a [String],
}

impl LdapResult<'_> {
    /// A result of this code and nothing more.
    pub const fn new(code: ResultCode) -> Self {
        Self {
            code,
            matched_dn: "",
            text: "",
            referral: &[],
        }
    }

    /// The code, if there is nothing else and it takes one octet.
    fn bare_code(&self) -> Option<u8> {
        let bare = self.matched_dn.is_empty() && self.text.is_empty() && self.referral.is_empty();
        let code = u8::try_from(self.code.code()).ok();
        code.filter(|code| bare && *code < 0x80)
    }

    fn len(&self) -> usize {
        let referral = match self.referral {
            [] => 0,
            uris => element_len(uris_len(uris)),
        };
        integer_element_len(i32::from(self.code.code()))
            + element_len(self.matched_dn.len())
            + element_len(self.text.len())
            + referral
    }

    fn put(&self, out: &mut BytesMut) {
        put_enumerated(out, i32::from(self.code.code()));
        put_element(out, OCTET_STRING, self.matched_dn.as_bytes());
        put_element(out, OCTET_STRING, self.text.as_bytes());
        if !self.referral.is_empty() {
            put_header(out, REFERRAL, uris_len(self.referral));
            put_uris(out, self.referral);
        }
    }
}

/// Writes a response that is an LDAPResult and nothing more.
pub fn write_result(
    out: &mut BytesMut,
    id: i32,
    tag: ResponseTag,
    result: &LdapResult<'_>,
    controls: &[ControlOut<'_>],
) {
    if let Some(code) = result.bare_code()
        && controls.is_empty()
    {
        return put_bare(out, id, tag, code);
    }
    put_message(out, id, tag as u8, result.len(), controls, |out| {
        result.put(out)
    });
}

/// Writes a code without words, as most operations end: what is not the id or the code is known.
fn put_bare(out: &mut BytesMut, id: i32, tag: ResponseTag, code: u8) {
    let operation = [
        tag as u8,
        7,
        ENUMERATED,
        1,
        code,
        OCTET_STRING,
        0,
        OCTET_STRING,
        0,
    ];
    put_header(
        out,
        SEQUENCE,
        integer_element_len(id).saturating_add(operation.len()),
    );
    put_integer(out, id);
    out.extend_from_slice(&operation);
}

/// Writes a bind response (section 4.2.2) with what a SASL mechanism answers, if it does.
pub fn write_bind_response(
    out: &mut BytesMut,
    id: i32,
    result: &LdapResult<'_>,
    server_sasl_creds: Option<&[u8]>,
    controls: &[ControlOut<'_>],
) {
    let content = result.len() + optional_len(server_sasl_creds);
    put_message(out, id, ResponseTag::Bind as u8, content, controls, |out| {
        result.put(out);
        put_optional(out, SERVER_SASL_CREDS, server_sasl_creds);
    });
}

/// Writes an extended response (section 4.12).
pub fn write_extended_response(
    out: &mut BytesMut,
    id: i32,
    result: &LdapResult<'_>,
    name: Option<&str>,
    value: Option<&[u8]>,
    controls: &[ControlOut<'_>],
) {
    let name = name.map(str::as_bytes);
    let content = result.len() + optional_len(name) + optional_len(value);
    put_message(
        out,
        id,
        ResponseTag::Extended as u8,
        content,
        controls,
        |out| {
            result.put(out);
            put_optional(out, RESPONSE_NAME, name);
            put_optional(out, RESPONSE_VALUE, value);
        },
    );
}

/// Writes a notice of disconnection (section 4.4.1), the last message of a session. The codes it
/// may have are protocolError, strongerAuthRequired and unavailable.
pub fn write_disconnection(out: &mut BytesMut, code: ResultCode, text: &str) {
    let result = LdapResult {
        text,
        ..LdapResult::new(code)
    };
    write_extended_response(
        out,
        UNSOLICITED,
        &result,
        Some(NOTICE_OF_DISCONNECTION),
        None,
        &[],
    );
}

/// Writes an intermediate response (section 4.13).
pub fn write_intermediate_response(
    out: &mut BytesMut,
    id: i32,
    name: Option<&str>,
    value: Option<&[u8]>,
    controls: &[ControlOut<'_>],
) {
    let name = name.map(str::as_bytes);
    let content = optional_len(name) + optional_len(value);
    put_message(out, id, INTERMEDIATE_RESPONSE, content, controls, |out| {
        put_optional(out, INTERMEDIATE_NAME, name);
        put_optional(out, INTERMEDIATE_VALUE, value);
    });
}

/// Writes a continuation reference (section 4.5.3); `uris` holds at least one.
pub fn write_search_reference(
    out: &mut BytesMut,
    id: i32,
    uris: &[String],
    controls: &[ControlOut<'_>],
) {
    put_message(
        out,
        id,
        SEARCH_RESULT_REFERENCE,
        uris_len(uris),
        controls,
        |out| {
            put_uris(out, uris);
        },
    );
}

/// Writes a message around the `content` octets that `put` writes. Makes room for all of it at
/// once.
pub(super) fn put_message(
    out: &mut BytesMut,
    id: i32,
    tag: u8,
    content: usize,
    controls: &[ControlOut<'_>],
    put: impl FnOnce(&mut BytesMut),
) {
    let controls_len: usize = controls
        .iter()
        .map(|control| element_len(control_len(control)))
        .sum();
    let body = element_len(content);
    let trailer = if controls.is_empty() {
        0
    } else {
        element_len(controls_len)
    };
    let message = integer_element_len(id) + body + trailer;
    out.reserve(element_len(message));
    put_header(out, SEQUENCE, message);
    put_integer(out, id);
    put_header(out, tag, content);
    put(out);
    if !controls.is_empty() {
        put_header(out, CONTROLS, controls_len);
        controls
            .iter()
            .for_each(|control| put_control(out, control));
    }
}

fn control_len(control: &ControlOut<'_>) -> usize {
    element_len(control.oid.len()) + optional_len(control.value)
}

fn put_control(out: &mut BytesMut, control: &ControlOut<'_>) {
    put_header(out, SEQUENCE, control_len(control));
    put_element(out, OCTET_STRING, control.oid.as_bytes());
    put_optional(out, OCTET_STRING, control.value);
}

fn optional_len(content: Option<&[u8]>) -> usize {
    content.map_or(0, |content| element_len(content.len()))
}

fn put_optional(out: &mut BytesMut, tag: u8, content: Option<&[u8]>) {
    if let Some(content) = content {
        put_element(out, tag, content);
    }
}

fn uris_len(uris: &[String]) -> usize {
    uris.iter().map(|uri| element_len(uri.len())).sum()
}

fn put_uris(out: &mut BytesMut, uris: &[String]) {
    uris.iter()
        .for_each(|uri| put_element(out, OCTET_STRING, uri.as_bytes()));
}
