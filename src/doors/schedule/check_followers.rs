//! Followers whose inbox is gone are asked after daily; servers that were silent for a month lose theirs.

use std::time::Duration;

use crate::doors::federation::context::Federation;
use crate::doors::federation::whereabouts;
use crate::foundation::error::Result;
use crate::foundation::ids::ActorId;
use crate::neighbourhood::lost_followers::{self, HOST_DAYS};
use crate::neighbourhood::outgoing::{DAY, Patience};

/// Asked after in one round; the others wait for the next.
const MOST: i64 = 50;

pub(super) async fn run(federation: Federation) -> Result<()> {
    let (now, database) = (federation.app.clock.now(), &federation.app.database);
    let day = Patience { scale: federation.app.config.retry_scale }.scaled(DAY);
    for (actor, uri) in database.read(move |c| lost_followers::due(c, MOST, now)).await? {
        let is_gone = whereabouts::is_gone(&federation, &uri).await;
        note(&federation, actor, is_gone, day).await?;
    }
    let silent = database.read(move |c| lost_followers::silent_hosts(c, day * HOST_DAYS, now));
    for host in silent.await? {
        tracing::warn!(%host, "a server was silent for a month: its followers are dropped");
        loop {
            let (host, now) = (host.clone(), federation.app.clock.now());
            if !database.write(move |c| lost_followers::end_follows_of(c, &host, now)).await? {
                break;
            }
        }
    }
    Ok(())
}

async fn note(
    federation: &Federation,
    actor: ActorId,
    is_gone: Option<bool>,
    day: Duration,
) -> Result<()> {
    let now = federation.app.clock.now();
    let is_over = federation.app.database.write(move |c| match is_gone {
        Some(true) => lost_followers::is_gone(c, actor, day, now),
        Some(false) => lost_followers::is_there(c, actor).map(|()| false),
        None => lost_followers::is_unknown(c, actor, day, now).map(|()| false),
    });
    if is_over.await? {
        tracing::info!("a follower was gone on three days, and is a follower no more");
    }
    Ok(())
}
