//! What is asked about people, and how any request is made with its right answer.
//!
//! Owns requests; `work` says what they may take, `groups` has those about groups.

use hedgerow::directory::filter::Filter;

use super::Outcome;
use super::load::{Expected, Request};
use super::tree::{Random, SERVICE, SERVICE_PASSWORD, SUFFIX, Tree, employee_number, password};
use super::wire::{self, Operation};

const COMPARE_TRUE: i32 = 6;
pub const BASE: u8 = 0;
pub const SUBTREE: u8 = 2;
pub const ADD: u8 = 0;
pub const DELETE: u8 = 1;
const REPLACE: u8 = 2;

/// What a server that is ready answers rightly.
pub fn greeting() -> Outcome<Vec<Request>> {
    Ok(vec![
        bind_as(SERVICE, SERVICE_PASSWORD),
        person(7, "(uid=user.7)")?,
    ])
}

pub fn bind_as(dn: &str, password: &str) -> Request {
    Request {
        operation: wire::bind(dn, password),
        expected: Expected::default(),
    }
}

/// A request that must succeed and that no entries answer.
pub fn done(operation: &Operation) -> Request {
    Request {
        operation: operation.encode(),
        expected: Expected::default(),
    }
}

pub fn search(
    base: &str,
    scope: u8,
    filter: &str,
    selection: &[&str],
    expected: Expected,
) -> Outcome<Request> {
    let operation = Operation::Search {
        base: base.to_owned(),
        scope,
        dereference: 0,
        size_limit: 0,
        page: 0,
        types_only: false,
        filter: Filter::parse(filter)?,
        selection: selection.iter().map(|name| (*name).to_owned()).collect(),
    };
    Ok(Request {
        operation: operation.encode(),
        expected,
    })
}

pub fn one(dn: String) -> Expected {
    Expected {
        entries: 1,
        dn: Some(dn),
        ..Expected::default()
    }
}

pub fn many(entries: u32) -> Expected {
    Expected {
        entries,
        ..Expected::default()
    }
}

/// A search of everything that finds one person.
pub fn person(number: u32, filter: &str) -> Outcome<Request> {
    search(SUFFIX, SUBTREE, filter, &[], one(Tree::person(number)))
}

pub fn base_of(dn: &str) -> Outcome<Request> {
    search(dn, BASE, "(objectClass=*)", &[], one(dn.to_owned()))
}

pub fn equality(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let number = random.below(tree.people);
    person(number, &format!("(uid=user.{number})"))
}

pub fn and(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let number = random.below(tree.people);
    let filter = format!("(&(objectClass=inetOrgPerson)(uid=user.{number}))");
    person(number, &filter)
}

pub fn miss(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let filter = format!("(uid=nobody.{})", random.below(tree.people));
    search(SUFFIX, SUBTREE, &filter, &[], many(0))
}

pub fn base(tree: Tree, random: &mut Random) -> Outcome<Request> {
    base_of(&Tree::person(random.below(tree.people)))
}

pub fn compare(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let number = random.below(tree.people);
    let value = employee_number(number);
    Ok(comparison(
        Tree::person(number),
        "employeeNumber",
        value,
        COMPARE_TRUE,
    ))
}

pub fn comparison(dn: String, attribute: &str, value: String, code: i32) -> Request {
    let operation = Operation::Compare {
        dn,
        attribute: attribute.to_owned(),
        value: value.into_bytes(),
    };
    Request {
        operation: operation.encode(),
        expected: Expected {
            code,
            ..Expected::default()
        },
    }
}

pub fn prefix(tree: Tree, random: &mut Random, found: u32) -> Outcome<Request> {
    let piece = tree.piece(random.below(tree.people), found);
    search(SUFFIX, SUBTREE, &format!("(sn={piece}*)"), &[], many(found))
}

pub fn part(tree: Tree, random: &mut Random, found: u32) -> Outcome<Request> {
    let piece = tree.piece(random.below(tree.people), found);
    search(
        SUFFIX,
        SUBTREE,
        &format!("(cn=*{piece}*)"),
        &[],
        many(found),
    )
}

pub fn or(tree: Tree, random: &mut Random, found: u32) -> Outcome<Request> {
    let first = random.below(tree.people);
    let numbers = (0..found).map(|each| (first + each * (tree.people / found)) % tree.people);
    let parts: String = numbers
        .map(|number| format!("(uid=user.{number})"))
        .collect();
    search(SUFFIX, SUBTREE, &format!("(|{parts})"), &[], many(found))
}

pub fn bind(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let number = random.below(tree.people);
    Ok(bind_as(&Tree::person(number), &password(number)))
}

pub fn change(dn: String, kind: u8, attribute: &str, value: String) -> Operation {
    Operation::Modify {
        dn,
        changes: vec![(kind, attribute.to_owned(), vec![value.into_bytes()])],
    }
}

pub fn modify(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let dn = Tree::person(random.below(tree.people));
    let value = format!("Something else, changed to {:016x}.", random.number());
    Ok(done(&change(dn, REPLACE, "description", value)))
}

pub fn modify_indexed(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let dn = Tree::person(random.below(tree.people));
    let value = format!("mail{:016x}@example.org", random.number());
    Ok(done(&change(dn, REPLACE, "mail", value)))
}

pub fn add(tree: Tree, dn: &str, id: &str, number: u32, random: &mut Random) -> Request {
    let mut attributes = wire::Attributes::new();
    for (attribute, value) in tree.attributes(number, id, random) {
        match attributes.last_mut() {
            Some((last, values)) if last == attribute => values.push(value.into_bytes()),
            _ => attributes.push((attribute.to_owned(), vec![value.into_bytes()])),
        }
    }
    let dn = dn.to_owned();
    done(&Operation::Add { dn, attributes })
}
