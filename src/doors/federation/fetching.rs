//! Fetching an object from where it lives: signed by the server's own actor, by way of the one outgoing client, and
//! believed only as far as its content type goes. `activitypub_federation` fetches through this layer and never dials.

use std::sync::Arc;
use std::time::{Duration, Instant};

use activitypub_federation::error::Error as CrateError;
use axum::http::{
    Extensions, HeaderMap, HeaderValue, Method, Response as HttpResponse, StatusCode, header,
};
use futures_util::future::BoxFuture;
use reqwest::{Body, Request, Response, ResponseBuilderExt};
use reqwest_middleware::{
    ClientBuilder, ClientWithMiddleware, Error as MiddlewareError, Middleware, Next,
};
use url::Url;

use super::signatures::sign_get;
use crate::foundation::clock::{Clock, Time};
use crate::foundation::error::Error;
use crate::foundation::http_client::{FetchError, FetchRules, Fetched, HttpClient};
use crate::foundation::keys::SigningKey;

const ACTIVITY_JSON: &str = "application/activity+json";
const ACTIVITY_STREAMS: &str = "https://www.w3.org/ns/activitystreams";

/// The key of the server's own actor and its id, as they were a moment ago but after that time: a key may be rotated
/// meanwhile.
pub type Signer =
    Arc<dyn Fn(Time) -> BoxFuture<'static, Result<(Arc<SigningKey>, String), Error>> + Send + Sync>;

/// Whether we go to a URL at all: where blocks are asked about, also for where a redirect leads. Where they cannot be
/// read, nobody goes for now.
pub type MayFetch = Arc<dyn Fn(Url) -> BoxFuture<'static, Result<bool, Error>> + Send + Sync>;

/// Why an object could not be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Trouble {
    #[error("not there (any more)")]
    NotFound,
    /// 410: it was there, and is not to be looked for again.
    #[error("gone")]
    Gone,
    /// It is not given to us, or what is given is not acceptable. Asking again soon is of no use.
    #[error("refused: {0}")]
    Refused(String),
    /// The same request may go well later.
    #[error("no answer: {0}")]
    NoAnswer(String),
}

impl Trouble {
    /// What lies behind an error of `fetch_object_http` or of dereferencing.
    #[must_use]
    pub fn of(error: &CrateError) -> Self {
        match error {
            CrateError::NotFound => Self::NotFound,
            CrateError::ObjectDeleted(_) => Self::Gone,
            CrateError::ReqwestMiddleware(MiddlewareError::Middleware(inner)) => {
                inner.downcast_ref::<Self>().cloned().unwrap_or(Self::NoAnswer(error.to_string()))
            }
            CrateError::Reqwest(_) | CrateError::ReqwestMiddleware(_) | CrateError::IoError(_) => {
                Self::NoAnswer(error.to_string())
            }
            CrateError::ParseFetchedObject(problem, url, _) => {
                Self::Refused(format!("{url} is not as it should be: {problem}"))
            }
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Forbidden(_) | FetchError::TooLarge | FetchError::Encoding(_) => {
                Self::Refused(error.to_string())
            }
            FetchError::Dns(_)
            | FetchError::Connect(_)
            | FetchError::Tls(_)
            | FetchError::Timeout
            | FetchError::Other(_) => Self::NoAnswer(error.to_string()),
        }
    }
}

/// The layer between `activitypub_federation` and the network.
#[derive(Clone)]
pub struct FetchLayer {
    pub http: HttpClient,
    pub rules: FetchRules,
    pub clock: Clock,
    pub signer: Signer,
    pub may_fetch: MayFetch,
}

/// The client for `FederationConfig::builder().client(…)`. Leave `signed_fetch_actor` unset: the layer signs.
#[must_use]
pub fn builder_client(layer: FetchLayer) -> ClientWithMiddleware {
    let never_asked = layer.http.never_asked();
    ClientBuilder::new(never_asked).with(layer).build()
}

impl FetchLayer {
    /// The object at `url`, whose `Fetched::url` is where it was found: after at most one redirect, each way signed
    /// and judged for itself, within one deadline. That its `id` is that URL is the reader's to see (T5, T9).
    pub async fn object(&self, url: &Url, accept: &HeaderValue) -> Result<Fetched, Trouble> {
        let began = Instant::now();
        let first = self.exchange(url, accept, self.rules).await?;
        let Some(target) = first.redirect()? else {
            return believed(first);
        };
        // A second redirect is a status like any other.
        believed(self.exchange(&target, accept, left(self.rules, began)).await?)
    }

    /// The same within less time, for a request that waits for it.
    #[must_use]
    pub fn within(&self, deadline: Duration) -> Self {
        let deadline = deadline.min(self.rules.deadline);
        Self { rules: FetchRules { deadline, ..self.rules }, ..self.clone() }
    }

    /// Refuses where we do not go.
    pub async fn allows(&self, url: &Url) -> Result<(), Trouble> {
        match (self.may_fetch)(url.clone()).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Trouble::Refused(format!("we do not go to {url}"))),
            Err(error) => Err(Trouble::NoAnswer(error.to_string())),
        }
    }

    /// Who refuses our signature may hold a key that is newer than the one we held: then signed once more.
    async fn exchange(
        &self,
        url: &Url,
        accept: &HeaderValue,
        rules: FetchRules,
    ) -> Result<Fetched, Trouble> {
        self.allows(url).await?;
        let began = Instant::now();
        let held = self.key(Time::ZERO).await?;
        let answer = self.signed(url, accept, rules, &held).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let newest = self.key(self.clock.now()).await?;
        if Arc::ptr_eq(&held.0, &newest.0) {
            return Ok(answer);
        }
        self.signed(url, accept, left(rules, began), &newest).await
    }

    async fn key(&self, since: Time) -> Result<(Arc<SigningKey>, String), Trouble> {
        (self.signer)(since).await.map_err(|e| Trouble::NoAnswer(e.to_string()))
    }

    async fn signed(
        &self,
        url: &Url,
        accept: &HeaderValue,
        rules: FetchRules,
        (key, key_id): &(Arc<SigningKey>, String),
    ) -> Result<Fetched, Trouble> {
        let headers = sign_get(key, key_id, url, self.clock.now());
        let mut headers = headers.map_err(|e| Trouble::NoAnswer(e.to_string()))?;
        headers.insert(header::ACCEPT, accept.clone());
        Ok(self.http.get(url, headers, rules).await?)
    }

    async fn answer(&self, request: &Request) -> Result<Response, Trouble> {
        if request.method() != Method::GET {
            return Err(Trouble::Refused("this layer only fetches".to_owned()));
        }
        let any = HeaderValue::from_static(ACTIVITY_JSON);
        let accept = request.headers().get(header::ACCEPT).unwrap_or(&any);
        match self.object(request.url(), accept).await {
            Ok(fetched) => response(StatusCode::OK, fetched.url, fetched.body.into()),
            // The crate makes an answer of 410 into `ObjectDeleted`, and deletes what it has of the object.
            Err(Trouble::Gone) => {
                response(StatusCode::GONE, request.url().clone(), Body::default())
            }
            Err(trouble) => Err(trouble),
        }
    }
}

/// What is left of one deadline for another request.
fn left(rules: FetchRules, began: Instant) -> FetchRules {
    let deadline = rules.deadline.saturating_sub(began.elapsed());
    FetchRules { deadline, headers: rules.headers.min(deadline), ..rules }
}

#[async_trait::async_trait]
impl Middleware for FetchLayer {
    async fn handle(
        &self,
        request: Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> Result<Response, MiddlewareError> {
        self.answer(&request).await.map_err(MiddlewareError::middleware)
    }
}

/// Only a 200 with the content type of ActivityPub is an object: a file uploaded to a trusted host must not be read
/// as an actor (T6: CVE-2024-25623, GHSA-jhrq-qvrm-qr36).
fn believed(fetched: Fetched) -> Result<Fetched, Trouble> {
    match fetched.status.as_u16() {
        200 if is_activity_json(&fetched.headers) => Ok(fetched),
        200 => Err(Trouble::Refused(format!("{} is no ActivityPub object", fetched.url))),
        404 => Err(Trouble::NotFound),
        410 => Err(Trouble::Gone),
        status @ (408 | 425 | 429 | 500..) => Err(Trouble::NoAnswer(format!("status {status}"))),
        status => Err(Trouble::Refused(format!("status {status}"))),
    }
}

/// Nothing of the peer's headers: a `Location` in a 200 would make the crate go there, and of content types it knows
/// three spellings.
fn response(status: StatusCode, url: Url, body: Body) -> Result<Response, Trouble> {
    let response = HttpResponse::builder()
        .status(status)
        .header(header::CONTENT_TYPE, ACTIVITY_JSON)
        .url(url)
        .body(body);
    Ok(response.map_err(|e| Trouble::Refused(e.to_string()))?.into())
}

/// Whether a message carries ActivityPub: exactly one `Content-Type`, `application/activity+json` or
/// `application/ld+json` with a profile that names `ActivityStreams`; case, spaces and further parameters as anybody
/// likes. For what we fetch and for what arrives in an inbox.
#[must_use]
pub fn is_activity_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(written), None) = (types.next(), types.next()) else {
        return false;
    };
    written.to_str().is_ok_and(is_activity_type)
}

fn is_activity_type(written: &str) -> bool {
    let (kind, parameters) = written.split_once(';').unwrap_or((written, ""));
    let kind = kind.trim();
    if kind.eq_ignore_ascii_case(ACTIVITY_JSON) {
        return true;
    }
    let profile = profile(parameters);
    let mut profiles = profile.iter().flat_map(|uris| uris.split_ascii_whitespace());
    kind.eq_ignore_ascii_case("application/ld+json")
        && profiles.any(|uri| uri.eq_ignore_ascii_case(ACTIVITY_STREAMS))
}

/// The value of the one `profile` among `parameters` (RFC 9110 §5.6.6); URIs need no escapes.
fn profile(mut parameters: &str) -> Option<&str> {
    let mut found = None;
    while !parameters.trim().is_empty() {
        let (name, rest) = parameters.split_once('=')?;
        let (value, rest) = match rest.trim_start().strip_prefix('"') {
            Some(rest) => rest.split_once('"')?,
            None => rest.split_at(rest.find(';').unwrap_or(rest.len())),
        };
        if name.trim().eq_ignore_ascii_case("profile") && found.replace(value.trim()).is_some() {
            return None;
        }
        parameters = match rest.trim_start().strip_prefix(';') {
            Some(rest) => rest,
            None if rest.trim().is_empty() => "",
            None => return None,
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::LazyLock;

    use activitypub_federation::config::{Data, FederationConfig};
    use activitypub_federation::fetch::{FetchObjectResponse, fetch_object_http};
    use serde_json::Value;

    use super::super::signatures::Claim;
    use super::*;
    use crate::foundation::config::{LabHosts, Limits};
    use crate::foundation::http_client::local::{Local, ok, pause};
    use crate::foundation::keys::VerifyingKey;
    use crate::foundation::secret::sha256;

    const KEY_ID: &str = "https://wijk.test/actor#main-key";

    static KEY: LazyLock<Arc<SigningKey>> =
        LazyLock::new(|| Arc::new(SigningKey::generate().unwrap()));

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// b.test and c.test live at `server`; c.test is blocked.
    fn layer(server: &Local) -> FetchLayer {
        let lab = format!("b.test={0},b.test:7001={0},c.test={0}", server.address);
        let (lab, limits) = (LabHosts::parse(&lab).unwrap(), Limits::default());
        FetchLayer {
            http: HttpClient::new(&url("https://wijk.test/"), lab, &limits).unwrap(),
            rules: FetchRules::object(&limits),
            clock: Clock::system(),
            signer: Arc::new(|_| Box::pin(async { Ok((Arc::clone(&KEY), KEY_ID.to_owned())) })),
            may_fetch: Arc::new(|url| {
                Box::pin(async move { Ok(url.host_str() != Some("c.test")) })
            }),
        }
    }

    async fn data(layer: FetchLayer) -> Data<()> {
        let config = FederationConfig::builder()
            .domain("wijk.test")
            .app_data(())
            .client(builder_client(layer))
            .debug(true)
            .build()
            .await;
        config.unwrap().to_request_data()
    }

    async fn fetch(server: &Local, there: &str) -> Result<FetchObjectResponse<Value>, Trouble> {
        let data = data(layer(server)).await;
        fetch_object_http(&url(there), &data).await.map_err(|error| Trouble::of(&error))
    }

    fn object(id: &str) -> String {
        ok(ACTIVITY_JSON, &format!(r#"{{"id":"{id}"}}"#))
    }

    fn redirect(target: &str) -> String {
        format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n")
    }

    fn status(status: u16) -> String {
        format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n")
    }

    fn kind<T>(outcome: &Result<T, Trouble>) -> &'static str {
        match outcome {
            Ok(_) => "ok",
            Err(Trouble::NotFound) => "not found",
            Err(Trouble::Gone) => "gone",
            Err(Trouble::Refused(_)) => "refused",
            Err(Trouble::NoAnswer(_)) => "no answer",
        }
    }

    /// Signature and headers of a request as the other server sees them.
    fn is_signed_for(request: &str, host: &str) -> bool {
        let (head, _) = request.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let target = lines.next().unwrap().split(' ').nth(1).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
            let name: header::HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        let (base, now) = (url(&format!("http://{host}/")), Clock::system().now());
        let claim = Claim::read(&Method::GET, target, &headers, host, &base, &sha256(b""), now);
        let key = VerifyingKey::read(&KEY.public_pem().unwrap()).unwrap();
        claim.unwrap().verified_by(&key)
    }

    #[tokio::test]
    async fn an_object_is_fetched_with_the_signature_of_our_own_actor() {
        let server =
            Local::answering(|_, out| write!(out, "{}", object("http://b.test:7001/u/x?y=z")));
        let fetched = fetch(&server, "http://b.test:7001/u/x?y=z").await.unwrap();
        assert_eq!(fetched.url.as_str(), "http://b.test:7001/u/x?y=z");
        let asked = server.requests();
        assert!(asked[0].contains("\r\naccept: application/activity+json\r\n"), "{asked:?}");
        assert!(asked[0].contains("\r\nuser-agent: likejewijk/"), "{asked:?}");
        assert!(is_signed_for(&asked[0], "b.test:7001"));
    }

    #[tokio::test]
    async fn i7_only_the_content_types_of_activitypub_are_believed() {
        let fine = [
            "application/activity+json",
            "application/activity+json; charset=utf-8",
            "application/activity+json;charset=UTF-8",
            "Application/Activity+JSON ; charset=\"utf-8\"",
            r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams""#,
            r#"application/ld+json;profile="https://www.w3.org/ns/activitystreams""#,
            r#"application/ld+json; charset=utf-8; profile="https://www.w3.org/ns/activitystreams""#,
            r#"application/ld+json; PROFILE="https://example.org/x https://www.w3.org/ns/activitystreams"; charset=utf-8"#,
            "application/ld+json; profile=https://www.w3.org/ns/activitystreams",
        ];
        for fine in fine {
            assert!(is_activity_type(fine), "{fine}");
            let answer = ok(fine, r#"{"id":"http://b.test/x"}"#);
            let server = Local::answering(move |_, out| write!(out, "{answer}"));
            assert_eq!(kind(&fetch(&server, "http://b.test/x").await), "ok", "{fine}");
        }
        let wrong = [
            "",
            "text/plain",
            "text/html",
            "image/png",
            "application/json",
            "application/ld+json",
            "application/activity+json, text/html",
            "application/activity+jsonx",
            "text/html; application/activity+json",
            r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams.evil""#,
            r#"application/ld+json; x="profile=https://www.w3.org/ns/activitystreams""#,
            r#"application/ld+json; profile="x"; profile="https://www.w3.org/ns/activitystreams""#,
            r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams"#,
            r#"text/html; profile="https://www.w3.org/ns/activitystreams""#,
        ];
        for wrong in wrong {
            assert!(!is_activity_type(wrong), "{wrong}");
        }
        let answer = ok("application/json", r#"{"id":"http://b.test/x"}"#);
        let server = Local::answering(move |_, out| write!(out, "{answer}"));
        assert_eq!(kind(&fetch(&server, "http://b.test/x").await), "refused");
        let two = ok("text/html\r\nContent-Type: application/activity+json", "{}");
        let server = Local::answering(move |_, out| write!(out, "{two}"));
        assert_eq!(kind(&fetch(&server, "http://b.test/x").await), "refused");
    }

    #[tokio::test]
    async fn one_redirect_is_followed_and_signed_anew() {
        let server = Local::answering(|request, out| {
            let old = request.starts_with("GET /old ");
            write!(
                out,
                "{}",
                if old {
                    redirect("http://b.test:7001/new")
                } else {
                    object("http://b.test:7001/new")
                }
            )
        });
        let fetched = fetch(&server, "http://b.test/old").await.unwrap();
        assert_eq!(fetched.url.as_str(), "http://b.test:7001/new");
        let asked = server.requests();
        assert!(is_signed_for(&asked[0], "b.test") && is_signed_for(&asked[1], "b.test:7001"));
    }

    /// The key was rotated, and we held the former for a moment longer.
    #[tokio::test]
    async fn who_refuses_the_former_key_is_asked_with_the_new_one() {
        let server = Local::answering(|request, out| {
            let is_new = is_signed_for(request, "b.test");
            write!(out, "{}", if is_new { object("http://b.test/x") } else { status(401) })
        });
        let former = Arc::new(SigningKey::generate().unwrap());
        let held = move |since: Time| {
            let key = if since == Time::ZERO { former.clone() } else { Arc::clone(&KEY) };
            Box::pin(async move { Ok((key, KEY_ID.to_owned())) }) as BoxFuture<'static, _>
        };
        let rotated = FetchLayer { signer: Arc::new(held), ..layer(&server) };
        let data = data(rotated).await;
        let there = url("http://b.test/x");
        assert!(fetch_object_http::<_, Value>(&there, &data).await.is_ok());
        assert_eq!(server.requests().len(), 2);

        // With no other key there is nothing to try again.
        let refusing = Local::answering(|_, out| write!(out, "{}", status(401)));
        assert_eq!(kind(&fetch(&refusing, "http://b.test/x").await), "refused");
        assert_eq!(refusing.requests().len(), 1);
    }

    #[tokio::test]
    async fn f5_no_chain_no_loop_no_way_inside_is_followed() {
        let canary = Local::answering(|_, out| write!(out, "{}", object("http://b.test/x")));
        let inside = format!("http://127.0.0.1:{}/", canary.address.port());
        let targets = [
            "/loop",
            "http://b.test/loop",
            &inside,
            "http://localhost/",
            "file:///etc/passwd",
            "gopher://b.test/",
            "https://b.test/loop",
            "http://c.test/",
            "http://user@b.test/",
        ];
        for target in targets {
            let answer = redirect(target);
            let server = Local::answering(move |_, out| write!(out, "{answer}"));
            assert_eq!(kind(&fetch(&server, "http://b.test/loop").await), "refused", "{target}");
            assert!(server.requests().len() <= 2, "{target}");
        }
        assert_eq!(canary.connections(), 0);
    }

    #[tokio::test]
    async fn m7_what_is_blocked_is_not_asked() {
        let server = Local::answering(|_, out| write!(out, "{}", redirect("http://c.test/x")));
        assert_eq!(kind(&fetch(&server, "http://c.test/x").await), "refused");
        assert_eq!(server.connections(), 0);
        assert_eq!(kind(&fetch(&server, "http://b.test/x").await), "refused");
        assert_eq!(server.requests().len(), 1);
    }

    #[tokio::test]
    async fn a_location_beside_an_object_leads_nowhere() {
        let answer = ok(
            "application/activity+json\r\nLocation: http://b.test/elsewhere",
            r#"{"id":"http://b.test/x"}"#,
        );
        let server = Local::answering(move |_, out| write!(out, "{answer}"));
        assert_eq!(kind(&fetch(&server, "http://b.test/x").await), "ok");
        assert_eq!(server.requests().len(), 1);
    }

    #[tokio::test]
    async fn troubles_are_told_apart() {
        let expected = [
            (404, "not found"),
            (410, "gone"),
            (401, "refused"),
            (403, "refused"),
            (400, "refused"),
            (204, "refused"),
            (206, "refused"),
            (304, "refused"),
            (408, "no answer"),
            (429, "no answer"),
            (500, "no answer"),
            (503, "no answer"),
        ];
        for (code, expected) in expected {
            let server = Local::answering(move |_, out| write!(out, "{}", status(code)));
            assert_eq!(kind(&fetch(&server, "http://b.test/x").await), expected, "{code}");
        }
        let hangs_up = Local::raw(|out| out.shutdown(std::net::Shutdown::Both));
        assert_eq!(kind(&fetch(&hangs_up, "http://b.test/x").await), "no answer");
        let answer = ok(ACTIVITY_JSON, "no json");
        let garbled = Local::answering(move |_, out| write!(out, "{answer}"));
        assert_eq!(kind(&fetch(&garbled, "http://b.test/x").await), "refused");
        let large = ok(ACTIVITY_JSON, &"x".repeat(524_289));
        let large = Local::answering(move |_, out| write!(out, "{large}"));
        assert_eq!(kind(&fetch(&large, "http://b.test/x").await), "refused");
    }

    #[tokio::test]
    async fn two_slow_ways_share_one_deadline() {
        let server = Local::answering(|request, out| {
            pause(300);
            let first = request.starts_with("GET /old ");
            write!(out, "{}", if first { redirect("/new") } else { object("http://b.test/new") })
        });
        let layer = layer(&server);
        let (old, accept) = (url("http://b.test/old"), HeaderValue::from_static(ACTIVITY_JSON));
        let long = layer.within(Duration::from_secs(5));
        assert_eq!(kind(&long.object(&old, &accept).await), "ok");
        let short = layer.within(Duration::from_millis(450));
        assert_eq!(kind(&short.object(&old, &accept).await), "no answer");
    }

    #[tokio::test]
    async fn nothing_is_posted_through_this_layer() {
        let server = Local::answering(|_, out| write!(out, "{}", status(202)));
        let sent = builder_client(layer(&server)).post("http://b.test/inbox").send().await;
        assert!(sent.is_err());
        assert_eq!(server.connections(), 0);
    }
}
