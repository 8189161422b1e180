//! Second factors whose secret a client keeps until it hands it back: nothing is kept of one that is only looked at, and
//! what is handed back counts at once.
//!
//! Owns that way of enrolling, beside the one that a code confirms.

use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use super::{Told, fill, issuer, label, unwilling};
use crate::directory::Directory;
use crate::directory::dn::Dn;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::password::Secret;
use crate::directory::password_change::Whose;
use crate::directory::schema::well_known as known;
use crate::directory::second_factor::{Purpose, code};
use crate::directory::write::Credentials;

/// A second factor that an account could have.
#[derive(Debug)]
pub struct Proposal {
    /// The secret in Base32 (RFC 4648 section 6), without padding.
    pub secret: Secret,
    /// The same for the device, as an `otpauth:` URL.
    pub url: Secret,
}

impl Directory {
    /// Makes a secret for whoever asks, of which nothing is kept.
    ///
    /// # Errors
    /// When they could not enrol it.
    pub fn propose_second_factor(&self, identity: &Identity) -> Result<Proposal, Error> {
        let attribute = known::HEDGEROW_SECOND_FACTOR;
        let (_, proposal) = self.view_of(identity, &Whose::Own, attribute, |view| {
            self.sealing_key()?;
            let mut secret = Zeroizing::new([0; code::SECRET_LENGTH]);
            fill(secret.as_mut())?;
            let url = code::url(&issuer(view.snapshot), &label(view), secret.as_ref());
            Ok(Proposal {
                secret: Secret::from(BASE32_NOPAD.encode(secret.as_ref()).into_bytes()),
                url: Secret::from(url.into_bytes()),
            })
        })?;
        Ok(proposal)
    }

    /// Gives whoever asks the second factor of this secret, in Base32, in the place of the one they have and of its
    /// recovery codes. It counts at once.
    pub fn give_second_factor(&self, identity: &Identity, secret: &Secret, done: Told<()>) {
        let attribute = known::HEDGEROW_SECOND_FACTOR;
        let given = self.view_of(identity, &Whose::Own, attribute, |view| {
            let bytes = BASE32_NOPAD.decode(secret.as_bytes()).map(Zeroizing::new);
            let bytes = bytes.ok().filter(|it| it.len() == code::SECRET_LENGTH);
            let bytes = bytes.ok_or_else(|| {
                let length = BASE32_NOPAD.encode_len(code::SECRET_LENGTH);
                unwilling(&format!(
                    "the secret of a second factor is {length} characters of Base32, A to Z and 2 to 7"
                ))
            })?;
            let mut nonce = [0; 12];
            fill(&mut nonce)?;
            let sealed = self.sealing_key()?;
            let sealed = sealed.seal(Purpose::SecondFactor, &view.entry.uuid(), nonce, &bytes);
            let sealed = sealed.ok_or_else(|| unwilling("the secret cannot be sealed"))?;
            Ok((Credentials::Give(sealed), ()))
        });
        self.change_credentials(identity, given, done);
    }

    /// Whether the account of this name is in a group whose members need a second factor.
    pub fn needs_second_factor(&self, name: &Dn) -> bool {
        let snapshot = self.snapshot();
        let settings = &self.accounts().second_factor;
        let id = snapshot.find_entry(name);
        id.is_some_and(|id| settings.asking(&snapshot, id).is_some())
    }
}
