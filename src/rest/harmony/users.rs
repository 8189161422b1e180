//! Users: lists of them, new ones, and how they are deleted.

use std::collections::BTreeMap;

use serde_json::Value;

use super::query::{USER_SORT, page, search, sort};
use super::resource::{USER, UserRecord};
use super::{find, holds, page_of};
use crate::directory::dn::Dn;
use crate::directory::filter::Filter;
use crate::directory::request::{Change, Terms};
use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::entry::{
    self, add, after, attribute, make_unit, modify, name, name_below, reading, reread, selected,
};
use crate::rest::fault::{Fault, Kind};
use crate::rest::invitation::{self, Invitation};
use crate::rest::json::Members;
use crate::rest::list::{self, ListQuery};
use crate::rest::mail::is_address;
use crate::rest::membership;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{group_named, is_system, new_user, soft_delete, users};
use crate::rest::term::equal;

/// The most groups that a new user gets into at once.
const MOST_GROUPS: usize = 100;
/// What a user may be said to log in by; it is this directory all the same.
const PROVIDERS: [&str; 6] = ["database", "saml", "gsuite", "okta", "azureAD", "adLdap"];

/// Lists users, those that are deleted as well.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let mut filter = vec![users()];
    filter.extend(search(&call.query)?);
    let query = ListQuery {
        base: call.rest.suffix(),
        filter: Filter::And(filter),
        attributes: selected(&USER),
        sort: vec![sort(&call.query, USER_SORT)?],
    };
    let (number, size, from) = page(&call.query);
    let tenant = call.rest.suffix().to_string();
    let mut data = Vec::new();
    let each = &mut |entry: &VisibleEntry<'_>| {
        if !data.is_empty() {
            data.push(b',');
        }
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(&mut data, &UserRecord::of(entry).user(&tenant));
    };
    let listed = list::page(&call.rest, &call.caller.identity, &query, from, size, each).await?;
    Ok(page_of(&data, (number, size), listed.total))
}

fn show(call: &Call, entry: &EntryCopy) -> Reply {
    let tenant = call.rest.suffix().to_string();
    let record = UserRecord::of_copy(entry);
    Reply::bytes(serde_json::to_vec(&record.user(&tenant)).unwrap_or_default())
}

/// What a request says of a new user.
struct NewUser {
    email: String,
    /// The name to log in with.
    user: String,
    /// What the mail of the invitation says.
    message: String,
    groups: Vec<String>,
    verified: bool,
    origin: Option<String>,
    profile: Profile,
}

#[derive(Default)]
struct Profile {
    first_name: Option<String>,
    last_name: Option<String>,
    role: Option<String>,
    phone: Option<String>,
    icon: Option<String>,
}

impl Profile {
    fn read(value: Value) -> Result<Self, Fault> {
        let mut members = Members::of(value, "profileData")?;
        let mut text = |name: &str| {
            let text = members.text(name)?;
            Ok::<_, Fault>(text.filter(|text| !text.is_empty()))
        };
        let profile = Self {
            first_name: text("firstName")?,
            last_name: text("lastName")?,
            role: text("roleName")?,
            phone: text("phone")?,
            icon: text("icon")?,
        };
        members.end()?;
        Ok(profile)
    }
}

impl NewUser {
    fn read(body: &[u8]) -> Result<Self, Fault> {
        let mut body = Members::read(body)?;
        let email = body.required("email")?;
        if !is_address(&email) || !email.is_ascii() {
            return Err(Fault::invalid("email: is no address in ASCII"));
        }
        let idp = body.text("idpType")?;
        if idp.is_some_and(|idp| !PROVIDERS.contains(&idp.as_str())) {
            let known = PROVIDERS.join(", ");
            return Err(Fault::invalid(format!("idpType: is not one of {known}")));
        }
        let message = body.required("inviteMessage")?;
        let origin = body.text("origin")?;
        if origin.as_deref() == Some("") {
            return Err(Fault::invalid("origin: is empty"));
        }
        let verified = body.flag("emailVerified")?.unwrap_or(false);
        let unasked = body.flag("noEmailVerification")?.unwrap_or(false);
        let profile = body.any("profileData").filter(|value| !value.is_null());
        let new = Self {
            user: email.to_lowercase(),
            message,
            groups: texts(body.any("accessGroups"), "accessGroups")?,
            verified: verified || unasked,
            origin,
            profile: profile.map(Profile::read).transpose()?.unwrap_or_default(),
            email,
        };
        body.end()?;
        Ok(new)
    }

    /// The attributes of the entry.
    fn attributes(&self) -> Vec<(String, Vec<Vec<u8>>)> {
        let profile = &self.profile;
        let local = self.email.split('@').next().unwrap_or(&self.email);
        let last = profile.last_name.as_deref().unwrap_or(local);
        let names = [&profile.first_name, &profile.last_name]
            .into_iter()
            .flatten();
        let shown = names.map(String::as_str).collect::<Vec<_>>().join(" ");
        let shown = if shown.is_empty() {
            &self.email
        } else {
            &shown
        };
        let mut attributes = new_user(&self.user, shown);
        for (name, values) in &mut attributes {
            match name.as_str() {
                "objectClass" => values.push(b"hedgerowMember".to_vec()),
                "sn" => *values = vec![last.as_bytes().to_vec()],
                _ => {}
            }
        }
        let verified = if self.verified { "TRUE" } else { "FALSE" };
        attributes.extend([
            attribute("mail", &self.email),
            attribute("hedgerowEmailVerified", verified),
        ]);
        let more = [
            ("givenName", &profile.first_name),
            ("employeeType", &profile.role),
            ("telephoneNumber", &profile.phone),
            ("labeledURI", &profile.icon),
            ("hedgerowOrigin", &self.origin),
        ];
        let given = more.into_iter().filter_map(|(name, value)| {
            let value = value.as_deref()?;
            Some(attribute(name, value))
        });
        attributes.extend(given);
        attributes
    }
}

fn texts(value: Option<Value>, name: &str) -> Result<Vec<String>, Fault> {
    let wrong = || {
        Fault::invalid(format!(
            "{name}: must be a list of at most {MOST_GROUPS} texts"
        ))
    };
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() <= MOST_GROUPS => {
            let texts = items.into_iter().map(|item| match item {
                Value::String(text) => Ok(text),
                _ => Err(wrong()),
            });
            texts.collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn duplicate(email: &str) -> Fault {
    Fault::new(
        Kind::Conflict,
        format!("DUPLICATE_EMAIL: \"{email}\" is that of a user already"),
    )
}

/// The changes that put somebody into the groups of these names.
async fn joining(
    call: &Call,
    member: &Dn,
    groups: &[String],
) -> Result<Vec<(Change, Terms)>, Fault> {
    let member = member.to_string();
    let mut changes = BTreeMap::new();
    for wanted in groups {
        let group = group_named(call, wanted, &["objectClass"]).await?;
        let unknown = || Fault::invalid(format!("accessGroups: there is no group \"{wanted}\""));
        let group = group.ok_or_else(unknown)?;
        if membership::makes_administrators(call, &group)
            && !holds(&call.caller, "group.member:create")
        {
            let text = format!(
                "accessGroups: \"{wanted}\" makes administrators, which takes group.member:create"
            );
            return Err(Fault::forbidden(text));
        }
        let in_it = BTreeMap::from([(member.as_str(), true)]);
        let change = membership::difference(call, &group, &in_it).await?;
        changes.extend(change.map(|change| (group.dn, (change, Terms::default()))));
    }
    Ok(changes.into_values().collect())
}

/// Adds a user, who is invited to choose a password.
pub async fn create(call: Call) -> Result<Reply, Fault> {
    let new = NewUser::read(&call.body)?;
    let taken = Filter::Or(vec![equal("mail", &new.email), equal("uid", &new.user)]);
    let taken = Filter::And(vec![users(), taken]);
    if entry::find(&call, taken, &["1.1"]).await?.is_some() {
        return Err(duplicate(&new.email));
    }
    let dn = name_below(call.rest.unit("people"), "uid", &new.user)?;
    let invited = Invitation::of_user(&call, &dn, &new.email, Some(&new.message))?;
    let joined = joining(&call, &dn, &new.groups).await?;
    make_unit(&call, invitation::UNIT).await?;
    let mut attributes = new.attributes();
    attributes.extend(invited.of_waiting_user());
    let add_user = Change::Add {
        dn: dn.clone(),
        attributes,
    };
    let mut changes = vec![(add_user, Terms::default())];
    changes.extend(joined);
    changes.push((invited.add(), Terms::default()));
    changes.push(reread(dn, &USER));
    let user = match add(&call, "people", changes).await {
        Err(fault) if fault.kind == Kind::Conflict => return Err(duplicate(&new.email)),
        done => done?,
    };
    invitation::send(&call.rest, vec![invited.dn().clone()]).await;
    Ok(show(&call, &user))
}

/// Deletes a user for the time being.
pub async fn delete(call: Call) -> Result<Reply, Fault> {
    let names = [USER.as_slice(), &["objectClass"]].concat();
    let user = find(&call, ("user", users()), call.path.get("id"), &names).await?;
    let record = UserRecord::of_copy(&user);
    if record.is_deleted() {
        return Ok(show(&call, &user));
    }
    if is_system(&call, &user) {
        return Err(Fault::forbidden("a user of the system cannot be deleted"));
    }
    if call
        .caller
        .id
        .as_deref()
        .is_some_and(|own| record.has_uuid(own))
    {
        return Err(Fault::forbidden("nobody deletes themselves"));
    }
    let change = modify(name(&user), soft_delete(&user));
    let done = list::change(&call, change, reading(&USER)).await?;
    Ok(show(&call, &after(done)?))
}
