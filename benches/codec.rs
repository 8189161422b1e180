//! How long the LDAP codec takes, in nanoseconds a call, best of several rounds:
//! `cargo bench --bench codec`.

use std::hint::black_box;
use std::time::Instant;

use bytes::BytesMut;
use hedgerow::directory::value_set::{ValueSet, encode};
use hedgerow::ldap::ber::{
    BOOLEAN, ENUMERATED, INTEGER, OCTET_STRING, SEQUENCE, SET, check, put_element, put_integer,
};
use hedgerow::ldap::codec::{
    AttributeList, LdapResult, MAX_ELEMENTS, decode, frame, write_entry, write_result,
};
use hedgerow::ldap::message::{ResponseTag, ResultCode};

const ROUNDS: usize = 15;

fn measure(what: &str, calls: u32, mut call: impl FnMut()) {
    let best = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| call());
            start.elapsed().as_nanos() / u128::from(calls)
        })
        .min();
    println!("{:>10} ns  {what}", best.unwrap_or_default());
}

fn main() {
    reading("small search, 3 attributes", &small_search(), 200_000);
    reading("anonymous bind", &bind(b""), 200_000);
    reading(
        "simple bind",
        &bind(b"uid=user.1234,ou=people,dc=example,dc=org"),
        200_000,
    );
    reading("search with 25,000 terms", &large_search(25_000), 20);
    reading("add of 14 attributes", &add(), 50_000);
    reading("modify of one attribute", &modify(), 100_000);
    writing();
}

fn reading(what: &str, message: &[u8], calls: u32) {
    println!("{what} ({} octets)", message.len());
    measure("frame", calls, || {
        let _ = black_box(frame(black_box(message), 1 << 24));
    });
    measure("structure check", calls, || {
        let _ = black_box(check(black_box(message), MAX_ELEMENTS));
    });
    measure("decode", calls, || {
        drop(black_box(decode(black_box(message))));
    });
}

fn writing() {
    let mut sets = Vec::new();
    for n in 0..10 {
        let mut set = Vec::new();
        encode(
            [&b"a value of usual length"[..], b"another"]
                .into_iter()
                .take(1 + n % 2),
            &mut set,
        );
        sets.push(set);
    }
    let names = [
        "objectClass",
        "cn",
        "sn",
        "givenName",
        "uid",
        "mail",
        "telephoneNumber",
        "employeeNumber",
        "departmentNumber",
        "description",
    ];
    let sets: Vec<_> = sets
        .iter()
        .filter_map(|set| ValueSet::parse(set).ok())
        .collect();
    let mut attributes = AttributeList::default();
    let dn = "uid=user.1234,ou=people,dc=example,dc=org";
    let done = LdapResult::new(ResultCode::Success);
    let mut out = BytesMut::with_capacity(1 << 20);
    let mut write = |out: &mut BytesMut| {
        attributes.clear(usize::MAX);
        for (name, set) in names.iter().zip(black_box(&sets)) {
            attributes.push(name, Some(*set));
        }
        write_entry(out, 77, black_box(dn.as_bytes()), &attributes, &[]);
    };
    write(&mut out);
    println!("entry of 10 attributes ({} octets)", out.len());
    measure("write", 200_000, || {
        out.clear();
        write(&mut out);
        black_box(&out);
    });
    measure(
        "look at the headers of its 10 stored value sets",
        200_000,
        || {
            for set in &sets {
                let _ = black_box(ValueSet::split_first(black_box(set.as_bytes())));
            }
        },
    );
    measure("check its 10 stored value sets whole", 200_000, || {
        for set in &sets {
            let _ = black_box(ValueSet::parse(black_box(set.as_bytes())));
        }
    });
    println!("search result done");
    measure("write", 200_000, || {
        out.clear();
        write_result(&mut out, 77, ResponseTag::SearchDone, black_box(&done), &[]);
        black_box(&out);
    });
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_element(&mut out, tag, content);
    out
}

fn string(text: &str) -> Vec<u8> {
    element(OCTET_STRING, text.as_bytes())
}

fn message(operation: u8, content: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    put_integer(&mut body, 77);
    put_element(&mut body, operation, content);
    element(SEQUENCE, &body)
}

fn equality(attribute: &str, value: &str) -> Vec<u8> {
    element(0xa3, &[string(attribute), string(value)].concat())
}

fn search(filter: &[u8]) -> Vec<u8> {
    let selection = ["cn", "mail", "memberOf"].map(string).concat();
    let parts = [
        string("ou=people,dc=example,dc=org"),
        element(ENUMERATED, &[2]),
        element(ENUMERATED, &[0]),
        element(INTEGER, &[0]),
        element(INTEGER, &[0]),
        element(BOOLEAN, &[0]),
        filter.to_vec(),
        element(SEQUENCE, &selection),
    ];
    message(0x63, &parts.concat())
}

fn small_search() -> Vec<u8> {
    search(&equality("uid", "user.1234"))
}

fn large_search(terms: usize) -> Vec<u8> {
    let terms: Vec<u8> = (0..terms)
        .flat_map(|n| {
            equality(
                "member",
                &format!("uid=user.{n},ou=people,dc=example,dc=org"),
            )
        })
        .collect();
    search(&element(0xa1, &terms))
}

fn bind(name: &[u8]) -> Vec<u8> {
    let parts = [
        element(INTEGER, &[3]),
        element(OCTET_STRING, name),
        element(
            0x80,
            if name.is_empty() {
                b""
            } else {
                b"correct horse battery"
            },
        ),
    ];
    message(0x60, &parts.concat())
}

fn attribute(name: &str, value: &str) -> Vec<u8> {
    element(
        SEQUENCE,
        &[string(name), element(SET, &string(value))].concat(),
    )
}

fn add() -> Vec<u8> {
    let attributes: Vec<u8> = (0..14)
        .flat_map(|n| attribute(&format!("attribute{n}"), "a value of usual length"))
        .collect();
    let dn = string("uid=user.1234,ou=scratch,dc=example,dc=org");
    message(0x68, &[dn, element(SEQUENCE, &attributes)].concat())
}

fn modify() -> Vec<u8> {
    let attribute = attribute("description", "a value of usual length");
    let change = element(SEQUENCE, &[element(ENUMERATED, &[2]), attribute].concat());
    let dn = string("uid=user.1234,ou=people,dc=example,dc=org");
    message(0x66, &[dn, element(SEQUENCE, &change)].concat())
}
