//! Reading LDIF; writing is tested beside the writer, limits beside the lines.

use std::io::{self, BufRead, BufReader, Read};

use proptest::prelude::*;

use super::*;

/// Every record and every error of a text, in an owned form that can be compared.
fn outcomes(input: impl BufRead) -> Vec<String> {
    let mut reader = Reader::new(input);
    let mut outcomes = Vec::new();
    loop {
        match reader.next_record() {
            Ok(Some(record)) => outcomes.push(format!("{record:?}")),
            Ok(None) => return outcomes,
            Err(error) => outcomes.push(error.to_string()),
        }
    }
}

/// Gives the only record of a text to a check.
fn with_record<T>(text: &str, check: impl FnOnce(Record<'_>) -> T) -> T {
    let mut reader = Reader::new(text.as_bytes());
    let result = check(
        reader
            .next_record()
            .unwrap_or_else(|error| panic!("{error}"))
            .expect("a record"),
    );
    assert!(reader.next_record().expect("the end of the file").is_none());
    result
}

/// The values of the only record of a text, which is an entry.
fn content(text: &str) -> Vec<(u64, String, Vec<u8>)> {
    with_record(text, |record| match record.change {
        Change::Content(values) => values
            .iter()
            .map(|item| (item.line, item.attribute.to_owned(), item.value.to_vec()))
            .collect(),
        other => panic!("not an entry: {other:?}"),
    })
}

/// The line and the reason of the first error of a text.
fn fault(text: impl AsRef<[u8]>) -> (u64, LdifFault) {
    let mut reader = Reader::new(text.as_ref());
    loop {
        match reader.next_record() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("no error"),
            Err(error) => return (error.line, error.reason),
        }
    }
}

macro_rules! assert_fault {
    ($text:expr, $line:expr, $reason:pat) => {
        let (line, reason) = fault($text);
        assert!(matches!(reason, $reason), "{reason:?}");
        assert_eq!(line, $line, "{reason}");
    };
}

mod accepted;
mod examples;
mod refused;

fn value<'a>(line: u64, attribute: &'a str, value: &'a str) -> AttributeValue<'a> {
    AttributeValue {
        line,
        attribute,
        value: value.as_bytes(),
    }
}

/// Lines that mean something to the reader, to be put in any order.
const LINE: &str = "(dn: a=1|-|changetype: (add|modify|delete|modrdn)|add: b|b:: AA==|b:<|c: d\
    || e|#|control: 1.2|newrdn: a=2|deleteoldrdn: 1|version: 1|\0|\r|é)";

proptest! {
    #[test]
    fn any_input_ends_with_errors_on_lines_that_exist(
        text in proptest::collection::vec(LINE, 0..12),
        chunk in 1..9_usize,
    ) {
        let text = text.join("\n");
        let lines = text.lines().count() as u64;
        let mut reader = Reader::new(text.as_bytes());
        let mut ended = false;
        loop {
            match reader.next_record() {
                Ok(Some(record)) => prop_assert!((1..=lines).contains(&record.line)),
                Ok(None) => break,
                Err(LdifError { reason: LdifFault::Version, .. }) => ended = true,
                Err(error) => prop_assert!((1..=lines).contains(&error.line), "{}", error),
            }
        }
        prop_assert!(ended || reader.position() == text.len() as u64);
        let chunked = BufReader::with_capacity(chunk, text.as_bytes());
        prop_assert_eq!(outcomes(text.as_bytes()), outcomes(chunked));
    }
}
