//! Followers who may be gone. Where somebody's own inbox answers 410, their actor is asked after once a day, and
//! with the third day on which it is gone too the follows end. A server that has not answered for thirty days loses
//! its followers. A follow ends here as any other: a withdrawal is still heard.

use std::time::Duration;

use diesel::dsl::exists;
use diesel::prelude::*;

use super::follows as all_follows;
use crate::foundation::clock::Time;
use crate::foundation::database::schema::{actors, follows, hosts, lost_followers};
use crate::foundation::database::{Connection, on_each};
use crate::foundation::domain::Domain;
use crate::foundation::error::Result;
use crate::foundation::ids::ActorId;
use crate::foundation::uri::Uri;

/// Days on which an actor must be gone.
const DAYS: i32 = 3;
/// Days until a host that fails has no followers any more.
pub const HOST_DAYS: u32 = 30;
/// Actors who share what should be one person's inbox, at most.
const SHARING: i64 = 10;
/// Follows ended in one transaction.
const SLICE: i64 = 100;

/// That inbox answered 410. Only somebody's own counts: a server's shared one says nothing of any of them.
pub fn suspect(conn: &mut Connection, host: &Domain, inbox: &str, now: Time) -> Result<()> {
    let follow = follows::table.filter(follows::follower_id.eq(actors::id));
    let own = actors::shared_inbox.is_null().or(actors::shared_inbox.ne(inbox));
    let whose: Vec<ActorId> = actors::table
        .filter(actors::domain.eq(host).and(actors::inbox.eq(inbox)).and(own).and(exists(follow)))
        .select(actors::id)
        .limit(SHARING)
        .load(conn)?;
    for actor in whose {
        on_each!(conn, c => diesel::insert_into(lost_followers::table)
            .values((
                lost_followers::actor_id.eq(actor),
                lost_followers::days_gone.eq(0),
                lost_followers::ask_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

/// Whose actor is to be asked after now: who, and its address.
pub fn due(conn: &mut Connection, most: i64, now: Time) -> Result<Vec<(ActorId, Uri)>> {
    let due = lost_followers::table
        .inner_join(actors::table)
        .filter(lost_followers::ask_at.le(now))
        .order(lost_followers::ask_at)
        .select((actors::id, actors::uri))
        .limit(most);
    Ok(due.load(conn)?)
}

/// The actor is gone on this day too. Answers whether it was the last: then it follows nobody any more.
pub fn is_gone(conn: &mut Connection, actor: ActorId, day: Duration, now: Time) -> Result<bool> {
    let row = lost_followers::table.find(actor);
    let days = row.select(lost_followers::days_gone).first::<i32>(conn).optional()?;
    let Some(days) = days else { return Ok(false) };
    if days + 1 >= DAYS {
        diesel::delete(row).execute(conn)?;
        all_follows::undo_all(conn, actor, now)?;
        return Ok(true);
    }
    diesel::update(row)
        .set((lost_followers::days_gone.eq(days + 1), lost_followers::ask_at.eq(now.plus(day))))
        .execute(conn)?;
    Ok(false)
}

/// Its document was asked for, for another reason, and is gone: today counts, unless the follower is asked after already.
pub fn seen_gone(conn: &mut Connection, actor: ActorId, day: Duration, now: Time) -> Result<()> {
    let follow = follows::table.filter(follows::follower_id.eq(actor));
    if !diesel::select(exists(follow)).get_result::<bool>(conn)? {
        return Ok(());
    }
    on_each!(conn, c => diesel::insert_into(lost_followers::table)
        .values((
            lost_followers::actor_id.eq(actor),
            lost_followers::days_gone.eq(1),
            lost_followers::ask_at.eq(now.plus(day)),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// It is there after all.
pub fn is_there(conn: &mut Connection, actor: ActorId) -> Result<()> {
    diesel::delete(lost_followers::table.find(actor)).execute(conn)?;
    Ok(())
}

/// No answer that says anything: asked again tomorrow.
pub fn is_unknown(conn: &mut Connection, actor: ActorId, day: Duration, now: Time) -> Result<()> {
    diesel::update(lost_followers::table.find(actor))
        .set(lost_followers::ask_at.eq(now.plus(day)))
        .execute(conn)?;
    Ok(())
}

/// Hosts that failed for so long, and still did at the end of it, whose actors follow somebody.
pub fn silent_hosts(
    conn: &mut Connection,
    for_so_long: Duration,
    now: Time,
) -> Result<Vec<Domain>> {
    let since = now.minus(for_so_long);
    let follow = follows::table.inner_join(actors::table).filter(actors::domain.eq(hosts::host));
    let silent = hosts::table
        .filter(hosts::failures.gt(0).and(hosts::failing_since.le(since)))
        .filter(exists(follow))
        .order(hosts::host)
        .select((hosts::host, hosts::failing_since, hosts::not_before))
        .limit(SLICE);
    let silent: Vec<(Domain, Option<Time>, Time)> = silent.load(conn)?;
    // Its next try stands a day at most behind the last, which must have failed when the time was over.
    let tried_at_the_end = |(_, failing_since, next_try): &(Domain, Option<Time>, Time)| {
        failing_since.is_some_and(|since| *next_try > since.plus(for_so_long))
    };
    Ok(silent.into_iter().filter(tried_at_the_end).map(|(host, ..)| host).collect())
}

/// Ends the follows of that host's actors, some at a time. Answers whether there may be more.
pub fn end_follows_of(conn: &mut Connection, host: &Domain, now: Time) -> Result<bool> {
    let rows: Vec<(ActorId, ActorId)> = follows::table
        .inner_join(actors::table)
        .filter(actors::domain.eq(host))
        .order(follows::target_id)
        .select((follows::follower_id, follows::target_id))
        .limit(SLICE)
        .load(conn)?;
    for (follower, target) in &rows {
        all_follows::undo(conn, *follower, *target, now)?;
    }
    Ok(i64::try_from(rows.len()).is_ok_and(|ended| ended == SLICE))
}
