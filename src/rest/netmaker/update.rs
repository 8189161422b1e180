//! Changes of a user: what a request may say of whom, and the changes that follow from it, made together.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::bare;
use super::bearer::is_master;
use super::definition::Definition;
use super::permission::{Role, names_caller, role};
use super::record::{self, Surroundings, USER, User};
use super::{reference, users};
use crate::directory::EntryCopy;
use crate::directory::request::{Change, Modification, ModificationKind, Terms};
use crate::rest::change::{attempt, unconditional};
use crate::rest::entry::{after, classes, modify, name, replace, replace_first, reread, text};
use crate::rest::fault::Fault;
use crate::rest::list;
use crate::rest::membership;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::{is_external, is_system};
use crate::rest::term::equal;

/// Replaces what a request can say of a user.
pub async fn update(call: Call) -> Result<Reply, Fault> {
    let said = Definition::read(&call)?;
    let user = call.path.get("username");
    if call.rest.names_administrator(user) {
        return Err(Fault::forbidden(
            "the administrator of the directory is not changed here",
        ));
    }
    if !said.username.is_empty() && !said.username.eq_ignore_ascii_case(user) {
        return Err(Fault::invalid(
            "user in param and request body not matching",
        ));
    }
    said.check_password()?;
    let work = || async {
        let entry = users::require(&call, user).await?;
        let around = Surroundings::of_one(&call, &entry).await?;
        let shown = User::of(&call, &entry, &around);
        let wanted = allowed(&call, &said, (&entry, &shown))?;
        changes(&call, &said, (&entry, &shown), wanted).await
    };
    let changed = match attempt(&call, work).await? {
        Some(changed) => after(changed)?,
        None => users::require(&call, user).await?,
    };
    Ok(bare(&users::shown(&call, &changed).await?))
}

/// The role that the user is to have, once it is clear that the caller may ask for all that is said.
fn allowed(
    call: &Call,
    said: &Definition,
    (entry, is): (&EntryCopy, &User),
) -> Result<Role, Fault> {
    let caller = role(call);
    let has = Role::of_entry(&call.rest, entry);
    let own = names_caller(call, &is.username);
    let wanted = match own || said.role.is_empty() {
        true => has,
        false => said.platform_role()?,
    };
    let refuse = |text: &str| Err(Fault::forbidden(text));
    if own {
        let groups: BTreeSet<_> = is.user_group_ids.keys().cloned().collect();
        let roles = reference::stored(&is.network_roles);
        if said.role != is.platform_role_id {
            return refuse("nobody changes their own role");
        } else if said.groups != groups {
            return refuse("nobody changes their own groups");
        } else if reference::stored(&said.network_roles) != roles {
            return refuse("nobody changes their own network roles");
        }
    } else if caller == Role::Admin && has == Role::SuperAdmin {
        return refuse("an admin cannot change the superadmin");
    } else if caller == Role::Admin && has == Role::Admin {
        return refuse("an admin cannot change another admin");
    } else if wanted == Role::SuperAdmin && has != Role::SuperAdmin {
        return refuse("additional superadmins cannot be created; transfer the role");
    } else if has == Role::SuperAdmin && wanted != has {
        return refuse("the superadmin keeps the role until it is transferred");
    } else if caller != Role::SuperAdmin && wanted == Role::Admin {
        return refuse("only superadmin can assign the admin role");
    }
    if own && drops_second_factor(said, is) && call.rest.directory.needs_second_factor(&name(entry))
    {
        return refuse("is_mfa_enabled: a group that the user is in needs the second factor");
    }
    if said.password.is_some() && is.auth_type == "oauth" {
        return refuse("the password of this user is kept elsewhere");
    }
    if is_external(call, entry) {
        let renamed = !said.display_name.is_empty() && said.display_name != is.display_name;
        if renamed || said.disabled.is_some_and(|it| it != is.account_disabled) {
            return Err(Fault::invalid(
                "display name and account status of this user are kept elsewhere",
            ));
        }
    }
    Ok(wanted)
}

fn drops_second_factor(said: &Definition, is: &User) -> bool {
    is.is_mfa_enabled && said.second_factor == Some(false)
}

/// The changes that make a user what is said, the user itself first; none when it is that already.
async fn changes(
    call: &Call,
    said: &Definition,
    (entry, is): (&EntryCopy, &User),
    wanted: Role,
) -> Result<Vec<(Change, Terms)>, Fault> {
    reference::check(call, &said.network_roles).await?;
    let dn = name(entry);
    let mut steps = Vec::new();
    if let Some(password) = &said.password {
        steps.push(Modification {
            kind: ModificationKind::Replace,
            attribute: "userPassword".to_owned(),
            values: vec![password.as_bytes().to_vec()],
        });
    }
    if !said.display_name.is_empty() && said.display_name != is.display_name {
        steps.push(replace_first(
            entry,
            "displayName",
            Some(&said.display_name),
        ));
    }
    let mut own = Vec::new();
    if wanted != Role::of_entry(&call.rest, entry) {
        own.push(replace("hedgerowPlatformRole", &[wanted.name()]));
    }
    let roles = reference::stored(&said.network_roles);
    if roles != reference::stored(&is.network_roles) {
        let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
        own.push(replace("hedgerowNetworkRole", &roles));
    }
    if !own.is_empty() {
        steps.extend(classes(entry, &["hedgerowNetworkUser"]));
        steps.extend(own);
    }
    let mut memberships = regroup(call, said, (entry, is)).await?;
    let revokes = said.role != is.platform_role_id || !memberships.is_empty();
    if revokes {
        let tokens = call.rest.directory.access_tokens(&dn).into_iter();
        memberships.extend(tokens.map(|token| Change::Delete { dn: token.dn }));
    }
    let without_second_factor = drops_second_factor(said, is);
    if steps.is_empty() && memberships.is_empty() && !without_second_factor {
        return Ok(Vec::new());
    }
    let same = equal("entryCSN", &text(entry, "entryCSN").unwrap_or_default());
    let first = Terms {
        assertion: Some(same),
        without_second_factor,
        ..Terms::default()
    };
    let mut all = vec![(modify(dn.clone(), steps), first)];
    all.extend(unconditional(memberships));
    all.push(reread(dn, &USER));
    Ok(all)
}

/// The changes of groups after which a user is in those that are said; what is said and is no group is passed over.
async fn regroup(
    call: &Call,
    said: &Definition,
    (entry, is): (&EntryCopy, &User),
) -> Result<Vec<Change>, Fault> {
    let mut changes = Vec::new();
    let left = is
        .user_group_ids
        .keys()
        .filter(|id| !said.groups.contains(*id));
    let new = said
        .groups
        .iter()
        .filter(|id| !is.user_group_ids.contains_key(*id));
    for (id, add) in left.map(|id| (id, false)).chain(new.map(|id| (id, true))) {
        let found = match add {
            true => reference::group_to_join(call, id).await?,
            false => reference::group(call, id).await?,
        };
        let Some(group) = found else {
            continue;
        };
        if is_external(call, &group) {
            return Err(Fault::invalid(
                "cannot modify membership of external groups",
            ));
        }
        let wanted = BTreeMap::from([(entry.dn.as_str(), add)]);
        match membership::difference(call, &group, &wanted).await? {
            Some(change) => changes.push(change),
            None if !add => {
                let text = format!(
                    "user_group_ids: {id} holds the user by another group; change that one"
                );
                return Err(Fault::invalid(text));
            }
            None => {}
        }
    }
    Ok(changes)
}

/// Removes a user. The directory takes it out of its groups, and removes its tokens and those it has made.
pub async fn delete(call: Call) -> Result<Reply, Fault> {
    let user = call.path.get("username");
    let refuse = |text: &str| Err(Fault::forbidden(text));
    if is_master(&call) {
        return refuse("the master key deletes no users; log in");
    }
    if call.rest.names_administrator(user) {
        return refuse("the administrator of the directory cannot be deleted");
    }
    let entry = users::require(&call, user).await?;
    let has = Role::of_entry(&call.rest, &entry);
    if has == Role::SuperAdmin {
        return refuse("superadmin cannot be deleted");
    }
    if has == Role::Admin && role(&call) != Role::SuperAdmin {
        return refuse("admin cannot delete another admin user, including oneself");
    }
    if is_external(&call, &entry) {
        return Err(Fault::invalid(format!("cannot delete idp user {user}")));
    }
    if is_system(&call, &entry) {
        return refuse("a user of the system cannot be deleted");
    }
    let change = Change::Delete { dn: name(&entry) };
    list::change(&call, change, Terms::default()).await?;
    let shown = record::user_name(&entry);
    Ok(bare(&format!("{shown} deleted.")))
}
