//! Deliveries → `federation::deliver`: many hosts at once, one activity in flight per host.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;

use super::{Stop, something_new};
use crate::doors::federation::context::Federation;
use crate::doors::federation::deliver::{Errand, deliver};
use crate::foundation::domain::Domain;
use crate::foundation::error::Result;
use crate::foundation::ids::ActivityId;
use crate::neighbourhood::lost_followers;
use crate::neighbourhood::outgoing::queue::{self, Delivery, Held, Note, Payload, Turn};
use crate::neighbourhood::outgoing::{Outcome, Patience};

/// Of the places at work, those for hosts that failed last time.
const FAILING_PLACES: usize = 32;
/// Hosts claimed and noted in one transaction.
const HANDFUL: usize = 64;
/// Handfuls written down at once.
const NOTING: usize = 4;

pub(super) async fn run(federation: Federation, mut stop: Stop) {
    let mut commits = federation.app.database.watch_commits();
    let places = Places::new(federation.app.config.limits.deliveries_at_once);
    let (finish, finished) = mpsc::channel(HANDFUL);
    let mut at_work = JoinSet::new();
    at_work.spawn(note_all(federation.clone(), finished));
    while !stop.is_now() {
        commits.mark_unchanged();
        match begin(&federation, &places, &finish, &mut at_work).await {
            Ok(0) => something_new(&mut commits, &mut stop).await,
            Ok(_) => {}
            Err(error) => {
                // What was claimed already is free again when its lease is over.
                tracing::error!(%error, "deliveries could not be begun");
                something_new(&mut commits, &mut stop).await;
            }
        }
        while at_work.try_join_next().is_some() {}
    }
    drop(finish);
    while at_work.join_next().await.is_some() {}
}

/// Whoever has a place gives it back by dropping it, however its turn ends.
struct Places {
    all: Arc<Semaphore>,
    failing: Arc<Semaphore>,
    most: usize,
}

type Place = (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>);

impl Places {
    fn new(most: usize) -> Self {
        let failing = Semaphore::new(FAILING_PLACES);
        Self { all: Arc::new(Semaphore::new(most)), failing: Arc::new(failing), most }
    }

    /// Free ones, and how many of them a host that failed may have: a handful or none, for one at a time would be a
    /// transaction for each host.
    fn free(&self) -> (usize, usize) {
        let free = self.all.available_permits().min(HANDFUL);
        if free < HANDFUL.min(self.most) / 2 {
            return (0, 0);
        }
        (free, self.failing.available_permits().min(free))
    }

    /// `None` where none is free, which whoever looked before does not meet.
    fn take(&self, held: &Held) -> Option<Place> {
        let failing = if held.failures > 0 {
            Some(self.failing.clone().try_acquire_owned().ok()?)
        } else {
            None
        };
        Some((self.all.clone().try_acquire_owned().ok()?, failing))
    }
}

/// Claims a handful of hosts and begins their turns. Answers how many.
async fn begin(
    federation: &Federation,
    places: &Places,
    finish: &mpsc::Sender<Turn>,
    at_work: &mut JoinSet<()>,
) -> Result<usize> {
    let asked_at = Instant::now();
    let held = claim(federation, places.free()).await?;
    let begun = held.len();
    for (held, errands) in with_errands(federation, held).await? {
        let Some(place) = places.take(&held) else { continue };
        let (federation, finish) = (federation.clone(), finish.clone());
        at_work.spawn(async move {
            let notes = deliver(&federation, asked_at, errands).await;
            let _ = finish.send(Turn { held, notes }).await;
            drop(place);
        });
    }
    Ok(begun)
}

async fn claim(federation: &Federation, (free, failing): (usize, usize)) -> Result<Vec<Held>> {
    let (now, database) = (federation.app.clock.now(), &federation.app.database);
    let most = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let (free, failing) = (most(free), most(failing));
    if free == 0 {
        return Ok(Vec::new());
    }
    let (healthy_due, failing_due) = database.read(move |c| queue::any_due(c, now)).await?;
    let failing_due = failing_due && failing > 0;
    if !healthy_due && !failing_due {
        return Ok(Vec::new());
    }
    let claim = move |c: &mut _| {
        let mut held = if healthy_due { queue::claim(c, free, false, now)? } else { Vec::new() };
        let left = failing.min(free - most(held.len()));
        if failing_due && left > 0 {
            held.extend(queue::claim(c, left, true, now)?);
        }
        Ok(held)
    };
    database.write(claim).await
}

/// What is due at each.
async fn with_errands(
    federation: &Federation,
    held: Vec<Held>,
) -> Result<Vec<(Held, Vec<Errand>)>> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let now = federation.app.clock.now();
    let hosts: Vec<Domain> = held.iter().map(|held| held.host.clone()).collect();
    let read = federation.app.database.read(move |c| {
        let due = queue::due(c, &hosts.iter().collect::<Vec<_>>(), now)?;
        let mut ids: Vec<ActivityId> = due.values().flatten().map(|row| row.activity).collect();
        ids.sort_unstable();
        ids.dedup();
        Ok((due, queue::payloads(c, &ids)?))
    });
    let (mut due, payloads) = read.await?;
    let payloads: HashMap<ActivityId, Payload> =
        payloads.into_iter().map(|payload| (payload.id, payload)).collect();
    let with_payload = |delivery: Delivery| {
        let payload = payloads.get(&delivery.activity)?.clone();
        Some(Errand { delivery, payload })
    };
    let errands = |held: Held| {
        let rows = due.remove(&held.host).unwrap_or_default();
        (held, rows.into_iter().filter_map(with_payload).collect())
    };
    Ok(held.into_iter().map(errands).collect())
}

/// Writes down what finished, all that waits in one transaction, several transactions beside each other; until the
/// last turn is over.
async fn note_all(federation: Federation, mut finished: mpsc::Receiver<Turn>) {
    let (mut handful, mut writing) = (Vec::new(), JoinSet::new());
    while finished.recv_many(&mut handful, HANDFUL).await > 0 {
        writing.spawn(note(federation.clone(), std::mem::take(&mut handful)));
        while writing.len() >= NOTING {
            writing.join_next().await;
        }
        while writing.try_join_next().is_some() {}
    }
    while writing.join_next().await.is_some() {}
}

async fn note(federation: Federation, turns: Vec<Turn>) {
    let patience = Patience { scale: federation.app.config.retry_scale };
    let now = federation.app.clock.now();
    let chance = f64::from(u32::try_from(now.millis() % 1000).unwrap_or(500)) / 1000.0;
    let written = federation.app.database.write(move |c| {
        queue::note(c, &turns, patience, chance, now)?;
        for Note { delivery, outcome } in turns.iter().flat_map(|turn| &turn.notes) {
            if matches!(outcome, Outcome::Gone(_)) {
                lost_followers::suspect(c, &delivery.host, &delivery.inbox, now)?;
            }
        }
        Ok(())
    });
    if let Err(error) = written.await {
        // Nothing is lost: the leases run out and the activities go again, under the same ids.
        tracing::error!(%error, "what became of deliveries could not be noted");
    }
}
