//! Measures the store on this machine: `cargo bench --bench storage -- [rows]` (1,000,000 by default). The folder is
//! made below the system's temporary folder, or below the one that `TMPDIR` names.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use hedgerow::storage::{Batch, Options, SledStore, Store};

const VALUE_LEN: usize = 700;
const ROWS_A_BATCH: u64 = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let rows = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(1_000_000);
    let parent = tempfile::tempdir()?;
    let folder = parent.path().join("store");
    let mut noise = Noise(1);

    let mut store = SledStore::create(&folder, &Options::default())?;
    let started = Instant::now();
    let mut row: u64 = 0;
    while row < rows {
        let mut batch = Batch::default();
        for _ in 0..ROWS_A_BATCH {
            batch.put(row.to_be_bytes(), noise.value());
            row += 1;
        }
        store.commit(batch)?;
    }
    report(
        &format!("import, {ROWS_A_BATCH} rows a commit"),
        rows,
        started,
    );
    print_size(&folder, rows)?;

    for (group, commits) in [(1, 40_000), (64, 4_000u64)] {
        let mut times = Vec::new();
        let started = Instant::now();
        for _ in 0..commits {
            let mut batch = Batch::default();
            for _ in 0..group {
                batch.put((noise.next() % rows).to_be_bytes(), noise.value());
            }
            let one = Instant::now();
            store.commit(batch)?;
            times.push(one.elapsed());
        }
        report(
            &format!("commits of {group} overwritten rows"),
            commits,
            started,
        );
        print_spread(&mut times);
    }
    print_size(&folder, rows)?;

    let started = Instant::now();
    Box::new(store).close()?;
    println!("close: {:.2?}", started.elapsed());
    let started = Instant::now();
    let store = SledStore::open(&folder, &Options::default())?;
    println!("open, after all of the above: {:.2?}", started.elapsed());
    for pass in ["first", "second"] {
        let started = Instant::now();
        let mut bytes = 0;
        store.scan(&[], &mut |_, value| {
            bytes += value.len();
            ControlFlow::Continue(())
        })?;
        report(&format!("{pass} scan, {} MB", bytes >> 20), rows, started);
    }
    println!("resident: {} MB", resident()?);
    Box::new(store).close()?;
    let started = Instant::now();
    SledStore::open(&folder, &Options::default())?;
    println!("open, after a clean close: {:.2?}", started.elapsed());
    Ok(())
}

fn report(what: &str, count: u64, started: Instant) {
    let time = started.elapsed();
    println!(
        "{what}: {:.0}/s ({time:.2?})",
        count as f64 / time.as_secs_f64()
    );
}

fn print_spread(times: &mut [Duration]) {
    times.sort();
    for share in [50, 99] {
        let time = times.get(times.len() * share / 100);
        println!("  {share} % within {:.0?}", time.unwrap_or(&Duration::MAX));
    }
}

fn print_size(folder: &Path, rows: u64) -> Result<(), Box<dyn Error>> {
    let size = std::fs::metadata(folder.join("db"))?.len();
    let data = rows * (VALUE_LEN as u64 + 8);
    println!(
        "disk: {} MB, {:.2} times the data",
        size >> 20,
        size as f64 / data as f64
    );
    Ok(())
}

fn resident() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(kilobytes.ok_or("no VmRSS")?.parse::<u64>()? >> 10)
}

/// Bytes that do not compress, the same in every run (xorshift).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn value(&mut self) -> Vec<u8> {
        let words = std::iter::repeat_with(|| self.next()).take(VALUE_LEN.div_ceil(8));
        let mut value: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        value.truncate(VALUE_LEN);
        value
    }
}
