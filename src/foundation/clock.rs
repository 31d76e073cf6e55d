//! Time, always asked of the clock that was handed in, so that tests can stop it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use diesel::backend::Backend;
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::BigInt;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::error::{Error, Result};

/// Milliseconds since 1970-01-01T00:00:00Z; a BIGINT in the database.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    AsExpression,
    FromSqlRow,
    Serialize,
    Deserialize,
)]
#[diesel(sql_type = BigInt)]
pub struct Time(i64);

impl Time {
    pub const ZERO: Self = Self(0);
    pub const FAR: Self = Self(253_370_764_800_000); // 9999-01-01

    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// RFC 3339 with any offset, as other servers write it; `None` for what is no time between 1970 and 9999.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let millis = text.trim().parse::<Timestamp>().ok()?.as_millisecond();
        (0..Self::FAR.0).contains(&millis).then_some(Self(millis))
    }

    /// RFC 3339; or without an offset, as the clocks of that IANA zone show it (Dutch ones where it is none).
    #[must_use]
    pub fn parse_in(text: &str, zone: Option<&str>) -> Option<Self> {
        let local = || {
            let shown: jiff::civil::DateTime = text.trim().parse().ok()?;
            let millis = zone_of(zone).to_timestamp(shown).ok()?.as_millisecond();
            (0..Self::FAR.0).contains(&millis).then_some(Self(millis))
        };
        Self::parse_rfc3339(text).or_else(local)
    }

    /// The end of that day in UTC (that day included), from `2027-11-24`.
    pub fn parse_until_date(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("until", "write a date as 2027-11-24");
        let day: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
        let end = day
            .tomorrow()
            .and_then(|next| TimeZone::UTC.to_timestamp(next.at(0, 0, 0, 0)))
            .map_err(|_| wrong())?;
        Ok(Self(end.as_millisecond() - 1))
    }

    /// RFC 3339 in UTC, whole seconds: what our JSON and the wire carry.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// RFC 3339 with the offset of that IANA zone (the Dutch one where it is none).
    #[must_use]
    pub fn rfc3339_in(self, zone: Option<&str>) -> String {
        let (zone, at) = (zone_of(zone), self.timestamp());
        let shown = zone.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let seconds = zone.to_offset(at).seconds();
        let sign = if seconds < 0 { '-' } else { '+' };
        let minutes = seconds.unsigned_abs() / 60;
        format!("{shown}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// `2027-11-24` in UTC.
    #[must_use]
    pub fn date(self) -> String {
        self.timestamp().strftime("%Y-%m-%d").to_string()
    }

    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The same moment for `httpdate`: IMF-fixdate of RFC 9110.
    #[must_use]
    pub fn system(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }

    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long ago `earlier` was; zero where the clock went back in between.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Where the wijken are.
pub const HERE: &str = "Europe/Amsterdam";

fn zone_of(name: Option<&str>) -> TimeZone {
    let named = name.and_then(|name| TimeZone::get(name).ok());
    named.or_else(|| TimeZone::get(HERE).ok()).unwrap_or(TimeZone::UTC)
}

impl<DB: Backend> ToSql<BigInt, DB> for Time
where
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> diesel::serialize::Result {
        self.0.to_sql(out)
    }
}

impl<DB: Backend> FromSql<BigInt, DB> for Time
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        i64::from_sql(bytes).map(Self)
    }
}

/// The system's clock, or one that a test moves.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    stopped: Option<Arc<AtomicI64>>,
}

impl Clock {
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn stopped_at(time: Time) -> Self {
        Self { stopped: Some(Arc::new(AtomicI64::new(time.0))) }
    }

    /// Does nothing to the system's clock.
    pub fn advance(&self, by: Duration) {
        if let Some(stopped) = &self.stopped {
            stopped.fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::SeqCst);
        }
    }

    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else asks")]
    pub fn now(&self) -> Time {
        if let Some(stopped) = &self.stopped {
            Time(stopped.load(Ordering::SeqCst))
        } else {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Time(i64::try_from(since.as_millis()).unwrap_or(0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_includes_its_whole_day() {
        let until = Time::parse_until_date("2027-11-24").unwrap();
        assert_eq!(until.rfc3339(), "2027-11-24T23:59:59Z");
        assert_eq!(until.date(), "2027-11-24");
        assert!(Time::parse_until_date("24-11-2027").is_err());
    }

    #[test]
    fn a_time_without_an_offset_is_that_of_its_zone() {
        let read = |text, zone| Time::parse_in(text, zone).map(Time::rfc3339);
        for (text, zone, expected) in [
            ("2026-09-26T14:00", None, "2026-09-26T12:00:00Z"),
            ("2026-11-26 14:00", Some(HERE), "2026-11-26T13:00:00Z"),
            ("2026-09-26T14:00:00", Some("Europe/London"), "2026-09-26T13:00:00Z"),
            ("2026-09-26T14:00:00", Some("Nergens/Huis"), "2026-09-26T12:00:00Z"),
            ("2026-09-26T14:00:00-05:00", Some(HERE), "2026-09-26T19:00:00Z"),
        ] {
            assert_eq!(read(text, zone).as_deref(), Some(expected), "{text} {zone:?}");
        }
        assert_eq!(read("morgen", None), None);
        let time = Time::parse_rfc3339("2026-09-26T12:00:00Z").unwrap();
        assert_eq!(time.rfc3339_in(None), "2026-09-26T14:00:00+02:00");
    }

    #[test]
    fn offsets_are_understood_and_nonsense_is_not() {
        let there = Time::parse_rfc3339("2026-11-24T10:00:00+01:00").unwrap();
        assert_eq!(there.rfc3339(), "2026-11-24T09:00:00Z");
        for nonsense in ["", "yesterday", "2026-11-24", "1492-01-01T00:00:00Z"] {
            assert_eq!(Time::parse_rfc3339(nonsense), None, "{nonsense}");
        }
    }
}
