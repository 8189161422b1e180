//! Failed logins: how often a source has failed with a name, and whether that pair is kept away.
//!
//! Owns the one table of pairs, for names with an entry and without alike, bounded: the pair that was longest without a
//! failure goes first. A lock on an account itself is kept in its entry, and outlives this table.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::dn::NormalizedDn;
use super::password::policy::{Escalation, Policy, Seconds};
use super::source::Source;

/// A source and a name, as the table knows them: nobody can choose names that share a place.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pair([u8; 16]);

/// The failures of many pairs.
pub struct Failures {
    key: [u8; 32],
    capacity: usize,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    pairs: HashMap<Pair, Record>,
    /// The pairs by when they failed last.
    order: BTreeMap<u64, Pair>,
    clock: u64,
}

/// What is known of one pair.
struct Record {
    failed: VecDeque<Seconds>,
    lock: Option<PairLock>,
    /// Locks since the last success, for names that have no entry to count them.
    locks: u32,
    turn: u64,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct PairLock {
    /// When it ends; until it is lifted when `None`.
    until: Option<Seconds>,
    /// Whether the account of the name is locked as well, so that the pair is free when the account is.
    with_account: bool,
}

/// What a failure brings about.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// It was counted.
    Counted,
    /// It was one too many: the pair is kept away from here on, until then or until that is lifted, and the account is to be
    /// locked.
    Locked(Option<Seconds>),
}

impl Failures {
    /// An empty table for so many pairs; `key` is secret and of this process.
    pub fn new(capacity: usize, key: [u8; 32]) -> Failures {
        Failures {
            key,
            capacity: capacity.max(1),
            table: Mutex::default(),
        }
    }

    /// The pair of a source and a name.
    pub fn pair(&self, source: &Source, name: &NormalizedDn) -> Pair {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&source.key()).update(name.as_bytes());
        let hash = hasher.finalize();
        Pair(hash.as_bytes().first_chunk().copied().unwrap_or_default())
    }

    /// Whether a login of this pair is refused without looking at the password. `account_locked` says whether the lock on
    /// the name's account holds, where there is one: when that is lifted, the pair is free as well. It is asked of pairs
    /// alone whose lock depends on it.
    pub fn refuses(&self, pair: Pair, account_locked: impl FnOnce() -> bool, now: Seconds) -> bool {
        let mut table = self.table();
        let Some(record) = table.pairs.get_mut(&pair) else {
            return false;
        };
        let held = record.lock.is_some_and(|lock| match lock.with_account {
            true => account_locked(),
            false => lock.until.is_none_or(|until| now < until),
        });
        if !held {
            record.lock = None;
        }
        held
    }

    /// Counts a failure. `spared` when the name cannot be locked for good.
    pub fn fail(
        &self,
        pair: Pair,
        policy: &Policy,
        growth: &Escalation,
        spared: bool,
        now: Seconds,
    ) -> Consequence {
        if !policy.locks() {
            return Consequence::Counted;
        }
        let mut table = self.table();
        let record = table.touch(pair, self.capacity);
        if record.lock.is_some() {
            return Consequence::Counted;
        }
        let counts = |at: &Seconds| {
            policy.failure_interval <= 0 || now.saturating_sub(*at) < policy.failure_interval
        };
        record.failed.retain(counts);
        record.failed.push_back(now);
        if record.failed.len() < policy.max_failures {
            return Consequence::Counted;
        }
        record.failed = VecDeque::new();
        record.locks = record.locks.saturating_add(1);
        let length = policy.lock_length(growth, record.locks);
        let length = length.or_else(|| spared.then_some(growth.longest));
        let until = length.map(|length| now.saturating_add(length));
        record.lock = Some(PairLock {
            until,
            with_account: false,
        });
        Consequence::Locked(until)
    }

    /// The account of the pair's name is locked as well, on the disk: from here on its lock decides.
    pub fn follow_account(&self, pair: Pair) {
        if let Some(lock) = self
            .table()
            .pairs
            .get_mut(&pair)
            .and_then(|record| record.lock.as_mut())
        {
            lock.with_account = true;
        }
    }

    /// Forgets a pair that has logged in.
    pub fn succeed(&self, pair: Pair) {
        let mut table = self.table();
        if let Some(record) = table.pairs.remove(&pair) {
            table.order.remove(&record.turn);
        }
    }

    /// The table holds no invariant that a panic could leave broken: a pair without its turn is only kept longer.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// The record of a pair, which is now the newest; the oldest goes where there is no room.
    fn touch(&mut self, pair: Pair, capacity: usize) -> &mut Record {
        let known = self.pairs.get(&pair).map(|record| record.turn);
        match known {
            Some(turn) => {
                self.order.remove(&turn);
            }
            None if self.pairs.len() >= capacity => {
                if let Some((_, oldest)) = self.order.pop_first() {
                    self.pairs.remove(&oldest);
                }
            }
            None => {}
        }
        self.clock = self.clock.wrapping_add(1);
        self.order.insert(self.clock, pair);
        let turn = self.clock;
        let record = self.pairs.entry(pair).or_insert_with(|| Record {
            failed: VecDeque::new(),
            lock: None,
            locks: 0,
            turn,
        });
        record.turn = turn;
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::dn::Dn;
    use crate::directory::fixture::schema;
    use proptest::prelude::*;

    const GROWTH: Escalation = Escalation {
        step: 60,
        longest: 900,
        permanent_after: None,
    };

    fn policy() -> Policy {
        Policy {
            lockout: true,
            lockout_duration: 60,
            max_failures: 3,
            failure_interval: 10,
            ..Policy::default()
        }
    }

    fn failures(capacity: usize) -> Failures {
        Failures::new(capacity, [7; 32])
    }

    fn pair(of: &Failures, source: &str, name: &str) -> Pair {
        let name = Dn::parse(name).unwrap().normalize(&schema());
        of.pair(&Source::from(Some(source.parse().unwrap())), &name)
    }

    fn fail(of: &Failures, pair: Pair, now: Seconds) -> Consequence {
        of.fail(pair, &policy(), &GROWTH, false, now)
    }

    #[test]
    fn a_pair_is_one_source_and_one_name_however_they_are_written() {
        let table = failures(9);
        let one = pair(&table, "192.0.2.1", "cn=a,dc=b");
        assert_eq!(one, pair(&table, "::ffff:192.0.2.1", "CN=A, DC=B"));
        assert_ne!(one, pair(&table, "192.0.2.2", "cn=a,dc=b"));
        assert_ne!(one, pair(&table, "192.0.2.1", "cn=c,dc=b"));
        let six = pair(&table, "2001:db8::1", "cn=a");
        assert_eq!(six, pair(&table, "2001:db8::2:1", "cn=a"));
        assert_ne!(six, pair(&table, "2001:db8:0:1::1", "cn=a"));
    }

    #[test]
    fn so_many_failures_within_the_interval_lock_and_older_ones_do_not_count() {
        let table = failures(9);
        let one = pair(&table, "192.0.2.1", "cn=a");
        let told: Vec<_> = [0, 5, 10, 14].map(|now| fail(&table, one, now)).into();
        assert_eq!(told[..3], [Consequence::Counted; 3]);
        assert_eq!(told[3], Consequence::Locked(Some(74)));
        assert!(table.refuses(one, || false, 73));
        assert!(!table.refuses(one, || false, 74));
        assert!(!table.refuses(pair(&table, "192.0.2.2", "cn=a"), || false, 15));
    }

    #[test]
    fn each_lock_of_a_pair_is_longer_until_it_logs_in() {
        let table = failures(9);
        let one = pair(&table, "192.0.2.1", "cn=a");
        for (now, until) in [(0, 60), (100, 220), (300, 480)] {
            for _ in 0..3 {
                fail(&table, one, now);
            }
            assert!(table.refuses(one, || false, until - 1));
            assert!(!table.refuses(one, || false, until));
        }
        table.succeed(one);
        for _ in 0..3 {
            fail(&table, one, 1_000);
        }
        assert!(!table.refuses(one, || false, 1_060));
    }

    #[test]
    fn a_pair_whose_account_is_locked_is_free_when_that_is_unlocked() {
        let table = failures(9);
        let one = pair(&table, "192.0.2.1", "cn=a");
        for _ in 0..3 {
            fail(&table, one, 0);
        }
        // Until the lock of the account is on the disk, that of the pair holds.
        assert!(table.refuses(one, || false, 1));
        table.follow_account(one);
        assert!(table.refuses(one, || true, 1_000));
        assert!(!table.refuses(one, || false, 1));
        assert!(!table.refuses(one, || true, 1));
    }

    #[test]
    fn a_lock_without_an_end_spares_the_administrator() {
        let table = failures(9);
        let policy = Policy {
            lockout_duration: 0,
            max_failures: 1,
            ..policy()
        };
        let of = |name, spared| {
            let pair = pair(&table, "192.0.2.1", name);
            table.fail(pair, &policy, &GROWTH, spared, 0);
            table.refuses(pair, || false, 1 << 40)
        };
        assert!(of("cn=a", false));
        assert!(!of("cn=admin", true));
    }

    #[test]
    fn the_table_is_bounded_and_the_oldest_goes_first() {
        let table = failures(2);
        let [a, b, c] = ["cn=a", "cn=b", "cn=c"].map(|name| pair(&table, "192.0.2.1", name));
        for one in [a, a, b, b, a] {
            fail(&table, one, 0);
        }
        assert!(table.refuses(a, || false, 1));
        fail(&table, c, 0);
        assert_eq!(fail(&table, b, 0), Consequence::Counted);
        assert_eq!(table.table().pairs.len(), 2);
        assert_eq!(table.table().order.len(), 2);
    }

    #[test]
    fn without_a_policy_that_locks_nothing_is_kept() {
        let table = failures(9);
        let one = pair(&table, "192.0.2.1", "cn=a");
        table.fail(one, &Policy::default(), &GROWTH, false, 0);
        assert!(table.table().pairs.is_empty());
    }

    proptest! {
        #[test]
        fn turns_and_pairs_stay_the_same(steps in prop::collection::vec((0..6_u8, any::<bool>()), 0..60)) {
            let table = failures(3);
            for (name, fails) in steps {
                let one = Pair([name; 16]);
                if fails { fail(&table, one, 0); } else { table.succeed(one); }
                let inner = table.table();
                prop_assert!(inner.pairs.len() <= 3);
                prop_assert_eq!(inner.pairs.len(), inner.order.len());
                for (turn, pair) in &inner.order {
                    prop_assert_eq!(inner.pairs[pair].turn, *turn);
                }
            }
        }
    }
}
