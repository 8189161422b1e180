//! The sockets of the REST face: accepting connections, spreading them over threads of their own, ending them together.
//!
//! Owns that a request over REST never keeps a thread from LDAP, and that no address has all connections. What is answered is
//! the face's.

mod shares;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use shares::Shares;

use super::Failure;
use super::assembly::Assembly;
use super::config::Config;
use super::metrics::ListenerMetrics;
use super::private_file;
use super::sockets;
use crate::directory::Directory;
use crate::directory::dn::Dn;
use crate::directory::master_key::MasterKey;
use crate::ldap::TlsSource;
use crate::ldap::workers::Workers;
use crate::rest::{self, Rest, Settings, connection};

/// How long a failing `accept` is left alone, as when no file descriptor is left.
const PAUSE: Duration = Duration::from_millis(50);
/// How often mail that could not be sent is tried again.
const MAIL: Duration = Duration::from_secs(60);

/// The REST face and its threads.
pub struct RestServer {
    router: Router,
    tls: Arc<dyn TlsSource>,
    workers: Workers,
    tasks: TaskTracker,
    stop: CancellationToken,
    limit: usize,
    shares: Arc<Shares>,
}

impl RestServer {
    /// A server of a directory as the configuration has it.
    ///
    /// # Errors
    /// When the configuration names what cannot be, or no thread can be had.
    pub fn new(
        assembly: &Assembly,
        directory: &Directory,
        tls: Arc<dyn TlsSource>,
        threads: NonZeroUsize,
    ) -> Result<Arc<Self>, Failure> {
        let rest = Rest::new(directory.clone(), settings(&assembly.config)?);
        let stop = CancellationToken::new();
        let mailing = rest::invitation::keep_sending(Arc::clone(&rest), MAIL);
        tokio::spawn(stop.clone().run_until_cancelled_owned(mailing));
        Ok(Arc::new(Self {
            router: rest::router(rest),
            tls,
            workers: Workers::start("requests", threads, Builder::enable_all)?,
            tasks: TaskTracker::new(),
            stop,
            limit: assembly.config.rest.max_connections,
            shares: Shares::new(assembly.config.rest.share()),
        }))
    }

    /// Accepts connections of one socket until the end.
    pub async fn accept(self: Arc<Self>, socket: TcpListener, metrics: Arc<ListenerMetrics>) {
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = self.stop.cancelled() => return,
            };
            match accepted.and_then(|(stream, peer)| Ok((stream.into_std()?, peer))) {
                Ok((stream, peer)) => self.enter(stream, peer, &metrics),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn enter(&self, stream: std::net::TcpStream, peer: SocketAddr, metrics: &Arc<ListenerMetrics>) {
        let place = self.workers.place();
        let Some(place) = place.filter(|_| self.tasks.len() < self.limit) else {
            metrics.refuse();
            return tracing::warn!(%peer, limit = self.limit, "turned away: too many REST connections");
        };
        let Some(share) = self.shares.take(peer.ip()) else {
            metrics.refuse();
            return tracing::warn!(%peer, "turned away: too many REST connections of one address");
        };
        let counted = metrics.accept();
        let (router, tls) = (self.router.clone(), self.tls.config());
        let served = connection::serve(router, stream, peer, tls, self.stop.clone());
        let handle = place.handle().clone();
        self.tasks.spawn_on(
            async move {
                served.await;
                drop((counted, place, share));
            },
            &handle,
        );
    }

    /// Ends everything: no new connections, requests under way are answered, and what is left after `patience` is dropped.
    pub async fn stop(&self, patience: Duration) {
        self.stop.cancel();
        self.tasks.close();
        let ended = tokio::time::timeout(patience, self.tasks.wait()).await;
        if ended.is_err() {
            tracing::warn!(open = self.tasks.len(), "REST connections dropped");
        }
    }
}

/// Opens the sockets of the configuration.
///
/// # Errors
/// Names the key of an address that cannot be had.
pub async fn bind(config: &Config) -> Result<Vec<TcpListener>, Failure> {
    let mut bound = Vec::new();
    for (position, address) in config.rest.listen.iter().enumerate() {
        let key = format!("rest.listen[{position}]");
        bound.push(sockets::listen(config, &key, address.0).await?);
    }
    Ok(bound)
}

/// The bytes that are read of a master key.
const LONGEST_KEY: u16 = 1_024;

fn master_key(path: &Path) -> Result<MasterKey, Failure> {
    let text = private_file::read(path, LONGEST_KEY)?;
    let key = MasterKey::new(text.trim_ascii());
    key.ok_or_else(|| {
        let least = MasterKey::LEAST;
        format!("a master key has {least} characters or more: openssl rand -hex {least}").into()
    })
}

/// The group of those who administer over REST.
///
/// # Errors
/// When it is no name.
pub fn administrators(config: &Config) -> Result<Option<Dn>, Failure> {
    let named = config.rest.administrators.as_deref().map(Dn::parse);
    let problem = |error| config.problem("rest.administrators", format!("not a DN: {error}"));
    Ok(named.transpose().map_err(problem)?)
}

/// How the face behaves.
///
/// # Errors
/// Names the key whose value is not what it must be.
pub fn settings(config: &Config) -> Result<Settings, Failure> {
    let rest = &config.rest;
    if !rest::mail::is_address(&rest.mail_from) {
        return Err(config.problem("rest.mail_from", "not an address").into());
    }
    if let Some(folder) = rest
        .mail_folder
        .as_deref()
        .filter(|folder| !folder.is_dir())
    {
        let message = format!("{} is no folder", folder.display());
        return Err(config.problem("rest.mail_folder", message).into());
    }
    for (position, origin) in rest.cors_origins.iter().enumerate() {
        if !rest::cors::is_origin(origin) {
            let message =
                format!("\"{origin}\" is no origin; write one like https://hub.example.org");
            return Err(config
                .problem(&format!("rest.cors_origins[{position}]"), message)
                .into());
        }
    }
    let master_key = rest.master_key_file.as_deref().map(|path| {
        master_key(path).map_err(|error| {
            let text = format!("{}: {error}", path.display());
            config.problem("rest.master_key_file", text)
        })
    });
    Ok(Settings {
        administrators: administrators(config)?,
        master_key: master_key.transpose()?,
        body_bytes: rest.body_bytes,
        time: rest.request_time,
        requests: rest.requests,
        anonymous_per_minute: rest.anonymous_per_minute,
        token: rest.token_time,
        cors_origins: rest.cors_origins.clone(),
        mail_folder: rest.mail_folder.clone(),
        mail_from: rest.mail_from.clone(),
        invitation_page: rest.invitation_page.clone(),
        invitation: rest.invitation_time,
        harness_account: rest.harness_account.clone(),
    })
}
