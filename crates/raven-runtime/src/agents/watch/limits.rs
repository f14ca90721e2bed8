//! When a usage limit ends, from what a program writes of it. Pure.
//!
//! Owns the ways in which times are written. Must not know where they stand.

use jiff::civil::Time;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp as Instant, ToSpan as _};
use raven_protocol::time::Timestamp;

/// The moment that a text names: a day and its time, a time of day (the next one), or how long from now.
/// `None` when it is written in another way.
pub fn read(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim().trim_end_matches('.').to_lowercase();
    let now = Instant::from_millisecond(now.as_millis()).ok()?;
    let at = match (from_now(&text), on_a_day(&text, zone)) {
        (Some(later), _) => now.checked_add(later).ok()?,
        (None, Some(at)) => at,
        (None, None) => next(time_of_day(&text)?, now, zone)?,
    };
    Some(Timestamp::from_millis(at.as_millisecond()))
}

fn from_now(text: &str) -> Option<SignedDuration> {
    let spelled = text.strip_prefix("in ").unwrap_or(text);
    let spaced = spelled.replace(" and ", " ");
    if !spaced.ends_with(|last: char| last.is_ascii_alphabetic())
        || spaced.ends_with('m') && spaced.contains(':')
    {
        return None;
    }
    let span: jiff::Span = spaced.parse().ok()?;
    let seconds = span.total((jiff::Unit::Second, jiff::SpanRelativeTo::days_are_24_hours())).ok()?;
    (seconds > 0.0).then(|| SignedDuration::from_secs_f64(seconds))
}

/// A day with its year, and a time: `nov 25th, 2026 12:41 am`.
fn on_a_day(text: &str, zone: &TimeZone) -> Option<Instant> {
    let (day, rest) = text.split_once(',')?;
    let day = day.trim_end_matches(|last: char| last.is_ascii_alphabetic());
    let read = strtime::parse("%b %d,%Y %I:%M %p", format!("{day},{}", rest.trim_start())).ok()?;
    Some(read.to_datetime().ok()?.to_zoned(zone.clone()).ok()?.timestamp())
}

fn time_of_day(text: &str) -> Option<Time> {
    let text = text.split('(').next()?.trim();
    let (clock, half) = match text
        .strip_suffix("am")
        .map(|clock| (clock, 0))
        .or(text.strip_suffix("pm").map(|clock| (clock, 12)))
    {
        Some((clock, half)) => (clock.trim(), Some(half)),
        None => (text, None),
    };
    let (hour, minute) = clock.split_once(':').unwrap_or((clock, "0"));
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        None if clock.contains(':') => hour,
        _ => return None,
    };
    Time::new(hour, minute, 0, 0).ok()
}

fn next(time: Time, now: Instant, zone: &TimeZone) -> Option<Instant> {
    let here = now.to_zoned(zone.clone());
    let today = here.date().to_zoned(zone.clone()).ok()?.with().time(time).build().ok()?;
    let next = if today <= here { today.checked_add(1.day()).ok()? } else { today };
    Some(next.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_programs_write_them() {
        let noon = Timestamp::from_millis(1_800_014_400_000);
        assert_eq!(noon.to_string(), "2027-01-15T12:00:00.000Z");
        for (text, wanted) in [
            ("6:54 PM.", Some("2027-01-15T18:54:00.000Z")),
            ("3pm (UTC)", Some("2027-01-15T15:00:00.000Z")),
            ("11am", Some("2027-01-16T11:00:00.000Z")),
            ("12am", Some("2027-01-16T00:00:00.000Z")),
            ("15:04", Some("2027-01-15T15:04:00.000Z")),
            ("in 2h 5m", Some("2027-01-15T14:05:00.000Z")),
            ("3 hours and 20 minutes", Some("2027-01-15T15:20:00.000Z")),
            ("1 day 1 hour", Some("2027-01-16T13:00:00.000Z")),
            ("Jan 16th, 2027 12:41 AM.", Some("2027-01-16T00:41:00.000Z")),
            ("Feb 1st, 2027 3:05 PM", Some("2027-02-01T15:05:00.000Z")),
            ("Feb 30th, 2027 3:05 PM", None),
            ("soon", None),
            ("25:00", None),
            ("13 pm", None),
            ("7", None),
        ] {
            let read = read(text, noon, &TimeZone::UTC).map(|at| at.to_string());
            assert_eq!(read.as_deref(), wanted, "{text}");
        }
    }
}
