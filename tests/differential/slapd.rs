//! OpenLDAP's server in a folder of its own, on a socket of the file system.
//!
//! Owns how it is configured, started and ended. Says nothing of what is asked of it.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::server::{ADMIN, PASSWORD, SUFFIX};
use super::wire::Client;

/// Debian's package `slapd`.
const PROGRAM: &str = "/usr/sbin/slapd";

const CONFIG: &str = r#"
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include FOLDER/rfc2307.schema
modulepath /usr/lib/ldap
moduleload back_mdb
sizelimit unlimited

database mdb
suffix "SUFFIX"
rootdn "ADMIN"
rootpw "PASSWORD"
directory "FOLDER/data"
maxsize 67108864
dbnosync
index objectClass,cn,uid eq
"#;

/// Our definitions of RFC 2307, which follow the draft that replaces it where OpenLDAP's do not.
const RFC2307: [&str; 2] = [
    include_str!("../../src/directory/schema/built_in/rfc2307.ldif"),
    include_str!("../../src/directory/schema/built_in/posix_group_structural.ldif"),
];

/// They are in the form of its configuration but for the first word, and two of them it has built in.
fn definitions() -> String {
    let mut text = String::new();
    let mut built_in = false;
    for line in RFC2307.iter().flat_map(|part| part.lines()) {
        if !line.starts_with(' ') {
            built_in = line.contains("'uidNumber'") || line.contains("'gidNumber'");
        }
        if !built_in {
            let line = line.replace("attributeTypes:", "attributetype");
            text += &line.replace("objectClasses:", "objectclass");
            text.push('\n');
        }
    }
    text
}

/// A running slapd; ended when dropped.
pub struct Slapd {
    child: Child,
    folder: TempDir,
}

impl Slapd {
    /// Starts it with an empty database and waits until it listens.
    pub fn start() -> Slapd {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let config = CONFIG
            .replace("SUFFIX", SUFFIX)
            .replace("ADMIN", ADMIN)
            .replace("PASSWORD", PASSWORD)
            .replace("FOLDER", folder.path().to_str().unwrap());
        let schema = definitions();
        fs::write(folder.path().join("rfc2307.schema"), schema).unwrap();
        let config_file = folder.path().join("slapd.conf");
        fs::write(&config_file, config).unwrap();
        let socket = folder.path().join("socket");
        let url = format!("ldapi://{}", socket.to_str().unwrap().replace('/', "%2F"));
        let child = Command::new(PROGRAM)
            // A debug level, even none, keeps it in the foreground.
            .args(["-d", "0", "-h", &url, "-f"])
            .arg(&config_file)
            .stdin(Stdio::null())
            .spawn()
            .expect("slapd is installed (Debian: slapd)");
        let mut slapd = Slapd { child, folder };
        while Client::over_unix(&slapd.socket()).is_err() {
            let ended = slapd.child.try_wait().unwrap();
            assert!(ended.is_none(), "slapd ended early: {ended:?}");
            thread::sleep(Duration::from_millis(10));
        }
        slapd
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// A connection that is bound as the administrator.
    pub fn client(&self) -> Client {
        let mut client = Client::over_unix(&self.socket()).unwrap();
        client.bind(ADMIN, PASSWORD);
        client
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
