//! Deliveries → `federation::deliver`: many hosts at once, one activity in flight per host.

use std::collections::HashMap;
use std::time::Instant;

use tokio::sync::mpsc;

use super::{Stop, something_new};
use crate::doors::federation::context::Federation;
use crate::doors::federation::deliver::{Errand, deliver};
use crate::foundation::error::Result;
use crate::foundation::ids::ActivityId;
use crate::neighbourhood::outgoing::Patience;
use crate::neighbourhood::outgoing::queue::{self, Held, Note, Payload};

/// Of the places at work, those for hosts that failed last time.
const FAILING_PLACES: usize = 32;
/// Hosts claimed and noted in one transaction.
const BATCH: usize = 64;

type Finished = (Held, Vec<Note>);

pub(super) async fn run(federation: Federation, mut stop: Stop) {
    let mut commits = federation.app.database.watch_commits();
    let places = federation.app.config.limits.deliveries_at_once;
    let (finish, mut finished) = mpsc::channel::<Finished>(places);
    let mut at_work = AtWork::default();
    loop {
        commits.mark_unchanged();
        settle(&federation, &mut finished, &mut at_work).await;
        if stop.is_now() {
            break;
        }
        let asked_at = Instant::now();
        let held = claim(&federation, &at_work, places).await;
        if !held.is_empty() {
            begin(&federation, held, asked_at, &finish, &mut at_work).await;
            continue;
        }
        tokio::select! {
            Some(done) = finished.recv() => note(&federation, vec![done], &mut at_work).await,
            () = something_new(&mut commits, &mut stop) => {}
        }
    }
    while at_work.all() > 0 {
        let Some(done) = finished.recv().await else { break };
        note(&federation, vec![done], &mut at_work).await;
    }
}

#[derive(Default)]
struct AtWork {
    healthy: usize,
    failing: usize,
}

impl AtWork {
    fn all(&self) -> usize {
        self.healthy + self.failing
    }

    fn place(&mut self, held: &Held) -> &mut usize {
        if held.failures > 0 { &mut self.failing } else { &mut self.healthy }
    }
}

async fn claim(federation: &Federation, at_work: &AtWork, places: usize) -> Vec<Held> {
    let free = places.saturating_sub(at_work.all()).min(BATCH);
    let free_failing = FAILING_PLACES.saturating_sub(at_work.failing).min(free);
    // Claims in handfuls: one at a time would be a transaction for each host.
    if free < BATCH.min(places) / 2 {
        return Vec::new();
    }
    let now = federation.app.clock.now();
    let claimed = async {
        let (healthy, failing) =
            federation.app.database.read(move |c| queue::any_due(c, now)).await?;
        if !healthy && !failing {
            return Ok(Vec::new());
        }
        let most = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let claim = move |c: &mut _| -> Result<Vec<Held>> {
            let mut held =
                if healthy { queue::claim(c, most(free), false, now)? } else { Vec::new() };
            let left = free_failing.min(free - held.len());
            if failing && left > 0 {
                held.extend(queue::claim(c, most(left), true, now)?);
            }
            Ok(held)
        };
        federation.app.database.write(claim).await
    };
    claimed.await.unwrap_or_else(|error: crate::foundation::error::Error| {
        tracing::error!(%error, "hosts could not be claimed");
        Vec::new()
    })
}

async fn begin(
    federation: &Federation,
    held: Vec<Held>,
    asked_at: Instant,
    finish: &mpsc::Sender<Finished>,
    at_work: &mut AtWork,
) {
    let now = federation.app.clock.now();
    let hosts = held.clone();
    let read = federation.app.database.read(move |c| {
        let mut due = Vec::new();
        let mut ids: Vec<ActivityId> = Vec::new();
        for held in &hosts {
            let rows = queue::due(c, &held.host, now)?;
            ids.extend(rows.iter().map(|row| row.activity));
            due.push(rows);
        }
        ids.sort_unstable();
        ids.dedup();
        let payloads: HashMap<ActivityId, Payload> =
            queue::payloads(c, &ids)?.into_iter().map(|payload| (payload.id, payload)).collect();
        Ok((due, payloads))
    });
    let (due, payloads) = match read.await {
        Ok(read) => read,
        Err(error) => {
            // Their leases run out.
            tracing::error!(%error, "what is due could not be read");
            return;
        }
    };
    for (held, rows) in held.into_iter().zip(due) {
        let errands: Vec<Errand> = rows
            .into_iter()
            .filter_map(|delivery| {
                let payload = payloads.get(&delivery.activity)?.clone();
                Some(Errand { delivery, payload })
            })
            .collect();
        *at_work.place(&held) += 1;
        let (federation, finish) = (federation.clone(), finish.clone());
        // Counted in `at_work`, and waited for at the end.
        #[expect(clippy::disallowed_methods, reason = "its result is awaited through the channel")]
        tokio::spawn(async move {
            let notes = deliver(&federation, asked_at, errands).await;
            let _ = finish.send((held, notes)).await;
        });
    }
}

/// Notes all that finished since the last look, in one transaction per handful.
async fn settle(
    federation: &Federation,
    finished: &mut mpsc::Receiver<Finished>,
    at_work: &mut AtWork,
) {
    let mut done = Vec::new();
    while let Ok(one) = finished.try_recv() {
        done.push(one);
        if done.len() >= BATCH {
            note(federation, std::mem::take(&mut done), at_work).await;
        }
    }
    if !done.is_empty() {
        note(federation, done, at_work).await;
    }
}

async fn note(federation: &Federation, mut done: Vec<Finished>, at_work: &mut AtWork) {
    for (held, _) in &done {
        let place = at_work.place(held);
        *place = place.saturating_sub(1);
    }
    let patience = Patience { scale: federation.app.config.retry_scale };
    let now = federation.app.clock.now();
    let chance = f64::from(u32::try_from(now.millis() % 1000).unwrap_or(500)) / 1000.0;
    // In one order everywhere, so that two processes never wait for each other crosswise.
    done.sort_by(|(one, _), (other, _)| one.host.cmp(&other.host));
    let written = federation.app.database.write(move |c| {
        for (held, notes) in &done {
            queue::note(c, held, notes, patience, chance, now)?;
        }
        Ok(())
    });
    if let Err(error) = written.await {
        // Nothing is lost: the leases run out and the activities go again, under the same ids.
        tracing::error!(%error, "what became of deliveries could not be noted");
    }
}
