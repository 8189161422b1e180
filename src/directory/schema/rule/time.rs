//! Normal form of Generalized Time (RFC 4517 4.2.16 and 4.2.17): UTC, `YYYYMMDDhhmmss`, then, when not zero, a dot
//! and the fraction of a second without trailing zeros. Byte order is order in time.
//!
//! A leap second stays second 60: it sorts after 59 and before the next minute.

use std::borrow::Cow;

use crate::directory::schema::syntax::time::{Date, GeneralizedTime};
use crate::directory::schema::syntax::{InvalidValue, Syntax};

const MINUTES_OF_A_DAY: i16 = 24 * 60;

pub(super) fn normalize(value: &[u8], out: &mut Vec<u8>) -> Result<(), InvalidValue> {
    let time = GeneralizedTime::parse(value)?;
    let (seconds, fraction) = seconds_of_fraction(time.fraction, time.fraction_unit);
    // A fraction of an hour or a minute fills the minutes and seconds that such a value leaves out.
    let second = u32::from(time.second).saturating_add(seconds % 60);
    let minute = i16::from(time.minute).saturating_add(i16::try_from(seconds / 60).unwrap_or(0));
    let minute_of_day = i16::from(time.hour)
        .saturating_mul(60)
        .saturating_add(minute)
        .saturating_sub(time.offset);
    let date = day_of(time.date, minute_of_day).ok_or(InvalidValue::new(
        Syntax::GeneralizedTime,
        "in UTC the year is outside 0000 to 9999",
    ))?;
    let minute_of_day = minute_of_day.rem_euclid(MINUTES_OF_A_DAY);

    push_digits(u32::from(date.year), 4, out);
    push_digits(u32::from(date.month), 2, out);
    push_digits(u32::from(date.day), 2, out);
    push_digits(u32::from(minute_of_day.unsigned_abs() / 60), 2, out);
    push_digits(u32::from(minute_of_day.unsigned_abs() % 60), 2, out);
    push_digits(second, 2, out);
    if let Some(last) = fraction.iter().rposition(|digit| *digit != b'0') {
        out.push(b'.');
        out.extend(fraction.iter().take(last.saturating_add(1)));
    }
    Ok(())
}

fn day_of(date: Date, minute_of_day: i16) -> Option<Date> {
    if minute_of_day < 0 {
        date.previous()
    } else if minute_of_day >= MINUTES_OF_A_DAY {
        date.next()
    } else {
        Some(date)
    }
}

/// The decimal fraction `0.digits` of `unit` seconds: whole seconds, and the digits of what is left.
fn seconds_of_fraction(digits: &[u8], unit: u32) -> (u32, Cow<'_, [u8]>) {
    if unit == 1 || digits.is_empty() {
        return (0, Cow::Borrowed(digits));
    }
    let mut scaled = digits.to_vec();
    let mut carry = 0_u32;
    for digit in scaled.iter_mut().rev() {
        let product = u32::from(*digit & 0x0f)
            .saturating_mul(unit)
            .saturating_add(carry);
        *digit = decimal_digit(product);
        carry = product / 10;
    }
    (carry, Cow::Owned(scaled))
}

fn push_digits(number: u32, width: u32, out: &mut Vec<u8>) {
    out.extend(
        (0..width)
            .rev()
            .map(|place| decimal_digit(number / 10_u32.saturating_pow(place))),
    );
}

fn decimal_digit(number: u32) -> u8 {
    b'0'.saturating_add(u8::try_from(number % 10).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normal(value: &str) -> String {
        let mut out = Vec::new();
        normalize(value.as_bytes(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_instant_has_one_normal_form() {
        for (value, expected) in [
            ("199412161032Z", "19941216103200"),
            ("199412160532-0500", "19941216103200"),
            (
                "1994121610.53333333333333333333Z",
                "19941216103159.999999999999999988",
            ),
            ("1994121610.5Z", "19941216103000"),
            ("1994121610,25Z", "19941216101500"),
            ("199412161032.5Z", "19941216103230"),
            ("199412161032.0001Z", "19941216103200.006"),
            ("19941216103200.000Z", "19941216103200"),
            ("19941216103200.120Z", "19941216103200.12"),
            ("20240301003000+0100", "20240229233000"),
            ("20231231233000-01", "20240101003000"),
            ("20161231235960Z", "20161231235960"),
        ] {
            assert_eq!(normal(value), expected, "{value}");
        }
    }

    #[test]
    fn times_that_leave_the_four_digit_years_in_utc_are_refused() {
        for value in ["00000101000000+0100", "99991231233000-0100"] {
            assert!(
                normalize(value.as_bytes(), &mut Vec::new()).is_err(),
                "{value}"
            );
        }
    }

    #[test]
    fn byte_order_is_order_in_time() {
        let ascending = [
            "20240101000000Z",
            "20240101000000.05Z",
            "20240101000000.5Z",
            "20240101000001Z",
            "20240101000060Z",
            "202401010001Z",
        ];
        assert!(ascending.is_sorted_by_key(|value| normal(value)));
    }

    proptest! {
        #[test]
        fn an_offset_never_changes_the_instant(hour in 0..24_i32, minute in 0..60_i32, offset in -1439..1440_i32) {
            let utc = hour * 60 + minute;
            let local = (utc + offset).rem_euclid(1440);
            let day = 15 + (utc + offset).div_euclid(1440);
            let sign = if offset < 0 { '-' } else { '+' };
            let written = format!(
                "202406{day:02}{:02}{:02}{sign}{:02}{:02}",
                local / 60, local % 60, offset.abs() / 60, offset.abs() % 60
            );
            prop_assert_eq!(normal(&written), format!("20240615{hour:02}{minute:02}00"));
        }
    }
}
