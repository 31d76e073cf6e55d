//! A POST to an inbox: every check of TRUST.md §2 in its order, then the activity is kept as it came and answered 202.
//! Nothing is fetched before the signature is known to be well-formed, recent and this body's.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use activitypub_federation::config::Data;
use activitypub_federation::fetch::object_id::ObjectId;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use quick_cache::sync::Cache;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Mutex, RwLock};
use url::Url;

use super::Federation;
use super::failure::Failure;
use super::fetching::{Trouble, is_activity_json};
use super::keys::Known;
use super::objects::actor::RemoteActor;
use super::shape::Outline;
use super::signatures::Claim;
use crate::foundation::app::App;
use crate::foundation::clock::Time;
use crate::foundation::domain::Domain;
use crate::foundation::error::Result;
use crate::foundation::secret::sha256;
use crate::neighbourhood::actors::store as actors_store;
use crate::neighbourhood::arrivals::{self, NewArrival};
use crate::neighbourhood::blocks::Blocklist;
use crate::neighbourhood::outgoing::queue;
use crate::neighbourhood::wijken;

/// Who signed, proven: nothing behind the guard is called without one.
#[derive(Debug, Clone)]
pub struct VerifiedActor {
    uri: String,
    domain: Domain,
}

/// How long what the guard knows of blocks and inboxes may be old.
const FRESH_FOR: Duration = Duration::from_millis(250);
/// A request waits this long for a key that must be fetched.
const KEY_WITHIN: Duration = Duration::from_secs(4);
/// A key that stopped verifying is fetched anew once in this time.
const REFETCHED_AFTER: Duration = Duration::from_mins(5);

/// What the guard keeps between requests.
pub struct Memory {
    plates: RwLock<Option<(Instant, Arc<Plates>)>>,
    /// When an actor's key was last fetched because it did not verify.
    refetched: Cache<String, Time>,
    /// One fetch at a time for a key.
    fetching: Cache<String, Arc<Mutex<()>>>,
}

/// Who lives here, and who is not heard.
struct Plates {
    blocklist: Blocklist,
    /// By user name: whether it is closed.
    inboxes: HashMap<String, bool>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            plates: RwLock::new(None),
            refetched: Cache::new(10_000),
            fetching: Cache::new(1_000),
        }
    }

    async fn plates(&self, app: &App) -> Result<Arc<Plates>> {
        if let Some((read_at, plates)) = &*self.plates.read().await
            && read_at.elapsed() < FRESH_FOR
        {
            return Ok(plates.clone());
        }
        let mut held = self.plates.write().await;
        if let Some((read_at, plates)) = &*held
            && read_at.elapsed() < FRESH_FOR
        {
            return Ok(plates.clone());
        }
        let plates = app
            .database
            .read(|c| {
                let closed = wijken::closed_names(c)?;
                let inboxes = actors_store::local_names(c)?.into_iter().map(|name| {
                    let is_closed = closed.contains(&name);
                    (name, is_closed)
                });
                Ok(Plates { blocklist: Blocklist::read(c)?, inboxes: inboxes.collect() })
            })
            .await?;
        let plates = Arc::new(plates);
        *held = Some((Instant::now(), plates.clone()));
        Ok(plates)
    }

    /// Whether nothing is fetched from there and nothing heard.
    pub(super) async fn refuses(&self, app: &App, domain: &Domain) -> bool {
        self.plates(app).await.is_ok_and(|plates| plates.blocklist.refuses_domain(domain))
    }
}

/// `owner` is the user name of a personal inbox, `None` the shared one.
pub async fn receive(
    federation: &Federation,
    owner: Option<&str>,
    address: IpAddr,
    request: Request,
) -> Result<StatusCode, Failure> {
    let now = federation.app.clock.now();
    let outcome = admit(federation, owner, address, request, now).await;
    if let Err(Failure::Refused(StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED, _)) = &outcome {
        federation.budgets.note_strange(address, now);
    }
    let said = match &outcome {
        Ok(status) => status.as_u16(),
        Err(failure) => failure.status().as_u16(),
    };
    metrics::counter!("likejewijk_arrivals_total", "status" => said.to_string()).increment(1);
    outcome
}

async fn admit(
    federation: &Federation,
    owner: Option<&str>,
    address: IpAddr,
    request: Request,
    now: Time,
) -> Result<StatusCode, Failure> {
    let plates = federation.memory.plates(&federation.app).await?;
    match owner.map(|name| plates.inboxes.get(name)) {
        None | Some(Some(false)) => {}
        Some(Some(true)) => return Err(refused(StatusCode::GONE, "that wijk is closed")),
        Some(None) => return Err(refused(StatusCode::NOT_FOUND, "no such inbox")),
    }
    let budgets = &federation.budgets;
    if !budgets.allows_strange(address, now) || !budgets.allows_request(address) {
        return Err(Failure::Later(StatusCode::TOO_MANY_REQUESTS, "from this address"));
    }
    let (head, body) = read(federation, request).await?;
    let Ok(at_work) = federation.at_work.acquire().await else {
        return Err(Failure::Later(StatusCode::SERVICE_UNAVAILABLE, "shutting down"));
    };
    let body_hash = sha256(&body);
    let links = &federation.app.links;
    let claim = Claim::read(
        &Method::POST,
        &head.target,
        &head.headers,
        links.domain().as_str(),
        &federation.app.config.url,
        &body_hash,
        now,
    );
    let claim = claim.map_err(|refusal| {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::UNAUTHORIZED);
        Failure::Refused(status, refusal.reason)
    })?;
    let outline =
        Outline::read(&body).map_err(|problem| refused(StatusCode::BAD_REQUEST, problem))?;
    let actor_domain = identity(federation, &outline)?;
    let key_domain = Domain::of(&claim.key_id)
        .map_err(|_| refused(StatusCode::UNAUTHORIZED, "the key has no home"))?;
    if plates.blocklist.refuses_domain(&actor_domain)
        || plates.blocklist.refuses_domain(&key_domain)
    {
        return Err(refused(StatusCode::FORBIDDEN, "that server is not heard here"));
    }
    if is_strangers_farewell(federation, &outline).await? {
        return Ok(StatusCode::ACCEPTED);
    }
    let signer = verify(federation, &claim, &key_domain, address, now).await?;
    if !budgets.allows_domain(&signer.domain) {
        return Err(Failure::Later(StatusCode::TOO_MANY_REQUESTS, "from this server"));
    }
    if outline.kind == "Follow" && !budgets.allows_follow(&signer.domain) {
        return Err(Failure::Later(StatusCode::TOO_MANY_REQUESTS, "follows from this server"));
    }
    if !plates.blocklist.may_show(outline.actor.as_str(), &actor_domain, None) {
        return Ok(StatusCode::ACCEPTED);
    }
    drop(at_work);
    keep(federation, &outline, &signer, body_hash, body, now).await
}

fn refused(status: StatusCode, why: &'static str) -> Failure {
    Failure::Refused(status, why)
}

struct Head {
    headers: HeaderMap,
    /// Path and query as they stand on the request line.
    target: String,
}

/// Steps 3 and 4: size and type, then the whole body.
async fn read(federation: &Federation, request: Request) -> Result<(Head, Bytes), Failure> {
    let most = federation.app.config.limits.inbox_bytes;
    let (parts, body) = request.into_parts();
    let announced = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > most) {
        return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"));
    }
    let is_single = parts.headers.get_all(header::CONTENT_TYPE).iter().count() == 1;
    if is_single && !is_activity_json(&parts.headers) {
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/activity+json"));
    }
    if !is_single && !parts.headers.contains_key(header::CONTENT_TYPE) {
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/activity+json"));
    }
    if parts.headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send it without Content-Encoding",
        ));
    }
    let within = Duration::from_secs(federation.app.config.limits.body_seconds);
    let body = tokio::time::timeout(within, axum::body::to_bytes(Body::new(body), most)).await;
    let body =
        body.map_err(|_| refused(StatusCode::REQUEST_TIMEOUT, "the body came too slowly"))?;
    let body = body.map_err(|_| refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"))?;
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let mut headers = parts.headers;
    // HTTP/2 names the host in its request line.
    if let (None, Some(host)) = (headers.get(header::HOST), parts.uri.authority())
        && let Ok(host) = HeaderValue::from_str(host.as_str())
    {
        headers.insert(header::HOST, host);
    }
    Ok((Head { headers, target }, body))
}

/// Step 11: activity and actor on one origin, and not ours.
fn identity(federation: &Federation, outline: &Outline) -> Result<Domain, Failure> {
    let unproven = |why| refused(StatusCode::UNAUTHORIZED, why);
    let actor = Domain::of(&outline.actor).map_err(|_| unproven("the actor has no home"))?;
    let id = Domain::of(&outline.id).map_err(|_| unproven("the activity has no home"))?;
    if actor != id {
        return Err(unproven("activity and actor live on different hosts"));
    }
    if actor == *federation.app.links.domain() {
        return Err(unproven("nobody here posts to us"));
    }
    Ok(actor)
}

/// Step 13: an actor we never knew says goodbye; its key is gone already, and so is every reason to look for it.
async fn is_strangers_farewell(
    federation: &Federation,
    outline: &Outline,
) -> Result<bool, Failure> {
    if outline.kind != "Delete" || outline.object_id.as_deref() != Some(outline.actor.as_str()) {
        return Ok(false);
    }
    let uri = outline.actor.to_string();
    Ok(federation.app.database.read(move |c| actors_store::by_uri(c, &uri)).await?.is_none())
}

/// Step 14: the key that `key_id` names, and whether it signed this.
async fn verify(
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
    if is_new || !may_refetch(federation, &known.actor_uri, now) {
        return Err(refused(StatusCode::UNAUTHORIZED, "the signature does not hold"));
    }
    federation.known.forget(key_id);
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
    let Some(actor) =
        federation.app.database.read(move |c| actors_store::by_key(c, &named)).await?
    else {
        return Ok(None);
    };
    if actor.is_local || actor.gone_at.is_some() {
        return Err(refused(StatusCode::UNAUTHORIZED, "that actor does not post here"));
    }
    let known = Arc::new(Known::of(&actor)?);
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
    let turn = federation
        .memory
        .fetching
        .get_or_insert_with(key_id.as_str(), || Ok::<_, Failure>(Arc::default()))?;
    let _turn = turn.lock().await;
    if let Some(known) = federation.known.get(key_id.as_str()) {
        return Ok(known);
    }
    let domain = host.clone();
    let is_strange =
        !federation.app.database.read(move |c| actors_store::knows_domain(c, &domain)).await?;
    if is_strange {
        federation.budgets.note_strange(address, now);
    }
    if federation.budgets.is_missing(key_id.as_str(), now) {
        return Err(refused(StatusCode::UNAUTHORIZED, "that key could not be had a moment ago"));
    }
    if !federation.budgets.allows_fetch(address, host, is_strange) {
        return Err(later("too many keys to fetch"));
    }
    let known = fetch(federation, key_id)
        .await
        .inspect_err(|_| federation.budgets.note_missing(key_id.as_str(), now))?;
    federation.known.keep(key_id.as_str(), &known);
    Ok(known)
}

fn may_refetch(federation: &Federation, actor: &str, now: Time) -> bool {
    let refetched = &federation.memory.refetched;
    if refetched.get(actor).is_some_and(|at| now.since(at) < REFETCHED_AFTER) {
        return false;
    }
    refetched.insert(actor.to_owned(), now);
    true
}

/// What stands at a key's own address: the actor with the key inside, GoToSocial's stub of it, or the key alone.
#[derive(Deserialize)]
struct KeyDocument {
    id: Url,
    #[serde(default)]
    owner: Option<Url>,
    #[serde(default, rename = "publicKey")]
    public_key: Value,
}

/// At most two requests, four seconds in all.
async fn fetch(federation: &Federation, key_id: &Url) -> Result<Arc<Known>, Failure> {
    let data = federation.data();
    match tokio::time::timeout(KEY_WITHIN, fetch_owner(federation, key_id, &data)).await {
        Ok(Ok(known)) => Ok(known),
        Ok(Err(Failure::Elsewhere(Trouble::NoAnswer(problem)))) => {
            tracing::info!(%key_id, problem, "a key could not be fetched");
            Err(Failure::Later(StatusCode::SERVICE_UNAVAILABLE, "the key's server did not answer"))
        }
        Ok(Err(failure @ Failure::Ours(crate::foundation::error::Error::Unavailable(_)))) => {
            Err(failure)
        }
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
    let owner =
        if key_id.fragment().is_some() { address } else { owner_of(federation, &address).await? };
    let actor = ObjectId::<RemoteActor>::from(owner).dereference_forced(data).await?.0;
    if actor.key_id != key_id.as_str() {
        return Err(refused(StatusCode::UNAUTHORIZED, "its owner has another key"));
    }
    Ok(Arc::new(Known::of(&actor)?))
}

async fn owner_of(federation: &Federation, address: &Url) -> Result<Url, Failure> {
    let accept = HeaderValue::from_static("application/activity+json");
    let fetched = federation.fetch.within(KEY_WITHIN).object(address, &accept).await?;
    let document: KeyDocument = serde_json::from_slice(&fetched.body)
        .map_err(|e| Failure::Elsewhere(Trouble::Refused(format!("{address}: {e}"))))?;
    let inner = document
        .public_key
        .get("owner")
        .and_then(Value::as_str)
        .and_then(|owner| Url::parse(owner).ok());
    Ok(inner.or(document.owner).unwrap_or(document.id))
}

/// Steps 16 to 19: committed, then 202.
async fn keep(
    federation: &Federation,
    outline: &Outline,
    signer: &VerifiedActor,
    body_hash: [u8; 32],
    body: Bytes,
    now: Time,
) -> Result<StatusCode, Failure> {
    let arrival = NewArrival {
        activity_uri: outline.id.to_string(),
        body_hash,
        body: body.to_vec(),
        actor_uri: outline.actor.to_string(),
        is_forwarded: signer.uri != outline.actor.as_str(),
        lane: outline.lane(),
        is_answered_again: outline.kind == "Follow",
    };
    let domain = signer.domain.clone();
    federation
        .app
        .database
        .write(move |c| {
            arrivals::keep(c, &arrival, now)?;
            queue::heard_from(c, &domain, now)
        })
        .await?;
    Ok(StatusCode::ACCEPTED)
}
