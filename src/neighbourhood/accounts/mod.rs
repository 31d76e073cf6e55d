//! An account is a person who signs in. It has no actor; it holds seats: moderator of a wijk, editor of a redactie or
//! a partner. Several editors on one organisation, and volunteers without a name in public, follow from that.

pub mod tokens;
pub mod store;
pub mod passwords;
pub mod invitations;
pub mod sessions;
pub mod seats;

use std::fmt;
use std::str::FromStr;

use diesel::backend::Backend;
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Text;

pub use seats::Moderator;

use crate::foundation::clock::Time;
use crate::foundation::database::schema::accounts;
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::AccountId;
use crate::foundation::text::plain_line;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = accounts)]
#[diesel(treat_none_as_default_value = false)]
pub struct Account {
    pub id: AccountId,
    pub username: String,
    pub email: EmailAddress,
    pub name: String,
    /// `None` until the invitation is accepted.
    pub password_hash: Option<PasswordHash>,
    pub is_admin: bool,
    /// Sessions of an older epoch are over.
    pub auth_epoch: i64,
    pub created_at: Time,
    pub disabled_at: Option<Time>,
}

impl Account {
    /// What opens it, if anything does now.
    #[must_use]
    pub fn password(&self) -> Option<&PasswordHash> {
        self.password_hash.as_ref().filter(|_| self.disabled_at.is_none())
    }

    #[must_use]
    pub fn shown_name(&self) -> &str {
        if self.name.is_empty() { &self.username } else { &self.name }
    }
}

/// What an administrator writes down of a person.
#[derive(Debug, Clone)]
pub struct NewAccount {
    username: String,
    email: EmailAddress,
    name: String,
    is_admin: bool,
    password_hash: Option<PasswordHash>,
}

impl NewAccount {
    /// Without a `name` the username is shown.
    pub fn check(username: &str, email: &str, name: Option<&str>, is_admin: bool) -> Result<Self> {
        let name = name.unwrap_or_default();
        if name.chars().count() > 100 {
            return Err(Error::invalid("name", "is at most 100 characters"));
        }
        Ok(Self {
            username: parse_username(username)?.to_owned(),
            email: email.parse()?,
            name: plain_line(name, 100),
            is_admin,
            password_hash: None,
        })
    }

    #[must_use]
    pub fn with_password(self, password: PasswordHash) -> Self {
        Self { password_hash: Some(password), ..self }
    }
}

/// `[a-z0-9_]{2,30}`. Accounts share no name space with actors.
pub fn parse_username(text: &str) -> Result<&str> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if text.len() < 2 || text.len() > 30 || !text.bytes().all(plain) {
        return Err(Error::invalid("username", format!("«{text}»: 2 to 30 of a-z, 0-9 and _")));
    }
    Ok(text)
}

/// One address that every mailer reads the same way: a dot-atom, one `@`, a host name; lower-case, at most 254 bytes.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct EmailAddress(String);

impl EmailAddress {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong =
            || Error::invalid("email", format!("«{text}»; write one address, as name@example.org"));
        let (local, host) = text.split_once('@').ok_or_else(wrong)?;
        let host = Domain::parse(host).map_err(|_| wrong())?;
        let is_host = host.as_str().contains('.') && !host.as_str().contains(':');
        if !is_host || !is_dot_atom(local) {
            return Err(wrong());
        }
        let address = format!("{}@{host}", local.to_ascii_lowercase());
        if address.len() > 254 { Err(wrong()) } else { Ok(Self(address)) }
    }
}

/// RFC 5322's dot-atom without `%` and `!`, which old mailers route by; at most 64 bytes.
fn is_dot_atom(local: &str) -> bool {
    let is_atom = |b: u8| b.is_ascii_alphanumeric() || b"#$&'*+-/=?^_`{|}~".contains(&b);
    local.len() <= 64 && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Argon2id in PHC form; [`passwords`] makes it. It is never printed.
#[derive(Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct PasswordHash(String);

impl PasswordHash {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

macro_rules! text_column {
    ($($name:ident),+) => {$(
        impl<DB: Backend> ToSql<Text, DB> for $name
        where
            str: ToSql<Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> diesel::serialize::Result {
                self.0.as_str().to_sql(out)
            }
        }

        impl<DB: Backend> FromSql<Text, DB> for $name
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                String::from_sql(bytes).map(Self)
            }
        }
    )+};
}
text_column!(EmailAddress, PasswordHash);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_one_way_only() {
        let address: EmailAddress = "Voornaam.Naam+wijk@Wijk.Example.".parse().unwrap();
        assert_eq!(address.as_str(), "voornaam.naam+wijk@wijk.example");
        for wrong in [
            "",
            "a",
            "@b.test",
            "a@",
            "a@b",
            "a@b@c.test",
            "a b@c.test",
            "a@b.test,c@d.test",
            "\"a\"@b.test",
            "a(x)@b.test",
            "a%c.test@b.test",
            "c.test!a@b.test",
            "a..b@c.test",
            ".a@b.test",
            "a.@b.test",
            "a@b.test\r\nBcc: c@d.test",
            "<a@b.test>",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "a@b.test:25",
            "é@b.test",
            "a;b@c.test",
            "a\\@b.test",
        ] {
            assert!(wrong.parse::<EmailAddress>().is_err(), "{wrong}");
        }
        assert!(format!("{}@b.test", "a".repeat(65)).parse::<EmailAddress>().is_err());
        let host = vec!["b".repeat(60); 4].join(".");
        assert!(format!("{}@{host}.test", "a".repeat(60)).parse::<EmailAddress>().is_err());
    }

    #[test]
    fn usernames_are_short_and_plain() {
        for good in ["moderator1", "ab", "a_b"] {
            assert!(parse_username(good).is_ok(), "{good}");
        }
        for bad in ["a", "Moderator", "a-b", "a b", "", "een_naam_van_meer_dan_dertig_tekens"] {
            assert!(parse_username(bad).is_err(), "{bad}");
        }
    }
}
