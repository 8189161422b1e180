//! The super-admin: the one user who may do everything. Without such an entry it is the administrator of the directory.

use super::answer::bare;
use crate::rest::fault::Fault;
use crate::rest::operation::{Call, Reply};

/// Refuses to make one: every directory has an administrator from the start, and whoever comes first must not become one.
pub async fn create(_: Call) -> Result<Reply, Fault> {
    Err(Fault::invalid("superadmin user already exists"))
}

/// Tells that there is one.
pub async fn exists(_: Call) -> Result<Reply, Fault> {
    Ok(bare(&true))
}
