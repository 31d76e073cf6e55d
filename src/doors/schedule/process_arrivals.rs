//! Arrivals → `federation::inbox`: many at once, those of one lane in order, again after a failure.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Stop, something_new};
use crate::doors::federation::context::Federation;
use crate::doors::federation::failure::Failure;
use crate::doors::federation::inbox;
use crate::foundation::error::{Error, Result};
use crate::neighbourhood::arrivals::{self, Arrival};

/// Acted on at once: most of the time one waits for another server.
const AT_ONCE: usize = 64;
/// Taken together at least, while others are still being acted on: each claim is a transaction, and places that all
/// begin at one moment would wait for one another all the way.
const CLAIM: usize = AT_ONCE / 4;

pub(super) async fn run(federation: Federation, mut stop: Stop) {
    let mut commits = federation.app.database.watch_commits();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut at_work = JoinSet::new();
    let mut is_more = false;
    while !stop.is_now() {
        commits.mark_unchanged();
        let free = places.available_permits();
        let held = if free >= CLAIM { claim(&federation, free, is_more).await } else { Vec::new() };
        let is_idle = held.is_empty();
        is_more = free < CLAIM && is_more || held.len() == free;
        for arrival in held {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let federation = federation.clone();
            at_work.spawn(async move {
                process(&federation, arrival).await;
                drop(place);
            });
        }
        if !is_idle {
            continue;
        }
        tokio::select! {
            Some(_) = at_work.join_next(), if free < CLAIM => {}
            () = something_new(&mut commits, &mut stop) => {}
        }
        while at_work.try_join_next().is_some() {}
    }
    while at_work.join_next().await.is_some() {}
}

/// Where there may be none, looks first, which writes nothing.
async fn claim(federation: &Federation, most: usize, is_more: bool) -> Vec<Arrival> {
    let now = federation.app.clock.now();
    let claimed = async {
        if !is_more && !federation.app.database.read(move |c| arrivals::any_due(c, now)).await? {
            return Ok(Vec::new());
        }
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        federation.app.database.write(move |c| arrivals::claim(c, most, now)).await
    };
    claimed.await.unwrap_or_else(|error: Error| {
        tracing::error!(%error, "arrivals could not be claimed");
        Vec::new()
    })
}

async fn process(federation: &Federation, arrival: Arrival) {
    let within = federation.app.config.limits.arrival_time();
    let data = federation.data();
    let acting = AssertUnwindSafe(inbox::act(&arrival, &data)).catch_unwind();
    let outcome = match tokio::time::timeout(within, acting).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Error::internal("acting on it panicked").into()),
        Err(_) => Err(Error::Unavailable("acting on it took too long".to_owned()).into()),
    };
    let settled = match outcome {
        Ok(()) => Ok(()),
        Err(failure) if failure.may_pass() => put_off(federation, &arrival, &failure).await,
        Err(failure) => forget(federation, &arrival, &failure).await,
    };
    if let Err(error) = settled {
        // The lease runs out, and it is tried again.
        tracing::error!(%error, arrival = %arrival.id, "what became of an arrival could not be noted");
    }
}

async fn put_off(federation: &Federation, arrival: &Arrival, failure: &Failure) -> Result<()> {
    let (scale, now) = (federation.app.config.retry_scale, federation.app.clock.now());
    let failed = arrival.clone();
    let is_parked =
        federation.app.database.write(move |c| arrivals::failed(c, &failed, scale, now)).await?;
    if is_parked {
        tracing::error!(arrival = %arrival.id, actor = %arrival.actor_uri, %failure, "an arrival is parked; see `likejewijk arrivals`");
    } else {
        tracing::info!(arrival = %arrival.id, %failure, "an arrival will be tried again");
    }
    Ok(())
}

/// It will never go through: it says what it must not, or nothing.
async fn forget(federation: &Federation, arrival: &Arrival, failure: &Failure) -> Result<()> {
    tracing::info!(arrival = %arrival.id, actor = %arrival.actor_uri, %failure, "an arrival has no effect");
    let (id, now) = (arrival.id, federation.app.clock.now());
    federation.app.database.write(move |c| arrivals::done(c, id, now)).await
}
