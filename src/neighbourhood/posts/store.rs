//! The posts' queries.

use diesel::prelude::*;

use super::{KeptRaw, Post, PrivatePost, Raw, Version, Visibility};
use crate::foundation::clock::Time;
use crate::foundation::database::schema::{
    actors, event_times, post_versions, posts, private_posts, raw_activities, tombstones,
    version_tags,
};
use crate::foundation::database::{Connection, on_each};
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{ActorId, PostId, PrivatePostId, RawActivityId, VersionId, WijkId};
use crate::foundation::text::SafeHtml;
use crate::foundation::uri::Uri;
use crate::neighbourhood::accounts::Moderator;
use crate::neighbourhood::blocks::Blocklist;

/// How long what was written to a wijk in private is kept.
const PRIVATE_FOR: std::time::Duration = std::time::Duration::from_hours(90 * 24);

pub fn find(conn: &mut Connection, id: PostId) -> Result<Post> {
    posts::table.find(id).select(Post::as_select()).first(conn).optional()?.ok_or(Error::NotFound)
}

pub fn by_id(conn: &mut Connection, id: PostId) -> Result<Option<Post>> {
    Ok(posts::table.find(id).select(Post::as_select()).first(conn).optional()?)
}

pub fn by_uri(conn: &mut Connection, uri: &Uri) -> Result<Option<Post>> {
    Ok(posts::table.filter(posts::uri.eq(uri)).select(Post::as_select()).first(conn).optional()?)
}

pub fn version(conn: &mut Connection, id: VersionId) -> Result<Version> {
    post_versions::table
        .find(id)
        .select(Version::as_select())
        .first(conn)
        .optional()?
        .ok_or(Error::NotFound)
}

/// What a post written here says now, to everybody who asks for it.
pub fn is_own(conn: &mut Connection, version: VersionId) -> Result<bool> {
    let stands = posts::newest_version.eq(version).and(posts::gone_at.is_null());
    let own = posts::table.filter(posts::is_local.and(stands));
    let public = own.filter(posts::visibility.ne(Visibility::Private));
    Ok(diesel::select(diesel::dsl::exists(public)).get_result(conn)?)
}

/// The posts of an author that are still there.
pub fn of_author(conn: &mut Connection, author: ActorId) -> Result<Vec<Post>> {
    let there = posts::table.filter(posts::author_id.eq(author).and(posts::gone_at.is_null()));
    Ok(there.select(Post::as_select()).load(conn)?)
}

/// Locks the row on PostgreSQL, so that two arrivals about one post follow each other.
pub(super) fn touch(
    conn: &mut Connection,
    id: PostId,
    newest: VersionId,
    visibility: Visibility,
) -> Result<()> {
    diesel::update(posts::table.find(id))
        .set((posts::newest_version.eq(newest), posts::visibility.eq(visibility)))
        .execute(conn)?;
    Ok(())
}

pub(super) fn insert(conn: &mut Connection, post: &Post) -> Result<bool> {
    let rows = on_each!(conn, c => diesel::insert_into(posts::table)
        .values(post)
        .on_conflict(posts::uri)
        .do_nothing()
        .execute(c))?;
    Ok(rows == 1)
}

/// The first version of a post.
pub(super) fn insert_version(conn: &mut Connection, version: &Version) -> Result<()> {
    on_each!(conn, c => diesel::insert_into(post_versions::table).values(version).execute(c))?;
    index(conn, version)
}

/// The version with that hash, which may be one of before: an edit that takes an edit back.
pub(super) fn keep_version(conn: &mut Connection, version: &Version) -> Result<VersionId> {
    let rows = on_each!(conn, c => diesel::insert_into(post_versions::table)
        .values(version)
        .on_conflict((post_versions::post_id, post_versions::shown_hash))
        .do_nothing()
        .execute(c))?;
    if rows == 1 {
        index(conn, version)?;
    }
    let same = post_versions::post_id
        .eq(version.post_id)
        .and(post_versions::shown_hash.eq(&version.shown_hash));
    Ok(post_versions::table.filter(same).select(post_versions::id).first(conn)?)
}

/// It is what was said last, also where it was said before.
pub(super) fn write_again(conn: &mut Connection, id: VersionId, at: Time) -> Result<()> {
    diesel::update(post_versions::table.find(id))
        .set(post_versions::written_at.eq(at))
        .execute(conn)?;
    Ok(())
}

/// What versions are looked up by: the times of an event, the tags.
fn index(conn: &mut Connection, version: &Version) -> Result<()> {
    let shown = version.shown();
    if let Some(event) = &shown.event {
        diesel::insert_into(event_times::table)
            .values((
                event_times::version_id.eq(version.id),
                event_times::starts_at.eq(event.starts_at),
                event_times::over_at.eq(event.over_at()),
            ))
            .execute(conn)?;
    }
    for tag in shown.tags {
        diesel::insert_into(version_tags::table)
            .values((version_tags::version_id.eq(version.id), version_tags::tag.eq(tag)))
            .execute(conn)?;
    }
    Ok(())
}

/// `false` where it was gone already.
pub fn mark_gone(conn: &mut Connection, id: PostId, now: Time) -> Result<bool> {
    let row = posts::table.filter(posts::id.eq(id).and(posts::gone_at.is_null()));
    Ok(diesel::update(row).set(posts::gone_at.eq(now)).execute(conn)? == 1)
}

/// Locks the row on PostgreSQL and answers the post as it is then: who changes it waits for this transaction, or this
/// one waited for them.
pub fn hold(conn: &mut Connection, id: PostId) -> Result<Post> {
    diesel::update(posts::table.find(id))
        .set(posts::newest_version.eq(posts::newest_version))
        .execute(conn)?;
    find(conn, id)
}

/// Nothing makes it public again but its origin.
pub fn make_private(conn: &mut Connection, id: PostId) -> Result<()> {
    diesel::update(posts::table.find(id))
        .set(posts::visibility.eq(Visibility::Private))
        .execute(conn)?;
    Ok(())
}

/// Remembers that its author deleted it.
pub fn bury(conn: &mut Connection, uri: &Uri, author_uri: &Uri, now: Time) -> Result<()> {
    on_each!(conn, c => diesel::insert_into(tombstones::table)
        .values((tombstones::uri.eq(uri), tombstones::author_uri.eq(author_uri), tombstones::at.eq(now)))
        .on_conflict((tombstones::uri, tombstones::author_uri))
        .do_update()
        .set(tombstones::at.eq(now))
        .execute(c))?;
    Ok(())
}

pub fn buried_at(conn: &mut Connection, uri: &Uri, author_uri: &Uri) -> Result<Option<Time>> {
    Ok(tombstones::table.find((uri, author_uri)).select(tombstones::at).first(conn).optional()?)
}

/// Of each version the first is kept.
pub(super) fn keep_raw(
    conn: &mut Connection,
    post: PostId,
    version: VersionId,
    raw: &Raw,
    now: Time,
) -> Result<()> {
    insert_raw(conn, RawActivityId::next(now), post, Some(version), raw, now)
}

pub fn keep_deletion(conn: &mut Connection, post: PostId, raw: &Raw, now: Time) -> Result<KeptRaw> {
    let id = RawActivityId::next(now);
    insert_raw(conn, id, post, None, raw, now)?;
    self::raw(conn, id)
}

fn insert_raw(
    conn: &mut Connection,
    id: RawActivityId,
    post: PostId,
    version: Option<VersionId>,
    raw: &Raw,
    now: Time,
) -> Result<()> {
    on_each!(conn, c => diesel::insert_into(raw_activities::table)
        .values((
            raw_activities::id.eq(id),
            raw_activities::post_id.eq(post),
            raw_activities::version_id.eq(version),
            raw_activities::kind.eq(raw.kind),
            raw_activities::is_signed.eq(raw.is_signed),
            raw_activities::json.eq(&raw.json),
            raw_activities::received_at.eq(now),
        ))
        .on_conflict(raw_activities::version_id)
        .do_nothing()
        .execute(c))?;
    Ok(())
}

pub fn raw(conn: &mut Connection, id: RawActivityId) -> Result<KeptRaw> {
    let found = raw_activities::table.find(id).select(KeptRaw::as_select()).first(conn);
    found.optional()?.ok_or(Error::NotFound)
}

/// What its author sent to say that version.
pub fn raw_of(conn: &mut Connection, version: VersionId) -> Result<Option<KeptRaw>> {
    let of_version = raw_activities::table.filter(raw_activities::version_id.eq(version));
    Ok(of_version.select(KeptRaw::as_select()).first(conn).optional()?)
}

/// Kept apart from every other post, for the eyes of the moderators.
pub fn keep_private(
    conn: &mut Connection,
    wijk: WijkId,
    author: ActorId,
    uri: &Uri,
    content: &SafeHtml,
    now: Time,
) -> Result<()> {
    on_each!(conn, c => diesel::insert_into(private_posts::table)
        .values((
            private_posts::id.eq(PrivatePostId::next(now)),
            private_posts::wijk_id.eq(wijk),
            private_posts::author_id.eq(author),
            private_posts::uri.eq(uri),
            private_posts::content.eq(content),
            private_posts::received_at.eq(now),
        ))
        .on_conflict((private_posts::wijk_id, private_posts::uri))
        .do_nothing()
        .execute(c))?;
    Ok(())
}

/// What was written to a wijk in private, newest first.
pub fn private_to(conn: &mut Connection, by: &Moderator, most: i64) -> Result<Vec<PrivatePost>> {
    let rows = private_posts::table
        .inner_join(actors::table)
        .filter(private_posts::wijk_id.eq(by.wijk()))
        .order(private_posts::id.desc())
        .limit(most);
    let mut letters: Vec<PrivatePost> = rows.select(PrivatePost::as_select()).load(conn)?;
    let blocklist = Blocklist::read(conn)?;
    letters.retain(|letter| {
        blocklist.may_show(&letter.author.uri, &letter.author.domain, Some(by.wijk()))
    });
    Ok(letters)
}

pub fn count_private(conn: &mut Connection, by: &Moderator) -> Result<i64> {
    let by_author: Vec<(Uri, Domain, i64)> = private_posts::table
        .inner_join(actors::table)
        .filter(private_posts::wijk_id.eq(by.wijk()))
        .group_by((actors::uri, actors::domain))
        .select((actors::uri, actors::domain, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(Blocklist::read(conn)?.how_many_may_show(&by_author, by.wijk()))
}

/// Read, and done with: it is not kept.
///
/// # Errors
/// `NotFound` for what was written to another wijk.
pub fn put_away(conn: &mut Connection, id: PrivatePostId, by: &Moderator) -> Result<()> {
    let row = private_posts::id.eq(id).and(private_posts::wijk_id.eq(by.wijk()));
    match diesel::delete(private_posts::table.filter(row)).execute(conn)? {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

/// Nobody's private words are kept for ever.
pub fn sweep_private(conn: &mut Connection, now: Time) -> Result<usize> {
    let old = private_posts::table.filter(private_posts::received_at.lt(now.minus(PRIVATE_FOR)));
    Ok(diesel::delete(old).execute(conn)?)
}

pub fn forget_private(conn: &mut Connection, uri: &Uri, author: ActorId) -> Result<()> {
    let row = private_posts::uri.eq(uri).and(private_posts::author_id.eq(author));
    diesel::delete(private_posts::table.filter(row)).execute(conn)?;
    Ok(())
}
