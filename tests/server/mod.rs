//! The real server in a folder of its own: configuration, certificates, data, process.
//!
//! Owns how a test starts and ends the program. Says nothing of what is asked of it.

#![allow(dead_code)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The suffix of every test.
pub const SUFFIX: &str = "dc=example,dc=org";
/// The name of the administrator.
pub const ADMIN: &str = "cn=admin,dc=example,dc=org";
/// The administrator's password.
pub const PASSWORD: &str = "correct horse";

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

    /// A folder where the key that allows passwords without TLS is absent.
    pub fn strict() -> Folder {
        Folder::with_config(&CONFIG.replace("allow_passwords_without_tls = CLEAR\n", ""))
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
        Server::start(self.command("serve"), &self.authority())
    }
}

/// A running server; told to stop when dropped.
pub struct Server {
    child: Child,
    log: Option<JoinHandle<()>>,
    /// Where TLS begins when the client asks.
    pub ldap: SocketAddr,
    /// Where TLS comes first.
    pub ldaps: SocketAddr,
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
        let (mut said, mut ldap, mut ldaps) = (String::new(), None, None);
        while ldap.is_none() || ldaps.is_none() {
            let before = said.len();
            assert_ne!(log.read_line(&mut said).unwrap(), 0, "ended early: {said}");
            let Some((_, rest)) = said[before..].split_once("listening address=") else {
                continue;
            };
            let (address, tls) = rest.trim_end().split_once(" tls=").unwrap();
            let address = address.parse().unwrap();
            match tls.trim_matches('"') {
                "starttls" => ldap = Some(address),
                "implicit" => ldaps = Some(address),
                other => panic!("a listener with tls={other}"),
            }
        }
        // Read on, so that the server never waits for room in the pipe.
        let log = thread::spawn(move || {
            let _ = std::io::copy(&mut log, &mut std::io::sink());
        });
        Server {
            child,
            log: Some(log),
            ldap: ldap.unwrap(),
            ldaps: ldaps.unwrap(),
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

    /// The address where TLS begins when asked for.
    pub fn url(&self) -> String {
        format!("ldap://{}", self.ldap)
    }

    /// The address where TLS comes first.
    pub fn secure_url(&self) -> String {
        format!("ldaps://{}", self.ldaps)
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
            self.signal(Signal::TERM);
            self.wait();
        }
    }
}

/// Output of a command as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
