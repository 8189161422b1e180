//! What an account can be logged in to with, in words: its password, with or without a second factor, and its keys.
//!
//! Owns which of them would do now. It tells of a second factor that there is one, and of a key its name and its limits.

use super::Explanation;
use crate::directory::authenticate::passwords;
use crate::directory::credentials::ShownKey;
use crate::directory::dn::Dn;
use crate::directory::keys;
use crate::directory::password::policy::Seconds;
use crate::directory::second_factor::{self, Held, SecondFactorSettings};
use crate::directory::view::View;

/// What an account has to be logged in to with.
pub(super) struct Proofs<'s> {
    has_password: bool,
    factor: Held,
    /// Whether the secret of the second factor can be read.
    opens: bool,
    /// The group that asks for a second factor.
    asked_by: Option<&'s Dn>,
    keys: Vec<ShownKey>,
}

impl<'s> Proofs<'s> {
    pub fn of(settings: &'s SecondFactorSettings, view: &View<'_>) -> Proofs<'s> {
        let factor = Held::of(view);
        let open = |sealed: &Vec<u8>| second_factor::open(settings, &view.entry.uuid(), sealed);
        Proofs {
            has_password: !passwords(view).is_empty(),
            opens: factor.sealed.as_ref().and_then(open).is_some(),
            factor,
            asked_by: settings.asking(view.snapshot, view.id),
            keys: ShownKey::of(view),
        }
    }

    /// What would do now, or why nothing would. `expired` says that the password is too old.
    pub fn that_do(&self, expired: bool, now: Seconds) -> Result<String, String> {
        let enrolled = self.factor.sealed.is_some();
        let needs_factor = enrolled || self.asked_by.is_some();
        let password = if !self.has_password {
            Err("it has no password")
        } else if expired {
            Err("the password has expired, and no grace logins are left")
        } else if needs_factor && !enrolled {
            Err("it needs a second factor and has none")
        } else if enrolled && !self.opens && self.factor.recovery.is_empty() {
            Err("its second factor cannot be read")
        } else if enrolled {
            Ok("the right password and second factor")
        } else {
            Ok("the right password")
        };
        let good = |shown: &ShownKey| {
            let key = &shown.key;
            let scope = key.scopes.iter().any(|scope| scope == keys::LDAP);
            scope && key.is_current(now) && (key.is_confined() || !needs_factor)
        };
        match (password, self.keys.iter().any(good)) {
            (Ok(password), true) => Ok(format!("{password}, or with one of its keys")),
            (Ok(password), false) => Ok(password.to_owned()),
            (Err(why), true) => Ok(format!("one of its keys alone: {why}")),
            (Err(why), false) if self.keys.is_empty() => Err(why.to_owned()),
            (Err(why), false) => Err(format!("{why}; none of its keys is good for a bind")),
        }
    }

    pub fn say(&self, told: &mut Explanation) {
        told.say("second factor", self.second_factor());
        for key in &self.keys {
            told.say("key", key.to_string());
        }
    }

    fn second_factor(&self) -> String {
        let has = match (&self.factor.sealed, self.opens, &self.factor.offered) {
            (Some(_), true, _) => "enrolled",
            (Some(_), false, _) => {
                "enrolled, but not under the key in second_factor.key_file, so that no code is right"
            }
            (None, _, Some(_)) => "none: an enrolment was begun and not confirmed",
            (None, _, None) => "none",
        };
        let codes = match (&self.factor.sealed, self.factor.recovery.len()) {
            (None, _) => String::new(),
            (Some(_), 1) => ", 1 recovery code left".to_owned(),
            (Some(_), left) => format!(", {left} recovery codes left"),
        };
        let asked = self.asked_by.map_or(String::new(), |group| {
            format!(", needed by members of {group} (second_factor.groups)")
        });
        format!("{has}{codes}{asked}")
    }
}
