//! What the REST face tells the audit log: logins, who acts for whom, and requests that were refused for want of rights.
//!
//! Owns only what HTTP adds: where a request comes from, and the words for how it ended. Changes have records of their own,
//! which name the caller and the address because the caller asks by [`provenance`].

use std::net::IpAddr;
use std::sync::Arc;

use super::Rest;
use super::limits;
use super::operation::Call;
use crate::directory::audit::{Event, Kind};
use crate::directory::identity::{Identity, Provenance};
use crate::directory::password::policy::Denial;
use crate::directory::{Error, Login};

/// Where the request that is worked on comes from, and its id. It has no message id, and its connection no number.
pub fn provenance(source: Option<IpAddr>) -> Provenance {
    Provenance {
        address: source,
        request: limits::current_request(),
        ..Provenance::default()
    }
}

/// Tells of a login: by which method, under which name, and how it ended.
pub fn login(
    rest: &Rest,
    method: &'static str,
    name: &str,
    source: Option<IpAddr>,
    verdict: &Result<Login, Error>,
) {
    let who = match verdict {
        Ok(login) => rest.directory.name(&login.identity),
        Err(_) => name.to_owned(),
    };
    let (outcome, reason) = match verdict {
        Ok(_) => ("success", None),
        Err(Error::LoginRefused(Denial::Locked)) => ("invalidCredentials", Some("accountLocked")),
        Err(Error::LoginRefused(Denial::Expired)) => {
            ("invalidCredentials", Some("passwordExpired"))
        }
        Err(Error::InvalidCredentials) => ("invalidCredentials", None),
        Err(Error::Busy(_)) => ("busy", None),
        Err(_) => ("unavailable", None),
    };
    rest.directory.tell(Event {
        kind: Kind::Authentication,
        operation: "login",
        method: Some(method),
        who,
        provenance: provenance(source),
        outcome,
        reason,
        ..Event::default()
    });
}

/// Tells that a caller may act for another from now on.
pub fn impersonation(call: &Call, other: &Identity) {
    let directory = &call.rest.directory;
    directory.tell(Event {
        kind: Kind::Authentication,
        operation: "impersonate",
        who: directory.name(other),
        provenance: Provenance {
            through: Some(directory.name(&call.caller.identity)),
            ..provenance(call.source)
        },
        outcome: "success",
        ..Event::default()
    });
}

/// A request, as it is told of if its caller may not make it.
pub struct Asked {
    rest: Arc<Rest>,
    operation: &'static str,
    identity: Identity,
    source: Option<IpAddr>,
    path: String,
}

impl Asked {
    /// Who asks for an operation, and at which path.
    pub fn new(call: &Call, operation: &'static str, path: &str) -> Self {
        Self {
            rest: Arc::clone(&call.rest),
            operation,
            identity: call.caller.identity.clone(),
            source: call.source,
            path: path.to_owned(),
        }
    }

    /// Tells that the caller may not.
    pub fn refused(self) {
        self.rest.directory.tell(Event {
            kind: Kind::Refusal,
            operation: self.operation,
            who: self.rest.directory.name(&self.identity),
            provenance: provenance(self.source),
            target: Some(self.path),
            outcome: "insufficientAccessRights",
            ..Event::default()
        });
    }
}
