//! Roles: what the entries of class `hedgerowRoleAssignment` below a scope say of an entry.
//!
//! Owns how they are found. What a role allows is for those to say who ask.

use super::Directory;
use super::dn::Dn;
use super::schema::AttributeTypeId;
use super::view::View;
use super::write::decode;

/// A role that an entry has in a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Which.
    pub identifier: String,
    /// The identifier of the resources that it is for; for all of the scope without one.
    pub resource_group: Option<String>,
}

impl Directory {
    /// The roles that the entry of this name has in a scope, by itself and through groups. For decisions: access rules
    /// do not hide what somebody may do from those who decide it.
    pub fn roles_in(&self, scope: &Dn, name: &Dn) -> Vec<Role> {
        let snapshot = self.snapshot();
        let schema = snapshot.schema();
        let ids = (snapshot.find_entry(scope), snapshot.find_entry(name));
        let (Some(scope), Some(id)) = ids else {
            return Vec::new();
        };
        let type_of = |name| schema.attribute_id(name);
        let types = type_of("hedgerowRoleIdentifier").zip(type_of("hedgerowResourceGroup"));
        let Some((identifier, resource_group)) = types else {
            return Vec::new();
        };
        let groups = snapshot.membership().all_groups_of(id);
        let views = groups.iter().filter_map(|id| View::new(&snapshot, id));
        let own = views.filter(|view| view.entry.parent() == scope);
        let roles = own.filter_map(|view| {
            let attributes = decode(&view);
            let first = |id: AttributeTypeId| {
                let value = attributes.values(id).first()?;
                Some(String::from_utf8_lossy(value).into_owned())
            };
            Some(Role {
                identifier: first(identifier)?,
                resource_group: first(resource_group),
            })
        });
        roles.collect()
    }
}
