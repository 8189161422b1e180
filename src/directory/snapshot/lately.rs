//! Entries that were found by their names a short while ago: most names that are asked for lie below few others.
//!
//! Owns remembering them, each thread for itself, for as long as names stay as they are. It holds no part of a snapshot.
//! How a name is found that is not remembered is the business of `names`.

use std::cell::RefCell;

use crate::directory::dn::{Ava, Rdn};
use crate::directory::entry::EntryId;

/// Names that one thread remembers.
const KEPT: usize = 8;
/// Longer names, in octets of their values and types, are not remembered.
const LONGEST: usize = 256;

/// A name and whose it is.
struct Known {
    /// The state of all names for which this holds (see `Snapshot::structure`), which no other state has.
    structure: u64,
    rdns: Vec<Rdn>,
    id: EntryId,
}

#[derive(Default)]
struct Memory {
    known: Vec<Known>,
    /// The one that is given up next.
    oldest: usize,
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// The remembered entry of this name or of the one right above it, and how many RDNs lie below that entry.
pub(super) fn find(structure: u64, rdns: &[Rdn]) -> Option<(EntryId, usize)> {
    let (_, above) = rdns.split_first()?;
    MEMORY.with_borrow(|memory| {
        let mut known = memory.known.iter();
        known.find_map(|known| {
            let below = match rdns.len().checked_sub(known.rdns.len()) {
                Some(0) if known.rdns == rdns => 0,
                Some(1) if known.rdns == above => 1,
                _ => return None,
            };
            (known.structure == structure).then_some((known.id, below))
        })
    })
}

/// Remembers whose a name is.
pub(super) fn keep(structure: u64, rdns: &[Rdn], id: EntryId) {
    let assertions = rdns.iter().flat_map(|rdn| rdn.assertions());
    let length = |ava: &Ava| ava.attribute.len().saturating_add(ava.value.len());
    if assertions.map(length).fold(0, usize::saturating_add) > LONGEST {
        return;
    }
    MEMORY.with_borrow_mut(|memory| {
        let Memory { known, oldest } = memory;
        if let Some(known) = known.iter_mut().find(|known| known.rdns == rdns) {
            (known.structure, known.id) = (structure, id);
            return;
        }
        let new = Known {
            structure,
            rdns: rdns.to_vec(),
            id,
        };
        match known.get_mut(*oldest) {
            Some(old) => *old = new,
            None => known.push(new),
        }
        *oldest = (*oldest + 1) % KEPT;
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::dn::Dn;
    use crate::directory::entry::{self, DescriptionId};
    use crate::directory::fixture::{self, directory, schema};
    use crate::directory::index::IndexedAttributes;
    use crate::directory::setup::load;
    use crate::directory::snapshot::{Found, Snapshot};

    /// Puts an entry of this name below another.
    fn put(snapshot: &mut Snapshot, id: EntryId, parent: EntryId, rdn: &str) {
        let person = snapshot.entry(2).unwrap();
        let head = entry::Head {
            parent,
            rdn: rdn.to_owned(),
            ..person.head()
        };
        let nothing = std::iter::empty::<(DescriptionId, std::iter::Empty<&[u8]>)>();
        let bytes = entry::encode(&head, nothing).unwrap();
        snapshot.put_entry(id, bytes.into());
    }

    #[test]
    fn what_is_remembered_of_one_state_is_not_taken_for_another() {
        let (_, before) = directory(&schema());
        let mut with_child = before.clone();
        put(&mut with_child, 9, 2, "cn=x");
        let mut renamed = with_child.clone();
        put(&mut renamed, 2, 1, "cn=uno");
        let nothing = |nearest, missing| Found::Nothing {
            nearest: Some(nearest),
            missing,
        };
        let find = |snapshot: &Snapshot, name: &str| snapshot.find(&Dn::parse(name).unwrap());
        for _ in 0..2 {
            for (name, expected) in [
                ("dc=a", [Found::Entry(1); 3]),
                (
                    "cn=one,dc=a",
                    [Found::Entry(2), Found::Entry(2), nothing(1, 1)],
                ),
                (
                    "cn=x,cn=one,dc=a",
                    [nothing(2, 1), Found::Entry(9), nothing(1, 2)],
                ),
                (
                    "CN=x,cn=uno,dc=a",
                    [nothing(1, 2), nothing(1, 2), Found::Entry(9)],
                ),
                (
                    "cn=y,cn=x,cn=one,dc=a",
                    [nothing(2, 2), nothing(9, 1), nothing(1, 3)],
                ),
                ("dc=b", [Found::Outside; 3]),
            ] {
                let states = [&before, &with_child, &renamed];
                assert_eq!(states.map(|state| find(state, name)), expected, "{name}");
            }
        }
    }

    #[test]
    fn states_that_were_filled_from_one_empty_state_are_kept_apart() {
        let schema = schema();
        let indexed = IndexedAttributes::default();
        let empty = fixture::setup().empty(&schema, &indexed).unwrap();
        let found = ["cn=one", "cn=two,dc=a\nobjectClass: device\ncn: two\n\ndn: cn=one"].map(|first| {
            let tree = format!(
                "dn: dc=a\nobjectClass: domain\ndc: a\n\ndn: {first},dc=a\nobjectClass: device\ncn: one\n\n\
                 dn: cn=below,cn=one,dc=a\nobjectClass: device\ncn: below\n"
            );
            let (mut store, _) = fixture::directory_of(&schema, &tree, &indexed);
            let (filled, _) = load(&mut store, empty.clone(), &mut |_| {}).unwrap();
            filled.find(&Dn::parse("cn=one,dc=a").unwrap())
        });
        assert_eq!(found, [Found::Entry(2), Found::Entry(3)]);
    }

    #[test]
    fn only_so_many_names_are_remembered_and_no_long_ones() {
        let name = |number: usize| Dn::parse(&format!("ou={number},dc=a")).unwrap();
        for number in 0..3 * KEPT {
            keep(u64::MAX, name(number).rdns(), 7);
        }
        let known = (0..3 * KEPT).filter(|number| find(u64::MAX, name(*number).rdns()).is_some());
        assert_eq!(known.count(), KEPT);
        let long = Dn::parse(&format!("ou={},dc=a", "x".repeat(LONGEST))).unwrap();
        keep(u64::MAX, long.rdns(), 7);
        assert_eq!(find(u64::MAX, long.rdns()), None);
    }
}
