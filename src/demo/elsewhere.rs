//! Another server, scripted: a resident and a wijkagent live on it, in memory. It speaks ActivityPub with the wijk server
//! over real HTTP, signs what it sends and verifies what it gets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use askama::Template;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Form, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use crate::doors::federation::signatures::{Claim, sign_get, sign_post};
use crate::doors::federation::values::PUBLIC;
use crate::foundation::app::App;
use crate::foundation::clock::{Clock, Time};
use crate::foundation::error::{Error, Result};
use crate::foundation::http_client::{FetchRules, HttpClient};
use crate::foundation::ids::next_id;
use crate::foundation::keys::{SigningKey, VerifyingKey};
use crate::foundation::secret::sha256;
use crate::foundation::text::SafeHtml;

pub(super) const BEWONER: &str = "bewoner";
pub(super) const WIJKAGENT: &str = "wijkagent";

const ACTIVITY_JSON: &str = "application/activity+json";
const STYLE: &str = include_str!("../../frontend/styles/demo/elsewhere.css");

pub(super) struct Elsewhere {
    base: Url,
    authority: String,
    /// The wijk everything here is about.
    wijk_id: String,
    wijk_handle: String,
    wijk_inbox: Url,
    wijk_page: String,
    desk: String,
    http: HttpClient,
    rules: FetchRules,
    delivery_time: std::time::Duration,
    clock: Clock,
    people: HashMap<&'static str, Person>,
    state: Mutex<Town>,
}

struct Person {
    title: &'static str,
    key: SigningKey,
}

#[derive(Default)]
struct Town {
    posts: Vec<Post>,
    feed: Vec<Entry>,
    is_following: bool,
}

#[derive(Clone)]
struct Post {
    id: i64,
    author: &'static str,
    content: SafeHtml,
    published: Time,
    is_deleted: bool,
}

/// One post in the resident's home feed.
#[derive(Clone)]
struct Entry {
    announce: String,
    author: String,
    html: String,
}

impl Elsewhere {
    pub(super) fn new(app: &App, authority: &str) -> Result<Self> {
        let base = Url::parse(&format!("http://{authority}")).map_err(Error::internal)?;
        let person = |title| Ok::<_, Error>(Person { title, key: SigningKey::generate()? });
        let wijk_id = app.links.wijk("bloemhof");
        Ok(Self {
            wijk_inbox: Url::parse(&format!("{wijk_id}/inbox")).map_err(Error::internal)?,
            wijk_handle: app.links.handle("bloemhof"),
            wijk_page: wijk_id.clone(),
            desk: app.links.at("balie"),
            wijk_id,
            http: HttpClient::new(&base, app.config.lab_hosts.clone(), &app.config.limits)?,
            rules: FetchRules::object(&app.config.limits),
            delivery_time: app.config.limits.delivery_time(),
            clock: app.clock.clone(),
            people: HashMap::from([
                (BEWONER, person("Bewoner")?),
                (WIJKAGENT, person("Wijkagent")?),
            ]),
            state: Mutex::default(),
            authority: authority.to_owned(),
            base,
        })
    }

    /// The resident follows the wijk.
    pub(super) async fn follow(&self) -> Result<()> {
        let actor = self.actor_id(BEWONER);
        let follow = json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": format!("{actor}/follows/1"),
            "type": "Follow",
            "actor": actor,
            "object": self.wijk_id,
        });
        self.send(BEWONER, &follow).await
    }

    /// Somebody here writes a public post that mentions the wijk.
    pub(super) async fn write(&self, author: &str, text: &str) -> Result<()> {
        let Some((author, _)) = self.people.get_key_value(author) else {
            return Err(Error::NotFound);
        };
        let now = self.clock.now();
        let post = Post {
            id: next_id(now),
            author,
            content: SafeHtml::from_plain(text),
            published: now,
            is_deleted: false,
        };
        let note = self.note(&post);
        self.town()?.posts.push(post);
        let create = json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": format!("{}/activity", note["id"].as_str().unwrap_or_default()),
            "type": "Create",
            "actor": note["attributedTo"],
            "published": note["published"],
            "to": note["to"],
            "cc": note["cc"],
            "object": note,
        });
        self.send(author, &create).await
    }

    async fn delete(&self, id: i64) -> Result<()> {
        let author = {
            let mut town = self.town()?;
            let post = town.posts.iter_mut().find(|post| post.id == id).ok_or(Error::NotFound)?;
            post.is_deleted = true;
            post.author
        };
        let id = self.post_id(id);
        let delete = json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": format!("{id}#delete"),
            "type": "Delete",
            "actor": self.actor_id(author),
            "to": [PUBLIC],
            "object": {"id": id, "type": "Tombstone"},
        });
        self.send(author, &delete).await
    }

    fn town(&self) -> Result<MutexGuard<'_, Town>> {
        self.state.lock().map_err(|_| Error::internal("the demo's other server lost its memory"))
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}/{path}", self.authority)
    }

    fn actor_id(&self, name: &str) -> String {
        self.at(&format!("users/{name}"))
    }

    fn post_id(&self, id: i64) -> String {
        self.at(&format!("posts/{id}"))
    }

    fn note(&self, post: &Post) -> Value {
        let author = self.actor_id(post.author);
        let mention = format!(
            "<p><span class=\"h-card\"><a href=\"{}\" class=\"u-url mention\">@bloemhof</a></span></p>",
            self.wijk_id
        );
        json!({
            "id": self.post_id(post.id),
            "type": "Note",
            "attributedTo": author,
            "url": self.post_id(post.id),
            "to": [PUBLIC],
            "cc": [format!("{author}/followers"), self.wijk_id],
            "content": format!("{}{mention}", post.content.as_str()),
            "published": post.published.rfc3339(),
            "tag": [{"type": "Mention", "href": self.wijk_id, "name": self.wijk_handle}],
        })
    }

    async fn send(&self, author: &str, activity: &Value) -> Result<()> {
        let person = self.people.get(author).ok_or(Error::NotFound)?;
        let body = Bytes::from(activity.to_string());
        let key_id = format!("{}#main-key", self.actor_id(author));
        let headers = sign_post(&person.key, &key_id, &self.wijk_inbox, &body, self.clock.now())?;
        let answer = self.http.post(&self.wijk_inbox, headers, body, self.delivery_time).await;
        match answer {
            Ok(answer) if answer.status.is_success() => Ok(()),
            Ok(answer) => {
                Err(Error::elsewhere("the wijk server", format!("it answered {}", answer.status)))
            }
            Err(error) => Err(Error::elsewhere("the wijk server", error)),
        }
    }

    /// What stands at an address, asked for with the resident's signature.
    async fn fetch(&self, address: &str) -> Result<Value> {
        let url = Url::parse(address).map_err(Error::internal)?;
        let person = self.people.get(BEWONER).ok_or(Error::NotFound)?;
        let key_id = format!("{}#main-key", self.actor_id(BEWONER));
        let mut headers = sign_get(&person.key, &key_id, &url, self.clock.now())?;
        headers.insert(header::ACCEPT, HeaderValue::from_static(ACTIVITY_JSON));
        let fetched = self
            .http
            .get(&url, headers, self.rules)
            .await
            .map_err(|e| Error::elsewhere(address, e))?;
        serde_json::from_slice(&fetched.body).map_err(|e| Error::elsewhere(address, e))
    }

    /// Who signed this, by the key at its own address.
    async fn is_signed(&self, headers: &HeaderMap, target: &str, body: &[u8]) -> Result<bool> {
        let hash = sha256(body);
        let now = self.clock.now();
        let claim =
            Claim::read(&Method::POST, target, headers, &self.authority, &self.base, &hash, now);
        let Ok(claim) = claim else { return Ok(false) };
        let mut owner = claim.key_id.clone();
        owner.set_fragment(None);
        let actor = self.fetch(owner.as_str()).await?;
        let pem = actor["publicKey"]["publicKeyPem"].as_str().unwrap_or_default();
        Ok(claim.verified_by(&VerifyingKey::read(pem)?))
    }

    async fn receive(&self, activity: &Value) -> Result<()> {
        match activity["type"].as_str() {
            Some("Accept") => self.town()?.is_following = true,
            Some("Announce") => self.show(activity).await?,
            Some("Undo") => {
                let announce = activity["object"]["id"].as_str().unwrap_or_default();
                self.town()?.feed.retain(|entry| entry.announce != announce);
            }
            _ => {}
        }
        Ok(())
    }

    async fn show(&self, announce: &Value) -> Result<()> {
        let note = self.fetch(announce["object"].as_str().unwrap_or_default()).await?;
        let author = self.fetch(note["attributedTo"].as_str().unwrap_or_default()).await?;
        let entry = Entry {
            announce: announce["id"].as_str().unwrap_or_default().to_owned(),
            author: author["name"].as_str().unwrap_or_default().to_owned(),
            html: SafeHtml::from_foreign(note["content"].as_str().unwrap_or_default(), 20_000)
                .as_str()
                .to_owned(),
        };
        let mut town = self.town()?;
        if town.feed.iter().all(|known| known.announce != entry.announce) {
            town.feed.insert(0, entry);
        }
        Ok(())
    }
}

/// Serves until the process ends.
pub(super) async fn serve(elsewhere: Arc<Elsewhere>, listener: TcpListener) {
    let router = Router::new()
        .route("/", get(home))
        .route("/stijl.css", get(style))
        .route("/schrijf", post(write))
        .route("/verwijder", post(delete))
        .route("/users/{name}", get(person))
        .route("/users/{name}/inbox", post(inbox))
        .route("/inbox", post(inbox))
        .route("/posts/{id}", get(bericht))
        .route("/.well-known/webfinger", get(webfinger))
        .with_state(elsewhere);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the demo's other server ended");
    }
}

#[derive(Template)]
#[template(path = "demo/elsewhere.html")]
struct Home {
    authority: String,
    wijk_handle: String,
    wijk_page: String,
    desk: String,
    is_following: bool,
    feed: Vec<Entry>,
    mine: Vec<Mine>,
}

/// A post written here.
struct Mine {
    id: i64,
    author: &'static str,
    html: String,
    is_passed_on: bool,
}

async fn home(State(here): State<Arc<Elsewhere>>) -> Response {
    let Ok(town) = here.town() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mine = town.posts.iter().rev().filter(|post| !post.is_deleted).map(|post| Mine {
        id: post.id,
        author: here.people.get(post.author).map_or("", |person| person.title),
        html: post.content.as_str().to_owned(),
        is_passed_on: town.feed.iter().any(|entry| entry.html.contains(post.content.as_str())),
    });
    let page = Home {
        authority: here.authority.clone(),
        wijk_handle: here.wijk_handle.clone(),
        wijk_page: here.wijk_page.clone(),
        desk: here.desk.clone(),
        is_following: town.is_following,
        feed: town.feed.clone(),
        mine: mine.collect(),
    };
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

#[derive(Deserialize)]
struct Written {
    als: String,
    tekst: String,
}

/// Forms of this page only: another site in the same browser does not write here.
fn is_from_here(here: &Elsewhere, headers: &HeaderMap) -> bool {
    headers
        .get(header::ORIGIN)
        .is_none_or(|origin| origin == here.base.origin().ascii_serialization().as_str())
}

async fn write(
    State(here): State<Arc<Elsewhere>>,
    headers: HeaderMap,
    Form(written): Form<Written>,
) -> Response {
    let text = written.tekst.trim();
    if !is_from_here(&here, &headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    if text.is_empty() {
        return Redirect::to("/").into_response();
    }
    match here.write(&written.als, text).await {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

#[derive(Deserialize)]
struct Named {
    id: i64,
}

async fn delete(
    State(here): State<Arc<Elsewhere>>,
    headers: HeaderMap,
    Form(named): Form<Named>,
) -> Response {
    if !is_from_here(&here, &headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    match here.delete(named.id).await {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

fn activity_json(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, ACTIVITY_JSON)], value.to_string()).into_response()
}

async fn person(State(here): State<Arc<Elsewhere>>, Path(name): Path<String>) -> Response {
    let Some(person) = here.people.get(name.as_str()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (id, Ok(pem)) = (here.actor_id(&name), person.key.public_pem()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    activity_json(&json!({
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "id": id,
        "type": "Person",
        "preferredUsername": name,
        "name": person.title,
        "url": here.at(""),
        "inbox": format!("{id}/inbox"),
        "outbox": format!("{id}/outbox"),
        "endpoints": {"sharedInbox": here.at("inbox")},
        "publicKey": {"id": format!("{id}#main-key"), "owner": id, "publicKeyPem": pem},
    }))
}

async fn bericht(State(here): State<Arc<Elsewhere>>, Path(id): Path<i64>) -> Response {
    let found =
        here.town().ok().and_then(|town| town.posts.iter().find(|post| post.id == id).cloned());
    match found {
        Some(post) if post.is_deleted => StatusCode::GONE.into_response(),
        Some(post) => {
            let mut note = here.note(&post);
            note["@context"] = json!("https://www.w3.org/ns/activitystreams");
            activity_json(&note)
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn webfinger(
    State(here): State<Arc<Elsewhere>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let resource = query.get("resource").map(String::as_str).unwrap_or_default();
    let name = resource
        .strip_prefix("acct:")
        .and_then(|acct| acct.strip_suffix(&format!("@{}", here.authority)));
    let Some((name, _)) = name.and_then(|name| here.people.get_key_value(name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let document = json!({
        "subject": resource,
        "links": [{"rel": "self", "type": ACTIVITY_JSON, "href": here.actor_id(name)}],
    });
    ([(header::CONTENT_TYPE, "application/jrd+json")], document.to_string()).into_response()
}

async fn inbox(State(here): State<Arc<Elsewhere>>, request: Request) -> StatusCode {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(Body::new(body), 1 << 20).await else {
        return StatusCode::PAYLOAD_TOO_LARGE;
    };
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    if !here.is_signed(&parts.headers, target, &body).await.unwrap_or(false) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(activity) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    match here.receive(&activity).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(error) => {
            tracing::warn!(%error, "the demo's other server could not take an activity");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
