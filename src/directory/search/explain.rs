//! What a search comes to: its plan, how many entries each step leaves, and how long each takes.
//!
//! Owns the measuring and the words. It looks with the eyes of the administrator: access rules, aliases, referrals and
//! subentries play no part.

use std::fmt;
use std::time::{Duration, Instant};

use super::ahead::{Ahead, Root};
use super::unindexed::would_help;
use crate::directory::access::AttributeMask;
use crate::directory::dn::Dn;
use crate::directory::filter::Filter;
use crate::directory::filter::evaluate::{Evaluator, Truth};
use crate::directory::filter::plan::{Plan, missing};
use crate::directory::request::Scope;
use crate::directory::snapshot::Snapshot;
use crate::directory::view::View;

/// A search that was done to see how it goes.
#[derive(Debug)]
pub struct Explanation {
    /// A step a line; what would help when there is no plan.
    plan: Result<String, String>,
    /// Entries that were looked at, whether by the plan or by a walk.
    looked_at: usize,
    by_plan: bool,
    in_scope: usize,
    matched: usize,
    stages: [(&'static str, Duration); 4],
}

/// Searches below `base` for what matches `filter`, both as people write them; the error says what is wrong with which.
pub fn explain(
    snapshot: &Snapshot,
    base: &str,
    scope: Scope,
    filter: &str,
) -> Result<Explanation, String> {
    let name =
        Dn::parse(base).map_err(|error| format!("the base \"{base}\" is not a DN: {error}"))?;
    let filter = Filter::parse(filter).map_err(|error| format!("the filter {filter}: {error}"))?;
    let mut clock = Instant::now();
    let mut lap = || {
        let (now, before) = (Instant::now(), clock);
        clock = now;
        now.duration_since(before)
    };
    let found = snapshot.find_entry(&name);
    let id = found.ok_or_else(|| format!("there is no entry {base}"))?;
    let root = Root { id, scope };
    let filter = filter.resolve(snapshot.schema());
    let resolved = lap();
    let plan = Plan::new(&filter, snapshot);
    let plan = match plan {
        Some(plan) => Ok(plan.to_string()),
        None => Err(would_help(&missing(&filter, snapshot), snapshot.schema()).to_string()),
    };
    let planned = lap();
    let mut ahead = Ahead::new(snapshot, &filter, &[root]);
    let prepared = lap();
    let everything = AttributeMask::of(snapshot.schema(), |_| true);
    let mut explanation = Explanation {
        plan,
        looked_at: 0,
        by_plan: matches!(ahead, Ahead::Candidates { .. }),
        in_scope: 0,
        matched: 0,
        stages: [
            ("names and values", resolved),
            ("plan", planned),
            ("candidates", prepared),
            ("entries", Duration::ZERO),
        ],
    };
    let mut evaluator = Evaluator::default();
    while let Some(id) = ahead.next(snapshot) {
        explanation.looked_at += 1;
        if !root.covers(snapshot, id) {
            continue;
        }
        explanation.in_scope += 1;
        if let Some(view) = View::new(snapshot, id)
            && evaluator.evaluate(&filter, &view, &everything) == Truth::True
        {
            explanation.matched += 1;
        }
    }
    if let Some((_, entries)) = explanation.stages.last_mut() {
        *entries = lap();
    }
    Ok(explanation)
}

impl Explanation {
    /// How many entries matched.
    pub fn matched(&self) -> u64 {
        self.matched as u64
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.plan {
            Ok(plan) => {
                writeln!(f, "plan:")?;
                plan.lines().try_for_each(|line| writeln!(f, "  {line}"))?;
                if !self.by_plan {
                    writeln!(
                        f,
                        "  not followed: there is less below the base than it would find"
                    )?;
                }
            }
            Err(would_help) => writeln!(
                f,
                "plan: none, every entry in the scope is looked at\nindexes that would help: {would_help}"
            )?,
        }
        writeln!(f, "entries looked at: {}", self.looked_at)?;
        writeln!(f, "in the scope: {}", self.in_scope)?;
        writeln!(f, "matched: {}", self.matched)?;
        writeln!(f, "time:")?;
        for (stage, taken) in &self.stages {
            writeln!(f, "  {stage}: {taken:.1?}")?;
        }
        Ok(())
    }
}
