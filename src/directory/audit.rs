//! What is told to the audit log as it happens: logins and changes of passwords, refusals, tasks of administration, and
//! locks. Every face tells the same things in the same form.
//!
//! Owns who is told and what it looks like; no secret is in it. Changes that were made are not told here: they have records
//! of their own (`history`). How it is kept is the listener's business.

use super::Directory;
use super::dn::Dn;
use super::identity::{Identity, Provenance};
use super::password::policy::Seconds;
use super::view::View;

/// Bytes of a name that are told; longer ones are cut.
const LONGEST_NAME: usize = 1_024;

/// The reason in the line of an export that has hashes of passwords.
pub const WITH_HASHES: &str = "withPasswordHashes";

/// What kind of event it is.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A login or a change of a password, whether it succeeded or not.
    #[default]
    Authentication,
    /// Something else that was refused.
    Refusal,
    /// A task that is for those alone who administer the server.
    Administration,
    /// A lock that came into force after too many failures.
    Lock,
}

/// Something that has happened.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// What kind it is.
    pub kind: Kind,
    /// What was to be done, as `bind` or `password modify`.
    pub operation: &'static str,
    /// How the client showed who it is, at a login.
    pub method: Option<&'static str>,
    /// Who asked, at a login that failed by their own word; empty for nobody.
    pub who: String,
    /// Through whom, and from where.
    pub provenance: Provenance,
    /// The entry or account that it was about.
    pub target: Option<String>,
    /// How it ended: the name of a result code of RFC 4511, such as `success`; empty of locks and of what only begins.
    pub outcome: &'static str,
    /// Why, where the one who asked was told less.
    pub reason: Option<&'static str>,
    /// When a lock ends; until it is lifted without it.
    pub until: Option<Seconds>,
}

/// Told of events; does not wait for anything.
pub type Listener = Box<dyn Fn(Event) + Send + Sync>;

impl Directory {
    /// Has a listener told of all that happens from now on. The first one stays.
    pub fn tell_events_to(&self, listener: Listener) {
        let _ = self.0.listener.set(listener);
    }

    /// Whether an entry has this name and the asker may not know: for the audit log alone.
    pub fn hides(&self, dn: &Dn, from: &Identity) -> bool {
        let snapshot = self.snapshot();
        let mut access = self.rules().access(&snapshot, from);
        let id = snapshot.find_entry(dn);
        let view = id.and_then(|id| View::new(&snapshot, id));
        view.is_some_and(|view| !access.sees(&view))
    }

    /// Tells the listener of something that has happened, if there is one.
    pub fn tell(&self, mut event: Event) {
        if let Some(listener) = self.0.listener.get() {
            cut(&mut event.who);
            event.target.iter_mut().for_each(cut);
            listener(event);
        }
    }
}

fn cut(name: &mut String) {
    let mut end = name.len().min(LONGEST_NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_between_two_characters() {
        let mut short = "cn=a".to_owned();
        cut(&mut short);
        assert_eq!(short, "cn=a");
        let mut long = format!("x{}", "\u{e4}".repeat(LONGEST_NAME));
        cut(&mut long);
        assert_eq!(long.len(), LONGEST_NAME - 1);
    }
}
