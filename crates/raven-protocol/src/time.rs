//! Points in time as every surface writes them: RFC 3339, UTC, milliseconds.
//!
//! Owns the format. Must not know clocks other than the system's.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, written as `2026-01-31T12:00:00.000Z`.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    schemars::JsonSchema,
)]
#[schemars(extend("format" = "date-time"))]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = DateTime, examples("2026-01-31T12:00:00.000Z"))]
pub struct Timestamp(i64);

/// Why a text is not a point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an RFC 3339 time such as 2026-01-31T12:00:00.000Z")]
pub struct InvalidTimestamp(String);

impl Timestamp {
    /// The system's time now, cut to milliseconds.
    #[must_use]
    pub fn now() -> Self {
        Self(jiff::Timestamp::now().as_millisecond())
    }

    /// From milliseconds since the Unix epoch; clamped to the years that RFC 3339 can write.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        const YEAR_10000: i64 = 253_402_300_799_999;
        Self(millis.clamp(0, YEAR_10000 - 86_400_000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = jiff::Timestamp::from_millisecond(self.0).map_err(|_| fmt::Error)?;
        write!(f, "{instant:.3}")
    }
}

impl From<Timestamp> for String {
    fn from(at: Timestamp) -> String {
        at.to_string()
    }
}

impl TryFrom<String> for Timestamp {
    type Error = InvalidTimestamp;
    fn try_from(text: String) -> Result<Self, InvalidTimestamp> {
        match text.parse::<jiff::Timestamp>() {
            Ok(instant) => Ok(Self(instant.as_millisecond())),
            Err(_) => Err(InvalidTimestamp(text)),
        }
    }
}

/// A day, written as `2026-01-31`.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    schemars::JsonSchema,
)]
#[schemars(with = "String", extend("format" = "date"))]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = Date, examples("2026-01-31"))]
pub struct Date(jiff::civil::Date);

/// Why a text is not a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day such as 2026-01-31")]
pub struct InvalidDate(String);

impl Date {
    /// Reads a day.
    ///
    /// # Errors
    /// [`InvalidDate`] for anything that is not one, or is spelled otherwise.
    pub fn parse(text: &str) -> Result<Self, InvalidDate> {
        let day = text.parse::<jiff::civil::Date>().ok().filter(|day| day.to_string() == text);
        day.map(Self).ok_or_else(|| InvalidDate(text.chars().take(40).collect()))
    }

    /// The day that was so many days after the first of 1970, in UTC; the last one that there is, when it is later.
    #[must_use]
    pub fn from_days(days: i64) -> Self {
        let first = jiff::civil::date(1970, 1, 1);
        let span = jiff::Span::new().try_days(days).ok();
        Self(span.and_then(|span| first.checked_add(span).ok()).unwrap_or(jiff::civil::Date::MAX))
    }

    /// So many days is this after the first of 1970.
    #[must_use]
    pub fn as_days(self) -> i64 {
        let since = self.0.since(jiff::civil::date(1970, 1, 1));
        since.map_or(0, |span| i64::from(span.get_days()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl From<Date> for String {
    fn from(day: Date) -> String {
        day.to_string()
    }
}

impl TryFrom<String> for Date {
    type Error = InvalidDate;
    fn try_from(text: String) -> Result<Self, InvalidDate> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_with_milliseconds_in_utc_and_read_back() {
        let at = Timestamp::from_millis(1_769_860_800_007);
        assert_eq!(at.to_string(), "2026-01-31T12:00:00.007Z");
        let back: Timestamp = serde_json::from_str("\"2026-01-31T13:00:00.007+01:00\"").unwrap();
        assert_eq!(back, at);
        assert!(serde_json::from_str::<Timestamp>("\"yesterday\"").is_err());
    }
    #[test]
    fn days_are_read_as_they_are_written() {
        for day in ["2026-01-31", "1970-01-01", "2028-02-29"] {
            assert_eq!(Date::parse(day).unwrap().to_string(), day);
            assert_eq!(Date::from_days(Date::parse(day).unwrap().as_days()).to_string(), day);
        }
        assert_eq!(Date::parse("1970-01-02").unwrap().as_days(), 1);
        for bad in ["", "2026-02-30", "20260131", "2026-01-31T00:00", "31.1.2026", "2026-1-31"] {
            assert!(Date::parse(bad).is_err(), "{bad}");
        }
    }
}
