//! String preparation (RFC 4518): what remains of a character string once case, composition and insignificant
//! characters are taken away.
//!
//! Two decisions differ from the letter of the RFC, which is bound to Unicode 3.2:
//! - code points that Unicode 3.2 had not assigned are allowed, and the format characters and variation selectors
//!   added since map to nothing like their elders; a name with an emoji can be searched for;
//! - case is folded by today's Unicode rather than by table B.2 of RFC 3454: lower case of upper case of lower case,
//!   between two normalisations. That is full folding: `ß` is `ss` and a final sigma is a sigma. The dotless `ı`
//!   stays itself, as in table B.2, although its upper case is `I`. Over Unicode 3.2 the outcome is that of the
//!   table, but for five ideographs whose decomposition Unicode has corrected since.

use std::iter::repeat_n;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};
use unicode_normalization::{UnicodeNormalization, is_nfkc};

use super::SubstringPiece;
use crate::directory::schema::syntax::{InvalidValue, Syntax};

/// Whether letters are compared with or without regard to case.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub(super) enum Case {
    Ignore,
    Exact,
}

/// Prepares a whole value (`piece` is none) or a piece of a substring assertion, with the insignificant space
/// handling of RFC 4518 2.6.1, and appends it to `out`.
pub(super) fn prepare(
    text: &str,
    case: Case,
    piece: Option<SubstringPiece>,
    out: &mut Vec<u8>,
) -> Result<(), InvalidValue> {
    let start = out.len();
    out.reserve(text.len().saturating_add(2));
    if is_plain(text) {
        write_spaced(text, piece, out);
        if case == Case::Ignore {
            out.get_mut(start..)
                .unwrap_or_default()
                .make_ascii_lowercase();
        }
    } else {
        write_spaced(&map_and_normalize(text, case)?, piece, out);
    }
    Ok(())
}

/// Prepares a whole value that is one word of printable ASCII, as most are, and appends it to `out`; false, and nothing
/// appended, when it is anything else.
pub(super) fn prepare_word(value: &[u8], case: Case, out: &mut Vec<u8>) -> bool {
    if !is_one_word(value) {
        return false;
    }
    out.reserve(value.len().saturating_add(2));
    out.push(b' ');
    match case {
        Case::Ignore => out.extend(value.iter().map(u8::to_ascii_lowercase)),
        Case::Exact => out.extend_from_slice(value),
    }
    out.push(b' ');
    true
}

/// Whether this is what [`prepare_word`] makes of a value; `None` when it makes nothing of it.
pub(super) fn is_word(value: &[u8], case: Case, prepared: &[u8]) -> Option<bool> {
    if !is_one_word(value) {
        return None;
    }
    let [b' ', word @ .., b' '] = prepared else {
        return Some(false);
    };
    Some(match case {
        Case::Ignore => word == value || word.eq_ignore_ascii_case(value),
        Case::Exact => word == value,
    })
}

fn is_one_word(value: &[u8]) -> bool {
    let (eights, rest) = value.as_chunks();
    let ends = match value.last_chunk() {
        Some(end) => are_graphic(*end),
        None => !rest.is_empty() && rest.iter().all(u8::is_ascii_graphic),
    };
    ends && eights.iter().all(|eight| are_graphic(*eight))
}

/// Whether each of eight octets is printable ASCII and no space, all at once: what is added to each carries nothing over.
fn are_graphic(octets: [u8; 8]) -> bool {
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    let octets = u64::from_ne_bytes(octets);
    let at_least_first = octets.wrapping_add(u64::from_ne_bytes([0x80 - b'!'; 8]));
    let beyond_last = octets.wrapping_add(u64::from_ne_bytes([0x7f - b'~'; 8]));
    (octets | beyond_last | !at_least_first) & HIGHEST == 0
}

/// The most that the text of a request, or that of an entry, may take to be compared: so many characters beyond ASCII,
/// each counted as often as it is decomposed into others, about 0.2 s. The names of 25,000 members in Cyrillic take half
/// of it.
pub const MAX_EFFORT: usize = 1 << 20;

/// Text up to this length is not counted through: with eighteen characters for every three octets, the most there
/// are, it stays below [`MAX_EFFORT`].
const SHORT: usize = MAX_EFFORT / 6;

/// Whether comparing these texts takes more than [`MAX_EFFORT`].
pub fn exceeds_effort<'a>(texts: impl Iterator<Item = &'a [u8]> + Clone) -> bool {
    let length: usize = texts.clone().map(<[u8]>::len).sum();
    length > SHORT && texts.map(effort).sum::<usize>() > MAX_EFFORT
}

/// What the preparation of text takes, as a count: its characters beyond ASCII, each as often as it is decomposed into
/// others. One takes some 50 to 300 ns; bytes that are no text take nothing.
fn effort(bytes: &[u8]) -> usize {
    let characters = bytes.utf8_chunks().flat_map(|chunk| chunk.valid().chars());
    let mut count: usize = 0;
    for character in characters.filter(|character| !character.is_ascii()) {
        decompose_compatible(character, |_| count = count.saturating_add(1));
    }
    count
}

/// Prepares a telephone number, its spaces and hyphens taken away (RFC 4518 2.6.3), and appends it to `out`.
pub(super) fn prepare_telephone_number(text: &str, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
    if is_plain(text) {
        let significant = text.bytes().filter(|byte| !matches!(byte, b' ' | b'-'));
        out.extend(significant.map(|byte| byte.to_ascii_lowercase()));
        return Ok(());
    }
    let prepared = map_and_normalize(text, Case::Ignore)?;
    let mut characters = prepared.chars().peekable();
    while let Some(character) = characters.next() {
        let insignificant = character == ' ' || is_hyphen(character);
        if !insignificant || characters.peek().is_some_and(|next| is_mark(*next)) {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    Ok(())
}

/// The value after the map, normalise and prohibit steps (RFC 4518 2.2 to 2.4), case ignored, its spaces untouched.
pub(super) fn prepare_but_spaces(text: &str) -> Result<String, InvalidValue> {
    if is_plain(text) {
        Ok(text.to_ascii_lowercase())
    } else {
        map_and_normalize(text, Case::Ignore)
    }
}

fn is_hyphen(character: char) -> bool {
    matches!(
        character,
        '-' | '\u{58a}' | '\u{2010}' | '\u{2011}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}'
    )
}

/// Whether the map and normalise steps would change nothing but case.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
}

fn is_mark(character: char) -> bool {
    !character.is_ascii() && is_combining_mark(character)
}

/// A SPACE that a combining mark follows is not a space but part of the text.
fn write_spaced(text: &str, piece: Option<SubstringPiece>, out: &mut Vec<u8>) {
    // One word, as most values are.
    if !text.is_empty() && !text.as_bytes().contains(&b' ') {
        if matches!(piece, None | Some(SubstringPiece::Initial)) {
            out.push(b' ');
        }
        out.extend_from_slice(text.as_bytes());
        if matches!(piece, None | Some(SubstringPiece::Final)) {
            out.push(b' ');
        }
        return;
    }
    let mut gap = false;
    let mut empty = true;
    for (index, fragment) in text.split(' ').enumerate() {
        let marked = index > 0 && fragment.chars().next().is_some_and(is_mark);
        gap |= index > 0 && !marked;
        if fragment.is_empty() {
            continue;
        }
        let spaces = match (empty, gap) {
            (true, _) => usize::from(gap || matches!(piece, None | Some(SubstringPiece::Initial))),
            (false, true) => 2,
            (false, false) => 0,
        };
        // The space under the mark, if there is one, belongs to the fragment.
        out.extend(repeat_n(b' ', spaces.saturating_add(usize::from(marked))));
        out.extend_from_slice(fragment.as_bytes());
        (gap, empty) = (false, false);
    }
    let spaces = match (empty, piece) {
        (true, None) => 2,
        (true, Some(_)) => 1,
        (false, _) => usize::from(gap || matches!(piece, None | Some(SubstringPiece::Final))),
    };
    out.extend(repeat_n(b' ', spaces));
}

fn map_and_normalize(text: &str, case: Case) -> Result<String, InvalidValue> {
    let mut normalized = normalize(text.chars().filter_map(map).collect());
    if case == Case::Ignore {
        normalized = normalize(fold(&normalized));
    }
    if normalized.chars().any(is_prohibited) {
        return Err(InvalidValue::new(
            Syntax::DirectoryString,
            "it contains a code point that matching prohibits: private use, not a character, or U+FFFD",
        ));
    }
    Ok(normalized)
}

/// RFC 4518 2.3: Unicode form KC, in which most text is already.
fn normalize(text: String) -> String {
    if is_nfkc(&text) {
        text
    } else {
        text.nfkc().collect()
    }
}

/// RFC 4518 2.2: nothing, a space, or the character itself.
fn map(character: char) -> Option<char> {
    match character {
        '\t'..='\r' | '\u{85}' => Some(' '),
        ' '
        | '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => Some(' '),
        '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => None,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{1806}'
        | '\u{180b}'..='\u{180f}' => None,
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}' => None,
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}' => None,
        '\u{1d173}'..='\u{1d17a}'
        | '\u{e0001}'
        | '\u{e0020}'..='\u{e007f}'
        | '\u{e0100}'..='\u{e01ef}' => None,
        _ => Some(character),
    }
}

fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\0'..='\x7f' => folded.push(character.to_ascii_lowercase()),
            // Without case, which is not worth looking up: from Hebrew to Myanmar, Chinese, Japanese, Korean, Yi.
            'ı' | '\u{590}'..='\u{109f}' | '\u{2e80}'..='\u{a63f}' | '\u{ac00}'..='\u{faff}' => {
                folded.push(character);
            }
            _ => folded.extend(
                character
                    .to_lowercase()
                    .flat_map(char::to_uppercase)
                    .flat_map(char::to_lowercase),
            ),
        }
    }
    folded
}

/// RFC 4518 2.4. Surrogates cannot occur, and what table C.8 lists does not survive the steps before.
fn is_prohibited(character: char) -> bool {
    matches!(character, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{f0000}'..)
        || u32::from(character) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(text: &str, case: Case) -> Option<String> {
        let mut out = Vec::new();
        prepare(text, case, None, &mut out).ok()?;
        Some(String::from_utf8(out).unwrap())
    }

    fn ignoring(text: &str) -> String {
        whole(text, Case::Ignore).unwrap()
    }

    fn piece(piece: SubstringPiece, text: &str) -> String {
        let mut out = Vec::new();
        prepare(text, Case::Ignore, Some(piece), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_word_has_no_octet_but_printable_ones_wherever_it_is() {
        assert!(!is_one_word(b""));
        for length in 1..20 {
            for at in 0..length {
                for octet in 0..=u8::MAX {
                    let mut value = vec![b'a'; length];
                    value[at] = octet;
                    let expected = octet.is_ascii_graphic();
                    assert_eq!(is_one_word(&value), expected, "{octet} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn text_takes_as_much_as_it_grows_to() {
        for (text, expected) in [
            (&b"cn=Ann"[..], 0),
            ("Zo\u{eb}, \u{416}".as_bytes(), 3),
            // A ligature of eighteen characters.
            ("\u{fdfa}\u{fdfa}".as_bytes(), 36),
            (b"\xff\xc3\x28\xa9\xe2\x82", 0),
        ] {
            assert_eq!(effort(text), expected, "{text:x?}");
        }
    }

    #[test]
    fn spaces_are_handled_as_in_the_examples_of_the_standard() {
        assert_eq!(ignoring("foo bar  "), " foo  bar ");
        assert_eq!(piece(SubstringPiece::Initial, "foo bar  "), " foo  bar ");
        assert_eq!(piece(SubstringPiece::Any, "foo bar  "), "foo  bar ");
        assert_eq!(piece(SubstringPiece::Final, "foo bar  "), "foo  bar ");
        assert_eq!(piece(SubstringPiece::Any, "  foo"), " foo");
        assert_eq!(piece(SubstringPiece::Final, "  foo"), " foo ");
        assert_eq!(piece(SubstringPiece::Initial, "  foo"), " foo");
    }

    #[test]
    fn text_of_spaces_alone_keeps_two_or_in_a_piece_one() {
        for blank in ["", " ", "     ", "\t\n", "\u{a0}\u{3000}", "\u{ad}", "\0"] {
            assert_eq!(ignoring(blank), "  ", "{blank:?}");
            assert_eq!(piece(SubstringPiece::Any, blank), " ", "{blank:?}");
        }
    }

    #[test]
    fn a_space_under_a_combining_mark_is_text() {
        assert_eq!(ignoring(" \u{301}a"), "  \u{301}a ");
        assert_eq!(ignoring("a  \u{301} b"), " a   \u{301}  b ");
        assert_eq!(piece(SubstringPiece::Any, " \u{301}"), " \u{301}");
        // NFKC writes the free-standing diaeresis as a space and a mark.
        assert_eq!(ignoring("\u{a8}"), "  \u{308} ");
    }

    #[test]
    fn case_and_composition_do_not_distinguish() {
        let same = [
            ["ZOË MÜLLER", "Zoë Müller"],
            ["Zoe\u{308}", "Zo\u{eb}"],
            ["STRASSE", "straße"],
            ["ẞ", "ss"],
            ["ΣΑΣ", "σας"],
            ["ﬁn", "FIN"],
            ["Ǆ", "ǆ"],
            ["K", "k"],
            ["ǰ", "J\u{30c}"],
            ["ᾳ", "ΑΙ"],
            ["ＡＢＣ", "abc"],
            ["a\u{ad}b", "ab"],
            ["a\u{200d}b\u{fe0f}", "AB"],
            ["a\u{2003}b", "a b"],
            ["a\r\nb", "a b"],
            ["½", "1⁄2"],
        ];
        for [left, right] in same {
            assert_eq!(ignoring(left), ignoring(right), "{left:?} {right:?}");
        }
        assert_eq!(
            whole("Zoe\u{308}", Case::Exact),
            whole("Zo\u{eb}", Case::Exact)
        );
        assert_ne!(whole("Zoë", Case::Exact), whole("zoë", Case::Exact));
        assert_ne!(ignoring("Zoë"), ignoring("Zoe"));
        assert_ne!(ignoring("ı"), ignoring("i"));
    }

    #[test]
    fn every_letter_equals_its_other_cases_and_its_decomposition() {
        // All letters with case and all compatibility forms but ideographs are in planes 0 and 1.
        let letters = ('\0'..='\u{2fff}')
            .chain('\u{a000}'..='\u{abff}')
            .chain('\u{f900}'..='\u{1ffff}');
        let kept = |letter: &char| {
            *letter != 'ı' && map(*letter) == Some(*letter) && !is_prohibited(*letter)
        };
        for letter in letters.filter(kept) {
            let normal = ignoring(&letter.to_string());
            assert_eq!(
                normal,
                ignoring(&letter.to_uppercase().to_string()),
                "{letter:?}"
            );
            assert_eq!(
                normal,
                ignoring(&letter.to_lowercase().to_string()),
                "{letter:?}"
            );
            let text = letter.to_string();
            assert_eq!(normal, ignoring(&text.nfd().to_string()), "{letter:?}");
            assert_eq!(normal, ignoring(&text.nfkd().to_string()), "{letter:?}");
        }
    }

    #[test]
    fn scripts_taken_for_caseless_have_no_case() {
        let caseless = ('\u{590}'..='\u{109f}')
            .chain('\u{2e80}'..='\u{a63f}')
            .chain('\u{ac00}'..='\u{faff}');
        for character in caseless {
            assert!(character.to_lowercase().eq([character]), "{character:?}");
            assert!(character.to_uppercase().eq([character]), "{character:?}");
        }
    }

    #[test]
    fn prohibited_code_points_are_refused_and_newer_ones_are_not() {
        for bad in [
            "\u{fffd}",
            "\u{e000}",
            "a\u{f8ff}",
            "\u{fdd0}",
            "\u{ffff}",
            "\u{1fffe}",
            "\u{10ffff}",
            "\u{f0000}",
        ] {
            assert_eq!(whole(bad, Case::Ignore), None, "{bad:?}");
            assert_eq!(whole(bad, Case::Exact), None, "{bad:?}");
        }
        assert_eq!(ignoring("Jane 🙂"), " jane  🙂 ");
    }

    #[test]
    fn telephone_numbers_lose_spaces_and_hyphens() {
        for written in [
            "+1 512 315-0280",
            "+1-512-315 0280",
            "+1\u{2011}512\u{2212}3150280",
            " -+15123150280- ",
        ] {
            let mut out = Vec::new();
            prepare_telephone_number(written, &mut out).unwrap();
            assert_eq!(out, b"+15123150280", "{written}");
        }
    }

    proptest! {
        #[test]
        fn the_plain_path_equals_the_general_one(text in "[ -~]{0,24}") {
            let mut out = Vec::new();
            write_spaced(&map_and_normalize(&text, Case::Ignore).unwrap(), None, &mut out);
            prop_assert_eq!(String::from_utf8(out).unwrap(), ignoring(&text));
        }

        #[test]
        fn case_and_added_spaces_do_not_distinguish(text in "[a-zß-ö ]{1,12}", spaces in 1_usize..4) {
            let spaced = format!(" {} ", text.to_uppercase().replace(' ', &" ".repeat(spaces)));
            prop_assert_eq!(ignoring(&spaced), ignoring(&text));
        }

        #[test]
        fn parts_of_a_value_split_anywhere_match_it(
            left in "[a-cA-C ]{0,5}[a-c][a-cA-C ]{0,5}",
            right in "[a-cA-C ]{0,5}[a-c][a-cA-C ]{0,5}",
        ) {
            let text = format!("{left}{right}");
            let value = ignoring(&text);
            let initial = piece(SubstringPiece::Initial, &left);
            let last = piece(SubstringPiece::Final, &right);
            prop_assert!(value.starts_with(&initial), "{value:?} {initial:?}");
            prop_assert!(value.ends_with(&last), "{value:?} {last:?}");
            prop_assert!(value.contains(&piece(SubstringPiece::Any, &left)));
            prop_assert!(initial.len() + last.len() <= value.len(), "the pieces overlap");
        }

        #[test]
        fn any_text_is_prepared_or_refused(text in ".{0,32}") {
            let _ = whole(&text, Case::Ignore);
            let _ = whole(&text, Case::Exact);
        }
    }
}
