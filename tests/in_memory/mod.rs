//! A directory in this process whose store is in memory: how all begin that are tested or measured without a server.

#![allow(dead_code)]

use std::num::NonZeroUsize;
use std::sync::Arc;

use hedgerow::directory::access::{AccessRules, RuleText};
use hedgerow::directory::dn::Dn;
use hedgerow::directory::filter::Filter;
use hedgerow::directory::identity::Identity;
use hedgerow::directory::import::Prepared;
use hedgerow::directory::index::IndexedAttributes;
use hedgerow::directory::password::{Argon2Params, Pool, PoolSettings};
use hedgerow::directory::request::{Dereference, Part, Scope, SearchRequest, Subentries};
use hedgerow::directory::schema::{PosixGroup, Schema};
use hedgerow::directory::setup::Setup;
use hedgerow::directory::snapshot::Snapshot;
use hedgerow::directory::{Administrator, Directory, Settings, import, setup};
use hedgerow::storage::Store;
use hedgerow::storage::memory::MemoryStore;

pub const SUFFIX: &str = "dc=example,dc=org";
pub const ADMINISTRATOR: &str = "cn=admin,dc=example,dc=org";
/// The administrator's password, and what is stored of it.
pub const PASSWORD: &str = "secret";
const HASH: &[u8] = b"{SSHA}1G904nLkTkGWjKNnQuB/hpWXC/hzYWx0c2FsdA==";

/// What a directory is made of besides its entries.
pub struct Fixture {
    pub schema: Arc<Schema>,
    indexed: IndexedAttributes,
    rules: Vec<RuleText>,
    setup: Setup,
}

impl Fixture {
    /// One with these indexes and the default rules.
    pub fn new(indexed: impl FnOnce(&Schema) -> IndexedAttributes) -> Fixture {
        let schema = Schema::built_in(PosixGroup::Auxiliary).unwrap();
        let suffixes = vec![SUFFIX.to_owned()];
        Fixture {
            indexed: indexed(&schema),
            schema: Arc::new(schema),
            rules: AccessRules::default_texts(&suffixes),
            setup: Setup {
                suffixes,
                administrator: Administrator {
                    name: ADMINISTRATOR.into(),
                    hash: HASH.into(),
                },
            },
        }
    }

    /// The same with other rules.
    pub fn with_rules(self, rules: &[RuleText]) -> Fixture {
        let rules = rules.to_vec();
        Fixture { rules, ..self }
    }

    /// A store that holds the entries of some LDIF.
    pub fn store(&self, ldif: &[u8]) -> MemoryStore {
        let mut store = MemoryStore::default();
        self.setup.write(&mut store).unwrap();
        self.read(ldif).write(&mut store, &mut |_| {}).unwrap();
        store
    }

    /// The entries of some LDIF, in no store yet.
    pub fn read(&self, ldif: &[u8]) -> Prepared {
        let (rules, pool) = (self.rules(), pool());
        let prepared = import::prepare(self.empty(), &rules, &pool, ldif, true, &mut |_| {});
        prepared.unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(ldif)))
    }

    /// What a store holds.
    pub fn load(&self, store: &MemoryStore) -> Snapshot {
        let loaded = setup::load(&mut store.clone(), self.empty(), &mut |_| {});
        loaded.unwrap().0
    }

    /// Serves what a store holds, without limits.
    pub fn serve(&self, store: MemoryStore) -> Directory {
        let snapshot = self.load(&store);
        self.serve_on(Box::new(store), snapshot)
    }

    /// Serves a state whose changes go to a store.
    pub fn serve_on(&self, store: Box<dyn Store>, snapshot: Snapshot) -> Directory {
        let (rules, administrator) = (self.rules(), self.setup.administrator.clone());
        let settings = Settings::default();
        Directory::serve(store, snapshot, rules, administrator, pool(), settings).unwrap()
    }

    fn empty(&self) -> Snapshot {
        self.setup.empty(&self.schema, &self.indexed).unwrap()
    }

    fn rules(&self) -> AccessRules {
        AccessRules::compile(&self.schema, &self.rules).unwrap()
    }
}

fn pool() -> Pool {
    Pool::start(PoolSettings {
        threads: NonZeroUsize::MIN,
        params: Argon2Params::new(8, 1, 1).unwrap(),
        ..PoolSettings::default()
    })
    .unwrap()
}

pub fn administrator(directory: &Directory) -> Identity {
    directory.vouch(&Dn::parse(ADMINISTRATOR).unwrap()).unwrap()
}

/// A search for the whole of what a filter finds.
pub fn request(base: &str, scope: Scope, filter: Filter, attributes: &[&str]) -> SearchRequest {
    SearchRequest {
        base: Dn::parse(base).unwrap(),
        scope,
        dereference: Dereference::Never,
        filter,
        attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        types_only: false,
        size_limit: 0,
        time_limit: None,
        assertion: None,
        manage_referrals: false,
        omit_references: false,
        subentries: Subentries::ByScope,
        values: None,
        sort: None,
        part: Part::Whole,
    }
}
