//! The assertion control (RFC 4528): its value is a filter.

use super::{Controls, Malformed};
use crate::ldap::codec;
use crate::ldap::message::Control;

pub(super) const OID: &str = "1.3.6.1.1.12";

pub(super) fn read(controls: &mut Controls, control: &Control) -> Result<(), Malformed> {
    let value = control.value.as_deref().ok_or("it has no value")?;
    let filter = codec::decode_filter(value).map_err(|error| error.to_string())?;
    controls.terms.assertion = Some(filter);
    Ok(())
}
