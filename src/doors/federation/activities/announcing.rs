//! The wijk passes a post on: our Announce and its Undo. An Announce that comes in says nothing about the post in it:
//! who wants a post offered to a wijk mentions the wijk.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::publishing;
use crate::doors::federation::objects::page;
use crate::doors::federation::values::{Ids, PUBLIC};
use crate::foundation::clock::Time;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{ActivityId, AnnouncementId, VersionId};
use crate::foundation::links::Links;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::announcements::Announcement;
use crate::neighbourhood::posts::{Post, Version};
use crate::neighbourhood::wijken::Wijk;

const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";

/// The object form of an announcement: the id alone, which microblogs boost natively.
pub struct Boost<'a> {
    pub id: String,
    /// The wijk, or the server's own actor.
    actor: &'a Actor,
    post: &'a Post,
    author: &'a Uri,
    at: Time,
}

impl<'a> Boost<'a> {
    #[must_use]
    pub fn of(
        announcement: &Announcement,
        wijk: &'a Wijk,
        post: &'a Post,
        author: &'a Uri,
        links: &Links,
    ) -> Self {
        let id = links.boost(wijk.slug(), announcement.id);
        Self { id, actor: &wijk.actor, post, author, at: announcement.announced_at }
    }

    /// By the server's own actor, for servers that follow the whole of us.
    #[must_use]
    pub fn relayed(
        announcement: &Announcement,
        instance: &'a Actor,
        post: &'a Post,
        author: &'a Uri,
        links: &Links,
    ) -> Self {
        let id = links.activity(relay_id(announcement.id));
        Self { id, actor: instance, post, author, at: announcement.announced_at }
    }

    #[must_use]
    pub fn announce(&self) -> Value {
        json!({
            "@context": CONTEXT,
            "id": self.id,
            "type": "Announce",
            "actor": self.actor.uri,
            // Misskey drops an Announce that is older than its object.
            "published": self.at.max(self.post.published_at).rfc3339(),
            "to": [PUBLIC],
            "cc": self.cc(),
            "object": self.post.uri,
        })
    }

    /// Embeds the Announce it undoes: Mastodon matches on its id, Misskey would fetch a bare one.
    #[must_use]
    pub fn undo(&self) -> Value {
        json!({
            "@context": CONTEXT,
            "id": format!("{}#undo", self.id),
            "type": "Undo",
            "actor": self.actor.uri,
            "to": [PUBLIC],
            "cc": self.cc(),
            "object": {
                "id": self.id,
                "type": "Announce",
                "actor": self.actor.uri,
                "object": self.post.uri,
            },
        })
    }

    fn cc(&self) -> [String; 2] {
        [format!("{}/followers", self.actor.uri), self.author.to_string()]
    }
}

/// One number for an announcement and its relay: its undoing knows the id.
#[must_use]
pub fn relay_id(announcement: AnnouncementId) -> ActivityId {
    ActivityId(announcement.0)
}

#[derive(Serialize)]
struct Embedding<'a> {
    #[serde(rename = "@context")]
    context: &'a str,
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    actor: &'a str,
    published: String,
    to: [&'a str; 1],
    cc: [String; 1],
    object: &'a RawValue,
}

/// An Announce around another activity (FEP-1b12), which stays byte for byte as its author made it.
pub fn embedded(id: &str, wijk: &Wijk, published: Time, activity: &str) -> Result<String> {
    let embedding = Embedding {
        context: CONTEXT,
        id,
        kind: "Announce",
        actor: wijk.actor.uri.as_str(),
        published: published.rfc3339(),
        to: [PUBLIC],
        cc: [format!("{}/followers", wijk.actor.uri)],
        object: serde_json::from_str(activity).map_err(Error::internal)?,
    };
    serde_json::to_string(&embedding).map_err(Error::internal)
}

/// A post written here, as communities read it: addressed to the wijk first, a Page.
pub struct ForCommunity<'a> {
    page: Value,
    post: &'a Post,
    version: VersionId,
}

impl<'a> ForCommunity<'a> {
    #[must_use]
    pub fn of(
        note: &Value,
        post: &'a Post,
        version: &Version,
        author: &Actor,
        wijk: &Wijk,
    ) -> Self {
        let page = page::page_json(note, post, version, author, wijk);
        Self { page, post, version: version.id }
    }

    #[must_use]
    pub fn create(self, links: &Links) -> Value {
        let id = links.activity(publishing::create_id(self.post.id));
        let published = self.post.published_at.rfc3339();
        self.activity("Create", &id, &json!(published))
    }

    #[must_use]
    pub fn update(self) -> Value {
        let id = format!("{}#update-{}", self.post.uri, self.version);
        let updated = self.page["updated"].clone();
        self.activity("Update", &id, &updated)
    }

    fn activity(self, kind: &str, id: &str, published: &Value) -> Value {
        let page = self.page;
        json!({
            "id": id,
            "type": kind,
            "actor": page["attributedTo"],
            "to": page["to"],
            "cc": page["cc"],
            "audience": page["audience"],
            "published": published,
            "object": page,
        })
    }
}

/// A moderator of the wijk took it away: Lemmy reads a Delete with a `summary` so, of an actor on the wijk's own host.
#[must_use]
pub fn removal(announcement: &Announcement, wijk: &Wijk, post: &Post, links: &Links) -> Value {
    json!({
        "id": format!("{}#removal", links.boost(wijk.slug(), announcement.id)),
        "type": "Delete",
        "actor": links.moderation_actor(),
        "to": [PUBLIC],
        "cc": [wijk.actor.uri],
        "audience": wijk.actor.uri,
        "object": post.uri,
        "summary": "Niet meer doorgegeven door de wijk",
    })
}

#[derive(serde::Deserialize)]
struct Outer {
    object: Addressees,
}

#[derive(serde::Deserialize)]
struct Addressees {
    #[serde(default)]
    to: Ids,
    #[serde(default)]
    cc: Ids,
}

/// Whether the object of that activity is addressed to the wijk: a mere mention or hashtag finds no community.
#[must_use]
pub fn addresses(activity: &str, wijk: &Uri) -> bool {
    let Ok(Outer { object }) = serde_json::from_str(activity) else { return false };
    object.to.0.iter().chain(&object.cc.0).any(|id| wijk == id.as_str())
}
