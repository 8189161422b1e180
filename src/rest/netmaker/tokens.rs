//! Access tokens of users: lists of them, new ones, and taking them back.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answer::enveloped;
use super::bearer::is_master;
use super::permission::{Role, names_caller, role};
use super::record::{NEVER, user_name};
use super::users;
use crate::directory::access_token::{NewToken, ShownToken};
use crate::directory::dn::Dn;
use crate::directory::password::Secret;
use crate::directory::{EntryCopy, Error, time};
use crate::rest::auth::ADMINISTRATOR;
use crate::rest::entry::name;
use crate::rest::fault::{Fault, Kind};
use crate::rest::json::Members;
use crate::rest::list;
use crate::rest::operation::{Call, Reply};
use crate::rest::time::{to_generalized, to_rfc3339};

/// A token, without what it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NetmakerToken)]
pub struct Token {
    /// What names it.
    #[schema(example = "7d3b1c9e-16a6-4027-98f4-d28b5365dc14")]
    pub id: String,
    /// What it is called.
    #[schema(example = "pipeline")]
    pub name: String,
    /// The user that it stands for.
    #[schema(example = "ada")]
    pub user_name: String,
    /// When it ends; the year 1 stands for never.
    #[schema(format = "date-time", example = "2029-08-24T14:15:22Z")]
    pub expires_at: String,
    /// When it was last used; the year 1 stands for never.
    #[schema(format = "date-time", example = "2019-08-24T14:15:22Z")]
    pub last_used: String,
    /// Who made it.
    #[schema(example = "admin")]
    pub created_by: String,
    /// When it was made.
    #[schema(format = "date-time", example = "2019-08-24T14:15:22Z")]
    pub created_at: String,
}

impl Token {
    fn of(token: ShownToken, user: &str) -> Self {
        let moment = |it| to_rfc3339(&time::generalized(it));
        let or_never = |it: Option<_>| it.map_or_else(|| NEVER.to_owned(), moment);
        Self {
            id: token.id,
            name: token.name,
            user_name: user.to_owned(),
            expires_at: or_never(token.expires),
            last_used: or_never(token.used),
            created_by: token.creator.unwrap_or_else(|| ADMINISTRATOR.to_owned()),
            created_at: moment(token.created),
        }
    }
}

/// Lists the tokens of a user; nobody has none.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let user = call.query.value("username").unwrap_or_default();
    if user.is_empty() {
        return Err(Fault::invalid("username is required"));
    }
    let tokens = match users::find(&call, user).await? {
        Some(entry) => {
            let shown = user_name(&entry);
            let tokens = call.rest.directory.access_tokens(&name(&entry)).into_iter();
            tokens.map(|token| Token::of(token, &shown)).collect()
        }
        None => Vec::new(),
    };
    Ok(enveloped("fetched api access tokens", tokens))
}

/// Who asks, if it is somebody who may have to do with tokens.
fn asker(call: &Call) -> Result<Role, Fault> {
    match is_master(call) {
        true => Err(Fault::new(
            Kind::Unauthenticated,
            "the master key is no user; log in",
        )),
        false => Ok(role(call)),
    }
}

/// Refuses those who may have nothing to do with the tokens of a user.
fn admit(call: &Call, owner: &EntryCopy, what: &str) -> Result<(), Fault> {
    let (asks, user) = (asker(call)?, user_name(owner));
    let owns = Role::of_entry(&call.rest, owner);
    let may = asks == Role::SuperAdmin || asks == Role::Admin && !owns.administers();
    if may || names_caller(call, &user) {
        return Ok(());
    }
    let text = format!("not enough permissions to {what} user {user}");
    Err(Fault::forbidden(text))
}

/// Makes a token and tells it, once.
pub async fn create(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let (called, user) = (body.text("name")?, body.text("user_name")?);
    let expires = body.text("expires_at")?;
    for name in ["id", "last_used", "created_by", "created_at"] {
        // The server's own, which may be sent back as they were read.
        body.text(name)?;
    }
    body.end()?;
    let present = |text: Option<String>| text.filter(|text| !text.is_empty());
    let called = present(called).ok_or_else(|| Fault::invalid("name is required"))?;
    let user = present(user).ok_or_else(|| Fault::invalid("username is required"))?;
    let expires = expires.filter(|it| it != NEVER);
    let expires = expires.map(|it| end(&it)).transpose()?;
    asker(&call)?;
    if call.rest.names_administrator(&user) {
        let text = "the administrator of the directory has no entry that tokens could stand for";
        return Err(Fault::invalid(text));
    }
    let unknown = || Fault::new(Kind::Unauthenticated, "there is no such user");
    let mut owner = users::find(&call, &user).await?;
    if owner.is_none() && !role(&call).administers() {
        // Others are told no more of who there is.
        let text = format!("not enough permissions to create token for user {user}");
        return Err(Fault::forbidden(text));
    }
    let owner = owner.take().ok_or_else(unknown)?;
    admit(&call, &owner, "create token for")?;
    let new = NewToken {
        name: called,
        expires,
    };
    let made = made(&call, &name(&owner), new).await?;
    let text = String::from_utf8_lossy(made.as_bytes()).into_owned();
    Ok(enveloped(
        "api access token has been created",
        json!({ "UserName": user_name(&owner), "AuthToken": text }),
    ))
}

async fn made(call: &Call, owner: &Dn, new: NewToken) -> Result<Secret, Fault> {
    let (directory, identity) = (&call.rest.directory, &call.caller.identity);
    let places = (&call.rest.unit("tokens"), owner);
    let make = || {
        let new = new.clone();
        list::wait(|done| directory.create_access_token(identity, places, new, done))
    };
    Ok(match make().await {
        // Another has made the unit that tokens are in at the same time.
        Err(Error::EntryAlreadyExists) => make().await,
        made => made,
    }?)
}

/// The moment a token ends, which is to come.
fn end(text: &str) -> Result<i64, Fault> {
    let wrong = || Fault::invalid("expires_at: is no moment such as 2029-08-24T14:15:22Z");
    let stored = to_generalized(text).ok_or_else(wrong)?;
    let seconds = time::parse_generalized(stored.as_bytes()).ok_or_else(wrong)?;
    match seconds > time::whole_seconds(time::now()) {
        true => Ok(seconds),
        false => Err(Fault::invalid("expires_at: is over already")),
    }
}

/// Takes a token back.
pub async fn delete(call: Call) -> Result<Reply, Fault> {
    let id = call.query.value("id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Fault::invalid("id is required"))?;
    asker(&call)?;
    let directory = &call.rest.directory;
    let token = directory.access_token(&call.rest.unit("tokens"), id);
    let none = || Fault::invalid("token does not exist");
    let token = token.ok_or_else(none)?;
    if !directory.is_named(&call.caller.identity, &token.owner) && !role(&call).administers() {
        return Err(none());
    }
    let owner = user_at(&call, &token.owner).await?.ok_or_else(none)?;
    admit(&call, &owner, "delete token of")?;
    let identity = &call.caller.identity;
    list::wait(|done| directory.revoke_access_token(identity, &token, done)).await?;
    Ok(enveloped("revoked access token", Value::Null))
}

/// The user of a name in the tree.
async fn user_at(call: &Call, dn: &Dn) -> Result<Option<EntryCopy>, Fault> {
    let asked = (dn.clone(), crate::rest::principal::living_users());
    let names = ["uid", "hedgerowPlatformRole", "memberOf"];
    list::one(call, asked, &names).await
}
