//! The REST face: HTTP requests to requests of the directory, and its answers back to JSON.
//!
//! Owns what all dialects share: who calls and what they may ask for, how lists are asked for, which entries are users and
//! groups, how entries and members are changed, invitations and their mail, the bounds on what a request may cost, and the
//! documents that describe it all. What an entry means and who may see it is the directory's;
//! where configuration and certificates come from is the app's.
//!
//! A dialect is a table of operations ([`operation::Operation`]): the routes, the permissions, the checks of parameters
//! and the OpenAPI document all come from it. What a product calls things, and its bodies, are in the dialect's folder.

pub mod audit;
pub mod auth;
pub mod change;
pub mod connection;
pub mod cors;
pub mod docs;
pub mod entry;
pub mod fault;
pub mod harmony;
pub mod harness;
pub mod invitation;
pub mod json;
pub mod limits;
pub mod list;
pub mod mail;
pub mod membership;
pub mod netmaker;
pub mod openapi;
pub mod operation;
pub mod principal;
pub mod query;
pub mod record;
pub mod slc_hub;
pub mod stream;
pub mod term;
pub mod time;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header;
use axum::routing::{MethodRouter, get};

use crate::directory::Directory;
use crate::directory::dn::Dn;
use crate::directory::master_key::MasterKey;
use fault::{Fault, Kind};
use limits::{Gate, Rates};
use operation::Dialect;

/// How the face behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The group whose members administer through the dialects, as far as access rules let them; `None` leaves that to the
    /// administrator of the directory.
    pub administrators: Option<Dn>,
    /// What stands for the administrator of the directory in the dialect that has such a thing; `None` for nothing.
    pub master_key: Option<MasterKey>,
    /// The longest body of a request, in bytes.
    pub body_bytes: usize,
    /// The longest that a request takes.
    pub time: Duration,
    /// Requests that are worked on at once; more are told to come back.
    pub requests: usize,
    /// Requests a minute that one address may send to operations which ask for no login, and wrong passwords with others.
    pub anonymous_per_minute: u32,
    /// How long a token lasts.
    pub token: Duration,
    /// The origins whose pages may ask from a browser.
    pub cors_origins: Vec<String>,
    /// Where mail is put for a mail server to send; without it nobody can be invited.
    pub mail_folder: Option<PathBuf>,
    /// Whom mail is from.
    pub mail_from: String,
    /// The page for those who are invited; the token is put behind it.
    pub invitation_page: String,
    /// How long an invitation holds.
    pub invitation: Duration,
    /// What the Harness dialect calls the account that all users are in.
    pub harness_account: String,
}

/// What all requests share.
pub struct Rest {
    /// The directory that is served.
    pub directory: Directory,
    /// How the face behaves.
    pub settings: Settings,
    rates: Rates,
    /// How many wrong passwords may still come with requests, which are no requests without a login.
    wrong: Rates,
    gate: Gate,
    /// Held while mail is being sent.
    mailing: tokio::sync::Mutex<()>,
}

impl Rest {
    /// What the requests to a directory share.
    pub fn new(directory: Directory, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            rates: Rates::new(settings.anonymous_per_minute),
            wrong: Rates::new(settings.anonymous_per_minute),
            gate: Gate::new(settings.requests, settings.time),
            mailing: tokio::sync::Mutex::default(),
            directory,
            settings,
        })
    }

    /// The suffix whose users and groups the dialects show: the first.
    pub fn suffix(&self) -> Dn {
        let snapshot = self.directory.snapshot();
        let first = snapshot.suffixes().first();
        first.map(|suffix| suffix.dn.clone()).unwrap_or_default()
    }

    /// A part of the tree directly below the suffix.
    pub fn unit(&self, name: &str) -> Dn {
        match crate::directory::dn::Rdn::parse(&format!("ou={name}")) {
            Ok(rdn) => self.suffix().child(rdn),
            Err(_) => Dn::default(),
        }
    }
}

/// The dialects that are served.
pub const DIALECTS: &[&Dialect] = &[
    &slc_hub::DIALECT,
    &netmaker::DIALECT,
    &harness::DIALECT,
    &harmony::DIALECT,
];

/// Everything that is answered: each dialect at its own paths, the documents, and the page that shows them.
pub fn router(rest: Arc<Rest>) -> Router {
    let mut router = Router::new()
        .route("/openapi.json", document(DIALECTS))
        .route("/docs", page(DIALECTS));
    for dialect in DIALECTS.iter().copied() {
        let path = format!("/openapi/{}.json", dialect.name);
        let own = document(std::slice::from_ref(&dialect));
        router = router.route(&path, own);
        router = router.merge(operation::routes(dialect, &rest));
    }
    let nothing = |kind, text| {
        move |request: Request| async move {
            let id = limits::current_request().unwrap_or_default();
            operation::refuse_at(request.uri().path(), &Fault::new(kind, text), &id)
        }
    };
    let router = router
        .fallback(nothing(
            Kind::NotFound,
            "there is nothing at this path; see /docs",
        ))
        .method_not_allowed_fallback(nothing(
            Kind::MethodNotAllowed,
            "this path takes other methods",
        ));
    let shared = !rest.settings.cors_origins.is_empty();
    let share = axum::middleware::from_fn_with_state(Arc::clone(&rest), cors::share);
    let guard = axum::middleware::from_fn_with_state(rest, limits::guard);
    let router = router.layer(guard);
    if shared { router.layer(share) } else { router }
}

/// Answers with the document of these dialects, which is made once.
fn document(dialects: &[&Dialect]) -> MethodRouter {
    let text = Bytes::from(openapi::of(dialects).to_string());
    get(async move || ([(header::CONTENT_TYPE, "application/json")], text))
}

/// Answers with the page of these dialects, which is made once and loads nothing.
fn page(dialects: &[&Dialect]) -> MethodRouter {
    let text = Bytes::from(docs::page(dialects));
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ];
    get(async move || (headers, text))
}
