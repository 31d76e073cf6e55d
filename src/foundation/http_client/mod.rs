//! The one outgoing client of the whole program: limits of time and size, and no way to where it must not go
//! (TRUST.md §1.2, T13–T21). It follows nothing by itself: a redirect is an answer, and who asked decides.

mod addresses;
mod resolver;
#[cfg(test)]
pub(crate) mod local;

use std::error::Error as StdError;
use std::io;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, DATE, HOST, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Client, Method, Response, StatusCode, redirect};
use tokio::time::timeout;
use url::{Host, Url};

use self::resolver::{NotPublic, Resolver, lab_name};
use super::clock::Clock;
use super::config::{LabHosts, Limits};
use super::error::{Error, Result};

pub use self::addresses::is_global_unicast;

/// How long a connection waits for its next request: a delivery is followed by the next at once or not at all, and each
/// one that waits costs some 30 kB.
const IDLE: Duration = Duration::from_secs(10);

/// A peer that accepted us may take this long before its answer begins (TRUST.md T18).
const HEADERS_WITHIN: Duration = Duration::from_secs(5);

/// What is read, and how long, of an answer that interests nobody, so that its connection can be used again.
const DRAIN_BYTES: usize = 4096;
const DRAIN_TIME: Duration = Duration::from_secs(1);

const RETRY_AFTER_AT_MOST: Duration = Duration::from_hours(24);

/// Cheap to clone; all clones share one pool of connections.
#[derive(Clone)]
pub struct HttpClient {
    inner: Client,
    lab: LabHosts,
}

/// How much a peer may make us read and wait.
#[derive(Debug, Clone, Copy)]
pub struct FetchRules {
    /// Of the body, after all decoding of the transport.
    pub max_bytes: usize,
    /// For the whole exchange: look-up, connecting, asking, the last byte of the body.
    pub deadline: Duration,
    /// From the beginning of the exchange, connecting included, to the end of the answer's headers.
    pub headers: Duration,
}

impl FetchRules {
    #[must_use]
    pub fn new(max_bytes: usize, deadline: Duration) -> Self {
        Self { max_bytes, deadline, headers: HEADERS_WITHIN }
    }

    /// For an ActivityPub object.
    #[must_use]
    pub fn object(limits: &Limits) -> Self {
        Self::new(limits.fetch_bytes, limits.fetch_time())
    }
}

#[derive(Debug)]
pub struct Fetched {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Empty unless the status is a 2xx.
    pub body: Bytes,
    /// As asked for.
    pub url: Url,
}

/// What came back on a POST; its body is of no use to us.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// At most 24 hours.
    pub retry_after: Option<Duration>,
    pub headers: HeaderMap,
}

/// Why there is no answer. The classes are what metrics count and what the delivery schedule asks about.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    /// The URL, or an address that its name leads to, is one we do not go to.
    #[error("forbidden address: {0}")]
    Forbidden(String),
    #[error("the name leads nowhere: {0}")]
    Dns(String),
    #[error("no connection: {0}")]
    Connect(String),
    #[error("no secure connection: {0}")]
    Tls(String),
    #[error("too slow")]
    Timeout,
    #[error("the answer is too large")]
    TooLarge,
    /// Compressed although we did not ask for it: the cap counts what arrives.
    #[error("the answer is encoded as «{0}»")]
    Encoding(String),
    #[error("broken exchange: {0}")]
    Other(String),
}

impl FetchError {
    /// For metrics.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Self::Forbidden(_) => "forbidden",
            Self::Dns(_) => "dns",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::Encoding(_) => "encoding",
            Self::Other(_) => "other",
        }
    }
}

impl HttpClient {
    /// `our_url` goes into the `User-Agent`: GoToSocial answers 418 without one.
    pub fn new(our_url: &Url, lab: LabHosts, limits: &Limits) -> Result<Self> {
        let name = format!(
            "likejewijk/{} (+{})",
            env!("CARGO_PKG_VERSION"),
            our_url.as_str().trim_end_matches('/')
        );
        #[expect(clippy::disallowed_methods, reason = "this is the one outgoing client")]
        let builder = Client::builder();
        let inner = builder
            .user_agent(name)
            .dns_resolver(Resolver::new(lab.clone()))
            // A proxy named in the environment would dial for us, past the resolver.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(Duration::from_secs(limits.connect_seconds))
            .tcp_nodelay(true)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(1)
            // What a peer may push into memory before the cap of the body is asked: hyper's own is 2 MiB per stream.
            .http2_initial_stream_window_size(128 * 1024)
            .http2_initial_connection_window_size(256 * 1024)
            .http2_max_header_list_size(16 * 1024)
            .build()
            .map_err(|e| Error::internal(chain(&e)))?;
        Ok(Self { inner, lab })
    }

    /// One exchange; a redirect is returned, see [`Fetched::redirect`]. A `Host` among `headers` is replaced by the
    /// URL's own.
    pub async fn get(
        &self,
        url: &Url,
        headers: HeaderMap,
        rules: FetchRules,
    ) -> Result<Fetched, FetchError> {
        within(rules.deadline, async {
            let mut headers = headers;
            headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
            let asking = self.send(Method::GET, url, headers, Bytes::new());
            let mut answer = within(rules.headers, asking).await?;
            let body = if answer.status().is_success() {
                read(&mut answer, rules.max_bytes).await?
            } else {
                drain(&mut answer).await;
                Bytes::new()
            };
            let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
            Ok(Fetched { status, headers, body, url: url.clone() })
        })
        .await
    }

    /// One exchange. Once the status is here it is the answer, however the body goes on.
    pub async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        deadline: Duration,
    ) -> Result<Answer, FetchError> {
        let mut answer = within(deadline, self.send(Method::POST, url, headers, body)).await?;
        drain(&mut answer).await;
        let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        Ok(Answer { status, retry_after: retry_after(&headers), headers })
    }

    /// The client inside, for builders that insist on one and never use it: it dials only judged names, but it does
    /// not judge URLs.
    pub(crate) fn never_asked(&self) -> Client {
        self.inner.clone()
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, FetchError> {
        let route = self.route(url)?;
        headers.remove(HOST);
        if let Some(host) = route.host {
            headers.insert(HOST, host);
        }
        let request = self.inner.request(method, route.dialled).headers(headers);
        let request = if body.is_empty() { request } else { request.body(body) };
        request.send().await.map_err(|e| classify(&e))
    }

    /// The rules of addresses as far as a URL shows them: https, a DNS name (`url` turns every spelling of a v4
    /// address into `Host::Ipv4`), the default port, nobody's user name. Names of the lab: http, at their address.
    fn route(&self, url: &Url) -> Result<Route, FetchError> {
        let forbidden = |why: &str| Err(FetchError::Forbidden(format!("{why}: {url}")));
        if !url.username().is_empty() || url.password().is_some() {
            return forbidden("carries a user name");
        }
        let Some(Host::Domain(host)) = url.host() else {
            return forbidden("names no host");
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        if host == "invalid" || host.ends_with(".invalid") {
            return forbidden("never resolves");
        }
        match (self.lab.address(host, url.port()).is_some(), url.scheme(), url.port()) {
            (true, "http", port) => Route::in_lab(url, host, port),
            (false, "https", None) => Ok(Route { dialled: url.clone(), host: None }),
            (true, ..) => forbidden("the lab speaks http"),
            (false, "https", Some(_)) => forbidden("not the port of https"),
            (false, ..) => forbidden("not https"),
        }
    }
}

/// Where a URL is really sent.
struct Route {
    dialled: Url,
    /// Where it differs from what `dialled` says.
    host: Option<HeaderValue>,
}

impl Route {
    fn in_lab(url: &Url, host: &str, port: Option<u16>) -> Result<Self, FetchError> {
        let wrong = || FetchError::Forbidden(format!("names no host: {url}"));
        let mut dialled = url.clone();
        dialled.set_port(None).map_err(|()| wrong())?;
        dialled.set_host(Some(&lab_name(host, port))).map_err(|_| wrong())?;
        let host = HeaderValue::from_str(&authority(url)).map_err(|_| wrong())?;
        Ok(Self { dialled, host: Some(host) })
    }
}

/// What the `Host` header of a request for `url` says: the host, with its port where that is not the scheme's own.
#[must_use]
pub fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl Fetched {
    /// Where the answer sends us: `None` if nowhere. Only to https, or from http to http (TRUST.md T15). The URL is
    /// judged again when it is asked for.
    pub fn redirect(&self) -> Result<Option<Url>, FetchError> {
        if !matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let target = self.headers.get(LOCATION).and_then(|target| target.to_str().ok());
        let target = target.and_then(|target| self.url.join(target).ok());
        let nowhere = || FetchError::Forbidden("a redirect to nowhere".to_owned());
        let target = target.ok_or_else(nowhere)?;
        if target.scheme() != "https" && target.scheme() != self.url.scheme() {
            return Err(FetchError::Forbidden(format!("a redirect to {target}")));
        }
        Ok(Some(target))
    }
}

async fn within<T>(
    time: Duration,
    exchange: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    timeout(time, exchange).await.unwrap_or(Err(FetchError::Timeout))
}

async fn read(answer: &mut Response, max_bytes: usize) -> Result<Bytes, FetchError> {
    refuse_encoding(answer.headers())?;
    let announced = answer.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |announced| announced > max_bytes) {
        return Err(FetchError::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| classify(&e))? {
        if body.len().saturating_add(chunk.len()) > max_bytes {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// No feature of reqwest that decompresses is switched on, so that a small answer stays small (F8).
fn refuse_encoding(headers: &HeaderMap) -> Result<(), FetchError> {
    for encoding in headers.get_all(CONTENT_ENCODING) {
        if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") {
            let encoding = String::from_utf8_lossy(encoding.as_bytes()).into_owned();
            return Err(FetchError::Encoding(encoding));
        }
    }
    Ok(())
}

/// Reads a little of what nobody wants; an answer with more to say loses its connection.
async fn drain(answer: &mut Response) {
    let reading = async {
        let mut seen = 0;
        while let Ok(Some(chunk)) = answer.chunk().await {
            seen += chunk.len();
            if seen > DRAIN_BYTES {
                break;
            }
        }
    };
    // In vain or not: the status is what counts.
    let _ = timeout(DRAIN_TIME, reading).await;
}

/// RFC 9110 §10.2.3: seconds, or a date, which is measured on the clock of the peer that wrote it.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = text.parse() {
        Duration::from_secs(seconds)
    } else {
        let until = httpdate::parse_http_date(text).ok()?;
        until.duration_since(their_now(headers)).unwrap_or_default()
    };
    Some(wait.min(RETRY_AFTER_AT_MOST))
}

fn their_now(headers: &HeaderMap) -> SystemTime {
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
    date.unwrap_or_else(|| Clock::system().now().system())
}

/// reqwest tells connecting, names and time apart, but not TLS: there the chain holds an I/O error that did not come
/// from the operating system.
fn classify(error: &reqwest::Error) -> FetchError {
    let causes = || std::iter::successors(error.source(), |&cause| cause.source());
    if let Some(forbidden) = causes().find_map(|cause| cause.downcast_ref::<NotPublic>()) {
        return FetchError::Forbidden(forbidden.to_string());
    }
    let io = || causes().filter_map(|cause| cause.downcast_ref::<io::Error>());
    match () {
        () if error.is_timeout() => FetchError::Timeout,
        () if error.is_dns() => FetchError::Dns(chain(error)),
        () if !error.is_connect() => FetchError::Other(chain(error)),
        () if io().next().is_some() && io().all(|e| e.raw_os_error().is_none()) => {
            FetchError::Tls(chain(error))
        }
        () => FetchError::Connect(chain(error)),
    }
}

/// The error with its causes, in one line.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Instant;

    use super::local::{Local, ok, pause};
    use super::*;

    const RULES: FetchRules = FetchRules {
        max_bytes: 1000,
        deadline: Duration::from_secs(2),
        headers: Duration::from_secs(1),
    };

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn client(lab: &str) -> HttpClient {
        let lab = LabHosts::parse(lab).unwrap();
        HttpClient::new(&url("https://wijk.test/"), lab, &Limits::default()).unwrap()
    }

    async fn get(server: &Local, path: &str) -> Result<Fetched, FetchError> {
        let client = client(&format!("a.test={}", server.address));
        client.get(&url(&format!("http://a.test{path}")), HeaderMap::new(), RULES).await
    }

    fn class<T>(outcome: Result<T, FetchError>) -> &'static str {
        outcome.map_or_else(|error| error.class(), |_| "ok")
    }

    #[tokio::test]
    async fn an_answer_comes_back_as_it_was_sent_and_we_say_who_we_are() {
        let server = Local::answering(|_, out| write!(out, "{}", ok("text/plain", "hello")));
        let fetched = get(&server, "/a?b=c").await.unwrap();
        assert_eq!((fetched.status.as_u16(), &fetched.body[..]), (200, &b"hello"[..]));
        assert_eq!(fetched.url.as_str(), "http://a.test/a?b=c");
        let asked = server.requests().join("\n");
        assert!(asked.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("\r\nhost: a.test\r\n"), "{asked}");
        assert!(
            asked.contains("\r\nuser-agent: likejewijk/0.1.0 (+https://wijk.test)\r\n"),
            "{asked}"
        );
        assert!(asked.contains("\r\naccept-encoding: identity\r\n"), "{asked}");
    }

    #[tokio::test]
    async fn a_port_of_the_lab_stands_in_the_host_header_and_is_not_dialled() {
        let server = Local::answering(|_, out| write!(out, "{}", ok("text/plain", "hello")));
        let client = client(&format!("b.test:7001={0},*.many.test:1={0}", server.address));
        for there in ["http://b.test:7001/x", "http://one.many.test:1/x"] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("somewhere.else"));
            client.get(&url(there), headers, RULES).await.unwrap();
        }
        let asked = server.requests();
        assert!(asked[0].contains("\r\nhost: b.test:7001\r\n"), "{asked:?}");
        assert!(asked[1].contains("\r\nhost: one.many.test:1\r\n"), "{asked:?}");
    }

    #[tokio::test]
    async fn f1_f2_f4_no_url_leads_inside_and_the_canary_stays_alone() {
        let server = Local::answering(|_, out| write!(out, "{}", ok("text/plain", "hello")));
        let canary = Local::answering(|_, out| write!(out, "{}", ok("text/plain", "caught")));
        let client = client(&format!("a.test={0},b.test:7001={0}", server.address));
        let (port, there) = (canary.address.port(), server.address.port());
        let forbidden = [
            "https://127.0.0.1/".to_owned(),
            format!("https://127.0.0.1:{port}/"),
            format!("http://127.0.0.1:{port}/"),
            format!("http://127.0.0.1:{there}/"),
            format!("http://[::1]:{port}/"),
            format!("https://[::ffff:127.0.0.1]:{port}/"),
            format!("http://2130706433:{port}/"),
            format!("http://0x7f.1:{port}/"),
            format!("http://0177.0.0.1:{port}/"),
            format!("http://127.1:{port}/"),
            format!("http://localhost:{port}/"),
            format!("https://localhost:{port}/"),
            "https://localhost/".to_owned(),
            "http://localhost/".to_owned(),
            format!("http://a.test:{port}/"),
            format!("http://a.test:{there}/"),
            format!("http://b.test:{port}/"),
            format!("http://x.a.test:{port}/"),
            "http://b.test/".to_owned(),
            "https://a.test/".to_owned(),
            "https://b.test:7001/".to_owned(),
            "http://user@a.test/".to_owned(),
            "http://:secret@a.test/".to_owned(),
            "http://a.test.0.lab.invalid/".to_owned(),
            "https://b.test.7001.lab.invalid/".to_owned(),
            "https://b.test.7001.lab.invalid./".to_owned(),
            "https://social.example:22/".to_owned(),
            "https://social.example:8443/".to_owned(),
            "http://social.example/".to_owned(),
            "file:///etc/passwd".to_owned(),
            "gopher://social.example/".to_owned(),
            "data:text/plain,x".to_owned(),
        ];
        for there in forbidden {
            let outcome = client.get(&url(&there), HeaderMap::new(), RULES).await;
            assert_eq!(class(outcome), "forbidden", "{there}");
        }
        assert!(canary.requests().is_empty() && server.requests().is_empty());
        assert_eq!((canary.connections(), server.connections()), (0, 0));
    }

    #[tokio::test]
    async fn f5_f6_a_redirect_is_returned_and_leads_only_where_a_url_may() {
        let server = Local::answering(|_, out| {
            write!(out, "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n")
        });
        let mut fetched = get(&server, "/here").await.unwrap();
        assert_eq!(fetched.status.as_u16(), 302);
        assert_eq!(server.requests().len(), 1);
        assert_eq!(fetched.redirect().unwrap().unwrap().as_str(), "http://a.test/there");

        fetched.url = url("https://social.example/x");
        let mut to = |target| {
            fetched.headers.insert(LOCATION, HeaderValue::from_static(target));
            fetched.redirect()
        };
        assert_eq!(to("y").unwrap().unwrap().as_str(), "https://social.example/y");
        assert_eq!(to("//other.example/y").unwrap().unwrap().as_str(), "https://other.example/y");
        for target in ["http://social.example/x", "file:///etc/passwd", "gopher://social.example/"]
        {
            assert_eq!(class(to(target)), "forbidden", "{target}");
        }
        assert_eq!(class(to("https://")), "forbidden");
    }

    #[tokio::test]
    async fn f8_too_much_is_refused_announced_or_not() {
        let announced = Local::answering(|_, out| {
            write!(out, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")
        });
        assert_eq!(class(get(&announced, "/").await), "too_large");
        let just =
            Local::answering(|_, out| write!(out, "{}", ok("text/plain", &"x".repeat(1000))));
        assert_eq!(get(&just, "/").await.unwrap().body.len(), 1000);
        let endless = Local::answering(|_, out| {
            write!(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            loop {
                write!(out, "64\r\n{}\r\n", "x".repeat(100))?;
            }
        });
        assert_eq!(class(get(&endless, "/").await), "too_large");
    }

    #[tokio::test]
    async fn f8_a_compressed_answer_is_refused_unread() {
        for encoding in ["gzip", "br", "deflate, gzip", "x"] {
            let server = Local::answering(move |_, out| {
                write!(
                    out,
                    "HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 3\r\n\r\nxyz"
                )
            });
            assert_eq!(class(get(&server, "/").await), "encoding", "{encoding}");
        }
        let server = Local::answering(|_, out| {
            write!(
                out,
                "HTTP/1.1 200 OK\r\nContent-Encoding: Identity\r\nContent-Length: 3\r\n\r\nxyz"
            )
        });
        assert_eq!(get(&server, "/").await.unwrap().body, "xyz");
    }

    #[tokio::test]
    async fn f8_what_drips_is_cut_at_the_deadline() {
        let body = Local::answering(|_, out| {
            write!(out, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")?;
            loop {
                write!(out, "x")?;
                pause(50);
            }
        });
        let began = Instant::now();
        assert_eq!(class(get(&body, "/").await), "timeout");
        assert!((1900..3000).contains(&began.elapsed().as_millis()));
        let headers = Local::answering(|_, out| {
            write!(out, "HTTP/1.1 200 OK\r\nX: ")?;
            loop {
                write!(out, "x")?;
                pause(50);
            }
        });
        let began = Instant::now();
        assert_eq!(class(get(&headers, "/").await), "timeout");
        assert!((900..1900).contains(&began.elapsed().as_millis()));
    }

    #[tokio::test]
    async fn a_delivery_counts_by_its_status_however_the_body_goes_on() {
        let server = Local::answering(|_, out| {
            write!(out, "HTTP/1.1 429 No\r\nRetry-After: 7\r\nContent-Length: 99999\r\n\r\n")?;
            loop {
                write!(out, "x")?;
                pause(50);
            }
        });
        let client = client(&format!("a.test={}", server.address));
        let (inbox, body) = (url("http://a.test/inbox"), Bytes::from_static(b"{}"));
        let began = Instant::now();
        let time = Duration::from_secs(9);
        let answer = client.post(&inbox, HeaderMap::new(), body, time).await.unwrap();
        assert_eq!(answer.status.as_u16(), 429);
        assert_eq!(answer.retry_after, Some(Duration::from_secs(7)));
        assert!(began.elapsed() < Duration::from_secs(3));
        let asked = server.requests();
        assert!(asked[0].starts_with("POST /inbox ") && asked[0].ends_with("{}"), "{asked:?}");
    }

    #[tokio::test]
    async fn a_connection_is_used_again_also_after_an_error_page() {
        let server = Local::answering(|_, out| {
            write!(out, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope")
        });
        let client = client(&format!("a.test={}", server.address));
        for _ in 0..3 {
            let answer = client.get(&url("http://a.test/"), HeaderMap::new(), RULES).await.unwrap();
            assert!(answer.body.is_empty());
        }
        assert_eq!((server.requests().len(), server.connections()), (3, 1));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_on_their_clock() {
        let after = |value, date| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
            headers.insert(DATE, HeaderValue::from_static(date));
            retry_after(&headers).map(|wait| wait.as_secs())
        };
        let date = "Tue, 24 Nov 2026 09:10:00 GMT";
        assert_eq!(after("120", date), Some(120));
        assert_eq!(after("999999999", date), Some(86_400));
        assert_eq!(after("Tue, 24 Nov 2026 09:12:00 GMT", date), Some(120));
        assert_eq!(after("Tue, 24 Nov 2026 09:00:00 GMT", date), Some(0));
        assert_eq!(after("Wed, 24 Nov 2027 09:00:00 GMT", "x"), Some(86_400));
        for nonsense in ["soon", "-1", "99999999999999999999999", ""] {
            assert_eq!(after(nonsense, date), None, "{nonsense}");
        }
    }

    #[tokio::test]
    async fn failures_are_told_apart() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let client = client(&format!("a.test={closed}"));
        let outcome = client.get(&url("http://a.test/"), HeaderMap::new(), RULES).await;
        assert_eq!(class(outcome), "connect");
        let outcome = client.get(&url("https://nowhere.test/"), HeaderMap::new(), RULES).await;
        assert!(["dns", "timeout"].contains(&class(outcome)), "depends on the resolver here");
        let hangs_up = Local::answering(|_, out| out.shutdown(std::net::Shutdown::Both));
        assert_eq!(class(get(&hangs_up, "/").await), "other");

        let garbled = Local::raw(|out| write!(out, "this is no handshake"));
        let silent = Local::raw(|out| out.shutdown(std::net::Shutdown::Both));
        for server in [&garbled, &silent] {
            let error = unguarded(&format!("https://{}/", server.address)).await;
            assert_eq!(classify(&error).class(), "tls", "{}", chain(&error));
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the lab has no TLS to break")]
    async fn unguarded(there: &str) -> reqwest::Error {
        Client::builder().no_proxy().build().unwrap().get(there).send().await.unwrap_err()
    }
}
