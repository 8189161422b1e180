//! What stands for somebody behind `Bearer` beside the token of a login: access tokens of users, and the master key.
//!
//! Owns which of them there are here. Whether one is good is the directory's.

use crate::directory::password::Secret;
use crate::rest::Rest;
use crate::rest::auth::Proven;
use crate::rest::operation::Call;

/// As whom requests with the master key are recorded. No user has this name.
pub const MASTER: &str = "masteradministrator";

/// Whom an access token or the master key stands for.
pub fn prove(rest: &Rest, bearer: &Secret) -> Option<Proven> {
    let key = rest.settings.master_key.as_ref();
    if let Some(identity) = key.and_then(|key| key.prove(bearer)) {
        let through = Some(MASTER);
        return Some(Proven { identity, through });
    }
    let tokens = rest.unit("tokens");
    let redeemed = rest.directory.redeem_access_token(&tokens, bearer);
    redeemed.ok().map(|identity| Proven {
        identity,
        through: None,
    })
}

/// Whether a request comes with the master key: from nobody in particular, who may do everything that needs nobody.
pub fn is_master(call: &Call) -> bool {
    call.caller.through == Some(MASTER)
}
