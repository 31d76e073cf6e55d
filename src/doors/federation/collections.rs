//! Collections as each peer reads them. Followers are a number only: that somebody follows a wijk tells where they live.

use serde_json::{Value, json};

use super::activities::announcing::{Boost, ForCommunity};
use super::activities::publishing;
use super::objects::note;
use super::saying;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::ids::{AnnouncementId, WijkId};
use crate::foundation::links::Links;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::posts::ObjectType;
use crate::neighbourhood::timelines::Shown;
use crate::neighbourhood::wijken::Wijk;
use crate::neighbourhood::{follows, timelines};

const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";
const PAGE: i64 = 20;
const EVENTS: i64 = 100;

pub fn followers(conn: &mut Connection, actor: &Actor) -> Result<Value> {
    Ok(json!({
        "@context": CONTEXT,
        "id": format!("{}/followers", actor.uri),
        "type": "Collection",
        "totalItems": follows::count(conn, actor.id)?,
        "items": [],
    }))
}

/// The wijk's verified partners: a public list.
pub fn following(conn: &mut Connection, wijk: &Wijk, now: Time) -> Result<Value> {
    let partners = timelines::around(conn, wijk.id(), now)?.partners;
    let ids: Vec<Uri> = partners.into_iter().map(|partner| partner.actor.uri).collect();
    Ok(ordered(&format!("{}/following", wijk.actor.uri), ids.len(), &json!(ids)))
}

/// Nothing is pinned; Mastodon pins only what the wijk wrote itself.
#[must_use]
pub fn featured(wijk: &Wijk) -> Value {
    empty(&format!("{}/featured", wijk.actor.uri))
}

/// The moderators are residents: only the server's moderation actor is named.
#[must_use]
pub fn moderators(wijk: &Wijk, links: &Links) -> Value {
    ordered(&format!("{}/moderators", wijk.actor.uri), 1, &json!([links.moderation_actor()]))
}

/// FEP-8a8e `upcomingEvents`: what is not over, the first to begin first. Ours as they are, others by their ids: their
/// own server gives them, and Gancio takes for ours what is embedded.
pub fn agenda(conn: &mut Connection, wijk: &Wijk, links: &Links, now: Time) -> Result<Value> {
    let mut events = Vec::new();
    for Shown { post, author, .. } in timelines::agenda(conn, wijk.id(), now, EVENTS)? {
        events.push(if post.is_local {
            saying::note_of(conn, links, &post, &author)?
        } else {
            post.uri.as_str().into()
        });
    }
    let mut json = ordered(&format!("{}/agenda", wijk.actor.uri), events.len(), &json!(events));
    json["@context"] = note::context(ObjectType::Event);
    Ok(json)
}

#[must_use]
pub fn empty(id: &str) -> Value {
    ordered(id, 0, &json!([]))
}

fn ordered(id: &str, total: usize, items: &Value) -> Value {
    json!({"@context": CONTEXT, "id": id, "type": "OrderedCollection", "totalItems": total, "orderedItems": items})
}

/// The newest announcements inline, and the first page's address: Lemmy reads the one, Gancio the other.
pub fn outbox(conn: &mut Connection, wijk: &Wijk, links: &Links) -> Result<Value> {
    let id = format!("{}/outbox", wijk.actor.uri);
    let (items, _) = announced(conn, wijk, links, None)?;
    Ok(json!({
        "@context": CONTEXT,
        "id": id,
        "type": "OrderedCollection",
        "totalItems": timelines::count(conn, wijk.id())?,
        "first": format!("{id}?page=true"),
        "orderedItems": items,
    }))
}

pub fn outbox_page(
    conn: &mut Connection,
    wijk: &Wijk,
    links: &Links,
    before: Option<AnnouncementId>,
) -> Result<Value> {
    let id = format!("{}/outbox", wijk.actor.uri);
    let (items, older) = announced(conn, wijk, links, before)?;
    let page = |before: AnnouncementId| format!("{id}?page=true&max_id={before}");
    let mut json = json!({
        "@context": CONTEXT,
        "id": before.map_or_else(|| format!("{id}?page=true"), page),
        "type": "OrderedCollectionPage",
        "partOf": id,
        "orderedItems": items,
    });
    if let (Some(json), Some(older)) = (json.as_object_mut(), older) {
        json.insert("next".to_owned(), page(older).into());
    }
    Ok(json)
}

fn announced(
    conn: &mut Connection,
    wijk: &Wijk,
    links: &Links,
    before: Option<AnnouncementId>,
) -> Result<(Vec<Value>, Option<AnnouncementId>)> {
    let page = timelines::of_wijk(conn, WijkId(wijk.actor.id.0), before, PAGE)?;
    let mut items = Vec::with_capacity(page.shown.len());
    for shown in &page.shown {
        let (announcement, author) = (&shown.announcement, &shown.author.uri);
        let mut announce = Boost::of(announcement, wijk, &shown.post, author, links).announce();
        if let Some(announce) = announce.as_object_mut() {
            announce.remove("@context");
            // What was written elsewhere by its id only: Gancio would import its own events again.
            if shown.post.is_local {
                announce.insert("object".to_owned(), create_of(conn, wijk, links, shown)?);
            }
        }
        items.push(announce);
    }
    Ok((items, page.older))
}

/// Lemmy and Gancio read what a wijk wrote from its outbox, where the whole of it stands.
fn create_of(conn: &mut Connection, wijk: &Wijk, links: &Links, shown: &Shown) -> Result<Value> {
    let note = saying::note_of(conn, links, &shown.post, &shown.author)?;
    let written = ForCommunity::of(&note, &shown.post, &shown.version, &shown.author, wijk);
    Ok(written.create(links))
}

/// What a local author wrote, whole: Gancio reads events there when it begins to follow.
pub fn author_outbox(conn: &mut Connection, author: &Actor, links: &Links) -> Result<Value> {
    let mut items = Vec::new();
    for post in timelines::of_author(conn, author.id, PAGE)? {
        let note = saying::note_of(conn, links, &post, author)?;
        let id = links.activity(publishing::create_id(post.id));
        let mut create = publishing::create(&id, &Value::Null, &note, &post, author);
        if let Some(create) = create.as_object_mut() {
            create.remove("@context");
        }
        items.push(create);
    }
    let mut outbox = ordered(&format!("{}/outbox", author.uri), items.len(), &json!(items));
    outbox["@context"] = note::context(ObjectType::Event);
    Ok(outbox)
}
