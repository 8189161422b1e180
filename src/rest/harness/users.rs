//! Users: lists of those in a scope, the caller, and the end of a lock.

use serde_json::Value;

use super::envelope::{self, success};
use super::place::{Place, account};
use super::query::{Page, matching, user_order};
use super::resource::{USER, UserRecord, administrator, info};
use super::roles::{Right, require};
use crate::directory::filter::Filter;
use crate::directory::request::{Change, SliceStart};
use crate::directory::{EntryCopy, VisibleEntry};
use crate::rest::change::{Target, change};
use crate::rest::entry::{by_id, modify, name, replace_first, selected};
use crate::rest::fault::Fault;
use crate::rest::json::Members;
use crate::rest::list::{self, ListQuery};
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{activate, living_users};
use crate::rest::term::{equal, not};

/// The body of a request that may come without one.
pub fn optional(body: &[u8]) -> Result<Members, Fault> {
    match body {
        [] => Members::read(b"{}"),
        body => Members::read(body),
    }
}

/// The users of one page that a filter finds, and how many there are on all pages.
pub async fn page_of(
    call: &Call,
    page: Page,
    filter: Filter,
    each: &mut (dyn FnMut(&VisibleEntry<'_>) + Send),
) -> Result<u32, Fault> {
    let query = ListQuery {
        base: call.rest.suffix(),
        filter,
        attributes: selected(&USER),
        sort: user_order(call),
    };
    let from = SliceStart::Offset(page.offset());
    let identity = &call.caller.identity;
    let listed = list::page(&call.rest, identity, &query, from, page.size, each).await?;
    Ok(listed.total)
}

async fn answer(call: &Call, filter: Filter) -> Result<Reply, Fault> {
    let page = Page::of(call);
    let mut content = Vec::new();
    let each = &mut |entry: &VisibleEntry<'_>| content.push(UserRecord::of(entry).metadata());
    let total = page_of(call, page, filter, each).await?;
    Ok(envelope::page(call, page, total, content))
}

/// The scopes whose users a list is of.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Parents {
    /// The scope alone.
    No,
    /// The scope and those above it.
    Include,
    /// Those above it, without users of the scope itself.
    Strictly,
}

fn parents(body: &mut Members) -> Result<Parents, Fault> {
    match body.text("parentFilter")?.as_deref() {
        None | Some("NO_PARENT_SCOPES") => Ok(Parents::No),
        Some("INCLUDE_PARENT_SCOPES") => Ok(Parents::Include),
        Some("STRICTLY_PARENT_SCOPES") => Ok(Parents::Strictly),
        Some(_) => Err(Fault::invalid(
            "parentFilter: is not NO_PARENT_SCOPES, INCLUDE_PARENT_SCOPES or STRICTLY_PARENT_SCOPES",
        )),
    }
}

/// Lists the users of a scope.
pub async fn batch(call: Call) -> Result<Reply, Fault> {
    let place = Place::of(&call)?;
    require(&call, &place, place.depth(), Right::View)?;
    let mut body = optional(&call.body)?;
    let term = body.text("searchTerm")?;
    let identifiers = body.unique_texts("identifiers")?;
    let parents = parents(&mut body)?;
    body.end()?;
    if parents != Parents::No {
        let mut levels = 0..place.depth();
        levels.try_for_each(|level| require(&call, &place, level, Right::View))?;
    }
    place.must_be(&call).await?;
    let own = place.members()?;
    let above = (0..place.depth()).map(|level| place.members_at(level));
    let above = Filter::Or(above.collect::<Result<_, _>>()?);
    let mut all = vec![match parents {
        Parents::No => own,
        Parents::Include => Filter::Or(vec![own, above]),
        Parents::Strictly => Filter::And(vec![above, not(own)]),
    }];
    all.extend(matching("searchTerm", term.as_deref().unwrap_or_default())?);
    if !identifiers.is_empty() {
        let ids = identifiers.iter().map(|id| equal("entryUUID", id));
        all.push(Filter::Or(ids.collect()));
    }
    answer(&call, Filter::And(all)).await
}

/// Lists all users of the account.
pub async fn current_generation(call: Call) -> Result<Reply, Fault> {
    let account = account(&call, true)?;
    require(&call, &account, 0, Right::View)?;
    let term = call.query.value("searchString").unwrap_or_default();
    let term = matching("searchString", term)?;
    let all = std::iter::once(living_users()).chain(term);
    answer(&call, Filter::And(all.collect())).await
}

/// The user of an id, if it is one of those.
pub async fn find(call: &Call, id: &str, among: Filter) -> Result<Option<EntryCopy>, Fault> {
    by_id(call, id, among, &USER).await
}

/// The entry of the caller, who must be a user.
pub async fn caller(call: &Call) -> Result<EntryCopy, Fault> {
    let found = match &call.caller.id {
        Some(id) => find(call, id, living_users()).await?,
        None => None,
    };
    found.ok_or_else(|| Fault::forbidden("user login required: the caller has no entry of a user"))
}

/// Shows the caller.
pub async fn current(call: Call) -> Result<Reply, Fault> {
    let account = account(&call, false)?;
    if call.caller.id.is_none() && call.caller.identity.is_administrator() {
        return Ok(success(&call, administrator(&account)));
    }
    let entry = caller(&call).await?;
    Ok(success(&call, info(&call, &account, &entry)))
}

/// Members of a UserInfo that clients may send and that have no effect, so that what was read can be sent back.
const READ_ONLY: &[&str] = &[
    "uuid",
    "email",
    "token",
    "defaultAccountId",
    "intent",
    "accounts",
    "admin",
    "twoFactorAuthenticationEnabled",
    "emailVerified",
    "locked",
    "signupAction",
    "edition",
    "billingFrequency",
    "utmInfo",
];

/// Changes the caller's name for people.
pub async fn rename(call: Call) -> Result<Reply, Fault> {
    let account = account(&call, false)?;
    let mut body = Members::read(&call.body)?;
    let wanted = body.required("name")?;
    body.ignore(READ_ONLY);
    body.end()?;
    let own = UserRecord::of_copy(&caller(&call).await?).uuid();
    let work = |entry: &EntryCopy| {
        let step = replace_first(entry, "displayName", Some(&wanted));
        Ok(vec![modify(name(entry), vec![step])])
    };
    let entry = changed(&call, living_users(), &own, work).await?;
    Ok(success(&call, info(&call, &account, &entry)))
}

/// Changes a user and gives the entry as it is then.
async fn changed(
    call: &Call,
    kind: Filter,
    id: &str,
    work: impl Fn(&EntryCopy) -> Result<Vec<Change>, Fault> + Sync,
) -> Result<EntryCopy, Fault> {
    let target = Target {
        what: "user",
        kind,
        id,
        names: USER.to_vec(),
    };
    change(call, target, work).await
}

fn no_metadata() -> Fault {
    Fault::invalid("userMetadata does not exist")
}

/// Lets a user of a scope log in again, whatever keeps them from it.
pub async fn unlock(call: Call) -> Result<Reply, Fault> {
    let place = Place::of(&call)?;
    require(&call, &place, place.depth(), Right::Manage)?;
    place.must_be(&call).await?;
    let members = place.members()?;
    let id = call.path.get("userId");
    let entry = find(&call, id, members.clone()).await?;
    let mut entry = entry.ok_or_else(no_metadata)?;
    if UserRecord::of_copy(&entry).is_inactive() {
        let work = |entry: &EntryCopy| Ok(vec![modify(name(entry), activate(entry, true))]);
        entry = changed(&call, members.clone(), id, work).await?;
    }
    let (directory, identity) = (&call.rest.directory, &call.caller.identity);
    list::wait(|done| directory.forgive_failures(identity, &name(&entry), done)).await?;
    let entry = find(&call, id, members).await?.ok_or_else(no_metadata)?;
    let info: Value = info(&call, &account(&call, true)?, &entry);
    Ok(success(&call, info))
}
