//! What the same cores do with nothing in between: an axum that takes a POST and shows a page, as a
//! process of its own like the server it is compared with.

use std::sync::{Arc, RwLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::Outcome;
use crate::client::Connection;
use crate::listening::Listening;

type Page = Arc<RwLock<Bytes>>;

/// Another process of this program.
pub(crate) async fn start() -> Outcome<Listening> {
    let mut command = Command::new(std::env::current_exe()?);
    Listening::start(command.arg("--bare")).await
}

/// Gives it the page to show.
pub(crate) async fn hang_up(bare: &Listening, page: &[u8]) -> Outcome<()> {
    let head =
        format!("PUT /page HTTP/1.1\r\nHost: bare\r\nContent-Length: {}\r\n\r\n", page.len());
    let mut connection = Connection::open(bare.address).await?;
    match connection.exchange(&[head.as_bytes(), page].concat()).await?.status {
        204 => Ok(()),
        status => Err(format!("the bare axum answers {status}").into()),
    }
}

/// Until it is ended.
#[tokio::main]
pub(crate) async fn serve() -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(&listener)?;
    let router = Router::new()
        .route("/inbox", post(taken))
        .route("/page", get(shown).put(kept))
        .with_state(Page::default());
    axum::serve(listener, router).await?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "who started it waits for this line")]
fn announce(listener: &TcpListener) -> Outcome<()> {
    println!("listening on {}", listener.local_addr()?);
    Ok(())
}

async fn taken(_: Bytes) -> StatusCode {
    StatusCode::ACCEPTED
}

async fn kept(State(page): State<Page>, body: Bytes) -> StatusCode {
    match page.write() {
        Ok(mut page) => *page = body,
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR,
    }
    StatusCode::NO_CONTENT
}

async fn shown(State(page): State<Page>) -> Response {
    let page = page.read().map(|page| page.clone()).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}
