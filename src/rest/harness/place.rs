//! Scopes: the account, its organisations and their projects, as requests name them and as they lie in the tree.
//!
//! Owns who is in a scope. An account is the entry below `ou=scopes` that the configuration names; every user who is not
//! deleted is in it. That is so of those as well who were invited and have not come: like the users who are not active they
//! cannot log in, but groups and roles hold them, and an administrator who did not see them could not take them out. Who is
//! in an organisation or a project its entry `cn=members` lists.

use serde_json::{Value, json};

use super::unknown;
use crate::directory::EntryCopy;
use crate::directory::dn::Dn;
use crate::directory::filter::Filter;
use crate::rest::auth;
use crate::rest::entry::name_below;
use crate::rest::fault::Fault;
use crate::rest::list;
use crate::rest::membership::leads;
use crate::rest::operation::Call;
use crate::rest::principal::living_users;
use crate::rest::term::equal;

/// What scopes of each level are called, from the account on.
pub const LEVELS: [&str; 3] = ["account", "organization", "project"];
/// The parameters that name them.
const PARAMETERS: [&str; 3] = ["accountIdentifier", "orgIdentifier", "projectIdentifier"];

/// A scope, with those that it lies in.
pub struct Place {
    /// The scopes above, the account first.
    above: Vec<Level>,
    own: Level,
}

/// A scope by itself.
struct Level {
    identifier: String,
    entry: Dn,
}

/// The entry of this name, if it is a scope that the caller sees.
pub async fn scope_entry(call: &Call, dn: &Dn, names: &[&str]) -> Result<Option<EntryCopy>, Fault> {
    let own = Filter::And(vec![
        equal("entryDN", &dn.to_string()),
        equal("objectClass", "hedgerowScope"),
    ]);
    let asked = (dn.clone(), own);
    list::one(call, asked, names).await
}

/// The account that a request names. With a key it must name one.
pub fn account(call: &Call, required: bool) -> Result<Place, Fault> {
    let own = &call.rest.settings.harness_account;
    let named = ["accountIdentifier", "accountId"];
    let mut given = named.iter().filter_map(|name| call.query.value(name));
    let by_key = auth::is_by_key(&call.headers);
    if call.query.value("accountIdentifier").is_none() && required && !by_key {
        return Err(Fault::invalid("accountIdentifier: is required"));
    }
    if by_key && given.clone().all(|value| value.trim().is_empty()) {
        return Err(Fault::invalid(
            "Account detail is not present in the request",
        ));
    }
    if given.clone().any(|value| value.trim().is_empty()) {
        return Err(Fault::invalid("accountIdentifier: is empty"));
    }
    if given.any(|value| !value.eq_ignore_ascii_case(own)) {
        return Err(unknown("account"));
    }
    Ok(Place {
        above: Vec::new(),
        own: Level {
            identifier: own.clone(),
            entry: name_below(call.rest.unit("scopes"), "ou", own)?,
        },
    })
}

impl Place {
    /// The scope that a request names. Whether it is there is not asked yet.
    pub fn of(call: &Call) -> Result<Self, Fault> {
        let mut place = account(call, true)?;
        let deeper = PARAMETERS.iter().skip(1);
        let mut missing = None;
        for parameter in deeper {
            match call.query.value(parameter).map(str::trim) {
                None | Some("") => missing = Some(parameter),
                Some(identifier) => {
                    if let Some(missing) = missing {
                        let text = format!("{missing}: is required where {parameter} is given");
                        return Err(Fault::invalid(text));
                    }
                    let own = Level {
                        identifier: identifier.to_owned(),
                        entry: name_below(place.own().clone(), "ou", identifier)?,
                    };
                    place.above.push(std::mem::replace(&mut place.own, own));
                }
            }
        }
        Ok(place)
    }

    /// The entry of the scope.
    pub fn own(&self) -> &Dn {
        &self.own.entry
    }

    /// What the scope is called.
    pub fn identifier(&self) -> &str {
        &self.own.identifier
    }

    /// The level of the scope: 0 is the account.
    pub fn depth(&self) -> usize {
        self.above.len()
    }

    fn levels(&self) -> impl Iterator<Item = &Level> {
        self.above.iter().chain([&self.own])
    }

    /// The entries of the account, and so on to the scope itself.
    pub fn entries(&self) -> impl Iterator<Item = &Dn> {
        self.levels().map(|level| &level.entry)
    }

    /// The scope, as bodies name it.
    pub fn json(&self) -> Value {
        let mut levels = self.levels().map(|level| &level.identifier);
        let [account, org, project] = [levels.next(), levels.next(), levels.next()];
        json!({
            "accountIdentifier": account,
            "orgIdentifier": org,
            "projectIdentifier": project,
        })
    }

    /// Whether it is there. An account is, whatever has been made of it yet.
    pub async fn must_be(&self, call: &Call) -> Result<(), Fault> {
        for (at, dn) in self.entries().enumerate().skip(1) {
            if scope_entry(call, dn, &["1.1"]).await?.is_none() {
                return Err(unknown(LEVELS.get(at).copied().unwrap_or_default()));
            }
        }
        Ok(())
    }

    /// Those who are in the scope of a level of this place, by themselves and through groups.
    pub fn members_at(&self, level: usize) -> Result<Filter, Fault> {
        match self.entries().nth(level) {
            Some(scope) if level > 0 => {
                let list = members(scope)?.to_string();
                Ok(Filter::And(vec![living_users(), leads("memberOf", &list)]))
            }
            _ => Ok(living_users()),
        }
    }

    /// Those who are in the scope.
    pub fn members(&self) -> Result<Filter, Fault> {
        self.members_at(self.depth())
    }
}

/// The entry that lists who is in a scope.
pub fn members(scope: &Dn) -> Result<Dn, Fault> {
    name_below(scope.clone(), "cn", "members")
}
