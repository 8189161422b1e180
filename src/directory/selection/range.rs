//! Part of the values of an attribute, asked for by an option: `member;range=0-1499` (\[MS-ADTS\] 3.1.1.3.1.3.3).
//!
//! Owns the text of the option, in requests and in answers. Values have the order in which the whole attribute shows
//! them, and a change between two requests may move them.

/// Which values are asked for, by their places.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct ValueRange {
    /// The first, from 0 on.
    low: usize,
    /// The last; `None` for the last there is.
    high: Option<usize>,
}

impl ValueRange {
    /// Takes the option out of a selector; `None` when it has none or one without sense.
    pub fn split(selector: &str) -> Option<(String, ValueRange)> {
        let mut parts = selector.split(';');
        let mut rest = parts.next()?.to_owned();
        let mut range = None;
        for option in parts {
            match option.split_at_checked(RANGE.len()) {
                Some((name, value)) if name.eq_ignore_ascii_case(RANGE) && range.is_none() => {
                    range = Some(Self::parse(value)?);
                }
                _ => {
                    rest.push(';');
                    rest.push_str(option);
                }
            }
        }
        Some((rest, range?))
    }

    fn parse(text: &str) -> Option<ValueRange> {
        let number = |digits: &str| -> Option<usize> {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits
                .parse::<u32>()
                .ok()
                .filter(|_| plain)?
                .try_into()
                .ok()
        };
        let (low, high) = text.split_once('-')?;
        let (low, high) = match high {
            "*" => (number(low)?, None),
            high => (number(low)?, Some(number(high)?)),
        };
        high.is_none_or(|high| low <= high)
            .then_some(ValueRange { low, high })
    }

    /// How many values come before it.
    pub fn skipped(self) -> usize {
        self.low
    }

    /// How many values it takes at the most.
    pub fn most(self) -> usize {
        self.high
            .map_or(usize::MAX, |high| (high - self.low).saturating_add(1))
    }

    /// The description of an attribute of which it shows a part, out of `count` values: the last part has no number at
    /// its end.
    pub fn describe(self, attribute: &str, count: usize) -> String {
        match self.high.filter(|high| high.saturating_add(1) < count) {
            Some(high) => format!("{attribute};{RANGE}{}-{high}", self.low),
            None => format!("{attribute};{RANGE}{}-*", self.low),
        }
    }
}

const RANGE: &str = "range=";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_an_option_beside_others() {
        let (rest, range) = ValueRange::split("member;range=0-1499").unwrap();
        assert_eq!(
            (&rest[..], range.skipped(), range.most()),
            ("member", 0, 1500)
        );
        let (rest, range) = ValueRange::split("cn;lang-en;Range=10-*;x-y").unwrap();
        assert_eq!((&rest[..], range.skipped()), ("cn;lang-en;x-y", 10));
        for senseless in [
            "member",
            "member;range",
            "member;range=",
            "member;range=1",
            "member;range=-",
            "member;range=*-1",
            "member;range=2-1",
            "member;range=+1-2",
            "member;range=0-99999999999",
            "member;range=é-2",
        ] {
            assert_eq!(ValueRange::split(senseless), None, "{senseless}");
        }
    }

    #[test]
    fn the_last_part_says_that_it_is() {
        let (_, range) = ValueRange::split("member;range=2-3").unwrap();
        assert_eq!(range.describe("member", 5), "member;range=2-3");
        assert_eq!(range.describe("member", 4), "member;range=2-*");
        assert_eq!(range.describe("member", 3), "member;range=2-*");
    }
}
