//! Matched values (RFC 3876): the control's value, a list of simple filter items.

use super::{Controls, Kind, Malformed, sequence};
use crate::ldap::codec::filter_item;
use crate::ldap::message::{Control, Operation};

pub(super) const KIND: Kind = Kind {
    oid: "1.2.826.0.1.3344810.2.3",
    operations: &[Operation::Search],
    read,
};

/// The most items: each is put to every value of an entry, and a group may have very many.
const MOST_ITEMS: usize = 64;

fn read(controls: &mut Controls, control: &Control) -> Result<(), Malformed> {
    let mut list = sequence(control, "ValuesReturnFilter")?;
    let mut items = Vec::new();
    while !list.is_empty() {
        if items.len() == MOST_ITEMS {
            return Err(format!("it has more than {MOST_ITEMS} items"));
        }
        items.push(filter_item(&mut list).map_err(|error| error.to_string())?);
    }
    controls.values = Some(items);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::filter::Filter;
    use crate::ldap::control::tests::{accepted, refused};

    #[test]
    fn items_are_read() {
        let value = [
            0x30, 12, 0x87, 2, b'c', b'n', 0xa3, 6, 4, 1, b'o', 4, 1, b'x',
        ];
        let expected = ["(cn=*)", "(o=x)"].map(|item| Filter::parse(item).unwrap());
        assert_eq!(accepted(KIND.oid, &value).values, Some(expected.to_vec()));
        assert_eq!(accepted(KIND.oid, &[0x30, 0]).values, Some(Vec::new()));
    }

    #[test]
    fn more_items_than_are_judged_are_refused() {
        let items = |count: usize| {
            let item = [0x87, 1, b'o'].repeat(count);
            [&[0x30, 0x81, u8::try_from(item.len()).unwrap()], &item[..]].concat()
        };
        let read = accepted(KIND.oid, &items(MOST_ITEMS))
            .values
            .clone()
            .unwrap();
        assert_eq!(read.len(), MOST_ITEMS);
        refused(KIND.oid, &items(MOST_ITEMS + 1));
    }

    #[test]
    fn filters_made_of_others_are_refused() {
        for value in [
            &[][..],
            &[0x30, 6, 0xa0, 4, 0x87, 2, b'c', b'n'],
            &[0x30, 2, 0xa1, 0],
            &[0x30, 6, 0xa2, 4, 0x87, 2, b'c', b'n'],
            &[0x30, 3, 0x87, 2, b'c'],
            // dnAttributes, which a SimpleMatchingAssertion does not have.
            &[
                0x30, 11, 0xa9, 9, 0x82, 1, b'o', 0x83, 1, b'x', 0x84, 1, 0xff,
            ],
        ] {
            refused(KIND.oid, value);
        }
    }
}
