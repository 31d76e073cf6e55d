//! Reading: what a wijk shows. Whatever is shown here passed `may_show` and is an approved version.

use std::collections::HashMap;

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
use crate::foundation::paging::{At, Order, Page, Reach, Span};
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

/// What was passed on, the newest first: one page. It may hold fewer than it could: who is not heard is left out of it.
pub type Newest = Page<Shown, AnnouncementId>;
/// In the order of when an event begins.
pub type Events = Page<Shown, At<AnnouncementId>>;

const LOWEST: AnnouncementId = AnnouncementId(0);
const HIGHEST: AnnouncementId = AnnouncementId(i64::MAX);

/// A page of announcements, and one more.
macro_rules! newest {
    ($announced:expr, $span:expr, $most:expr, $conn:expr) => {{
        let (span, most): (Span<AnnouncementId>, usize) = ($span, $most);
        let rows: Vec<Shown> = match span.reach(Order::NewestFirst) {
            Reach::Down(below) => $announced
                .filter(announcements::id.lt(below.unwrap_or(HIGHEST)))
                .order(announcements::id.desc())
                .limit(one_more(most))
                .select(Shown::as_select())
                .load($conn)?,
            Reach::Up(above) => $announced
                .filter(announcements::id.gt(above.unwrap_or(LOWEST)))
                .order(announcements::id)
                .limit(one_more(most))
                .select(Shown::as_select())
                .load($conn)?,
        };
        span.page(Order::NewestFirst, rows, most, |row| row.announcement.id)
    }};
}

fn one_more(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1)
}

/// Top-level posts only.
pub fn of_wijk(
    conn: &mut Connection,
    wijk: WijkId,
    span: Span<AnnouncementId>,
    most: usize,
) -> Result<Newest> {
    let announced =
        standing!().filter(announcements::wijk_id.eq(wijk).and(posts::in_reply_to.is_null()));
    newest!(announced, span, most, conn).with(|rows| what_is_heard(conn, rows))
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

/// An answer in a conversation: where it stands, without what it says.
#[derive(Debug, Clone)]
pub struct Answer {
    pub at: At<PostId>,
    pub uri: Uri,
    pub to: Option<Uri>,
}

/// The answers the wijk let into a conversation, at whatever depth, the oldest first.
pub fn answers(conn: &mut Connection, thread: PostId, wijk: WijkId) -> Result<Vec<Answer>> {
    type Row = (PostId, Time, Uri, Option<Uri>, Uri, Domain);
    let rows: Vec<Row> = standing!()
        .filter(announcements::wijk_id.eq(wijk))
        .filter(posts::thread_id.eq(thread).and(posts::id.ne(thread)))
        .order((posts::published_at, posts::id))
        .select((
            posts::id,
            posts::published_at,
            posts::uri,
            posts::in_reply_to,
            actors::uri,
            actors::domain,
        ))
        .load(conn)?;
    let blocklist = Blocklist::read(conn)?;
    let heard = rows
        .into_iter()
        .filter(|(.., author, domain)| blocklist.may_show(author, domain, Some(wijk)))
        .map(|(id, time, uri, to, ..)| Answer { at: At { time, id }, uri, to });
    Ok(heard.collect())
}

/// Those of these posts that the wijk shows, by id.
pub fn shown_of(
    conn: &mut Connection,
    wijk: WijkId,
    wanted: &[PostId],
) -> Result<HashMap<PostId, Shown>> {
    let rows: Vec<Shown> = standing!()
        .filter(announcements::wijk_id.eq(wijk).and(posts::id.eq_any(wanted)))
        .select(Shown::as_select())
        .load(conn)?;
    Ok(what_is_heard(conn, rows)?.into_iter().map(|shown| (shown.post.id, shown)).collect())
}

/// The events of a wijk that are not over, the first to begin first.
pub fn agenda(
    conn: &mut Connection,
    wijk: WijkId,
    now: Time,
    span: Span<At<AnnouncementId>>,
    most: usize,
) -> Result<Events> {
    let (starts, id) = (event_times::starts_at, announcements::id);
    let coming = standing!()
        .inner_join(event_times::table.on(event_times::version_id.eq(announcements::version_id)))
        .filter(announcements::wijk_id.eq(wijk).and(event_times::over_at.gt(now)))
        .filter(posts::in_reply_to.is_null())
        .limit(one_more(most))
        .select((starts, Shown::as_select()));
    let rows: Vec<(Time, Shown)> = match span.reach(Order::OldestFirst) {
        Reach::Down(below) => {
            let below = below.unwrap_or(At { time: Time::FAR, id: HIGHEST });
            let earlier = starts.lt(below.time).or(starts.eq(below.time).and(id.lt(below.id)));
            coming.filter(earlier).order((starts.desc(), id.desc())).load(conn)?
        }
        Reach::Up(above) => {
            let above = above.unwrap_or(At { time: Time::ZERO, id: LOWEST });
            let later = starts.gt(above.time).or(starts.eq(above.time).and(id.gt(above.id)));
            coming.filter(later).order((starts, id)).load(conn)?
        }
    };
    let key = |(time, row): &(Time, Shown)| At { time: *time, id: row.announcement.id };
    span.page(Order::OldestFirst, rows, most, key)
        .with(|rows| what_is_heard(conn, rows.into_iter().map(|(_, row)| row).collect()))
}

/// What the wijken pass on under a hashtag; a post that more than one passes on stands there once, where it was passed
/// on last.
pub fn tagged(
    conn: &mut Connection,
    tag: &str,
    span: Span<AnnouncementId>,
    most: usize,
) -> Result<Newest> {
    let under_it = standing!()
        .inner_join(version_tags::table.on(version_tags::version_id.eq(announcements::version_id)))
        .filter(version_tags::tag.eq(tag).and(posts::in_reply_to.is_null()));
    newest!(under_it, span, most, conn).with(|rows| {
        let mut rows = what_is_heard(conn, rows)?;
        let last = last_passed_on(conn, tag, &rows)?;
        rows.retain(|row| last.get(&row.post.id) == Some(&row.announcement.id));
        Ok(rows)
    })
}

/// The announcement that each of these posts is shown by under a hashtag, whichever page that stands on.
fn last_passed_on(
    conn: &mut Connection,
    tag: &str,
    rows: &[Shown],
) -> Result<HashMap<PostId, AnnouncementId>> {
    type Row = (PostId, AnnouncementId, WijkId, Uri, Domain);
    let wanted: Vec<PostId> = rows.iter().map(|row| row.post.id).collect();
    let all: Vec<Row> = standing!()
        .inner_join(version_tags::table.on(version_tags::version_id.eq(announcements::version_id)))
        .filter(version_tags::tag.eq(tag).and(posts::id.eq_any(wanted)))
        .order(announcements::id)
        .select((posts::id, announcements::id, announcements::wijk_id, actors::uri, actors::domain))
        .load(conn)?;
    let blocklist = Blocklist::read(conn)?;
    let heard = all
        .into_iter()
        .filter(|(_, _, wijk, author, domain)| blocklist.may_show(author, domain, Some(*wijk)));
    Ok(heard.map(|(post, announcement, ..)| (post, announcement)).collect())
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

/// What a wijk passes on of one author.
pub fn of_author_in(
    conn: &mut Connection,
    wijk: WijkId,
    author: ActorId,
    span: Span<AnnouncementId>,
    most: usize,
) -> Result<Newest> {
    let spoken = standing!()
        .filter(announcements::wijk_id.eq(wijk).and(posts::author_id.eq(author)))
        .filter(posts::in_reply_to.is_null());
    newest!(spoken, span, most, conn).with(|rows| what_is_heard(conn, rows))
}

/// The posts a local author published here and that are still there.
macro_rules! published {
    ($author:expr) => {
        posts::table
            .filter(posts::author_id.eq($author).and(posts::gone_at.is_null()).and(posts::is_local))
    };
}

/// The newest first, for its outbox.
pub fn of_author(
    conn: &mut Connection,
    author: ActorId,
    span: Span<PostId>,
    most: usize,
) -> Result<Page<Post, PostId>> {
    let published = published!(author).limit(one_more(most)).select(Post::as_select());
    let rows = match span.reach(Order::NewestFirst) {
        Reach::Down(below) => {
            let older = posts::id.lt(below.unwrap_or(PostId(i64::MAX)));
            published.filter(older).order(posts::id.desc()).load(conn)?
        }
        Reach::Up(above) => {
            let newer = posts::id.gt(above.unwrap_or(PostId(0)));
            published.filter(newer).order(posts::id).load(conn)?
        }
    };
    Ok(span.page(Order::NewestFirst, rows, most, |post| post.id))
}

/// How many posts its outbox holds.
pub fn count_of_author(conn: &mut Connection, author: ActorId) -> Result<i64> {
    Ok(published!(author).count().get_result(conn)?)
}
