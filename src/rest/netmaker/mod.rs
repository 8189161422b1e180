//! The dialect of Netmaker: users, groups, roles and networks as `/api/users` and `/api/v1/users` show them.
//!
//! Owns the table of its operations, with their paths, permissions and bodies.

mod account;
mod answer;
mod bearer;
mod create;
mod definition;
mod gateways;
mod groups;
mod invites;
mod login;
mod models;
mod networks;
mod pending;
mod permission;
mod record;
mod reference;
mod roles;
mod super_admin;
mod table;
mod tokens;
mod update;
mod users;

use super::operation::{Dialect, Part};

/// The dialect.
pub static DIALECT: Dialect = Dialect {
    name: "netmaker",
    title: "Netmaker",
    bases: &["/api"],
    owns: &["/api/users", "/api/v1/users"],
    parts: &[
        Part {
            name: "username",
            description: "The name that the user logs in with.",
            format: None,
            example: "ada",
        },
        Part {
            name: "remote_access_gateway_id",
            description: "The id of the gateway.",
            format: None,
            example: "berlin",
        },
        Part {
            name: "ingress_id",
            description: "The id of the gateway.",
            format: None,
            example: "berlin",
        },
    ],
    tables: table::OPERATIONS,
    bearer: Some(bearer::prove),
    fault: answer::fault,
    fault_schema: "NetmakerRefusal",
    schemas: models::schemas,
};
