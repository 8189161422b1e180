//! Acting for another identity (RFC 4370, RFC 4513 section 5.2.1.8).
//!
//! Owns who may. How a protocol names the identity is the business of its face.

use super::Directory;
use super::access::Right;
use super::dn::Dn;
use super::error::Error;
use super::identity::Identity;
use super::view::View;

impl Directory {
    /// The identity of a name, for an asker who may act for it; the empty name is nobody's. Everyone may act for
    /// themselves, and whoever is somebody may act for nobody; the administrator may act for anyone, and others for those
    /// entries on which a rule gives them the right `proxy`. Nobody acts for the administrator.
    ///
    /// # Errors
    /// [`Error::AuthorizationDenied`], whether the name has no entry or the asker may not act for it.
    pub fn act_as(&self, asker: &Identity, name: &Dn) -> Result<Identity, Error> {
        if name.is_root() {
            return Ok(Identity::anonymous());
        }
        let target = self.vouch(name).ok_or(Error::AuthorizationDenied)?;
        if target == *asker {
            // With the key that it has logged in with, if it was one.
            return Ok(asker.clone());
        }
        if asker.is_administrator() {
            return Ok(target);
        }
        let snapshot = self.snapshot();
        let view = target.id().and_then(|id| View::new(&snapshot, id));
        let access = self.rules().access(&snapshot, asker);
        let allowed = view.is_some_and(|view| !access.mask(&view, Right::Proxy).is_empty());
        if allowed && !asker.is_anonymous() {
            Ok(target)
        } else {
            Err(Error::AuthorizationDenied)
        }
    }
}
