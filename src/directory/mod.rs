//! What the directory means: entries, names, schema, search, changes, membership, access, and accounts with what proves
//! them, from passwords to tokens and invitations. Plain synchronous code.
//!
//! Owns everything that is the same for every face. No wire, no HTTP, no JSON is known here, and no byte reaches a client
//! but through [`VisibleEntry`], which shows what the access rules allow and nothing else.

pub mod access;
pub mod access_token;
pub mod account;
pub mod activity;
pub mod admission;
pub mod attributes;
pub mod audit;
pub mod backup;
pub mod change_log;
pub mod check;
pub mod descriptions;
pub mod dn;
pub mod dynamic;
pub mod ended;
pub mod entry;
pub mod error;
pub mod export;
pub mod filter;
pub mod history;
pub mod identity;
pub mod import;
pub mod index;
pub mod invitation;
pub mod keys;
pub mod ldap_url;
pub mod ldif;
pub mod master_key;
pub mod members;
pub mod membership;
pub mod named_groups;
pub mod page;
pub mod password;
pub mod password_change;
pub mod platform_role;
pub mod request;
pub mod roles;
pub mod schema;
pub mod search;
pub mod second_factor;
pub mod selection;
pub mod setup;
pub mod short_id;
pub mod snapshot;
pub mod source;
pub mod stored;
pub mod time;
pub mod token;
pub mod unicode_password;
pub mod unique;
pub mod value_set;
pub mod view;
pub mod virtual_entry;

mod acceptance;
mod administration;
mod aliases;
mod authenticate;
mod change;
mod clear_passwords;
mod compare;
mod credentials;
#[cfg(test)]
pub(crate) mod fixture;
mod forgiveness;
mod lane;
mod lockout;
mod naming;
mod once;
mod proxy;
mod recent;
mod referrals;
mod searching;
mod target;
mod whoami;
mod write;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use access::AccessRules;
use account::AccountSettings;
pub use authenticate::{Login, Standing};
pub use credentials::{Enrolment, NewKey, Proposal, ShownKey};
use dn::{Dn, NormalizedDn};
pub use error::Error;
use identity::Identity;
use lockout::Failures;
use page::Sealer;
use password::Pool;
use recent::Recent;
use search::list::Room;
use second_factor::Windows;
pub use selection::{EntryCopy, VisibleEntry};
use snapshot::Snapshot;
use token::Tokens;
use unique::UniqueAttributes;
pub use write::{Changed, networks};

use crate::storage::Store;

/// How a directory behaves; by default without limits.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The most entries that one search request, thus one page, returns to anyone but the administrator; `None` for any
    /// number.
    pub size_limit: Option<u32>,
    /// The longest that one search of anyone but the administrator takes; `None` for any time.
    pub time_limit: Option<Duration>,
    /// Whether a proved password that is stored under an old scheme is stored anew as Argon2id.
    pub upgrade_passwords: bool,
    /// Of which attributes no two entries may have equal values; the snapshot must have an index of each.
    pub unique: UniqueAttributes,
    /// What holds for accounts and their passwords.
    pub accounts: AccountSettings,
    /// How far back changes are kept.
    pub changes: change_log::Bounds,
}

/// Who administers a directory: a name and a hash, kept with the data but no entry of the tree.
#[derive(Clone)]
pub struct Administrator {
    /// As results show it.
    pub name: Arc<str>,
    /// The stored form of the password.
    pub hash: Arc<[u8]>,
}

impl Administrator {
    /// The fewest characters that the administrator's password may have.
    pub const SHORTEST_PASSWORD: usize = 8;
}

impl std::fmt::Debug for Administrator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Administrator")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A directory that is being served. Cloning it is cheap: all clones are the same one.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

struct Inner {
    published: Arc<ArcSwap<Snapshot>>,
    rules: Arc<AccessRules>,
    settings: Settings,
    administrator: Arc<str>,
    administrator_name: NormalizedDn,
    /// Set anew when a change of it is on the disk.
    administrator_hash: ArcSwap<Vec<u8>>,
    failure: Arc<ArcSwap<Option<String>>>,
    pool: Pool,
    lane: lane::Lane,
    sealer: Sealer,
    /// Where searches sort.
    room: Room,
    failures: Failures,
    admission: ArcSwap<admission::Admission>,
    tokens: Tokens,
    /// Passwords that were proved a short while ago.
    proved: Recent<()>,
    /// Second factors that were shown a short while ago.
    windows: Windows,
    /// Told of logins, refusals and locks.
    listener: OnceLock<audit::Listener>,
    /// Searches that looked at many entries in vain for want of an index.
    unindexed: AtomicU64,
}

impl Directory {
    /// Serves a loaded state; changes go to `store`.
    ///
    /// # Errors
    /// When the thread for changes cannot be started, or the system has no random bytes.
    pub fn serve(
        store: Box<dyn Store>,
        snapshot: Snapshot,
        rules: AccessRules,
        administrator: Administrator,
        pool: Pool,
        settings: Settings,
    ) -> std::io::Result<Directory> {
        let name = Dn::parse(&administrator.name).unwrap_or_default();
        let administrator_name = name.normalize(snapshot.schema());
        let held_to = Arc::new(settings.accounts.clone());
        let snapshot = snapshot.holding_accounts_to(Arc::clone(&held_to));
        let published = Arc::new(ArcSwap::from_pointee(snapshot));
        let sealer = sealer()?;
        let failures = Failures::new(settings.accounts.remembered, random_key()?);
        let accounts = &settings.accounts;
        let proved = Recent::new(accounts.proved_for, random_key()?);
        let windows = Windows::new(accounts.second_factor.window, random_key()?);
        let (rules, failure) = (Arc::new(rules), Arc::new(ArcSwap::from_pointee(None)));
        let lane = lane::Lane::start(
            store,
            Arc::clone(&published),
            Arc::clone(&rules),
            settings.unique.clone(),
            held_to,
            settings.changes,
            Arc::clone(&failure),
        )?;
        Ok(Directory(Arc::new(Inner {
            published,
            rules,
            settings,
            administrator: administrator.name,
            administrator_name,
            administrator_hash: ArcSwap::from_pointee(administrator.hash.to_vec()),
            failure,
            pool,
            lane,
            sealer,
            room: Room::default(),
            failures,
            admission: ArcSwap::default(),
            tokens: Tokens::default(),
            proved,
            windows,
            listener: OnceLock::new(),
            unindexed: AtomicU64::new(0),
        })))
    }

    /// The newest state. Holding it keeps its memory: let go of it before waiting for anything.
    pub fn snapshot(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.0.published.load()
    }

    /// The access rules.
    pub fn rules(&self) -> &AccessRules {
        &self.0.rules
    }

    /// Why no change is taken any more, if that is so.
    pub fn failure(&self) -> Option<String> {
        self.0.failure.load().as_ref().clone()
    }

    /// The threads that hash passwords.
    pub fn pool(&self) -> &Pool {
        &self.0.pool
    }

    fn is_administrator(&self, name: &NormalizedDn) -> bool {
        !name.is_root() && *name == self.0.administrator_name
    }

    fn administrator_hash(&self) -> Vec<u8> {
        self.0.administrator_hash.load().to_vec()
    }

    fn set_administrator_hash(&self, hash: Vec<u8>) {
        self.0.administrator_hash.store(Arc::new(hash));
    }

    fn accounts(&self) -> &AccountSettings {
        &self.0.settings.accounts
    }

    fn upgrades_passwords(&self) -> bool {
        self.0.settings.upgrade_passwords
    }

    /// The name of an identity: its entry's name of this moment, the administrator's, or empty.
    pub fn name(&self, identity: &Identity) -> String {
        match identity.who() {
            identity::Who::Anonymous => String::new(),
            identity::Who::Administrator => self.0.administrator.as_ref().to_owned(),
            identity::Who::Process { process, .. } => process.to_string(),
            identity::Who::Entry(id) => self.snapshot().dn(id),
        }
    }

    /// Finishes what was taken, and closes the store. Later changes are refused.
    pub fn close(&self) {
        self.0.pool.shutdown();
        self.0.lane.stop();
    }
}

fn random_key() -> std::io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(std::io::Error::other)?;
    Ok(key)
}

fn sealer() -> std::io::Result<Sealer> {
    Sealer::new(&random_key()?, Instant::now())
        .ok_or_else(|| std::io::Error::other("no key for the cookies of searches"))
}
