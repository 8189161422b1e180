//! Networks: who is in which, and who has which address there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::{envelope, enveloped};
use super::permission::Role;
use super::record::{Surroundings, USER, User, is_disabled, network_roles, user_name};
use super::{gateways, reference, users};
use crate::directory::filter::Filter;
use crate::directory::networks::group_of;
use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::entry::texts;
use crate::rest::fault::Fault;
use crate::rest::list;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::living_users;
use crate::rest::stream::Items;
use crate::rest::term::present;

fn required<'a>(call: &'a Call, name: &str, words: &str) -> Result<&'a str, Fault> {
    let value = call.query.value(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| Fault::invalid(words))
}

/// Lets a user use a network.
pub async fn add_user(call: Call) -> Result<Reply, Fault> {
    change(call, true).await
}

/// Lets a user use a network no more.
pub async fn remove_user(call: Call) -> Result<Reply, Fault> {
    change(call, false).await
}

async fn change(call: Call, add: bool) -> Result<Reply, Fault> {
    let user = required(&call, "username", "username is required")?;
    let network = required(&call, "network_id", "network is required")?;
    let only = || Fault::invalid("can only add service users");
    if call.rest.names_administrator(user) {
        return Err(only());
    }
    let entry = users::find(&call, user).await?;
    let entry = entry.ok_or_else(|| Fault::invalid("username: there is no such user"))?;
    if Role::of_entry(&call.rest, &entry) != Role::ServiceUser {
        return Err(only());
    }
    let group = reference::group(&call, &group_of(Some(network), "network-user")).await?;
    // The group of all networks is called as that of a network would be.
    let group = group.filter(|it| network_roles(it).contains_key(network));
    let group = group.ok_or_else(|| Fault::not_found("network"))?;
    gateways::put(&call, &group, &entry, add).await?;
    let entry = users::require(&call, &user_name(&entry)).await?;
    Ok(enveloped(
        "updated user group",
        users::shown(&call, &entry).await?,
    ))
}

/// Lists the service users whom no group lets into a network. What lets into all networks does not count.
pub async fn unassigned(call: Call) -> Result<Reply, Fault> {
    let network = required(&call, "network_id", "network is required")?.to_owned();
    let write =
        move |user: Option<(&EntryCopy, User)>, around: &Surroundings, items: &mut Items<'_>| {
            let Some((entry, user)) = user else {
                return;
            };
            let mut roles = around.roles_of(entry).into_iter();
            let is_in = roles.any(|roles| roles.contains_key(&network));
            if !is_in && user.platform_role_id == Role::ServiceUser.name() {
                items.push(&user);
            }
        };
    let message = envelope("returned unassigned network service users");
    users::stream(call, living_users(), message, write).await
}

/// Tells which user has which address; those who are turned off have none. It is put together in memory: its members are in
/// the order of addresses, of which the users come in none.
pub async fn addresses(call: Call) -> Result<Reply, Fault> {
    let around = Surroundings::of_all(&call).await?;
    let mut mappings: BTreeMap<String, Value> = BTreeMap::new();
    let each = &mut |found: &VisibleEntry<'_>| {
        let entry = found.copy();
        if is_disabled(&entry) {
            return;
        }
        let user = json!({ "user": user_name(&entry), "groups": around.ids_of(&entry) });
        for address in texts(&entry, "hedgerowClientAddress") {
            mappings.insert(address, user.clone());
        }
    };
    let filter = Filter::And(vec![living_users(), present("hedgerowClientAddress")]);
    list::all(&call, (call.rest.suffix(), filter), &USER, each).await?;
    Ok(enveloped(
        "fetched user ip mappings",
        json!({ "mappings": mappings }),
    ))
}
