//! `serve`: the server, from a configuration or as a demonstration.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::init::{create, hash};
use super::{begin, print};
use crate::app::assembly::Assembly;
use crate::app::cli::Serve;
use crate::app::config::{self, Config, ListenerTls};
use crate::app::server::{self, Addresses};
use crate::app::tls::generate_development;
use crate::app::{DEMO_TREE, Failure, logging};
use crate::directory::Administrator;
use crate::directory::import::prepare;
use crate::directory::password::{self, Secret};
use crate::directory::setup::Setup;

/// The suffix of the demonstration.
const DEMO_SUFFIX: &str = "dc=example,dc=org";

pub(super) fn run(arguments: &Serve) -> Result<(), Failure> {
    if arguments.demo {
        return demo(arguments.data.as_deref(), arguments.free_ports);
    }
    let assembly = begin(&arguments.config)?;
    let store = assembly.open()?;
    server::run(assembly, store, None, |addresses| {
        for address in &addresses.rest {
            tracing::info!(%address, "serving REST");
        }
        for (address, tls) in &addresses.ldap {
            tracing::info!(%address, %tls, "listening");
        }
        Ok(())
    })
}

/// A folder that is removed at the end.
struct Temporary(Option<PathBuf>);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

fn demo(data: Option<&Path>, free_ports: bool) -> Result<(), Failure> {
    let (folder, _temporary) = match data {
        Some(folder) => {
            make_private(folder, true)?;
            (folder.canonicalize()?, Temporary(None))
        }
        None => {
            let number = getrandom::u32()?;
            let folder = std::env::temp_dir().join(format!("hedgerow-demo-{number:08x}"));
            make_private(&folder, false)?;
            (folder.clone(), Temporary(Some(folder)))
        }
    };
    let certificates = folder.join("certs");
    if !certificates.join("server.pem").exists() {
        generate_development(&certificates, SystemTime::now())?;
    }
    let mut config = Config::load(&demo_configuration(&folder)?)?;
    if free_ports {
        config.take_free_ports();
    }
    if let Some(mail) = &config.rest.mail_folder {
        make_private(mail, true)?;
    }
    logging::start(&config.log)?;
    let assembly = Assembly::new(config)?;
    let password = password::generate()?;
    let password = String::from_utf8_lossy(password.as_bytes());
    let administrator = Administrator {
        name: format!("cn=admin,{DEMO_SUFFIX}").into(),
        hash: hash(&assembly, Secret::from(password.as_bytes()))?.into(),
    };
    let setup = Setup {
        suffixes: vec![DEMO_SUFFIX.to_owned()],
        administrator,
    };
    if !assembly.config.data.exists() {
        load_tree(&assembly, &setup)?;
    }
    let store = assembly.open()?;
    let name = setup.administrator.name.clone();
    server::run(assembly, store, Some(setup.administrator), |addresses| {
        print(&welcome(addresses, &name, &password, &folder))
    })
}

/// The file that the demonstration runs on, and by which other commands find it; written where it is not there yet.
fn demo_configuration(folder: &Path) -> Result<PathBuf, Failure> {
    let file = folder.join(config::DEFAULT_PATH);
    if !file.exists() {
        make_private(&folder.join("config"), true)?;
        std::fs::write(&file, Config::demonstration())
            .map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(file)
}

/// Makes a folder that its owner alone may look into; one that is there already will do if `again`.
fn make_private(folder: &Path, again: bool) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new()
        .recursive(again)
        .mode(0o700)
        .create(folder);
    made.map_err(|error| format!("{}: {error}", folder.display()).into())
}

fn load_tree(assembly: &Assembly, setup: &Setup) -> Result<(), Failure> {
    let mut store = create(assembly, setup)?;
    let empty = setup.empty(&assembly.schema, &assembly.indexed)?;
    let (rules, pool) = (assembly.rules(&setup.suffixes)?, assembly.pool()?);
    let prepared = prepare(
        empty,
        &rules,
        &pool,
        Cursor::new(DEMO_TREE),
        true,
        &mut |_| {},
    )?;
    prepared.write(&mut *store, &mut |_| {})?;
    store.close()?;
    Ok(())
}

fn welcome(addresses: &Addresses, name: &str, password: &str, folder: &Path) -> String {
    let mut text =
        String::from("Hedgerow is serving a demonstration tree. Stop it with Ctrl-C.\n\n");
    for (address, tls) in &addresses.ldap {
        let (scheme, note) = match tls {
            ListenerTls::Implicit => ("ldaps", ""),
            ListenerTls::StartTls => ("ldap", "  (StartTLS)"),
            ListenerTls::None => ("ldap", "  (no TLS)"),
        };
        text.push_str(&format!("  {scheme}://{address}{note}\n"));
    }
    for address in &addresses.rest {
        text.push_str(&format!("  https://{address}  (REST; /docs shows it)\n"));
    }
    text.push_str(&format!(
        "\n  administrator  {name}\n  password       {password}  (for this run)\n"
    ));
    let (ca, file) = (
        folder.join("certs/ca.pem"),
        folder.join(config::DEFAULT_PATH),
    );
    text.push_str(&format!(
        "\nTry, in another terminal:\n\n  export LDAPTLS_CACERT={}\n  export HEDGEROW_CONFIG={}\n\n",
        ca.display(),
        file.display(),
    ));
    let mut ldap = addresses.ldap.iter();
    if let Some((address, _)) = ldap.find(|(_, tls)| *tls == ListenerTls::Implicit) {
        text.push_str(&format!(
            "  ldapsearch -H ldaps://{address} -x -D {name} \\\n    -w {password} -b {DEMO_SUFFIX} '(uid=ada)'\n\n",
        ));
    }
    if let Some(address) = addresses.rest.first() {
        text.push_str(&format!(
            "  curl --cacert $LDAPTLS_CACERT -u admin:{password} -g \\\n    'https://{address}/api/v2/auth/users?filter[userName][EQ]=ada'\n\n",
        ));
    }
    if let Ok(program) = std::env::current_exe() {
        text.push_str(&format!("  {} explain bind ada\n\n", program.display()));
    }
    text
}
