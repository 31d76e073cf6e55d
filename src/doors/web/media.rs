//! `/media/{name}`: our copies of pictures, for everybody where something that everybody may see shows them, and for the
//! moderators on whose desk they lie. To all others they are not there.

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::task::spawn_blocking;

use super::visitor::Visitor;
use crate::foundation::app::App;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::file_storage::FileName;
use crate::foundation::ids::WijkId;
use crate::neighbourhood::media;
use crate::neighbourhood::submissions::store as submissions;

/// Whatever a file should turn out to be, a browser runs nothing of it.
const POLICY: &str = "default-src 'none'; sandbox";
/// A name never gets other bytes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const FOR_THIS_LOOK: &str = "private, no-store";

/// Given whatever `Accept` says: a file of ours is a picture and nothing else (TRUST.md P14).
pub fn routes(app: &App) -> Router {
    Router::new().route("/media/{name}", get(file)).with_state(app.clone())
}

async fn file(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let name = name.ok().and_then(|Path(name)| name.parse::<FileName>().ok());
    let Some(name) = name else { return nothing() };
    match found(&app, &name, request).await {
        Ok((bytes, holds)) => picture(&name, bytes, holds),
        Err(Error::NotFound) => nothing(),
        Err(error) => {
            tracing::error!(%error, %name, "a picture could not be given");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn found(app: &App, name: &FileName, request: Request) -> Result<(Vec<u8>, &'static str)> {
    let holds = holds(app, name, request).await?;
    let (files, name) = (app.files.clone(), name.clone());
    let read = spawn_blocking(move || files.get(&name)).await.map_err(Error::internal)?;
    Ok((read?.ok_or(Error::NotFound)?, holds))
}

/// How long who asks may keep it.
async fn holds(app: &App, name: &FileName, request: Request) -> Result<&'static str> {
    let asked = name.clone();
    if app.database.read(move |c| media::is_public(c, &asked)).await? {
        return Ok(FOR_EVER);
    }
    let (visitor, recognised) = Visitor::recognise(app, &request.into_parts().0).await;
    recognised?;
    let desks = visitor.account.iter().flat_map(|account| &account.desks);
    let wijken: Vec<WijkId> = desks.map(|desk| desk.wijk.id()).collect();
    let asked = name.clone();
    let lies_there = move |c: &mut Connection| {
        let versions = media::store::versions_with(c, &asked)?;
        submissions::is_waiting_in(c, &wijken, &versions)
    };
    if visitor.account.is_some() && app.database.read(lies_there).await? {
        return Ok(FOR_THIS_LOOK);
    }
    Err(Error::NotFound)
}

fn picture(name: &FileName, bytes: Vec<u8>, holds: &'static str) -> Response {
    let mut headers = guarded(holds);
    let kind = name.format().media_type();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    (headers, bytes).into_response()
}

fn nothing() -> Response {
    (StatusCode::NOT_FOUND, guarded("no-store")).into_response()
}

fn guarded(holds: &'static str) -> HeaderMap {
    HeaderMap::from_iter([
        (header::CACHE_CONTROL, HeaderValue::from_static(holds)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ])
}
