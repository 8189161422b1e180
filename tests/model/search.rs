//! Searches against a second opinion: whatever the planner does, a search finds what a full scan by a plain evaluator finds.

mod filters;
mod judge;
mod tree;

use std::ops::ControlFlow;
use std::time::Instant;

use filters::{filter, put_names, spelled};
use hedgerow::directory::filter::Filter;
use hedgerow::directory::index::{self, IndexedAttributes};
use hedgerow::directory::request::{Scope, SearchRequest};
use hedgerow::directory::schema::Schema;
use hedgerow::directory::search::Progress;
use hedgerow::directory::{Directory, Error};
use judge::{fold_name, in_scope, judge};
use proptest::collection::vec;
use proptest::prelude::*;
use tree::{Plain, ldif, seed, tree};

use crate::in_memory::{Fixture, administrator, request};

const INDEXABLE: [&str; 8] = [
    "objectClass",
    "cn",
    "sn",
    "uid",
    "ou",
    "description",
    "uidNumber",
    "name",
];

/// Every kind of index that these attributes can have.
fn index_for_everything(schema: &Schema, names: &[&str]) -> IndexedAttributes {
    let ids = |kind| {
        let ids = names.iter().map(|name| schema.attribute_id(name).unwrap());
        ids.filter(|id| {
            let of_type = schema.attribute(*id);
            match kind {
                index::Kind::Equality => of_type.equality.is_some(),
                index::Kind::Presence => true,
                index::Kind::Substring => of_type.substrings.is_some(),
                index::Kind::Ordering => of_type.ordering.is_some(),
            }
        })
        .collect()
    };
    IndexedAttributes {
        equality: ids(index::Kind::Equality),
        presence: ids(index::Kind::Presence),
        substring: ids(index::Kind::Substring),
        ordering: ids(index::Kind::Ordering),
    }
}

fn serve(all: &[Plain], indexed: &[&str]) -> Directory {
    let fixture = Fixture::new(|schema| index_for_everything(schema, indexed));
    fixture.serve(fixture.store(ldif(all).as_bytes()))
}

fn found(
    directory: &Directory,
    request: &SearchRequest,
    budget: usize,
) -> Result<Vec<String>, Error> {
    let identity = administrator(directory);
    let mut search = directory.search(&identity, request, Instant::now())?;
    let mut names = Vec::new();
    loop {
        let progress = directory.advance(&mut search, &identity, budget, &mut |entry| {
            let dn = entry.copy().dn;
            names.push(fold_name(&dn).unwrap());
            ControlFlow::Continue(())
        })?;
        if progress == Progress::Done {
            names.sort();
            return Ok(names);
        }
    }
}

type Question = (Filter, Scope, usize, bool, usize);

fn question() -> impl Strategy<Value = Question> {
    let scope = prop_oneof![
        1 => Just(Scope::Base),
        2 => Just(Scope::One),
        5 => Just(Scope::Subtree),
        2 => Just(Scope::Children),
    ];
    let base = prop_oneof![2 => Just(0_usize), 1 => 0..20_usize];
    (filter(), scope, base, any::<bool>(), 1..9_usize)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_search_finds_what_a_full_scan_finds(
        seed in seed(),
        indexed in proptest::sample::subsequence(INDEXABLE.to_vec(), 0..=INDEXABLE.len()),
        questions in vec(question(), 24),
    ) {
        let all = tree(&seed);
        let directory = serve(&all, &indexed);
        for (mut filter, scope, base, loud, budget) in questions {
            put_names(&mut filter, &all);
            let base = &all[base % all.len()];
            let request = request(&spelled(&base.dn(), loud), scope, filter.clone(), &["1.1"]);
            let mut expected: Vec<String> = all
                .iter()
                .filter(|entry| in_scope(scope, &base.path, &entry.path))
                .filter(|entry| judge(&filter, entry) == Some(true))
                .map(|entry| fold_name(&entry.dn()).unwrap())
                .collect();
            expected.sort();
            let found = found(&directory, &request, budget);
            prop_assert_eq!(
                found, Ok(expected),
                "filter {} under {} ({:?}), indexed {:?}, in\n{}",
                filter, base.dn(), scope, &indexed, ldif(&all)
            );
        }
        directory.close();
    }
}
