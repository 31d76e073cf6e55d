//! Other servers of the fediverse, in this process: any number of names on one loopback port. They
//! show what a test lays out, answer as it scripts, and keep every request they get.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::answer::Answer;
use super::door::Door;
use super::neighbour::Neighbour;
use super::received::Received;
use super::server::Whereabouts;

/// Names the server under test can reach, all on the port of `Foreign` …
const NAMES: [&str; 5] = ["a.test", "b.test", "c.test", "*.many.test", "*.example"];
/// … and one behind a door that can be shut.
pub(crate) const FAR: &str = "ver.test";

type Script = Arc<dyn Fn(&Received) -> Answer + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Foreign {
    shared: Arc<Shared>,
    _serving: Arc<JoinSet<()>>,
}

struct Shared {
    address: SocketAddr,
    door: Door,
    server: Whereabouts,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    /// By URL.
    pages: HashMap<String, Answer>,
    /// `name@host` → actor's id.
    handles: HashMap<String, String>,
    /// What a host's inboxes answer.
    inboxes: HashMap<String, Script>,
    received: Vec<Received>,
}

impl Foreign {
    /// `server` tells where the server under test is to be found, once it runs.
    pub(crate) async fn start(server: Whereabouts) -> Foreign {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for other servers");
        let address = listener.local_addr().expect("its address");
        let door = Door::to(address).await;
        let shared = Arc::new(Shared { address, door, server, book: Mutex::default() });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.expect("served") });
        Foreign { shared, _serving: Arc::new(serving) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// The value of `lab_hosts` by which these servers are reached.
    pub(crate) fn lab_hosts(&self) -> String {
        let names = NAMES.map(|name| format!("{name}={}", self.shared.address)).join(",");
        format!("{names},{FAR}={}", self.door().address())
    }

    /// The door of ver.test.
    pub(crate) fn door(&self) -> &Door {
        &self.shared.door
    }

    pub(crate) fn server(&self) -> &Whereabouts {
        &self.shared.server
    }

    /// Somebody of that name, known at `host` from now on.
    pub(crate) fn person(&self, host: &str, name: &str) -> Neighbour {
        let person = Neighbour::new(self.clone(), host, name);
        self.shows(&person.id(), Answer::activity(&person.document()));
        self.names(&format!("{name}@{host}"), &person.id());
        person
    }

    /// What is found at a URL.
    pub(crate) fn shows(&self, url: &str, answer: Answer) {
        self.book().pages.insert(url.to_owned(), answer);
    }

    /// Whom WebFinger names for a handle (`name@host`).
    pub(crate) fn names(&self, handle: &str, actor: &str) {
        self.book().handles.insert(handle.to_owned(), actor.to_owned());
    }

    /// What the inboxes of a host answer; 202 where nothing is said.
    pub(crate) fn inboxes_answer(
        &self,
        host: &str,
        script: impl Fn(&Received) -> Answer + Send + Sync + 'static,
    ) {
        self.book().inboxes.insert(host.to_owned(), Arc::new(script));
    }

    /// Everything a host's inboxes got, in order.
    pub(crate) fn posted_to(&self, host: &str) -> Vec<Received> {
        let book = self.book();
        book.received.iter().filter(|r| r.method == "POST" && r.host == host).cloned().collect()
    }

    /// Everything any inbox got, in order.
    pub(crate) fn posted(&self) -> Vec<Received> {
        self.book().received.iter().filter(|r| r.method == "POST").cloned().collect()
    }

    /// Every GET of a URL, in order.
    pub(crate) fn fetches_of(&self, url: &str) -> Vec<Received> {
        let book = self.book();
        book.received.iter().filter(|r| r.method == "GET" && r.url() == url).cloned().collect()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.shared.book.lock().expect("the book of the other servers")
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let received = Received::read(request).await;
    let answer = shared.book.lock().expect("the book").answer(received);
    answer.spoken().await
}

impl Received {
    async fn read(request: Request) -> Received {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 4 << 20).await.unwrap_or_default().to_vec();
        let text =
            |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into();
        let headers: Vec<(String, String)> =
            parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let host = super::http::header(&headers, "host").unwrap_or_default().to_owned();
        let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        Received { method: parts.method.to_string(), host, path, headers, body }
    }
}

impl Book {
    fn answer(&mut self, received: Received) -> Answer {
        let answer = if received.method == "POST" {
            self.inboxes.get(&received.host).map_or(Answer::status(202), |says| says(&received))
        } else {
            self.page(&received)
        };
        self.received.push(received);
        answer
    }

    fn page(&self, received: &Received) -> Answer {
        if let Some(page) = self.pages.get(&received.url()) {
            return page.clone();
        }
        let (host, path) = (&received.host, received.path.as_str());
        match path.split('?').next().unwrap_or_default() {
            "/.well-known/webfinger" => self.webfinger(&received.url()),
            "/.well-known/nodeinfo" => document(&json!({ "links": [{
                "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
                "href": format!("http://{host}/nodeinfo/2.0") }] })),
            "/nodeinfo/2.0" => document(&json!({
                "version": "2.0",
                "software": { "name": "mastodon", "version": "4.5.2" },
                "protocols": ["activitypub"],
                "services": { "outbound": [], "inbound": [] },
                "usage": { "users": { "total": 12, "activeMonth": 7, "activeHalfyear": 9 },
                           "localPosts": 310 },
                "openRegistrations": false,
                "metadata": { "nodeName": host } })),
            _ => Answer::status(404),
        }
    }

    /// Mastodon's answer: `acct:` and the actor's URL are asked for.
    fn webfinger(&self, url: &str) -> Answer {
        let url = url::Url::parse(url).expect("a URL we were asked for");
        let asked = url.query_pairs().find(|(name, _)| name == "resource");
        let asked = asked.map(|(_, value)| value.into_owned()).unwrap_or_default();
        let wanted = asked.trim_start_matches("acct:").trim_start_matches('@');
        let found = self.handles.iter().find(|(handle, id)| *handle == wanted || *id == wanted);
        let Some((handle, id)) = found else { return Answer::status(404) };
        let links = json!([
            { "rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": id },
            { "rel": "self", "type": "application/activity+json", "href": id }]);
        let descriptor = json!({
            "subject": format!("acct:{handle}"), "aliases": [id], "links": links });
        Answer::document("application/jrd+json; charset=utf-8", descriptor.to_string())
    }
}

fn document(value: &Value) -> Answer {
    Answer::document("application/json; charset=utf-8", value.to_string())
}
