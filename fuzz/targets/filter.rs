//! A filter in its string form.
#![no_main]

#[path = "../../tests/mutation/texts.rs"]
#[allow(dead_code)]
mod texts;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| texts::filter(bytes));
