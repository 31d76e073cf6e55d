//! What every request for a page passes. On the way in: who is it, and does a form come from a page of ours. On the
//! way out: a page for what failed, and the headers of all.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Web;
use super::cookies;
use super::error_page;
use super::failure::Failure;
use super::forms;
use super::visitor::Visitor;
use crate::foundation::error::{Error, Reason};

const POLICY: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

static ON_EVERY_PAGE: [(HeaderName, HeaderValue); 7] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (header::VARY, HeaderValue::from_static("Accept, Accept-Language, Cookie")),
];

pub(super) async fn pass(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (visitor, recognised) = Visitor::recognise(&web.app, &parts).await;
    let is_ours =
        parts.method.is_safe() || forms::is_from_here(&parts.headers, web.app.links.base());
    let answer = match recognised {
        Err(error) => Failure::from(error).into_response(),
        Ok(()) if !is_ours => Failure::from(Error::Forbidden(Reason::StaleForm)).into_response(),
        Ok(()) => {
            parts.extensions.insert(visitor.clone());
            next.run(Request::from_parts(parts, body)).await
        }
    };
    with_headers(&web, &visitor, error_page::dress(&web, &visitor, answer))
}

fn with_headers(web: &Web, visitor: &Visitor, mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    for (name, value) in &ON_EVERY_PAGE {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let chosen = visitor.chosen.map(|language| cookies::language(&web.app.config, language));
    (chosen, answer).into_response()
}
