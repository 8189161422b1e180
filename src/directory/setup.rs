//! What is kept about a directory besides its entries, and the way from a store to a directory in memory.
//!
//! Owns the making of a new one and the reading of an existing one.

use std::sync::Arc;

use super::Administrator;
use super::dn::Dn;
use super::import::roll_back_import;
use super::index::IndexedAttributes;
use super::schema::Schema;
use super::snapshot::{Snapshot, Suffix};
use super::stored::{self, LoadError, Setting};
use crate::storage::{Batch, Store, StoreError};

/// The suffixes and the administrator of a directory.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The naming contexts, none within another.
    pub suffixes: Vec<String>,
    /// Who may do everything.
    pub administrator: Administrator,
}

/// Why a directory cannot be set up so.
#[derive(Debug)]
pub enum SetupError {
    /// A name is not usable; says which and why.
    Name(String),
    /// The store holds no directory.
    Unfinished,
    /// The store failed.
    Store(StoreError),
}

impl std::fmt::Display for SetupError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(text) => f.write_str(text),
            Self::Unfinished => f.write_str(
                "the data folder holds no directory: its `init` or `restore` did not finish; remove the folder and run that again",
            ),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SetupError {}

impl From<StoreError> for SetupError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Setup {
    /// Checks the names: suffixes that are no names, the root, or within one another are refused.
    pub fn check(&self, schema: &Schema) -> Result<Arc<[Suffix]>, SetupError> {
        let mut suffixes: Vec<Suffix> = Vec::new();
        for text in &self.suffixes {
            let dn = Dn::parse(text)
                .map_err(|error| SetupError::Name(format!("\"{text}\" is not a DN: {error}")))?;
            if dn.is_root() {
                return Err(SetupError::Name(
                    "a suffix cannot be empty: give a DN such as dc=example,dc=org".to_owned(),
                ));
            }
            let unknown = dn
                .rdns()
                .iter()
                .flat_map(|rdn| rdn.assertions())
                .find(|ava| schema.attribute_id(&ava.attribute).is_none());
            if let Some(ava) = unknown {
                let text = format!(
                    "\"{text}\": \"{}\" is no attribute type of the schema",
                    ava.attribute
                );
                return Err(SetupError::Name(text));
            }
            let suffix = Suffix::new(schema, dn);
            let overlaps = |other: &&Suffix| {
                other.normalized.is_within(&suffix.normalized)
                    || suffix.normalized.is_within(&other.normalized)
            };
            if let Some(other) = suffixes.iter().find(overlaps) {
                return Err(SetupError::Name(format!(
                    "the suffixes \"{}\" and \"{text}\" overlap",
                    other.dn
                )));
            }
            suffixes.push(suffix);
        }
        if suffixes.is_empty() {
            return Err(SetupError::Name("at least one suffix is needed".to_owned()));
        }
        let name = &self.administrator.name;
        match Dn::parse(name) {
            Ok(dn) if !dn.is_root() => Ok(suffixes.into()),
            _ => Err(SetupError::Name(format!(
                "the administrator's name \"{name}\" is not a DN"
            ))),
        }
    }

    /// Writes the setup into a new store.
    pub fn write(&self, store: &mut dyn Store) -> Result<(), SetupError> {
        let mut batch = Batch::default();
        self.put(&mut batch);
        Ok(store.commit(batch)?)
    }

    /// Puts the setup into a batch.
    pub fn put(&self, batch: &mut Batch) {
        batch.put(
            Setting::Suffixes.key(),
            self.suffixes.join("\n").into_bytes(),
        );
        batch.put(
            Setting::Administrator.key(),
            self.administrator.name.as_bytes().to_vec(),
        );
        batch.put(
            Setting::AdministratorPassword.key(),
            self.administrator.hash.to_vec(),
        );
    }

    /// Gives the administrator of a store that nobody serves another password, by its hash.
    pub fn replace_password(store: &mut dyn Store, hash: Vec<u8>) -> Result<(), SetupError> {
        Setup::read(store)?;
        let mut batch = Batch::default();
        batch.put(Setting::AdministratorPassword.key(), hash);
        Ok(store.commit(batch)?)
    }

    /// Reads the setup of a store.
    pub fn read(store: &dyn Store) -> Result<Setup, SetupError> {
        let text = |setting: Setting| -> Result<String, SetupError> {
            let bytes = store.read(&setting.key())?.ok_or(SetupError::Unfinished)?;
            String::from_utf8(bytes).map_err(|_| SetupError::Unfinished)
        };
        let hash = text(Setting::AdministratorPassword)?.into_bytes();
        Ok(Setup {
            suffixes: text(Setting::Suffixes)?
                .lines()
                .map(str::to_owned)
                .collect(),
            administrator: Administrator {
                name: text(Setting::Administrator)?.into(),
                hash: hash.into(),
            },
        })
    }

    /// An empty snapshot of this directory.
    pub fn empty(
        &self,
        schema: &Arc<Schema>,
        indexed: &IndexedAttributes,
    ) -> Result<Snapshot, SetupError> {
        let suffixes = self.check(schema)?;
        Ok(Snapshot::empty(
            Arc::clone(schema),
            suffixes,
            Arc::clone(&self.administrator.name),
            indexed,
        ))
    }
}

/// Reads everything that a store holds, after removing what an interrupted import had left; the number of records removed
/// comes with it.
pub fn load(
    store: &mut dyn Store,
    empty: Snapshot,
    progress: &mut dyn FnMut(usize),
) -> Result<(Snapshot, usize), LoadError> {
    let removed = roll_back_import(store)?;
    Ok((stored::load(store, empty, progress)?, removed))
}
