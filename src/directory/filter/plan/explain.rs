//! Plans in words, and the indexes that a filter would have needed.

use std::fmt;

use super::{Plan, Source, Step, plan, test_kind};
use crate::directory::filter::resolve::Resolved;
use crate::directory::index::ordered::Range;
use crate::directory::index::{Index, Kind};
use crate::directory::schema::{AttributeTypeId, Schema};
use crate::directory::snapshot::Snapshot;

/// One step a line, those it is made of indented below it.
impl fmt::Display for Plan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.step.describe(self.snapshot.schema(), 0, f)
    }
}

impl Step<'_> {
    fn describe(&self, schema: &Schema, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (indent, count) = ("  ".repeat(depth), self.count);
        let (what, parts): (&str, &[Step<'_>]) = match &self.source {
            Source::Nothing => ("nothing can match", &[]),
            Source::All(steps) => ("all of, the first one narrowed by the others", steps),
            Source::Any(steps) => ("any of", steps),
            Source::Without(inner) => ("all entries without", std::slice::from_ref(&**inner)),
            _ => ("", &[]),
        };
        match (self.of, &self.source) {
            (Some((attribute, kind)), source) => {
                let (name, kind) = (schema.attribute(attribute).name(), kind.name());
                write!(f, "{indent}{kind} index of {name}: at most {count}")?;
                match source {
                    Source::Pieces(sets) => write!(f, ", {} trigrams", sets.len())?,
                    Source::Range {
                        range: Range::Beginning(_),
                        ..
                    } => write!(f, ", a range of beginnings")?,
                    _ => {}
                }
            }
            (None, Source::One(_) | Source::Set(_) | Source::Postings(_)) => {
                write!(f, "{indent}names and memberships: at most {count}")?;
            }
            (None, Source::Members { .. } | Source::Groups { .. } | Source::Subordinates(_)) => {
                write!(f, "{indent}names and memberships: about {count}")?;
            }
            (None, _) => write!(f, "{indent}{what}: at most {count}")?,
        }
        writeln!(f)?;
        // Thousands of terms are not for reading.
        let shown = parts.len().min(20);
        for step in parts.iter().take(shown) {
            step.describe(schema, depth + 1, f)?;
        }
        match parts.len() - shown {
            0 => Ok(()),
            more => writeln!(f, "{indent}  and {more} more"),
        }
    }
}

/// An index that a filter would have needed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// On which type.
    pub attribute: AttributeTypeId,
    /// Of which kind.
    pub kind: Kind,
}

/// The indexes that would make a plan for a filter that has none, each once. One of them is enough where all parts of a
/// filter must match.
pub fn missing(filter: &Resolved, snapshot: &Snapshot) -> Vec<Missing> {
    let mut found = Vec::new();
    collect_missing(filter, snapshot, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn collect_missing(filter: &Resolved, snapshot: &Snapshot, out: &mut Vec<Missing>) {
    if plan(filter, snapshot).is_some() {
        return;
    }
    let mut add = |attribute: AttributeTypeId, kind| {
        let of_type = snapshot.schema().attribute(attribute);
        let possible = match kind {
            Kind::Presence => true,
            Kind::Equality => of_type.equality.is_some(),
            Kind::Substring => of_type.substrings.is_some(),
            Kind::Ordering => of_type.ordering.is_some(),
        };
        if possible && !of_type.is_secret() && Index::can_hold(kind, attribute) {
            out.push(Missing { attribute, kind });
        }
    };
    match filter {
        Resolved::And(list) | Resolved::Or(list) => {
            list.iter()
                .for_each(|item| collect_missing(item, snapshot, out));
        }
        Resolved::Present(target) => add(target.attribute(), Kind::Presence),
        Resolved::Match(target, test) => {
            if let Some(kind) = test_kind(test) {
                add(target.attribute(), kind);
            }
        }
        Resolved::Not(_)
        | Resolved::Undefined
        | Resolved::AnyAttribute(..)
        | Resolved::WithName(..) => {}
    }
}
