//! Who a connection proves to be without a simple bind: SASL EXTERNAL by client certificate, and SASL PLAIN.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod authority;
mod client;
mod server;

use std::fs;
use std::io::{Read, Write};

use authority::{Authority, Issued, Secured, secured, trusting};
use client::{
    Client, START_TLS, WHO_AM_I, element, extended, sasl, search_asking, sequence, split,
};
use rcgen::DnType;
use server::{Folder, Server, text};

const TREE: &str = "\
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=services,dc=example,dc=org
objectClass: organizationalUnit
ou: services

dn: cn=backup,ou=services,dc=example,dc=org
objectClass: applicationProcess
cn: backup

dn: uid=ada,dc=example,dc=org
objectClass: inetOrgPerson
uid: ada
cn: Ada
sn: Byron
userPassword: secret-ada
";
const BACKUP: &str = "cn=backup,ou=services,dc=example,dc=org";
const ADA: &str = "uid=ada,dc=example,dc=org";

const SUCCESS: Option<u8> = Some(0);
const CONFIDENTIALITY_REQUIRED: Option<u8> = Some(13);
const INAPPROPRIATE_AUTHENTICATION: Option<u8> = Some(48);
const INVALID_CREDENTIALS: Option<u8> = Some(49);
const AUTH_METHOD_NOT_SUPPORTED: Option<u8> = Some(7);

/// Where TLS begins.
#[derive(Copy, Clone, Debug)]
enum Way {
    Ldaps,
    StartTls,
}

const WAYS: [Way; 2] = [Way::Ldaps, Way::StartTls];

struct Place {
    folder: Folder,
    server: Server,
    clients: Authority,
}

impl Place {
    fn new(tls: &str) -> Place {
        let folder = Folder::edited(|config| {
            let key = "key = \"certs/server.key\"\n";
            config
                .replace(
                    key,
                    &format!("{key}client_ca = \"certs/clients.pem\"\n{tls}\n"),
                )
                .replace("allow_passwords_without_tls = true", "")
        });
        let clients = Authority::new("Clients of Example");
        fs::write(folder.path("certs/clients.pem"), clients.pem()).unwrap();
        folder.load(TREE);
        let server = folder.serve();
        Place {
            folder,
            server,
            clients,
        }
    }

    fn mapped() -> Place {
        Place::new(&format!(
            "subject_map = [{{ subject = \"CN=backup, O=Example\", dn = \"{BACKUP}\" }}, \
             {{ subject = \"CN=ghost,O=Example\", dn = \"cn=ghost,dc=example,dc=org\" }}]"
        ))
    }

    fn connect(&self, way: Way, shown: Option<&Issued>) -> Client<Secured> {
        let authority = fs::read_to_string(self.folder.authority()).unwrap();
        let config = trusting(&authority, shown);
        match way {
            Way::Ldaps => secured(Client::new(self.server.ldaps), &config),
            Way::StartTls => {
                let mut client = Client::new(self.server.ldap);
                assert_eq!(client.ask(1, &extended(START_TLS)).code, SUCCESS);
                secured(client, &config)
            }
        }
    }

    fn certificate(&self, name: &str) -> Issued {
        self.clients.client(&[
            (DnType::OrganizationName, "Example"),
            (DnType::CommonName, name),
        ])
    }
}

/// The answer to "Who am I?" (RFC 4532).
fn who<S: Read + Write>(client: &mut Client<S>, id: i16) -> String {
    let reply = client.ask(id, &extended(WHO_AM_I));
    assert_eq!(reply.code, SUCCESS);
    // Behind result code, name and text.
    let value = (0..3).fold(&reply.operation[..], |rest, _| split(rest).1);
    String::from_utf8(split(value).0.1.to_vec()).unwrap()
}

/// The mechanisms that the root DSE offers on a connection.
fn mechanisms<S: Read + Write>(client: &mut Client<S>, id: i16) -> Vec<&'static str> {
    let search = search_asking(
        "",
        0,
        &client::present("objectClass"),
        &["supportedSASLMechanisms"],
    );
    let entry = client.ask(id, &search);
    assert_eq!(client.reply().code, SUCCESS);
    let has = |name: &&str| {
        let value = element(0x04, name.as_bytes());
        entry.operation.windows(value.len()).any(|at| at == value)
    };
    ["EXTERNAL", "PLAIN"].into_iter().filter(has).collect()
}

#[test]
fn a_certificate_with_a_mapped_subject_is_its_entry() {
    let place = Place::mapped();
    let issued = place.certificate("backup");
    for way in WAYS {
        let mut client = place.connect(way, Some(&issued));
        assert_eq!(mechanisms(&mut client, 2), ["EXTERNAL", "PLAIN"], "{way:?}");
        assert_eq!(who(&mut client, 3), "", "nobody before the bind");
        assert_eq!(client.ask(4, &sasl("EXTERNAL", None)).code, SUCCESS);
        assert_eq!(who(&mut client, 5), format!("dn:{BACKUP}"), "{way:?}");
        // Itself, by name (RFC 4422 appendix A).
        for own in ["", "dn:CN=Backup, ou=services,dc=example,dc=org"] {
            let reply = client.ask(6, &sasl("EXTERNAL", Some(own.as_bytes())));
            assert_eq!(reply.code, SUCCESS, "{own}");
        }
        // Nobody else; and a bind that fails leaves nobody.
        let reply = client.ask(7, &sasl("EXTERNAL", Some(b"u:ada")));
        assert_eq!(reply.code, INVALID_CREDENTIALS, "{way:?}");
        assert_eq!(who(&mut client, 8), "");
    }
}

#[test]
fn a_certificate_that_stands_for_no_entry_proves_nothing() {
    let place = Place::mapped();
    let cases = [
        // Mapped to an entry that does not exist.
        ("ghost", INVALID_CREDENTIALS),
        // Not mapped at all.
        ("stranger", INAPPROPRIATE_AUTHENTICATION),
        // A subject that merely begins like one that is mapped.
        ("backup2", INAPPROPRIATE_AUTHENTICATION),
    ];
    for (name, code) in cases {
        let issued = place.certificate(name);
        for way in WAYS {
            let mut client = place.connect(way, Some(&issued));
            let reply = client.ask(2, &sasl("EXTERNAL", None));
            assert_eq!(reply.code, code, "{name} {way:?}");
            assert_eq!(who(&mut client, 3), "");
            client.bind(4, ADA, "secret-ada");
        }
    }
}

#[test]
fn a_certificate_of_an_authority_that_is_not_trusted_ends_the_handshake() {
    let place = Place::mapped();
    let subject = [
        (DnType::OrganizationName, "Example"),
        (DnType::CommonName, "backup"),
    ];
    // One of another name, and one that only calls itself the right one.
    for other in [
        Authority::new("Others"),
        Authority::new("Clients of Example"),
    ] {
        let issued = other.client(&subject);
        for way in WAYS {
            let mut client = place.connect(way, Some(&issued));
            let sent = client
                .0
                .write_all(&client::message(2, &sasl("EXTERNAL", None)));
            let mut answer = Vec::new();
            let read = client.0.read_to_end(&mut answer);
            assert!(sent.is_err() || read.is_err(), "{way:?}");
            assert!(answer.is_empty(), "{way:?}: {answer:x?}");
            place.server.said("TLS handshake failed");
        }
    }
}

#[test]
fn a_key_that_is_held_to_a_certificate_is_good_where_that_is_shown() {
    let place = Place::mapped();
    let key = place
        .folder
        .told(&["key", "create", "ada", "program", "--certificate", BACKUP]);
    let key = key.trim_end();
    for way in WAYS {
        let right = place.certificate("backup");
        let mut client = place.connect(way, Some(&right));
        client.bind(2, ADA, key);
        assert_eq!(who(&mut client, 3), format!("dn:{ADA}"));
        let other = place.certificate("ghost");
        for shown in [None, Some(&other)] {
            let mut client = place.connect(way, shown);
            let reply = client.ask(2, &client::bind(3, ADA, key.as_bytes()));
            assert_eq!(reply.code, INVALID_CREDENTIALS, "{way:?}");
        }
    }
}

#[test]
fn without_a_certificate_external_is_not_offered_and_passwords_work() {
    let place = Place::mapped();
    for way in WAYS {
        let mut client = place.connect(way, None);
        assert_eq!(mechanisms(&mut client, 2), ["PLAIN"], "{way:?}");
        let reply = client.ask(3, &sasl("EXTERNAL", None));
        assert_eq!(reply.code, INAPPROPRIATE_AUTHENTICATION, "{way:?}");
        client.bind(4, ADA, "secret-ada");
        assert_eq!(who(&mut client, 5), format!("dn:{ADA}"));
    }
    let mut clear = Client::new(place.server.ldap);
    assert!(mechanisms(&mut clear, 1).is_empty());
    let reply = clear.ask(2, &sasl("EXTERNAL", None));
    assert_eq!(reply.code, INAPPROPRIATE_AUTHENTICATION);
}

#[test]
fn a_subject_can_be_the_name_of_the_entry_itself() {
    let place = Place::new("subject_is_dn = true");
    let made = tempfile::TempDir::new().unwrap();
    for (uid, code) in [("ADA", SUCCESS), ("eve", INVALID_CREDENTIALS)] {
        let subject = format!("/DC=org/DC=example/UID={uid}");
        let issued = place.clients.client_by_openssl(&subject, made.path());
        for way in WAYS {
            let mut client = place.connect(way, Some(&issued));
            assert_eq!(client.ask(2, &sasl("EXTERNAL", None)).code, code, "{uid}");
            let expected = if code == SUCCESS {
                format!("dn:{ADA}")
            } else {
                String::new()
            };
            assert_eq!(who(&mut client, 3), expected);
        }
    }
}

/// RFC 4616, with the identities of RFC 4513 section 5.2.1.8.
#[test]
fn plain_takes_names_and_dns_under_tls() {
    let place = Place::mapped();
    for way in WAYS {
        let mut client = place.connect(way, None);
        for (text, code) in [
            ("\0ada\0secret-ada", SUCCESS),
            ("\0u:ada\0secret-ada", SUCCESS),
            ("\0dn:uid=ada,dc=example,dc=org\0secret-ada", SUCCESS),
            ("\0UID=Ada, dc=example,dc=org\0secret-ada", SUCCESS),
            ("u:ada\0dn:uid=ada,dc=example,dc=org\0secret-ada", SUCCESS),
            ("\0ada\0secret-ada\0", INVALID_CREDENTIALS),
            ("\0ada\0wrong", INVALID_CREDENTIALS),
            ("\0nobody\0secret-ada", INVALID_CREDENTIALS),
            ("\0\0secret-ada", INVALID_CREDENTIALS),
            ("u:backup\0ada\0secret-ada", INVALID_CREDENTIALS),
            ("ada\0secret-ada", INVALID_CREDENTIALS),
            ("", INVALID_CREDENTIALS),
        ] {
            let reply = client.ask(2, &sasl("PLAIN", Some(text.as_bytes())));
            assert_eq!(reply.code, code, "{text:?} {way:?}");
            let expected = if code == SUCCESS {
                format!("dn:{ADA}")
            } else {
                String::new()
            };
            assert_eq!(who(&mut client, 3), expected, "{text:?}");
        }
        // RFC 4513 section 5.1.2: no password is no proof.
        let reply = client.ask(4, &sasl("PLAIN", Some(b"\0ada\0")));
        assert!(reply.code != SUCCESS, "{way:?}");
        assert_eq!(who(&mut client, 5), "");
    }
}

#[test]
fn plain_without_tls_is_refused_before_the_password_is_looked_at() {
    let place = Place::mapped();
    let mut client = Client::new(place.server.ldap);
    for text in ["\0ada\0secret-ada", "\0ada\0wrong", "nonsense"] {
        let reply = client.ask(1, &sasl("PLAIN", Some(text.as_bytes())));
        assert_eq!(reply.code, CONFIDENTIALITY_REQUIRED, "{text:?}");
    }
    assert_eq!(who(&mut client, 2), "");
}

#[test]
fn a_mechanism_or_a_choice_that_is_not_known_is_refused() {
    let place = Place::mapped();
    let mut client = place.connect(Way::Ldaps, None);
    for mechanism in ["GSSAPI", "DIGEST-MD5", "plain", ""] {
        let reply = client.ask(2, &sasl(mechanism, None));
        assert_eq!(reply.code, AUTH_METHOD_NOT_SUPPORTED, "{mechanism}");
    }
    // What Active Directory calls sicilyPackageDiscovery.
    let choice = sequence(
        0x60,
        &[&[0x02, 1, 3], &element(0x04, b""), &element(0x89, b"")],
    );
    let reply = client.ask(3, &choice);
    assert_eq!(reply.code, AUTH_METHOD_NOT_SUPPORTED);
    assert!(text(&reply.operation).contains("authentication choice [9]"));
    client.expect_service(4);
}
