//! How long the parts of a search take, a whole one, a login, and a change until it is seen; in nanoseconds a call, the best of
//! several rounds: `cargo bench --bench search`, or `cargo bench --bench search -- 1000000` for more than 100,000 people.
//!
//! The people are made up. Nothing is kept: the store of this directory forgets.

use std::error::Error;
use std::fmt::Write;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use hedgerow::directory::access::{AccessRules, AttributeMask};
use hedgerow::directory::account::AccountSettings;
use hedgerow::directory::dn::{Dn, NormalizedDn};
use hedgerow::directory::filter::Filter;
use hedgerow::directory::filter::evaluate::Evaluator;
use hedgerow::directory::filter::plan::Plan;
use hedgerow::directory::identity::{Identity, Process};
use hedgerow::directory::import::prepare;
use hedgerow::directory::index::IndexedAttributes;
use hedgerow::directory::password::{Pool, PoolSettings, Secret};
use hedgerow::directory::request::{
    Change, Dereference, Modification, ModificationKind, Part, Scope, SearchRequest, Subentries,
    Terms,
};
use hedgerow::directory::schema::{AttributeTypeId, PosixGroup, Schema};
use hedgerow::directory::search::Progress;
use hedgerow::directory::setup::Setup;
use hedgerow::directory::snapshot::Snapshot;
use hedgerow::directory::unique::UniqueAttributes;
use hedgerow::directory::view::View;
use hedgerow::directory::{Administrator, Directory, Login, Settings};
use hedgerow::ldap::encoder::Encoder;
use hedgerow::storage::{Batch, ReportCorrupt, Store, StoreError, VisitRecord};

type Outcome<T> = Result<T, Box<dyn Error>>;

const ROUNDS: usize = 15;
/// About how long one round takes.
const ROUND: Duration = Duration::from_millis(20);
const SUFFIX: &str = "dc=example,dc=org";
/// Who has a password, which is "secret-ken".
const MEMBER: &str = "uid=user.1";
const PASSWORD: &str = "{SSHA}HkNY0VkO095K2fXKABvtBmodFEVzYWx0c2FsdA==";
const FILTERS: [&str; 6] = [
    "(uid=user.77)",
    "(&(objectClass=inetOrgPerson)(uid=user.77))",
    "(|(uid=user.1)(uid=user.22)(mail=user.333@example.org))",
    "(cn=Person 77*)",
    "(cn=*son 777*)",
    "(uidNumber>=100090)",
];

fn main() -> Outcome<()> {
    let people = std::env::args().find_map(|argument| argument.parse().ok());
    let people = people.unwrap_or(100_000);
    println!("{people} people");
    let directory = directory(people)?;
    let snapshot = Arc::clone(&directory.snapshot());
    names(&snapshot)?;
    for filter in FILTERS {
        plans(&snapshot, filter)?;
    }
    evaluation(&snapshot)?;
    drop(snapshot);
    for filter in FILTERS {
        searches(&directory, filter)?;
    }
    logins(&directory)?;
    swaps(&directory)?;
    directory.close();
    Ok(())
}

fn measure(what: &str, mut call: impl FnMut()) {
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

fn names(snapshot: &Snapshot) -> Outcome<()> {
    let text = format!("uid=user.77,{SUFFIX}");
    let dn = Dn::parse(&text)?;
    measure("DN: parse", || drop(black_box(Dn::parse(&text))));
    measure("DN: parse and normalise at once", || {
        drop(black_box(NormalizedDn::parse(&text, snapshot.schema())));
    });
    measure("DN: find the entry", || {
        black_box(snapshot.find(&dn));
    });
    Ok(())
}

fn plans(snapshot: &Snapshot, text: &str) -> Outcome<()> {
    let filter = Filter::parse(text)?;
    measure(&format!("resolve {text}"), || {
        drop(black_box(filter.resolve(snapshot.schema())));
    });
    let resolved = filter.resolve(snapshot.schema());
    let found = Plan::new(&resolved, snapshot).map_or(0, |plan| plan.candidates().len());
    measure(&format!("plan it, {found} candidates"), || {
        drop(black_box(
            Plan::new(&resolved, snapshot).map(|plan| plan.candidates()),
        ));
    });
    Ok(())
}

fn evaluation(snapshot: &Snapshot) -> Outcome<()> {
    let everything = AttributeMask::of(snapshot.schema(), |_| true);
    let dn = Dn::parse(&format!("uid=user.77,{SUFFIX}"))?;
    let id = snapshot.find_entry(&dn).ok_or("no such person")?;
    let view = View::new(snapshot, id).ok_or("no such entry")?;
    let mut evaluator = Evaluator::default();
    for text in FILTERS {
        let filter = Filter::parse(text)?.resolve(snapshot.schema());
        measure(&format!("evaluate {text}"), || {
            black_box(evaluator.evaluate(&filter, &view, &everything));
        });
    }
    Ok(())
}

/// A whole search from the request to encoded entries, without the socket; and of one entry, the encoding alone.
fn searches(directory: &Directory, text: &str) -> Outcome<()> {
    let (who, request) = (administrator(directory), request(text)?);
    let (mut out, mut encoder) = (BytesMut::new(), Encoder::default());
    let mut found = 0;
    let mut search = || {
        out.clear();
        found = 0;
        let mut search = directory.search(&who, &request)?;
        while directory.advance(&mut search, &who, 1_024, &mut |entry| {
            found += 1;
            encoder.write(&mut out, 2, entry, false);
            ControlFlow::Continue(())
        })? == Progress::More
        {}
        Ok::<(), hedgerow::directory::Error>(())
    };
    search()?;
    measure(&format!("search {text}, encoded"), || {
        let _ = black_box(search());
    });
    println!("               of {found} entries in {} bytes", out.len());
    Ok(())
}

/// A login whose password needs no Argon2.
fn logins(directory: &Directory) -> Outcome<()> {
    let name = Dn::parse(&format!("{MEMBER},{SUFFIX}"))?;
    let proved = Arc::new(AtomicBool::new(false));
    measure("log in with a salted SHA-1", || {
        let proved = Arc::clone(&proved);
        let done =
            Box::new(move |verdict: Result<Login, _>| proved.store(verdict.is_ok(), Relaxed));
        directory.authenticate(
            name.clone(),
            Secret::from(b"secret-ken".as_slice()),
            None,
            done,
        );
    });
    match proved.load(Relaxed) {
        true => Ok(()),
        false => Err("nobody has logged in".into()),
    }
}

/// A change through the lane until the new snapshot is published and answered, one waiting for the other.
fn swaps(directory: &Directory) -> Outcome<()> {
    let who = administrator(directory);
    let dn = Dn::parse(&format!("uid=user.77,{SUFFIX}"))?;
    let mut number = 0_u64;
    for attribute in ["description", "mail"] {
        measure(&format!("change {attribute}, until it is seen"), || {
            number += 1;
            let change = Change::Modify {
                dn: dn.clone(),
                modifications: vec![Modification {
                    kind: ModificationKind::Replace,
                    attribute: attribute.to_owned(),
                    values: vec![format!("{number}@example.org").into_bytes()],
                }],
            };
            let (done, outcome) = mpsc::channel();
            directory.change(&who, change, Terms::default(), move |changed| {
                let _ = done.send(changed.is_ok());
            });
            black_box(outcome.recv().is_ok_and(|changed| changed));
        });
    }
    Ok(())
}

fn administrator(directory: &Directory) -> Identity {
    directory.vouch_for_process(Process { uid: 0, gid: 0 }, true)
}

fn request(filter: &str) -> Outcome<SearchRequest> {
    Ok(SearchRequest {
        base: Dn::parse(SUFFIX)?,
        scope: Scope::Subtree,
        dereference: Dereference::Never,
        filter: Filter::parse(filter)?,
        attributes: Vec::new(),
        types_only: false,
        size_limit: 0,
        time_limit: None,
        assertion: None,
        manage_referrals: false,
        omit_references: false,
        subentries: Subentries::ByScope,
        values: None,
        sort: None,
        part: Part::Whole,
    })
}

fn directory(people: u32) -> Outcome<Directory> {
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
    let ldif = tree(people)?;
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

fn tree(people: u32) -> Outcome<String> {
    let mut tree = format!(
        "dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: x\n"
    );
    for number in 0..people {
        write!(
            tree,
            "\ndn: uid=user.{number},{SUFFIX}\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\n\
             uid: user.{number}\ncn: Person {number}\nsn: Person\nmail: user.{number}@example.org\n\
             uidNumber: {number}\ngidNumber: 100\nhomeDirectory: /home/user.{number}\n\
             telephoneNumber: +1 555 {number}\nemployeeNumber: {number}\n\
             description: Somebody of whom there is little to tell, number {number}\n"
        )?;
        if number == 1 {
            writeln!(tree, "userPassword: {PASSWORD}")?;
        }
    }
    Ok(tree)
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
