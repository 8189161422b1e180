//! Time as the directory writes it: generalized time (RFC 4517 section 3.3.13) and change sequence numbers.
//!
//! Owns the formats and the order of changes; it asks no clock but in [`now`].

use super::schema::Schema;
use super::schema::rule::Rule;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A change sequence number: orders all changes of a directory, strictly increasing even when the clock steps back.
/// Printed in OpenLDAP's syntax, `20260102030405.000006Z#000007#000#000000`.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Csn {
    /// Microseconds since 1970.
    pub micros: u64,
    /// Counts the changes of one microsecond.
    pub count: u32,
}

impl Csn {
    /// The number of a change that follows `self`, made at `micros` since 1970 by the clock.
    pub fn next(self, micros: u64) -> Csn {
        if micros > self.micros {
            Csn { micros, count: 0 }
        } else if self.count < 0xff_ffff {
            Csn {
                micros: self.micros,
                count: self.count + 1,
            }
        } else {
            Csn {
                micros: self.micros + 1,
                count: 0,
            }
        }
    }
}

impl std::fmt::Display for Csn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = generalized_micros(self.micros);
        write!(f, "{time}#{:06x}#000#000000", self.count)
    }
}

impl std::str::FromStr for Csn {
    type Err = ();

    /// Reads what [`Csn`]'s `Display` writes.
    fn from_str(text: &str) -> Result<Csn, ()> {
        let mut parts = text.split('#');
        let (time, count) = (parts.next().ok_or(())?, parts.next().ok_or(())?);
        let (_, fraction) = time
            .strip_suffix('Z')
            .and_then(|time| time.split_once('.'))
            .ok_or(())?;
        let seconds = parse_generalized(time.as_bytes()).ok_or(())?;
        let seconds = u64::try_from(seconds).map_err(|_| ())?;
        let micros: u64 = match fraction.len() {
            6 => fraction.parse().map_err(|_| ())?,
            _ => return Err(()),
        };
        Ok(Csn {
            micros: seconds
                .checked_mul(1_000_000)
                .and_then(|seconds| seconds.checked_add(micros))
                .ok_or(())?,
            count: u32::from_str_radix(count, 16).map_err(|_| ())?,
        })
    }
}

/// The clock that changes and accounts go by: the system's, or one that stands still until it is moved.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicU64>>);

impl Clock {
    /// A clock for tests: it stands at so many microseconds since 1970.
    pub fn standing(micros: u64) -> Clock {
        Clock(Some(Arc::new(AtomicU64::new(micros))))
    }

    /// Microseconds since 1970.
    pub fn now(&self) -> u64 {
        let standing = self.0.as_ref();
        standing.map_or_else(now, |micros| micros.load(Ordering::Relaxed))
    }

    /// Seconds since 1970.
    pub fn seconds(&self) -> i64 {
        whole_seconds(self.now())
    }

    /// Moves a clock that stands, for all who hold it.
    pub fn advance(&self, seconds: u32) {
        if let Some(micros) = &self.0 {
            micros.fetch_add(u64::from(seconds) * 1_000_000, Ordering::Relaxed);
        }
    }
}

/// Microseconds since 1970 by the system's clock.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_micros()).ok())
        .unwrap_or_default()
}

/// Whole seconds of microseconds since 1970.
pub fn whole_seconds(micros: u64) -> i64 {
    i64::try_from(micros / 1_000_000).unwrap_or(i64::MAX)
}

/// Writes seconds since 1970 as generalized time, `20260102030405Z`.
pub fn generalized(seconds: i64) -> String {
    Civil::of(seconds).text(GENERALIZED, None)
}

/// Writes microseconds since 1970 as generalized time, `20260102030405.000006Z`.
pub fn generalized_micros(micros: u64) -> String {
    Civil::of(whole_seconds(micros)).text(GENERALIZED, Some(fraction(micros)))
}

/// Writes seconds since 1970 as RFC 3339 does, `2026-01-02T03:04:05Z`.
pub fn rfc3339(seconds: i64) -> String {
    Civil::of(seconds).text(RFC_3339, None)
}

/// Writes microseconds since 1970 as RFC 3339 does, `2026-01-02T03:04:05.000006Z`.
pub fn rfc3339_micros(micros: u64) -> String {
    Civil::of(whole_seconds(micros)).text(RFC_3339, Some(fraction(micros)))
}

fn fraction(micros: u64) -> i64 {
    i64::try_from(micros % 1_000_000).unwrap_or_default()
}

/// Reads the generalized time of a timestamp attribute; `None` for anything but `YYYYMMDDHHMMSS[.fraction]Z`.
pub fn parse_generalized(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let digits = match text.split_once(['.', ',']) {
        Some((digits, fraction))
            if !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit()) =>
        {
            digits
        }
        Some(_) => return None,
        None => text,
    };
    if digits.len() != 14 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        let digits = digits.as_bytes().get(range)?.iter();
        Some(digits.fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    };
    let (month, day) = (number(4..6)?, number(6..8)?);
    let (hour, minute, second) = (number(8..10)?, number(10..12)?, number(12..14)?);
    if !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    Some(days_from_civil(number(0..4)?, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Reads any generalized time (RFC 4517 section 3.3.13), down to the second.
pub fn seconds(schema: &Schema, value: &[u8]) -> Option<i64> {
    let mut text = Vec::with_capacity(16);
    Rule::GeneralizedTime
        .normalize_value(schema, value, &mut text)
        .ok()?;
    text.push(b'Z');
    parse_generalized(&text)
}

/// The formats name the years from 0 to 9999: what lies beyond becomes the nearest moment that they can name.
const EARLIEST: i64 = -62_167_219_200;
const LATEST: i64 = 253_402_300_799;

/// What stands within the date, before the time and within the time.
type Separators = [Option<u8>; 3];
const GENERALIZED: Separators = [None; 3];
const RFC_3339: Separators = [Some(b'-'), Some(b'T'), Some(b':')];

/// A moment in the Gregorian calendar, in UTC.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    second_of_day: i64,
}

impl Civil {
    fn of(seconds: i64) -> Civil {
        let seconds = seconds.clamp(EARLIEST, LATEST);
        let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Years begin in March here, so that the leap day is the last of its year; an era has 400 of them.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Civil {
            year,
            month,
            day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
            second_of_day,
        }
    }

    /// Its parts in their order, and microseconds. Every entry that is shown has such texts, so that no formatter makes
    /// them.
    fn text(&self, [in_date, before_time, in_time]: Separators, micros: Option<i64>) -> String {
        let mut text = Vec::with_capacity(32);
        push_digits::<4>(self.year, &mut text);
        let (hour, minute) = (self.second_of_day / 3_600, self.second_of_day / 60 % 60);
        for (before, part) in [
            (in_date, self.month),
            (in_date, self.day),
            (before_time, hour),
            (in_time, minute),
            (in_time, self.second_of_day % 60),
        ] {
            text.extend(before);
            push_digits::<2>(part, &mut text);
        }
        if let Some(micros) = micros {
            text.push(b'.');
            push_digits::<6>(micros, &mut text);
        }
        text.push(b'Z');
        String::from_utf8(text).unwrap_or_default()
    }
}

/// Appends a number with so many digits.
fn push_digits<const DIGITS: usize>(number: i64, out: &mut Vec<u8>) {
    let mut number = u32::try_from(number).unwrap_or_default();
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    out.extend_from_slice(&digits);
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generalized_time_is_printed_and_read() {
        for (seconds, text) in [
            (0, "19700101000000Z"),
            (951_782_399, "20000228235959Z"),
            (951_782_400, "20000229000000Z"),
            (4_107_542_399, "21000228235959Z"),
            (-1, "19691231235959Z"),
            (EARLIEST, "00000101000000Z"),
            (LATEST, "99991231235959Z"),
        ] {
            assert_eq!(generalized(seconds), text);
            assert_eq!(parse_generalized(text.as_bytes()), Some(seconds));
        }
        assert_eq!(generalized(i64::MIN), generalized(EARLIEST));
        assert_eq!(generalized(i64::MAX), generalized(LATEST));
        assert_eq!(parse_generalized(b"20000228235959.5Z"), Some(951_782_399));
        for bad in [
            "",
            "2000",
            "20001328235959Z",
            "20000228235959",
            "20000228235959.Z",
            "2000022823595xZ",
        ] {
            assert_eq!(parse_generalized(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_change_number_is_read_as_it_is_printed() {
        let number = Csn {
            micros: 951_782_399_000_006,
            count: 0xab,
        };
        assert_eq!(number.to_string().parse(), Ok(number));
        for bad in [
            "",
            "20000228235959Z#000000",
            "20000228235959.1Z#0",
            "2#0#0",
            "x.000000Z#0",
        ] {
            assert_eq!(bad.parse::<Csn>(), Err(()), "{bad}");
        }
        assert_eq!(rfc3339(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(rfc3339_micros(number.micros), "2000-02-28T23:59:59.000006Z");
    }

    #[test]
    fn change_numbers_increase_when_the_clock_stands_still_or_steps_back() {
        let first = Csn::default().next(1_000_000);
        let second = first.next(1_000_000);
        let third = second.next(5);
        assert!(first < second && second < third);
        assert_eq!(
            third.to_string(),
            "19700101000001.000000Z#000002#000#000000"
        );
        assert!(
            Csn {
                micros: 9,
                count: 0xff_ffff
            }
            .next(1)
                > Csn {
                    micros: 9,
                    count: 0xff_ffff
                }
        );
    }
}
