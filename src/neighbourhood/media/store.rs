//! The pictures' queries.

use diesel::dsl::{max, min};
use diesel::prelude::*;

use super::{Picture, State};
use crate::foundation::clock::Time;
use crate::foundation::database::schema::{pictures, post_versions};
use crate::foundation::database::{Connection, on_each};
use crate::foundation::error::{Error, Result, first};
use crate::foundation::file_storage::FileName;
use crate::foundation::ids::{PictureId, PostId, VersionId};
use crate::foundation::images::Stored;

/// Of all versions of a post; of a post with very many, the newest.
pub(super) fn of_post(conn: &mut Connection, post: PostId) -> Result<Vec<Picture>> {
    let rows = pictures::table.inner_join(post_versions::table);
    let rows = rows.filter(post_versions::post_id.eq(post)).order(pictures::id.desc()).limit(500);
    Ok(rows.select(Picture::as_select()).load(conn)?)
}

pub(super) fn of_versions(conn: &mut Connection, versions: &[VersionId]) -> Result<Vec<Picture>> {
    let rows = pictures::table.filter(pictures::version_id.eq_any(versions));
    Ok(rows.order(pictures::id).select(Picture::as_select()).load(conn)?)
}

/// The versions that show this file; one file serves many where a post was edited often.
pub fn versions_with(conn: &mut Connection, name: &FileName) -> Result<Vec<VersionId>> {
    let rows = pictures::table.filter(pictures::large.eq(name).or(pictures::card.eq(name)));
    let newest = rows.order(pictures::id.desc()).limit(100);
    Ok(newest.select(pictures::version_id).load(conn)?)
}

/// Those of `names` that no picture has.
pub fn unknown(conn: &mut Connection, names: Vec<FileName>) -> Result<Vec<FileName>> {
    let rows = pictures::table
        .filter(pictures::large.eq_any(&names).or(pictures::card.eq_any(&names)))
        .select((pictures::large, pictures::card));
    let known: Vec<(Option<FileName>, Option<FileName>)> = rows.load(conn)?;
    let known: Vec<FileName> = known.into_iter().flat_map(|(a, b)| [a, b]).flatten().collect();
    Ok(names.into_iter().filter(|name| !known.contains(name)).collect())
}

pub(super) fn count_of_host(conn: &mut Connection, host: &str, since: Time) -> Result<i64> {
    let rows = pictures::table.filter(pictures::host.eq(host).and(pictures::wanted_at.ge(since)));
    Ok(rows.count().get_result(conn)?)
}

pub(super) fn count_kept(conn: &mut Connection, version: VersionId) -> Result<i64> {
    let kept = pictures::version_id.eq(version).and(pictures::state.eq(State::Kept));
    Ok(pictures::table.filter(kept).count().get_result(conn)?)
}

pub(super) fn insert(conn: &mut Connection, picture: &Picture) -> Result<()> {
    on_each!(conn, c => diesel::insert_into(pictures::table)
        .values(picture)
        .on_conflict((pictures::version_id, pictures::position))
        .do_nothing()
        .execute(c))?;
    Ok(())
}

/// The oldest of each host, where none of that host is being fetched.
pub(super) fn due(conn: &mut Connection, most: i64, now: Time) -> Result<Vec<Picture>> {
    let of_each_host: Vec<Option<i64>> = pictures::table
        .filter(pictures::state.eq(State::Wanted).and(pictures::not_before.le(now)))
        .group_by(pictures::host)
        .having(max(pictures::leased_until).le(now))
        .select(min(pictures::id))
        .limit(most)
        .load(conn)?;
    let ids: Vec<PictureId> = of_each_host.into_iter().flatten().map(PictureId).collect();
    let rows = pictures::table.filter(pictures::id.eq_any(ids));
    Ok(rows.order(pictures::id).select(Picture::as_select()).load(conn)?)
}

/// `false` where another worker was first.
pub(super) fn lease(conn: &mut Connection, id: PictureId, until: Time, now: Time) -> Result<bool> {
    let free = pictures::state.eq(State::Wanted).and(pictures::leased_until.le(now));
    let row = pictures::table.filter(pictures::id.eq(id).and(free));
    Ok(diesel::update(row).set(pictures::leased_until.eq(until)).execute(conn)? == 1)
}

/// Leases that a process which is no more left behind.
pub fn free_leases(conn: &mut Connection) -> Result<()> {
    let leased = pictures::state.eq(State::Wanted).and(pictures::leased_until.gt(Time::ZERO));
    diesel::update(pictures::table.filter(leased))
        .set(pictures::leased_until.eq(Time::ZERO))
        .execute(conn)?;
    Ok(())
}

pub(super) fn keep(conn: &mut Connection, id: PictureId, stored: &Stored) -> Result<()> {
    let number = |pixels: u32| i32::try_from(pixels).map_err(Error::internal);
    let row = pictures::table.filter(pictures::id.eq(id).and(pictures::state.eq(State::Wanted)));
    let set = (
        pictures::state.eq(State::Kept),
        pictures::large.eq(Some(&stored.large)),
        pictures::card.eq(Some(&stored.card)),
        pictures::width.eq(Some(number(stored.width)?)),
        pictures::height.eq(Some(number(stored.height)?)),
        pictures::bytes.eq(Some(i64::try_from(stored.bytes).map_err(Error::internal)?)),
        pictures::blurhash.eq(Some(&stored.blurhash)),
        pictures::leased_until.eq(Time::ZERO),
    );
    first(diesel::update(row).set(set).execute(conn)?, "nobody wants that picture any more")
}

/// Also where it is wanted no more: there is nothing to refuse then.
pub fn refuse(conn: &mut Connection, id: PictureId) -> Result<()> {
    let row = pictures::table.filter(pictures::id.eq(id).and(pictures::state.eq(State::Wanted)));
    diesel::update(row).set(pictures::state.eq(State::Refused)).execute(conn)?;
    Ok(())
}

pub(super) fn put_off(
    conn: &mut Connection,
    id: PictureId,
    tries: i32,
    not_before: Time,
) -> Result<()> {
    let row = pictures::table.filter(pictures::id.eq(id).and(pictures::state.eq(State::Wanted)));
    let set = (
        pictures::tries.eq(tries),
        pictures::not_before.eq(not_before),
        pictures::leased_until.eq(Time::ZERO),
    );
    diesel::update(row).set(set).execute(conn)?;
    Ok(())
}

pub(super) fn close_wanted(conn: &mut Connection, version: VersionId) -> Result<()> {
    let wanted = pictures::version_id.eq(version).and(pictures::state.eq(State::Wanted));
    diesel::update(pictures::table.filter(wanted))
        .set(pictures::state.eq(State::Unseen))
        .execute(conn)?;
    Ok(())
}
