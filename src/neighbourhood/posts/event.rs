//! What makes a post an event: when it is, where, and whether it goes ahead.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::foundation::clock::Time;
use crate::foundation::database::text_enum;

text_enum! {
    /// Whether it goes ahead, in the words of iCalendar (RFC 5545 §3.8.1.11).
    EventStatus { Confirmed = "confirmed", Tentative = "tentative", Cancelled = "cancelled" }
}

/// An event without an end stands in the agenda this long.
const WITHOUT_END: Duration = Duration::from_hours(3);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub starts_at: Time,
    pub ends_at: Option<Time>,
    /// The IANA name of the zone it is held in.
    pub time_zone: Option<String>,
    pub status: EventStatus,
    pub place: Option<Place>,
    /// Where it is held on the web.
    pub online_url: Option<String>,
}

impl Event {
    /// When it leaves the agenda.
    #[must_use]
    pub fn over_at(&self) -> Time {
        self.ends_at.unwrap_or_else(|| self.starts_at.plus(WITHOUT_END))
    }

    /// Somebody could go there.
    #[must_use]
    pub fn is_to_come(&self, now: Time) -> bool {
        self.status != EventStatus::Cancelled && self.over_at() > now
    }
}

/// The parts of a schema.org `PostalAddress` that a visitor needs to get there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub name: String,
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub locality: Option<String>,
    pub country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
}

/// A point on earth (WGS 84), in millionths of a degree: the last digit is a tenth of a metre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coordinates {
    latitude: i32,
    longitude: i32,
}

impl Coordinates {
    /// From degrees in decimals. `None` where there is no such point, and at 0, 0: that is how programs write that they
    /// know none.
    #[must_use]
    pub fn read(latitude: &str, longitude: &str) -> Option<Self> {
        let point =
            Self { latitude: millionths(latitude, 90)?, longitude: millionths(longitude, 180)? };
        (point != Self { latitude: 0, longitude: 0 }).then_some(point)
    }

    /// In degrees.
    #[must_use]
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude) / 1e6
    }

    #[must_use]
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude) / 1e6
    }
}

fn millionths(degrees: &str, most: i32) -> Option<i32> {
    let degrees: f64 = degrees.trim().parse().ok()?;
    let is_there = degrees.abs() <= f64::from(most);
    is_there.then(|| format!("{:.0}", degrees * 1e6).parse().ok())?
}

impl Place {
    /// As it is written here: the name, then street and town in any order, commas between.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let mut place =
            Self { name: parts.next().unwrap_or_default().to_owned(), ..Self::default() };
        for part in parts.map(ToOwned::to_owned) {
            match postal_code(&part) {
                Some((code, town)) => {
                    place.postal_code = Some(code);
                    place.locality = town.or(place.locality);
                }
                None if place.street.is_none() => place.street = Some(part),
                None => place.locality = Some(part),
            }
        }
        place
    }

    /// `Speeltuin Bloemhof, Speelplein 3, 3073 AA Rotterdam`
    #[must_use]
    pub fn line(&self) -> String {
        let town = [self.postal_code.as_deref(), self.locality.as_deref()];
        let town = town.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let mut parts: Vec<&str> = Vec::new();
        for part in [self.name.as_str(), self.street.as_deref().unwrap_or_default(), &town] {
            if !part.is_empty() && !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts.join(", ")
    }
}

/// `3073 AA Rotterdam` → the code and the town.
fn postal_code(text: &str) -> Option<(String, Option<String>)> {
    let (digits, rest) = text.split_at_checked(4)?;
    let rest = rest.trim_start();
    let letters = rest.get(..2)?;
    let (_, town) = rest.split_at(2);
    let is_code = digits.bytes().all(|b| b.is_ascii_digit())
        && letters.bytes().all(|b| b.is_ascii_uppercase())
        && town.chars().next().is_none_or(char::is_whitespace);
    let town = Some(town.trim().to_owned()).filter(|town| !town.is_empty());
    is_code.then(|| (format!("{digits} {letters}"), town))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_somewhere_on_earth() {
        let point = Coordinates::read("51.8891", " 4.503249 ").unwrap();
        assert_eq!((point.latitude(), point.longitude()), (51.8891, 4.503_249));
        assert_eq!(Coordinates::read("-90", "-180").unwrap().longitude, -180_000_000);
        for (latitude, longitude) in [
            ("90.1", "0"),
            ("0", "180.1"),
            ("0", "0"),
            ("-0.0", "0.0000001"),
            ("NaN", "1"),
            ("1", "inf"),
            ("", "1"),
            ("1e300", "1"),
            ("51,8", "4"),
        ] {
            assert_eq!(Coordinates::read(latitude, longitude), None, "{latitude}, {longitude}");
        }
        let kept = serde_json::to_string(&point).unwrap();
        assert_eq!(serde_json::from_str::<Coordinates>(&kept).unwrap(), point);
    }

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let whole = Place::parse("Speeltuin Bloemhof, Speelplein 3, 3073AA Rotterdam");
        assert_eq!(
            (whole.name.as_str(), whole.street.as_deref(), whole.postal_code.as_deref()),
            ("Speeltuin Bloemhof", Some("Speelplein 3"), Some("3073 AA"))
        );
        assert_eq!(whole.line(), "Speeltuin Bloemhof, Speelplein 3, 3073 AA Rotterdam");
        assert_eq!(Place::parse("Het plein").line(), "Het plein");
        assert_eq!(Place::parse("Kerk, Plein 1, Rotterdam").locality.as_deref(), Some("Rotterdam"));
        assert_eq!(Place::parse("Loods, 3073 ABC").street.as_deref(), Some("3073 ABC"));
        assert_eq!(Place::parse("Éé, 30é3 AA X").street.as_deref(), Some("30é3 AA X"));
    }
}
