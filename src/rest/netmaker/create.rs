//! New users.

use super::answer::bare;
use super::bearer::is_master;
use super::definition::{Definition, check_name};
use super::permission::{Role, role};
use super::record::{NetworkRoles, USER};
use super::{invites, reference, users};
use crate::directory::EntryCopy;
use crate::directory::dn::Dn;
use crate::directory::networks::{ALL_NETWORKS, ROLES, group_of, role_of};
use crate::directory::request::{Change, Modification, ModificationKind, Terms};
use crate::rest::entry::{add, attribute, name, name_below, reread};
use crate::rest::fault::{Fault, Kind};
use crate::rest::mail::is_address;
use crate::rest::membership::list_of;
use crate::rest::operation::{Call, Reply};
use crate::rest::principal::new_user;

/// A user that is to be.
pub struct New {
    /// The name to log in with.
    pub username: String,
    /// The name for people.
    pub shown: String,
    /// The role towards the platform.
    pub role: Role,
    /// The groups to be in.
    pub groups: Vec<EntryCopy>,
    /// The roles in networks.
    pub network_roles: NetworkRoles,
    /// Beyond that: attributes such as the password.
    pub more: Vec<(String, Vec<Vec<u8>>)>,
}

/// Adds a user.
pub async fn create(call: Call) -> Result<Reply, Fault> {
    let mut said = Definition::read(&call)?;
    let path = call.path.get("username");
    if said.username.is_empty() {
        said.username = path.to_owned();
    }
    if !said.username.eq_ignore_ascii_case(path) {
        return Err(Fault::invalid(
            "user in param and request body not matching",
        ));
    }
    if is_master(&call) {
        return Err(Fault::invalid("the master key creates no users; log in"));
    }
    check_name(&said.username)?;
    let wanted = said.platform_role()?;
    if wanted == Role::SuperAdmin {
        return Err(Fault::forbidden("additional superadmins cannot be created"));
    }
    if wanted == Role::Admin && role(&call) != Role::SuperAdmin {
        return Err(Fault::forbidden("only superadmin can create admin users"));
    }
    let Some(password) = &said.password else {
        return Err(Fault::invalid("password: is required"));
    };
    said.check_password()?;
    let mut groups = Vec::new();
    for id in &said.groups {
        let found = reference::group_to_join(&call, id).await?;
        groups.push(found.ok_or_else(|| Fault::invalid(format!("invalid groups: {id}")))?);
    }
    reference::check(&call, &said.network_roles).await?;
    let mut more = vec![
        (
            "userPassword".to_owned(),
            vec![password.as_bytes().to_vec()],
        ),
        attribute("hedgerowAuthType", "basic_auth"),
    ];
    if !said.external_id.is_empty() {
        more.push(attribute("hedgerowExternalId", &said.external_id));
    }
    let shown = Some(said.display_name).filter(|shown| !shown.is_empty());
    let new = New {
        shown: shown.unwrap_or_else(|| said.username.clone()),
        username: said.username,
        role: wanted,
        groups,
        network_roles: said.network_roles,
        more,
    };
    let made = new.add(&call).await?;
    Ok(bare(&users::shown(&call, &made).await?))
}

impl New {
    /// Adds the user and puts it into its groups, all or nothing.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when there is a user of this name, deleted ones among them.
    pub async fn add(mut self, call: &Call) -> Result<EntryCopy, Fault> {
        if call.rest.names_administrator(&self.username)
            || users::is_taken(call, &self.username).await?
        {
            return Err(exists());
        }
        let dn = name_below(call.rest.unit("people"), "uid", &self.username)?;
        let mut attributes = new_user(&self.username, &self.shown);
        if let Some((_, classes)) = attributes.first_mut() {
            classes.push(b"hedgerowNetworkUser".to_vec());
        }
        attributes.push(attribute("hedgerowPlatformRole", self.role.name()));
        let held = reference::stored(&self.network_roles);
        if !held.is_empty() {
            let held = held.into_iter().map(String::into_bytes).collect();
            attributes.push(("hedgerowNetworkRole".to_owned(), held));
        }
        if is_address(&self.username) {
            attributes.push(attribute("mail", &self.username));
        }
        attributes.append(&mut self.more);
        let own = Change::Add {
            dn: dn.clone(),
            attributes,
        };
        let mut changes = vec![(own, Terms::default())];
        changes.extend(self.groups.iter().map(|group| join(group, &dn)));
        if self.role == Role::Admin {
            changes.extend(self.join_administrators(call, &dn).await?);
        }
        for over in invites::waiting(call, &self.username).await? {
            changes.push((Change::Delete { dn: over }, Terms::default()));
        }
        // What is told is told of the last change, which is about the user again.
        changes.push(reread(dn, &USER));
        let done = add(call, "people", changes).await;
        done.map_err(|fault| match fault.kind {
            Kind::Conflict => exists(),
            _ => fault,
        })
    }

    /// Administrators administer all networks; the group of those is made where there is no network yet.
    async fn join_administrators(
        &self,
        call: &Call,
        dn: &Dn,
    ) -> Result<Vec<(Change, Terms)>, Fault> {
        let [administrators, _] = ROLES;
        let id = group_of(None, administrators);
        let has = |group: &EntryCopy| crate::rest::entry::text(group, "cn").as_deref() == Some(&id);
        if self.groups.iter().any(has) {
            return Ok(Vec::new());
        }
        if let Some(group) = reference::group(call, &id).await? {
            return Ok(vec![join(&group, dn)]);
        }
        let held = format!("{ALL_NETWORKS}:{}", role_of(None, administrators));
        let mut attributes = vec![
            (
                "objectClass".to_owned(),
                vec![b"groupOfMembers".to_vec(), b"hedgerowNetworkGroup".to_vec()],
            ),
            attribute("cn", &id),
            attribute("hedgerowDefault", "TRUE"),
            attribute("hedgerowNetworkRole", &held),
        ];
        attributes.push(("member".to_owned(), vec![dn.to_string().into_bytes()]));
        let group = name_below(call.rest.unit("groups"), "cn", &id)?;
        Ok(vec![(
            Change::Add {
                dn: group,
                attributes,
            },
            Terms::default(),
        )])
    }
}

fn exists() -> Fault {
    Fault::new(Kind::Conflict, "user exists")
}

/// The change that puts somebody who is in no group yet into one.
fn join(group: &EntryCopy, member: &Dn) -> (Change, Terms) {
    let modifications = vec![Modification {
        kind: ModificationKind::Add,
        attribute: list_of(group).to_owned(),
        values: vec![member.to_string().into_bytes()],
    }];
    let dn = name(group);
    (Change::Modify { dn, modifications }, Terms::default())
}
