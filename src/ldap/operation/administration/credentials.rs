//! The tasks about second factors and keys. Each waits for the directory on its thread, and tells what was made once.

use std::io::{self, Write};
use std::sync::mpsc;

use crate::directory::dn::Dn;
use crate::directory::identity::Identity;
use crate::directory::password::Secret;
use crate::directory::source::Network;
use crate::directory::{Directory, Error, NewKey};
use crate::ldap::administration::{CreateKey, FactorAction, Key, KeyAction, SecondFactor};
use crate::ldap::message::ResultCode;
use crate::ldap::operation::password_modify::whose;
use crate::ldap::result::Answer;

/// Seconds of a day.
const DAY: u32 = 86_400;

pub(super) fn second_factor(
    directory: &Directory,
    identity: &Identity,
    asked: &SecondFactor,
    out: &mut impl Write,
) -> Result<u64, Answer> {
    let whose = whose(&asked.account)?;
    match &asked.action {
        FactorAction::Enrol => {
            let enrolment = wait(|done| directory.enrol_second_factor(identity, &whose, done))?;
            tell(out, &[enrolment.url])
        }
        FactorAction::Confirm(code) => {
            let code = Secret::from(&**code);
            let codes =
                wait(|done| directory.confirm_second_factor(identity, &whose, &code, done))?;
            tell(out, &codes)
        }
        FactorAction::Remove => {
            wait(|done| directory.remove_second_factor(identity, &whose, done))?;
            Ok(1)
        }
        FactorAction::RecoveryCodes => {
            let codes = wait(|done| directory.replace_recovery_codes(identity, &whose, done))?;
            tell(out, &codes)
        }
    }
}

pub(super) fn key(
    directory: &Directory,
    identity: &Identity,
    asked: &Key,
    out: &mut impl Write,
) -> Result<u64, Answer> {
    let whose = whose(&asked.account)?;
    match &asked.action {
        KeyAction::Create(key) => {
            let new = new_key(key)?;
            let key = wait(|done| directory.create_key(identity, &whose, new, done))?;
            tell(out, &[key])
        }
        KeyAction::List => {
            let keys = directory.keys(identity, &whose).map_err(Answer::from)?;
            for key in &keys {
                writeln!(out, "{}", key).map_err(gone)?;
            }
            Ok(keys.len() as u64)
        }
        KeyAction::Revoke(name) => {
            wait(|done| directory.revoke_key(identity, &whose, name, done))?;
            Ok(1)
        }
    }
}

fn new_key(asked: &CreateKey) -> Result<NewKey, Answer> {
    let refused = |text: String| Answer::from(Error::ConstraintViolation(text));
    let network = |text: &String| {
        Network::parse(text).ok_or_else(|| {
            refused(format!(
                "\"{text}\" is no network: write 192.0.2.0/24, 2001:db8::/32 or one address"
            ))
        })
    };
    let certificate = asked.certificate.as_deref().map(|text| {
        Dn::parse(text)
            .map_err(|error| refused(format!("the certificate \"{text}\" is not a DN: {error}")))
    });
    Ok(NewKey {
        name: asked.name.clone(),
        scopes: asked.scopes.clone(),
        lasts: asked
            .days
            .and_then(|days| u32::try_from(days).ok()?.checked_mul(DAY)),
        networks: asked
            .networks
            .iter()
            .map(network)
            .collect::<Result<_, _>>()?,
        certificate: certificate.transpose()?,
    })
}

/// Waits on this thread for what is told once.
fn wait<T: Send + 'static>(
    ask: impl FnOnce(Box<dyn FnOnce(Result<T, Error>) + Send>),
) -> Result<T, Answer> {
    let (send, receive) = mpsc::channel();
    ask(Box::new(move |told| {
        let _ = send.send(told);
    }));
    let stopped = || Err(Error::Unavailable("the server is stopping".to_owned()));
    receive
        .recv()
        .unwrap_or_else(|_| stopped())
        .map_err(Answer::from)
}

fn tell(out: &mut impl Write, secrets: &[Secret]) -> Result<u64, Answer> {
    for secret in secrets {
        out.write_all(secret.as_bytes()).map_err(gone)?;
        out.write_all(b"\n").map_err(gone)?;
    }
    Ok(secrets.len() as u64)
}

fn gone(error: io::Error) -> Answer {
    Answer::because(ResultCode::Other, error.to_string())
}
