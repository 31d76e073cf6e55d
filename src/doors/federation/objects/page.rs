//! A post written here as communities read it (FEP-1b12): a Page with a title, under the id whose canonical object is a
//! Note.

use serde_json::{Value, json};

use crate::doors::federation::values::PUBLIC;
use crate::foundation::text::plain_line;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::posts::{Post, Version};
use crate::neighbourhood::wijken::Wijk;

/// Lemmy cuts longer titles.
const LONGEST_NAME: usize = 200;

/// `note` is the canonical object. An Event stays one: communities read it as a post, and some as an event.
#[must_use]
pub fn page_json(
    note: &Value,
    post: &Post,
    version: &Version,
    author: &Actor,
    wijk: &Wijk,
) -> Value {
    let mut page = json!({
        "id": post.uri,
        "type": "Page",
        "attributedTo": author.uri,
        "url": post.url,
        "name": name(version),
        "content": version.content.as_str(),
        "mediaType": "text/html",
        "source": {"content": version.content.to_plain(), "mediaType": "text/markdown"},
        "attachment": note["attachment"],
        "sensitive": version.is_sensitive,
        "published": post.published_at.rfc3339(),
    });
    if let (Some(page), Some(updated)) = (page.as_object_mut(), note.get("updated")) {
        page.insert("updated".to_owned(), updated.clone());
    }
    if let (Some(page), Some((code, name))) = (page.as_object_mut(), language(version)) {
        page.insert("language".to_owned(), json!({"identifier": code, "name": name}));
    }
    if note["type"] == "Event" {
        page = note.clone();
    }
    if let Some(page) = page.as_object_mut() {
        page.insert("to".to_owned(), json!([wijk.actor.uri, PUBLIC]));
        page.insert("cc".to_owned(), json!([format!("{}/followers", author.uri)]));
        page.insert("audience".to_owned(), json!(wijk.actor.uri));
    }
    page
}

fn name(version: &Version) -> String {
    let text = version.content.to_plain();
    let first = || text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    plain_line(version.title.as_deref().unwrap_or_else(first), LONGEST_NAME)
}

/// Lemmy knows a language by its code and its own name.
fn language(version: &Version) -> Option<(&'static str, &'static str)> {
    match version.language.as_deref() {
        Some("nl") => Some(("nl", "Nederlands")),
        Some("en") => Some(("en", "English")),
        _ => None,
    }
}
