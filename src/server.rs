//! Opens the doors: one router for people and servers, the schedule beside it, and an orderly end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::{ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::doors::federation;
use crate::doors::federation::context::Federation;
use crate::doors::schedule::{self, Stop};
use crate::doors::web;
use crate::foundation::app::App;
use crate::foundation::error::{Error, Result};
use crate::foundation::measures;
use crate::foundation::secret::random_token;
use crate::neighbourhood::actors::keys;
use crate::neighbourhood::site;

/// Which part of the work this process does; several processes share one PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    #[default]
    All,
    /// Pages and inboxes.
    Web,
    /// The schedule.
    Worker,
}

/// From the signal to the closed listener: a load balancer has looked at `/healthz` by then.
const NOTICE: Duration = Duration::from_secs(1);
/// From the closed listener to the end: answers on their way are finished within it.
const FINISH: Duration = Duration::from_secs(8);

/// Founds the site where that is to be done, and refuses what would harm it later.
pub async fn prepare(app: &App) -> Result<()> {
    let links = app.links.clone();
    app.database.read(move |c| site::check_address(c, &links)).await?;
    if !app.database.read(site::is_founded).await? {
        let own = site::OwnKeys::make(&app.secret, &app.links)?;
        let (links, now) = (app.links.clone(), app.clock.now());
        app.database.write(move |c| site::found(c, &links, &own, now)).await?;
    }
    let secret = app.secret.clone();
    app.database.read(move |c| keys::check(c, &secret)).await
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// One line that says what is in the way: the address in use, another secret, another `url`.
pub async fn run(app: App, role: Role) -> Result<()> {
    let listener = listen(app.config.listen).await?;
    let running = start(app, role, listener).await?;
    announce(running.address);
    terminated().await?;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

pub async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|e| {
        Error::invalid(
            "listen",
            format!("{address}: {e}; stop what uses it or set another address"),
        )
    })
}

/// The one line scripts wait for.
#[expect(clippy::print_stdout, reason = "the promise of `serve` on standard output")]
fn announce(address: SocketAddr) {
    println!("listening on {address}");
}

/// Waits for SIGTERM or SIGINT.
pub async fn terminated() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    tokio::select! {
        _ = terminate.recv() => {}
        outcome = tokio::signal::ctrl_c() => outcome.map_err(Error::internal)?,
    }
    Ok(())
}

/// A server that answers.
pub struct Running {
    pub address: SocketAddr,
    is_stopping: Arc<AtomicBool>,
    stop_jobs: watch::Sender<bool>,
    stop_listening: watch::Sender<bool>,
    jobs: JoinSet<()>,
    serving: JoinSet<()>,
}

/// Opens the doors on a listener that is bound already.
pub async fn start(app: App, role: Role, listener: TcpListener) -> Result<Running> {
    prepare(&app).await?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let federation = Federation::open(app.clone()).await?;
    let (stop_jobs, stop) = Stop::channel();
    let jobs = if role == Role::Web {
        JoinSet::new()
    } else {
        schedule::start(&federation, &stop).await?
    };
    let is_stopping = Arc::new(AtomicBool::new(false));
    let health = Health { app: app.clone(), is_stopping: is_stopping.clone() };
    let router = if role == Role::Worker {
        health.routes()
    } else {
        doors(&app, &federation).merge(health.routes())
    };
    let (stop_listening, stopping) = watch::channel(false);
    let header_time = Duration::from_secs(app.config.limits.header_seconds);
    let mut serving = JoinSet::new();
    serving.spawn(serve(listener, finished(router), stopping.clone(), header_time));
    if let Some(address) = app.config.metrics_listen {
        let listener = listen(address).await?;
        measures::start()?;
        serving.spawn(serve(listener, measured(), stopping.clone(), header_time));
        serving.spawn(fold_measures(stopping));
    }
    Ok(Running { address, is_stopping, stop_jobs, stop_listening, jobs, serving })
}

impl Running {
    /// `/healthz` says no at once, the listener closes a second later, answers on their way are finished; what has not
    /// left yet stays in its table.
    pub async fn stop(mut self) {
        self.is_stopping.store(true, Ordering::Release);
        let _ = self.stop_jobs.send(true);
        tokio::time::sleep(NOTICE).await;
        let _ = self.stop_listening.send(true);
        let ended = async {
            while self.serving.join_next().await.is_some() {}
            while self.jobs.join_next().await.is_some() {}
        };
        if tokio::time::timeout(FINISH, ended).await.is_err() {
            tracing::warn!("some work was cut off; it is done again at the next start");
        }
    }
}

/// People and servers share some URLs: there `Accept` chooses whose door it is.
fn doors(app: &App, federation: &Federation) -> Router {
    let servers = federation::routes::shared().with_state(federation.clone());
    let by_name = middleware::from_fn_with_state(app.clone(), by_name);
    let people = web::routes(app, Router::new()).layer(by_name);
    let by_accept = service_fn(move |request: Request| {
        let (servers, people) = (servers.clone(), people.clone());
        let is_for_servers = federation::routes::is_for_servers(request.headers());
        async move {
            if is_for_servers {
                servers.oneshot(request).await
            } else {
                people.oneshot(request).await
            }
        }
    });
    let servers_only = federation::routes::own().with_state(federation.clone());
    servers_only.merge(web::media::routes(app)).fallback_service(by_accept)
}

/// Who comes by another name than ours (`http://127.0.0.1:8080` of the demo) is sent to the one everybody knows.
async fn by_name(State(app): State<App>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let is_ours = host.is_none_or(|host| host.eq_ignore_ascii_case(app.links.domain().as_str()));
    if is_ours || request.method() != Method::GET {
        return next.run(request).await;
    }
    let path = request.uri().path_and_query().map_or("/", |target| target.as_str());
    Redirect::temporary(&format!("{}{path}", app.links.base())).into_response()
}

/// What stands around every answer.
fn finished(router: Router) -> Router {
    router.layer(CatchPanicLayer::new()).layer(middleware::from_fn(observed))
}

/// Anybody can invent methods; what is counted is counted under names of ours.
fn counted(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        _ => "other",
    }
}

/// Names each request, times it, and tells the log.
async fn observed(request: Request, next: Next) -> Response {
    let id = random_token().unwrap_or_default();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", id, %method, path);
    let began = std::time::Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = began.elapsed();
    metrics::histogram!("likejewijk_request_seconds", "method" => counted(&method)).record(took);
    metrics::counter!("likejewijk_requests_total", "status" => response.status().as_u16().to_string()).increment(1);
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), ?took, "answered"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}

/// What is counted, on an address of its own: it is nobody's business outside.
fn measured() -> Router {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Router::new().route("/metrics", get(move || std::future::ready((kind, measures::text()))))
}

async fn fold_measures(mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        measures::fold();
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }
}

/// Whether this process can do its work.
#[derive(Clone)]
struct Health {
    app: App,
    is_stopping: Arc<AtomicBool>,
}

impl Health {
    fn routes(self) -> Router {
        Router::new()
            .route("/healthz", get(healthz))
            .route("/readyz", get(healthz))
            .with_state(self)
    }
}

async fn healthz(State(health): State<Health>) -> Response {
    if health.is_stopping.load(Ordering::Acquire) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping").into_response();
    }
    let now = health.app.clock.now();
    match health.app.database.write(move |c| site::touch(c, now)).await {
        Ok(()) => (StatusCode::OK, "ok").into_response(),
        Err(error) => {
            tracing::error!(%error, "the database cannot be written");
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable").into_response()
        }
    }
}

async fn serve(
    listener: TcpListener,
    router: Router,
    mut stopping: watch::Receiver<bool>,
    header_time: Duration,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(header_time);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        while connections.try_join_next().is_some() {}
        let Ok((stream, peer)) = accepted else {
            // Too many open files, or a connection that went away: the next one may go well.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = hyper::service::service_fn(
            move |mut request: hyper::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(ConnectInfo(peer));
                let router = router.clone();
                async move { Ok::<_, Infallible>(answer(router, request.map(Body::new)).await) }
            },
        );
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn answer(router: Router, request: Request) -> Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
