//! `Uri`: the id of an ActivityPub object, actor or activity, ours or another's.

use std::fmt;
use std::sync::Arc;

use diesel::backend::Backend;
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Text;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::domain::Domain;
use super::error::{Error, Result};

/// An http(s) address, kept byte for byte as it was written, and compared so: that is what everybody else compares
/// (`ActivityPub` §3.1: "globally unique identifiers"; Mastodon's `accounts.uri` and `statuses.uri` are unique strings).
/// `https://b.test` is not `https://b.test/`, and who gets an id back gets back its own.
///
/// Scheme and server have one spelling only, that of [`Domain`], and any other is refused: no second id of somebody
/// begins with `https://B.TEST.` or ends its server in `:443`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Uri(Arc<str>);

impl Uri {
    /// Bytes; the tables hold no more.
    pub const LONGEST: usize = 2000;

    /// # Errors
    /// `Invalid` where it is no http(s) address or its server is spelled otherwise than [`Domain`] spells it.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |problem: &str| Error::invalid("id", format!("«{}» {problem}", start(text)));
        let origin = origin(text).ok_or_else(|| wrong("is no address"))?;
        let url = Url::parse(text).map_err(|_| wrong("is no address"))?;
        let domain = Domain::of(&url).map_err(|_| wrong("names no server"))?;
        if origin.server != domain.as_str() {
            return Err(wrong("does not spell its server as everybody does"));
        }
        Ok(Self(text.into()))
    }

    /// What a person typed: an id as it is, any other address (`HTTPS://B.Test/u/1`) as browsers write it.
    pub fn typed(text: &str) -> Result<Self> {
        Self::parse(text).or_else(|wrong| Self::of(&Url::parse(text).map_err(|_| wrong)?))
    }

    /// As a URL is written, which may not be as somebody wrote it: where there is nothing else.
    pub fn of(url: &Url) -> Result<Self> {
        Self::parse(url.as_str())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where to ask for it.
    ///
    /// # Errors
    /// `Internal` where the database holds what is no address.
    pub fn url(&self) -> Result<Url> {
        Url::parse(&self.0).map_err(|problem| Error::internal(format!("{self}: {problem}")))
    }

    /// The server it is of.
    #[must_use]
    pub fn domain(&self) -> Domain {
        Domain::as_spelled(origin(&self.0).map_or("", |origin| origin.server))
    }

    /// Same scheme, host and port: what one server says of its own.
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        self.origin() == other.origin()
    }

    /// The same of what is no id: an inbox, a page, a key.
    #[must_use]
    pub fn is_origin_of(&self, url: &Url) -> bool {
        self.origin() == url.origin().ascii_serialization()
    }

    fn origin(&self) -> &str {
        origin(&self.0).map_or("", |origin| origin.whole)
    }
}

/// `https://b.test:8080`, and in it `b.test:8080`.
struct Origin<'a> {
    whole: &'a str,
    server: &'a str,
}

/// What is seen without parsing, for the rows of a page: the shape of an address, short enough, and nothing in it that
/// two readers read differently (`https:/b.test`, `https://a.test\@b.test`, a line break that a parser leaves out).
fn origin(text: &str) -> Option<Origin<'_>> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let is_odd = |byte: u8| byte <= b' ' || matches!(byte, b'\\' | 0x7f);
    if text.len() > Uri::LONGEST || text.bytes().any(is_odd) {
        return None;
    }
    let server = rest.split(['/', '?', '#']).next().filter(|server| !server.is_empty())?;
    let whole = &text[..text.len() - rest.len() + server.len()];
    Some(Origin { whole, server })
}

/// As much of it as fits in an error.
fn start(text: &str) -> String {
    text.chars().take(100).collect()
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl PartialEq<str> for Uri {
    fn eq(&self, text: &str) -> bool {
        *self.0 == *text
    }
}

impl PartialEq<&str> for Uri {
    fn eq(&self, text: &&str) -> bool {
        *self.0 == **text
    }
}

impl Serialize for Uri {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Uri {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl<DB: Backend> ToSql<Text, DB> for Uri
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> diesel::serialize::Result {
        (*self.0).to_sql(out)
    }
}

/// What is kept was parsed once: its shape is enough.
impl<DB: Backend> FromSql<Text, DB> for Uri
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        let text = String::from_sql(bytes)?;
        match origin(&text) {
            Some(_) => Ok(Self(text.into())),
            None => Err(format!("«{}» is no id", start(&text)).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;

    use super::*;

    fn uri(text: &str) -> Uri {
        Uri::parse(text).unwrap()
    }

    #[test]
    fn what_is_no_id_is_not_read_from_a_table() {
        let mut table = SqliteConnection::establish(":memory:").unwrap();
        let mut read = |text: &str| {
            let row = diesel::select(diesel::dsl::sql::<Text>("").bind::<Text, _>(text));
            row.get_result::<Uri>(&mut table)
        };
        assert_eq!(read("https://b.test/x").unwrap(), uri("https://b.test/x"));
        for wrong in ["", "b.test/x", "javascript:x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_id_stays_as_it_was_written() {
        for written in [
            "https://b.test",
            "https://b.test/",
            "https://b.test/?author=1",
            "https://b.test/u/honest#follows/7",
            "https://b.test/@jörg",
            "https://b.test/@j%C3%B6rg",
            "https://b.test/@j%c3%b6rg",
            "https://b.test/a//b",
            "http://b.localhost:8080/u/1",
            "https://xn--bcher-kva.example/u/1",
        ] {
            assert_eq!(uri(written).as_str(), written);
            assert_eq!(serde_json::to_value(uri(written)).unwrap(), written);
            assert_eq!(serde_json::from_value::<Uri>(written.into()).unwrap(), written);
        }
        assert_ne!(uri("https://b.test"), uri("https://b.test/"));
        assert_ne!(uri("https://b.test/@jörg"), uri("https://b.test/@j%C3%B6rg"));
    }

    #[test]
    fn what_names_no_server_is_no_id() {
        for wrong in [
            "",
            "as:Public",
            "b.test/u/1",
            "acct:honest@b.test",
            "ftp://b.test/u/1",
            "urn:uuid:1",
            "https:b.test/u/1",
            "https:/b.test/u/1",
            "https:///b.test/u/1",
            "https://",
            "https://?x",
            "https://./",
            "https://b.test../u/1",
            "https://b..test/u/1",
            "https://127.0.0.1/u/1",
            "https://0x7f.1/u/1",
            "https://2130706433/u/1",
            "https://0177.0.0.1/u/1",
            "https://[::1]/u/1",
            "https://b.test:99999/u/1",
        ] {
            assert!(Uri::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_server_has_one_spelling() {
        for other in [
            "HTTPS://b.test/u/1",
            "https://B.test/u/1",
            "https://b.test./u/1",
            "https://b.test:443/u/1",
            "http://b.test:80/u/1",
            "https://b.test:/u/1",
            "https://b%2etest/u/1",
            "https://ｂ.test/u/1",
            "https://b。test/u/1",
            "https://b\u{ad}.test/u/1",
            "https://bücher.example/u/1",
            "https://user@b.test/u/1",
            "https://user:word@b.test/u/1",
            "https://@b.test/u/1",
            "https://:@b.test/u/1",
        ] {
            assert!(Uri::parse(other).is_err(), "{other}");
        }
        // A person may type what no server writes.
        assert_eq!(Uri::typed(" HTTPS://B.Test:443/u/1").unwrap(), "https://b.test/u/1");
        assert_eq!(Uri::typed("https://b.test").unwrap(), "https://b.test");
        assert!(Uri::typed("https://user@b.test/u/1").is_err());
    }

    #[test]
    fn what_two_readers_read_differently_is_no_id() {
        for odd in [
            " https://b.test/u/1",
            "https://b.test/u/1 ",
            "https://b.test/u/1\n",
            "https://b.te\tst/u/1",
            "https://b.test/u\r\n/1",
            "https://a.test\\@b.test/u/1",
            "https:\\\\b.test/u/1",
            "https://b.test/u\\1",
            "https://b.test/\0",
            "https://b.test/\u{7f}",
        ] {
            assert!(Uri::parse(odd).is_err(), "{odd:?}");
            assert!(serde_json::from_value::<Uri>(odd.into()).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn an_id_is_as_long_as_the_tables_hold() {
        let of = |length: usize| format!("https://b.test/{}", "x".repeat(length - 15));
        assert!(Uri::parse(&of(2000)).is_ok());
        assert!(Uri::parse(&of(2001)).is_err());
        let Err(Error::Invalid { problem, .. }) = Uri::parse(&of(1_000_000)) else { panic!() };
        assert!(problem.len() < 200, "an error is short");
    }

    #[test]
    fn one_origin_is_scheme_host_and_port() {
        let id = uri("https://b.test/u/1");
        assert_eq!(id.domain(), Domain::parse("b.test").unwrap());
        assert_eq!(
            uri("http://b.localhost:81?x").domain(),
            Domain::parse("b.localhost:81").unwrap()
        );
        assert!(id.same_origin(&uri("https://b.test#x")));
        for other in [
            "http://b.test/u/1",
            "https://b.test:8443/u/1",
            "https://x.b.test/u/1",
            "https://b.test.evil.test/u/1",
        ] {
            assert!(!id.same_origin(&uri(other)), "{other}");
            assert!(!id.is_origin_of(&Url::parse(other).unwrap()), "{other}");
        }
        assert!(id.is_origin_of(&Url::parse("https://B.TEST:443/inbox").unwrap()));
        assert!(!id.is_origin_of(&Url::parse("data:,https://b.test").unwrap()));
    }
}
