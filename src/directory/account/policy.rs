//! Policies as entries: where the policy of names that have none of their own is, and what an entry says as one.

use std::borrow::Cow;

use super::{AccountSettings, is_true};
use crate::directory::dn::{Dn, NormalizedDn};
use crate::directory::password::policy::{Check, LONGEST_HISTORY, MOST_FAILURES, Policy, Seconds};
use crate::directory::schema::{AttributeTypeId, well_known as known};
use crate::directory::snapshot::{Found, Snapshot};
use crate::directory::view::View;

/// The policy of accounts that name none, below their suffix.
pub const DEFAULT_POLICY: &str = "cn=default,ou=policies";

/// The policy of names that have none of their own, whether they have an entry or not.
pub fn default_policy(
    snapshot: &Snapshot,
    settings: &AccountSettings,
    name: &NormalizedDn,
) -> Option<Policy> {
    let (dn, normalized) = default_policy_name(snapshot, settings, name)?;
    policy_at(snapshot, dn, &normalized)
}

/// Where the policy of such names is, or would be.
pub fn default_policy_name<'a>(
    snapshot: &'a Snapshot,
    settings: &'a AccountSettings,
    name: &NormalizedDn,
) -> Option<(&'a Dn, Cow<'a, NormalizedDn>)> {
    if let Some(named) = &settings.default_policy {
        return Some((named, Cow::Owned(named.normalize(snapshot.schema()))));
    }
    let holds = |suffix: &NormalizedDn| name.is_within(suffix);
    let suffixes = snapshot.suffixes();
    let of_name = suffixes.iter().find(|suffix| holds(&suffix.normalized));
    // The administrator, and names from nowhere, follow the first suffix.
    let suffix = of_name.or_else(|| suffixes.first())?;
    let (dn, normalized) = suffix.policy.as_ref()?;
    Some((dn, Cow::Borrowed(normalized)))
}

/// The policy of a name, if its entry is one for `userPassword`.
pub(super) fn policy_at(snapshot: &Snapshot, dn: &Dn, normalized: &NormalizedDn) -> Option<Policy> {
    let Found::Entry(id) = snapshot.find_normalized(dn, normalized) else {
        return None;
    };
    let view = View::new(snapshot, id)?;
    let (descriptions, schema) = (snapshot.descriptions(), snapshot.schema());
    let mut policy = Policy::default();
    let mut is_one = false;
    for block in view.entry.blocks() {
        let value = block.values().next().unwrap_or_default();
        match descriptions.attribute(block.description) {
            Some(known::PWD_ATTRIBUTE) => {
                let name = std::str::from_utf8(value).unwrap_or_default();
                is_one = schema.attribute_id(name) == Some(known::USER_PASSWORD);
            }
            Some(attribute) => rule(&mut policy, attribute, value),
            None => {}
        }
    }
    (is_one && view.has_class(known::class::PWD_POLICY)).then_some(policy)
}

fn rule(policy: &mut Policy, attribute: AttributeTypeId, value: &[u8]) {
    match attribute {
        known::PWD_MIN_AGE => policy.min_age = number(value),
        known::PWD_MAX_AGE => policy.max_age = number(value),
        known::PWD_IN_HISTORY => policy.in_history = count(value, LONGEST_HISTORY),
        known::PWD_CHECK_QUALITY => {
            policy.check = match number(value) {
                0 => Check::No,
                1 => Check::Lenient,
                _ => Check::Strict,
            };
        }
        known::PWD_MIN_LENGTH => policy.min_length = count(value, usize::MAX),
        known::PWD_MAX_LENGTH => policy.max_length = count(value, usize::MAX),
        known::PWD_EXPIRE_WARNING => policy.warn = number(value),
        known::PWD_GRACE_AUTHN_LIMIT => policy.grace_logins = count(value, MOST_FAILURES),
        known::PWD_GRACE_EXPIRY => policy.grace_expiry = number(value),
        known::PWD_LOCKOUT => policy.lockout = is_true(value),
        known::PWD_LOCKOUT_DURATION => policy.lockout_duration = number(value),
        known::PWD_MAX_FAILURE => policy.max_failures = count(value, MOST_FAILURES),
        known::PWD_FAILURE_COUNT_INTERVAL => policy.failure_interval = number(value),
        known::PWD_MUST_CHANGE => policy.must_change = is_true(value),
        known::PWD_ALLOW_USER_CHANGE => policy.allow_user_change = is_true(value),
        known::PWD_SAFE_MODIFY => policy.safe_modify = is_true(value),
        known::PWD_MAX_IDLE => policy.max_idle = number(value),
        _ => {}
    }
}

/// An integer of the policy; below zero it means nothing, and beyond what fits it means no end.
fn number(value: &[u8]) -> Seconds {
    let text = std::str::from_utf8(value).unwrap_or_default();
    match text.parse::<Seconds>() {
        Ok(number) => number.max(0),
        Err(_) if text.starts_with('-') => 0,
        Err(_) => Seconds::MAX,
    }
}

fn count(value: &[u8], most: usize) -> usize {
    usize::try_from(number(value))
        .unwrap_or(usize::MAX)
        .min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_policy_that_make_no_sense_do_no_harm() {
        for (text, means) in [
            ("7", 7),
            ("-1", 0),
            ("99999999999999999999", i64::MAX),
            ("-99999999999999999999", 0),
        ] {
            assert_eq!(number(text.as_bytes()), means);
        }
        assert_eq!(
            count(b"99999999999999999999", LONGEST_HISTORY),
            LONGEST_HISTORY
        );
    }
}
