//! Writing the tree out as LDIF, parents before children, so that an import takes it back as it was.
//!
//! Owns what an export holds: all stored attributes, members, and the operational attributes that an import takes over.
//! Password hashes are left out unless asked for.

use std::io::{self, Write};

use super::access::AttributeMask;
use super::dn::Dn;
use super::entry::EntryId;
use super::filter::Filter;
use super::filter::evaluate::{Evaluator, Truth};
use super::filter::resolve::Resolved;
use super::ldif;
use super::members::EdgeKind;
use super::schema::AttributeTypeId;
use super::snapshot::{IdSet, Snapshot};
use super::view::{Computed, View};

/// What of an entry's past goes with it.
const OPERATIONAL: [Computed; 5] = [
    Computed::EntryUuid,
    Computed::CreatorsName,
    Computed::CreateTimestamp,
    Computed::ModifiersName,
    Computed::ModifyTimestamp,
];

/// What to export.
pub struct Export<'a> {
    /// The top of the subtree; `None` for all suffixes.
    pub base: Option<EntryId>,
    /// Which entries; `None` for all.
    pub filter: Option<Resolved>,
    /// Whether password hashes and other secrets are among the values.
    pub with_secrets: bool,
    /// Told how many entries were written so far.
    pub progress: &'a mut dyn FnMut(u64),
}

/// The top and the filter of an export, from texts as people write them; the error says what is wrong with which.
pub fn part(
    snapshot: &Snapshot,
    base: Option<&str>,
    filter: Option<&str>,
) -> Result<(Option<EntryId>, Option<Resolved>), String> {
    let base = base.map(|text| {
        let dn =
            Dn::parse(text).map_err(|error| format!("the base \"{text}\" is not a DN: {error}"))?;
        let found = snapshot.find_entry(&dn);
        found.ok_or_else(|| format!("there is no entry {text}"))
    });
    let filter = filter.map(|text| {
        let filter = Filter::parse(text).map_err(|error| format!("the filter {text}: {error}"))?;
        Ok::<_, String>(filter.resolve(snapshot.schema()))
    });
    Ok((base.transpose()?, filter.transpose()?))
}

/// Writes LDIF; the number of entries written.
pub fn write(snapshot: &Snapshot, export: Export<'_>, out: &mut impl Write) -> io::Result<u64> {
    let everything = AttributeMask::of(snapshot.schema(), |_| true);
    let mut evaluator = Evaluator::default();
    let mut written = 0;
    ldif::write_header(out)?;
    let mut open: Vec<EntryId> = match export.base {
        Some(base) => vec![base],
        None => snapshot
            .suffixes()
            .iter()
            .rev()
            .filter_map(|suffix| snapshot.suffix_entry(suffix))
            .collect(),
    };
    while let Some(id) = open.pop() {
        let Some(view) = View::new(snapshot, id) else {
            continue;
        };
        let wanted = export
            .filter
            .as_ref()
            .is_none_or(|filter| evaluator.evaluate(filter, &view, &everything) == Truth::True);
        if wanted {
            write_entry(&view, export.with_secrets, out)?;
            written += 1;
            if written % 1_024 == 0 {
                (export.progress)(written);
            }
        }
        let below = open.len();
        open.extend(snapshot.children(id).into_iter().flat_map(IdSet::iter));
        open.get_mut(below..).unwrap_or_default().reverse();
    }
    Ok(written)
}

fn write_entry(view: &View<'_>, with_secrets: bool, out: &mut impl Write) -> io::Result<()> {
    let schema = view.schema();
    let shown = |id: AttributeTypeId| with_secrets || !schema.attribute(id).is_secret();
    let descriptions = view.snapshot.descriptions();
    let stored = view.entry.blocks().filter_map(|block| {
        let described = descriptions.described(block.description)?;
        shown(described.description.attribute).then_some((&*described.name, block))
    });
    let mut computed: Vec<(&str, Vec<u8>)> = Vec::new();
    let named = view.snapshot.members(view.id).into_iter();
    for edge in named
        .flat_map(|members| EdgeKind::ALL.map(|kind| members.edges_of(kind)))
        .flatten()
    {
        let name = schema.attribute(edge.kind().attribute()).name();
        computed.push((name, edge.text(view.snapshot).into_bytes()));
    }
    for attribute in OPERATIONAL {
        let name = schema.attribute(attribute.attribute()).name();
        attribute.for_each(view, &mut |value| {
            computed.push((name, value.to_vec()));
            true
        });
    }
    let stored = stored.flat_map(|(name, block)| block.values().map(move |value| (name, value)));
    let computed = computed
        .iter()
        .map(|(name, value)| (*name, value.as_slice()));
    ldif::write_entry(out, &view.snapshot.dn(view.id), stored.chain(computed))
}
