//! Bind (RFC 4511 section 4.2, RFC 4513 section 5): simple, anonymous, SASL PLAIN (RFC 4616) and EXTERNAL
//! (RFC 4422 appendix A).

use bytes::BytesMut;

use super::name;
use crate::directory::dn::Dn;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::password::Secret;
use crate::directory::{Directory, Login};
use crate::ldap::audit::Subject;
use crate::ldap::authorization::{self, sasl_name};
use crate::ldap::codec::write_bind_response;
use crate::ldap::control::password_policy::PolicyAnswer;
use crate::ldap::message::{Authentication, BindRequest, PasswordBytes, ResultCode};
use crate::ldap::result::Answer;
use crate::ldap::session::{Call, Completion, Session};

/// The end of a proof.
pub struct Finished {
    call: Call,
    name: String,
    authorize: Option<String>,
    verdict: Result<Login, Error>,
}

/// Begins a bind. Until it has succeeded the client is nobody (RFC 4513 section 4).
pub fn perform(session: &mut Session, mut call: Call, request: BindRequest, out: &mut BytesMut) {
    session.become_identity(Identity::anonymous());
    let method = method(&request.authentication);
    call.subject = Subject::Login {
        method,
        name: match &session.channel.certificate_name {
            Some(shown) if method == "EXTERNAL" => shown.to_string(),
            _ => request.name.clone(),
        },
        through: None,
    };
    let outcome = match request.authentication {
        _ if request.version != 3 => {
            let text = format!(
                "LDAP version {} is not spoken here, only version 3",
                request.version
            );
            Err(Answer::because(ResultCode::ProtocolError, text))
        }
        Authentication::Simple(password) => simple(session, &request.name, &password),
        Authentication::Sasl {
            mechanism,
            credentials,
        } => match mechanism.as_str() {
            "PLAIN" => plain(session, credentials.as_ref()),
            "EXTERNAL" => external(session, credentials.as_ref()),
            _ => {
                let text = format!(
                    "SASL mechanism \"{}\" is not supported",
                    mechanism.escape_default()
                );
                Err(Answer::because(ResultCode::AuthMethodNotSupported, text))
            }
        },
        Authentication::Unknown(choice) => {
            let text = format!("authentication choice [{choice}] is not known: use simple or sasl");
            Err(Answer::because(ResultCode::AuthMethodNotSupported, text))
        }
    };
    match outcome {
        Ok(Proof::Password {
            name,
            dn,
            password,
            authorize,
        }) => prove(session, call, (name, authorize), (&dn, password), out),
        Ok(Proof::Given(identity, through)) => {
            call.subject = Subject::Login {
                method,
                name: String::new(),
                through,
            };
            let name = session.face.directory.name(&identity);
            session.become_identity(identity);
            answer(
                session,
                &call,
                &name,
                &Answer::new(ResultCode::Success),
                out,
            );
        }
        Err(refusal) => answer(session, &call, &request.name, &refusal, out),
    }
}

/// What shows who the client is.
enum Proof {
    /// A password, yet to be checked.
    Password {
        /// As the client gave it, for the log.
        name: String,
        dn: Dn,
        password: Secret,
        /// For whom the client wants to act, where that is not for itself.
        authorize: Option<String>,
    },
    /// The connection itself, or nothing for nobody; with whose proof it was, where it is to act for another.
    Given(Identity, Option<String>),
}

/// The words for how a client shows who it is.
fn method(authentication: &Authentication) -> &'static str {
    match authentication {
        Authentication::Simple(_) => "simple",
        Authentication::Sasl { mechanism, .. } => match mechanism.as_str() {
            "PLAIN" => "PLAIN",
            "EXTERNAL" => "EXTERNAL",
            _ => "other",
        },
        Authentication::Unknown(_) => "other",
    }
}

fn simple(session: &Session, bind_name: &str, password: &PasswordBytes) -> Result<Proof, Answer> {
    if bind_name.is_empty() && password.is_empty() {
        return Ok(Proof::Given(Identity::anonymous(), None));
    }
    if password.is_empty() {
        return Err(Error::EmptyPassword.into());
    }
    require_confidentiality(session)?;
    Ok(Proof::Password {
        name: bind_name.to_owned(),
        dn: name(bind_name)?,
        password: Secret::from(&**password),
        authorize: None,
    })
}

/// Refuses a password on an open line before looking at it (RFC 4513 section 5.1.3).
pub(super) fn require_confidentiality(session: &Session) -> Result<(), Answer> {
    if session.channel.safety().passwords {
        return Ok(());
    }
    let text = "passwords are taken over TLS only: use StartTLS or ldaps";
    Err(Answer::because(ResultCode::ConfidentialityRequired, text))
}

fn plain(session: &Session, credentials: Option<&PasswordBytes>) -> Result<Proof, Answer> {
    require_confidentiality(session)?;
    let Some(credentials) = credentials else {
        // The client wants to be asked (RFC 4422 section 3.3).
        return Err(Answer::new(ResultCode::SaslBindInProgress));
    };
    let malformed = || Answer::because(ResultCode::InvalidCredentials, "malformed PLAIN message");
    let mut parts = credentials.splitn(3, |byte| *byte == 0);
    let mut part = || parts.next().ok_or_else(malformed);
    let (authorize, authenticate, password) = (part()?, part()?, part()?);
    if password.is_empty() {
        return Err(Error::EmptyPassword.into());
    }
    let text = |bytes| std::str::from_utf8(bytes).map_err(|_| malformed());
    let (authorize, authenticate) = (text(authorize)?, text(authenticate)?);
    let directory = &session.face.directory;
    // A name that nobody has goes through the same proof as any other.
    let dn = sasl_name(directory, authenticate).unwrap_or_default();
    Ok(Proof::Password {
        name: authenticate.to_owned(),
        dn,
        password: Secret::from(password),
        authorize: (!authorize.is_empty()).then(|| authorize.to_owned()),
    })
}

fn prove(
    session: &mut Session,
    mut call: Call,
    (name, authorize): (String, Option<String>),
    (dn, password): (&Dn, Secret),
    out: &mut BytesMut,
) {
    session.binding = true;
    if let Subject::Login { name: said, .. } = &mut call.subject {
        said.clone_from(&name);
    }
    let completions = session.completions.clone();
    session.face.directory.authenticate(
        dn,
        password,
        &session.channel.source(),
        Box::new(move |verdict| {
            // The client may have gone; then nobody wants to know.
            let _ = completions.send(Completion::Bind(Finished {
                call,
                name,
                authorize,
                verdict,
            }));
        }),
    );
    // A verdict that was cheap is there already, and need not be waited for.
    if let Some(completion) = session.try_completion() {
        session.complete(completion, out);
    }
}

fn external(session: &Session, credentials: Option<&PasswordBytes>) -> Result<Proof, Answer> {
    let refused = |text| Err(Answer::because(ResultCode::InvalidCredentials, text));
    let directory = &session.face.directory;
    let identity = if let Some(peer) = session.channel.peer {
        directory.vouch_for_process(peer.process, peer.administers)
    } else if let Some(dn) = &session.channel.certificate_name {
        let admitted = |identity: &Identity| directory.admits(identity, session.channel.address);
        match directory.vouch(dn).filter(admitted) {
            Some(identity) => identity,
            None => return refused("the client certificate stands for no entry"),
        }
    } else {
        let text = "no client certificate that stands for an entry was shown on this connection";
        return Err(Answer::because(
            ResultCode::InappropriateAuthentication,
            text,
        ));
    };
    let name = directory.name(&identity);
    let authorize = credentials.map(|authorize| std::str::from_utf8(authorize));
    match authorize.transpose() {
        Ok(authorize) => {
            let (identity, through) = act_as(session, &name, identity, authorize)?;
            Ok(Proof::Given(identity, through))
        }
        Err(_) => refused("the authorization identity is not UTF-8"),
    }
}

/// Whether two names are the same; those of processes belong to no entry.
fn is_same(directory: &Directory, one: &Dn, other: &str) -> bool {
    let snapshot = directory.snapshot();
    Dn::parse(other)
        .is_ok_and(|other| one.normalize(snapshot.schema()) == other.normalize(snapshot.schema()))
}

/// The identity of a SASL bind: the one that was proved, or the one it asks to act for and may, with whose proof it was.
fn act_as(
    session: &Session,
    name: &str,
    proved: Identity,
    authorize: Option<&str>,
) -> Result<(Identity, Option<String>), Answer> {
    let Some(text) = authorize.filter(|text| !text.is_empty()) else {
        return Ok((proved, None));
    };
    let directory = &session.face.directory;
    let wanted = sasl_name(directory, text);
    if wanted
        .as_ref()
        .is_some_and(|wanted| is_same(directory, wanted, name))
    {
        return Ok((proved, None));
    }
    let conn = session.number;
    match authorization::act_as(directory, &proved, wanted) {
        Ok(identity) => {
            tracing::info!(conn, name, authorize = text, "binds to act for another");
            Ok((identity, Some(directory.name(&proved))))
        }
        Err(error) => {
            tracing::info!(conn, name, authorize = text, "may not act for another");
            Err(Answer::because(
                ResultCode::InvalidCredentials,
                error.to_string(),
            ))
        }
    }
}

/// Takes the verdict on a password.
pub fn finish(session: &mut Session, finished: Finished, out: &mut BytesMut) {
    let Finished {
        mut call,
        name,
        authorize,
        verdict,
    } = finished;
    session.binding = false;
    let admitted = verdict.map_err(Answer::from).and_then(|login| {
        let acting = act_as(session, &name, login.identity, authorize.as_deref())?;
        Ok((acting, login.notice))
    });
    let result = match admitted {
        Ok(((identity, by), notice)) => {
            session.become_identity(identity);
            if let Subject::Login { through, .. } = &mut call.subject {
                *through = by;
            }
            Answer {
                policy: Some(PolicyAnswer::of_notice(notice)),
                ..Answer::new(ResultCode::Success)
            }
        }
        Err(answer) => answer,
    };
    answer(session, &call, &name, &result, out);
}

fn answer(session: &Session, call: &Call, name: &str, answer: &Answer, out: &mut BytesMut) {
    let mut answer = answer.clone().with_policy(&call.controls);
    if !call.controls.policy {
        let netscape = answer.policy.and_then(PolicyAnswer::netscape);
        answer.controls.extend(netscape);
    }
    write_bind_response(out, call.id, &answer.result(), None, &answer.controls());
    session.observe(call, &answer);
    let (conn, op, code) = (session.number, call.id, answer.code.code());
    // Guesses come by the thousands a second; the audit log has a line for each login, and sums up those.
    tracing::debug!(conn, op, name, code, reason = answer.text, "bind");
}
