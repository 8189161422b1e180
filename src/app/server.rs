//! The running server: loads the directory, opens the sockets, follows signals, ends in order.
//!
//! Owns the runtime. SIGTERM and SIGINT end it after what was taken is finished, SIGHUP reads the certificates and
//! who may log in from where anew.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Failure;
use super::assembly::Assembly;
use super::audit::AuditLog;
use super::config::{Config, ListenerTls, Tls};
use super::local_socket::{self, SocketFile};
use super::metrics::{self, ListenerMetrics, Metrics};
use super::operations::{self, Readiness};
use super::rest::{self, RestServer};
use super::sealing_key;
use super::tls::{TlsSettings, peer_subject};
use crate::directory::dn::Dn;
use crate::directory::snapshot::Snapshot;
use crate::directory::{Administrator, Directory, dynamic};
use crate::ldap::budget::Budget;
use crate::ldap::connection::{Security, Terms};
use crate::ldap::listener::{Doorkeeper, Listeners};
use crate::ldap::message::{Operation, ResultCode};
use crate::ldap::root_dse::RootDse;
use crate::ldap::workers::Workers;
use crate::ldap::{Face, Limits, Observer, TlsSource};
use crate::storage::Store;

/// How long the end waits for connections.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a program of this machine may be silent.
const LOCAL_IDLE: Duration = Duration::from_secs(900);

/// Where the server listens.
pub struct Addresses {
    /// For LDAP, and how TLS comes to it.
    pub ldap: Vec<(SocketAddr, ListenerTls)>,
    /// For REST.
    pub rest: Vec<SocketAddr>,
}

/// Serves a directory until a signal ends it. `administrator` takes the place of the stored one for this run; `ready` is
/// told the addresses once everything works.
pub fn run(
    assembly: Assembly,
    store: Box<dyn Store>,
    administrator: Option<Administrator>,
    ready: impl FnOnce(&Addresses) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(serve(assembly, store, administrator, ready));
    runtime.shutdown_timeout(PATIENCE);
    outcome
}

async fn serve(
    assembly: Assembly,
    store: Box<dyn Store>,
    administrator: Option<Administrator>,
    ready: impl FnOnce(&Addresses) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let metrics = Arc::new(Metrics::new(SystemTime::now()));
    let readiness = Arc::new(Readiness::default());
    let stop = CancellationToken::new();
    let tls = load_tls(assembly.config.tls.as_ref())?;
    let sockets = bind(&assembly).await?;
    let rest_sockets = rest::bind(&assembly.config).await?;
    let (local_socket, file) = bind_local(&assembly).await?;
    serve_operations(&assembly, &metrics, &readiness, &stop).await?;

    // Loading takes seconds for a large store; the sockets are bound, so that clients wait instead of being refused.
    let assembly = Arc::new(assembly);
    let directory = {
        let assembly = Arc::clone(&assembly);
        tokio::task::spawn_blocking(move || open(&assembly, store, administrator)).await??
    };
    directory.set_admission(Assembly::admission(&assembly.config)?);
    let audit = start_audit(&assembly, &directory, &metrics)?;
    let observer = Counting(Arc::clone(&metrics));
    let face = Arc::new(face(&assembly, &directory, observer, tls.clone()));
    register(&metrics, &directory, &face.budget);
    let watched = directory.clone();
    readiness.loaded(move || watched.failure().map_or(Ok(()), Err));

    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let limit = assembly.config.limits.connections;
    let rest = match tls.clone().filter(|_| !rest_sockets.is_empty()) {
        Some(tls) => Some(RestServer::new(&assembly, &directory, tls, cores)?),
        None => None,
    };
    let listeners = Listeners::new(face, limit, Workers::start("connections", cores)?);
    let mut addresses = Addresses {
        ldap: Vec::new(),
        rest: Vec::new(),
    };
    for (socket, listener) in sockets.into_iter().zip(&assembly.config.listeners) {
        let address = socket.local_addr()?;
        addresses.ldap.push((address, listener.tls));
        let terms = Terms {
            security: match listener.tls {
                ListenerTls::Implicit => Security::Implicit,
                ListenerTls::StartTls => Security::StartTls,
                ListenerTls::None => Security::None,
            },
            clear_passwords: listener.allow_passwords_without_tls,
            idle: listener.idle,
        };
        let door = Arc::new(Door {
            metrics: metrics.listener(address.to_string()),
            limit: listener.max_connections,
        });
        tokio::spawn(Arc::clone(&listeners).accept(socket, terms, door));
    }
    for (socket, rest) in rest_sockets.into_iter().zip(rest.iter().cycle()) {
        let address = socket.local_addr()?;
        addresses.rest.push(address);
        let metrics = metrics.listener(address.to_string());
        tokio::spawn(Arc::clone(rest).accept(socket, metrics));
    }
    let local = Arc::clone(&listeners);
    let door = Arc::new(Door {
        metrics: metrics.listener("ldapi"),
        limit: None,
    });
    let administrators = local_administrators(&assembly);
    tokio::spawn(local.accept_local(local_socket, administrators, LOCAL_IDLE, door));
    ready(&addresses)?;

    let follower = directory.clone();
    signals
        .follow(|| {
            reload(tls.as_deref());
            reload_admission(&assembly.config, &follower);
        })
        .await;
    tracing::info!("stopping");
    drop(file);
    let rest_ends = async {
        if let Some(rest) = &rest {
            rest.stop(PATIENCE).await;
        }
    };
    tokio::join!(listeners.stop(PATIENCE), rest_ends);
    stop.cancel();
    // What was acknowledged is on the disk already; this finishes what is under way.
    let finish = move || {
        if let Some(audit) = audit {
            audit.finish();
        }
        directory.close();
    };
    tokio::task::spawn_blocking(finish).await?;
    tracing::info!("stopped");
    Ok(())
}

fn open(
    assembly: &Assembly,
    mut store: Box<dyn Store>,
    administrator: Option<Administrator>,
) -> Result<Directory, Failure> {
    let started = std::time::Instant::now();
    let (setup, snapshot) = assembly.load(&mut *store)?;
    let seconds = format!("{:.3}", started.elapsed().as_secs_f32());
    tracing::info!(entries = snapshot.len(), %seconds, "loaded");
    let key = sealing_key::of(&assembly.config, &snapshot)?;
    for group in missing_groups(assembly, &snapshot) {
        tracing::warn!(%group, "there is no such group: nobody needs a second factor for it (second_factor.groups)");
    }
    let rules = assembly.rules(&setup.suffixes)?;
    for warning in dynamic::report::all(&snapshot, &rules) {
        tracing::warn!("{warning}");
    }
    let administrator = administrator.unwrap_or(setup.administrator);
    Ok(Directory::serve(
        store,
        snapshot,
        rules,
        administrator,
        assembly.pool()?,
        assembly.settings(key),
    )?)
}

/// Opens the audit log, if there is to be one.
fn start_audit(
    assembly: &Assembly,
    directory: &Directory,
    metrics: &Metrics,
) -> Result<Option<Arc<AuditLog>>, Failure> {
    let config = &assembly.config;
    if !config.audit.enabled {
        return Ok(None);
    }
    let path = config.audit_file();
    let log = AuditLog::start(&path, &config.audit, directory.clone()).map_err(|error| {
        let message = format!("{} cannot be written: {error}", path.display());
        config.problem("audit.file", message)
    })?;
    let state = log.state();
    metrics.counter(
        "hedgerow_audit_lost_total",
        "Lines of logins and refusals that the audit log lacks.",
        move || state.lost(),
    );
    let state = log.state();
    metrics.gauge(
        "hedgerow_audit_failing",
        "1 while the audit log cannot be written.",
        move || u64::from(state.is_failing()),
    );
    let log = Arc::new(log);
    let told = Arc::clone(&log);
    directory.tell_events_to(Box::new(move |event| told.record(event)));
    Ok(Some(log))
}

/// Groups of the configuration that are not there.
fn missing_groups<'a>(
    assembly: &'a Assembly,
    snapshot: &Snapshot,
) -> impl Iterator<Item = &'a str> {
    let groups = assembly
        .config
        .second_factor
        .groups
        .iter()
        .map(String::as_str);
    groups.filter(|group| Dn::parse(group).is_ok_and(|dn| snapshot.find_entry(&dn).is_none()))
}

fn face(
    assembly: &Assembly,
    directory: &Directory,
    observer: Counting,
    tls: Option<Arc<Certificates>>,
) -> Face {
    let limits = &assembly.config.limits;
    let snapshot = directory.snapshot();
    let now = crate::directory::time::now() / 1_000_000;
    Face {
        root_dse: RootDse::new(
            &assembly.schema,
            snapshot.suffixes(),
            i64::try_from(now).unwrap_or_default(),
        ),
        directory: directory.clone(),
        limits: Limits {
            message_before_bind: limits.message_bytes_before_bind,
            message: limits.message_bytes,
            operations: limits.operations_per_connection,
        },
        budget: Budget::new(limits.buffered_bytes),
        observer: Box::new(observer),
        tls: tls.map(|tls| tls as Arc<dyn TlsSource>),
    }
}

async fn bind(assembly: &Assembly) -> Result<Vec<TcpListener>, Failure> {
    let mut sockets = Vec::new();
    for (position, listener) in assembly.config.listeners.iter().enumerate() {
        let socket = TcpListener::bind(listener.address).await.map_err(|error| {
            let message = format!("cannot listen on {}: {error}", listener.address);
            assembly
                .config
                .problem(&format!("listener[{position}].address"), message)
        })?;
        sockets.push(socket);
    }
    Ok(sockets)
}

/// Opens the socket for programs of this machine. The store is held already, so that it is no other server's by default.
async fn bind_local(assembly: &Assembly) -> Result<(UnixListener, SocketFile), Failure> {
    let path = assembly.config.socket();
    let opened = local_socket::listen(&path, assembly.config.ldapi.mode.0).await;
    let opened = opened.map_err(|error| {
        let message = format!("cannot listen on {}: {error}", path.display());
        assembly.config.problem("ldapi.socket", message)
    })?;
    tracing::info!(path = %path.display(), "listening for programs of this machine");
    Ok(opened)
}

/// The users whose processes act as the administrator: those of the configuration, and the one that could read the store
/// anyway.
fn local_administrators(assembly: &Assembly) -> Arc<[u32]> {
    let configured = assembly.config.ldapi.administrators.iter().copied();
    let own = rustix::process::geteuid().as_raw();
    configured.chain([own]).collect()
}

async fn serve_operations(
    assembly: &Assembly,
    metrics: &Arc<Metrics>,
    readiness: &Arc<Readiness>,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let Some(address) = assembly.config.operations.address else {
        return Ok(());
    };
    let socket = TcpListener::bind(address).await.map_err(|error| {
        assembly.config.problem(
            "operations.address",
            format!("cannot listen on {address}: {error}"),
        )
    })?;
    tracing::info!(address = %socket.local_addr()?, "operations");
    let router = operations::router(Arc::clone(metrics), Arc::clone(readiness));
    tokio::spawn(operations::serve(
        socket,
        router,
        stop.clone().cancelled_owned(),
    ));
    Ok(())
}

fn register(metrics: &Metrics, directory: &Directory, budget: &Budget) {
    let of = directory.clone();
    metrics.gauge("hedgerow_entries", "Entries in the directory.", move || {
        of.snapshot().len() as u64
    });
    let of = directory.clone();
    metrics.gauge(
        "hedgerow_password_queue",
        "Passwords that wait to be hashed.",
        move || of.pool().gauges().queued as u64,
    );
    let of = directory.clone();
    metrics.counter(
        "hedgerow_passwords_refused_total",
        "Passwords refused because the queue was full.",
        move || of.pool().gauges().refused,
    );
    let of = directory.clone();
    metrics.counter(
        "hedgerow_searches_unindexed_total",
        "Searches that looked at many entries in vain because no index helped.",
        move || of.unindexed_searches(),
    );
    let of = budget.clone();
    metrics.gauge(
        "hedgerow_buffered_bytes",
        "Bytes in the buffers of all connections.",
        move || of.used() as u64,
    );
}

/// The certificates and what client certificates stand for.
struct Certificates {
    settings: TlsSettings,
    subject_is_dn: bool,
    /// Subjects in normal form of their text, and the names they stand for.
    map: Vec<(Dn, Dn)>,
}

fn load_tls(tls: Option<&Tls>) -> Result<Option<Arc<Certificates>>, Failure> {
    let Some(tls) = tls else { return Ok(None) };
    let (settings, warnings) = TlsSettings::load(tls.clone(), SystemTime::now())?;
    warnings
        .iter()
        .for_each(|warning| tracing::warn!(%warning, "certificate"));
    let name = |text: &str| {
        Dn::parse(text).map_err(|error| format!("tls.subject_map: \"{text}\" is not a DN: {error}"))
    };
    let map = tls
        .subject_map
        .iter()
        .map(|rule| Ok((name(&rule.subject)?, name(&rule.dn)?)));
    let map = map.collect::<Result<_, String>>()?;
    Ok(Some(Arc::new(Certificates {
        settings,
        subject_is_dn: tls.subject_is_dn,
        map,
    })))
}

impl TlsSource for Certificates {
    fn config(&self) -> Arc<rustls::ServerConfig> {
        self.settings.current()
    }

    fn name_of(&self, certificate: &[u8]) -> Option<Dn> {
        let subject = match peer_subject(certificate) {
            Ok(subject) => subject_dn(&subject)?,
            Err(error) => {
                tracing::info!(%error, "the subject of a client certificate cannot be read");
                return None;
            }
        };
        let mapped = self
            .map
            .iter()
            .find(|(from, _)| same_subject(from, &subject))
            .map(|(_, to)| to.clone());
        mapped.or_else(|| self.subject_is_dn.then_some(subject))
    }
}

/// The subject as a name; types are given by their object identifiers.
fn subject_dn(subject: &[Vec<super::tls::SubjectAva>]) -> Option<Dn> {
    let mut dn = Dn::default();
    for rdn in subject.iter().rev() {
        let assertions = rdn.iter().map(|ava| crate::directory::dn::Ava {
            attribute: ava.oid.clone(),
            value: ava.value.clone().into_bytes(),
        });
        let text = assertions
            .map(|ava| ava.to_string())
            .collect::<Vec<_>>()
            .join("+");
        dn = dn.child(crate::directory::dn::Rdn::parse(&text).ok()?);
    }
    (!dn.is_root()).then_some(dn)
}

/// Whether two subjects are the same under the built-in schema's rules, which decide how types and values compare.
fn same_subject(left: &Dn, right: &Dn) -> bool {
    use crate::directory::schema::{PosixGroup, Schema};
    static BUILT_IN: std::sync::OnceLock<Option<Schema>> = std::sync::OnceLock::new();
    let schema = BUILT_IN.get_or_init(|| Schema::built_in(PosixGroup::Auxiliary).ok());
    schema
        .as_ref()
        .is_some_and(|schema| left.normalize(schema) == right.normalize(schema))
}

/// Counts operations.
struct Counting(Arc<Metrics>);

impl Observer for Counting {
    fn operation(&self, operation: Operation, code: ResultCode, elapsed: Duration) {
        let operation = match operation {
            Operation::Bind => metrics::Operation::Bind,
            Operation::Unbind => metrics::Operation::Unbind,
            Operation::Search => metrics::Operation::Search,
            Operation::Modify => metrics::Operation::Modify,
            Operation::Add => metrics::Operation::Add,
            Operation::Delete => metrics::Operation::Delete,
            Operation::ModifyDn => metrics::Operation::ModifyDn,
            Operation::Compare => metrics::Operation::Compare,
            Operation::Abandon => metrics::Operation::Abandon,
            Operation::Extended => metrics::Operation::Extended,
        };
        let code = u32::from(code.code());
        self.0.record(operation, code, elapsed);
    }
}

/// Lets connections in, counted.
struct Door {
    metrics: Arc<ListenerMetrics>,
    limit: Option<usize>,
}

impl Doorkeeper for Door {
    fn enter(&self) -> Option<Box<dyn Send>> {
        if self
            .limit
            .is_some_and(|limit| self.metrics.open() >= limit as u64)
        {
            self.metrics.refuse();
            return None;
        }
        Some(Box::new(self.metrics.accept()))
    }
}

/// The signals that the server follows.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the end, doing what a reload is in between.
    async fn follow(&mut self, reload: impl Fn()) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => reload(),
            }
        }
    }
}

/// Reads the rules of who may log in from where anew; those who are bound are held to them as well.
fn reload_admission(config: &Config, directory: &Directory) {
    let read = Config::load(config.file()).map_err(Failure::from);
    match read.and_then(|config| Assembly::admission(&config)) {
        Ok(admission) => {
            directory.set_admission(admission);
            tracing::info!("admission rules reloaded");
        }
        Err(error) => {
            tracing::error!(%error, "the admission rules were not reloaded; the old ones stay in use");
        }
    }
}

fn reload(tls: Option<&Certificates>) {
    let Some(tls) = tls else {
        return tracing::info!("nothing to reload: TLS is not configured");
    };
    match tls.settings.reload(SystemTime::now()) {
        Ok(warnings) => {
            warnings
                .iter()
                .for_each(|warning| tracing::warn!(%warning, "certificate"));
            tracing::info!("certificates reloaded");
        }
        Err(error) => {
            tracing::error!(%error, "the certificates were not reloaded; the old ones stay in use")
        }
    }
}
