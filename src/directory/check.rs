//! Verifying a store record by record: checksum, form, schema, parent, name, references.
//!
//! Owns the list of what may be wrong. It repairs nothing.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::attributes::{Attribute, Attributes};
use super::descriptions::DescriptionTable;
use super::dn::{Dn, Rdn};
use super::entry::{EntryId, EntryRef, ROOT};
use super::members::{Edge, EdgeKind};
use super::schema::{AttributeDescription, Schema, well_known};
use super::snapshot::Snapshot;
use super::stored::{self, Record};
use crate::storage::{Store, StoreError};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Records that were read.
    pub records: u64,
    /// Entries among them.
    pub entries: u64,
    /// Members among them.
    pub edges: u64,
    /// What is wrong, each as a sentence.
    pub faults: Vec<String>,
}

/// Reads every record of a store and tells all that is wrong; `empty` has the schema and suffixes of the directory.
pub fn check(
    store: &dyn Store,
    empty: Snapshot,
    progress: &mut dyn FnMut(u64),
) -> Result<Findings, StoreError> {
    let mut checker = Checker {
        schema: empty.shared_schema(),
        snapshot: empty,
        findings: Findings::default(),
        edges: Vec::new(),
    };
    let mut corrupt = Vec::new();
    store.scan_reporting(
        &[],
        &mut |key, value| {
            checker.record(key, value);
            if checker.findings.records.is_multiple_of(4_096) {
                progress(checker.findings.records);
            }
            ControlFlow::Continue(())
        },
        &mut |error| {
            corrupt.push(error.to_string());
            ControlFlow::Continue(())
        },
    )?;
    checker.findings.faults.append(&mut corrupt);
    checker.tree();
    checker.references();
    progress(checker.findings.records);
    Ok(checker.findings)
}

struct Checker {
    schema: Arc<Schema>,
    snapshot: Snapshot,
    findings: Findings,
    edges: Vec<(EntryId, Edge)>,
}

impl Checker {
    fn fault(&mut self, text: String) {
        self.findings.faults.push(text);
    }

    fn record(&mut self, key: &[u8], value: &[u8]) {
        self.findings.records += 1;
        let schema = Arc::clone(&self.schema);
        match stored::parse(&schema, key, value) {
            Err(error) => self.fault(error.to_string()),
            Ok(Record::Description(id, text)) => {
                let table: &mut DescriptionTable = Arc::make_mut(self.snapshot.descriptions_mut());
                if let Err(error) = table.restore(&schema, id, text) {
                    self.fault(format!("attribute description \"{text}\": {error}"));
                }
            }
            Ok(Record::Entry(id, entry)) => {
                self.findings.entries += 1;
                if self.snapshot.entry(id).is_some() {
                    self.fault(format!("entry {id} is there twice"));
                }
                self.admit(id, entry);
                self.snapshot.put_entry(id, value.into());
            }
            Ok(Record::Members(group, kind, ids)) => {
                for member in ids {
                    self.findings.edges += 1;
                    self.edges.push((group, Edge::Entry { kind, member }));
                }
            }
            Ok(Record::Dangling(group, edge)) => {
                self.findings.edges += 1;
                self.edges.push((group, edge));
            }
            Ok(Record::State(..) | Record::Other) => {}
        }
    }

    /// Whether the schema admits an entry. Members are not here yet, so that a class which demands one is told there is.
    fn admit(&mut self, id: EntryId, entry: EntryRef<'_>) {
        let mut attributes = Attributes::default();
        for block in entry.blocks() {
            match self.snapshot.descriptions().described(block.description) {
                Some(described) => {
                    let values = block.values().map(<[u8]>::to_vec).collect();
                    attributes.insert(Attribute {
                        description: described.description.clone(),
                        values,
                    });
                }
                None => {
                    let text = format!(
                        "entry {id} ({}) uses an attribute that has no description",
                        entry.rdn()
                    );
                    return self.fault(text);
                }
            }
        }
        for kind in EdgeKind::ALL {
            let classes = attributes.values(well_known::OBJECT_CLASS).iter();
            let mut classes =
                classes.filter_map(|value| self.schema.class_id(std::str::from_utf8(value).ok()?));
            if classes.any(|class| self.schema.class(class).allows(kind.attribute())) {
                let description = AttributeDescription::from(kind.attribute());
                attributes.insert(Attribute {
                    description,
                    values: vec![b"cn=some".to_vec()],
                });
            }
        }
        let rdn = match entry.parent() {
            ROOT => Dn::parse(entry.rdn()).ok().and_then(|dn| dn.rdn().cloned()),
            _ => Rdn::parse(entry.rdn()).ok(),
        };
        let Some(rdn) = rdn else {
            return self.fault(format!("entry {id} has a malformed name"));
        };
        let naming: Vec<_> = rdn
            .assertions()
            .iter()
            .filter_map(|ava| Some((self.schema.attribute_id(&ava.attribute)?, ava.value.clone())))
            .collect();
        if let Err(violation) = self.schema.admit(&mut attributes, &naming) {
            self.fault(format!("entry {id} ({}): {violation}", entry.rdn()));
        }
    }

    /// Parents exist, nothing is its own ancestor, no two siblings have one name.
    fn tree(&mut self) {
        let mut names: HashMap<(EntryId, Vec<u8>), EntryId> = HashMap::new();
        let ids: Vec<EntryId> = self.snapshot.ids().collect();
        for id in ids {
            let Some(entry) = self.snapshot.entry(id) else {
                continue;
            };
            let (parent, rdn) = (entry.parent(), entry.rdn().to_owned());
            if parent != ROOT && self.snapshot.entry(parent).is_none() {
                self.fault(format!(
                    "entry {id} ({rdn}) is below entry {parent}, which does not exist"
                ));
            } else if !self.reaches_root(id) {
                self.fault(format!("entry {id} ({rdn}) is below itself"));
            }
            let mut normalized = Vec::new();
            if let Ok(name) = Dn::parse(&rdn) {
                normalized.extend_from_slice(name.normalize(&self.schema).as_bytes());
            }
            if let Some(other) = names.insert((parent, normalized), id) {
                self.fault(format!(
                    "entries {other} and {id} have the same name ({rdn})"
                ));
            }
        }
    }

    fn reaches_root(&self, mut id: EntryId) -> bool {
        for _ in 0..=self.snapshot.len() {
            match self.snapshot.entry(id) {
                Some(entry) if entry.parent() == ROOT => return true,
                Some(entry) => id = entry.parent(),
                None => return true,
            }
        }
        false
    }

    /// Groups and members exist; names that are kept because no entry has them, are names that no entry has.
    fn references(&mut self) {
        for (group, edge) in std::mem::take(&mut self.edges) {
            if self.snapshot.entry(group).is_none() {
                self.fault(format!(
                    "a member belongs to group {group}, which does not exist"
                ));
            }
            match edge {
                Edge::Entry { member, .. } if self.snapshot.entry(member).is_none() => {
                    self.fault(format!(
                        "group {group} has the member {member}, which does not exist"
                    ));
                }
                Edge::Dangling { text, .. }
                    if Dn::parse(&text).is_ok_and(|dn| self.snapshot.find_entry(&dn).is_some()) =>
                {
                    self.fault(format!(
                        "group {group} does not count its member {text}, which exists"
                    ));
                }
                _ => {}
            }
        }
    }
}
