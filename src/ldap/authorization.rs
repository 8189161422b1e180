//! Authorization identities as text (RFC 4513 section 5.2.1.8): `dn:` and a name, `u:` and a user, or nothing.
//!
//! Owns whom the text names. Whether the client may act for them is the directory's to say.

use crate::directory::dn::Dn;
use crate::directory::identity::Identity;
use crate::directory::schema::well_known;
use crate::directory::{Directory, Error};

/// The name that an authorization identity stands for, the empty one for nobody; `None` when it is not of the form, or
/// no one user is called so.
pub fn name(directory: &Directory, text: &str) -> Option<Dn> {
    match text.split_once(':') {
        None if text.is_empty() => Some(Dn::default()),
        Some(("dn", name)) => Dn::parse(name).ok(),
        Some(("u", user)) => directory.name_of(well_known::UID, user.as_bytes()),
        _ => None,
    }
}

/// The same with what SASL clients send instead: a user or a name without saying which.
pub fn sasl_name(directory: &Directory, text: &str) -> Option<Dn> {
    let user = || directory.name_of(well_known::UID, text.as_bytes());
    name(directory, text)
        .or_else(user)
        .or_else(|| Dn::parse(text.strip_prefix("u:").unwrap_or(text)).ok())
}

/// The identity for which a client acts from here on, if it may.
///
/// # Errors
/// [`Error::AuthorizationDenied`], also when the text names nobody.
pub fn act_as(
    directory: &Directory,
    asker: &Identity,
    name: Option<Dn>,
) -> Result<Identity, Error> {
    directory.act_as(asker, &name.ok_or(Error::AuthorizationDenied)?)
}
