//! Users with their roles in a scope, for those who decide about access.

use serde_json::{Value, json};

use super::envelope::{self, success};
use super::place::Place;
use super::query::{Page, matching};
use super::resource::UserRecord;
use super::roles::{self, Right, require};
use super::unknown;
use super::users::{find, optional, page_of};
use crate::directory::VisibleEntry;
use crate::directory::filter::Filter;
use crate::rest::fault::Fault;
use crate::rest::operation::{Call, Reply};

/// Shows a user of a scope with their roles there.
pub async fn get(call: Call) -> Result<Reply, Fault> {
    let place = Place::of(&call)?;
    require(&call, &place, place.depth(), Right::View)?;
    place.must_be(&call).await?;
    let id = call.path.get("userId");
    let entry = find(&call, id, place.members()?).await?;
    let entry = entry.ok_or_else(|| unknown("user in the scope"))?;
    let user = UserRecord::of_copy(&entry).metadata();
    let shown = aggregate(&call, &place, user, &entry.dn).await?;
    Ok(success(&call, shown))
}

async fn aggregate(call: &Call, place: &Place, user: Value, dn: &str) -> Result<Value, Fault> {
    let roles = roles::of_user(call, place.own(), dn).await?;
    Ok(json!({ "user": user, "roleAssignmentMetadata": roles }))
}

/// Lists the users of a scope with their roles there: those with a text in their name or address, or those with some roles
/// for some resources.
pub async fn list(call: Call) -> Result<Reply, Fault> {
    let place = Place::of(&call)?;
    require(&call, &place, place.depth(), Right::View)?;
    let mut body = optional(&call.body)?;
    let resource_groups = body.unique_texts("resourceGroupIdentifiers")?;
    let roles = body.unique_texts("roleIdentifiers")?;
    body.end()?;
    let term = call.query.value("searchTerm").unwrap_or_default();
    let term = matching("searchTerm", term)?;
    let filtered = !resource_groups.is_empty() || !roles.is_empty();
    if term.is_some() && filtered {
        return Err(Fault::invalid(
            "Search and Filter are not supported together",
        ));
    }
    place.must_be(&call).await?;
    let users = match filtered {
        true => roles::holders(&call, &place, &roles, &resource_groups).await?,
        false => place.members()?,
    };
    let filter = Filter::And(std::iter::once(users).chain(term).collect());
    let page = Page::of(&call);
    let mut users = Vec::new();
    let each = &mut |entry: &VisibleEntry<'_>| {
        users.push((entry.copy().dn, UserRecord::of(entry).metadata()));
    };
    let total = page_of(&call, page, filter, each).await?;
    let mut content = Vec::with_capacity(users.len());
    for (dn, user) in users {
        content.push(aggregate(&call, &place, user, &dn).await?);
    }
    Ok(envelope::page(&call, page, total, content))
}
