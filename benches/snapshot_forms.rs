//! Measures the forms that hold a snapshot in memory, next to the persistent maps of `imbl`.
//!
//! Run `cargo bench --bench snapshot_forms` for a million entries, or
//! `cargo bench --bench snapshot_forms -- 100000` for another number. Every form is measured in a
//! process of its own, so that its memory is its own; times are the least of several runs. The
//! entries are made up: people of about 500 bytes with the keys of ten indexed attributes.
//! Memory is read from `/proc`, and shown on Linux only.

use arc_swap::ArcSwap;
use hedgerow::directory::snapshot::hash_index::HashIndex;
use hedgerow::directory::snapshot::id_set::IdSet;
use hedgerow::directory::snapshot::paged::Paged;
use imbl::shared_ptr::DefaultSharedPtr;
use std::error::Error;
use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

const RUNS: usize = 9;
const LOOKUPS: u32 = 100_000;
const MODIFIES: u32 = 4_096;
const BLOCK: u32 = 1 << 16;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["--form", name, entries] => measure_named(name, entries.parse()?),
        _ => {
            let entries = arguments.iter().find_map(|argument| argument.parse().ok());
            measure_all(entries.unwrap_or(1_000_000))
        }
    }
}

fn measure_all(entries: u32) -> Outcome<()> {
    println!("{entries} entries");
    println!(
        "{:<34} {:>8} {:>8} {:>8} {:>10} {:>10} {:>9} {:>8}",
        "", "build", "memory", "lookup", "modify", "modify", "clone,", "drop"
    );
    println!(
        "{:<34} {:>8} {:>8} {:>8} {:>10} {:>10} {:>9} {:>8}",
        "", "s", "B/entry", "ns", "alone us", "of 64 us", "drop ns", "s"
    );
    let program = std::env::current_exe()?;
    for name in NAMES {
        let status = Command::new(&program)
            .args(["--form", name, &entries.to_string()])
            .status()?;
        if !status.success() {
            return Err(format!("measuring {name} ended with {status}").into());
        }
    }
    Ok(())
}

const NAMES: [&str; 8] = [
    "entries: Paged",
    "entries: imbl Vector",
    "entries: imbl OrdMap",
    "entries: imbl HashMap",
    "keys: HashIndex",
    "keys: imbl OrdMap",
    "keys: imbl HashMap",
    "both: HashIndex and Paged",
];

fn measure_named(name: &str, entries: u32) -> Outcome<()> {
    match name {
        "entries: Paged" => measure::<Paged<Arc<[u8]>>>(name, entries),
        "entries: imbl Vector" => measure::<imbl::Vector<Arc<[u8]>>>(name, entries),
        "entries: imbl OrdMap" => measure::<imbl::OrdMap<u32, Arc<[u8]>>>(name, entries),
        "entries: imbl HashMap" => measure::<imbl::HashMap<u32, Arc<[u8]>>>(name, entries),
        "keys: HashIndex" => measure::<HashIndex>(name, entries),
        "keys: imbl OrdMap" => measure::<imbl::OrdMap<u64, IdSet>>(name, entries),
        "keys: imbl HashMap" => measure::<HashMap>(name, entries),
        "both: HashIndex and Paged" => measure::<Both>(name, entries),
        _ => Err(format!("no form is called {name}").into()),
    }
}

/// A part of a snapshot in one form.
trait Form: Clone + Default {
    /// Adds the entries of a range of ids.
    fn load(&mut self, ids: std::ops::Range<u32>);
    /// Finds what belongs to an entry and reads from it.
    fn look_up(&self, id: u32) -> u64;
    /// Changes an entry, or its key for `mail`.
    fn modify(&mut self, id: u32);
}

fn measure<F: Form>(name: &str, entries: u32) -> Outcome<()> {
    let before = resident_bytes();
    let start = Instant::now();
    let mut form = F::default();
    for first in (0..entries).step_by(BLOCK as usize) {
        form.load(first..first.saturating_add(BLOCK).min(entries));
    }
    let build = start.elapsed().as_secs_f64();
    let memory = match (before, resident_bytes()) {
        (Some(before), Some(after)) => {
            (after.saturating_sub(before) / u64::from(entries)).to_string()
        }
        _ => "-".to_owned(),
    };

    let current = ArcSwap::from_pointee(form);
    let mut ids = RandomIds { state: 1, entries };
    let look_up = least(LOOKUPS, || {
        let snapshot = current.load();
        let mut seen = 0;
        for _ in 0..LOOKUPS {
            // Each lookup waits for the one before, as no request waits for another one's cache miss.
            seen = snapshot.look_up(ids.next() ^ (seen as u32 & 1));
        }
        black_box(seen);
    });
    let clone = least(LOOKUPS, || {
        let snapshot = current.load();
        for _ in 0..LOOKUPS {
            black_box(F::clone(&snapshot));
        }
    });
    let mut modify = |group: u32| {
        let nanoseconds = least(MODIFIES, || {
            for _ in 0..MODIFIES / group {
                let mut next = F::clone(&current.load());
                for _ in 0..group {
                    next.modify(ids.next());
                }
                drop(current.swap(Arc::new(next)));
            }
        });
        nanoseconds / 1000.0
    };
    let (alone, grouped) = (modify(1), modify(64));
    let start = Instant::now();
    drop(current);
    let drop_time = start.elapsed().as_secs_f64();
    println!(
        "{name:<34} {build:>8.2} {memory:>8} {look_up:>8.0} {alone:>10.2} {grouped:>10.2} {clone:>9.0} {drop_time:>8.2}"
    );
    Ok(())
}

/// The least time of several runs, in nanoseconds for each of `operations`.
fn least(operations: u32, mut run: impl FnMut()) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        run();
        least = least.min(start.elapsed().as_nanos() as f64);
    }
    least / f64::from(operations)
}

fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

struct RandomIds {
    state: u64,
    entries: u32,
}

impl RandomIds {
    fn next(&mut self) -> u32 {
        self.state = self.state.wrapping_add(1);
        (mix(self.state) % u64::from(self.entries)) as u32
    }
}

/// Spreads a number over 64 bits (the finalizer of SplitMix64).
fn mix(number: u64) -> u64 {
    let z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const MAIL: u32 = 0;

/// The hash of a value of an attribute; values are numbers here.
fn hash_of(attribute: u32, value: u32) -> u64 {
    mix((u64::from(attribute) << 32) | u64::from(value))
}

/// Seven unique keys (mail, uid, cn, sn, uidNumber, entryUUID, employeeNumber), one of 50
/// (givenName), one of 500 (gidNumber), five that all share (objectClass).
fn keys_of(id: u32) -> impl Iterator<Item = u64> {
    let unique = (MAIL..7).map(move |attribute| hash_of(attribute, id));
    let shared = (8..13).map(|class| hash_of(class, 0));
    let scattered = mix(u64::from(id)) as u32;
    unique
        .chain([hash_of(7, scattered % 50), hash_of(13, id % 500)])
        .chain(shared)
}

fn entry_of(id: u32, version: u8) -> Arc<[u8]> {
    let mut entry = vec![version; 470 + (mix(u64::from(id)) % 60) as usize];
    entry.splice(..4, id.to_le_bytes());
    entry.into()
}

fn touched(entry: Option<&Arc<[u8]>>) -> u64 {
    let Some(entry) = entry else { return 0 };
    let read = |position: usize| entry.get(position).copied().map_or(0, u64::from);
    read(0) + read(entry.len() / 2) + read(entry.len() - 1)
}

/// What an entry looks like after its next change.
fn changed(entry: Option<&Arc<[u8]>>, id: u32) -> Arc<[u8]> {
    let version = entry.and_then(|entry| entry.last()).copied();
    entry_of(id, version.unwrap_or(0).wrapping_add(1))
}

impl Form for Paged<Arc<[u8]>> {
    fn load(&mut self, ids: std::ops::Range<u32>) {
        for id in ids {
            self.set(id, entry_of(id, 0));
        }
    }

    fn look_up(&self, id: u32) -> u64 {
        touched(self.get(id))
    }

    fn modify(&mut self, id: u32) {
        let entry = changed(self.get(id), id);
        self.set(id, entry);
    }
}

impl Form for imbl::Vector<Arc<[u8]>> {
    fn load(&mut self, ids: std::ops::Range<u32>) {
        self.extend(ids.map(|id| entry_of(id, 0)));
    }

    fn look_up(&self, id: u32) -> u64 {
        touched(self.get(id as usize))
    }

    fn modify(&mut self, id: u32) {
        let entry = changed(self.get(id as usize), id);
        self.set(id as usize, entry);
    }
}

macro_rules! entries_in_a_map {
    ($map:ty) => {
        impl Form for $map {
            fn load(&mut self, ids: std::ops::Range<u32>) {
                self.extend(ids.map(|id| (id, entry_of(id, 0))));
            }

            fn look_up(&self, id: u32) -> u64 {
                touched(self.get(&id))
            }

            fn modify(&mut self, id: u32) {
                let entry = changed(self.get(&id), id);
                self.insert(id, entry);
            }
        }
    };
}

entries_in_a_map!(imbl::OrdMap<u32, Arc<[u8]>>);
entries_in_a_map!(imbl::HashMap<u32, Arc<[u8]>>);

impl Form for HashIndex {
    fn load(&mut self, ids: std::ops::Range<u32>) {
        self.extend(ids.flat_map(|id| keys_of(id).map(move |hash| (hash, id))));
    }

    fn look_up(&self, id: u32) -> u64 {
        self.get(hash_of(MAIL, id))
            .iter()
            .next()
            .map_or(0, u64::from)
    }

    fn modify(&mut self, id: u32) {
        let (hash, other) = (hash_of(MAIL, id), hash_of(MAIL, id | 1 << 31));
        let (old, new) = match self.get(hash).is_empty() {
            true => (other, hash),
            false => (hash, other),
        };
        self.remove(old, id);
        self.insert(new, id);
    }
}

macro_rules! keys_in_a_map {
    ($map:ty) => {
        impl Form for $map {
            fn load(&mut self, ids: std::ops::Range<u32>) {
                for id in ids {
                    for hash in keys_of(id) {
                        self.entry(hash).or_default().insert(id);
                    }
                }
            }

            fn look_up(&self, id: u32) -> u64 {
                let ids = self.get(&hash_of(MAIL, id));
                ids.and_then(|ids| ids.iter().next()).map_or(0, u64::from)
            }

            fn modify(&mut self, id: u32) {
                let (hash, other) = (hash_of(MAIL, id), hash_of(MAIL, id | 1 << 31));
                let (old, new) = match self.contains_key(&hash) {
                    true => (hash, other),
                    false => (other, hash),
                };
                self.remove(&old);
                self.insert(new, [id].into_iter().collect());
            }
        }
    };
}

type HashMap = imbl::GenericHashMap<u64, IdSet, KeyIsHash, DefaultSharedPtr>;

keys_in_a_map!(imbl::OrdMap<u64, IdSet>);
keys_in_a_map!(HashMap);

/// Keys that are hashes already need no other hash.
#[derive(Clone, Default)]
struct KeyIsHash;

struct Key(u64);

impl BuildHasher for KeyIsHash {
    type Hasher = Key;

    fn build_hasher(&self) -> Key {
        Key(0)
    }
}

impl Hasher for Key {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mix(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// An entry is found by its key and read, and changed together with it.
#[derive(Clone, Default)]
struct Both {
    keys: HashIndex,
    entries: Paged<Arc<[u8]>>,
}

impl Form for Both {
    fn load(&mut self, ids: std::ops::Range<u32>) {
        self.keys.load(ids.clone());
        self.entries.load(ids);
    }

    fn look_up(&self, id: u32) -> u64 {
        let found = self.keys.get(hash_of(MAIL, id)).iter().next();
        touched(found.and_then(|id| self.entries.get(id)))
    }

    fn modify(&mut self, id: u32) {
        self.keys.modify(id);
        self.entries.modify(id);
    }
}
