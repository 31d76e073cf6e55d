//! An activity received, verified and kept as it came, before anything is done with it: once, again after a failure,
//! parked after five.

use std::time::Duration;

use diesel::prelude::*;
use diesel::upsert::excluded;

use crate::foundation::clock::Time;
use crate::foundation::database::schema::arrivals;
use crate::foundation::database::{Claiming, Connection, on_each, text_enum};
use crate::foundation::error::Result;
use crate::foundation::ids::ArrivalId;

text_enum! {
    State { Waiting = "waiting", Parked = "parked", Done = "done" }
}

/// Failures until an arrival is put aside for the administrator.
const TRIES: i32 = 5;
/// How long a worker may take before another may try; longer than acting is allowed to last.
const LEASE: Duration = Duration::from_secs(40);
/// How long a body's hash is remembered, so that the same activity has no second effect.
const REMEMBERED: Duration = Duration::from_hours(720);

/// What the guard lets through.
#[derive(Debug, Clone)]
pub struct NewArrival {
    pub activity_uri: String,
    pub body_hash: [u8; 32],
    /// Exactly the bytes that were signed.
    pub body: Vec<u8>,
    pub actor_uri: String,
    /// Signed by another server than the actor's: a hint where to look.
    pub is_forwarded: bool,
    /// Arrivals of one lane are acted on in the order they came.
    pub lane: String,
    /// A Follow is answered again each time it comes.
    pub is_answered_again: bool,
}

/// One that a worker holds.
#[derive(Debug, Clone, QueryableByName)]
#[diesel(table_name = arrivals)]
pub struct Arrival {
    pub id: ArrivalId,
    pub body: Option<Vec<u8>>,
    pub actor_uri: String,
    pub is_forwarded: bool,
    pub lane: String,
    pub tries: i32,
}

#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Counts {
    pub waiting: i64,
    pub parked: i64,
    /// Of the last 24 hours.
    pub done: i64,
}

/// Keeps a new one; the same activity with the same body is kept once, a forwarded copy of it apart. Answers whether there is something to do.
pub fn keep(conn: &mut Connection, new: &NewArrival, now: Time) -> Result<bool> {
    let row = (
        arrivals::id.eq(ArrivalId::next(now)),
        arrivals::activity_uri.eq(&new.activity_uri),
        arrivals::body_hash.eq(new.body_hash.as_slice()),
        arrivals::body.eq(Some(&new.body)),
        arrivals::actor_uri.eq(&new.actor_uri),
        arrivals::is_forwarded.eq(new.is_forwarded),
        arrivals::lane.eq(&new.lane),
        arrivals::state.eq(State::Waiting),
        arrivals::tries.eq(0),
        arrivals::not_before.eq(now),
        arrivals::leased_until.eq(Time::ZERO),
        arrivals::received_at.eq(now),
    );
    let key = (arrivals::activity_uri, arrivals::body_hash, arrivals::is_forwarded);
    let kept = if new.is_answered_again {
        // As if it came for the first time: behind whatever of its lane came in between.
        on_each!(conn, c => diesel::insert_into(arrivals::table).values(row).on_conflict(key).do_update().set((
            arrivals::id.eq(excluded(arrivals::id)),
            arrivals::tries.eq(0),
            arrivals::leased_until.eq(Time::ZERO),
            arrivals::received_at.eq(now),
            arrivals::body.eq(excluded(arrivals::body)),
            arrivals::state.eq(State::Waiting),
            arrivals::not_before.eq(now),
        )).execute(c))?
    } else {
        on_each!(conn, c => diesel::insert_into(arrivals::table).values(row).on_conflict(key).do_nothing().execute(c))?
    };
    Ok(kept == 1)
}

/// Whether there is anything to claim; writes nothing.
pub fn any_due(conn: &mut Connection, now: Time) -> Result<bool> {
    let due = arrivals::state
        .eq(State::Waiting)
        .and(arrivals::not_before.le(now))
        .and(arrivals::leased_until.lt(now));
    Ok(diesel::select(diesel::dsl::exists(arrivals::table.filter(due))).get_result(conn)?)
}

/// Takes up to `most` that are due, the oldest of each lane, for [`LEASE`].
pub fn claim(conn: &mut Connection, most: i32, now: Time) -> Result<Vec<Arrival>> {
    let Claiming { clock, skip } = Claiming::on(conn, now);
    let (now, lease) = (now.millis(), LEASE.as_millis());
    let sql = format!(
        "UPDATE arrivals SET leased_until = {clock} + {lease} WHERE id IN (\
            SELECT id FROM arrivals AS due WHERE state = 'waiting' AND not_before <= {now} \
            AND leased_until < {clock} AND NOT EXISTS (\
                SELECT 1 FROM arrivals AS earlier WHERE earlier.lane = due.lane \
                AND earlier.state = 'waiting' AND earlier.id < due.id) \
            ORDER BY not_before, id LIMIT {most} {skip}) \
         RETURNING id, body, actor_uri, is_forwarded, lane, tries"
    );
    let mut held: Vec<Arrival> = on_each!(conn, c => diesel::sql_query(sql).load(c))?;
    held.sort_by_key(|arrival| arrival.id);
    Ok(held)
}

/// Acted on: the body goes, the hash stays. Part of the transaction that acts.
pub fn done(conn: &mut Connection, id: ArrivalId, now: Time) -> Result<()> {
    diesel::update(arrivals::table.find(id))
        .set((
            arrivals::state.eq(State::Done),
            arrivals::body.eq(None::<Vec<u8>>),
            arrivals::leased_until.eq(Time::ZERO),
            arrivals::done_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Not acted on: again after 10 s, 1 min, 5 min, 30 min, then parked. Answers whether it was parked.
pub fn failed(
    conn: &mut Connection,
    arrival: &Arrival,
    wait_scale: f64,
    now: Time,
) -> Result<bool> {
    let tries = arrival.tries + 1;
    let is_parked = tries >= TRIES;
    let wait = match tries {
        1 => 10,
        2 => 60,
        3 => 300,
        _ => 1800,
    };
    let wait = Duration::from_secs(wait).mul_f64(wait_scale);
    // Not what was acted on after all, late, or by another worker.
    let still = arrivals::id
        .eq(arrival.id)
        .and(arrivals::state.eq(State::Waiting))
        .and(arrivals::tries.eq(arrival.tries));
    let rows = diesel::update(arrivals::table.filter(still))
        .set((
            arrivals::state.eq(if is_parked { State::Parked } else { State::Waiting }),
            arrivals::tries.eq(tries),
            arrivals::not_before.eq(now.plus(wait)),
            arrivals::leased_until.eq(Time::ZERO),
        ))
        .execute(conn)?;
    Ok(is_parked && rows == 1)
}

pub fn counts(conn: &mut Connection, now: Time) -> Result<Counts> {
    let of = |conn: &mut Connection, state: State| {
        arrivals::table.filter(arrivals::state.eq(state)).count().get_result::<i64>(conn)
    };
    let day = now.minus(Duration::from_hours(24));
    let done =
        arrivals::table.filter(arrivals::state.eq(State::Done).and(arrivals::done_at.ge(day)));
    Ok(Counts {
        waiting: of(conn, State::Waiting)?,
        parked: of(conn, State::Parked)?,
        done: done.count().get_result(conn)?,
    })
}

/// How long the oldest waiting one has been here.
pub fn oldest(conn: &mut Connection) -> Result<Option<Time>> {
    let waiting = arrivals::table.filter(arrivals::state.eq(State::Waiting));
    Ok(waiting.select(diesel::dsl::min(arrivals::received_at)).first(conn)?)
}

/// Tries the parked ones again, from the beginning. Answers how many.
pub fn retry_parked(conn: &mut Connection, now: Time) -> Result<usize> {
    Ok(diesel::update(arrivals::table.filter(arrivals::state.eq(State::Parked)))
        .set((
            arrivals::state.eq(State::Waiting),
            arrivals::tries.eq(0),
            arrivals::not_before.eq(now),
            arrivals::leased_until.eq(Time::ZERO),
        ))
        .execute(conn)?)
}

/// Leases of a process that is no more: for the one that starts and is alone.
pub fn free_leases(conn: &mut Connection) -> Result<()> {
    diesel::update(
        arrivals::table
            .filter(arrivals::leased_until.gt(Time::ZERO).and(arrivals::state.eq(State::Waiting))),
    )
    .set(arrivals::leased_until.eq(Time::ZERO))
    .execute(conn)?;
    Ok(())
}

/// Forgets hashes older than 30 days.
pub fn sweep(conn: &mut Connection, now: Time) -> Result<usize> {
    let old = arrivals::state.eq(State::Done).and(arrivals::done_at.lt(now.minus(REMEMBERED)));
    Ok(diesel::delete(arrivals::table.filter(old)).execute(conn)?)
}
