//! Reading: what a wijk shows. Whatever is shown here passed `may_show` and is an approved version.

use std::collections::HashSet;

use diesel::prelude::*;

use super::actors::{Actor, store as actors_store};
use super::announcements::{Announcement, State};
use super::blocks::Blocklist;
use super::partners::{self, Partner};
use super::polls::Ballot;
use super::posts::{Post, Version, Visibility, store as posts_store};
use super::{follows, wijken};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::database::schema::{
    actors, announcements, event_times, polls, post_versions, posts, version_tags,
    wijken as wijken_table,
};
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{ActorId, AnnouncementId, PostId, VersionId, WijkId};
use crate::foundation::uri::Uri;

/// An announced post with all that a card shows.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Shown {
    #[diesel(embed)]
    pub announcement: Announcement,
    #[diesel(embed)]
    pub post: Post,
    #[diesel(embed)]
    pub version: Version,
    #[diesel(embed)]
    pub author: Actor,
    /// Of a poll: how it stands.
    #[diesel(embed)]
    pub ballot: Option<Ballot>,
}

/// Announced posts whose post and author are still there.
macro_rules! standing {
    () => {
        announcements::table
            .inner_join(posts::table.inner_join(actors::table).left_join(polls::table))
            .inner_join(post_versions::table.on(post_versions::id.eq(announcements::version_id)))
            .inner_join(wijken_table::table.on(wijken_table::id.eq(announcements::wijk_id)))
            .filter(wijken_table::closed_at.is_null())
            .filter(
                announcements::state
                    .eq(State::Announced)
                    .and(posts::gone_at.is_null().and(posts::visibility.ne(Visibility::Private)))
                    .and(actors::gone_at.is_null()),
            )
    };
}

/// A wijk's timeline, one page.
pub struct Page {
    pub shown: Vec<Shown>,
    /// Read on from here for older ones.
    pub older: Option<AnnouncementId>,
}

/// The newest first, behind `before`; top-level posts only.
pub fn of_wijk(
    conn: &mut Connection,
    wijk: WijkId,
    before: Option<AnnouncementId>,
    most: i64,
) -> Result<Page> {
    let mut rows: Vec<Shown> = standing!()
        .filter(announcements::wijk_id.eq(wijk).and(posts::in_reply_to.is_null()))
        .filter(announcements::id.lt(before.unwrap_or(AnnouncementId(i64::MAX))))
        .order(announcements::id.desc())
        .limit(most + 1)
        .select(Shown::as_select())
        .load(conn)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let older = if rows.len() > most {
        rows.get(most.saturating_sub(1)).map(|row| row.announcement.id)
    } else {
        None
    };
    rows.truncate(most);
    Ok(Page { shown: what_is_heard(conn, rows)?, older })
}

/// Without those whose author is not heard here, and without what the others quote of such a one.
fn what_is_heard(conn: &mut Connection, rows: Vec<Shown>) -> Result<Vec<Shown>> {
    let blocklist = Blocklist::read(conn)?;
    let mut heard = Vec::with_capacity(rows.len());
    for mut row in rows.into_iter().filter(|row| is_heard(&blocklist, row)) {
        if let Some(quoted) = row.version.shown().quoted()
            && !may_be_quoted(conn, &blocklist, quoted, row.announcement.wijk_id)?
        {
            row.version.forget_quotes()?;
        }
        heard.push(row);
    }
    Ok(heard)
}

fn may_be_quoted(
    conn: &mut Connection,
    blocklist: &Blocklist,
    quoted: &str,
    wijk: WijkId,
) -> Result<bool> {
    let Ok(quoted) = Uri::parse(quoted) else { return Ok(false) };
    let author = match posts_store::by_uri(conn, &quoted)? {
        Some(post) => actors_store::find(conn, post.author_id)?.uri,
        // Whose it is nobody here knows: it stands for itself.
        None => quoted.clone(),
    };
    Ok(blocklist.may_show(&author, &quoted.domain(), Some(wijk)))
}

fn is_heard(blocklist: &Blocklist, shown: &Shown) -> bool {
    blocklist.may_show(&shown.author.uri, &shown.author.domain, Some(shown.announcement.wijk_id))
}

/// A post's page: by the wijk that passed it on first.
///
/// # Errors
/// `Gone` where it was passed on once and is not any more; `NotFound` for everything else, private and refused alike.
/// What turned private where it was written is as if it had never been here.
pub fn post(conn: &mut Connection, id: PostId) -> Result<Shown> {
    let rows: Vec<Shown> = standing!()
        .filter(announcements::post_id.eq(id))
        .order(announcements::id)
        .select(Shown::as_select())
        .load(conn)?;
    match what_is_heard(conn, rows)?.into_iter().next() {
        Some(shown) => Ok(shown),
        None => Err(if was_taken_away(conn, id)? { Error::Gone } else { Error::NotFound }),
    }
}

fn was_taken_away(conn: &mut Connection, id: PostId) -> Result<bool> {
    let public =
        posts::table.filter(posts::id.eq(id).and(posts::visibility.ne(Visibility::Private)));
    let is_public: bool = diesel::select(diesel::dsl::exists(public)).get_result(conn)?;
    Ok(is_public && !super::announcements::ever_by(conn, id)?.is_empty())
}

/// The answers the wijk let into a conversation, at whatever depth, the oldest first; the first hundred.
pub fn answers(conn: &mut Connection, thread: PostId, wijk: WijkId) -> Result<Vec<Shown>> {
    let rows: Vec<Shown> = standing!()
        .filter(announcements::wijk_id.eq(wijk))
        .filter(posts::thread_id.eq(thread).and(posts::id.ne(thread)))
        .order((posts::published_at, posts::id))
        .limit(100)
        .select(Shown::as_select())
        .load(conn)?;
    what_is_heard(conn, rows)
}

/// The events of a wijk that are not over, the first to begin first.
pub fn agenda(conn: &mut Connection, wijk: WijkId, now: Time, most: i64) -> Result<Vec<Shown>> {
    let rows: Vec<Shown> = standing!()
        .inner_join(event_times::table.on(event_times::version_id.eq(announcements::version_id)))
        .filter(announcements::wijk_id.eq(wijk).and(event_times::over_at.gt(now)))
        .filter(posts::in_reply_to.is_null())
        .order((event_times::starts_at, announcements::id))
        .limit(most)
        .select(Shown::as_select())
        .load(conn)?;
    what_is_heard(conn, rows)
}

/// What the wijken pass on under a hashtag, the newest first; a post that more than one passes on stands there once.
pub fn tagged(conn: &mut Connection, tag: &str, most: i64) -> Result<Vec<Shown>> {
    let rows: Vec<Shown> = standing!()
        .inner_join(version_tags::table.on(version_tags::version_id.eq(announcements::version_id)))
        .filter(version_tags::tag.eq(tag).and(posts::in_reply_to.is_null()))
        .order(announcements::id.desc())
        .limit(most)
        .select(Shown::as_select())
        .load(conn)?;
    let mut seen = HashSet::new();
    let mut heard = Vec::new();
    for row in what_is_heard(conn, rows)? {
        if seen.insert(row.post.id) {
            heard.push(row);
        }
    }
    Ok(heard)
}

/// What stands around a timeline.
pub struct Around {
    pub partners: Vec<Partner>,
    pub followers: i64,
}

pub fn around(conn: &mut Connection, wijk: WijkId, now: Time) -> Result<Around> {
    let blocklist = Blocklist::read(conn)?;
    let mut verified = partners::verified(conn, wijk, now)?;
    verified.retain(|partner| {
        blocklist.may_show(&partner.actor.uri, &partner.actor.domain, Some(wijk))
    });
    Ok(Around { partners: verified, followers: follows::count(conn, wijk.into())? })
}

/// How many posts its timeline holds: the total of its outbox.
pub fn count(conn: &mut Connection, wijk: WijkId) -> Result<i64> {
    let by_author: Vec<(Uri, Domain, i64)> = standing!()
        .filter(announcements::wijk_id.eq(wijk).and(posts::in_reply_to.is_null()))
        .group_by((actors::uri, actors::domain))
        .select((actors::uri, actors::domain, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(Blocklist::read(conn)?.how_many_may_show(&by_author, wijk))
}

/// An announcement for other servers: whether what it passes on may still be seen.
pub fn is_shown(conn: &mut Connection, announcement: &Announcement) -> Result<bool> {
    let rows: Vec<Shown> = standing!()
        .filter(announcements::id.eq(announcement.id))
        .select(Shown::as_select())
        .load(conn)?;
    let blocklist = Blocklist::read(conn)?;
    Ok(rows.iter().any(|row| is_heard(&blocklist, row)))
}

/// Whether anybody may see this version: on a page, in a thread or in a feed.
pub fn shows_version(conn: &mut Connection, version: VersionId) -> Result<bool> {
    let rows: Vec<Shown> = standing!()
        .filter(announcements::version_id.eq(version))
        .select(Shown::as_select())
        .load(conn)?;
    let blocklist = Blocklist::read(conn)?;
    Ok(rows.iter().any(|row| is_heard(&blocklist, row)))
}

/// The whole server in numbers, for NodeInfo.
pub struct Totals {
    pub wijken: usize,
    pub local_posts: i64,
}

pub fn totals(conn: &mut Connection) -> Result<Totals> {
    let local = posts::table.filter(posts::is_local.and(posts::gone_at.is_null()));
    Ok(Totals { wijken: wijken::list(conn)?.len(), local_posts: local.count().get_result(conn)? })
}

/// What a wijk passes on of one author, the newest first.
pub fn of_author_in(
    conn: &mut Connection,
    wijk: WijkId,
    author: ActorId,
    most: i64,
) -> Result<Vec<Shown>> {
    let rows: Vec<Shown> = standing!()
        .filter(announcements::wijk_id.eq(wijk).and(posts::author_id.eq(author)))
        .filter(posts::in_reply_to.is_null())
        .order(announcements::id.desc())
        .limit(most)
        .select(Shown::as_select())
        .load(conn)?;
    what_is_heard(conn, rows)
}

/// The posts a local author published here, newest first, for its outbox.
pub fn of_author(conn: &mut Connection, author: ActorId, most: i64) -> Result<Vec<Post>> {
    let there = posts::table
        .filter(posts::author_id.eq(author).and(posts::gone_at.is_null()).and(posts::is_local));
    Ok(there.order(posts::id.desc()).limit(most).select(Post::as_select()).load(conn)?)
}
