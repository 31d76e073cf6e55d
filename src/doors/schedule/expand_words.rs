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
            Ok(held) => expand_all(&federation, held).await,
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

/// Answers to one person together in one transaction; what many hear is a slice each, in its own.
async fn expand_all(federation: &Federation, held: Vec<Pending>) {
    let (to_one, to_many): (Vec<Pending>, Vec<Pending>) =
        held.into_iter().partition(|pending| pending.word.is_to_one());
    let to_many = to_many.into_iter().map(|pending| expand(federation, vec![pending]));
    tokio::join!(expand(federation, to_one), futures_util::future::join_all(to_many));
}

async fn expand(federation: &Federation, words: Vec<Pending>) {
    let Err(error) = written(federation, words.clone()).await else { return };
    if words.len() == 1 || is_passing(&error) {
        return settle(federation, &words, &error).await;
    }
    // One of them took the others back with it.
    for pending in words {
        let alone = vec![pending];
        if let Err(error) = written(federation, alone.clone()).await {
            settle(federation, &alone, &error).await;
        }
    }
}

async fn written(federation: &Federation, words: Vec<Pending>) -> Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    let (links, now) = (federation.app.links.clone(), federation.app.clock.now());
    federation.app.database.write(move |c| outbox::expand(c, &links, &words, now)).await
}

fn is_passing(error: &Error) -> bool {
    matches!(error, Error::Unavailable(_) | Error::Database(_) | Error::Conflict(_))
}

async fn settle(federation: &Federation, words: &[Pending], error: &Error) {
    for Pending { seq, word, .. } in words {
        let (seq, word) = (*seq, word.name());
        if is_passing(error) {
            tracing::warn!(%error, word, "a word is expanded again when the database can be written");
            continue;
        }
        tracing::error!(%error, seq, word, "a word cannot be given its form and is put aside");
        if let Err(error) = federation.app.database.write(move |c| store::park(c, seq)).await {
            tracing::error!(%error, seq, "it could not be put aside either");
        }
    }
}
