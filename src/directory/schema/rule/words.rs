//! Normal forms of wordMatch and keywordMatch (RFC 4517 4.2.32 and 4.2.21), which leave to the server what a word is.
//!
//! Here a word is a run of letters, digits and marks, a keyword a run of anything but spaces. The normal form is each
//! of them prepared as for caseIgnoreMatch, with one space before, between and after, so that an assertion matches
//! where its normal form occurs in the value's. An assertion of several words matches them as a phrase.

use unicode_normalization::char::is_combining_mark;

use super::prepare::prepare_but_spaces;
use crate::directory::schema::syntax::InvalidValue;

/// Whether a character ends a word.
pub(super) fn ends_word(character: char) -> bool {
    !character.is_alphanumeric() && !is_combining_mark(character)
}

/// Whether a character ends a keyword.
pub(super) fn ends_keyword(character: char) -> bool {
    character == ' '
}

pub(super) fn normalize(
    text: &str,
    ends: fn(char) -> bool,
    out: &mut Vec<u8>,
) -> Result<(), InvalidValue> {
    let prepared = prepare_but_spaces(text)?;
    out.push(b' ');
    for word in prepared.split(ends).filter(|word| !word.is_empty()) {
        out.extend_from_slice(word.as_bytes());
        out.push(b' ');
    }
    Ok(())
}
