//! Invites: people who are asked to become users, and who of them come.
//!
//! Owns what an invite gives. Its mail, its code and what accepting it does are shared by all dialects. An invitation for
//! which a user entry waits already is that user's, and is none of these.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::enveloped;
use super::definition::{Definition, check_name};
use super::permission::{Role, role};
use super::record::{NetworkRoles, Nothing, Set, Surroundings, network_roles};
use super::{reference, users};
use crate::directory::EntryCopy;
use crate::directory::dn::Dn;
use crate::directory::filter::Filter;
use crate::directory::invitation as core;
use crate::directory::networks::{ROLES, group_of};
use crate::directory::request::Change;
use crate::rest::change::{attempt, unconditional};
use crate::rest::entry::{attribute, name, text, values};
use crate::rest::fault::{Fault, Kind};
use crate::rest::invitation::{self, Gift, Invitation};
use crate::rest::json::Members;
use crate::rest::list;
use crate::rest::mail::is_address;
use crate::rest::operation::{Call, Reply};
use crate::rest::term::{equal, not, present};
use crate::rest::time::now;

/// The most that one request invites.
const MOST: usize = 100;
/// The attributes of an invite that is shown.
const INVITE: [&str; 5] = [
    "mail",
    core::EXPIRY,
    core::INVITED_TO,
    "hedgerowPlatformRole",
    "hedgerowNetworkRole",
];

/// An invite.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NetmakerInvite)]
pub struct Invite {
    /// Who is invited.
    #[schema(example = "ada@example.org")]
    email: String,
    /// The role towards the platform that they get.
    #[schema(example = "service-user")]
    platform_role_id: String,
    /// The groups that they become members of, by id.
    #[schema(value_type = Object, example = json!({"7d3b1c9e-16a6-1027-98f4-d28b5365dc14": {}}))]
    user_group_ids: Set,
    /// The roles that they get, by network.
    #[schema(value_type = Object, example = json!({"office": {"office-network-user": {}}}))]
    network_roles: NetworkRoles,
    /// The code that proves the invite; empty for who could not invite, and until the mail is sent.
    #[schema(example = "WX-i9pC2S0Cv0rjTWl4VTAAAAA")]
    invite_code: String,
    /// The page that the mail leads to; empty where the code is.
    #[schema(example = "https://localhost:3443/invitation?token=WX-i9pC2S0Cv0rjTWl4VTAAAAA")]
    invite_url: String,
}

/// The invites, in force or ended.
fn invites() -> Filter {
    Filter::And(vec![
        equal("objectClass", core::CLASS),
        not(present(core::INVITED)),
    ])
}

/// The entries of a part of the tree that a filter finds.
pub async fn found(
    call: &Call,
    unit: &str,
    filter: Filter,
    names: &[&str],
) -> Result<Vec<EntryCopy>, Fault> {
    let mut all = list::found(call, (call.rest.unit(unit), filter), names).await?;
    all.sort_by_key(|entry| text(entry, "mail").map(|mail| mail.to_lowercase()));
    Ok(all)
}

/// Removes the entries of a part of the tree that a filter finds, all or none.
pub async fn remove(call: &Call, unit: &str, filter: Filter) -> Result<(), Fault> {
    let gone = |entry: &EntryCopy| Change::Delete { dn: name(entry) };
    let work = || async {
        let all = found(call, unit, filter.clone(), &["1.1"]).await?;
        Ok(unconditional(all.iter().map(gone)))
    };
    attempt(call, work).await?;
    Ok(())
}

/// The names of what waits under an address, which is over when there is a user of it.
pub async fn waiting(call: &Call, email: &str) -> Result<Vec<Dn>, Fault> {
    let of = |filter| Filter::And(vec![filter, equal("mail", email)]);
    let mut all = found(call, invitation::UNIT, of(invites()), &["mail"]).await?;
    let pending = equal("objectClass", super::pending::CLASS);
    all.extend(found(call, super::pending::UNIT, of(pending), &["mail"]).await?);
    Ok(all.iter().map(name).collect())
}

/// A value of the query that must be there.
fn asked<'a>(call: &'a Call, name: &str) -> Result<&'a str, Fault> {
    let value = call.query.value(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| Fault::invalid(format!("{name} is required")))
}

/// Whether the code is that of an invite to this address.
fn is_invited(call: &Call, email: &str, code: &str) -> bool {
    let invitations = call.rest.unit(invitation::UNIT);
    let invited = call.rest.directory.invited(&invitations, code);
    invited.is_some_and(|mail| mail.to_lowercase() == email.to_lowercase())
}

/// Tells whether an invite is in force. A wrong code and an unknown address are answered alike.
pub async fn verify(call: Call) -> Result<Reply, Fault> {
    let (email, code) = (asked(&call, "email")?, asked(&call, "invite_code")?);
    match is_invited(&call, email, code) {
        true => Ok(enveloped("invite is valid", Value::Null)),
        false => Err(Fault::not_found("invite")),
    }
}

/// Makes whoever holds the code of an invite a user.
pub async fn sign_up(call: Call) -> Result<Reply, Fault> {
    let (email, code) = (asked(&call, "email")?, asked(&call, "invite_code")?);
    let said = Definition::read(&call)?;
    if !is_invited(&call, email, code) {
        return Err(Fault::invalid("invalid invite code"));
    }
    let email = email.to_lowercase();
    if said.username.to_lowercase() != email {
        return Err(Fault::invalid("username not matching with invite"));
    }
    check_name(&email)?;
    said.check_password()?;
    let password = said.password;
    let password = password.ok_or_else(|| Fault::invalid("password cannot be empty"))?;
    let shown = Some(said.display_name).filter(|shown| !shown.is_empty());
    let names = (email.clone(), shown.unwrap_or_else(|| email.clone()));
    let done = invitation::accept(&call.rest, code.to_owned(), names, password).await;
    done.map_err(|fault| match fault.kind {
        Kind::Conflict => Fault::new(Kind::Conflict, "user already exists"),
        _ => fault,
    })?;
    let message = format!("created user successfully {email}");
    Ok(enveloped(&message, Value::Null))
}

/// The addresses that a request names, in lower case and each once.
fn addresses(value: Option<Value>) -> Result<Vec<String>, Fault> {
    let Some(Value::Array(emails)) = value else {
        return Err(Fault::invalid("user_emails: must be an array of addresses"));
    };
    if emails.is_empty() || emails.len() > MOST {
        return Err(Fault::invalid(format!("user_emails: 1 to {MOST}")));
    }
    let mut all = Vec::new();
    for email in &emails {
        let email = email.as_str().unwrap_or_default().to_lowercase();
        if !is_address(&email) || check_name(&email).is_err() {
            return Err(Fault::invalid(format!("invalid email {email}")));
        }
        all.push(email);
    }
    all.sort();
    all.dedup();
    Ok(all)
}

/// Invites people: all who are named and are no users yet, or nobody.
pub async fn invite(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let emails = addresses(body.any("user_emails"))?;
    let wanted = body.text("platform_role_id")?.unwrap_or_default();
    let groups = reference::names(body.any("user_group_ids"), "user_group_ids")?;
    let roles = reference::network_roles(body.any("network_roles"))?.unwrap_or_default();
    body.end()?;
    let wanted = invited_role(&call, &wanted)?;
    reference::check(&call, &roles).await?;
    let mut gift = Gift {
        classes: vec!["hedgerowNetworkUser"],
        attributes: vec![
            attribute("hedgerowPlatformRole", wanted.name()),
            attribute("hedgerowAuthType", "basic_auth"),
        ],
        groups: Vec::new(),
        ..Gift::default()
    };
    let roles = reference::stored(&roles);
    if !roles.is_empty() {
        let roles = roles.into_iter().map(String::into_bytes).collect();
        gift.attributes
            .push(("hedgerowNetworkRole".to_owned(), roles));
    }
    for id in &groups.unwrap_or_default() {
        let found = reference::group_to_join(&call, id).await?;
        let found = found.ok_or_else(|| Fault::invalid(format!("invalid groups: {id}")))?;
        gift.groups.push(name(&found));
    }
    if wanted == Role::Admin {
        // Administrators administer all networks.
        let [administrators, _] = ROLES;
        let found = reference::group(&call, &group_of(None, administrators)).await?;
        let group = found.as_ref().map(name);
        let new = group.filter(|group| !gift.groups.contains(group));
        gift.groups.extend(new);
    }
    let mut people = Vec::new();
    for email in &emails {
        if !users::is_taken(&call, email).await? {
            let made = Invitation::of_newcomer(&call, email, None, &gift)?;
            people.push((made, gift.clone()));
        }
    }
    invitation::invite(&call, &people).await?;
    Ok(enveloped("triggered user invites", Value::Null))
}

/// The role that whoever asks may invite to.
fn invited_role(call: &Call, name: &str) -> Result<Role, Fault> {
    if name.is_empty() {
        return Err(Fault::invalid("platform role id cannot be empty"));
    }
    let Some(wanted) = Role::parse(name) else {
        let text = format!("platform_role_id: there is no role \"{name}\"");
        return Err(Fault::invalid(text));
    };
    match wanted {
        Role::SuperAdmin => Err(Fault::invalid("super admin cannot be invited")),
        Role::Admin if role(call) != Role::SuperAdmin => {
            Err(Fault::forbidden("only superadmin can invite admin users"))
        }
        _ => Ok(wanted),
    }
}

/// Lists the invites that are in force, by address.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let around = Surroundings::of_all(&call).await?;
    let now = now();
    let mut shown = Vec::new();
    for entry in found(&call, invitation::UNIT, invites(), &INVITE).await? {
        if text(&entry, core::EXPIRY).is_some_and(|expiry| now < expiry) {
            shown.push(Invite::of(&call, &entry, &around));
        }
    }
    Ok(enveloped("fetched pending user invites", shown))
}

impl Invite {
    fn of(call: &Call, entry: &EntryCopy, around: &Surroundings) -> Self {
        let role = text(entry, "hedgerowPlatformRole");
        let directory = &call.rest.directory;
        let token = directory.token_of_invitation(&call.caller.identity, &name(entry));
        let code = |token| String::from_utf8_lossy(token).into_owned();
        let groups = values(entry, core::INVITED_TO).into_iter();
        let ids = groups.filter_map(|dn| around.id_of(std::str::from_utf8(dn).ok()?));
        Self {
            email: text(entry, "mail").unwrap_or_default(),
            platform_role_id: role.unwrap_or_else(|| Role::ServiceUser.name().to_owned()),
            user_group_ids: ids.map(|id| (id.to_owned(), Nothing {})).collect(),
            network_roles: network_roles(entry),
            invite_code: token
                .as_ref()
                .map_or_else(String::new, |it| code(it.as_bytes())),
            invite_url: token.map_or_else(String::new, |it| invitation::url(&call.rest, &it)),
        }
    }
}

/// Takes the invite of an address back.
pub async fn delete(call: Call) -> Result<Reply, Fault> {
    let email = asked(&call, "invitee_email")?;
    let of = Filter::And(vec![invites(), equal("mail", email)]);
    remove(&call, invitation::UNIT, of).await?;
    Ok(enveloped("deleted user invite", Value::Null))
}

/// Takes all invites back.
pub async fn delete_all(call: Call) -> Result<Reply, Fault> {
    remove(&call, invitation::UNIT, invites()).await?;
    Ok(enveloped("cleared all pending user invites", Value::Null))
}
