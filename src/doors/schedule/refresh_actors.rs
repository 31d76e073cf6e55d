//! Actors who matter here and were read a week ago are read again, one after the other.

use std::collections::HashSet;

use crate::doors::federation::context::Federation;
use crate::doors::federation::failure::Failure;
use crate::doors::federation::fetching::Trouble;
use crate::doors::federation::whereabouts;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::outgoing::Patience;
use crate::neighbourhood::stale_actors;

pub(super) async fn run(federation: Federation) -> Result<()> {
    let (patience, now) = (patience(&federation), federation.app.clock.now());
    let claim = federation.app.database.write(move |c| stale_actors::claim(c, patience, now));
    let mut silent = HashSet::new();
    for actor in claim.await? {
        if silent.contains(&actor.domain) {
            let now = federation.app.clock.now();
            let passed =
                move |c: &mut Connection| stale_actors::passed_over(c, actor.id, patience, now);
            federation.app.database.write(passed).await?;
            continue;
        }
        let outcome = whereabouts::read_again(&federation, &actor.uri).await;
        if let Err(Failure::Elsewhere(Trouble::NoAnswer(problem))) = &outcome {
            tracing::debug!(host = %actor.domain, problem, "a server does not answer: its actors wait");
            silent.insert(actor.domain.clone());
        }
        note(&federation, actor, outcome).await?;
    }
    Ok(())
}

fn patience(federation: &Federation) -> Patience {
    Patience { scale: federation.app.config.retry_scale }
}

async fn note(
    federation: &Federation,
    asked: Actor,
    outcome: Result<Actor, Failure>,
) -> Result<()> {
    let (patience, now) = (patience(federation), federation.app.clock.now());
    let noted = federation.app.database.write(move |c| match &outcome {
        Ok(read) if read.id == asked.id => stale_actors::came(c, read),
        // It waits for its day, as it was claimed; so it does where the fault is ours.
        Err(failure) if failure.may_pass() => Ok(()),
        Err(Failure::Elsewhere(Trouble::Gone)) => stale_actors::is_gone(c, asked.id, patience, now),
        Ok(_) | Err(_) => stale_actors::says_no(c, asked.id, patience, now),
    });
    noted.await
}
