//! Passwords in clear text within a change: found, taken out, and their hashes put in their places.
//!
//! Owns where they can stand. Hashing them is the business of the password pool; when, that of who takes the change in.

use super::password::{self, Stored};
use super::request::{Change, ModificationKind};
use super::schema::{AttributeDescription, Schema, well_known};

/// Stands where a password stood until its hash does: well formed, and the hash of nothing that is known.
const PLACEHOLDER: &[u8] = b"{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Where in a change a password stands: which attribute or modification, and which of its values.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Place(usize, usize);

/// The values of one attribute in a change: description, values, whether they are to be deleted.
type ValueList<'a> = (&'a str, &'a mut Vec<Vec<u8>>, bool);

/// Takes the passwords in clear text out of a change.
pub fn take(schema: &Schema, change: &mut Change) -> Vec<(Place, Vec<u8>)> {
    let mut clear = Vec::new();
    for (at, (description, values, deletes)) in value_lists(change).enumerate() {
        let is_password = AttributeDescription::parse(schema, description)
            .is_ok_and(|description| description.attribute == well_known::USER_PASSWORD);
        if !is_password || deletes {
            continue;
        }
        for (which, value) in values.iter_mut().enumerate() {
            if matches!(password::classify(value), Stored::ClearText) {
                let value = std::mem::replace(value, PLACEHOLDER.to_vec());
                clear.push((Place(at, which), value));
            }
        }
    }
    clear
}

/// Puts a hash where a password was taken from.
pub fn put(change: &mut Change, place: Place, hash: Vec<u8>) {
    let list = value_lists(change).nth(place.0);
    if let Some(value) = list.and_then(|(_, values, _)| values.get_mut(place.1)) {
        *value = hash;
    }
}

fn value_lists(change: &mut Change) -> Box<dyn Iterator<Item = ValueList<'_>> + '_> {
    match change {
        Change::Add { attributes, .. } => Box::new(
            attributes
                .iter_mut()
                .map(|(name, values)| (name.as_str(), values, false)),
        ),
        Change::Modify { modifications, .. } => Box::new(modifications.iter_mut().map(|step| {
            let deletes = step.kind == ModificationKind::Delete;
            (step.attribute.as_str(), &mut step.values, deletes)
        })),
        Change::Delete { .. } | Change::Rename { .. } => Box::new(std::iter::empty()),
    }
}
