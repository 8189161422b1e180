//! Who calls: from the headers of a request to an identity of the directory.
//!
//! Owns the schemes (RFC 6750, RFC 7617, keys in `x-api-key`) and the one account that has no entry: the administrator of
//! the directory, who is the user `admin` of every dialect. What proves a name is the directory's.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::oneshot;

use super::Rest;
use super::audit;
use super::fault::{Fault, Kind};
use super::operation::{Call, Dialect};
use crate::directory::dn::Dn;
use crate::directory::identity::{Identity, Provenance};
use crate::directory::keys::Wanted;
use crate::directory::password::Secret;
use crate::directory::schema::{Rule, well_known};
use crate::directory::{Error, Login};

/// The name of the directory's administrator in every dialect.
pub const ADMINISTRATOR: &str = "admin";

/// The header of keys.
const API_KEY: &str = "x-api-key";

/// Whom a bearer proves.
pub struct Proven {
    /// Who it is, to the directory.
    pub identity: Identity,
    /// As what else they ask, where records of what they do are to name that as well.
    pub through: Option<&'static str>,
}

/// Whoever sends a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is, to the directory.
    pub identity: Identity,
    /// Whether the dialects' administrative operations are open to them; what they can do there the access rules decide.
    pub administers: bool,
    /// The `entryUUID` of their entry; the administrator of the directory has none.
    pub id: Option<String>,
    /// As what else they ask.
    pub through: Option<&'static str>,
    /// What the key is good for that they have logged in with, if it was one.
    pub scopes: Option<Vec<String>>,
}

impl Caller {
    /// Nobody.
    pub fn nobody() -> Self {
        Self {
            identity: Identity::anonymous(),
            administers: false,
            id: None,
            through: None,
            scopes: None,
        }
    }

    fn new(rest: &Rest, identity: Identity, source: Option<IpAddr>) -> Self {
        let through = None;
        Self::proven(rest, Proven { identity, through }, source)
    }

    fn proven(rest: &Rest, proven: Proven, source: Option<IpAddr>) -> Self {
        let through = proven.through;
        let identity = proven.identity.asking_by(Provenance {
            through: through.map(str::to_owned),
            ..audit::provenance(source)
        });
        let group = rest.settings.administrators.as_ref();
        let member = |group: &Dn| rest.directory.is_in_group(&identity, group);
        Self {
            administers: identity.is_administrator() || group.is_some_and(member),
            id: rest.directory.uuid(&identity),
            scopes: rest.directory.scopes(&identity),
            identity,
            through,
        }
    }
}

/// Whom the headers of a request prove; `None` when they claim nothing.
///
/// # Errors
/// When what they claim is not so.
pub async fn caller(
    rest: &Rest,
    headers: &HeaderMap,
    dialect: &Dialect,
    source: Option<IpAddr>,
) -> Result<Option<Caller>, Fault> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        let Some(key) = headers.get(API_KEY) else {
            return Ok(None);
        };
        let key = Secret::from(key.as_bytes());
        let login = by_key(rest, &key, Wanted::Whole(dialect.name), source)?;
        return Ok(Some(Caller::new(rest, login.identity, source)));
    };
    let text = value.to_str().map_err(|_| refused())?;
    let (scheme, proof) = text.split_once(' ').ok_or_else(refused)?;
    let proof = proof.trim();
    let caller = if scheme.eq_ignore_ascii_case("bearer") {
        by_bearer(rest, proof, dialect, source)?
    } else if scheme.eq_ignore_ascii_case("basic") {
        by_password(rest, proof, source).await?
    } else {
        return Err(refused());
    };
    Ok(Some(caller))
}

fn refused() -> Fault {
    let text = "the login is not valid; log in again";
    Fault::new(Kind::Unauthenticated, text)
}

/// Whom a token proves, or what else the dialect takes for one (RFC 6750).
fn by_bearer(
    rest: &Rest,
    proof: &str,
    dialect: &Dialect,
    source: Option<IpAddr>,
) -> Result<Caller, Fault> {
    let other = dialect.bearer;
    let other = other.and_then(|prove| prove(rest, &Secret::from(proof.as_bytes())));
    let proven = match other {
        Some(proven) => proven,
        None => Proven {
            identity: rest
                .directory
                .redeem_token(proof, dialect.name, &source.into())
                .map_err(|_| refused())?,
            through: None,
        },
    };
    if !rest.directory.admits(&proven.identity, source) {
        return Err(refused());
    }
    Ok(Caller::proven(rest, proven, source))
}

/// Whom a name and a password with the request prove (RFC 7617).
async fn by_password(rest: &Rest, proof: &str, source: Option<IpAddr>) -> Result<Caller, Fault> {
    let decoded = STANDARD.decode(proof).map_err(|_| refused())?;
    let at = decoded.iter().position(|byte| *byte == b':');
    let (name, password) = decoded
        .split_at_checked(at.ok_or_else(refused)?)
        .ok_or_else(refused)?;
    let name = std::str::from_utf8(name).map_err(|_| refused())?;
    let password = Secret::from(password.get(1..).unwrap_or_default());
    if !rest.admits_password(source) {
        let text = "too many wrong passwords; wait a minute";
        return Err(Fault::new(Kind::TooMany, text));
    }
    let login = log_in(rest, name, password, source).await;
    let login = login.inspect_err(|fault| {
        if fault.kind == Kind::Unauthenticated {
            rest.count_wrong_password(source);
        }
    })?;
    if login.notice.must_change {
        return Err(Fault::forbidden("the password must be changed first"));
    }
    Ok(Caller::new(rest, login.identity, source))
}

/// A token of the call's dialect for who has logged in.
///
/// # Errors
/// When none can be made now.
pub fn token(call: &Call, identity: &Identity) -> Result<String, Fault> {
    let (rest, audience) = (&call.rest, call.audience);
    let token = rest
        .directory
        .issue_token(identity, audience, rest.settings.token);
    Ok(token?)
}

/// Whether it is a key by which a request says who calls.
pub fn is_by_key(headers: &HeaderMap) -> bool {
    headers.contains_key(API_KEY) && !headers.contains_key(header::AUTHORIZATION)
}

/// Proves a key that is good for a dialect, or for a part of it.
///
/// # Errors
/// The one of [`Fault::login`].
pub fn by_key(
    rest: &Rest,
    key: &Secret,
    wanted: Wanted<'_>,
    source: Option<IpAddr>,
) -> Result<Login, Fault> {
    let verdict = rest.directory.authenticate_key(key, wanted, &source.into());
    audit::login(rest, "key", "", source, &verdict);
    Ok(verdict?)
}

/// Proves a user name and a password. An unknown name and a wrong password take the same time and get the same answer.
///
/// # Errors
/// The one of [`Fault::login`], or that it cannot be found out now.
pub async fn log_in(
    rest: &Rest,
    name: &str,
    password: Secret,
    source: Option<IpAddr>,
) -> Result<Login, Fault> {
    if password.is_empty() {
        return Err(Fault::login());
    }
    let (send, receive) = oneshot::channel();
    let done = Box::new(move |verdict| {
        // Whoever asked may have gone.
        let _ = send.send(verdict);
    });
    rest.directory
        .authenticate(&rest.name_of(name), password, &source.into(), done);
    let stopping = |_| Err(Error::Unavailable("the server is stopping".to_owned()));
    let verdict = receive.await.unwrap_or_else(stopping);
    audit::login(rest, "password", name, source, &verdict);
    let mut login = verdict?;
    // Whoever asked for another password is heeded whatever the policy says of that.
    let reset = rest
        .directory
        .own_text(&login.identity, well_known::PWD_RESET);
    login.notice.must_change |= reset.is_some_and(|reset| reset.eq_ignore_ascii_case("TRUE"));
    Ok(login)
}

impl Rest {
    /// Whether a user name is that of the directory's administrator, as user names are compared (RFC 4518).
    pub fn names_administrator(&self, user: &str) -> bool {
        let snapshot = self.directory.snapshot();
        let compared = |name: &str| {
            let mut compared = Vec::new();
            let rule = Rule::CaseIgnore;
            let done = rule.normalize_value(snapshot.schema(), name.as_bytes(), &mut compared);
            done.ok().map(|()| compared)
        };
        compared(user).is_some_and(|user| Some(user) == compared(ADMINISTRATOR))
    }

    /// The entry that logs in under a user name, or a name that no entry has.
    pub fn name_of(&self, user: &str) -> Dn {
        if self.names_administrator(user) {
            return Dn::parse(&self.directory.setup().administrator.name).unwrap_or_default();
        }
        let found = self.directory.name_of(well_known::UID, user.as_bytes());
        found.unwrap_or_default()
    }
}
