//! The texts that are read: names, filters, LDIF. What is understood must be understood again when it is printed.
//!
//! The fuzz targets use it as well.

use hedgerow::directory::dn::Dn;
use hedgerow::directory::filter::Filter;
use hedgerow::directory::ldif::Reader;

/// What reads some bytes, and checks what it made of them.
pub type Read = fn(&[u8]);

/// Valid texts, and what reads them.
pub const TEXTS: [(&str, Read); 6] = [
    (
        "cn=Ann Lee+uid=#0c0361 ,2.5.4.11=\\e2\\82\\ac\\, \\#x\\ , dc = example,DC=\"o,r g\"",
        name,
    ),
    ("OID.2.5.4.3=a\\+b,cn=c", name),
    (
        "(&(objectClass=person)(|(cn=a*b\\2a*c)(!(sn>=b))(uid~=ada))(cn;lang-en<=x))",
        filter,
    ),
    (
        "(|(cn:dn:caseExactMatch:=Ada)(:2.5.13.2:=ada)(uidNumber:1.2.840.113556.1.4.803:=3)(&)(a=*))",
        filter,
    ),
    (
        "version: 1\n# a comment\n that goes on\ndn: dc=example,dc=org\nobjectClass: domain\ndc:: ZXhhbXBsZQ==\n\n\
         dn:: Y249YQ==\ncn: fol\n ded\r\ndescription:\n\n",
        ldif,
    ),
    (
        "dn: cn=a\ncontrol: 1.2.3 true: x\nchangetype: modify\nadd: cn\ncn: b\n-\ndelete: sn\n-\n\n\
         dn: cn=a\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 1\nnewsuperior: dc=b\n\n\
         dn: cn=b\nchangetype: delete\n",
        ldif,
    ),
];

/// Reads a name.
pub fn name(bytes: &[u8]) {
    let Some(name) = str::from_utf8(bytes)
        .ok()
        .and_then(|text| Dn::parse(text).ok())
    else {
        return;
    };
    let printed = name.to_string();
    assert_eq!(Dn::parse(&printed).as_ref(), Ok(&name), "{printed}");
}

/// Reads a filter.
pub fn filter(bytes: &[u8]) {
    let Some(filter) = str::from_utf8(bytes)
        .ok()
        .and_then(|text| Filter::parse(text).ok())
    else {
        return;
    };
    let printed = filter.to_string();
    assert_eq!(Filter::parse(&printed).as_ref(), Ok(&filter), "{printed}");
}

/// Reads LDIF to its end, over every mistake in it.
pub fn ldif(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    // Every record and every mistake takes a line at least.
    for _ in 0..=bytes.len() {
        match reader.next_record() {
            Ok(Some(_)) => {}
            Ok(None) => {
                assert!(reader.position() <= bytes.len() as u64);
                return;
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    panic!("it does not end: {bytes:x?}");
}
