//! Server-side sorting (RFC 2891): the values of the request and of the response control.

use super::{Controls, Kind, Malformed, malformed, sequence, to_sequence};
use crate::directory::request::{Sort, SortKey};
use crate::directory::search::order::{CannotSort, MOST_KEYS, SortFault};
use crate::ldap::ber::{OCTET_STRING, Reader, SEQUENCE, context, put_element, put_enumerated};
use crate::ldap::message::{Control, Operation, ResultCode};
use crate::ldap::result::ResponseControl;

const RESPONSE: &str = "1.2.840.113556.1.4.474";
const ORDERING_RULE: u8 = context(0);
const REVERSE_ORDER: u8 = context(1);
const ATTRIBUTE_TYPE: u8 = context(0);

pub(super) const KIND: Kind = Kind {
    oid: "1.2.840.113556.1.4.473",
    operations: &[Operation::Search],
    read,
};

fn read(controls: &mut Controls, control: &Control) -> Result<(), Malformed> {
    let mut list = sequence(control, "SortKeyList")?;
    let mut keys = Vec::new();
    // One too many is enough to be refused by.
    while !list.is_empty() && keys.len() <= MOST_KEYS {
        let key = list.constructed(SEQUENCE, "sort key").map_err(malformed)?;
        keys.push(read_key(key)?);
    }
    controls.sort = Some(Sort {
        keys,
        required: control.critical,
    });
    Ok(())
}

fn read_key(mut key: Reader<'_>) -> Result<SortKey, Malformed> {
    let attribute = key
        .text(OCTET_STRING, "attributeType")
        .map_err(malformed)?
        .to_owned();
    let rule = key
        .optional_text(ORDERING_RULE, "orderingRule")
        .map_err(malformed)?;
    let reverse = key.peek() == Some(REVERSE_ORDER)
        && key
            .boolean(REVERSE_ORDER, "reverseOrder")
            .map_err(malformed)?;
    let rule = rule.map(str::to_owned);
    key.finish("sort key", &[OCTET_STRING, ORDERING_RULE, REVERSE_ORDER])
        .map_err(malformed)?;
    Ok(SortKey {
        attribute,
        rule,
        reverse,
        otherwise: None,
    })
}

/// The control of a response: whether the entries are sorted.
pub fn response(sorted: Result<(), &CannotSort>) -> ResponseControl {
    let mut value = Vec::new();
    let code = sorted.map_or_else(code, |()| ResultCode::Success);
    put_enumerated(&mut value, i32::from(code.code()));
    if let Err(cause) = sorted
        && !cause.attribute.is_empty()
    {
        put_element(&mut value, ATTRIBUTE_TYPE, cause.attribute.as_bytes());
    }
    ResponseControl {
        oid: RESPONSE,
        value: to_sequence(&value),
    }
}

/// What RFC 2891 section 1.2 calls a fault; the list view has the same codes.
pub(super) fn code(cause: &CannotSort) -> ResultCode {
    match cause.fault {
        SortFault::NoSuchAttribute => ResultCode::NoSuchAttribute,
        SortFault::InappropriateMatching => ResultCode::InappropriateMatching,
        SortFault::Keys => ResultCode::UnwillingToPerform,
        SortFault::TooMany => ResultCode::AdminLimitExceeded,
        SortFault::Busy => ResultCode::Busy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::control::tests::{accepted, refused};

    #[test]
    fn keys_are_read_in_their_order() {
        let mut value = vec![0x30, 25, 0x30, 4, 4, 2, b's', b'n'];
        value.extend([0x30, 17, 4, 2, b'c', b'n', 0x80, 8]);
        value.extend(b"2.5.13.3");
        value.extend([0x81, 1, 0xff]);
        let controls = accepted(KIND.oid, &value);
        let key = |attribute: &str, rule: Option<&str>, reverse| SortKey {
            attribute: attribute.to_owned(),
            rule: rule.map(str::to_owned),
            reverse,
            otherwise: None,
        };
        let expected = Sort {
            keys: vec![key("sn", None, false), key("cn", Some("2.5.13.3"), true)],
            required: false,
        };
        assert_eq!(controls.sort, Some(expected));
    }

    #[test]
    fn other_values_are_refused() {
        for value in [
            &[][..],
            &[4, 2, b's', b'n'],
            &[0x30, 4, 4, 2, b's', b'n'],
            &[0x30, 2, 0x30, 0],
            &[0x30, 5, 0x30, 3, 4, 1, 0xff],
            &[0x30, 8, 0x30, 6, 4, 1, b'a', 0x81, 1, 0, 0],
            &[0x30, 10, 0x30, 8, 4, 1, b'a', 0x80, 1, b'x', 0x81, 0],
        ] {
            refused(KIND.oid, value);
        }
    }

    #[test]
    fn the_response_names_the_attribute_at_fault() {
        let ok = response(Ok(()));
        assert_eq!(ok.oid, RESPONSE);
        assert_eq!(ok.value, Some(vec![0x30, 3, 0x0a, 1, 0]));
        let cause = CannotSort {
            attribute: "xy".to_owned(),
            fault: SortFault::NoSuchAttribute,
        };
        let expected = vec![0x30, 7, 0x0a, 1, 16, 0x80, 2, b'x', b'y'];
        assert_eq!(response(Err(&cause)).value, Some(expected));
    }
}
