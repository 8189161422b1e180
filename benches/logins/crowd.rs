//! Clients that log in, rightly or wrongly, at a rate or as fast as they are answered.
//!
//! Owns the accounts that they know of and what they send. Says nothing of what it costs.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use super::Outcome;
use super::load::{Connection, Expected, Request};
use super::tree::SUFFIX;
use super::wire;

/// Accounts with a password stored as Argon2id: of those who log in rightly, and half of the names that wrong passwords are
/// tried with.
const ACCOUNTS: usize = 64;
/// Failures that lock a name.
const FAILURES: usize = 5;
const INVALID_CREDENTIALS: i32 = 49;
const PASSWORD: &str = "correct-horse-battery";

/// What is tried.
#[derive(Clone, Copy)]
pub enum Login {
    /// A name and its password.
    Right,
    /// A wrong password for one of a few names, of which half have an account.
    Wrong,
    /// A name that there is not and that was not tried before.
    Nobody,
}

/// Who logs in.
#[derive(Clone, Copy)]
pub struct Crowd {
    pub title: &'static str,
    pub login: Login,
    pub connections: usize,
    /// Logins in a second of all of them together; as many as are answered without it.
    pub rate: Option<u32>,
}

/// What a crowd has done so far.
#[derive(Default)]
pub struct Done {
    pub logins: AtomicU64,
    /// Of them, those to which the server has said that it is busy.
    pub busy: AtomicU64,
}

impl Crowd {
    /// Logs in on one of the connections until told to stop.
    pub fn work(
        &self,
        number: usize,
        server: SocketAddr,
        done: &Done,
        stop: &AtomicBool,
    ) -> Outcome<()> {
        let mut connection = Connection::open(server)?;
        let connections = u32::try_from(self.connections)?;
        let pause = self
            .rate
            .map(|rate| Duration::from_secs(1) * connections / rate);
        // Not all at once.
        let mut due =
            Instant::now() + pause.unwrap_or_default() * u32::try_from(number)? / connections;
        let mut round = 0;
        while !stop.load(Relaxed) {
            if let Some(pause) = pause {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                // What was missed is not made up for.
                due = (due + pause).max(Instant::now());
            }
            let before = connection.busy;
            connection.ask(self.login.request(number, round))?;
            done.logins.fetch_add(1, Relaxed);
            done.busy.fetch_add(connection.busy - before, Relaxed);
            round += 1;
        }
        Ok(())
    }
}

impl Login {
    fn request(self, number: usize, round: usize) -> Request {
        let (name, password) = match self {
            Self::Right => (format!("account.{}", number % ACCOUNTS), PASSWORD),
            Self::Wrong => {
                let name = (number + round) % ACCOUNTS;
                let kind = if name.is_multiple_of(2) {
                    "victim"
                } else {
                    "nobody"
                };
                (format!("{kind}.{name}"), "wrong")
            }
            Self::Nobody => (format!("nobody.{number}.{round}"), "wrong"),
        };
        let code = match self {
            Self::Right => 0,
            Self::Wrong | Self::Nobody => INVALID_CREDENTIALS,
        };
        Request {
            operation: wire::bind(&format!("uid={name},ou=people,{SUFFIX}"), password),
            expected: Expected {
                code,
                or_busy: code != 0,
                ..Expected::default()
            },
        }
    }
}

/// Fails with each of the few names until it is locked.
pub fn lock_out(server: SocketAddr) -> Outcome<()> {
    let mut connection = Connection::open(server)?;
    let names = (0..ACCOUNTS).flat_map(|name| [name; FAILURES]);
    names
        .map(|name| Login::Wrong.request(name, 0))
        .try_for_each(|request| connection.ask(request))
}

/// Adds the accounts and a policy that locks.
pub fn write_accounts(file: File) -> Outcome<()> {
    let mut out = BufWriter::new(file);
    write!(
        out,
        "dn: ou=policies,{SUFFIX}\nobjectClass: organizationalUnit\nou: policies\n\n\
         dn: cn=default,ou=policies,{SUFFIX}\nobjectClass: applicationProcess\nobjectClass: pwdPolicy\n\
         cn: default\npwdAttribute: userPassword\npwdLockout: TRUE\npwdMaxFailure: {FAILURES}\npwdLockoutDuration: 600\n\n"
    )?;
    for kind in ["account", "victim"] {
        for number in 0..ACCOUNTS {
            write!(
                out,
                "dn: uid={kind}.{number},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: {kind}.{number}\n\
                 cn: {kind}\nsn: {number}\nuserPassword: {PASSWORD}\n\n"
            )?;
        }
    }
    Ok(out.flush()?)
}
