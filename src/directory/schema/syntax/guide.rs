//! Guide and Enhanced Guide (RFC 4517 3.3.14 and 3.3.10): suggested search criteria.

use super::oid::is_oid;
use super::text::trim_spaces;

/// An Enhanced Guide: `class # criteria # subset`.
pub(super) fn is_enhanced_guide(value: &[u8]) -> bool {
    const SUBSETS: [&[u8]; 3] = [b"baseobject", b"oneLevel", b"wholeSubtree"];
    let parts = value
        .split(|byte| *byte == b'#')
        .map(trim_spaces)
        .collect::<Vec<_>>();
    matches!(parts.as_slice(), [class, criteria, subset]
        if is_oid(class) && is_criteria(criteria) && SUBSETS.iter().any(|known| known.eq_ignore_ascii_case(subset)))
}

/// A Guide: `class # criteria`, the class optional.
pub(super) fn is_guide(value: &[u8]) -> bool {
    let parts = value
        .split(|byte| *byte == b'#')
        .map(trim_spaces)
        .collect::<Vec<_>>();
    match parts.as_slice() {
        [criteria] => is_criteria(criteria),
        [class, criteria] => is_oid(class) && is_criteria(criteria),
        _ => false,
    }
}

/// Terms joined by `|` and `&`, negated by `!`, grouped by parentheses. Counting the parentheses replaces recursion:
/// apart from them the grammar is one of terms and operators in turn.
fn is_criteria(criteria: &[u8]) -> bool {
    const MATCHES: [&[u8]; 5] = [b"EQ", b"SUBSTR", b"GE", b"LE", b"APPROX"];
    let mut depth = 0_usize;
    let mut after_term = false;
    let mut rest = criteria;
    while let Some((first, tail)) = rest.split_first() {
        match (first, after_term) {
            (b'!', false) => {}
            (b'(', false) => depth = depth.saturating_add(1),
            (b')', true) => match depth.checked_sub(1) {
                Some(outer) => depth = outer,
                None => return false,
            },
            (b'|' | b'&', true) => after_term = false,
            (_, false) => {
                let end = rest
                    .iter()
                    .position(|byte| b"|&()!".contains(byte))
                    .unwrap_or(rest.len());
                let Some((term, tail)) = rest.split_at_checked(end) else {
                    return false;
                };
                let mut halves = term.splitn(2, |byte| *byte == b'$');
                let attribute = halves.next().unwrap_or_default();
                let is_term = match halves.next() {
                    Some(kind) => {
                        is_oid(attribute)
                            && MATCHES.iter().any(|known| known.eq_ignore_ascii_case(kind))
                    }
                    None => [b"?true".as_slice(), b"?false"]
                        .iter()
                        .any(|known| known.eq_ignore_ascii_case(attribute)),
                };
                if !is_term {
                    return false;
                }
                (after_term, rest) = (true, tail);
                continue;
            }
            _ => return false,
        }
        rest = tail;
    }
    after_term && depth == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_guides_have_class_criteria_and_subset() {
        for good in [
            "person#(sn$EQ)#oneLevel",
            " 2.5.6.6 # ?true # wholeSubtree",
            "person#!(sn$EQ|cn$SUBSTR&!?false)#baseobject",
            "person#((sn$EQ)&(cn$GE))|ou$LE#oneLevel",
        ] {
            assert!(is_enhanced_guide(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "person#(sn$EQ)",
            "#sn$EQ#oneLevel",
            "person##oneLevel",
            "person#sn$EQ#nowhere",
            "person#(sn$EQ#oneLevel",
            "person#sn$EQ)#oneLevel",
            "person#sn$EQ cn$EQ#oneLevel",
            "person#sn$EQ&#oneLevel",
            "person#()#oneLevel",
            "person#sn$MAYBE#oneLevel",
            "person#sn#oneLevel",
            "person#sn$EQ(cn$EQ)#oneLevel",
        ] {
            assert!(!is_enhanced_guide(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn guides_may_leave_out_the_class() {
        assert!(is_guide(b"sn$EQ") && is_guide(b"person#sn$EQ"));
        assert!(!is_guide(b"person#sn$EQ#oneLevel") && !is_guide(b"") && !is_guide(b"#sn$EQ"));
    }

    #[test]
    fn deep_nesting_is_judged_without_recursion() {
        let deep = format!("{}sn$EQ{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(is_guide(deep.as_bytes()));
    }
}
