//! Passwords within a change: those a client may not set so are refused, those in clear text are found, and hashes put in
//! their places.
//!
//! Owns where they can stand. Hashing them is the business of the password pool; when, that of who takes the change in.

use super::error::Error;
use super::password::{self, Job, Secret, Stored};
use super::request::{Change, ModificationKind};
use super::schema::{AttributeDescription, Schema, well_known};

/// Stands where a password stood until its hash does: well formed, and the hash of nothing that is known.
const PLACEHOLDER: &[u8] = b"{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Passwords in clear text that one change may hold, each of which costs a hash: as many as of an entry are ever tried.
const MOST: usize = Job::MAX_STORED;

/// Where in a change a password stands: which attribute or modification, and which of its values.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Place(usize, usize);

/// The values of one attribute in a change: description, values, whether they are to be deleted.
type ValueList<'a> = (&'a str, &'a mut Vec<Vec<u8>>, bool);

/// Refuses passwords that a client may not set: empty ones, too many, and ready-made hashes unless `may_be_hashed`, for
/// nobody knows what password, if any, such a hash is of. Whether there is any in clear text.
pub fn judge(schema: &Schema, change: &mut Change, may_be_hashed: bool) -> Result<bool, Error> {
    let mut clear = 0_usize;
    for (_, values, deletes) in password_lists(schema, change) {
        for value in values {
            match password::classify(value) {
                Stored::Hashed(scheme) if !deletes && !may_be_hashed => {
                    return Err(Error::ConstraintViolation(format!(
                        "userPassword: only the administrator may store a ready-made {scheme} hash; set the password itself"
                    )));
                }
                Stored::ClearText if !deletes && value.is_empty() => {
                    let text = "userPassword: a password cannot be empty";
                    return Err(Error::ConstraintViolation(text.to_owned()));
                }
                Stored::ClearText => clear += 1,
                Stored::Hashed(_) | Stored::UnknownScheme(_) => {}
            }
        }
    }
    if clear > MOST {
        let text = format!("more than {MOST} passwords in one change");
        return Err(Error::AdminLimitExceeded(text));
    }
    Ok(clear > 0)
}

/// Takes the passwords in clear text that are to be stored out of a change.
pub fn take(schema: &Schema, change: &mut Change) -> Vec<(Place, Secret)> {
    let mut clear = Vec::new();
    for (at, values, _) in password_lists(schema, change).filter(|(.., deletes)| !deletes) {
        for (which, value) in values.iter_mut().enumerate() {
            if matches!(password::classify(value), Stored::ClearText) {
                let value = std::mem::replace(value, PLACEHOLDER.to_vec());
                clear.push((Place(at, which), Secret::from(value)));
            }
        }
    }
    clear
}

/// The passwords in clear text that a change removes; they stay in it until a stored value is put in their places.
pub fn to_remove(schema: &Schema, change: &mut Change) -> Vec<(Place, Secret)> {
    let mut clear = Vec::new();
    for (at, values, _) in password_lists(schema, change).filter(|(.., deletes)| *deletes) {
        for (which, value) in values.iter().enumerate() {
            if matches!(password::classify(value), Stored::ClearText) {
                clear.push((Place(at, which), Secret::from(value.as_slice())));
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

/// The values of userPassword in a change: which list, the values, whether they are to be deleted.
fn password_lists<'a>(
    schema: &'a Schema,
    change: &'a mut Change,
) -> impl Iterator<Item = (usize, &'a mut Vec<Vec<u8>>, bool)> {
    let lists = value_lists(change).enumerate();
    lists.filter_map(|(at, (description, values, deletes))| {
        AttributeDescription::parse(schema, description)
            .is_ok_and(|description| description.attribute == well_known::USER_PASSWORD)
            .then_some((at, values, deletes))
    })
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
