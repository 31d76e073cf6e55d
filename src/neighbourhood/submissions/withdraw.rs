//! Taking back: a moderator what the wijk passed on, an author what was written.

use super::decide::parse_reason;
use super::{State, store};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{PostId, WijkId};
use crate::foundation::uri::Uri;
use crate::neighbourhood::accounts::Moderator;
use crate::neighbourhood::actors::{Actor, store as actors_store};
use crate::neighbourhood::announcements;
use crate::neighbourhood::follows;
use crate::neighbourhood::moderation::{self, Decision};
use crate::neighbourhood::outgoing::Word;
use crate::neighbourhood::outgoing::store::say;
use crate::neighbourhood::polls;
use crate::neighbourhood::posts::{KeptRaw, Post, Raw, store as posts_store};
use crate::neighbourhood::reactions;

/// The wijk does not pass it on any more; everyone who heard of it hears that. A waiting edit of it waits no longer.
///
/// # Errors
/// `Conflict` where the wijk does not pass it on now.
pub fn by_moderator(
    conn: &mut Connection,
    post: &Post,
    by: &Moderator,
    reason: &str,
    now: Time,
) -> Result<()> {
    let reason = parse_reason(reason)?;
    posts_store::hold(conn, post.id)?;
    let not_passed_on = Error::Conflict("the wijk does not pass that post on now");
    let Some(announcement) = announcements::standing(conn, by.wijk(), post.id)? else {
        return Err(not_passed_on);
    };
    if !announcements::withdraw(conn, &announcement, None, now)? {
        return Err(not_passed_on);
    }
    store::withdrawn(conn, by.wijk(), post.id, now)?;
    moderation::record(
        conn,
        Some(by.wijk()),
        Decision::Withdrawn,
        by.account(),
        post.uri.as_str(),
        Some(reason),
        now,
    )
}

/// The author deleted it, or it is not public any more: gone from every page, waiting nowhere, and every wijk that
/// passed it on says so.
pub fn by_author(
    conn: &mut Connection,
    post: PostId,
    deletion: Option<&KeptRaw>,
    now: Time,
) -> Result<()> {
    for announcement in announcements::all_standing(conn, post)? {
        announcements::withdraw(conn, &announcement, deletion, now)?;
    }
    store::close_all(conn, post, now)
}

/// Its author lets this wijk pass it on no more; what others do with it is between them and the author.
pub fn from_wijk(conn: &mut Connection, wijk: WijkId, post: PostId, now: Time) -> Result<()> {
    if let Some(announcement) = announcements::standing(conn, wijk, post)? {
        announcements::withdraw(conn, &announcement, None, now)?;
    }
    match store::of_post(conn, wijk, post)? {
        Some(waiting) if waiting.state == State::Waiting => {
            store::close(conn, &waiting, State::Withdrawn, now)
        }
        _ => Ok(()),
    }
}

/// Its origin does not give it to us any more, or not to everybody: hidden as if it had never been here.
pub fn not_public_any_more(conn: &mut Connection, post: &Post, now: Time) -> Result<()> {
    posts_store::make_private(conn, post.id)?;
    // A copy that was fetched while it was still public, and comes late, does not bring it back.
    let author = actors_store::find(conn, post.author_id)?;
    posts_store::bury(conn, &post.uri, &author.uri, now)?;
    by_author(conn, post.id, None, now)
}

/// A post that its author deleted, by what was sent where that is known. Repeating it changes nothing.
pub fn deleted(
    conn: &mut Connection,
    author: &Actor,
    uri: &Uri,
    sent: Option<&Raw>,
    now: Time,
) -> Result<()> {
    posts_store::bury(conn, uri, &author.uri, now)?;
    posts_store::forget_private(conn, uri, author.id)?;
    let Some(post) = posts_store::by_uri(conn, uri)? else { return Ok(()) };
    if post.author_id != author.id || !posts_store::mark_gone(conn, post.id, now)? {
        return Ok(());
    }
    let deletion = match sent {
        Some(raw) => Some(posts_store::keep_deletion(conn, post.id, raw, now)?),
        None => None,
    };
    by_author(conn, post.id, deletion.as_ref(), now)?;
    polls::end(conn, post.id, now)?;
    if post.is_local { say(conn, &Word::DeletePost { post: post.id }, now) } else { Ok(()) }
}

/// An actor that is no more: its posts and its follows end.
pub fn actor_gone(conn: &mut Connection, actor: &Actor, now: Time) -> Result<()> {
    if !actors_store::mark_gone(conn, actor.id, now)? {
        return Ok(());
    }
    for post in posts_store::of_author(conn, actor.id)? {
        deleted(conn, actor, &post.uri, None, now)?;
    }
    reactions::forget(conn, actor.id)?;
    follows::undo_all(conn, actor.id, now)
}
