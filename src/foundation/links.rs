//! Every URL of this site, built in one place: page, ActivityPub id and feed.

use std::fmt::Display;

use url::Url;

use super::config::Config;
use super::domain::Domain;
use super::uri::Uri;

#[derive(Debug, Clone)]
pub struct Links {
    /// Without a trailing slash.
    base: String,
    domain: Domain,
}

impl Links {
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            base: config.url.as_str().trim_end_matches('/').to_owned(),
            domain: config.domain.clone(),
        }
    }

    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    #[must_use]
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// At our server, whatever its scheme: nobody else speaks there.
    #[must_use]
    pub fn is_ours(&self, uri: &Uri) -> bool {
        uri.domain() == self.domain
    }

    /// `@bloemhof@wijk.example`
    #[must_use]
    pub fn handle(&self, username: &str) -> String {
        format!("@{username}@{}", self.domain)
    }

    #[must_use]
    pub fn home(&self) -> String {
        format!("{}/", self.base)
    }

    #[must_use]
    pub fn instance_actor(&self) -> String {
        self.at("actor")
    }

    #[must_use]
    pub fn moderation_actor(&self) -> String {
        self.at("actors/moderatie")
    }

    #[must_use]
    pub fn shared_inbox(&self) -> String {
        self.at("inbox")
    }

    #[must_use]
    pub fn wijk(&self, slug: &str) -> String {
        self.at(format_args!("wijken/{slug}"))
    }

    #[must_use]
    pub fn boost(&self, slug: &str, announcement: impl Display) -> String {
        self.at(format_args!("wijken/{slug}/boosts/{announcement}"))
    }

    #[must_use]
    pub fn partner(&self, name: &str) -> String {
        self.at(format_args!("partners/{name}"))
    }

    #[must_use]
    pub fn post(&self, id: impl Display) -> String {
        self.at(format_args!("berichten/{id}"))
    }

    /// A conversation, by the post that opened it.
    #[must_use]
    pub fn conversation(&self, thread: impl Display) -> String {
        self.at(format_args!("gesprekken/{thread}"))
    }

    #[must_use]
    pub fn event(&self, id: impl Display) -> String {
        self.at(format_args!("agenda/{id}"))
    }

    /// The same event for a calendar app.
    #[must_use]
    pub fn calendar_of_event(&self, id: impl Display) -> String {
        self.at(format_args!("agenda/{id}/activiteit.ics"))
    }

    /// A wijk's agenda for a calendar app.
    #[must_use]
    pub fn calendar(&self, slug: &str) -> String {
        self.at(format_args!("wijken/{slug}/agenda.ics"))
    }

    #[must_use]
    pub fn poll(&self, id: impl Display) -> String {
        self.at(format_args!("peilingen/{id}"))
    }

    /// The page of a hashtag; `tag` is letters, digits and `_`, of any script.
    #[must_use]
    pub fn tag(&self, tag: &str) -> String {
        Url::parse(&self.at(format_args!("tags/{tag}")))
            .map_or_else(|_| self.at("tags"), Into::into)
    }

    #[must_use]
    pub fn activity(&self, id: impl Display) -> String {
        self.at(format_args!("activiteiten/{id}"))
    }

    #[must_use]
    pub fn media(&self, name: impl Display) -> String {
        self.at(format_args!("media/{name}"))
    }

    #[must_use]
    pub fn invitation(&self, token: &str) -> String {
        self.at(format_args!("uitnodiging/{token}"))
    }

    /// Any other path of the site; no leading slash.
    #[must_use]
    pub fn at(&self, path: impl Display) -> String {
        format!("{}/{path}", self.base)
    }
}
