//! Virtual list view (draft-ietf-ldapext-ldapv3-vlv-09): the values of the request and of the response control.

use super::{Controls, Kind, Malformed, malformed, sequence, sort, to_sequence};
use crate::directory::request::{Window, WindowTarget};
use crate::directory::search::window::{Place, WindowFault};
use crate::ldap::ber::{
    INTEGER, OCTET_STRING, ReadError, Reader, context, context_constructed, put_element,
    put_enumerated, put_integer,
};
use crate::ldap::message::{Control, Operation, ResultCode};
use crate::ldap::result::ResponseControl;

const RESPONSE: &str = "2.16.840.1.113730.3.4.10";
const BY_OFFSET: u8 = context_constructed(0);
const GREATER_THAN_OR_EQUAL: u8 = context(1);

/// Codes of virtualListViewResult that are no result codes of LDAP.
const SORT_CONTROL_MISSING: i32 = 60;
const OFFSET_RANGE_ERROR: i32 = 61;

pub(super) const KIND: Kind = Kind {
    oid: "2.16.840.1.113730.3.4.9",
    operations: &[Operation::Search],
    read,
};

fn read(controls: &mut Controls, control: &Control) -> Result<(), Malformed> {
    let value = sequence(control, "VirtualListViewRequest")?;
    controls.window = Some(read_window(value).map_err(malformed)?);
    Ok(())
}

fn read_window(mut value: Reader<'_>) -> Result<Window, ReadError> {
    let before = number(&mut value, "beforeCount")?;
    let after = number(&mut value, "afterCount")?;
    let target = if value.peek() == Some(BY_OFFSET) {
        let mut by_offset = value.constructed(BY_OFFSET, "byOffset")?;
        let offset = number(&mut by_offset, "offset")?;
        let count = number(&mut by_offset, "contentCount")?;
        by_offset.finish("byOffset", &[INTEGER])?;
        WindowTarget::Offset { offset, count }
    } else {
        let value = value.content(GREATER_THAN_OR_EQUAL, "greaterThanOrEqual")?;
        WindowTarget::Value(value.to_vec())
    };
    let context = value.optional(OCTET_STRING, "contextID")?;
    value.finish(
        "VirtualListViewRequest",
        &[INTEGER, BY_OFFSET, GREATER_THAN_OR_EQUAL, OCTET_STRING],
    )?;
    Ok(Window {
        before,
        after,
        target,
        context: context.map(<[u8]>::to_vec),
    })
}

fn number(reader: &mut Reader<'_>, field: &'static str) -> Result<u32, ReadError> {
    let number = reader.integer(INTEGER, field, 0..=i32::MAX)?;
    Ok(number.unsigned_abs())
}

/// The control of a response: where the window is, and the context that the client may send with the next one.
pub fn response(place: Place, context: Option<&[u8]>) -> ResponseControl {
    write(place, 0, context)
}

/// The control of a response without a window.
pub fn refusal(fault: &WindowFault) -> ResponseControl {
    let code = match fault {
        WindowFault::NotSorted => SORT_CONTROL_MISSING,
        WindowFault::OutOfRange => OFFSET_RANGE_ERROR,
        WindowFault::CannotSort(cause) => match sort::code(cause) {
            // A code that section 6.2 does not list.
            ResultCode::NoSuchAttribute => ResultCode::InappropriateMatching,
            ResultCode::Busy => ResultCode::UnwillingToPerform,
            code => code,
        }
        .code()
        .into(),
        WindowFault::Value => ResultCode::InappropriateMatching.code().into(),
        WindowFault::Context => ResultCode::ProtocolError.code().into(),
        WindowFault::NoList => ResultCode::UnwillingToPerform.code().into(),
    };
    let nowhere = Place {
        target: 0,
        count: 0,
    };
    write(nowhere, code, None)
}

fn write(place: Place, code: i32, context: Option<&[u8]>) -> ResponseControl {
    let mut value = Vec::new();
    put_integer(&mut value, i32::try_from(place.target).unwrap_or(i32::MAX));
    put_integer(&mut value, i32::try_from(place.count).unwrap_or(i32::MAX));
    put_enumerated(&mut value, code);
    if let Some(context) = context {
        put_element(&mut value, OCTET_STRING, context);
    }
    ResponseControl {
        oid: RESPONSE,
        value: to_sequence(&value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::control::tests::{accepted, refused};

    #[test]
    fn both_kinds_of_target_are_read() {
        let by_offset = [0x30, 14, 2, 1, 1, 2, 1, 3, 0xa0, 6, 2, 1, 10, 2, 1, 0];
        let expected = Window {
            before: 1,
            after: 3,
            target: WindowTarget::Offset {
                offset: 10,
                count: 0,
            },
            context: None,
        };
        assert_eq!(accepted(KIND.oid, &by_offset).window, Some(expected));
        let by_value = [0x30, 12, 2, 1, 0, 2, 1, 9, 0x81, 1, b'B', 4, 1, 7];
        let expected = Window {
            before: 0,
            after: 9,
            target: WindowTarget::Value(b"B".to_vec()),
            context: Some(vec![7]),
        };
        assert_eq!(accepted(KIND.oid, &by_value).window, Some(expected));
    }

    #[test]
    fn other_values_are_refused() {
        for value in [
            &[][..],
            &[0x30, 6, 2, 1, 1, 2, 1, 3],
            &[0x30, 14, 2, 1, 0xff, 2, 1, 3, 0xa0, 6, 2, 1, 10, 2, 1, 0],
            &[0x30, 11, 2, 1, 1, 2, 1, 3, 0xa0, 3, 2, 1, 10],
            &[0x30, 9, 2, 1, 1, 2, 1, 3, 0x82, 1, b'x'],
        ] {
            refused(KIND.oid, value);
        }
    }

    #[test]
    fn the_response_tells_place_and_fault() {
        let place = Place {
            target: 10,
            count: 200,
        };
        let expected = vec![0x30, 13, 2, 1, 10, 2, 2, 0, 200, 0x0a, 1, 0, 4, 1, b'c'];
        assert_eq!(response(place, Some(b"c")).value, Some(expected));
        let expected = vec![0x30, 9, 2, 1, 0, 2, 1, 0, 0x0a, 1, 60];
        assert_eq!(refusal(&WindowFault::NotSorted).value, Some(expected));
    }
}
