//! Dates of HTTP (RFC 9110 5.6.7), strictly: what is not one of the three forms is no date.

use time::format_description::well_known::Rfc2822;
use time::{Date, Month, OffsetDateTime};

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The seconds since 1970 of a date. `now`, of the same kind, decides which century a year of two digits means.
pub fn parse(text: &str, now: i64) -> Option<i64> {
    imf_fixdate(text).or_else(|| rfc850(text, now)).or_else(|| asctime(text))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(text: &str) -> Option<i64> {
    let rest = weekday(text, 3)?.strip_prefix(", ")?;
    let (day, rest) = digits(rest, 2)?;
    let (month, rest) = month(rest.strip_prefix(' ')?)?;
    let (year, rest) = digits(rest.strip_prefix(' ')?, 4)?;
    let (time, rest) = time(rest.strip_prefix(' ')?)?;
    is_gmt(rest).then_some(())?;
    Some(day_begin(year, month, day)? + time)
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc850(text: &str, now: i64) -> Option<i64> {
    let comma = text.find(',')?;
    let rest = weekday(text, comma)?.strip_prefix(", ")?;
    let (day, rest) = digits(rest, 2)?;
    let (month, rest) = month(rest.strip_prefix('-')?)?;
    let (short, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let (time, rest) = time(rest.strip_prefix(' ')?)?;
    is_gmt(rest).then_some(())?;
    // More than 50 years ahead is the last year in the past that ends so.
    let this_year = year_of(now);
    let year = this_year - this_year.rem_euclid(100) + short;
    let year = if year > this_year + 50 { year - 100 } else { year };
    Some(day_begin(year, month, day)? + time)
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(text: &str) -> Option<i64> {
    let rest = weekday(text, 3)?.strip_prefix(' ')?;
    let (month, rest) = month(rest)?;
    let rest = rest.strip_prefix(' ')?;
    let (day, rest) = match rest.strip_prefix(' ') {
        Some(rest) => digits(rest, 1)?,
        None => digits(rest, 2)?,
    };
    let (time, rest) = time(rest.strip_prefix(' ')?)?;
    let (year, rest) = digits(rest.strip_prefix(' ')?, 4)?;
    rest.is_empty().then_some(())?;
    Some(day_begin(year, month, day)? + time)
}

/// What follows a weekday of so many letters. Senders got the case of names wrong, and no other name is meant then.
fn weekday(text: &str, length: usize) -> Option<&str> {
    let name = text.get(..length)?;
    let known = WEEKDAYS
        .iter()
        .any(|day| day.eq_ignore_ascii_case(name) || (length == 3 && day[..3].eq_ignore_ascii_case(name)));
    known.then(|| &text[length..])
}

fn month(text: &str) -> Option<(i64, &str)> {
    let name = text.get(..3)?;
    let index = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
    Some((index as i64 + 1, &text[3..]))
}

fn time(text: &str) -> Option<(i64, &str)> {
    let (hour, rest) = digits(text, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = digits(rest.strip_prefix(':')?, 2)?;
    // A leap second is the last one of its minute here.
    (hour < 24 && minute < 60 && second <= 60).then(|| (hour * 3600 + minute * 60 + second.min(59), rest))
}

fn is_gmt(text: &str) -> bool {
    text.eq_ignore_ascii_case(" GMT")
}

fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let number = text.get(..count)?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    Some((number.parse().ok()?, &text[count..]))
}

/// The seconds since 1970 of the begin of a day that the calendar has.
fn day_begin(year: i64, month: i64, day: i64) -> Option<i64> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let day = Date::from_calendar_date(year.try_into().ok()?, month, day.try_into().ok()?).ok()?;
    Some(day.midnight().assume_utc().unix_timestamp())
}

/// The year of a time, exact enough to tell centuries apart.
fn year_of(seconds: i64) -> i64 {
    1970 + seconds.div_euclid(31_556_952)
}

/// A date as mail writes it, which readers of dates in HTTP understand; `None` before the year 1900.
pub fn format(seconds: i64) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(seconds).ok()?.format(&Rfc2822).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_770_000_000;

    fn is_date(text: &str) -> bool {
        parse(text, NOW).is_some()
    }

    #[test]
    fn each_of_the_three_forms_is_the_same_time() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse(text, NOW), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn names_may_be_in_any_case() {
        assert!(is_date("THU, 18 AUG 2050 02:01:18 gMT"));
    }

    #[test]
    fn what_is_nearly_a_date_is_none() {
        for text in [
            "",
            "0",
            "Thu, 18 Aug 2050 02:01:18 UTC",
            "Thu, 18 Aug 2050 02:01:18 AEST",
            "Thu, 18 Aug 50 02:01:18 GMT",
            "Thu 18 Aug 2050 02:01:18 GMT",
            "Thu, 18  Aug  2050 02:01:18 GMT",
            "Thu, 18-Aug-2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 02.01.18 GMT",
            "Thu, 18 Aug 2050 2:01:18 GMT",
            "Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:19 GMT",
            "Thu, 31 Feb 2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 24:01:18 GMT",
            "Thu, 18 Aug 2050 02:01:18 GMT ",
            "Thu, +8 Aug 2050 02:01:18 GMT",
            "Moo, 18 Aug 2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 02:01:18 \u{ff27}MT",
        ] {
            assert!(!is_date(text), "{text}");
        }
    }

    #[test]
    fn two_digits_are_the_year_that_is_at_most_50_years_ahead() {
        let year_of = |short: &str| {
            let text = format!("Monday, 01-Jan-{short} 00:00:00 GMT");
            OffsetDateTime::from_unix_timestamp(parse(&text, NOW).expect("a date")).expect("in range").year()
        };
        assert_eq!([year_of("50"), year_of("76"), year_of("77"), year_of("94")], [2050, 2076, 1977, 1994]);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in ".*", now in any::<i64>()) {
            let now = now / 1000;
            parse(&text, now);
            parse(&format!("Thu, 18 Aug {text} GMT"), now);
            parse(&format!("Thursday, 18-Aug-50 {text}"), now);
        }

        #[test]
        fn what_is_written_is_read(seconds in -2_208_988_800i64..253_402_300_799) {
            let mail = format(seconds).expect("within its years");
            prop_assert_eq!(parse(&mail.replace("+0000", "GMT"), NOW), Some(seconds));
        }
    }
}
