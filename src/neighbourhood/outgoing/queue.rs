//! The deliveries: a worker claims hosts, sends their rows by `seq`, and writes down what became of each.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use super::{DEAD_AFTER, GIVEN_UP_AFTER, Outcome, Patience, STEPS_ASIDE_AFTER, UNAUTHORISED_FOR};
use crate::foundation::clock::Time;
use crate::foundation::database::schema::{activities, deliveries, hosts};
use crate::foundation::database::{Claiming, Connection, Statement, listed, on_each};
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
#[derive(Debug, Clone, QueryableByName)]
#[diesel(table_name = deliveries)]
pub struct Delivery {
    pub seq: i64,
    pub inbox: String,
    pub host: Domain,
    pub object: String,
    #[diesel(column_name = activity_id)]
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
    Ok(diesel::select((exists(healthy), exists(failing))).get_result(conn)?)
}

/// What may be sent now to each of these hosts, alerts first, then by `seq`: nothing behind a row about the same object
/// that is not due, and nothing at all behind one that has only begun to be refused.
pub fn due(
    conn: &mut Connection,
    hosts: &[&Domain],
    now: Time,
) -> Result<HashMap<Domain, Vec<Delivery>>> {
    let mut by_host: HashMap<Domain, Vec<Delivery>> = HashMap::new();
    for row in ahead(conn, hosts)? {
        by_host.entry(row.host.clone()).or_default().push(row);
    }
    for rows in by_host.values_mut() {
        *rows = may_be_sent(std::mem::take(rows), now);
    }
    Ok(by_host)
}

/// The first [`AHEAD`] rows of each.
fn ahead(conn: &mut Connection, hosts: &[&Domain]) -> Result<Vec<Delivery>> {
    let of = |host: &str| {
        format!(
            "SELECT seq, inbox, host, object, activity_id, is_urgent, refusals, is_sent_on, not_before, queued_at \
             FROM deliveries WHERE host = {host} AND is_dead = FALSE ORDER BY is_urgent DESC, seq, inbox LIMIT {AHEAD}"
        )
    };
    let from = listed(conn);
    match conn {
        // Without LATERAL, but next to the table.
        Connection::Sqlite(c) => {
            let mut all = Vec::new();
            for host in hosts {
                let rows: Vec<Delivery> = Statement::new(of("?")).text(host.as_str()).load(c)?;
                all.extend(rows);
            }
            Ok(all)
        }
        Connection::Postgres(c) => {
            let each = of("listed.value ->> 0");
            let sql = format!(
                "SELECT ahead.* FROM {from} CROSS JOIN LATERAL ({each}) AS ahead ORDER BY is_urgent DESC, seq, inbox"
            );
            let hosts: Vec<(&str,)> = hosts.iter().map(|host| (host.as_str(),)).collect();
            Ok(Statement::new(sql).rows(&hosts)?.load(c)?)
        }
    }
}

fn may_be_sent(rows: Vec<Delivery>, now: Time) -> Vec<Delivery> {
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
    due
}

pub fn payloads(conn: &mut Connection, ids: &[ActivityId]) -> Result<Vec<Payload>> {
    let columns = (activities::id, activities::signer_id, activities::json);
    Ok(on_each!(conn, c => activities::table
        .filter(activities::id.eq_any(ids))
        .select(columns)
        .load(c))?)
}

/// What became of one delivery.
#[derive(Debug, Clone)]
pub struct Note {
    pub delivery: Delivery,
    pub outcome: Outcome,
}

/// A worker's turn at a host is over: what became of its deliveries, in the order they were tried.
#[derive(Debug, Clone)]
pub struct Turn {
    pub held: Held,
    pub notes: Vec<Note>,
}

impl Turn {
    /// A host that took anything is well, whatever it refused besides.
    fn took_any(&self) -> bool {
        use Outcome::{Gone, Refused, SentOn, Taken};
        let is_answered =
            |note: &Note| matches!(note.outcome, Taken | Refused(_) | Gone(_) | SentOn);
        self.notes.iter().any(is_answered)
    }

    /// Where it failed, the wait it asked for; zero where it asked for none.
    fn failed(&self) -> Option<Duration> {
        self.notes.iter().rev().find_map(|note| match &note.outcome {
            Outcome::Failed { retry_after, .. } | Outcome::Unreachable { retry_after, .. } => {
                Some(retry_after.unwrap_or_default())
            }
            _ => None,
        })
    }

    /// In a row. Where nothing was sent, or only answered 401, that says nothing of the host.
    fn failures(&self) -> i32 {
        match (self.took_any(), self.failed()) {
            (true, _) => 0,
            (false, Some(_)) => self.held.failures + 1,
            (false, None) => self.held.failures,
        }
    }
}

/// Writes down what became of deliveries, and lets go of their hosts.
pub fn note(
    conn: &mut Connection,
    turns: &[Turn],
    patience: Patience,
    chance: f64,
    now: Time,
) -> Result<()> {
    let mut turns: Vec<&Turn> = turns.iter().collect();
    // In one order everywhere, so that two transactions never wait for each other crosswise.
    turns.sort_by(|one, other| one.held.host.cmp(&other.held.host));
    let_go(conn, &turns, now)?;
    forget_taken(conn, &turns)?;
    for turn in &turns {
        for note in &turn.notes {
            note_one(conn, turn, note, patience, chance, now)?;
        }
    }
    wake_again(conn, &turns, patience, chance, now)
}

fn note_one(
    conn: &mut Connection,
    turn: &Turn,
    Note { delivery, outcome }: &Note,
    patience: Patience,
    chance: f64,
    now: Time,
) -> Result<()> {
    match outcome {
        Outcome::Taken | Outcome::SentOn => Ok(()),
        Outcome::Refused(problem) | Outcome::Gone(problem) => bury(conn, delivery, problem),
        Outcome::Unauthorised(problem) => {
            let is_over = now.since(delivery.queued_at) > patience.scaled(UNAUTHORISED_FOR);
            let wait = patience.wait(delivery.refusals + 1, None, chance);
            // Never below the count from which others may pass.
            let refusals = (delivery.refusals + 1).max(STEPS_ASIDE_AFTER);
            put_off(conn, delivery, problem, refusals, is_over, now.plus(wait))
        }
        Outcome::Failed { problem, retry_after } => {
            let refusals = delivery.refusals + 1;
            let is_poison =
                refusals >= DEAD_AFTER && (turn.took_any() || took_since(conn, delivery)?);
            let is_over = now.since(delivery.queued_at) > patience.scaled(GIVEN_UP_AFTER);
            let wait = patience.wait(refusals, *retry_after, chance);
            put_off(conn, delivery, problem, refusals, is_poison || is_over, now.plus(wait))
        }
        Outcome::Unreachable { problem, .. } => {
            give_up_old(conn, &turn.held.host, problem, patience, now)
        }
    }
}

fn row(delivery: &Delivery) -> diesel::dsl::Find<deliveries::table, (i64, String)> {
    deliveries::table.find((delivery.seq, delivery.inbox.clone()))
}

/// The hosts' rows first, then what waits: whoever adds a delivery meanwhile waits for that row and wakes it again.
fn let_go(conn: &mut Connection, turns: &[&Turn], now: Time) -> Result<()> {
    let rows: Vec<(&str, i32, Option<i64>)> = turns
        .iter()
        .map(|turn| {
            let seen = turn.took_any().then_some(now.millis());
            (turn.held.host.as_str(), turn.failures(), seen)
        })
        .collect();
    let sql = format!(
        "INSERT INTO hosts (host, is_waiting, not_before, leased_until, failures, seen_at) \
         SELECT listed.value ->> 0, FALSE, ?, 0, CAST(listed.value ->> 1 AS INTEGER), \
             CAST(listed.value ->> 2 AS BIGINT) FROM {} WHERE TRUE \
         ON CONFLICT (host) DO UPDATE SET is_waiting = FALSE, not_before = excluded.not_before, \
             leased_until = 0, failures = excluded.failures, \
             failing_since = CASE WHEN excluded.failures = 0 THEN NULL \
                 ELSE COALESCE(hosts.failing_since, excluded.not_before) END, \
             seen_at = COALESCE(excluded.seen_at, hosts.seen_at)",
        listed(conn)
    );
    let statement = Statement::new(sql).number(now.millis()).rows(&rows)?;
    on_each!(conn, c => statement.execute(c))?;
    Ok(())
}

fn forget_taken(conn: &mut Connection, turns: &[&Turn]) -> Result<()> {
    let taken: Vec<(i64, &str)> = turns
        .iter()
        .flat_map(|turn| &turn.notes)
        .filter(|note| note.outcome == Outcome::Taken)
        .map(|note| (note.delivery.seq, note.delivery.inbox.as_str()))
        .collect();
    if taken.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "DELETE FROM deliveries WHERE (seq, inbox) IN \
             (SELECT CAST(listed.value ->> 0 AS BIGINT), listed.value ->> 1 FROM {})",
        listed(conn)
    );
    let statement = Statement::new(sql).rows(&taken)?;
    on_each!(conn, c => statement.execute(c))?;
    Ok(())
}

/// Hosts for which something is left: at once, or when they may be tried again.
fn wake_again(
    conn: &mut Connection,
    turns: &[&Turn],
    patience: Patience,
    chance: f64,
    now: Time,
) -> Result<()> {
    let left = with_more(conn, turns)?;
    let left: Vec<&Turn> =
        turns.iter().copied().filter(|turn| left.contains(&turn.held.host)).collect();
    let (resting, well): (Vec<&Turn>, Vec<&Turn>) =
        left.into_iter().partition(|turn| turn.failed().is_some() && !turn.took_any());
    let mut next: Vec<(&str, i64)> = Vec::new();
    for turn in resting {
        let wait = patience.wait(turn.failures(), turn.failed(), chance);
        next.push((turn.held.host.as_str(), now.plus(wait).millis()));
    }
    let names: Vec<&Domain> = well.iter().map(|turn| &turn.held.host).collect();
    let due = if names.is_empty() { HashMap::new() } else { due(conn, &names, now)? };
    for host in names {
        let at = if due.get(host).is_some_and(|rows| !rows.is_empty()) {
            Some(now)
        } else {
            next_due(conn, host, now)?
        };
        next.extend(at.map(|at| (host.as_str(), at.millis())));
    }
    wait_until(conn, &next)
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    host: Domain,
}

fn with_more(conn: &mut Connection, turns: &[&Turn]) -> Result<HashSet<Domain>> {
    let hosts: Vec<(&str,)> = turns.iter().map(|turn| (turn.held.host.as_str(),)).collect();
    let sql = format!(
        "SELECT listed.value ->> 0 AS host FROM {} WHERE EXISTS (SELECT 1 FROM deliveries \
             WHERE deliveries.host = listed.value ->> 0 AND is_dead = FALSE)",
        listed(conn)
    );
    let statement = Statement::new(sql).rows(&hosts)?;
    let named: Vec<Named> = on_each!(conn, c => statement.load(c))?;
    Ok(named.into_iter().map(|named| named.host).collect())
}

fn next_due(conn: &mut Connection, host: &Domain, now: Time) -> Result<Option<Time>> {
    let later = deliveries::host
        .eq(host)
        .and(deliveries::is_dead.eq(false))
        .and(deliveries::not_before.gt(now));
    let next = deliveries::table.filter(later).select(diesel::dsl::min(deliveries::not_before));
    Ok(next.first(conn)?)
}

fn wait_until(conn: &mut Connection, next: &[(&str, i64)]) -> Result<()> {
    if next.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE hosts SET is_waiting = TRUE, not_before = CAST(listed.value ->> 1 AS BIGINT) \
         FROM {} WHERE hosts.host = listed.value ->> 0",
        listed(conn)
    );
    let statement = Statement::new(sql).rows(next)?;
    on_each!(conn, c => statement.execute(c))?;
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

/// These hosts are alive: they just sent us something we could verify.
pub fn heard_from(conn: &mut Connection, heard: &BTreeSet<&Domain>, now: Time) -> Result<()> {
    // Nearly always they are well: looking is cheaper than writing nothing.
    let mut failing: Vec<Domain> = on_each!(conn, c => hosts::table
        .filter(hosts::host.eq_any(heard.iter().copied()).and(hosts::failures.gt(0)))
        .select(hosts::host)
        .load(c))?;
    failing.sort_unstable();
    for host in &failing {
        diesel::update(hosts::table.filter(hosts::host.eq(host).and(hosts::failures.gt(0))))
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
