//! The proxied authorization control (RFC 4370): its value is an authorization identity.

use super::{Controls, Malformed};
use crate::ldap::message::Control;

pub(super) const OID: &str = "2.16.840.1.113730.3.4.18";

/// Only critical, so that no server does in the client's own name what was meant to be done in another's.
pub(super) fn read(controls: &mut Controls, control: &Control) -> Result<(), Malformed> {
    if !control.critical {
        return Err("it must be critical".to_owned());
    }
    let value = control.value.as_deref().ok_or("it has no value")?;
    let text = std::str::from_utf8(value).map_err(|_| "its value is not UTF-8")?;
    controls.proxy = Some(text.to_owned());
    Ok(())
}
