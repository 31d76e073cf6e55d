//! `check`: whether everything is as it should be, a line each.

use axum::http::{HeaderMap, HeaderValue, header};
use likejewijk::foundation::app::App;
use likejewijk::foundation::clock::{Clock, Time};
use likejewijk::foundation::config::{Config, Limits};
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::error::{Error, Result};
use likejewijk::foundation::http_client::FetchRules;
use likejewijk::neighbourhood::actors::{Actor, keys};
use likejewijk::neighbourhood::{site, wijken};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::failure::{Failure, Outcome};
use super::print::{Column, Printer};

/// 2026-01-01 and 2100-01-01: outside of these a clock was never set, and ids would not fit.
const PLAUSIBLE: [Time; 2] =
    [Time::from_millis(1_767_225_600_000), Time::from_millis(4_102_444_800_000)];
/// Less room than this is told: a busy wijk fills it in weeks.
const ENOUGH_BYTES: u64 = 512 * 1024 * 1024;

#[derive(Serialize)]
pub(super) struct Line {
    name: &'static str,
    ok: bool,
    say: String,
}

const COLUMNS: [Column<Line>; 3] = [
    ("name", |line| line.name.to_owned()),
    ("ok", |line| if line.ok { "ok" } else { "NOT OK" }.to_owned()),
    ("say", |line| line.say.clone()),
];

pub(super) async fn check(config: Config, print: Printer) -> Outcome {
    let mut lines = vec![configuration(&config)];
    match App::open(config, Clock::system()) {
        Ok(app) => lines.extend(opened(&app).await),
        Err(e) => lines.push(Line::of("database", Err(e))),
    }
    told(print, &lines)
}

/// All lines, and which of them are not as they should be.
pub(super) fn told(print: Printer, lines: &[Line]) -> Outcome {
    print.list(lines, &COLUMNS)?;
    match lines.iter().filter(|line| !line.ok).map(|line| line.name).collect::<Vec<_>>() {
        wrong if wrong.is_empty() => Ok(()),
        wrong => Err(Failure::refused(format!(
            "not as it should be: {}; what to do stands above",
            wrong.join(", ")
        ))),
    }
}

async fn opened(app: &App) -> Vec<Line> {
    vec![
        Line::of("database", database(app).await),
        Line::of("keys", own_keys(app).await),
        clock(app.clock.now()),
        Line::of("disk", disk(&app.config)),
        Line { name: "mail", ok: true, say: "off: this version sends no e-mail".to_owned() },
        limits(&app.config.limits),
        Line::of("webfinger", webfinger(app).await),
        Line::of("actor", public_actor(app).await),
    ]
}

impl Line {
    pub(super) fn of(name: &'static str, outcome: Result<String>) -> Self {
        match outcome {
            Ok(say) => Self { name, ok: true, say },
            Err(e) => Self { name, ok: false, say: e.to_string() },
        }
    }
}

/// What is set and does nothing is no fault, but worth a word.
fn configuration(config: &Config) -> Line {
    let say = match config.warnings.as_slice() {
        [] => format!("read; this is {}", config.url),
        warnings => warnings.join("; "),
    };
    Line { name: "configuration", ok: true, say }
}

async fn database(app: &App) -> Result<String> {
    let links = app.links.clone();
    app.database.read(move |conn| site::check_address(conn, &links)).await?;
    app.database.write(|_| Ok(())).await?;
    let kind = if app.database.is_sqlite() { "SQLite" } else { "PostgreSQL" };
    Ok(format!("{kind}, up to date, can be read and written"))
}

async fn own_keys(app: &App) -> Result<String> {
    let secret = app.secret.clone();
    app.database.read(move |conn| keys::check(conn, &secret)).await?;
    Ok("the secret opens every key".to_owned())
}

fn clock(now: Time) -> Line {
    let [earliest, latest] = PLAUSIBLE;
    let ok = (earliest..latest).contains(&now);
    let say = if ok {
        now.rfc3339()
    } else {
        format!("{} cannot be now; set the clock (timedatectl)", now.rfc3339())
    };
    Line { name: "clock", ok, say }
}

fn disk(config: &Config) -> Result<String> {
    let folder = config.data.display();
    let about = rustix::fs::statvfs(&config.data)
        .map_err(|e| Error::invalid("data", format!("{folder}: {e}")))?;
    let free = about.f_bavail.saturating_mul(about.f_frsize);
    let say = format!("{} MiB free in {folder}", free / (1024 * 1024));
    if free < ENOUGH_BYTES { Err(Error::Unavailable(format!("{say}; make room"))) } else { Ok(say) }
}

fn limits(limits: &Limits) -> Line {
    let say = limits
        .effective()
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect::<Vec<_>>();
    Line { name: "limits", ok: true, say: say.join(", ") }
}

/// Whom the public URL must answer for: a wijk where there is one.
async fn one_of_ours(app: &App) -> Result<Actor> {
    let links = app.links.clone();
    let found = app.database.read(move |conn: &mut Connection| {
        match wijken::list(conn)?.into_iter().next() {
            Some(wijk) => Ok(wijk.actor),
            None => site::instance_actor(conn, &links),
        }
    });
    match found.await {
        Err(Error::NotFound) => {
            Err(Error::Unavailable("nothing is here yet; add a wijk first".to_owned()))
        }
        found => found,
    }
}

async fn webfinger(app: &App) -> Result<String> {
    let actor = one_of_ours(app).await?;
    let account = format!("acct:{}@{}", actor.username, actor.domain);
    let mut url = address(&app.links.at(".well-known/webfinger"))?;
    url.query_pairs_mut().append_pair("resource", &account);
    let answer = fetched(app, &url, "application/jrd+json").await?;
    let names_us = |link: &Value| link["rel"] == "self" && link["href"] == actor.uri.as_str();
    if answer["links"].as_array().is_some_and(|links| links.iter().any(names_us)) {
        return Ok(format!("{} is found", actor.handle()));
    }
    Err(Error::elsewhere(
        url,
        format!("the answer does not lead to {}; does another server answer there?", actor.uri),
    ))
}

async fn public_actor(app: &App) -> Result<String> {
    let actor = one_of_ours(app).await?;
    let (url, id) = (actor.uri.url()?, actor.id);
    let key = app.database.read(move |conn| keys::shown(conn, id)).await?;
    let answer = fetched(app, &url, "application/activity+json").await?;
    if answer["id"] == actor.uri.as_str()
        && answer["publicKey"]["publicKeyPem"] == key.public_key.as_str()
    {
        return Ok(format!("{url} shows its actor and key"));
    }
    Err(Error::elsewhere(url, "another id or key than ours; does another server answer there?"))
}

fn address(text: &str) -> Result<Url> {
    Url::parse(text).map_err(Error::internal)
}

/// As another server would fetch it, by the public URL.
async fn fetched(app: &App, url: &Url, accept: &'static str) -> Result<Value> {
    let say = |why: String| {
        Error::elsewhere(
            url.clone(),
            format!("{why}; does the server run, and its proxy and DNS lead here?"),
        )
    };
    let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
    let answer = app.http.get(url, headers, FetchRules::object(&app.config.limits)).await;
    let answer = answer.map_err(|e| say(e.to_string()))?;
    if !answer.status.is_success() {
        return Err(say(format!("status {}", answer.status)));
    }
    serde_json::from_slice(&answer.body).map_err(|_| say("the answer is no JSON".to_owned()))
}
