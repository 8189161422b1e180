//! Bind (RFC 4511 section 4.2, RFC 4513 section 5): simple, anonymous, SASL PLAIN (RFC 4616) and EXTERNAL
//! (RFC 4422 appendix A).

use std::time::Instant;

use bytes::BytesMut;

use super::name;
use crate::directory::dn::Dn;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::password::Secret;
use crate::directory::schema::well_known;
use crate::ldap::codec::write_bind_response;
use crate::ldap::message::{Authentication, BindRequest, Operation, PasswordBytes, ResultCode};
use crate::ldap::result::Answer;
use crate::ldap::session::{Completion, Session};

/// The end of a proof.
pub struct Finished {
    id: i32,
    name: String,
    verdict: Result<Identity, Error>,
    started: Instant,
}

/// Begins a bind. Until it has succeeded the client is nobody (RFC 4513 section 4).
pub fn perform(
    session: &mut Session,
    id: i32,
    request: BindRequest,
    out: &mut BytesMut,
    started: Instant,
) {
    session.become_identity(Identity::anonymous());
    let outcome = match request.authentication {
        _ if request.version != 3 => {
            let text = format!(
                "LDAP version {} is not spoken here, only version 3",
                request.version
            );
            Err(Answer::because(ResultCode::ProtocolError, text))
        }
        Authentication::Simple(password) => simple(session, id, &request.name, &password, started),
        Authentication::Sasl {
            mechanism,
            credentials,
        } => match mechanism.as_str() {
            "PLAIN" => plain(session, id, credentials.as_ref(), started),
            "EXTERNAL" => external(session, credentials.as_ref()),
            _ => {
                let text = format!(
                    "SASL mechanism \"{}\" is not supported",
                    mechanism.escape_default()
                );
                Err(Answer::because(ResultCode::AuthMethodNotSupported, text))
            }
        },
        Authentication::Unknown(_) => Err(Answer::new(ResultCode::AuthMethodNotSupported)),
    };
    match outcome {
        Ok(Proof::Under) => session.binding = true,
        Ok(Proof::Of(identity)) => {
            let name = session.face.directory.name(&identity);
            session.become_identity(identity);
            answer(
                session,
                id,
                &name,
                &Answer::new(ResultCode::Success),
                out,
                started,
            );
        }
        Err(refusal) => answer(session, id, &request.name, &refusal, out, started),
    }
}

/// How far a proof is.
enum Proof {
    /// Another thread checks it.
    Under,
    /// It is done.
    Of(Identity),
}

fn simple(
    session: &mut Session,
    id: i32,
    bind_name: &str,
    password: &PasswordBytes,
    started: Instant,
) -> Result<Proof, Answer> {
    if bind_name.is_empty() && password.is_empty() {
        return Ok(Proof::Of(Identity::anonymous()));
    }
    if password.is_empty() {
        return Err(Error::EmptyPassword.into());
    }
    require_confidentiality(session)?;
    let dn = name(bind_name)?;
    Ok(prove(
        session,
        id,
        bind_name.to_owned(),
        &dn,
        Secret::from(&**password),
        started,
    ))
}

/// Refuses a password on an open line before looking at it (RFC 4513 section 5.1.3).
fn require_confidentiality(session: &Session) -> Result<(), Answer> {
    if session.channel.safety().passwords {
        return Ok(());
    }
    let text = "passwords are taken over TLS only: use StartTLS or ldaps";
    Err(Answer::because(ResultCode::ConfidentialityRequired, text))
}

fn plain(
    session: &mut Session,
    id: i32,
    credentials: Option<&PasswordBytes>,
    started: Instant,
) -> Result<Proof, Answer> {
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
    // A name that nobody has goes through the same proof as any other.
    let dn = sasl_name(session, authenticate).unwrap_or_default();
    if !authorize.is_empty() {
        let snapshot = session.face.directory.snapshot();
        let same = sasl_name(session, authorize).is_some_and(|other| {
            other.normalize(snapshot.schema()) == dn.normalize(snapshot.schema())
        });
        if !same {
            let text = "acting for another identity is not allowed";
            return Err(Answer::because(ResultCode::InvalidCredentials, text));
        }
    }
    Ok(prove(
        session,
        id,
        authenticate.to_owned(),
        &dn,
        Secret::from(password),
        started,
    ))
}

/// The entry that a SASL identity names: `dn:` and a DN, or a user name, with or without `u:` (RFC 4513 section 5.2.1.8).
fn sasl_name(session: &Session, text: &str) -> Option<Dn> {
    if let Some(dn) = text.strip_prefix("dn:") {
        return Dn::parse(dn).ok();
    }
    let user = text.strip_prefix("u:").unwrap_or(text);
    let named = session
        .face
        .directory
        .name_of(well_known::UID, user.as_bytes());
    named.or_else(|| Dn::parse(user).ok())
}

fn prove(
    session: &mut Session,
    id: i32,
    name: String,
    dn: &Dn,
    password: Secret,
    started: Instant,
) -> Proof {
    let completions = session.completions.clone();
    session.face.directory.authenticate(
        dn,
        password,
        Box::new(move |verdict| {
            // The client may have gone; then nobody wants to know.
            let _ = completions.send(Completion::Bind(Finished {
                id,
                name,
                verdict,
                started,
            }));
        }),
    );
    Proof::Under
}

fn external(session: &Session, credentials: Option<&PasswordBytes>) -> Result<Proof, Answer> {
    let refused = |text| Err(Answer::because(ResultCode::InvalidCredentials, text));
    let directory = &session.face.directory;
    let (dn, identity) = if let Some(peer) = session.channel.peer {
        let identity = directory.vouch_for_process(peer.process, peer.administers);
        (&name(&peer.process.to_string())?, identity)
    } else if let Some(dn) = &session.channel.certificate_name {
        match directory.vouch(dn) {
            Some(identity) => (dn, identity),
            None => return refused("the client certificate stands for no entry"),
        }
    } else {
        let text = "no client certificate that stands for an entry was shown on this connection";
        return Err(Answer::because(
            ResultCode::InappropriateAuthentication,
            text,
        ));
    };
    match credentials.filter(|authorize| !authorize.is_empty()) {
        None => Ok(Proof::Of(identity)),
        Some(authorize) => {
            let snapshot = session.face.directory.snapshot();
            let asked = std::str::from_utf8(authorize)
                .ok()
                .and_then(|text| sasl_name(session, text));
            let same = asked.is_some_and(|asked| {
                asked.normalize(snapshot.schema()) == dn.normalize(snapshot.schema())
            });
            if same {
                Ok(Proof::Of(identity))
            } else {
                refused("acting for another identity is not allowed")
            }
        }
    }
}

/// Takes the verdict on a password.
pub fn finish(session: &mut Session, finished: Finished, out: &mut BytesMut) {
    let Finished {
        id,
        name,
        verdict,
        started,
    } = finished;
    session.binding = false;
    let result = match verdict {
        Ok(identity) => {
            session.become_identity(identity);
            Answer::new(ResultCode::Success)
        }
        Err(error) => error.into(),
    };
    answer(session, id, &name, &result, out, started);
}

fn answer(
    session: &Session,
    id: i32,
    name: &str,
    answer: &Answer,
    out: &mut BytesMut,
    started: Instant,
) {
    write_bind_response(out, id, &answer.result(), None, &[]);
    session.observe(id, Operation::Bind, answer, started);
    let code = answer.code.code();
    match answer.code {
        ResultCode::Success => tracing::info!(conn = session.number, op = id, name, code, "bind"),
        _ => tracing::info!(
            conn = session.number,
            op = id,
            name,
            code,
            reason = answer.text,
            "bind refused"
        ),
    }
}
