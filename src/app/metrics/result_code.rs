//! Counting by LDAP result code.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::exposition::Exposition;
use crate::ldap::message::ResultCode;

/// The code of a change that was judged and not made, as OpenLDAP numbers it.
const NO_OPERATION: u32 = 0x410e;

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

    /// Counts what another has counted as well.
    pub(super) fn add(&self, other: &ResultCounters) {
        let counters = self
            .direct
            .iter()
            .chain([&self.no_operation, &self.unnamed]);
        let others = other.direct.iter();
        let others = others.chain([&other.no_operation, &other.unnamed]);
        for (sum, counter) in counters.zip(others) {
            sum.fetch_add(counter.load(Relaxed), Relaxed);
        }
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
            match ResultCode::name_of(code) {
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

#[cfg(test)]
mod tests {
    use super::super::exposition::Kind;
    use super::*;

    #[test]
    fn every_named_code_has_its_own_counter() {
        let direct = |code: &u32| (*code as usize) < DIRECT || *code == NO_OPERATION;
        let mut named =
            (0..=u32::from(u16::MAX)).filter(|code| ResultCode::name_of(*code).is_some());
        assert!(named.all(|code| direct(&code)));
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
