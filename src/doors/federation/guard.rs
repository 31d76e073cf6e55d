//! A POST to an inbox: every check of TRUST.md §2 in its order, then the activity is kept as it came and answered 202.
//! Nothing is fetched before the signature is known to be well-formed, recent and this body's.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::context::Federation;
use super::failure::Failure;
use super::fetching::is_activity_json;
use super::letters::Letter;
use super::shape::Outline;
use super::signatures::Claim;
use super::signer::{self, VerifiedActor};
use crate::foundation::clock::Time;
use crate::foundation::domain::Domain;
use crate::foundation::error::Result;
use crate::foundation::secret::sha256;
use crate::neighbourhood::actors::store as actors_store;
use crate::neighbourhood::arrivals::NewArrival;

/// How long a request waits for a free hand before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(2);

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
    let (claim, outline, body_hash) = examine(federation, &head, &body, now).await?;
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
    let signer = signer::verify(federation, &claim, &key_domain, address, now).await?;
    if !budgets.allows_domain(&signer.domain) {
        return Err(Failure::Later(StatusCode::TOO_MANY_REQUESTS, "from this server"));
    }
    // A hint makes us ask its actor's server, in our own name.
    let is_hint = signer.uri != outline.actor;
    if is_hint && !budgets.allows_fetch(address, &actor_domain, false) {
        return Err(Failure::Later(StatusCode::TOO_MANY_REQUESTS, "hints about that server"));
    }
    if outline.kind == "Follow" && !budgets.allows_follow(&signer.domain) {
        return Err(Failure::Later(StatusCode::TOO_MANY_REQUESTS, "follows from this server"));
    }
    if outline.kind == "Flag" && !budgets.allows_report(&signer.domain) {
        return Err(Failure::Later(StatusCode::TOO_MANY_REQUESTS, "reports from this server"));
    }
    if !plates.blocklist.may_show(&outline.actor, &actor_domain, None) {
        return Ok(StatusCode::ACCEPTED);
    }
    keep(federation, &outline, actor_domain, &signer, body_hash, body, now).await
}

/// Steps 5 to 10: what a signature and an outline can tell before anything is fetched. As many at once as the machine
/// has hands for; whoever waits for another server or for a commit holds nobody up.
async fn examine(
    federation: &Federation,
    head: &Head,
    body: &Bytes,
    now: Time,
) -> Result<(Claim, Outline, [u8; 32]), Failure> {
    let turn = tokio::time::timeout(PATIENCE, federation.at_work.acquire()).await;
    let Ok(Ok(_turn)) = turn else {
        return Err(Failure::Later(StatusCode::SERVICE_UNAVAILABLE, "too much at once"));
    };
    let body_hash = sha256(body);
    let (domain, url) = (federation.app.links.domain(), &federation.app.config.url);
    let (target, headers) = (&head.target, &head.headers);
    let claim = Claim::read(&Method::POST, target, headers, domain.as_str(), url, &body_hash, now);
    let claim = claim.map_err(|refusal| {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::UNAUTHORIZED);
        Failure::Refused(status, refusal.reason)
    })?;
    let outline =
        Outline::read(body).map_err(|problem| refused(StatusCode::BAD_REQUEST, problem))?;
    Ok((claim, outline, body_hash))
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
    let actor = outline.actor.domain();
    if actor != outline.id.domain() {
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
    if outline.kind != "Delete" || outline.object_id.as_ref() != Some(&outline.actor) {
        return Ok(false);
    }
    let uri = outline.actor.clone();
    Ok(federation.app.database.read(move |c| actors_store::by_uri(c, &uri)).await?.is_none())
}

/// Steps 16 to 19: committed, then 202.
async fn keep(
    federation: &Federation,
    outline: &Outline,
    domain: Domain,
    signer: &VerifiedActor,
    body_hash: [u8; 32],
    body: Bytes,
    now: Time,
) -> Result<StatusCode, Failure> {
    let arrival = NewArrival {
        activity_uri: outline.id.clone(),
        body_hash,
        body: body.to_vec(),
        actor_uri: outline.actor.clone(),
        domain,
        is_forwarded: signer.uri != outline.actor,
        lane: outline.lane(),
        is_answered_again: outline.kind == "Follow",
        received_at: now,
    };
    federation.letters.write(Letter { arrival, signer: signer.domain.clone() }).await?;
    Ok(StatusCode::ACCEPTED)
}
