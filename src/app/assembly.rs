//! From a configuration to the parts of a directory: schema, indexes, rules, store.
//!
//! Owns how the words of the configuration become what the directory takes, and that an error names the key it is about.

use std::sync::Arc;
use std::time::Duration;

use super::Failure;
use super::config::{self, AccessRule, Config, PosixGroup, Who};
use crate::directory::access::{AccessRules, RuleText};
use crate::directory::account::AccountSettings;
use crate::directory::admission::{self, Admission};
use crate::directory::change_log::Bounds;
use crate::directory::dn::Dn;
use crate::directory::index::{Index, IndexedAttributes, Kind};
use crate::directory::membership::MemberOf;
use crate::directory::named_groups::NamedGroup;
use crate::directory::password::policy::Escalation;
use crate::directory::password::{Argon2Params, Pool, PoolSettings};
use crate::directory::schema::{self, AttributeTypeId, Schema};
use crate::directory::second_factor::{SealingKey, SecondFactorSettings};
use crate::directory::setup::Setup;
use crate::directory::snapshot::Snapshot;
use crate::directory::time::Clock;
use crate::directory::unique::UniqueAttributes;
use crate::directory::{self, Settings};
use crate::storage::{Options, SledStore, Store};

/// The parts of a directory that a configuration alone decides.
pub struct Assembly {
    /// The configuration.
    pub config: Config,
    /// The built-in schema and the configured files.
    pub schema: Arc<Schema>,
    /// Which attribute types are indexed, and how.
    pub indexed: IndexedAttributes,
    /// Attribute types whose values are unique, all of them indexed for equality.
    unique: UniqueAttributes,
    /// What holds for accounts.
    accounts: AccountSettings,
}

impl Assembly {
    /// Reads the schema and checks what the configuration says of attributes and rules.
    pub fn new(config: Config) -> Result<Assembly, Failure> {
        let schema = load_schema(&config)?;
        let unique = UniqueAttributes::compile(&schema, &config.unique.attributes)
            .map_err(|message| config.problem("unique.attributes", message))?;
        let accounts = accounts(&config)?;
        let mut indexed = indexed(&config, &schema)?;
        indexed.equality.extend(unique.ids());
        let assembly = Assembly {
            config,
            schema: Arc::new(schema),
            indexed,
            unique,
            accounts,
        };
        // Rules and the like are made once to see that they can be; the suffixes do not matter for that.
        assembly.rules(&[])?;
        Assembly::admission(&assembly.config)?;
        super::rest::settings(&assembly.config)?;
        Ok(assembly)
    }

    /// The access rules, those of the configuration or the default ones for these suffixes.
    pub fn rules(&self, suffixes: &[String]) -> Result<AccessRules, Failure> {
        let texts = match self.config.access.as_slice() {
            [] => AccessRules::default_texts(suffixes),
            rules => self.written(rules),
        };
        AccessRules::compile(&self.schema, &texts).map_err(|error| {
            let key = format!("access[{}].{}", error.rule, error.field);
            self.config.problem(&key, error.reason).into()
        })
    }

    /// The rules of the configuration, each with its line.
    fn written(&self, rules: &[AccessRule]) -> Vec<RuleText> {
        let placed = rules.iter().enumerate().map(|(at, rule)| RuleText {
            place: self.config.place(&format!("access[{at}]")),
            ..rule_text(rule)
        });
        placed.collect()
    }

    /// Who may log in from where, by a configuration.
    pub fn admission(config: &Config) -> Result<Admission, Failure> {
        let rules = config.admission.iter().map(|rule| admission::RuleText {
            who: rule.who.clone(),
            networks: rule.networks.clone(),
            allow: rule.allow,
        });
        Admission::compile(&rules.collect::<Vec<_>>()).map_err(|error| {
            let key = format!("admission[{}].{}", error.rule, error.field);
            config.problem(&key, error.reason).into()
        })
    }

    /// Opens the store.
    pub fn open(&self) -> Result<Box<dyn Store>, Failure> {
        Ok(Box::new(SledStore::open(
            &self.config.data,
            &Options::default(),
        )?))
    }

    /// Reads all that a store holds, to be searched.
    pub fn load(&self, store: &mut dyn Store) -> Result<(Setup, Snapshot), Failure> {
        self.load_indexed(store, &self.indexed)
    }

    /// Reads all that a store holds, to be walked or added to: most of the time and a third of the memory that reading
    /// takes goes into indexes.
    pub fn load_unindexed(&self, store: &mut dyn Store) -> Result<(Setup, Snapshot), Failure> {
        self.load_indexed(store, &IndexedAttributes::default())
    }

    fn load_indexed(
        &self,
        store: &mut dyn Store,
        indexed: &IndexedAttributes,
    ) -> Result<(Setup, Snapshot), Failure> {
        let setup = Setup::read(store)?;
        let shown = match self.config.membership.memberof {
            config::MemberOf::Nested => MemberOf::Nested,
            config::MemberOf::Direct => MemberOf::Direct,
        };
        let empty = setup.empty(&self.schema, indexed)?.showing(shown);
        let mut progress = |entries| tracing::info!(entries, "loading");
        let (snapshot, removed) = directory::setup::load(store, empty, &mut progress)?;
        if removed > 0 {
            tracing::warn!(
                records = removed,
                "an import that was interrupted has been removed; nothing of it had been acknowledged: import again"
            );
        }
        Ok((setup, snapshot))
    }

    /// Starts the threads that hash passwords.
    pub fn pool(&self) -> Result<Pool, Failure> {
        let passwords = &self.config.passwords;
        let params = Argon2Params::new(passwords.memory_kib, passwords.iterations, 1)?;
        let default = PoolSettings {
            params,
            ..PoolSettings::default()
        };
        let threads = passwords
            .threads
            .and_then(|threads| threads.try_into().ok())
            .unwrap_or(default.threads);
        let each = passwords.queue.div_ceil(threads.get());
        let queue_per_thread = each.try_into().unwrap_or(default.queue_per_thread);
        Ok(Pool::start(PoolSettings {
            threads,
            queue_per_thread,
            ..default
        })?)
    }

    /// What holds for accounts.
    pub fn accounts(&self) -> &AccountSettings {
        &self.accounts
    }

    /// How the directory behaves. `key` is what second factors are sealed under.
    pub fn settings(&self, key: Option<SealingKey>) -> Settings {
        let limits = &self.config.limits;
        Settings {
            size_limit: u32::try_from(limits.search_entries).ok(),
            time_limit: Some(limits.search_time),
            upgrade_passwords: self.config.passwords.upgrade,
            unique: self.unique.clone(),
            changes: Bounds {
                age: Duration::from_secs(u64::from(self.config.changes.days) * 86_400),
                bytes: self.config.changes.mebibytes << 20,
            },
            accounts: AccountSettings {
                second_factor: SecondFactorSettings {
                    key: key.map(Arc::new),
                    ..self.accounts.second_factor.clone()
                },
                ..self.accounts.clone()
            },
        }
    }
}

fn accounts(config: &Config) -> Result<AccountSettings, Failure> {
    let (policy, lockout) = (&config.password_policy, &config.lockout);
    let name = policy.default.as_deref().map(Dn::parse).transpose();
    let default_policy = name
        .map_err(|error| config.problem("password_policy.default", format!("not a DN: {error}")))?;
    let second_factor = second_factor(config)?;
    let needing = second_factor.groups.iter().map(|dn| NamedGroup {
        dn: dn.clone(),
        without: "nobody needs a second factor for it (second_factor.groups)",
    });
    let administrators = super::rest::administrators(config)?;
    let over_rest = administrators.filter(|_| !config.rest.listen.is_empty());
    let administrating = over_rest.map(|dn| NamedGroup {
        dn,
        without: "over REST nobody but the administrator administers (rest.administrators)",
    });
    Ok(AccountSettings {
        named_groups: needing.chain(administrating).collect(),
        default_policy,
        least_score: policy.least_score,
        bind_administrator: policy.bind_administrator,
        escalation: Escalation {
            step: lockout.step_seconds.into(),
            longest: lockout.longest_seconds.into(),
            permanent_after: lockout.permanent_after,
        },
        remembered: lockout.remembered,
        proved_for: config.passwords.cache_seconds.into(),
        second_factor,
        clock: Clock::default(),
    })
}

/// All but the key.
fn second_factor(config: &Config) -> Result<SecondFactorSettings, Failure> {
    let groups = config.second_factor.groups.iter().map(|text| {
        let problem = |error| {
            config.problem(
                "second_factor.groups",
                format!("\"{text}\" is not a DN: {error}"),
            )
        };
        Dn::parse(text).map_err(problem)
    });
    Ok(SecondFactorSettings {
        key: None,
        groups: groups.collect::<Result<_, _>>()?,
        window: config.second_factor.window_seconds.into(),
    })
}

fn load_schema(config: &Config) -> Result<Schema, Failure> {
    let mut schema = Schema::built_in(match config.schema.posix_group {
        PosixGroup::Auxiliary => schema::PosixGroup::Auxiliary,
        PosixGroup::Structural => schema::PosixGroup::Structural,
    })?;
    let problem = |message: String| config.problem("schema.files", message);
    let paths = config
        .schema
        .paths()
        .map_err(|error| problem(format!("a folder cannot be read: {error}")))?;
    for path in paths {
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(&path).map_err(|error| problem(format!("{name}: {error}")))?;
        schema.load(&name, &text)?;
    }
    Ok(schema)
}

/// Finds the attributes that the configuration wants indexed.
fn indexed(config: &Config, schema: &Schema) -> Result<IndexedAttributes, Failure> {
    let index = &config.index;
    let find = |kind: Kind, names: &[String]| -> Result<Vec<AttributeTypeId>, Failure> {
        let ids = names.iter().map(|name| indexable(schema, kind, name));
        Ok(ids
            .collect::<Result<_, String>>()
            .map_err(|message| config.problem(&format!("index.{}", kind.name()), message))?)
    };
    Ok(IndexedAttributes {
        equality: find(Kind::Equality, &index.equality)?,
        presence: find(Kind::Presence, &index.presence)?,
        substring: find(Kind::Substring, &index.substring)?,
        ordering: find(Kind::Ordering, &index.ordering)?,
    })
}

/// The attribute type of a name, if there can be an index of a kind on it.
fn indexable(schema: &Schema, kind: Kind, name: &str) -> Result<AttributeTypeId, String> {
    let id = schema
        .attribute_id(name)
        .ok_or_else(|| format!("\"{name}\" is no attribute of the schema"))?;
    let attribute = schema.attribute(id);
    if attribute.is_secret() {
        return Err(format!("\"{name}\" is secret and cannot be searched"));
    }
    if !Index::can_hold(kind, id) {
        return Err(format!("\"{name}\" is not stored and needs no index"));
    }
    let rule = match kind {
        Kind::Presence => return Ok(id),
        Kind::Equality => attribute.equality,
        Kind::Substring => attribute.substrings,
        Kind::Ordering => attribute.ordering,
    };
    match rule {
        Some(_) => Ok(id),
        None => Err(format!("\"{name}\" has no {} rule", kind.name())),
    }
}

/// A rule as the directory takes it.
pub(super) fn rule_text(rule: &AccessRule) -> RuleText {
    RuleText {
        who: match &rule.who {
            Who::Anyone => "anyone".to_owned(),
            Who::Anonymous => "anonymous".to_owned(),
            Who::Users => "users".to_owned(),
            Who::SelfEntry => "self".to_owned(),
            Who::Group(dn) => format!("group:{dn}"),
            Who::Dn(dn) => format!("dn:{dn}"),
        },
        to: rule.to.clone(),
        scope: rule.scope,
        filter: rule.filter.clone(),
        attributes: rule.attributes.clone(),
        allow: rule.allow.clone(),
        place: String::new(),
    }
}
