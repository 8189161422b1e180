//! What becomes of an account beside its definition: turning it off and on, what its user has chosen, proving who it is.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answer::enveloped;
use super::permission::{Role, names_caller, role, target};
use super::record::USER;
use super::users;
use crate::directory::EntryCopy;
use crate::directory::password::Secret;
use crate::directory::request::Terms;
use crate::rest::auth;
use crate::rest::change::{Target, change};
use crate::rest::entry::{self, modify, name, replace, text};
use crate::rest::fault::{Fault, Kind};
use crate::rest::json::Members;
use crate::rest::list;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{activate, living_users};
use crate::rest::term::equal;

/// Turns an account off: nobody logs in as it, and its tokens are void at once.
pub async fn disable(call: Call) -> Result<Reply, Fault> {
    turn(&call, false, "disable").await?;
    Ok(enveloped("user account disabled", Value::Null))
}

/// Turns an account on again.
pub async fn enable(call: Call) -> Result<Reply, Fault> {
    turn(&call, true, "enable").await?;
    Ok(enveloped("user account enabled", Value::Null))
}

async fn turn(call: &Call, active: bool, verb: &str) -> Result<(), Fault> {
    let user = call.path.get("username");
    let refuse = |what: &str| Err(Fault::forbidden(format!("cannot {verb} {what}")));
    if names_caller(call, user) {
        return refuse("self");
    }
    if call.rest.names_administrator(user) {
        return refuse("a super-admin");
    }
    let entry = users::require(call, user).await?;
    match Role::of_entry(&call.rest, &entry) {
        Role::SuperAdmin => return refuse("a super-admin"),
        Role::Admin if role(call) != Role::SuperAdmin => {
            return refuse("an admin without being super-admin");
        }
        _ => {}
    }
    let target = Target {
        what: "user",
        kind: living_users(),
        id: &text(&entry, "entryUUID").unwrap_or_default(),
        names: USER.to_vec(),
    };
    let work = |entry: &EntryCopy| Ok(vec![modify(name(entry), activate(entry, active))]);
    change(call, target, work).await?;
    Ok(())
}

/// The colours there are.
const THEMES: [&str; 3] = ["dark", "light", "system"];
/// The attributes that hold what a user has chosen.
const SETTINGS: [&str; 3] = ["hedgerowTheme", "hedgerowTextSize", "hedgerowReducedMotion"];
/// The longest size of letters, in bytes.
const LONGEST_SIZE: usize = 16;

/// What a user has chosen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NetmakerSettings)]
pub struct Settings {
    /// `dark`, `light` or `system`.
    #[schema(max_length = 16, example = "dark")]
    pub theme: String,
    /// The size of letters, a text of 16 bytes at the most.
    #[schema(max_length = 16, example = "16")]
    pub text_size: String,
    /// Whether nothing is to move.
    #[schema(example = false)]
    pub reduced_motion: bool,
}

impl Settings {
    /// These, with what is usual in the place of what is empty.
    fn or_usual(self) -> Self {
        let or = |chosen: String, usual: &str| match chosen.is_empty() {
            true => usual.to_owned(),
            false => chosen,
        };
        Self {
            theme: or(self.theme, "dark"),
            text_size: or(self.text_size, "16"),
            ..self
        }
    }
}

/// Shows what the caller has chosen.
pub async fn settings(call: Call) -> Result<Reply, Fault> {
    let found = match &call.caller.id {
        Some(id) => entry::find(&call, equal("entryUUID", id), &SETTINGS).await?,
        None => None,
    };
    let stored = |name| {
        found
            .as_ref()
            .and_then(|it| text(it, name))
            .unwrap_or_default()
    };
    let settings = Settings {
        theme: stored("hedgerowTheme"),
        text_size: stored("hedgerowTextSize"),
        reduced_motion: stored("hedgerowReducedMotion").eq_ignore_ascii_case("TRUE"),
    };
    Ok(enveloped("fetched user settings", settings.or_usual()))
}

/// Keeps what the caller has chosen. What is said is told back as it was said.
pub async fn set_settings(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let said = Settings {
        theme: body.text("theme")?.unwrap_or_default(),
        text_size: body.text("text_size")?.unwrap_or_default(),
        reduced_motion: body.flag("reduced_motion")?.unwrap_or_default(),
    };
    body.end()?;
    if !said.theme.is_empty() && !THEMES.contains(&said.theme.as_str()) {
        return Err(Fault::invalid(format!(
            "theme: is none of {}",
            THEMES.join(", ")
        )));
    }
    if said.text_size.len() > LONGEST_SIZE {
        return Err(Fault::invalid(format!(
            "text_size: more than {LONGEST_SIZE} bytes"
        )));
    }
    if call.caller.id.is_none() {
        let text = "the administrator of the directory has no entry to keep settings in";
        return Err(Fault::invalid(text));
    }
    let answer = enveloped("updated user settings", &said);
    let kept = said.or_usual();
    let motion = if kept.reduced_motion { "TRUE" } else { "FALSE" };
    let values = [kept.theme.as_str(), &kept.text_size, motion];
    let steps = SETTINGS.iter().zip(values);
    let steps = steps.map(|(name, value)| replace(name, &[value]));
    let change = modify(call.rest.name_of(target(&call)), steps.collect());
    list::change(&call, change, Terms::default()).await?;
    Ok(answer)
}

/// Tells whether a password is the caller's.
pub async fn validate(call: Call) -> Result<Reply, Fault> {
    let mut body = Members::read(&call.body)?;
    let password = body.text("password")?.unwrap_or_default();
    body.end()?;
    let password = Secret::from(password.as_bytes());
    let proved = auth::log_in(&call.rest, target(&call), password, call.source).await;
    let validated = match proved {
        Ok(_) => true,
        Err(fault) if fault.kind == Kind::Unauthenticated => false,
        Err(fault) => return Err(fault),
    };
    let message = match validated {
        true => "user identity validated",
        false => "user identity validation failed",
    };
    Ok(enveloped(
        message,
        json!({ "identity_validated": validated }),
    ))
}

/// Says goodbye. The token goes on being good until it ends, as clients expect.
pub async fn log_out(call: Call) -> Result<Reply, Fault> {
    match target(&call) {
        "" => Err(Fault::invalid("username is required")),
        _ => Ok(enveloped("user logged out", Value::Null)),
    }
}
