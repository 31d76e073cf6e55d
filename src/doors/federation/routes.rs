//! What other servers ask and send. `server.rs` sends a GET here where its `Accept` names ActivityPub.

use std::collections::HashMap;

use axum::Router;
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::activities::announcing::Boost;
use super::context::Federation;
use super::failure::Failure;
use super::in_pages::Asked;
use super::objects::{actor, note};
use super::{collections, discovery, guard, responses, saying};
use crate::doors::address::Address;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{ActivityId, AnnouncementId, PostId};
use crate::foundation::links::Links;
use crate::neighbourhood::actors::{Actor, keys, store as actors_store};
use crate::neighbourhood::announcements;
use crate::neighbourhood::outgoing::store as outgoing_store;
use crate::neighbourhood::posts::store as posts_store;
use crate::neighbourhood::wijken::{self, Wijk};
use crate::neighbourhood::{site, timelines};

/// Where only servers come.
pub fn own() -> Router<Federation> {
    Router::new()
        .route("/actor", get(instance_actor))
        .route("/actors/moderatie", get(moderation_actor))
        .route("/actor/outbox", get(empty_outbox))
        .route("/actor/followers", get(instance_followers))
        .route("/actors/moderatie/followers", get(moderation_followers))
        .route("/actors/moderatie/outbox", get(empty_outbox))
        .route("/inbox", post(shared_inbox))
        .route("/wijken/{slug}/inbox", post(inbox))
        .route("/wijken/{slug}/outbox", get(wijk_outbox))
        .route("/wijken/{slug}/followers", get(wijk_followers))
        .route("/wijken/{slug}/following", get(wijk_following))
        .route("/wijken/{slug}/featured", get(wijk_featured))
        .route("/wijken/{slug}/moderators", get(wijk_moderators))
        .route("/wijken/{slug}/boosts/{id}", get(boost))
        .route("/partners/{name}/inbox", post(inbox))
        .route("/partners/{name}/followers", get(author_followers))
        .route("/partners/{name}/outbox", get(author_outbox))
        .route("/berichten/{id}/likes", get(likes))
        .route("/berichten/{id}/shares", get(shares))
        .route("/berichten/{id}/replies", get(replies))
        .route("/activiteiten/{id}", get(activity))
        .route("/.well-known/webfinger", get(webfinger))
        .route("/.well-known/nodeinfo", get(nodeinfo_links))
        .route("/.well-known/host-meta", get(host_meta))
        .route("/.well-known/security.txt", get(security))
        .route("/nodeinfo/{version}", get(nodeinfo))
}

/// What stands at an address where people come too.
pub fn shared() -> Router<Federation> {
    Router::new()
        .route("/", get(instance_actor))
        .route("/wijken/{slug}", get(wijk))
        .route("/partners/{name}", get(author))
        .route("/wijken/{slug}/agenda", get(wijk_agenda))
        .route("/berichten/{id}", get(bericht))
        .route("/gesprekken/{id}", get(conversation))
        .route("/agenda/{id}", get(bericht))
        .route("/peilingen/{id}", get(bericht))
}

/// Whether a GET with this `Accept` is a server's: it names an ActivityPub type, and not below HTML.
#[must_use]
pub fn is_for_servers(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (mut activity, mut html) = (0.0_f32, 0.0_f32);
    for range in accepts.flat_map(|accept| accept.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight =
            parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        match kind.as_str() {
            "application/activity+json" | "application/ld+json" => activity = activity.max(weight),
            "text/html" | "application/xhtml+xml" => html = html.max(weight),
            _ => {}
        }
    }
    activity > 0.0 && activity >= html
}

/// AS2 goes out under exactly this type.
fn activity_json(value: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/activity+json"),
        (header::VARY, "Accept"),
        (header::CACHE_CONTROL, "max-age=180"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, value.to_string()).into_response()
}

fn tombstone(id: &str, former: &str, gone_at: Time) -> Response {
    let value = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id,
        "type": "Tombstone",
        "formerType": former,
        "deleted": gone_at.rfc3339(),
    });
    (StatusCode::GONE, activity_json(&value)).into_response()
}

/// A GET whose answer must be computed counts for its address; an actor, `NodeInfo` and what stands fast do not.
struct Computed;

impl FromRequestParts<Federation> for Computed {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &Federation) -> Result<Self, Failure> {
        let address = Address::of_parts(parts, &state.app.config.trusted_proxies);
        if state.budgets.allows_answer(address.household()) {
            Ok(Self)
        } else {
            Err(Failure::Later(StatusCode::TOO_MANY_REQUESTS, "answers for this address"))
        }
    }
}

/// Reads, and answers with what was read.
async fn read<T: Send + 'static>(
    federation: &Federation,
    work: impl FnOnce(&mut Connection, &Links) -> Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let links = federation.app.links.clone();
    Ok(federation.app.database.read(move |c| work(c, &links)).await?)
}

async fn shared_inbox(
    State(federation): State<Federation>,
    address: Address,
    request: Request,
) -> Result<StatusCode, Failure> {
    guard::receive(&federation, None, address.household(), request).await
}

async fn inbox(
    State(federation): State<Federation>,
    Path(name): Path<String>,
    address: Address,
    request: Request,
) -> Result<StatusCode, Failure> {
    guard::receive(&federation, Some(&name), address.household(), request).await
}

fn own_document(conn: &mut Connection, links: &Links, username: &str) -> Result<Value> {
    let actor = actors_store::local(conn, username)?;
    let key = keys::shown(conn, actor.id)?;
    Ok(actor::own_json(&actor, &key, links))
}

async fn instance_actor(State(federation): State<Federation>) -> Result<Response, Failure> {
    let value = read(&federation, |c, links| own_document(c, links, links.domain().host()));
    Ok(activity_json(&value.await?))
}

async fn instance_followers(State(federation): State<Federation>) -> Result<Response, Failure> {
    let value = read(&federation, |c, links| {
        let instance = site::instance_actor(c, links)?;
        collections::followers(c, &instance)
    });
    Ok(activity_json(&value.await?))
}

async fn moderation_followers(State(federation): State<Federation>) -> Result<Response, Failure> {
    let value = read(&federation, |c, _| {
        let moderation = actors_store::local(c, site::MODERATION)?;
        collections::followers(c, &moderation)
    });
    Ok(activity_json(&value.await?))
}

/// The server's own actors publish nothing.
async fn empty_outbox(State(federation): State<Federation>, uri: Uri) -> Response {
    activity_json(&collections::empty(&federation.app.links.at(uri.path().trim_start_matches('/'))))
}

async fn moderation_actor(State(federation): State<Federation>) -> Result<Response, Failure> {
    let value = read(&federation, |c, links| own_document(c, links, site::MODERATION));
    Ok(activity_json(&value.await?))
}

async fn wijk(
    State(federation): State<Federation>,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    read(&federation, move |c, links| {
        let wijk = wijken::find(c, &slug)?;
        if let Some(closed_at) = wijk.row.closed_at {
            return Ok(tombstone(wijk.actor.uri.as_str(), wijk.actor.kind.as_str(), closed_at));
        }
        let key = keys::shown(c, wijk.actor.id)?;
        Ok(activity_json(&actor::wijk_json(&wijk, &key, links)))
    })
    .await
}

async fn of_wijk(
    federation: &Federation,
    slug: String,
    collection: impl FnOnce(&mut Connection, &Wijk, &Links) -> Result<Value> + Send + 'static,
) -> Result<Response, Failure> {
    let value = read(federation, move |c, links| {
        let wijk = wijken::open(c, &slug)?;
        collection(c, &wijk, links)
    });
    Ok(activity_json(&value.await?))
}

async fn wijk_followers(
    _: Computed,
    State(federation): State<Federation>,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    of_wijk(&federation, slug, |c, wijk, _| collections::followers(c, &wijk.actor)).await
}

async fn wijk_following(
    _: Computed,
    State(federation): State<Federation>,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let now = federation.app.clock.now();
    of_wijk(&federation, slug, move |c, wijk, _| collections::following(c, wijk, now)).await
}

async fn wijk_featured(
    _: Computed,
    State(federation): State<Federation>,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    of_wijk(&federation, slug, |_, wijk, _| Ok(collections::featured(wijk))).await
}

async fn wijk_moderators(
    _: Computed,
    State(federation): State<Federation>,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    of_wijk(&federation, slug, |_, wijk, links| Ok(collections::moderators(wijk, links))).await
}

async fn wijk_agenda(
    State(federation): State<Federation>,
    Path(slug): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let (asked, now) = (Asked::of(&query)?, federation.app.clock.now());
    let agenda = move |c: &mut Connection, wijk: &Wijk, links: &Links| {
        collections::agenda(c, wijk, links, asked, now)
    };
    of_wijk(&federation, slug, agenda).await
}

async fn wijk_outbox(
    _: Computed,
    State(federation): State<Federation>,
    Path(slug): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let asked = Asked::of(&query)?;
    let outbox = move |c: &mut Connection, wijk: &Wijk, links: &Links| {
        collections::outbox(c, wijk, links, asked)
    };
    of_wijk(&federation, slug, outbox).await
}

/// An announcement, in the object form; 410 once it was taken back.
async fn boost(
    _: Computed,
    State(federation): State<Federation>,
    Path((slug, id)): Path<(String, AnnouncementId)>,
) -> Result<Response, Failure> {
    read(&federation, move |c, links| {
        let wijk: Wijk = wijken::open(c, &slug)?;
        let announcement = announcements::find(c, id)?;
        let post = posts_store::find(c, announcement.post_id)?;
        if announcement.wijk_id != wijk.id() || post.in_reply_to.is_some() {
            return Err(Error::NotFound);
        }
        if let Some(withdrawn_at) = announcement.withdrawn_at {
            return Ok(tombstone(&links.boost(&slug, id), "Announce", withdrawn_at));
        }
        if !timelines::is_shown(c, &announcement)? {
            return Err(Error::NotFound);
        }
        let author = actors_store::find(c, post.author_id)?;
        let boost = Boost::of(&announcement, &wijk, &post, &author.uri, links);
        Ok(activity_json(&boost.announce()))
    })
    .await
}

async fn author(
    State(federation): State<Federation>,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let value = read(&federation, move |c, links| {
        let author = local_author(c, links, &name)?;
        let key = keys::shown(c, author.id)?;
        Ok(actor::author_json(&author, &key, links))
    });
    Ok(activity_json(&value.await?))
}

async fn author_followers(
    _: Computed,
    State(federation): State<Federation>,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let value = read(&federation, move |c, links| {
        let author = local_author(c, links, &name)?;
        collections::followers(c, &author)
    });
    Ok(activity_json(&value.await?))
}

async fn author_outbox(
    _: Computed,
    State(federation): State<Federation>,
    Path(name): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let asked = Asked::of(&query)?;
    let value = read(&federation, move |c, links| {
        let author = local_author(c, links, &name)?;
        collections::author_outbox(c, &author, links, asked)
    });
    Ok(activity_json(&value.await?))
}

fn local_author(conn: &mut Connection, links: &Links, name: &str) -> Result<Actor> {
    let author = actors_store::local(conn, name)?;
    if author.uri == *links.partner(name) { Ok(author) } else { Err(Error::NotFound) }
}

/// A post written here is an object; one written elsewhere lives there. Every post has one address.
async fn bericht(
    _: Computed,
    State(federation): State<Federation>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Failure> {
    let id: PostId = id.parse()?;
    read(&federation, move |c, links| {
        let post = posts_store::find(c, id)?;
        if post.kind.address(links, id) != links.at(uri.path().trim_start_matches('/')) {
            return Err(Error::NotFound);
        }
        if !post.is_local {
            timelines::post(c, id)?;
            return Ok(Redirect::to(post.uri.url()?.as_str()).into_response());
        }
        if let Some(gone_at) = post.gone_at {
            return Ok(tombstone(post.uri.as_str(), post.object_type.as_str(), gone_at));
        }
        let author = actors_store::find(c, post.author_id)?;
        let mut object = saying::note_of(c, links, &post, &author)?;
        if let Some(object) = object.as_object_mut() {
            object.insert("@context".to_owned(), note::context(post.object_type));
        }
        Ok(activity_json(&object))
    })
    .await
}

async fn around_post(
    federation: &Federation,
    id: &str,
    collection: impl FnOnce(&mut Connection, &Links, PostId) -> Result<Value> + Send + 'static,
) -> Result<Response, Failure> {
    let id: PostId = id.parse()?;
    Ok(activity_json(&read(federation, move |c, links| collection(c, links, id)).await?))
}

async fn likes(
    _: Computed,
    State(federation): State<Federation>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    around_post(&federation, &id, responses::likes).await
}

async fn shares(
    _: Computed,
    State(federation): State<Federation>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    around_post(&federation, &id, responses::shares).await
}

async fn replies(
    _: Computed,
    State(federation): State<Federation>,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let asked = Asked::of(&query)?;
    around_post(&federation, &id, move |c, links, id| responses::replies(c, links, id, asked)).await
}

async fn conversation(
    _: Computed,
    State(federation): State<Federation>,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let asked = Asked::of(&query)?;
    around_post(&federation, &id, move |c, links, id| responses::conversation(c, links, id, asked))
        .await
}

async fn activity(
    _: Computed,
    State(federation): State<Federation>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: ActivityId = id.parse()?;
    let stored = read(&federation, move |c, _| outgoing_store::activity(c, id)).await?;
    Ok(activity_json(&serde_json::from_str(&stored).map_err(Error::internal)?))
}

async fn webfinger(
    _: Computed,
    State(federation): State<Federation>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let Some(resource) = query.get("resource").cloned() else {
        return Err(Failure::Refused(StatusCode::BAD_REQUEST, "ask with ?resource=acct:name@host"));
    };
    let value = read(&federation, move |c, links| discovery::webfinger(c, links, &resource)).await;
    // The remote-interaction helper of Mastodon runs in a browser.
    let open = (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(match value {
        Ok(value) => ([open], typed("application/jrd+json", value.to_string())).into_response(),
        Err(failure) => ([open], failure).into_response(),
    })
}

async fn nodeinfo_links(State(federation): State<Federation>) -> Response {
    // As plain JSON: GoToSocial reads nothing else.
    typed("application/json", discovery::nodeinfo_links(&federation.app.links).to_string())
}

async fn nodeinfo(
    State(federation): State<Federation>,
    Path(version): Path<String>,
) -> Result<Response, Failure> {
    if !matches!(version.as_str(), "2.0" | "2.1") {
        return Err(Error::NotFound.into());
    }
    let app = federation.app.clone();
    let value =
        app.clone().database.read(move |c| discovery::nodeinfo(c, &app.config, &version)).await?;
    Ok(typed("application/json", value.to_string()))
}

async fn host_meta(State(federation): State<Federation>) -> Response {
    typed("application/xrd+xml; charset=utf-8", discovery::host_meta(&federation.app.links))
}

async fn security(State(federation): State<Federation>) -> Result<Response, Failure> {
    let app = &federation.app;
    let text =
        discovery::security(&app.config, &app.links, app.clock.now()).ok_or(Error::NotFound)?;
    Ok(typed("text/plain; charset=utf-8", text))
}

fn typed(kind: &'static str, body: String) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=180")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_chooses_the_door() {
        let servers = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            is_for_servers(&headers)
        };
        for server in [
            "application/activity+json",
            "application/activity+json, application/ld+json",
            "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
            "application/activity+json, application/ld+json; profile=\"x\", text/html;q=0.1",
            "text/html, application/activity+json",
        ] {
            assert!(servers(server), "{server}");
        }
        for person in [
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "*/*",
            "application/json",
            "text/html, application/activity+json;q=0.5",
            "",
        ] {
            assert!(!servers(person), "{person}");
        }
    }
}
