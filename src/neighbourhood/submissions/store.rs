//! The submissions' queries.

use diesel::prelude::*;

use super::{Card, State, Submission, Why};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::database::schema::{
    actors, announcements, pictures, polls, post_versions, posts, raw_activities, submissions,
};
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result, first};
use crate::foundation::ids::{PostId, SubmissionId, VersionId, WijkId};
use crate::foundation::uri::Uri;
use crate::neighbourhood::announcements::State as Standing;
use crate::neighbourhood::blocks::Blocklist;
use crate::neighbourhood::timelines::Shown;

/// How long what was sent about a post is kept once nobody needs it.
const REMEMBERED: std::time::Duration = std::time::Duration::from_hours(720);

macro_rules! cards {
    () => {
        submissions::table
            .inner_join(posts::table.inner_join(actors::table))
            .inner_join(post_versions::table.on(post_versions::id.eq(submissions::version_id)))
            .select(Card::as_select())
    };
}

/// The waiting ones of a wijk, oldest first: those that ask to be passed on, or with `replies` those that ask for a
/// place in a thread. Of who was blocked meanwhile nothing waits.
pub fn waiting(conn: &mut Connection, wijk: WijkId, replies: bool) -> Result<Vec<Card>> {
    let blocklist = Blocklist::read(conn)?;
    let rows = cards!()
        .filter(submissions::wijk_id.eq(wijk).and(submissions::state.eq(State::Waiting)))
        .order(submissions::id);
    let mut cards: Vec<Card> = if replies {
        rows.filter(submissions::why.eq(Why::Reply)).load(conn)?
    } else {
        rows.filter(submissions::why.ne(Why::Reply)).load(conn)?
    };
    cards.retain(|card| blocklist.may_show(&card.author.uri, &card.author.domain, Some(wijk)));
    Ok(cards)
}

pub fn count_waiting(conn: &mut Connection, wijk: WijkId) -> Result<i64> {
    let waiting = submissions::wijk_id.eq(wijk).and(submissions::state.eq(State::Waiting));
    let by_author: Vec<(Uri, Domain, i64)> = submissions::table
        .inner_join(posts::table.inner_join(actors::table))
        .filter(waiting.and(submissions::why.ne(Why::Reply)))
        .group_by((actors::uri, actors::domain))
        .select((actors::uri, actors::domain, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(Blocklist::read(conn)?.how_many_may_show(&by_author, wijk))
}

pub fn card(conn: &mut Connection, id: SubmissionId) -> Result<Card> {
    cards!().filter(submissions::id.eq(id)).first(conn).optional()?.ok_or(Error::NotFound)
}

/// What the wijk passed on last, for the desk.
pub fn recently_announced(conn: &mut Connection, wijk: WijkId, most: i64) -> Result<Vec<Shown>> {
    let rows = announcements::table
        .inner_join(posts::table.inner_join(actors::table).left_join(polls::table))
        .inner_join(post_versions::table.on(post_versions::id.eq(announcements::version_id)))
        .filter(announcements::wijk_id.eq(wijk).and(announcements::state.eq(Standing::Announced)))
        .order(announcements::id.desc())
        .limit(most);
    Ok(rows.select(Shown::as_select()).load(conn)?)
}

/// Whether one of these versions lies on the desk of one of these wijken.
pub fn is_waiting_in(
    conn: &mut Connection,
    wijken: &[WijkId],
    versions: &[VersionId],
) -> Result<bool> {
    let there = submissions::wijk_id.eq_any(wijken).and(submissions::version_id.eq_any(versions));
    let waiting = submissions::table.filter(submissions::state.eq(State::Waiting).and(there));
    Ok(diesel::select(diesel::dsl::exists(waiting)).get_result(conn)?)
}

/// Forgets the pictures of versions that no wijk passes on, that are not (since so long) on a desk and that nobody
/// here says: refused, taken back, deleted, or of an older version.
pub fn forget_pictures(conn: &mut Connection, offered_since: Time) -> Result<usize> {
    let shown = announcements::table
        .filter(announcements::state.eq(Standing::Announced))
        .select(announcements::version_id);
    let on_a_desk = submissions::table
        .filter(submissions::state.eq(State::Waiting))
        .filter(submissions::received_at.ge(offered_since))
        .select(submissions::version_id);
    let own = posts::table
        .filter(posts::is_local.and(posts::gone_at.is_null()))
        .select(posts::newest_version);
    let unseen = pictures::table
        .filter(pictures::version_id.ne_all(shown))
        .filter(pictures::version_id.ne_all(on_a_desk))
        .filter(pictures::version_id.ne_all(own));
    Ok(diesel::delete(unseen).execute(conn)?)
}

pub(super) fn of_post(
    conn: &mut Connection,
    wijk: WijkId,
    post: PostId,
) -> Result<Option<Submission>> {
    let row =
        submissions::table.filter(submissions::wijk_id.eq(wijk).and(submissions::post_id.eq(post)));
    Ok(row.order(submissions::id.desc()).select(Submission::as_select()).first(conn).optional()?)
}

/// The wijken where a post waits.
pub(super) fn waiting_in(conn: &mut Connection, post: PostId) -> Result<Vec<WijkId>> {
    let waiting = submissions::post_id.eq(post).and(submissions::state.eq(State::Waiting));
    Ok(submissions::table.filter(waiting).select(submissions::wijk_id).load(conn)?)
}

pub(super) fn insert(conn: &mut Connection, submission: &Submission) -> Result<()> {
    diesel::insert_into(submissions::table).values(submission.clone()).execute(conn)?;
    Ok(())
}

/// A waiting one now offers another version.
pub(super) fn offer_version(
    conn: &mut Connection,
    id: SubmissionId,
    version: VersionId,
) -> Result<()> {
    let waiting = submissions::id.eq(id).and(submissions::state.eq(State::Waiting));
    let offered =
        diesel::update(submissions::table.filter(waiting)).set(submissions::version_id.eq(version));
    first(offered.execute(conn)?, "it was decided meanwhile")
}

/// Ends the waiting of exactly this version.
///
/// # Errors
/// `Conflict` where somebody decided before, or the author changed the post since it was read.
pub(super) fn close(
    conn: &mut Connection,
    seen: &Submission,
    state: State,
    now: Time,
) -> Result<()> {
    let row = submissions::table.filter(
        submissions::id
            .eq(seen.id)
            .and(submissions::state.eq(State::Waiting))
            .and(submissions::version_id.eq(seen.version_id)),
    );
    let set = (submissions::state.eq(state), submissions::decided_at.eq(Some(now)));
    first(diesel::update(row).set(set).execute(conn)?, "that was decided already")
}

/// The author took the post back, or it is not public any more: it waits nowhere.
pub(super) fn close_all(conn: &mut Connection, post: PostId, now: Time) -> Result<()> {
    diesel::update(
        submissions::table
            .filter(submissions::post_id.eq(post).and(submissions::state.eq(State::Waiting))),
    )
    .set((submissions::state.eq(State::Withdrawn), submissions::decided_at.eq(Some(now))))
    .execute(conn)?;
    Ok(())
}

/// A moderator took it back: the last word about this post, whatever waits or was approved.
pub(super) fn withdrawn(
    conn: &mut Connection,
    wijk: WijkId,
    post: PostId,
    now: Time,
) -> Result<()> {
    let row = submissions::wijk_id.eq(wijk).and(submissions::post_id.eq(post));
    let open = row.and(submissions::state.eq_any([State::Waiting, State::Approved]));
    diesel::update(submissions::table.filter(open))
        .set((submissions::state.eq(State::Withdrawn), submissions::decided_at.eq(Some(now))))
        .execute(conn)?;
    Ok(())
}

/// What authors sent about posts that no wijk passes on or may still pass on is forgotten after 30 days, as the
/// deletions that were handed on.
pub fn sweep(conn: &mut Connection, now: Time) -> Result<usize> {
    let standing = announcements::table
        .filter(announcements::state.eq(Standing::Announced))
        .select(announcements::post_id);
    let waiting = submissions::table
        .filter(submissions::state.eq(State::Waiting))
        .select(submissions::post_id);
    let old = raw_activities::table
        .filter(raw_activities::received_at.lt(now.minus(REMEMBERED)))
        .filter(raw_activities::post_id.ne_all(standing))
        .filter(raw_activities::post_id.ne_all(waiting));
    Ok(diesel::delete(old).execute(conn)?)
}
