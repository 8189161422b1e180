//! What a request says of a user, and what of that can be so.

use std::collections::BTreeSet;

use super::bearer::MASTER;
use super::permission::Role;
use super::record::NetworkRoles;
use super::reference;
use crate::directory::password::Secret;
use crate::rest::fault::Fault;
use crate::rest::json::Members;
use crate::rest::mail::is_address;
use crate::rest::operation::Call;

/// The fewest characters of a user name and of a password.
const SHORTEST_NAME: usize = 3;
const SHORTEST_PASSWORD: usize = 5;

/// What is shown of a user and has no effect when it is sent.
const READ_ONLY: &[&str] = &[
    "auth_type",
    "isadmin",
    "issuperadmin",
    "remote_gw_ids",
    "last_login_time",
    "num_access_tokens",
    "totp_secret",
    "created_by",
    "created_at",
    "updated_at",
];

/// A user as a request describes it.
pub struct Definition {
    /// The name to log in with; empty when it is not said.
    pub username: String,
    /// The password, unless it is empty.
    pub password: Option<Secret>,
    /// The name for people; empty when it is not said.
    pub display_name: String,
    /// The identity in the system that the user came from.
    pub external_id: String,
    /// The role towards the platform, as it is written; empty when it is not said.
    pub role: String,
    /// The groups, by id.
    pub groups: BTreeSet<String>,
    /// The roles in networks.
    pub network_roles: NetworkRoles,
    /// Whether the second factor stays, if that is said.
    pub second_factor: Option<bool>,
    /// Whether the user may not log in, if that is said.
    pub disabled: Option<bool>,
}

impl Definition {
    /// The one in the body of a request.
    pub fn read(call: &Call) -> Result<Self, Fault> {
        let mut body = Members::read(&call.body)?;
        let mut text = |name| Ok::<_, Fault>(body.text(name)?.unwrap_or_default());
        let (username, password) = (text("username")?, text("password")?);
        let (display_name, role) = (text("display_name")?, text("platform_role_id")?);
        let external_id = text("external_identity_provider_id")?;
        let groups = reference::names(body.any("user_group_ids"), "user_group_ids")?;
        let network_roles = reference::network_roles(body.any("network_roles"))?;
        let definition = Self {
            username,
            password: (!password.is_empty()).then(|| Secret::from(password.as_bytes())),
            display_name,
            external_id,
            role,
            groups: groups.unwrap_or_default(),
            network_roles: network_roles.unwrap_or_default(),
            second_factor: body.flag("is_mfa_enabled")?,
            disabled: body.flag("account_disabled")?,
        };
        body.ignore(READ_ONLY);
        body.end()?;
        Ok(definition)
    }

    /// The role that it names.
    pub fn platform_role(&self) -> Result<Role, Fault> {
        if self.role.is_empty() {
            return Err(Fault::invalid("platform role is missing"));
        }
        Role::parse(&self.role).ok_or_else(|| {
            let known = Role::ALL.map(|(name, _)| name).join(", ");
            Fault::invalid(format!("platform_role_id: is none of {known}"))
        })
    }

    /// Refuses a password that is too short, whatever the policy says of it.
    pub fn check_password(&self) -> Result<(), Fault> {
        let short = |it: &Secret| it.as_bytes().len() < SHORTEST_PASSWORD;
        match self.password.as_ref().is_some_and(short) {
            true => Err(Fault::invalid(format!(
                "password: has fewer than {SHORTEST_PASSWORD} characters"
            ))),
            false => Ok(()),
        }
    }
}

/// Refuses what cannot be the name of a new user.
pub fn check_name(user: &str) -> Result<(), Fault> {
    if user.eq_ignore_ascii_case(MASTER) {
        return Err(Fault::invalid("username not allowed"));
    }
    // These are parts of paths.
    if ["adm", "ingress"]
        .iter()
        .any(|part| user.eq_ignore_ascii_case(part))
    {
        return Err(Fault::invalid("username not allowed"));
    }
    let plain = user
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
    if user.chars().count() < SHORTEST_NAME || !(plain || is_address(user)) {
        let text = format!(
            "username: must be an e-mail address, or {SHORTEST_NAME} or more letters, digits, \".\" and \"-\""
        );
        return Err(Fault::invalid(text));
    }
    Ok(())
}
