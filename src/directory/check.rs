//! Verifying a store record by record: checksum, form, schema, parent, name, references; and, of a directory that is
//! being served, that the store holds what is served.
//!
//! Owns the list of what may be wrong. It repairs nothing.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::attributes::{Attribute, Attributes};
use super::descriptions::DescriptionTable;
use super::dn::{Dn, Rdn};
use super::entry::{EntryId, EntryRef, ROOT};
use super::members::{Edge, EdgeKind};
use super::schema::{AttributeDescription, Schema, well_known};
use super::snapshot::{Snapshot, Suffix};
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

impl std::fmt::Display for Findings {
    /// A line for each fault, and one with the totals.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for fault in &self.faults {
            writeln!(f, "fault: {fault}")?;
        }
        writeln!(
            f,
            "{} records: {} entries, {} members; {} faults",
            self.records,
            self.entries,
            self.edges,
            self.faults.len()
        )
    }
}

/// Reads every record of a store that nobody serves and tells all that is wrong; `empty` has the schema and suffixes of
/// the directory.
pub fn check(
    store: &dyn Store,
    empty: Snapshot,
    progress: &mut dyn FnMut(u64),
) -> Result<Findings, StoreError> {
    let schema = empty.shared_schema();
    let mut snapshot = empty;
    snapshot.begin_bulk();
    let mut findings = scan(store, &schema, &mut |record, value| {
        take(&mut snapshot, &schema, record, value)
    })?;
    snapshot.end_bulk();
    verify(&snapshot, &mut findings, progress);
    Ok(findings)
}

/// Reads every record of a store and tells where it differs from what is served. Nothing may be written meanwhile.
pub fn compare(store: &dyn Store, snapshot: &Snapshot) -> Result<Findings, StoreError> {
    let mut findings = scan(store, snapshot.schema(), &mut |record, value| {
        same(snapshot, record, value)
    })?;
    let (entries, members) = (
        snapshot.len() as u64,
        snapshot.groups().map(|(_, members)| members.count()).sum(),
    );
    for (what, served, stored) in [
        ("entries", entries, findings.entries),
        ("members", members, findings.edges),
    ] {
        if served != stored {
            let text = format!("{served} {what} are served, but {stored} are stored");
            findings.faults.push(text);
        }
    }
    Ok(findings)
}

/// Takes a record and its value, and says what is wrong with it.
type Judge<'a> = &'a mut dyn FnMut(&Record<'_>, &[u8]) -> Result<(), String>;

/// Reads and counts every record, and has those that are of the right form judged.
fn scan(store: &dyn Store, schema: &Schema, judge: Judge<'_>) -> Result<Findings, StoreError> {
    let mut findings = Findings::default();
    let mut corrupt = Vec::new();
    store.scan_reporting(
        &[],
        &mut |key, value| {
            findings.records += 1;
            let judged = stored::parse(schema, key, value)
                .map_err(|error| error.to_string())
                .and_then(|record| {
                    match record {
                        Record::Entry(..) => findings.entries += 1,
                        Record::Members(_, _, ref ids) => {
                            findings.edges += ids.clone().count() as u64;
                        }
                        Record::Dangling(..) => findings.edges += 1,
                        Record::Description(..)
                        | Record::Activity(..)
                        | Record::State(..)
                        | Record::Other => {}
                    }
                    judge(&record, value)
                });
            findings.faults.extend(judged.err());
            ControlFlow::Continue(())
        },
        &mut |error| {
            corrupt.push(error.to_string());
            ControlFlow::Continue(())
        },
    )?;
    findings.faults.append(&mut corrupt);
    Ok(findings)
}

fn take(
    snapshot: &mut Snapshot,
    schema: &Schema,
    record: &Record<'_>,
    value: &[u8],
) -> Result<(), String> {
    match record {
        Record::Description(id, text) => {
            let table: &mut DescriptionTable = Arc::make_mut(snapshot.descriptions_mut());
            let restored = table.restore(schema, *id, text);
            restored.map_err(|error| format!("attribute description {} \"{text}\": {error}", id.0))
        }
        Record::Entry(id, _) => {
            snapshot.put_entry(*id, value.into());
            Ok(())
        }
        Record::Members(group, kind, ids) => {
            snapshot.add_members(*group, *kind, ids.clone().collect());
            Ok(())
        }
        Record::Dangling(group, edge) => {
            snapshot.add_edge(*group, edge);
            Ok(())
        }
        Record::Activity(..) | Record::State(..) | Record::Other => Ok(()),
    }
}

fn same(snapshot: &Snapshot, record: &Record<'_>, value: &[u8]) -> Result<(), String> {
    let (is_same, what) = match record {
        Record::Description(id, text) => (
            snapshot
                .descriptions()
                .described(*id)
                .is_some_and(|described| &*described.name == *text),
            format!("attribute description {}", id.0),
        ),
        Record::Entry(id, entry) => (
            snapshot
                .entry_bytes(*id)
                .is_some_and(|bytes| **bytes == *value),
            format!("entry {id} ({})", entry.rdn()),
        ),
        Record::Members(group, kind, ids) => (
            snapshot.members(*group).is_some_and(|members| {
                let served = members.ids(*kind);
                ids.clone().all(|id| served.contains(id))
            }),
            format!("a member of group {group}"),
        ),
        Record::Dangling(group, edge) => (
            snapshot
                .members(*group)
                .is_some_and(|members| members.holds(edge)),
            format!("a member of group {group}"),
        ),
        Record::Activity(..) | Record::State(..) | Record::Other => return Ok(()),
    };
    if is_same {
        Ok(())
    } else {
        Err(format!("{what} is not stored as it is served"))
    }
}

/// Adds to what was found all that is wrong with a state in itself: entries that the schema does not admit, parents,
/// names, references. `progress` is told how many entries were looked at.
pub fn verify(snapshot: &Snapshot, findings: &mut Findings, progress: &mut dyn FnMut(u64)) {
    let mut verifier = Verifier { snapshot, findings };
    for (looked_at, id) in snapshot.ids().enumerate() {
        if let Some(entry) = snapshot.entry(id) {
            verifier.admit(id, entry);
            verifier.place(id, entry);
        }
        if looked_at.is_multiple_of(4_096) {
            progress(looked_at as u64);
        }
    }
    verifier.references();
}

struct Verifier<'a> {
    snapshot: &'a Snapshot,
    findings: &'a mut Findings,
}

impl Verifier<'_> {
    fn fault(&mut self, text: String) {
        self.findings.faults.push(text);
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
            let mut classes = classes.filter_map(|value| {
                self.snapshot
                    .schema()
                    .class_id(std::str::from_utf8(value).ok()?)
            });
            if classes.any(|class| self.snapshot.schema().class(class).allows(kind.attribute())) {
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
            .filter_map(|ava| {
                Some((
                    self.snapshot.schema().attribute_id(&ava.attribute)?,
                    ava.value.clone(),
                ))
            })
            .collect();
        if let Err(violation) = self.snapshot.schema().admit(&mut attributes, &naming) {
            self.fault(format!("entry {id} ({}): {violation}", entry.rdn()));
        }
    }

    /// The parent exists, the entry is not its own ancestor, no sibling has its name.
    fn place(&mut self, id: EntryId, entry: EntryRef<'_>) {
        let (parent, rdn) = (entry.parent(), entry.rdn());
        if parent != ROOT && self.snapshot.entry(parent).is_none() {
            self.fault(format!(
                "entry {id} ({rdn}) is below entry {parent}, which does not exist"
            ));
        } else if !self.reaches_root(id) {
            self.fault(format!("entry {id} ({rdn}) is below itself"));
        }
        let named = match parent {
            ROOT => Dn::parse(rdn).ok().and_then(|dn| {
                let suffix = Suffix::new(self.snapshot.schema(), dn);
                self.snapshot.suffix_entry(&suffix)
            }),
            _ => Rdn::parse(rdn).ok().and_then(|rdn| {
                let mut normalized = Vec::new();
                rdn.normalize(self.snapshot.schema(), &mut normalized);
                self.snapshot.child(parent, &rdn, &normalized)
            }),
        };
        if let Some(other) = named.filter(|other| *other != id) {
            self.fault(format!(
                "entries {other} and {id} have the same name ({rdn})"
            ));
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
        let snapshot = self.snapshot;
        for (group, members) in snapshot.groups() {
            if snapshot.entry(group).is_none() {
                self.fault(format!(
                    "members belong to group {group}, which does not exist"
                ));
            }
            for edge in members.edges() {
                match edge {
                    Edge::Entry { member, .. } if snapshot.entry(member).is_none() => {
                        self.fault(format!(
                            "group {group} has the member {member}, which does not exist"
                        ));
                    }
                    Edge::Dangling { text, .. }
                        if Dn::parse(&text).is_ok_and(|dn| snapshot.find_entry(&dn).is_some()) =>
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
}

#[cfg(test)]
mod tests;
