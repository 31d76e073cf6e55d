//! The front door of a wijk: where the visitor's own server asks "follow?" (FEDERATION-PROFILE §10.1). Our server looks
//! that up, nothing is kept or logged, and the page shows one plain link.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::Web;
use super::cards::WijkView;
use super::failure::Failure;
use super::layout::{self, Layout};
use super::visitor::Visitor;
use crate::foundation::app::App;
use crate::foundation::database::Connection;
use crate::foundation::domain::Domain;
use crate::foundation::error::Result;
use crate::foundation::http_client::FetchRules;
use crate::foundation::i18n::Translator;
use crate::neighbourhood::actors::Handle;
use crate::neighbourhood::blocks::Blocklist;
use crate::neighbourhood::follows;
use crate::neighbourhood::wijken::{self, Wijk};

/// Somebody waits for it.
const LOOKING: Duration = Duration::from_secs(5);
const ANSWER_BYTES: usize = 64 * 1024;
/// As the field allows.
const TYPED_CHARACTERS: usize = 200;

/// What servers call "here your people follow", and the word for the actor in its template. The first one counts.
const WAYS: [(&str, &str); 3] = [
    ("https://w3id.org/fep/3b86/Follow", "{object}"),
    ("https://w3id.org/fep/3b86/Object", "{object}"),
    ("http://ostatus.org/schema/1.0/subscribe", "{uri}"),
];

#[derive(Template)]
#[template(path = "follow.html")]
struct FollowPage {
    t: Translator,
    layout: Layout,
    wijk: WijkView,
    server: String,
    follow_url: Option<String>,
    problem: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    server: String,
}

pub(super) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    web.limits.pages.check(&visitor.address.household())?;
    let (wijk, followers, blocklist) = web.app.database.read(move |c| read(c, &slug)).await?;
    let typed = asked.server.trim();
    let here = format!("/wijken/{}/volgen?server={}", wijk.slug(), encoded(typed));
    let t = visitor.translator(&web);
    let (server, follow_url, problem) = match understand(&web.app, typed) {
        Ok(there) => {
            let ways = ways_of(&web, &visitor, &there, &blocklist).await?;
            (
                there.domain.to_string(),
                Some(there.destination(&ways, wijk.actor.uri.as_str())),
                None,
            )
        }
        Err(_) if typed.is_empty() => (String::new(), None, None),
        Err(problem) => {
            (typed.chars().take(TYPED_CHARACTERS).collect(), None, Some(t.say(problem)))
        }
    };
    let layout = Layout::new(&web, &visitor, &here);
    let wijk = WijkView::of(&wijk, followers);
    Ok(layout::page(&FollowPage { t, layout, wijk, server, follow_url, problem })?)
}

fn read(conn: &mut Connection, slug: &str) -> Result<(Wijk, i64, Blocklist)> {
    let wijk = wijken::open(conn, slug)?;
    let followers = follows::count(conn, wijk.actor.id)?;
    Ok((wijk, followers, Blocklist::read(conn)?))
}

/// The visitor's own server.
#[derive(Debug)]
struct Server {
    domain: Domain,
    /// https; http in the lab.
    base: Url,
    /// Whom to ask for there; without one nothing is looked up.
    handle: Option<Handle>,
}

/// # Errors
/// The key of what to say.
fn understand(app: &App, typed: &str) -> Result<Server, &'static str> {
    let (domain, handle) = read_typed(typed).ok_or("follow-problem-not-understood")?;
    if domain == *app.links.domain() {
        return Err("follow-problem-here");
    }
    let base = base_of(app, &domain).ok_or("follow-problem-not-understood")?;
    Ok(Server { domain, base, handle })
}

/// `@name@host`, `host`, or the address of somebody's page there.
fn read_typed(typed: &str) -> Option<(Domain, Option<Handle>)> {
    if typed.chars().count() > TYPED_CHARACTERS {
        return None;
    }
    if let Ok(handle) = Handle::parse(typed) {
        return Some((handle.domain.clone(), Some(handle)));
    }
    if let Ok(domain) = Domain::parse(typed) {
        return Some((domain, None));
    }
    let address = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    Domain::of(&Url::parse(&address).ok()?).ok().map(|domain| (domain, None))
}

/// Outside the lab: https at its own port, and a name with a dot.
fn base_of(app: &App, domain: &Domain) -> Option<Url> {
    let lab = Url::parse(&format!("http://{domain}/")).ok()?;
    if app.config.lab_hosts.address(domain.host(), lab.port()).is_some() {
        return Some(lab);
    }
    let is_public = domain.host().contains('.') && domain.host() == domain.as_str();
    Url::parse(&format!("https://{domain}/")).ok().filter(|_| is_public)
}

#[derive(Debug, Default, Deserialize)]
struct Ways {
    #[serde(default)]
    links: Vec<Way>,
}

#[derive(Debug, Deserialize)]
struct Way {
    rel: String,
    template: Option<String>,
}

/// Asks the server itself; none where it does not say, or is not heard here.
async fn ways_of(
    web: &Web,
    visitor: &Visitor,
    there: &Server,
    blocklist: &Blocklist,
) -> Result<Ways, Failure> {
    let Some(handle) = there.handle.as_ref().filter(|_| !blocklist.refuses_domain(&there.domain))
    else {
        return Ok(Ways::default());
    };
    web.limits.lookups.check(&visitor.address.household())?;
    Ok(look_up(&web.app, there, handle).await.unwrap_or_default())
}

async fn look_up(app: &App, there: &Server, handle: &Handle) -> Option<Ways> {
    let mut url = there.base.join("/.well-known/webfinger").ok()?;
    url.query_pairs_mut()
        .append_pair("resource", &format!("acct:{}@{}", handle.username, handle.domain));
    let accept = HeaderValue::from_static("application/jrd+json, application/json");
    let headers = HeaderMap::from_iter([(header::ACCEPT, accept)]);
    let answer = app.http.get(&url, headers, FetchRules::new(ANSWER_BYTES, LOOKING)).await.ok()?;
    serde_json::from_slice(&answer.body).ok()
}

impl Server {
    /// Where it asks "follow `actor`?".
    fn destination(&self, ways: &Ways, actor: &str) -> String {
        let template = |(rel, word): (&str, &str)| {
            let mut ways = ways.links.iter().filter(|way| way.rel == rel);
            ways.find_map(|way| self.fill(way.template.as_deref()?, word, actor))
        };
        WAYS.into_iter()
            .find_map(template)
            .unwrap_or_else(|| format!("{}authorize_interaction?uri={}", self.base, encoded(actor)))
    }

    /// Nowhere but to that server itself, whatever its WebFinger says (T40).
    fn fill(&self, template: &str, word: &str, actor: &str) -> Option<String> {
        if !template.contains(word) {
            return None;
        }
        let url = Url::parse(&template.replace(word, &encoded(actor))).ok()?;
        let is_there = url.scheme() == self.base.scheme() && Domain::of(&url).ok()? == self.domain;
        is_there.then(|| url.into())
    }
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTOR: &str = "https://wijk.example/wijken/oost";
    const ENCODED: &str = "https%3A%2F%2Fwijk.example%2Fwijken%2Foost";

    fn server() -> Server {
        let (domain, handle) = read_typed("@jan@b.test").unwrap();
        Server { domain, base: Url::parse("https://b.test/").unwrap(), handle }
    }

    fn to(links: &[(&str, &str)]) -> String {
        let links = links.iter().map(|(rel, template)| Way {
            rel: (*rel).to_owned(),
            template: Some((*template).to_owned()),
        });
        server().destination(&Ways { links: links.collect() }, ACTOR)
    }

    #[test]
    fn the_best_way_is_taken() {
        let [follow, object, subscribe] = WAYS.map(|(rel, _)| rel);
        let all = [
            (subscribe, "https://b.test/s?uri={uri}"),
            (object, "https://b.test/o?uri={object}"),
            (follow, "https://b.test/f?uri={object}"),
        ];
        assert_eq!(to(&all), format!("https://b.test/f?uri={ENCODED}"));
        assert_eq!(to(&all[..2]), format!("https://b.test/o?uri={ENCODED}"));
        assert_eq!(to(&all[..1]), format!("https://b.test/s?uri={ENCODED}"));
        assert_eq!(to(&[]), format!("https://b.test/authorize_interaction?uri={ENCODED}"));
    }

    #[test]
    fn a17_a_way_leads_nowhere_but_to_the_server_itself() {
        let fallback = format!("https://b.test/authorize_interaction?uri={ENCODED}");
        for evil in [
            "javascript:alert({uri})",
            "https://evil.test/?uri={uri}",
            "https://b.test.evil.test/?uri={uri}",
            "https://b.test@evil.test/?uri={uri}",
            "https://x@b.test/?uri={uri}",
            "http://b.test/?uri={uri}",
            "https://b.test:8443/?uri={uri}",
            "//evil.test/{uri}",
            "https://{uri}/",
            "https://b.test/without-a-word",
            "data:text/html,{uri}",
        ] {
            assert_eq!(to(&[(WAYS[2].0, evil)]), fallback, "{evil}");
        }
    }

    #[test]
    fn a_server_is_understood_as_people_write_it() {
        for typed in [
            "@jan@b.test",
            "jan@B.test",
            "b.test",
            "https://b.test/@jan",
            "b.test/@jan",
            "!wijk@b.test",
        ] {
            let (domain, _) = read_typed(typed).unwrap();
            assert_eq!(domain.as_str(), "b.test", "{typed}");
        }
        for typed in ["", "jan", "127.0.0.1", "javascript:alert(1)", "https://127.0.0.1/", "a@b@c"]
        {
            assert!(
                read_typed(typed).is_none_or(|(domain, _)| !domain.host().contains('.')),
                "{typed}"
            );
        }
        assert!(read_typed(&"a".repeat(201)).is_none());
    }
}
