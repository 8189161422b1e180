//! What the administrator sends on one connection. The directory stays from input to input, as it does for a server.
#![no_main]

#[path = "../../tests/mutation/corpus.rs"]
#[allow(dead_code)]
mod corpus;
#[path = "../../tests/mutation/in_process.rs"]
mod in_process;
#[path = "../../tests/differential/wire.rs"]
mod wire;

use std::sync::LazyLock;

use in_process::{Place, State};
use libfuzzer_sys::fuzz_target;

static PLACE: LazyLock<Place> = LazyLock::new(Place::new);

fuzz_target!(|bytes: &[u8]| {
    let mut connection = PLACE.connect();
    assert_eq!(connection.take(&corpus::bind()), State::Open);
    if connection.take(bytes) == State::Open {
        connection.answers.clear();
        assert_eq!(connection.take(&corpus::probe()), State::Open);
        assert_eq!(connection.answers.len(), 2);
    }
});
