//! How work becomes a row: short rounds on either server by turns, their median, and the row as Markdown.
//!
//! Owns measuring. Says nothing of what is measured.

use std::thread;
use std::time::{Duration, Instant};

use super::Outcome;
use super::servers::Running;
use super::work::{Most, Place, Work, Worker};

/// How long a server works before anything is counted.
const WARMING: Duration = Duration::from_millis(200);

/// How long everything is measured.
#[derive(Clone, Copy)]
pub struct Rounds {
    pub count: usize,
    pub length: Duration,
}

/// What one kind of work took on one server, each the median of the rounds.
#[derive(Clone, Copy)]
pub struct Figure {
    /// Processor time of the server for one operation, in microseconds.
    pub cost: f64,
    /// Operations in a second.
    pub rate: f64,
}

/// A running server with what its clients need.
pub struct Side {
    pub server: Running,
    pub place: Place,
}

/// Measures work on each of the sides, by turns.
pub fn measure(work: &Work, sides: &[&Side], rounds: Rounds) -> Outcome<Vec<Figure>> {
    let mut teams = Vec::new();
    for side in sides {
        let team = (0..work.connections).map(|number| Worker::new(work, &side.place, number));
        let mut team = team.collect::<Outcome<Vec<_>>>()?;
        round(side, &mut team, WARMING)?;
        teams.push((side, team, Vec::new()));
    }
    for _ in 0..rounds.count {
        for (side, team, figures) in &mut teams {
            figures.push(round(side, team, rounds.length * work.times)?);
        }
    }
    Ok(teams
        .iter()
        .map(|(_, _, figures)| middle(figures))
        .collect())
}

fn round(side: &Side, team: &mut [Worker], length: Duration) -> Outcome<Figure> {
    let before = side.server.used()?;
    let began = Instant::now();
    let until = began + length;
    let done: u64 = thread::scope(|scope| {
        let team = team
            .iter_mut()
            .map(|worker| scope.spawn(move || worker.work(until)));
        let team: Vec<_> = team.collect();
        let done = team
            .into_iter()
            .map(|worker| worker.join().map_err(|_| "a client panicked")?);
        done.sum::<Outcome<u64>>()
    })?;
    let elapsed = began.elapsed();
    side.server.rest()?;
    let used = side.server.used()?.since(&before);
    let done = f64::from(u32::try_from(done)?);
    Ok(Figure {
        cost: used.as_secs_f64() * 1e6 / done,
        rate: done / elapsed.as_secs_f64(),
    })
}

fn middle(figures: &[Figure]) -> Figure {
    let median = |of: fn(&Figure) -> f64| {
        let mut values: Vec<f64> = figures.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Figure {
        cost: median(|figure| figure.cost),
        rate: median(|figure| figure.rate),
    }
}

/// A line of the table.
pub struct Row {
    pub work: String,
    pub ours: String,
    pub theirs: String,
    pub ratio: Option<f64>,
    pub aim: String,
}

impl Row {
    pub fn of(work: &Work, ours: Figure, against: Option<Figure>) -> Row {
        let shown = |figure: &Figure| match work.most {
            Most::SlapdRate(_) => format!("{:.0}", figure.rate),
            _ => format!("{:.1}", figure.cost),
        };
        let ratio = against.map(|against| match work.most {
            Most::SlapdRate(_) => ours.rate / against.rate,
            _ => ours.cost / against.cost,
        });
        Row {
            work: work.title.to_owned(),
            ours: shown(&ours),
            theirs: match (&against, work.most) {
                (Some(against), Most::Own(name, _)) => format!("({name}: {})", shown(against)),
                (None, Most::Own(name, _)) => format!("({name})"),
                (Some(against), Most::Fewer(_)) => format!("(fewer: {})", shown(against)),
                (Some(against), _) => shown(against),
                (None, _) => String::new(),
            },
            ratio,
            aim: match work.most {
                Most::Slapd(most) | Most::Own(_, most) | Most::Fewer(most) => format!("{most}"),
                Most::SlapdRate(least) => format!("at least {least}"),
            },
        }
    }

    /// A row of a quantity in a unit of its own.
    pub fn quantity(work: &str, [ours, theirs]: [f64; 2], unit: &str, aim: &str) -> Row {
        let digits = if unit == "s" { 2 } else { 0 };
        Row {
            work: work.to_owned(),
            ours: format!("{ours:.digits$} {unit}"),
            theirs: format!("{theirs:.digits$} {unit}"),
            ratio: Some(ours / theirs),
            aim: aim.to_owned(),
        }
    }
}

/// The table as the README shows it.
pub fn table(rows: &[Row]) -> String {
    let head = "| work | Hedgerow, µs | slapd, µs | ratio | aim |\n|---|---:|---:|---:|---:|\n";
    let lines = rows.iter().map(|row| {
        let ratio = row
            .ratio
            .map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
        let Row {
            work,
            ours,
            theirs,
            aim,
            ..
        } = row;
        format!("| {work} | {ours} | {theirs} | {ratio} | {aim} |\n")
    });
    head.to_owned() + &lines.collect::<String>()
}
