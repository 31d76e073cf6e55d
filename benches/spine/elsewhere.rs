//! The rest of the fediverse: any number of hosts behind one port. It shows the actors and posts
//! that are asked for, takes every POST, and remembers of what it was told only who heard it and
//! when.

use std::collections::HashSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::server::conn::http1;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::mastodon::{self, Form};

pub(crate) struct Elsewhere {
    address: SocketAddr,
    shared: Arc<Shared>,
    _serving: JoinSet<()>,
}

struct Shared {
    hosts: Mutex<HashSet<String>>,
    person: Form,
    note: Form,
    descriptor: Form,
    nodeinfo_links: Form,
    nodeinfo: Form,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    slug: String,
    posts_shown: usize,
    accepts: Heard,
    announcements: Heard,
}

/// Which hosts heard something, and when the first and the last of them did.
#[derive(Clone, Default)]
pub(crate) struct Heard {
    hosts: HashSet<String>,
    span: Option<(Instant, Instant)>,
}

impl Heard {
    pub(crate) fn count(&self) -> usize {
        self.hosts.len()
    }

    pub(crate) fn last(&self) -> Option<Instant> {
        self.span.map(|(_, last)| last)
    }

    /// From the first to the last.
    pub(crate) fn took(&self) -> Option<Duration> {
        self.span.map(|(first, last)| last - first)
    }

    fn note(&mut self, host: &str) {
        if self.hosts.insert(host.to_owned()) {
            let now = Instant::now();
            self.span = Some((self.span.map_or(now, |(first, _)| first), now));
        }
    }
}

impl Elsewhere {
    /// Everybody there has the key of which this is the public half.
    pub(crate) async fn start(public_pem: &str) -> Outcome<Elsewhere> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let shared = Arc::new(Shared {
            person: mastodon::person(public_pem),
            note: mastodon::note(),
            descriptor: mastodon::descriptor(),
            nodeinfo_links: mastodon::nodeinfo_links(),
            nodeinfo: mastodon::nodeinfo(),
            hosts: Mutex::default(),
            book: Mutex::default(),
        });
        let address = listener.local_addr()?;
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, shared.clone()));
        Ok(Elsewhere { address, shared, _serving: serving })
    }

    /// Names that lead here.
    pub(crate) fn lab_hosts(&self) -> String {
        format!("*.flood.test={}", self.address)
    }

    /// Posts mention this wijk from now on, and what was remembered is forgotten.
    pub(crate) fn turn_to(&self, slug: &str) {
        *self.shared.book() = Book { slug: slug.to_owned(), ..Book::default() };
    }

    /// How many different ones the server turned to since the beginning.
    pub(crate) fn hosts_spoken_with(&self) -> usize {
        self.shared.hosts.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How often a post was fetched.
    pub(crate) fn posts_shown(&self) -> usize {
        self.shared.book().posts_shown
    }

    pub(crate) fn accepts(&self) -> Heard {
        self.shared.book().accepts.clone()
    }

    pub(crate) fn announcements(&self) -> Heard {
        self.shared.book().announcements.clone()
    }
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn meet(&self, host: &str) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if !hosts.contains(host) {
            hosts.insert(host.to_owned());
        }
    }

    fn told(&self, host: &str, body: &[u8]) {
        #[derive(Deserialize)]
        struct Told<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
        }
        let mut book = self.book();
        match serde_json::from_slice(body) {
            Ok(Told { kind: "Accept" }) => book.accepts.note(host),
            Ok(Told { kind: "Announce" }) => book.announcements.note(host),
            _ => {}
        }
    }

    /// The document at a path, and its type.
    fn shown(&self, host: &str, target: &str) -> Option<(String, &'static str)> {
        let path = target.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (form, name, number, kind) = match parts.as_slice() {
            ["users", name, "statuses", number] => {
                self.book().posts_shown += 1;
                (&self.note, *name, number.parse().ok()?, "application/activity+json")
            }
            ["users", name] => (&self.person, *name, 0, "application/activity+json"),
            [".well-known", "webfinger"] => {
                (&self.descriptor, asked_for(target)?, 0, "application/jrd+json")
            }
            [".well-known", "nodeinfo"] => (&self.nodeinfo_links, "", 0, "application/json"),
            ["nodeinfo", "2.0"] => (&self.nodeinfo, "", 0, "application/json"),
            _ => return None,
        };
        let slug = self.book().slug.clone();
        Some((form.fill(host, name, number, &slug), kind))
    }
}

/// The name in `?resource=acct:name@host`, however it is escaped.
fn asked_for(target: &str) -> Option<&str> {
    let (_, handle) = target.split_once("acct")?;
    let handle = handle.strip_prefix(':').or_else(|| handle.strip_prefix("%3A"))?;
    handle.split(['@', '%']).next()
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let _ = stream.set_nodelay(true);
        let shared = shared.clone();
        let service = hyper::service::service_fn(move |request| answer(shared.clone(), request));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        connections.spawn(async move {
            // It may end as it likes.
            let _ = connection.await;
        });
    }
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    shared.meet(host);
    if head.method == Method::POST {
        let body = body.collect().await.map(http_body_util::Collected::to_bytes);
        shared.told(host, &body.unwrap_or_default());
        return Ok(status(StatusCode::ACCEPTED));
    }
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let Some((document, kind)) = shared.shown(host, target) else {
        return Ok(status(StatusCode::NOT_FOUND));
    };
    let mut response = Response::new(Full::from(document));
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    Ok(response)
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
