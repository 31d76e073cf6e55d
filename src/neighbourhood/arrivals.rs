//! An activity received, verified and kept as it came, before anything is done with it: once, again after a failure,
//! parked after five.

use std::time::Duration;

use diesel::prelude::*;

use crate::foundation::clock::Time;
use crate::foundation::database::schema::arrivals;
use crate::foundation::database::{Claiming, Connection, Statement, on_each, text_enum};
use crate::foundation::domain::Domain;
use crate::foundation::error::Result;
use crate::foundation::ids::ArrivalId;
use crate::foundation::uri::Uri;

text_enum! {
    State { Waiting = "waiting", Parked = "parked", Done = "done" }
}

/// Failures until an arrival is put aside for the administrator.
const TRIES: i32 = 5;
/// How long a worker may take before another may try; longer than acting is allowed to last.
const LEASE: Duration = Duration::from_secs(40);
/// At work at once of one server: while it keeps those waiting, there are places for the others.
const SHARE: i64 = 16;
/// How long a body's hash is remembered, so that the same activity has no second effect.
const REMEMBERED: Duration = Duration::from_hours(720);

/// What the guard lets through.
#[derive(Debug, Clone)]
pub struct NewArrival {
    pub activity_uri: Uri,
    pub body_hash: [u8; 32],
    /// Exactly the bytes that were signed.
    pub body: Vec<u8>,
    pub actor_uri: Uri,
    /// The actor's server: whom acting on it has to ask.
    pub domain: Domain,
    /// Signed by another server than the actor's: a hint where to look.
    pub is_forwarded: bool,
    /// Arrivals of one lane are acted on in the order they came.
    pub lane: String,
    /// A Follow is answered again each time it comes.
    pub is_answered_again: bool,
    pub received_at: Time,
}

/// One that a worker holds.
#[derive(Debug, Clone, QueryableByName)]
#[diesel(table_name = arrivals)]
pub struct Arrival {
    pub id: ArrivalId,
    pub body: Option<Vec<u8>>,
    pub actor_uri: Uri,
    pub is_forwarded: bool,
    pub lane: String,
    pub tries: i32,
}

impl Arrival {
    /// A failure now parks it.
    #[must_use]
    pub fn is_on_its_last_try(&self) -> bool {
        self.tries + 1 >= TRIES
    }
}

#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Counts {
    pub waiting: i64,
    pub parked: i64,
    /// Of the last 24 hours.
    pub done: i64,
}

/// Keeps new ones; the same activity with the same body is kept once, a forwarded copy of it apart. Answers with how
/// many there is something to do.
pub fn keep(conn: &mut Connection, new: &[&NewArrival]) -> Result<usize> {
    // Their order is the one they came in; their rows are locked in one order everywhere.
    let mut rows: Vec<(ArrivalId, &NewArrival)> =
        new.iter().map(|new| (ArrivalId::next(new.received_at), *new)).collect();
    rows.sort_by(|(_, one), (_, other)| one.key().cmp(&other.key()));
    let (again, once): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|(_, new)| new.is_answered_again);
    let mut kept = keep_once(conn, &once)?;
    for (id, new) in again {
        kept += keep_again(conn, id, new)?;
    }
    Ok(kept)
}

impl NewArrival {
    fn key(&self) -> (&str, &[u8], bool) {
        (self.activity_uri.as_str(), &self.body_hash, self.is_forwarded)
    }
}

fn keep_once(conn: &mut Connection, new: &[(ArrivalId, &NewArrival)]) -> Result<usize> {
    let rows: Vec<_> = new
        .iter()
        .map(|(id, new)| {
            (
                arrivals::id.eq(*id),
                arrivals::activity_uri.eq(&new.activity_uri),
                arrivals::body_hash.eq(new.body_hash.as_slice()),
                arrivals::body.eq(Some(&new.body)),
                arrivals::actor_uri.eq(&new.actor_uri),
                arrivals::domain.eq(&new.domain),
                arrivals::is_forwarded.eq(new.is_forwarded),
                arrivals::lane.eq(&new.lane),
                arrivals::state.eq(State::Waiting),
                arrivals::tries.eq(0),
                arrivals::not_before.eq(new.received_at),
                arrivals::leased_until.eq(Time::ZERO),
                arrivals::received_at.eq(new.received_at),
            )
        })
        .collect();
    let key = (arrivals::activity_uri, arrivals::body_hash, arrivals::is_forwarded);
    let mut kept = 0;
    match conn {
        // SQLite takes a Vec row by row, without a conflict clause: the statement is prepared once all the same.
        Connection::Sqlite(c) => {
            for row in rows {
                let one = diesel::insert_into(arrivals::table).values(row);
                kept += one.on_conflict(key).do_nothing().execute(c)?;
            }
        }
        Connection::Postgres(c) if !rows.is_empty() => {
            let all = diesel::insert_into(arrivals::table).values(rows);
            kept += all.on_conflict(key).do_nothing().execute(c)?;
        }
        Connection::Postgres(_) => {}
    }
    Ok(kept)
}

/// As if it came for the first time: behind whatever of its lane came in between.
fn keep_again(conn: &mut Connection, id: ArrivalId, new: &NewArrival) -> Result<usize> {
    let sql = "INSERT INTO arrivals (id, activity_uri, body_hash, body, actor_uri, domain, is_forwarded, lane, \
             state, tries, not_before, leased_until, received_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 0, ?, 0, ?) \
         ON CONFLICT (activity_uri, body_hash, is_forwarded) DO UPDATE SET id = excluded.id, \
             body = excluded.body, state = 'waiting', tries = 0, not_before = excluded.not_before, \
             leased_until = 0, received_at = excluded.received_at";
    let at = new.received_at.millis();
    let statement = Statement::new(sql)
        .number(id.0)
        .text(new.activity_uri.as_str())
        .bytes(new.body_hash)
        .bytes(new.body.clone())
        .text(new.actor_uri.as_str())
        .text(new.domain.as_str())
        .flag(new.is_forwarded)
        .text(&new.lane)
        .number(at)
        .number(at);
    Ok(on_each!(conn, c => statement.execute(c))?)
}

/// Those due, and of these the oldest of each lane, of servers that have not their share at work: the first so many.
fn due(claiming: Claiming) -> String {
    let (Claiming { clock, skip }, moment, now) = (claiming, Claiming::MOMENT, Claiming::NOW);
    format!(
        "{moment}, \
         busy AS (SELECT domain, COUNT(*) AS held FROM arrivals \
             WHERE state = 'waiting' AND leased_until > 0 AND leased_until >= {clock} GROUP BY domain), \
         due AS MATERIALIZED (SELECT id, domain FROM arrivals AS due WHERE state = 'waiting' \
             AND not_before <= {now} AND leased_until < {clock} \
             AND domain NOT IN (SELECT domain FROM busy WHERE held >= {SHARE}) \
             AND NOT EXISTS (SELECT 1 FROM arrivals AS earlier WHERE earlier.lane = due.lane \
                 AND earlier.state = 'waiting' AND earlier.id < due.id) \
             ORDER BY not_before, id LIMIT ? {skip})"
    )
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    counted: i64,
}

/// Whether there is anything to claim; writes nothing.
pub fn any_due(conn: &mut Connection, now: Time) -> Result<bool> {
    let sql = format!("{} SELECT COUNT(*) AS counted FROM due", due(Claiming::looking(conn)));
    let statement = Statement::new(sql).number(now.millis()).number(1);
    let due: Counted = on_each!(conn, c => statement.get_result(c))?;
    Ok(due.counted > 0)
}

/// Takes up to `most` that are due, the oldest of each lane, for [`LEASE`]; of one server no more than make up its
/// [`SHARE`] with those already held, by whichever process.
pub fn claim(conn: &mut Connection, most: i64, now: Time) -> Result<Vec<Arrival>> {
    let claiming = Claiming::on(conn);
    let (due, clock, lease) = (due(claiming), claiming.clock, LEASE.as_millis());
    let sql = format!(
        "{due}, placed AS (SELECT id, ROW_NUMBER() OVER (PARTITION BY domain ORDER BY id) \
             + COALESCE((SELECT held FROM busy WHERE busy.domain = due.domain), 0) AS place FROM due) \
         UPDATE arrivals SET leased_until = {clock} + {lease} WHERE id IN \
             (SELECT id FROM placed WHERE place <= {SHARE} ORDER BY id LIMIT ?) \
         RETURNING id, body, actor_uri, is_forwarded, lane, tries"
    );
    // Looks further than it takes: the first may all be of one server.
    let statement = Statement::new(sql).number(now.millis()).number(4 * most).number(most);
    let mut held: Vec<Arrival> = on_each!(conn, c => statement.load(c))?;
    held.sort_by_key(|arrival| arrival.id);
    Ok(held)
}

/// Acted on: the body goes, the hash stays. Part of the transaction that acts.
pub fn done(conn: &mut Connection, id: ArrivalId, now: Time) -> Result<()> {
    let sql = "UPDATE arrivals SET state = 'done', body = NULL, leased_until = 0, done_at = ? WHERE id = ?";
    let statement = Statement::new(sql).number(now.millis()).number(id.0);
    on_each!(conn, c => statement.execute(c))?;
    Ok(())
}

/// Acted on, and nothing of it is kept, who sent it neither: for what has no effect a second time anyhow.
pub fn forget(conn: &mut Connection, id: ArrivalId) -> Result<()> {
    diesel::delete(arrivals::table.find(id)).execute(conn)?;
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
    let is_parked = arrival.is_on_its_last_try();
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
