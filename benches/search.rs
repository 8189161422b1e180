//! How long the parts of a search take, a whole one, and a change until it is seen; in nanoseconds a call, the best of
//! several rounds: `cargo bench --bench search`, or `cargo bench --bench search -- 1000000` for more than 100,000 people.
//!
//! The people are made up. Nothing is kept: the store of this directory forgets.

mod served;

use std::fmt::Write;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use hedgerow::directory::Directory;
use hedgerow::directory::access::AttributeMask;
use hedgerow::directory::dn::{Dn, NormalizedDn};
use hedgerow::directory::filter::Filter;
use hedgerow::directory::filter::evaluate::Evaluator;
use hedgerow::directory::filter::plan::Plan;
use hedgerow::directory::request::Scope;
use hedgerow::directory::search::Progress;
use hedgerow::directory::snapshot::Snapshot;
use hedgerow::directory::view::View;
use hedgerow::ldap::encoder::Encoder;
use served::in_memory::request;
use served::{Outcome, SUFFIX, TOP, administrator, directory, measure, replace};

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
    let directory = directory(&tree(people)?);
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
    swaps(&directory)?;
    directory.close();
    Ok(())
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
    let who = administrator(directory);
    let request = request(SUFFIX, Scope::Subtree, Filter::parse(text)?, &[]);
    let (mut out, mut encoder) = (BytesMut::new(), Encoder::default());
    let mut found = 0;
    let mut search = || {
        out.clear();
        found = 0;
        let mut search = directory.search(&who, &request, Instant::now())?;
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

/// A change through the lane until the new snapshot is published and answered, one waiting for the other.
fn swaps(directory: &Directory) -> Outcome<()> {
    let who = administrator(directory);
    let dn = Dn::parse(&format!("uid=user.77,{SUFFIX}"))?;
    let mut number = 0_u64;
    for attribute in ["description", "mail"] {
        measure(&format!("change {attribute}, until it is seen"), || {
            number += 1;
            let value = format!("{number}@example.org");
            replace(directory, &who, &dn, attribute, &[&value]);
        });
    }
    Ok(())
}

fn tree(people: u32) -> Outcome<String> {
    let mut tree = TOP.to_owned();
    for number in 0..people {
        write!(
            tree,
            "\ndn: uid=user.{number},{SUFFIX}\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\n\
             uid: user.{number}\ncn: Person {number}\nsn: Person\nmail: user.{number}@example.org\n\
             uidNumber: {number}\ngidNumber: 100\nhomeDirectory: /home/user.{number}\n\
             telephoneNumber: +1 555 {number}\nemployeeNumber: {number}\n\
             description: Somebody of whom there is little to tell, number {number}\n"
        )?;
    }
    Ok(tree)
}
