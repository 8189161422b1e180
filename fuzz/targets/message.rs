//! The octets of one message: its frame, and what it decodes to.
#![no_main]

use hedgerow::ldap::codec::{Frame, decode, frame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Frame::Message(length) = frame(bytes, 1 << 20) {
        assert!(length <= bytes.len());
    }
    if let Err(error) = decode(bytes) {
        assert!(!error.to_string().is_empty());
    }
});
