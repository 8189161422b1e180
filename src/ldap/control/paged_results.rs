//! Simple paged results (RFC 2696): the control's value in request and response.

use super::{Controls, Kind, Malformed, malformed, sequence, to_sequence};
use crate::directory::request::Page;
use crate::ldap::ber::{INTEGER, OCTET_STRING, put_element, put_integer};
use crate::ldap::message::{Control, Operation};
use crate::ldap::result::ResponseControl;

const OID: &str = "1.2.840.113556.1.4.319";

pub(super) const KIND: Kind = Kind {
    oid: OID,
    operations: &[Operation::Search],
    read,
};

fn read(controls: &mut Controls, control: &Control) -> Result<(), Malformed> {
    let mut value = sequence(control, "realSearchControlValue")?;
    let size = value
        .integer(INTEGER, "size", 0..=i32::MAX)
        .map_err(malformed)?;
    let cookie = value.content(OCTET_STRING, "cookie").map_err(malformed)?;
    value
        .finish("realSearchControlValue", &[INTEGER, OCTET_STRING])
        .map_err(malformed)?;
    controls.page = Some(Page {
        size: size.unsigned_abs(),
        cookie: cookie.to_vec(),
    });
    Ok(())
}

/// The control of a response: how many entries all pages have, 0 when that is not known, and the cookie that leads to the
/// next page, empty after the last.
pub fn response(total: u32, cookie: &[u8]) -> ResponseControl {
    let mut value = Vec::new();
    put_integer(&mut value, i32::try_from(total).unwrap_or(i32::MAX));
    put_element(&mut value, OCTET_STRING, cookie);
    ResponseControl {
        oid: OID,
        value: to_sequence(&value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::control::tests::{accepted, refused};

    #[test]
    fn size_and_cookie_are_read() {
        let controls = accepted(OID, &[0x30, 8, 2, 2, 1, 0xf4, 4, 2, b'o', b'k']);
        let expected = Page {
            size: 500,
            cookie: b"ok".to_vec(),
        };
        assert_eq!(controls.page, Some(expected));
    }

    #[test]
    fn other_values_are_refused() {
        for value in [
            &[][..],
            &[0x30, 0],
            &[0x30, 3, 2, 1, 5],
            &[0x30, 5, 2, 1, 0xff, 4, 0],
            &[0x30, 9, 2, 5, 1, 0, 0, 0, 0, 4, 0],
            &[0x30, 5, 2, 1, 5, 4, 0, 0],
            &[0x31, 5, 2, 1, 5, 4, 0],
            &[0x30, 6, 2, 1, 5, 4, 9, 0],
        ] {
            refused(OID, value);
        }
    }

    #[test]
    fn the_response_is_written() {
        let expected = vec![0x30, 7, 2, 2, 0, 200, 4, 1, b'x'];
        assert_eq!(response(200, b"x").value, Some(expected));
    }
}
