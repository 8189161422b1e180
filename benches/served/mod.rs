//! A directory that is served from memory, for benches: its store forgets.

#[allow(clippy::unwrap_used, clippy::panic)]
#[path = "../../tests/in_memory/mod.rs"]
pub mod in_memory;

use std::error::Error;
use std::hint::black_box;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use hedgerow::directory::Directory;
use hedgerow::directory::dn::Dn;
use hedgerow::directory::identity::{Identity, Process};
use hedgerow::directory::index::IndexedAttributes;
use hedgerow::directory::request::{Change, Modification, ModificationKind, Terms};
use hedgerow::storage::{Batch, ReportCorrupt, Store, StoreError, VisitRecord};
use in_memory::Fixture;
pub use in_memory::SUFFIX;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// The entry of the suffix, with which every tree begins.
pub const TOP: &str =
    "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: x\n";

const ROUNDS: usize = 15;
/// About how long one round takes.
const ROUND: Duration = Duration::from_millis(20);

/// Prints how long a call takes, the best of several rounds.
pub fn measure(what: &str, mut call: impl FnMut()) {
    call();
    let start = Instant::now();
    call();
    let calls = ROUND.as_nanos() / start.elapsed().as_nanos().max(1);
    let calls = u32::try_from(calls).unwrap_or(u32::MAX).clamp(1, 1_000_000);
    let best = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| call());
            start.elapsed().as_nanos() / u128::from(calls)
        })
        .min();
    println!("{:>10} ns  {what}", best.unwrap_or_default());
}

/// Replaces the values of one attribute, until the new snapshot is published and answered.
pub fn replace(directory: &Directory, who: &Identity, dn: &Dn, attribute: &str, values: &[&str]) {
    let values = values.iter().map(|value| value.as_bytes().to_vec());
    let change = Change::Modify {
        dn: dn.clone(),
        modifications: vec![Modification {
            kind: ModificationKind::Replace,
            attribute: attribute.to_owned(),
            values: values.collect(),
        }],
    };
    let (done, outcome) = mpsc::channel();
    directory.change(who, change, Terms::default(), move |changed| {
        let _ = done.send(changed.is_ok());
    });
    assert!(black_box(outcome.recv().is_ok_and(|changed| changed)));
}

pub fn administrator(directory: &Directory) -> Identity {
    directory.vouch_for_process(Process { uid: 0, gid: 0 }, true)
}

/// A directory of some LDIF.
pub fn directory(ldif: &str) -> Directory {
    let fixture = Fixture::new(|schema| {
        let types = |names: &[&str]| {
            let ids = names.iter().filter_map(|name| schema.attribute_id(name));
            ids.collect()
        };
        IndexedAttributes {
            equality: types(&["uid", "cn", "sn", "mail", "uidNumber"]),
            presence: types(&["mail"]),
            substring: types(&["uid", "cn", "mail"]),
            ordering: types(&["uidNumber", "modifyTimestamp"]),
        }
    });
    let fixture = fixture.with_rules(&[]);
    let snapshot = fixture.read(ldif.as_bytes()).snapshot().clone();
    fixture.serve_on(Box::new(Nowhere), snapshot)
}

/// A store that forgets.
struct Nowhere;

impl Store for Nowhere {
    fn scan_reporting(
        &self,
        _prefix: &[u8],
        _visit: VisitRecord<'_>,
        _corrupt: ReportCorrupt<'_>,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    fn read(&self, _key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    fn commit(&mut self, _batch: Batch) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}
