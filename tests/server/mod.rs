//! The real server in a folder of its own: configuration, certificates, data, process.
//!
//! Owns how a test starts and ends the program. Says nothing of what is asked of it.

#![allow(dead_code)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ldap3::LdapConn;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The suffix of every test.
pub const SUFFIX: &str = "dc=example,dc=org";
/// The name of the administrator.
pub const ADMIN: &str = "cn=admin,dc=example,dc=org";
/// The administrator's password.
pub const PASSWORD: &str = "correct horse";
/// Long after everything that a server which is alive does.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Passwords are hashed as cheaply as the configuration allows: these tests are not about their strength.
const CONFIG: &str = r#"
data = "data"

[[listener]]
address = "127.0.0.1:0"
tls = "starttls"
allow_passwords_without_tls = CLEAR

[[listener]]
address = "127.0.0.1:0"
tls = "implicit"

[tls]
certificate = "certs/server.pem"
key = "certs/server.key"

[passwords]
memory_kib = 8192
iterations = 1

[[access]]
who = "anyone"
attributes = ["userPassword"]
allow = []

[[access]]
who = "users"
allow = ["read", "search", "compare"]
"#;

/// A configuration, its data and its certificates; removed at the end.
pub struct Folder {
    folder: TempDir,
}

impl Folder {
    /// A folder whose listener without TLS takes passwords.
    pub fn new() -> Folder {
        Folder::with_config(&CONFIG.replace("CLEAR", "true"))
    }

    /// As [`Folder::new`], with more sections; rules among them come before the others.
    pub fn with_more(more: &str) -> Folder {
        let config = CONFIG.replace("CLEAR", "true");
        Folder::with_config(&config.replacen("[[access]]", &format!("{more}\n[[access]]"), 1))
    }

    /// As [`Folder::with_more`], of a server that speaks REST too, with more lines of its section.
    pub fn rest(section: &str, more: &str) -> Folder {
        let rest = "[rest]\nlisten = [\"127.0.0.1:0\"]\nanonymous_per_minute = 100000";
        Folder::with_more(&format!("{rest}\n{section}\n{more}"))
    }

    /// A folder where the key that allows passwords without TLS is absent.
    pub fn strict() -> Folder {
        Folder::with_config(&CONFIG.replace("allow_passwords_without_tls = CLEAR\n", ""))
    }

    /// A folder whose configuration is the usual one, edited.
    pub fn edited(edit: impl FnOnce(String) -> String) -> Folder {
        Folder::with_config(&edit(CONFIG.replace("CLEAR", "true")))
    }

    /// A folder as [`Folder::new`] makes it whose posixGroup is the structural one of RFC 2307.
    pub fn rfc2307() -> Folder {
        let schema = "\n[schema]\nposix_group = \"structural\"\n";
        Folder::with_config(&(CONFIG.replace("CLEAR", "true") + schema))
    }

    /// A folder like [`Folder::new`] where users set their own passwords, with more lines of configuration.
    pub fn self_service(more: &str) -> Folder {
        let own =
            "[[access]]\nwho = \"self\"\nattributes = [\"userPassword\"]\nallow = [\"write\"]\n\n";
        let (before, rules) = CONFIG.split_once("[[access]]").unwrap();
        let config = format!("{before}{more}\n\n{own}[[access]]{rules}");
        Folder::with_config(&config.replace("CLEAR", "true"))
    }

    /// A folder with these access rules (TOML) in the place of the usual ones.
    pub fn with_access(rules: &str) -> Folder {
        let (before, _) = CONFIG.split_once("[[access]]").unwrap();
        Folder::with_config(&format!("{}{rules}", before.replace("CLEAR", "true")))
    }

    fn with_config(config: &str) -> Folder {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("hedgerow.toml"), config).unwrap();
        let folder = Folder { folder };
        let made = folder
            .command("init")
            .args(["--suffix", SUFFIX])
            .env("HEDGEROW_ADMIN_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", text(&made.stderr));
        folder
    }

    /// A path within.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The certificate of the authority that signed the server's.
    pub fn authority(&self) -> PathBuf {
        self.path("certs/ca.pem")
    }

    /// A command of the program on this folder.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hedgerow"));
        command
            .arg(name)
            .arg("--config")
            .arg(self.path("hedgerow.toml"));
        command
    }

    /// Runs a command of the program on this folder, given by its words.
    pub fn run(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hedgerow"))
            .args(words)
            .env("HEDGEROW_CONFIG", self.path("hedgerow.toml"))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// What a command that succeeds prints.
    #[track_caller]
    pub fn told(&self, words: &[&str]) -> String {
        let done = self.run(words);
        assert!(done.status.success(), "{words:?}: {}", text(&done.stderr));
        text(&done.stdout)
    }

    /// The line of the audit log that has a text in it, which is waited for.
    #[track_caller]
    pub fn audited(&self, text: &str) -> String {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let log = fs::read_to_string(self.path("data/audit.jsonl")).unwrap_or_default();
            if let Some(line) = log.lines().find(|line| line.contains(text)) {
                return line.to_owned();
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("the audit log never said {text:?}");
    }

    /// Runs `import` on LDIF given as text.
    pub fn import(&self, ldif: &str) -> Output {
        let mut child = self
            .command("import")
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // An import that has found a mistake reads no further; its answer says what matters.
        let _ = child.stdin.take().unwrap().write_all(ldif.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs `import` on LDIF that is right.
    pub fn load(&self, ldif: &str) {
        let done = self.import(ldif);
        assert!(done.status.success(), "{}", text(&done.stderr));
    }

    /// Everything as LDIF, hashes of passwords included.
    pub fn export(&self) -> String {
        let file = self.path("export.ldif");
        let _ = fs::remove_file(&file);
        let done = self
            .command("export")
            .arg("--with-password-hashes")
            .arg("--output")
            .arg(&file)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", text(&done.stderr));
        fs::read_to_string(file).unwrap()
    }

    /// Starts the server and waits until it listens.
    pub fn serve(&self) -> Server {
        self.serve_by(self.command("serve"))
    }

    /// Starts the server by a command that becomes it.
    pub fn serve_by(&self, command: Command) -> Server {
        Server::start(command, &self.authority())
    }
}

/// A running server; told to stop when dropped.
pub struct Server {
    child: Child,
    log: Option<JoinHandle<()>>,
    lines: Receiver<String>,
    /// Where TLS begins when the client asks.
    pub ldap: SocketAddr,
    /// Where TLS comes first.
    pub ldaps: SocketAddr,
    /// Where REST is spoken, if it is.
    pub rest: Option<SocketAddr>,
    authority: PathBuf,
}

impl Server {
    fn start(mut command: Command, authority: &Path) -> Server {
        let mut child = command
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (mut said, mut ldap, mut ldaps, mut rest) = (String::new(), None, None, None);
        while ldap.is_none() || ldaps.is_none() {
            let before = said.len();
            assert_ne!(log.read_line(&mut said).unwrap(), 0, "ended early: {said}");
            if let Some((_, address)) = said[before..].split_once("serving REST address=") {
                rest = address.trim_end().parse().ok();
            }
            let Some((_, found)) = said[before..].split_once("listening address=") else {
                continue;
            };
            let (address, tls) = found.trim_end().split_once(" tls=").unwrap();
            let address = address.parse().unwrap();
            match tls.trim_matches('"') {
                "starttls" => ldap = Some(address),
                "implicit" => ldaps = Some(address),
                other => panic!("a listener with tls={other}"),
            }
        }
        let (send, lines) = channel();
        let log = thread::spawn(move || read_on(&mut log, &send));
        Server {
            child,
            log: Some(log),
            lines,
            ldap: ldap.unwrap(),
            ldaps: ldaps.unwrap(),
            rest,
            authority: authority.to_owned(),
        }
    }

    /// A command of the OpenLDAP client tools that trusts this server's authority.
    pub fn tool(&self, name: &str, url: &str) -> Command {
        let mut command = Command::new(name);
        command
            .args(["-x", "-H", url])
            .env("LDAPTLS_CACERT", &self.authority)
            .stdin(Stdio::null());
        command
    }

    /// A connection of a client that has bound in clear; as nobody when `dn` is empty.
    pub fn bound(&self, dn: &str, password: &str) -> LdapConn {
        let mut client = LdapConn::new(&self.url()).unwrap();
        if !dn.is_empty() {
            client.simple_bind(dn, password).unwrap().success().unwrap();
        }
        client
    }

    /// The administrator's connection.
    pub fn administrator(&self) -> LdapConn {
        self.bound(ADMIN, PASSWORD)
    }

    /// The address where TLS begins when asked for.
    pub fn url(&self) -> String {
        format!("ldap://{}", self.ldap)
    }

    /// The address where TLS comes first.
    pub fn secure_url(&self) -> String {
        format!("ldaps://{}", self.ldaps)
    }

    /// The certificate of the authority that signed the server's.
    pub fn authority(&self) -> &Path {
        &self.authority
    }

    /// Waits for the next line of the log with a text in it, and gives that line.
    pub fn said(&self, text: &str) -> String {
        self.said_until(text).pop().unwrap()
    }

    /// The lines of the log since it was last asked, up to one with a text in it, which is waited for.
    pub fn said_until(&self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            let last = line.contains(text);
            lines.push(line);
            if last {
                return lines;
            }
        }
        panic!("the log never said {text:?}, but {lines:#?}");
    }

    /// Tells the server to read its certificates anew.
    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    /// Tells the server to end, without waiting for it.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// The server's process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// The server's resident memory in bytes.
    pub fn memory(&self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(status).unwrap();
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
        kib.unwrap().trim().parse::<u64>().unwrap() * 1024
    }

    fn signal(&self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    fn wait(&mut self) -> ExitStatus {
        let status = self.child.wait().unwrap();
        if let Some(log) = self.log.take() {
            log.join().unwrap();
        }
        status
    }

    /// Ends the server in order.
    pub fn stop(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Ends the server as a power cut would end its process.
    pub fn kill(mut self) {
        self.signal(Signal::KILL);
        self.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.log.is_some() {
            // A server that a test has failed on may not end when asked.
            let failed = thread::panicking();
            self.signal(if failed { Signal::KILL } else { Signal::TERM });
            self.wait();
        }
    }
}

/// Reads the log to its end, so that the server never waits for room in the pipe.
fn read_on(log: &mut impl BufRead, send: &Sender<String>) {
    let mut line = Vec::new();
    while log.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        // A test that asks no more of the log has dropped the other end.
        let _ = send.send(text(&line).trim_end().to_owned());
        line.clear();
    }
}

/// Waits until something is so.
#[track_caller]
pub fn until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it never was so");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Output of a command as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
