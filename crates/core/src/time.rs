//! Time is a value: read once per request, passed down.

use std::fmt;

use ::time::format_description::BorrowedFormatItem;
use ::time::macros::format_description;
use ::time::{OffsetDateTime, PrimitiveDateTime};
use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// RFC 3339 in UTC with milliseconds, as the Management API writes every date.
const MILLIS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const COMPACT: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day][hour][minute][second][subsecond digits:3]");

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch: JWT's `NumericDate` (RFC 7519 2).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant plus `seconds` (which may be negative); saturates.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// `yyyyMMddHHmmssSSS`: the sortable part of a log id.
    pub fn compact(self) -> String {
        self.datetime()
            .format(COMPACT)
            .unwrap_or_else(|_| "0".repeat(17))
    }

    /// Reads RFC 3339 with any offset and precision.
    pub fn parse(text: &str) -> Option<Self> {
        let parsed =
            OffsetDateTime::parse(text, &::time::format_description::well_known::Rfc3339).ok()?;
        i64::try_from(parsed.unix_timestamp_nanos().div_euclid(1_000_000))
            .ok()
            .map(Self)
    }

    fn datetime(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or_else(|_| PrimitiveDateTime::MIN.assume_utc())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.datetime().format(MILLIS).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_and_write_the_management_form() {
        let at = Timestamp::parse("2026-04-22T17:49:56.235Z").unwrap();
        assert_eq!(at.to_string(), "2026-04-22T17:49:56.235Z");
        assert_eq!(at.seconds(), 1_776_880_196);
        assert_eq!(at.compact(), "20260422174956235");
        assert_eq!(Timestamp::parse("2026-04-22T19:49:56.235+02:00"), Some(at));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}
