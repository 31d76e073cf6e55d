//! The clock: which job, how often. Jobs stop when the server does; what they had not finished is still in its table.

mod check_followers;
mod close_polls;
mod deliver_activities;
mod expand_words;
mod fetch_media;
mod learn_instances;
mod measure;
mod process_arrivals;
mod refresh_actors;
mod sweep;

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::doors::federation::context::Federation;
use crate::foundation::database::{Connection, Presence};
use crate::foundation::error::Result;
use crate::neighbourhood::{arrivals, media, outgoing};

/// How long a worker with nothing to do waits before it looks again for what another process may have left.
const LOOK_AGAIN: Duration = Duration::from_millis(300);
/// Commits come in crowds, and each look costs a query: one look for all within this time.
const GATHER: Duration = Duration::from_millis(10);
/// How soon a worker says again that it is there, after its database forgot.
const LOOK_AFTER_PRESENCE: Duration = Duration::from_secs(5);

/// Tells every job to end.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    #[must_use]
    pub fn channel() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    #[must_use]
    pub fn is_now(&self) -> bool {
        *self.0.borrow()
    }

    pub async fn wait(&mut self) {
        // A dropped sender is a server that is gone.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// Starts every job; they end some moments after `stop`.
pub async fn start(federation: &Federation, stop: &Stop) -> Result<JoinSet<()>> {
    let presence = federation.app.database.join_workers(free_leases).await?;
    let mut jobs = JoinSet::new();
    jobs.spawn(be_present(federation.clone(), presence, stop.clone()));
    jobs.spawn(process_arrivals::run(federation.clone(), stop.clone()));
    jobs.spawn(expand_words::run(federation.clone(), stop.clone()));
    jobs.spawn(learn_instances::run(federation.clone(), stop.clone()));
    jobs.spawn(deliver_activities::run(federation.clone(), stop.clone()));
    jobs.spawn(fetch_media::run(federation.clone(), stop.clone()));
    jobs.spawn(every(Duration::from_hours(1), stop.clone(), federation.clone(), sweep::run));
    let hour = Duration::from_hours(1).mul_f64(federation.app.config.retry_scale);
    jobs.spawn(every(hour, stop.clone(), federation.clone(), check_followers::run));
    jobs.spawn(every(hour, stop.clone(), federation.clone(), refresh_actors::run));
    jobs.spawn(every(Duration::from_secs(5), stop.clone(), federation.clone(), measure::run));
    jobs.spawn(every(Duration::from_secs(2), stop.clone(), federation.clone(), close_polls::run));
    Ok(jobs)
}

/// Leases that a process which is no more left behind.
fn free_leases(conn: &mut Connection) -> Result<()> {
    arrivals::free_leases(conn)?;
    media::store::free_leases(conn)?;
    outgoing::store::free_leases(conn)
}

async fn be_present(federation: Federation, presence: Presence, mut stop: Stop) {
    let mut presence = Some(presence);
    while !stop.is_now() {
        tokio::select! {
            () = tokio::time::sleep(LOOK_AFTER_PRESENCE) => {}
            () = stop.wait() => return,
        }
        let database = &federation.app.database;
        presence = match presence {
            Some(presence) => database.still_present(presence).await.ok(),
            None => database.join_workers(|_| Ok(())).await.ok(),
        };
    }
}

async fn every<F>(
    interval: Duration,
    mut stop: Stop,
    federation: Federation,
    job: fn(Federation) -> F,
) where
    F: Future<Output = Result<()>> + Send,
{
    while !stop.is_now() {
        if let Err(error) = job(federation.clone()).await {
            tracing::warn!(%error, "a regular job failed; it is tried again in time");
        }
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            () = stop.wait() => {}
        }
    }
}

/// Until something may have changed: a commit of this process, some time, or the end.
async fn something_new(commits: &mut watch::Receiver<u64>, stop: &mut Stop) {
    tokio::select! {
        _ = commits.changed() => tokio::time::sleep(GATHER).await,
        () = tokio::time::sleep(LOOK_AGAIN) => {}
        () = stop.wait() => {}
    }
}
