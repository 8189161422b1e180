//! The two servers: how each is configured, loaded and started, and what it has used.
//!
//! Owns processes and what the kernel says of them. Says nothing of what is asked.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Advice, fadvise};

use super::Outcome;
use super::load::{Connection, Request};
use super::tree::{SERVICE, SUFFIX};

/// Debian's package `slapd`.
const SLAPD: &str = "/usr/sbin/slapd";
const SLAPADD: &str = "/usr/sbin/slapadd";

/// Long after every start.
const STARTING: Duration = Duration::from_secs(300);

/// Both find the same attributes by index, and let the service account write what people may read. What is not said here is
/// as each of them has it by default, the audit log of Hedgerow among it.
const HEDGEROW: &str = r#"
data = "hedgerow"

[[listener]]
address = "CLEAR"
tls = "starttls"
allow_passwords_without_tls = true

[[listener]]
address = "SECURE"
tls = "implicit"

[tls]
certificate = "certs/server.pem"
key = "certs/server.key"

[passwords]
PASSWORDS

[index]
equality = ["objectClass", "uid", "mail", "cn", "sn", "entryUUID"]
presence = ["uid", "mail", "cn", "sn"]
substring = ["uid", "mail", "cn", "sn"]
ordering = []

[log]
level = "warn"

[[access]]
who = "dn:SERVICE"
attributes = ["userPassword"]
allow = ["write"]

[[access]]
who = "anyone"
attributes = ["userPassword"]
allow = []

[[access]]
who = "dn:SERVICE"
allow = ["read", "search", "compare", "write", "add", "delete"]

[[access]]
who = "users"
allow = ["read", "search", "compare"]
"#;

const SLAPD_CONFIG: &str = r#"
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
loglevel 0
threads 4
sizelimit unlimited
TLSCertificateFile "FOLDER/certs/server.pem"
TLSCertificateKeyFile "FOLDER/certs/server.key"

database mdb
suffix "SUFFIX"
directory "FOLDER/slapd"
maxsize 17179869184
index objectClass eq
index uid,mail,cn,sn eq,pres,sub
index member eq
index entryUUID,entryCSN eq
access to attrs=userPassword by dn.exact="SERVICE" write by anonymous auth by * none
access to * by dn.exact="SERVICE" write by users read by * none
"#;

/// Where a server listens.
#[derive(Clone, Copy)]
pub struct Addresses {
    pub clear: SocketAddr,
    /// Where TLS comes first.
    pub secure: SocketAddr,
}

/// A server that can be loaded and started.
pub struct Installed {
    pub version: String,
    data: PathBuf,
    import: Command,
    serve: Command,
    addresses: Addresses,
}

/// What loading everything took.
pub struct Import {
    pub seconds: f64,
    /// The most memory that was resident.
    pub peak: u64,
}

/// A running server; ended when dropped.
pub struct Running {
    child: Child,
    pub addresses: Addresses,
    /// From the start of the process to its first right answer, in seconds.
    pub first_answer: f64,
}

/// Hedgerow in a folder, with the certificates that it makes for trying and these settings of passwords.
pub fn hedgerow(folder: &Path, ldif: &Path, passwords: &str) -> Outcome<Installed> {
    let program = env::var_os("HEDGEROW_BIN");
    let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_hedgerow").into());
    let addresses = Addresses::free()?;
    let config = folder.join("hedgerow.toml");
    let text = HEDGEROW
        .replace("CLEAR", &addresses.clear.to_string())
        .replace("SECURE", &addresses.secure.to_string())
        .replace("SERVICE", SERVICE)
        .replace("PASSWORDS", passwords);
    fs::write(&config, text)?;
    let command = |name: &str| {
        let mut command = Command::new(&program);
        command.arg(name).arg("--config").arg(&config);
        command
    };
    let mut init = command("init");
    init.args(["--suffix", SUFFIX])
        .env("HEDGEROW_ADMIN_PASSWORD", "correct horse");
    finished(&mut init)?;
    let mut import = command("import");
    import.arg(ldif);
    Ok(Installed {
        version: said(Command::new(&program).arg("--version"))?,
        data: folder.join("hedgerow"),
        import,
        serve: command("serve"),
        addresses,
    })
}

/// slapd in the same folder, with the same certificates.
pub fn slapd(folder: &Path, ldif: &Path) -> Outcome<Installed> {
    if !Path::new(SLAPD).exists() {
        return Err(format!("there is no {SLAPD}; install Debian's package slapd").into());
    }
    let addresses = Addresses::free()?;
    let config = folder.join("slapd.conf");
    let text = SLAPD_CONFIG
        .replace("FOLDER", &folder.display().to_string())
        .replace("SERVICE", SERVICE)
        .replace("SUFFIX", SUFFIX);
    fs::write(&config, text)?;
    fs::create_dir(folder.join("slapd"))?;
    let mut import = Command::new(SLAPADD);
    import.arg("-q").arg("-f").arg(&config).arg("-l").arg(ldif);
    let urls = format!("ldap://{} ldaps://{}", addresses.clear, addresses.secure);
    let mut serve = Command::new(SLAPD);
    // A debug level, even none, keeps it in the foreground.
    serve.args(["-d", "0", "-h", &urls, "-f"]).arg(&config);
    let version = said(Command::new(SLAPD).arg("-VV"))?;
    let version = version
        .split_whitespace()
        .skip_while(|word| *word != "slapd");
    Ok(Installed {
        version: version.take(2).collect::<Vec<_>>().join(" "),
        data: folder.join("slapd"),
        import,
        serve,
        addresses,
    })
}

impl Addresses {
    fn free() -> Outcome<Addresses> {
        let clear = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let secure = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(Addresses {
            clear: clear.local_addr()?,
            secure: secure.local_addr()?,
        })
    }
}

impl Installed {
    /// Loads the file into the empty store.
    pub fn import(&mut self) -> Outcome<Import> {
        let began = Instant::now();
        let mut child = self
            .import
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let mut peak = 0;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            // The kernel forgets the mark with the process: what its last milliseconds add is missed.
            peak = memory(child.id(), "VmHWM:").unwrap_or(peak);
            thread::sleep(Duration::from_millis(10));
        };
        if !status.success() {
            return Err(format!("{:?} ended with {status}", self.import).into());
        }
        let seconds = began.elapsed().as_secs_f64();
        drop_cached(&self.data)?;
        Ok(Import { seconds, peak })
    }

    /// Starts it and asks until the answers are right.
    pub fn start(&mut self, greeting: impl Fn() -> Outcome<Vec<Request>>) -> Outcome<Running> {
        let began = Instant::now();
        let child = self.serve.stdin(Stdio::null()).spawn()?;
        let mut running = Running {
            child,
            addresses: self.addresses,
            first_answer: 0.0,
        };
        let answer = |requests: Vec<Request>| {
            let mut client = Connection::open(self.addresses.clear)?;
            requests
                .into_iter()
                .try_for_each(|request| client.ask(request))
        };
        while let Err(why) = answer(greeting()?) {
            if began.elapsed() > STARTING {
                return Err(format!("{:?} does not answer: {why}", self.serve).into());
            }
            if let Some(status) = running.child.try_wait()? {
                return Err(format!("{:?} ended early with {status}", self.serve).into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        running.first_answer = began.elapsed().as_secs_f64();
        Ok(running)
    }
}

impl Running {
    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in bytes.
    pub fn memory(&self) -> Outcome<u64> {
        memory(self.process(), "VmRSS:").ok_or_else(|| "a server has no memory".into())
    }

    /// Waits until it does nothing any more: what it does behind its answers belongs to them.
    pub fn rest(&self) -> Outcome<()> {
        let mut before = self.used()?;
        loop {
            thread::sleep(Duration::from_millis(20));
            let now = self.used()?;
            if now.since(&before) < Duration::from_millis(1) {
                return Ok(());
            }
            before = now;
        }
    }

    /// What its threads have used so far.
    pub fn used(&self) -> Outcome<Used> {
        let folder = format!("/proc/{}", self.process());
        let mut threads = Duration::ZERO;
        for thread in fs::read_dir(format!("{folder}/task"))? {
            // A thread may end between the two.
            let text = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
            threads += Duration::from_nanos(nanoseconds.unwrap_or_default());
        }
        let stat = fs::read_to_string(format!("{folder}/stat"))?;
        // Numbers 14 and 15 of proc_pid_stat(5); the second field, a name, ends at the last bracket.
        let (_, fields) = stat.rsplit_once(") ").ok_or("no /proc/PID/stat")?;
        let ticks = fields
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|word| word.parse::<u64>().ok());
        Ok(Used {
            threads,
            process: Duration::from_millis(ticks.sum::<u64>() * 10),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Time on processors.
pub struct Used {
    /// To the nanosecond, of the threads that there are.
    threads: Duration,
    /// In two counters of 10 ms ticks, of all threads there ever were.
    process: Duration,
}

impl Used {
    /// What was used since. Threads that have ended in between took their time out of the finer count, so that the coarse
    /// one decides where it is above it by more than its error.
    pub fn since(&self, before: &Used) -> Duration {
        let coarse = self.process.saturating_sub(before.process);
        let surely = coarse.saturating_sub(Duration::from_millis(20));
        self.threads.saturating_sub(before.threads).max(surely)
    }
}

/// Puts the files of a folder on the disk and out of memory, as after a boot: the kernel keeps what was written at one go in
/// large pieces, and small changes in those cost it many times what they do otherwise.
fn drop_cached(folder: &Path) -> Outcome<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            let file = fs::File::open(path)?;
            file.sync_all()?;
            fadvise(&file, 0, None, Advice::DontNeed)?;
        }
    }
    Ok(())
}

/// A line of /proc/PID/status, in bytes.
fn memory(process: u32, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_suffix("kB"))?;
    Some(kibibytes.trim().parse::<u64>().ok()? * 1024)
}

fn finished(command: &mut Command) -> Outcome<()> {
    let done = command.stdin(Stdio::null()).output()?;
    if !done.status.success() {
        let why = String::from_utf8_lossy(&done.stderr);
        return Err(format!("{command:?} ended with {}: {why}", done.status).into());
    }
    Ok(())
}

/// What a command prints about itself, on whichever of the two outputs.
fn said(command: &mut Command) -> Outcome<String> {
    let done = command.stdin(Stdio::null()).output()?;
    let text = [done.stdout, done.stderr].concat();
    Ok(String::from_utf8_lossy(&text).trim().to_owned())
}

/// The processors of this machine.
pub fn machine() -> Outcome<String> {
    let text = fs::read_to_string("/proc/cpuinfo")?;
    let model = text
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = thread::available_parallelism()?;
    Ok(format!(
        "{}, {cores} cores",
        model.map_or("unknown processor", |(_, model)| model)
    ))
}
