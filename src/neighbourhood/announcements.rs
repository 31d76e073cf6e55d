//! The wijk passes a post on: once per wijk and post until it is taken back, always with the version that was approved.

use diesel::prelude::*;

use super::epochs;
use super::outgoing::Word;
use super::outgoing::store::say;
use super::posts::{Post, Version, store as posts_store};
use crate::foundation::clock::Time;
use crate::foundation::database::schema::announcements;
use crate::foundation::database::{Connection, text_enum};
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{AnnouncementId, PostId, VersionId, WijkId};

text_enum! {
    State { Announced = "announced", Withdrawn = "withdrawn" }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = announcements)]
#[diesel(treat_none_as_default_value = false)]
pub struct Announcement {
    pub id: AnnouncementId,
    pub wijk_id: WijkId,
    pub post_id: PostId,
    pub version_id: VersionId,
    /// Of the version when it was approved; nothing else is ever shown under this announcement.
    pub shown_hash: Vec<u8>,
    pub state: State,
    pub announced_at: Time,
    pub withdrawn_at: Option<Time>,
}

/// Announces a post, or shows a new version of one that is announced already.
///
/// # Errors
/// `Conflict` for a private post: nothing makes it public.
pub fn announce(
    conn: &mut Connection,
    wijk: WijkId,
    post: &Post,
    version: &Version,
    now: Time,
) -> Result<()> {
    if !post.visibility.is_public() || post.gone_at.is_some() {
        return Err(Error::Conflict("the post is not public where it was written, or gone"));
    }
    match standing(conn, wijk, post.id)? {
        Some(announcement) => show(conn, announcement.id, version)?,
        None => begin(conn, wijk, post, version, now)?,
    }
    epochs::bump_wijk(conn, wijk)
}

fn begin(
    conn: &mut Connection,
    wijk: WijkId,
    post: &Post,
    version: &Version,
    now: Time,
) -> Result<()> {
    let announcement = Announcement {
        id: AnnouncementId::next(now),
        wijk_id: wijk,
        post_id: post.id,
        version_id: version.id,
        shown_hash: version.shown_hash.clone(),
        state: State::Announced,
        announced_at: now.max(post.published_at),
        withdrawn_at: None,
    };
    diesel::insert_into(announcements::table).values(announcement.clone()).execute(conn)?;
    // A reply asks for a place in the thread: it is shown there, and never boosted into home feeds.
    if post.in_reply_to.is_some() {
        return Ok(());
    }
    say(conn, &Word::Announce { announcement: announcement.id, post: post.id }, now)
}

fn show(conn: &mut Connection, id: AnnouncementId, version: &Version) -> Result<()> {
    diesel::update(announcements::table.find(id))
        .set((
            announcements::version_id.eq(version.id),
            announcements::shown_hash.eq(&version.shown_hash),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes it back. Answers whether this call did it.
pub fn withdraw(conn: &mut Connection, announcement: &Announcement, now: Time) -> Result<bool> {
    let row = announcements::table.filter(
        announcements::id.eq(announcement.id).and(announcements::state.eq(State::Announced)),
    );
    let set =
        (announcements::state.eq(State::Withdrawn), announcements::withdrawn_at.eq(Some(now)));
    if diesel::update(row).set(set).execute(conn)? == 0 {
        return Ok(false);
    }
    if posts_store::find(conn, announcement.post_id)?.in_reply_to.is_none() {
        let word = Word::UndoAnnounce { announcement: announcement.id, post: announcement.post_id };
        say(conn, &word, now)?;
    }
    epochs::bump_wijk(conn, announcement.wijk_id)?;
    Ok(true)
}

pub fn find(conn: &mut Connection, id: AnnouncementId) -> Result<Announcement> {
    announcements::table
        .find(id)
        .select(Announcement::as_select())
        .first(conn)
        .optional()?
        .ok_or(Error::NotFound)
}

/// The announcement of that post that stands now.
pub fn standing(conn: &mut Connection, wijk: WijkId, post: PostId) -> Result<Option<Announcement>> {
    let row = announcements::wijk_id.eq(wijk).and(announcements::post_id.eq(post));
    let standing = announcements::table.filter(row.and(announcements::state.eq(State::Announced)));
    Ok(standing.select(Announcement::as_select()).first(conn).optional()?)
}

/// Those of every wijk that passed it on.
pub fn all_standing(conn: &mut Connection, post: PostId) -> Result<Vec<Announcement>> {
    let standing = announcements::table
        .filter(announcements::post_id.eq(post).and(announcements::state.eq(State::Announced)));
    Ok(standing.select(Announcement::as_select()).load(conn)?)
}

/// The wijken that ever passed it on.
pub fn ever_by(conn: &mut Connection, post: PostId) -> Result<Vec<WijkId>> {
    let any = announcements::table.filter(announcements::post_id.eq(post));
    Ok(any.select(announcements::wijk_id).distinct().load(conn)?)
}
