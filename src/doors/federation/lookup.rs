//! A handle or address → a remote actor, fetched, checked and kept.

use activitypub_federation::fetch::object_id::ObjectId;
use axum::http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use url::Url;

use super::context::Federation;
use super::failure::Failure;
use super::fetching::Trouble;
use super::objects::actor::RemoteActor;
use crate::foundation::app::App;
use crate::foundation::error::{Error, Result};
use crate::foundation::http_client::FetchRules;
use crate::neighbourhood::actors::{Actor, Handle, store};

#[derive(Deserialize)]
struct Resource {
    subject: String,
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    rel: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    href: Option<String>,
}

/// `@name@host`, `name@host` or the actor's address. Known actors are not asked for again.
///
/// # Errors
/// `Invalid` for what is neither; `Elsewhere` where their server does not answer or its answer does not hold.
pub async fn actor(app: &App, named: &str) -> Result<Actor> {
    let known = named.to_owned();
    let found = app.database.read(move |c| by_name(c, &known)).await?;
    if let Some(actor) = found {
        return Ok(actor);
    }
    let federation = Federation::open(app.clone()).await?;
    let url = match Url::parse(named) {
        Ok(url) if url.has_host() => url,
        _ => id_by_webfinger(app, &Handle::parse(named)?).await?,
    };
    let fetched = ObjectId::<RemoteActor>::from(url).dereference_forced(&federation.data()).await;
    fetched.map(|remote| remote.0).map_err(|failure| told(named, failure))
}

fn by_name(
    conn: &mut crate::foundation::database::Connection,
    named: &str,
) -> Result<Option<Actor>> {
    match Url::parse(named) {
        Ok(url) if url.has_host() => store::by_uri(conn, url.as_str()),
        _ => store::by_handle(conn, &Handle::parse(named)?),
    }
}

/// WebFinger (RFC 7033), followed once where the handle's domain hands over to another, and looped back.
async fn id_by_webfinger(app: &App, handle: &Handle) -> Result<Url> {
    let first = webfinger(app, handle).await?;
    let subject = Handle::parse(&first.subject)?;
    if subject == *handle {
        return self_link(&first, handle);
    }
    let second = webfinger(app, &subject).await?;
    if Handle::parse(&second.subject)? != subject {
        return Err(Error::elsewhere(
            handle.to_string(),
            "its WebFinger answers go round in circles",
        ));
    }
    self_link(&second, handle)
}

fn self_link(resource: &Resource, handle: &Handle) -> Result<Url> {
    let is_actor = |kind: &str| {
        kind.starts_with("application/activity+json") || kind.starts_with("application/ld+json")
    };
    let link = resource
        .links
        .iter()
        .find(|link| link.rel == "self" && link.kind.as_deref().is_some_and(is_actor));
    let href = link.and_then(|link| link.href.as_deref()).and_then(|href| Url::parse(href).ok());
    href.ok_or_else(|| {
        Error::elsewhere(handle.to_string(), "its server knows no actor of that name")
    })
}

async fn webfinger(app: &App, handle: &Handle) -> Result<Resource> {
    let unknown = |cause: String| Error::elsewhere(handle.to_string(), cause);
    // Only names of the lab are reached over http.
    let scheme = if app.config.is_lab() { "http" } else { "https" };
    let mut url = Url::parse(&format!("{scheme}://{}/.well-known/webfinger", handle.domain))
        .map_err(Error::internal)?;
    url.query_pairs_mut()
        .append_pair("resource", &format!("acct:{}@{}", handle.username, handle.domain));
    let mut headers = HeaderMap::new();
    headers
        .insert(header::ACCEPT, HeaderValue::from_static("application/jrd+json, application/json"));
    let rules = FetchRules::object(&app.config.limits);
    let fetched = app.http.get(&url, headers, rules).await.map_err(|e| unknown(e.to_string()))?;
    if !fetched.status.is_success() {
        return Err(unknown(format!(
            "its server answers {}; is the handle right?",
            fetched.status
        )));
    }
    serde_json::from_slice(&fetched.body)
        .map_err(|_| unknown("its WebFinger answer cannot be read".to_owned()))
}

fn told(named: &str, failure: Failure) -> Error {
    match failure {
        Failure::Ours(error) => error,
        Failure::Elsewhere(Trouble::NotFound | Trouble::Gone) => {
            Error::elsewhere(named, "its server says that there is no such actor")
        }
        other => Error::elsewhere(named, other.to_string()),
    }
}
