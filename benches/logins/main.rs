//! What logins cost, and what searches cost meanwhile: `cargo bench --bench logins`, a minute or two.
//!
//! Passwords are stored as Argon2id at the default cost, and a policy locks after five failures. Searches by equality come at
//! a steady rate through each storm of logins, a second on and a second off, so that what they take can be told apart from
//! what the storm takes. Every answer is checked: a wrong one ends the run. Data is written below `TMPDIR`.

mod crowd;
mod figures;
#[allow(dead_code)]
#[path = "../slapd/load.rs"]
mod load;
#[allow(dead_code)]
#[path = "../slapd/people.rs"]
mod people;
mod process;
mod searchers;
#[allow(dead_code)]
#[path = "../slapd/servers.rs"]
mod servers;
#[allow(dead_code)]
#[path = "../slapd/tree.rs"]
mod tree;
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#[path = "../../tests/differential/wire.rs"]
mod wire;

use std::error::Error;
use std::fs::OpenOptions;
use std::path::Path;

use clap::Parser;
use crowd::{Crowd, Login};
use figures::{Side, measure, table};
use tempfile::TempDir;
use tree::Tree;

const HASHED: Crowd = Crowd {
    title: "8 clients, hashed",
    login: Login::Right,
    connections: 8,
    rate: None,
};
const MANY_HASHED: Crowd = Crowd {
    title: "64 clients, hashed",
    connections: 64,
    ..HASHED
};
const CACHED: Crowd = Crowd {
    title: "8 clients, cached",
    ..HASHED
};
const LOCKED_OUT: Crowd = Crowd {
    title: "200 clients, wrong passwords of 64 locked names",
    login: Login::Wrong,
    connections: 200,
    rate: Some(20_000),
};
/// More of them than passwords may wait.
const UNKNOWN: Crowd = Crowd {
    title: "400 clients, each time a name that nobody has",
    login: Login::Nobody,
    connections: 400,
    ..LOCKED_OUT
};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Measures logins, and searches during storms of them. HEDGEROW_BIN names another program than the one that cargo has
/// built.
#[derive(Parser)]
struct Options {
    /// People in the directory: 10000, 100000 or 1000000
    #[arg(long, default_value_t = 10_000)]
    users: u32,
    /// How long each row is measured: an even number from 2 on
    #[arg(long, default_value_t = 6)]
    seconds: usize,
    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    if options.seconds < 2 || options.seconds % 2 == 1 {
        return Err("--seconds is an even number from 2 on".into());
    }
    let tree = Tree::new(options.users)?;
    let folder = TempDir::new()?;
    let ldif = folder.path().join("tree.ldif");
    tree.write_file(&ldif)?;
    crowd::write_accounts(OpenOptions::new().append(true).open(&ldif)?)?;
    let row = |side: &Side, crowd| measure(side, crowd, options.seconds);
    let uncached = serve(folder.path(), &ldif, tree, "cache_seconds = 0")?;
    let mut rows = vec![
        row(&uncached, None)?,
        row(&uncached, Some(HASHED))?,
        row(&uncached, Some(MANY_HASHED))?,
    ];
    drop(uncached);
    let cached = serve(folder.path(), &ldif, tree, "cache_seconds = 3600")?;
    rows.push(row(&cached, Some(CACHED))?);
    crowd::lock_out(cached.server.addresses.clear)?;
    rows.push(row(&cached, Some(LOCKED_OUT))?);
    rows.push(row(&cached, Some(UNKNOWN))?);
    println!(
        "{}; {}; {} users; {} s\n\n{}",
        servers::machine()?,
        cached.version,
        options.users,
        options.seconds,
        table(&rows)
    );
    Ok(())
}

/// A server of its own with everything in it.
fn serve(folder: &Path, ldif: &Path, tree: Tree, passwords: &str) -> Outcome<Side> {
    eprintln!("importing");
    let folder = TempDir::new_in(folder)?;
    let mut installed = servers::hedgerow(folder.path(), ldif, passwords)?;
    installed.import()?;
    let side = Side {
        server: installed.start(people::greeting)?,
        version: installed.version,
        tree,
        _folder: folder,
    };
    // As in any server that is in use, every thread has hashed before memory is looked at.
    measure(&side, Some(HASHED), 2)?;
    Ok(side)
}
