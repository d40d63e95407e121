//! Days and times as text: today, for findings that are accepted until some day, and when something was used.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the current day in UTC as `YYYY-MM-DD`.
pub(crate) fn today() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |it| it.as_secs());
    day(seconds / 86_400)
}

/// Returns the time so many seconds after 1970 in UTC as `YYYY-MM-DDThh:mm:ssZ`.
pub(crate) fn time(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{}T{hours:02}:{minutes:02}:{seconds:02}Z", day(days))
}

/// Returns the seconds after 1970 of a time as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`. The older ways to
/// write it are not read.
pub(crate) fn parse_http(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, text) = text.split_once(", ")?;
    let parts: Vec<&str> = text.split(' ').collect();
    let [day, month, year, time, "GMT"] = parts[..] else {
        return None;
    };
    let month = MONTHS.iter().position(|it| *it == month)? as u64 + 1;
    let [hours, minutes, seconds] = <[&str; 3]>::try_from(time.split(':').collect::<Vec<_>>())
        .ok()?
        .map(|part| number(part, 2));
    let (hours, minutes, seconds) = (hours?, minutes?, seconds?);
    let (day, year) = (number(day, 2)?, number(year, 4)?);
    // A second 60 is a leap second.
    let is_time = hours < 24 && minutes < 60 && seconds <= 60 && (1..=31).contains(&day);
    let days = days(year, month, day)?;
    is_time.then_some(days * 86_400 + hours * 3600 + minutes * 60 + seconds)
}

fn number(text: &str, digits: usize) -> Option<u64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// The days from 1970-01-01 to a date; `None` for one before. The inverse of [`day`].
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 {
        year.checked_sub(1)?
    } else {
        year
    };
    let (era, year_of_era) = (year / 400, year % 400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day.checked_sub(1)?;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

/// The day so many days after 1970-01-01, by the civil calendar.
///
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn day(days: u64) -> String {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_778, "2026-11-21"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(day(days), expected);
        }
    }

    #[test]
    fn days_are_counted_back() {
        for count in (0..60_000).step_by(17) {
            let text = day(count);
            let parts: Vec<u64> = text.split('-').map(|part| part.parse().unwrap()).collect();
            assert_eq!(days(parts[0], parts[1], parts[2]), Some(count), "{text}");
        }
        assert_eq!(days(1969, 12, 31), None);
        assert_eq!(days(0, 1, 1), None);
    }

    #[test]
    fn times_of_http_are_read() {
        let read = |text| parse_http(text).map(time);
        let example = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(read(example).as_deref(), Some("1994-11-06T08:49:37Z"));
        for odd in [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:61:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 0000 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
        ] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
