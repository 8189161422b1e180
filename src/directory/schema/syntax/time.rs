//! Generalized Time and UTC Time (RFC 4517 3.3.13 and 3.3.34) as text: reading, and the calendar.
//!
//! How two times compare is `rule/time.rs`.

use super::{InvalidValue, Syntax};

/// A Generalized Time as it was written: local to its offset, its fraction still in the unit it was given in.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub(crate) struct GeneralizedTime<'a> {
    pub(crate) date: Date,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    /// 0 to 60; 60 is a leap second.
    pub(crate) second: u8,
    /// Decimal digits after the dot or comma.
    pub(crate) fraction: &'a [u8],
    /// Seconds in the unit that `fraction` is a fraction of: 3600, 60 or 1.
    pub(crate) fraction_unit: u32,
    /// Minutes by which the local time is ahead of UTC: less than a day either way.
    pub(crate) offset: i16,
}

/// A day of the Gregorian calendar, years 0 to 9999.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub(crate) struct Date {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
}

impl Date {
    /// The next day; none after 9999-12-31.
    pub(crate) fn next(self) -> Option<Date> {
        let Date { year, month, day } = self;
        if day < days_in(year, month) {
            return Some(Date {
                day: day.saturating_add(1),
                ..self
            });
        }
        if month < 12 {
            return Some(Date {
                year,
                month: month.saturating_add(1),
                day: 1,
            });
        }
        (year < 9999).then(|| Date {
            year: year.saturating_add(1),
            month: 1,
            day: 1,
        })
    }

    /// The day before; none before 0000-01-01.
    pub(crate) fn previous(self) -> Option<Date> {
        let Date { year, month, day } = self;
        if day > 1 {
            return Some(Date {
                day: day.saturating_sub(1),
                ..self
            });
        }
        if month > 1 {
            let month = month.saturating_sub(1);
            return Some(Date {
                year,
                month,
                day: days_in(year, month),
            });
        }
        year.checked_sub(1).map(|year| Date {
            year,
            month: 12,
            day: 31,
        })
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

impl<'a> GeneralizedTime<'a> {
    /// Reads every form of RFC 4517 3.3.13. Days that the calendar lacks are refused, as that section recommends.
    pub(crate) fn parse(value: &'a [u8]) -> Result<Self, InvalidValue> {
        let mut reader = Reader {
            rest: value,
            syntax: Syntax::GeneralizedTime,
        };
        let century = reader.two_digits(0, 99, "the year must be four digits")?;
        let year = reader.two_digits(0, 99, "the year must be four digits")?;
        let date = reader.month_and_day(
            u16::from(century)
                .saturating_mul(100)
                .saturating_add(u16::from(year)),
        )?;
        let hour = reader.hour()?;
        let (mut minute, mut second, mut fraction_unit) = (0, 0, 3600);
        if reader.at_digit() {
            minute = reader.minute()?;
            fraction_unit = 60;
            if reader.at_digit() {
                second = reader.two_digits(0, 60, "the second must be 00 to 60")?;
                fraction_unit = 1;
            }
        }
        let fraction = reader.fraction()?;
        let offset = match reader.sign_of_offset() {
            None if reader.take(b'Z') => 0,
            None => return Err(reader.invalid("the time zone must be Z, +hh, +hhmm, -hh or -hhmm")),
            Some(sign) => {
                let hours = reader.hour()?;
                let minutes = if reader.at_digit() {
                    reader.minute()?
                } else {
                    0
                };
                sign.of(hours, minutes)
            }
        };
        reader.end()?;
        Ok(Self {
            date,
            hour,
            minute,
            second,
            fraction,
            fraction_unit,
            offset,
        })
    }
}

/// Checks a UTC Time (RFC 4517 3.3.34). February has 29 days in every fourth two-digit year: both 1900-like
/// exceptions fall outside the hundred years that two digits can mean.
pub(super) fn check_utc_time(value: &[u8]) -> Result<(), InvalidValue> {
    let mut reader = Reader {
        rest: value,
        syntax: Syntax::UtcTime,
    };
    let year = reader.two_digits(0, 99, "the year must be two digits")?;
    reader.month_and_day(u16::from(year).saturating_add(2000))?;
    reader.hour()?;
    reader.minute()?;
    if reader.at_digit() {
        reader.two_digits(0, 59, "the second must be 00 to 59")?;
    }
    if reader.sign_of_offset().is_some() {
        reader.hour()?;
        reader.minute()?;
    } else {
        reader.take(b'Z');
    }
    reader.end()
}

#[derive(Copy, Clone)]
enum Sign {
    Ahead,
    Behind,
}

impl Sign {
    fn of(self, hours: u8, minutes: u8) -> i16 {
        let offset = i16::from(hours)
            .saturating_mul(60)
            .saturating_add(i16::from(minutes));
        match self {
            Sign::Ahead => offset,
            Sign::Behind => offset.saturating_neg(),
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    syntax: Syntax,
}

impl<'a> Reader<'a> {
    fn invalid(&self, reason: &'static str) -> InvalidValue {
        InvalidValue::new(self.syntax, reason)
    }

    fn at_digit(&self) -> bool {
        self.rest.first().is_some_and(u8::is_ascii_digit)
    }

    fn take(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn two_digits(&mut self, low: u8, high: u8, reason: &'static str) -> Result<u8, InvalidValue> {
        let [tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] = self.rest else {
            return Err(self.invalid(reason));
        };
        let number = (tens & 0x0f).saturating_mul(10).saturating_add(ones & 0x0f);
        if !(low..=high).contains(&number) {
            return Err(self.invalid(reason));
        }
        self.rest = rest;
        Ok(number)
    }

    fn month_and_day(&mut self, year: u16) -> Result<Date, InvalidValue> {
        let month = self.two_digits(1, 12, "the month must be 01 to 12")?;
        let day = self.two_digits(1, days_in(year, month), "the month has no such day")?;
        Ok(Date { year, month, day })
    }

    fn hour(&mut self) -> Result<u8, InvalidValue> {
        self.two_digits(0, 23, "the hour must be 00 to 23")
    }

    fn minute(&mut self) -> Result<u8, InvalidValue> {
        self.two_digits(0, 59, "the minute must be 00 to 59")
    }

    fn fraction(&mut self) -> Result<&'a [u8], InvalidValue> {
        if !self.take(b'.') && !self.take(b',') {
            return Ok(&[]);
        }
        let digits = self
            .rest
            .iter()
            .position(|byte| !byte.is_ascii_digit())
            .unwrap_or(self.rest.len());
        match self.rest.split_at_checked(digits) {
            Some((fraction @ [_, ..], rest)) => {
                self.rest = rest;
                Ok(fraction)
            }
            _ => Err(self.invalid("a fraction needs at least one digit")),
        }
    }

    fn sign_of_offset(&mut self) -> Option<Sign> {
        if self.take(b'+') {
            Some(Sign::Ahead)
        } else if self.take(b'-') {
            Some(Sign::Behind)
        } else {
            None
        }
    }

    fn end(&self) -> Result<(), InvalidValue> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.invalid("something follows the time"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generalized_time_accepts_every_form_of_the_grammar() {
        for good in [
            "199412161032Z",
            "199412160532-0500",
            "1994121610Z",
            "19941216103245Z",
            "19941216103260Z",
            "1994121610.5Z",
            "199412161032,25Z",
            "19941216103245.000000001Z",
            "1994121610+05",
            "19941216103245.1-0930",
            "00000101000000Z",
            "99991231235959Z",
            "20000229000000Z",
        ] {
            assert!(GeneralizedTime::parse(good.as_bytes()).is_ok(), "{good}");
        }
    }

    #[test]
    fn generalized_time_refuses_what_the_calendar_and_the_grammar_lack() {
        for bad in [
            "",
            "Z",
            "19941216",
            "1994121610",
            "19941216103245",
            "19941316103245Z",
            "19940016103245Z",
            "19940231103245Z",
            "19000229000000Z",
            "19941216243245Z",
            "19941216106045Z",
            "19941216103261Z",
            "1994121610324Z",
            "19941216103245.Z",
            "19941216103245.1",
            "19941216103245Z ",
            "19941216103245z",
            "19941216103245+2400",
            "19941216103245+05000",
            "19941216103245+1",
            "19941216103245ZZ",
            "1994-12-16T10:32:45Z",
            "\u{0661}9941216103245Z",
        ] {
            assert!(GeneralizedTime::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn utc_time_has_two_digit_years_optional_seconds_and_optional_zone() {
        for good in [
            "9412161032Z",
            "941216103245Z",
            "9412161032",
            "941216103245",
            "9412160532-0500",
            "9602290000Z",
        ] {
            assert!(check_utc_time(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "94121610Z",
            "941216103260Z",
            "9412160532-05",
            "9502290000Z",
            "199412161032Z",
            "9412161032.5Z",
        ] {
            assert!(check_utc_time(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn days_follow_each_other_over_months_years_and_leap_days() {
        let date = |year, month, day| Date { year, month, day };
        for (before, after) in [
            (date(2023, 12, 31), date(2024, 1, 1)),
            (date(2024, 2, 28), date(2024, 2, 29)),
            (date(2024, 2, 29), date(2024, 3, 1)),
            (date(1900, 2, 28), date(1900, 3, 1)),
        ] {
            assert_eq!(before.next(), Some(after));
            assert_eq!(after.previous(), Some(before));
        }
        assert_eq!(date(9999, 12, 31).next(), None);
        assert_eq!(date(0, 1, 1).previous(), None);
    }
}
