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
mod once;
mod proxy;
mod recent;
mod referrals;
mod target;
mod whoami;
mod write;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
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
use page::{Binding, Cursor, InvalidCursor, Position, Sealer};
use password::Pool;
use recent::Recent;
use request::{Part, SearchRequest, Slice, SliceStart, Window};
use search::list::Room;
use search::window::WindowFault;
use search::{Conditions, Progress, Search, Unindexed};
use second_factor::Windows;
pub use selection::{EntryCopy, VisibleEntry};
use snapshot::Snapshot;
use token::Tokens;
use unique::UniqueAttributes;
pub use write::{Changed, networks};

use crate::storage::Store;

/// How a directory behaves.
#[derive(Clone, Debug)]
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

    /// Begins a search (RFC 4511 section 4.5); [`Directory::advance`] yields its entries. The asker's limits cannot exceed
    /// the directory's, unless the administrator asks.
    pub fn search(&self, identity: &Identity, request: &SearchRequest) -> Result<Search, Error> {
        let bounded = !identity.is_administrator();
        let snapshot = self.snapshot();
        let time = least(request.time_limit, self.time_limit(identity));
        let binding = (request.part != Part::Whole)
            .then(|| Binding::new(snapshot.schema(), identity, request));
        let conditions = Conditions {
            size: self.0.settings.size_limit.filter(|_| bounded),
            deadline: time.and_then(|time| Instant::now().checked_add(time)),
            resume: match &binding {
                Some(binding) => self.resume(&request.part, binding)?,
                None => None,
            },
            binding,
        };
        let room = &self.0.room;
        Search::begin(&snapshot, self.rules(), identity, request, conditions, room)
    }

    fn time_limit(&self, identity: &Identity) -> Option<Duration> {
        let bounded = !identity.is_administrator();
        self.0.settings.time_limit.filter(|_| bounded)
    }

    /// Holds what is left of a search to the directory's limits anew, as the next page of one is that is asked for page
    /// by page.
    pub fn renew_limits(&self, search: &mut Search, identity: &Identity) {
        let time = self.time_limit(identity);
        search.renew_limits(time.and_then(|time| Instant::now().checked_add(time)));
    }

    /// Where a part of a search begins, if not at the beginning.
    fn resume(&self, part: &Part, binding: &Binding) -> Result<Option<Cursor>, Error> {
        let open = |sealed: &[u8]| self.0.sealer.open(sealed, binding, Instant::now());
        match part {
            Part::Page(page) if page.size > 0 && !page.cookie.is_empty() => {
                let cursor = open(&page.cookie).and_then(|cursor| match cursor.position {
                    Position::List => Err(InvalidCursor::Foreign),
                    _ => Ok(cursor),
                });
                let refused =
                    |reason| Error::UnwillingToPerform(format!("paged results: {reason}"));
                cursor.map(Some).map_err(refused)
            }
            Part::Slice(Slice {
                from: SliceStart::After(sealed),
                ..
            }) => {
                let cursor = open(sealed).and_then(|cursor| match cursor.position {
                    Position::Key(..) => Ok(cursor),
                    Position::Id(_) | Position::List => Err(InvalidCursor::Foreign),
                });
                let refused = |_| Error::NoWindow(WindowFault::Context);
                cursor.map(Some).map_err(refused)
            }
            Part::Window(Window {
                context: Some(context),
                ..
            }) if !context.is_empty() => match open(context) {
                Ok(Cursor {
                    position: Position::List,
                    ..
                }) => Ok(None),
                _ => Err(Error::NoWindow(WindowFault::Context)),
            },
            _ => Ok(None),
        }
    }

    /// What the client sends back with its next request: for a page, where the next one begins, and nothing after the
    /// last; for a window, which list it is on.
    pub fn cookie(&self, search: &Search) -> Option<Vec<u8>> {
        let cursor = match search.place() {
            Some(_) => Cursor {
                position: Position::List,
                returned: 0,
            },
            None => search.next_page()?,
        };
        self.0
            .sealer
            .seal(&cursor, search.binding()?, Instant::now())
    }

    /// Looks at up to `budget` entries of a search and hands those that match to `sink`, until that breaks off.
    pub fn advance(
        &self,
        search: &mut Search,
        identity: &Identity,
        budget: usize,
        sink: &mut dyn FnMut(&VisibleEntry<'_>) -> ControlFlow<()>,
    ) -> Result<Progress, Error> {
        search.advance(&self.snapshot(), self.rules(), identity, budget, sink)
    }

    /// To be asked once about each search when it is over: counts it when it looked at many entries in vain because no
    /// index helped, and says what would have.
    pub fn conclude(&self, search: &Search) -> Option<Unindexed> {
        if !search.looked_at_many() {
            return None;
        }
        let unindexed = search.unindexed(&self.snapshot())?;
        self.0.unindexed.fetch_add(1, Ordering::Relaxed);
        Some(unindexed)
    }

    /// How many searches [`Directory::conclude`] has counted.
    pub fn unindexed_searches(&self) -> u64 {
        self.0.unindexed.load(Ordering::Relaxed)
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

fn least<T: Ord>(left: Option<T>, right: Option<T>) -> Option<T> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}
