//! A directory that is served from memory, for benches: its store forgets.

use std::error::Error;
use std::hint::black_box;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use hedgerow::directory::access::AccessRules;
use hedgerow::directory::account::AccountSettings;
use hedgerow::directory::dn::Dn;
use hedgerow::directory::identity::{Identity, Process};
use hedgerow::directory::import::prepare;
use hedgerow::directory::index::IndexedAttributes;
use hedgerow::directory::password::{Pool, PoolSettings};
use hedgerow::directory::request::{Change, Modification, ModificationKind, Terms};
use hedgerow::directory::schema::{AttributeTypeId, PosixGroup, Schema};
use hedgerow::directory::setup::Setup;
use hedgerow::directory::unique::UniqueAttributes;
use hedgerow::directory::{Administrator, Directory, Settings};
use hedgerow::storage::{Batch, ReportCorrupt, Store, StoreError, VisitRecord};

pub type Outcome<T> = Result<T, Box<dyn Error>>;

pub const SUFFIX: &str = "dc=example,dc=org";
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

pub fn directory(ldif: &str) -> Outcome<Directory> {
    let schema = Arc::new(Schema::built_in(PosixGroup::Auxiliary)?);
    let setup = Setup {
        suffixes: vec![SUFFIX.to_owned()],
        administrator: Administrator {
            name: format!("cn=admin,{SUFFIX}").into(),
            hash: Arc::default(),
        },
    };
    let types = |names: &[&str]| -> Vec<AttributeTypeId> {
        let ids = names.iter().filter_map(|name| schema.attribute_id(name));
        ids.collect()
    };
    let indexed = IndexedAttributes {
        equality: types(&["uid", "cn", "sn", "mail", "uidNumber"]),
        presence: types(&["mail"]),
        substring: types(&["uid", "cn", "mail"]),
        ordering: types(&["uidNumber", "modifyTimestamp"]),
    };
    let rules = AccessRules::compile(&schema, &[])?;
    let pool = Pool::start(PoolSettings::default())?;
    let empty = setup.empty(&schema, &indexed)?;
    let prepared = prepare(empty, &rules, &pool, ldif.as_bytes(), true, &mut |_| {})?;
    let settings = Settings {
        size_limit: None,
        time_limit: None,
        upgrade_passwords: false,
        unique: UniqueAttributes::default(),
        accounts: AccountSettings::default(),
        changes: hedgerow::directory::change_log::Bounds::default(),
    };
    Ok(Directory::serve(
        Box::new(Nowhere),
        prepared.snapshot().clone(),
        rules,
        setup.administrator,
        pool,
        settings,
    )?)
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

    fn commit(&mut self, _batch: &Batch) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}
