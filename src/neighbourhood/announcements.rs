//! The wijk passes a post on: once per wijk and post until it is taken back, always with the version that was approved.

use std::collections::HashMap;

use diesel::prelude::*;

use super::actors::store as actors_store;
use super::blocks::Blocklist;
use super::epochs;
use super::outgoing::Word;
use super::outgoing::store::say;
use super::posts::{KeptRaw, Kind, Post, RawKind, Version, store as posts_store};
use crate::foundation::clock::Time;
use crate::foundation::database::schema::{announcement_forms, announcements, posts};
use crate::foundation::database::{Connection, on_each, text_enum};
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{ActorId, AnnouncementId, PostId, VersionId, WijkId};

text_enum! {
    State { Announced = "announced", Withdrawn = "withdrawn" }
}

text_enum! {
    /// How a server is told of what a wijk passes on.
    Form {
        /// By the post's id.
        Object = "object",
        /// By its author's own activity, embedded (FEP-1b12).
        Embedded = "embedded",
        /// Not at all: it reads neither.
        Untold = "untold",
    }
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
/// `Conflict` for a private post, which nothing makes public, and for one of who is not heard here.
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
    let author = actors_store::find(conn, post.author_id)?;
    if !Blocklist::read(conn)?.may_show(&author.uri, &author.domain, Some(wijk)) {
        return Err(Error::Conflict("its author is blocked"));
    }
    match standing(conn, wijk, post.id)? {
        Some(announcement) => show(conn, &announcement, post, version, now)?,
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
    let (announcement, post_id) = (announcement.id, post.id);
    say(conn, &Word::Announce { announcement, post: post_id }, now)?;
    if post.kind == Kind::Event {
        say(conn, &Word::Relay { announcement, post: post_id }, now)?;
    }
    Ok(())
}

/// Another version than before; what its author sent about that goes the way the announcement went.
fn show(
    conn: &mut Connection,
    announcement: &Announcement,
    post: &Post,
    version: &Version,
    now: Time,
) -> Result<()> {
    let other = announcements::id
        .eq(announcement.id)
        .and(announcements::state.eq(State::Announced))
        .and(announcements::version_id.ne(version.id));
    let set = (
        announcements::version_id.eq(version.id),
        announcements::shown_hash.eq(&version.shown_hash),
    );
    if diesel::update(announcements::table.filter(other)).set(set).execute(conn)? == 0 {
        return Ok(());
    }
    let (announcement, is_local, post) = (announcement.id, post.is_local, post.id);
    if is_local {
        return say(conn, &Word::AnnounceUpdate { announcement, post, raw: None }, now);
    }
    match posts_store::raw_of(conn, version.id)? {
        Some(raw) if raw.kind == RawKind::Update => {
            let update = Word::AnnounceUpdate { announcement, post, raw: Some(raw.id) };
            say(conn, &update, now)?;
            hand_on(conn, announcement, post, &raw, now)
        }
        _ => Ok(()),
    }
}

/// Only what carries a signature of its own is believed of a stranger.
fn hand_on(
    conn: &mut Connection,
    announcement: AnnouncementId,
    post: PostId,
    raw: &KeptRaw,
    now: Time,
) -> Result<()> {
    if raw.is_signed {
        say(conn, &Word::HandOn { announcement, post, raw: raw.id }, now)?;
    }
    Ok(())
}

/// Takes it back; `deletion` is what its author sent, where its author did. Answers whether this call did it.
pub fn withdraw(
    conn: &mut Connection,
    announcement: &Announcement,
    deletion: Option<&KeptRaw>,
    now: Time,
) -> Result<bool> {
    let row = announcements::table.filter(
        announcements::id.eq(announcement.id).and(announcements::state.eq(State::Announced)),
    );
    let set =
        (announcements::state.eq(State::Withdrawn), announcements::withdrawn_at.eq(Some(now)));
    if diesel::update(row).set(set).execute(conn)? == 0 {
        return Ok(false);
    }
    let (id, post) = (announcement.id, announcement.post_id);
    let word = Word::UndoAnnounce { announcement: id, post, deletion: deletion.map(|raw| raw.id) };
    say(conn, &word, now)?;
    if posts_store::find(conn, post)?.kind == Kind::Event {
        say(conn, &Word::UndoRelay { announcement: id, post }, now)?;
    }
    if let Some(deletion) = deletion {
        hand_on(conn, id, post, deletion, now)?;
    }
    epochs::bump_wijk(conn, announcement.wijk_id)?;
    Ok(true)
}

/// Notes how servers were told, where it was not by the post's id.
pub fn remember_forms(
    conn: &mut Connection,
    id: AnnouncementId,
    told: impl IntoIterator<Item = (Domain, Form)>,
) -> Result<()> {
    for (host, form) in told.into_iter().filter(|(_, form)| *form != Form::Object) {
        on_each!(conn, c => diesel::insert_into(announcement_forms::table)
            .values((
                announcement_forms::announcement_id.eq(id),
                announcement_forms::host.eq(host),
                announcement_forms::form.eq(form),
            ))
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

/// How servers were told of an announcement; of those left out, by the post's id or never.
pub fn forms(conn: &mut Connection, id: AnnouncementId) -> Result<HashMap<Domain, Form>> {
    let told = announcement_forms::table.filter(announcement_forms::announcement_id.eq(id));
    let told: Vec<(Domain, Form)> =
        told.select((announcement_forms::host, announcement_forms::form)).load(conn)?;
    Ok(told.into_iter().collect())
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

/// The wijken that pass on anything of that author now.
pub fn passing_on(conn: &mut Connection, author: ActorId) -> Result<Vec<WijkId>> {
    let standing = announcements::table
        .inner_join(posts::table)
        .filter(posts::author_id.eq(author).and(announcements::state.eq(State::Announced)));
    Ok(standing.select(announcements::wijk_id).distinct().load(conn)?)
}

/// The wijken that show this version now.
pub fn wijken_that_show(conn: &mut Connection, version: VersionId) -> Result<Vec<WijkId>> {
    let standing = announcements::table.filter(
        announcements::version_id.eq(version).and(announcements::state.eq(State::Announced)),
    );
    Ok(standing.select(announcements::wijk_id).load(conn)?)
}

/// The wijken that ever passed it on.
pub fn ever_by(conn: &mut Connection, post: PostId) -> Result<Vec<WijkId>> {
    let any = announcements::table.filter(announcements::post_id.eq(post));
    Ok(any.select(announcements::wijk_id).distinct().load(conn)?)
}
