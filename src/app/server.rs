//! The running server: loads the directory, opens the sockets, follows signals, ends in order.
//!
//! Owns the runtime. SIGTERM and SIGINT end it after what was taken is finished, SIGHUP reads the certificates and
//! who may log in from where anew.

mod certificates;
mod counting;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::{Builder, Handle};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use certificates::Certificates;
use counting::{Counting, Door, register};

use super::Failure;
use super::assembly::Assembly;
use super::audit::AuditLog;
use super::config::{Config, ListenerTls};
use super::ended;
use super::local_socket::{self, SocketFile};
use super::metrics::Metrics;
use super::operations::{self, Readiness};
use super::rest::{self, RestServer};
use super::sealing_key;
use super::sockets;
use crate::directory::{Administrator, Directory, dynamic};
use crate::ldap::budget::Budget;
use crate::ldap::connection::{Security, Terms};
use crate::ldap::listener::Listeners;
use crate::ldap::root_dse::RootDse;
use crate::ldap::timers::Timers;
use crate::ldap::workers::Workers;
use crate::ldap::{Face, Limits, TlsSource};
use crate::storage::Store;

/// How long the end waits for connections.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a program of this machine may be silent.
const LOCAL_IDLE: Duration = Duration::from_secs(900);
/// How often what has ended is removed.
const REMOVAL: Duration = Duration::from_secs(60 * 60);

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
    let runtime = Builder::new_multi_thread()
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
    let tls = certificates::load(assembly.config.tls.as_ref())?;
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
    let audit = start_audit(&assembly, &directory, &metrics)?;
    let observer = Counting(Arc::clone(&metrics));
    let face = Arc::new(face(&assembly, &directory, observer, tls.clone()));
    register(&metrics, &directory, &face.budget);
    let watched = directory.clone();
    readiness.loaded(move || watched.failure().map_or(Ok(()), Err));
    let removing = ended::keep_removing(directory.clone(), REMOVAL);
    tokio::spawn(stop.clone().run_until_cancelled_owned(removing));

    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let rest = tls.clone().filter(|_| !rest_sockets.is_empty());
    let rest = rest.map(|tls| RestServer::new(&assembly, &directory, tls, cores));
    let rest = rest.transpose()?;
    let limit = assembly.config.limits.connections;
    let workers = Workers::start("connections", cores, Builder::enable_io)?;
    let listeners = Listeners::new(face, limit, workers);
    let addresses = Addresses {
        ldap: accept(&listeners, &assembly.config, sockets, &metrics)?,
        rest: accept_rest(rest.as_ref(), rest_sockets, &metrics)?,
    };
    accept_local(&listeners, &assembly, local_socket, &metrics);
    ready(&addresses)?;

    signals
        .follow(|| {
            certificates::reload(tls.as_deref());
            reload_admission(&assembly.config, &directory);
            directory.warn_of_missing_groups();
        })
        .await;
    tracing::info!("stopping");
    drop(file);
    end_connections(&listeners, rest.as_deref()).await;
    stop.cancel();
    tokio::task::spawn_blocking(move || finish(audit, &directory)).await?;
    tracing::info!("stopped");
    Ok(())
}

async fn end_connections(listeners: &Listeners, rest: Option<&RestServer>) {
    let rest_ends = async {
        if let Some(rest) = rest {
            rest.stop(PATIENCE).await;
        }
    };
    tokio::join!(listeners.stop(PATIENCE), rest_ends);
}

/// Finishes what is under way; what was acknowledged is on the disk already.
fn finish(audit: Option<Arc<AuditLog>>, directory: &Directory) {
    if let Some(audit) = audit {
        audit.finish();
    }
    directory.close();
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
    let rules = assembly.rules(&setup.suffixes)?;
    for warning in dynamic::report::all(&snapshot, &rules) {
        tracing::warn!("{warning}");
    }
    let administrator = administrator.unwrap_or(setup.administrator);
    let directory = Directory::serve(
        store,
        snapshot,
        rules,
        administrator,
        assembly.pool()?,
        assembly.settings(key),
    )?;
    directory.set_admission(Assembly::admission(&assembly.config)?);
    directory.warn_of_missing_groups();
    Ok(directory)
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
    let log = AuditLog::start(config, directory.clone())?;
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
        timers: Timers::of(Handle::current()),
    }
}

async fn bind(assembly: &Assembly) -> Result<Vec<TcpListener>, Failure> {
    let mut bound = Vec::new();
    for (position, listener) in assembly.config.listeners.iter().enumerate() {
        let key = format!("listener[{position}].address");
        bound.push(sockets::listen(&assembly.config, &key, listener.address).await?);
    }
    Ok(bound)
}

/// Has the listeners of the configuration accept clients; where they are, and how TLS comes to them.
fn accept(
    listeners: &Arc<Listeners>,
    config: &Config,
    sockets: Vec<TcpListener>,
    metrics: &Metrics,
) -> std::io::Result<Vec<(SocketAddr, ListenerTls)>> {
    let mut addresses = Vec::new();
    for (socket, listener) in sockets.into_iter().zip(&config.listeners) {
        let address = socket.local_addr()?;
        addresses.push((address, listener.tls));
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
        tokio::spawn(Arc::clone(listeners).accept(socket, terms, door));
    }
    Ok(addresses)
}

/// Has the sockets of REST accept clients; where they are.
fn accept_rest(
    rest: Option<&Arc<RestServer>>,
    sockets: Vec<TcpListener>,
    metrics: &Metrics,
) -> std::io::Result<Vec<SocketAddr>> {
    let mut addresses = Vec::new();
    for (socket, rest) in sockets.into_iter().zip(rest.into_iter().cycle()) {
        let address = socket.local_addr()?;
        addresses.push(address);
        let metrics = metrics.listener(address.to_string());
        tokio::spawn(Arc::clone(rest).accept(socket, metrics));
    }
    Ok(addresses)
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

/// Has the socket for programs of this machine accept them.
fn accept_local(
    listeners: &Arc<Listeners>,
    assembly: &Assembly,
    socket: UnixListener,
    metrics: &Metrics,
) {
    let door = Arc::new(Door {
        metrics: metrics.listener("ldapi"),
        limit: None,
    });
    let administrators = local_administrators(assembly);
    let listeners = Arc::clone(listeners);
    tokio::spawn(listeners.accept_local(socket, administrators, LOCAL_IDLE, door));
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
    let socket = sockets::listen(&assembly.config, "operations.address", address).await?;
    tracing::info!(address = %socket.local_addr()?, "operations");
    let router = operations::router(Arc::clone(metrics), Arc::clone(readiness));
    tokio::spawn(operations::serve(
        socket,
        router,
        stop.clone().cancelled_owned(),
    ));
    Ok(())
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
