//! Valid requests of every kind, as clients send them.

use hedgerow::directory::filter::Filter;

use super::in_process::{ADMINISTRATOR, PASSWORD};
use super::wire::{self, Operation, element, sequence, text};

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// A message of id 5, with its controls.
fn message(operation: &[u8], controls: &[(&str, &[u8])]) -> Vec<u8> {
    let id = element(INTEGER, &[5]);
    let controls = (!controls.is_empty()).then(|| {
        let list = controls
            .iter()
            .map(|(oid, value)| sequence(SEQUENCE, [text(oid), element(OCTET_STRING, value)]));
        sequence(0xa0, list)
    });
    let parts = [id, operation.to_vec()].into_iter().chain(controls);
    sequence(SEQUENCE, parts)
}

fn search(base: &str, filter: &str, selection: &[&str]) -> Vec<u8> {
    let search = Operation::Search {
        base: base.to_owned(),
        scope: 2,
        dereference: 3,
        size_limit: 50,
        types_only: false,
        filter: Filter::parse(filter).unwrap(),
        selection: selection.iter().map(|name| (*name).to_owned()).collect(),
        page: 0,
    };
    search.encode()
}

fn add(dn: &str, attributes: &[(&str, &[&str])]) -> Vec<u8> {
    let bytes = |values: &[&str]| {
        values
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect()
    };
    let attributes = attributes
        .iter()
        .map(|(name, values)| ((*name).to_owned(), bytes(values)));
    let add = Operation::Add {
        dn: dn.to_owned(),
        attributes: attributes.collect(),
    };
    add.encode()
}

fn modify(dn: &str, changes: &[(u8, &str, &[&str])]) -> Vec<u8> {
    let changes = changes.iter().map(|(kind, name, values)| {
        let values = values.iter().map(|value| value.as_bytes().to_vec());
        (*kind, (*name).to_owned(), values.collect())
    });
    let modify = Operation::Modify {
        dn: dn.to_owned(),
        changes: changes.collect(),
    };
    modify.encode()
}

fn rename(dn: &str, rdn: &str, superior: Option<&str>) -> Vec<u8> {
    let rename = Operation::Rename {
        dn: dn.to_owned(),
        rdn: rdn.to_owned(),
        delete_old: true,
        superior: superior.map(str::to_owned),
    };
    rename.encode()
}

fn extended(name: &str, value: Option<&[u8]>) -> Vec<u8> {
    let value = value.map(|value| element(0x81, value));
    sequence(
        0x77,
        [element(0x80, name.as_bytes())].into_iter().chain(value),
    )
}

/// A bind of the administrator.
pub fn bind() -> Vec<u8> {
    message(&wire::bind(ADMINISTRATOR, PASSWORD), &[])
}

/// A search that finds the root DSE, whatever became of the directory.
pub fn probe() -> Vec<u8> {
    let probe = Operation::Search {
        base: String::new(),
        scope: 0,
        dereference: 0,
        size_limit: 0,
        page: 0,
        types_only: false,
        filter: Filter::Present("objectClass".to_owned()),
        selection: vec!["1.1".to_owned()],
    };
    message(&probe.encode(), &[])
}

/// All of them; the entries they speak of are among those they add.
pub fn requests() -> Vec<Vec<u8>> {
    let (unit, ada) = ("ou=t,dc=example,dc=org", "uid=ada,ou=t,dc=example,dc=org");
    let group = "cn=staff,ou=t,dc=example,dc=org";
    let sasl = [text("PLAIN"), element(OCTET_STRING, b"\0ada\0secret")];
    let sasl = [element(INTEGER, &[3]), text(""), sequence(0xa3, sasl)];
    let compare = Operation::Compare {
        dn: ada.to_owned(),
        attribute: "cn".to_owned(),
        value: b"ada  BYRON".to_vec(),
    };
    let delete = Operation::Delete { dn: ada.to_owned() };
    let sort_by_cn = sequence(SEQUENCE, [sequence(SEQUENCE, [text("cn")])]);
    let page_of_two = sequence(SEQUENCE, [element(INTEGER, &[2]), text("")]);
    let paged: &[(&str, &[u8])] = &[
        ("1.2.840.113556.1.4.319", &page_of_two),
        ("1.2.840.113556.1.4.473", &sort_by_cn),
        ("2.16.840.1.113730.3.4.2", b""),
    ];
    let plain = [
        add(
            unit,
            &[("objectClass", &["organizationalUnit"]), ("ou", &["t"])],
        ),
        add(
            ada,
            &[
                ("objectClass", &["inetOrgPerson", "posixAccount"]),
                ("uid", &["ada"]),
                ("cn", &["Ada Byron", "Ada"]),
                ("cn;lang-de", &["Ada"]),
                ("sn", &["Byron"]),
                ("uidNumber", &["7"]),
                ("gidNumber", &["8"]),
                ("homeDirectory", &["/home/ada"]),
                ("telephoneNumber", &["+1 234-5"]),
                ("jpegPhoto", &["\u{0}\u{1}"]),
                ("userPassword", &["secret"]),
            ],
        ),
        add(
            group,
            &[
                ("objectClass", &["groupOfNames"]),
                ("cn", &["staff"]),
                ("member", &[ada, "cn=x+sn=y,dc=example,dc=org"]),
            ],
        ),
        add(
            "cn=other,ou=t,dc=example,dc=org",
            &[
                ("objectClass", &["alias", "extensibleObject"]),
                ("cn", &["other"]),
                ("aliasedObjectName", &[ada]),
            ],
        ),
        modify(
            ada,
            &[
                (0, "description", &["one", "two"]),
                (2, "mail", &["ada@example.org"]),
                (1, "cn", &["Ada"]),
                (3, "uidNumber", &["1"]),
            ],
        ),
        modify(
            group,
            &[
                (0, "member", &["uid=eve,ou=t,dc=example,dc=org"]),
                (1, "member", &[ada]),
            ],
        ),
        modify(
            ada,
            &[(2, "userPassword", &["another"]), (1, "description", &[])],
        ),
        rename(ada, "uid=lovelace", Some("dc=example,dc=org")),
        rename("uid=lovelace,dc=example,dc=org", "UID=ada", Some(unit)),
        delete.encode(),
        compare.encode(),
        search(
            "dc=example,dc=org",
            "(&(objectClass=person)(|(cn=a*d*n)(!(sn>=b))(uid~=ada)))",
            &["*", "+"],
        ),
        search(
            unit,
            "(|(cn:dn:caseExactMatch:=Ada)(:2.5.13.2:=ada)(uidNumber:1.2.840.113556.1.4.803:=3))",
            &["@person", "cn;lang-de"],
        ),
        search(unit, "(memberOf=cn=staff,ou=t,dc=example,dc=org)", &["1.1"]),
        search(
            "cn=Subschema",
            "(objectClass=subschema)",
            &["attributeTypes"],
        ),
        search("", "(objectClass=*)", &[]),
        wire::bind(ada, "secret"),
        wire::bind("", ""),
        sequence(0x60, sasl),
        extended("1.3.6.1.4.1.4203.1.11.3", None),
        extended(
            "1.3.6.1.4.1.4203.1.11.1",
            Some(&sequence(
                SEQUENCE,
                [element(0x80, ada.as_bytes()), element(0x82, b"new")],
            )),
        ),
        extended(
            "1.3.6.1.1.8",
            Some(&sequence(SEQUENCE, [element(INTEGER, &[4])])),
        ),
        extended("1.3.6.1.4.1.1466.20037", None),
        element(0x50, &[4]),
        element(0x42, b""),
    ];
    let mut all: Vec<_> = plain
        .iter()
        .map(|operation| message(operation, &[]))
        .collect();
    all.push(message(&search(unit, "(objectClass=*)", &[]), paged));
    all
}
