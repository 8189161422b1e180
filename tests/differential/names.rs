//! Names of entries that may or may not exist, in every spelling.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::ROOT;
use super::values::owned;

/// A relative name: types and values before any escaping.
pub type Relative = &'static [(&'static str, &'static str)];

pub const UNITS: [Relative; 3] = [&[("ou", "a")], &[("ou", "b")], &[("ou", "Ann Lee")]];
pub const LEAVES: [Relative; 10] = [
    &[("uid", "p0")],
    &[("uid", "p1")],
    &[("cn", "Ann Lee")],
    &[("cn", "Ann Lee"), ("uid", "p0")],
    &[("cn", "Zoë")],
    &[("cn", "a, b")],
    &[("cn", "#x ")],
    &[("cn", "g0")],
    &[("cn", "x+y=\"z\"")],
    &[("uidNumber", "7")],
];

/// How a name is written.
#[derive(Copy, Clone, Debug)]
pub enum Spelling {
    Plain,
    Upper,
    Spaced,
    Numeric,
    EscapedOctets,
    OtherOrder,
}

pub fn spelling() -> impl Strategy<Value = Spelling> {
    prop_oneof![
        8 => Just(Spelling::Plain),
        1 => Just(Spelling::Upper),
        1 => Just(Spelling::Spaced),
        1 => Just(Spelling::Numeric),
        1 => Just(Spelling::EscapedOctets),
        1 => Just(Spelling::OtherOrder),
    ]
}

pub fn escaped(value: &str) -> String {
    let mut out = String::new();
    let last = value.chars().count() - 1;
    for (at, character) in value.chars().enumerate() {
        let edge = (at == 0 && " #".contains(character)) || (at == last && character == ' ');
        if edge || ",+\"\\<>;=".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

pub fn relative(parts: Relative, spelling: Spelling) -> String {
    let numeric = |name: &'static str| match name {
        "ou" => "2.5.4.11",
        "cn" => "2.5.4.3",
        "uid" => "0.9.2342.19200300.100.1.1",
        "uidNumber" => "1.3.6.1.1.1.1.0",
        other => other,
    };
    let part = |(name, value): &(&'static str, &'static str)| match spelling {
        Spelling::Plain | Spelling::OtherOrder => format!("{name}={}", escaped(value)),
        Spelling::Upper => {
            format!("{}={}", name.to_uppercase(), escaped(&value.to_uppercase()))
        }
        Spelling::Spaced => format!(" {name} = {} ", escaped(value)),
        Spelling::Numeric => format!("{}={}", numeric(name), escaped(value)),
        Spelling::EscapedOctets => {
            let octets = value.bytes().map(|octet| format!("\\{octet:02x}"));
            format!("{name}={}", octets.collect::<String>())
        }
    };
    let mut parts: Vec<_> = parts.iter().map(part).collect();
    if matches!(spelling, Spelling::OtherOrder) {
        parts.reverse();
    }
    parts.join("+")
}

/// A name below the root of the tree, of an entry that may or may not exist.
pub fn place() -> impl Strategy<Value = (Vec<Relative>, String)> {
    (
        vec(select(UNITS.to_vec()), 0..3),
        option::weighted(0.7, select(LEAVES.to_vec())),
        spelling(),
    )
        .prop_map(|(units, leaf, spelling)| {
            let mut path = units;
            path.extend(leaf);
            let names = path.iter().rev().map(|part| relative(part, spelling));
            let dn = names.chain([owned(ROOT)]).collect::<Vec<_>>().join(",");
            (path, dn)
        })
}

/// A name to ask about; seldom one that is none.
pub fn dn() -> impl Strategy<Value = String> {
    let odd = [
        "cn=x,ou=t,dc=example,dc=org,",
        "nonsense",
        "cn=x,,dc=example,dc=org",
        "cn=\\zz,ou=t,dc=example,dc=org",
        "cn=x,dc=elsewhere",
        "cn=x,dc=org",
        "dc=org",
        "cn=x\0y,ou=t,dc=example,dc=org",
        "cn=\"x\",ou=t,dc=example,dc=org",
    ];
    prop_oneof![
        40 => place().prop_map(|(_, dn)| dn),
        1 => select(odd.to_vec()).prop_map(owned),
    ]
}
