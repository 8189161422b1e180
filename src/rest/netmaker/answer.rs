//! What answers look like: most in an envelope of a code, a message and what was asked for, some bare.
//!
//! Owns the envelope. Which answers have it is each operation's.

use serde::Serialize;
use serde_json::{Value, json};

use crate::rest::fault::Fault;
use crate::rest::operation::Reply;

/// In the envelope.
pub fn enveloped(message: &str, response: impl Serialize) -> Reply {
    bare(&json!({ "Code": 200, "Message": message, "Response": response }))
}

/// Without it.
pub fn bare(value: &impl Serialize) -> Reply {
    // Writing to memory does not fail.
    Reply::bytes(serde_json::to_vec(value).unwrap_or_default())
}

/// What stands in the envelope around an array that is written bit by bit.
pub fn envelope(message: &str) -> (String, &'static str) {
    let before = format!(
        "{{\"Code\":200,\"Message\":{},\"Response\":",
        json!(message)
    );
    (before, "}")
}

/// The body of a refusal.
pub fn fault(fault: &Fault, _: &str) -> Value {
    json!({ "Code": fault.kind.status().as_u16(), "Message": fault.text, "Response": null })
}
