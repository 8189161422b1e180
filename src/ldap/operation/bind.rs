//! Bind (RFC 4511 section 4.2, RFC 4513 section 5): simple, anonymous, SASL PLAIN (RFC 4616) and EXTERNAL
//! (RFC 4422 appendix A).

use bytes::BytesMut;

use super::name;
use crate::directory::dn::Dn;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::password::Secret;
use crate::directory::schema::well_known;
use crate::ldap::codec::write_bind_response;
use crate::ldap::message::{Authentication, BindRequest, PasswordBytes, ResultCode};
use crate::ldap::result::Answer;
use crate::ldap::session::{Call, Completion, Session};

/// The end of a proof.
pub struct Finished {
    call: Call,
    name: String,
    verdict: Result<Identity, Error>,
}

/// Begins a bind. Until it has succeeded the client is nobody (RFC 4513 section 4).
pub fn perform(session: &mut Session, call: Call, request: BindRequest, out: &mut BytesMut) {
    session.become_identity(Identity::anonymous());
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
            "EXTERNAL" => external(session, credentials.as_ref()).map(Proof::Given),
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
        Ok(Proof::Password { name, dn, password }) => {
            prove(session, call, name, &dn, password);
        }
        Ok(Proof::Given(identity)) => {
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
    },
    /// The connection itself, or nothing for nobody.
    Given(Identity),
}

fn simple(session: &Session, bind_name: &str, password: &PasswordBytes) -> Result<Proof, Answer> {
    if bind_name.is_empty() && password.is_empty() {
        return Ok(Proof::Given(Identity::anonymous()));
    }
    if password.is_empty() {
        return Err(Error::EmptyPassword.into());
    }
    require_confidentiality(session)?;
    Ok(Proof::Password {
        name: bind_name.to_owned(),
        dn: name(bind_name)?,
        password: Secret::from(&**password),
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
    Ok(Proof::Password {
        name: authenticate.to_owned(),
        dn,
        password: Secret::from(password),
    })
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

fn prove(session: &mut Session, call: Call, name: String, dn: &Dn, password: Secret) {
    session.binding = true;
    let completions = session.completions.clone();
    session.face.directory.authenticate(
        dn,
        password,
        Box::new(move |verdict| {
            // The client may have gone; then nobody wants to know.
            let _ = completions.send(Completion::Bind(Finished {
                call,
                name,
                verdict,
            }));
        }),
    );
}

fn external(session: &Session, credentials: Option<&PasswordBytes>) -> Result<Identity, Answer> {
    let refused = |text| Err(Answer::because(ResultCode::InvalidCredentials, text));
    let Some(dn) = &session.channel.certificate_name else {
        let text = "no client certificate that stands for an entry was shown on this connection";
        return Err(Answer::because(
            ResultCode::InappropriateAuthentication,
            text,
        ));
    };
    let Some(identity) = session.face.directory.vouch(dn) else {
        return refused("the client certificate stands for no entry");
    };
    match credentials.filter(|authorize| !authorize.is_empty()) {
        None => Ok(identity),
        Some(authorize) => {
            let snapshot = session.face.directory.snapshot();
            let asked = std::str::from_utf8(authorize)
                .ok()
                .and_then(|text| sasl_name(session, text));
            let same = asked.is_some_and(|asked| {
                asked.normalize(snapshot.schema()) == dn.normalize(snapshot.schema())
            });
            if same {
                Ok(identity)
            } else {
                refused("acting for another identity is not allowed")
            }
        }
    }
}

/// Takes the verdict on a password.
pub fn finish(session: &mut Session, finished: Finished, out: &mut BytesMut) {
    let Finished {
        call,
        name,
        verdict,
    } = finished;
    session.binding = false;
    let result = match verdict {
        Ok(identity) => {
            session.become_identity(identity);
            Answer::new(ResultCode::Success)
        }
        Err(error) => error.into(),
    };
    answer(session, &call, &name, &result, out);
}

fn answer(session: &Session, call: &Call, name: &str, answer: &Answer, out: &mut BytesMut) {
    write_bind_response(out, call.id, &answer.result(), None, &answer.controls());
    session.observe(call, answer);
    let (conn, op, code) = (session.number, call.id, answer.code.code());
    match answer.code {
        ResultCode::Success => tracing::info!(conn, op, name, code, "bind"),
        _ => tracing::info!(conn, op, name, code, reason = answer.text, "bind refused"),
    }
}
