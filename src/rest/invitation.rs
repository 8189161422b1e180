//! Invitations: somebody who is yet to come, the mail that asks them to, and what they get when they do.
//!
//! Owns the mail, that it is tried again until it is sent, and that nobody invites into what they could not give. That a
//! token proves its invitation, and what accepting one does, is the directory's. What an invitation gives that only one
//! dialect knows is in attributes of auxiliary classes of the dialect, which the new user's entry gets.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Rest;
use super::change::{attempt, unconditional};
use super::entry::{attribute, missing, name_below, new_unit};
use super::fault::{Fault, Kind};
use super::list;
use super::mail::{self, Message};
use super::operation::Call;
use super::principal::new_user;
use super::time::moment_in;
use crate::directory::Error;
use crate::directory::dn::Dn;
use crate::directory::invitation::{self as core, Acceptance, Letter, Newcomer};
use crate::directory::password::Secret;
use crate::directory::request::{Change, Terms};

/// The part of the tree with the invitations.
pub const UNIT: &str = "invitations";

/// Attributes with their values.
pub type Attributes = Vec<(String, Vec<Vec<u8>>)>;

/// An invitation that is being made.
pub struct Invitation {
    dn: Dn,
    email: String,
    expiry: String,
    attributes: Attributes,
}

/// What somebody gets for whom no entry waits.
#[derive(Clone, Debug, Default)]
pub struct Gift {
    /// The auxiliary classes of the dialect.
    pub classes: Vec<&'static str>,
    /// Attributes of those classes.
    pub attributes: Attributes,
    /// The groups that they become a member of; whatever else has a `member` is one.
    pub groups: Vec<Dn>,
    /// What makes those that are not there yet, with what they are below.
    pub made_first: Vec<Change>,
}

impl Invitation {
    /// Invites a user whose entry waits. `note` is put into the mail.
    ///
    /// # Errors
    /// When mail cannot be sent at all, or not to there.
    pub fn of_user(call: &Call, user: &Dn, email: &str, note: Option<&str>) -> Result<Self, Fault> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| {
            let text = "the system has no random numbers to give";
            Fault::new(Kind::Unavailable, text)
        })?;
        let cn = uuid::Builder::from_random_bytes(random).into_uuid();
        let mut made = Self::new(call, &cn.to_string(), email, note)?;
        let waits = attribute(core::INVITED, &user.to_string());
        made.attributes.push(waits);
        Ok(made)
    }

    /// Invites somebody who has no entry yet. An earlier invitation of the same address ends.
    ///
    /// # Errors
    /// As of [`Invitation::of_user`].
    pub fn of_newcomer(
        call: &Call,
        email: &str,
        note: Option<&str>,
        gift: &Gift,
    ) -> Result<Self, Fault> {
        let email = email.to_lowercase();
        let mut made = Self::new(call, &email, &email, note)?;
        made.attributes.extend(gift.attributes.iter().cloned());
        let groups = gift.groups.iter().map(|dn| dn.to_string().into_bytes());
        let groups: Vec<_> = groups.collect();
        if !groups.is_empty() {
            made.attributes.push((core::INVITED_TO.to_owned(), groups));
        }
        if let Some((_, classes)) = made.attributes.first_mut() {
            classes.extend(gift.classes.iter().map(|class| class.as_bytes().to_vec()));
        }
        Ok(made)
    }

    fn new(call: &Call, cn: &str, email: &str, note: Option<&str>) -> Result<Self, Fault> {
        let settings = &call.rest.settings;
        if settings.mail_folder.is_none() {
            let text = "nobody can be invited, the server has no rest.mail_folder";
            return Err(Fault::invalid(text));
        }
        if !mail::is_address(email) {
            return Err(Fault::invalid(format!("\"{email}\" is no address")));
        }
        let expiry = moment_in(settings.invitation);
        let mut attributes = vec![
            attribute("objectClass", core::CLASS),
            attribute("cn", cn),
            attribute("mail", email),
            attribute(core::EXPIRY, &expiry),
            attribute(core::MAIL_PENDING, "TRUE"),
        ];
        let note = note.filter(|note| !note.is_empty());
        attributes.extend(note.map(|note| attribute("description", note)));
        Ok(Self {
            dn: name_below(call.rest.unit(UNIT), "cn", cn)?,
            email: email.to_owned(),
            expiry,
            attributes,
        })
    }

    /// Its name.
    pub fn dn(&self) -> &Dn {
        &self.dn
    }

    /// What the entry of a user says that waits for it.
    pub fn of_waiting_user(&self) -> Attributes {
        vec![
            attribute(core::PENDING, "TRUE"),
            attribute(core::EXPIRY, &self.expiry),
        ]
    }

    /// What makes the invitation; it is mailed by [`send`].
    pub fn add(&self) -> Change {
        Change::Add {
            dn: self.dn.clone(),
            attributes: self.attributes.clone(),
        }
    }
}

/// Invites people who have no entry yet: all of them, or nobody.
///
/// # Errors
/// When the caller may not make such users, or members of these groups; or not invite.
pub async fn invite(call: &Call, people: &[(Invitation, Gift)]) -> Result<(), Fault> {
    for (invitation, gift) in people {
        try_to_give(call, invitation, gift).await?;
    }
    attempt(call, || async { Ok(inviting(call, people)) }).await?;
    let invitations = people.iter().map(|(invitation, _)| invitation.dn.clone());
    send(&call.rest, invitations.collect()).await;
    Ok(())
}

/// The changes that make invitations, and what they lie in and lead to as far as it is not there yet.
fn inviting(call: &Call, people: &[(Invitation, Gift)]) -> Vec<(Change, Terms)> {
    let units = [UNIT, "people"].map(|unit| new_unit(call, unit));
    let lists = people.iter().flat_map(|(_, gift)| gift.made_first.clone());
    let mut changes = missing(call, units.into_iter().chain(lists));
    for (invitation, _) in people {
        let earlier = call.rest.directory.snapshot().find_entry(&invitation.dn);
        changes.extend(earlier.map(|_| Change::Delete {
            dn: invitation.dn.clone(),
        }));
        changes.push(invitation.add());
    }
    unconditional(changes)
}

/// Finds out whether the caller could make the user themselves.
async fn try_to_give(call: &Call, invitation: &Invitation, gift: &Gift) -> Result<(), Fault> {
    let Newcomer { dn, mut attributes } =
        newcomer(&call.rest, &invitation.email, &invitation.email)?;
    attributes.push(attribute("mail", &invitation.email));
    for class in &gift.classes {
        if let Some((_, classes)) = attributes.first_mut()
            && !classes.iter().any(|is| is == class.as_bytes())
        {
            classes.push(class.as_bytes().to_vec());
        }
    }
    attributes.extend(gift.attributes.iter().cloned());
    let mut changes = missing(call, [new_unit(call, "people")]);
    changes.extend(gift.made_first.iter().cloned());
    changes.push(Change::Add {
        dn: dn.clone(),
        attributes,
    });
    for group in &gift.groups {
        let joins = match gift.made_first.iter().any(|made| made.dn() == group) {
            true => Some(core::joining(group, "member", &dn.to_string())),
            false => core::joins(&call.rest.directory.snapshot(), group, &dn),
        };
        changes.push(joins.ok_or_else(|| Fault::not_found("group"))?);
    }
    let last = changes.len().saturating_sub(1);
    let changes = changes.into_iter().enumerate().map(|(at, change)| {
        let trial = at == last;
        let terms = Terms {
            trial,
            ..Terms::default()
        };
        (change, terms)
    });
    match list::together(call, changes.collect()).await {
        Ok(_) | Err(Error::NoOperation) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The entry of a user who comes.
fn newcomer(rest: &Rest, user_name: &str, shown: &str) -> Result<Newcomer, Fault> {
    Ok(Newcomer {
        dn: name_below(rest.unit("people"), "uid", user_name)?,
        attributes: new_user(user_name, shown),
    })
}

/// Makes whoever holds a token a user, under the name and with the password that they choose.
///
/// # Errors
/// [`Error::InvalidCredentials`] as an invalid request when there is no such invitation, or it has ended; or what is wrong
/// with the name or the password.
pub async fn accept(
    rest: &Rest,
    token: String,
    (user_name, display_name): (String, String),
    password: Secret,
) -> Result<(), Fault> {
    let newcomer = newcomer(rest, &user_name, &display_name)?;
    let acceptance = Acceptance {
        token,
        user_name,
        display_name,
        password,
        newcomer,
    };
    let invitations = rest.unit(UNIT);
    let done = |done| {
        rest.directory
            .accept_invitation(&invitations, acceptance, done)
    };
    list::wait(done).await.map_err(void)
}

/// What is said when an invitation does not lead to a user.
pub fn void(error: Error) -> Fault {
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

/// Mails invitations. What cannot be mailed now is kept and tried again by [`keep_sending`].
pub async fn send(rest: &Rest, invitations: Vec<Dn>) {
    let Some(folder) = &rest.settings.mail_folder else {
        return;
    };
    // One at a time: a mail that is made anew takes the token from the one before.
    let _turn = rest.mailing.lock().await;
    let total = invitations.len();
    for (sent, invitation) in invitations.iter().enumerate() {
        if let Err(error) = send_one(rest, folder, invitation).await {
            let left = total.saturating_sub(sent);
            return tracing::error!(%error, left, "the mail of invitations could not be put into mail_folder; it is tried again");
        }
    }
}

async fn send_one(rest: &Rest, folder: &Path, invitation: &Dn) -> Result<(), String> {
    let directory = &rest.directory;
    let renewed = list::wait(|done| directory.renew_invitation(invitation, done)).await;
    let letter = renewed.map_err(|error| error.to_string())?;
    let Some(letter) = letter.filter(|letter| mail::is_address(&letter.mail)) else {
        return Ok(());
    };
    let (text, from) = (text(rest, &letter), rest.settings.mail_from.clone());
    let folder = folder.to_owned();
    let put = tokio::task::spawn_blocking(move || {
        let message = Message {
            from: &from,
            to: &letter.mail,
            subject: "Invitation",
            text: &text,
        };
        mail::send(&folder, &message)
    });
    put.await
        .unwrap_or_else(|error| Err(std::io::Error::other(error)))
        .map_err(|error| error.to_string())?;
    let noted = list::wait(|done| directory.note_sent_invitation(invitation, done)).await;
    noted.map_err(|error| error.to_string())
}

fn text(rest: &Rest, letter: &Letter) -> String {
    let note = letter.note.as_ref().map(|note| format!("{note}\n\n"));
    format!(
        "{}You have been invited. Choose your name and password here:\n\n  {}\n\nThis holds until {}.\n",
        note.unwrap_or_default(),
        url(rest, &letter.token),
        super::time::to_rfc3339(&letter.expiry),
    )
}

/// The page that a token leads to.
pub fn url(rest: &Rest, token: &Secret) -> String {
    let token = String::from_utf8_lossy(token.as_bytes());
    format!("{}{token}", rest.settings.invitation_page)
}

/// Mails what is still to be mailed, now and every so often from then on.
pub async fn keep_sending(rest: Arc<Rest>, every: Duration) {
    loop {
        let unsent = rest.directory.unsent_invitations(&rest.unit(UNIT));
        send(&rest, unsent).await;
        tokio::time::sleep(every).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::account::AccountSettings;
    use crate::directory::fixture;
    use crate::rest::Settings;

    const TREE: &str = "dn: dc=a\nobjectClass: domain\ndc: a\n\n\
        dn: ou=invitations,dc=a\nobjectClass: organizationalUnit\nou: invitations\n\n\
        dn: cn=x,ou=invitations,dc=a\nobjectClass: hedgerowInvitation\ncn: x\nmail: x@example.net\n\
        hedgerowInvitationExpiry: 99991231235959Z\nhedgerowMailPending: TRUE\n\n\
        dn: cn=y,ou=invitations,dc=a\nobjectClass: hedgerowInvitation\ncn: y\nmail: a@b,c@d\n\
        hedgerowInvitationExpiry: 99991231235959Z\nhedgerowMailPending: TRUE\n";

    fn rest(folder: &Path) -> Arc<Rest> {
        let (directory, _) = fixture::served_tree(TREE, AccountSettings::default());
        let settings = Settings {
            administrators: None,
            master_key: None,
            body_bytes: 1,
            time: Duration::from_secs(1),
            requests: 1,
            anonymous_per_minute: 1,
            token: Duration::from_secs(1),
            cors_origins: Vec::new(),
            mail_folder: Some(folder.to_owned()),
            mail_from: "hedgerow@example.org".to_owned(),
            invitation_page: "https://example.org/?token=".to_owned(),
            invitation: Duration::from_secs(1),
            harness_account: "default".to_owned(),
        };
        Rest::new(directory, settings)
    }

    #[tokio::test]
    async fn a_mail_is_tried_again_until_its_folder_takes_it_and_goes_once_to_an_address() {
        let spool = tempfile::tempdir().unwrap();
        let folder = spool.path().join("away");
        let rest = rest(&folder);
        let unsent = || rest.directory.unsent_invitations(&rest.unit(UNIT)).len();
        let mails = || std::fs::read_dir(&folder).map_or(0, Iterator::count);
        send(&rest, rest.directory.unsent_invitations(&rest.unit(UNIT))).await;
        assert_eq!((unsent(), mails()), (2, 0));
        let sending = tokio::spawn(keep_sending(Arc::clone(&rest), Duration::from_millis(1)));
        std::fs::create_dir(&folder).unwrap();
        while unsent() == 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for _ in 0..3 {
            send(&rest, rest.directory.unsent_invitations(&rest.unit(UNIT))).await;
        }
        assert_eq!((unsent(), mails()), (1, 1));
        sending.abort();
    }
}
