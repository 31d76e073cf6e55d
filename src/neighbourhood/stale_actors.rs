//! Actors elsewhere who matter here and whose document was read more than a week ago: who follows or is followed,
//! partners, and authors of what is shown. Some are asked for at a time, few of one server. Nobody is forgotten for an
//! answer that does not come, or says no.

use std::time::Duration;

use diesel::prelude::*;

use super::actors::{Actor, store as actors_store};
use super::blocks::Blocklist;
use super::outgoing::{DAY, Patience};
use super::{follows, lost_followers};
use crate::foundation::clock::Time;
use crate::foundation::database::schema::stale_actors;
use crate::foundation::database::{Connection, Statement, on_each};
use crate::foundation::error::Result;
use crate::foundation::ids::ActorId;

/// After which a document is read again. Source: Mastodon's `BACKGROUND_REFRESH_INTERVAL`.
const WEEK: Duration = Duration::from_hours(7 * 24);
/// For how long a server that gives no answer is left alone.
const HOST_RESTS: Duration = Duration::from_hours(1);
/// Asked for at a time.
pub const MOST: i64 = 100;
/// Of one server at a time.
pub const OF_ONE_HOST: i64 = 20;

#[derive(QueryableByName)]
#[diesel(table_name = stale_actors)]
struct Claimed {
    actor_id: ActorId,
}

/// Whose documents are to be asked for now, the oldest first. Each is asked for again in a day, unless it comes or it is
/// said otherwise. Who is not heard waits as long as who said no; who may be gone is asked after daily as it is.
pub fn claim(conn: &mut Connection, patience: Patience, now: Time) -> Result<Vec<Actor>> {
    let sql = "INSERT INTO stale_actors (actor_id, ask_at) \
         SELECT id, ? FROM (\
             SELECT id, fetched_at, \
                 ROW_NUMBER() OVER (PARTITION BY domain ORDER BY fetched_at, id) AS place \
             FROM actors WHERE NOT is_local AND gone_at IS NULL AND fetched_at <= ? \
             AND NOT EXISTS (SELECT 1 FROM stale_actors \
                 WHERE stale_actors.actor_id = actors.id AND stale_actors.ask_at > ?) \
             AND NOT EXISTS (SELECT 1 FROM lost_followers \
                 WHERE lost_followers.actor_id = actors.id) \
             AND NOT EXISTS (SELECT 1 FROM hosts WHERE hosts.host = actors.domain \
                 AND hosts.failures > 0 AND hosts.not_before > ?) \
             AND (EXISTS (SELECT 1 FROM follows WHERE follows.follower_id = actors.id) \
                 OR EXISTS (SELECT 1 FROM follows WHERE follows.target_id = actors.id) \
                 OR EXISTS (SELECT 1 FROM partners \
                     WHERE partners.actor_id = actors.id AND partners.state <> 'revoked') \
                 OR EXISTS (SELECT 1 FROM posts WHERE posts.author_id = actors.id AND (\
                     EXISTS (SELECT 1 FROM announcements \
                         WHERE announcements.post_id = posts.id AND announcements.state = 'announced') \
                     OR EXISTS (SELECT 1 FROM submissions \
                         WHERE submissions.post_id = posts.id AND submissions.state = 'approved'))))\
         ) AS due WHERE place <= ? ORDER BY fetched_at, id LIMIT ? \
         ON CONFLICT (actor_id) DO UPDATE SET ask_at = excluded.ask_at \
             WHERE stale_actors.ask_at <= ? RETURNING actor_id";
    let now_millis = now.millis();
    let statement = Statement::new(sql)
        .number(now.plus(patience.scaled(DAY)).millis())
        .number(now.minus(patience.scaled(WEEK)).millis())
        .number(now_millis)
        .number(now_millis)
        .number(OF_ONE_HOST)
        .number(MOST)
        .number(now_millis);
    let claimed: Vec<Claimed> = on_each!(conn, c => statement.load(c))?;
    let blocklist = Blocklist::read(conn)?;
    let mut heard = Vec::with_capacity(claimed.len());
    for Claimed { actor_id } in claimed {
        let actor = actors_store::find(conn, actor_id)?;
        if blocklist.may_show(&actor.uri, &actor.domain, None) {
            heard.push(actor);
        } else {
            says_no(conn, actor_id, patience, now)?;
        }
    }
    heard.sort_by_key(|actor| (actor.fetched_at, actor.id));
    Ok(heard)
}

/// It came, and is kept: what is told to a follower goes where that lives now.
pub fn came(conn: &mut Connection, actor: &Actor) -> Result<()> {
    diesel::delete(stale_actors::table.find(actor.id)).execute(conn)?;
    follows::lives_at(conn, actor)
}

/// It is not given to us, or is not what it should be: asked for again in a week.
pub fn says_no(conn: &mut Connection, id: ActorId, patience: Patience, now: Time) -> Result<()> {
    diesel::update(stale_actors::table.find(id))
        .set(stale_actors::ask_at.eq(now.plus(patience.scaled(WEEK))))
        .execute(conn)?;
    Ok(())
}

/// Gone. For a follower that is one of the days on which it must be.
pub fn is_gone(conn: &mut Connection, id: ActorId, patience: Patience, now: Time) -> Result<()> {
    lost_followers::seen_gone(conn, id, patience.scaled(DAY), now)?;
    says_no(conn, id, patience, now)
}

/// Its server gave no answer to another: nothing was asked, and one who is broken holds nobody up for longer.
pub fn passed_over(
    conn: &mut Connection,
    id: ActorId,
    patience: Patience,
    now: Time,
) -> Result<()> {
    diesel::update(stale_actors::table.find(id))
        .set(stale_actors::ask_at.eq(now.plus(patience.scaled(HOST_RESTS))))
        .execute(conn)?;
    Ok(())
}
