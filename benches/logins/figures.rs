//! How a crowd becomes a row: seconds with and without searches by turns, and the row as Markdown.
//!
//! Owns measuring. Says nothing of what the crowd does.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::Outcome;
use super::crowd::{Crowd, Done};
use super::process::Used;
use super::searchers::{self, SEARCHERS, Signals};
use super::servers::Running;
use super::tree::Tree;

/// How long everything runs before anything is counted.
const WARMING: Duration = Duration::from_millis(500);
const WINDOW: Duration = Duration::from_secs(1);

/// A running server and what is in it.
pub struct Side {
    pub server: Running,
    pub version: String,
    pub tree: Tree,
    pub _folder: TempDir,
}

/// What was found of one crowd.
pub struct Row {
    title: &'static str,
    /// Logins in a second, and those of them that were answered busy.
    logins: f64,
    busy: f64,
    /// Microseconds of the server for a login, all its threads together.
    login_cost: f64,
    /// Microseconds of the server for a search, of the threads that hash nothing.
    search_cost: f64,
    /// Microseconds until the answer, of half of the searches and of 99 of 100.
    median: f64,
    most: f64,
    /// Mebibytes that the server has taken more at the most.
    growth: f64,
    /// KiB that go to the disk in a second.
    written: f64,
}

/// What happened in a second.
struct Window {
    used: Used,
    searches: f64,
    logins: f64,
}

/// Measures searches beside a crowd, or alone.
pub fn measure(side: &Side, crowd: Option<Crowd>, seconds: usize) -> Outcome<Row> {
    let (signals, done, stop) = (Signals::default(), Done::default(), AtomicBool::new(false));
    let address = side.server.addresses.clear;
    thread::scope(|scope| {
        let searchers: Vec<_> = (0..SEARCHERS)
            .map(|number| {
                scope.spawn({
                    let signals = &signals;
                    move || searchers::work(number, address, side.tree, signals)
                })
            })
            .collect();
        let crowd_of = |crowd: Crowd| {
            let (done, stop) = (&done, &stop);
            (0..crowd.connections)
                .map(|number| scope.spawn(move || crowd.work(number, address, done, stop)))
                .collect::<Vec<_>>()
        };
        let before = side.server.memory()?;
        let clients = crowd.map(crowd_of).unwrap_or_default();
        let watched = watch(side, &signals, &done, seconds);
        signals.stop.store(true, Relaxed);
        stop.store(true, Relaxed);
        for client in clients {
            client.join().map_err(|_| "a client panicked")??;
        }
        let mut took = Vec::new();
        for searcher in searchers {
            took.extend(searcher.join().map_err(|_| "a client panicked")??);
        }
        let (windows, peak) = watched?;
        let title = crowd.map_or("nobody", |crowd| crowd.title);
        let busy = done.busy.load(Relaxed) as f64 / done.logins.load(Relaxed).max(1) as f64;
        row(
            title,
            &windows,
            busy,
            &mut took,
            peak.saturating_sub(before),
        )
    })
}

/// Seconds without and with searches by turns, and the most memory that there was.
fn watch(
    side: &Side,
    signals: &Signals,
    done: &Done,
    seconds: usize,
) -> Outcome<(Vec<Window>, u64)> {
    thread::sleep(WARMING);
    let (mut windows, mut peak) = (Vec::new(), 0);
    for number in 0..seconds {
        signals.search.store(number % 2 == 1, Relaxed);
        let begun = Instant::now();
        let counts = || (signals.done.load(Relaxed), done.logins.load(Relaxed));
        let (before, (searched, logged_in)) = (Used::of(side.server.process())?, counts());
        thread::sleep(WINDOW);
        let (used, (searches, logins)) = (Used::of(side.server.process())?.since(before), counts());
        let elapsed = begun.elapsed().as_secs_f64();
        windows.push(Window {
            used,
            searches: (searches - searched) as f64,
            logins: (logins - logged_in) as f64 / elapsed,
        });
        peak = peak.max(side.server.memory()?);
    }
    Ok((windows, peak))
}

fn row(
    title: &'static str,
    windows: &[Window],
    busy: f64,
    took: &mut [Duration],
    growth: u64,
) -> Outcome<Row> {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let (mut logins, mut login_costs, mut search_costs) = (Vec::new(), Vec::new(), Vec::new());
    for pair in windows.chunks_exact(2) {
        let [without, with] = pair else { continue };
        let cost = |window: &Window| micros(window.used.others) / window.logins.max(1.0);
        let own = match without.logins > 0.0 {
            true => cost(without) * with.logins,
            false => micros(without.used.others),
        };
        search_costs.push((micros(with.used.others) - own) / with.searches.max(1.0));
        logins.push(without.logins);
        login_costs.push(cost(without) + micros(without.used.hashing) / without.logins.max(1.0));
    }
    took.sort();
    let at = |part: usize| {
        took.get(took.len() * part / 100)
            .copied()
            .unwrap_or_default()
    };
    let seconds = windows.len() as f64;
    let written: u64 = windows.iter().map(|window| window.used.written).sum();
    Ok(Row {
        title,
        logins: median(&mut logins),
        busy,
        login_cost: median(&mut login_costs),
        search_cost: median(&mut search_costs),
        median: micros(at(50)),
        most: micros(at(99)),
        growth: growth as f64 / f64::from(1 << 20),
        written: written as f64 / seconds / 1024.0,
    })
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The table as the README shows it.
pub fn table(rows: &[Row]) -> String {
    let head = "| logins meanwhile | a second | answered busy | of a login | of a search | half of searches within \
        | 99 of 100 within | memory | to the disk |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    head.to_owned() + &rows.iter().map(Row::line).collect::<String>()
}

impl Row {
    fn line(&self) -> String {
        let logins = match self.logins > 0.0 {
            true => format!(
                "{:.0} | {:.0} % | {:.1} µs",
                self.logins,
                self.busy * 100.0,
                self.login_cost
            ),
            false => "– | – | –".to_owned(),
        };
        format!(
            "| {} | {logins} | {:.1} µs | {:.0} µs | {:.0} µs | +{:.0} MB | {:.0} KiB/s |\n",
            self.title, self.search_cost, self.median, self.most, self.growth, self.written
        )
    }
}
