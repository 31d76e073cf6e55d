//! What others think of a post: a like, a dislike, a share. Counted and never listed, and nothing is ranked by it.

use std::time::Duration;

use diesel::dsl::{count_star, exists};
use diesel::prelude::*;

use super::actors::{Actor, ActorKind};
use super::blocks::Blocklist;
use super::posts::store as posts_store;
use super::timelines;
use crate::foundation::clock::Time;
use crate::foundation::database::schema::{actors, posts, reactions};
use crate::foundation::database::{Connection, on_each, text_enum};
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{ActorId, PostId, ReactionId};
use crate::foundation::uri::Uri;

text_enum! {
    Kind {
        /// Also an emoji, and whatever Misskey calls a reaction.
        Like = "like",
        /// Of the Lemmy family. Shown nowhere.
        Dislike = "dislike",
        Share = "share",
    }
}

/// What counts for one post of a server that was never heard of before: a thousand new names are worth no more.
const MOST_OF_A_NEW_SERVER: i64 = 20;
/// How long a server is new.
const NEW_FOR: Duration = Duration::from_hours(24);
/// More servers are not told that a post is gone.
const MOST_INBOXES: i64 = 1000;
/// How long the reactions to a post that is gone are kept: who reacted must still hear of that.
const KEPT_FOR: Duration = Duration::from_hours(720);

/// Somebody reacts to a post that is shown here; saying it again changes nothing. What a group passes on leads nowhere:
/// two groups would do so for ever.
pub fn add(
    conn: &mut Connection,
    by: &Actor,
    to: &Uri,
    kind: Kind,
    uri: &Uri,
    now: Time,
) -> Result<()> {
    if by.kind == ActorKind::Group {
        return Ok(());
    }
    let Some(post) = posts_store::by_uri(conn, to)? else { return Ok(()) };
    let shown = match timelines::post(conn, post.id) {
        Ok(shown) => shown,
        Err(Error::NotFound | Error::Gone) => return Ok(()),
        Err(error) => return Err(error),
    };
    let wijk = Some(shown.announcement.wijk_id);
    if !Blocklist::read(conn)?.may_show(&by.uri, &by.domain, wijk)
        || are_enough(conn, post.id, by, kind, now)?
    {
        return Ok(());
    }
    keep(conn, by, post.id, kind, uri, now)
}

fn keep(
    conn: &mut Connection,
    by: &Actor,
    post: PostId,
    kind: Kind,
    uri: &Uri,
    now: Time,
) -> Result<()> {
    on_each!(conn, c => diesel::insert_into(reactions::table)
        .values((
            reactions::id.eq(ReactionId::next(now)),
            reactions::post_id.eq(post),
            reactions::actor_id.eq(by.id),
            reactions::kind.eq(kind),
            reactions::uri.eq(uri),
            reactions::at.eq(now),
        ))
        .on_conflict((reactions::post_id, reactions::actor_id, reactions::kind))
        .do_update()
        .set(reactions::uri.eq(uri))
        .execute(c))?;
    Ok(())
}

/// Whether its server is new here and has been counted for this post as often as it will be.
fn are_enough(
    conn: &mut Connection,
    post: PostId,
    by: &Actor,
    kind: Kind,
    now: Time,
) -> Result<bool> {
    let long_known = actors::domain.eq(&by.domain).and(actors::created_at.lt(now.minus(NEW_FOR)));
    if diesel::select(exists(actors::table.filter(long_known))).get_result(conn)? {
        return Ok(false);
    }
    let counted: i64 = reactions::table
        .inner_join(actors::table)
        .filter(reactions::post_id.eq(post).and(reactions::kind.eq(kind)))
        .filter(actors::domain.eq(&by.domain))
        .count()
        .get_result(conn)?;
    Ok(counted >= MOST_OF_A_NEW_SERVER)
}

/// Takes back the actor's own; answers whether there was one.
pub fn undo(conn: &mut Connection, by: ActorId, to: &Uri, kind: Kind) -> Result<bool> {
    let Some(post) = posts_store::by_uri(conn, to)? else { return Ok(false) };
    let own = reactions::actor_id.eq(by).and(reactions::post_id.eq(post.id));
    let row = reactions::table.filter(own.and(reactions::kind.eq(kind)));
    Ok(diesel::delete(row).execute(conn)? > 0)
}

/// The same by the id of its activity alone.
pub fn undo_by_uri(conn: &mut Connection, by: ActorId, uri: &Uri) -> Result<bool> {
    let row = reactions::table.filter(reactions::actor_id.eq(by).and(reactions::uri.eq(uri)));
    Ok(diesel::delete(row).execute(conn)? > 0)
}

/// Of an actor that is no more.
pub fn forget(conn: &mut Connection, by: ActorId) -> Result<()> {
    diesel::delete(reactions::table.filter(reactions::actor_id.eq(by))).execute(conn)?;
    Ok(())
}

/// How often a post was liked and shared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub likes: i64,
    pub shares: i64,
}

pub fn totals(conn: &mut Connection, post: PostId) -> Result<Totals> {
    let rows: Vec<(Kind, i64)> = reactions::table
        .filter(reactions::post_id.eq(post))
        .group_by(reactions::kind)
        .select((reactions::kind, count_star()))
        .load(conn)?;
    let of = |kind| rows.iter().find(|row| row.0 == kind).map_or(0, |row| row.1);
    Ok(Totals { likes: of(Kind::Like), shares: of(Kind::Share) })
}

/// Where they live who reacted: they hear when the post is gone.
pub fn inboxes(conn: &mut Connection, post: PostId) -> Result<Vec<String>> {
    let rows: Vec<(Option<String>, String)> = reactions::table
        .inner_join(actors::table)
        .filter(reactions::post_id.eq(post))
        .select((actors::shared_inbox, actors::inbox))
        .distinct()
        .limit(MOST_INBOXES)
        .load(conn)?;
    Ok(rows.into_iter().map(|(shared, own)| shared.unwrap_or(own)).collect())
}

pub fn sweep(conn: &mut Connection, now: Time) -> Result<usize> {
    let gone = posts::table.filter(posts::gone_at.lt(now.minus(KEPT_FOR))).select(posts::id);
    Ok(diesel::delete(reactions::table.filter(reactions::post_id.eq_any(gone))).execute(conn)?)
}
