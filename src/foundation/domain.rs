//! `Domain`: the one spelling of a host that names are compared by.

use std::fmt;

use diesel::backend::Backend;
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Text;
use url::{Host, Url};

use super::error::{Error, Result};

/// A host as it stands in handles, keys and blocks: lower-case, IDNA in ASCII, no trailing dot, no userinfo, no
/// IP literal. A port only where it is not the scheme's own, which only the lab and the demo have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Domain(String);

impl Domain {
    /// Reads what a person or another server wrote: `B.Test.`, `bücher.example`, `wijk.localhost:8080`.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("domain", format!("«{text}» is not the name of a server"));
        if text.contains(['/', '@', '?', '#', '\\', ' ']) {
            return Err(wrong());
        }
        let url = Url::parse(&format!("https://{text}/")).map_err(|_| wrong())?;
        Self::of(&url).map_err(|_| wrong())
    }

    /// The domain of an http(s) URL. URLs with userinfo or an IP address name nobody.
    pub fn of(url: &Url) -> Result<Self> {
        let wrong = |problem| Error::invalid("url", format!("{url}: {problem}"));
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("not an http address"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("carries a user name"));
        }
        let Some(Host::Domain(host)) = url.host() else {
            return Err(wrong("names no host"));
        };
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let has_empty_label = host.split('.').any(str::is_empty);
        if has_empty_label || host.len() > 253 {
            return Err(wrong("names no host"));
        }
        Ok(Self(url.port().map_or(host.clone(), |port| format!("{host}:{port}"))))
    }

    /// What stands in a [`Uri`](super::uri::Uri), whose server is spelled as this is.
    pub(super) fn as_spelled(server: &str) -> Self {
        Self(server.to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the port: what the instance actor is called.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.split(':').next().unwrap_or(&self.0)
    }

    /// This domain or one below it: who blocks `c.test` blocks `x.c.test` too, and in the lab `c.test:7001`.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let name = if other.0.contains(':') { self.as_str() } else { self.host() };
        name.strip_suffix(other.as_str())
            .is_some_and(|below| below.is_empty() || below.ends_with('.'))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<DB: Backend> ToSql<Text, DB> for Domain
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> diesel::serialize::Result {
        self.0.as_str().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Text, DB> for Domain
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        String::from_sql(bytes).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_has_one_spelling() {
        for same in ["b.test", "B.TEST", "b.test.", "B.Test."] {
            assert_eq!(Domain::parse(same).unwrap().as_str(), "b.test", "{same}");
        }
        assert_eq!(Domain::parse("b.test:443").unwrap().as_str(), "b.test");
        assert_eq!(Domain::parse("bücher.example").unwrap().as_str(), "xn--bcher-kva.example");
        assert_eq!(Domain::parse("wijk.localhost:8080").unwrap().host(), "wijk.localhost");
    }

    #[test]
    fn an_address_or_a_user_names_no_server() {
        for wrong in [
            "",
            ".",
            "127.0.0.1",
            "0x7f.1",
            "2130706433",
            "[::1]",
            "a@b.test",
            "b.test/x",
            "a..b",
            "b.test..",
        ] {
            assert!(Domain::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Domain::of(&Url::parse("https://user@b.test/u/honest").unwrap()).is_err());
        assert!(Domain::of(&Url::parse("ftp://b.test/").unwrap()).is_err());
    }

    #[test]
    fn a_block_reaches_below_but_not_beside() {
        let [c, x, other] = ["c.test", "x.c.test", "xc.test"].map(|d| Domain::parse(d).unwrap());
        assert!(c.is_within(&c) && x.is_within(&c));
        assert!(!other.is_within(&c) && !c.is_within(&x));
        let [port, below] = ["c.test:7001", "x.c.test:7001"].map(|d| Domain::parse(d).unwrap());
        assert!(port.is_within(&c) && below.is_within(&c) && below.is_within(&port));
        assert!(!c.is_within(&port) && !x.is_within(&port));
    }
}
