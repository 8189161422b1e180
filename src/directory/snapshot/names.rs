//! From names to entries and back.
//!
//! Owns the walk from a suffix down, level by level, and what is compared on the way. It does not own the hashes under which
//! names are kept (`keys`).

use super::{IdSet, Snapshot, lately};
use crate::directory::account::DEFAULT_POLICY;
use crate::directory::dn::{Dn, NormalizedDn, Rdn};
use crate::directory::entry::{EntryId, EntryRef, ROOT};
use crate::directory::schema::Schema;

/// Entries with others below them, up to which a subtree is put together from their children.
const PARENTS: usize = 256;

/// A naming context of this directory (RFC 4512 section 5.1).
#[derive(Clone, Debug)]
pub struct Suffix {
    /// As it was configured.
    pub dn: Dn,
    /// For comparing.
    pub normalized: NormalizedDn,
    /// The policy of accounts below it that name none; `None` when such a name would be too long.
    pub policy: Option<(Dn, NormalizedDn)>,
    /// The name as the entry has it that was added under this spelling.
    text: Box<str>,
}

impl Suffix {
    /// The suffix of this name.
    pub fn new(schema: &Schema, dn: Dn) -> Self {
        let normalized = dn.normalize(schema);
        let text = dn.to_string();
        let policy = Dn::parse(&format!("{DEFAULT_POLICY},{text}")).ok();
        let policy = policy.map(|dn| {
            let normalized = dn.normalize(schema);
            (dn, normalized)
        });
        Self {
            dn,
            normalized,
            policy,
            text: text.into(),
        }
    }
}

/// What a name stands for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The entry.
    Entry(EntryId),
    /// No entry; the nearest one above it that exists, if any, and how many levels are missing below that.
    Nothing {
        /// The nearest existing ancestor.
        nearest: Option<EntryId>,
        /// 1 when only the entry itself is missing.
        missing: usize,
    },
    /// The name lies in no suffix.
    Outside,
}

impl Snapshot {
    /// Whether `id` is `ancestor` or lies below it.
    pub fn is_within(&self, mut id: EntryId, ancestor: EntryId) -> bool {
        loop {
            if id == ancestor {
                return true;
            }
            match self.entry(id) {
                Some(entry) if entry.parent() != ROOT => id = entry.parent(),
                _ => return ancestor == ROOT,
            }
        }
    }

    /// The entries at and below one, put together from the children of each; `None` when so many entries of the directory
    /// have any that walking is no slower.
    pub fn subtree(&self, top: EntryId) -> Option<IdSet> {
        let parents: IdSet = self.children.numbers().take(PARENTS + 1).collect();
        if parents.len() > PARENTS {
            return None;
        }
        let mut all = IdSet::from_iter([top]);
        let mut open = vec![top];
        while let Some(children) = open.pop().and_then(|parent| self.children(parent)) {
            open.extend(children.intersection(&parents).iter());
            all = all.union(children);
        }
        Some(all)
    }

    /// Appends the name of an entry, as its makers spelled it.
    pub fn write_dn(&self, mut id: EntryId, out: &mut Vec<u8>) {
        let begin = out.len();
        while let Some(entry) = self.entry(id) {
            if out.len() > begin {
                out.push(b',');
            }
            out.extend_from_slice(entry.rdn_bytes());
            id = entry.parent();
        }
    }

    /// The name of an entry.
    pub fn dn(&self, id: EntryId) -> String {
        let mut out = Vec::with_capacity(64);
        self.write_dn(id, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// The normal form of the name of an entry.
    pub fn normalized_dn(&self, id: EntryId) -> NormalizedDn {
        NormalizedDn::parse(&self.dn(id), &self.schema).unwrap_or_default()
    }

    /// Looks a name up.
    pub fn find(&self, dn: &Dn) -> Found {
        if let Some((id, below)) = lately::find(self.structure, dn.rdns()) {
            return self.descend(id, dn.rdns().get(..below).unwrap_or_default());
        }
        match self.suffixes.first() {
            // Spelled alike they are the same.
            Some(first) if dn.rdns().ends_with(first.dn.rdns()) => self.find_below(first, dn),
            _ => self.find_normalized(dn, &dn.normalize(&self.schema)),
        }
    }

    /// Looks a name up whose normal form is known already.
    pub fn find_normalized(&self, dn: &Dn, normalized: &NormalizedDn) -> Found {
        let mut suffixes = self.suffixes.iter();
        match suffixes.find(|suffix| normalized.is_within(&suffix.normalized)) {
            Some(suffix) => self.find_below(suffix, dn),
            None => Found::Outside,
        }
    }

    /// Walks from a suffix down to a name that lies in it.
    fn find_below(&self, suffix: &Suffix, dn: &Dn) -> Found {
        let below = dn.rdns().len().saturating_sub(suffix.dn.rdns().len());
        let Some(top) = self.suffix_entry(suffix) else {
            return Found::Nothing {
                nearest: None,
                missing: below + 1,
            };
        };
        let found = self.descend(top, dn.rdns().get(..below).unwrap_or_default());
        if let Found::Entry(id) = found {
            self.remember(dn, id);
        }
        found
    }

    /// Remembers the name that others are likely to be asked for below: this one, or else the one above it.
    fn remember(&self, dn: &Dn, id: EntryId) {
        if self.children(id).is_some() {
            return lately::keep(self.structure, dn.rdns(), id);
        }
        let parent = self.entry(id).map(|entry| entry.parent());
        if let (Some(parent), Some((_, above))) = (parent, dn.rdns().split_first())
            && parent != ROOT
        {
            lately::keep(self.structure, above, parent);
        }
    }

    /// Walks down from an entry by relative names, the last one first.
    fn descend(&self, mut at: EntryId, relative: &[Rdn]) -> Found {
        for (level, rdn) in relative.iter().rev().enumerate() {
            let mut normalized = Vec::with_capacity(64);
            rdn.normalize(&self.schema, &mut normalized);
            match self.child(at, rdn, &normalized) {
                Some(child) => at = child,
                None => {
                    return Found::Nothing {
                        nearest: Some(at),
                        missing: relative.len() - level,
                    };
                }
            }
        }
        Found::Entry(at)
    }

    /// The entry of a name, if it exists.
    pub fn find_entry(&self, dn: &Dn) -> Option<EntryId> {
        match self.find(dn) {
            Found::Entry(id) => Some(id),
            _ => None,
        }
    }

    /// The entry of a suffix, if it exists.
    pub fn suffix_entry(&self, suffix: &Suffix) -> Option<EntryId> {
        let tops = self.children(ROOT)?;
        let is_spelled = |id: &EntryId| {
            let entry = self.entry(*id);
            entry.is_some_and(|entry| entry.rdn_bytes() == suffix.text.as_bytes())
        };
        tops.iter().find(is_spelled).or_else(|| {
            tops.iter().find(|id| {
                let name = self.entry(*id).map(|entry| entry.rdn());
                let parsed = name.map(|name| NormalizedDn::parse(name, &self.schema));
                parsed.is_some_and(|name| name.as_ref() == Ok(&suffix.normalized))
            })
        })
    }

    /// The child of an entry under a relative name.
    pub fn child(&self, parent: EntryId, rdn: &Rdn, normalized: &[u8]) -> Option<EntryId> {
        self.names
            .get(self.keys.name(parent, normalized))
            .iter()
            .find(|id| {
                self.entry(*id).is_some_and(|entry| {
                    entry.parent() == parent
                        && (is_spelled(rdn, entry.rdn_bytes()) || self.has_name(entry, normalized))
                })
            })
    }

    fn has_name(&self, entry: EntryRef<'_>, normalized: &[u8]) -> bool {
        Rdn::parse(entry.rdn()).is_ok_and(|rdn| {
            let mut own = Vec::new();
            rdn.normalize(&self.schema, &mut own);
            own == normalized
        })
    }
}

/// Whether a stored name is spelled just like this one: then they are equal, and normalising the stored one is spared.
fn is_spelled(rdn: &Rdn, stored: &[u8]) -> bool {
    let [only] = rdn.assertions() else {
        return false;
    };
    let plain =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'@');
    let (attribute, value) = (only.attribute.as_bytes(), only.value.as_slice());
    stored.len() == attribute.len() + 1 + value.len()
        && stored.ends_with(value)
        && stored.starts_with(attribute)
        && stored.get(attribute.len()) == Some(&b'=')
        && value.iter().all(plain)
}
