//! Short ids: `hedgerowId`, ten letters and digits that follow from `entryUUID`, for clients to which a UUID is too long.
//!
//! Owns how one follows from the other. Nothing is stored: an id is there as soon as its entry is, and goes with the UUID
//! through exports and restores. Two entries of a million meet in one id about once in a million directories.

/// Letters of an id.
const LENGTH: usize = 10;
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The greatest prime below 62^10. A UUID is put down to its remainder, which depends on all of its bits, so that also
/// UUIDs made of times and addresses rarely meet.
const MODULUS: u128 = 839_299_365_868_340_213;

/// The id of a UUID as a number, under which the index has its entry.
pub fn number(uuid: &[u8; 16]) -> u64 {
    u64::try_from(u128::from_be_bytes(*uuid) % MODULUS).unwrap_or_default()
}

/// The id of a UUID.
pub fn text(uuid: &[u8; 16]) -> String {
    let mut rest = number(uuid);
    let mut text = [0; LENGTH];
    for place in text.iter_mut().rev() {
        let digit = usize::try_from(rest % 62).unwrap_or_default();
        *place = LETTERS.get(digit).copied().unwrap_or_default();
        rest /= 62;
    }
    text.map(char::from).iter().collect()
}

/// The number of an id; `None` when it is none.
pub fn parse(text: &[u8]) -> Option<u64> {
    if text.len() != LENGTH {
        return None;
    }
    text.iter().try_fold(0_u64, |number, letter| {
        let digit = LETTERS.iter().position(|it| it == letter)?;
        let digit = u64::try_from(digit).ok()?;
        number.checked_mul(62)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_ten_letters_and_leads_back_to_its_number() {
        for uuid in [[0; 16], [1; 16], [0xff; 16], *b"0123456789abcdef"] {
            let id = text(&uuid);
            assert_eq!(id.len(), 10, "{id}");
            assert!(id.bytes().all(|letter| letter.is_ascii_alphanumeric()));
            assert_eq!(parse(id.as_bytes()), Some(number(&uuid)));
        }
        assert_eq!(text(&[0; 16]), "0000000000");
    }

    #[test]
    fn what_is_no_id_has_no_number() {
        for wrong in [
            "",
            "000000000",
            "00000000000",
            "00000-0000",
            "\u{e4}00000000",
        ] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn uuids_that_were_made_one_after_another_do_not_meet() {
        let mut seen = std::collections::HashSet::new();
        // As of RFC 9562 section 5.1: times that differ in the first bits, of one machine.
        for time in 0..50_000_u128 {
            let uuid = time << 96 | 0x16a6_1027_98f4_d28b_5365_dc14;
            assert!(seen.insert(number(&uuid.to_be_bytes())), "{time}");
        }
    }
}
