//! Load: requests sent as fast as they are answered, or at a fixed rate whatever the answers do.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use crate::Outcome;
use crate::client::Connection;
use crate::letters::Letter;

/// What came of sending some letters.
pub(crate) struct Sent {
    pub(crate) begun: Instant,
    pub(crate) took: Duration,
    /// How many were answered with which status.
    pub(crate) statuses: BTreeMap<u16, usize>,
}

impl Sent {
    pub(crate) fn taken(&self) -> usize {
        self.statuses.get(&202).copied().unwrap_or_default()
    }
}

/// Sends each letter once, over so many connections, the next on whichever is free.
pub(crate) async fn send_all(
    to: SocketAddr,
    letters: &[Letter],
    connections: usize,
) -> Outcome<Sent> {
    let mut open = try_join_all((0..connections).map(|_| Connection::open(to))).await?;
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let lanes = open.iter_mut().map(|connection| send_in_turn(connection, letters, &next));
    let answers = try_join_all(lanes).await?;
    let took = begun.elapsed();
    let mut statuses = BTreeMap::new();
    for status in answers.into_iter().flatten() {
        *statuses.entry(status).or_default() += 1;
    }
    Ok(Sent { begun, took, statuses })
}

async fn send_in_turn(
    connection: &mut Connection,
    letters: &[Letter],
    next: &AtomicUsize,
) -> Outcome<Vec<u16>> {
    let mut statuses = Vec::new();
    while let Some(letter) = letters.get(next.fetch_add(1, Ordering::Relaxed)) {
        statuses.push(connection.exchange(letter).await?.status);
    }
    Ok(statuses)
}

/// How many answers the same request got in that time, over so many connections.
pub(crate) async fn repeat(
    to: SocketAddr,
    request: &[u8],
    connections: usize,
    time: Duration,
) -> Outcome<usize> {
    let mut open = try_join_all((0..connections).map(|_| Connection::open(to))).await?;
    let end = Instant::now() + time;
    let lanes = open.iter_mut().map(async |connection| -> Outcome<usize> {
        let mut answers = 0;
        while Instant::now() < end {
            expect_page(connection, request).await?;
            answers += 1;
        }
        Ok(answers)
    });
    Ok(try_join_all(lanes).await?.into_iter().sum())
}

/// The times to the answers, sorted, of a request sent so often a second on a clock that does not
/// wait for them: a late answer counts from when its request was due.
pub(crate) async fn at_rate(
    to: SocketAddr,
    request: &[u8],
    per_second: u32,
    time: Duration,
) -> Outcome<Vec<Duration>> {
    const LANES: u32 = 16;
    let mut open = try_join_all((0..LANES).map(|_| Connection::open(to))).await?;
    let (begun, pace) = (Instant::now(), Duration::from_secs(1) / per_second);
    let lanes =
        open.iter_mut().zip(0..).map(async |(connection, lane)| -> Outcome<Vec<Duration>> {
            let mut times = Vec::new();
            for turn in (lane..).step_by(16) {
                let due = begun + pace * turn;
                if due > begun + time {
                    break;
                }
                tokio::time::sleep_until(due.into()).await;
                expect_page(connection, request).await?;
                times.push(due.elapsed());
            }
            Ok(times)
        });
    let mut times = try_join_all(lanes).await?.concat();
    times.sort_unstable();
    Ok(times)
}

async fn expect_page(connection: &mut Connection, request: &[u8]) -> Outcome<()> {
    match connection.exchange(request).await?.status {
        200 => Ok(()),
        status => Err(format!("a page was answered {status}").into()),
    }
}
