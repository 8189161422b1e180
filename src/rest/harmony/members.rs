//! Who is in a group: one user in or out at a time.

use std::collections::BTreeMap;

use super::find;
use super::groups::{of_id, show};
use super::resource::GROUP;
use crate::directory::filter::Filter;
use crate::directory::{EntryCopy, Error};
use crate::rest::entry::{after, reading};
use crate::rest::fault::{Fault, Kind};
use crate::rest::list;
use crate::rest::membership;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{living_users, users};

/// Puts a user into a group.
pub async fn add(call: Call) -> Result<Reply, Fault> {
    let (group, user) = named(&call, living_users()).await?;
    let duplicate = || {
        let text = "DUPLICATE_MEMBER: the group lists the user already";
        Fault::new(Kind::Conflict, text)
    };
    change(&call, (&group, &user, true), duplicate).await
}

/// Takes a user out of a group, also one that is deleted.
pub async fn remove(call: Call) -> Result<Reply, Fault> {
    let (group, user) = named(&call, users()).await?;
    let unlisted = || {
        let text = "the group does not list the user; who is in it through another group is to be taken out of that";
        Fault::new(Kind::NotFound, text)
    };
    change(&call, (&group, &user, false), unlisted).await
}

/// The group and the user that the path names.
async fn named(call: &Call, kind: Filter) -> Result<(EntryCopy, EntryCopy), Fault> {
    let group = of_id(call, call.path.get("groupId")).await?;
    let id = call.path.get("userId");
    Ok((group, find(call, ("user", kind), id, &["1.1"]).await?))
}

/// Has a group list somebody, or not any more; it is `otherwise` when that is so already.
async fn change(
    call: &Call,
    (group, user, member): (&EntryCopy, &EntryCopy, bool),
    otherwise: impl Fn() -> Fault,
) -> Result<Reply, Fault> {
    let wanted = BTreeMap::from([(user.dn.as_str(), member)]);
    let change = membership::difference(call, group, &wanted).await?;
    let change = change.ok_or_else(&otherwise)?;
    match list::change(call, change, reading(&GROUP)).await {
        Ok(changed) => show(call, &after(changed)?).await,
        Err(Error::AttributeOrValueExists(_) | Error::NoSuchAttribute(_)) => Err(otherwise()),
        Err(error) => Err(error.into()),
    }
}
