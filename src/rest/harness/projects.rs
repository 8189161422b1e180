//! Projects: those that a user is in.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::envelope::{self, success};
use super::place::{Place, account, scope_entry};
use super::query::{Page, SortOrder, sort_orders};
use super::roles::{Right, require};
use super::unknown;
use super::users::{caller, find};
use crate::directory::EntryCopy;
use crate::directory::dn::Dn;
use crate::directory::filter::Filter;
use crate::rest::entry::{identifier, name, text, texts};
use crate::rest::fault::Fault;
use crate::rest::list;
use crate::rest::membership::listing;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::living_users;
use crate::rest::term::equal;

/// The attributes of a project that is shown.
const PROJECT: [&str; 6] = [
    "ou",
    "displayName",
    "description",
    "hedgerowColor",
    "hedgerowModule",
    "hedgerowTag",
];

/// A project.
struct Project {
    organization: String,
    identifier: String,
    name: String,
    shown: Value,
}

impl Project {
    fn of(dn: &Dn, entry: &EntryCopy) -> Self {
        let above = dn.parent();
        let organization = above.as_ref().and_then(identifier).unwrap_or_default();
        let identifier = identifier(dn).unwrap_or_default();
        let name = text(entry, "displayName").unwrap_or_else(|| identifier.clone());
        let tags: Map<String, Value> = texts(entry, "hedgerowTag")
            .into_iter()
            .map(|tag| match tag.split_once(':') {
                Some((key, value)) => (key.to_owned(), value.trim_start().into()),
                None => (tag, "".into()),
            })
            .collect();
        let shown = json!({
            "orgIdentifier": organization,
            "identifier": identifier,
            "name": name,
            "color": text(entry, "hedgerowColor"),
            "modules": texts(entry, "hedgerowModule"),
            "description": text(entry, "description"),
            "tags": tags,
        });
        Self {
            organization,
            identifier,
            name,
            shown,
        }
    }

    /// What is compared where a list is in the order of a field; `None` of a field that projects do not have.
    fn field(&self, name: &str) -> Option<String> {
        match name {
            "name" => Some(self.name.to_lowercase()),
            "identifier" => Some(self.identifier.to_lowercase()),
            "orgIdentifier" => Some(self.organization.to_lowercase()),
            _ => None,
        }
    }

    fn compare(&self, other: &Self, orders: &[SortOrder<'_>]) -> Ordering {
        let by = |order: &SortOrder<'_>| {
            let ordering = self.field(order.field).cmp(&other.field(order.field));
            match order.descending {
                true => ordering.reverse(),
                false => ordering,
            }
        };
        let asked = orders.iter().map(by).find(|ordering| ordering.is_ne());
        asked.unwrap_or_else(|| {
            let last = |it: &Self| (it.name.to_lowercase(), it.shown.to_string());
            last(self).cmp(&last(other))
        })
    }
}

/// The projects that the entry of a name is in, by itself and through groups.
async fn of_entry(call: &Call, account: &Place, dn: &str) -> Result<Vec<Project>, Fault> {
    let filter = Filter::And(vec![equal("cn", "members"), listing(dn)]);
    let lists = list::found(call, (account.own().clone(), filter), &["1.1"]).await?;
    let depth = account.own().rdns().len() + 2;
    let mut projects = Vec::new();
    for dn in lists.iter().filter_map(|list| name(list).parent()) {
        if dn.rdns().len() == depth
            && let Some(entry) = scope_entry(call, &dn, &PROJECT).await?
        {
            projects.push(Project::of(&dn, &entry));
        }
    }
    Ok(projects)
}

/// Lists all projects that a user is in.
pub async fn all(call: Call) -> Result<Reply, Fault> {
    let account = account(&call, false)?;
    let own = call.caller.id.as_deref();
    let asked = call.query.value("userId").filter(|id| !id.is_empty());
    let user = match asked {
        Some(id) if !own.is_some_and(|own| own.eq_ignore_ascii_case(id)) => {
            require(&call, &account, 0, Right::View)?;
            let found = find(&call, id, living_users()).await?;
            found.ok_or_else(|| unknown("user"))?
        }
        _ => caller(&call).await?,
    };
    let mut projects = of_entry(&call, &account, &user.dn).await?;
    projects.sort_by(|one, other| one.compare(other, &[]));
    let shown = projects.into_iter().map(|it| it.shown).collect();
    Ok(success(&call, Value::Array(shown)))
}

/// Lists the projects that the caller is in, page by page. Who is no user is in none.
pub async fn own(call: Call) -> Result<Reply, Fault> {
    let account = account(&call, false)?;
    let mut projects = match caller(&call).await {
        Ok(user) => of_entry(&call, &account, &user.dn).await?,
        Err(_) => Vec::new(),
    };
    let given = call.query.values("sortOrders").unwrap_or_default();
    let orders = sort_orders(given);
    projects.sort_by(|one, other| one.compare(other, &orders));
    let page = Page::of(&call);
    let total = u32::try_from(projects.len()).unwrap_or(u32::MAX);
    let of_page = projects.into_iter().skip(page.offset() as usize);
    let content = of_page.take(page.size as usize).map(|it| it.shown);
    Ok(envelope::page(&call, page, total, content.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(organization: &str, identifier: &str) -> Project {
        let text = format!("ou={identifier},ou={organization},ou=default");
        let dn = Dn::parse(&text).unwrap();
        let entry = EntryCopy {
            dn: text,
            attributes: Vec::new(),
        };
        Project::of(&dn, &entry)
    }

    #[test]
    fn projects_are_in_the_order_that_is_asked_for_and_of_their_names_else() {
        let order = |asked: &[&str]| {
            let mut projects = [
                project("b", "one"),
                project("a", "two"),
                project("a", "One"),
            ];
            let asked: Vec<String> = asked.iter().map(|it| (*it).to_owned()).collect();
            projects.sort_by(|left, right| left.compare(right, &sort_orders(&asked)));
            projects.map(|it| format!("{}/{}", it.organization, it.identifier))
        };
        assert_eq!(order(&[]), ["a/One", "b/one", "a/two"]);
        assert_eq!(order(&["orgIdentifier,DESC"]), ["b/one", "a/One", "a/two"]);
        assert_eq!(
            order(&["colour,ASC", "orgIdentifier,ASC", "name,DESC"]),
            ["a/two", "a/One", "b/one"]
        );
    }
}
