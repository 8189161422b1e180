//! How people name an entry that they want something told of: by its DN, or in short by a value that it alone has.
//!
//! Owns what a text is taken for, whether that is the administrator, and what is said when no entry is meant by it. What a
//! login may be named by is the faces'.

use super::authenticate::holders;
use super::dn::Dn;
use super::entry::EntryId;
use super::schema::AttributeTypeId;
use super::snapshot::Snapshot;

/// The DN that is meant, and by what it was found: a DN is one whether an entry has it or not, other text is the value of the
/// short attribute. `dn:` and `u:` before it, as in SASL (RFC 4513 section 5.2.1.8), leave no choice.
///
/// # Errors
/// What was looked for in vain, in words.
pub fn name(
    snapshot: &Snapshot,
    text: &str,
    short: AttributeTypeId,
) -> Result<(Dn, String), String> {
    let dn = |text: &str| match Dn::parse(text) {
        Ok(dn) => Ok((dn, "its DN".to_owned())),
        Err(error) => Err(format!("\"{text}\" is not a DN: {error}")),
    };
    if let Some(text) = text.strip_prefix("dn:") {
        return dn(text);
    }
    if let Some(value) = text.strip_prefix("u:") {
        return by_value(snapshot, value, short);
    }
    dn(text).or_else(|no_dn| {
        by_value(snapshot, text, short).map_err(|nobody| match text.contains('=') {
            true => format!("{no_dn}; and {nobody}"),
            false => nobody,
        })
    })
}

/// The entry that is meant, as by [`name`].
///
/// # Errors
/// What was looked for in vain, in words.
pub fn entry(snapshot: &Snapshot, text: &str, short: AttributeTypeId) -> Result<EntryId, String> {
    let (dn, _) = name(snapshot, text, short)?;
    let found = snapshot.find_entry(&dn);
    found.ok_or_else(|| format!("there is no entry \"{dn}\""))
}

/// Whether it is the name of the administrator, who need not have an entry.
pub fn is_administrator(snapshot: &Snapshot, dn: &Dn) -> bool {
    let administrator = Dn::parse(snapshot.administrator()).unwrap_or_default();
    let schema = snapshot.schema();
    !dn.is_root() && dn.normalize(schema) == administrator.normalize(schema)
}

fn by_value(
    snapshot: &Snapshot,
    value: &str,
    short: AttributeTypeId,
) -> Result<(Dn, String), String> {
    let attribute = snapshot.schema().attribute(short).name();
    let found = holders(snapshot, short, value.as_bytes())
        .ok_or_else(|| format!("no index finds the {attribute} \"{value}\": give a DN"))?;
    match found.as_slice() {
        [] => Err(format!("no entry has the {attribute} \"{value}\"")),
        [one] => {
            let dn = Dn::parse(&snapshot.dn(*one)).map_err(|error| error.to_string())?;
            Ok((dn, format!("its {attribute}")))
        }
        many => {
            let count = many.len();
            Err(format!(
                "{count} entries have the {attribute} \"{value}\": give the DN of one"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::fixture;
    use crate::directory::schema::well_known::{CN, UID};

    const TREE: &str = "dn: dc=a\nobjectClass: domain\ndc: a\n\n\
        dn: uid=ada,dc=a\nobjectClass: inetOrgPerson\nuid: ada\nuid: a=b\ncn: Ada\nsn: x\n\n\
        dn: uid=bob,dc=a\nobjectClass: inetOrgPerson\nuid: bob\ncn: Ada\nsn: x\n\n";

    #[test]
    fn an_entry_is_named_by_its_dn_or_a_value_that_it_alone_has() {
        let snapshot = fixture::tree(TREE);
        for text in ["UID=Ada,dc=a", "dn:uid=ada,dc=a", "ada", "u:ADA", "u:a=b"] {
            let found = entry(&snapshot, text, UID).map(|id| snapshot.dn(id));
            assert_eq!(found.as_deref(), Ok("uid=ada,dc=a"), "{text}");
        }
        let (dn, by) = name(&snapshot, "ada", UID).unwrap();
        assert_eq!(
            (dn.to_string(), &*by),
            ("uid=ada,dc=a".to_owned(), "its uid")
        );
        let (dn, by) = name(&snapshot, "uid=new,dc=a", UID).unwrap();
        assert_eq!(
            (dn.to_string(), &*by),
            ("uid=new,dc=a".to_owned(), "its DN")
        );
    }

    #[test]
    fn what_was_looked_for_in_vain_is_said() {
        let snapshot = fixture::tree(TREE);
        for (text, short, said) in [
            ("carol", UID, "no entry has the uid \"carol\""),
            ("u:dc=a", UID, "no entry has the uid \"dc=a\""),
            (
                "uid=carol,dc=a",
                UID,
                "there is no entry \"uid=carol,dc=a\"",
            ),
            (
                "ada",
                CN,
                "2 entries have the cn \"ada\": give the DN of one",
            ),
        ] {
            assert_eq!(entry(&snapshot, text, short), Err(said.to_owned()));
        }
        for (text, looked_for) in [
            ("dn:ada", "\"ada\" is not a DN: "),
            ("uid=ada,dc", "\"uid=ada,dc\" is not a DN: "),
            ("uid=ada,dc", "; and no entry has the uid \"uid=ada,dc\""),
        ] {
            let said = entry(&snapshot, text, UID).unwrap_err();
            assert!(said.contains(looked_for), "{said}");
        }
    }
}
