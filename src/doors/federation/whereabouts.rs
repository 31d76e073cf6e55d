//! Where somebody of another server lives now: asked of the actor itself, when its inbox says that it moved or is gone.

use axum::http::HeaderValue;
use url::Url;

use super::context::Federation;
use super::failure::Failure;
use super::fetching::Trouble;
use super::lookup;
use super::objects::actor::RemoteActor;
use crate::foundation::domain::Domain;
use crate::foundation::error::Result;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::{Actor, store as actors_store};
use crate::neighbourhood::follows;
use crate::neighbourhood::outgoing::queue::{self, Delivery};

/// Actors asked for a new inbox of theirs: those of a shared one move together.
const ASKED: i64 = 3;

/// Whether an actor is gone: `None` where nobody says so nor shows it.
pub async fn is_gone(federation: &Federation, actor: &Uri) -> Option<bool> {
    let url = actor.url().ok()?;
    let accept = HeaderValue::from_static("application/activity+json");
    match federation.fetch.object(&url, &accept).await {
        Ok(_) => Some(false),
        Err(Trouble::Gone | Trouble::NotFound) => Some(true),
        Err(Trouble::Refused(_) | Trouble::NoAnswer(_)) => None,
    }
}

/// An actor's document, read now and kept as whenever it is read, with the handle that its host confirms.
pub async fn read_again(federation: &Federation, actor: &Uri) -> Result<Actor, Failure> {
    let read = RemoteActor::at(actor)?.dereference_forced(&federation.data()).await?.0;
    federation.known.forget_of(&read.uri);
    Ok(lookup::with_handle(&federation.app, read).await?)
}

/// An inbox sends us elsewhere (3xx): whose it is are fetched again. Where they name another inbox now, follows and what
/// waits go there, and the answer is `true`. A delivery that was sent on before is not sent on again.
pub(super) async fn send_on(federation: &Federation, delivery: &Delivery) -> Result<bool> {
    if delivery.is_sent_on {
        return Ok(false);
    }
    let (host, old) = (delivery.host.clone(), delivery.inbox.clone());
    let database = &federation.app.database;
    let whose = database.read(move |c| actors_store::at_inbox(c, &host, &old, ASKED)).await?;
    for known in whose {
        let Some(new) = new_inbox(federation, &known, &delivery.inbox).await? else { continue };
        let (host, old) = (delivery.host.clone(), delivery.inbox.clone());
        database
            .write(move |c| {
                follows::inbox_moved(c, &old, &new)?;
                queue::inbox_moved(c, &host, &old, &new)
            })
            .await?;
        return Ok(true);
    }
    Ok(false)
}

async fn new_inbox(federation: &Federation, known: &Actor, old: &str) -> Result<Option<String>> {
    let fetched = RemoteActor::at(&known.uri)?.dereference_forced(&federation.data()).await;
    let Ok(RemoteActor { 0: now, .. }) = fetched else { return Ok(None) };
    let new =
        if known.shared_inbox.as_deref() == Some(old) { now.shared_inbox } else { Some(now.inbox) };
    // On the same host: its deliveries are those of one worker.
    let is_of_host = |new: &String| {
        Url::parse(new).ok().and_then(|url| Domain::of(&url).ok()).as_ref() == Some(&known.domain)
    };
    Ok(new.filter(|new| new != old).filter(is_of_host))
}
