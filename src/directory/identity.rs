//! Who asks. An identity comes from authentication or is anonymous; no face makes one up.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use super::access::ApplicableRules;
use super::entry::EntryId;
use super::error::Error;
use super::keys::Tag;

/// The authorization identity of a request (RFC 4513 section 1).
#[derive(Clone, Debug, Default)]
pub struct Identity {
    who: Who,
    /// What it asks by, where that is less than its account.
    means: Option<Means>,
    /// How it stands to the access rules, once that was worked out: a login that asks nothing makes no place for it.
    applicable: Arc<OnceLock<ArcSwap<ApplicableRules>>>,
    /// By which request it asks, where that is to be recorded.
    provenance: Option<Arc<Provenance>>,
}

/// What stands for an account in the place of what it is proved by.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Means {
    /// A key.
    Key(Tag),
    /// An access token.
    AccessToken,
}

/// Where a request comes from: kept with the changes that it makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Who is bound, where that is not the identity itself (RFC 4370).
    pub through: Option<String>,
    /// The client's address; none for a program of this machine on the local socket.
    pub address: Option<IpAddr>,
    /// The number of the connection, as the log has it; 0 where it has none.
    pub connection: u64,
    /// The message id; 0 where there is none.
    pub message: i32,
    /// The id of the request, where it has one of its own.
    pub request: Option<Arc<str>>,
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.who == other.who
    }
}

impl Eq for Identity {}

#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Who {
    #[default]
    Anonymous,
    Administrator,
    /// An entry; ids are never used twice, so that an entry made later under the same name is another.
    Entry(EntryId),
    /// A process of this machine.
    Process {
        process: Process,
        /// Whether it may do what the administrator may.
        administers: bool,
    },
}

/// A process of this machine, by what the operating system says of it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The user that it runs as.
    pub uid: u32,
    /// The group that it runs as.
    pub gid: u32,
}

impl std::fmt::Display for Process {
    /// The name that OpenLDAP gives such a client as well, so that tools and rules made for it fit.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "gidNumber={}+uidNumber={},cn=peercred,cn=external,cn=auth",
            self.gid, self.uid
        )
    }
}

impl Identity {
    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Self::new(Who::Anonymous)
    }

    pub(super) fn administrator() -> Self {
        Self::new(Who::Administrator)
    }

    pub(super) fn entry(id: EntryId) -> Self {
        Self::new(Who::Entry(id))
    }

    /// An entry for which a key stands, for as long as the entry has that key.
    pub(super) fn by_key(id: EntryId, key: Tag) -> Self {
        Self {
            means: Some(Means::Key(key)),
            ..Self::entry(id)
        }
    }

    /// An entry for which an access token stands.
    pub(super) fn by_access_token(id: EntryId) -> Self {
        Self {
            means: Some(Means::AccessToken),
            ..Self::entry(id)
        }
    }

    /// The key that it has logged in with, if it was one.
    pub(super) fn key(&self) -> Option<Tag> {
        match self.means? {
            Means::Key(tag) => Some(tag),
            Means::AccessToken => None,
        }
    }

    /// Refuses what changes by what accounts are proved, whosesoever, to an access token: what it leaves behind would outlast
    /// it, and taking it back would end nothing.
    pub(super) fn must_be_logged_in(&self) -> Result<(), Error> {
        match self.means {
            Some(Means::AccessToken) => Err(Error::LoginNeeded),
            Some(Means::Key(_)) | None => Ok(()),
        }
    }

    pub(super) fn process(process: Process, administers: bool) -> Self {
        Self::new(Who::Process {
            process,
            administers,
        })
    }

    /// The entry, if it is one.
    pub(super) fn id(&self) -> Option<EntryId> {
        match self.who {
            Who::Entry(id) => Some(id),
            Who::Anonymous | Who::Administrator | Who::Process { .. } => None,
        }
    }

    fn new(who: Who) -> Self {
        Self {
            who,
            means: None,
            applicable: Arc::default(),
            provenance: None,
        }
    }

    /// The same identity, asking by this request.
    pub fn asking_by(self, provenance: Provenance) -> Self {
        Self {
            provenance: Some(Arc::new(provenance)),
            ..self
        }
    }

    /// The administrator, as whom the directory does what follows from a request of this identity.
    pub(super) fn as_administrator(&self, name: String) -> Self {
        let provenance = self.provenance().cloned().unwrap_or_default();
        Self::administrator().asking_by(Provenance {
            through: Some(name),
            ..provenance
        })
    }

    /// By which request it asks, where that is known.
    pub(super) fn provenance(&self) -> Option<&Provenance> {
        self.provenance.as_deref()
    }

    pub(super) fn applicable(&self) -> &OnceLock<ArcSwap<ApplicableRules>> {
        &self.applicable
    }

    pub(super) fn who(&self) -> Who {
        self.who
    }

    /// Whether nobody has authenticated.
    pub fn is_anonymous(&self) -> bool {
        self.who == Who::Anonymous
    }

    /// Whether no rule binds this identity: the administrator of the directory, or a process that acts as one.
    pub fn is_administrator(&self) -> bool {
        self.who == Who::Administrator || self.administers_machine()
    }

    /// Whether this is a process that acts as the administrator because of who runs it, whatever password it knows.
    pub fn administers_machine(&self) -> bool {
        matches!(
            self.who,
            Who::Process {
                administers: true,
                ..
            }
        )
    }
}
