//! Invitations: a user who is yet to come, the mail that asks them to, and what they say when they do.
//!
//! Owns the mail. That a token proves its invitation, and what accepting one does, is the directory's.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::directory::Error;
use crate::directory::dn::Dn;
use crate::directory::invitation::{self, Acceptance};
use crate::directory::password::Secret;
use crate::directory::request::{Change, Terms};
use crate::directory::time;
use crate::rest::entry::{attribute, name_below};
use crate::rest::fault::{Fault, Kind};
use crate::rest::json::Members;
use crate::rest::list;
use crate::rest::mail::{self, Hidden, Message};
use crate::rest::operation::{Call, Reply};

/// An invitation that is being made.
pub struct Invitation {
    token: String,
    user: Dn,
    below: Dn,
    expiry: String,
    email: String,
    folder: PathBuf,
}

/// Makes an invitation of a user.
pub fn prepare(call: &Call, user: &Dn, email: Option<&str>) -> Result<Invitation, Fault> {
    let settings = &call.rest.settings;
    let Some(folder) = &settings.mail_folder else {
        let text = "invitationPending: nobody can be invited, the server has no rest.mail_folder";
        return Err(Fault::invalid(text));
    };
    let email = email.filter(|email| mail::is_address(email));
    let email = email.ok_or_else(|| Fault::invalid("email: an invitation needs an address"))?;
    let mut token = [0; 32];
    getrandom::fill(&mut token).map_err(|_| {
        Fault::new(
            Kind::Unavailable,
            "the system has no random numbers to give",
        )
    })?;
    let seconds = i64::try_from(time::now() / 1_000_000).unwrap_or_default();
    let lifetime = i64::try_from(settings.invitation.as_secs()).unwrap_or_default();
    Ok(Invitation {
        token: URL_SAFE_NO_PAD.encode(token),
        user: user.clone(),
        below: call.rest.unit("invitations"),
        expiry: time::generalized(seconds.saturating_add(lifetime)),
        email: email.to_owned(),
        folder: folder.clone(),
    })
}

impl Invitation {
    /// What the invited user's entry says of it.
    pub fn of_user(&self) -> Vec<(String, Vec<Vec<u8>>)> {
        vec![
            attribute("hedgerowInvitationPending", "TRUE"),
            attribute("hedgerowInvitationExpiry", &self.expiry),
        ]
    }

    /// The entry of the invitation.
    pub fn entry(&self) -> Result<Change, Fault> {
        let (cn, hash) = invitation::names(&self.token);
        Ok(Change::Add {
            dn: name_below(self.below.clone(), "cn", &cn)?,
            attributes: vec![
                attribute("objectClass", "hedgerowInvitation"),
                attribute("cn", &cn),
                attribute("hedgerowTokenHash", &hash),
                attribute("hedgerowInvited", &self.user.to_string()),
                attribute("hedgerowInvitationExpiry", &self.expiry),
                attribute("mail", &self.email),
            ],
        })
    }

    /// Makes the place of invitations where it is not there yet.
    pub async fn make_unit(&self, call: &Call) -> Result<(), Fault> {
        if call
            .rest
            .directory
            .snapshot()
            .find_entry(&self.below)
            .is_some()
        {
            return Ok(());
        }
        let make = Change::Add {
            dn: self.below.clone(),
            attributes: vec![
                attribute("objectClass", "organizationalUnit"),
                attribute("ou", "invitations"),
            ],
        };
        match list::change(&call.rest, &call.caller.identity, make, Terms::default()).await {
            Ok(_) | Err(Error::EntryAlreadyExists) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the mail, before the user is made: nobody is invited whom no mail reaches.
    pub async fn write(&self, call: &Call) -> Result<Hidden, Fault> {
        let settings = &call.rest.settings;
        let text = format!(
            "You have been invited. Choose your name and password here:\n\n  {}{}\n\nThis holds until {}.\n",
            settings.invitation_page,
            self.token,
            crate::rest::time::to_rfc3339(&self.expiry),
        );
        let (from, to) = (settings.mail_from.clone(), self.email.clone());
        let folder = self.folder.clone();
        on_disk(move || {
            let message = Message {
                from: &from,
                to: &to,
                subject: "Invitation",
                text: &text,
            };
            mail::write(&folder, &message)
        })
        .await
        .ok_or_else(|| {
            let text = "the mail of the invitation cannot be written; nobody was invited, tell the operator";
            Fault::new(Kind::Unavailable, text)
        })
    }
}

/// Sends a mail that is written.
pub async fn send(mail: Hidden) -> Result<(), Fault> {
    on_disk(move || mail.send()).await.ok_or_else(|| {
        let text = "the user was made, and the mail is written and not sent; tell the operator";
        Fault::new(Kind::Unavailable, text)
    })
}

/// Does something in the folder of mail; `None`, and a line for the operator, when it fails.
async fn on_disk<T: Send + 'static>(
    act: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Option<T> {
    let done = tokio::task::spawn_blocking(act).await;
    let done = done.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    let told = |error: &std::io::Error| {
        tracing::error!(%error, "the mail of an invitation could not be put into mail_folder");
    };
    done.inspect_err(told).ok()
}

fn void(error: Error) -> Fault {
    match error {
        Error::InvalidCredentials => {
            Fault::invalid("token: it is that of no invitation, or that has ended")
        }
        Error::EntryAlreadyExists | Error::NotUnique(_) => {
            Fault::new(Kind::Conflict, "userName: is in use")
        }
        other => other.into(),
    }
}

/// Accepts an invitation.
pub async fn accept(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let (token, display_name) = (body.required("token")?, body.required("displayName")?);
    let (user_name, password) = (body.required("userName")?, body.text("password")?);
    let subject = body.text("jwtSubject")?;
    body.end()?;
    if subject.is_some_and(|subject| !subject.is_empty()) {
        return Err(Fault::invalid(
            "jwtSubject: users log in with passwords here",
        ));
    }
    let password = password.filter(|password| !password.is_empty());
    let password = password.ok_or_else(|| Fault::invalid("password: is required"))?;
    if user_name.eq_ignore_ascii_case(crate::rest::auth::ADMINISTRATOR) {
        return Err(Fault::new(Kind::Conflict, "userName: is in use"));
    }
    let acceptance = Acceptance {
        token,
        user_name,
        display_name,
        password: Secret::from(password.as_bytes()),
    };
    let directory = &call.rest.directory;
    let invitations = call.rest.unit("invitations");
    let done = list::wait(|done| directory.accept_invitation(&invitations, acceptance, done)).await;
    done.map_err(void)?;
    Ok(Reply::empty())
}

/// Whether a name is free for somebody who holds an invitation.
pub async fn is_available(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let (token, user_name) = (body.required("token")?, body.required("userName")?);
    body.end()?;
    let available =
        call.rest
            .directory
            .is_free_for_invited(&call.rest.unit("invitations"), &token, &user_name);
    let available = available.map_err(void)?
        && !user_name.eq_ignore_ascii_case(crate::rest::auth::ADMINISTRATOR);
    Ok(Reply::json(&json!({ "available": available })))
}
