//! Counting by LDAP result code, and the names the codes have.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::exposition::Exposition;

/// The code of a change that was judged and not made, as OpenLDAP numbers it.
const NO_OPERATION: u32 = 0x410e;

/// The result codes of RFC 4511 4.1.9, RFC 3909 (cancel), RFC 4528 (assertion)
/// and RFC 4370 (proxied authorization), and the one beyond them.
const NAMES: [(u32, &str); 47] = [
    (0, "success"),
    (1, "operationsError"),
    (2, "protocolError"),
    (3, "timeLimitExceeded"),
    (4, "sizeLimitExceeded"),
    (5, "compareFalse"),
    (6, "compareTrue"),
    (7, "authMethodNotSupported"),
    (8, "strongerAuthRequired"),
    (10, "referral"),
    (11, "adminLimitExceeded"),
    (12, "unavailableCriticalExtension"),
    (13, "confidentialityRequired"),
    (14, "saslBindInProgress"),
    (16, "noSuchAttribute"),
    (17, "undefinedAttributeType"),
    (18, "inappropriateMatching"),
    (19, "constraintViolation"),
    (20, "attributeOrValueExists"),
    (21, "invalidAttributeSyntax"),
    (32, "noSuchObject"),
    (33, "aliasProblem"),
    (34, "invalidDNSyntax"),
    (36, "aliasDereferencingProblem"),
    (48, "inappropriateAuthentication"),
    (49, "invalidCredentials"),
    (50, "insufficientAccessRights"),
    (51, "busy"),
    (52, "unavailable"),
    (53, "unwillingToPerform"),
    (54, "loopDetect"),
    (64, "namingViolation"),
    (65, "objectClassViolation"),
    (66, "notAllowedOnNonLeaf"),
    (67, "notAllowedOnRDN"),
    (68, "entryAlreadyExists"),
    (69, "objectClassModsProhibited"),
    (71, "affectsMultipleDSAs"),
    (76, "virtualListViewError"),
    (80, "other"),
    (118, "canceled"),
    (119, "noSuchOperation"),
    (120, "tooLate"),
    (121, "cannotCancel"),
    (122, "assertionFailed"),
    (123, "authorizationDenied"),
    (NO_OPERATION, "noOperation"),
];

/// Codes from 0 to this have a counter of their own.
const DIRECT: usize = 124;

/// How often an operation ended with each code.
pub(super) struct ResultCounters {
    direct: [AtomicU64; DIRECT],
    no_operation: AtomicU64,
    unnamed: AtomicU64,
}

impl Default for ResultCounters {
    fn default() -> ResultCounters {
        ResultCounters {
            direct: [const { AtomicU64::new(0) }; DIRECT],
            no_operation: AtomicU64::new(0),
            unnamed: AtomicU64::new(0),
        }
    }
}

impl ResultCounters {
    pub(super) fn count(&self, code: u32) {
        self.at(code).fetch_add(1, Relaxed);
    }

    fn at(&self, code: u32) -> &AtomicU64 {
        if code == NO_OPERATION {
            return &self.no_operation;
        }
        usize::try_from(code)
            .ok()
            .and_then(|code| self.direct.get(code))
            .unwrap_or(&self.unnamed)
    }

    /// Success always, so that a rate has a start; other results once they
    /// happened; codes without a name together.
    pub(super) fn render(&self, operation: &str, page: &mut Exposition) {
        let mut unnamed = self.unnamed.load(Relaxed);
        let direct = (0..).zip(&self.direct);
        for (code, counter) in direct.chain([(NO_OPERATION, &self.no_operation)]) {
            let count = counter.load(Relaxed);
            match name(code) {
                Some(name) if count > 0 || code == 0 => {
                    page.sample("", &[("operation", operation), ("result", name)], count);
                }
                Some(_) => {}
                None => unnamed += count,
            }
        }
        if unnamed > 0 {
            let labels = [("operation", operation), ("result", "unnamed")];
            page.sample("", &labels, unnamed);
        }
    }
}

/// The name of a code, where it has one.
pub fn name(code: u32) -> Option<&'static str> {
    let place = NAMES.binary_search_by_key(&code, |named| named.0).ok()?;
    NAMES.get(place).map(|named| named.1)
}

#[cfg(test)]
mod tests {
    use super::super::exposition::Kind;
    use super::*;

    #[test]
    fn every_named_code_has_its_own_counter() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        let direct = |code: u32| (code as usize) < DIRECT || code == NO_OPERATION;
        assert!(NAMES.iter().all(|(code, _)| direct(*code)));
    }

    #[test]
    fn codes_without_a_name_are_counted_together() {
        let counters = ResultCounters::default();
        for code in [9, 15, 4_096, u32::MAX, 80] {
            counters.count(code);
        }
        let mut page = Exposition::default();
        page.family("c", Kind::Counter, "C.");
        counters.render("x", &mut page);
        let page = page.into_text();
        assert!(page.contains("result=\"success\"} 0\n"));
        assert!(page.contains("result=\"other\"} 1\n"));
        assert!(page.contains("result=\"unnamed\"} 4\n"));
        assert!(!page.contains("noSuchObject"));
    }
}
