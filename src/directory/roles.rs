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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::account::AccountSettings;
    use crate::directory::fixture;

    const TREE: &str = "dn: dc=a\nobjectClass: domain\ndc: a\n\n\
        dn: cn=one,dc=a\nobjectClass: person\ncn: one\nsn: one\n\n\
        dn: cn=group,dc=a\nobjectClass: groupOfNames\ncn: group\nmember: cn=one,dc=a\n\n\
        dn: ou=x,dc=a\nobjectClass: hedgerowScope\nou: x\n\n\
        dn: cn=own,ou=x,dc=a\nobjectClass: hedgerowRoleAssignment\ncn: own\n\
        hedgerowRoleIdentifier: viewer\nhedgerowResourceGroup: some\nmember: cn=one,dc=a\n\n\
        dn: cn=by group,ou=x,dc=a\nobjectClass: hedgerowRoleAssignment\ncn: by group\n\
        hedgerowRoleIdentifier: admin\nmember: cn=group,dc=a\n\n\
        dn: ou=y,ou=x,dc=a\nobjectClass: hedgerowScope\nou: y\n\n\
        dn: cn=below,ou=y,ou=x,dc=a\nobjectClass: hedgerowRoleAssignment\ncn: below\n\
        hedgerowRoleIdentifier: other\nmember: cn=one,dc=a\n";

    #[test]
    fn roles_are_those_of_the_scope_itself_by_name_and_through_groups() {
        let (directory, _) = fixture::served_tree(TREE, AccountSettings::default());
        let roles = |scope: &str, name: &str| {
            let dns = [scope, name].map(|dn| Dn::parse(dn).unwrap());
            let roles = directory.roles_in(&dns[0], &dns[1]).into_iter();
            let mut roles: Vec<_> = roles
                .map(|role| (role.identifier, role.resource_group))
                .collect();
            roles.sort();
            roles
        };
        let role = |role: &str, group: Option<&str>| (role.to_owned(), group.map(str::to_owned));
        assert_eq!(
            roles("ou=x,dc=a", "cn=one,dc=a"),
            [role("admin", None), role("viewer", Some("some"))]
        );
        assert_eq!(
            roles("ou=y,ou=x,dc=a", "cn=one,dc=a"),
            [role("other", None)]
        );
        assert_eq!(roles("ou=x,dc=a", "cn=group,dc=a"), [role("admin", None)]);
        for (scope, name) in [
            ("ou=x,dc=a", "cn=nobody,dc=a"),
            ("ou=z,dc=a", "cn=one,dc=a"),
            ("", ""),
        ] {
            assert_eq!(roles(scope, name), []);
        }
    }
}
