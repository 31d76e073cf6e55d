//! A word of `outgoing` → its activity and the inboxes that must hear it, one slice at a time.

use serde_json::Value;
use url::Url;

use super::activities::{announcing, following, publishing};
use super::objects::{actor, note};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{ActivityId, ActorId};
use crate::foundation::links::Links;
use crate::neighbourhood::actors::{Actor, store as actors_store};
use crate::neighbourhood::blocks::Blocklist;
use crate::neighbourhood::outgoing::Word;
use crate::neighbourhood::outgoing::store::{self, Pending};
use crate::neighbourhood::posts::{Post, Version, store as posts_store};
use crate::neighbourhood::wijken::{self, Wijk};
use crate::neighbourhood::{announcements, follows};

/// Follows read in one transaction: a large announcement never holds the writer long.
const SLICE: i64 = 500;

/// An activity, who signs it, and who hears it.
struct Said {
    json: Value,
    signer: ActorId,
    /// Heard once, whatever the followers are.
    directly: Vec<String>,
    /// Whose followers hear it.
    followers_of: Vec<ActorId>,
    /// Also those who followed at any time since then.
    heard_since: Option<Time>,
}

/// Writes down the next slice of a word's deliveries; the first one makes the activity.
///
/// # Errors
/// `NotFound` where the word's subject is no more.
pub fn expand(conn: &mut Connection, links: &Links, pending: &Pending, now: Time) -> Result<()> {
    let activity = pending.activity.unwrap_or_else(|| ActivityId::next(now));
    let said = say(conn, links, &pending.word, activity, pending.said_at)?;
    if pending.activity.is_none() {
        let json = serde_json::to_string(&said.json).map_err(Error::internal)?;
        store::keep_activity(conn, activity, said.signer, &pending.word, &json, now)?;
    }
    let (mut inboxes, next) = slice(conn, &said, pending.cursor)?;
    if pending.activity.is_none() {
        inboxes.extend(said.directly);
    }
    inboxes.sort_unstable();
    inboxes.dedup();
    let blocklist = Blocklist::read(conn)?;
    let deliveries: Vec<(String, Domain)> = inboxes
        .into_iter()
        .filter_map(|inbox| {
            let host = Url::parse(&inbox).ok().and_then(|url| Domain::of(&url).ok())?;
            (host != *links.domain() && !blocklist.refuses_domain(&host)).then_some((inbox, host))
        })
        .collect();
    store::expanded(conn, pending, activity, &deliveries, next, now)
}

fn slice(conn: &mut Connection, said: &Said, cursor: i64) -> Result<(Vec<String>, Option<i64>)> {
    let rows = follows::inboxes(conn, &said.followers_of, said.heard_since, cursor, SLICE)?;
    let is_last = i64::try_from(rows.len()).unwrap_or(0) < SLICE;
    let next = if is_last { None } else { rows.last().map(|(follow, _)| follow.0) };
    Ok((rows.into_iter().map(|(_, inbox)| inbox).collect(), next))
}

fn say(
    conn: &mut Connection,
    links: &Links,
    word: &Word,
    activity: ActivityId,
    at: Time,
) -> Result<Said> {
    let id = links.activity(activity);
    match word {
        Word::AcceptFollow { follower, target, uri, .. } => {
            let (follower, target) = pair(conn, *follower, *target)?;
            Ok(to_one(following::accept(&id, &follower, &target, uri), &target, &follower))
        }
        Word::RejectFollow { follower, target, uri } => {
            let (follower, target) = pair(conn, *follower, *target)?;
            Ok(to_one(following::reject(&id, &follower, &target, uri), &target, &follower))
        }
        Word::Announce { announcement, .. } | Word::UndoAnnounce { announcement, .. } => {
            let announcement = announcements::find(conn, *announcement)?;
            let wijk = wijken::by_id(conn, announcement.wijk_id)?;
            let (post, author) = post_and_author(conn, announcement.post_id)?;
            let is_undo = matches!(word, Word::UndoAnnounce { .. });
            let form = if is_undo { announcing::undo } else { announcing::announce };
            Ok(Said {
                json: form(&announcement, &wijk, &post, &author.uri, links),
                signer: wijk.actor.id,
                directly: vec![author.delivery_inbox().to_owned()],
                followers_of: vec![wijk.actor.id],
                heard_since: is_undo.then_some(announcement.announced_at),
            })
        }
        Word::CreatePost { post } => {
            let (post, author) = post_and_author(conn, *post)?;
            let note = note_of(conn, links, &post, &author)?;
            let create = publishing::create(&id, &note::note_context(), &note, &post, &author);
            Ok(to_followers(create, &author, None))
        }
        Word::DeletePost { post } => {
            let (post, author) = post_and_author(conn, *post)?;
            let delete = publishing::delete_post(&post, &author, at);
            let mut said = to_followers(delete, &author, Some(post.published_at));
            // The servers of a wijk's followers fetched the post itself.
            let passed_on_by = announcements::ever_by(conn, post.id)?;
            said.followers_of.extend(passed_on_by.into_iter().map(ActorId::from));
            Ok(said)
        }
        Word::UpdateWijk { wijk, .. } => {
            let wijk = wijken::by_id(conn, *wijk)?;
            let document = actor::wijk_json(&wijk, links);
            Ok(to_followers(
                publishing::update_actor(&id, &document, &wijk.actor),
                &wijk.actor,
                None,
            ))
        }
        Word::DeleteWijk { wijk } => {
            let wijk = wijken::by_id(conn, *wijk)?;
            let since = at.minus(std::time::Duration::from_hours(4320));
            Ok(to_followers(publishing::delete_actor(&wijk.actor), &wijk.actor, Some(since)))
        }
    }
}

fn to_one(json: Value, signer: &Actor, recipient: &Actor) -> Said {
    // An answer goes to its person: a server may know them by their own inbox only.
    Said {
        json,
        signer: signer.id,
        directly: vec![recipient.inbox.clone()],
        followers_of: Vec::new(),
        heard_since: None,
    }
}

fn to_followers(json: Value, signer: &Actor, heard_since: Option<Time>) -> Said {
    Said {
        json,
        signer: signer.id,
        directly: Vec::new(),
        followers_of: vec![signer.id],
        heard_since,
    }
}

fn pair(conn: &mut Connection, follower: ActorId, target: ActorId) -> Result<(Actor, Actor)> {
    Ok((actors_store::find(conn, follower)?, actors_store::find(conn, target)?))
}

fn post_and_author(
    conn: &mut Connection,
    post: crate::foundation::ids::PostId,
) -> Result<(Post, Actor)> {
    let post = posts_store::find(conn, post)?;
    let author = actors_store::find(conn, post.author_id)?;
    Ok((post, author))
}

/// A local post as servers see it: its newest version, addressed to the wijken that passed it on.
pub fn note_of(conn: &mut Connection, links: &Links, post: &Post, author: &Actor) -> Result<Value> {
    let version: Version = posts_store::version(conn, post.newest_version)?;
    let mut wijken: Vec<Wijk> = Vec::new();
    for announcement in announcements::all_standing(conn, post.id)? {
        wijken.push(wijken::by_id(conn, announcement.wijk_id)?);
    }
    Ok(note::note_json(post, &version, author, &wijken, links))
}
