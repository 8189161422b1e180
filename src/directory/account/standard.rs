//! What a new password of an account is judged by: its policy, what is known of its owner, and the passwords before it,
//! which `pwdHistory` keeps.

use super::{Account, AccountSettings};
use crate::directory::attributes::Attributes;
use crate::directory::dn::Dn;
use crate::directory::password::Standard;
use crate::directory::password::policy::Seconds;
use crate::directory::schema::{AttributeTypeId, well_known as known};
use crate::directory::snapshot::Snapshot;
use crate::directory::time;

/// What is known of an account that a password should not be.
const INPUTS: [AttributeTypeId; 10] = [
    known::UID,
    known::CN,
    known::SN,
    known::GIVEN_NAME,
    known::DISPLAY_NAME,
    known::MAIL,
    known::EMPLOYEE_NUMBER,
    known::TELEPHONE_NUMBER,
    known::MOBILE,
    known::O,
];

/// What a new password of an entry with these attributes is judged by.
pub fn standard(
    snapshot: &Snapshot,
    settings: &AccountSettings,
    dn: &Dn,
    attributes: &Attributes,
) -> Standard {
    let account = Account::of_attributes(snapshot.schema(), attributes);
    let name = dn.normalize(snapshot.schema());
    let policy = account.policy(snapshot, settings, &name);
    let policy = policy.unwrap_or_default();
    let mut inputs = Vec::new();
    for attribute in INPUTS {
        for value in attributes.values(attribute) {
            let text = String::from_utf8_lossy(value);
            if let Some((local, _)) = text.split_once('@') {
                inputs.push(local.to_owned());
            }
            inputs.push(text.into_owned());
        }
    }
    let mut used = attributes.values(known::USER_PASSWORD).to_vec();
    if policy.in_history > 0 {
        let earlier = attributes.values(known::PWD_HISTORY).iter().rev();
        used.extend(
            earlier
                .filter_map(|value| past_password(value))
                .map(<[u8]>::to_vec),
        );
    }
    used.truncate(policy.in_history.saturating_add(1));
    Standard {
        policy,
        least_score: settings.least_score,
        inputs,
        used,
    }
}

/// A value of `pwdHistory` (draft section 5.3.5): when, in what syntax, how long, and the password as it was stored.
pub fn to_history(now: Seconds, stored: &[u8]) -> Vec<u8> {
    let head = format!(
        "{}#1.3.6.1.4.1.1466.115.121.1.40#{}#",
        time::generalized(now),
        stored.len()
    );
    [head.as_bytes(), stored].concat()
}

/// The stored password in a value of `pwdHistory`.
fn past_password(value: &[u8]) -> Option<&[u8]> {
    value.splitn(4, |byte| *byte == b'#').nth(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_comes_out_of_the_history_as_it_went_in() {
        let stored = b"{ARGON2}$a#b".as_slice();
        let value = to_history(0, stored);
        assert_eq!(
            value,
            b"19700101000000Z#1.3.6.1.4.1.1466.115.121.1.40#12#{ARGON2}$a#b"
        );
        assert_eq!(past_password(&value), Some(stored));
        assert_eq!(past_password(b"19700101000000Z#1.3#4"), None);
    }
}
