//! The deliveries: a worker claims hosts, sends their rows by `seq`, and writes down what became of each.

use std::collections::HashSet;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use super::{DEAD_AFTER, GIVEN_UP_AFTER, Outcome, Patience, STEPS_ASIDE_AFTER, UNAUTHORISED_FOR};
use crate::foundation::clock::Time;
use crate::foundation::database::schema::{activities, deliveries, hosts};
use crate::foundation::database::{Claiming, Connection, Statement, on_each};
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{ActivityId, ActorId};

/// How long one worker holds a host. A send begins only when more than a delivery's time limit is left.
pub const LEASE: Duration = Duration::from_secs(40);
/// Rows read at once for a host.
const AHEAD: i64 = 50;

/// A host that a worker holds for [`LEASE`] from when it asked.
#[derive(Debug, Clone, QueryableByName)]
pub struct Held {
    #[diesel(sql_type = Text)]
    pub host: Domain,
    #[diesel(sql_type = Integer)]
    pub failures: i32,
}

/// One activity for one inbox.
#[derive(Debug, Clone, Queryable)]
pub struct Delivery {
    pub seq: i64,
    pub inbox: String,
    pub host: Domain,
    pub object: String,
    pub activity: ActivityId,
    pub refusals: i32,
    /// Its inbox moved, and this one goes to the new one.
    pub is_sent_on: bool,
    pub not_before: Time,
    pub queued_at: Time,
}

/// What is sent and by whom it is signed.
#[derive(Debug, Clone, Queryable)]
pub struct Payload {
    pub id: ActivityId,
    pub signer: ActorId,
    pub json: String,
}

/// Takes up to `most` hosts that are due, `failing` those that failed last time or the healthy ones.
pub fn claim(conn: &mut Connection, most: i64, failing: bool, now: Time) -> Result<Vec<Held>> {
    let (Claiming { clock, skip }, moment, at) =
        (Claiming::on(conn), Claiming::MOMENT, Claiming::NOW);
    let lease = LEASE.as_millis();
    let state = if failing { "failures > 0" } else { "failures = 0" };
    let sql = format!(
        "{moment} UPDATE hosts SET leased_until = {clock} + {lease} WHERE host IN (\
            SELECT host FROM hosts WHERE is_waiting AND not_before <= {at} \
            AND leased_until < {clock} AND {state} ORDER BY not_before LIMIT ? {skip}) \
         RETURNING host, failures"
    );
    let statement = Statement::new(sql).number(now.millis()).number(most);
    Ok(on_each!(conn, c => statement.load(c))?)
}

/// Whether a healthy host is due, and whether one that failed last time is; writes nothing.
pub fn any_due(conn: &mut Connection, now: Time) -> Result<(bool, bool)> {
    let due = hosts::is_waiting.and(hosts::not_before.le(now)).and(hosts::leased_until.lt(now));
    let healthy = hosts::table.filter(due.and(hosts::failures.eq(0)));
    let failing = hosts::table.filter(due.and(hosts::failures.gt(0)));
    Ok((
        diesel::select(diesel::dsl::exists(healthy)).get_result(conn)?,
        diesel::select(diesel::dsl::exists(failing)).get_result(conn)?,
    ))
}

/// What may be sent to this host now, by `seq`: nothing behind a row about the same object that is not due, and
/// nothing at all behind one that has only begun to be refused.
pub fn due(conn: &mut Connection, host: &Domain, now: Time) -> Result<Vec<Delivery>> {
    let rows: Vec<Delivery> = deliveries::table
        .filter(deliveries::host.eq(host).and(deliveries::is_dead.eq(false)))
        .order((deliveries::seq, deliveries::inbox))
        .select((
            deliveries::seq,
            deliveries::inbox,
            deliveries::host,
            deliveries::object,
            deliveries::activity_id,
            deliveries::refusals,
            deliveries::is_sent_on,
            deliveries::not_before,
            deliveries::queued_at,
        ))
        .limit(AHEAD)
        .load(conn)?;
    let (mut due, mut held_up) = (Vec::new(), HashSet::new());
    for row in rows {
        if row.not_before > now && row.refusals < STEPS_ASIDE_AFTER {
            break;
        }
        if row.not_before > now {
            held_up.insert(row.object);
        } else if !held_up.contains(&row.object) {
            due.push(row);
        }
    }
    Ok(due)
}

pub fn payloads(conn: &mut Connection, ids: &[ActivityId]) -> Result<Vec<Payload>> {
    let rows = activities::table.filter(activities::id.eq_any(ids));
    Ok(rows.select((activities::id, activities::signer_id, activities::json)).load(conn)?)
}

/// What became of one delivery.
#[derive(Debug, Clone)]
pub struct Note {
    pub delivery: Delivery,
    pub outcome: Outcome,
}

/// Writes down what became of a host's deliveries, in the order they were tried, and lets go of the host. A host
/// that took anything is well, whatever it refused besides.
pub fn note(
    conn: &mut Connection,
    held: &Held,
    notes: &[Note],
    patience: Patience,
    chance: f64,
    now: Time,
) -> Result<()> {
    let is_taken = |outcome: &Outcome| {
        use Outcome::{Gone, Refused, SentOn, Taken};
        matches!(outcome, Taken | Refused(_) | Gone(_) | SentOn)
    };
    let took_any = notes.iter().any(|note| is_taken(&note.outcome));
    let mut asked = None;
    let mut is_failing = false;
    for Note { delivery, outcome } in notes {
        match outcome {
            Outcome::Taken => take(conn, delivery)?,
            Outcome::Refused(problem) | Outcome::Gone(problem) => bury(conn, delivery, problem)?,
            Outcome::SentOn => {}
            Outcome::Unauthorised(problem) => {
                let is_over = now.since(delivery.queued_at) > patience.scaled(UNAUTHORISED_FOR);
                let wait = patience.wait(delivery.refusals + 1, None, chance);
                // Never below the count from which others may pass.
                let refusals = (delivery.refusals + 1).max(STEPS_ASIDE_AFTER);
                put_off(conn, delivery, problem, refusals, is_over, now.plus(wait))?;
            }
            Outcome::Failed { problem, retry_after } => {
                let refusals = delivery.refusals + 1;
                let is_poison = refusals >= DEAD_AFTER && (took_any || took_since(conn, delivery)?);
                let is_over = now.since(delivery.queued_at) > patience.scaled(GIVEN_UP_AFTER);
                let wait = patience.wait(refusals, *retry_after, chance);
                put_off(conn, delivery, problem, refusals, is_poison || is_over, now.plus(wait))?;
                (is_failing, asked) = (true, *retry_after);
            }
            Outcome::Unreachable { problem, retry_after } => {
                give_up_old(conn, &held.host, problem, patience, now)?;
                (is_failing, asked) = (true, *retry_after);
            }
        }
    }
    let failures = match (took_any, is_failing) {
        (true, _) => 0,
        (false, true) => held.failures + 1,
        // Nothing was sent, or only answered 401: that says nothing of the host.
        (false, false) => held.failures,
    };
    let wait = (is_failing && !took_any).then(|| patience.wait(failures, asked, chance));
    if took_any {
        diesel::update(hosts::table.find(&held.host))
            .set(hosts::seen_at.eq(Some(now)))
            .execute(conn)?;
    }
    let_go(conn, held, failures, wait, now)
}

fn row(delivery: &Delivery) -> diesel::dsl::Find<deliveries::table, (i64, String)> {
    deliveries::table.find((delivery.seq, delivery.inbox.clone()))
}

fn take(conn: &mut Connection, delivery: &Delivery) -> Result<()> {
    diesel::delete(row(delivery)).execute(conn)?;
    Ok(())
}

fn bury(conn: &mut Connection, delivery: &Delivery, problem: &str) -> Result<()> {
    diesel::update(row(delivery))
        .set((deliveries::is_dead.eq(true), deliveries::problem.eq(Some(short(problem)))))
        .execute(conn)?;
    Ok(())
}

/// What waits for one inbox of a host goes to another of it, in the same order.
pub fn inbox_moved(conn: &mut Connection, host: &Domain, old: &str, new: &str) -> Result<()> {
    let waiting = deliveries::host.eq(host).and(deliveries::is_dead.eq(false));
    let there = diesel::alias!(deliveries as there);
    let twice = there
        .filter(there.field(deliveries::host).eq(host))
        .filter(there.field(deliveries::inbox).eq(new))
        .select(there.field(deliveries::seq));
    let old = deliveries::table.filter(waiting.and(deliveries::inbox.eq(old)));
    diesel::delete(old.filter(deliveries::seq.eq_any(twice))).execute(conn)?;
    diesel::update(old)
        .set((
            deliveries::inbox.eq(new),
            deliveries::is_sent_on.eq(true),
            deliveries::not_before.eq(Time::ZERO),
        ))
        .execute(conn)?;
    Ok(())
}

/// Counts a refusal of this one activity; the last one makes it a dead letter.
fn put_off(
    conn: &mut Connection,
    delivery: &Delivery,
    problem: &str,
    refusals: i32,
    is_dead: bool,
    not_before: Time,
) -> Result<()> {
    diesel::update(row(delivery))
        .set((
            deliveries::refusals.eq(refusals),
            deliveries::is_dead.eq(is_dead),
            deliveries::not_before.eq(not_before),
            deliveries::problem.eq(Some(short(problem))),
        ))
        .execute(conn)?;
    Ok(())
}

/// The host took something after this one was queued: then it is not the host that fails.
fn took_since(conn: &mut Connection, delivery: &Delivery) -> Result<bool> {
    let seen: Option<Option<Time>> =
        hosts::table.find(&delivery.host).select(hosts::seen_at).first(conn).optional()?;
    Ok(seen.flatten().is_some_and(|seen| seen > delivery.queued_at))
}

/// A host that has not answered for 14 days: what waited that long is dead, the rest goes on waiting.
fn give_up_old(
    conn: &mut Connection,
    host: &Domain,
    problem: &str,
    patience: Patience,
    now: Time,
) -> Result<()> {
    let oldest = now.minus(patience.scaled(GIVEN_UP_AFTER));
    let old = deliveries::table.filter(
        deliveries::host
            .eq(host)
            .and(deliveries::is_dead.eq(false))
            .and(deliveries::queued_at.lt(oldest)),
    );
    diesel::update(old)
        .set((deliveries::is_dead.eq(true), deliveries::problem.eq(Some(short(problem)))))
        .execute(conn)?;
    Ok(())
}

/// The host's row first, then what waits: whoever adds a delivery meanwhile waits for that row and wakes it again.
fn let_go(
    conn: &mut Connection,
    held: &Held,
    failures: i32,
    wait: Option<Duration>,
    now: Time,
) -> Result<()> {
    diesel::update(hosts::table.find(&held.host))
        .set((hosts::leased_until.eq(Time::ZERO), hosts::failures.eq(failures)))
        .execute(conn)?;
    if failures == 0 {
        diesel::update(hosts::table.find(&held.host))
            .set(hosts::failing_since.eq(None::<Time>))
            .execute(conn)?;
    } else {
        let unset =
            hosts::table.filter(hosts::host.eq(&held.host).and(hosts::failing_since.is_null()));
        diesel::update(unset).set(hosts::failing_since.eq(Some(now))).execute(conn)?;
    }
    let next = match wait {
        Some(wait) => Some(now.plus(wait)),
        None if !due(conn, &held.host, now)?.is_empty() => Some(now),
        None => {
            let later = deliveries::host
                .eq(&held.host)
                .and(deliveries::is_dead.eq(false))
                .and(deliveries::not_before.gt(now));
            deliveries::table
                .filter(later)
                .select(diesel::dsl::min(deliveries::not_before))
                .first(conn)?
        }
    };
    let is_waiting = next.is_some() && has_waiting(conn, &held.host)?;
    diesel::update(hosts::table.find(&held.host))
        .set((hosts::is_waiting.eq(is_waiting), hosts::not_before.eq(next.unwrap_or(now))))
        .execute(conn)?;
    Ok(())
}

fn has_waiting(conn: &mut Connection, host: &Domain) -> Result<bool> {
    let waiting =
        deliveries::table.filter(deliveries::host.eq(host).and(deliveries::is_dead.eq(false)));
    Ok(diesel::select(diesel::dsl::exists(waiting)).get_result(conn)?)
}

/// The host is alive: it just sent us something we could verify.
pub fn heard_from(conn: &mut Connection, host: &Domain, now: Time) -> Result<()> {
    let failing = hosts::table.filter(hosts::host.eq(host).and(hosts::failures.gt(0)));
    // Nearly always it is well: looking is cheaper than writing nothing.
    if diesel::select(diesel::dsl::exists(failing)).get_result(conn)? {
        diesel::update(failing)
            .set((
                hosts::failures.eq(0),
                hosts::failing_since.eq(None::<Time>),
                hosts::not_before.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// A line of `likejewijk deliveries`.
#[derive(Debug, Clone)]
pub struct HostLine {
    pub host: Domain,
    pub waiting: i64,
    pub oldest_at: Option<Time>,
    pub failures: i32,
    pub next_try_at: Option<Time>,
    pub dead: i64,
}

/// Hosts with anything waiting or dead.
pub fn by_host(conn: &mut Connection) -> Result<Vec<HostLine>> {
    let groups: Vec<(Domain, bool, i64, Option<Time>)> = deliveries::table
        .group_by((deliveries::host, deliveries::is_dead))
        .select((
            deliveries::host,
            deliveries::is_dead,
            diesel::dsl::count_star(),
            diesel::dsl::min(deliveries::queued_at),
        ))
        .order(deliveries::host)
        .load(conn)?;
    let mut lines: Vec<HostLine> = Vec::new();
    for (host, is_dead, count, oldest) in groups {
        let (failures, not_before) = hosts::table
            .find(&host)
            .select((hosts::failures, hosts::not_before))
            .first::<(i32, Time)>(conn)
            .optional()?
            .unwrap_or((0, Time::ZERO));
        if lines.last().is_none_or(|line| line.host != host) {
            lines.push(HostLine {
                host,
                waiting: 0,
                oldest_at: None,
                failures,
                next_try_at: None,
                dead: 0,
            });
        }
        let Some(line) = lines.last_mut() else { continue };
        if is_dead {
            line.dead = count;
        } else {
            (line.waiting, line.oldest_at, line.next_try_at) = (count, oldest, Some(not_before));
        }
    }
    Ok(lines)
}

/// Everything for that host is due now, the dead letters too.
pub fn retry(conn: &mut Connection, host: &Domain, now: Time) -> Result<()> {
    let rows = diesel::update(deliveries::table.filter(deliveries::host.eq(host)))
        .set((
            deliveries::is_dead.eq(false),
            deliveries::refusals.eq(0),
            deliveries::is_sent_on.eq(false),
            deliveries::not_before.eq(Time::ZERO),
            deliveries::queued_at.eq(now),
        ))
        .execute(conn)?;
    if rows == 0 {
        return Err(Error::NotFound);
    }
    diesel::update(hosts::table.find(host))
        .set((hosts::is_waiting.eq(true), hosts::not_before.eq(now), hosts::failures.eq(0)))
        .execute(conn)?;
    Ok(())
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Backlog {
    pub waiting: i64,
    pub dead: i64,
    pub oldest: Option<Time>,
}

pub fn backlog(conn: &mut Connection) -> Result<Backlog> {
    let of = |dead: bool| deliveries::table.filter(deliveries::is_dead.eq(dead));
    Ok(Backlog {
        waiting: of(false).count().get_result(conn)?,
        dead: of(true).count().get_result(conn)?,
        oldest: of(false).select(diesel::dsl::min(deliveries::queued_at)).first(conn)?,
    })
}

fn short(problem: &str) -> String {
    problem.chars().filter(|c| *c != '\0').take(500).collect()
}
