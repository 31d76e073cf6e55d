//! What others did with a post: how often it was liked and shared, the answers that were let in, and the conversation
//! they stand in. Of likes and shares only the number is given.

use serde_json::{Value, json};

use super::in_pages::{Asked, InPages};
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::PostId;
use crate::foundation::links::Links;
use crate::foundation::paging::{At, Span};
use crate::neighbourhood::actors::store as actors_store;
use crate::neighbourhood::posts::{Post, store as posts_store};
use crate::neighbourhood::timelines::Answer;
use crate::neighbourhood::{reactions, timelines};

const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";
/// On a page.
const ANSWERS: usize = 100;

/// Where the collections around a post stand, whatever its own id.
fn part(links: &Links, post: PostId, name: &str) -> String {
    format!("{}/{name}", links.post(post))
}

/// Says all of it in a post of ours.
pub fn say_in(conn: &mut Connection, links: &Links, post: &Post, note: &mut Value) -> Result<()> {
    let totals = reactions::totals(conn, post.id)?;
    let conversation = links.conversation(post.thread_id);
    if let Some(note) = note.as_object_mut() {
        let fields = [
            ("context", json!(conversation)),
            ("conversation", json!(conversation)),
            ("replies", replies_in(links, post.id)),
            ("likes", total(&part(links, post.id, "likes"), totals.likes)),
            ("shares", total(&part(links, post.id, "shares"), totals.shares)),
        ];
        note.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    }
    Ok(())
}

fn total(id: &str, total: i64) -> Value {
    json!({"id": id, "type": "Collection", "totalItems": total})
}

/// Mastodon reads its first page, then goes on to `next`.
fn replies_in(links: &Links, post: PostId) -> Value {
    let id = part(links, post, "replies");
    json!({
        "id": id,
        "type": "Collection",
        "first": {
            "type": "CollectionPage",
            "partOf": id,
            "next": format!("{id}?page=1"),
            "items": [],
        },
    })
}

fn standalone(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.insert("@context".to_owned(), CONTEXT.into());
    }
    value
}

/// A post of ours that is still there.
fn ours(conn: &mut Connection, id: PostId) -> Result<Post> {
    let post = posts_store::find(conn, id)?;
    match (post.is_local, post.gone_at) {
        (true, None) => Ok(post),
        (true, Some(_)) => Err(Error::Gone),
        (false, _) => Err(Error::NotFound),
    }
}

pub fn likes(conn: &mut Connection, links: &Links, id: PostId) -> Result<Value> {
    let (post, totals) = (ours(conn, id)?, reactions::totals(conn, id)?);
    Ok(standalone(total(&part(links, post.id, "likes"), totals.likes)))
}

pub fn shares(conn: &mut Connection, links: &Links, id: PostId) -> Result<Value> {
    let (post, totals) = (ours(conn, id)?, reactions::totals(conn, id)?);
    Ok(standalone(total(&part(links, post.id, "shares"), totals.shares)))
}

/// The answers to the post itself that were let in, by id.
pub fn replies(
    conn: &mut Connection,
    links: &Links,
    id: PostId,
    asked: Asked<At<PostId>>,
) -> Result<Value> {
    let post = ours(conn, id)?;
    if asked == Asked::Whole {
        return Ok(standalone(replies_in(links, post.id)));
    }
    let mut own = answers(conn, post.thread_id)?;
    own.retain(|answer| answer.to.as_ref() == Some(&post.uri));
    let page = asked.span().page_of(own, ANSWERS, |answer| answer.at);
    let items: Vec<Value> = page.items.iter().map(|answer| answer.uri.as_str().into()).collect();
    let all = InPages::unordered(part(links, id, "replies"));
    Ok(all.answer(asked, &items, page.later))
}

/// What the wijk that passed the first post on let into the conversation; nothing where none shows it.
fn answers(conn: &mut Connection, thread: PostId) -> Result<Vec<Answer>> {
    match timelines::post(conn, thread) {
        Ok(first) => timelines::answers(conn, thread, first.announcement.wijk_id),
        Err(Error::NotFound | Error::Gone) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// FEP-7888 and FEP-f228: the posts of a conversation that are shown here, the oldest first; the wijk keeps it, and of
/// what no wijk passed on its author.
pub fn conversation(
    conn: &mut Connection,
    links: &Links,
    thread: PostId,
    asked: Asked<At<PostId>>,
) -> Result<Value> {
    let (first, keeper) = match timelines::post(conn, thread) {
        Ok(shown) => (shown.post, shown.announcement.wijk_id.into()),
        Err(Error::NotFound | Error::Gone) => {
            let post = ours(conn, thread)?;
            let author = post.author_id;
            (post, author)
        }
        Err(error) => return Err(error),
    };
    if first.thread_id != thread {
        return Err(Error::NotFound);
    }
    let keeper = actors_store::find(conn, keeper)?;
    let answers = answers(conn, thread)?;
    let total = answers.len() + 1;
    let page = asked.span().page_of(answers, ANSWERS, |answer| answer.at);
    let opening = Some(&first.uri).filter(|_| asked.span() == Span::First);
    let uris = opening.into_iter().chain(page.items.iter().map(|answer| &answer.uri));
    let items: Vec<Value> = uris.map(|uri| uri.as_str().into()).collect();
    let all = InPages::ordered(links.conversation(thread));
    let mut json = all.answer(asked, &items, page.later);
    if asked == Asked::Whole {
        json["attributedTo"] = keeper.uri.as_str().into();
        json["totalItems"] = total.into();
    }
    Ok(json)
}
