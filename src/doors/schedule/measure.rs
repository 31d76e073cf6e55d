//! Gauges for the metrics: what waits, since when, what is parked or dead.

use crate::doors::federation::context::Federation;
use crate::foundation::clock::Time;
use crate::foundation::error::Result;
use crate::neighbourhood::arrivals;
use crate::neighbourhood::outgoing::queue;

pub(super) async fn run(federation: Federation) -> Result<()> {
    let now = federation.app.clock.now();
    let read = federation
        .app
        .database
        .read(move |c| Ok((arrivals::counts(c, now)?, arrivals::oldest(c)?, queue::backlog(c)?)));
    let (counts, oldest_arrival, backlog) = read.await?;
    gauge("likejewijk_arrivals_waiting", counts.waiting);
    gauge("likejewijk_arrivals_parked", counts.parked);
    gauge("likejewijk_arrivals_oldest_seconds", age(oldest_arrival, now));
    gauge("likejewijk_deliveries_waiting", backlog.waiting);
    gauge("likejewijk_deliveries_dead", backlog.dead);
    gauge("likejewijk_deliveries_oldest_seconds", age(backlog.oldest, now));
    Ok(())
}

fn age(oldest: Option<Time>, now: Time) -> i64 {
    oldest.map_or(0, |oldest| i64::try_from(now.since(oldest).as_secs()).unwrap_or(i64::MAX))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is a float, and counts stay far below 2^52"
)]
fn gauge(name: &'static str, value: i64) {
    metrics::gauge!(name).set(value as f64);
}
