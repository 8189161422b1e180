//! Who may ask for what: the roles of users towards the platform, and the permissions that the table gives its rows.
//!
//! Owns the roles. What somebody can do to entries with such a permission, the access rules decide.

use super::bearer::is_master;
use super::super_admin::may_transfer;
use crate::directory::EntryCopy;
use crate::directory::dn::Dn;
use crate::directory::identity::Identity;
use crate::directory::platform_role::SUPER_ADMIN;
use crate::directory::schema::well_known;
use crate::rest::Rest;
use crate::rest::entry;
use crate::rest::operation::{Call, Permission};

/// A role of a user towards the platform.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Uses networks.
    ServiceUser,
    /// Uses networks, and lets others use them.
    PlatformUser,
    /// Reads everything.
    Auditor,
    /// Does everything but to others like it.
    Admin,
    /// Does everything; there is one.
    SuperAdmin,
}

impl Role {
    /// All of them, under their names.
    pub const ALL: [(&'static str, Role); 5] = [
        (SUPER_ADMIN, Role::SuperAdmin),
        ("admin", Role::Admin),
        ("auditor", Role::Auditor),
        ("platform-user", Role::PlatformUser),
        ("service-user", Role::ServiceUser),
    ];

    /// The role of a name.
    pub fn parse(name: &str) -> Option<Role> {
        let found = Self::ALL.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, role)| role)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.into_iter().find(|(_, role)| *role == self);
        found.map_or("", |(name, _)| name)
    }

    /// Whether it administers others.
    pub fn administers(self) -> bool {
        self >= Self::Admin
    }

    /// The role of an identity.
    pub fn of(rest: &Rest, identity: &Identity) -> Role {
        if identity.is_administrator() {
            return Self::of_administrator(rest);
        }
        let directory = &rest.directory;
        let stored = directory.own_text(identity, well_known::HEDGEROW_PLATFORM_ROLE);
        let group = rest.settings.administrators.as_ref();
        let administers = group.is_some_and(|group| directory.is_in_group(identity, group));
        Self::from(stored.as_deref(), administers)
    }

    /// The role of a user. For deciding what may be done to it: access rules do not make less of it.
    pub fn of_entry(rest: &Rest, entry: &EntryCopy) -> Role {
        let (name, role) = (entry::name(entry), well_known::HEDGEROW_PLATFORM_ROLE);
        Self::of_user(rest, &name, rest.directory.text_of(&name, role))
    }

    /// The role of a user as the caller may see it; of its attributes `hedgerowPlatformRole` must have been read.
    pub fn shown(rest: &Rest, entry: &EntryCopy) -> Role {
        let stored = entry::text(entry, "hedgerowPlatformRole");
        Self::of_user(rest, &entry::name(entry), stored)
    }

    fn of_user(rest: &Rest, name: &Dn, stored: Option<String>) -> Role {
        let group = rest.settings.administrators.as_ref();
        let administers = group.is_some_and(|group| rest.directory.is_name_in_group(name, group));
        Self::from(stored.as_deref(), administers)
    }

    /// The role of the administrator of the directory, who has no entry.
    pub fn of_administrator(rest: &Rest) -> Role {
        match rest.directory.super_admin() {
            Some(_) => Self::Admin,
            None => Self::SuperAdmin,
        }
    }

    /// What is stored with an entry decides, and without that the group of administrators. What is no role is the least.
    fn from(stored: Option<&str>, administers: bool) -> Role {
        match stored {
            Some(name) => Self::parse(&name.to_ascii_lowercase()).unwrap_or(Self::ServiceUser),
            None if administers => Self::Admin,
            None => Self::ServiceUser,
        }
    }
}

/// The role of whoever asks. The master key has the highest, whoever else has it.
pub fn role(call: &Call) -> Role {
    match is_master(call) {
        true => Role::SuperAdmin,
        false => Role::of(&call.rest, &call.caller.identity),
    }
}

/// The user name that a request is about, in its path or its query.
pub fn target(call: &Call) -> &str {
    match call.path.get("username") {
        "" => call.query.value("username").unwrap_or_default(),
        name => name,
    }
}

/// Whether a request is about whoever asks. One that names nobody is refused by its operation.
pub fn is_own(call: &Call) -> bool {
    names_caller(call, target(call)) || target(call).is_empty()
}

/// Whether a user name is that of whoever asks. The master key has none.
pub fn names_caller(call: &Call, user: &str) -> bool {
    let name = call.rest.name_of(user);
    let directory = &call.rest.directory;
    !is_master(call) && directory.is_named(&call.caller.identity, &name)
}

fn administers(call: &Call) -> bool {
    role(call).administers()
}

fn reads(call: &Call) -> bool {
    role(call) >= Role::Auditor
}

/// The user itself.
pub static OWN: Permission = Permission {
    name: "the user itself",
    login: true,
    allows: is_own,
};

/// Administrators.
pub static ADMINISTRATOR: Permission = Permission {
    name: "administrators",
    login: true,
    allows: administers,
};

/// The super-admin, and who may become it again.
pub static SUPER: Permission = Permission {
    name: "the super-admin; to itself also the administrator of the directory",
    login: true,
    allows: may_transfer,
};

/// Administrators, and the user itself.
pub static ADMINISTRATOR_OR_OWN: Permission = Permission {
    name: "administrators and the user itself",
    login: true,
    allows: |call| administers(call) || is_own(call),
};

/// Administrators and auditors.
pub static READER: Permission = Permission {
    name: "administrators and auditors",
    login: true,
    allows: reads,
};

/// Administrators and auditors, and the user itself.
pub static READER_OR_OWN: Permission = Permission {
    name: "administrators, auditors and the user itself",
    login: true,
    allows: |call| reads(call) || is_own(call),
};

/// Administrators and platform users.
pub static PLATFORM: Permission = Permission {
    name: "administrators and platform users",
    login: true,
    allows: |call| administers(call) || role(call) == Role::PlatformUser,
};

/// All but service users.
pub static PLATFORM_READER: Permission = Permission {
    name: "administrators, auditors and platform users",
    login: true,
    allows: |call| role(call) > Role::ServiceUser,
};
