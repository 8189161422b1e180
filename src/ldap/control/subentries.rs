//! Subentries (RFC 3672 section 3): the control's value, a BOOLEAN.

use super::{Controls, Kind, Malformed, malformed, value};
use crate::directory::request::Subentries;
use crate::ldap::ber::{BOOLEAN, Reader};
use crate::ldap::message::{Control, Operation};

pub(super) const KIND: Kind = Kind {
    oid: "1.3.6.1.4.1.4203.1.10.1",
    operations: &[Operation::Search],
    read,
};

fn read(controls: &mut Controls, control: &Control) -> Result<(), Malformed> {
    let mut value = Reader::new(value(control)?);
    let visible = value.boolean(BOOLEAN, "visibility").map_err(malformed)?;
    if !value.is_empty() {
        return Err("visibility is followed by more".to_owned());
    }
    controls.subentries = if visible {
        Subentries::Alone
    } else {
        Subentries::Without
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::control::tests::{accepted, refused};

    #[test]
    fn visibility_is_read() {
        for (octet, expected) in [(0xff, Subentries::Alone), (0, Subentries::Without)] {
            let controls = accepted(KIND.oid, &[1, 1, octet]);
            assert_eq!(controls.subentries, expected);
        }
        for value in [&[][..], &[1, 0], &[2, 1, 1], &[1, 1, 0xff, 0]] {
            refused(KIND.oid, value);
        }
    }
}
