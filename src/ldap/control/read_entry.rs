//! The pre-read and post-read controls (RFC 4527): the request has an attribute selection, the response the entry.

use super::{Controls, Malformed};
use crate::directory::EntryCopy;
use crate::directory::value_set::ValueSet;
use crate::ldap::ber::{OCTET_STRING, Reader, SEQUENCE};
use crate::ldap::codec::{AttributeList, encode_entry};
use crate::ldap::message::Control;
use crate::ldap::result::ResponseControl;

pub(super) const BEFORE: &str = "1.3.6.1.1.13.1";
pub(super) const AFTER: &str = "1.3.6.1.1.13.2";

pub(super) fn read_before(controls: &mut Controls, control: &Control) -> Result<(), Malformed> {
    controls.terms.read_before = Some(selection(control)?);
    Ok(())
}

pub(super) fn read_after(controls: &mut Controls, control: &Control) -> Result<(), Malformed> {
    controls.terms.read_after = Some(selection(control)?);
    Ok(())
}

fn selection(control: &Control) -> Result<Vec<String>, Malformed> {
    let value = control.value.as_deref().ok_or("it has no value")?;
    let malformed = |error| format!("{error}");
    let mut outer = Reader::new(value);
    let mut list = outer
        .constructed(SEQUENCE, "AttributeSelection")
        .map_err(malformed)?;
    if !outer.is_empty() {
        return Err("more follows the attribute selection".to_owned());
    }
    let mut selectors = Vec::new();
    while !list.is_empty() {
        let selector = list.text(OCTET_STRING, "selector").map_err(malformed)?;
        selectors.push(selector.to_owned());
    }
    Ok(selectors)
}

/// The response controls that hand over what was read.
pub fn responses(before: Option<&EntryCopy>, after: Option<&EntryCopy>) -> Vec<ResponseControl> {
    let response = |oid, entry| ResponseControl {
        oid,
        value: Some(encode(entry)),
    };
    let before = before.map(|entry| response(BEFORE, entry));
    before
        .into_iter()
        .chain(after.map(|entry| response(AFTER, entry)))
        .collect()
}

fn encode(entry: &EntryCopy) -> Vec<u8> {
    let mut attributes = AttributeList::default();
    for (name, values) in &entry.attributes {
        if let Ok((set, _)) = ValueSet::split_first(values) {
            attributes.push(name, Some(set));
        }
    }
    encode_entry(entry.dn.as_bytes(), &attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(value: &[u8]) -> Control {
        Control {
            oid: BEFORE.to_owned(),
            critical: true,
            value: Some(value.to_vec()),
        }
    }

    #[test]
    fn selectors_come_in_their_order_and_none_is_a_selection_too() {
        let read = |value| selection(&control(value));
        assert_eq!(read(&[0x30, 0]), Ok(vec![]));
        let two = [0x30, 6, 4, 2, b'c', b'n', 4, 0];
        assert_eq!(read(&two), Ok(vec!["cn".to_owned(), String::new()]));
    }

    #[test]
    fn what_is_no_selection_is_refused() {
        for value in [
            &[][..],
            &[0x04, 0],
            &[0x30, 1],
            &[0x30, 2, 2, 0],
            &[0x30, 3, 4, 1, 0xff],
            &[0x30, 0, 0x30, 0],
        ] {
            assert!(selection(&control(value)).is_err(), "{value:x?}");
        }
        let none = Control {
            value: None,
            ..control(&[])
        };
        assert!(selection(&none).is_err());
    }

    #[test]
    fn an_entry_is_written_as_a_search_result_entry() {
        let mut values = Vec::new();
        crate::directory::value_set::encode([&b"x"[..]], &mut values);
        let entry = EntryCopy {
            dn: "cn=x".to_owned(),
            attributes: vec![("cn".to_owned(), values)],
        };
        let expected = [
            0x64, 0x13, 4, 4, b'c', b'n', b'=', b'x', 0x30, 11, 0x30, 9, 4, 2, b'c', b'n', 0x31, 3,
            4, 1, b'x',
        ];
        assert_eq!(encode(&entry), expected);
    }
}
