//! Tables of who may ask for what, as files: cell by cell what the server is to answer.
//!
//! The first line that is no comment names the columns: the operation, what more a line says of it, and who asks. Each line
//! begins with the id of an operation in the dialect's document. Owns that every operation of the dialect has a line.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::https::Login;

/// What one caller is answered.
pub struct Cell<'a> {
    /// The operation.
    pub id: &'a str,
    /// What the line says of it beside that.
    pub about: &'a str,
    /// Which of the callers asks.
    pub caller: usize,
    /// What it comes to.
    pub expected: &'a str,
}

/// The cells of a table of these callers.
pub fn cells<'a>(table: &'a str, document: &Value, callers: &[&str]) -> Vec<Cell<'a>> {
    let lines = table.lines().map(|line| line.split_whitespace().collect());
    let mut lines =
        lines.filter(|words: &Vec<&str>| !words.is_empty() && !words[0].starts_with('#'));
    let heading = lines.next().unwrap();
    let named = heading.len() - callers.len();
    assert_eq!(heading[named..], *callers);
    let (mut cells, mut seen) = (Vec::new(), BTreeSet::new());
    for words in lines {
        assert_eq!(words.len(), heading.len(), "{words:?}");
        seen.insert(words[0]);
        let of_line = words[named..].iter().enumerate();
        cells.extend(of_line.map(|(caller, expected)| Cell {
            id: words[0],
            about: if named > 1 { words[1] } else { "" },
            caller,
            expected,
        }));
    }
    let all = operations(document).filter(|(_, _, operation)| operation["deprecated"] != true);
    let all: BTreeSet<_> = all
        .map(|(_, _, it)| it["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(seen, all, "each operation has its line");
    cells
}

/// Holds the server to a table whose cells are statuses: `ask` asks for an operation, perhaps in several ways.
pub fn hold(
    table: &str,
    document: &Value,
    callers: &[(&str, Login)],
    ask: impl Fn(&Cell<'_>, &Login) -> Vec<u16>,
) {
    let names: Vec<_> = callers.iter().map(|(name, _)| *name).collect();
    let mut wrong = Vec::new();
    for cell in cells(table, document, &names) {
        let (name, login) = &callers[cell.caller];
        let is = ask(&cell, login);
        if is.iter().any(|status| status.to_string() != cell.expected) {
            wrong.push(format!("{} {} as {name}: {is:?}", cell.id, cell.about));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn operations(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        let item = item.as_object().unwrap().iter();
        item.map(move |(verb, operation)| (path, verb, operation))
    })
}

/// How an operation is asked for, its path with these parts, and what the document says of it.
pub fn request<'a>(document: &'a Value, id: &str, parts: &[(&str, &str)]) -> (String, &'a Value) {
    let found = operations(document).find(|(_, _, operation)| operation["operationId"] == id);
    let (path, verb, operation) = found.unwrap_or_else(|| panic!("{id} is no operation"));
    let mut request = format!("{} {path}", verb.to_uppercase());
    for (name, value) in parts {
        request = request.replace(&format!("{{{name}}}"), value);
    }
    (request, operation)
}
