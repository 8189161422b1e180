//! Operations and answers as people read them.

use std::fmt;

use super::{Answer, Attributes, Entry, Operation};

/// Values as people read them.
struct Shown<'a>(&'a [Vec<u8>]);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.0.iter().map(|value| String::from_utf8_lossy(value));
        f.debug_list().entries(values).finish()
    }
}

fn show_attributes(f: &mut fmt::Formatter<'_>, attributes: &Attributes) -> fmt::Result {
    attributes
        .iter()
        .try_for_each(|(name, values)| write!(f, "\n        {name}: {:?}", Shown(values)))
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n      {:?}", self.dn)?;
        show_attributes(f, &self.attributes)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer {
            code,
            matched,
            text,
            entries,
        } = self;
        write!(f, "code {code}, matched {matched:?}, text {text:?}")?;
        entries.iter().try_for_each(|entry| write!(f, "{entry:?}"))
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add { dn, attributes } => {
                write!(f, "add {dn:?}")?;
                show_attributes(f, attributes)
            }
            Self::Modify { dn, changes } => {
                write!(f, "modify {dn:?}")?;
                changes.iter().try_for_each(|(kind, name, values)| {
                    let kind = ["add", "delete", "replace", "increment"][usize::from(*kind)];
                    write!(f, "\n        {kind} {name}: {:?}", Shown(values))
                })
            }
            Self::Delete { dn } => write!(f, "delete {dn:?}"),
            Self::Rename {
                dn,
                rdn,
                delete_old,
                superior,
            } => write!(
                f,
                "rename {dn:?} to {rdn:?}, delete_old {delete_old}, superior {superior:?}"
            ),
            Self::Compare {
                dn,
                attribute,
                value,
            } => write!(
                f,
                "compare {dn:?} {attribute}: {:?}",
                String::from_utf8_lossy(value)
            ),
            Self::Search {
                base,
                scope,
                dereference,
                size_limit,
                page,
                types_only,
                filter,
                selection,
            } => write!(
                f,
                "search {base:?} scope {scope} dereference {dereference} limit {size_limit} \
                 page {page} types_only {types_only} {filter} {selection:?}"
            ),
        }
    }
}
