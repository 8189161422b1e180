//! Tests that a store survives what kills its process: a writer in a process of its own is killed at random moments,
//! over and over on one folder, and a disk runs full below a store.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::fixture::{OPTIONS, Records, scan};
use super::{Batch, SledStore, Store, StoreError};

const FOLDER: &str = "HEDGEROW_TEST_CRASH_FOLDER";
const OPENING: &str = "opening";
/// The key of the number of the last batch.
const LAST: &[u8] = b"last";

/// The same numbers in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Batch number `number`, always the same: puts of all sizes, among them split ones, and deletes, on 150 keys.
fn batch(number: u64) -> Batch {
    let mut random = Random(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut batch = Batch::default();
    for _ in 0..1 + random.below(12) {
        let key = format!("key {}", random.below(150));
        match random.below(8) {
            0 => batch.delete(key),
            1 => batch.put(key, vec![number as u8; random.below(20_000) as usize]),
            _ => batch.put(key, vec![number as u8; random.below(900) as usize]),
        }
    }
    batch.put(LAST, number.to_be_bytes());
    batch
}

fn last_batch(store: &SledStore) -> u64 {
    let last = store.read(LAST).unwrap();
    last.map_or(0, |last| u64::from_be_bytes(last.try_into().unwrap()))
}

#[test]
#[ignore = "the process that another test kills"]
fn writes_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut said = std::io::stdout();
    writeln!(said, "{OPENING}").unwrap();
    let mut store = SledStore::open(Path::new(&folder), &OPTIONS).unwrap();
    for number in last_batch(&store) + 1.. {
        store.commit(batch(number)).unwrap();
        writeln!(said, "{number}").unwrap();
    }
}

fn start_writer(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("storage::sled_store::crash_tests::writes_until_killed")
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills a writer some turns of a loop after so many acknowledged batches, or while it opens the store, and returns the
/// last of them.
fn kill_after(folder: &Path, batches: u64, turns: u64) -> Option<u64> {
    let mut writer = start_writer(folder);
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_deref().is_ok_and(|line| line.ends_with(OPENING)));
    let mut acknowledged = None;
    let mut count = 0;
    while count < batches {
        let line = lines.next().expect("the writer goes on until it is killed");
        acknowledged = Some(line.unwrap().parse().unwrap());
        count += 1;
    }
    // Without them the kill would always come at the beginning of a commit.
    for _ in 0..turns {
        std::hint::spin_loop();
    }
    writer.kill().unwrap();
    // What it said before it died counts as well.
    for line in lines {
        acknowledged = line.unwrap().parse().ok().or(acknowledged);
    }
    writer.wait().unwrap();
    acknowledged
}

#[test]
fn every_acknowledged_batch_is_whole_after_each_of_60_kills() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("store");
    drop(SledStore::create(&folder, &OPTIONS).unwrap());
    let mut random = Random(4711);
    let (mut acknowledged, mut unverified) = (0, 0);
    let (mut expected, mut applied) = (Records::new(), 0);
    for kill in 0..60 {
        let batches = random.below(40);
        let turns = random.below(100_000);
        acknowledged = kill_after(&folder, batches, turns).unwrap_or(acknowledged);
        unverified += 1;
        if kill % 3 == 0 {
            // The next writer recovers the store itself, and may be killed while it does.
            continue;
        }
        let store = SledStore::open(&folder, &OPTIONS).unwrap();
        let found = last_batch(&store);
        assert!(
            (acknowledged..=acknowledged + unverified).contains(&found),
            "kill {kill}: batch {acknowledged} was acknowledged, {found} is the last"
        );
        for number in applied + 1..=found {
            for (key, value) in batch(number).changes() {
                match value {
                    Some(value) => expected.insert(key.to_vec(), value.to_vec()),
                    None => expected.remove(key),
                };
            }
        }
        applied = found;
        acknowledged = found;
        unverified = 0;
        assert!(
            scan(&store, &[]).unwrap() == expected,
            "kill {kill}, batch {found}"
        );
        Box::new(store).close().unwrap();
    }
    assert!(acknowledged > 500, "{acknowledged}");
}

/// A disk of 40 MB of its own; unmounted at the end, as soon as the threads of sled let go of it.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Self {
        let disk = Self(tempfile::tempdir().unwrap());
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=40m", "tmpfs"]);
        assert!(mount.arg(disk.0.path()).status().unwrap().success());
        disk
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(unmounted.unwrap().success());
    }
}

#[test]
#[ignore = "needs the right to mount a disk"]
fn a_disk_that_runs_full_costs_nothing_that_was_acknowledged() {
    let mut reopened = 0;
    for round in 0..40 {
        let disk = SmallDisk::mount();
        let folder = disk.0.path().join("store");
        let ballast = disk.0.path().join("ballast");
        std::fs::write(&ballast, vec![1; 26 << 20]).unwrap();
        let mut store = SledStore::create(&folder, &OPTIONS).unwrap();
        let mut acknowledged = 0;
        let failure = loop {
            let mut large = batch(acknowledged + 1);
            // A record that grows with the rounds, so that the disk is full at another moment in each.
            large.put(
                format!("filler {acknowledged}"),
                vec![7; 3000 + 517 * round],
            );
            // More than is free, so that sled meets the end of the disk itself.
            let committed = store.state().commit(large);
            match committed {
                Ok(()) => acknowledged += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(failure, StoreError::DiskFull { .. }), "{failure}");
        assert!(acknowledged > 100);
        let latched = store.commit(batch(1));
        assert!(matches!(latched, Err(StoreError::Latched { .. })));
        drop(store);
        match SledStore::open(&folder, &OPTIONS).err() {
            Some(StoreError::DiskFull { .. }) => reopened += 1,
            // What sled has in part it must not write: it is left open, and the folder held, while this process lives.
            Some(StoreError::Locked { .. }) => continue,
            other => panic!("{other:?}"),
        }
        std::fs::remove_file(&ballast).unwrap();
        let mut store = SledStore::open(&folder, &OPTIONS).unwrap();
        assert_eq!(last_batch(&store), acknowledged);
        let fillers = scan(&store, b"filler").unwrap();
        assert_eq!(fillers.len() as u64, acknowledged);
        store.commit(batch(acknowledged + 1)).unwrap();
    }
    assert!(reopened > 9, "{reopened}");
}
