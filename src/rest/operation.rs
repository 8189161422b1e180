//! An operation of a dialect, and what is done with every request before and after it.
//!
//! Owns the order of things: the route, the login, the permission, the parameters, the body, the operation, the answer.
//! The dialect's table says all of it (`row`), so that what is documented is what is checked.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::on;
use futures_core::Stream;
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};

use super::Rest;
use super::audit;
use super::auth::{self, Caller, Proven};
use super::fault::{Fault, Kind};
use super::limits::{self, Source};
use super::query::{LONGEST, Query};
use crate::directory::password::Secret;

mod row;

pub use row::{ANYONE, Input, Operation, Permission, Run, Shape, USER, Verb, json};

/// Bytes of a body that is on its way above which its request takes a place, so that many cannot fill the memory.
const SMALL: usize = 64 * 1024;

/// A product's way of asking.
pub struct Dialect {
    /// Its name: the audience of its tokens.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What its paths begin with: as it is documented, and as else it is asked for.
    pub bases: &'static [&'static str],
    /// The parts of all paths where a refusal speaks its words, when there is no such operation.
    pub owns: &'static [&'static str],
    /// The variable parts of its paths.
    pub parts: &'static [Part],
    /// All there is to ask, in tables.
    pub tables: &'static [&'static [Operation]],
    /// Whom a bearer stands for that is no token of a login, if the dialect has such.
    pub bearer: Option<fn(&Rest, &Secret) -> Option<Proven>>,
    /// The body of a refusal, of the request with this id.
    pub fault: fn(&Fault, &str) -> Value,
    /// The name of its schema.
    pub fault_schema: &'static str,
    /// The schemas of bodies, by name.
    pub schemas: fn() -> Vec<(&'static str, RefOr<Schema>)>,
}

impl Dialect {
    /// All there is to ask.
    pub fn operations(&self) -> impl Iterator<Item = &'static Operation> {
        self.tables.iter().copied().flatten()
    }

    /// What its paths begin with as they are documented.
    pub fn base(&self) -> &'static str {
        self.bases.first().copied().unwrap_or_default()
    }
}

/// A variable part of paths, as it is documented.
pub struct Part {
    /// Its name in the paths.
    pub name: &'static str,
    /// What it names.
    pub description: &'static str,
    /// The format of its value, in the words of JSON Schema.
    pub format: Option<&'static str>,
    /// One of its values.
    pub example: &'static str,
}

/// The variable parts of a path.
#[derive(Clone, Debug, Default)]
pub struct Path(Vec<(String, String)>);

impl Path {
    /// What the router has found in a path.
    fn read(parts: &RawPathParams) -> Result<Self, Fault> {
        let long = parts
            .iter()
            .find(|(_, value)| value.chars().count() > LONGEST);
        if let Some((name, _)) = long {
            let text = format!("{name}: is longer than {LONGEST} characters");
            return Err(Fault::invalid(text));
        }
        let part = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Ok(Self(parts.iter().map(part).collect()))
    }

    /// The part of this name; empty when there is none.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(is, _)| is == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

/// A request that was let in.
pub struct Call {
    /// What all requests share.
    pub rest: Arc<Rest>,
    /// The dialect's name.
    pub audience: &'static str,
    /// Who asks.
    pub caller: Caller,
    /// Where from.
    pub source: Option<IpAddr>,
    /// What names the request in the log and in its answer.
    pub id: String,
    /// The variable parts of the path.
    pub path: Path,
    /// The parameters.
    pub query: Query,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; empty where the operation takes none.
    pub body: Bytes,
}

/// What an operation answers.
pub struct Reply {
    /// The body; its status is that of the table.
    pub body: Body,
    /// The media type of the body, if there is one.
    pub media: Option<&'static str>,
    /// What the entry is at this moment.
    pub tag: Option<String>,
}

impl Reply {
    /// No body.
    pub fn empty() -> Self {
        Self {
            body: Body::empty(),
            media: None,
            tag: None,
        }
    }

    /// JSON that is written already.
    pub fn bytes(body: Vec<u8>) -> Self {
        Self {
            body: Body::from(body),
            media: Some("application/json"),
            tag: None,
        }
    }

    /// JSON that is being written.
    pub fn whole(body: Body) -> Self {
        Self {
            body,
            ..Self::bytes(Vec::new())
        }
    }

    /// JSON.
    pub fn json(value: &Value) -> Self {
        Self::bytes(value.to_string().into_bytes())
    }
}

/// The routes of a dialect.
pub fn routes(dialect: &'static Dialect, rest: &Arc<Rest>) -> Router {
    let mut router = Router::new();
    for operation in dialect.operations() {
        let own = [(operation.verb, operation.path)];
        for (verb, path) in own.iter().chain(operation.aliases) {
            for base in dialect.bases {
                let rest = Arc::clone(rest);
                let answer = move |path: Result<RawPathParams, _>, request: Request| {
                    let unreadable = |_| Fault::invalid("the path is not UTF-8");
                    let parts = path.map_err(unreadable);
                    let parts = parts.and_then(|parts: RawPathParams| Path::read(&parts));
                    answer(rest, dialect, operation, parts, request)
                };
                router = router.route(&format!("{base}{path}"), on(verb.filter(), answer));
            }
        }
    }
    router
}

async fn answer(
    rest: Arc<Rest>,
    dialect: &'static Dialect,
    operation: &'static Operation,
    path: Result<Path, Fault>,
    request: Request,
) -> Response {
    let id = limits::current_request().unwrap_or_default();
    let (head, body) = request.into_parts();
    let mut body = Upload {
        stream: body.into_data_stream(),
        left: rest.settings.body_bytes,
    };
    let done = match path {
        Ok(path) => admit(rest, dialect, operation, (path, head), &mut body).await,
        Err(fault) => Err(fault),
    };
    if done.is_err() {
        // A client that is still sending would find its connection closed, and not the answer. It may take its time, but no
        // place of those who are let in.
        limits::give_up_place();
        while let Ok(Some(_)) = body.piece().await {}
    }
    match done {
        Ok(reply) => respond(operation, reply),
        Err(fault) => refuse(dialect, &fault, &id),
    }
}

async fn admit(
    rest: Arc<Rest>,
    dialect: &'static Dialect,
    operation: &'static Operation,
    (path, head): (Path, Parts),
    body: &mut Upload,
) -> Result<Reply, Fault> {
    let source = head.extensions.get::<Source>().map(|source| source.0);
    let claimed = match auth::caller(&rest, &head.headers, dialect, source).await {
        // A login that has ended keeps nobody from the next one.
        Err(fault) if fault.kind == Kind::Unauthenticated && !operation.permission.login => None,
        claimed => claimed?,
    };
    let needs_login = claimed.is_none() && operation.permission.login;
    if claimed.is_none() && !needs_login && !rest.admits(source) {
        let text = "too many requests without a login; wait a minute";
        return Err(Fault::new(Kind::TooMany, text));
    }
    let call = Call {
        rest,
        audience: dialect.name,
        caller: claimed.unwrap_or_else(Caller::nobody),
        source,
        id: limits::current_request().unwrap_or_default().to_string(),
        path,
        query: Query::default(),
        headers: HeaderMap::default(),
        body: Bytes::new(),
    };
    let asked = audit::Asked::new(&call, operation.id, head.uri.path());
    let done = match needs_login {
        true => Err(Fault::new(Kind::Unauthenticated, "log in first")),
        false => perform(operation, call, head, body).await,
    };
    if let Err(fault) = &done
        && (needs_login || fault.kind == Kind::Forbidden)
    {
        asked.refused();
    }
    done
}

async fn perform(
    operation: &'static Operation,
    mut call: Call,
    head: Parts,
    body: &mut Upload,
) -> Result<Reply, Fault> {
    call.query = Query::read(head.uri.query().unwrap_or_default(), operation.parameters)?;
    if !(operation.permission.allows)(&call) {
        return Err(Fault::forbidden(
            "this takes more rights than the caller has",
        ));
    }
    if let Some(input) = &operation.body {
        check_type(input, &head.headers)?;
        call.body = body.whole(&call.rest).await?;
    }
    call.headers = head.headers;
    (operation.run)(call).await
}

/// A body without a type is taken for JSON.
fn check_type(input: &Input, headers: &HeaderMap) -> Result<(), Fault> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let text = value.to_str().unwrap_or_default();
    let media = text.split(';').next().unwrap_or_default().trim();
    let known = std::iter::once(&"application/json").chain(input.types);
    if known
        .into_iter()
        .any(|known| media.eq_ignore_ascii_case(known))
    {
        return Ok(());
    }
    let text = "the body must be of type application/json";
    Err(Fault::new(Kind::UnsupportedType, text))
}

/// A body on its way.
struct Upload {
    stream: BodyDataStream,
    /// Bytes that may still come.
    left: usize,
}

impl Upload {
    /// The next piece; `None` at the end.
    async fn piece(&mut self) -> Result<Option<Bytes>, Fault> {
        let next = poll_fn(|cx| Pin::new(&mut self.stream).poll_next(cx)).await;
        let Some(piece) = next else {
            return Ok(None);
        };
        let piece = piece.map_err(|_| Fault::invalid("the body ends too early"))?;
        let too_large = || Fault::new(Kind::TooLarge, "the body is longer than the server takes");
        self.left = self.left.checked_sub(piece.len()).ok_or_else(too_large)?;
        Ok(Some(piece))
    }

    /// All of it. A client may take its time over it, but no place of those whose request is there, unless it is large.
    async fn whole(&mut self, rest: &Rest) -> Result<Bytes, Fault> {
        let mut whole = Vec::new();
        limits::give_up_place();
        while let Some(piece) = self.piece().await? {
            whole.extend_from_slice(&piece);
            if whole.len() > SMALL {
                limits::take_place(rest)?;
            }
        }
        limits::take_place(rest)?;
        Ok(whole.into())
    }
}

fn respond(operation: &Operation, reply: Reply) -> Response {
    let mut response = Response::new(reply.body);
    *response.status_mut() = StatusCode::from_u16(operation.status).unwrap_or_default();
    let headers = response.headers_mut();
    if let Some(media) = reply.media {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    }
    let tag = reply.tag.and_then(|tag| HeaderValue::from_str(&tag).ok());
    if let Some(tag) = tag {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// A refusal in the words of a dialect, of the request with this id.
pub fn refuse(dialect: &Dialect, fault: &Fault, id: &str) -> Response {
    let mut response = Response::new(Body::from((dialect.fault)(fault, id).to_string()));
    *response.status_mut() = fault.kind.status();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    match fault.kind {
        Kind::Unauthenticated => {
            let schemes =
                HeaderValue::from_static("Bearer, Basic realm=\"hedgerow\", charset=\"UTF-8\"");
            headers.insert(header::WWW_AUTHENTICATE, schemes);
        }
        Kind::TooMany => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        }
        Kind::Unavailable => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        _ => {}
    }
    response
}

/// A refusal where no operation is found yet, in the words of the dialect whose path it would be, or of the first.
pub fn refuse_at(path: &str, fault: &Fault, id: &str) -> Response {
    let dialects = super::DIALECTS.iter();
    let own = dialects.clone().find(|dialect| {
        let mut owned = dialect.owns.iter();
        owned.any(|owned| path.starts_with(owned))
    });
    match own.or(dialects.clone().next()) {
        Some(dialect) => refuse(dialect, fault, id),
        None => Response::new(Body::empty()),
    }
}
