//! An actor: who can say something. A wijk, an organisation, an officer, a redactie, the server's own, or anybody on
//! another server. It owns a name, a key and a kind that never changes. A person who signs in here is none: that is an
//! account.

pub mod keys;
pub mod store;

use diesel::prelude::*;

use crate::foundation::clock::Time;
use crate::foundation::database::schema::actors;
use crate::foundation::database::text_enum;
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::ActorId;
use crate::foundation::uri::Uri;

text_enum! {
    /// The ActivityPub type. Servers keep people and groups in different tables: it can never change.
    ActorKind {
        Group = "Group",
        Organization = "Organization",
        Person = "Person",
        Service = "Service",
        Application = "Application",
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = actors)]
#[diesel(treat_none_as_default_value = false)]
pub struct Actor {
    pub id: ActorId,
    /// The ActivityPub id.
    pub uri: Uri,
    pub kind: ActorKind,
    pub domain: Domain,
    pub username: String,
    pub is_local: bool,
    pub name: String,
    /// Sanitised HTML for a remote actor, plain text for one of ours.
    pub summary: String,
    /// The page for people.
    pub url: String,
    pub inbox: String,
    pub shared_inbox: Option<String>,
    /// `name@host` as its document gives it, where that is another host than that of its id. Shown nowhere.
    pub claimed_handle: Option<String>,
    /// The same once WebFinger of that host confirmed it.
    pub confirmed_handle: Option<String>,
    pub created_at: Time,
    pub fetched_at: Time,
    pub gone_at: Option<Time>,
}

impl Actor {
    /// `@name@host`
    #[must_use]
    pub fn handle(&self) -> String {
        match &self.confirmed_handle {
            Some(handle) => format!("@{handle}"),
            None => format!("@{}@{}", self.username, self.domain),
        }
    }

    /// Where a delivery goes: one per server where the server has a shared inbox.
    #[must_use]
    pub fn delivery_inbox(&self) -> &str {
        self.shared_inbox.as_deref().unwrap_or(&self.inbox)
    }

    #[must_use]
    pub fn shown_name(&self) -> &str {
        if self.name.is_empty() { &self.username } else { &self.name }
    }
}

/// `@name@host`, `name@host`, `!name@host` or `acct:name@host`, as people and WebFinger write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handle {
    pub username: String,
    pub domain: Domain,
}

impl Handle {
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("handle", format!("«{text}»; write it as @name@host"));
        let bare = text.trim().strip_prefix("acct:").unwrap_or(text.trim());
        let bare = bare.strip_prefix(['@', '!']).unwrap_or(bare);
        let (username, host) = bare.split_once('@').ok_or_else(wrong)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if username.is_empty() || username.len() > 300 || !username.chars().all(plain) {
            return Err(wrong());
        }
        Ok(Self {
            username: username.to_owned(),
            domain: Domain::parse(host).map_err(|_| wrong())?,
        })
    }
}

impl Handle {
    /// `name@host`
    #[must_use]
    pub fn bare(&self) -> String {
        format!("{}@{}", self.username, self.domain)
    }
}

impl std::fmt::Display for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "@{}@{}", self.username, self.domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_read_as_people_write_them() {
        for text in [
            "@wijkagent@politie.test",
            "wijkagent@politie.test",
            "acct:wijkagent@POLITIE.test",
            " !wijkagent@politie.test.",
        ] {
            assert_eq!(
                Handle::parse(text).unwrap().to_string(),
                "@wijkagent@politie.test",
                "{text}"
            );
        }
        let idna = Handle::parse("@info@Bücher.example").unwrap();
        assert_eq!(idna.to_string(), "@info@xn--bcher-kva.example");
        for text in
            ["wijkagent", "@wijkagent", "@@b.test", "a b@b.test", "a@b@c", "a@127.0.0.1", ""]
        {
            assert!(Handle::parse(text).is_err(), "{text}");
        }
    }
}
