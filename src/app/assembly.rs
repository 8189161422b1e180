//! From a configuration to the parts of a directory: schema, indexes, rules, store.
//!
//! Owns how the words of the configuration become what the directory takes, and that an error names the key it is about.

use std::sync::Arc;

use super::Failure;
use super::config::{AccessRule, Config, PosixGroup, Right, Who};
use crate::directory::access::{self, AccessRules, RuleText};
use crate::directory::password::{Argon2Params, Pool, PoolSettings};
use crate::directory::schema::{self, AttributeTypeId, Schema};
use crate::directory::setup::Setup;
use crate::directory::snapshot::Snapshot;
use crate::directory::unique::UniqueAttributes;
use crate::directory::{self, Settings};
use crate::storage::{Options, SledStore, Store};

/// The parts of a directory that a configuration alone decides.
pub struct Assembly {
    /// The configuration.
    pub config: Config,
    /// The built-in schema and the configured files.
    pub schema: Arc<Schema>,
    /// Attribute types with an equality index.
    pub indexed: Vec<AttributeTypeId>,
    /// Attribute types whose values are unique, all of them indexed.
    unique: UniqueAttributes,
}

impl Assembly {
    /// Reads the schema and checks what the configuration says of attributes and rules.
    pub fn new(config: Config) -> Result<Assembly, Failure> {
        let schema = load_schema(&config)?;
        let unique = UniqueAttributes::compile(&schema, &config.unique.attributes)
            .map_err(|message| config.problem("unique.attributes", message))?;
        let mut indexed = indexed(&config, &schema)?;
        indexed.extend(unique.ids());
        let assembly = Assembly {
            config,
            schema: Arc::new(schema),
            indexed,
            unique,
        };
        // Rules are compiled once to see that they can be; the suffixes do not matter for that.
        assembly.rules(&[])?;
        Ok(assembly)
    }

    /// The access rules, those of the configuration or the default ones for these suffixes.
    pub fn rules(&self, suffixes: &[String]) -> Result<AccessRules, Failure> {
        let texts = match self.config.access.as_slice() {
            [] => AccessRules::default_texts(suffixes),
            rules => rules.iter().map(rule_text).collect(),
        };
        AccessRules::compile(&self.schema, &texts).map_err(|error| {
            let key = format!("access[{}].{}", error.rule, error.field);
            self.config.problem(&key, error.reason).into()
        })
    }

    /// Opens the store.
    pub fn open(&self) -> Result<Box<dyn Store>, Failure> {
        Ok(Box::new(SledStore::open(
            &self.config.data,
            &Options::default(),
        )?))
    }

    /// Reads all that a store holds.
    pub fn load(&self, store: &mut dyn Store) -> Result<(Setup, Snapshot), Failure> {
        let setup = Setup::read(store)?;
        let empty = setup.empty(&self.schema, &self.indexed)?;
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

    /// How the directory behaves.
    pub fn settings(&self) -> Settings {
        let limits = &self.config.limits;
        Settings {
            size_limit: u32::try_from(limits.search_entries).ok(),
            time_limit: Some(limits.search_time),
            upgrade_passwords: self.config.passwords.upgrade,
            unique: self.unique.clone(),
        }
    }
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

fn indexed(config: &Config, schema: &Schema) -> Result<Vec<AttributeTypeId>, Failure> {
    let ids = config.index.equality.iter().map(|name| {
        let id = schema
            .attribute_id(name)
            .ok_or_else(|| format!("\"{name}\" is no attribute of the schema"))?;
        match schema.attribute(id) {
            found if found.is_secret() => {
                Err(format!("\"{name}\" is secret and cannot be searched"))
            }
            found if found.equality.is_none() => Err(format!("\"{name}\" has no equality rule")),
            _ => Ok(id),
        }
    });
    Ok(ids
        .collect::<Result<_, String>>()
        .map_err(|message| config.problem("index.equality", message))?)
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
        filter: rule.filter.clone(),
        attributes: rule.attributes.clone(),
        allow: rule
            .allow
            .iter()
            .map(|right| right_name(*right).to_owned())
            .collect(),
    }
}

fn right_name(right: Right) -> &'static str {
    let right = match right {
        Right::Read => access::Right::Read,
        Right::Search => access::Right::Search,
        Right::Compare => access::Right::Compare,
        Right::Write => access::Right::Write,
        Right::Add => access::Right::Add,
        Right::Delete => access::Right::Delete,
    };
    access::Right::ALL
        .into_iter()
        .find(|(_, of)| *of == right)
        .map_or("", |(name, _)| name)
}
