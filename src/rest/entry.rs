//! Entries as the dialects read, make and change them: their names, their attributes, and the steps of a change.
//!
//! Owns no attribute's meaning; which entries are users and groups is `principal`'s, what a member of a body is called the
//! dialect's.

use super::fault::Fault;
use super::list;
use super::operation::Call;
use super::term::equal;
use crate::directory::dn::{Ava, Dn, Rdn};
use crate::directory::filter::Filter;
use crate::directory::request::{Change, Modification, ModificationKind, Terms};
use crate::directory::value_set::ValueSet;
use crate::directory::{Changed, EntryCopy, Error};

/// The names of attributes as a search takes them.
pub fn selected(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The one entry below the suffix that a filter finds, with these attributes.
pub async fn find(call: &Call, filter: Filter, names: &[&str]) -> Result<Option<EntryCopy>, Fault> {
    list::one(call, (call.rest.suffix(), filter), names).await
}

/// The one of an id among the entries of a kind.
pub async fn by_id(
    call: &Call,
    id: &str,
    kind: Filter,
    names: &[&str],
) -> Result<Option<EntryCopy>, Fault> {
    find(call, Filter::And(vec![equal("entryUUID", id), kind]), names).await
}

/// The name of an entry.
pub fn name(entry: &EntryCopy) -> Dn {
    Dn::parse(&entry.dn).unwrap_or_default()
}

/// The first value of an attribute of a copy; what is not UTF-8 in it is replaced.
pub fn text(entry: &EntryCopy, name: &str) -> Option<String> {
    let first = values(entry, name).into_iter().next();
    first.map(|value| String::from_utf8_lossy(value).into_owned())
}

/// The values of an attribute of a copy as texts; what is not UTF-8 in them is replaced.
pub fn texts(entry: &EntryCopy, name: &str) -> Vec<String> {
    let values = values(entry, name).into_iter();
    let texts = values.map(|value| String::from_utf8_lossy(value).into_owned());
    texts.collect()
}

/// Whether the value of an attribute of a copy is true.
pub fn is_true(entry: &EntryCopy, name: &str) -> bool {
    let value = values(entry, name).into_iter().next();
    value.is_some_and(|value| value.eq_ignore_ascii_case(b"TRUE"))
}

/// The values of an attribute of a copy.
pub fn values<'a>(entry: &'a EntryCopy, name: &str) -> Vec<&'a [u8]> {
    let mut attributes = entry.attributes.iter();
    let found = attributes.find(|(is, _)| is.eq_ignore_ascii_case(name));
    let set = found.and_then(|(_, set)| ValueSet::parse(set).ok());
    set.map(|set| set.values().collect()).unwrap_or_default()
}

/// The name that a new entry gets below a unit of the tree.
pub fn name_below(unit: Dn, attribute: &str, value: &str) -> Result<Dn, Fault> {
    Ok(unit.child(rdn(attribute, value)?))
}

/// A relative name of one value.
pub fn rdn(attribute: &str, value: &str) -> Result<Rdn, Fault> {
    let ava = Ava {
        attribute: attribute.to_owned(),
        value: value.as_bytes().to_vec(),
    };
    Rdn::parse(&ava.to_string())
        .map_err(|error| Fault::invalid(format!("\"{value}\" cannot be a name: {error}")))
}

/// What an entry below another is called by its own name.
pub fn identifier(dn: &Dn) -> Option<String> {
    let ava = dn.rdn()?.assertions().first()?;
    Some(String::from_utf8_lossy(&ava.value).into_owned())
}

/// Whether an attribute is part of an entry's own name.
pub fn names(dn: &Dn, attribute: &str) -> bool {
    let rdn = dn.rdns().first().into_iter();
    rdn.flat_map(Rdn::assertions)
        .any(|ava| ava.attribute.eq_ignore_ascii_case(attribute))
}

/// An attribute with one value, as an added entry has it.
pub fn attribute(name: &str, value: &str) -> (String, Vec<Vec<u8>>) {
    (name.to_owned(), vec![value.as_bytes().to_vec()])
}

/// A step that puts values in the place of all that an attribute has.
pub fn replace(attribute: &str, values: &[&str]) -> Modification {
    Modification {
        kind: ModificationKind::Replace,
        attribute: attribute.to_owned(),
        values: values
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect(),
    }
}

/// The step after which an attribute's first value is another; the others stay.
pub fn replace_first(entry: &EntryCopy, attribute: &str, value: Option<&str>) -> Modification {
    let rest = values(entry, attribute).into_iter().skip(1);
    let rest = rest.filter(|other| Some(*other) != value.map(str::as_bytes));
    let first = value.map(str::as_bytes);
    Modification {
        kind: ModificationKind::Replace,
        attribute: attribute.to_owned(),
        values: first.into_iter().chain(rest).map(<[u8]>::to_vec).collect(),
    }
}

/// The step that adds what an entry lacks of these classes.
pub fn classes(entry: &EntryCopy, wanted: &[&str]) -> Vec<Modification> {
    let has = values(entry, "objectClass");
    let lacking = wanted.iter().filter(|class| {
        !has.iter()
            .any(|is| is.eq_ignore_ascii_case(class.as_bytes()))
    });
    let lacking: Vec<Vec<u8>> = lacking.map(|class| class.as_bytes().to_vec()).collect();
    let step = (!lacking.is_empty()).then(|| Modification {
        kind: ModificationKind::Add,
        attribute: "objectClass".to_owned(),
        values: lacking,
    });
    step.into_iter().collect()
}

/// Terms of a change that is answered with the entry.
pub fn reading(names: &[&str]) -> Terms {
    Terms {
        read_after: Some(selected(names)),
        manage_referrals: true,
        ..Terms::default()
    }
}

/// The change of an entry by some steps.
pub fn modify(dn: Dn, modifications: Vec<Modification>) -> Change {
    Change::Modify { dn, modifications }
}

/// The change of an entry's own name.
pub fn rename(dn: Dn, new_rdn: Rdn) -> Change {
    Change::Rename {
        dn,
        new_rdn,
        delete_old_rdn: true,
        new_superior: None,
    }
}

/// The last of several changes that are answered with the entry of a name: none, but that it is read.
pub fn reread(dn: Dn, names: &[&str]) -> (Change, Terms) {
    (modify(dn, Vec::new()), reading(names))
}

/// The change that makes a unit of the tree.
pub fn new_unit(call: &Call, unit: &str) -> Change {
    Change::Add {
        dn: call.rest.unit(unit),
        attributes: vec![
            attribute("objectClass", "organizationalUnit"),
            attribute("ou", unit),
        ],
    }
}

/// The changes of these that make what is not there yet.
pub fn missing(call: &Call, all: impl IntoIterator<Item = Change>) -> Vec<Change> {
    let snapshot = call.rest.directory.snapshot();
    let is_missing = |add: &Change| snapshot.find_entry(add.dn()).is_none();
    all.into_iter().filter(is_missing).collect()
}

/// Makes a unit of the tree where it is not there yet; whether it was not.
pub async fn make_unit(call: &Call, unit: &str) -> Result<bool, Fault> {
    let Some(make) = missing(call, [new_unit(call, unit)]).pop() else {
        return Ok(false);
    };
    match list::change(call, make, Terms::default()).await {
        Ok(_) | Err(Error::EntryAlreadyExists) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Adds an entry below a unit of the tree, which is made first where it is not there yet, with the changes that follow.
pub async fn add(
    call: &Call,
    unit: &str,
    changes: Vec<(Change, Terms)>,
) -> Result<EntryCopy, Fault> {
    let mut done = list::together(call, changes.clone()).await;
    if let Err(Error::NoSuchObject { .. }) = done
        && make_unit(call, unit).await?
    {
        done = list::together(call, changes).await;
    }
    after(done?)
}

/// The entry after changes that were to be answered with it.
pub fn after(done: impl Into<Option<Changed>>) -> Result<EntryCopy, Fault> {
    let entry = done.into().and_then(|done| done.after);
    entry.ok_or_else(|| Fault::forbidden("it is done, and the caller may not see it"))
}
