//! Words waiting to be given their form, and the activities made of them.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::Word;
use crate::foundation::clock::Time;
use crate::foundation::database::schema::{activities, deliveries, hosts, outgoing, posts};
use crate::foundation::database::{Claiming, Connection, Statement, listed, on_each, text_enum};
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result, first};
use crate::foundation::ids::{ActivityId, ActorId, PostId};

text_enum! {
    State { Waiting = "waiting", Expanded = "expanded", Parked = "parked" }
}

/// Rows that are not worth a statement made for their number.
const FEW: usize = 3;
/// How long a worker may take to expand one slice of each word it holds.
const LEASE: Duration = Duration::from_secs(30);

/// A word that a worker holds, and how far its recipients were written down.
#[derive(Debug, Clone)]
pub struct Pending {
    pub seq: i64,
    pub word: Word,
    pub said_at: Time,
    pub is_urgent: bool,
    /// The last follow done; 0 at the beginning.
    pub cursor: i64,
    pub made: Made,
}

/// The activities made of a word.
#[derive(Debug, Clone, Copy, Default)]
pub struct Made {
    pub activity: Option<ActivityId>,
    /// The same in the form for servers that want it embedded.
    pub embedded: Option<ActivityId>,
}

/// One inbox that must hear it, and of which activity.
pub struct Addressed {
    pub inbox: String,
    pub host: Domain,
    pub activity: ActivityId,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    particulars: String,
    #[diesel(sql_type = BigInt)]
    said_at: Time,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    is_urgent: bool,
    #[diesel(sql_type = BigInt)]
    cursor: i64,
    #[diesel(sql_type = diesel::sql_types::Nullable<BigInt>)]
    activity_id: Option<ActivityId>,
    #[diesel(sql_type = diesel::sql_types::Nullable<BigInt>)]
    embedded_id: Option<ActivityId>,
}

/// Writes down that this must be heard. The caller has changed (and so locked) the object's row in this transaction.
pub fn say(conn: &mut Connection, word: &Word, now: Time) -> Result<()> {
    diesel::insert_into(outgoing::table)
        .values((
            outgoing::word.eq(word.name()),
            outgoing::object.eq(word.object()),
            outgoing::particulars.eq(serde_json::to_string(word).map_err(Error::internal)?),
            outgoing::is_urgent.eq(is_urgent(conn, word)?),
            outgoing::said_at.eq(now),
            outgoing::cursor.eq(0),
            outgoing::leased_until.eq(Time::ZERO),
            outgoing::state.eq(State::Waiting),
        ))
        .execute(conn)?;
    Ok(())
}

/// What is said of an alert goes before all else (FEDERATION-PROFILE §4.3).
fn is_urgent(conn: &mut Connection, word: &Word) -> Result<bool> {
    let Some(post) = word.post() else { return Ok(false) };
    // The room of posts stands above this one and is not asked.
    let alert = posts::table.filter(posts::id.eq(post).and(posts::kind.eq("alert")));
    Ok(diesel::select(diesel::dsl::exists(alert)).get_result(conn)?)
}

/// The `seq` of the word said last about an object, in this transaction or before.
pub fn last_said(conn: &mut Connection, object: &str) -> Result<i64> {
    let about = outgoing::table.filter(outgoing::object.eq(object));
    let seq: Option<i64> = about.select(diesel::dsl::max(outgoing::seq)).first(conn)?;
    seq.ok_or(Error::NotFound)
}

/// How far what was said about an object came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Nobody gave it its form yet.
    NotYet,
    /// It is not taken yet, or never will be: why.
    Waits(String),
    All,
}

pub fn told(conn: &mut Connection, object: &str) -> Result<Told> {
    let waiting = outgoing::object.eq(object).and(outgoing::state.eq(State::Waiting));
    if diesel::select(diesel::dsl::exists(outgoing::table.filter(waiting))).get_result(conn)? {
        return Ok(Told::NotYet);
    }
    let left =
        deliveries::table.filter(deliveries::object.eq(object)).order(deliveries::seq.desc());
    let problem: Option<Option<String>> =
        left.select(deliveries::problem).first(conn).optional()?;
    Ok(match problem {
        None => Told::All,
        Some(problem) => Told::Waits(problem.unwrap_or_else(|| "does not answer".to_owned())),
    })
}

/// Whether there is anything to claim; writes nothing.
pub fn any_due(conn: &mut Connection, now: Time) -> Result<bool> {
    let due = outgoing::table
        .filter(outgoing::state.eq(State::Waiting).and(outgoing::leased_until.lt(now)));
    Ok(diesel::select(diesel::dsl::exists(due)).get_result(conn)?)
}

/// Takes up to `most` words, the oldest of each object; alerts first.
pub fn claim(conn: &mut Connection, most: i64, now: Time) -> Result<Vec<Pending>> {
    let (Claiming { clock, skip }, moment) = (Claiming::on(conn), Claiming::MOMENT);
    let lease = LEASE.as_millis();
    let sql = format!(
        "{moment} UPDATE outgoing SET leased_until = {clock} + {lease} WHERE seq IN (\
            SELECT seq FROM outgoing AS due WHERE state = 'waiting' AND leased_until < {clock} \
            AND NOT EXISTS (SELECT 1 FROM outgoing AS earlier WHERE earlier.object = due.object \
                AND earlier.state = 'waiting' AND earlier.seq < due.seq) \
            ORDER BY is_urgent DESC, seq LIMIT ? {skip}) \
         RETURNING seq, particulars, said_at, is_urgent, cursor, activity_id, embedded_id"
    );
    let statement = Statement::new(sql).number(now.millis()).number(most);
    let mut rows: Vec<Row> = on_each!(conn, c => statement.load(c))?;
    rows.sort_by_key(|row| row.seq);
    rows.iter().map(Pending::read).collect()
}

impl Pending {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            seq: row.seq,
            word: serde_json::from_str(&row.particulars).map_err(Error::internal)?,
            said_at: row.said_at,
            is_urgent: row.is_urgent,
            cursor: row.cursor,
            made: Made { activity: row.activity_id, embedded: row.embedded_id },
        })
    }
}

/// An activity as it goes over the wire.
pub struct NewActivity<'a> {
    pub id: ActivityId,
    pub signer: ActorId,
    /// The post it speaks of: what is said of one that is gone is not served any more.
    pub post: Option<PostId>,
    /// Served under its own id.
    pub is_public: bool,
    pub json: &'a str,
}

pub fn keep_activity(conn: &mut Connection, new: &NewActivity<'_>, now: Time) -> Result<()> {
    diesel::insert_into(activities::table)
        .values((
            activities::id.eq(new.id),
            activities::signer_id.eq(new.signer),
            activities::post_id.eq(new.post),
            activities::is_public.eq(new.is_public),
            activities::json.eq(new.json),
            activities::made_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// For who asks for it by its id.
///
/// # Errors
/// `Gone` where it speaks of a post that is gone; `NotFound` also for what is between two only.
pub fn activity(conn: &mut Connection, id: ActivityId) -> Result<String> {
    let found = activities::table
        .left_join(posts::table.on(posts::id.nullable().eq(activities::post_id)))
        .filter(activities::id.eq(id).and(activities::is_public))
        .select((activities::json, posts::gone_at.nullable()))
        .first::<(String, Option<Time>)>(conn)
        .optional()?;
    match found {
        Some((json, None)) => Ok(json),
        Some((_, Some(_))) => Err(Error::Gone),
        None => Err(Error::NotFound),
    }
}

/// Writes down one slice of recipients, whose hosts the caller must [`wake`]. `next` is the cursor behind the slice, or
/// `None` where it was the last.
///
/// # Errors
/// `Conflict` where another worker wrote it down.
pub fn expanded(
    conn: &mut Connection,
    pending: &Pending,
    made: Made,
    inboxes: &[Addressed],
    next: Option<i64>,
    now: Time,
) -> Result<()> {
    close_slice(conn, pending, made, next)?;
    let object = pending.word.object();
    let rows: Vec<_> = inboxes
        .iter()
        .map(|one| {
            (
                deliveries::seq.eq(pending.seq),
                deliveries::inbox.eq(&one.inbox),
                deliveries::host.eq(&one.host),
                deliveries::object.eq(&object),
                deliveries::activity_id.eq(one.activity),
                deliveries::is_urgent.eq(pending.is_urgent),
                deliveries::refusals.eq(0),
                deliveries::is_sent_on.eq(false),
                deliveries::not_before.eq(Time::ZERO),
                deliveries::queued_at.eq(now),
                deliveries::is_dead.eq(false),
            )
        })
        .collect();
    match conn {
        Connection::Postgres(c) if rows.len() > FEW => {
            diesel::insert_into(deliveries::table)
                .values(rows)
                .on_conflict_do_nothing()
                .execute(c)?;
        }
        // Row by row where that is as soon done: such a statement is prepared once. SQLite takes a Vec so too, and
        // without a conflict clause.
        conn => {
            for row in rows {
                on_each!(conn, c => diesel::insert_into(deliveries::table)
                    .values(row)
                    .on_conflict_do_nothing()
                    .execute(c))?;
            }
        }
    }
    Ok(())
}

/// Moves the cursor behind the slice.
///
/// # Errors
/// `Conflict` where another worker did, when this one's lease was over.
fn close_slice(
    conn: &mut Connection,
    pending: &Pending,
    made: Made,
    next: Option<i64>,
) -> Result<()> {
    let state = if next.is_some() { State::Waiting } else { State::Expanded };
    let sql = "UPDATE outgoing SET cursor = ?, activity_id = ?, embedded_id = ?, leased_until = 0, state = ? \
         WHERE seq = ? AND state = 'waiting' AND cursor = ?";
    let statement = Statement::new(sql)
        .number(next.unwrap_or(pending.cursor))
        .number(made.activity.map(|id| id.0))
        .number(made.embedded.map(|id| id.0))
        .text(state.as_str())
        .number(pending.seq)
        .number(pending.cursor);
    let moved = on_each!(conn, c => statement.execute(c))?;
    first(moved, "another worker expanded it")
}

/// There is something for these hosts. One that is well is told at once, whatever one refused row of it waits for; one
/// woken at [`Time::ZERO`] before those that wait since an hour ago.
pub fn wake(conn: &mut Connection, woken: &BTreeSet<Domain>, at: Time) -> Result<()> {
    if woken.is_empty() {
        return Ok(());
    }
    // In one order everywhere, so that two transactions never wait for each other crosswise.
    let hosts: Vec<(&str,)> = woken.iter().map(|host| (host.as_str(),)).collect();
    let sql = format!(
        "INSERT INTO hosts (host, is_waiting, not_before, leased_until, failures) \
         SELECT listed.value ->> 0, TRUE, ?, 0, 0 FROM {} WHERE TRUE \
         ON CONFLICT (host) DO UPDATE SET is_waiting = TRUE, \
             not_before = CASE WHEN hosts.failures = 0 AND hosts.not_before > excluded.not_before \
                 THEN excluded.not_before ELSE hosts.not_before END",
        listed(conn)
    );
    let statement = Statement::new(sql).number(at.millis()).rows(&hosts)?;
    on_each!(conn, c => statement.execute(c))?;
    Ok(())
}

/// Cannot be given a form (its subject is gone, or a fault of ours): put aside, so that the next goes on.
pub fn park(conn: &mut Connection, seq: i64) -> Result<()> {
    diesel::update(
        outgoing::table.filter(outgoing::seq.eq(seq).and(outgoing::state.eq(State::Waiting))),
    )
    .set(outgoing::state.eq(State::Parked))
    .execute(conn)?;
    Ok(())
}

/// Leases of a process that is no more; see [`arrivals::free_leases`](crate::neighbourhood::arrivals::free_leases).
pub fn free_leases(conn: &mut Connection) -> Result<()> {
    diesel::update(outgoing::table.filter(outgoing::leased_until.gt(Time::ZERO)))
        .set(outgoing::leased_until.eq(Time::ZERO))
        .execute(conn)?;
    diesel::update(hosts::table.filter(hosts::leased_until.gt(Time::ZERO)))
        .set(hosts::leased_until.eq(Time::ZERO))
        .execute(conn)?;
    Ok(())
}

/// Words that were expanded, and activities nothing refers to any more and that need not be fetched again.
pub fn sweep(conn: &mut Connection, now: Time) -> Result<usize> {
    let old = now.minus(super::DAY * 30);
    let words = diesel::delete(
        outgoing::table.filter(outgoing::state.eq(State::Expanded).and(outgoing::said_at.lt(old))),
    )
    .execute(conn)?;
    let queued = deliveries::table.select(deliveries::activity_id);
    let unused =
        activities::table.filter(activities::made_at.lt(old).and(activities::id.ne_all(queued)));
    Ok(words + diesel::delete(unused).execute(conn)?)
}
