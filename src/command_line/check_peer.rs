//! `check --peer`: one actor on another server, step by step, with a Follow that is taken back.

use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue, header};
use likejewijk::doors::federation::context::Federation;
use likejewijk::doors::federation::{lookup, nodeinfo};
use likejewijk::foundation::app::App;
use likejewijk::foundation::clock::Clock;
use likejewijk::foundation::config::Config;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::error::{Error, Result};
use likejewijk::foundation::http_client::FetchRules;
use likejewijk::foundation::keys::VerifyingKey;
use likejewijk::foundation::uri::Uri;
use likejewijk::neighbourhood::actors::{Actor, Handle, keys};
use likejewijk::neighbourhood::follows::{self, State};
use likejewijk::neighbourhood::instances::{self, Software};
use likejewijk::neighbourhood::outgoing::Word;
use likejewijk::neighbourhood::outgoing::store::{self as words, Told};
use likejewijk::neighbourhood::site;
use likejewijk::server;
use serde_json::Value;

use super::check::{Line, told};
use super::failure::Outcome;
use super::print::Printer;

/// How long a peer may take to answer a Follow.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// How long the running server may take to send it.
const LEAVES_WITHIN: Duration = Duration::from_secs(3);
/// How often it is looked whether they did.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

pub(super) async fn check(config: Config, print: Printer, named: String) -> Outcome {
    let app = App::open(config, Clock::system())?;
    server::prepare(&app).await?;
    let federation = Federation::open(app).await?;
    told(print, &steps(&federation, &named).await)
}

/// Each step wants what the one before found; where that is missing, it is the last.
async fn steps(federation: &Federation, named: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let uri = match Uri::typed(named) {
        Ok(uri) => uri,
        Err(_) => match webfinger(&federation.app, named).await {
            Ok((uri, line)) => {
                lines.push(line);
                uri
            }
            Err(error) => return vec![Line::of("webfinger", Err(error))],
        },
    };
    let document = match document(federation, &uri).await {
        Ok((document, line)) => {
            lines.push(line);
            document
        }
        Err(error) => {
            lines.push(Line::of("actor", Err(error)));
            return lines;
        }
    };
    match lookup::fetched(federation, named, &uri).await {
        Ok(actor) => lines.extend(with(federation, &actor, &document).await),
        Err(error) => lines.push(Line::of("key", Err(error))),
    }
    lines
}

/// What is asked of an actor that we could read.
async fn with(federation: &Federation, actor: &Actor, document: &Value) -> Vec<Line> {
    vec![
        Line::of("handle", loops_back(&federation.app, actor).await),
        Line::of("key", their_keys(&federation.app, actor).await),
        Line::of("fetch", unsigned(&federation.app, actor).await),
        Line::of("nodeinfo", software(federation, actor).await),
        Line::of("follow", follow(&federation.app, actor, asks_a_person(document)).await),
    ]
}

async fn webfinger(app: &App, named: &str) -> Result<(Uri, Line)> {
    let handle = Handle::parse(named)?;
    let found = lookup::webfinger(app, &handle).await?;
    let by = if found.subject == handle {
        String::new()
    } else {
        format!(", by way of {}", found.subject)
    };
    let say = format!("{handle} leads to {}{by}", found.actor);
    Ok((found.actor, Line::of("webfinger", Ok(say))))
}

/// Fetched as everything is: signed by this server's own actor.
async fn document(federation: &Federation, uri: &Uri) -> Result<(Value, Line)> {
    let accept = HeaderValue::from_static("application/activity+json");
    let fetched = federation.fetch.object(&uri.url()?, &accept).await;
    let fetched = fetched.map_err(|trouble| Error::elsewhere(uri.as_str(), trouble))?;
    let document: Value = serde_json::from_slice(&fetched.body)
        .map_err(|_| Error::elsewhere(uri.as_str(), "the document is no JSON"))?;
    let text = |field: &str| document[field].as_str().unwrap_or_default().to_owned();
    if text("id") != fetched.url.as_str() {
        let problem = format!("it says that its id is «{}»", text("id"));
        return Err(Error::elsewhere(fetched.url, problem));
    }
    let content_type = fetched.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let say = format!("{}, given as {content_type} under its own id", text("type"));
    Ok((document, Line::of("actor", Ok(say))))
}

/// Mastodon refuses an actor whose handle does not lead back to it; others will not find it.
async fn loops_back(app: &App, actor: &Actor) -> Result<String> {
    let found = lookup::webfinger(app, &Handle::parse(&actor.handle())?).await?;
    if found.actor == actor.uri {
        Ok(format!("{} leads back to it", actor.handle()))
    } else {
        Err(Error::elsewhere(actor.handle(), format!("leads to {}", found.actor)))
    }
}

async fn their_keys(app: &App, actor: &Actor) -> Result<String> {
    let id = actor.id;
    let mut say = Vec::new();
    for key in app.database.read(move |conn| keys::of(conn, id)).await? {
        say.push(format!("{} ({})", key.key_id, VerifyingKey::read(&key.public_key)?.algorithm()));
    }
    Ok(say.join(", "))
}

/// Whether it is given to anybody: the document was fetched with our signature a moment ago.
async fn unsigned(app: &App, actor: &Actor) -> Result<String> {
    let url = actor.uri.url()?;
    let accept = HeaderValue::from_static("application/activity+json");
    let headers = HeaderMap::from_iter([(header::ACCEPT, accept)]);
    let answer = app.http.get(&url, headers, FetchRules::object(&app.config.limits)).await;
    let answer = answer.map_err(|e| Error::elsewhere(url, e))?;
    Ok(if answer.status.is_success() {
        "takes our signature, and asks nobody for one".to_owned()
    } else {
        format!("takes our signature, and answers {} without one", answer.status)
    })
}

async fn software(federation: &Federation, actor: &Actor) -> Result<String> {
    let software = nodeinfo::software_of(federation, &actor.domain).await;
    let software = software.map_err(|trouble| Error::elsewhere(actor.domain.as_str(), trouble))?;
    let Software { name, version } = &software;
    Ok(format!("{name} {version}; spoken to as a {}", instances::Kind::of(name)))
}

fn asks_a_person(document: &Value) -> bool {
    document["manuallyApprovesFollowers"] == true
}

/// This server's own actor asks to follow, waits, and takes it back whatever the answer.
async fn follow(app: &App, target: &Actor, asks_a_person: bool) -> Result<String> {
    let (links, now) = (app.links.clone(), app.clock.now());
    let asked = target.clone();
    let begin = move |conn: &mut Connection| {
        let ours = site::instance_actor(conn, &links)?;
        follows::begin(conn, &links, &ours, &asked, now)?;
        Ok(ours)
    };
    let ours = app.database.write(begin).await?;
    let outcome = answer(app, &ours, target, asks_a_person).await;
    let (follower, target) = (ours.id, target.id);
    app.database.write(move |conn| follows::leave(conn, follower, target, now)).await?;
    outcome
}

async fn answer(app: &App, ours: &Actor, target: &Actor, asks_a_person: bool) -> Result<String> {
    let began = Instant::now();
    let (by, of) = (ours.id, target.id);
    let about = Word::between(by, of);
    let wait = |why: String| Err(Error::elsewhere(target.handle(), why));
    while began.elapsed() < ANSWERS_WITHIN {
        if began.elapsed() > LEAVES_WITHIN && told_of(app, &about).await? == Told::NotYet {
            break;
        }
        let state = app.database.read(move |conn| follows::state(conn, by, of)).await?;
        match state {
            Some(State::Accepted) => {
                let millis = began.elapsed().as_millis();
                return Ok(format!("accepted after {millis} ms, and taken back"));
            }
            Some(State::Refused) => return wait("refuses to be followed".to_owned()),
            Some(State::Pending) => tokio::time::sleep(LOOK_AGAIN).await,
            None => return wait("somebody else took the Follow back; try again".to_owned()),
        }
    }
    match told_of(app, &about).await? {
        Told::NotYet => Err(Error::invalid(
            "follow",
            "nothing leaves here: start likejewijk serve, and ask again",
        )),
        Told::Waits(problem) => wait(problem),
        Told::All if asks_a_person => Ok("asks a person before it accepts; taken back".to_owned()),
        Told::All => {
            wait(format!("took the Follow and did not answer in {} s", ANSWERS_WITHIN.as_secs()))
        }
    }
}

async fn told_of(app: &App, object: &str) -> Result<Told> {
    let object = object.to_owned();
    app.database.read(move |conn| words::told(conn, &object)).await
}
