//! What the values on a command line are read as.

use std::fmt::Display;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use likejewijk::foundation::clock::Time;
use likejewijk::foundation::error::{Error, Result};
use likejewijk::neighbourhood::posts::event::Coordinates;
use serde::{Serialize, Serializer};

/// One of the words of a `text_enum!`, which `--help` lists.
pub(super) fn one_of<T>(
    words: impl IntoIterator<Item = &'static str>,
) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = Error> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).try_map(|word| word.parse::<T>())
}

/// A language tag: `nl`, `en`, `pap`.
pub(super) fn language(text: &str) -> Result<String> {
    let parts = text.split('-').collect::<Vec<_>>();
    let is_primary =
        |part: &str| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase());
    let is_sub = |part: &&str| {
        (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let is_tag = matches!(parts.as_slice(), [primary, subs @ ..] if is_primary(primary) && subs.iter().all(is_sub));
    if is_tag && text.len() <= 10 {
        Ok(text.to_owned())
    } else {
        Err(Error::invalid("language", "write a tag, as nl or en"))
    }
}

/// The end that was asked for, which lies ahead.
pub(super) fn ahead(until: Option<Time>, now: Time) -> Result<Option<Time>> {
    match until {
        Some(until) if until < now => {
            Err(Error::invalid("until", format!("{} has passed", until.date())))
        }
        until => Ok(until),
    }
}

/// A moment, on Dutch clocks where it names no offset.
pub(super) fn moment(text: &str) -> Result<Time> {
    let read = Time::parse_in(text, None);
    read.ok_or_else(|| Error::invalid("time", "write it as 2026-09-26T14:00 or in RFC 3339"))
}

/// A point on earth, in degrees.
pub(super) fn coordinates(text: &str) -> Result<Coordinates> {
    let read = text.split_once(',').and_then(|(north, east)| Coordinates::read(north, east));
    read.ok_or_else(|| {
        Error::invalid("coordinates", "write latitude and longitude, as 51.8891,4.5032")
    })
}

/// Text of one to `most` characters.
pub(super) fn within(field: &'static str, text: &str, most: usize) -> Result<String> {
    match at_most(field, text, most)? {
        text if text.is_empty() => Err(Error::invalid(field, "is empty; write something")),
        text => Ok(text),
    }
}

/// The same, or nothing.
pub(super) fn at_most(field: &'static str, text: &str, most: usize) -> Result<String> {
    let text = text.trim().to_owned();
    match text.chars().count() {
        length if length > most => {
            Err(Error::invalid(field, format!("is {length} characters; {most} is the most")))
        }
        _ => Ok(text),
    }
}

/// A time as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(pub(super) Time);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.rfc3339())
    }
}

impl Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.rfc3339())
    }
}

/// A cell of what may be absent.
pub(super) fn or_dash(value: Option<impl Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_a_tag() {
        for good in ["nl", "en-GB", "pap"] {
            assert!(language(good).is_ok(), "{good}");
        }
        for bad in ["", "n", "Nederlands", "nl_NL", "nl-", "NL", "nl-a-b-c-d-e"] {
            assert!(language(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_end_lies_ahead() {
        let now = Time::from_millis(1_795_000_000_000);
        assert!(ahead(None, now).unwrap().is_none());
        assert!(ahead(Some(now), now).is_ok());
        assert!(ahead(Some(Time::ZERO), now).is_err());
    }
}
