//! The wijk passes a post on: our Announce and its Undo. An Announce that comes in says nothing about the post in it:
//! who wants a post offered to a wijk mentions the wijk.

use serde_json::{Value, json};

use crate::doors::federation::values::PUBLIC;
use crate::foundation::links::Links;
use crate::neighbourhood::announcements::Announcement;
use crate::neighbourhood::posts::Post;
use crate::neighbourhood::wijken::Wijk;

/// The object form: the id alone, which microblogs boost natively (FEDERATION.md, variant A).
#[must_use]
pub fn announce(
    announcement: &Announcement,
    wijk: &Wijk,
    post: &Post,
    author_uri: &str,
    links: &Links,
) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": links.boost(wijk.slug(), announcement.id),
        "type": "Announce",
        "actor": wijk.actor.uri,
        // Misskey drops an Announce that is older than its object.
        "published": announcement.announced_at.max(post.published_at).rfc3339(),
        "to": [PUBLIC],
        "cc": [format!("{}/followers", wijk.actor.uri), author_uri],
        "object": post.uri,
    })
}

/// Embeds the Announce it undoes: Mastodon matches on its id, Misskey would fetch a bare one.
#[must_use]
pub fn undo(
    announcement: &Announcement,
    wijk: &Wijk,
    post: &Post,
    author_uri: &str,
    links: &Links,
) -> Value {
    let id = links.boost(wijk.slug(), announcement.id);
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": format!("{id}#undo"),
        "type": "Undo",
        "actor": wijk.actor.uri,
        "to": [PUBLIC],
        "cc": [format!("{}/followers", wijk.actor.uri), author_uri],
        "object": {"id": id, "type": "Announce", "actor": wijk.actor.uri, "object": post.uri},
    })
}
