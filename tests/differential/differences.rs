//! Where the two servers are meant to differ, each with its reason.
//!
//! Not asked for at all: sorted searches, since few attributes have an order in slapd's schema and its overlay has rules of
//! its own for the rest; times, identifiers and numbers of changes, which each server makes itself; policies, membership and
//! counts of subordinates, which slapd keeps by overlays or not.
//!
//! Two lists: what generated operations run into all the time, and single cases that they avoid since the trees would go
//! apart. The second list is itself a test, so that a difference that is no more is taken off.

use hedgerow::directory::filter::Filter;

use super::ROOT;
use super::wire::{Answer, Operation};

/// Codes that speak of names: whether they are names, and what is there under them.
const OF_NAMES: [u8; 6] = [32, 33, 34, 53, 68, 71];
/// Codes that speak of attributes, values and classes.
const OF_CONTENT: [u8; 11] = [2, 16, 17, 18, 19, 20, 21, 64, 65, 67, 69];

/// Pairs of codes, slapd's first, for one mistake or for two in one attribute.
const OF_ONE_CONTENT: [(u8, u8); 22] = [
    // A value of objectClass that names no class: slapd takes it for a matter of syntax (RFC 4512 section 2.4 for ours).
    // Also an attribute that no class allows and a value that is none: ours judges the attribute first.
    (21, 65),
    // The same with two values of a single-valued attribute, and with a value that is there twice.
    (19, 65),
    (20, 65),
    // Values of attributes that the server keeps, or too many of them, are not looked at by ours.
    (21, 19),
    (19, 17),
    (19, 21),
    (20, 19),
    (21, 17),
    (20, 21),
    (20, 17),
    // Two things wrong with the same values, the other way around.
    (19, 20),
    (21, 20),
    // A value to be removed that is not of the syntax cannot be there.
    (21, 16),
    (20, 16),
    // Values of attributes without an equality rule: ours compares octets.
    (18, 16),
    // RFC 4511 section 4.6 has a code for values of the RDN (notAllowedOnRDN); slapd says namingViolation.
    (64, 67),
    // slapd's for a naming value beside another one of a single-valued attribute.
    (64, 19),
    (64, 65),
    // Another structural class, and what that class requires: ours looks at the new entry before it looks at the change.
    (69, 65),
    (65, 69),
    // No attribute description at all is refused by our decoder.
    (17, 2),
    // An addition of no attributes is well formed, and lacks objectClass.
    (2, 65),
];

/// Whether two different refusals are both right.
pub fn is_intended(operation: &Operation, slapd: &Answer, hedgerow: &Answer) -> bool {
    let codes = (slapd.code, hedgerow.code);
    if matches!(operation, Operation::Search { .. }) {
        return false;
    }
    let within = |codes: &[u8]| (codes.contains(&slapd.code), codes.contains(&hedgerow.code));
    match (within(&OF_NAMES), within(&OF_CONTENT)) {
        // A request with several mistakes may be refused for any; ours looks at the names first.
        ((true, false), (false, true)) | ((false, true), (true, false)) => true,
        // Names outside the suffix, places that cannot be moved to: slapd knows referrals and other servers.
        ((true, true), _) => [
            (53, 32),
            (53, 33),
            (71, 32),
            (34, 32),
            (34, 53),
            (53, 34),
            (53, 68),
        ]
        .contains(&codes),
        (_, (true, true)) => has_several_parts(operation) || OF_ONE_CONTENT.contains(&codes),
        _ => false,
    }
}

fn has_several_parts(operation: &Operation) -> bool {
    match operation {
        Operation::Modify { changes, .. } => changes.len() > 1,
        _ => false,
    }
}

/// One operation on the seedlings that the servers answer differently.
pub struct Difference {
    pub why: &'static str,
    /// What both do before, alike.
    pub before: Vec<Operation>,
    pub operation: Operation,
    /// slapd's code and number of entries.
    pub slapd: (u8, usize),
    /// Ours.
    pub hedgerow: (u8, usize),
}

/// An addition, values as text.
fn add(dn: &str, attributes: &[(&str, &[&str])]) -> Operation {
    let bytes = |values: &[&str]| {
        values
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect()
    };
    let attributes = attributes
        .iter()
        .map(|(name, values)| ((*name).to_owned(), bytes(values)));
    Operation::Add {
        dn: format!("{dn},{ROOT}"),
        attributes: attributes.collect(),
    }
}

fn search(base: &str, filter: &str) -> Operation {
    Operation::Search {
        base: base.to_owned(),
        scope: 2,
        dereference: 0,
        size_limit: 0,
        page: 0,
        types_only: false,
        filter: Filter::parse(filter).unwrap(),
        selection: vec!["1.1".to_owned()],
    }
}

fn modify(dn: &str, kind: u8, name: &str, value: &str) -> Operation {
    Operation::Modify {
        dn: format!("{dn},{ROOT}"),
        changes: vec![(kind, name.to_owned(), vec![value.as_bytes().to_vec()])],
    }
}

fn rename(dn: &str, rdn: &str) -> Operation {
    Operation::Rename {
        dn: format!("{dn},{ROOT}"),
        rdn: rdn.to_owned(),
        delete_old: true,
        superior: None,
    }
}

/// Every single case.
pub fn differences() -> Vec<Difference> {
    let case = |why, operation, slapd, hedgerow| Difference {
        why,
        before: Vec::new(),
        operation,
        slapd,
        hedgerow,
    };
    let device: (&str, &[&str]) = ("objectClass", &["device"]);
    vec![
        case(
            "an attribute that comes in two parts, or under two of its names, is one attribute",
            add(
                "cn=lamp",
                &[device, ("cn", &["lamp"]), ("commonName", &["light"])],
            ),
            (20, 0),
            (0, 0),
        ),
        case(
            "values in names may be BER in hexadecimal (RFC 4514 section 2.4)",
            search("ou=#0c0161,ou=t,dc=example,dc=org", "(objectClass=*)"),
            (34, 0),
            (0, 3),
        ),
        case(
            "a name of types that are unknown is a name, and no entry has it",
            search(
                "noSuchAttribute=x,ou=t,dc=example,dc=org",
                "(objectClass=*)",
            ),
            (34, 0),
            (32, 0),
        ),
        case(
            "so is one with a value that its attribute cannot have",
            search("uidNumber=seven,ou=t,dc=example,dc=org", "(objectClass=*)"),
            (34, 0),
            (32, 0),
        ),
        case(
            "; is no separator of RDNs (RFC 4514 section 3)",
            search("ou=a;ou=t,dc=example,dc=org", "(objectClass=*)"),
            (0, 3),
            (34, 0),
        ),
        case(
            "two different values of one attribute can make a name (RFC 4512 section 2.3.1)",
            add("cn=x+cn=y", &[device]),
            (34, 0),
            (0, 0),
        ),
        case(
            "objectIdentifierMatch is the rule of objectClass (RFC 4512 section 3.3); slapd has one of its own",
            search(
                "ou=t,dc=example,dc=org",
                "(objectClass:objectIdentifierMatch:=person)",
            ),
            (0, 0),
            (0, 2),
        ),
        case(
            "a value is compared as if a space came before and after it (RFC 4518 section 2.6.1)",
            search("ou=a,ou=t,dc=example,dc=org", "(ou=* a)"),
            (0, 0),
            (0, 1),
        ),
        case(
            "hyphens of telephone numbers are nothing (RFC 4518 section 2.6.3), and every number begins with nothing",
            search("ou=t,dc=example,dc=org", "(telephoneNumber=-*)"),
            (0, 0),
            (0, 1),
        ),
        case(
            "structuralObjectClass is the one class, and equal to no superclass of it (RFC 4512 section 3.4.8)",
            search("ou=t,dc=example,dc=org", "(structuralObjectClass=person)"),
            (0, 2),
            (0, 0),
        ),
        case(
            "a name of spaces alone is the empty name",
            modify("uid=p0", 0, "seeAlso", "  "),
            (21, 0),
            (0, 0),
        ),
        case(
            "the lines of a postal address are not empty (RFC 4517 section 3.3.28)",
            modify("uid=p0", 0, "postalAddress", "$"),
            (0, 0),
            (21, 0),
        ),
        case(
            "an identifier that no definition has is comparable (RFC 4517 section 4.2.26)",
            search("ou=t,dc=example,dc=org", "(!(objectClass=9.9.9.9))"),
            (0, 0),
            (0, 5),
        ),
        case(
            "superclasses are kept as if they had been sent (RFC 4512 section 3.3), and cannot be taken away",
            modify("uid=p0", 1, "objectClass", "top"),
            (16, 0),
            (0, 0),
        ),
        case(
            "and are there to be added to",
            modify("uid=p0", 0, "objectClass", "person"),
            (0, 0),
            (20, 0),
        ),
        case(
            "rules for Directory Strings serve for IA5 Strings too, as matchingRuleUse says",
            search(
                "ou=t,dc=example,dc=org",
                "(homeDirectory:caseIgnoreMatch:=/HOME/x)",
            ),
            (0, 0),
            (0, 1),
        ),
        case(
            "an entry that is no subentry may publish a subschema",
            add(
                "cn=rules",
                &[
                    ("objectClass", &["device", "subschema"]),
                    ("cn", &["rules"]),
                ],
            ),
            (65, 0),
            (0, 0),
        ),
        case(
            "a Boolean that is asked for may be in any case",
            search("ou=t,dc=example,dc=org", "(hasSubordinates=true)"),
            (0, 0),
            (0, 2),
        ),
        case(
            "what sounds alike is not about the same: RFC 4511 section 4.5.1.7.6 leaves it to the server, and equality is exact",
            search("ou=t,dc=example,dc=org", "(sn~=Lea)"),
            (0, 1),
            (0, 0),
        ),
        Difference {
            before: vec![modify("uid=p0", 0, "userPassword", "secret of p0")],
            ..case(
                "nobody reads, searches or compares a password",
                search("ou=t,dc=example,dc=org", "(userPassword=*)"),
                (0, 1),
                (0, 0),
            )
        },
        Difference {
            before: vec![
                modify("cn=g0,ou=a", 0, "member", "uid=p0,ou=t,dc=example,dc=org"),
                rename("uid=p0", "uid=p9"),
            ],
            ..case(
                "a member that is renamed stays one, under its new name; slapd leaves that to its overlay refint",
                search(
                    "ou=t,dc=example,dc=org",
                    "(member=uid=p9,ou=t,dc=example,dc=org)",
                ),
                (0, 0),
                (0, 1),
            )
        },
    ]
}
