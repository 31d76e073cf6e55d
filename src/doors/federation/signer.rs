//! Who signed a request: the key that its signature names, fetched from its home where we do not hold it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use activitypub_federation::config::Data;
use axum::http::{HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::context::Federation;
use super::failure::Failure;
use super::fetching::Trouble;
use super::keys::Known;
use super::objects::actor::RemoteActor;
use super::signatures::Claim;
use super::values::uri_of;
use crate::foundation::app::App;
use crate::foundation::clock::Time;
use crate::foundation::domain::Domain;
use crate::foundation::error::Error;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::{keys, store as actors_store};

/// A request waits this long for a key that must be fetched.
const KEY_WITHIN: Duration = Duration::from_secs(4);

/// Who signed, proven: nothing behind the guard is called without one.
#[derive(Debug, Clone)]
pub struct VerifiedActor {
    pub(super) uri: Uri,
    pub(super) domain: Domain,
}

/// Step 14 of the guard: the key that `key_id` names, and whether it signed this.
pub(super) async fn verify(
    federation: &Federation,
    claim: &Claim,
    key_domain: &Domain,
    address: IpAddr,
    now: Time,
) -> Result<VerifiedActor, Failure> {
    let key_id = claim.key_id.as_str();
    let (known, is_new) = match held(federation, key_id).await? {
        Some(known) => (known, false),
        None => (fetched(federation, &claim.key_id, key_domain, address, now).await?, true),
    };
    if claim.verified_by(&known.key) {
        return Ok(VerifiedActor { uri: known.actor_uri.clone(), domain: known.domain.clone() });
    }
    if is_new || !federation.memory.may_refetch(&known.actor_uri, now) {
        return Err(refused(StatusCode::UNAUTHORIZED, "the signature does not hold"));
    }
    let known = fetch(federation, &claim.key_id).await?;
    if claim.verified_by(&known.key) {
        federation.known.keep(key_id, &known);
        return Ok(VerifiedActor { uri: known.actor_uri.clone(), domain: known.domain.clone() });
    }
    Err(refused(StatusCode::UNAUTHORIZED, "the signature does not hold"))
}

async fn held(federation: &Federation, key_id: &str) -> Result<Option<Arc<Known>>, Failure> {
    if let Some(known) = federation.known.get(key_id) {
        return Ok(Some(known));
    }
    let named = key_id.to_owned();
    let Some((actor, key)) = federation.app.database.read(move |c| keys::named(c, &named)).await?
    else {
        return Ok(None);
    };
    if actor.is_local || actor.gone_at.is_some() {
        return Err(refused(StatusCode::UNAUTHORIZED, "that actor does not post here"));
    }
    let known = Arc::new(Known::of(&actor, &key)?);
    federation.known.keep(key_id, &known);
    Ok(Some(known))
}

/// One fetch at a time for a key, within the budgets; who waits finds it there.
async fn fetched(
    federation: &Federation,
    key_id: &Url,
    host: &Domain,
    address: IpAddr,
    now: Time,
) -> Result<Arc<Known>, Failure> {
    let later = |why| Failure::Later(StatusCode::SERVICE_UNAVAILABLE, why);
    let turn = federation.memory.turn(key_id.as_str());
    let Ok(_turn) = tokio::time::timeout(KEY_WITHIN, turn.lock()).await else {
        return Err(later("others wait for that key"));
    };
    if let Some(known) = federation.known.get(key_id.as_str()) {
        return Ok(known);
    }
    let domain = host.clone();
    let is_strange =
        !federation.app.database.read(move |c| actors_store::knows_domain(c, &domain)).await?;
    if federation.budgets.is_missing(key_id.as_str(), now) {
        return Err(later("that key could not be had a moment ago"));
    }
    if is_strange {
        federation.budgets.note_strange(address, now);
    }
    if !federation.budgets.allows_fetch(address, host, is_strange) {
        return Err(later("too many keys to fetch"));
    }
    let known = fetch(federation, key_id).await.inspect_err(|failure| {
        // A fault of ours says nothing of the key.
        if !matches!(failure, Failure::Ours(_)) {
            federation.budgets.note_missing(key_id.as_str(), now);
        }
    })?;
    federation.known.keep(key_id.as_str(), &known);
    Ok(known)
}

/// What stands at a key's own address: the actor with the key inside, GoToSocial's stub of it, or the key alone.
#[derive(Deserialize)]
struct KeyDocument {
    id: Uri,
    #[serde(default)]
    owner: Option<Uri>,
    #[serde(default, rename = "publicKey")]
    public_key: Value,
}

/// The actor's document, before it a stub of it, behind it a key that stands apart: four seconds in all.
async fn fetch(federation: &Federation, key_id: &Url) -> Result<Arc<Known>, Failure> {
    let data = federation.data();
    match tokio::time::timeout(KEY_WITHIN, fetch_owner(federation, key_id, &data)).await {
        Ok(Ok(known)) => Ok(known),
        Ok(Err(Failure::Elsewhere(Trouble::NoAnswer(problem)))) => {
            tracing::info!(%key_id, problem, "a key could not be fetched");
            Err(Failure::Later(StatusCode::SERVICE_UNAVAILABLE, "the key's server did not answer"))
        }
        Ok(Err(failure @ Failure::Ours(Error::Unavailable(_)))) => Err(failure),
        Ok(Err(failure)) => {
            tracing::info!(%key_id, %failure, "a key was refused");
            Err(refused(StatusCode::UNAUTHORIZED, "no such key at its home"))
        }
        Err(_) => {
            Err(Failure::Later(StatusCode::SERVICE_UNAVAILABLE, "the key's server was too slow"))
        }
    }
}

async fn fetch_owner(
    federation: &Federation,
    key_id: &Url,
    data: &Data<App>,
) -> Result<Arc<Known>, Failure> {
    let mut address = key_id.clone();
    address.set_fragment(None);
    // A key id with a fragment lives in the actor's own document; any other may be a stub or a key that names its owner.
    let owner = if key_id.fragment().is_some() {
        Uri::of(&address)?
    } else {
        owner_of(federation, &address).await?
    };
    let actor = RemoteActor::at(&owner)?.dereference_forced(data).await?.0;
    federation.known.forget_of(&actor.uri);
    let named = key_id.to_string();
    match federation.app.database.read(move |c| keys::named(c, &named)).await? {
        Some((owner, key)) if owner.id == actor.id => Ok(Arc::new(Known::of(&owner, &key)?)),
        _ => Err(refused(StatusCode::UNAUTHORIZED, "its owner has another key")),
    }
}

async fn owner_of(federation: &Federation, address: &Url) -> Result<Uri, Failure> {
    let accept = HeaderValue::from_static("application/activity+json");
    let fetched = federation.fetch.within(KEY_WITHIN).object(address, &accept).await?;
    let document: KeyDocument = serde_json::from_slice(&fetched.body)
        .map_err(|e| Failure::Elsewhere(Trouble::Refused(format!("{address}: {e}"))))?;
    let inner = document.public_key.get("owner").and_then(uri_of);
    Ok(inner.or(document.owner).unwrap_or(document.id))
}

fn refused(status: StatusCode, why: &'static str) -> Failure {
    Failure::Refused(status, why)
}
