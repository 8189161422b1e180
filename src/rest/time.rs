//! Moments as JSON writes them (RFC 3339), to and from generalized time (RFC 4517 section 3.3.13).

use std::time::Duration;

use crate::directory::time;

/// A moment of a timestamp attribute; as it stands when it is of another form.
pub fn to_rfc3339(generalized: &str) -> String {
    let seconds = time::parse_generalized(generalized.as_bytes());
    seconds.map_or_else(|| generalized.to_owned(), time::rfc3339)
}

/// This moment, as attributes have it.
pub fn now() -> String {
    moment_in(Duration::ZERO)
}

/// The moment so long from now, as attributes have it.
pub fn moment_in(lifetime: Duration) -> String {
    let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
    let now = time::whole_seconds(time::now());
    time::generalized(now.saturating_add(lifetime))
}

/// A moment of a request as generalized time; `None` when it is not one of RFC 3339. A space stands for the `+` that it was
/// before it was decoded.
pub fn to_generalized(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let separators: [(usize, &[u8]); 5] =
        [(4, b"-"), (7, b"-"), (10, b"Tt"), (13, b":"), (16, b":")];
    let separated = separators
        .iter()
        .all(|(at, of)| bytes.get(*at).is_some_and(|byte| of.contains(byte)));
    if !separated {
        return None;
    }
    let part = |range: std::ops::Range<usize>| {
        let part = text.get(range)?;
        part.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(part)
    };
    let digits = [
        part(0..4)?,
        part(5..7)?,
        part(8..10)?,
        part(11..13)?,
        part(14..16)?,
        part(17..19)?,
    ]
    .concat();
    let rest = text.get(19..)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(after) => {
            let end = after.find(|c: char| !c.is_ascii_digit())?;
            let (fraction, zone) = after.split_at_checked(end)?;
            (!fraction.is_empty()).then_some((fraction, zone))?
        }
        None => ("", rest),
    };
    let seconds = time::parse_generalized(format!("{digits}Z").as_bytes())?;
    // A day that the month does not have comes back as another.
    if !time::generalized(seconds).starts_with(digits.get(..8)?) {
        return None;
    }
    let seconds = seconds.checked_sub(offset(zone)?)?;
    let whole = time::generalized(seconds);
    let whole = whole.strip_suffix('Z').filter(|whole| whole.len() == 14)?;
    let dot = if fraction.is_empty() { "" } else { "." };
    Some(format!("{whole}{dot}{fraction}Z"))
}

/// Seconds that a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("Z") {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' | b' ' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let number = |text: &str, most: i64| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse::<i64>().ok().filter(|_| digits)?;
        (number <= most).then_some(number)
    };
    Some(sign * (number(hours, 23)? * 3_600 + number(minutes, 59)? * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_rfc_3339_are_read_whatever_their_zone() {
        for (text, expected) in [
            ("1985-04-12T23:20:50.52Z", "19850412232050.52Z"),
            ("1996-12-19T16:39:57-08:00", "19961220003957Z"),
            ("1996-12-19t16:39:57z", "19961219163957Z"),
            ("1937-01-01T12:00:27.87+00:20", "19370101114027.87Z"),
            ("1937-01-01T12:00:27.87 00:20", "19370101114027.87Z"),
        ] {
            assert_eq!(to_generalized(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2019",
            "2019-08-24",
            "2019-08-24T14:15:22",
            "2019-08-24 14:15:22Z",
            "2019-08-24T14:15:22.Z",
            "2019-08-24T14:15:22+2:00",
            "2019-08-24T14:15:22+24:00",
            "2019-02-30T14:15:22Z",
            "2019-13-01T14:15:22Z",
            "2019-08-24T24:15:22Z",
            "2019-08-24T14:15:22Zz",
            "2019-08-2\u{e4}T14:15:22Z",
            "+019-08-24T14:15:22Z",
        ] {
            assert_eq!(to_generalized(text), None, "{text}");
        }
    }

    #[test]
    fn timestamps_are_shown_to_the_second() {
        assert_eq!(to_rfc3339("20190824141522Z"), "2019-08-24T14:15:22Z");
        assert_eq!(to_rfc3339("20190824141522.25Z"), "2019-08-24T14:15:22Z");
        assert_eq!(to_rfc3339("soon"), "soon");
    }
}
