//! Collections as each peer reads them. Followers are a number only: that somebody follows a wijk tells where they live.

use std::fmt::Display;

use serde_json::{Value, json};

use super::activities::announcing::{Boost, ForCommunity};
use super::activities::publishing;
use super::in_pages::{self, Asked, InPages};
use super::objects::note;
use super::saying;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::ids::{AnnouncementId, PostId, WijkId};
use crate::foundation::links::Links;
use crate::foundation::paging::{At, Span};
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::posts::ObjectType;
use crate::neighbourhood::timelines::Shown;
use crate::neighbourhood::wijken::Wijk;
use crate::neighbourhood::{follows, timelines};

const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";
const PAGE: usize = 20;
const EVENTS: usize = 100;

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
pub fn agenda(
    conn: &mut Connection,
    wijk: &Wijk,
    links: &Links,
    asked: Asked<At<AnnouncementId>>,
    now: Time,
) -> Result<Value> {
    let page = timelines::agenda(conn, wijk.id(), now, asked.span(), EVENTS)?;
    let mut events = Vec::new();
    for Shown { post, author, .. } in page.items {
        events.push(if post.is_local {
            saying::note_of(conn, links, &post, &author)?
        } else {
            post.uri.as_str().into()
        });
    }
    let agenda = InPages::ordered(format!("{}/agenda", wijk.actor.uri));
    let mut json = agenda.answer(asked, &events, page.later);
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

pub fn outbox(
    conn: &mut Connection,
    wijk: &Wijk,
    links: &Links,
    asked: Asked<AnnouncementId>,
) -> Result<Value> {
    let outbox = Outbox(format!("{}/outbox", wijk.actor.uri));
    let (items, older) = announced(conn, wijk, links, asked.span())?;
    Ok(match asked {
        Asked::Whole => outbox.whole(timelines::count(conn, wijk.id())?, &items),
        Asked::Page(span) => outbox.page(span, &items, older),
    })
}

/// By its id: the newest first.
struct Outbox(String);

impl Outbox {
    /// The newest inline, and the first page's address: Lemmy reads the one, Gancio the other.
    fn whole(&self, total: i64, items: &[Value]) -> Value {
        json!({
            "@context": CONTEXT,
            "id": self.0,
            "type": "OrderedCollection",
            "totalItems": total,
            "first": self.address(Span::<PostId>::First),
            "orderedItems": items,
        })
    }

    fn page<K: Display>(&self, span: Span<K>, items: &[Value], older: Option<K>) -> Value {
        let mut page = json!({
            "@context": CONTEXT,
            "id": self.address(span),
            "type": "OrderedCollectionPage",
            "partOf": self.0,
            "orderedItems": items,
        });
        if let Some(older) = older {
            page["next"] = self.address(Span::Before(older)).into();
        }
        page
    }

    fn address<K: Display>(&self, span: Span<K>) -> String {
        in_pages::address(&self.0, "page=true", span)
    }
}

fn announced(
    conn: &mut Connection,
    wijk: &Wijk,
    links: &Links,
    span: Span<AnnouncementId>,
) -> Result<(Vec<Value>, Option<AnnouncementId>)> {
    let page = timelines::of_wijk(conn, WijkId(wijk.actor.id.0), span, PAGE)?;
    let mut items = Vec::with_capacity(page.items.len());
    for shown in &page.items {
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
    Ok((items, page.earlier))
}

/// Lemmy and Gancio read what a wijk wrote from its outbox, where the whole of it stands.
fn create_of(conn: &mut Connection, wijk: &Wijk, links: &Links, shown: &Shown) -> Result<Value> {
    let note = saying::note_of(conn, links, &shown.post, &shown.author)?;
    let written = ForCommunity::of(&note, &shown.post, &shown.version, &shown.author, wijk);
    Ok(written.create(links))
}

/// What a local author wrote, whole: Gancio reads events there when it begins to follow.
pub fn author_outbox(
    conn: &mut Connection,
    author: &Actor,
    links: &Links,
    asked: Asked<PostId>,
) -> Result<Value> {
    let outbox = Outbox(format!("{}/outbox", author.uri));
    let page = timelines::of_author(conn, author.id, asked.span(), PAGE)?;
    let mut items = Vec::with_capacity(page.items.len());
    for post in page.items {
        let note = saying::note_of(conn, links, &post, author)?;
        let activity = links.activity(publishing::create_id(post.id));
        let mut create = publishing::create(&activity, &Value::Null, &note, &post, author);
        if let Some(create) = create.as_object_mut() {
            create.remove("@context");
        }
        items.push(create);
    }
    let mut json = match asked {
        Asked::Whole => outbox.whole(timelines::count_of_author(conn, author.id)?, &items),
        Asked::Page(span) => outbox.page(span, &items, page.earlier),
    };
    json["@context"] = note::context(ObjectType::Event);
    Ok(json)
}
