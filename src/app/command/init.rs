//! `init`: a new store with its suffixes and its administrator.

use std::path::Path;
use std::sync::mpsc;
use std::time::SystemTime;

use super::{begin, print};
use crate::app::Failure;
use crate::app::admin_password::AdminPassword;
use crate::app::assembly::Assembly;
use crate::app::cli::Init;
use crate::app::config::Config;
use crate::app::sealing_key;
use crate::app::tls::generate_development;
use crate::directory::Administrator;
use crate::directory::password::{Job, Outcome, Secret};
use crate::directory::setup::Setup;
use crate::storage::{Options, SledStore, Store};

pub(super) fn run(arguments: &Init) -> Result<(), Failure> {
    let assembly = begin(&arguments.config)?;
    let data = &assembly.config.data;
    if data.exists() {
        // Beside a store that was restored there may be no certificate yet, and one for trying ends.
        print(&development_certificate(&assembly.config)?)?;
        let text = format!(
            "{} exists already: nothing in it was changed",
            data.display()
        );
        return Err(text.into());
    }
    let setup = |hash: Vec<u8>| {
        let first = arguments.suffixes.first().map_or("", String::as_str);
        let name = arguments
            .admin_dn
            .clone()
            .unwrap_or_else(|| format!("cn=admin,{first}"));
        Setup {
            suffixes: arguments.suffixes.clone(),
            administrator: Administrator {
                name: name.into(),
                hash: hash.into(),
            },
        }
    };
    // Names are checked before anybody is asked for a password.
    setup(Vec::new()).check(&assembly.schema)?;
    let password = AdminPassword::ask()?;
    let hash = hash(&assembly, Secret::from(password.as_bytes()))?;
    let setup = setup(hash);
    create(&assembly, &setup)?.close()?;
    let certificate = development_certificate(&assembly.config)?;
    let key = second_factor_key(&assembly.config)?;
    print(&format!(
        "created {}\nadministrator: {}\n{certificate}{key}next: hedgerow import FILE.ldif, then hedgerow serve\n",
        data.display(),
        setup.administrator.name,
    ))
}

/// Makes the store of a new directory.
pub fn create(assembly: &Assembly, setup: &Setup) -> Result<Box<dyn Store>, Failure> {
    setup.check(&assembly.schema)?;
    let mut store = SledStore::create(&assembly.config.data, &Options::default())?;
    setup.write(&mut store)?;
    Ok(Box::new(store))
}

/// Hashes the administrator's password.
pub(super) fn hash(assembly: &Assembly, password: Secret) -> Result<Vec<u8>, Failure> {
    let pool = assembly.pool()?;
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)?;
    let (send, receive) = mpsc::channel();
    let job = Job::Hash { password, salt };
    let submitted = pool.submit(
        job,
        Box::new(move |outcome| {
            let _ = send.send(outcome);
        }),
    );
    match submitted.is_ok().then(|| receive.recv()) {
        Some(Ok(Outcome::Hashed(hash))) => Ok(hash),
        _ => Err(
            "the password could not be hashed: is there enough memory for passwords.memory_kib?"
                .into(),
        ),
    }
}

/// Makes the key of second factors where the configuration names a file for it that is not there; says so.
fn second_factor_key(config: &Config) -> Result<String, Failure> {
    let path = config.second_factor.key_file.as_ref();
    let made = path.map(|path| Ok::<_, Failure>(sealing_key::make(path)?.then_some(path)));
    Ok(made
        .transpose()?
        .flatten()
        .map_or_else(String::new, |path| {
            format!(
                "made a key for second factors, {}: keep a copy, but not with the data\n",
                path.display()
            )
        }))
}

/// Makes a certificate for this machine's loopback names where the configuration names one that is not there, so that a
/// first `serve` works; says so.
fn development_certificate(config: &Config) -> Result<String, Failure> {
    let Some(tls) = &config.tls else {
        return Ok(String::new());
    };
    if tls.certificate.exists() || tls.key.exists() {
        return Ok(String::new());
    }
    let folder = tls.certificate.parent().unwrap_or(Path::new("."));
    let standard =
        tls.certificate == folder.join("server.pem") && tls.key == folder.join("server.key");
    if !standard {
        return Ok(format!(
            "no certificate yet: put one at {}\n",
            tls.certificate.display()
        ));
    }
    generate_development(folder, SystemTime::now())?;
    Ok(format!(
        "made a certificate for localhost, signed by {}: good for trying, not for others to rely on\n",
        folder.join("ca.pem").display()
    ))
}
