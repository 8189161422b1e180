//! Sort keys: the order that a search asks for, as bytes that compare like it (RFC 2891).
//!
//! Owns how a sort request is understood and how the key of an entry is made. It does not own the sorting.

use crate::directory::access::Masks;
use crate::directory::filter::resolve::Target;
use crate::directory::index::{Index, Kind as IndexKind};
use crate::directory::request::SortKey;
use crate::directory::schema::{AttributeTypeId, Rule, RuleKind, Schema};
use crate::directory::view::View;

/// The most keys of one order.
pub const MOST_KEYS: usize = 8;

/// Values are told apart by the first so many octets of their normal form: a bound on what an entry costs, and on the
/// cookie that holds its key.
pub const MOST_OCTETS: usize = 512;

/// Why entries cannot be sorted as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CannotSort {
    /// The attribute description at fault, as sent; empty when it is not about one.
    pub attribute: String,
    /// What is wrong.
    pub fault: SortFault,
}

/// What is wrong with an order, or with sorting by it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SortFault {
    /// The schema does not know the attribute.
    NoSuchAttribute,
    /// The rule is not known, orders nothing, or does not fit the attribute; or the attribute has none.
    InappropriateMatching,
    /// There is no key, the same attribute twice, or more than [`MOST_KEYS`].
    Keys,
    /// More entries match than the server sorts for one search.
    TooMany,
    /// The server sorts too much for others just now.
    Busy,
}

impl std::fmt::Display for CannotSort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let attribute = self.attribute.escape_default();
        match self.fault {
            SortFault::NoSuchAttribute => {
                write!(f, "sort: \"{attribute}\" is no attribute of the schema")
            }
            SortFault::InappropriateMatching => {
                write!(f, "sort: \"{attribute}\" has no order by this rule")
            }
            SortFault::Keys => write!(f, "sort: give 1 to {MOST_KEYS} keys, each attribute once"),
            SortFault::TooMany => f.write_str(
                "sort: more entries match than are sorted for one search; narrow the filter",
            ),
            SortFault::Busy => f.write_str("sort: too much is being sorted; try again"),
        }
    }
}

/// An order, ready to make keys of entries.
#[derive(Clone, Debug)]
pub struct Order {
    keys: Vec<Key>,
    least: Vec<u8>,
    value: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Key {
    target: Target,
    /// What stands in for it.
    otherwise: Option<Target>,
    rule: Rule,
    reverse: bool,
}

/// What the key of a value begins with, and that of an entry without one: a missing value is greater than any
/// (RFC 2891 section 2.2).
const PRESENT: u8 = 0;
const MISSING: u8 = 1;

impl Order {
    /// Understands an order.
    ///
    /// A key without a rule takes the ordering rule of its attribute, or where the schema has none, as for cn, sn and
    /// uid, the order that comes with its equality rule: clients leave the rule out for just these.
    pub fn resolve(schema: &Schema, keys: &[SortKey]) -> Result<Self, CannotSort> {
        let mut order = Self {
            keys: Vec::with_capacity(keys.len().min(MOST_KEYS)),
            least: Vec::new(),
            value: Vec::new(),
        };
        if keys.is_empty() || keys.len() > MOST_KEYS {
            return Err(CannotSort {
                attribute: String::new(),
                fault: SortFault::Keys,
            });
        }
        for (at, key) in keys.iter().enumerate() {
            let resolved = resolve_key(schema, key).and_then(|resolved| {
                let before = keys.iter().take(at);
                let mut before = before.filter_map(|key| Target::parse(schema, &key.attribute));
                if before.any(|target| target == resolved.target) {
                    return Err(SortFault::Keys);
                }
                Ok(resolved)
            });
            order.keys.push(resolved.map_err(|fault| CannotSort {
                attribute: key.attribute.clone(),
                fault,
            })?);
        }
        Ok(order)
    }

    /// Appends the key of an entry to `out`: entries are ordered as the bytes of their keys are. Attributes that the
    /// asker may not both search and read count as missing, so that the order tells nothing about them.
    pub fn write_key(&mut self, view: &View<'_>, masks: &Masks, out: &mut Vec<u8>) {
        let Self { keys, least, value } = self;
        for key in keys {
            let from = out.len();
            let mut targets = std::iter::once(&key.target).chain(&key.otherwise);
            if targets.any(|target| key.find_least(target, view, masks, least, value)) {
                write_value(least, out);
            } else {
                out.push(MISSING);
            }
            key.turn(out, from);
        }
    }

    /// The attribute whose values decide first, if it is one that an index can have in order and by the rule that is its
    /// own; and whether the greatest comes first. That is so as well where another attribute stands in for it, of entries
    /// that have it.
    pub fn attribute(&self, schema: &Schema) -> Option<(AttributeTypeId, bool)> {
        let key = self.keys.first()?;
        let [attribute] = key.target.types() else {
            return None;
        };
        let own = schema.attribute(*attribute);
        let plain = key.target.is_plain() && Index::can_hold(IndexKind::Ordering, *attribute);
        let same = own.ordering.or(own.equality) == Some(key.rule);
        (plain && same).then_some((*attribute, key.reverse))
    }

    /// Whether more than the value that decides first decides.
    pub fn has_several_keys(&self) -> bool {
        self.keys.len() > 1
    }

    /// The normal form of the value that decides first, of which a key was made.
    pub fn value_of(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut key = key.to_vec();
        self.keys.first()?.turn(&mut key, 0);
        let escaped = key.strip_prefix(&[PRESENT])?;
        let mut value = Vec::with_capacity(escaped.len());
        let mut octets = escaped.iter();
        while let Some(octet) = octets.next() {
            if *octet == 0 && octets.next() == Some(&0) {
                return Some(value);
            }
            value.push(*octet);
        }
        None
    }

    /// The key of an entry whose least value has this normal form, of an order by one attribute.
    pub fn key_of(&self, value: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write_value(value, &mut out);
        if let Some(key) = self.keys.first() {
            key.turn(&mut out, 0);
        }
        out
    }

    /// What the keys of entries whose value is this one begin with, by the first sort key; `None` when it is not a value
    /// that the rule can compare. Entries with a key that is not before it have this value or one after it.
    pub fn first_key_of(&self, schema: &Schema, value: &[u8]) -> Option<Vec<u8>> {
        let key = self.keys.first()?;
        let mut normalized = Vec::new();
        key.rule
            .normalize_assertion(schema, value, &mut normalized)
            .ok()?;
        Some(self.key_of(&normalized))
    }
}

impl Key {
    /// Puts the least value of an entry into `least`, in normal form (RFC 2891 section 2.2).
    fn find_least(
        &self,
        target: &Target,
        view: &View<'_>,
        masks: &Masks,
        least: &mut Vec<u8>,
        value: &mut Vec<u8>,
    ) -> bool {
        let mut found = false;
        let mut consider = |raw: &[u8]| {
            value.clear();
            if self.rule.normalize_value(view.schema(), raw, value).is_ok()
                && (!found || *value < *least)
            {
                found = true;
                std::mem::swap(least, value);
            }
        };
        let open = |id| masks.search.contains(id) && masks.read.contains(id);
        let descriptions = view.snapshot.descriptions();
        for block in view.entry.blocks() {
            let described = descriptions.described(block.description);
            if described.is_some_and(|described| {
                target.covers(described) && open(described.description.attribute)
            }) {
                block.values().for_each(&mut consider);
            }
        }
        let computed = target.computed.iter();
        for computed in computed.filter(|it| target.is_plain() && open(it.attribute())) {
            computed.for_each(view, &mut |raw| {
                consider(raw);
                true
            });
        }
        found
    }

    /// Turns a key around when it sorts backwards: what was before is then after.
    fn turn(&self, out: &mut [u8], from: usize) {
        if self.reverse {
            out.iter_mut().skip(from).for_each(|octet| *octet = !*octet);
        }
    }
}

/// Writes a value so that no key is the beginning of another, and the end of the value comes before any octet.
fn write_value(value: &[u8], out: &mut Vec<u8>) {
    out.push(PRESENT);
    for octet in value.iter().take(MOST_OCTETS) {
        out.push(*octet);
        if *octet == 0 {
            out.push(0xff);
        }
    }
    out.extend_from_slice(&[0, 0]);
}

fn resolve_key(schema: &Schema, key: &SortKey) -> Result<Key, SortFault> {
    let target = Target::parse(schema, &key.attribute).ok_or(SortFault::NoSuchAttribute)?;
    let attribute = schema.attribute(target.attribute());
    let rule = match &key.rule {
        None => attribute.ordering.or(attribute.equality),
        Some(name) => Rule::by_name(name).filter(|rule| {
            rule.kind() == RuleKind::Ordering && rule.compares_with(attribute.syntax)
        }),
    };
    let otherwise = key.otherwise.as_ref().map(|name| {
        let found = Target::parse(schema, name);
        found.ok_or(SortFault::NoSuchAttribute)
    });
    Ok(Key {
        target,
        otherwise: otherwise.transpose()?,
        rule: rule.ok_or(SortFault::InappropriateMatching)?,
        reverse: key.reverse,
    })
}

#[cfg(test)]
mod tests;
