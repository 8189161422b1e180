//! Hedgerow beside OpenLDAP's slapd, in one run on one machine: `cargo bench --bench slapd`, a few minutes.
//!
//! Both hold the same people and groups, find them by the same indexes, and are asked the same by the same clients, by turns.
//! Every answer is checked: a wrong one ends the run. What is compared is the processor time that the server itself takes for
//! one operation, as the kernel counts it; other work on the machine disturbs that least. It needs Debian's package slapd.
//! Data is written below `TMPDIR`, which should be on a disk: changes are durable when they are answered.

mod figures;
mod groups;
mod load;
mod people;
mod servers;
mod tree;
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#[path = "../../tests/differential/wire.rs"]
mod wire;
mod work;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use clap::Parser;
use figures::{Figure, Rounds, Row, Side, measure, table};
use servers::Import;
use tempfile::TempDir;
use tree::Tree;
use work::{CHANGES, GROUPS, Most, Place, READS, SIZES, Work};

/// Every bind checks the hash that was imported.
const PASSWORDS: &str = "cache_seconds = 0\nupgrade = false";

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Compares Hedgerow with slapd. HEDGEROW_BIN names another program than the one that cargo has built.
#[derive(Parser)]
struct Options {
    /// People in the directory: 10000, 100000 or 1000000
    #[arg(long, default_value_t = 10_000)]
    users: u32,
    /// People in another Hedgerow, against which it is measured what so many cost
    #[arg(long, value_name = "USERS")]
    fewer: Option<u32>,
    /// Only this work, such as equality,prefix10, beside what is always measured
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Rounds of which the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long each of them is
    #[arg(long, default_value_t = 0.5)]
    seconds: f64,
    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    options.check()?;
    let tree = Tree::new(options.users)?;
    let folder = TempDir::new()?;
    let ldif = folder.path().join("tree.ldif");
    tree.write_file(&ldif)?;
    let mut ours = servers::hedgerow(folder.path(), &ldif, PASSWORDS)?;
    let mut theirs = servers::slapd(folder.path(), &ldif)?;
    println!(
        "{}; {}; {}; {} users\n",
        servers::machine()?,
        ours.version,
        theirs.version,
        options.users
    );
    eprintln!("importing");
    let imports = [ours.import()?, theirs.import()?];
    let tls = load::trusting(&folder.path().join("certs/ca.pem"))?;
    let start = |installed: &mut servers::Installed, tree: Tree| -> Outcome<Side> {
        let server = installed.start(people::greeting)?;
        let addresses = server.addresses;
        let tls = tls.clone();
        Ok(Side {
            server,
            place: Place {
                tree,
                addresses,
                tls,
            },
        })
    };
    let sides = [start(&mut ours, tree)?, start(&mut theirs, tree)?];
    let fewer = match options.fewer {
        Some(users) => Some(start(&mut fewer(folder.path(), users)?, Tree::new(users)?)?),
        None => None,
    };
    let rows = rows(&options, &imports, &sides, fewer.as_ref())?;
    println!("{}", table(&rows));
    Ok(())
}

/// Another Hedgerow, loaded, in a folder of its own within this one.
fn fewer(folder: &Path, users: u32) -> Outcome<servers::Installed> {
    let folder = folder.join("fewer");
    fs::create_dir(&folder)?;
    let ldif = folder.join("tree.ldif");
    Tree::new(users)?.write_file(&ldif)?;
    let mut installed = servers::hedgerow(&folder, &ldif, PASSWORDS)?;
    installed.import()?;
    Ok(installed)
}

impl Options {
    fn check(&self) -> Outcome<()> {
        let all = || {
            READS
                .iter()
                .chain(CHANGES)
                .chain(GROUPS)
                .chain(SIZES)
                .map(|work| work.name)
        };
        let unknown = self
            .only
            .iter()
            .find(|name| !all().any(|known| known == name.as_str()));
        if let Some(name) = unknown {
            let known: Vec<_> = all().collect();
            return Err(format!("--only {name}: there is {}", known.join(", ")).into());
        }
        self.fewer.map(Tree::new).transpose()?;
        if self.rounds == 0 || !(0.01..=60.0).contains(&self.seconds) {
            return Err("--rounds is 1 or more, --seconds 0.01 to 60".into());
        }
        Ok(())
    }

    fn wants(&self, work: &Work) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == work.name)
    }
}

fn rows(
    options: &Options,
    imports: &[Import; 2],
    sides: &[Side; 2],
    fewer: Option<&Side>,
) -> Outcome<Vec<Row>> {
    let mut figures = BTreeMap::new();
    let [ours, theirs] = sides;
    let mut rows = measured(options, READS, [ours, theirs], &mut figures)?;
    if let Some(fewer) = fewer {
        rows.extend(measured(options, SIZES, [ours, fewer], &mut figures)?);
    }
    let mebibytes = |bytes: [u64; 2]| bytes.map(|bytes| bytes as f64 / f64::from(1 << 20));
    let memory = mebibytes([ours.server.memory()?, theirs.server.memory()?]);
    rows.extend(measured(options, CHANGES, [ours, theirs], &mut figures)?);
    rows.extend(measured(options, GROUPS, [ours, theirs], &mut figures)?);
    let first = [ours.server.first_answer, theirs.server.first_answer];
    let start = if options.users > 100_000 {
        "10 s"
    } else {
        "1 s"
    };
    let took = imports.each_ref().map(|import| import.seconds);
    let peak = mebibytes(imports.each_ref().map(|import| import.peak));
    rows.extend([
        Row::quantity("resident memory after the searches", memory, "MB", "0.6"),
        Row::quantity("import", took, "s", "0.35"),
        Row::quantity("resident memory of the import, peak", peak, "MB", ""),
        Row::quantity("from the start to the first answer", first, "s", start),
    ]);
    Ok(rows)
}

/// Measures what is wanted, and keeps the figures of ours for what is held against them.
fn measured(
    options: &Options,
    works: &[Work],
    [ours, other]: [&Side; 2],
    figures: &mut BTreeMap<&'static str, Figure>,
) -> Outcome<Vec<Row>> {
    let rounds = Rounds {
        count: options.rounds,
        length: Duration::from_secs_f64(options.seconds),
    };
    let mut rows = Vec::new();
    for work in works.iter().filter(|work| options.wants(work)) {
        eprintln!("{}", work.name);
        let sides: &[&Side] = match work.most {
            Most::Own(..) => &[ours],
            Most::Slapd(_) | Most::SlapdRate(_) | Most::Fewer(_) => &[ours, other],
        };
        let found =
            measure(work, sides, rounds).map_err(|error| format!("{}: {error}", work.name))?;
        let ours = *found.first().ok_or("nothing was measured")?;
        figures.insert(work.name, ours);
        let against = match work.most {
            Most::Own(name, _) => figures.get(name),
            Most::Slapd(_) | Most::SlapdRate(_) | Most::Fewer(_) => found.get(1),
        };
        rows.push(Row::of(work, ours, against.copied()));
    }
    Ok(rows)
}
