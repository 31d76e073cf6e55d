//! Words of `outgoing` → deliveries, a slice of each at a time.

use super::{Stop, something_new};
use crate::doors::federation::context::Federation;
use crate::doors::federation::outbox;
use crate::foundation::error::{Error, Result};
use crate::neighbourhood::outgoing::store::{self, Pending};

const AT_ONCE: i64 = 64;

pub(super) async fn run(federation: Federation, mut stop: Stop) {
    let mut commits = federation.app.database.watch_commits();
    while !stop.is_now() {
        commits.mark_unchanged();
        match claim(&federation).await {
            Ok(held) if held.is_empty() => something_new(&mut commits, &mut stop).await,
            Ok(held) => {
                futures_util::future::join_all(
                    held.into_iter().map(|pending| expand(&federation, pending)),
                )
                .await;
            }
            Err(error) => {
                tracing::error!(%error, "words could not be claimed");
                something_new(&mut commits, &mut stop).await;
            }
        }
    }
}

async fn claim(federation: &Federation) -> Result<Vec<Pending>> {
    let now = federation.app.clock.now();
    if !federation.app.database.read(move |c| store::any_due(c, now)).await? {
        return Ok(Vec::new());
    }
    federation.app.database.write(move |c| store::claim(c, AT_ONCE, now)).await
}

async fn expand(federation: &Federation, pending: Pending) {
    let (links, now) = (federation.app.links.clone(), federation.app.clock.now());
    let (seq, word) = (pending.seq, pending.word.name());
    let outcome =
        federation.app.database.write(move |c| outbox::expand(c, &links, &pending, now)).await;
    let Err(error) = outcome else { return };
    if matches!(error, Error::Unavailable(_) | Error::Database(_) | Error::Conflict(_)) {
        tracing::warn!(%error, word, "a word is expanded again when the database can be written");
        return;
    }
    tracing::error!(%error, seq, word, "a word cannot be given its form and is put aside");
    if let Err(error) = federation.app.database.write(move |c| store::park(c, seq)).await {
        tracing::error!(%error, seq, "it could not be put aside either");
    }
}
