//! A handle or address → a remote actor, fetched, checked and kept.

use axum::http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use url::Url;

use super::context::Federation;
use super::failure::Failure;
use super::fetching::Trouble;
use super::objects::actor::RemoteActor;
use crate::foundation::app::App;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::http_client::FetchRules;
use crate::foundation::uri::Uri;
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

/// What WebFinger says of a handle.
#[derive(Debug)]
pub struct Found {
    /// The handle by its own host's word: another than the one asked for where that hands over.
    pub subject: Handle,
    /// The actor's id.
    pub actor: Uri,
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
    match Url::parse(named) {
        Ok(url) if url.has_host() => fetched(&federation, named, &Uri::typed(named)?).await,
        _ => {
            let found = webfinger(app, &Handle::parse(named)?).await?;
            let actor = fetched(&federation, named, &found.actor).await?;
            confirmed(app, actor, found).await
        }
    }
}

/// An actor's document, read now and kept; `named` is what it was asked for by.
pub async fn fetched(federation: &Federation, named: &str, uri: &Uri) -> Result<Actor> {
    let fetched = RemoteActor::at(uri)?.dereference_forced(&federation.data()).await;
    with_handle(&federation.app, fetched.map_err(|failure| told(named, failure))?.0).await
}

/// An actor with the handle that its document gives (FEP-2c59), where that handle's own host confirms it.
pub async fn with_handle(app: &App, actor: Actor) -> Result<Actor> {
    let Some(claimed) = &actor.claimed_handle else { return Ok(actor) };
    let claimed = Handle::parse(claimed)?;
    // Never one of ours: nobody elsewhere looks as if they lived here (I11).
    let found = if claimed.domain == *app.links.domain() {
        None
    } else {
        webfinger(app, &claimed).await.ok().filter(|found| found.subject == claimed)
    };
    let confirmed = found.filter(|found| found.is_of(&actor)).map(|found| found.subject);
    app.database.write(move |c| store::settle_handle(c, actor.id, confirmed.as_ref())).await
}

/// A handle that hands over to an actor elsewhere is that actor's, whatever its document says.
async fn confirmed(app: &App, actor: Actor, found: Found) -> Result<Actor> {
    let is_elsewhere =
        found.subject.domain != actor.domain && found.subject.domain != *app.links.domain();
    if !is_elsewhere || !found.is_of(&actor) || actor.confirmed_handle.is_some() {
        return Ok(actor);
    }
    app.database.write(move |c| store::settle_handle(c, actor.id, Some(&found.subject))).await
}

impl Found {
    fn is_of(&self, actor: &Actor) -> bool {
        self.actor == actor.uri && self.subject.username == actor.username
    }
}

fn by_name(conn: &mut Connection, named: &str) -> Result<Option<Actor>> {
    match Url::parse(named) {
        Ok(url) if url.has_host() => store::by_uri(conn, &Uri::typed(named)?),
        _ => store::by_handle(conn, &Handle::parse(named)?),
    }
}

/// WebFinger (RFC 7033), followed once where the handle's domain hands over to another, and looped back.
pub async fn webfinger(app: &App, handle: &Handle) -> Result<Found> {
    let first = resource(app, handle).await?;
    let subject = Handle::parse(&first.subject)?;
    if subject == *handle {
        return Ok(Found { subject, actor: self_link(&first, handle)? });
    }
    let second = resource(app, &subject).await?;
    if Handle::parse(&second.subject)? != subject {
        return Err(Error::elsewhere(
            handle.to_string(),
            "its WebFinger answers go round in circles",
        ));
    }
    Ok(Found { subject, actor: self_link(&second, handle)? })
}

fn self_link(resource: &Resource, handle: &Handle) -> Result<Uri> {
    let is_actor = |kind: &str| {
        kind.starts_with("application/activity+json") || kind.starts_with("application/ld+json")
    };
    let link = resource
        .links
        .iter()
        .find(|link| link.rel == "self" && link.kind.as_deref().is_some_and(is_actor));
    let href = link.and_then(|link| link.href.as_deref()).and_then(|href| Uri::parse(href).ok());
    href.ok_or_else(|| {
        Error::elsewhere(handle.to_string(), "its server knows no actor of that name")
    })
}

async fn resource(app: &App, handle: &Handle) -> Result<Resource> {
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
