//! Attributes, and values that mostly fit them.

use proptest::prelude::*;
use proptest::sample::select;

/// Texts that are equal or alike under some rule and differ under another.
pub const TEXTS: [&str; 16] = [
    "Ann Lee",
    "ann  LEE",
    " Ann Lee ",
    "Anna",
    "annalee",
    "lee",
    "Bob",
    "abab",
    "aba",
    "x",
    "Zoë",
    "Zoe\u{308}",
    "ZOË",
    "a, b",
    "a*(b)\\",
    "  ",
];
pub const NUMBERS: [&str; 9] = ["-3", "0", "5", "7", "10", "100", "255", "-0", "007"];
/// Names as values. None is of an entry that comes and goes: our `member` follows its entry to a new name.
pub const NAMES: [&str; 8] = [
    "dc=example,dc=org",
    "ou=x,dc=example,dc=org",
    "cn=nobody, DC=example,dc=ORG",
    "CN=Nobody,dc=example,dc=org",
    "2.5.4.3=no\\62ody,dc=example,dc=org",
    "cn=x+sn=y,dc=example,dc=org",
    "sn=Y + cn=X,dc=example,dc=org",
    "",
];
/// Names of an entry and of who made it.
const OWNERS: [&str; 4] = [
    "ou=a,ou=t,dc=example,dc=org",
    "OU = A, OU = T, dc=example,dc=org",
    "cn=Admin,dc=example,dc=org",
    "cn=nobody,dc=example,dc=org",
];
pub const TIMES: [&str; 6] = [
    "20200101000000Z",
    "21000101000000Z",
    "202001010000Z",
    "20200101000000.5+0130",
    "2020010100Z",
    "yesterday",
];

/// Attributes whose values are text of any kind, in several spellings.
pub const TEXTUAL: [&str; 20] = [
    "cn",
    "CN",
    "commonName",
    "2.5.4.3",
    "sn",
    "surname",
    "name",
    "givenName",
    "ou",
    "uid",
    "description",
    "description;lang-en",
    "cn;lang-en",
    "cn;LANG-en;lang-fr",
    "employeeNumber",
    "mail",
    "homeDirectory",
    "memberUid",
    "title",
    "displayName",
];
/// Attributes that no entry here has, or nobody knows, or that cannot be attributes.
pub const ODD: [&str; 8] = [
    "noSuchAttribute",
    "cn;binary",
    "cn;x-unknown",
    "9.9.9",
    "jpegPhoto",
    "c",
    "cn;",
    "1bad",
];

/// What both servers keep of an entry by themselves.
pub const OPERATIONAL: [&str; 8] = [
    "+",
    "createTimestamp",
    "creatorsName",
    "entryCSN",
    "entryDN",
    "entryUUID",
    "modifiersName",
    "subschemaSubentry",
];

pub fn owned(text: &str) -> String {
    text.to_owned()
}

pub fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

pub fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    select(texts).prop_map(owned)
}

pub fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        30 => select(TEXTS.to_vec()).prop_map(bytes),
        4 => select(vec!["p0", "P0", "a", "A", "g0", "lang", "/home/x", "en"]).prop_map(bytes),
        1 => Just(vec![0xff, b'a']),
        1 => Just(Vec::new()),
    ]
}

/// An attribute with a value that mostly fits it.
pub fn assertion() -> impl Strategy<Value = (String, Vec<u8>)> {
    let classes = [
        "person",
        "inetOrgPerson",
        "GROUPOFNAMES",
        "top",
        "posixAccount",
        "2.5.6.6",
        "noSuchClass",
        "organizationalUnit",
    ];
    let telephones = ["+1 234-5", "+12345", "12 34", "_", "1", "-"];
    prop_oneof![
        14 => (select(TEXTUAL.to_vec()), text()).prop_map(|(name, value)| (owned(name), value)),
        3 => (select(vec!["uidNumber", "gidNumber", "GIDNUMBER"]), select(NUMBERS.to_vec()))
            .prop_map(|(name, value)| (owned(name), bytes(value))),
        2 => (select(vec!["uidNumber", "gidNumber"]), select(vec!["x", "", "1.5", " 7"]))
            .prop_map(|(name, value)| (owned(name), bytes(value))),
        3 => select(classes.to_vec()).prop_map(|class| (owned("objectClass"), bytes(class))),
        3 => (select(vec!["member", "seeAlso", "manager", "secretary"]), select(NAMES.to_vec()))
            .prop_map(|(name, value)| (owned(name), bytes(value))),
        1 => (select(vec!["member", "seeAlso", "uidNumber"]), text())
            .prop_filter("spaces are a name on one server", |(_, value)| value != b"  ")
            .prop_map(|(name, value)| (owned(name), value)),
        2 => (select(vec!["telephoneNumber", "mobile"]), select(telephones.to_vec()))
            .prop_map(|(name, value)| (owned(name), bytes(value))),
        1 => select(vec!["a$b", "A$B", "a $ b", "a\\24b"])
            .prop_map(|value| (owned("postalAddress"), bytes(value))),
        2 => (select(ODD.to_vec()), text()).prop_map(|(name, value)| (owned(name), value)),
        1 => (select(vec!["createTimestamp", "modifyTimestamp"]), select(TIMES.to_vec()))
            .prop_map(|(name, value)| (owned(name), bytes(value))),
        1 => select(vec!["groupOfNames", "noSuchClass"])
            .prop_map(|value| (owned("structuralObjectClass"), bytes(value))),
    ]
}

/// An attribute that the server keeps, with a value. Only for filters: slapd compares some with entries that are not there.
pub fn kept() -> impl Strategy<Value = (String, Vec<u8>)> {
    let owners = select(vec!["entryDN", "creatorsName", "modifiersName"]);
    prop_oneof![
        select(vec!["TRUE", "FALSE", "1"])
            .prop_map(|value| (owned("hasSubordinates"), bytes(value))),
        (owners, select(OWNERS.to_vec())).prop_map(|(name, value)| (owned(name), bytes(value))),
    ]
}

/// Attributes that have one value at most.
pub const SINGLE: [&str; 8] = [
    "uidNumber",
    "gidNumber",
    "homeDirectory",
    "gecos",
    "loginShell",
    "displayName",
    "employeeNumber",
    "aliasedObjectName",
];

/// Values that fit an attribute, no two of them equal.
pub fn values_of(name: &str) -> Vec<&'static str> {
    match name {
        "uidNumber" | "gidNumber" => vec!["-3", "0", "5", "7", "10", "100", "255"],
        "member" | "seeAlso" | "manager" => {
            vec![
                NAMES[0],
                NAMES[1],
                NAMES[2],
                NAMES[5],
                "uid=p0,ou=a,ou=t,dc=example,dc=org",
            ]
        }
        "aliasedObjectName" => vec![
            "ou=a,ou=t,dc=example,dc=org",
            "uid=p0,ou=t,dc=example,dc=org",
            "ou=nowhere,ou=t,dc=example,dc=org",
        ],
        "telephoneNumber" => vec!["+1 234-5", "12 35", "1"],
        "postalAddress" => vec!["a$b", "A $ C", "x\\24y"],
        "c" => vec!["DE", "fr"],
        "mail" | "homeDirectory" | "gecos" | "loginShell" | "memberUid" => {
            vec!["a@b.org", "A@C.org", "/home/x", "x"]
        }
        _ => vec![
            "Ann Lee",
            "Anna",
            " annalee ",
            "lee",
            "BOB",
            "abab",
            "aba",
            "x",
            "Zoe\u{308}",
            "a, b",
            "a*(b)\\",
            "/home/x",
        ],
    }
}
